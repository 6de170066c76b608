//! What came before: counts, sums and means over sliding windows.
//!
//! [`Velocity::read_into`] reads and counts nothing, [`Velocity::add`] counts. Between the two stands the judgement,
//! all on one thread, so of N purchases at once on one card the k-th reads k − 1. Nothing here depends on what was
//! read: the same additions and reports in the same order give the same state.

mod catalogue;
mod event;
mod series;
mod shard;
mod slot;
#[cfg(test)]
mod tests;

pub(super) use catalogue::{ABOUT, ADDRESS, CARD, CUSTOMER, DEVICE, EMAIL, IP, Measure, PHONE, TERMINAL};
pub(super) use catalogue::{FIRST_CODE, NEXT_KEY, mean_is_of};
pub use series::MAX_EVENTS;

use super::catalogue::CATALOGUE;
use super::{Facts, Feature, Source};
use crate::domain::decision::{Digest, DigestWriter};
use crate::domain::keys::{KeyKind, Keys};
use crate::domain::money::{Currency, Money};
use crate::domain::time::Timestamp;
use catalogue::{EDGES, Quantity, WINDOWS, Window};
use event::Event;
use shard::Shard;
use slot::Reading;
use std::sync::LazyLock;

/// Into how many parts the keys are divided, so that growing or forgetting one takes no time to speak of.
const SHARDS: usize = 256;

/// Counts and sums of the past by key.
#[derive(Debug)]
pub struct Velocity {
    shards: Vec<Shard>,
    /// The currencies met, by the place that events name.
    currencies: Vec<Currency>,
    generation_bytes: usize,
}

impl Velocity {
    /// Nothing counted yet; takes at most about `max_bytes` of memory, beyond which the keys not seen for longest are
    /// forgotten and read as missing.
    pub fn new(max_bytes: usize) -> Self {
        let shards = std::iter::repeat_with(Shard::default).take(SHARDS).collect();
        Self { shards, currencies: Vec::new(), generation_bytes: max_bytes / SHARDS / 2 }
    }

    /// Completes the features of an application with what came before it. Counts nothing.
    pub fn read_into(&mut self, facts: &mut Facts) {
        let (at, amount) = (facts.at.ms(), facts.amount.amount_minor);
        let currency = self.currency(facts.amount.currency).unwrap_or(u8::MAX);
        // All keys are looked up before any is answered for, so that their waits for memory overlap.
        let readings = KeyKind::ALL.map(|kind| {
            let place = place(kind, facts.keys.get(kind)?);
            Some(self.shards[shard(place)].read(place, at, currency))
        });
        let numbers = facts.vector.numbers_mut();
        for (reading, questions) in readings.iter().zip(QUESTIONS.iter()) {
            let Some(reading) = reading else { continue };
            let held = WINDOWS.map(|window| Held::of(reading, window, at));
            for (number, measure) in numbers[questions.first..].iter_mut().zip(&questions.measures) {
                let held = held[usize::from(measure.window.place)];
                let answer = held.and_then(|held| answer(measure.quantity, held, reading.last, at, amount));
                *number = answer.unwrap_or(f64::NAN);
            }
        }
    }

    /// Counts one purchase. Purchases come in the order of the log; one that happened before the last one counts at
    /// its own time, and is exact if it comes at most 30 days late.
    pub fn add(&mut self, keys: &Keys, at: Timestamp, amount: Money) {
        let currency = self.currency(amount.currency).unwrap_or_else(|| {
            // The last place is never given out: it stands for currencies that were not met.
            self.currencies.push(amount.currency);
            (self.currencies.len() - 1).min(usize::from(u8::MAX) - 1) as u8
        });
        let event = Event { at: at.ms(), amount: amount.amount_minor, currency, fraud: false };
        for place in places(keys) {
            self.shards[shard(place)].add(place, event, self.generation_bytes);
        }
    }

    /// Counts one purchase of each of these keys at this time as fraud from now on. What was never counted, or is
    /// forgotten, stays so.
    pub fn report_fraud(&mut self, keys: &Keys, at: Timestamp) {
        for place in places(keys) {
            self.shards[shard(place)].report(place, at.ms());
        }
    }

    /// The digest of everything counted, the same whatever order the keys were met in: for comparing two of them.
    pub fn digest(&self) -> Digest {
        let mut writer = DigestWriter::default();
        let mut put = |number: i64| writer.update(&number.to_le_bytes());
        for shard in &self.shards {
            put(shard.since().day().into());
            for (place, slot) in shard.sorted() {
                let events = slot.events();
                put(place as i64);
                put(slot.since().day().into());
                put(events.len() as i64);
                for event in events {
                    let code = self.currencies.get(usize::from(event.currency)).map_or("", |currency| currency.code());
                    put(event.at);
                    put(event.amount);
                    put(code.bytes().fold(0, |code, letter| code << 8 | i64::from(letter)));
                    put(event.fraud.into());
                }
            }
        }
        writer.finish()
    }

    /// The memory it takes, about, in bytes.
    pub fn bytes(&self) -> usize {
        self.shards.iter().map(Shard::bytes).sum()
    }

    fn currency(&self, currency: Currency) -> Option<u8> {
        let at = self.currencies.iter().position(|known| *known == currency)?;
        Some(at.min(usize::from(u8::MAX) - 1) as u8)
    }
}

/// What is asked about the keys of one kind, close together: the catalogue is too large to be walked for each key.
struct Questions {
    /// The place of the first in the catalogue; the others follow.
    first: usize,
    measures: Vec<Measure>,
}

static QUESTIONS: LazyLock<[Questions; 8]> = LazyLock::new(|| {
    KeyKind::ALL.map(|kind| {
        let of_kind = |feature: &Feature| match feature.source {
            Source::Velocity(measure) if measure.kind == kind => Some(measure),
            _ => None,
        };
        let first = CATALOGUE.iter().position(|feature| of_kind(feature).is_some()).unwrap_or(CATALOGUE.len());
        Questions { first, measures: CATALOGUE[first..].iter().map_while(of_kind).collect() }
    })
});

/// Where a key's events are kept. Kinds are salted apart, and the product spreads hashes that are not yet spread.
fn place(kind: KeyKind, hash: u64) -> u64 {
    (hash ^ (kind as u64 + 1).wrapping_mul(0xd6e8_feb8_6659_fd93)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The part that a place belongs to, by bits that the part's own table does not look at first.
fn shard(place: u64) -> usize {
    (place >> 40) as usize % SHARDS
}

fn places(keys: &Keys) -> impl Iterator<Item = u64> {
    KeyKind::ALL.into_iter().filter_map(|kind| Some(place(kind, keys.get(kind)?)))
}

/// What one window holds of a key.
#[derive(Debug, Clone, Copy)]
struct Held {
    count: u32,
    frauds: u32,
    /// `None` where another currency is among them.
    sum: Option<i64>,
}

impl Held {
    /// `None`: something that the window reaches back to may have been forgotten.
    fn of(reading: &Reading, window: Window, at: i64) -> Option<Self> {
        let (from, to) = (usize::from(window.from), usize::from(window.to));
        let (newer, older) = (reading.tallies[to], reading.tallies[from]);
        let held = || Self {
            count: newer.count - older.count,
            frauds: newer.frauds - older.frauds,
            sum: (newer.foreign == older.foreign).then_some(newer.sum - older.sum),
        };
        reading.since.covers(at - EDGES[from]).then(held)
    }
}

/// What one feature says of a window; `None`: missing.
fn answer(quantity: Quantity, held: Held, last: Option<i64>, at: i64, amount: i64) -> Option<f64> {
    let Held { count, frauds, sum } = held;
    let (is_empty, many) = (count == 0, f64::from(count));
    match quantity {
        Quantity::Count => Some(many),
        Quantity::Sum => Some(sum? as f64),
        Quantity::Mean => (!is_empty).then_some(sum? as f64 / many),
        Quantity::Frauds => Some(f64::from(frauds)),
        Quantity::FraudShare => (!is_empty).then_some(f64::from(frauds) / many),
        Quantity::AmountToMean => {
            let sum = sum.filter(|sum| *sum > 0)?;
            Some(amount as f64 * many / sum as f64)
        }
        Quantity::SecondsSinceLast => (!is_empty).then_some(((at - last?) / 1_000) as f64),
        Quantity::CountWithThis => Some(many + 1.0),
        Quantity::MeanWithThis => Some((sum? + amount) as f64 / (many + 1.0)),
    }
}
