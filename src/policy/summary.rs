//! What a policy says, in short, for people and machines.

use super::Policy;
use super::cutoff::Cutoff;

/// A policy in short.
#[derive(Debug, serde::Serialize)]
pub struct Summary {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether every plan is offered.
    pub any_plan: bool,
    /// The plans offered, with their bounds in minor units.
    pub plans: Vec<String>,
    /// How many merchants are named.
    pub merchants: usize,
    /// The rules, in the order in which they are tried, with their outcomes.
    pub rules: Vec<String>,
    /// The block list: how many values of each kind.
    pub block: Vec<(&'static str, usize)>,
    /// The allow list: how many values of each kind.
    pub allow: Vec<(&'static str, usize)>,
    /// The cut-offs on both scores; those of an unused target are left out.
    pub cutoffs: Vec<CutoffSummary>,
}

/// The cut-offs of one target under one level of evidence, as probabilities.
#[derive(Debug, serde::Serialize)]
pub struct CutoffSummary {
    /// The target.
    pub target: &'static str,
    /// The evidence held.
    pub evidence: &'static str,
    /// Below it: no obstacle.
    pub accept_below: f64,
    /// From it on: decline.
    pub decline_from: f64,
}

impl Policy {
    /// What the policy says, in short.
    pub fn summary(&self) -> Summary {
        let plan = |offer: &super::Offer| {
            let super::Bounds { min_minor, max_minor, .. } = offer.bounds;
            format!("{} {min_minor}–{max_minor}", offer.terms.choice)
        };
        let counts = |lists: &super::Lists| {
            lists.counts().filter(|(_, count)| *count > 0).map(|(kind, count)| (kind.name(), count)).collect()
        };
        let cutoffs = self.targets.iter().flat_map(|target| {
            target.levels.iter().map(|(evidence, Cutoff { accept_below, decline_from })| CutoffSummary {
                target: target.target.name(),
                evidence,
                accept_below: probability(*accept_below),
                decline_from: probability(*decline_from),
            })
        });
        Summary {
            name: self.name.clone(),
            version: self.version.clone(),
            any_plan: self.any_plan,
            plans: self.plans.iter().map(plan).collect(),
            merchants: self.merchants.len(),
            rules: self.rules.rules.iter().map(|rule| format!("{}: {}", rule.name, rule.outcome.name())).collect(),
            block: counts(&self.block),
            allow: counts(&self.allow),
            cutoffs: cutoffs.collect(),
        }
    }
}

/// The probability of a log-odds, as a person would have written it: six digits.
fn probability(log_odds: f64) -> f64 {
    libm::round(1e6 / (1.0 + libm::exp(-log_odds))) / 1e6
}
