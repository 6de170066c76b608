//! Some rows of a table, by columns.

use super::TableError;
use crate::domain::time::Timestamp;
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers.
    Number,
    /// Text.
    Text,
    /// Yes or no.
    Flag,
    /// Points in time.
    Time,
}

/// The cells of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; NaN where missing.
    Number(Vec<f64>),
    /// Text.
    Text(Texts),
    /// Yes or no.
    Flag(Vec<Option<bool>>),
    /// Milliseconds since the epoch.
    Time(Vec<Option<i64>>),
}

impl Column {
    /// How many cells there are.
    pub fn rows(&self) -> usize {
        match self {
            Self::Number(cells) => cells.len(),
            Self::Text(cells) => cells.len(),
            Self::Flag(cells) => cells.len(),
            Self::Time(cells) => cells.len(),
        }
    }

    /// What the cells are.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Number(_) => ColumnKind::Number,
            Self::Text(_) => ColumnKind::Text,
            Self::Flag(_) => ColumnKind::Flag,
            Self::Time(_) => ColumnKind::Time,
        }
    }
}

/// Texts in one run of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    /// Where each text ends, and whether it is there.
    ends: Vec<(usize, bool)>,
}

impl Texts {
    /// Adds a text, or its absence.
    pub fn push(&mut self, text: Option<&str>) {
        self.bytes.push_str(text.unwrap_or_default());
        self.ends.push((self.bytes.len(), text.is_some()));
    }

    /// The text of a row; `None` where it is missing, or past the end.
    pub fn get(&self, row: usize) -> Option<&str> {
        let (end, there) = *self.ends.get(row)?;
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(end, _)| *end);
        if there { self.bytes.get(start..end) } else { None }
    }

    /// How many there are, the missing ones too.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|row| self.get(row))
    }
}

/// A column as its file holds it.
#[derive(Debug, Clone)]
pub(super) enum Cells {
    /// As it is.
    Plain(Column),
    /// Whole numbers, which a text of them must not round.
    Whole(Vec<Option<i64>>),
    /// Text without a kind, as in CSV: read as what is asked for; an empty cell is missing.
    Untyped(Texts),
    /// Something that is not read, by its name.
    Other(String),
}

/// Some rows of a table.
#[derive(Debug, Clone)]
pub struct Batch {
    pub(super) file: Arc<PathBuf>,
    pub(super) first_row: u64,
    pub(super) rows: usize,
    pub(super) names: Arc<[Box<str>]>,
    pub(super) cells: Vec<Cells>,
}

impl Batch {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of the first row in the file, from 1.
    pub fn first_row(&self) -> u64 {
        self.first_row
    }

    /// The names of the columns that were asked for.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// A column as numbers; NaN where missing. Yes is 1 and no is 0.
    pub fn numbers(&self, name: &str) -> Result<Cow<'_, [f64]>, TableError> {
        let expected = "a finite number";
        match self.column(name)? {
            Cells::Plain(Column::Number(numbers)) => Ok(Cow::Borrowed(numbers)),
            Cells::Plain(Column::Flag(flags)) => {
                Ok(flags.iter().map(|flag| flag.map_or(f64::NAN, |flag| f64::from(u8::from(flag)))).collect())
            }
            Cells::Whole(whole) => Ok(whole.iter().map(|cell| cell.map_or(f64::NAN, |cell| cell as f64)).collect()),
            Cells::Untyped(texts) | Cells::Plain(Column::Text(texts)) => {
                let number = |text: &str| match text.trim() {
                    "" | "NaN" | "nan" | "NA" | "null" => Some(f64::NAN),
                    text => text
                        .parse()
                        .ok()
                        .filter(|number: &f64| number.is_finite())
                        .or_else(|| flag(text).map(|flag| f64::from(u8::from(flag)))),
                };
                let cells = texts.iter().enumerate().map(|(row, text)| {
                    text.map_or(Some(f64::NAN), number).ok_or_else(|| self.cell(row, name, expected))
                });
                cells.collect::<Result<_, _>>().map(Cow::Owned)
            }
            Cells::Plain(Column::Time(_)) | Cells::Other(_) => Err(self.cell(0, name, expected)),
        }
    }

    /// A column as texts; an empty cell of CSV is missing.
    pub fn texts(&self, name: &str) -> Result<Cow<'_, Texts>, TableError> {
        fn written<T: Copy>(cells: &[T], text: impl Fn(T) -> Option<String>) -> Cow<'_, Texts> {
            let mut texts = Texts::default();
            cells.iter().for_each(|cell| texts.push(text(*cell).as_deref()));
            Cow::Owned(texts)
        }
        Ok(match self.column(name)? {
            Cells::Untyped(texts) | Cells::Plain(Column::Text(texts)) => Cow::Borrowed(texts),
            Cells::Plain(Column::Number(numbers)) => {
                written(numbers, |number| (!number.is_nan()).then(|| plain(number)))
            }
            Cells::Plain(Column::Flag(flags)) => written(flags, |flag| flag.map(|flag| flag.to_string())),
            Cells::Plain(Column::Time(times)) => written(times, |time| time.map(rfc_3339)),
            Cells::Whole(whole) => written(whole, |cell| cell.map(|cell| cell.to_string())),
            Cells::Other(_) => return Err(self.cell(0, name, "text")),
        })
    }

    /// A column as yes or no: `true` and `false`, `yes` and `no`, 1 and 0.
    pub fn flags(&self, name: &str) -> Result<Cow<'_, [Option<bool>]>, TableError> {
        let expected = "true or false (or 1 or 0)";
        let number = |row: usize, number: f64| match number {
            0.0 => Ok(Some(false)),
            1.0 => Ok(Some(true)),
            number if number.is_nan() => Ok(None),
            _ => Err(self.cell(row, name, expected)),
        };
        let cells: Result<Vec<_>, _> = match self.column(name)? {
            Cells::Plain(Column::Flag(flags)) => return Ok(Cow::Borrowed(flags)),
            Cells::Plain(Column::Number(numbers)) => {
                numbers.iter().enumerate().map(|(row, cell)| number(row, *cell)).collect()
            }
            Cells::Whole(whole) => {
                let whole = whole.iter().map(|cell| cell.map_or(f64::NAN, |cell| cell as f64));
                whole.enumerate().map(|(row, cell)| number(row, cell)).collect()
            }
            Cells::Untyped(texts) | Cells::Plain(Column::Text(texts)) => {
                let cells = texts.iter().enumerate().map(|(row, text)| match text.map_or("", str::trim) {
                    "" => Ok(None),
                    text => flag(text).map(Some).ok_or_else(|| self.cell(row, name, expected)),
                });
                cells.collect()
            }
            Cells::Plain(Column::Time(_)) | Cells::Other(_) => Err(self.cell(0, name, expected)),
        };
        cells.map(Cow::Owned)
    }

    /// A column as points in time, in milliseconds since the epoch. Text is read as RFC 3339, or as
    /// `2018-07-25 08:30:00` or `2018-07-25` in UTC.
    pub fn times(&self, name: &str) -> Result<Cow<'_, [Option<i64>]>, TableError> {
        let expected = "a time such as 2018-07-25T08:30:00Z or 2018-07-25 08:30:00 (then in UTC)";
        match self.column(name)? {
            Cells::Plain(Column::Time(times)) => Ok(Cow::Borrowed(times)),
            Cells::Untyped(texts) | Cells::Plain(Column::Text(texts)) => {
                let cells = texts.iter().enumerate().map(|(row, text)| match text.map_or("", str::trim) {
                    "" => Ok(None),
                    text => time(text).map(Some).ok_or_else(|| self.cell(row, name, expected)),
                });
                cells.collect::<Result<_, _>>().map(Cow::Owned)
            }
            _ => Err(self.cell(0, name, expected)),
        }
    }

    fn column(&self, name: &str) -> Result<&Cells, TableError> {
        let place = self.names.iter().position(|known| known.as_ref() == name);
        place.and_then(|place| self.cells.get(place)).ok_or_else(|| TableError::Column {
            file: self.file.display().to_string(),
            column: name.into(),
            known: self.names.join(", "),
        })
    }

    fn cell(&self, row: usize, column: &str, expected: &'static str) -> TableError {
        let file = self.file.display().to_string();
        if let Ok(Cells::Other(kind)) = self.column(column) {
            let message = format!("column `{column}`: expected {expected}, found the type {kind}, which is not read");
            return TableError::Format { file, message };
        }
        TableError::Cell { file, row: self.first_row + row as u64, column: column.into(), expected }
    }
}

/// A flag as it is written in tables.
fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "1.0" => Some(true),
        "0" | "0.0" => Some(false),
        _ if ["true", "yes"].iter().any(|yes| text.eq_ignore_ascii_case(yes)) => Some(true),
        _ if ["false", "no"].iter().any(|no| text.eq_ignore_ascii_case(no)) => Some(false),
        _ => None,
    }
}

/// A time as it is written in tables.
fn time(text: &str) -> Option<i64> {
    let in_utc = |at: jiff::civil::DateTime| at.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp());
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let civil = || text.parse::<jiff::civil::DateTime>().ok().and_then(in_utc);
    zoned.or_else(civil).map(jiff::Timestamp::as_millisecond)
}

/// A number as it is read back to the same bits: whole numbers without a point, far ones with an exponent.
pub(super) fn plain(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number}") } else { format!("{number:?}") }
}

/// A time as it is written; one that cannot be written as RFC 3339 stands as its milliseconds.
pub(super) fn rfc_3339(ms: i64) -> String {
    Timestamp::from_ms(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
}
