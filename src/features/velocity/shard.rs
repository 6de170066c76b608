//! One part of the keys, in two generations: who is seen again moves from the old to the young one, and when the
//! young one has filled its share of the memory, the old one is forgotten and the young one becomes old. So the keys
//! not seen for longest go, at the cost of one look-up.
//!
//! What was forgotten is not zero. A shard remembers the time up to which it may have forgotten something, and a key
//! that comes new after that knows only of its events since then.

use super::event::{Event, KnownSince};
use super::slot::{Reading, Slot};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

/// What one key takes in a generation's table: 24 bytes and one of control, at the load that was
/// measured with millions of keys.
const KEY_BYTES: usize = 50;

/// One part of the keys.
#[derive(Debug, Default)]
pub(super) struct Shard {
    young: Generation,
    old: Generation,
    /// From when on a key that is not here would be known.
    since: KnownSince,
}

#[derive(Debug, Default)]
struct Generation {
    slots: HashMap<u64, Slot, BuildHasherDefault<PlaceHasher>>,
    bytes: usize,
    /// The time of the newest event added while this generation was the young one.
    newest: i64,
}

impl Shard {
    /// Adds one event of a key, and forgets the old generation when the young one has reached `generation_bytes`.
    pub fn add(&mut self, place: u64, event: Event, generation_bytes: usize) {
        let young = &mut self.young;
        match young.slots.entry(place) {
            Entry::Occupied(mut slot) => {
                let before = slot.get().heap_bytes();
                slot.get_mut().add(event);
                young.bytes = young.bytes + slot.get().heap_bytes() - before;
            }
            Entry::Vacant(vacant) => {
                let slot = match self.old.slots.remove(&place) {
                    Some(mut slot) => {
                        self.old.bytes -= KEY_BYTES + slot.heap_bytes();
                        slot.add(event);
                        slot
                    }
                    None => Slot::new(event, self.since),
                };
                young.bytes += KEY_BYTES + slot.heap_bytes();
                vacant.insert(slot);
            }
        }
        young.newest = young.newest.max(event.at);
        if young.bytes > generation_bytes {
            let forgotten = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            if !forgotten.slots.is_empty() {
                self.since = self.since.max(KnownSince::after(forgotten.newest));
            }
        }
    }

    /// Marks one event of a key as fraud, if it is still known.
    pub fn report(&mut self, place: u64, at: i64) {
        let slot = self.young.slots.get_mut(&place).or_else(|| self.old.slots.get_mut(&place));
        slot.into_iter().for_each(|slot| slot.report(at));
    }

    /// What was counted of a key.
    pub fn read(&mut self, place: u64, at: i64, currency: u8) -> Reading {
        match self.young.slots.get_mut(&place).or_else(|| self.old.slots.get_mut(&place)) {
            Some(slot) => slot.read(at, currency),
            None => Reading { since: self.since, ..Reading::default() },
        }
    }

    /// All keys with what is kept of them, by place.
    pub fn sorted(&self) -> Vec<(u64, &Slot)> {
        let all = self.young.slots.iter().chain(&self.old.slots);
        let mut all: Vec<_> = all.map(|(place, slot)| (*place, slot)).collect();
        all.sort_unstable_by_key(|(place, _)| *place);
        all
    }

    /// From when on a key that is not here would be known.
    pub fn since(&self) -> KnownSince {
        self.since
    }

    /// The memory it takes, about.
    pub fn bytes(&self) -> usize {
        self.young.bytes + self.old.bytes
    }
}

/// Places are hashes already.
#[derive(Debug, Default)]
struct PlaceHasher(u64);

impl Hasher for PlaceHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, place: u64) {
        self.0 = place;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
