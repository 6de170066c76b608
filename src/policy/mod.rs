//! Floor 2: the policy file and the judgement: features → models → policy, total and pure.

use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::{Diagnostic, Digest, GenerationRef, Outcome, Reason, Scores, Target};
use crate::domain::geo::Country;
use crate::domain::ids::MerchantId;
use crate::domain::keys::KeyHasher;
use crate::domain::money::Money;
use crate::domain::plan::{Constraint, PlanChoice, Terms};
use crate::features::Facts;
use crate::model::Model;
use crate::text::Refusal;
use std::sync::Arc;

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

/// How far one challenge may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChallengeLimits {
    /// How many tries the customer has.
    pub attempts: u32,
    /// How long the customer has, in seconds.
    pub ttl_seconds: u32,
}

/// How long a journey and what follows it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// The whole journey, in seconds.
    pub journey_ttl_seconds: u32,
    /// Paying in one go after a decline, in seconds.
    pub offer_ttl_seconds: u32,
    /// Asking for a person's review after a decline, in seconds.
    pub review_ttl_seconds: u32,
}

/// A policy that has been checked whole.
#[derive(Debug)]
pub struct Policy {}

impl Policy {
    /// Reads and checks a policy. `file` is its name in refusals; list entries are kept as hashes under `hasher`.
    pub fn load(_file: &str, _source: &str, _hasher: &KeyHasher) -> Result<Self, Refusal> {
        unimplemented!("skeleton")
    }

    /// The merchant's time zone.
    pub fn time_zone(&self, _merchant: &MerchantId) -> &jiff::tz::TimeZone {
        unimplemented!("skeleton")
    }

    /// How far a challenge of this kind may go.
    pub fn challenge_limits(&self, _kind: ChallengeKind) -> ChallengeLimits {
        unimplemented!("skeleton")
    }

    /// How long things stay open.
    pub fn windows(&self) -> Windows {
        unimplemented!("skeleton")
    }

    /// The plans that a merchant offers, in the order of the file.
    pub fn offers(&self, _merchant: &MerchantId) -> Vec<PlanChoice> {
        unimplemented!("skeleton")
    }

    /// What a plan costs at a merchant; free of charge where the policy does not offer it.
    pub fn terms(&self, _merchant: &MerchantId, _choice: PlanChoice) -> Terms {
        unimplemented!("skeleton")
    }

    /// Everything that stands against a plan: the hard limits. Nothing: it is eligible.
    pub fn constraints(
        &self,
        _merchant: &MerchantId,
        _choice: PlanChoice,
        _amount: Money,
        _country: Option<Country>,
    ) -> Vec<Constraint> {
        unimplemented!("skeleton")
    }
}

/// One immutable set of models and policy.
#[derive(Debug)]
pub struct Generation {
    /// What it is, by names and digests.
    pub reference: Arc<GenerationRef>,
    /// The policy.
    pub policy: Policy,
    models: Vec<(Model, Vec<u8>)>,
    source: String,
}

impl Generation {
    /// Models with the bytes of their files, and a policy with its source.
    pub fn new(models: Vec<(Model, Vec<u8>)>, policy: Policy, source: String) -> Self {
        let models_ref = models.iter().map(|(model, _)| model.model_ref().clone()).collect();
        let policy_digest = Digest::of(source.as_bytes()).to_string();
        Self { reference: Arc::new(GenerationRef { models: models_ref, policy_digest }), policy, models, source }
    }

    /// The files it was made from, by digest.
    pub fn artifacts(&self) -> Vec<(Digest, &[u8])> {
        let models = self.models.iter().map(|(_, bytes)| bytes.as_slice());
        models.chain([self.source.as_bytes()]).map(|bytes| (Digest::of(bytes), bytes)).collect()
    }

    /// The model that scores a target, if there is one.
    pub fn model(&self, target: Target) -> Option<&Model> {
        self.models.iter().map(|(model, _)| model).find(|model| model.target() == target)
    }
}

/// Judges one application: features → models → policy. Total and pure.
pub fn judge(_facts: &Facts, _generation: &Generation) -> Judgement {
    unimplemented!("skeleton")
}
