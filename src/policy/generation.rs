//! A generation: the models and the policy that decide together.

use super::Policy;
use crate::domain::challenge::Kinds;
use crate::domain::decision::{Digest, GenerationRef, Target};
use crate::model::Model;
use std::sync::Arc;

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

    /// The model that scores a target before there is evidence, if there is one.
    pub fn model(&self, target: Target) -> Option<&Model> {
        self.model_with(target, Kinds::NONE)
    }

    /// The model that scores a target: of those whose required evidence is held, the one that requires most.
    pub fn model_with(&self, target: Target, held: Kinds) -> Option<&Model> {
        let models = self.models.iter().map(|(model, _)| model).filter(|model| model.target() == target);
        let able = models.filter(|model| model.requires().iter().all(|kind| held.contains(*kind)));
        // Of equals the first of the directory.
        able.rev().max_by_key(|model| model.requires().len())
    }
}
