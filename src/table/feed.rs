//! A table read by several threads at once: Parquet in parts that each thread reads and unpacks by itself, CSV cut into
//! rows by whichever thread comes next and read as columns by all.

use super::{Batch, Batches, Format, Source, TableError, parquet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The most rows of a part: a part is read by one thread, which skips what lies before it in its row group.
const PART_ROWS: usize = 1 << 17;

/// What several threads read from: each takes a [`Feed::reader`] of its own. Every batch comes to one of them, in no order.
pub struct Feed<'s> {
    source: &'s Source,
    names: Arc<[Box<str>]>,
    places: Vec<usize>,
    parts: Vec<parquet::Part>,
    next: AtomicUsize,
    rows: Option<Mutex<Batches>>,
    given_up: AtomicBool,
}

impl<'s> Feed<'s> {
    /// Makes the columns of these names ready to be read.
    pub fn new(source: &'s Source, names: &[&str]) -> Result<Self, TableError> {
        let places = names.iter().map(|name| source.place(name)).collect::<Result<Vec<_>, _>>()?;
        let (parts, rows) = match source.format {
            Format::Parquet => (parquet::parts(&source.file, PART_ROWS)?, None),
            Format::Csv | Format::CsvGz => (Vec::new(), Some(Mutex::new(source.read(names)?))),
        };
        let names = names.iter().map(|name| Box::from(*name)).collect();
        let (next, given_up) = (AtomicUsize::new(0), AtomicBool::new(false));
        Ok(Self { source, names, places, parts, next, rows, given_up })
    }

    /// The batches for one thread.
    pub fn reader(&self) -> Reader<'_> {
        Reader { feed: self, part: None }
    }

    /// Nobody gets another batch.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    fn next_part(&self) -> Option<Result<Batches, TableError>> {
        let part = self.parts.get(self.next.fetch_add(1, Ordering::Relaxed))?;
        let read = parquet::batches(self.source.file.clone(), self.names.clone(), self.places.clone(), Some(*part));
        Some(read.map(|batches| Batches(Box::new(batches))))
    }
}

/// The batches that come to one thread.
pub struct Reader<'f> {
    feed: &'f Feed<'f>,
    part: Option<Batches>,
}

impl Iterator for Reader<'_> {
    type Item = Result<Batch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.feed.given_up.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(rows) = &self.feed.rows {
                return rows.lock().unwrap_or_else(PoisonError::into_inner).next();
            }
            if let Some(batch) = self.part.as_mut().and_then(Iterator::next) {
                return Some(batch);
            }
            match self.feed.next_part()? {
                Ok(part) => self.part = Some(part),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
