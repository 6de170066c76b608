//! What a population turned out to be, and what models and policy make of it.

use super::{Merchant, Purchase, Scenario, Settings};
use crate::domain::decision::Outcome;
use crate::features::Facts;
use crate::policy::{Generation, Judgement};
use serde::Serialize;

/// Purchases of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many.
    pub purchases: u64,
    /// Their amounts, in cents.
    pub amount_minor: i64,
    /// How many were fraud.
    pub fraud: u64,
    /// How many were not paid back.
    pub defaulted: u64,
    /// The amounts of both, in cents.
    pub bad_amount_minor: i64,
}

impl Tally {
    fn count(&mut self, purchase: &Purchase) {
        let amount_minor = purchase.submission.purchase.amount.amount_minor;
        let defaulted = purchase.truth.defaulted == Some(true);
        self.purchases += 1;
        self.amount_minor += amount_minor;
        self.fraud += u64::from(purchase.truth.fraud);
        self.defaulted += u64::from(defaulted);
        if purchase.truth.fraud || defaulted {
            self.bad_amount_minor += amount_minor;
        }
    }

    /// The sum of both.
    pub fn plus(self, other: Self) -> Self {
        Self {
            purchases: self.purchases + other.purchases,
            amount_minor: self.amount_minor + other.amount_minor,
            fraud: self.fraud + other.fraud,
            defaulted: self.defaulted + other.defaulted,
            bad_amount_minor: self.bad_amount_minor + other.bad_amount_minor,
        }
    }

    /// The share of frauds among all.
    pub fn fraud_rate(&self) -> f64 {
        share(self.fraud, self.purchases)
    }

    /// The share of defaults among those that are not fraud.
    pub fn default_rate(&self) -> f64 {
        share(self.defaulted, self.purchases - self.fraud)
    }

    /// The share of frauds and defaults among all.
    pub fn bad_rate(&self) -> f64 {
        share(self.fraud + self.defaulted, self.purchases)
    }
}

/// A part of a whole; 0 where there is nothing.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Purchases by what was decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByOutcome {
    /// Accepted at once.
    pub accept: Tally,
    /// Stepped up.
    pub step_up: Tally,
    /// Declined.
    pub decline: Tally,
}

impl ByOutcome {
    fn count(&mut self, outcome: Outcome, purchase: &Purchase) {
        match outcome {
            Outcome::Accept => &mut self.accept,
            Outcome::StepUp => &mut self.step_up,
            Outcome::Decline => &mut self.decline,
        }
        .count(purchase);
    }

    /// Those that were not accepted at once.
    pub fn rest(&self) -> Tally {
        self.step_up.plus(self.decline)
    }

    /// All of them.
    pub fn all(&self) -> Tally {
        self.accept.plus(self.rest())
    }
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfScenario {
    /// Which.
    pub scenario: &'static str,
    /// Its purchases.
    pub all: Tally,
    /// Those of them within the policy's limits, by what was decided; absent where nothing was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<ByOutcome>,
}

/// What models and policy make of the population.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The purchases that the policy's hard limits leave.
    pub within_limits: ByOutcome,
    /// The purchases that the limits exclude.
    pub outside_limits: Tally,
    /// Judgements in which something was missing or failed.
    pub degraded: u64,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// How many shoppers.
    pub customers: u32,
    /// How many shops.
    pub merchants: usize,
    /// How many days.
    pub days: u32,
    /// All purchases.
    pub all: Tally,
    /// By scenario.
    pub scenarios: Vec<OfScenario>,
    /// What was decided; absent where nothing was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// The files.
    pub files: Vec<String>,
}

impl Report {
    pub(super) fn new(settings: &Settings, merchants: usize, judges: bool) -> Self {
        let scenario = |scenario: Scenario| OfScenario {
            scenario: scenario.name(),
            all: Tally::default(),
            judged: judges.then(ByOutcome::default),
        };
        Self {
            seed: settings.seed,
            customers: settings.customers,
            merchants,
            days: settings.days,
            all: Tally::default(),
            scenarios: Scenario::ALL.into_iter().map(scenario).collect(),
            judged: judges.then(|| Judged {
                within_limits: ByOutcome::default(),
                outside_limits: Tally::default(),
                degraded: 0,
            }),
            files: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, purchase: &Purchase) {
        self.all.count(purchase);
        self.of(purchase.truth.scenario, |scenario| scenario.all.count(purchase));
    }

    pub(super) fn count_judged(
        &mut self,
        purchase: &Purchase,
        merchant: &Merchant,
        facts: &Facts,
        judgement: &Judgement,
        generation: &Generation,
    ) {
        let Some(judged) = &mut self.judged else { return };
        judged.degraded += u64::from(judgement.degraded);
        let constraints = generation.policy.constraints(&merchant.id, facts.plan, facts.amount, facts.country);
        if !constraints.is_empty() {
            judged.outside_limits.count(purchase);
            return;
        }
        judged.within_limits.count(judgement.outcome, purchase);
        self.of(purchase.truth.scenario, |scenario| {
            if let Some(judged) = &mut scenario.judged {
                judged.count(judgement.outcome, purchase);
            }
        });
    }

    fn of(&mut self, scenario: Scenario, count: impl FnOnce(&mut OfScenario)) {
        if let Some(found) = self.scenarios.iter_mut().find(|known| known.scenario == scenario.name()) {
            count(found);
        }
    }
}
