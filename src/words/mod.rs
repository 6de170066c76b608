//! Floor 1: amounts, dates and times as people write them, in each language that customers are spoken to in.
//!
//! Pages and mails say amounts and dates through this. A language is one file and one variant of
//! [`Language`]; what pages and mails say besides stands with them.

mod english;
mod french;

use crate::domain::geo::Country;
use crate::domain::money::{Currency, Money};
use crate::domain::reason::Language;
use crate::domain::time::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A space at which no line breaks.
pub const NO_BREAK: char = '\u{a0}';
/// A narrow one: French sets it between thousands and before `;`, `!` and `?`.
pub const NARROW_NO_BREAK: char = '\u{202f}';

/// The language in which a customer is written to: the one [`spoken`], else English.
pub fn language(locale: Option<&str>, country: Option<&Country>) -> Language {
    spoken(locale, country).unwrap_or(Language::En)
}

/// The language that a customer speaks: that of the locale the shop gave (a BCP 47 tag such as `fr-BE`), else the country's
/// where one alone of ours is spoken; `None`: nobody knows.
pub fn spoken(locale: Option<&str>, country: Option<&Country>) -> Option<Language> {
    locale.and_then(of_tag).or_else(|| country.and_then(of_country))
}

fn of_tag(tag: &str) -> Option<Language> {
    let first = tag.split(['-', '_', '.']).next().unwrap_or_default();
    Language::ALL.into_iter().find(|language| first.eq_ignore_ascii_case(language.code()))
}

fn of_country(country: &Country) -> Option<Language> {
    match country.code() {
        "FR" | "MC" => Some(Language::Fr),
        "GB" | "IE" | "US" => Some(Language::En),
        _ => None,
    }
}

fn manner(language: Language) -> &'static Manner {
    match language {
        Language::En => &english::MANNER,
        Language::Fr => &french::MANNER,
    }
}

/// A text of ours with the spaces that its language wants: French has unbreakable ones within guillemets and before
/// `:`, `;`, `!` and `?`. For our own texts only: what others wrote stays as they wrote it.
pub fn typeset(text: &str, language: Language) -> String {
    match language {
        Language::En => text.into(),
        Language::Fr => french::typeset(text),
    }
}

/// How a language writes amounts, dates and times.
struct Manner {
    /// Between groups of three digits.
    thousands: char,
    /// Between the whole and its parts.
    decimal: char,
    /// Whether the currency's sign stands before the digits.
    sign_first: bool,
    /// Monday first.
    weekdays: [&'static str; 7],
    /// January first.
    months: [&'static str; 12],
    /// What the first day of a month has after its number: `er` in French.
    first_of_month: &'static str,
}

/// An amount: `€1,234.50`, `1 234,50 €` (with spaces at which no line breaks). The currency's own number of digits.
pub fn money(money: Money, language: Language) -> String {
    let manner = manner(language);
    let digits = money.currency.exponent();
    let unit = 10_u64.pow(digits);
    let minor = money.amount_minor.unsigned_abs();
    let mut number = grouped(minor / unit, manner.thousands);
    if digits > 0 {
        number.push(manner.decimal);
        number.push_str(&format!("{:0width$}", minor % unit, width = digits as usize));
    }
    let minus = if money.amount_minor < 0 { "\u{2212}" } else { "" };
    match (sign(&money.currency), manner.sign_first) {
        (Some(sign), true) => format!("{minus}{sign}{number}"),
        (None, true) => format!("{minus}{}{NO_BREAK}{number}", money.currency),
        (Some(sign), false) => format!("{minus}{number}{NO_BREAK}{sign}"),
        (None, false) => format!("{minus}{number}{NO_BREAK}{}", money.currency),
    }
}

/// The signs that mean one currency and no other; the others are written by their codes.
fn sign(currency: &Currency) -> Option<&'static str> {
    match currency.code() {
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        _ => None,
    }
}

fn grouped(whole: u64, between: char) -> String {
    let digits = whole.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(between);
        }
        text.push(digit);
    }
    text
}

/// A date written out: `Friday 4 December 2026`, `vendredi 4 décembre 2026`.
pub fn date(date: Date, language: Language) -> String {
    let weekday = manner(language).weekdays.get(date.weekday().to_monday_zero_offset() as usize).unwrap_or(&"");
    format!("{weekday} {}", short_date(date, language))
}

/// A date without its weekday: `4 December 2026`, `1er décembre 2026`.
pub fn short_date(date: Date, language: Language) -> String {
    let manner = manner(language);
    let month = manner.months.get(usize::try_from(date.month() - 1).unwrap_or_default()).unwrap_or(&"");
    let first = if date.day() == 1 { manner.first_of_month } else { "" };
    format!("{}{first}{NO_BREAK}{month}{NO_BREAK}{}", date.day(), date.year())
}

/// The time of day at a place: `14:05`, `14 h 05`.
pub fn time(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let local = at.to_jiff().to_zoned(zone.clone());
    match language {
        Language::En => format!("{:02}:{:02}", local.hour(), local.minute()),
        Language::Fr => format!("{}{NO_BREAK}h{NO_BREAK}{:02}", local.hour(), local.minute()),
    }
}

/// The day of a point in time at a place.
pub fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_jiff().to_zoned(zone.clone()).date()
}

/// Date and time at a place: `Friday 4 December 2026, 14:05`.
pub fn date_time(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    format!("{}, {}", date(day_of(at, zone), language), time(at, zone, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(minor: i64, code: &str, language: Language) -> String {
        money(Money { amount_minor: minor, currency: Currency::parse(code).unwrap() }, language)
    }

    #[test]
    fn amounts_by_language_and_currency() {
        for (minor, code, english, french) in [
            (123_450, "EUR", "€1,234.50", "1\u{202f}234,50\u{a0}€"),
            (5, "EUR", "€0.05", "0,05\u{a0}€"),
            (0, "EUR", "€0.00", "0,00\u{a0}€"),
            (-99_999, "EUR", "\u{2212}€999.99", "\u{2212}999,99\u{a0}€"),
            (100_000_000, "GBP", "£1,000,000.00", "1\u{202f}000\u{202f}000,00\u{a0}£"),
            (1_234, "JPY", "JPY\u{a0}1,234", "1\u{202f}234\u{a0}JPY"),
            (1_234_567, "TND", "TND\u{a0}1,234.567", "1\u{202f}234,567\u{a0}TND"),
            (150, "USD", "USD\u{a0}1.50", "1,50\u{a0}USD"),
        ] {
            assert_eq!(shown(minor, code, Language::En), english, "{minor} {code}");
            assert_eq!(shown(minor, code, Language::Fr), french, "{minor} {code}");
        }
        // The smallest amount there is has no positive counterpart.
        assert!(shown(i64::MIN, "EUR", Language::En).starts_with("\u{2212}€92,233,720"));
    }

    #[test]
    fn dates_written_out() {
        for (day, english, french) in [
            ("2026-12-04", "Friday 4 December 2026", "vendredi 4 décembre 2026"),
            ("2027-01-01", "Friday 1 January 2027", "vendredi 1er janvier 2027"),
            ("2028-02-29", "Tuesday 29 February 2028", "mardi 29 février 2028"),
            ("2026-08-30", "Sunday 30 August 2026", "dimanche 30 août 2026"),
        ] {
            let day: Date = day.parse().unwrap();
            assert_eq!(date(day, Language::En).replace(NO_BREAK, " "), english);
            assert_eq!(date(day, Language::Fr).replace(NO_BREAK, " "), french);
        }
    }

    #[test]
    fn times_are_those_of_the_place() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let at = Timestamp::parse("2026-10-25T00:30:00Z").unwrap();
        assert_eq!(time(at, &paris, Language::En), "02:30", "summer time still");
        assert_eq!(time(at.plus_ms(3_600_000), &paris, Language::Fr), "2\u{a0}h\u{a0}30", "winter time");
        let late = Timestamp::parse("2026-12-03T23:30:00Z").unwrap();
        assert_eq!(date_time(late, &paris, Language::En).replace(NO_BREAK, " "), "Friday 4 December 2026, 00:30");
    }

    #[test]
    fn the_shops_word_comes_before_the_country() {
        let country = |code: &str| Country::parse(code).unwrap();
        for (locale, of, language) in [
            (Some("fr-CA"), Some("GB"), Language::Fr),
            (Some("FR_fr.UTF-8"), None, Language::Fr),
            (Some("en"), Some("FR"), Language::En),
            (Some("de"), Some("FR"), Language::Fr),
            (Some("french"), Some("DE"), Language::En),
            (None, Some("MC"), Language::Fr),
            (Some(""), None, Language::En),
        ] {
            let shown = super::language(locale, of.map(country).as_ref());
            assert_eq!(shown, language, "{locale:?} {of:?}");
        }
    }

    #[test]
    fn french_spaces_do_not_break() {
        let text = typeset("Une question ? « Oui » : non ; si !", Language::Fr);
        assert_eq!(text, "Une question\u{202f}? «\u{a0}Oui\u{a0}»\u{a0}: non\u{202f}; si\u{202f}!");
        assert_eq!(typeset("A question ?", Language::En), "A question ?");
    }
}
