//! In which language a page speaks: the one chosen on the page, else the customer's by what the shop said, else the
//! browser's.

use crate::domain::applicant::Applicant;
use crate::domain::geo::Country;
use crate::domain::reason::Language;
use axum::http::{HeaderMap, header};

/// The longest header that is looked at.
const MAX_HEADER: usize = 512;

/// The language of this code.
pub fn parse(code: &str) -> Option<Language> {
    Language::ALL.into_iter().find(|language| language.code() == code)
}

/// The language in which the pages of an application speak, where none was chosen.
pub fn of(applicant: &Applicant, headers: &HeaderMap) -> Language {
    let said = applicant.locale.as_deref().and_then(tag);
    said.or_else(|| applicant.country.as_ref().and_then(spoken)).unwrap_or_else(|| browsers(headers))
}

/// The browser's.
pub fn browsers(headers: &HeaderMap) -> Language {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = (0.0, Language::En);
    for one in wanted.get(..MAX_HEADER).unwrap_or(wanted).split(',').take(20) {
        let mut parts = one.trim().split(';');
        let language = parts.next().and_then(tag);
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok());
        if let (Some(language), Some(weight)) = (language, weight)
            && weight > best.0
        {
            best = (weight, language);
        }
    }
    best.1
}

/// The language of a BCP 47 tag such as `fr-BE`.
fn tag(tag: &str) -> Option<Language> {
    parse(&tag.split(['-', '_']).next()?.to_ascii_lowercase())
}

/// The language of a country in which one of ours alone is spoken.
fn spoken(country: &Country) -> Option<Language> {
    match country.code() {
        "FR" | "MC" => Some(Language::Fr),
        "GB" | "IE" | "US" => Some(Language::En),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (None, None, "", Language::En),
        ] {
            assert_eq!(of(&applicant(locale, country), &browser(header)), expected, "{locale:?} {country:?} {header}");
        }
    }
}
