//! A generation: the models and the policy that decide together.

use super::Policy;
use crate::domain::challenge::Kinds;
use crate::domain::decision::{Digest, GenerationRef, Target};
use crate::model::Model;
use std::sync::Arc;

/// One immutable set of models and policy.
#[derive(Debug)]
pub struct Generation {
    /// What decides before there is evidence, by names and digests.
    pub reference: Arc<GenerationRef>,
    /// The policy.
    pub policy: Policy,
    /// What decides on each set of evidence, by its bits.
    by_evidence: Vec<Arc<GenerationRef>>,
    models: Vec<(Model, Vec<u8>)>,
    source: String,
}

impl Generation {
    /// Models with the bytes of their files, and a policy with its source.
    pub fn new(models: Vec<(Model, Vec<u8>)>, policy: Policy, source: String) -> Self {
        let policy_digest = Digest::of(source.as_bytes()).to_string();
        let reference = Arc::new(GenerationRef { models: Vec::new(), policy_digest });
        let mut generation = Self { reference, policy, by_evidence: Vec::new(), models, source };
        for held in Kinds::all_sets() {
            let scoring = generation.scoring(held);
            let known = generation.by_evidence.iter().find(|known| ***known == scoring).cloned();
            generation.by_evidence.push(known.unwrap_or_else(|| Arc::new(scoring)));
        }
        generation.reference = generation.reference_with(Kinds::NONE);
        generation
    }

    /// What decides on the evidence held: the models that score, in the order in which they were given, and the policy.
    pub fn reference_with(&self, held: Kinds) -> Arc<GenerationRef> {
        self.by_evidence.get(usize::from(held.bits())).unwrap_or(&self.reference).clone()
    }

    /// What decides on any evidence: what a store has to know before it is given a decision. Some are there repeatedly.
    pub fn references(&self) -> impl Iterator<Item = &Arc<GenerationRef>> {
        self.by_evidence.iter()
    }

    /// The model of this digest.
    pub fn model_of(&self, digest: &str) -> Option<&Model> {
        self.models.iter().map(|(model, _)| model).find(|model| model.model_ref().digest == digest)
    }

    /// All models.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.models.iter().map(|(model, _)| model)
    }

    fn scoring(&self, held: Kinds) -> GenerationRef {
        let scoring = self.models().filter(|model| {
            self.model_with(model.target(), held).is_some_and(|one| one.model_ref() == model.model_ref())
        });
        let models = scoring.map(|model| model.model_ref().clone()).collect();
        GenerationRef { models, policy_digest: self.reference.policy_digest.clone() }
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
