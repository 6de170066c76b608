//! A plan's choice and its schedule, as data. How a schedule is computed lives in [`crate::plan`].

use super::Invalid;
use super::geo::Country;
use super::money::{Currency, Money};

/// Which plan the customer chose, by `(instalment_count, deferred_days, deferred_months)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanChoice {
    /// 1 (pay now or later, at once) to 24.
    pub instalment_count: u8,
    /// Days by which every due date is shifted: 0 to 90.
    pub deferred_days: u8,
    /// Calendar months by which every due date is shifted: 0 to 3; days and months are not both given.
    pub deferred_months: u8,
}

impl PlanChoice {
    /// Checks the three numbers.
    pub fn new(instalment_count: i32, deferred_days: i32, deferred_months: i32) -> Result<Self, Invalid> {
        let good = (1..=24).contains(&instalment_count)
            && (0..=90).contains(&deferred_days)
            && (0..=3).contains(&deferred_months)
            && (deferred_days == 0 || deferred_months == 0);
        if !good {
            return Err(Invalid::expected("1 to 24 instalments, deferred by 0 to 90 days or 0 to 3 months, not both"));
        }
        Ok(Self {
            instalment_count: instalment_count as u8,
            deferred_days: deferred_days as u8,
            deferred_months: deferred_months as u8,
        })
    }
}

impl std::fmt::Display for PlanChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x", self.instalment_count)?;
        match (self.deferred_days, self.deferred_months) {
            (0, 0) => Ok(()),
            (days, 0) => write!(f, " D+{days}"),
            (_, months) => write!(f, " M+{months}"),
        }
    }
}

/// What a plan costs the customer, as a merchant offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Which plan.
    pub choice: PlanChoice,
    /// The fixed part of the customer's fee, in minor units of the purchase's currency.
    pub fee_fixed_minor: i64,
    /// The part of the fee that grows with the amount, in hundredths of a percent of it.
    pub fee_bps: u32,
    /// The yearly interest of a credit plan (effective annual rate), in hundredths of a percent; 0: none.
    pub apr_bps: u32,
}

/// One thing that stands against a plan for an amount, country and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// The plan is not offered at all.
    Plan,
    /// The amount is outside the plan's bounds, in minor units, both included.
    Amount {
        /// The smallest amount.
        min_minor: i64,
        /// The largest amount.
        max_minor: i64,
    },
    /// The country is none of these.
    Country(Vec<Country>),
    /// The currency is none of these.
    Currency(Vec<Currency>),
}

/// What has become of one instalment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstalmentState {
    /// Not due or not yet paid.
    Pending,
    /// Paid.
    Paid,
}

/// One instalment of a plan. All amounts are minor units of the plan's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instalment {
    /// The day it is due, in the merchant's time zone.
    pub due_date: jiff::civil::Date,
    /// The share of the purchase amount.
    pub purchase_amount_minor: i64,
    /// The customer's fee; all of it stands on the first instalment.
    pub customer_fee_minor: i64,
    /// Interest of a credit plan.
    pub customer_interest_minor: i64,
    /// The three amounts together: what the customer pays that day.
    pub total_amount_minor: i64,
    /// What has become of it.
    pub state: InstalmentState,
}

/// A schedule of instalments for one purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The choice it was made from.
    pub choice: PlanChoice,
    /// The purchase amount; the instalments' purchase amounts sum to it exactly.
    pub amount: Money,
    /// Fee and interest together, in minor units.
    pub customer_cost_minor: i64,
    /// `round(cost / amount × 10,000)`.
    pub cost_bps: i64,
    /// The instalments, by due date.
    pub instalments: Vec<Instalment>,
}

impl Plan {
    /// The most that the customer pays at once, in minor units.
    pub fn largest_instalment_minor(&self) -> i64 {
        self.instalments.iter().map(|instalment| instalment.total_amount_minor).max().unwrap_or_default()
    }
}
