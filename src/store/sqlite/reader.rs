//! Reading the log on a connection of one's own, beside the writer.

use super::database::{Access, Database};
use super::delivery;
use crate::domain::decision::{Digest, GenerationRef};
use crate::domain::ids::{EntryId, MerchantId, Seq};
use crate::domain::time::Timestamp;
use crate::store::record::{self, Row, Summary, damaged};
use crate::store::{
    ApiKey, Checkpoint, Delivery, Entry, LIST_ROWS, ListQuery, Page, Reader, StoreError, WebhookEndpoint,
};
use rusqlite::types::{FromSqlResult, ValueRef};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params};
use std::sync::Arc;

/// The columns of an entry, in the order in which [`row_of`] reads them.
macro_rules! select_entry {
    ($rest:literal) => {
        concat!(
            "SELECT seq, random, at_ms, merchant, application, actor, kind, state, customer, event, subject FROM entry ",
            $rest
        )
    };
}

/// Reads the log.
pub struct SqliteReader {
    connection: Connection,
    database: Database,
    generations: Vec<(u32, Arc<GenerationRef>)>,
}

impl SqliteReader {
    /// Opens the database for reading.
    pub fn open(database: &Database) -> Result<Self, StoreError> {
        let connection = database.connect(Access::Read)?;
        Ok(Self { connection, database: database.clone(), generations: Vec::new() })
    }

    /// The entries that a query selects.
    fn entries(&mut self, sql: &str, values: impl Params) -> Result<Vec<Entry>, StoreError> {
        let Self { connection, database, generations } = self;
        let failure = |error| database.failure(error);
        let mut select = connection.prepare_cached(sql).map_err(failure)?;
        let mut rows = select.query(values).map_err(failure)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next().map_err(failure)? {
            let entry = row_of(row)?.entry(|id| generation(id, generations, connection, database))?;
            entries.push(entry);
        }
        Ok(entries)
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        self.connection.prepare_cached(sql).map_err(|error| self.database.failure(error))
    }

    /// The one value that a query selects, if there is a row.
    fn one<T: rusqlite::types::FromSql>(&self, sql: &str, values: impl Params) -> Result<Option<T>, StoreError> {
        let value = self.prepare(sql)?.query_row(values, |row| row.get(0)).optional();
        value.map_err(|error| self.database.failure(error))
    }
}

impl Reader for SqliteReader {
    fn entry(&mut self, id: EntryId) -> Result<Option<Entry>, StoreError> {
        Ok(self.entry_at(id.seq())?.filter(|entry| entry.id == id))
    }

    fn entry_at(&mut self, seq: Seq) -> Result<Option<Entry>, StoreError> {
        Ok(self.entries(select_entry!("WHERE seq = ?1"), [seq.0])?.pop())
    }

    fn history(&mut self, application: EntryId) -> Result<Vec<Entry>, StoreError> {
        let first = self.entry(application)?.filter(|entry| entry.application == entry.id);
        let Some(first) = first else { return Ok(Vec::new()) };
        let mut history = vec![first];
        let later = select_entry!("WHERE application = ?1 ORDER BY seq");
        history.extend(self.entries(later, [application.seq().0])?);
        Ok(history)
    }

    fn tail(&mut self, after: Seq, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.entries(select_entry!("WHERE seq > ?1 ORDER BY seq LIMIT ?2"), [after.0, limit])
    }

    fn last(&mut self) -> Result<Option<Seq>, StoreError> {
        Ok(self.one::<Option<i64>>("SELECT max(seq) FROM entry", [])?.flatten().map(Seq))
    }

    fn list(&mut self, query: &ListQuery) -> Result<Page, StoreError> {
        let (places, next) = self.listed(query)?;
        let entries = places.into_iter().filter_map(|seq| self.entry_at(seq).transpose());
        Ok(Page { entries: entries.collect::<Result<_, _>>()?, next })
    }

    fn settled_request(&mut self, fingerprint: u64) -> Result<Option<Seq>, StoreError> {
        let seq = "SELECT seq FROM settled_request WHERE fingerprint = ?1";
        Ok(self.one(seq, [fingerprint as i64])?.map(Seq))
    }

    fn settled_through(&mut self) -> Result<Seq, StoreError> {
        let value = self.one("SELECT value FROM meta WHERE name = 'settled_through'", [])?;
        value.map(Seq).ok_or_else(|| damaged("meta", "value", "settled_through", "expected a place"))
    }

    fn checkpoint(&mut self, after: Seq) -> Result<Option<Checkpoint>, StoreError> {
        let failure = |error| self.database.failure(error);
        let earliest = "SELECT through, bytes FROM checkpoint WHERE through > ?1 ORDER BY through LIMIT 1";
        let checkpoint = |row: &rusqlite::Row| Ok(Checkpoint { through: Seq(row.get(0)?), bytes: row.get(1)? });
        self.prepare(earliest)?.query_row([after.0], checkpoint).optional().map_err(failure)
    }

    fn artifact(&mut self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes: Option<Vec<u8>> = self.one("SELECT bytes FROM artifact WHERE digest = ?1", [digest.0])?;
        match bytes {
            Some(bytes) if Digest::of(&bytes) != digest => {
                Err(damaged("artifact", "bytes", digest, "expected the bytes of this digest"))
            }
            bytes => Ok(bytes),
        }
    }

    fn api_keys(&mut self) -> Result<Vec<ApiKey>, StoreError> {
        let failure = |error| self.database.failure(error);
        let all = "SELECT rowid, prefix, digest, merchant, roles, created_at_ms, revoked_at_ms \
                   FROM api_key ORDER BY created_at_ms, prefix";
        let mut select = self.prepare(all)?;
        let mut rows = select.query([]).map_err(failure)?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next().map_err(failure)? {
            keys.push(api_key(row)?);
        }
        Ok(keys)
    }

    fn webhook_endpoints(&mut self) -> Result<Vec<WebhookEndpoint>, StoreError> {
        let mut select = self.prepare(delivery::SELECT_ENDPOINTS)?;
        let mut rows = select.query([]).map_err(|error| self.database.failure(error))?;
        let mut endpoints = Vec::new();
        while let Some(row) = rows.next().map_err(|error| self.database.failure(error))? {
            endpoints.push(delivery::endpoint(&Columns::of(row, "webhook_endpoint")?)?);
        }
        Ok(endpoints)
    }

    fn pending_endpoints(&mut self) -> Result<Vec<(Box<str>, u64)>, StoreError> {
        let failure = |error| self.database.failure(error);
        let mut select = self.prepare(delivery::COUNT_PENDING)?;
        let counts = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)));
        let counts = counts.map_err(failure)?.collect::<rusqlite::Result<Vec<_>>>().map_err(failure)?;
        Ok(counts.into_iter().map(|(endpoint, count)| (endpoint.into(), count.unsigned_abs())).collect())
    }

    fn pending(&mut self, endpoint: &str, after: Seq, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.deliveries(delivery::SELECT_PENDING, rusqlite::params![endpoint, after.0, limit])
    }

    fn dead(&mut self, merchant: Option<&MerchantId>, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.deliveries(delivery::SELECT_DEAD, rusqlite::params![merchant.map(MerchantId::as_str), limit])
    }

    fn deliveries_put(&mut self) -> Result<i64, StoreError> {
        let value = self.one("SELECT value FROM meta WHERE name = 'deliveries_put'", [])?;
        value.ok_or_else(|| damaged("meta", "value", "deliveries_put", "expected a count"))
    }
}

impl SqliteReader {
    /// The deliveries that a query selects.
    fn deliveries(&self, sql: &str, values: impl Params) -> Result<Vec<Delivery>, StoreError> {
        let mut select = self.prepare(sql)?;
        let mut rows = select.query(values).map_err(|error| self.database.failure(error))?;
        let mut deliveries = Vec::new();
        while let Some(row) = rows.next().map_err(|error| self.database.failure(error))? {
            deliveries.push(delivery::delivery(&Columns::of(row, "delivery")?)?);
        }
        Ok(deliveries)
    }

    /// The places of a page, and where to go on.
    fn listed(&self, query: &ListQuery) -> Result<(Vec<Seq>, Option<Seq>), StoreError> {
        let failure = |error| self.database.failure(error);
        // Where the application stands now, not where it began.
        let older = "SELECT seq, at_ms, merchant, kind, coalesce((SELECT state FROM entry AS later \
                     WHERE later.application = entry.seq AND later.state IS NOT NULL ORDER BY later.seq DESC LIMIT 1), \
                     state), customer FROM entry WHERE seq < ?1 ORDER BY seq DESC";
        let mut select = self.prepare(older)?;
        let before = query.before.map_or(i64::MAX, |before| before.0);
        let mut rows = select.query([before]).map_err(failure)?;
        let (mut places, mut read) = (Vec::new(), 0);
        while let Some(row) = rows.next().map_err(failure)? {
            let column = Columns::of(row, "entry")?;
            let summary = Summary {
                at_ms: column.get(1, "at_ms", ValueRef::as_i64)?,
                merchant: column.get(2, "merchant", ValueRef::as_str)?,
                kind: column.get(3, "kind", ValueRef::as_i64)?,
                state: column.get(4, "state", ValueRef::as_i64_or_null)?,
                customer: column.get(5, "customer", ValueRef::as_i64_or_null)?,
            };
            if summary.answers(query) {
                places.push(Seq(column.row));
            }
            read += 1;
            if places.len() >= query.limit || read == LIST_ROWS {
                return Ok((places, Some(Seq(column.row))));
            }
        }
        Ok((places, None))
    }
}

/// A generation by its number; those met before are remembered.
fn generation(
    id: u32,
    known: &mut Vec<(u32, Arc<GenerationRef>)>,
    connection: &Connection,
    database: &Database,
) -> Result<Option<Arc<GenerationRef>>, StoreError> {
    if let Some((_, generation)) = known.iter().find(|(known, _)| *known == id) {
        return Ok(Some(generation.clone()));
    }
    let failure = |error| database.failure(error);
    let mut select = connection.prepare_cached("SELECT content FROM generation WHERE id = ?1").map_err(failure)?;
    let content: Option<Vec<u8>> = select.query_row([id], |row| row.get(0)).optional().map_err(failure)?;
    let Some(content) = content else { return Ok(None) };
    let generation = Arc::new(record::decode_generation(id, &content)?);
    known.push((id, generation.clone()));
    Ok(Some(generation))
}

fn row_of<'a>(row: &'a rusqlite::Row<'_>) -> Result<Row<'a>, StoreError> {
    let column = Columns::of(row, "entry")?;
    Ok(Row {
        seq: column.row,
        random: column.get(1, "random", ValueRef::as_i64)?,
        at_ms: column.get(2, "at_ms", ValueRef::as_i64)?,
        merchant: column.get(3, "merchant", ValueRef::as_str)?,
        application: column.get(4, "application", ValueRef::as_i64_or_null)?,
        actor: column.get(5, "actor", ValueRef::as_str)?,
        kind: column.get(6, "kind", ValueRef::as_i64)?,
        state: column.get(7, "state", ValueRef::as_i64_or_null)?,
        customer: column.get(8, "customer", ValueRef::as_i64_or_null)?,
        event: column.get(9, "event", ValueRef::as_blob)?,
        subject: column.get(10, "subject", ValueRef::as_blob_or_null)?,
    })
}

fn api_key(row: &rusqlite::Row) -> Result<ApiKey, StoreError> {
    let column = Columns::of(row, "api_key")?;
    let wrong = |name, problem: &str| damaged("api_key", name, column.row, problem);
    let time = |name, ms| Timestamp::from_ms(ms).map_err(|invalid| wrong(name, &invalid.to_string()));
    let digest = <[u8; 32]>::try_from(column.get(2, "digest", ValueRef::as_blob)?);
    let merchant = MerchantId::parse(column.get(3, "merchant", ValueRef::as_str)?);
    let revoked_at = column.get(6, "revoked_at_ms", ValueRef::as_i64_or_null)?;
    Ok(ApiKey {
        prefix: column.get(1, "prefix", ValueRef::as_str)?.into(),
        digest: Digest(digest.map_err(|_| wrong("digest", "expected 32 bytes"))?),
        merchant: merchant.map_err(|invalid| wrong("merchant", &invalid.to_string()))?,
        roles: column.get(4, "roles", ValueRef::as_str)?.into(),
        created_at: time("created_at_ms", column.get(5, "created_at_ms", ValueRef::as_i64)?)?,
        revoked_at: revoked_at.map(|ms| time("revoked_at_ms", ms)).transpose()?,
    })
}

/// The columns of one row, the first of which is its key.
pub(super) struct Columns<'a, 'b> {
    values: &'a rusqlite::Row<'b>,
    table: &'static str,
    /// The row's key, as messages name it.
    pub row: i64,
}

impl<'a, 'b> Columns<'a, 'b> {
    fn of(values: &'a rusqlite::Row<'b>, table: &'static str) -> Result<Self, StoreError> {
        let row = values.get(0).map_err(|_| damaged(table, "rowid", "?", "expected an integer"))?;
        Ok(Self { values, table, row })
    }

    /// The value of a column.
    pub fn get<T>(
        &self,
        at: usize,
        name: &str,
        read: impl FnOnce(&ValueRef<'a>) -> FromSqlResult<T>,
    ) -> Result<T, StoreError> {
        let value = self.values.get_ref(at).map_err(|_| damaged(self.table, name, self.row, "expected the column"))?;
        read(&value).map_err(|_| damaged(self.table, name, self.row, "expected a value of the column's type"))
    }
}
