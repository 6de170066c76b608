//! The applications to which something is still to happen: when their times are over, what is still to be asked of
//! providers, and what the providers' notices call them.

use crate::domain::ids::Seq;
use crate::domain::time::Timestamp;
use crate::journey::Stands;
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

/// How much later it is due again, in milliseconds.
const POSTPONED_MS: i64 = 60_000;

/// The applications to which something is still to happen. A settled one with nothing owed is not among them, so its size
/// is bounded by what is open.
#[derive(Debug, Default)]
pub struct Awake {
    stands: HashMap<Seq, Stands>,
    timers: BTreeSet<(Timestamp, Seq)>,
    owing: BTreeSet<Seq>,
    references: HashMap<u64, Seq>,
}

impl Awake {
    /// An application stands there now.
    pub fn set(&mut self, application: Seq, stands: Stands) {
        if let Some(before) = self.stands.remove(&application) {
            before.due_at.into_iter().for_each(|due| {
                self.timers.remove(&(due, application));
            });
            self.owing.remove(&application);
            self.references.remove(&before.reference);
        }
        if stands.due_at.is_none() && !stands.owes {
            return;
        }
        if let Some(due) = stands.due_at {
            self.timers.insert((due, application));
        }
        if stands.owes {
            self.owing.insert(application);
        }
        if stands.reference != 0 {
            self.references.insert(stands.reference, application);
        }
        self.stands.insert(application, stands);
    }

    /// The application whose time is over first, with that time.
    pub fn first_due(&self) -> Option<(Timestamp, Seq)> {
        self.timers.first().copied()
    }

    /// What was due cannot happen now, at a time that is past it: it is due again a little later.
    pub fn postpone(&mut self, application: Seq, due: Timestamp, now: Timestamp) {
        self.timers.remove(&(due, application));
        if let Some(stands) = self.stands.get_mut(&application) {
            let later = due.max(now).plus_ms(POSTPONED_MS);
            stands.due_at = Some(later);
            self.timers.insert((later, application));
        }
    }

    /// The application whose present attempt a provider's notices call this.
    pub fn find(&self, reference: u64) -> Option<Seq> {
        self.references.get(&reference).copied()
    }

    /// The applications after a place for which something is still to be done outside, oldest first.
    pub fn owing_after(&self, application: Seq) -> impl Iterator<Item = Seq> {
        self.owing.range((Bound::Excluded(application), Bound::Unbounded)).copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.stands.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.stands.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::StateKind;

    #[test]
    fn the_newest_word_on_an_application_counts() {
        let at = |ms| Timestamp::from_ms(ms).unwrap();
        let stands = |due: Option<i64>, owes, reference| Stands {
            kind: StateKind::Challenged,
            due_at: due.map(at),
            owes,
            reference,
        };
        let owing = |awake: &Awake| awake.owing_after(Seq(0)).collect::<Vec<_>>();
        let mut awake = Awake::default();
        awake.set(Seq(1), stands(Some(500), true, 77));
        awake.set(Seq(2), stands(Some(400), false, 0));
        assert_eq!(awake.first_due(), Some((at(400), Seq(2))));
        assert_eq!((owing(&awake), awake.find(77), awake.find(0)), (vec![Seq(1)], Some(Seq(1)), None));
        awake.set(Seq(1), stands(Some(300), false, 78));
        assert_eq!(awake.first_due(), Some((at(300), Seq(1))));
        assert_eq!((owing(&awake), awake.find(77), awake.find(78)), (vec![], None, Some(Seq(1))));
        awake.set(Seq(1), stands(None, false, 0));
        awake.set(Seq(2), stands(None, true, 0));
        assert_eq!((awake.first_due(), owing(&awake), awake.len()), (None, vec![Seq(2)], 1));
        awake.set(Seq(2), stands(None, false, 0));
        assert!(awake.is_empty());
    }
}
