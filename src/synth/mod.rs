//! Floor 7: a synthetic population: shoppers, shops, and who steals and who cannot pay, as a stream of purchases.
//!
//! It exists so that the shipped models, the policy and the load have something to work on that belongs to nobody.
//! Every number in it is an assumption (docs/synth.md says which and why); claims of accuracy rest on real data,
//! never on this. The same seed gives the same bytes.

mod bank;
mod chance;
mod checkout;
mod credit;
mod merchants;
mod places;
mod population;
mod purchases;
pub mod report;
mod requests;
mod shopper;
mod theft;
mod transactions;
mod write;

pub use bank::Budget;
pub use merchants::Merchant;
pub use population::{FIRST_DAY, Population};
pub use report::Report;
pub use write::{Format, hasher, write};

use crate::domain::submission::Submission;
use crate::domain::time::Timestamp;
use crate::table::TableError;

/// Days before the first that is written: they fill the windows and the histories.
pub const WARM_UP_DAYS: i32 = 45;
/// The most shoppers: each takes about 3 kB of memory.
pub const MAX_CUSTOMERS: u32 = 1_000_000;
/// The most days: ten years.
pub const MAX_DAYS: u32 = 3_660;

/// How large a population, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many shoppers: 1 to [`MAX_CUSTOMERS`].
    pub customers: u32,
    /// How many days are written: 1 to [`MAX_DAYS`].
    pub days: u32,
    /// Which population.
    pub seed: u64,
    /// Of how many shoppers in a hundred the bank histories are read: 0 to 100.
    pub bank_percent: u32,
}

impl Settings {
    fn check(&self) -> Result<(), SynthError> {
        if !(1..=MAX_CUSTOMERS).contains(&self.customers) {
            return Err(SynthError::Settings { name: "customers", max: MAX_CUSTOMERS, given: self.customers });
        }
        if !(1..=MAX_DAYS).contains(&self.days) {
            return Err(SynthError::Settings { name: "days", max: MAX_DAYS, given: self.days });
        }
        if self.bank_percent > 100 {
            return Err(SynthError::Percent { given: self.bank_percent });
        }
        Ok(())
    }
}

/// Why a population cannot be made or written.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// A number is out of bounds.
    #[error("expected 1 to {max} {name}, got {given}")]
    Settings {
        /// Which number.
        name: &'static str,
        /// The most.
        max: u32,
        /// What came.
        given: u32,
    },
    /// A share is out of bounds.
    #[error("expected the bank histories of 0 to 100 shoppers in a hundred, got {given}")]
    Percent {
        /// What came.
        given: u32,
    },
    /// A folder or a file cannot be made.
    #[error("{place}: {source}")]
    Io {
        /// Which.
        place: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A table cannot be written.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// What is behind a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scenario {
    /// Nothing out of the ordinary.
    Genuine,
    /// The shopper is over-indebted.
    OverIndebted,
    /// A shock to the shopper's income comes while the plan runs.
    Shock,
    /// A card is used by a thief.
    StolenCard,
    /// An account is used by a thief.
    AccountTakeover,
    /// A genuine purchase is denied afterwards.
    FriendlyFraud,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Genuine, Self::OverIndebted, Self::Shock, Self::StolenCard, Self::AccountTakeover, Self::FriendlyFraud];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::OverIndebted => "over_indebted",
            Self::Shock => "shock",
            Self::StolenCard => "stolen_card",
            Self::AccountTakeover => "account_takeover",
            Self::FriendlyFraud => "friendly_fraud",
        }
    }

    fn of(strained: bool, shocked: bool) -> Self {
        match (strained, shocked) {
            (true, _) => Self::OverIndebted,
            (_, true) => Self::Shock,
            _ => Self::Genuine,
        }
    }
}

/// What only the maker of the population knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth {
    /// What is behind the purchase.
    pub scenario: Scenario,
    /// Whether it is fraud.
    pub fraud: bool,
    /// Whether it was not paid back; `None` where it was fraud, which says nothing of anyone's credit.
    pub defaulted: Option<bool>,
    /// When the outcome became known: the fraud reported, the default declared, the last instalment paid.
    pub known_at: Timestamp,
}

impl Truth {
    fn fraud(scenario: Scenario, known_at: Timestamp) -> Self {
        Self { scenario, fraud: true, defaulted: None, known_at }
    }

    fn repaid(scenario: Scenario, defaulted: bool, known_at: Timestamp) -> Self {
        Self { scenario, fraud: false, defaulted: Some(defaulted), known_at }
    }
}

/// One purchase.
#[derive(Debug, Clone, PartialEq)]
pub struct Purchase {
    /// Which shop, by its place in [`Population::merchants`].
    pub merchant: usize,
    /// When.
    pub at: Timestamp,
    /// The request, as a gateway would send it.
    pub submission: Submission,
    /// What is behind it.
    pub truth: Truth,
    /// What the shopper's bank could tell; `None` of a thief, who shows no bank.
    pub budget: Option<Box<Budget>>,
}

#[cfg(test)]
mod tests;
