//! The stored schema: what one row of the table `entry` holds, and how an [`Entry`] becomes a row and a row an
//! [`Entry`] again, bit for bit.
//!
//! The column `event` begins with the number of its format, [`FORMAT`]; what follows is one protobuf message, by
//! `kind`: [`SubmittedRecord`], [`ImportedRecord`], [`OutcomeReportedRecord`] or [`MovedRecord`]. Field numbers and the numbers that
//! stand for names below are permanent: a field that is no longer written keeps its number, and rows of every earlier
//! version stay readable. Floats are stored as their bits (`fixed64`), because protobuf's `double` loses the sign of
//! zero. Times inside an event are stored as milliseconds after the entry's own. What the entry's columns say is not
//! said again: a submission's facts have its merchant, and its decision has its id.

mod journey;
mod plan;
mod read;
mod summary;
mod write;

pub use summary::Summary;

use super::{Entry, Event, StoreError};
use crate::domain::decision::GenerationRef;
use crate::domain::ids::{EntryId, MerchantId, Seq};
use crate::domain::keys::KeyKind;
use crate::domain::time::Timestamp;
use prost::Message;
use std::sync::Arc;

/// The format of the column `event`, its first byte.
const FORMAT: u8 = 1;

/// The column `kind` of a submission.
pub const SUBMITTED: i64 = 1;
/// The column `kind` of an imported purchase.
pub const IMPORTED: i64 = 2;
/// The column `kind` of a reported outcome.
pub const OUTCOME_REPORTED: i64 = 3;
/// The column `kind` of a step of a journey.
pub const MOVED: i64 = 4;

/// One row of the table `entry`, by its columns.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The place in the log: [`EntryId::seq`].
    pub seq: i64,
    /// The random bits of the id: [`EntryId::random`].
    pub random: i64,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whose it is.
    pub merchant: &'a str,
    /// The place of the application that a later entry belongs to; `None`: the entry is the application's first.
    pub application: Option<i64>,
    /// Who caused it.
    pub actor: &'a str,
    /// [`SUBMITTED`], [`IMPORTED`], [`OUTCOME_REPORTED`] or [`MOVED`].
    pub kind: i64,
    /// The number of the [`StateKind`](crate::journey::StateKind) that a submission or a step led to.
    pub state: Option<i64>,
    /// The bits of the customer's key.
    pub customer: Option<i64>,
    /// What happened: format and message.
    pub event: &'a [u8],
    /// The personal fields.
    pub subject: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    /// The row of an entry whose event is encoded in `event`.
    pub fn of(entry: &'a Entry, event: &'a [u8]) -> Self {
        let (kind, state, keys) = match &entry.event {
            Event::Submitted(submitted) => {
                (SUBMITTED, Some(submitted.state.kind() as i64), Some(&submitted.facts.keys))
            }
            Event::Imported(imported) => (IMPORTED, None, Some(&imported.keys)),
            Event::OutcomeReported(_) => (OUTCOME_REPORTED, None, None),
            Event::Moved(moved) => (MOVED, Some(moved.stands.kind as i64), None),
        };
        Self {
            seq: entry.id.seq().0,
            random: entry.id.random() as i64,
            at_ms: entry.at.ms(),
            merchant: entry.merchant.as_str(),
            application: (entry.application != entry.id).then(|| entry.application.seq().0),
            actor: &entry.actor,
            kind,
            state,
            customer: keys.and_then(|keys| keys.get(KeyKind::Customer)).map(|hash| hash as i64),
            event,
            subject: entry.subject.as_ref().map(|subject| subject.0.as_ref()),
        }
    }

    /// What a list looks at.
    pub fn summary(&self) -> Summary<'a> {
        let Self { at_ms, merchant, kind, state, customer, .. } = *self;
        Summary { at_ms, merchant, kind, state, customer }
    }

    /// The entry of this row. `generation` finds the generation of a number that [`encode`] was given.
    pub fn entry<F>(&self, generation: F) -> Result<Entry, StoreError>
    where
        F: FnOnce(u32) -> Result<Option<Arc<GenerationRef>>, StoreError>,
    {
        let wrong = |column: &str, problem: &str| self.damaged(column, problem);
        let id = EntryId::from_parts(Seq(self.seq), self.random as u64);
        if id.seq().0 != self.seq || id.random() as i64 != self.random {
            return Err(wrong("random", "expected a place of 60 bits and 62 random bits"));
        }
        let at = Timestamp::from_ms(self.at_ms).map_err(|invalid| wrong("at_ms", &invalid.to_string()))?;
        let merchant = MerchantId::parse(self.merchant).map_err(|invalid| wrong("merchant", &invalid.to_string()))?;
        let Some((&FORMAT, message)) = self.event.split_first() else {
            return Err(wrong("event", "expected format 1"));
        };
        let unreadable = |_| wrong("event", "expected the message of its kind");
        let unexpected = |read::Wrong(problem)| wrong("event", problem);
        let (application, event) = match (self.kind, self.application) {
            (SUBMITTED, None) => {
                let record = SubmittedRecord::decode(message).map_err(unreadable)?;
                let missing = || wrong("event", "generation: expected one that was kept");
                let decision = record.decision.as_ref().map_or(0, |decision| decision.generation);
                let generation = generation(decision)?.ok_or_else(missing)?;
                let event = read::submitted(record, id, at, &merchant, &generation).map_err(unexpected)?;
                (id, Event::Submitted(Box::new(event)))
            }
            (IMPORTED, None) => {
                let record = ImportedRecord::decode(message).map_err(unreadable)?;
                (id, Event::Imported(read::imported(record).map_err(unexpected)?))
            }
            (OUTCOME_REPORTED, Some(application)) => {
                let record = OutcomeReportedRecord::decode(message).map_err(unreadable)?;
                let application = self.later(application, record.application_random)?;
                (application, Event::OutcomeReported(read::outcome_reported(record, at).map_err(unexpected)?))
            }
            (MOVED, Some(application)) => {
                let record = MovedRecord::decode(message).map_err(unreadable)?;
                let application = self.later(application, record.application_random)?;
                let generation = match &record.decision {
                    Some(decision) => {
                        let missing = || wrong("event", "decision.generation: expected one that was kept");
                        Some(generation(decision.generation)?.ok_or_else(missing)?)
                    }
                    None => None,
                };
                let event = read::moved(record, id, at, self.state, generation.as_ref()).map_err(unexpected)?;
                (application, Event::Moved(Box::new(event)))
            }
            (SUBMITTED | IMPORTED, Some(_)) => {
                return Err(wrong("application", "expected none: it is the first entry"));
            }
            (OUTCOME_REPORTED | MOVED, None) => return Err(wrong("application", "expected the application's place")),
            _ => return Err(wrong("kind", "expected 1, 2, 3 or 4")),
        };
        let subject = self.subject.map(|bytes| super::Subject(bytes.into()));
        Ok(Entry { id, at, merchant, application, actor: self.actor.into(), event, subject })
    }

    /// The application of a later entry.
    fn later(&self, place: i64, random: u64) -> Result<EntryId, StoreError> {
        let application = EntryId::from_parts(Seq(place), random);
        let good = application.seq().0 == place;
        good.then_some(application).ok_or_else(|| self.damaged("application", "expected a place of 60 bits"))
    }

    fn damaged(&self, column: &str, problem: &str) -> StoreError {
        damaged("entry", column, self.seq, problem)
    }
}

/// Names what cannot be there.
pub fn damaged(table: &str, column: &str, row: impl std::fmt::Display, problem: &str) -> StoreError {
    StoreError::Damaged(format!("table {table}, column {column}, row {row}: {problem}"))
}

/// The generation that an entry refers to, if it holds a decision.
pub fn generation(entry: &Entry) -> Option<&Arc<GenerationRef>> {
    match &entry.event {
        Event::Submitted(submitted) => Some(&submitted.decision.generation),
        Event::Moved(moved) => moved.decision.as_ref().map(|decision| &decision.generation),
        Event::Imported(_) | Event::OutcomeReported(_) => None,
    }
}

/// Writes what happened as the column `event`, after emptying `bytes`. A decision names its generation by the number
/// under which the store keeps it.
pub fn encode(entry: &Entry, generation: u32, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.push(FORMAT);
    match &entry.event {
        Event::Submitted(submitted) => append(&write::submitted(submitted, entry.at, generation), bytes),
        Event::Imported(imported) => append(&write::imported(imported), bytes),
        Event::OutcomeReported(reported) => {
            append(&write::outcome_reported(reported, entry.at, entry.application.random()), bytes);
        }
        Event::Moved(moved) => {
            append(&write::moved(moved, entry.at, entry.application.random(), generation), bytes);
        }
    }
}

fn append(message: &impl Message, bytes: &mut Vec<u8>) {
    // Fails only where there is no room; a vector grows.
    let _ = message.encode(bytes);
}

/// Writes a generation as the table `generation` keeps it: the same generation gives the same bytes.
pub fn encode_generation(generation: &GenerationRef) -> Vec<u8> {
    write::generation(generation).encode_to_vec()
}

/// Reads what [`encode_generation`] wrote.
pub fn decode_generation(id: u32, bytes: &[u8]) -> Result<GenerationRef, StoreError> {
    let wrong = |problem: &str| damaged("generation", "content", id, problem);
    let record = GenerationRecord::decode(bytes).map_err(|_| wrong("expected a generation"))?;
    read::generation(record).map_err(|read::Wrong(problem)| wrong(problem))
}

/// A submission with its decision.
#[derive(Clone, PartialEq, Message)]
struct SubmittedRecord {
    #[prost(message, optional, tag = "1")]
    command: Option<CommandRecord>,
    #[prost(string, optional, tag = "2")]
    merchant_reference: Option<String>,
    /// When the facts are of.
    #[prost(sint64, tag = "3")]
    submitted_after_ms: i64,
    #[prost(message, optional, tag = "4")]
    amount: Option<MoneyRecord>,
    #[prost(message, optional, tag = "5")]
    plan: Option<PlanChoiceRecord>,
    /// ISO 3166-1 alpha-2.
    #[prost(string, optional, tag = "6")]
    country: Option<String>,
    #[prost(message, optional, tag = "7")]
    keys: Option<KeysRecord>,
    /// As [`Vector::encode`](crate::features::Vector::encode) writes it.
    #[prost(bytes = "vec", tag = "8")]
    vector: Vec<u8>,
    #[prost(message, repeated, tag = "9")]
    signals: Vec<SignalRecord>,
    #[prost(message, optional, tag = "10")]
    decision: Option<DecisionRecord>,
    #[prost(message, optional, tag = "11")]
    state: Option<journey::StateRecord>,
}

/// A decision.
#[derive(Clone, PartialEq, Message)]
struct DecisionRecord {
    #[prost(sint64, tag = "1")]
    decided_after_ms: i64,
    /// 1 accept, 2 decline, 3 step-up.
    #[prost(uint32, tag = "2")]
    outcome: u32,
    #[prost(message, repeated, tag = "3")]
    reasons: Vec<ReasonRecord>,
    #[prost(message, optional, tag = "4")]
    fraud: Option<ScoreRecord>,
    #[prost(message, optional, tag = "5")]
    default: Option<ScoreRecord>,
    #[prost(sint64, optional, tag = "6")]
    expected_loss_minor: Option<i64>,
    /// `generation.id`.
    #[prost(uint32, tag = "7")]
    generation: u32,
    #[prost(bool, tag = "8")]
    degraded: bool,
    #[prost(message, repeated, tag = "9")]
    diagnostics: Vec<DiagnosticRecord>,
    /// Kinds of challenges, as [`Kinds::bits`](crate::domain::challenge::Kinds::bits); the next two as well.
    #[prost(uint32, tag = "10")]
    held: u32,
    #[prost(uint32, tag = "11")]
    spent: u32,
    #[prost(uint32, tag = "12")]
    over_limits: u32,
    /// The kind that failed: 1 SMS code, 2 identity document, 3 bank history; 0: none did.
    #[prost(uint32, tag = "13")]
    failed_kind: u32,
    /// How: the place in [`Failure::ALL`](crate::domain::challenge::Failure::ALL), from 1.
    #[prost(uint32, tag = "14")]
    failure: u32,
}

/// A step of a journey.
#[derive(Clone, PartialEq, Message)]
struct MovedRecord {
    #[prost(message, optional, tag = "1")]
    command: Option<CommandRecord>,
    #[prost(message, optional, tag = "2")]
    decision: Option<DecisionRecord>,
    /// The random bits of the application's id.
    #[prost(fixed64, tag = "3")]
    application_random: u64,
    #[prost(oneof = "journey::EventRecord", tags = "4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 23, 24, 25")]
    event: Option<journey::EventRecord>,
    #[prost(message, optional, tag = "19")]
    keys: Option<KeysRecord>,
    /// When something happens by itself.
    #[prost(sint64, optional, tag = "20")]
    due_after_ms: Option<i64>,
    /// Whether something is still to be done outside.
    #[prost(bool, tag = "21")]
    owes: bool,
    /// What the provider's notices call the attempt, hashed; 0: none come.
    #[prost(fixed64, tag = "22")]
    reference: u64,
}

/// A purchase of the past.
#[derive(Clone, PartialEq, Message)]
struct ImportedRecord {
    #[prost(message, optional, tag = "1")]
    keys: Option<KeysRecord>,
    #[prost(message, optional, tag = "2")]
    amount: Option<MoneyRecord>,
    /// As in [`OutcomeReportedRecord`]; 0: not known.
    #[prost(uint32, tag = "3")]
    outcome: u32,
}

/// How a purchase turned out.
#[derive(Clone, PartialEq, Message)]
struct OutcomeReportedRecord {
    #[prost(message, optional, tag = "1")]
    command: Option<CommandRecord>,
    /// 1 paid, 2 late, 3 defaulted, 4 fraud, 5 chargeback.
    #[prost(uint32, tag = "2")]
    outcome: u32,
    #[prost(sint64, tag = "3")]
    occurred_after_ms: i64,
    #[prost(message, optional, tag = "4")]
    keys: Option<KeysRecord>,
    #[prost(sint64, tag = "5")]
    purchased_after_ms: i64,
    /// The random bits of the application's id.
    #[prost(fixed64, tag = "6")]
    application_random: u64,
}

#[derive(Clone, PartialEq, Message)]
struct CommandRecord {
    #[prost(string, tag = "1")]
    request_id: String,
    #[prost(fixed64, tag = "2")]
    fingerprint: u64,
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "3")]
    content: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct MoneyRecord {
    #[prost(sint64, tag = "1")]
    amount_minor: i64,
    /// ISO 4217.
    #[prost(string, tag = "2")]
    currency: String,
}

#[derive(Clone, PartialEq, Message)]
struct PlanChoiceRecord {
    #[prost(uint32, tag = "1")]
    instalment_count: u32,
    #[prost(uint32, tag = "2")]
    deferred_days: u32,
    #[prost(uint32, tag = "3")]
    deferred_months: u32,
}

/// The keys that are known.
#[derive(Clone, PartialEq, Message)]
struct KeysRecord {
    /// Bit n: the kind whose place in [`KeyKind::ALL`] is n is known.
    #[prost(uint32, tag = "1")]
    known: u32,
    /// The hashes of the known kinds, in that order.
    #[prost(fixed64, repeated, tag = "2")]
    hashes: Vec<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct SignalRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(oneof = "SignalValue", tags = "2, 3, 4")]
    value: Option<SignalValue>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum SignalValue {
    /// The bits of a float.
    #[prost(fixed64, tag = "2")]
    Number(u64),
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(bool, tag = "4")]
    Flag(bool),
}

#[derive(Clone, PartialEq, Message)]
struct ReasonRecord {
    /// The code's name.
    #[prost(string, tag = "1")]
    code: String,
    /// 0 none, 1 fraud, 2 default.
    #[prost(uint32, tag = "2")]
    target: u32,
    /// The bits of a float.
    #[prost(fixed64, tag = "3")]
    contribution: u64,
}

/// A score; all three are the bits of floats.
#[derive(Clone, PartialEq, Message)]
struct ScoreRecord {
    #[prost(fixed64, tag = "1")]
    log_odds: u64,
    #[prost(fixed64, tag = "2")]
    calibrated_log_odds: u64,
    #[prost(fixed64, tag = "3")]
    probability: u64,
}

#[derive(Clone, PartialEq, Message)]
struct DiagnosticRecord {
    #[prost(string, tag = "1")]
    subject: String,
    #[prost(string, tag = "2")]
    message: String,
}

/// A set of models and policy.
#[derive(Clone, PartialEq, Message)]
struct GenerationRecord {
    #[prost(message, repeated, tag = "1")]
    models: Vec<ModelRecord>,
    #[prost(string, tag = "2")]
    policy_digest: String,
}

#[derive(Clone, PartialEq, Message)]
struct ModelRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
    /// 1 fraud, 2 default.
    #[prost(uint32, tag = "3")]
    target: u32,
    #[prost(string, tag = "4")]
    digest: String,
}

#[cfg(test)]
mod tests;
