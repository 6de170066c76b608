//! Floor 7: making models from tables, and measuring them.
//!
//! [`spec`] says which columns become which terms, [`train`] fits them: values are encoded as standardised columns
//! (`encode`), the columns are fitted ([`logistic`]), and the weights become the terms of a model file, which the
//! model's own loader must accept. [`evaluate`] measures a model on any table.

mod encode;
pub mod evaluate;
mod fit;
mod held;
pub mod logistic;
pub mod measures;
mod rows;
pub mod score;
pub mod spec;

pub use fit::{Trained, train};

use crate::table::TableError;
use crate::text::Refusal;
use logistic::FitError;
use measures::Unmeasurable;

/// Why a model cannot be made or measured.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A row has no time.
    #[error("row {row}: the column `{column}` is empty: every row needs its time")]
    NoTime {
        /// The row, from 1.
        row: u64,
        /// The column of times.
        column: String,
    },
    /// There is more than fits in memory.
    #[error("more than {cells} values: train on fewer rows (`from`, `to`) or fewer terms")]
    TooMany {
        /// The most that are read.
        cells: usize,
    },
    /// No row is left.
    #[error(
        "no row is left to train on: {unlabelled} have no label, {without_evidence} not the evidence that is required; \
         widen `from` and `to`, or wait for outcomes"
    )]
    NoRows {
        /// How many rows were left out because nobody knows what became of them.
        unlabelled: u64,
        /// How many rows were left out because the evidence that the model requires was not held.
        without_evidence: u64,
    },
    /// An input says nothing.
    #[error("the input `{input}` says the same of every training row: take its term out")]
    Constant {
        /// The input.
        input: String,
    },
    /// The fit found nothing.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The rows cannot be measured.
    #[error("the {on} rows cannot be measured: {problem}")]
    Unmeasurable {
        /// Which rows.
        on: &'static str,
        /// Why.
        problem: Unmeasurable,
    },
    /// The loader refuses what was made.
    #[error("the model that was made is refused: {0}")]
    Refused(Box<Refusal>),
    /// The model cannot be written as JSON.
    #[error("the model cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

#[cfg(test)]
mod tests;
