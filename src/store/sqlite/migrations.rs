//! The schema by version: numbered SQL files, each applied once, all that are missing in one transaction.

use super::database::{Access, Database};
use crate::store::StoreError;
use rusqlite::{Connection, TransactionBehavior};

/// The files, in order; the schema's version is how many were applied.
const MIGRATIONS: [&str; 2] = [include_str!("migrations/0001_log.sql"), include_str!("migrations/0002_delivery.sql")];
/// The version that this program writes.
const KNOWN: i64 = MIGRATIONS.len() as i64;
/// Marks a database as one of aval's: `aval` in ASCII.
const APPLICATION_ID: i64 = 0x6176_616c;

/// Checks that the database is one of ours, of a version that is known, and brings it up to date.
pub fn bring_up_to_date(database: &Database) -> Result<(), StoreError> {
    let mut connection = database.connect(Access::Write)?;
    if version(database, &connection)? == KNOWN {
        return Ok(());
    }
    // Not beneath a server of an earlier version.
    let _lock = database.lock()?;
    let from = version(database, &connection)?;
    migrate(&mut connection, from).map_err(|error| database.failure(error))
}

/// The version of the schema; 0 where there is none yet.
fn version(database: &Database, connection: &Connection) -> Result<i64, StoreError> {
    let inspect = || -> rusqlite::Result<(i64, i64, i64)> {
        let application_id = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((application_id, version, tables))
    };
    match inspect().map_err(|error| database.failure(error))? {
        (APPLICATION_ID, version, _) if (0..=KNOWN).contains(&version) => Ok(version),
        (APPLICATION_ID, found, _) => Err(StoreError::Version { path: database.shown().into(), found, known: KNOWN }),
        (0, 0, 0) => Ok(0),
        _ => Err(StoreError::Unusable(format!(
            "{} is the database of another program; give another path to --store",
            database.shown()
        ))),
    }
}

fn migrate(connection: &mut Connection, from: i64) -> rusqlite::Result<()> {
    // The mode stays with the file; it cannot be set inside a transaction.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in MIGRATIONS.iter().skip(from as usize) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", KNOWN)?;
    transaction.commit()
}
