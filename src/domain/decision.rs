//! The stored record of one judgement.

use super::challenge::{ChallengeKind, Failure, Kinds};
use super::ids::DecisionId;
use super::reason::{self, Audience, Language, ReasonCode};
use super::time::Timestamp;
use std::sync::Arc;

/// What a judgement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The purchase may be paid in instalments.
    Accept,
    /// No credit; the customer may pay in one go.
    Decline,
    /// Show us a little more.
    StepUp,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 3] = [Self::Accept, Self::Decline, Self::StepUp];

    /// The name in files and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::StepUp => "step_up",
        }
    }
}

/// What a model predicts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// That the purchase is fraud.
    Fraud,
    /// That it will not be repaid.
    Default,
}

impl Target {
    /// Both targets, in the order in which their scores are kept.
    pub const ALL: [Self; 2] = [Self::Fraud, Self::Default];

    /// The name in files and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fraud => "fraud",
            Self::Default => "default",
        }
    }
}

/// A SHA-256 digest: the identity of a model or policy file, or of a request's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Parses 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok().map(|()| Self(bytes))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Computes a [`Digest`] of bytes that come in pieces.
#[derive(Debug, Default, Clone)]
pub struct DigestWriter(sha2::Sha256);

impl DigestWriter {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        use sha2::Digest as _;
        self.0.update(bytes);
    }

    /// The digest of all bytes taken.
    pub fn finish(self) -> Digest {
        use sha2::Digest as _;
        Digest(self.0.finalize().into())
    }
}

/// Which model scored.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ModelRef {
    /// The model's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it predicts.
    pub target: Target,
    /// The SHA-256 of its file, in hexadecimal.
    pub digest: String,
}

/// Which generation decided: one immutable set of models and policy.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GenerationRef {
    /// The champions, by target.
    pub models: Vec<ModelRef>,
    /// The SHA-256 of the policy file, in hexadecimal.
    pub policy_digest: String,
}

/// One model's answer: the log-odds decide, the probability explains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The sum of the intercept and all terms, before calibration.
    pub log_odds: f64,
    /// The log-odds after calibration: what cut-offs are compared with.
    pub calibrated_log_odds: f64,
    /// The probability after calibration.
    pub probability: f64,
}

/// Both scores and what they cost; a score is missing where its model could not answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Scores {
    /// That the purchase is fraud.
    pub fraud: Option<Score>,
    /// That it will not be repaid.
    pub default: Option<Score>,
    /// The loss to expect, in minor units of the purchase's currency, rounded half away from zero.
    pub expected_loss_minor: Option<i64>,
}

impl Scores {
    /// The score of one target.
    pub fn get(&self, target: Target) -> Option<Score> {
        match target {
            Target::Fraud => self.fraud,
            Target::Default => self.default,
        }
    }
}

/// A reason with its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The stable code.
    pub code: ReasonCode,
    /// Which score gave the reason; `None` where a limit, a list or a rule did.
    pub target: Option<Target>,
    /// The share of the log-odds above the mean accepted applicant, where a score gave the reason; 0 otherwise.
    pub contribution: f64,
}

impl Reason {
    /// A reason that no score gave.
    pub fn of(code: ReasonCode) -> Self {
        Self { code, target: None, contribution: 0.0 }
    }

    /// Whether the customer may be told: credit reasons are the customer's by law, fraud reasons never are.
    pub fn is_for_customer(&self) -> bool {
        self.code.audience() == Audience::Customer && self.target != Some(Target::Fraud)
    }
}

/// Something that went wrong inside a judgement without stopping it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where: a rule, a model or a feature, by name.
    pub subject: String,
    /// What happened and what was done instead. No personal data.
    pub message: String,
}

/// How far a journey has come when it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The evidence that counts: it moves cut-offs, and models that require it may score.
    pub held: Kinds,
    /// What is not asked again: it has yielded evidence, has failed, or nobody is there to ask.
    pub spent: Kinds,
    /// What is not asked now, because it was asked too often with these details.
    pub over_limits: Kinds,
    /// The challenge that has just ended without evidence.
    pub failed: Option<(ChallengeKind, Failure)>,
}

/// The most reasons that a customer is told.
pub const MOST_TOLD: usize = 4;

/// A reason as the customer is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The reason itself.
    Reason(ReasonCode),
    /// The true reason is for the gateway's eyes.
    Withheld,
}

impl Told {
    /// The code: of a reason that is withheld, one that says nothing more.
    pub fn code(self) -> &'static str {
        match self {
            Self::Reason(code) => code.name(),
            Self::Withheld => "NOT_VERIFIED",
        }
    }

    /// The text for a person.
    pub fn text(self, language: Language) -> &'static str {
        match self {
            Self::Reason(code) => code.text(language),
            Self::Withheld => reason::withheld(language),
        }
    }
}

/// The decision on an application.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// What it says.
    pub outcome: Outcome,
    /// How far the journey had come.
    pub standing: Standing,
    /// All reasons that applied, most weighty first.
    pub reasons: Vec<Reason>,
    /// The scores.
    pub scores: Scores,
    /// The models and policy that decided.
    pub generation: Arc<GenerationRef>,
    /// Whether something was missing that should have been there: a model, a provider.
    pub degraded: bool,
    /// What went wrong inside, if anything.
    pub diagnostics: Vec<Diagnostic>,
    /// When.
    pub decided_at: Timestamp,
}

impl Decision {
    /// What the customer is told of it: nothing of an acceptance, else at most [`MOST_TOLD`] reasons, most weighty first.
    pub fn told(&self) -> Vec<Told> {
        if self.outcome == Outcome::Accept {
            return Vec::new();
        }
        let mut told: Vec<_> = (self.reasons.iter().filter(|reason| reason.is_for_customer()))
            .map(|reason| Told::Reason(reason.code))
            .take(MOST_TOLD)
            .collect();
        if told.is_empty() {
            told.push(Told::Withheld);
        }
        told
    }
}
