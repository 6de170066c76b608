//! Floor 3: what happens to one application, as a sans-IO state machine: events go in, states come out. Time and
//! everything that the policy allows arrive inside the event, so that replaying stored events rebuilds the state
//! under any later policy.

use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::Outcome;
use crate::domain::plan::Plan;
use crate::domain::time::Timestamp;

/// Where an application stands. Each variant carries only what is true in it.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// The customer must act.
    Challenged {
        /// What is asked.
        kind: ChallengeKind,
        /// How many tries are left.
        attempts_left: u32,
        /// Until when the customer may act on this challenge.
        deadline: Timestamp,
        /// When the whole journey ends.
        expires_at: Timestamp,
    },
    /// A person must decide.
    InReview {
        /// When the whole journey ends.
        expires_at: Timestamp,
    },
    /// The payment goes ahead in instalments.
    Accepted {
        /// The schedule.
        plan: Plan,
    },
    /// Credit was refused.
    Declined {
        /// Until when the customer may pay in one go.
        offer_until: Timestamp,
        /// Until when the customer may ask for a person's review.
        review_until: Timestamp,
    },
}

/// The names of the states, for filters and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum StateKind {
    /// [`State::Challenged`].
    Challenged = 1,
    /// A provider must answer.
    Verifying = 2,
    /// [`State::InReview`].
    InReview = 3,
    /// [`State::Accepted`].
    Accepted = 4,
    /// [`State::Declined`].
    Declined = 5,
    /// Paid in one go.
    PaidInFull = 6,
    /// Given up.
    Cancelled = 7,
    /// Out of time.
    Expired = 8,
}

impl State {
    /// Which state this is.
    pub fn kind(&self) -> StateKind {
        match self {
            Self::Challenged { .. } => StateKind::Challenged,
            Self::InReview { .. } => StateKind::InReview,
            Self::Accepted { .. } => StateKind::Accepted,
            Self::Declined { .. } => StateKind::Declined,
        }
    }
}

/// What the policy allows a journey, copied out of it when the application is submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long the whole journey may take, in seconds.
    pub journey_ttl_seconds: u32,
    /// How long paying in one go stays open after a decline, in seconds.
    pub offer_ttl_seconds: u32,
    /// How long a person's review may be asked for after a decline, in seconds.
    pub review_ttl_seconds: u32,
}

/// A challenge to ask, with its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// What is asked.
    pub kind: ChallengeKind,
    /// How many tries the customer has.
    pub attempts: u32,
    /// How long the customer has, in seconds.
    pub ttl_seconds: u32,
}

/// A purchase was submitted and judged: the first event of every journey.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitted {
    /// When.
    pub at: Timestamp,
    /// What the judgement says.
    pub outcome: Outcome,
    /// What to ask for on a step-up; `None` there asks for a person's review.
    pub ask: Option<Ask>,
    /// The schedule that an accepted purchase has.
    pub plan: Plan,
    /// What the policy allows.
    pub limits: Limits,
}

/// The state in which a journey begins.
pub fn begin(event: Submitted) -> State {
    let after = |seconds: u32| event.at.plus_ms(i64::from(seconds) * 1_000);
    let expires_at = after(event.limits.journey_ttl_seconds);
    match (event.outcome, event.ask) {
        (Outcome::Accept, _) => State::Accepted { plan: event.plan },
        (Outcome::Decline, _) => State::Declined {
            offer_until: after(event.limits.offer_ttl_seconds),
            review_until: after(event.limits.review_ttl_seconds),
        },
        (Outcome::StepUp, Some(ask)) => State::Challenged {
            kind: ask.kind,
            attempts_left: ask.attempts,
            deadline: after(ask.ttl_seconds).min(expires_at),
            expires_at,
        },
        (Outcome::StepUp, None) => State::InReview { expires_at },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::{Currency, Money};
    use crate::domain::plan::PlanChoice;

    fn submitted(outcome: Outcome, ask: Option<Ask>) -> Submitted {
        let choice = PlanChoice { instalment_count: 3, deferred_days: 0, deferred_months: 0 };
        let amount = Money { amount_minor: 30_000, currency: Currency::EUR };
        let plan = Plan { choice, amount, customer_cost_minor: 0, cost_bps: 0, instalments: vec![] };
        let limits = Limits { journey_ttl_seconds: 100, offer_ttl_seconds: 200, review_ttl_seconds: 300 };
        Submitted { at: at(0), outcome, ask, plan, limits }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(1_000_000 + seconds * 1_000).unwrap()
    }

    #[test]
    fn every_judgement_has_its_state() {
        let ask = |ttl_seconds| Some(Ask { kind: ChallengeKind::SmsCode, attempts: 3, ttl_seconds });
        let challenged = |deadline| State::Challenged {
            kind: ChallengeKind::SmsCode,
            attempts_left: 3,
            deadline: at(deadline),
            expires_at: at(100),
        };
        let declined = State::Declined { offer_until: at(200), review_until: at(300) };
        for (outcome, asked, expected) in [
            (Outcome::Accept, None, State::Accepted { plan: submitted(Outcome::Accept, None).plan }),
            (Outcome::Decline, None, declined.clone()),
            (Outcome::Decline, ask(50), declined),
            (Outcome::StepUp, None, State::InReview { expires_at: at(100) }),
            (Outcome::StepUp, ask(50), challenged(50)),
            (Outcome::StepUp, ask(500), challenged(100)),
        ] {
            assert_eq!(begin(submitted(outcome, asked)), expected, "{outcome:?} {asked:?}");
        }
    }
}
