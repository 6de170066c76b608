//! What is kept of one key. Most keys have one or two events in three months, so those take the least room: one
//! event stands in the slot itself, up to four in a box beside it, more in a [`Series`].

use super::catalogue::EDGES;
use super::event::{Event, KnownSince, Packed};
use super::series::Series;
use crate::domain::time::DAY_MS;

/// How long before a key's newest event its events are kept: the longest window, and a month for events that come
/// late.
pub const KEPT_MS: i64 = 120 * DAY_MS;
/// From how many events on a key has a series.
const FEW: usize = 4;

/// What is kept of one key: 16 bytes, and the heap from the second event on.
#[derive(Debug)]
pub(super) enum Slot {
    One(Packed),
    Two(Box<[Packed; 2]>),
    Three(Box<[Packed; 3]>),
    Four(Box<[Packed; 4]>),
    Many(Box<Series>),
}

/// What was counted up to some time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub count: u32,
    /// How many of them in another currency than the one asked for.
    pub foreign: u32,
    pub frauds: u32,
    pub sum: i64,
}

/// What was counted up to each of the [`EDGES`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    pub since: KnownSince,
    /// The time of the last event that is not after now.
    pub last: Option<i64>,
    pub tallies: [Tally; EDGES.len()],
}

impl Slot {
    /// A key with its first event.
    pub fn new(event: Event, since: KnownSince) -> Self {
        Self::One(Packed::new(event, since))
    }

    /// Adds one event, which is not yet known to be fraud.
    pub fn add(&mut self, event: Event) {
        if let Self::Many(series) = self {
            return series.add(event);
        }
        let since = self.since();
        let few = self.few();
        let mut events = [Event::default(); FEW + 1];
        let newest = few.iter().fold(event.at, |newest, packed| newest.max(packed.event().at));
        let mut count = 0;
        let mut push = |event: Event| {
            if event.at >= newest - KEPT_MS {
                events[count] = event;
                count += 1;
            }
        };
        let later = few.partition_point(|packed| packed.event().at <= event.at);
        few[..later].iter().for_each(|packed| push(packed.event()));
        push(event);
        few[later..].iter().for_each(|packed| push(packed.event()));
        *self = Self::of(&events[..count], since);
    }

    /// Marks one event of this time as fraud, the first that is not yet.
    pub fn report(&mut self, at: i64) {
        let few: &mut [Packed] = match self {
            Self::One(packed) => std::slice::from_mut(packed),
            Self::Two(packed) => packed.as_mut_slice(),
            Self::Three(packed) => packed.as_mut_slice(),
            Self::Four(packed) => packed.as_mut_slice(),
            Self::Many(series) => return series.report(at),
        };
        let genuine = few.iter_mut().find(|packed| packed.event().at == at && !packed.event().fraud);
        genuine.into_iter().for_each(Packed::set_fraud);
    }

    /// What was counted up to each edge before `at`.
    pub fn read(&mut self, at: i64, currency: u8) -> Reading {
        if let Self::Many(series) = self {
            return series.read(at, currency);
        }
        let mut reading = Reading { since: self.since(), ..Reading::default() };
        for event in self.few().iter().map(|packed| packed.event()).filter(|event| event.at <= at) {
            reading.last = Some(event.at);
            for (tally, _) in reading.tallies.iter_mut().zip(EDGES).take_while(|(_, age)| event.at <= at - age) {
                tally.count += 1;
                tally.foreign += u32::from(event.currency != currency);
                tally.frauds += u32::from(event.fraud);
                tally.sum += event.amount;
            }
        }
        reading
    }

    /// All events, by time.
    pub fn events(&self) -> Vec<Event> {
        match self {
            Self::Many(series) => series.events().collect(),
            few => few.few().iter().map(|packed| packed.event()).collect(),
        }
    }

    /// From when on the key's events are all known.
    pub fn since(&self) -> KnownSince {
        match self {
            Self::Many(series) => series.since(),
            few => few.few().first().map_or(KnownSince::default(), |packed| packed.since()),
        }
    }

    /// The memory it takes beside itself.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Many(series) => series.heap_bytes(),
            few => size_of_val(few.few()),
        }
    }

    fn of(events: &[Event], since: KnownSince) -> Self {
        let pack = |event: &Event| Packed::new(*event, since);
        match events {
            [a] => Self::One(pack(a)),
            [a, b] => Self::Two(Box::new([a, b].map(pack))),
            [a, b, c] => Self::Three(Box::new([a, b, c].map(pack))),
            [a, b, c, d] => Self::Four(Box::new([a, b, c, d].map(pack))),
            more => Self::Many(Box::new(Series::new(more, since))),
        }
    }

    /// The events, but of a series none.
    fn few(&self) -> &[Packed] {
        match self {
            Self::One(packed) => std::slice::from_ref(packed),
            Self::Two(packed) => packed.as_slice(),
            Self::Three(packed) => packed.as_slice(),
            Self::Four(packed) => packed.as_slice(),
            Self::Many(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::series::MAX_EVENTS;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slot_is_16_bytes() {
        assert_eq!(size_of::<Slot>(), 16, "10^6 customers have 7 keys each: every byte here counts");
    }

    /// What a slot should read: every event that was kept, one by one.
    fn counted(events: &[Event], at: i64, currency: u8) -> Vec<(u32, u32, u32, i64)> {
        let tally = |age: &i64| {
            let known: Vec<_> = events.iter().filter(|event| event.at <= at - age).collect();
            let count = |test: &dyn Fn(&Event) -> bool| known.iter().filter(|event| test(event)).count() as u32;
            let sum = known.iter().map(|event| event.amount).sum();
            (known.len() as u32, count(&|event| event.currency != currency), count(&|event| event.fraud), sum)
        };
        EDGES.iter().map(tally).collect()
    }

    fn shown(reading: &Reading) -> Vec<(u32, u32, u32, i64)> {
        reading.tallies.iter().map(|tally| (tally.count, tally.foreign, tally.frauds, tally.sum)).collect()
    }

    proptest! {
        #[test]
        fn windows_hold_what_came_whatever_its_order(
            steps in prop::collection::vec((0..110_u8, 0..4_u8, 1..1_000_000_i64, 0..20_u8, any::<bool>()), 1..60),
            asked in 100..130_u8,
        ) {
            let base = 18_000 * DAY_MS;
            let mut all: Vec<Event> = Vec::new();
            let mut slot: Option<Slot> = None;
            for (day, hour, amount, currency, report) in steps {
                let at = base + i64::from(day) * DAY_MS + i64::from(hour) * 3_600_000;
                let event = Event { at, amount, currency: u8::from(currency == 0), fraud: false };
                let place = all.partition_point(|other| other.at <= at);
                all.insert(place, event);
                match &mut slot {
                    None => slot = Some(Slot::new(event, KnownSince::default())),
                    Some(slot) => slot.add(event),
                }
                if report {
                    let first = all.iter_mut().find(|other| other.at == at && !other.fraud);
                    first.unwrap().fraud = true;
                    slot.as_mut().unwrap().report(at);
                }
            }
            let mut slot = slot.unwrap();
            prop_assert_eq!(slot.events(), all.clone());
            for at in [base + i64::from(asked) * DAY_MS, all[all.len() / 2].at] {
                prop_assert_eq!(shown(&slot.read(at, 0)), counted(&all, at, 0));
                let last = all.iter().rfind(|event| event.at <= at).map(|event| event.at);
                prop_assert_eq!(slot.read(at, 1).last, last);
            }
        }
    }

    #[test]
    fn of_too_many_events_the_oldest_go() {
        let event = |at| Event { at, amount: 1, currency: 0, fraud: false };
        let mut slot = Slot::new(event(1), KnownSince::default());
        let all = 3 * MAX_EVENTS as i64;
        (2..=all).for_each(|at| slot.add(event(at)));
        assert_eq!(slot.events(), (all - MAX_EVENTS as i64 + 1..=all).map(event).collect::<Vec<_>>());
        assert_eq!(slot.read(all, 0).tallies[0].sum, MAX_EVENTS as i64);
        assert!(slot.heap_bytes() < 2 * 16 * (MAX_EVENTS + 1_024), "{}", slot.heap_bytes());
    }

    #[test]
    fn what_no_window_reaches_is_let_go() {
        let event = |day| Event { at: day * DAY_MS, amount: 1, currency: 0, fraud: false };
        for count in [1, 2, 4, 5, 50] {
            let mut slot = Slot::new(event(0), KnownSince::default());
            (1..count).for_each(|day| slot.add(event(day)));
            slot.add(event(1_000));
            assert_eq!(slot.events(), vec![event(1_000)], "after {count} events");
        }
    }
}
