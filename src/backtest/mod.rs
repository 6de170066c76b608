//! Floor 7: history decided again under other models and another policy, and compared with what was decided.
//!
//! [`Job`] says what is compared, [`of_table`] reads a file and [`of_log`] a store, both on all cores; what comes out is a
//! [`Report`]. Reading order: `table` and `log` make rows, [`tally`] counts them, [`report`] says what the counts mean.
//!
//! What this is, and what it is not:
//! - It is the **instant** decision: evidence that a step-up yielded later is not looked at, and what later decisions of the
//!   same application said is not compared.
//! - Features, those of velocity too, are taken as they were when the decision was made: another policy would have led to
//!   other accepted purchases, but every submission counts for velocity whatever became of it, so the features would have
//!   been the same.
//! - What became of a purchase is known only where one was accepted. Nothing is made up for the others (no reject
//!   inference): they are counted as rows without an outcome.
//!
//! All sums are whole numbers, so the report is the same to the bit however many threads made it.

mod interval;
mod log;
pub mod report;
mod segment;
mod table;
pub mod tally;

pub use log::of_log;
pub use report::Report;
pub use segment::{Dimension, MAX_SEGMENTS};
pub use table::of_table;

use crate::domain::decision::{Outcome, Reason};
use crate::domain::money::Money;
use crate::domain::time::Timestamp;
use crate::policy::{Generation, Rates};
use crate::store::StoreError;
use crate::table::TableError;
use crate::table::decisions::Labels;
use std::collections::BTreeMap;

/// What is compared.
#[derive(Debug)]
pub struct Job<'a> {
    /// Decides again.
    pub candidate: &'a Generation,
    /// What it is compared with; `None`: with what was decided, where anything was.
    pub against: Option<&'a Generation>,
    /// What purchases cost and earn, the same for both sides.
    pub rates: Rates,
    /// The tables of segments, each by one or several names.
    pub by: Vec<Dimension>,
    /// Only rows from this time on.
    pub since: Option<Timestamp>,
    /// Only rows before this time.
    pub until: Option<Timestamp>,
    /// How many threads judge.
    pub threads: usize,
    /// How many example ids a change of outcome names.
    pub examples: usize,
    /// By which the examples are drawn.
    pub seed: u64,
    /// What is taken for columns that a file does not have; empty: missing. For files only.
    pub assume: BTreeMap<Box<str>, Box<str>>,
    /// The columns of the labels, where they have other names than `fraud` and `defaulted`. For files only.
    pub labels: LabelColumns,
}

/// Which columns say what became of a row: true is bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelColumns {
    /// Whether it was fraud.
    pub fraud: Box<str>,
    /// Whether it was not repaid.
    pub defaulted: Box<str>,
}

impl Default for LabelColumns {
    fn default() -> Self {
        Self { fraud: "fraud".into(), defaulted: "defaulted".into() }
    }
}

/// Why history cannot be decided again.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// The file cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A column that is needed is not there.
    #[error(
        "there is no column `{name}`, which {reader} reads: give --assume {name}=VALUE to take the same for every row, \
         or --assume {name}= to take it as missing"
    )]
    Column {
        /// Its name.
        name: String,
        /// What reads it.
        reader: String,
    },
    /// A cell is not what a purchase has.
    #[error("row {row}, column `{column}`: expected {expected}")]
    Cell {
        /// The row, from 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// What was expected there.
        expected: String,
    },
    /// A value that is assumed does not fit.
    #[error("--assume {name}={value}: expected {expected}")]
    Assumed {
        /// The column.
        name: String,
        /// The value.
        value: String,
        /// What was expected.
        expected: String,
    },
    /// A name that nothing can be told apart by.
    #[error(
        "--by {0}: a store knows merchant, country, currency, plan, day, month, and the names of features and signals"
    )]
    Dimension(String),
    /// Too many segments.
    #[error("--by {by}: more than {MAX_SEGMENTS} different values; choose what has fewer")]
    Segments {
        /// By what they were told apart.
        by: String,
    },
    /// A thread of the work ended early.
    #[error("a thread of the backtest ended early")]
    Thread,
}

/// What is known of a purchase, in money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nobody has said yet.
    Open,
    /// It was repaid: what it earned, in minor units.
    Good {
        /// The margin.
        margin_minor: i64,
    },
    /// It was fraud, or was not repaid: what that cost, in minor units.
    Bad {
        /// The loss.
        loss_minor: i64,
    },
}

impl Known {
    /// By the labels. A row is good only when every label that there can be (`asked`: fraud, default) says no: a purchase
    /// that is late, or whose default nobody has looked at, is open.
    pub fn of(labels: Labels, asked: [bool; 2], amount: Money, rates: &Rates) -> Self {
        let share = |share: f64| libm::round(amount.amount_minor as f64 * share) as i64;
        match labels {
            Labels { fraud: Some(true), .. } => Self::Bad { loss_minor: share(rates.fraud_loss_share) },
            Labels { defaulted: Some(true), .. } => Self::Bad { loss_minor: share(rates.default_loss_share) },
            Labels { fraud, defaulted } => {
                let says_no = |asked: bool, label: Option<bool>| !asked || label == Some(false);
                let good = says_no(asked[0], fraud) && says_no(asked[1], defaulted) && (asked[0] || asked[1]);
                match good {
                    true => Self::Good { margin_minor: share(f64::from(rates.margin_bps) / 10_000.0) },
                    false => Self::Open,
                }
            }
        }
    }
}

/// What one side says of a row.
#[derive(Debug, Clone, Copy)]
pub struct Verdict<'a> {
    /// Accept, decline or step-up.
    pub outcome: Outcome,
    /// Why.
    pub reasons: Reasons<'a>,
    /// The loss to expect by its own models, in minor units.
    pub expected_loss_minor: Option<i64>,
}

/// Reasons as they came.
#[derive(Debug, Clone, Copy)]
pub enum Reasons<'a> {
    /// Of a judgement.
    Given(&'a [Reason]),
    /// Their codes, between spaces, as a file holds them.
    Written(&'a str),
}

#[cfg(test)]
mod tests;
