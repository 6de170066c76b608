//! Everything that is judged about one application, and all of it that is kept: derived features and keyed hashes,
//! no personal field. Judging again starts here.

use super::Vector;
use crate::domain::geo::Country;
use crate::domain::ids::MerchantId;
use crate::domain::keys::Keys;
use crate::domain::money::Money;
use crate::domain::plan::PlanChoice;
use crate::domain::keys::KeyHasher;
use crate::domain::submission::{Signals, Submission};
use crate::domain::time::Timestamp;

/// Everything that is judged about one application.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The merchant it was submitted by.
    pub merchant: MerchantId,
    /// When it was submitted, by the engine's clock.
    pub at: Timestamp,
    /// What is to be paid.
    pub amount: Money,
    /// How.
    pub plan: PlanChoice,
    /// Where the customer is: of the billing address, else the shipping address, else the customer's own.
    pub country: Option<Country>,
    /// The keys by which velocity is counted.
    pub keys: Keys,
    /// The features.
    pub vector: Vector,
    /// The merchant's own inputs.
    pub signals: Signals,
}

impl Facts {
    /// The facts of a submission, but for what came before it: that is for
    /// [`Velocity::read_into`](super::velocity::Velocity::read_into). Night and weekend are taken in `time_zone`.
    pub fn extract(
        submission: &Submission,
        merchant: &MerchantId,
        _time_zone: &jiff::tz::TimeZone,
        at: Timestamp,
        _hasher: &KeyHasher,
    ) -> Self {
        Self {
            merchant: merchant.clone(),
            at,
            amount: submission.purchase.amount,
            plan: submission.purchase.plan,
            country: None,
            keys: Keys::default(),
            vector: Vector::default(),
            signals: submission.signals.clone(),
        }
    }
}
