//! Decisions with their features, scores and outcomes, one row each, for training.
//!
//! The log is read twice: once for what became of each application and which signals there are, once for the rows.

use super::HistoryError;
use crate::domain::ids::{ApplicationId, Seq};
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::submission::Signal;
use crate::features::{self, FeatureKind};
use crate::store::{Entry, Event, Reader, Submitted};
use crate::table::{Column, ColumnKind, Texts, Writer};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// How many entries are read at once, and rows written.
const PAGE: usize = 4_096;

/// The columns before the features.
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

/// Writes every decision of the log and returns how many. `progress` hears of the rows written.
pub fn export(file: &Path, reader: &mut dyn Reader, mut progress: impl FnMut(u64)) -> Result<u64, HistoryError> {
    let seen = Seen::in_log(reader)?;
    let signals: Vec<String> = seen.signals.keys().map(|name| format!("signal_{name}")).collect();
    let features = features::all().map(|(_, feature)| (feature.name, feature_column(feature.kind)));
    let of_signals = signals.iter().zip(seen.signals.values()).map(|(name, kind)| (name.as_str(), *kind));
    let columns: Vec<_> = FIRST.into_iter().chain(features).chain(of_signals).collect();
    let mut writer = Writer::create(file, &columns)?;
    let mut written = 0;
    each_page(reader, |entries| {
        let rows: Vec<_> = entries.iter().filter_map(|entry| Row::of(entry, &seen.labels)).collect();
        writer.write(&page(&rows, &seen.signals))?;
        written += rows.len() as u64;
        progress(written);
        Ok(())
    })?;
    writer.finish()?;
    Ok(written)
}

fn each_page(
    reader: &mut dyn Reader,
    mut take: impl FnMut(&[Entry]) -> Result<(), HistoryError>,
) -> Result<(), HistoryError> {
    let mut after = Seq(0);
    loop {
        let entries = reader.tail(after, PAGE)?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = last.id.seq();
        take(&entries)?;
    }
}

fn feature_column(kind: FeatureKind) -> ColumnKind {
    match kind {
        FeatureKind::Number => ColumnKind::Number,
        FeatureKind::Boolean => ColumnKind::Flag,
        FeatureKind::Category => ColumnKind::Text,
    }
}

/// What is known of a purchase by its reported outcomes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Labels {
    /// Any report tells; a fraud or a chargeback says yes.
    fraud: Option<bool>,
    /// Paid says no, defaulted says yes; late is open, and a fraud says nothing of the customer's credit.
    defaulted: Option<bool>,
}

impl Labels {
    fn hear(&mut self, outcome: RepaymentOutcome) {
        self.fraud = Some(outcome.is_fraud() || self.fraud == Some(true));
        self.defaulted = match outcome {
            _ if self.fraud == Some(true) => None,
            RepaymentOutcome::Defaulted => Some(true),
            RepaymentOutcome::Paid => Some(self.defaulted == Some(true)),
            _ => self.defaulted,
        };
    }
}

/// What the first reading finds.
#[derive(Default)]
struct Seen {
    labels: HashMap<Seq, Labels>,
    signals: BTreeMap<Box<str>, ColumnKind>,
}

impl Seen {
    fn in_log(reader: &mut dyn Reader) -> Result<Self, HistoryError> {
        let mut seen = Self::default();
        each_page(reader, |entries| {
            for entry in entries {
                match &entry.event {
                    Event::OutcomeReported(reported) => {
                        seen.labels.entry(entry.application.seq()).or_default().hear(reported.outcome);
                    }
                    Event::Submitted(submitted) => seen.signals_of(submitted),
                    Event::Imported(_) => {}
                }
            }
            Ok(())
        })?;
        Ok(seen)
    }

    /// A signal that came in several kinds is written as text.
    fn signals_of(&mut self, submitted: &Submitted) {
        for (name, signal) in submitted.facts.signals.iter() {
            let kind = match signal {
                Signal::Number(_) => ColumnKind::Number,
                Signal::Text(_) => ColumnKind::Text,
                Signal::Flag(_) => ColumnKind::Flag,
            };
            match self.signals.get_mut(name) {
                Some(known) if *known != kind => *known = ColumnKind::Text,
                Some(_) => {}
                None => drop(self.signals.insert(name.into(), kind)),
            }
        }
    }
}

struct Row<'a> {
    application: ApplicationId,
    entry: &'a Entry,
    submitted: &'a Submitted,
    labels: Labels,
}

impl<'a> Row<'a> {
    fn of(entry: &'a Entry, labels: &HashMap<Seq, Labels>) -> Option<Self> {
        let Event::Submitted(submitted) = &entry.event else { return None };
        let labels = labels.get(&entry.id.seq()).copied().unwrap_or_default();
        Some(Self { application: ApplicationId(entry.id), entry, submitted, labels })
    }
}

fn texts<'a>(rows: &'a [Row], text: impl Fn(&'a Row) -> Option<std::borrow::Cow<'a, str>>) -> Column {
    let mut texts = Texts::default();
    rows.iter().for_each(|row| texts.push(text(row).as_deref()));
    Column::Text(texts)
}

fn numbers(rows: &[Row], number: impl Fn(&Row) -> Option<f64>) -> Column {
    Column::Number(rows.iter().map(|row| number(row).unwrap_or(f64::NAN)).collect())
}

/// The columns of some rows, in the order in which they were announced.
fn page(rows: &[Row], signals: &BTreeMap<Box<str>, ColumnKind>) -> Vec<Column> {
    let scores = |row: &Row| row.submitted.decision.scores;
    let mut columns = vec![
        texts(rows, |row| Some(row.application.to_string().into())),
        texts(rows, |row| Some(row.entry.merchant.as_str().into())),
        Column::Time(rows.iter().map(|row| Some(row.submitted.decision.decided_at.ms())).collect()),
        texts(rows, |row| Some(row.submitted.decision.outcome.name().into())),
        numbers(rows, |row| scores(row).fraud.map(|score| score.probability)),
        numbers(rows, |row| scores(row).default.map(|score| score.probability)),
        numbers(rows, |row| scores(row).expected_loss_minor.map(|loss| loss as f64)),
        Column::Flag(rows.iter().map(|row| row.labels.fraud).collect()),
        Column::Flag(rows.iter().map(|row| row.labels.defaulted).collect()),
    ];
    for (id, feature) in features::all() {
        let number = |row: &Row| Some(row.submitted.facts.vector.number(id)).filter(|value| !value.is_nan());
        columns.push(match feature.kind {
            FeatureKind::Number => numbers(rows, number),
            FeatureKind::Boolean => {
                Column::Flag(rows.iter().map(|row| number(row).map(|value| value != 0.0)).collect())
            }
            FeatureKind::Category => texts(rows, |row| row.submitted.facts.vector.category(id).map(Into::into)),
        });
    }
    columns.extend(signals.iter().map(|(name, kind)| signal_column(rows, name, *kind)));
    columns
}

fn signal_column(rows: &[Row], name: &str, kind: ColumnKind) -> Column {
    match kind {
        ColumnKind::Number => numbers(rows, |row| match row.submitted.facts.signals.get(name) {
            Some(Signal::Number(number)) => Some(*number),
            _ => None,
        }),
        ColumnKind::Flag => Column::Flag(
            (rows.iter())
                .map(|row| match row.submitted.facts.signals.get(name) {
                    Some(Signal::Flag(flag)) => Some(*flag),
                    _ => None,
                })
                .collect(),
        ),
        ColumnKind::Text | ColumnKind::Time => texts(rows, |row| {
            row.submitted.facts.signals.get(name).map(|signal| match signal {
                Signal::Number(number) => number.to_string().into(),
                Signal::Text(text) => text.as_ref().into(),
                Signal::Flag(flag) => flag.to_string().into(),
            })
        }),
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
