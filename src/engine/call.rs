//! What the engine is asked and what it answers; how answers find their way back.

use super::metered::InFlight;
use super::sequencer::Message;
use crate::domain::decision::Digest;
use crate::domain::ids::{EntryId, MerchantId, RequestId, Seq};
use crate::domain::keys::Keys;
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::submission::Submission;
use crate::domain::time::Timestamp;
use crate::features::Facts;
use crate::journey::{self, Forbidden};
use crate::store::{Entry, Subject};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The merchant of the credential.
    pub merchant: MerchantId,
    /// The credential's visible prefix, for the audit.
    pub actor: Box<str>,
}

/// A purchase to decide on.
#[derive(Debug)]
pub struct Submit<'a> {
    /// The validated request.
    pub submission: &'a Submission,
    /// SHA-256 of its content in canonical order.
    pub content: Digest,
    /// Its personal fields, to be kept apart.
    pub subject: Subject,
}

/// A [`Submit`] as it is judged: what its request says by itself has been computed where the call came in, which is not
/// in the one sequence.
#[derive(Debug)]
pub(super) struct Purchase {
    pub request_id: RequestId,
    pub merchant_reference: Option<Box<str>>,
    pub facts: Facts,
    pub subject: Subject,
}

/// A purchase's outcome to record.
#[derive(Debug)]
pub struct Report {
    /// The caller's name for this request.
    pub request_id: RequestId,
    /// SHA-256 of its content in canonical order.
    pub content: Digest,
    /// The application.
    pub application: EntryId,
    /// How the purchase turned out.
    pub outcome: RepaymentOutcome,
    /// When that happened; `None`: now.
    pub occurred_at: Option<Timestamp>,
}

/// A step of a journey that a caller asks for.
#[derive(Debug)]
pub struct Act {
    /// The caller's name for this request.
    pub request_id: RequestId,
    /// SHA-256 of its content in canonical order.
    pub content: Digest,
    /// The application.
    pub application: EntryId,
    /// When it happened, on a server that takes times from requests.
    pub occurred_at: Option<Timestamp>,
    /// What is to happen.
    pub input: journey::Input,
    /// What the customer gave for the provider to look at: kept in memory only, and only until it has.
    pub given: Option<Given>,
    /// Personal fields that come with it, to be kept apart.
    pub subject: Option<Subject>,
}

/// What the customer gave for a provider to look at.
pub type Given = crate::provider::Input;

/// A [`Report`] with what the application's entry says.
#[derive(Debug)]
pub(super) struct LocatedReport {
    pub report: Report,
    pub keys: Keys,
    pub purchased_at: Timestamp,
}

/// One command for the sequencer.
#[derive(Debug)]
pub(super) enum Command {
    Submit(Box<Purchase>),
    Report(Box<LocatedReport>),
    Act(Box<Act>),
}

/// A command on its way, with the place that waits for its answer.
#[derive(Debug)]
pub(super) struct Call {
    pub caller: Caller,
    pub deadline: Instant,
    pub fingerprint: u64,
    pub content: Digest,
    /// When it happened, on a server that takes times from requests.
    pub occurred_at: Option<Timestamp>,
    pub command: Command,
    pub reply: Reply,
}

/// What the sequencer answers.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// Done now, or in a batch that has just been committed.
    Entry { entry: Arc<Entry>, replayed: bool },
    /// A request of this fingerprint was answered there, long ago.
    Earlier(Seq),
}

/// Why the engine does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More calls are under way than the bound allows.
    #[error("the server has all the calls under way that it takes; retry a little later")]
    Overloaded,
    /// The store cannot commit, or whether it did is not known.
    #[error("the store cannot commit now, or whether it did is not known; retry with the same request_id")]
    Unavailable {
        /// When to retry.
        retry_after: Duration,
    },
    /// The deadline passed before the call's turn came; nothing was done.
    #[error("the deadline passed before the call's turn came; nothing was done")]
    DeadlineExceeded,
    /// The request id was used with other content.
    #[error("request_id was used before with other content; use a new one for a new request")]
    RequestIdReused,
    /// There is no such application, or it is another merchant's.
    #[error("no such application")]
    NotFound,
    /// The server takes times from requests and this one has none.
    #[error("occurred_at is required: this server was started with --clock request")]
    OccurredAtMissing,
    /// The state of the application forbids it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
}

/// The most calls that go to the sequencer in one message.
const CALLS_AT_ONCE: usize = 256;
/// How long to wait before a retry where the store cannot commit.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// An answer on its way to its call; its slot among the calls under way is given back when it arrives.
#[derive(Debug)]
pub(super) struct Delivery {
    to: oneshot::Sender<Result<Answer, Refused>>,
    answer: Result<Answer, Refused>,
    _slot: Slot,
}

/// Where the calls of one runtime go out, and where they wait for their answers. Both ways a whole batch is handed over
/// at once, so that one wake-up serves all of them.
#[derive(Debug, Clone)]
pub struct Mailbox {
    calls: mpsc::UnboundedSender<Call>,
    answers: mpsc::UnboundedSender<Vec<Delivery>>,
}

impl Mailbox {
    /// A mailbox on the present runtime, with a task for each way. What is under way is bounded by the engine's bound on
    /// calls.
    pub(super) fn open(sequencer: std::sync::mpsc::Sender<Message>) -> Self {
        let (calls, mut outgoing) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut batch = Vec::new();
            // Woken by the first call, this task has its turn after those that are ready now: their calls go along.
            while outgoing.recv_many(&mut batch, CALLS_AT_ONCE).await > 0 {
                // The calls of a sequencer that has ended are dropped, and their callers hear of it.
                let _ = sequencer.send(Message::Calls(std::mem::take(&mut batch)));
            }
        });
        let (answers, mut arrivals) = mpsc::unbounded_channel::<Vec<Delivery>>();
        tokio::spawn(async move {
            while let Some(deliveries) = arrivals.recv().await {
                for Delivery { to, answer, _slot } in deliveries {
                    // A caller that has gone away left a closed channel: its answer stands in the log.
                    let _ = to.send(answer);
                }
            }
        });
        Self { calls, answers }
    }

    /// Sends a call on its way. One whose runtime is ending is dropped, and its caller hears of it.
    pub(super) fn send(&self, call: Call) {
        let _ = self.calls.send(call);
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.answers.same_channel(&other.answers)
    }

    pub(super) fn put(&self, deliveries: Vec<Delivery>) {
        // The mailbox of a runtime that has ended has nobody waiting.
        let _ = self.answers.send(deliveries);
    }
}

/// Where one call waits.
#[derive(Debug)]
pub(super) struct Reply {
    pub mailbox: Mailbox,
    pub to: oneshot::Sender<Result<Answer, Refused>>,
    pub slot: Slot,
}

/// A place among the calls under way, given back when dropped: when its answer has been delivered, however early the
/// caller has gone.
#[derive(Debug)]
pub(super) struct Slot(Arc<InFlight>);

impl Slot {
    /// A place, unless `most` are taken.
    pub fn take(in_flight: &Arc<InFlight>, most: usize) -> Option<Self> {
        let before = in_flight.count.fetch_add(1, Ordering::AcqRel);
        in_flight.gauge.increment(1.0);
        let slot = Self(in_flight.clone());
        if before < most {
            return Some(slot);
        }
        in_flight.shed.increment(1);
        None
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        self.0.gauge.decrement(1.0);
    }
}

/// Collects answers by mailbox and hands them over a batch at a time.
#[derive(Debug, Default)]
pub(super) struct Deliveries(Vec<(Mailbox, Vec<Delivery>)>);

impl Deliveries {
    pub fn add(&mut self, reply: Reply, answer: Result<Answer, Refused>) {
        let Reply { mailbox, to, slot } = reply;
        let delivery = Delivery { to, answer, _slot: slot };
        match self.0.iter_mut().find(|(known, _)| known.same_as(&mailbox)) {
            Some((_, deliveries)) => deliveries.push(delivery),
            None => self.0.push((mailbox, vec![delivery])),
        }
    }

    pub fn send(self) {
        for (mailbox, deliveries) in self.0 {
            mailbox.put(deliveries);
        }
    }
}
