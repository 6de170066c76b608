//! Floor 7: the log and the world of files: past purchases come in ([`import`]), decisions go out for training
//! ([`export`]), purchases of the past become features ([`past`]), and stored decisions are recomputed ([`replay`]).

pub mod export;
pub mod import;
pub mod past;
pub mod replay;

use crate::store::StoreError;
use crate::table::TableError;

/// Why history cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read or written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A cell does not hold what a purchase needs.
    #[error("{file}: row {row}, column `{column}`: expected {expected}; mend the file, nothing was imported")]
    Cell {
        /// Which file.
        file: String,
        /// Which row, from 1, the header not counted.
        row: u64,
        /// Which column.
        column: &'static str,
        /// What was expected there.
        expected: String,
    },
    /// A row that happened before the one above it.
    #[error(
        "{file}: row {row} happened before the row above it: sort the file by `occurred_at`, because what came before is \
         counted in the order of the rows"
    )]
    Order {
        /// Which file.
        file: String,
        /// Which row, from 1.
        row: u64,
    },
    /// A feature that is not in the catalogue.
    #[error("`{0}` is no feature: docs/features.md has all of them")]
    Feature(String),
    /// A column that an import does not know.
    #[error("{file}: the column `{column}` is not known; an import reads {known}")]
    UnknownColumn {
        /// Which file.
        file: String,
        /// The column.
        column: String,
        /// The columns that are known.
        known: String,
    },
    /// A model or policy that decided is not kept, or cannot be used.
    #[error("the {what} {digest} cannot be used: {problem}")]
    Artifact {
        /// What it is.
        what: &'static str,
        /// Its digest.
        digest: String,
        /// What is wrong with it.
        problem: String,
    },
}
