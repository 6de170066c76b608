//! Floor 4: tables as streams of typed columns: CSV (`.csv`, `.csv.gz`) and Parquet (`.parquet`), by the file's ending.
//!
//! A [`Source`] is read in [`Batch`]es of at most [`BATCH_ROWS`] rows, so memory stays bounded however long the file.
//! A column is asked for in the kind that the caller needs (`numbers`, `texts`, `flags`, `times`), and a cell that
//! cannot be read so is an error that names file, row and column. A [`Writer`] takes columns, a [`Sheet`] rows; both write beside the file and puts it in
//! place when it is finished: a file that was cut short is never there.

mod batch;
mod comma;
pub mod decisions;
mod feed;
mod parquet;
mod sheet;
mod write;

pub use batch::{Batch, Column, ColumnKind, Texts};
pub use feed::Feed;
pub use sheet::{Cell, Sheet};
pub use write::Writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many rows are read at once.
pub const BATCH_ROWS: usize = 8_192;
/// How long one line of CSV may be, in bytes.
pub const MAX_LINE_BYTES: u64 = 1 << 24;
/// How many columns a table may have.
pub const MAX_COLUMNS: usize = 4_096;

/// Why a table cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be opened, read or written.
    #[error("{file}: {source}")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The ending of the file's name is not known.
    #[error("{file}: expected a name that ends in .csv, .csv.gz or .parquet")]
    Ending {
        /// The file.
        file: String,
    },
    /// The file as a whole is not such a table.
    #[error("{file}: {message}")]
    Format {
        /// The file.
        file: String,
        /// What was expected and what came.
        message: String,
    },
    /// The table lacks a column.
    #[error("{file}: there is no column `{column}`; there are {known}")]
    Column {
        /// The file.
        file: String,
        /// The column that was asked for.
        column: String,
        /// The columns that are there.
        known: String,
    },
    /// A cell is not what was asked for.
    #[error("{file}: row {row}, column `{column}`: expected {expected}")]
    Cell {
        /// The file.
        file: String,
        /// The row, from 1, without the header.
        row: u64,
        /// The column.
        column: String,
        /// What a valid cell looks like.
        expected: &'static str,
    },
}

impl TableError {
    fn io(file: &Path, source: std::io::Error) -> Self {
        Self::Io { file: file.display().to_string(), source }
    }

    fn format(file: &Path, message: impl Into<String>) -> Self {
        Self::Format { file: file.display().to_string(), message: message.into() }
    }
}

/// How a file is written, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    CsvGz,
    Parquet,
}

impl Format {
    fn of(file: &Path) -> Result<Self, TableError> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        [(".csv", Self::Csv), (".csv.gz", Self::CsvGz), (".parquet", Self::Parquet)]
            .into_iter()
            .find_map(|(ending, format)| name.ends_with(ending).then_some(format))
            .ok_or_else(|| TableError::Ending { file: file.display().to_string() })
    }
}

/// A table that can be read, any number of times.
#[derive(Debug)]
pub struct Source {
    file: Arc<PathBuf>,
    format: Format,
    names: Vec<String>,
    rows: Option<u64>,
}

/// Opens a table and reads the names of its columns.
pub fn open(file: impl AsRef<Path>) -> Result<Source, TableError> {
    let file = file.as_ref();
    let format = Format::of(file)?;
    let (names, rows) = match format {
        Format::Parquet => parquet::names_and_rows(file)?,
        Format::Csv | Format::CsvGz => (comma::names(file, format)?, None),
    };
    if names.len() > MAX_COLUMNS {
        return Err(TableError::format(file, format!("{} columns: at most {MAX_COLUMNS} are read", names.len())));
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(TableError::format(file, format!("the column `{}` is there twice", twice[0])));
    }
    Ok(Source { file: Arc::new(file.to_owned()), format, names, rows })
}

impl Source {
    /// The names of the columns, in the order of the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many rows there are, where the file says so without being read.
    pub fn rows(&self) -> Option<u64> {
        self.rows
    }

    /// Reads the columns of these names, from the first row to the last.
    pub fn read(&self, names: &[&str]) -> Result<Batches, TableError> {
        let places = names.iter().map(|name| self.place(name)).collect::<Result<Vec<_>, _>>()?;
        let names: Arc<[Box<str>]> = names.iter().map(|name| Box::from(*name)).collect();
        let inner: Box<dyn Iterator<Item = Result<Batch, TableError>> + Send> = match self.format {
            Format::Parquet => Box::new(parquet::batches(self.file.clone(), names, places, None)?),
            Format::Csv | Format::CsvGz => {
                Box::new(comma::batches(self.file.clone(), self.format, names, places, self.names.len())?)
            }
        };
        Ok(Batches(inner))
    }

    /// Reads all columns.
    pub fn read_all(&self) -> Result<Batches, TableError> {
        self.read(&self.names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn place(&self, name: &str) -> Result<usize, TableError> {
        self.names.iter().position(|known| known == name).ok_or_else(|| TableError::Column {
            file: self.file.display().to_string(),
            column: name.into(),
            known: self.names.join(", "),
        })
    }
}

/// The batches of a table, in the order of its rows.
pub struct Batches(Box<dyn Iterator<Item = Result<Batch, TableError>> + Send>);

impl Iterator for Batches {
    type Item = Result<Batch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

#[cfg(test)]
mod tests;
