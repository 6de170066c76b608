//! In which language a page speaks: the one chosen on the page, else the customer's by what the shop said, else the
//! browser's.

use crate::domain::applicant::Applicant;
use crate::domain::reason::Language;
use crate::words;
use axum::http::{HeaderMap, header};

/// The most languages of a browser that are looked at.
const MOST_WANTED: usize = 20;

/// The language of this code.
pub fn parse(code: &str) -> Option<Language> {
    Language::ALL.into_iter().find(|language| language.code() == code)
}

/// The language in which the pages of an application speak, where none was chosen.
pub fn of(applicant: &Applicant, headers: &HeaderMap) -> Language {
    words::spoken(applicant.locale.as_deref(), applicant.country.as_ref()).unwrap_or_else(|| browsers(headers))
}

/// The browser's: of those that it wants, the one that it wants most.
pub fn browsers(headers: &HeaderMap) -> Language {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = (0.0, Language::En);
    for one in wanted.split(',').take(MOST_WANTED) {
        let (tag, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let language = words::spoken(Some(tag.trim()), None);
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        if let (Some(language), Some(weight)) = (language, weight)
            && weight > best.0
        {
            best = (weight, language);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::geo::Country;

    #[test]
    fn what_the_shop_said_comes_before_the_browser() {
        let browser = |text: &str| HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, text.parse().unwrap())]);
        let applicant = |locale: Option<&str>, country: Option<&str>| Applicant {
            locale: locale.map(Into::into),
            country: country.map(|code| Country::parse(code).unwrap()),
            ..Applicant::default()
        };
        for (locale, country, header, expected) in [
            (Some("fr-BE"), Some("GB"), "en", Language::Fr),
            (Some("EN"), Some("FR"), "fr", Language::En),
            (Some("de-DE"), Some("FR"), "en", Language::Fr),
            (Some("de-DE"), Some("DE"), "nl, fr;q=0.5, en;q=0.4", Language::Fr),
            (None, Some("BE"), "fr-BE", Language::Fr),
            (None, None, "en;q=0.1,fr-FR;q=0.9", Language::Fr),
            (None, None, "de;q=x, *", Language::En),
            (None, Some("GB"), "fr", Language::En),
            (None, None, "", Language::En),
        ] {
            assert_eq!(of(&applicant(locale, country), &browser(header)), expected, "{locale:?} {country:?} {header}");
        }
    }
}
