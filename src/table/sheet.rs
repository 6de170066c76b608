//! A table whose columns are declared once, each with how a row fills it.

use super::{Column, ColumnKind, TableError, Texts, Writer};
use crate::domain::time::Timestamp;
use std::borrow::Cow;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;

/// How many rows are written at once.
const PAGE_ROWS: usize = 4_096;
/// How many pages may wait to be written.
const PAGES_WAITING: usize = 2;

/// One cell.
pub enum Cell<'a> {
    /// A number; NaN where missing.
    Number(f64),
    /// Text.
    Text(Option<Cow<'a, str>>),
    /// Yes or no.
    Flag(Option<bool>),
    /// Milliseconds since the epoch.
    Time(Option<i64>),
}

impl From<f64> for Cell<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text.into()))
    }
}

impl<'a> From<Option<&'a str>> for Cell<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text.map(Cow::Borrowed))
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        Self::Text(Some(text.into()))
    }
}

impl From<Option<String>> for Cell<'_> {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(Cow::Owned))
    }
}

impl From<Option<bool>> for Cell<'_> {
    fn from(flag: Option<bool>) -> Self {
        Self::Flag(flag)
    }
}

impl From<Timestamp> for Cell<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Time(Some(at.ms()))
    }
}

impl From<Option<Timestamp>> for Cell<'_> {
    fn from(at: Option<Timestamp>) -> Self {
        Self::Time(at.map(Timestamp::ms))
    }
}

/// A table being filled row by row. A thread of its own writes the pages, so that the next rows can be made meanwhile.
pub struct Sheet {
    columns: Vec<Column>,
    pages: SyncSender<Vec<Column>>,
    written: Option<JoinHandle<Result<u64, TableError>>>,
}

impl Sheet {
    /// Begins a table with these columns.
    pub fn create(file: &Path, columns: &[(&str, ColumnKind)]) -> Result<Self, TableError> {
        let mut writer = Writer::create(file, columns)?;
        let (pages, filled) = std::sync::mpsc::sync_channel::<Vec<Column>>(PAGES_WAITING);
        let written = std::thread::spawn(move || {
            for page in filled {
                writer.write(&page)?;
                if page.first().is_none_or(|column| column.rows() < PAGE_ROWS) {
                    return writer.finish();
                }
            }
            // The table was given up: the writer takes away what there is of it.
            Ok(0)
        });
        Ok(Self { columns: columns.iter().map(|(_, kind)| empty(*kind)).collect(), pages, written: Some(written) })
    }

    /// Adds a row: a cell for every column, of the column's kind.
    pub fn push<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> Result<(), TableError> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match (column, cell) {
                (Column::Number(cells), Cell::Number(number)) => cells.push(number),
                (Column::Text(cells), Cell::Text(text)) => cells.push(text.as_deref()),
                (Column::Flag(cells), Cell::Flag(flag)) => cells.push(flag),
                (Column::Time(cells), Cell::Time(time)) => cells.push(time),
                // The column stays a cell short, which the writer refuses.
                _ => {}
            }
        }
        if self.columns.first().is_some_and(|column| column.rows() >= PAGE_ROWS) { self.hand_over() } else { Ok(()) }
    }

    /// Ends the table and returns how many rows it has. The last page is the one that is not full. A table that is
    /// dropped before is given up.
    pub fn finish(mut self) -> Result<u64, TableError> {
        self.hand_over()?;
        self.written()
    }

    fn hand_over(&mut self) -> Result<(), TableError> {
        let next = self.columns.iter().map(|column| empty(column.kind())).collect();
        match self.pages.send(std::mem::replace(&mut self.columns, next)) {
            Ok(()) => Ok(()),
            // The writer stopped early: it has something to say.
            Err(_) => self.written().map(drop),
        }
    }

    fn written(&mut self) -> Result<u64, TableError> {
        let Some(written) = self.written.take() else { return Ok(0) };
        written.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn empty(kind: ColumnKind) -> Column {
    match kind {
        ColumnKind::Number => Column::Number(Vec::with_capacity(PAGE_ROWS)),
        ColumnKind::Text => Column::Text(Texts::default()),
        ColumnKind::Flag => Column::Flag(Vec::with_capacity(PAGE_ROWS)),
        ColumnKind::Time => Column::Time(Vec::with_capacity(PAGE_ROWS)),
    }
}
