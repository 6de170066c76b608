//! The one writer: a commit is one transaction, whose statements are prepared once.

use super::checkpointer::{BOUNDS, Checkpointer};
use super::database::{Access, Database, Lock};
use super::delivery;
use crate::domain::decision::{Digest, GenerationRef};
use crate::store::record::{self, Row};
use crate::store::{Batch, Entry, StoreError, Writer, after_failure, generation_not_kept, not_ascending};
use rusqlite::{CachedStatement, Connection, params};
use std::sync::Arc;

const INSERT_ENTRY: &str = "INSERT INTO entry \
    (seq, random, at_ms, merchant, application, actor, kind, state, customer, event, subject) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
/// What a row takes beside event and subject, in bytes, about.
const ROW_BYTES: u64 = 100;

/// The one writer. The fields are dropped in this order: the lock goes last.
pub struct SqliteWriter {
    checkpointer: Checkpointer,
    connection: Connection,
    database: Database,
    last: i64,
    generations: Vec<(Arc<GenerationRef>, u32)>,
    /// An event's bytes, kept for the next one.
    event: Vec<u8>,
    failed: bool,
    _lock: Lock,
}

impl SqliteWriter {
    /// Holds the database and opens it for writing.
    pub fn open(database: &Database) -> Result<Self, StoreError> {
        let lock = database.lock()?;
        let connection = database.connect(Access::Write)?;
        let failure = |error| database.failure(error);
        check_durable(database, &connection)?;
        let last = connection.query_row("SELECT max(seq) FROM entry", [], |row| row.get::<_, Option<i64>>(0));
        let mut writer = Self {
            checkpointer: Checkpointer::start(database, BOUNDS)?,
            connection,
            database: database.clone(),
            last: last.map_err(failure)?.unwrap_or(-1),
            generations: Vec::new(),
            event: Vec::new(),
            failed: false,
            _lock: lock,
        };
        writer.generations = generations(&writer.connection, database)?;
        Ok(writer)
    }

    /// Writes a batch in the open transaction and returns how many bytes, about.
    fn write(&mut self, batch: &Batch) -> Result<u64, StoreError> {
        let mut bytes = self.write_entries(&batch.entries)?;
        let failure = |error| self.database.failure(error);
        if let Some(settled_through) = batch.settled_requests.iter().map(|(_, seq)| seq.0).max() {
            let mut insert =
                self.prepare("INSERT OR IGNORE INTO settled_request (fingerprint, seq) VALUES (?1, ?2)")?;
            for (fingerprint, seq) in &batch.settled_requests {
                insert.execute([*fingerprint as i64, seq.0]).map_err(failure)?;
            }
            let mut through = self.prepare("UPDATE meta SET value = max(value, ?1) WHERE name = 'settled_through'")?;
            through.execute([settled_through]).map_err(failure)?;
            bytes += ROW_BYTES * batch.settled_requests.len() as u64;
        }
        if let Some(checkpoint) = &batch.checkpoint {
            let mut insert = self.prepare("INSERT OR REPLACE INTO checkpoint (through, bytes) VALUES (?1, ?2)")?;
            insert.execute(params![checkpoint.through.0, checkpoint.bytes]).map_err(failure)?;
            bytes += checkpoint.bytes.len() as u64;
        }
        if !(batch.deliveries.is_empty() && batch.delivered.is_empty()) {
            delivery::put(&self.connection, &batch.deliveries).map_err(failure)?;
            delivery::take_away(&self.connection, &batch.delivered).map_err(failure)?;
            bytes += ROW_BYTES * (batch.deliveries.len() + batch.delivered.len()) as u64;
        }
        Ok(bytes)
    }

    fn write_entries(&mut self, entries: &[Arc<Entry>]) -> Result<u64, StoreError> {
        let (mut last, mut bytes) = (self.last, 0);
        let mut event = std::mem::take(&mut self.event);
        let mut insert = self.connection.prepare_cached(INSERT_ENTRY).map_err(|error| self.database.failure(error))?;
        for entry in entries {
            record::encode(entry, number(&mut self.generations, entry)?, &mut event);
            let row = Row::of(entry, &event);
            if row.seq <= last {
                return Err(not_ascending());
            }
            last = row.seq;
            bytes += ROW_BYTES + (row.event.len() + row.subject.map_or(0, <[u8]>::len)) as u64;
            insert_row(&mut insert, &row).map_err(|error| self.database.failure(error))?;
        }
        drop(insert);
        (self.last, self.event) = (last, event);
        Ok(bytes)
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        self.connection.prepare_cached(sql).map_err(|error| self.database.failure(error))
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.prepare(sql)?.execute([]).map_err(|error| self.database.failure(error))?;
        Ok(())
    }

    /// Does something in one transaction; after an error nothing more is done.
    fn transact<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.failed {
            return Err(after_failure());
        }
        self.failed = true;
        let result = self.execute("BEGIN IMMEDIATE").and_then(|()| work(self));
        let result = result.and_then(|done| self.execute("COMMIT").map(|()| done));
        match &result {
            Ok(_) => self.failed = false,
            // Lets go of SQLite's own lock now; closing would do the same.
            Err(_) => drop(self.connection.execute_batch("ROLLBACK")),
        }
        result
    }
}

impl Writer for SqliteWriter {
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let bytes = self.transact(|writer| writer.write(batch))?;
        self.checkpointer.committed(bytes, &self.connection);
        Ok(())
    }

    fn keep_artifacts(&mut self, artifacts: &[(Digest, &[u8])]) -> Result<(), StoreError> {
        self.transact(|writer| {
            let mut insert = writer.prepare("INSERT OR IGNORE INTO artifact (digest, bytes) VALUES (?1, ?2)")?;
            for (digest, bytes) in artifacts {
                insert.execute(params![digest.0, bytes]).map_err(|error| writer.database.failure(error))?;
            }
            Ok(())
        })
    }

    fn keep_generation(&mut self, generation: &GenerationRef) -> Result<(), StoreError> {
        if self.generations.iter().any(|(known, _)| known.as_ref() == generation) {
            return Ok(());
        }
        let content = record::encode_generation(generation);
        self.transact(|writer| {
            let mut insert = writer.prepare("INSERT INTO generation (content) VALUES (?1)")?;
            insert.execute([content]).map_err(|error| writer.database.failure(error))?;
            Ok(())
        })?;
        self.generations = generations(&self.connection, &self.database)?;
        Ok(())
    }
}

/// Reads back what makes a commit durable: not every file system lets SQLite keep a write-ahead log.
fn check_durable(database: &Database, connection: &Connection) -> Result<(), StoreError> {
    let failure = |error| database.failure(error);
    let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    let mode = mode.map_err(failure)?;
    let synchronous = connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0));
    let synchronous = synchronous.map_err(failure)?;
    if mode == "wal" && synchronous == FULL {
        return Ok(());
    }
    Err(StoreError::Unusable(format!(
        "{}: expected journal_mode wal and synchronous {FULL}, found {mode} and {synchronous}; \
         give --store a path on a local file system",
        database.shown()
    )))
}

/// What `PRAGMA synchronous` answers for FULL.
const FULL: i64 = 2;

fn generations(connection: &Connection, database: &Database) -> Result<Vec<(Arc<GenerationRef>, u32)>, StoreError> {
    let failure = |error| database.failure(error);
    let mut all = connection.prepare_cached("SELECT id, content FROM generation ORDER BY id").map_err(failure)?;
    let rows = all.query_map([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, Vec<u8>>(1)?))).map_err(failure)?;
    rows.map(|row| {
        let (id, content) = row.map_err(failure)?;
        Ok((Arc::new(record::decode_generation(id, &content)?), id))
    })
    .collect()
}

/// The number of an entry's generation; 0 for an entry that has none.
fn number(generations: &mut [(Arc<GenerationRef>, u32)], entry: &Entry) -> Result<u32, StoreError> {
    let Some(wanted) = record::generation(entry) else { return Ok(0) };
    if let Some((_, id)) = generations.iter().rev().find(|(known, _)| Arc::ptr_eq(known, wanted)) {
        return Ok(*id);
    }
    let (known, id) = generations.iter_mut().find(|(known, _)| known == wanted).ok_or_else(generation_not_kept)?;
    // The next entry of the same generation is known by its pointer.
    *known = wanted.clone();
    Ok(*id)
}

fn insert_row(insert: &mut CachedStatement, row: &Row) -> rusqlite::Result<usize> {
    insert.execute(params![
        row.seq,
        row.random,
        row.at_ms,
        row.merchant,
        row.application,
        row.actor,
        row.kind,
        row.state,
        row.customer,
        row.event,
        row.subject,
    ])
}
