//! The table of decisions that models are trained on: what was decided, what became of it, and every feature by name.
//! `aval export` and `aval synth` write it, `aval model train` and `evaluate` read it.

use super::sheet::{Cell, Sheet};
use super::{ColumnKind, TableError};
use crate::domain::decision::{Outcome, Reason, Score, Scores};
use crate::domain::geo::Country;
use crate::domain::ids::ApplicationId;
use crate::domain::keys::KeyKind;
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::submission::Signal;
use crate::features::{self, Facts, Feature, FeatureId, FeatureKind};
use std::collections::BTreeMap;
use std::path::Path;

/// The columns before the features.
const FIRST: [(&str, ColumnKind); 13] = [
    ("application_id", ColumnKind::Text),
    ("merchant", ColumnKind::Text),
    ("customer_key", ColumnKind::Text),
    ("decided_at", ColumnKind::Time),
    ("country", ColumnKind::Text),
    ("first_decision", ColumnKind::Text),
    ("first_reasons", ColumnKind::Text),
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

impl Labels {
    /// Takes a report into account. Any report tells of fraud, and a fraud or a chargeback says yes. Paid says that it was
    /// repaid, defaulted that it was not; late is open, and a fraud says nothing of the customer's credit.
    pub fn hear(&mut self, outcome: RepaymentOutcome) {
        self.fraud = Some(outcome.is_fraud() || self.fraud == Some(true));
        self.defaulted = match outcome {
            _ if self.fraud == Some(true) => None,
            RepaymentOutcome::Defaulted => Some(true),
            RepaymentOutcome::Paid => Some(self.defaulted == Some(true)),
            _ => self.defaulted,
        };
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Whose row it is.
    pub application: ApplicationId,
    /// What was judged.
    pub facts: &'a Facts,
    /// What was decided, if anything was: last, where evidence led to another decision.
    pub decision: Option<(Outcome, &'a Scores)>,
    /// What was decided at once, before there was evidence, and why.
    pub first: Option<(Outcome, &'a [Reason])>,
    /// What became of it.
    pub labels: Labels,
}

/// The table, being filled.
pub struct DecisionSheet {
    sheet: Sheet,
    features: Vec<(FeatureId, &'static Feature)>,
    signals: SignalColumns,
}

impl DecisionSheet {
    /// Begins the table, with a column `signal_<name>` for each of the signals.
    pub fn create(file: &Path, signals: SignalColumns) -> Result<Self, TableError> {
        Self::with(file, signals, features::all().collect())
    }

    /// Begins the table with these features only.
    pub fn with(
        file: &Path,
        signals: SignalColumns,
        features: Vec<(FeatureId, &'static Feature)>,
    ) -> Result<Self, TableError> {
        let names: Vec<_> = signals.iter().map(|(name, kind)| (format!("signal_{name}"), *kind)).collect();
        let of_features = features.iter().map(|(_, feature)| (feature.name, column_of(feature.kind)));
        let of_signals = names.iter().map(|(name, kind)| (name.as_str(), *kind));
        let columns: Vec<_> = FIRST.into_iter().chain(of_features).chain(of_signals).collect();
        Ok(Self { sheet: Sheet::create(file, &columns)?, features, signals })
    }

    /// Adds a row.
    pub fn push(&mut self, row: Row<'_>) -> Result<(), TableError> {
        let Row { application, facts, decision, first, labels } = row;
        let codes = |reasons: &[Reason]| reasons.iter().map(|reason| reason.code.name()).collect::<Vec<_>>().join(" ");
        let probability = |score: Option<Score>| score.map_or(f64::NAN, |score| score.probability);
        let scores = decision.map(|(_, scores)| *scores).unwrap_or_default();
        let customer = facts.keys.get(KeyKind::Customer).map(|key| format!("{key:016x}"));
        let country = facts.country.as_ref().map(Country::code);
        let before: [Cell<'_>; FIRST.len()] = [
            application.to_string().into(),
            facts.merchant.as_str().into(),
            customer.into(),
            facts.at.into(),
            country.into(),
            first.map(|(outcome, _)| outcome.name()).into(),
            first.map(|(_, reasons)| codes(reasons)).into(),
            decision.map(|(outcome, _)| outcome.name()).into(),
            probability(scores.fraud).into(),
            probability(scores.default).into(),
            scores.expected_loss_minor.map_or(f64::NAN, |loss| loss as f64).into(),
            labels.fraud.into(),
            labels.defaulted.into(),
        ];
        let features = self.features.iter().map(|(id, feature)| match feature.kind {
            FeatureKind::Number => facts.vector.number(*id).into(),
            FeatureKind::Boolean => {
                Some(facts.vector.number(*id)).filter(|flag| !flag.is_nan()).map(|flag| flag != 0.0).into()
            }
            FeatureKind::Category => facts.vector.category(*id).into(),
        });
        let signals = self.signals.iter().map(|(name, kind)| signal(facts.signals.get(name), *kind));
        self.sheet.push(before.into_iter().chain(features).chain(signals))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_only_what_was_reported() {
        use RepaymentOutcome::{Chargeback, Defaulted, Fraud, Late, Paid};
        for (reports, fraud, defaulted) in [
            (vec![], None, None),
            (vec![Late], Some(false), None),
            (vec![Late, Paid], Some(false), Some(false)),
            (vec![Late, Defaulted], Some(false), Some(true)),
            (vec![Defaulted, Paid], Some(false), Some(true)),
            (vec![Paid, Chargeback], Some(true), None),
            (vec![Fraud, Paid], Some(true), None),
        ] {
            let mut labels = Labels::default();
            reports.iter().for_each(|outcome| labels.hear(*outcome));
            assert_eq!(labels, Labels { fraud, defaulted }, "{reports:?}");
        }
    }
}
