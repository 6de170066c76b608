//! Recomputing stored decisions: the same facts under the same models and policy give the same bits, or something is
//! wrong.

use super::HistoryError;
use crate::domain::decision::{Decision, Digest, GenerationRef, Scores};
use crate::domain::ids::{ApplicationId, EntryId, Seq};
use crate::domain::keys::KeyHasher;
use crate::engine;
use crate::features::Facts;
use crate::journey::{Cause, Event as Step};
use crate::model::Model;
use crate::policy::{Generation, Judgement, Policy, judge_with};
use crate::store::{Entry, Event, Reader};
use std::sync::Arc;

/// How many generations are held ready.
const GENERATIONS: usize = 8;
/// How many differences are described.
const DESCRIBED: usize = 20;

/// What a replay found.
#[derive(Debug, Default, serde::Serialize)]
pub struct Replayed {
    /// How many decisions were recomputed.
    pub decisions: u64,
    /// How many came out differently.
    pub different: u64,
    /// The first differences, by application.
    pub differences: Vec<Difference>,
}

/// A decision that came out differently.
#[derive(Debug, serde::Serialize)]
pub struct Difference {
    /// The application.
    pub application_id: String,
    /// What differs: stored, then recomputed.
    pub what: Vec<String>,
}

/// Recomputes every decision of the log, or one application's. `progress` hears how many are done.
pub fn replay(
    reader: &mut dyn Reader,
    only: Option<ApplicationId>,
    hasher: &KeyHasher,
    mut progress: impl FnMut(u64),
) -> Result<Replayed, HistoryError> {
    let mut replayed = Replayed::default();
    let mut generations = Generations { hasher, ready: Vec::new() };
    if let Some(application) = only {
        let entries = reader.history(application.0)?;
        recompute(&entries, &mut generations, reader, &mut replayed)?;
        return Ok(replayed);
    }
    let mut after = Seq(0);
    loop {
        let entries = reader.tail(after, 1_024)?;
        let Some(last) = entries.last() else { return Ok(replayed) };
        after = last.id.seq();
        recompute(&entries, &mut generations, reader, &mut replayed)?;
        progress(replayed.decisions);
    }
}

fn recompute(
    entries: &[Entry],
    generations: &mut Generations,
    reader: &mut dyn Reader,
    replayed: &mut Replayed,
) -> Result<(), HistoryError> {
    for entry in entries {
        match &entry.event {
            Event::Submitted(submitted) => {
                let generation = generations.get(&submitted.decision.generation, reader)?;
                replayed.compare(entry, &submitted.decision, &submitted.facts, &generation);
            }
            // What a person decided no model recomputes.
            Event::Moved(moved) if !matches!(moved.event, Step::Decided { cause: Cause::Review { .. }, .. }) => {
                let Some(decision) = &moved.decision else { continue };
                let history = reader.history(entry.application)?;
                let Some((stored, facts)) = engine::judged(&history, Some(decision.id)) else { continue };
                let generation = generations.get(&stored.generation, reader)?;
                replayed.compare(entry, stored, &facts, &generation);
            }
            _ => {}
        }
    }
    Ok(())
}

impl Replayed {
    fn compare(&mut self, entry: &Entry, stored: &Decision, facts: &Facts, generation: &Generation) {
        let what = differences(stored, &judge_with(facts, generation, &stored.standing));
        self.decisions += 1;
        if !what.is_empty() {
            self.different += 1;
            if self.differences.len() < DESCRIBED {
                self.differences.push(Difference { application_id: application_id(entry.application), what });
            }
        }
    }
}

fn application_id(id: EntryId) -> String {
    ApplicationId(id).to_string()
}

/// The generations that decided, loaded from the store as they are met.
struct Generations<'a> {
    hasher: &'a KeyHasher,
    ready: Vec<(Arc<GenerationRef>, Arc<Generation>)>,
}

impl Generations<'_> {
    fn get(&mut self, wanted: &Arc<GenerationRef>, reader: &mut dyn Reader) -> Result<Arc<Generation>, HistoryError> {
        if let Some((_, generation)) = self.ready.iter().find(|(known, _)| known == wanted) {
            return Ok(generation.clone());
        }
        let mut models = Vec::new();
        for model in &wanted.models {
            let bytes = artifact(reader, "model", &model.digest)?;
            let loaded =
                Model::load(&model.name, &bytes).map_err(|refusal| unusable("model", &model.digest, refusal))?;
            models.push((loaded, bytes));
        }
        let source = artifact(reader, "policy", &wanted.policy_digest)?;
        let source = String::from_utf8(source).map_err(|error| unusable("policy", &wanted.policy_digest, error))?;
        let policy = Policy::load("policy", &source, self.hasher)
            .map_err(|refusal| unusable("policy", &wanted.policy_digest, refusal))?;
        let generation = Arc::new(Generation::new(models, policy, source));
        if self.ready.len() == GENERATIONS {
            self.ready.remove(0);
        }
        self.ready.push((wanted.clone(), generation.clone()));
        Ok(generation)
    }
}

fn artifact(reader: &mut dyn Reader, what: &'static str, digest: &str) -> Result<Vec<u8>, HistoryError> {
    let kept = Digest::parse(digest).map(|digest| reader.artifact(digest)).transpose()?.flatten();
    kept.ok_or_else(|| unusable(what, digest, "the store does not hold it"))
}

fn unusable(what: &'static str, digest: &str, problem: impl ToString) -> HistoryError {
    HistoryError::Artifact { what, digest: digest.into(), problem: problem.to_string() }
}

/// What differs between a stored decision and one recomputed, bit for bit.
fn differences(stored: &Decision, judgement: &Judgement) -> Vec<String> {
    let Decision { outcome, reasons, scores, degraded, diagnostics, .. } = stored;
    let mut what = Vec::new();
    let mut compare = |name: &str, stored: String, now: String| {
        if stored != now {
            what.push(format!("{name}: {stored} was stored, {now} comes out"));
        }
    };
    compare("outcome", outcome.name().into(), judgement.outcome.name().into());
    compare("scores", bits(scores), bits(&judgement.scores));
    let shown = |reasons: &[crate::domain::decision::Reason]| {
        let shown = reasons.iter().map(|reason| format!("{} {:x}", reason.code, reason.contribution.to_bits()));
        shown.collect::<Vec<_>>().join(", ")
    };
    compare("reasons", shown(reasons), shown(&judgement.reasons));
    compare("degraded", degraded.to_string(), judgement.degraded.to_string());
    compare("diagnostics", diagnostics.len().to_string(), judgement.diagnostics.len().to_string());
    what
}

/// Scores as they are compared: every bit, in hexadecimal.
fn bits(scores: &Scores) -> String {
    let one = |score: Option<crate::domain::decision::Score>| match score {
        Some(score) => format!("{:x}/{:x}", score.log_odds.to_bits(), score.probability.to_bits()),
        None => "none".into(),
    };
    format!("fraud {} default {} loss {:?}", one(scores.fraud), one(scores.default), scores.expected_loss_minor)
}
