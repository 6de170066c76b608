//! The breaker of one provider: after so many failures one after another it leaves the provider alone for a while, then
//! lets one call through, and goes by how that one ends. Time is passed in; it is the engine's, so that a story on a
//! virtual clock sees the same.

use crate::domain::time::Timestamp;

/// When it opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many failures one after another open it.
    pub failures: u32,
    /// How long it then lets nothing through, in milliseconds.
    pub rest_ms: i64,
}

/// How far apart the times of two calls under way may be, in milliseconds.
const LONGEST_CALL_MS: i64 = 60_000;

impl Default for Limits {
    fn default() -> Self {
        Self { failures: 5, rest_ms: 30_000 }
    }
}

/// What it does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Everything passes.
    Closed {
        /// How many calls failed since the last that did not.
        failures: u32,
    },
    /// Nothing passes.
    Open {
        /// Since the call that failed last.
        since: Timestamp,
    },
    /// One call was let through, and has not ended.
    HalfOpen {
        /// When it was let through.
        since: Timestamp,
    },
}

/// The breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    limits: Limits,
    state: State,
}

impl Breaker {
    /// A closed one.
    pub fn new(limits: Limits) -> Self {
        Self { limits, state: State::Closed { failures: 0 } }
    }

    /// What it does at the moment.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether a call may pass. A call that was let through to see how things are, and whose end nobody tells, stands in
    /// the way of the next such call for one rest only.
    pub fn admits(&mut self, now: Timestamp) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { since } | State::HalfOpen { since } => {
                let rested = !self.rests(since, now);
                if rested {
                    self.state = State::HalfOpen { since: now };
                }
                rested
            }
        }
    }

    /// A call that passed has been answered.
    pub fn answered(&mut self) {
        // What was under way when it opened says nothing about now.
        if !matches!(self.state, State::Open { .. }) {
            self.state = State::Closed { failures: 0 };
        }
    }

    /// A call that passed has failed.
    pub fn failed(&mut self, now: Timestamp) {
        self.state = match self.state {
            State::Closed { failures } if failures + 1 < self.limits.failures => {
                State::Closed { failures: failures + 1 }
            }
            State::Closed { .. } | State::HalfOpen { .. } => State::Open { since: now },
            open @ State::Open { .. } => open,
        };
    }

    /// Whether `now` is within the rest that began at `since`. A clock that goes backwards by more
    /// than a call takes ends the rest: nothing is left alone until a time that may be years away.
    fn rests(&self, since: Timestamp, now: Timestamp) -> bool {
        (-LONGEST_CALL_MS..self.limits.rest_ms).contains(&(now.ms() - since.ms()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens, at which millisecond.
    enum Step {
        Admitted(i64),
        Refused(i64),
        Answered,
        Failed(i64),
    }
    use Step::*;

    fn check(name: &str, steps: &[Step], expected: State) {
        let mut breaker = Breaker::new(Limits { failures: 3, rest_ms: 100 });
        for (at, step) in steps.iter().enumerate() {
            match *step {
                Admitted(now) => assert!(breaker.admits(ms(now)), "{name}: step {at} passes"),
                Refused(now) => assert!(!breaker.admits(ms(now)), "{name}: step {at} does not pass"),
                Answered => breaker.answered(),
                Failed(now) => breaker.failed(ms(now)),
            }
        }
        assert_eq!(breaker.state(), expected, "{name}");
    }

    fn ms(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms).unwrap()
    }

    #[test]
    fn the_table() {
        let closed = |failures| State::Closed { failures };
        let (open, half) = (|at| State::Open { since: ms(at) }, |at| State::HalfOpen { since: ms(at) });
        check("new", &[Admitted(0)], closed(0));
        check("two failures are not enough", &[Failed(1), Failed(2), Admitted(3)], closed(2));
        check("an answer forgets failures", &[Failed(1), Failed(2), Answered, Failed(3)], closed(1));
        check("three open it", &[Failed(1), Failed(2), Failed(1_000), Refused(1_000), Refused(1_099)], open(1_000));
        let opened = || vec![Failed(1_000), Failed(1_000), Failed(1_000)];
        let and = |more: Vec<Step>| opened().into_iter().chain(more).collect::<Vec<_>>();
        check("one passes after the rest", &and(vec![Admitted(1_100), Refused(1_100)]), half(1_100));
        check("it closes if that is answered", &and(vec![Admitted(1_100), Answered, Admitted(1_101)]), closed(0));
        check("it opens again if that fails", &and(vec![Admitted(1_100), Failed(1_150), Refused(1_249)]), open(1_150));
        check(
            "a lost call is not waited for",
            &and(vec![Admitted(1_100), Refused(1_199), Admitted(1_200)]),
            half(1_200),
        );
        check("late news do not close it", &and(vec![Answered, Refused(1_050)]), open(1_000));
        check("late failures do not prolong it", &and(vec![Failed(1_090), Admitted(1_100)]), half(1_100));
        check("what began before does not pass", &and(vec![Refused(10)]), open(1_000));
        let late = LONGEST_CALL_MS + 1_000;
        let set_back = vec![Failed(late), Failed(late), Failed(late), Admitted(999)];
        check("a clock set back does not lock it", &set_back, half(999));
    }
}
