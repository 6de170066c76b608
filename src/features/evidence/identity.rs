//! The verified phone and the identity document: what they say of whoever pays, compared with what the customer said.

use super::{Reading, names};
use crate::domain::applicant::Applicant;
use crate::domain::evidence::{IdentityReport, IdentityVerdict};
use crate::domain::reason::ReasonCode as Reason;
use crate::features::{Feature, FeatureKind, Source, entry};
use jiff::civil::Date;

pub(in crate::features) const ABOUT: &str = "What a code sent to the phone and a check of an identity document have \
     shown; missing until then. A later check replaces what an earlier one said. Dates are compared with the day of the \
     decision in UTC. How alike two names are is measured in `src/features/evidence/names.rs`. Which country \
     issued the document, sex and place of birth are no features, and the dates themselves are not kept.";

const NO_CHECK: &str = "No identity document has been checked.";
const NO_BIRTH_DATE: &str = "No document has been checked, or it says no date of birth.";
const NO_EXPIRY: &str = "No document has been checked, or it says no date of expiry.";

/// From which age on a person may owe: 18 years in every country of the euro area.
const OF_AGE_YEARS: i16 = 18;

/// The permanent code of `phone_verified`.
pub(super) const PHONE_VERIFIED: u16 = 801;
/// The permanent code of `identity_verdict`.
pub(super) const VERDICT: u16 = 811;
/// The permanent code of `identity_clear`.
pub(super) const CLEAR: u16 = 812;

pub(in crate::features) const FEATURES: &[Feature] = &[
    entry(
        PHONE_VERIFIED,
        "phone_verified",
        FeatureKind::Boolean,
        "",
        Reason::PHONE_UNUSUAL,
        Source::Evidence(Reading::Phone),
    )
    .says("Whether the code that was sent to the phone came back.", "No code came back."),
    entry(
        VERDICT,
        "identity_verdict",
        FeatureKind::Category,
        "",
        Reason::IDENTITY_NOT_CONFIRMED,
        Source::Evidence(Reading::Verdict),
    )
    .one_of(VERDICTS)
    .says("What the check of the document concludes.", NO_CHECK),
    boolean(CLEAR, "identity_clear", Reason::IDENTITY_NOT_CONFIRMED, |seen| {
        Some(seen.report.verdict == IdentityVerdict::Clear)
    })
    .says("Whether the document is genuine and belongs to whoever showed it.", NO_CHECK),
    of_identity(813, "name_match", FeatureKind::Number, "share, 1: the same", Reason::IDENTITY_NAME, |seen| {
        names::alike(seen.applicant, seen.report)
    })
    .says(
        "How alike the name on the document and the name that was given are: the lesser of given and family name. Below \
         0.6 they are hardly the same person's.",
        "No document has been checked, or a given or a family name is missing on either side.",
    ),
    boolean(814, "birth_date_matches", Reason::IDENTITY_BIRTH_DATE, |seen| {
        Some(seen.report.birth_date? == seen.applicant.birth_date?)
    })
    .says(
        "Whether the date of birth on the document is the one that was given.",
        "No document has been checked, or the date of birth is missing on either side.",
    ),
    boolean(815, "identity_is_adult", Reason::IDENTITY_MINOR, |seen| Some(is_of_age(seen.report.birth_date?, seen.today)))
        .says("Whether who the document names is 18 years old or more; how old is not kept.", NO_BIRTH_DATE),
    boolean(816, "document_valid", Reason::DOCUMENT_EXPIRED, |seen| Some(seen.report.document_expiry? >= seen.today))
        .says("Whether the document has not expired; the day of expiry is still good.", NO_EXPIRY),
    of_identity(817, "document_days_left", FeatureKind::Number, "days", Reason::DOCUMENT_EXPIRED, |seen| {
        Some((seen.report.document_expiry? - seen.today).get_days().into())
    })
    .says("Days until the document expires; below 0: since it has.", NO_EXPIRY),
];

/// The names of [`IdentityVerdict::ALL`].
const VERDICTS: &[&str] = &["clear", "review", "rejected", "unreadable"];

/// A document, who showed it, and when.
pub(in crate::features) struct Seen<'a> {
    pub report: &'a IdentityReport,
    pub applicant: &'a Applicant,
    pub today: Date,
}

const fn of_identity(
    code: u16,
    name: &'static str,
    kind: FeatureKind,
    unit: &'static str,
    reason: Reason,
    read: fn(&Seen<'_>) -> Option<f64>,
) -> Feature {
    entry(code, name, kind, unit, reason, Source::Evidence(Reading::Identity(read)))
}

const fn boolean(code: u16, name: &'static str, reason: Reason, read: fn(&Seen<'_>) -> Option<bool>) -> Feature {
    entry(code, name, FeatureKind::Boolean, "", reason, Source::Evidence(Reading::IdentityFlag(read)))
}

/// Whether somebody has come of age; born on 29 February, on 1 March.
fn is_of_age(born: Date, today: Date) -> bool {
    (today.year(), today.month(), today.day()) >= (born.year().saturating_add(OF_AGE_YEARS), born.month(), born.day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::evidence::set_identity;
    use crate::features::tests::{at, expect, facts};
    use crate::features::{find, tests::bare};
    use jiff::civil::date;

    #[test]
    fn verdicts_are_listed_by_their_names() {
        assert_eq!(IdentityVerdict::ALL.map(IdentityVerdict::name).as_slice(), VERDICTS);
    }

    fn ada() -> (IdentityReport, Applicant) {
        let report = IdentityReport {
            verdict: IdentityVerdict::Clear,
            given_names: vec!["ADA".into(), "AUGUSTA".into()],
            family_name: Some("LOVELACE".into()),
            usage_name: None,
            birth_date: Some(date(1990, 12, 10)),
            document_expiry: Some(date(2030, 1, 1)),
            issuing_country: None,
        };
        let applicant = Applicant {
            given_name: Some("Ada".into()),
            family_name: Some("Lovelace".into()),
            birth_date: Some(date(1990, 12, 10)),
            ..Applicant::default()
        };
        (report, applicant)
    }

    /// The day is 2026-03-14.
    #[track_caller]
    fn check(change: impl FnOnce(&mut IdentityReport, &mut Applicant), expected: &str) {
        let (mut report, mut applicant) = ada();
        change(&mut report, &mut applicant);
        let mut facts = facts(&bare(), at());
        set_identity(&mut facts.vector, &report, &applicant, at());
        expect(&facts, expected);
    }

    #[test]
    fn a_document_is_compared_with_what_was_said() {
        check(
            |_, _| {},
            "identity_verdict=clear identity_clear=1 name_match=1 birth_date_matches=1 identity_is_adult=1 \
             document_valid=1 document_days_left=1389 phone_verified=-",
        );
        check(|report, _| report.verdict = IdentityVerdict::Review, "identity_verdict=review identity_clear=0");
        check(|report, _| report.verdict = IdentityVerdict::Rejected, "identity_verdict=rejected identity_clear=0");
        check(
            |report, _| {
                *report = IdentityReport {
                    verdict: IdentityVerdict::Unreadable,
                    given_names: vec![],
                    family_name: None,
                    usage_name: None,
                    birth_date: None,
                    document_expiry: None,
                    issuing_country: None,
                }
            },
            "identity_verdict=unreadable identity_clear=0 name_match=- birth_date_matches=- identity_is_adult=- \
             document_valid=- document_days_left=-",
        );
        check(|_, applicant| applicant.given_name = Some("Adam".into()), "name_match=0.85");
        check(|_, applicant| applicant.birth_date = None, "birth_date_matches=- identity_is_adult=1");
        check(|_, applicant| applicant.birth_date = Some(date(1990, 10, 12)), "birth_date_matches=0");
    }

    #[test]
    fn days_are_counted_to_the_day() {
        for (born, of_age) in [
            (date(2008, 3, 14), true),
            (date(2008, 3, 15), false),
            (date(2007, 12, 31), true),
            (date(2009, 1, 1), false),
            (date(9999, 1, 1), false),
        ] {
            assert_eq!(is_of_age(born, date(2026, 3, 14)), of_age, "{born}");
        }
        assert!(!is_of_age(date(2008, 2, 29), date(2026, 2, 28)) && is_of_age(date(2008, 2, 29), date(2026, 3, 1)));
        for (expiry, expected) in [
            (date(2026, 3, 14), "document_valid=1 document_days_left=0"),
            (date(2026, 3, 13), "document_valid=0 document_days_left=-1"),
            (date(2016, 3, 14), "document_valid=0 document_days_left=-3652"),
            (date(9999, 12, 31), "document_valid=1 document_days_left=2912370"),
        ] {
            check(|report, _| report.document_expiry = Some(expiry), expected);
        }
    }

    #[test]
    fn the_last_check_is_the_one_that_counts() {
        let (report, applicant) = ada();
        let mut facts = facts(&bare(), at());
        set_identity(&mut facts.vector, &report, &applicant, at());
        let worse = IdentityReport { verdict: IdentityVerdict::Unreadable, birth_date: None, ..report };
        set_identity(&mut facts.vector, &worse, &applicant, at());
        expect(&facts, "identity_verdict=unreadable identity_clear=0 identity_is_adult=- birth_date_matches=-");
        assert!(find("identity_clear").is_some());
    }
}
