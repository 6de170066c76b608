//! What a phone number says of itself, by the numbering plans that Google's libphonenumber gathers.

use crate::domain::contact::Phone;
use crate::domain::geo::Country;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType};

/// The kinds of line, as in the catalogue.
pub(super) const KINDS: &[&str] = &[
    "mobile",
    "fixed_line",
    "fixed_line_or_mobile",
    "voip",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal",
    "pager",
    "company",
    "voicemail",
];

/// What a phone number says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PhoneFacts {
    /// The kind of line, one of [`KINDS`]; `None` where the number cannot exist.
    pub kind: Option<&'static str>,
    /// The country, where the number has one and can exist.
    pub country: Option<Country>,
}

impl PhoneFacts {
    /// Looks a number up.
    pub fn of(phone: &Phone) -> Self {
        let unknown = Self { kind: None, country: None };
        let Ok(number) = PHONE_NUMBER_UTIL.parse(phone.as_str(), None) else { return unknown };
        let Some(kind) = kind_name(PHONE_NUMBER_UTIL.get_number_type(&number)) else { return unknown };
        let region = PHONE_NUMBER_UTIL.get_region_for_number(&number);
        let country = region.and_then(|region| Country::parse(&region.as_region_str()).ok());
        Self { kind: Some(kind), country }
    }
}

fn kind_name(kind: PhoneNumberType) -> Option<&'static str> {
    match kind {
        PhoneNumberType::Mobile => Some("mobile"),
        PhoneNumberType::FixedLine => Some("fixed_line"),
        PhoneNumberType::FixedLineOrMobile => Some("fixed_line_or_mobile"),
        PhoneNumberType::VoIP => Some("voip"),
        PhoneNumberType::TollFree => Some("toll_free"),
        PhoneNumberType::PremiumRate => Some("premium_rate"),
        PhoneNumberType::SharedCost => Some("shared_cost"),
        PhoneNumberType::PersonalNumber => Some("personal"),
        PhoneNumberType::Pager => Some("pager"),
        PhoneNumberType::UAN => Some("company"),
        PhoneNumberType::VoiceMail => Some("voicemail"),
        PhoneNumberType::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_their_plans() {
        for (number, kind, country) in [
            ("+33612345678", Some("mobile"), Some("FR")),
            ("+33142685300", Some("fixed_line"), Some("FR")),
            ("+33800123456", Some("toll_free"), Some("FR")),
            ("+4915123456789", Some("mobile"), Some("DE")),
            ("+447400123456", Some("mobile"), Some("GB")),
            ("+12015550123", Some("fixed_line_or_mobile"), Some("US")),
            ("+33012345678", None, None),
            ("+33612345", None, None),
            ("+999123456789", None, None),
        ] {
            let facts = PhoneFacts::of(&Phone::parse(number).unwrap());
            assert_eq!((facts.kind, facts.country.as_ref().map(Country::code)), (kind, country), "{number}");
        }
    }
}
