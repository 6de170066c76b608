//! The events of one busy key: sorted by time, with running totals, so that a window is two binary searches.

use super::catalogue::EDGES;
use super::event::{Event, KnownSince};
use super::slot::{KEPT_MS, Reading, Tally};

/// The most events that are kept of a key: of more, the oldest go.
pub const MAX_EVENTS: usize = 4_096;
/// How many dead places may stand at the front before the living ones move up.
const MAX_DEAD: usize = 512;
const FRAUD_BITS: u32 = 16;
/// How far from where it last was an edge is looked for step by step.
const NEAR: usize = 8;

/// One event with the totals up to and including it. Totals wrap: only their differences mean anything.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Milliseconds in the high 48 bits, the number of frauds so far in the low 16.
    at_and_frauds: u64,
    /// The amounts so far.
    total: i64,
}

impl Step {
    fn new(at: i64, frauds: u16, total: i64) -> Self {
        Self { at_and_frauds: (at as u64) << FRAUD_BITS | u64::from(frauds), total }
    }

    fn at(self) -> i64 {
        (self.at_and_frauds >> FRAUD_BITS) as i64
    }

    fn frauds(self) -> u16 {
        self.at_and_frauds as u16
    }

    fn set_frauds(&mut self, frauds: u16) {
        *self = Self::new(self.at(), frauds, self.total);
    }
}

/// The events of one busy key.
#[derive(Debug)]
pub(super) struct Series {
    steps: Vec<Step>,
    /// How many places at the front are dead.
    dead: usize,
    /// The totals before the first place.
    before: Step,
    since: KnownSince,
    /// The currency of all events, or of those until the first in another.
    currency: u8,
    /// The currency of each place, once there is more than one.
    currencies: Option<Vec<u8>>,
    /// Where each edge of the windows was at the last reading: time goes on, so it is there or a little later. Only
    /// hints; no reading depends on them.
    hints: [u16; EDGES.len()],
}

impl Series {
    /// A series of events sorted by time.
    pub fn new(events: &[Event], since: KnownSince) -> Self {
        let mut series = Self {
            steps: Vec::with_capacity(2 * events.len()),
            dead: 0,
            before: Step::new(0, 0, 0),
            since,
            currency: events.first().map_or(0, |event| event.currency),
            currencies: None,
            hints: [0; EDGES.len()],
        };
        for event in events {
            series.add(*event);
            if event.fraud {
                series.report(event.at);
            }
        }
        series
    }

    pub fn since(&self) -> KnownSince {
        self.since
    }

    /// Adds one event, which is not yet known to be fraud, after those of the same time.
    pub fn add(&mut self, event: Event) {
        let place = match self.steps.last() {
            Some(last) if last.at() > event.at => self.rank(event.at, self.steps.len()),
            _ => self.steps.len(),
        };
        let so_far = self.totals_before(place);
        let step = Step::new(event.at, so_far.frauds(), so_far.total.wrapping_add(event.amount));
        if self.currencies.is_none() && event.currency != self.currency {
            self.currencies = Some(vec![self.currency; self.steps.len()]);
        }
        if let Some(currencies) = &mut self.currencies {
            currencies.insert(place, event.currency);
        }
        self.steps.insert(place, step);
        for later in &mut self.steps[place + 1..] {
            later.total = later.total.wrapping_add(event.amount);
        }
        self.forget();
    }

    /// Marks one event of this time as fraud, the first that is not yet.
    pub fn report(&mut self, at: i64) {
        let end = self.rank(at, self.steps.len());
        let mut place = self.rank(at - 1, end);
        while place < end && self.is_fraud(place) {
            place += 1;
        }
        if place < end {
            for step in &mut self.steps[place..] {
                step.set_frauds(step.frauds().wrapping_add(1));
            }
        }
    }

    /// What was counted up to each edge before `at`.
    pub fn read(&mut self, at: i64, currency: u8) -> Reading {
        let start = self.totals_before(self.dead);
        let mut reading = Reading { since: self.since, ..Reading::default() };
        for (edge, age) in EDGES.iter().enumerate() {
            let end = self.rank_near(at - age, self.hints[edge].into());
            self.hints[edge] = end as u16;
            let totals = self.totals_before(end);
            reading.tallies[edge] = Tally {
                count: (end - self.dead) as u32,
                foreign: self.foreign(end, currency),
                frauds: totals.frauds().wrapping_sub(start.frauds()).into(),
                sum: totals.total.wrapping_sub(start.total),
            };
        }
        let now = usize::from(self.hints[0]);
        reading.last = (now > self.dead).then(|| self.steps[now - 1].at());
        reading
    }

    /// All events, by time.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        (self.dead..self.steps.len()).map(|place| Event {
            at: self.steps[place].at(),
            amount: self.steps[place].total.wrapping_sub(self.totals_before(place).total),
            currency: self.currencies.as_ref().map_or(self.currency, |currencies| currencies[place]),
            fraud: self.is_fraud(place),
        })
    }

    pub fn heap_bytes(&self) -> usize {
        let currencies = self.currencies.as_ref().map_or(0, Vec::capacity);
        size_of::<Self>() + self.steps.capacity() * size_of::<Step>() + currencies
    }

    /// How many places, dead ones too, are not after `at`; the places from `end` on are known to be.
    fn rank(&self, at: i64, end: usize) -> usize {
        self.dead + self.steps[self.dead..end].partition_point(|step| step.at() <= at)
    }

    /// The same, looked for from a place where it may be.
    fn rank_near(&self, at: i64, hint: usize) -> usize {
        let mut place = hint.clamp(self.dead, self.steps.len());
        for _ in 0..NEAR {
            if place > self.dead && self.steps[place - 1].at() > at {
                place -= 1;
            } else if place < self.steps.len() && self.steps[place].at() <= at {
                place += 1;
            } else {
                return place;
            }
        }
        self.rank(at, self.steps.len())
    }

    fn totals_before(&self, place: usize) -> Step {
        place.checked_sub(1).map_or(self.before, |before| self.steps[before])
    }

    fn is_fraud(&self, place: usize) -> bool {
        self.steps[place].frauds() != self.totals_before(place).frauds()
    }

    /// How many events before a place are in another currency.
    fn foreign(&self, end: usize, currency: u8) -> u32 {
        match &self.currencies {
            None if self.currency == currency => 0,
            None => (end - self.dead) as u32,
            Some(currencies) => currencies[self.dead..end].iter().filter(|other| **other != currency).count() as u32,
        }
    }

    /// Lets go of what no window reaches and of what is too much.
    fn forget(&mut self) {
        let Some(newest) = self.steps.last().map(|step| step.at()) else { return };
        while self.steps.len() - self.dead > MAX_EVENTS || self.steps[self.dead].at() < newest - KEPT_MS {
            self.dead += 1;
        }
        if self.dead >= MAX_DEAD.min(self.steps.capacity() / 2).max(1) {
            self.before = self.totals_before(self.dead);
            self.steps.drain(..self.dead);
            if let Some(currencies) = &mut self.currencies {
                currencies.drain(..self.dead);
            }
            self.dead = 0;
            if self.steps.capacity() > 4 * self.steps.len() {
                self.steps.shrink_to(2 * self.steps.len());
            }
        }
    }
}
