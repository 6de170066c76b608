//! What the engine counts and measures, by name.

use crate::domain::decision::{Outcome, Target};
use crate::policy::Judgement;
use metrics::{Counter, Gauge, Histogram};
use std::sync::atomic::AtomicUsize;

/// Decisions, by `outcome`.
pub const DECISIONS: &str = "aval_decisions_total";
/// Decisions made with something missing that should have been there.
pub const DEGRADED: &str = "aval_decisions_degraded_total";
/// The scores' distribution, by `target`.
pub const SCORE: &str = "aval_score_probability";
/// How long one commit takes.
pub const COMMIT_SECONDS: &str = "aval_commit_seconds";
/// How many entries one commit holds.
pub const BATCH_ENTRIES: &str = "aval_commit_entries";
/// Commits that failed.
pub const STORE_ERRORS: &str = "aval_commit_failures_total";
/// Calls refused because too many are under way.
pub const SHED: &str = "aval_calls_shed_total";
/// What was done outside, by `effect` and by what came of it.
pub const EFFECTS: &str = "aval_effects_total";
/// Deliveries tried, by `kind` and by what came of it.
pub const DELIVERIES: &str = "aval_deliveries_total";
/// Deliveries that wait: for their first try, or for another.
pub const DELIVERIES_WAITING: &str = "aval_deliveries_waiting";
/// Calls under way.
pub const IN_FLIGHT: &str = "aval_calls_in_flight";

/// What one judgement counts into: looked up once, because a look-up costs more than counting.
pub(super) struct Judgements {
    outcomes: [Counter; 3],
    degraded: Counter,
    scores: [Histogram; 2],
}

impl Judgements {
    pub fn new() -> Self {
        Self {
            outcomes: Outcome::ALL.map(|outcome| metrics::counter!(DECISIONS, "outcome" => outcome.name())),
            degraded: metrics::counter!(DEGRADED),
            scores: Target::ALL.map(|target| metrics::histogram!(SCORE, "target" => target.name())),
        }
    }

    pub fn count(&self, judgement: &Judgement) {
        let of_outcome = Outcome::ALL.iter().zip(&self.outcomes).find(|(outcome, _)| **outcome == judgement.outcome);
        of_outcome.into_iter().for_each(|(_, counter)| counter.increment(1));
        if judgement.degraded {
            self.degraded.increment(1);
        }
        for (target, histogram) in Target::ALL.into_iter().zip(&self.scores) {
            judgement.scores.get(target).into_iter().for_each(|score| histogram.record(score.probability));
        }
    }
}

/// How many calls are under way.
#[derive(Debug)]
pub(super) struct InFlight {
    pub count: AtomicUsize,
    pub gauge: Gauge,
    pub shed: Counter,
}

impl InFlight {
    pub fn new() -> Self {
        Self { count: AtomicUsize::new(0), gauge: metrics::gauge!(IN_FLIGHT), shed: metrics::counter!(SHED) }
    }
}
