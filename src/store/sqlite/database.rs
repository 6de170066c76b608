//! The database as a file: making it, opening it, holding it, and what its errors mean.

use crate::store::{Options, StoreError};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// How long a statement waits for another connection's lock: longer than any commit takes.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes a page, of a new database.
pub const PAGE_BYTES: u32 = 8_192;
/// The longest file that a write-ahead log keeps when it begins anew.
const WAL_KEPT_BYTES: i64 = 128 << 20;
/// Pages kept in memory by a connection that writes, in KiB: more than the largest batch.
const CACHE_KIB: i64 = 32_768;

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    Read,
    /// Read and write.
    Write,
}

/// A database by its path.
#[derive(Debug, Clone)]
pub struct Database {
    /// As it was given: for messages.
    shown: String,
    /// Without links, so that all names of one database lead to one lock.
    path: PathBuf,
    max_bytes: Option<u64>,
}

/// Held by the one writer; given back when dropped, by the operating system too.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "closing the file gives the lock back")] File);

impl Database {
    /// The database at `path`; an empty file is made where there is none, for its owner only.
    ///
    /// A file that exists is not opened here: closing it again would take away the locks of every connection of this
    /// process (POSIX advisory locks).
    pub fn find(path: &Path, options: &Options) -> Result<Self, StoreError> {
        let shown = path.display().to_string();
        match for_owner_only().create_new(true).open(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(unreachable(&shown, path, &error));
            }
            _ => {}
        }
        let path = path.canonicalize().map_err(|error| unreachable(&shown, path, &error))?;
        Ok(Self { shown, path, max_bytes: options.max_bytes })
    }

    /// The path, as it was given.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The path of a file beside the database.
    pub fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    /// A new connection.
    pub fn connect(&self, access: Access) -> Result<Connection, StoreError> {
        let flags = match access {
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        let connection = Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        let connection = connection.map_err(|error| self.failure(error))?;
        self.configure(&connection, access).map_err(|error| self.failure(error))?;
        Ok(connection)
    }

    fn configure(&self, connection: &Connection, access: Access) -> rusqlite::Result<()> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(32);
        if access == Access::Read {
            return Ok(());
        }
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // Where there is a fsync that reaches the medium and one that does not (macOS), the one that does.
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update_and_check(None, "journal_size_limit", WAL_KEPT_BYTES, |_| Ok(()))?;
        if let Some(max_bytes) = self.max_bytes {
            let page_bytes: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
            let pages = (max_bytes / page_bytes.max(1) as u64).clamp(1, u64::from(u32::MAX) - 2);
            connection.pragma_update_and_check(None, "max_page_count", pages as i64, |_| Ok(()))?;
        }
        Ok(())
    }

    /// Holds the database for one writer: no other, of any process, until the lock is dropped.
    pub fn lock(&self) -> Result<Lock, StoreError> {
        let path = self.beside(".lock");
        let file = for_owner_only().create(true).truncate(false).open(&path);
        let file = file.map_err(|error| unreachable(&path.display().to_string(), &path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Held(self.shown.clone())),
            Err(TryLockError::Error(error)) => Err(StoreError::Unusable(format!(
                "{} cannot be locked: {error}; give --store a path on a file system with locks",
                path.display()
            ))),
        }
    }

    /// A handle by which the database file can be synchronised beside SQLite. It is opened once in the life of the process
    /// and never closed: closing it would take away the locks of every connection of this process (POSIX advisory
    /// locks), and with them the write-ahead log.
    pub fn handle(&self) -> Result<Arc<File>, StoreError> {
        static OPENED: LazyLock<Mutex<HashMap<PathBuf, Arc<File>>>> = LazyLock::new(Mutex::default);
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = opened.get(&self.path) {
            return Ok(file.clone());
        }
        let file = OpenOptions::new().write(true).open(&self.path);
        let file = Arc::new(file.map_err(|error| unreachable(&self.shown, &self.path, &error))?);
        opened.insert(self.path.clone(), file.clone());
        Ok(file)
    }

    /// What an error of SQLite means.
    pub fn failure(&self, error: rusqlite::Error) -> StoreError {
        let shown = &self.shown;
        let Some(cause) = error.sqlite_error() else {
            return StoreError::Unusable(format!("{shown}: {error}"));
        };
        match (cause.code, cause.extended_code) {
            // A file system without room for the index of the write-ahead log says so by this code alone.
            (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => StoreError::Full(shown.clone()),
            (ErrorCode::DatabaseCorrupt, _) => StoreError::Damaged(format!("{shown}: {error}")),
            (ErrorCode::NotADatabase, _) => StoreError::Unusable(format!(
                "{shown} is not a database; move the file away, or give another path to --store"
            )),
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => {
                StoreError::Unusable(format!("{shown} is locked by another program; end it, then retry"))
            }
            (ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => StoreError::Unusable(
                format!("{shown}: {error}; make the file and its directory writable, or give another path to --store"),
            ),
            _ => StoreError::Unusable(format!("{shown}: {error}")),
        }
    }
}

/// Files that only their owner may read.
fn for_owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// What it means that a file cannot be made.
fn unreachable(shown: &str, path: &Path, error: &io::Error) -> StoreError {
    let mend = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => return StoreError::Full(shown.into()),
        io::ErrorKind::NotFound => {
            let directory = path.parent().unwrap_or(Path::new(".")).display();
            format!("the directory {directory} does not exist: make it, or give another path to --store")
        }
        _ => "give --store a path in a directory that can be written".into(),
    };
    StoreError::Unusable(format!("{shown}: {error}; {mend}"))
}
