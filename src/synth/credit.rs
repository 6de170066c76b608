//! Who does not pay back: the truth behind the flag `defaulted`. The models never see these numbers, only what a
//! request and the past show of them.

use super::checkout::plan_days;
use super::merchants::Merchant;
use super::shopper::Means;
use crate::domain::money::Money;
use crate::domain::plan::PlanChoice;
use crate::domain::time::{DAY_MS, Timestamp};

/// The log-odds of a default for an average shopper with an ordinary purchase. Chosen so that 2 to 3 % default.
const BASE: f64 = -5.95;
/// The chance that a purchase which a shock to income overtakes is not paid back. Assumption.
const AFTER_SHOCK: f64 = 0.08;

/// What bears on repayment at the time of a purchase.
pub struct Burden<'a> {
    /// When.
    pub at: Timestamp,
    /// Whose budget.
    pub means: &'a Means,
    /// At which shop.
    pub merchant: &'a Merchant,
    /// How much.
    pub amount: Money,
    /// By which plan.
    pub plan: PlanChoice,
    /// Whether the shopper is over-indebted.
    pub strained: bool,
    /// Whether the shop had not seen the shopper before.
    pub newcomer: bool,
}

impl Burden<'_> {
    /// Whether a shock to income comes while the plan runs.
    pub fn shocked(&self) -> bool {
        let runs_ms = (plan_days(self.plan) + 15) * DAY_MS;
        (0..runs_ms).contains(&(self.means.next_shock_ms - self.at.ms()))
    }

    /// The probability that the purchase is not paid back.
    pub fn default_probability(&self) -> f64 {
        let income = self.means.income_minor;
        let amount = self.amount.amount_minor as f64;
        let instalment = amount / f64::from(self.plan.instalment_count);
        let load = libm::log1p(self.means.owed(self.at.ms()) / (0.35 * income));
        let log_odds = BASE
            + 0.6 * self.means.frailty
            + 0.8 * load
            + 0.55 * libm::log(instalment / (0.04 * income))
            + 0.06 * f64::from(self.plan.instalment_count.min(12) - 1)
            + self.merchant.category.credit_risk
            + if self.strained { 2.2 } else { 0.0 }
            + if self.newcomer { 0.4 } else { 0.0 };
        let probability = 1.0 / (1.0 + libm::exp(-log_odds));
        if self.shocked() { probability.max(AFTER_SHOCK) } else { probability }
    }
}
