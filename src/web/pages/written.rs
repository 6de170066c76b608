//! Times as a page writes them.

use crate::domain::reason::Language;
use crate::domain::time::Timestamp;
use crate::words;
use jiff::tz::TimeZone;

/// Milliseconds in a minute.
const MINUTE_MS: i64 = 60_000;

/// A time up to which or from which something holds, to the minute, rounded up: `14:05` today, else with its day.
pub fn moment(language: Language, at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let at = at.plus_ms((MINUTE_MS - at.ms() % MINUTE_MS) % MINUTE_MS);
    let (time, day) = (words::time(at, zone, language), words::day_of(at, zone));
    if day == words::day_of(now, zone) {
        return time;
    }
    let day = words::short_date(day, language);
    match language {
        Language::En => format!("{time} on {day}"),
        Language::Fr => format!("{time} le {day}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_the_zone_with_their_day_where_it_is_another() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let now = at("2026-02-28T12:00:00Z");
        let shown = |language, text| moment(language, at(text), now, &zone).replace('\u{a0}', " ");
        assert_eq!(shown(Language::En, "2026-02-28T13:04:01Z"), "14:05");
        assert_eq!(shown(Language::En, "2026-02-28T13:04:00Z"), "14:04");
        assert_eq!(shown(Language::Fr, "2026-02-28T23:00:00Z"), "0 h 00 le 1er mars 2026");
        assert_eq!(shown(Language::En, "2026-02-28T22:59:30Z"), "00:00 on 1 March 2026");
    }
}
