//! The only places where the process asks what time it is and draws what nobody can guess.

use super::activity::{Activity, Token};
use crate::domain::ids::{EntryId, Seq};
use crate::domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// Where a server's time comes from, as its settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockKind {
    /// The machine's clock.
    System,
    /// The request's own `occurred_at`.
    Request,
}

impl From<ClockKind> for Clock {
    fn from(kind: ClockKind) -> Self {
        match kind {
            ClockKind::System => Self::System,
            ClockKind::Request => Self::Request,
        }
    }
}

/// Where the time of a decision comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// The request's own `occurred_at`: for replays and tests.
    Request,
    /// A clock that is set by hand: for scenarios.
    Virtual(Arc<VirtualClock>),
}

impl Clock {
    /// The time; on a server that takes times from requests, the machine's.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System | Self::Request => system_now(),
            Self::Virtual(clock) => clock.now(),
        }
    }

    /// Waits, without counting as something under way where time only passes by hand. Gives the token back, or the one
    /// with which it was woken.
    pub(super) async fn sleep(&self, pause: Duration, token: Token) -> Token {
        match self {
            Self::System | Self::Request => {
                tokio::time::sleep(pause).await;
                token
            }
            Self::Virtual(clock) => clock.sleep(pause, token).await,
        }
    }
}

/// A clock that is set by hand. Whoever sleeps by it is woken when it is set past their time.
#[derive(Debug)]
pub struct VirtualClock {
    now_ms: AtomicI64,
    sleepers: Mutex<BTreeMap<(i64, u64), oneshot::Sender<Token>>>,
    slept: AtomicU64,
    activity: Activity,
}

impl VirtualClock {
    /// A clock that stands at a time.
    pub fn at(now: Timestamp) -> Self {
        let activity = Activity::default();
        Self { now_ms: AtomicI64::new(now.ms()), sleepers: Mutex::default(), slept: AtomicU64::new(0), activity }
    }

    /// What is under way by this clock.
    pub(super) fn activity(&self) -> &Activity {
        &self.activity
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now_ms.load(Ordering::Acquire)).unwrap_or_default()
    }

    /// Sets the time and wakes whoever has slept long enough.
    pub fn set(&self, now: Timestamp) {
        self.now_ms.store(now.ms(), Ordering::Release);
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let still_asleep = sleepers.split_off(&(now.ms() + 1, 0));
        for (_, sleeper) in std::mem::replace(&mut *sleepers, still_asleep) {
            // One that was given up does not wait any more.
            let _ = sleeper.send(self.activity.begin());
        }
    }

    /// When the next sleeper wakes.
    pub fn next_waking(&self) -> Option<Timestamp> {
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        sleepers.retain(|_, sleeper| !sleeper.is_closed());
        sleepers.first_key_value().and_then(|((ms, _), _)| Timestamp::from_ms(*ms).ok())
    }

    async fn sleep(&self, pause: Duration, token: Token) -> Token {
        let (sender, woken) = oneshot::channel();
        let at = self.now().ms().saturating_add(pause.as_millis() as i64);
        let place = (at, self.slept.fetch_add(1, Ordering::AcqRel));
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner).insert(place, sender);
        drop(token);
        match woken.await {
            Ok(token) => token,
            // The clock was dropped: nobody waits for this any more.
            Err(_) => std::future::pending().await,
        }
    }
}

/// The machine's time, in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the one place that asks")]
pub fn system_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// The machine's time.
pub fn system_now() -> Timestamp {
    Timestamp::from_ms(system_ms()).unwrap_or_default()
}

/// Gives out the ids of entries: ascending, whatever the machine's clock does.
#[derive(Debug)]
pub struct Ids {
    last: Seq,
}

impl Ids {
    /// Goes on after the last place written.
    pub fn after(last: Seq) -> Self {
        Self { last }
    }

    /// The next id at the machine's time `now_ms`, or just after the last one where the clock went backwards or more
    /// than 4,096 ids were given out in a millisecond. `random` makes it unguessable.
    pub fn next(&mut self, now_ms: i64, random: u64) -> EntryId {
        self.last = Seq((self.last.0 + 1).max(now_ms << 12));
        EntryId::from_parts(self.last, random)
    }

    /// The last place given out.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// The machine's time, kept from going backwards: never before the last id that was given out.
    pub fn not_before_last(&self, now_ms: i64) -> i64 {
        now_ms.max(self.last.0 >> 12)
    }
}

/// A supply of random numbers from the operating system, drawn in blocks.
#[derive(Debug)]
pub struct Random {
    block: [u8; 1024],
    used: usize,
}

impl Random {
    /// A supply that has drawn nothing yet.
    pub fn new() -> Self {
        Self { block: [0; 1024], used: 1024 }
    }

    /// The next number. An operating system that has no random numbers to give leaves ids guessable but unique.
    pub fn draw(&mut self) -> u64 {
        if self.used == self.block.len() {
            if let Err(error) = getrandom::fill(&mut self.block) {
                tracing::error!(%error, "no random numbers from the operating system: ids can be guessed");
            }
            self.used = 0;
        }
        let bytes = self.block[self.used..].first_chunk().copied().unwrap_or_default();
        self.used += 8;
        u64::from_le_bytes(bytes)
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_whatever_the_clock_does() {
        let mut ids = Ids::after(Seq(0));
        let mut last = Seq(0);
        for now_ms in [1_000, 1_000, 999, 5, 1_001, 1_001] {
            let seq = ids.next(now_ms, 7).seq();
            assert!(seq > last, "{seq:?} after {last:?} at {now_ms}");
            last = seq;
        }
        assert_eq!(ids.not_before_last(5), 1_001);
        let many: Vec<_> = (0..10_000).map(|_| ids.next(1_001, 0).seq()).collect();
        assert!(many.is_sorted() && many[0] > last);
    }

    #[test]
    fn random_numbers_do_not_repeat() {
        let mut random = Random::new();
        let drawn: std::collections::BTreeSet<_> = (0..1_000).map(|_| random.draw()).collect();
        assert_eq!(drawn.len(), 1_000);
    }
}
