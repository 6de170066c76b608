//! Where the goods go, whom the bill names, where the customer lives and where the card comes from: do they agree?

use super::scene::Scene;
use super::{Feature, boolean, category, number};
use crate::domain::geo::{Address, Country};
use crate::domain::reason::ReasonCode as Reason;

pub(super) const ABOUT: &str = "Whether shipping, billing and home address and the card's country agree. Addresses are \
     compared by their letters and digits, whatever the case, spaces and punctuation.";

const ONE_UNKNOWN: &str = "One of the two was not given.";
const ONE_INCOMPLETE: &str = "One of the two has no first line, or neither postal code nor town.";
const NOT_GIVEN: &str = "It was not given.";

pub(super) const FEATURES: &[Feature] = &[
    boolean(401, "shipping_address_complete", Reason::ADDRESS_MISSING, |s| Some(is_complete(shipping(s)?)))
        .says("Whether the shipping address has a first line, a town, a postal code and a country.", NOT_GIVEN),
    boolean(402, "billing_address_complete", Reason::ADDRESS_MISSING, |s| Some(is_complete(billing(s)?)))
        .says("Whether the billing address has a first line, a town, a postal code and a country.", NOT_GIVEN),
    boolean(403, "shipping_is_billing", Reason::ADDRESS_MISMATCH, |s| same_place(shipping(s)?, billing(s)?))
        .says("Whether the goods go where the bill goes.", ONE_INCOMPLETE),
    boolean(404, "shipping_is_home", Reason::ADDRESS_MISMATCH, |s| same_place(shipping(s)?, home(s)?))
        .says("Whether the goods go to the customer's own address.", ONE_INCOMPLETE),
    boolean(405, "billing_is_home", Reason::ADDRESS_MISMATCH, |s| same_place(billing(s)?, home(s)?))
        .says("Whether the bill goes to the customer's own address.", ONE_INCOMPLETE),
    boolean(406, "shipping_postal_code_is_billing", Reason::ADDRESS_MISMATCH, |s| {
        Some(alike(shipping(s)?.postal_code.as_deref()?, billing(s)?.postal_code.as_deref()?))
    })
    .says("Whether shipping and billing address have the same postal code.", ONE_UNKNOWN),
    boolean(407, "shipping_city_is_billing", Reason::ADDRESS_MISMATCH, |s| {
        Some(alike(shipping(s)?.city.as_deref()?, billing(s)?.city.as_deref()?))
    })
    .says("Whether shipping and billing address have the same town.", ONE_UNKNOWN),
    category(408, "shipping_country", Reason::ADDRESS_MISMATCH, |s| Some(shipping(s)?.country.as_ref()?.code()))
        .says("The country the goods go to, by ISO 3166-1 alpha-2.", NOT_GIVEN),
    category(409, "billing_country", Reason::ADDRESS_MISMATCH, |s| Some(billing(s)?.country.as_ref()?.code()))
        .says("The country the bill goes to, by ISO 3166-1 alpha-2.", NOT_GIVEN),
    category(410, "home_country", Reason::ADDRESS_MISMATCH, |s| Some(home(s)?.country.as_ref()?.code()))
        .says("The country of the customer's own address, by ISO 3166-1 alpha-2.", NOT_GIVEN),
    boolean(411, "shipping_country_is_billing", Reason::ADDRESS_MISMATCH, |s| {
        Some(shipping(s)?.country? == billing(s)?.country?)
    })
    .says("Whether goods and bill go to the same country.", ONE_UNKNOWN),
    boolean(412, "billing_country_is_home", Reason::ADDRESS_MISMATCH, |s| {
        Some(billing(s)?.country? == home(s)?.country?)
    })
    .says("Whether the bill goes to the customer's own country.", ONE_UNKNOWN),
    boolean(413, "card_country_is_billing", Reason::CARD_COUNTRY, |s| Some(card(s)? == billing(s)?.country?))
        .says("Whether the card's bank is in the country the bill goes to.", ONE_UNKNOWN),
    boolean(414, "card_country_is_shipping", Reason::CARD_COUNTRY, |s| Some(card(s)? == shipping(s)?.country?))
        .says("Whether the card's bank is in the country the goods go to.", ONE_UNKNOWN),
    number(415, "country_count", "countries", Reason::ADDRESS_MISMATCH, |s| {
        let of = |address: Option<&Address>| address.and_then(|address| address.country);
        let countries = [of(shipping(s)), of(billing(s)), of(home(s)), card(s)];
        let known = || countries.iter().enumerate().filter(|(_, country)| country.is_some());
        let distinct = known().filter(|(at, country)| !countries[..*at].contains(country)).count();
        (distinct > 0).then_some(distinct as f64)
    })
    .says(
        "How many different countries shipping, billing and home address and the card name together.",
        "None of them names one.",
    ),
];

fn shipping<'s>(scene: &'s Scene<'_>) -> Option<&'s Address> {
    scene.submission.purchase.shipping_address.as_ref()
}

fn billing<'s>(scene: &'s Scene<'_>) -> Option<&'s Address> {
    scene.submission.purchase.billing_address.as_ref()
}

fn home<'s>(scene: &'s Scene<'_>) -> Option<&'s Address> {
    scene.submission.customer.address.as_ref()
}

fn card(scene: &Scene<'_>) -> Option<Country> {
    scene.submission.purchase.card.as_ref()?.bin_country
}

fn is_complete(address: &Address) -> bool {
    address.line1.is_some() && address.city.is_some() && address.postal_code.is_some() && address.country.is_some()
}

/// Whether two addresses have one [`Address::normalized`] form; compared letter by letter, since writing both forms
/// costs ten times as much.
fn same_place(a: &Address, b: &Address) -> Option<bool> {
    let place = |address: &Address| address.postal_code.is_some() || address.city.is_some();
    if a.line1.is_none() || b.line1.is_none() || !place(a) || !place(b) {
        return None;
    }
    fn parts(address: &Address) -> [&str; 3] {
        let place = address.postal_code.as_deref().or(address.city.as_deref());
        [address.line1.as_deref(), address.line2.as_deref(), place].map(Option::unwrap_or_default)
    }
    Some(a.country == b.country && parts(a).into_iter().zip(parts(b)).all(|(a, b)| alike(a, b)))
}

/// Whether two texts have the same letters and digits, whatever the case.
fn alike(a: &str, b: &str) -> bool {
    fn fold(text: &str) -> impl Iterator<Item = char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
    }
    fn fold_ascii(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase())
    }
    match a.is_ascii() && b.is_ascii() {
        true => a == b || fold_ascii(a).eq(fold_ascii(b)),
        false => a == b || fold(a).eq(fold(b)),
    }
}
