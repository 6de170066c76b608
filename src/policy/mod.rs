//! Floor 2: the policy file and the judgement: features → models → policy, total and pure.

use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::{Diagnostic, Outcome, Reason, Scores};

/// What a judgement says, before it has an id and a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Accept, decline or step-up.
    pub outcome: Outcome,
    /// What to ask for on a step-up; `None` there means a person's review.
    pub challenge: Option<ChallengeKind>,
    /// All reasons that applied, most weighty first.
    pub reasons: Vec<Reason>,
    /// The scores.
    pub scores: Scores,
    /// Whether something was missing that should have been there.
    pub degraded: bool,
    /// What went wrong inside.
    pub diagnostics: Vec<Diagnostic>,
}
