//! Deliveries and endpoints as rows.

use super::reader::Columns;
use crate::domain::delivery::DeliveryKind;
use crate::domain::ids::{MerchantId, Seq};
use crate::domain::sealed::Sealed;
use crate::domain::time::Timestamp;
use crate::store::record::damaged;
use crate::store::{Delivery, DeliveryKey, StoreError, WebhookEndpoint};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result, Transaction, params};

/// What `state` says of a delivery that is owed, and of one that was given up.
const PENDING: i64 = 1;
const DEAD: i64 = 2;

/// How much is pending at each endpoint.
pub const COUNT_PENDING: &str = "SELECT endpoint, count(*) FROM delivery WHERE state = 1 GROUP BY endpoint";
/// What is pending at an endpoint after a place; its first column is the key.
pub const SELECT_PENDING: &str = "SELECT seq, endpoint, kind, application, merchant, since_ms, due_at_ms, tries, state \
    FROM delivery WHERE state = 1 AND endpoint = ?1 AND seq > ?2 ORDER BY seq, kind LIMIT ?3";
/// What was given up, of a merchant or of all.
pub const SELECT_DEAD: &str = "SELECT seq, endpoint, kind, application, merchant, since_ms, due_at_ms, tries, state \
    FROM delivery WHERE state = 2 AND (?1 IS NULL OR merchant = ?1) ORDER BY endpoint, seq, kind LIMIT ?2";
/// All endpoints.
pub const SELECT_ENDPOINTS: &str = "SELECT rowid, id, merchant, url, secret, next_secret, created_at_ms, disabled_at_ms \
    FROM webhook_endpoint ORDER BY created_at_ms, id";

/// Puts deliveries in place of those with their keys.
pub fn put(connection: &Connection, deliveries: &[Delivery]) -> Result<()> {
    let other = "DELETE FROM delivery WHERE state = ?1 AND endpoint = ?2 AND seq = ?3 AND kind = ?4";
    let insert = "INSERT OR REPLACE INTO delivery \
        (state, endpoint, seq, kind, application, merchant, since_ms, due_at_ms, tries) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let (mut other, mut insert) = (connection.prepare_cached(other)?, connection.prepare_cached(insert)?);
    for delivery in deliveries {
        let DeliveryKey { endpoint, seq, kind } = &delivery.key;
        let (state, was) = if delivery.dead { (DEAD, PENDING) } else { (PENDING, DEAD) };
        other.execute(params![was, endpoint, seq.0, *kind as u8])?;
        insert.execute(params![
            state,
            endpoint,
            seq.0,
            *kind as u8,
            delivery.application.0,
            delivery.merchant.as_str(),
            delivery.since.ms(),
            delivery.due_at.ms(),
            delivery.tries,
        ])?;
    }
    Ok(())
}

/// Takes deliveries away, pending or dead.
pub fn take_away(connection: &Connection, keys: &[DeliveryKey]) -> Result<()> {
    let delete = "DELETE FROM delivery WHERE state IN (1, 2) AND endpoint = ?1 AND seq = ?2 AND kind = ?3";
    let mut delete = connection.prepare_cached(delete)?;
    for DeliveryKey { endpoint, seq, kind } in keys {
        delete.execute(params![endpoint, seq.0, *kind as u8])?;
    }
    Ok(())
}

/// Puts deliveries beside the writer, and counts that.
pub fn put_beside(transaction: &Transaction, deliveries: &[Delivery]) -> Result<()> {
    put(transaction, deliveries)?;
    transaction.execute("UPDATE meta SET value = value + 1 WHERE name = 'deliveries_put'", [])?;
    Ok(())
}

/// Adds an endpoint, or replaces it.
pub fn put_endpoint(transaction: &Transaction, endpoint: &WebhookEndpoint) -> Result<()> {
    let put = "INSERT OR REPLACE INTO webhook_endpoint \
        (id, merchant, url, secret, next_secret, created_at_ms, disabled_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![
        endpoint.id,
        endpoint.merchant.as_str(),
        endpoint.url,
        endpoint.secret.0,
        endpoint.next_secret.as_ref().map(|secret| &secret.0),
        endpoint.created_at.ms(),
        endpoint.disabled_at.map(Timestamp::ms),
    ];
    transaction.execute(put, values).map(drop)
}

/// Disables an endpoint, unless it is.
pub fn disable_endpoint(transaction: &Transaction, id: &str, at: Timestamp) -> Result<()> {
    let disable = "UPDATE webhook_endpoint SET disabled_at_ms = ?2 WHERE id = ?1 AND disabled_at_ms IS NULL";
    transaction.execute(disable, params![id, at.ms()]).map(drop)
}

/// Takes an endpoint away, and what is owed to it.
pub fn remove_endpoint(transaction: &Transaction, id: &str) -> Result<()> {
    transaction.execute("DELETE FROM webhook_endpoint WHERE id = ?1", [id])?;
    transaction.execute("DELETE FROM delivery WHERE state IN (1, 2) AND endpoint = ?1", [id]).map(drop)
}

/// The delivery of a row.
pub fn delivery(column: &Columns) -> std::result::Result<Delivery, StoreError> {
    let wrong = |name, problem: &str| damaged("delivery", name, column.row, problem);
    let time = |at, name| {
        let ms = column.get(at, name, ValueRef::as_i64)?;
        Timestamp::from_ms(ms).map_err(|invalid| wrong(name, &invalid.to_string()))
    };
    let kind = u8::try_from(column.get(2, "kind", ValueRef::as_i64)?).ok().and_then(DeliveryKind::from_number);
    let merchant = MerchantId::parse(column.get(4, "merchant", ValueRef::as_str)?);
    let tries = u32::try_from(column.get(7, "tries", ValueRef::as_i64)?);
    Ok(Delivery {
        key: DeliveryKey {
            endpoint: column.get(1, "endpoint", ValueRef::as_str)?.into(),
            seq: Seq(column.row),
            kind: kind.ok_or_else(|| wrong("kind", "expected the number of a kind of delivery"))?,
        },
        application: Seq(column.get(3, "application", ValueRef::as_i64)?),
        merchant: merchant.map_err(|invalid| wrong("merchant", &invalid.to_string()))?,
        since: time(5, "since_ms")?,
        due_at: time(6, "due_at_ms")?,
        tries: tries.map_err(|_| wrong("tries", "expected a count"))?,
        dead: column.get(8, "state", ValueRef::as_i64)? == DEAD,
    })
}

/// The endpoint of a row.
pub fn endpoint(column: &Columns) -> std::result::Result<WebhookEndpoint, StoreError> {
    let wrong = |name, problem: &str| damaged("webhook_endpoint", name, column.row, problem);
    let time = |name, ms| Timestamp::from_ms(ms).map_err(|invalid| wrong(name, &invalid.to_string()));
    let merchant = MerchantId::parse(column.get(2, "merchant", ValueRef::as_str)?);
    let next = column.get(5, "next_secret", ValueRef::as_blob_or_null)?;
    let disabled_at = column.get(7, "disabled_at_ms", ValueRef::as_i64_or_null)?;
    Ok(WebhookEndpoint {
        id: column.get(1, "id", ValueRef::as_str)?.into(),
        merchant: merchant.map_err(|invalid| wrong("merchant", &invalid.to_string()))?,
        url: column.get(3, "url", ValueRef::as_str)?.into(),
        secret: Sealed(column.get(4, "secret", ValueRef::as_blob)?.into()),
        next_secret: next.map(|bytes| Sealed(bytes.into())),
        created_at: time("created_at_ms", column.get(6, "created_at_ms", ValueRef::as_i64)?)?,
        disabled_at: disabled_at.map(|ms| time("disabled_at_ms", ms)).transpose()?,
    })
}
