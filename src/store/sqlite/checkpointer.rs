//! Moving the write-ahead log into the database, beside the writer: a thread with its own connection, so that commits do
//! not wait for it.
//!
//! Such a checkpoint is PASSIVE: it takes what it can and stops nobody. The log begins anew, over what it holds, only
//! when all of it has been moved and nobody reads it, which a writer that never pauses prevents; so past
//! [`Bounds::wal_bytes`] the writer does that itself, between two commits. Writing over a file costs less than making
//! it longer: a short log is not only bounded but fast.

use super::database::{Access, BUSY_TIMEOUT, Database, PAGE_BYTES};
use crate::store::StoreError;
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// When the write-ahead log is moved.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How many bytes are written before the thread moves them.
    pub every_bytes: u64,
    /// The length at which the log begins anew, unless somebody reads it for long.
    pub wal_bytes: u64,
}

/// The bounds of a server.
pub const BOUNDS: Bounds = Bounds { every_bytes: 4 << 20, wal_bytes: 64 << 20 };

/// Keeps the write-ahead log of one writer within bounds.
#[derive(Debug)]
pub struct Checkpointer {
    bounds: Bounds,
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
        Ok(Self { bounds, since_woken: 0, thread: Some((wake, thread)) })
    }

    /// Hears of a commit of about so many bytes by `writer`, which has no transaction open.
    pub fn committed(&mut self, bytes: u64, writer: &Connection) {
        self.since_woken += bytes;
        if self.since_woken < self.bounds.every_bytes {
            return;
        }
        self.since_woken = 0;
        match &self.thread {
            // The thread is not woken, so that it is not at work when this is tried again.
            _ if wal_bytes(writer) > self.bounds.wal_bytes => begin_anew(writer),
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

/// How long the write-ahead log is, from its beginning to its last commit.
fn wal_bytes(writer: &Connection) -> u64 {
    checkpoint(writer, "NOOP") * u64::from(PAGE_BYTES)
}

/// Moves what is left of the write-ahead log, so that the next commit begins it anew; not while somebody reads it or
/// the thread is at work: nobody is waited for.
fn begin_anew(writer: &Connection) {
    let _ = writer.busy_timeout(Duration::ZERO);
    checkpoint(writer, "RESTART");
    let _ = writer.busy_timeout(BUSY_TIMEOUT);
}

/// Returns how many pages the write-ahead log held. What was committed is durable before and after: a checkpoint that
/// fails costs room, not entries.
fn checkpoint(connection: &Connection, mode: &str) -> u64 {
    let pages = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(1));
    pages.map_or_else(
        |error| {
            tracing::warn!(%error, mode, "the write-ahead log cannot be moved into the database");
            0
        },
        |pages| u64::try_from(pages).unwrap_or(0),
    )
}
