//! The whole catalogue: the families one after the other, in the order of their codes.

use super::{
    Feature, FeatureId, Source, account, address, basket, contact, customer, device, evidence, purchase, time, velocity,
};
use std::collections::HashMap;
use std::sync::LazyLock;

/// One family of the catalogue.
pub(super) struct Family {
    /// Its title in the reference.
    pub title: &'static str,
    /// What stands above its table there.
    pub about: &'static str,
    /// Its entries.
    pub features: &'static [Feature],
}

/// The families, in the order of their codes.
pub(super) const FAMILIES: [Family; 18] = [
    Family { title: "Purchase", about: purchase::ABOUT, features: purchase::FEATURES },
    Family { title: "Basket", about: basket::ABOUT, features: basket::FEATURES },
    Family { title: "Customer", about: customer::ABOUT, features: customer::FEATURES },
    Family { title: "Account history", about: account::ABOUT, features: account::FEATURES },
    Family { title: "Addresses", about: address::ABOUT, features: address::FEATURES },
    Family { title: "E-mail and phone", about: contact::ABOUT, features: contact::FEATURES },
    Family { title: "Device and network", about: device::ABOUT, features: device::FEATURES },
    Family { title: "Time", about: time::ABOUT, features: time::FEATURES },
    Family { title: "Phone and identity", about: evidence::IDENTITY_ABOUT, features: evidence::IDENTITY },
    Family { title: "Bank history", about: evidence::BANK_ABOUT, features: evidence::BANK },
    Family { title: "Velocity of the customer", about: velocity::ABOUT, features: velocity::CUSTOMER },
    Family { title: "Velocity of the card", about: "", features: velocity::CARD },
    Family { title: "Velocity of the device", about: "", features: velocity::DEVICE },
    Family { title: "Velocity of the e-mail address", about: "", features: velocity::EMAIL },
    Family { title: "Velocity of the phone number", about: "", features: velocity::PHONE },
    Family { title: "Velocity of the address", about: "", features: velocity::ADDRESS },
    Family { title: "Velocity of the IP address", about: "", features: velocity::IP },
    Family { title: "Velocity of the terminal", about: "", features: velocity::TERMINAL },
];

const COUNT: usize = {
    let (mut part, mut count) = (0, 0);
    while part < FAMILIES.len() {
        count += FAMILIES[part].features.len();
        part += 1;
    }
    count
};

/// All entries, by place.
pub(super) static CATALOGUE: [Feature; COUNT] = {
    let mut all = [FAMILIES[0].features[0]; COUNT];
    let (mut part, mut at) = (0, 0);
    while part < FAMILIES.len() {
        let mut entry = 0;
        while entry < FAMILIES[part].features.len() {
            all[at] = FAMILIES[part].features[entry];
            at += 1;
            entry += 1;
        }
        part += 1;
    }
    all
};

/// The place of the first feature of velocity; those before it are what a submission says by itself.
pub(super) const FIRST_VELOCITY: usize = {
    let mut at = 0;
    while !matches!(CATALOGUE[at].source, Source::Velocity(_)) {
        at += 1;
    }
    at
};

/// Where the values of those before it come from, close together: the whole catalogue is too large to be walked for each
/// submission.
pub(super) static SOURCES: [Source; FIRST_VELOCITY] = {
    let mut sources = [CATALOGUE[0].source; FIRST_VELOCITY];
    let mut at = 0;
    while at < FIRST_VELOCITY {
        sources[at] = CATALOGUE[at].source;
        at += 1;
    }
    sources
};

const LAST_CODE: usize = CATALOGUE[COUNT - 1].code as usize;

/// The place after the one that has each code; 0: no feature has it.
static AFTER_PLACE: [u16; LAST_CODE + 1] = {
    let mut places = [0; LAST_CODE + 1];
    let mut at = 0;
    while at < COUNT {
        places[CATALOGUE[at].code as usize] = at as u16 + 1;
        at += 1;
    }
    places
};

/// The place of the feature that has this code.
pub(super) fn place_of(code: u16) -> Option<FeatureId> {
    AFTER_PLACE.get(usize::from(code))?.checked_sub(1).map(FeatureId)
}

static BY_NAME: LazyLock<HashMap<&'static str, FeatureId>> =
    LazyLock::new(|| all().map(|(id, feature)| (feature.name, id)).collect());

/// The place of the feature of this name.
pub fn find(name: &str) -> Option<FeatureId> {
    BY_NAME.get(name).copied()
}

/// The entry at a place.
///
/// # Panics
/// At a place that neither [`find`] nor [`all`] gave out.
pub fn get(id: FeatureId) -> &'static Feature {
    &CATALOGUE[usize::from(id.0)]
}

/// All entries, in the order of their places, which is that of their codes.
pub fn all() -> impl Iterator<Item = (FeatureId, &'static Feature)> {
    CATALOGUE.iter().enumerate().map(|(at, feature)| (FeatureId(at as u16), feature))
}

/// How many entries there are.
pub const fn count() -> usize {
    COUNT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::FeatureKind;
    use std::collections::BTreeSet;

    #[test]
    fn every_entry_is_complete_and_is_found_by_its_name() {
        for (id, feature) in all() {
            let Feature { name, doc, missing, unit, kind, .. } = feature;
            assert_eq!(find(name), Some(id), "{name} is declared twice: give one of the two another name");
            assert!(doc.ends_with('.') && missing.ends_with('.'), "{name}: doc and missing are sentences");
            assert_eq!(*kind == FeatureKind::Number, !unit.is_empty(), "{name}: numbers have a unit, others have none");
            let plain = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            assert!(plain && !name.starts_with("signal_"), "{name}: lower case, digits and _, not signal_…");
        }
        assert_eq!(find("no_such_feature"), None);
    }

    #[test]
    fn codes_rise_through_the_catalogue() {
        for pair in CATALOGUE.windows(2) {
            let [(a, a_code), (b, b_code)] = [&pair[0], &pair[1]].map(|f| (f.name, f.code));
            assert!(a_code < b_code, "{b} has code {b_code} after {a} with {a_code}: append new entries to a family");
        }
    }

    #[test]
    fn categories_are_distinct_and_fit_one_byte() {
        for (_, feature) in all() {
            let distinct: BTreeSet<_> = feature.values.iter().collect();
            assert!(distinct.len() == feature.values.len() && distinct.len() < 256, "{}", feature.name);
        }
    }

    #[test]
    fn barred_facts_are_no_features() {
        for word in ["age", "birth", "sex", "gender", "marital", "nationality", "health"] {
            for (_, feature) in all() {
                let barred = feature.name.split('_').any(|part| part == word);
                // A thing's age; whether the date was given, and whether two sources agree on it: not the date.
                let harmless = ["account_age_days", "birth_date_known", "birth_date_matches"].contains(&feature.name);
                assert!(!barred || harmless, "{}: {word} is no ground for a decision", feature.name);
            }
        }
    }
}
