//! `features`: what a server would export: the decision if there is one, the outcomes, and every feature by name.

use super::Truth;
use super::sheet::{Cell, Sheet};
use crate::domain::ids::ApplicationId;
use crate::features::{self, Facts, FeatureKind};
use crate::policy::Judgement;
use crate::table::{ColumnKind, TableError};
use std::path::Path;

/// The columns before the features: those of `aval export`.
const FIRST: [(&str, ColumnKind); 9] = [
    ("application_id", ColumnKind::Text),
    ("merchant", ColumnKind::Text),
    ("decided_at", ColumnKind::Time),
    ("decision", ColumnKind::Text),
    ("fraud_probability", ColumnKind::Number),
    ("default_probability", ColumnKind::Number),
    ("expected_loss_minor", ColumnKind::Number),
    ("fraud", ColumnKind::Flag),
    ("defaulted", ColumnKind::Flag),
];

/// Begins the table.
pub fn create(file: &Path) -> Result<Sheet, TableError> {
    let features = features::all().map(|(_, feature)| {
        let kind = match feature.kind {
            FeatureKind::Number => ColumnKind::Number,
            FeatureKind::Boolean => ColumnKind::Flag,
            FeatureKind::Category => ColumnKind::Text,
        };
        (feature.name, kind)
    });
    Sheet::create(file, &FIRST.into_iter().chain(features).collect::<Vec<_>>())
}

/// Adds a purchase with what is known of it in the end.
pub fn push(
    sheet: &mut Sheet,
    application: ApplicationId,
    facts: &Facts,
    judgement: Option<&Judgement>,
    truth: &Truth,
) -> Result<(), TableError> {
    let scores = judgement.map(|judgement| judgement.scores);
    let probability = |score: Option<crate::domain::decision::Score>| score.map_or(f64::NAN, |score| score.probability);
    let loss = scores.and_then(|scores| scores.expected_loss_minor);
    let first: [Cell<'_>; FIRST.len()] = [
        application.to_string().into(),
        facts.merchant.as_str().into(),
        facts.at.into(),
        judgement.map(|judgement| judgement.outcome.name()).into(),
        probability(scores.and_then(|scores| scores.fraud)).into(),
        probability(scores.and_then(|scores| scores.default)).into(),
        loss.map_or(f64::NAN, |loss| loss as f64).into(),
        Some(truth.fraud).into(),
        truth.defaulted.into(),
    ];
    let features = features::all().map(|(id, feature)| match feature.kind {
        FeatureKind::Number => facts.vector.number(id).into(),
        FeatureKind::Boolean => {
            Some(facts.vector.number(id)).filter(|flag| !flag.is_nan()).map(|flag| flag != 0.0).into()
        }
        FeatureKind::Category => facts.vector.category(id).into(),
    });
    sheet.push(first.into_iter().chain(features))
}
