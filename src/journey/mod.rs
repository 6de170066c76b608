//! Floor 3: what happens to one application, as a sans-IO state machine. Time, ids and everything that the policy allows
//! arrive from outside, so that replaying stored events rebuilds the state under any later policy.
//!
//! What comes in is an [`Input`]: a command, what a provider answered, or the time. [`receive`] says what it means in a
//! state: nothing, because it is late or repeated; a refusal, because the state forbids it; an [`Event`] that happens; or
//! that a decision is due, which only the engine can make. Events are stored, and [`Journey::apply`] makes the next state
//! of one. What is still to be done outside follows from the state alone ([`Journey::effects`]), so nothing that a crash
//! interrupts is forgotten.

mod bank_history;
mod effect;
mod event;
mod input;
mod sms_code;
mod state;
#[cfg(test)]
mod tests;
mod transitions;

pub use effect::Effect;
pub use event::{Cause, Event, Impossible};
pub use input::{Forbidden, Input, Occasion, Received, receive};
pub use state::{Action, Attempt, Begun, Collection, Party, Phase, Reviewer, Stands, State, StateKind, Verifier};
pub use transitions::{LATE, TRANSITIONS};

use crate::domain::challenge::{ChallengeKind, Kinds};
use crate::domain::decision::Outcome;
use crate::domain::sealed::Sealed;
use crate::domain::time::Timestamp;
use crate::plan::Account;

/// One application's journey.
#[derive(Debug, Clone, PartialEq)]
pub struct Journey {
    /// Where it stands.
    pub state: State,
    /// What providers still know of the customer, and are to forget.
    pub erasures: Vec<Erasure>,
}

/// What one provider is to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The number of the attempt.
    pub attempt: u32,
    /// What was verified.
    pub kind: ChallengeKind,
    /// What leads to it.
    pub handle: Sealed,
}

impl Journey {
    /// A journey that stands in a state, with nothing to be erased.
    pub fn at(state: State) -> Self {
        Self { state, erasures: Vec::new() }
    }

    /// What is known of it without its history.
    pub fn stands(&self) -> Stands {
        let stands = self.state.stands();
        Stands { owes: stands.owes || !self.erasures.is_empty(), ..stands }
    }
}

/// How long what follows a judgement may take, copied out of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The whole journey, in seconds.
    pub journey_ttl_seconds: u32,
    /// Paying in one go after a decline, in seconds.
    pub offer_ttl_seconds: u32,
    /// Asking for a person's review after a decline, and how long that person has, in seconds.
    pub review_ttl_seconds: u32,
}

/// A challenge to ask, with its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// What is asked.
    pub kind: ChallengeKind,
    /// How many tries the customer has.
    pub tries: u32,
    /// How long the customer has, in seconds.
    pub ttl_seconds: u32,
    /// How often a code may be sent again.
    pub resends: u32,
    /// How long after a code was sent another may be asked for, in seconds.
    pub resend_after_seconds: u32,
}

/// What was judged: how a journey begins, and how it goes on after each piece of evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What the judgement says.
    pub outcome: Outcome,
    /// What to ask for on a step-up; `None` there asks for a person's review.
    pub ask: Option<Ask>,
    /// What the policy allows.
    pub limits: Limits,
}

/// What is true of a journey as long as it is not settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// When its time runs out.
    pub expires_at: Timestamp,
    /// What has been asked for and is not asked again, whatever it yielded.
    pub spent: Kinds,
    /// How many challenges have been asked so far.
    pub attempts: u32,
}

impl Open {
    /// A journey that begins at a time.
    pub fn new(at: Timestamp, limits: Limits) -> Self {
        Self { expires_at: after(at, limits.journey_ttl_seconds), spent: Kinds::NONE, attempts: 0 }
    }

    /// The state in which a judgement puts it; `account` opens the account that an accepted purchase has.
    pub fn enter(mut self, judged: Judged, account: impl FnOnce() -> Account, at: Timestamp) -> State {
        let Judged { outcome, ask, limits } = judged;
        match (outcome, ask) {
            (Outcome::Accept, _) => State::Accepted { account: Box::new(account()) },
            (Outcome::Decline, _) => State::Declined {
                offer_until: after(at, limits.offer_ttl_seconds),
                review_until: after(at, limits.review_ttl_seconds),
            },
            (Outcome::StepUp, Some(ask)) => {
                self.attempts += 1;
                self.spent = self.spent.with(ask.kind);
                State::Challenged {
                    attempt: Attempt::new(self.attempts, ask, at, self.expires_at),
                    phase: if ask.kind == ChallengeKind::BankHistory { Phase::ConsentNeeded } else { Phase::Starting },
                    open: self,
                }
            }
            (Outcome::StepUp, None) => {
                State::InReview { by: Reviewer::Policy, expires_at: after(at, limits.review_ttl_seconds) }
            }
        }
    }
}

fn after(at: Timestamp, seconds: u32) -> Timestamp {
    at.plus_ms(i64::from(seconds) * 1_000)
}
