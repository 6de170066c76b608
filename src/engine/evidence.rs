//! From evidence to features: the evidence itself is let go of.

use crate::domain::applicant::Applicant;
use crate::domain::evidence::Evidence;
use crate::domain::time::Timestamp;
use crate::features::{Facts, Vector, evidence};
use crate::policy::Policy;

/// The features of what a challenge yielded, measured by what was submitted.
pub(super) fn features(
    yielded: &Evidence,
    facts: &Facts,
    applicant: &Applicant,
    policy: &Policy,
    now: Timestamp,
) -> Vector {
    let mut features = Vector::default();
    match yielded {
        Evidence::PhoneVerified => evidence::set_phone_verified(&mut features),
        Evidence::Identity(report) => evidence::set_identity(&mut features, report, applicant, now),
        Evidence::Bank(history) => {
            let today = now.to_jiff().to_zoned(policy.time_zone(&facts.merchant).clone()).date();
            let plan = crate::plan::schedule(&policy.terms(&facts.merchant, facts.plan), facts.amount, today);
            let largest = plan.largest_instalment_minor();
            evidence::set_bank(&mut features, history, largest, facts.amount.currency, today);
        }
    }
    features
}
