//! Evidence as features: what a challenge has yielded, read once into the vector of the application. Only the features are
//! kept; documents and transactions are let go of.
//!
//! [`set_phone_verified`], [`set_identity`] and [`set_bank`] write, [`yielded`] and [`held`] read back which challenges
//! there is evidence of. The families are declared in `identity` and `bank`; `names` compares names, `ledger` sorts the
//! transactions out, `recurring` and `balance` say what they show.

mod balance;
mod bank;
mod flows;
mod identity;
mod ledger;
mod names;
mod recurring;
#[cfg(test)]
pub(super) mod tests;
mod wording;

pub(super) use bank::{ABOUT as BANK_ABOUT, FEATURES as BANK};
pub(super) use identity::{ABOUT as IDENTITY_ABOUT, FEATURES as IDENTITY};

use super::catalogue::place_of;
use super::{Feature, Source, Vector, get};
use crate::domain::applicant::Applicant;
use crate::domain::challenge::ChallengeKind;
use crate::domain::evidence::{BankHistory, IdentityReport};
use crate::domain::money::Currency;
use crate::domain::time::Timestamp;
use flows::Figures;
use identity::Seen;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How a feature is read from evidence.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reading {
    /// The phone is verified.
    Phone,
    /// What the check of a document concludes.
    Verdict,
    /// A number that a document says.
    Identity(fn(&Seen<'_>) -> Option<f64>),
    /// A yes or no that a document says.
    IdentityFlag(fn(&Seen<'_>) -> Option<bool>),
    /// What a bank history says, a yes as 1.
    Bank(fn(&Figures) -> Option<f64>),
}

/// The code that was sent to the customer's phone came back.
pub fn set_phone_verified(vector: &mut Vector) {
    write(vector, IDENTITY, |reading| matches!(reading, Reading::Phone).then_some(Some(1.0)));
}

/// What the check of a document says, compared with what the customer said, at the time of the decision. Replaces what an
/// earlier check said.
pub fn set_identity(vector: &mut Vector, report: &IdentityReport, applicant: &Applicant, at: Timestamp) {
    let today = at.to_jiff().to_zoned(TimeZone::UTC).date();
    let seen = Seen { report, applicant, today };
    write(vector, IDENTITY, |reading| match reading {
        Reading::Identity(read) => Some(read(&seen)),
        Reading::IdentityFlag(read) => Some(read(&seen).map(f64::from)),
        _ => None,
    });
    place_of(identity::VERDICT).into_iter().for_each(|id| vector.set_category(id, report.verdict.name()));
}

/// What a bank history says, in the currency of the purchase. `largest_monthly_instalment_minor` is the most that the
/// plan asks for at once, `today` the day of the decision at the customer's. Replaces what an earlier history said.
pub fn set_bank(
    vector: &mut Vector,
    history: &BankHistory,
    largest_monthly_instalment_minor: i64,
    currency: Currency,
    today: Date,
) {
    let figures = Figures::of(history, largest_monthly_instalment_minor, currency, today);
    write(vector, BANK, |reading| match reading {
        Reading::Bank(read) => Some(read(&figures)),
        _ => None,
    });
}

/// The challenges that have yielded evidence, whatever it says: they are not asked for again.
pub fn yielded(vector: &Vector) -> impl Iterator<Item = ChallengeKind> {
    ChallengeKind::ALL.into_iter().filter(|kind| match kind {
        ChallengeKind::SmsCode => !number(vector, identity::PHONE_VERIFIED).is_nan(),
        ChallengeKind::IdDocument => !number(vector, identity::CLEAR).is_nan(),
        ChallengeKind::BankHistory => !number(vector, bank::COVERAGE_DAYS).is_nan(),
    })
}

/// The challenges whose evidence vouches for the customer: what may raise cut-offs and what a model may require. The phone
/// is verified; the document is clear; the bank history shows at least a month of an account in the currency.
pub fn held(vector: &Vector) -> impl Iterator<Item = ChallengeKind> {
    let holds = |kind: &ChallengeKind| least(*kind).iter().all(|(code, least)| number(vector, *code) >= *least);
    ChallengeKind::ALL.into_iter().filter(holds)
}

/// The features by which evidence vouches for the customer, each with the least that it must be: [`held`] where the
/// values stand in a table.
pub fn vouching(kind: ChallengeKind) -> impl Iterator<Item = (&'static str, f64)> {
    least(kind).iter().filter_map(|(code, least)| Some((get(place_of(*code)?).name, *least)))
}

fn least(kind: ChallengeKind) -> &'static [(u16, f64)] {
    match kind {
        ChallengeKind::SmsCode => &[(identity::PHONE_VERIFIED, 1.0)],
        ChallengeKind::IdDocument => &[(identity::CLEAR, 1.0)],
        ChallengeKind::BankHistory => &[(bank::COVERAGE_DAYS, bank::LEAST_DAYS), (bank::ACCOUNTS, 1.0)],
    }
}

/// The feature that is known as soon as a challenge has yielded evidence.
pub fn proof(kind: ChallengeKind) -> &'static str {
    match kind {
        ChallengeKind::SmsCode => "phone_verified",
        ChallengeKind::IdDocument => "identity_clear",
        ChallengeKind::BankHistory => "coverage_days",
    }
}

fn number(vector: &Vector, code: u16) -> f64 {
    place_of(code).map_or(f64::NAN, |id| vector.number(id))
}

/// Sets the features of a family of which `read` says something: a number, or that it is missing.
fn write(vector: &mut Vector, family: &[Feature], read: impl Fn(Reading) -> Option<Option<f64>>) {
    for feature in family {
        if let Source::Evidence(reading) = feature.source
            && let (Some(value), Some(id)) = (read(reading), place_of(feature.code))
        {
            vector.set_number(id, value.unwrap_or(f64::NAN));
        }
    }
}
