//! Moving the write-ahead log into the database, beside the writer: a thread with its own connection, so that commits do
//! not wait for it.
//!
//! Such a checkpoint is PASSIVE: it takes what it can and stops nobody. The log's file begins anew only when all of it
//! has been moved and nobody reads it, which a writer that never pauses prevents; so past [`WAL_BOUND_BYTES`] the writer
//! does that itself, between two commits.

use super::database::{Access, BUSY_TIMEOUT, Database};
use crate::store::StoreError;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many bytes are written before the thread moves them.
const EVERY_BYTES: u64 = 8 << 20;
/// The most bytes that the write-ahead log may take, as long as nobody reads for long.
const WAL_BOUND_BYTES: u64 = 256 << 20;
/// After an attempt that a reader prevented: how many bytes before the next.
const AGAIN_BYTES: u64 = 16 << 20;

/// Keeps the write-ahead log of one writer within bounds.
#[derive(Debug)]
pub struct Checkpointer {
    wal: PathBuf,
    since_woken: u64,
    bound: u64,
    thread: Option<(SyncSender<()>, JoinHandle<()>)>,
}

impl Checkpointer {
    /// Starts the thread.
    pub fn start(database: &Database) -> Result<Self, StoreError> {
        let connection = database.connect(Access::Write)?;
        let (wake, woken) = sync_channel(1);
        let thread = std::thread::Builder::new().name("checkpointer".into()).spawn(move || run(&connection, &woken));
        let thread = thread.map_err(|error| StoreError::Unusable(format!("no thread for checkpoints: {error}")))?;
        Ok(Self { wal: database.beside("-wal"), since_woken: 0, bound: WAL_BOUND_BYTES, thread: Some((wake, thread)) })
    }

    /// Hears of a commit of about so many bytes by `writer`, which has no transaction open.
    pub fn committed(&mut self, bytes: u64, writer: &Connection) {
        self.since_woken += bytes;
        if self.since_woken < EVERY_BYTES {
            return;
        }
        self.since_woken = 0;
        if let Some((wake, _)) = &self.thread {
            // Full: it has not yet heard of the last time.
            let _ = wake.try_send(());
        }
        let length = std::fs::metadata(&self.wal).map_or(0, |wal| wal.len());
        if length > self.bound {
            self.bound = if truncate(writer) { WAL_BOUND_BYTES } else { length + AGAIN_BYTES };
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        if let Some((wake, thread)) = self.thread.take() {
            drop(wake);
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        checkpoint(connection, "PASSIVE");
    }
}

/// Empties the write-ahead log without waiting for anybody; `false`: somebody reads it, or the thread is at work.
fn truncate(writer: &Connection) -> bool {
    let _ = writer.busy_timeout(Duration::ZERO);
    let done = checkpoint(writer, "TRUNCATE");
    let _ = writer.busy_timeout(BUSY_TIMEOUT);
    done
}

/// What was committed is durable before and after: a checkpoint that fails costs room, not entries.
fn checkpoint(connection: &Connection, mode: &str) -> bool {
    let busy = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(0));
    if let Err(error) = &busy {
        tracing::warn!(%error, mode, "the write-ahead log cannot be moved into the database");
    }
    busy == Ok(0)
}
