//! Comma-separated values (RFC 4180) with a header, plain or compressed by gzip.

use super::batch::{Batch, Cells, Texts};
use super::{BATCH_ROWS, Format, MAX_LINE_BYTES, TableError};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The reader of a file, with the bytes that it has taken since the last row.
struct Lines {
    reader: csv::Reader<Bounded>,
    taken: Arc<AtomicU64>,
}

/// Refuses to read on where a row does not end: an open quotation mark would take the rest of the file into memory.
struct Bounded {
    inner: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if self.taken.fetch_add(read as u64, Ordering::Relaxed) > MAX_LINE_BYTES {
            let message = format!("a row is longer than {MAX_LINE_BYTES} bytes: is a quotation mark left open?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(read)
    }
}

impl Lines {
    fn open(file: &Path, format: Format) -> Result<Self, TableError> {
        let opened = File::open(file).map_err(|error| TableError::io(file, error))?;
        let inner: Box<dyn Read + Send> = match format {
            Format::CsvGz => Box::new(flate2::read::MultiGzDecoder::new(io::BufReader::new(opened))),
            _ => Box::new(opened),
        };
        let taken = Arc::new(AtomicU64::new(0));
        let bounded = Bounded { inner, taken: taken.clone() };
        let reader = csv::ReaderBuilder::new().buffer_capacity(1 << 16).from_reader(bounded);
        Ok(Self { reader, taken })
    }

    /// The next row; `false` at the end.
    fn next(&mut self, file: &Path, row: u64, record: &mut csv::StringRecord) -> Result<bool, TableError> {
        self.taken.store(0, Ordering::Relaxed);
        self.reader.read_record(record).map_err(|error| refused(file, row, error))
    }
}

/// `row` counts from 1; 0 is the header.
fn refused(file: &Path, row: u64, error: csv::Error) -> TableError {
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line}: expected {expected_len} cells as in the header, found {len}")
        }
        csv::ErrorKind::Utf8 { .. } => format!("row {row}: expected UTF-8"),
        _ => error.to_string(),
    };
    match error.into_kind() {
        csv::ErrorKind::Io(source) => TableError::io(file, source),
        _ => TableError::format(file, message),
    }
}

pub(super) fn names(file: &Path, format: Format) -> Result<Vec<String>, TableError> {
    let mut lines = Lines::open(file, format)?;
    let header = lines.reader.headers().map_err(|error| refused(file, 0, error))?;
    let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    if names.iter().all(String::is_empty) {
        return Err(TableError::format(file, "expected a header with the names of the columns, found none"));
    }
    Ok(names)
}

pub(super) fn batches(
    file: Arc<PathBuf>,
    format: Format,
    names: Arc<[Box<str>]>,
    places: Vec<usize>,
    width: usize,
) -> Result<impl Iterator<Item = Result<Batch, TableError>> + Send, TableError> {
    let mut lines = Lines::open(&file, format)?;
    let (mut record, mut first_row, mut ended) = (csv::StringRecord::with_capacity(1_024, width), 1, false);
    Ok(std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let mut columns = vec![Texts::default(); places.len()];
        let mut rows = 0;
        while rows < BATCH_ROWS {
            match lines.next(&file, first_row + rows as u64, &mut record) {
                Ok(true) => {}
                Ok(false) => {
                    ended = true;
                    break;
                }
                Err(error) => {
                    ended = true;
                    return Some(Err(error));
                }
            }
            for (column, place) in columns.iter_mut().zip(&places) {
                column.push(record.get(*place).filter(|cell| !cell.is_empty()));
            }
            rows += 1;
        }
        let cells = columns.into_iter().map(Cells::Untyped).collect();
        let batch = Batch { file: file.clone(), first_row, rows, names: names.clone(), cells };
        first_row += rows as u64;
        (rows > 0).then_some(Ok(batch))
    }))
}
