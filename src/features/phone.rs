//! What a phone number says of itself, by the numbering plans that Google's libphonenumber gathers.

use crate::domain::contact::Phone;
use crate::domain::geo::Country;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberType};
use std::sync::LazyLock;

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
    /// Looks a number up: as it is written, and where no number of its country is written so, as the library mends what
    /// people write, such as a national prefix that stayed.
    pub fn of(phone: &Phone) -> Self {
        let mended = || PHONE_NUMBER_UTIL.parse(phone.as_str(), None).ok();
        let facts = as_written(phone).and_then(|number| Self::of_number(&number));
        facts.or_else(|| Self::of_number(&mended()?)).unwrap_or(Self { kind: None, country: None })
    }

    /// `None`: the number cannot exist.
    fn of_number(number: &PhoneNumber) -> Option<Self> {
        let kind = kind_name(PHONE_NUMBER_UTIL.get_number_type(number))?;
        let region = PHONE_NUMBER_UTIL.get_region_for_number(number);
        let country = region.and_then(|region| Country::parse(&region.as_region_str()).ok());
        Some(Self { kind: Some(kind), country })
    }
}

/// The calling codes that there are, each at its place. No code is the beginning of another.
static CALLING_CODES: LazyLock<[bool; 1_000]> = LazyLock::new(|| {
    let mut codes = [false; 1_000];
    for code in PHONE_NUMBER_UTIL.get_supported_calling_codes() {
        if let Some(known) = usize::try_from(code).ok().and_then(|code| codes.get_mut(code)) {
            *known = true;
        }
    }
    codes
});

/// The calling code and the national number of E.164, without the library's search for anything else.
fn as_written(phone: &Phone) -> Option<PhoneNumber> {
    let digits = phone.as_str().strip_prefix('+')?;
    let split = |length| Some((digits.get(..length)?.parse().ok()?, digits.get(length..)?));
    let (code, national): (usize, &str) =
        (1..=3).filter_map(split).find(|(code, _)| CALLING_CODES.get(*code) == Some(&true))?;
    let zeros = national.bytes().take_while(|digit| *digit == b'0').count();
    Some(PhoneNumber {
        country_code: code as i32,
        national_number: national.parse().ok()?,
        italian_leading_zero: (zeros > 0).then_some(true),
        number_of_leading_zeros: (zeros > 1).then_some(zeros as i32),
        ..PhoneNumber::default()
    })
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
    use proptest::prelude::*;

    #[test]
    fn numbers_by_their_plans() {
        for (number, kind, country) in [
            ("+33612345678", Some("mobile"), Some("FR")),
            ("+33142685300", Some("fixed_line"), Some("FR")),
            ("+33800123456", Some("toll_free"), Some("FR")),
            ("+4915123456789", Some("mobile"), Some("DE")),
            ("+447400123456", Some("mobile"), Some("GB")),
            ("+12015550123", Some("fixed_line_or_mobile"), Some("US")),
            ("+390612345678", Some("fixed_line"), Some("IT")),
            ("+330612345678", Some("mobile"), Some("FR")),
            ("+33012345678", None, None),
            ("+33612345", None, None),
            ("+999123456789", None, None),
        ] {
            let facts = PhoneFacts::of(&Phone::parse(number).unwrap());
            assert_eq!((facts.kind, facts.country.as_ref().map(Country::code)), (kind, country), "{number}");
        }
    }
    proptest! {
        /// What is looked up as it is written is what the library makes of the whole text.
        #[test]
        fn the_short_way_leads_to_the_same(
            start in prop::sample::select(vec!["+336", "+331", "+33800", "+4915", "+49301", "+3906", "+393", "+3461", "+32470",
                "+352621", "+3161", "+447", "+1201555", "+351912", "+81903", "+7912", "+5255"]),
            rest in "[0-9]{5,8}",
        ) {
            let phone = Phone::parse(&format!("{start}{rest}")).unwrap();
            let parsed = PHONE_NUMBER_UTIL.parse(phone.as_str(), None).ok();
            let expected = parsed.and_then(|number| PhoneFacts::of_number(&number));
            prop_assert_eq!(PhoneFacts::of(&phone), expected.unwrap_or(PhoneFacts { kind: None, country: None }));
        }
    }
}
