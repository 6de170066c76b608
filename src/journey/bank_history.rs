//! The bank history of the last three months: nobody is asked before the customer has consented (GDPR article 6 (1) (a);
//! directive (EU) 2015/2366 article 67), and may change their mind until it has been read.

use super::state::{Phase, State};
use super::{Event, Forbidden, Occasion, Received};
use crate::domain::challenge::{ChallengeKind, Failure};
use crate::domain::time::Timestamp;

/// The customer consents.
pub(super) fn granted(state: &State, text_version: Box<str>, at: Timestamp) -> Result<Received, Forbidden> {
    match state {
        State::Challenged { attempt, phase: Phase::ConsentNeeded, .. } => {
            Ok(Received::Happens(Event::ConsentGranted { attempt: attempt.number, text_version }))
        }
        _ => Err(Forbidden::new(state, "expected one that asks for consent", at)),
    }
}

/// The customer does not consent, or not any more.
pub(super) fn refused(state: &State, at: Timestamp) -> Result<Received, Forbidden> {
    match state {
        // Until it has been read, so while the bank is being asked too.
        State::Challenged { attempt, .. } | State::Verifying { attempt, .. }
            if attempt.kind == ChallengeKind::BankHistory =>
        {
            let (attempt, kind, failure) = (attempt.number, attempt.kind, Failure::ConsentRefused);
            Ok(Received::Decide(Occasion::Failure { attempt, kind, failure }))
        }
        _ => Err(Forbidden::new(state, "expected one that asks for consent", at)),
    }
}
