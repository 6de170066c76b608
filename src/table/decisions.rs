//! The table of decisions that models are trained on: what was decided, what became of it, and every feature by name.
//! `aval export` and `aval synth` write it, `aval model train` and `evaluate` read it.

use super::sheet::{Cell, Sheet};
use super::{ColumnKind, TableError};
use crate::domain::decision::{Outcome, Score, Scores};
use crate::domain::ids::ApplicationId;
use crate::domain::keys::KeyKind;
use crate::domain::submission::Signal;
use crate::features::{self, Facts, FeatureKind};
use std::collections::BTreeMap;
use std::path::Path;

/// The columns before the features.
const FIRST: [(&str, ColumnKind); 10] = [
    ("application_id", ColumnKind::Text),
    ("merchant", ColumnKind::Text),
    ("customer_key", ColumnKind::Text),
    ("decided_at", ColumnKind::Time),
    ("decision", ColumnKind::Text),
    ("fraud_probability", ColumnKind::Number),
    ("default_probability", ColumnKind::Number),
    ("expected_loss_minor", ColumnKind::Number),
    ("fraud", ColumnKind::Flag),
    ("defaulted", ColumnKind::Flag),
];

/// The signals that have columns, by name, in the kind that their column has.
pub type SignalColumns = BTreeMap<Box<str>, ColumnKind>;

/// What is known of a purchase by what became of it; `None` where it is not known yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labels {
    /// Whether it was fraud.
    pub fraud: Option<bool>,
    /// Whether it was not repaid; unknown of a fraud, which says nothing of the customer's credit.
    pub defaulted: Option<bool>,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Whose row it is.
    pub application: ApplicationId,
    /// What was judged.
    pub facts: &'a Facts,
    /// What was decided, if anything was.
    pub decision: Option<(Outcome, &'a Scores)>,
    /// What became of it.
    pub labels: Labels,
}

/// The table, being filled.
pub struct DecisionSheet {
    sheet: Sheet,
    signals: SignalColumns,
}

impl DecisionSheet {
    /// Begins the table, with a column `signal_<name>` for each of the signals.
    pub fn create(file: &Path, signals: SignalColumns) -> Result<Self, TableError> {
        let names: Vec<_> = signals.iter().map(|(name, kind)| (format!("signal_{name}"), *kind)).collect();
        let features = features::all().map(|(_, feature)| (feature.name, column_of(feature.kind)));
        let of_signals = names.iter().map(|(name, kind)| (name.as_str(), *kind));
        let columns: Vec<_> = FIRST.into_iter().chain(features).chain(of_signals).collect();
        Ok(Self { sheet: Sheet::create(file, &columns)?, signals })
    }

    /// Adds a row.
    pub fn push(&mut self, row: Row<'_>) -> Result<(), TableError> {
        let Row { application, facts, decision, labels } = row;
        let probability = |score: Option<Score>| score.map_or(f64::NAN, |score| score.probability);
        let scores = decision.map(|(_, scores)| *scores).unwrap_or_default();
        let customer = facts.keys.get(KeyKind::Customer).map(|key| format!("{key:016x}"));
        let first: [Cell<'_>; FIRST.len()] = [
            application.to_string().into(),
            facts.merchant.as_str().into(),
            customer.into(),
            facts.at.into(),
            decision.map(|(outcome, _)| outcome.name()).into(),
            probability(scores.fraud).into(),
            probability(scores.default).into(),
            scores.expected_loss_minor.map_or(f64::NAN, |loss| loss as f64).into(),
            labels.fraud.into(),
            labels.defaulted.into(),
        ];
        let features = features::all().map(|(id, feature)| match feature.kind {
            FeatureKind::Number => facts.vector.number(id).into(),
            FeatureKind::Boolean => {
                Some(facts.vector.number(id)).filter(|flag| !flag.is_nan()).map(|flag| flag != 0.0).into()
            }
            FeatureKind::Category => facts.vector.category(id).into(),
        });
        let signals = self.signals.iter().map(|(name, kind)| signal(facts.signals.get(name), *kind));
        self.sheet.push(first.into_iter().chain(features).chain(signals))
    }

    /// Ends the table and returns how many rows it has.
    pub fn finish(self) -> Result<u64, TableError> {
        self.sheet.finish()
    }
}

fn column_of(kind: FeatureKind) -> ColumnKind {
    match kind {
        FeatureKind::Number => ColumnKind::Number,
        FeatureKind::Boolean => ColumnKind::Flag,
        FeatureKind::Category => ColumnKind::Text,
    }
}

/// The kind of column that holds a signal.
pub fn column_of_signal(signal: &Signal) -> ColumnKind {
    match signal {
        Signal::Number(_) => ColumnKind::Number,
        Signal::Text(_) => ColumnKind::Text,
        Signal::Flag(_) => ColumnKind::Flag,
    }
}

/// A signal in a column of some kind: missing where it is of another, but for texts, which hold any.
fn signal(signal: Option<&Signal>, kind: ColumnKind) -> Cell<'_> {
    match (kind, signal) {
        (ColumnKind::Number, Some(Signal::Number(number))) => (*number).into(),
        (ColumnKind::Number, _) => f64::NAN.into(),
        (ColumnKind::Flag, Some(Signal::Flag(flag))) => Some(*flag).into(),
        (ColumnKind::Flag, _) => None::<bool>.into(),
        (_, Some(Signal::Text(text))) => text.as_ref().into(),
        (_, Some(Signal::Number(number))) => number.to_string().into(),
        (_, Some(Signal::Flag(flag))) => flag.to_string().into(),
        (_, None) => None::<&str>.into(),
    }
}
