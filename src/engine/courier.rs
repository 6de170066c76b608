//! Deliveries: what an entry calls to be told is told after its commit, and stands in the store until then. What comes of it goes
//! back through the one sequence into a commit: delivered, it goes away; failed, it is tried again, with pauses that double, for
//! three days; then it is dead, and waits for a command.
//!
//! To one endpoint, what belongs to one application goes one after the other, each after what came of the one before was
//! committed. What a crash finds sent and not committed is sent again, under the same id. An endpoint that fails rests, and keeps
//! nobody but itself waiting.

mod endpoints;
mod hook;
mod mail;
mod routes;

pub(super) use endpoints::{Endpoints, Owing};
pub use hook::redeliveries;
pub use mail::{Letter, MailOf};
pub(super) use routes::run;

use super::activity::{Activity, Token};
use super::clock::Clock;
use super::links::Links;
use super::readers::Readers;
use super::vault::Vault;
use crate::domain::delivery::DeliveryKind;
use crate::domain::time::{DAY_MS, HOUR_MS, Timestamp};
use crate::notice::Mailer;
use crate::notice::webhook::Carrier;
use crate::policy::Generation;
use crate::store::{Delivery, Entry, Store};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long one call may take.
const CALL: Duration = Duration::from_secs(15);
/// How long a delivery is tried for.
const TRIED_FOR_MS: i64 = 3 * DAY_MS;
/// The pause after the first failure, in milliseconds; it doubles with each.
const PAUSE_MS: i64 = 5_000;
/// The longest pause between two tries.
const LONGEST_PAUSE_MS: i64 = 8 * HOUR_MS;
/// The longest pause that a receiver may ask for.
const LONGEST_ASKED_MS: i64 = HOUR_MS;
/// How long an endpoint rests after a failure, in milliseconds; it doubles with each in a row.
const REST_MS: i64 = 1_000;
/// The longest rest.
const LONGEST_REST_MS: i64 = 60_000;
/// How many calls are under way to one endpoint, and to the mail server.
const AT_ONCE: usize = 4;
/// How many calls are under way at all.
const ALL_AT_ONCE: usize = 256;

/// What the `data` of an event says of an application and of its last entry, beside the version: its format is the caller's.
pub type DataOf = fn(&[Entry], &Links) -> Option<serde_json::Map<String, serde_json::Value>>;

/// Who tells people and merchants outside what happened. By default nobody is there to.
#[derive(Clone)]
pub struct Notices {
    /// Who sends mails; `None`: none are owed.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Who renders them.
    pub mail_of: MailOf,
    /// Who takes messages to merchants' servers.
    pub carrier: Option<Arc<dyn Carrier>>,
    /// What they say.
    pub data_of: DataOf,
}

impl Default for Notices {
    fn default() -> Self {
        Self { mailer: None, mail_of: |_| None, carrier: None, data_of: |_, _| None }
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Notices(mails: {}, webhooks: {})", self.mailer.is_some(), self.carrier.is_some())
    }
}

/// What reaches the courier.
#[derive(Debug)]
pub(super) enum Word {
    /// These are owed: their entries have been committed.
    Owed(Owed),
    /// What came of a delivery has been committed.
    Kept(Came),
    /// Something is owed that was not said: put by a command, or known to the log alone. `forget`: the log was read again after a
    /// failed commit, so nothing is known of what was about to be committed.
    Look { forget: bool, token: Token },
}

/// What an entry owes.
#[derive(Debug)]
pub(super) struct Owed {
    pub deliveries: Vec<Delivery>,
    /// Keeps it counted among what is under way.
    pub token: Token,
}

/// What came of a delivery.
#[derive(Debug)]
pub(super) struct Came {
    /// The delivery, with its next try where there is one.
    pub delivery: Delivery,
    /// Whether it is owed no more.
    pub away: bool,
    /// Keeps it counted among what is under way.
    pub token: Token,
}

/// Who delivers.
pub(super) struct Courier {
    pub readers: Readers,
    pub store: Arc<dyn Store>,
    pub endpoints: Endpoints,
    pub vault: Vault,
    pub clock: Clock,
    pub generation: Arc<Generation>,
    pub notices: Notices,
    pub links: Links,
    pub activity: Activity,
}

/// What one try comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It was taken.
    Delivered,
    /// There is nobody to tell, or nothing.
    Nothing(&'static str),
    /// It will never be taken.
    Refused,
    /// It was not taken.
    Failed { why: &'static str, after: Option<Duration> },
}

impl Outcome {
    /// The name in metrics.
    fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Nothing(why) | Self::Failed { why, .. } => why,
            Self::Refused => "refused_for_good",
        }
    }

    /// Whether the receiver works, as far as this says: one that does not would fail the next message too. `None`: it was not
    /// asked.
    fn works(self) -> Option<bool> {
        match self {
            Self::Delivered | Self::Refused | Self::Failed { why: "refused" | "redirect", .. } => Some(true),
            Self::Failed { why: "timeout" | "unreached" | "server_error" | "rate_limited" | "broken", .. } => {
                Some(false)
            }
            Self::Nothing(_) | Self::Failed { .. } => None,
        }
    }
}

/// The turns to talk to one endpoint.
#[derive(Debug)]
struct Turns {
    at_once: Arc<Semaphore>,
    /// Until when it is left alone, in milliseconds since 1970.
    rests_until: AtomicI64,
    /// How often in a row it failed.
    failures: AtomicU32,
}

impl Turns {
    fn new() -> Self {
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        Self { at_once, rests_until: AtomicI64::new(0), failures: AtomicU32::new(0) }
    }

    fn heard(&self, outcome: Outcome, now: Timestamp) {
        match outcome.works() {
            Some(false) => {}
            Some(true) => {
                self.failures.store(0, Ordering::Release);
                self.rests_until.store(0, Ordering::Release);
                return;
            }
            None => return,
        }
        let failures = self.failures.fetch_add(1, Ordering::AcqRel);
        let rest = doubled(REST_MS, failures, LONGEST_REST_MS).max(asked(outcome));
        self.rests_until.fetch_max(now.plus_ms(rest).ms(), Ordering::AcqRel);
    }
}

impl Courier {
    /// Delivers when it is due, and says what came of it.
    async fn deliver(
        self: Arc<Self>,
        delivery: Delivery,
        turns: Arc<Turns>,
        all: Arc<Semaphore>,
        token: Token,
    ) -> Came {
        let mut token = self.sleep_until(delivery.due_at, token).await;
        // Neither is ever closed.
        let (_turn, _of_all) = loop {
            let turn = turns.at_once.clone().acquire_owned().await.ok();
            let rests_until = Timestamp::from_ms(turns.rests_until.load(Ordering::Acquire)).unwrap_or_default();
            if rests_until <= self.clock.now() || is_over(&delivery, self.clock.now()) {
                break (turn, all.acquire_owned().await.ok());
            }
            drop(turn);
            token = self.sleep_until(rests_until, token).await;
        };
        let now = self.clock.now();
        // While an endpoint fails, what has been owed too long is given up without another try.
        let hopeless = delivery.tries > 0 || turns.failures.load(Ordering::Acquire) > 0;
        let outcome = match delivery.key.kind {
            _ if hopeless && is_over(&delivery, now) => Outcome::Failed { why: "too_old", after: None },
            DeliveryKind::Webhook => hook::deliver(&self, &delivery).await,
            DeliveryKind::Confirmation
            | DeliveryKind::Reminder
            | DeliveryKind::Receipt
            | DeliveryKind::Closing
            | DeliveryKind::PaymentFailed
            | DeliveryKind::DueDateMoved
            | DeliveryKind::DeclinedPayInOneGo
            | DeliveryKind::Refunded => mail::deliver(&self, &delivery).await,
        };
        let now = self.clock.now();
        turns.heard(outcome, now);
        came(delivery, outcome, now, token)
    }

    async fn sleep_until(&self, at: Timestamp, token: Token) -> Token {
        match at.ms() - self.clock.now().ms() {
            ms @ 1.. => self.clock.sleep(Duration::from_millis(ms.unsigned_abs()), token).await,
            _ => token,
        }
    }

    /// Nothing is sent to an endpoint any more, because it said so.
    async fn disable(&self, id: &str) {
        self.endpoints.disable(id);
        tracing::warn!(endpoint = id, "an endpoint answers 410 Gone: it is disabled");
        let (store, id, now) = (self.store.clone(), id.to_owned(), self.clock.now());
        let disabled = tokio::task::spawn_blocking(move || store.disable_webhook_endpoint(&id, now)).await;
        match disabled {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "an endpoint cannot be disabled in the store"),
            Err(error) => tracing::error!(%error, "an endpoint cannot be disabled in the store"),
        }
    }
}

/// Whether a delivery has been owed for too long.
fn is_over(delivery: &Delivery, now: Timestamp) -> bool {
    now >= delivery.since.plus_ms(TRIED_FOR_MS)
}

/// What an outcome makes of a delivery.
fn came(delivery: Delivery, outcome: Outcome, now: Timestamp, token: Token) -> Came {
    let kind = delivery.key.kind.name();
    metrics::counter!(super::DELIVERIES, "kind" => kind, "outcome" => outcome.name()).increment(1);
    let tried = |delivery: Delivery| Delivery { tries: delivery.tries.saturating_add(1), ..delivery };
    match outcome {
        Outcome::Delivered | Outcome::Nothing(_) => Came { delivery, away: true, token },
        Outcome::Refused => Came { delivery: dead(tried(delivery), outcome, now), away: false, token },
        Outcome::Failed { .. } => {
            let pause = doubled(PAUSE_MS, delivery.tries, LONGEST_PAUSE_MS).max(asked(outcome));
            let (delivery, due_at) = (tried(delivery), now.plus_ms(pause));
            let delivery = match is_over(&delivery, due_at) {
                true => dead(delivery, outcome, now),
                false => Delivery { due_at, ..delivery },
            };
            Came { delivery, away: false, token }
        }
    }
}

fn dead(delivery: Delivery, outcome: Outcome, now: Timestamp) -> Delivery {
    let (kind, endpoint, tries) = (delivery.key.kind.name(), &delivery.key.endpoint, delivery.tries);
    metrics::counter!(super::DELIVERIES, "kind" => kind, "outcome" => "dead").increment(1);
    tracing::error!(kind, %endpoint, tries, why = outcome.name(), "a delivery is given up: `aval webhooks dead` lists them");
    Delivery { due_at: now, dead: true, ..delivery }
}

/// The pause that a receiver asks for, within bounds.
fn asked(outcome: Outcome) -> i64 {
    match outcome {
        Outcome::Failed { after: Some(after), .. } => {
            i64::try_from(after.as_millis()).unwrap_or(i64::MAX).min(LONGEST_ASKED_MS)
        }
        _ => 0,
    }
}

fn doubled(first: i64, times: u32, longest: i64) -> i64 {
    first.saturating_mul(1 << times.min(30)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{MerchantId, Seq};
    use crate::store::DeliveryKey;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_795_000_000_000 + ms).unwrap()
    }

    fn delivery(tries: u32) -> Delivery {
        let key = DeliveryKey { endpoint: "we_a".into(), seq: Seq(1), kind: DeliveryKind::Webhook };
        let merchant = MerchantId::parse("shop").unwrap();
        Delivery { key, application: Seq(1), merchant, since: at(0), due_at: at(0), tries, dead: false }
    }

    fn failed(after: Option<u64>) -> Outcome {
        Outcome::Failed { why: "server_error", after: after.map(Duration::from_secs) }
    }

    #[test]
    fn pauses_double_up_to_eight_hours_and_end_after_three_days() {
        let (mut delivery, mut now, mut pauses) = (delivery(0), at(0), Vec::new());
        while !delivery.dead {
            let came = came(delivery, failed(None), now, Activity::default().begin());
            assert!(!came.away);
            delivery = came.delivery;
            pauses.push((delivery.due_at.ms() - now.ms()) / 1_000);
            now = delivery.due_at;
        }
        let expected = [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120, 10_240, 20_480];
        assert_eq!(pauses[..13], expected, "{pauses:?}");
        assert!(pauses[13..pauses.len() - 1].iter().all(|pause| *pause == 28_800), "{pauses:?}");
        assert_eq!(pauses.last(), Some(&0), "a dead one says when it died");
        assert!(now < at(TRIED_FOR_MS) && delivery.tries as usize == pauses.len());
    }

    #[test]
    fn a_receivers_wish_counts_where_it_is_longer_and_within_an_hour() {
        let due = |after| {
            let came = came(delivery(0), failed(Some(after)), at(0), Activity::default().begin());
            (came.delivery.due_at.ms() - at(0).ms()) / 1_000
        };
        assert_eq!([due(1), due(60), due(u64::MAX)], [5, 60, 3_600]);
    }

    #[test]
    fn an_endpoint_rests_longer_with_each_failure_in_a_row_and_not_after_a_success() {
        let turns = Turns::new();
        let rests = |turns: &Turns| turns.rests_until.load(Ordering::Acquire) - at(0).ms();
        for expected in [1_000, 2_000, 4_000] {
            turns.heard(failed(None), at(0));
            assert_eq!(rests(&turns), expected);
        }
        turns.heard(Outcome::Failed { why: "too_old", after: None }, at(0));
        turns.heard(Outcome::Nothing("no_endpoint"), at(0));
        assert_eq!(rests(&turns), 4_000, "what was not asked says nothing of it");
        (0..40).for_each(|_| turns.heard(failed(None), at(0)));
        assert_eq!(rests(&turns), LONGEST_REST_MS);
        turns.heard(Outcome::Failed { why: "refused", after: None }, at(0));
        assert!(rests(&turns) < 0, "it works, whatever it says to this one");
    }
}
