//! What happened to an application after its submission, as it is stored, and the state that each event leads to.

use super::state::{Action, Begun, Collection, Party, Phase, Reviewer, State, StateKind, Verifier};
use super::{Erasure, Journey, after};
use crate::domain::challenge::{ChallengeKind, Failure};
use crate::domain::time::Timestamp;
use crate::features::Vector;
use crate::plan;

/// One thing that happened. Codes and raw data never stand in one.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The customer consented to the bank history being read.
    ConsentGranted {
        /// Which attempt.
        attempt: u32,
        /// The version of the text that was agreed to.
        text_version: Box<str>,
    },
    /// A provider began, or sent another code; for a challenge that was over by then, it is to be erased.
    Started {
        /// Which attempt.
        attempt: u32,
        /// What is verified.
        kind: ChallengeKind,
        /// What it began.
        begun: Begun,
    },
    /// A code came, and is going to be compared.
    CodeEntered {
        /// Which attempt.
        attempt: u32,
    },
    /// It was wrong.
    CodeWrong {
        /// Which attempt.
        attempt: u32,
    },
    /// Whether it was right is not known.
    CodeUnknown {
        /// Which attempt.
        attempt: u32,
        /// Whether another code must be sent.
        lost: bool,
    },
    /// The customer wants another code.
    CodeAskedAgain {
        /// Which attempt.
        attempt: u32,
    },
    /// The customer came back from a provider's page.
    Returned {
        /// Which attempt.
        attempt: u32,
    },
    /// The provider asks the customer for something more.
    ActionAsked {
        /// Which attempt.
        attempt: u32,
        /// What.
        action: Action,
    },
    /// A decision was made, and this is where it led.
    Decided {
        /// Why it was due.
        cause: Cause,
        /// The state that it led to.
        next: State,
    },
    /// The customer chose to pay the whole amount at once.
    PaidInFull,
    /// The gateway has the whole amount.
    Collected {
        /// The gateway's name for the payment.
        reference: Option<Box<str>>,
    },
    /// The gateway could not collect the whole amount.
    NotCollected {
        /// Until when it may be tried again.
        offer_until: Timestamp,
    },
    /// Something happened to the accepted plan.
    Plan(plan::Event),
    /// Somebody gave up.
    Cancelled {
        /// Who.
        by: Party,
    },
    /// The customer asked for a person's review.
    ReviewRequested {
        /// Until when there is to be an answer.
        until: Timestamp,
    },
    /// The customer stated their view; the words stand in the erasable subject.
    StatementGiven,
    /// The journey's time ran out.
    Expired,
    /// A provider has forgotten the customer.
    Erased {
        /// Which attempt.
        attempt: u32,
    },
}

/// Why a decision was due.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// A challenge yielded evidence.
    Evidence {
        /// Which attempt.
        attempt: u32,
        /// The features computed from it.
        features: Vector,
    },
    /// A challenge ended without.
    Failure {
        /// Which attempt.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// A person decided.
    Review {
        /// Whether the purchase may be paid in instalments.
        granted: bool,
    },
}

impl Event {
    /// The name in the audit and in scenarios.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConsentGranted { .. } => "consent_granted",
            Self::Started { .. } => "started",
            Self::CodeEntered { .. } => "code_entered",
            Self::CodeWrong { .. } => "code_wrong",
            Self::CodeUnknown { .. } => "code_unknown",
            Self::CodeAskedAgain { .. } => "code_asked_again",
            Self::Returned { .. } => "returned",
            Self::ActionAsked { .. } => "action_asked",
            Self::Decided { cause: Cause::Evidence { .. }, .. } => "decided_on_evidence",
            Self::Decided { cause: Cause::Failure { .. }, .. } => "decided_on_failure",
            Self::Decided { cause: Cause::Review { .. }, .. } => "decided_on_review",
            Self::PaidInFull => "paid_in_full",
            Self::Collected { .. } => "collected",
            Self::NotCollected { .. } => "not_collected",
            Self::Plan(event) => event.name(),
            Self::Cancelled { .. } => "cancelled",
            Self::ReviewRequested { .. } => "review_requested",
            Self::StatementGiven => "statement_given",
            Self::Expired => "expired",
            Self::Erased { .. } => "erased",
        }
    }

    /// The attempt whose provider is to answer before whoever caused this is answered: whether the code was right, whether
    /// another was sent, where the bank's page is.
    pub fn waits_for(&self) -> Option<u32> {
        match self {
            Self::ConsentGranted { attempt, .. } | Self::CodeEntered { attempt } | Self::CodeAskedAgain { attempt } => {
                Some(*attempt)
            }
            _ => None,
        }
    }
}

/// An event that cannot have happened in a state: the store is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot have happened to an application that is {}", state.name())]
pub struct Impossible {
    /// The state.
    pub state: StateKind,
    /// The event.
    pub event: &'static str,
}

impl Journey {
    /// The journey after an event of this time.
    pub fn apply(mut self, event: &Event, at: Timestamp) -> Result<Self, Impossible> {
        let impossible = Impossible { state: self.state.kind(), event: event.name() };
        // Whatever ends a challenge leaves something to be erased.
        let before = self.state.attempt().and_then(|attempt| {
            let handle = attempt.begun.as_ref()?.handle.clone();
            Some(Erasure { attempt: attempt.number, kind: attempt.kind, handle })
        });
        match event {
            Event::Erased { attempt } => self.erasures.retain(|erasure| erasure.attempt != *attempt),
            Event::StatementGiven => {}
            Event::Started { attempt, kind, begun } if self.state.attempt().is_none_or(|a| a.number != *attempt) => {
                self.erasures.push(Erasure { attempt: *attempt, kind: *kind, handle: begun.handle.clone() });
            }
            _ => self.state = next(self.state, event, at).ok_or(impossible)?,
        }
        if let Some(erasure) = before
            && self.state.attempt().is_none_or(|now| now.number != erasure.attempt)
        {
            self.erasures.push(erasure);
        }
        Ok(self)
    }
}

/// The state after an event; `None`: it cannot have happened.
fn next(state: State, event: &Event, at: Timestamp) -> Option<State> {
    match (state, event) {
        (State::Challenged { attempt, open, .. }, Event::ConsentGranted { .. }) => {
            Some(State::Challenged { attempt, phase: Phase::Starting, open })
        }
        (State::Challenged { mut attempt, phase: Phase::Starting, open }, Event::Started { begun, .. }) => {
            attempt.resend_after = after(at, attempt.resend_after_seconds);
            attempt.begun = Some(begun.clone());
            Some(State::Challenged { attempt, phase: Phase::ActionNeeded, open })
        }
        (State::Challenged { mut attempt, open, .. }, Event::CodeEntered { .. }) => {
            attempt.tries_left = attempt.tries_left.checked_sub(1)?;
            Some(State::Verifying { attempt, by: Verifier::Code, open })
        }
        (State::Challenged { mut attempt, open, .. }, Event::CodeAskedAgain { .. }) => {
            attempt.resends_left = attempt.resends_left.checked_sub(1)?;
            Some(State::Challenged { attempt, phase: Phase::Starting, open })
        }
        (
            State::Challenged { attempt, open, .. } | State::Verifying { attempt, by: Verifier::Provider, open },
            Event::Returned { .. },
        ) => Some(State::Verifying { attempt, by: Verifier::Provider, open }),
        (
            State::Verifying { attempt, by: Verifier::Code, open },
            Event::CodeWrong { .. } | Event::CodeUnknown { lost: false, .. },
        ) => Some(State::Challenged { attempt, phase: Phase::ActionNeeded, open }),
        (State::Verifying { mut attempt, by: Verifier::Code, open }, Event::CodeUnknown { lost: true, .. }) => {
            attempt.begun = None;
            Some(State::Challenged { attempt, phase: Phase::Starting, open })
        }
        (State::Verifying { mut attempt, by: Verifier::Provider, open }, Event::ActionAsked { action, .. }) => {
            attempt.begun.as_mut()?.action = action.clone();
            Some(State::Challenged { attempt, phase: Phase::ActionNeeded, open })
        }
        (
            State::Challenged { .. } | State::Verifying { .. },
            Event::Decided { cause: Cause::Evidence { .. } | Cause::Failure { .. }, next },
        )
        | (State::InReview { .. }, Event::Decided { cause: Cause::Review { .. }, next }) => Some(next.clone()),
        (state, Event::PaidInFull) if state.offer_until().is_some() => {
            Some(State::PaidInFull { collection: Collection::Awaited })
        }
        (state, Event::Cancelled { by }) if state.offer_until().is_some() => Some(State::Cancelled { by: *by }),
        (
            State::PaidInFull { collection: Collection::Awaited | Collection::Failed { .. } },
            Event::Collected { .. },
        ) => Some(State::PaidInFull { collection: Collection::Collected }),
        (State::PaidInFull { collection: Collection::Awaited }, Event::NotCollected { offer_until }) => {
            Some(State::PaidInFull { collection: Collection::Failed { offer_until: *offer_until } })
        }
        (State::PaidInFull { collection: Collection::Failed { .. } }, Event::Expired) => Some(State::Expired),
        (State::Accepted { account }, Event::Plan(event)) => {
            Some(State::Accepted { account: Box::new(account.apply(event, at)?) })
        }
        (State::Declined { .. }, Event::ReviewRequested { until }) => {
            Some(State::InReview { by: Reviewer::Customer, expires_at: *until })
        }
        (State::Challenged { .. } | State::Verifying { .. } | State::InReview { .. }, Event::Expired) => {
            Some(State::Expired)
        }
        _ => None,
    }
}
