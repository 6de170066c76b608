//! A one-time code sent to the customer's phone. A try is counted, and the count committed, before the code is compared.

use super::state::{Phase, State, Verifier};
use super::{Event, Forbidden, Occasion, Received};
use crate::domain::challenge::{ChallengeKind, Failure};
use crate::domain::time::Timestamp;

/// The customer entered a code.
pub(super) fn entered(state: &State, at: Timestamp) -> Result<Received, Forbidden> {
    let forbid = |expected| Err(Forbidden::new(state, expected, at));
    match state {
        State::Challenged { attempt, phase, .. } if attempt.kind == ChallengeKind::SmsCode => match phase {
            Phase::ActionNeeded => Ok(Received::Happens(Event::CodeEntered { attempt: attempt.number })),
            // Another one is on its way: the one that was sent is as good.
            Phase::Starting if attempt.begun.is_some() => {
                Ok(Received::Happens(Event::CodeEntered { attempt: attempt.number }))
            }
            _ => forbid("the code has not been sent yet"),
        },
        State::Challenged { .. } => forbid("it is not a code that is asked for"),
        State::Verifying { by: Verifier::Code, .. } => forbid("an earlier code is still being checked"),
        _ => forbid("expected one that asks for a code"),
    }
}

/// The customer wants another code.
pub(super) fn asked_again(state: &State, at: Timestamp) -> Result<Received, Forbidden> {
    let forbid = |expected, from| Err(Forbidden { from, ..Forbidden::new(state, expected, at) });
    match state {
        State::Challenged { attempt, phase, .. } if attempt.kind == ChallengeKind::SmsCode => match phase {
            Phase::ActionNeeded if attempt.resends_left == 0 => forbid("no further code is sent", None),
            Phase::ActionNeeded if at < attempt.resend_after => {
                forbid("another code is not sent so soon", Some(attempt.resend_after))
            }
            Phase::ActionNeeded => Ok(Received::Happens(Event::CodeAskedAgain { attempt: attempt.number })),
            _ => forbid("a code is just being sent", None),
        },
        _ => forbid("expected one that asks for a code", None),
    }
}

/// The code was wrong.
pub(super) fn wrong(state: &State, number: u32) -> Received {
    unanswered(state, number, Failure::TooManyTries, Event::CodeWrong { attempt: number })
}

/// Whether it was right cannot be known: the try counts.
pub(super) fn unknown(state: &State, number: u32, lost: bool) -> Received {
    unanswered(state, number, Failure::Provider, Event::CodeUnknown { attempt: number, lost })
}

fn unanswered(state: &State, number: u32, last: Failure, event: Event) -> Received {
    match state {
        State::Verifying { attempt, by: Verifier::Code, .. } if attempt.number == number => {
            if attempt.tries_left == 0 {
                let kind = attempt.kind;
                Received::Decide(Occasion::Failure { attempt: number, kind, failure: last })
            } else {
                Received::Happens(event)
            }
        }
        _ => Received::Nothing,
    }
}
