//! One purchase as it is kept for a key.

use crate::domain::time::DAY_MS;

/// One purchase of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Event {
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// The amount in minor units, below 2^40.
    pub amount: i64,
    /// The currency's place among those met.
    pub currency: u8,
    /// Whether it was reported as fraud.
    pub fraud: bool,
}

/// From when on a key's events are all known: whole days since the epoch, so that it packs into 24 bits. Day 0: always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub(super) struct KnownSince(u32);

impl KnownSince {
    /// The first day that begins after `ms`.
    pub fn after(ms: i64) -> Self {
        Self((ms.div_euclid(DAY_MS) + 1) as u32 & 0xff_ffff)
    }

    /// Whether everything after `ms` is known.
    pub fn covers(self, ms: i64) -> bool {
        self.0 == 0 || ms >= i64::from(self.0) * DAY_MS
    }

    /// The day's number.
    pub fn day(self) -> u32 {
        self.0
    }
}

/// Whether a packed event was reported as fraud. Its spare values are what lets a slot take 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Mark {
    Genuine,
    Fraud,
}

/// An event in 16 bytes, with what its key needs beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed {
    amount_and_since: u64,
    at_low: u32,
    at_high: u16,
    currency: u8,
    mark: Mark,
}

const AMOUNT_BITS: u32 = 40;
const AMOUNT_MASK: u64 = (1 << AMOUNT_BITS) - 1;

impl Packed {
    pub fn new(event: Event, since: KnownSince) -> Self {
        Self {
            amount_and_since: (event.amount as u64 & AMOUNT_MASK) | u64::from(since.0) << AMOUNT_BITS,
            at_low: event.at as u32,
            at_high: (event.at >> 32) as u16,
            currency: event.currency,
            mark: if event.fraud { Mark::Fraud } else { Mark::Genuine },
        }
    }

    pub fn event(self) -> Event {
        Event {
            at: i64::from(self.at_high) << 32 | i64::from(self.at_low),
            amount: (self.amount_and_since & AMOUNT_MASK) as i64,
            currency: self.currency,
            fraud: self.mark == Mark::Fraud,
        }
    }

    pub fn since(self) -> KnownSince {
        KnownSince((self.amount_and_since >> AMOUNT_BITS) as u32)
    }

    pub fn set_fraud(&mut self) {
        self.mark = Mark::Fraud;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::MAX_AMOUNT_MINOR;
    use crate::domain::time::Timestamp;

    #[test]
    fn packing_loses_nothing_within_bounds() {
        for (at, amount, currency, fraud) in
            [(0, 0, 0, false), (Timestamp::MAX_MS, MAX_AMOUNT_MINOR, 255, true), (1_542_000_000_123, 4_077, 1, false)]
        {
            let event = Event { at, amount, currency, fraud };
            for since in [KnownSince::default(), KnownSince::after(at)] {
                let packed = Packed::new(event, since);
                assert_eq!((packed.event(), packed.since()), (event, since));
            }
        }
        assert_eq!(size_of::<Packed>(), 16);
    }
}
