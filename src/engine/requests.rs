//! Which requests were answered, and where: the memory behind idempotency.
//!
//! The newest requests are kept in memory, by the 64-bit keyed fingerprint of merchant and request id; older ones
//! move to the store's table with later commits. What a fingerprint leads to is always compared with the
//! request itself, so two requests that share one (a chance of one in 10^12 with ten million kept) end in a refusal,
//! never in the other's answer.

use crate::domain::ids::Seq;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// Passes a keyed hash through: it is already as good as random.
#[derive(Debug, Default, Clone, Copy)]
pub struct PassThrough(u64);

impl Hasher for PassThrough {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 << 8) | u64::from(byte);
        }
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The requests of the recent past.
#[derive(Debug)]
pub struct Requests {
    recent: HashMap<u64, Seq, BuildHasherDefault<PassThrough>>,
    order: VecDeque<u64>,
    settling: Option<Settling>,
    settled_through: Seq,
    capacity: usize,
}

/// Requests on their way to the store's table: memory keeps them until the entry they travel with is committed.
#[derive(Debug)]
struct Settling {
    with: Seq,
    through: Seq,
    count: usize,
}

impl Requests {
    /// Room for `capacity` requests in memory, 40 bytes each; the store's table holds those up to `settled_through`.
    pub fn new(capacity: usize, settled_through: Seq) -> Self {
        Self {
            recent: HashMap::default(),
            order: VecDeque::new(),
            settling: None,
            settled_through,
            capacity: capacity.max(1),
        }
    }

    /// Where a request of this fingerprint was answered, if memory knows.
    pub fn find(&self, fingerprint: u64) -> Option<Seq> {
        self.recent.get(&fingerprint).copied()
    }

    /// Remembers where a request was answered. Requests come in the order of their places.
    pub fn insert(&mut self, fingerprint: u64, seq: Seq) {
        if seq > self.settled_through && self.recent.insert(fingerprint, seq).is_none() {
            self.order.push_back(fingerprint);
        }
    }

    /// The oldest requests beyond the capacity, at most `most`, which are to be written to the store's table together
    /// with the entry `with`. Only what was answered up to `committed` leaves; one lot is under way at a time.
    pub fn settle(&mut self, committed: Seq, with: Seq, most: usize) -> Vec<(u64, Seq)> {
        if let Some(settling) = self.settling.take_if(|settling| settling.with <= committed) {
            for fingerprint in self.order.drain(..settling.count) {
                self.recent.remove(&fingerprint);
            }
            self.settled_through = settling.through;
        }
        if self.settling.is_some() || self.order.len() <= self.capacity {
            return Vec::new();
        }
        let over = (self.order.len() - self.capacity).min(most);
        let mut settled: Vec<_> = (self.order.iter().take(over))
            .map_while(|fingerprint| {
                self.find(*fingerprint).filter(|seq| *seq <= committed).map(|seq| (*fingerprint, seq))
            })
            .collect();
        if let Some((_, through)) = settled.last() {
            self.settling = Some(Settling { with, through: *through, count: settled.len() });
        }
        settled.sort_unstable();
        settled
    }

    /// The last place whose request the store's table holds and memory need not; 0 where there is none.
    pub fn settled_through(&self) -> Seq {
        self.settled_through
    }

    /// How many are in memory.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_leave_memory_once_the_store_has_them() {
        let mut requests = Requests::new(2, Seq(0));
        for n in 1..=5 {
            requests.insert(100 - n, Seq(n as i64));
        }
        assert_eq!(requests.settle(Seq(0), Seq(6), 10), vec![], "what is not committed stays");
        assert_eq!(requests.settle(Seq(2), Seq(6), 10), vec![(98, Seq(2)), (99, Seq(1))], "sorted for the table");
        assert_eq!(requests.settle(Seq(5), Seq(7), 10), vec![], "one lot at a time");
        assert_eq!(requests.find(98), Some(Seq(2)), "kept until the table has it");
        assert_eq!(requests.settle(Seq(6), Seq(8), 10), vec![(97, Seq(3))]);
        assert_eq!((requests.find(98), requests.find(97), requests.len()), (None, Some(Seq(3)), 3));
    }
}
