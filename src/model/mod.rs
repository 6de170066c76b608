//! Floor 1: models of additive log-odds: the file, its loader, scoring with exact contributions, and reasons.
//!
//! logit(p) = intercept + Σ term(input), then an optional calibration. One term, one contribution: reasons are exact.
//! [`file`] is what is written, [`Model::load`] checks it whole and computes its golden rows again, [`batch`] scores
//! many rows to the same bits.

mod barred;
pub mod batch;
pub mod file;
mod load;
mod term;

pub use load::{MAX_BYTES, MAX_GOLDEN, MAX_TERMS, MIN_GOLDEN};
pub use term::{Given, PROBABILITY_MARGIN, logit, sigmoid};

use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::{ModelRef, Reason, Score, Target};
use crate::domain::reason::ReasonCode;
use crate::features::Facts;
use crate::text::Refusal;
use file::ModelFile;
use term::{Calibration, Slot, Term};

/// A model that has been checked whole and can score.
#[derive(Debug)]
pub struct Model {
    model_ref: ModelRef,
    file: ModelFile,
    slots: Vec<Slot>,
    terms: Vec<Scored>,
    calibration: Calibration,
}

/// A term with what explains it.
#[derive(Debug)]
struct Scored {
    term: Term,
    /// The place of its input, of a pair the first.
    slot: usize,
    /// The place of a pair's second input.
    second: Option<usize>,
    inputs: Box<[Box<str>]>,
    reason: ReasonCode,
    reference: f64,
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
    /// An input came in another type than the model reads.
    #[error("the input `{name}` is not a {expected}")]
    Unfit {
        /// The input.
        name: Box<str>,
        /// The type that the model reads.
        expected: &'static str,
    },
    /// The inputs are so extreme that the sum is not a number.
    #[error("the sum of the terms is not finite")]
    NotFinite,
}

/// One term, as it is explained.
#[derive(Debug, Clone, Copy)]
pub struct TermInfo<'a> {
    /// The names of its inputs.
    pub inputs: &'a [Box<str>],
    /// The reason that it gives: the one it names, else its feature's own, else `SIGNAL`.
    pub reason: Option<ReasonCode>,
    /// The mean share among the training rows labelled good.
    pub reference: f64,
}

impl Model {
    /// Reads and checks a model file, its golden rows too. `file` is its name in refusals.
    pub fn load(file: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        load::load(file, bytes)
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
        &self.file.requires
    }

    /// The file that it was read from.
    pub fn file(&self) -> &ModelFile {
        &self.file
    }

    /// Scores one application and leaves every term's share in `contributions`. A signal that is there in another type
    /// than the model reads is a failure, not a missing value: the sender meant something else.
    pub fn score(&self, facts: &Facts, contributions: &mut Contributions) -> Result<Score, ScoreFailure> {
        self.score_given(|_, slot| slot.read(facts), contributions)
    }

    fn score_given<'a>(
        &self,
        read: impl Fn(usize, &Slot) -> Given<'a>,
        contributions: &mut Contributions,
    ) -> Result<Score, ScoreFailure> {
        contributions.terms.clear();
        let mut log_odds = self.file.intercept;
        for scored in &self.terms {
            let Some(slot) = self.slots.get(scored.slot) else { continue };
            let first = (slot, slot.fit(read(scored.slot, slot))?);
            let second = match scored.second.and_then(|place| Some((place, self.slots.get(place)?))) {
                Some((place, slot)) => Some((slot, slot.fit(read(place, slot))?)),
                None => None,
            };
            let share = scored.term.share(first, second);
            contributions.terms.push(share);
            log_odds += share;
        }
        let score = self.calibration.score(log_odds);
        let finite = score.log_odds.is_finite() && score.calibrated_log_odds.is_finite();
        if finite { Ok(score) } else { Err(ScoreFailure::NotFinite) }
    }

    /// At most `most` reasons for a high score, most weighty first: the shares above the reference, those of one code
    /// together.
    pub fn reasons(&self, contributions: &Contributions, most: usize) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = Vec::with_capacity(self.terms.len());
        for (scored, share) in self.terms.iter().zip(&contributions.terms) {
            let excess = share - scored.reference;
            if excess > 0.0 {
                match reasons.iter_mut().find(|reason| reason.code == scored.reason) {
                    Some(reason) => reason.contribution += excess,
                    None => {
                        reasons.push(Reason { code: scored.reason, target: Some(self.target()), contribution: excess });
                    }
                }
            }
        }
        reasons.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
        reasons.truncate(most);
        reasons
    }

    /// Where the sum begins.
    pub fn intercept(&self) -> f64 {
        self.file.intercept
    }

    /// The terms, in the order of the file.
    pub fn terms(&self) -> impl Iterator<Item = TermInfo<'_>> {
        self.terms.iter().map(|scored| TermInfo {
            inputs: &scored.inputs,
            reason: Some(scored.reason),
            reference: scored.reference,
        })
    }
}

#[cfg(test)]
mod tests;
