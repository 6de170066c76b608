//! `ExplainDecision`: the contributions recomputed by the very models that decided, beside everything else that was
//! stored.

use super::{convert, proto, status};
use crate::domain::decision::{Decision, Digest, ModelRef, Scores, Told};
use crate::domain::reason::Language;
use crate::engine::Engine;
use crate::features::{self, Facts, FeatureKind};
use crate::model::{Contributions, Model};
use crate::policy::nearest_flip as flip_of;
use std::collections::BTreeMap;
use tonic::Status;

/// Explains a stored decision. Models that are not live any more are loaded from what the store keeps.
pub async fn decision(
    engine: &Engine,
    decision: &Decision,
    facts: &Facts,
) -> Result<proto::ExplainDecisionResponse, Status> {
    let mut scores = Vec::new();
    let mut diagnostics: Vec<_> = (decision.diagnostics.iter())
        .map(|found| proto::Diagnostic { subject: found.subject.clone(), message: found.message.clone() })
        .collect();
    for wanted in &decision.generation.models {
        let Some(stored) = decision.scores.get(wanted.target) else { continue };
        let explained = match engine.generation().model_of(&wanted.digest) {
            Some(model) => score(model, facts),
            None => score(&kept(engine, wanted).await?, facts),
        };
        let same = explained.as_ref().is_some_and(|now| now.log_odds.to_bits() == stored.log_odds.to_bits());
        if !same {
            let message = "the score comes out differently from the one stored: `aval replay` tells more".into();
            diagnostics.push(proto::Diagnostic { subject: wanted.name.clone(), message });
        }
        scores.extend(explained);
    }
    let flip = nearest_flip(engine, decision, facts);
    Ok(proto::ExplainDecisionResponse {
        decision: Some(convert::decision(decision)),
        scores,
        features: known_features(facts),
        signals: facts.signals.iter().map(|(name, s)| (name.to_owned(), convert::signal(s))).collect(),
        diagnostics,
        evidence: decision.standing.held.iter().map(|kind| convert::challenge_kind(kind).into()).collect(),
        customer_reasons: decision.told().into_iter().map(customer_reason).collect(),
        nearest_flip: flip,
    })
}

fn customer_reason(told: Told) -> proto::CustomerReason {
    let text = Language::ALL.map(|language| (language.code().to_owned(), told.text(language).to_owned()));
    proto::CustomerReason { code: told.code().into(), text: text.into_iter().collect() }
}

/// The nearest flip, where the very models and policy that decided are live.
fn nearest_flip(engine: &Engine, decision: &Decision, facts: &Facts) -> Option<proto::NearestFlip> {
    let generation = engine.generation();
    let same = generation.reference_with(decision.standing.held) == decision.generation
        && decision.scores != Scores::default();
    let flip = same.then(|| flip_of(facts, generation, &decision.standing)).flatten()?;
    Some(proto::NearestFlip {
        input: flip.input.into(),
        value: flip.from.as_ref().map(convert::signal),
        needed: Some(convert::signal(&flip.to)),
        outcome: convert::judged_outcome(flip.outcome).into(),
        for_customer: flip.for_customer,
    })
}

/// The model that decided, from the files that the store keeps for ever.
async fn kept(engine: &Engine, wanted: &ModelRef) -> Result<Model, Status> {
    let lost = || Status::data_loss("the store no longer holds a model that decided");
    let digest = Digest::parse(&wanted.digest).ok_or_else(lost)?;
    let bytes = engine.artifact(digest).await.map_err(status::refused)?.ok_or_else(lost)?;
    Model::load(&wanted.name, &bytes).map_err(|refusal| {
        tracing::error!(%refusal, "a stored model cannot be loaded");
        lost()
    })
}

fn score(model: &Model, facts: &Facts) -> Option<proto::ScoreExplanation> {
    let mut shares = Contributions::default();
    let score = model.score(facts, &mut shares).ok()?;
    let contributions = model.terms().zip(&shares.terms).map(|(term, share)| proto::Contribution {
        inputs: term.inputs.iter().map(|name| name.to_string()).collect(),
        contribution: *share,
        reference: term.reference,
        reason_code: term.reason.map(|code| code.name().to_owned()).unwrap_or_default(),
    });
    Some(proto::ScoreExplanation {
        model: Some(convert::model_ref(model.model_ref())),
        intercept: model.intercept(),
        log_odds: score.log_odds,
        probability: score.probability,
        contributions: contributions.collect(),
    })
}

/// The features as they were; what was missing is left out.
fn known_features(facts: &Facts) -> BTreeMap<String, proto::Signal> {
    use proto::signal::Value;
    let value = |(id, feature): (_, &features::Feature)| {
        let number = || Some(facts.vector.number(id)).filter(|number| !number.is_nan());
        let value = match feature.kind {
            FeatureKind::Number => Value::Number(number()?),
            FeatureKind::Boolean => Value::Flag(number()? != 0.0),
            FeatureKind::Category => Value::Text(facts.vector.category(id)?.to_owned()),
        };
        Some((feature.name.to_owned(), proto::Signal { value: Some(value) }))
    };
    features::all().filter_map(value).collect()
}
