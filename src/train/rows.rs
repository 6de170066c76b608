//! The rows that a model is fitted to, in memory: its inputs by column, and what became of each.

use super::TrainError;
use super::held;
use super::spec::{Spec, TermSpec};
use crate::model::file::InputKind;
use crate::table::{Batch, Source};
use std::collections::HashMap;

/// The most cells that are read: 2 GiB of numbers.
const MAX_CELLS: usize = 1 << 28;

/// Rows in the order in which they happened.
#[derive(Debug)]
pub struct Rows {
    /// Whether each is bad.
    pub bad: Vec<bool>,
    /// The first and the last time, in milliseconds since the epoch.
    pub span_ms: Option<(i64, i64)>,
    /// The inputs, in the order of the terms.
    pub columns: Vec<Column>,
    /// How many rows were left out because nobody knows what became of them.
    pub unlabelled: u64,
    /// How many rows were left out because the evidence that the model requires was not held.
    pub without_evidence: u64,
}

/// The values of one input.
#[derive(Debug)]
pub enum Column {
    /// Numbers; NaN where missing.
    Numbers(Vec<f64>),
    /// Names, each as its place among `known`.
    Names {
        /// By row; `None` where missing.
        cells: Vec<Option<u32>>,
        /// The names that there are.
        known: Vec<Box<str>>,
    },
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// A number; NaN where missing.
    Number(f64),
    /// A name; `None` where missing.
    Name(Option<&'a str>),
}

impl Column {
    /// The value of a row.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Numbers(numbers) => Cell::Number(numbers.get(row).copied().unwrap_or(f64::NAN)),
            Self::Names { cells, known } => {
                let place = cells.get(row).copied().flatten();
                Cell::Name(place.and_then(|place| known.get(place as usize)).map(AsRef::as_ref))
            }
        }
    }

    fn in_order(self, order: &[usize]) -> Self {
        match self {
            Self::Numbers(numbers) => Self::Numbers(order.iter().map(|row| numbers[*row]).collect()),
            Self::Names { cells, known } => Self::Names { cells: order.iter().map(|row| cells[*row]).collect(), known },
        }
    }
}

impl Rows {
    /// Reads the rows that a specification asks for. `progress` hears of the rows read.
    pub fn read(source: &Source, spec: &Spec, mut progress: impl FnMut(u64)) -> Result<Self, TrainError> {
        let mut names = vec![spec.label.as_str()];
        names.extend(spec.time.as_deref());
        names.extend(spec.terms.iter().map(|term| term.input.as_str()));
        held::columns(&spec.requires).for_each(|name| names.push(name));
        names.sort_unstable();
        names.dedup();
        let mut reading = Reading::of(&spec.terms);
        for batch in source.read(&names)? {
            let batch = batch?;
            reading.take(&batch, spec)?;
            progress(batch.first_row() + batch.rows() as u64 - 1);
        }
        Ok(reading.finish(spec))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.bad.len()
    }
}

/// What has been read so far.
struct Reading {
    bad: Vec<bool>,
    times: Vec<i64>,
    columns: Vec<Column>,
    places: Vec<HashMap<Box<str>, u32>>,
    unlabelled: u64,
    without_evidence: u64,
}

impl Reading {
    fn of(terms: &[TermSpec]) -> Self {
        let column = |term: &TermSpec| match term.kind {
            InputKind::Category => Column::Names { cells: Vec::new(), known: Vec::new() },
            InputKind::Number | InputKind::Boolean => Column::Numbers(Vec::new()),
        };
        let columns: Vec<_> = terms.iter().map(column).collect();
        let places = columns.iter().map(|_| HashMap::new()).collect();
        Self { bad: Vec::new(), times: Vec::new(), columns, places, unlabelled: 0, without_evidence: 0 }
    }

    fn take(&mut self, batch: &Batch, spec: &Spec) -> Result<(), TrainError> {
        let labels = batch.flags(&spec.label)?;
        let times = spec.time.as_ref().map(|time| batch.times(time)).transpose()?;
        let held = held::rows(batch, &spec.requires)?;
        let mut taken = Vec::with_capacity(batch.rows());
        for (row, label) in labels.iter().enumerate() {
            let at = match &times {
                None => 0,
                Some(times) => times.get(row).copied().flatten().ok_or_else(|| TrainError::NoTime {
                    row: batch.first_row() + row as u64,
                    column: spec.time.clone().unwrap_or_default(),
                })?,
            };
            let wanted = spec.from.is_none_or(|from| at >= from.ms()) && spec.to.is_none_or(|to| at < to.ms());
            match label {
                _ if wanted && !held[row] => self.without_evidence += 1,
                Some(bad) if wanted => {
                    taken.push(row);
                    self.bad.push(*bad);
                    self.times.push(at);
                }
                None if wanted => self.unlabelled += 1,
                _ => {}
            }
        }
        if self.bad.len().saturating_mul(self.columns.len()) > MAX_CELLS {
            return Err(TrainError::TooMany { cells: MAX_CELLS });
        }
        for ((column, places), term) in self.columns.iter_mut().zip(&mut self.places).zip(&spec.terms) {
            match column {
                Column::Numbers(numbers) => {
                    let read = batch.numbers(&term.input)?;
                    let finite = |row: &usize| if read[*row].is_finite() { read[*row] } else { f64::NAN };
                    numbers.extend(taken.iter().map(finite));
                }
                Column::Names { cells, known } => {
                    let read = batch.texts(&term.input)?;
                    cells.extend(taken.iter().map(|row| {
                        read.get(*row).map(|name| match places.get(name) {
                            Some(place) => *place,
                            None => {
                                let place = known.len() as u32;
                                known.push(name.into());
                                places.insert(name.into(), place);
                                place
                            }
                        })
                    }));
                }
            }
        }
        Ok(())
    }

    fn finish(self, spec: &Spec) -> Rows {
        let mut order: Vec<usize> = (0..self.bad.len()).collect();
        order.sort_by_key(|row| self.times[*row]);
        let span = order.first().zip(order.last()).map(|(first, last)| (self.times[*first], self.times[*last]));
        Rows {
            bad: order.iter().map(|row| self.bad[*row]).collect(),
            span_ms: span.filter(|_| spec.time.is_some()),
            columns: self.columns.into_iter().map(|column| column.in_order(&order)).collect(),
            unlabelled: self.unlabelled,
            without_evidence: self.without_evidence,
        }
    }
}
