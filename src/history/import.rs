//! Purchases of the past, from a table into the log: they count for velocity and are never decided.
//!
//! The whole file is checked before anything is written. Each entry names the file by its digest, so an import that
//! was cut short goes on where it stopped when it is run again, and a file that was imported is not counted twice.

use super::HistoryError;
use crate::domain::Invalid;
use crate::domain::contact::{Email, Phone};
use crate::domain::geo::{Address, Country};
use crate::domain::ids::{CustomerId, MerchantId, RequestId, Seq};
use crate::domain::keys::KeyHasher;
use crate::domain::money::{Currency, MAX_AMOUNT_MINOR, Money};
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::plan::PlanChoice;
use crate::domain::submission::{Card, Context, Customer, Purchase, Signals, Submission};
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::engine::clock::{Ids, Random, system_ms};
use crate::engine::projection::{self, Trace};
use crate::features::Facts;
use crate::store::{Batch, Checkpoint, Entry, Event, Imported, Store};
use crate::table;
use jiff::tz::TimeZone;
use std::path::Path;
use std::sync::Arc;

/// The columns that an import reads, with whether they must be there.
pub const COLUMNS: [(&str, bool); 16] = [
    ("occurred_at", true),
    ("customer_id", true),
    ("amount_minor", true),
    ("currency", true),
    ("terminal_id", false),
    ("card_fingerprint", false),
    ("device_id", false),
    ("email", false),
    ("phone", false),
    ("ip_address", false),
    ("address_line1", false),
    ("address_line2", false),
    ("address_city", false),
    ("address_postal_code", false),
    ("address_country", false),
    ("outcome", false),
];

/// How many purchases are committed at once, with one checkpoint.
const AT_ONCE: usize = 4_096;

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// The rows of the file.
    pub rows: u64,
    /// Those that an earlier run had imported.
    pub before: u64,
    /// Those imported now.
    pub imported: u64,
}

/// Imports a file for a merchant. `progress` hears how many rows have been checked or written.
pub fn import(
    file: &Path,
    store: &dyn Store,
    merchant: &MerchantId,
    hasher: &KeyHasher,
    mut progress: impl FnMut(&str, u64),
) -> Result<Done, HistoryError> {
    let rows = Rows { file, merchant, zone: &TimeZone::UTC, hasher };
    let mut count = 0;
    rows.each(|_| {
        count += 1;
        progress("checked", count);
        Ok(())
    })?;
    let actor = actor(file)?;
    let mut writer = store.writer()?;
    let found = Found::in_log(store, &actor)?;
    let mut log =
        Log { ids: Ids::after(found.last), random: Random::new(), merchant, actor: &actor, traces: found.traces };
    let mut entries = Vec::with_capacity(AT_ONCE);
    let (mut row, mut imported) = (0, 0);
    let mut write = |entries: &mut Vec<Arc<Entry>>, log: &mut Log| -> Result<(), HistoryError> {
        let Some(last) = entries.last() else { return Ok(()) };
        let checkpoint = Checkpoint { through: last.id.seq(), bytes: projection::encode(&log.traces) };
        log.traces.clear();
        imported += entries.len() as u64;
        writer.commit(&Batch { entries: std::mem::take(entries), checkpoint: Some(checkpoint), ..Batch::default() })?;
        Ok(())
    };
    rows.each(|purchase| {
        row += 1;
        if row <= found.imported {
            return Ok(());
        }
        entries.push(log.entry(purchase));
        progress("imported", row);
        if entries.len() == AT_ONCE { write(&mut entries, &mut log) } else { Ok(()) }
    })?;
    write(&mut entries, &mut log)?;
    Ok(Done { rows: count, before: found.imported, imported })
}

/// Who imported, for the audit: the file by the beginning of its digest.
fn actor(file: &Path) -> Result<String, HistoryError> {
    use std::io::Read;
    let failed = |source| table::TableError::Io { file: file.display().to_string(), source };
    let mut reader = std::fs::File::open(file).map_err(failed)?;
    let (mut hasher, mut block) = (crate::domain::decision::DigestWriter::default(), vec![0; 1 << 20]);
    loop {
        match reader.read(&mut block).map_err(failed)? {
            0 => return Ok(format!("import:{:.16}", hasher.finish().to_string())),
            read => hasher.update(&block[..read]),
        }
    }
}

/// What the log holds already.
struct Found {
    last: Seq,
    imported: u64,
    /// The entries after the last checkpoint.
    traces: Vec<Trace>,
}

impl Found {
    fn in_log(store: &dyn Store, actor: &str) -> Result<Self, HistoryError> {
        let mut reader = store.reader()?;
        let mut covered = Seq(0);
        while let Some(checkpoint) = reader.checkpoint(covered)? {
            covered = checkpoint.through;
        }
        let mut found = Self { last: Seq(0), imported: 0, traces: Vec::new() };
        loop {
            let entries = reader.tail(found.last, 1_024)?;
            let Some(newest) = entries.last() else { return Ok(found) };
            found.last = newest.id.seq();
            found.imported += entries.iter().filter(|entry| entry.actor.as_ref() == actor).count() as u64;
            found.traces.extend(entries.iter().filter(|entry| entry.id.seq() > covered).map(Trace::of));
        }
    }
}

/// Makes the entries of one import.
struct Log<'a> {
    ids: Ids,
    random: Random,
    merchant: &'a MerchantId,
    actor: &'a str,
    traces: Vec<Trace>,
}

impl Log<'_> {
    fn entry(&mut self, purchase: Past) -> Arc<Entry> {
        let id = self.ids.next(system_ms(), self.random.draw());
        let Past { facts: Facts { at, keys, amount, .. }, outcome } = purchase;
        let entry = Entry {
            id,
            at,
            merchant: self.merchant.clone(),
            application: id,
            actor: self.actor.into(),
            event: Event::Imported(Imported { keys, amount, outcome }),
            subject: None,
        };
        self.traces.push(Trace::of(&entry));
        Arc::new(entry)
    }
}

/// One purchase of the past.
pub(super) struct Past {
    /// What it says by itself.
    pub facts: Facts,
    /// How it turned out.
    pub outcome: Option<RepaymentOutcome>,
}

/// The purchases of a file.
pub(super) struct Rows<'a> {
    /// The file.
    pub file: &'a Path,
    /// Whose they are.
    pub merchant: &'a MerchantId,
    /// Where night and weekend are taken.
    pub zone: &'a TimeZone,
    /// Makes their keys.
    pub hasher: &'a KeyHasher,
}

impl Rows<'_> {
    /// Hands over every row, in the order of the file.
    pub fn each(&self, mut take: impl FnMut(Past) -> Result<(), HistoryError>) -> Result<(), HistoryError> {
        let source = table::open(self.file)?;
        let known = |name: &str| COLUMNS.iter().any(|(column, _)| *column == name);
        if let Some(unknown) = source.names().iter().find(|name| !known(name)) {
            let known = COLUMNS.map(|(name, _)| name).join(", ");
            return Err(HistoryError::UnknownColumn { file: self.name(), column: unknown.clone(), known });
        }
        let there = |name: &str| source.names().iter().any(|column| column == name);
        let wanted: Vec<_> =
            COLUMNS.iter().filter(|(name, must)| *must || there(name)).map(|(name, _)| *name).collect();
        for batch in source.read(&wanted)? {
            let batch = batch?;
            let cells = Cells::of(&batch, &wanted)?;
            for row in 0..batch.rows() {
                let purchase = self.purchase(&cells, row).map_err(|(column, invalid)| HistoryError::Cell {
                    file: self.name(),
                    row: batch.first_row() + row as u64,
                    column,
                    expected: invalid.expected,
                })?;
                take(purchase)?;
            }
        }
        Ok(())
    }

    /// The file's name, for messages.
    pub fn name(&self) -> String {
        self.file.display().to_string()
    }

    fn purchase(&self, cells: &Cells, row: usize) -> Result<Past, (&'static str, Invalid)> {
        let at = cells.times.get(row).copied().flatten().ok_or_else(|| Invalid::expected("a time"));
        let at = at.and_then(Timestamp::from_ms).map_err(|invalid| ("occurred_at", invalid))?;
        let amount_minor = cells.amounts.get(row).copied().unwrap_or(f64::NAN);
        if !(0.0..=MAX_AMOUNT_MINOR as f64).contains(&amount_minor) || amount_minor.fract() != 0.0 {
            let expected = format!("whole minor units from 0 to {MAX_AMOUNT_MINOR}");
            return Err(("amount_minor", Invalid::expected(expected)));
        }
        let currency = cells.required(row, "currency", Currency::parse)?;
        let amount = Money { amount_minor: amount_minor as i64, currency };
        let outcome = cells.optional(row, "outcome", |name| {
            let known = RepaymentOutcome::ALL.map(RepaymentOutcome::name).join(", ");
            RepaymentOutcome::from_name(name).ok_or_else(|| Invalid::expected(format!("one of {known}")))
        })?;
        let submission = self.submission(cells, row, amount)?;
        Ok(Past { facts: Facts::extract(&submission, self.merchant, self.zone, at, self.hasher), outcome })
    }

    /// The row as a submission, so that its keys are made as those of any purchase.
    fn submission(&self, cells: &Cells, row: usize, amount: Money) -> Result<Submission, (&'static str, Invalid)> {
        let part = |column, max| cells.optional(row, column, |value| text::bounded(value, max));
        let address = Address {
            line1: part("address_line1", 100)?,
            line2: part("address_line2", 100)?,
            city: part("address_city", 80)?,
            postal_code: part("address_postal_code", 16)?,
            region: None,
            country: cells.optional(row, "address_country", Country::parse)?,
        };
        let fingerprint = cells.optional(row, "card_fingerprint", |value| text::token(value, 128))?;
        Ok(Submission {
            request_id: RequestId::parse("import").map_err(|invalid| ("occurred_at", invalid))?,
            purchase: Purchase {
                amount,
                plan: PlanChoice { instalment_count: 1, deferred_days: 0, deferred_months: 0 },
                merchant_reference: None,
                merchant_category: None,
                items: Vec::new(),
                shipping_address: Some(address),
                billing_address: None,
                shipping_method: None,
                card: Some(Card { fingerprint, ..Card::default() }),
            },
            customer: Customer {
                customer_id: cells.required(row, "customer_id", CustomerId::parse)?,
                given_name: None,
                family_name: None,
                email: cells.optional(row, "email", Email::parse)?,
                phone: cells.optional(row, "phone", Phone::parse)?,
                birth_date: None,
                address: None,
                history: None,
            },
            context: Context {
                ip_address: cells.optional(row, "ip_address", |value| {
                    value.parse().map_err(|_| Invalid::expected("an IP address, v4 or v6"))
                })?,
                device_id: cells.optional(row, "device_id", |value| text::token(value, 128))?,
                terminal_id: cells.optional(row, "terminal_id", |value| text::token(value, 64))?,
                ..Context::default()
            },
            signals: Signals::default(),
            occurred_at: None,
        })
    }
}

/// The columns of one batch.
struct Cells<'a> {
    times: std::borrow::Cow<'a, [Option<i64>]>,
    amounts: std::borrow::Cow<'a, [f64]>,
    texts: Vec<(&'static str, std::borrow::Cow<'a, table::Texts>)>,
}

impl<'a> Cells<'a> {
    fn of(batch: &'a table::Batch, wanted: &[&'static str]) -> Result<Self, HistoryError> {
        let textual = wanted.iter().filter(|name| !["occurred_at", "amount_minor"].contains(name));
        let texts = textual.map(|name| Ok((*name, batch.texts(name)?))).collect::<Result<_, table::TableError>>()?;
        Ok(Self { times: batch.times("occurred_at")?, amounts: batch.numbers("amount_minor")?, texts })
    }

    fn optional<T>(
        &self,
        row: usize,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Result<Option<T>, (&'static str, Invalid)> {
        let texts = self.texts.iter().find(|(name, _)| *name == column);
        let text = texts.and_then(|(_, texts)| texts.get(row)).filter(|text| !text.is_empty());
        text.map(parse).transpose().map_err(|invalid| (column, invalid))
    }

    fn required<T>(
        &self,
        row: usize,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Result<T, (&'static str, Invalid)> {
        self.optional(row, column, parse)?.ok_or_else(|| (column, Invalid::expected("a value: the column is required")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decision::Digest;

    #[test]
    fn an_import_is_named_by_the_content_of_its_file() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("past.csv");
        std::fs::write(&file, "a").unwrap();
        assert_eq!(actor(&file).unwrap(), format!("import:{:.16}", Digest::of(b"a").to_string()));
    }
}
