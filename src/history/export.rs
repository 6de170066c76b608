//! Decisions with their features, scores and outcomes, one row an application, for training. Where a step-up yielded
//! evidence, the row has its features, and the last decision that was made on evidence.
//!
//! The log is read twice: once for what became of each application and which signals there are, once for the rows.

use super::HistoryError;
use crate::domain::decision::Decision;
use crate::domain::ids::{ApplicationId, Seq};
use crate::features::Vector;
use crate::journey::{Cause, Event as Step};
use crate::store::{Entry, Event, Moved, Reader, Submitted};
use crate::table::ColumnKind;
use crate::table::decisions::{DecisionSheet, Labels, Row, SignalColumns, column_of_signal};
use std::collections::HashMap;
use std::path::Path;

/// How many entries are read at once.
const PAGE: usize = 4_096;

/// Writes every decision of the log and returns how many. `progress` hears of the rows written.
pub fn export(file: &Path, reader: &mut dyn Reader, mut progress: impl FnMut(u64)) -> Result<u64, HistoryError> {
    let Seen { labels, mut later, signals } = Seen::in_log(reader)?;
    let mut sheet = DecisionSheet::create(file, signals)?;
    let mut written = 0;
    each_page(reader, |entries| {
        for entry in entries {
            let Event::Submitted(submitted) = &entry.event else { continue };
            let seq = entry.id.seq();
            let later = later.remove(&seq).unwrap_or_default();
            let decision = later.decision.as_ref().unwrap_or(&submitted.decision);
            let mut facts = submitted.facts.clone();
            facts.vector.overlay(&later.evidence);
            sheet.push(Row {
                application: ApplicationId(entry.id),
                facts: &facts,
                decision: Some((decision.outcome, &decision.scores)),
                first: Some((submitted.decision.outcome, submitted.decision.reasons.as_slice())),
                labels: labels.get(&seq).copied().unwrap_or_default(),
            })?;
            written += 1;
        }
        progress(written);
        Ok(())
    })?;
    Ok(sheet.finish()?)
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

/// What the first reading finds.
#[derive(Default)]
struct Seen {
    labels: HashMap<Seq, Labels>,
    later: HashMap<Seq, Later>,
    signals: SignalColumns,
}

/// What came after a submission: only where a step-up yielded evidence.
#[derive(Default)]
struct Later {
    /// The features of all evidence.
    evidence: Vector,
    /// The last decision that models made.
    decision: Option<Decision>,
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
                    Event::Moved(moved) => seen.evidence_of(entry.application.seq(), moved),
                    Event::Imported(_) => {}
                }
            }
            Ok(())
        })?;
        Ok(seen)
    }

    fn evidence_of(&mut self, application: Seq, moved: &Moved) {
        let Step::Decided { cause: Cause::Evidence { features, .. }, .. } = &moved.event else { return };
        let later = self.later.entry(application).or_default();
        later.evidence.overlay(features);
        later.decision.clone_from(&moved.decision);
    }

    /// A signal that came in several kinds is written as text.
    fn signals_of(&mut self, submitted: &Submitted) {
        for (name, signal) in submitted.facts.signals.iter() {
            let kind = column_of_signal(signal);
            match self.signals.get_mut(name) {
                Some(known) if *known != kind => *known = ColumnKind::Text,
                Some(_) => {}
                None => drop(self.signals.insert(name.into(), kind)),
            }
        }
    }
}
