//! Everything that is judged about one application, and all of it that is kept: derived features and keyed hashes,
//! no personal field. Judging again starts here.

use super::Vector;
use crate::domain::geo::Country;
use crate::domain::ids::MerchantId;
use crate::domain::keys::Keys;
use crate::domain::money::Money;
use crate::domain::plan::PlanChoice;
use crate::domain::submission::Signals;
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
