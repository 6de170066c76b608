//! The clock of the demonstration: it starts at a time, runs on by itself with the machine's, and can be sent ahead. What is
//! due on the way happens, each at its own time, before it goes on.

use crate::domain::time::{DAY_MS, HOUR_MS, Timestamp};
use crate::engine::Engine;
use crate::engine::clock::{VirtualClock, system_ms};
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How often the clock moves by itself.
const TICK: Duration = Duration::from_millis(200);
/// How long it waits for what a tick makes happen.
const TICK_PATIENCE: Duration = Duration::from_millis(100);
/// How long one thing that is due may take to have happened before time goes on all the same.
const STEP_PATIENCE: Duration = Duration::from_secs(5);
/// How long going ahead may take in all; then the clock stands where it has come to.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether everything has happened.
const LOOK: Duration = Duration::from_millis(5);
/// The furthest that the clock is sent at once, in milliseconds.
const FURTHEST_MS: i64 = 100 * DAY_MS;

/// The hours of the day, and the time zone in which they are taken.
const DAY: std::ops::Range<i8> = 9..17;
const ZONE: &str = "Europe/Paris";

/// This time where it is by day, or else the next morning.
pub fn by_day(at: Timestamp) -> Timestamp {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let hour = |at: Timestamp| at.to_jiff().to_zoned(zone.clone()).hour();
    let mut at = at;
    while !DAY.contains(&hour(at)) {
        at = at.plus_ms(HOUR_MS);
    }
    at
}

/// The clock, and what moves it.
pub struct Clockwork {
    engine: Arc<Engine>,
    clock: Arc<VirtualClock>,
    /// How far ahead of the machine's clock it is, in milliseconds.
    ahead_ms: AtomicI64,
    /// What the shop has under way.
    busy: AtomicUsize,
    /// Only one moves it.
    moving: Mutex<()>,
}

/// Something that the shop has under way: time does not go ahead meanwhile.
pub struct Busy(Arc<Clockwork>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Clockwork {
    /// Moves this clock of this engine, from the time where it stands.
    pub fn new(engine: Arc<Engine>, clock: Arc<VirtualClock>) -> Self {
        let ahead_ms = AtomicI64::new(clock.now().ms() - system_ms());
        Self { engine, clock, ahead_ms, busy: AtomicUsize::new(0), moving: Mutex::new(()) }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// When time brings something next, as far as is known.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.engine.next_due(&self.clock)
    }

    /// Something begins that time waits for.
    pub fn begin(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Ordering::AcqRel);
        Busy(self.clone())
    }

    /// Runs on with the machine's clock until it is dropped.
    pub async fn run(&self) {
        loop {
            tokio::time::sleep(TICK).await;
            let _moving = self.moving.lock().await;
            let ahead = self.ahead_ms.load(Ordering::Acquire);
            self.set(Timestamp::default().plus_ms(system_ms() + ahead));
            self.settle(Instant::now() + TICK_PATIENCE).await;
        }
    }

    /// Goes ahead by so many milliseconds; what is due happens on the way.
    pub async fn go_on(&self, ms: i64) {
        let _moving = self.moving.lock().await;
        let target = self.now().plus_ms(ms.clamp(0, FURTHEST_MS));
        self.go_to(target).await;
    }

    /// Goes ahead to the next thing that happens by itself; nowhere where nothing does.
    pub async fn go_to_next(&self) {
        let _moving = self.moving.lock().await;
        self.settle(Instant::now() + STEP_PATIENCE).await;
        let Some(next) = self.next_due() else { return };
        self.go_to(next.max(self.now())).await;
    }

    async fn go_to(&self, target: Timestamp) {
        let until = Instant::now() + PATIENCE;
        loop {
            self.settle(until.min(Instant::now() + STEP_PATIENCE)).await;
            let due = self.next_due().filter(|due| *due <= target);
            match due {
                Some(due) if Instant::now() < until => self.set(due.max(self.now().plus_ms(1))),
                Some(_) => break,
                None => {
                    self.set(target);
                    self.settle(until.min(Instant::now() + STEP_PATIENCE)).await;
                    break;
                }
            }
        }
        self.ahead_ms.store(self.now().ms() - system_ms(), Ordering::Release);
    }

    /// It never goes back, whatever the machine's does.
    fn set(&self, at: Timestamp) {
        if at > self.clock.now() {
            self.clock.set(at);
        }
    }

    /// Waits until everything that follows from what has happened has happened, in the engine and in the shop.
    async fn settle(&self, until: Instant) {
        loop {
            if tokio::time::timeout_at(until.into(), self.engine.settled()).await.is_err() {
                return;
            }
            if self.busy.load(Ordering::Acquire) == 0 && self.engine.is_settled() {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nights_are_skipped() {
        for (at, by) in [
            ("2026-11-25T10:30:00Z", "2026-11-25T10:30:00Z"),
            ("2026-11-25T16:30:00Z", "2026-11-26T08:30:00Z"),
            ("2026-11-25T03:10:00Z", "2026-11-25T08:10:00Z"),
        ] {
            assert_eq!(by_day(Timestamp::parse(at).unwrap()).to_string(), by, "{at}");
        }
    }
}
