//! What the engine counts and measures, by name.

use crate::domain::decision::{Outcome, Target};
use crate::policy::Judgement;

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
/// Calls under way.
pub const IN_FLIGHT: &str = "aval_calls_in_flight";

/// Counts one judgement.
pub(super) fn judgement(judgement: &Judgement) {
    // One call site a label keeps the look-up of the metric cached by the macro.
    match judgement.outcome {
        Outcome::Accept => metrics::counter!(DECISIONS, "outcome" => "accept").increment(1),
        Outcome::Decline => metrics::counter!(DECISIONS, "outcome" => "decline").increment(1),
        Outcome::StepUp => metrics::counter!(DECISIONS, "outcome" => "step_up").increment(1),
    }
    if judgement.degraded {
        metrics::counter!(DEGRADED).increment(1);
    }
    if let Some(score) = judgement.scores.get(Target::Fraud) {
        metrics::histogram!(SCORE, "target" => "fraud").record(score.probability);
    }
    if let Some(score) = judgement.scores.get(Target::Default) {
        metrics::histogram!(SCORE, "target" => "default").record(score.probability);
    }
}
