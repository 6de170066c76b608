//! Inputs that no model may have.
//!
//! Special categories of personal data (Regulation (EU) 2016/679, Article 9) and data from social networks (Directive
//! (EU) 2023/2225, Article 18(3)) must not be used to assess a consumer's credit; sex, marital status, nationality and
//! age are not risk drivers here. A signal's name is all that is known of it, so its name is judged; the catalogue of
//! features answers for its own.

/// Barred wherever they stand in a word: long enough to mean nothing else.
const PARTS: [&str; 32] = [
    "health",
    "medical",
    "medicine",
    "disease",
    "illness",
    "disab",
    "handicap",
    "pregnan",
    "genetic",
    "biometr",
    "religio",
    "ethnic",
    "racial",
    "politic",
    "gender",
    "sexual",
    "marital",
    "marriage",
    "married",
    "spouse",
    "divorce",
    "national",
    "citizen",
    "immigra",
    "facebook",
    "instagram",
    "twitter",
    "tiktok",
    "linkedin",
    "snapchat",
    "socialmedia",
    "birth",
];

/// Barred as whole words.
const WORDS: [&str; 16] = [
    "sex", "race", "union", "social", "faith", "church", "mosque", "husband", "wife", "widow", "single", "male",
    "female", "dob", "ages", "age",
];

/// What may have an age: things, not people.
const AGED: [&str; 26] = [
    "account",
    "address",
    "basket",
    "bin",
    "card",
    "contract",
    "cookie",
    "credit",
    "device",
    "domain",
    "email",
    "file",
    "item",
    "loan",
    "membership",
    "mandate",
    "merchant",
    "order",
    "password",
    "phone",
    "product",
    "relationship",
    "session",
    "subscription",
    "terminal",
    "tradeline",
];

/// The part of a signal's name for which it is barred.
pub(super) fn barred(name: &str) -> Option<&str> {
    let words: Vec<&str> = name.split('_').collect();
    let mut before = "";
    for word in words {
        let of_a_thing = word == "age" && AGED.contains(&before);
        if !of_a_thing && (WORDS.contains(&word) || PARTS.iter().any(|part| word.contains(part))) {
            return Some(word);
        }
        before = word;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_not_judged_by_what_they_are() {
        for (name, word) in [
            ("signal_sex", Some("sex")),
            ("signal_customer_age_years", Some("age")),
            ("signal_age", Some("age")),
            ("signal_maritalstatus", Some("maritalstatus")),
            ("signal_nationality", Some("nationality")),
            ("signal_social_media_friends", Some("social")),
            ("signal_health_score", Some("health")),
            ("signal_date_of_birth", Some("birth")),
            ("signal_account_age_days", None),
            ("signal_device_age_days", None),
            ("signal_percentage_paid", None),
            ("signal_sextant_sales", None),
            ("signal_trace_length", None),
            ("signal_limit_bal", None),
        ] {
            assert_eq!(barred(name), word, "{name}");
        }
    }
}
