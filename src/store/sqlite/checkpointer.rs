//! Moving the write-ahead log into the database, beside the writer: a thread with its own connection, so that commits do
//! not wait for it.
//!
//! Such a checkpoint is PASSIVE: it takes what it can and stops nobody. The log's file begins anew only when all of it
//! has been moved and nobody reads it, which a writer that never pauses prevents; so past [`Bounds::wal_bytes`] the writer
//! does that itself, between two commits.

use super::database::{Access, BUSY_TIMEOUT, Database};
use crate::store::StoreError;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// When the write-ahead log is moved.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How many bytes are written before the thread moves them.
    pub every_bytes: u64,
    /// The most bytes that the log's file may take, as long as nobody reads for long, and but for what is written while
    /// the thread is at work.
    pub wal_bytes: u64,
}

/// The bounds of a server.
pub const BOUNDS: Bounds = Bounds { every_bytes: 8 << 20, wal_bytes: 256 << 20 };

/// Keeps the write-ahead log of one writer within bounds.
#[derive(Debug)]
pub struct Checkpointer {
    bounds: Bounds,
    wal: PathBuf,
    since_woken: u64,
    thread: Option<(SyncSender<()>, JoinHandle<()>)>,
}

impl Checkpointer {
    /// Starts the thread.
    pub fn start(database: &Database, bounds: Bounds) -> Result<Self, StoreError> {
        let connection = database.connect(Access::Write)?;
        let (wake, woken) = sync_channel(1);
        let thread = std::thread::Builder::new().name("checkpointer".into()).spawn(move || run(&connection, &woken));
        let thread = thread.map_err(|error| StoreError::Unusable(format!("no thread for checkpoints: {error}")))?;
        Ok(Self { bounds, wal: database.beside("-wal"), since_woken: 0, thread: Some((wake, thread)) })
    }

    /// Hears of a commit of about so many bytes by `writer`, which has no transaction open.
    pub fn committed(&mut self, bytes: u64, writer: &Connection) {
        self.since_woken += bytes;
        if self.since_woken < self.bounds.every_bytes {
            return;
        }
        self.since_woken = 0;
        let length = std::fs::metadata(&self.wal).map_or(0, |wal| wal.len());
        match &self.thread {
            // The thread is not woken, so that it is not at work when this is tried again.
            _ if length > self.bounds.wal_bytes => truncate(writer),
            // A full channel: it has not yet heard of the last time.
            Some((wake, _)) => drop(wake.try_send(())),
            None => {}
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

/// Empties the write-ahead log, unless somebody reads it or the thread is at work: nobody is waited for.
fn truncate(writer: &Connection) {
    let _ = writer.busy_timeout(Duration::ZERO);
    checkpoint(writer, "TRUNCATE");
    let _ = writer.busy_timeout(BUSY_TIMEOUT);
}

/// What was committed is durable before and after: a checkpoint that fails costs room, not entries.
fn checkpoint(connection: &Connection, mode: &str) {
    if let Err(error) = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())) {
        tracing::warn!(%error, mode, "the write-ahead log cannot be moved into the database");
    }
}
