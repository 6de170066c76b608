//! The log in one SQLite database: write-ahead log, synchronous FULL, one writer, any number of readers.

mod checkpointer;
mod database;
mod delivery;
mod migrations;
mod reader;
mod writer;

use super::*;
use database::{Access, Database};
use std::path::Path;

/// A log in a SQLite database.
#[derive(Debug)]
pub(super) struct Sqlite(Database);

impl Sqlite {
    /// Opens the database at `path`, makes it where there is none, and brings it up to date.
    pub fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        let database = Database::find(path, options)?;
        migrations::bring_up_to_date(&database)?;
        Ok(Self(database))
    }
}

impl Store for Sqlite {
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        Ok(Box::new(writer::SqliteWriter::open(&self.0)?))
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(reader::SqliteReader::open(&self.0)?))
    }

    fn put_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let put = "INSERT INTO api_key (digest, prefix, merchant, roles, created_at_ms, revoked_at_ms) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                   ON CONFLICT (digest) DO UPDATE SET revoked_at_ms = excluded.revoked_at_ms";
        let values = rusqlite::params![
            key.digest.0,
            key.prefix,
            key.merchant.as_str(),
            key.roles,
            key.created_at.ms(),
            key.revoked_at.map(|at| at.ms()),
        ];
        let connection = self.0.connect(Access::Write)?;
        connection.execute(put, values).map_err(|error| self.0.failure(error))?;
        Ok(())
    }

    fn put_webhook_endpoint(&self, endpoint: &WebhookEndpoint) -> Result<(), StoreError> {
        self.beside(|connection| delivery::put_endpoint(connection, endpoint))
    }

    fn disable_webhook_endpoint(&self, id: &str, at: Timestamp) -> Result<(), StoreError> {
        self.beside(|connection| delivery::disable_endpoint(connection, id, at))
    }

    fn remove_webhook_endpoint(&self, id: &str) -> Result<(), StoreError> {
        self.beside(|connection| delivery::remove_endpoint(connection, id))
    }

    fn put_deliveries(&self, deliveries: &[Delivery]) -> Result<(), StoreError> {
        self.beside(|connection| delivery::put_beside(connection, deliveries))
    }
}

impl Sqlite {
    /// Writes beside the writer, in one transaction.
    fn beside(&self, write: impl FnOnce(&rusqlite::Transaction) -> rusqlite::Result<()>) -> Result<(), StoreError> {
        let failure = |error| self.0.failure(error);
        let mut connection = self.0.connect(Access::Write)?;
        let immediate = rusqlite::TransactionBehavior::Immediate;
        let transaction = connection.transaction_with_behavior(immediate).map_err(failure)?;
        write(&transaction).and_then(|()| transaction.commit()).map_err(failure)
    }
}

#[cfg(test)]
mod tests;
