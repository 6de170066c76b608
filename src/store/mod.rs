//! Floor 4: the log of everything that happened, and the one commit by which anything happens.
//!
//! The log is append-only and ordered by [`Seq`]. An [`Entry`] holds its event, who caused it and, apart from it, the
//! personal fields that can be erased. A [`Batch`] is written whole or not at all, and is durable when
//! [`Writer::commit`] returns; after an error nothing is known, and the store must be opened again and read.
//!
//! One suite, `conformance`, says what every store does.

#[cfg(test)]
mod conformance;
mod delivery;
mod memory;
mod record;
#[cfg(test)]
mod specimen;
mod sqlite;

pub use delivery::{Delivery, DeliveryKey, WebhookEndpoint};
pub use memory::Memory;

use crate::domain::decision::{Decision, Digest, GenerationRef};
use crate::domain::ids::{EntryId, MerchantId, RequestId, Seq};
use crate::domain::keys::{KeyHash, Keys};
use crate::domain::money::Money;
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::time::Timestamp;
use crate::features::Facts;
use crate::journey::{self, Stands, State, StateKind};
use std::sync::Arc;

/// One thing that happened. Its place in the log is its id's [`Seq`]. It is also the audit entry: who, what, when.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its id; unique, ascending in the order of commits.
    pub id: EntryId,
    /// When it happened, by the engine's clock.
    pub at: Timestamp,
    /// The merchant it belongs to.
    pub merchant: MerchantId,
    /// The application it belongs to: its own id for a submission and for an imported purchase.
    pub application: EntryId,
    /// Who caused it: the visible prefix of the credential, `import`, or `demo`; at most 64 characters.
    pub actor: Box<str>,
    /// What happened.
    pub event: Event,
    /// The personal fields that came with it, apart so that they can be erased.
    pub subject: Option<Subject>,
}

impl Entry {
    /// Whether this entry answers a request of `merchant` with this fingerprint and content: only then is it the same
    /// request.
    pub fn answers(&self, merchant: &MerchantId, content: &Digest, fingerprint: u64) -> bool {
        let command = match &self.event {
            Event::Submitted(submitted) => &submitted.command,
            Event::OutcomeReported(reported) => &reported.command,
            Event::Moved(moved) => match &moved.command {
                Some(command) => command,
                None => return false,
            },
            Event::Imported(_) => return false,
        };
        self.merchant == *merchant && command.fingerprint == fingerprint && command.content == *content
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A purchase was submitted and decided.
    Submitted(Box<Submitted>),
    /// A purchase of the past was imported: counted for velocity, never decided.
    Imported(Imported),
    /// A gateway told how a purchase turned out.
    OutcomeReported(OutcomeReported),
    /// An application's journey went on.
    Moved(Box<Moved>),
}

/// A purchase was submitted and decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitted {
    /// The command's name and content, by which a repetition is known.
    pub command: Command,
    /// The merchant's own name for the purchase.
    pub merchant_reference: Option<Box<str>>,
    /// What was judged.
    pub facts: Facts,
    /// What was decided.
    pub decision: Decision,
    /// Where the application stands after it.
    pub state: State,
}

/// A purchase of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The keys it counts for.
    pub keys: Keys,
    /// Its amount; 0 is possible in history.
    pub amount: Money,
    /// How it turned out, if known.
    pub outcome: Option<RepaymentOutcome>,
}

/// A gateway told how a purchase turned out.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeReported {
    /// The command's name and content.
    pub command: Command,
    /// How it turned out.
    pub outcome: RepaymentOutcome,
    /// When that happened.
    pub occurred_at: Timestamp,
    /// The keys that the purchase counts for, so that counting needs no look-up.
    pub keys: Keys,
    /// When the purchase was submitted.
    pub purchased_at: Timestamp,
}

/// An application's journey went on.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// The name and content of the command that did it; `None`: a provider's answer, or the time.
    pub command: Option<Command>,
    /// What happened.
    pub event: journey::Event,
    /// The decision that it carries, if one was due.
    pub decision: Option<Decision>,
    /// The keys that the purchase counts for, so that counting needs no look-up.
    pub keys: Keys,
    /// Where the application stands after it.
    pub stands: Stands,
}

/// The identity of a command, by which a repetition is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The caller's name for it.
    pub request_id: RequestId,
    /// Keyed hash of merchant and request id ([`crate::domain::keys::KeyHasher::request`]).
    pub fingerprint: u64,
    /// SHA-256 of the validated content in canonical order.
    pub content: Digest,
}

/// The personal fields of one application: the request as it was validated, in its wire encoding. The only place where
/// they stand.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject(pub Box<[u8]>);

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subject(…)")
    }
}

/// What is written together: whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The entries, ascending by id.
    pub entries: Vec<Arc<Entry>>,
    /// Fingerprints of requests that leave the engine's memory and must still be found: where each was answered.
    pub settled_requests: Vec<(u64, Seq)>,
    /// A digest of the log so far, from which a start continues.
    pub checkpoint: Option<Checkpoint>,
    /// Deliveries that are owed, new ones and those that are tried again or given up.
    pub deliveries: Vec<Delivery>,
    /// Deliveries that are owed no more.
    pub delivered: Vec<DeliveryKey>,
}

/// The engine's digest of a stretch of the log; the store keeps it and knows nothing of what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last entry that it covers; it begins after the checkpoint before.
    pub through: Seq,
    /// The digest.
    pub bytes: Vec<u8>,
}

/// Which applications to list.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Of this merchant.
    pub merchant: MerchantId,
    /// Only older than this place.
    pub before: Option<Seq>,
    /// Only in this state.
    pub state: Option<StateKind>,
    /// Only of this customer.
    pub customer: Option<KeyHash>,
    /// Only submitted at or after this time.
    pub created_from: Option<Timestamp>,
    /// Only submitted before this time.
    pub created_before: Option<Timestamp>,
    /// How many at most; at least 1.
    pub limit: usize,
}

/// A page of a list, newest first.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The submissions' entries.
    pub entries: Vec<Entry>,
    /// Where to go on (as [`ListQuery::before`]), if there may be more. A page may be short and not the last: a look-up
    /// reads a bounded number of rows.
    pub next: Option<Seq>,
}

/// An API key as it is stored: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The visible beginning of the key, by which people name it.
    pub prefix: String,
    /// SHA-256 of the whole key.
    pub digest: Digest,
    /// Whose it is.
    pub merchant: MerchantId,
    /// What it may do: names of roles, comma-separated.
    pub roles: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, the file system or the quota is full.
    #[error("the store is full: {0}; make room, then retry")]
    Full(String),
    /// Another server holds the store.
    #[error("the store {0} is held by another server; stop it, or give this one another --store")]
    Held(String),
    /// Written by a version that this one does not know.
    #[error(
        "the store {path} has schema version {found}, this aval knows up to {known}; start the newer aval, or another --store"
    )]
    Version {
        /// Where.
        path: String,
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// It holds something that it cannot hold: names table, column and row.
    #[error("the store is damaged at {0}")]
    Damaged(String),
    /// Anything else that the medium says.
    #[error("the store cannot be used: {0}")]
    Unusable(String),
}

/// How long it takes to move SQLite's write-ahead log into the database, by `mode`: PASSIVE beside the writer, RESTART by
/// it, while commits wait.
pub const CHECKPOINT_SECONDS: &str = "aval_store_checkpoint_seconds";
/// The most rows that one call of [`Reader::list`] looks at.
pub const LIST_ROWS: usize = 20_000;

/// How a store is kept.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The most bytes that the store may take; a commit beyond is refused with [`StoreError::Full`]. SQLite's write-ahead
    /// log comes on top. `None`: as much as there is.
    pub max_bytes: Option<u64>,
}

/// Opens the store that `url` names: `sqlite:PATH`, or `memory`, which ends with the process. Checks its version and
/// brings it up to date.
pub fn open(url: &str, options: &Options) -> Result<Arc<dyn Store>, StoreError> {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    match scheme {
        "sqlite" if !rest.is_empty() => Ok(Arc::new(sqlite::Sqlite::open(std::path::Path::new(rest), options)?)),
        "memory" if rest.is_empty() => Ok(Arc::new(Memory::new(options))),
        "postgres" | "postgresql" => {
            Err(StoreError::Unusable("postgres comes with a later version; give --store sqlite:PATH or memory".into()))
        }
        // What follows the first colon may hold a password.
        _ => Err(StoreError::Unusable(format!("expected --store sqlite:PATH or memory, found `{scheme}`"))),
    }
}

/// A place where the log is kept. Opening one checks its version and brings it up to date.
pub trait Store: Send + Sync {
    /// The one writer. Refused with [`StoreError::Held`] while another writer, of any process, lives.
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError>;
    /// A reader; several may live at once, beside the writer, in other processes too.
    fn reader(&self) -> Result<Box<dyn Reader>, StoreError>;
    /// Adds an API key, or sets the `revoked_at` of the one with its digest. Needs no writer: keys are made and revoked
    /// while a server runs.
    fn put_api_key(&self, key: &ApiKey) -> Result<(), StoreError>;
    /// Adds an endpoint, or replaces the one with its id. Needs no writer, as everything of endpoints.
    fn put_webhook_endpoint(&self, endpoint: &WebhookEndpoint) -> Result<(), StoreError>;
    /// From a time on nothing is sent to an endpoint any more; one that is disabled stays so since then.
    fn disable_webhook_endpoint(&self, id: &str, at: Timestamp) -> Result<(), StoreError>;
    /// Takes an endpoint away, and what is owed to it.
    fn remove_webhook_endpoint(&self, id: &str) -> Result<(), StoreError>;
    /// Puts deliveries beside the writer, in place of those with their keys; counted by [`Reader::deliveries_put`], so that a
    /// running server looks.
    fn put_deliveries(&self, deliveries: &[Delivery]) -> Result<(), StoreError>;
}

/// The refusal of entries that do not ascend from the last one written.
fn not_ascending() -> StoreError {
    StoreError::Unusable("an entry does not come after the last one: places ascend, and each is written once".into())
}

/// The refusal of an entry whose generation was not kept.
fn generation_not_kept() -> StoreError {
    StoreError::Unusable("an entry's generation is not in the store: it must be kept before".into())
}

/// The refusal of a writer that has failed before.
fn after_failure() -> StoreError {
    StoreError::Unusable("an earlier commit of this writer failed: drop it, and read what was written".into())
}

/// Writes the log.
pub trait Writer: Send {
    /// Writes a batch, whole or not at all; durable when it returns. After an error this writer must be dropped: only
    /// reading tells whether the batch was written.
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError>;
    /// Keeps the files of a generation (models and policy, by digest), so that its decisions can be recomputed for
    /// ever. Keeping one again changes nothing.
    fn keep_artifacts(&mut self, artifacts: &[(Digest, &[u8])]) -> Result<(), StoreError>;
    /// Keeps a generation, which later entries refer to; a commit of an entry whose generation was not kept is refused.
    /// Keeping one again changes nothing.
    fn keep_generation(&mut self, generation: &GenerationRef) -> Result<(), StoreError>;
}

/// Reads the log.
pub trait Reader: Send {
    /// The entry of this id.
    fn entry(&mut self, id: EntryId) -> Result<Option<Entry>, StoreError>;
    /// The entry at this place.
    fn entry_at(&mut self, seq: Seq) -> Result<Option<Entry>, StoreError>;
    /// All entries of one application, oldest first, the submission included; none where there is no such application.
    fn history(&mut self, application: EntryId) -> Result<Vec<Entry>, StoreError>;
    /// At most `limit` entries after a place, oldest first.
    fn tail(&mut self, after: Seq, limit: usize) -> Result<Vec<Entry>, StoreError>;
    /// The last place written.
    fn last(&mut self) -> Result<Option<Seq>, StoreError>;
    /// A page of applications, newest first.
    fn list(&mut self, query: &ListQuery) -> Result<Page, StoreError>;
    /// Where requests of this fingerprint were answered, of those that have left the engine's memory.
    fn settled_request(&mut self, fingerprint: u64) -> Result<Option<Seq>, StoreError>;
    /// The last place among the requests that have left the engine's memory; they leave it in order. `Seq(0)`: none has.
    fn settled_through(&mut self) -> Result<Seq, StoreError>;
    /// The checkpoint that covers places after `after`, the earliest such.
    fn checkpoint(&mut self, after: Seq) -> Result<Option<Checkpoint>, StoreError>;
    /// The file kept under a digest.
    fn artifact(&mut self, digest: Digest) -> Result<Option<Vec<u8>>, StoreError>;
    /// All API keys, revoked ones too.
    fn api_keys(&mut self) -> Result<Vec<ApiKey>, StoreError>;
    /// All endpoints, disabled ones too, by age.
    fn webhook_endpoints(&mut self) -> Result<Vec<WebhookEndpoint>, StoreError>;
    /// To which endpoints something is owed that is not dead, and how much.
    fn pending_endpoints(&mut self) -> Result<Vec<(Box<str>, u64)>, StoreError>;
    /// At most `limit` deliveries that are owed to an endpoint by entries after a place, oldest first; no dead ones.
    fn pending(&mut self, endpoint: &str, after: Seq, limit: usize) -> Result<Vec<Delivery>, StoreError>;
    /// At most `limit` deliveries that were given up, of a merchant or of all, by endpoint and age.
    fn dead(&mut self, merchant: Option<&MerchantId>, limit: usize) -> Result<Vec<Delivery>, StoreError>;
    /// How often deliveries have been put beside the writer.
    fn deliveries_put(&mut self) -> Result<i64, StoreError>;
}
