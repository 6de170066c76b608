//! Amounts, days and times as people write them in a language.

use crate::domain::money::Money;
use crate::domain::reason::Language;
use crate::domain::time::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{RoundMode, Unit, ZonedRound};

/// Between a number and what belongs to it, so that no line ends there.
const NARROW: char = '\u{202f}';
const UNBROKEN: char = '\u{a0}';

/// An amount, such as `€1,234.05` or `1 234,05 €`.
pub fn money(language: Language, money: Money) -> String {
    let digits = money.currency.exponent() as usize;
    let unit = 10_u64.pow(money.currency.exponent());
    let (whole, part) = (money.amount_minor.unsigned_abs() / unit, money.amount_minor.unsigned_abs() % unit);
    let sign = if money.amount_minor < 0 { "−" } else { "" };
    let (group, point) = match language {
        Language::En => (',', '.'),
        Language::Fr => (NARROW, ','),
    };
    let mut number = grouped(whole, group);
    if digits > 0 {
        number.push(point);
        number.push_str(&format!("{part:0digits$}"));
    }
    let symbol = match money.currency.code() {
        "EUR" => "€",
        "GBP" => "£",
        code => code,
    };
    match language {
        Language::En if symbol.chars().count() == 1 => format!("{sign}{symbol}{number}"),
        Language::En => format!("{sign}{symbol}{UNBROKEN}{number}"),
        Language::Fr => format!("{sign}{number}{UNBROKEN}{symbol}"),
    }
}

fn grouped(whole: u64, group: char) -> String {
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(group);
        }
        grouped.push(digit);
    }
    grouped
}

const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// A day, such as `5 March 2026` or `1er mars 2026`.
pub fn date(language: Language, date: Date) -> String {
    let month = (usize::from(date.month().unsigned_abs()) + 11) % 12;
    let (day, year) = (date.day(), date.year());
    match language {
        Language::En => format!("{day}{UNBROKEN}{} {year}", MONTHS_EN[month]),
        Language::Fr if day == 1 => format!("1er{UNBROKEN}{} {year}", MONTHS_FR[month]),
        Language::Fr => format!("{day}{UNBROKEN}{} {year}", MONTHS_FR[month]),
    }
}

/// A time up to which or from which something holds, to the minute, rounded up: `14:05` today, else with its day.
pub fn moment(language: Language, at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let up = ZonedRound::new().smallest(Unit::Minute).mode(RoundMode::Ceil);
    let zoned = at.to_jiff().to_zoned(zone.clone());
    let zoned = zoned.round(up).unwrap_or(zoned);
    let time = match language {
        Language::En => format!("{:02}:{:02}", zoned.hour(), zoned.minute()),
        Language::Fr => format!("{}{UNBROKEN}h{UNBROKEN}{:02}", zoned.hour(), zoned.minute()),
    };
    if zoned.date() == day(now, zone) {
        return time;
    }
    let day = date(language, zoned.date());
    match language {
        Language::En => format!("{time} on {day}"),
        Language::Fr => format!("{time} le {day}"),
    }
}

/// The day of a time.
pub fn day(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_jiff().to_zoned(zone.clone()).date()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;

    fn amount(amount_minor: i64, code: &str) -> Money {
        Money { amount_minor, currency: Currency::parse(code).unwrap() }
    }

    #[test]
    fn amounts() {
        for (minor, code, en, fr) in [
            (12_000, "EUR", "€120.00", "120,00\u{a0}€"),
            (123_456_705, "EUR", "€1,234,567.05", "1\u{202f}234\u{202f}567,05\u{a0}€"),
            (-5, "EUR", "−€0.05", "−0,05\u{a0}€"),
            (1_234, "JPY", "JPY\u{a0}1,234", "1\u{202f}234\u{a0}JPY"),
        ] {
            assert_eq!(money(Language::En, amount(minor, code)), en);
            assert_eq!(money(Language::Fr, amount(minor, code)), fr);
        }
    }

    #[test]
    fn days_and_times_in_the_zone() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let now = at("2026-02-28T12:00:00Z");
        assert_eq!(moment(Language::En, at("2026-02-28T13:04:01Z"), now, &zone), "14:05");
        assert_eq!(
            moment(Language::Fr, at("2026-02-28T23:00:00Z"), now, &zone),
            "0\u{a0}h\u{a0}00 le 1er\u{a0}mars 2026"
        );
        assert_eq!(moment(Language::En, at("2026-02-28T22:59:30Z"), now, &zone), "00:00 on 1\u{a0}March 2026");
        assert_eq!(date(Language::Fr, jiff::civil::date(2026, 8, 15)), "15\u{a0}août 2026");
    }
}
