//! Moving the write-ahead log into the database, beside the writer: a thread with its own connection, so that commits do
//! not wait for it.
//!
//! Such a checkpoint is PASSIVE: it takes what it can and stops nobody. The log begins anew, over what it holds, only
//! when all of it has been moved and nobody reads it, which a writer that never pauses prevents; so past
//! [`Bounds::wal_bytes`] the writer does that itself, between two commits, right after the thread has moved nearly all:
//! then little is left, and the commits that wait meanwhile wait for a moment only. Writing over a file costs less than
//! making it longer: a short log is not only bounded but fast.

use super::database::{Access, BUSY_TIMEOUT, Database, PAGE_BYTES};
use crate::store::{CHECKPOINT_SECONDS, StoreError};
use rusqlite::Connection;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// When the write-ahead log is moved.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How many bytes are written before the thread moves them.
    pub every_bytes: u64,
    /// The length at which the log begins anew, unless somebody reads it for long.
    pub wal_bytes: u64,
}

/// The bounds of a server.
pub const BOUNDS: Bounds = Bounds { every_bytes: 1 << 20, wal_bytes: 32 << 20 };

/// How many times too long the log is when the writer no longer waits for the thread.
const FAR_TOO_LONG: u64 = 4;

/// Keeps the write-ahead log of one writer within bounds.
#[derive(Debug)]
pub struct Checkpointer {
    bounds: Bounds,
    since_woken: u64,
    /// Set by the thread when it has moved what there was.
    moved: Arc<AtomicBool>,
    thread: Option<(SyncSender<()>, JoinHandle<()>)>,
}

impl Checkpointer {
    /// Starts the thread.
    pub fn start(database: &Database, bounds: Bounds) -> Result<Self, StoreError> {
        let (connection, file) = (database.connect(Access::Write)?, database.handle()?);
        let (wake, woken) = sync_channel(1);
        let moved = Arc::new(AtomicBool::new(false));
        let thread = std::thread::Builder::new().name("checkpointer".into());
        let thread = thread.spawn({
            let moved = moved.clone();
            move || run(&connection, &file, &woken, &moved)
        });
        let thread = thread.map_err(|error| StoreError::Unusable(format!("no thread for checkpoints: {error}")))?;
        Ok(Self { bounds, since_woken: 0, moved, thread: Some((wake, thread)) })
    }

    /// Hears of a commit of about so many bytes by `writer`, which has no transaction open.
    pub fn committed(&mut self, bytes: u64, writer: &Connection) {
        self.since_woken += bytes;
        if self.moved.swap(false, Ordering::AcqRel) && wal_bytes(writer) > self.bounds.wal_bytes {
            begin_anew(writer, Duration::ZERO);
        }
        if self.since_woken >= self.bounds.every_bytes {
            self.since_woken = 0;
            // The thread does not keep up: the commits wait now, or the log grows without end.
            if wal_bytes(writer) / FAR_TOO_LONG > self.bounds.wal_bytes {
                begin_anew(writer, BUSY_TIMEOUT);
            }
            // A full channel: the thread has not yet heard of the last time.
            if let Some((wake, _)) = &self.thread {
                let _ = wake.try_send(());
            }
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

fn run(connection: &Connection, file: &File, woken: &Receiver<()>, moved: &AtomicBool) {
    while woken.recv().is_ok() {
        pass(connection, file, moved);
    }
    // The writer asks how long the log is, which may have kept the last pass from it: there is no writer any more.
    pass(connection, file, moved);
}

fn pass(connection: &Connection, file: &File, moved: &AtomicBool) {
    checkpoint(connection, "PASSIVE");
    // SQLite does that only where it has moved all, which a writer that never pauses prevents: the writer would have to
    // wait for everything at once when the log begins anew.
    if let Err(error) = file.sync_data() {
        tracing::warn!(%error, "the database file cannot be synchronised");
    }
    moved.store(true, Ordering::Release);
}

/// How long the write-ahead log is, from its beginning to its last commit.
fn wal_bytes(writer: &Connection) -> u64 {
    checkpoint(writer, "NOOP") * u64::from(PAGE_BYTES)
}

/// Moves what is left of the write-ahead log, so that the next commit begins it anew, unless somebody reads it or the
/// thread is at work for longer than `patience`.
fn begin_anew(writer: &Connection, patience: Duration) {
    let _ = writer.busy_timeout(patience);
    checkpoint(writer, "RESTART");
    let _ = writer.busy_timeout(BUSY_TIMEOUT);
}

/// Returns how many pages the write-ahead log held. What was committed is durable before and after: a checkpoint that
/// fails costs room, not entries.
fn checkpoint(connection: &Connection, mode: &'static str) -> u64 {
    let begun = Instant::now();
    let pages = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(1));
    if mode != "NOOP" {
        metrics::histogram!(CHECKPOINT_SECONDS, "mode" => mode).record(begun.elapsed().as_secs_f64());
    }
    pages.map_or_else(
        |error| {
            tracing::warn!(%error, mode, "the write-ahead log cannot be moved into the database");
            0
        },
        |pages| u64::try_from(pages).unwrap_or(0),
    )
}
