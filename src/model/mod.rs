//! Floor 1: models of additive log-odds: the file, its loader, scoring with exact contributions, and reasons.

use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::{ModelRef, Reason, Score, Target};
use crate::domain::reason::ReasonCode;
use crate::features::Facts;
use crate::text::Refusal;

/// A model that has been checked whole and can score.
#[derive(Debug)]
pub struct Model {
    model_ref: ModelRef,
}

/// Every term's share of the log-odds, in the order of the file; reused from one scoring to the next.
#[derive(Debug, Clone, Default)]
pub struct Contributions {
    /// The shares.
    pub terms: Vec<f64>,
}

/// Why a model cannot answer on these facts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreFailure {
    /// An input that the model requires is missing.
    #[error("the required input `{0}` is missing")]
    Missing(Box<str>),
}

/// One term, as it is explained.
#[derive(Debug, Clone, Copy)]
pub struct TermInfo<'a> {
    /// The names of its inputs.
    pub inputs: &'a [Box<str>],
    /// The reason that it gives, if it names one.
    pub reason: Option<ReasonCode>,
    /// The mean share among the training rows labelled good.
    pub reference: f64,
}

impl Model {
    /// Reads and checks a model file, its golden rows too. `file` is its name in refusals.
    pub fn load(_file: &str, _bytes: &[u8]) -> Result<Self, Refusal> {
        unimplemented!("skeleton")
    }

    /// Its name, version, target and digest.
    pub fn model_ref(&self) -> &ModelRef {
        &self.model_ref
    }

    /// What it predicts.
    pub fn target(&self) -> Target {
        self.model_ref.target
    }

    /// The evidence without which it does not score.
    pub fn requires(&self) -> &[ChallengeKind] {
        &[]
    }

    /// Scores one application and leaves every term's share in `contributions`.
    pub fn score(&self, _facts: &Facts, _contributions: &mut Contributions) -> Result<Score, ScoreFailure> {
        unimplemented!("skeleton")
    }

    /// At most `most` reasons for a high score: the terms that exceed the reference, most weighty first.
    pub fn reasons(&self, _contributions: &Contributions, _most: usize) -> Vec<Reason> {
        unimplemented!("skeleton")
    }

    /// Where the sum begins.
    pub fn intercept(&self) -> f64 {
        unimplemented!("skeleton")
    }

    /// The terms, in the order of the file.
    pub fn terms(&self) -> impl Iterator<Item = TermInfo<'_>> {
        std::iter::empty()
    }
}
