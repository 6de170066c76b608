//! What an entry calls to be told, and to whom: a pure function of what happened and where it led, so the same for ever. The
//! sequencer asks it in the same step that makes the entry, and a redelivery asks it again.

use crate::domain::delivery::DeliveryKind;
use crate::journey::{Event as Step, State};
use crate::notice::webhook::Topic;

/// What happened to an application.
#[derive(Debug, Clone, Copy)]
pub(super) enum Happened<'a> {
    /// It was submitted, and decided.
    Submitted(&'a State),
    /// Its gateway told how it turned out.
    Reported,
    /// It went on.
    Moved { step: &'a Step, before: &'a State, after: &'a State },
}

/// What is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    /// To the merchant.
    pub merchant: Option<Topic>,
    /// To the customer.
    pub customer: &'static [DeliveryKind],
}

impl Told {
    const NOTHING: Self = Self { merchant: None, customer: &[] };

    fn to_merchant(topic: Topic) -> Self {
        Self { merchant: Some(topic), customer: &[] }
    }
}

/// What is told of what happened.
pub(super) fn told(happened: Happened<'_>) -> Told {
    let application = Told::to_merchant(Topic::ApplicationUpdated);
    match happened {
        Happened::Submitted(state) => Told { customer: on_entering(state), ..application },
        Happened::Reported => application,
        Happened::Moved { step, before, after } => match step {
            Step::Decided { next, .. } => Told { customer: on_entering(next), ..application },
            // Nobody sees that something began too late.
            Step::Started { .. } if before == after => Told::NOTHING,
            Step::Started { .. }
            | Step::ConsentGranted { .. }
            | Step::CodeEntered { .. }
            | Step::CodeWrong { .. }
            | Step::CodeUnknown { .. }
            | Step::CodeAskedAgain { .. }
            | Step::Returned { .. }
            | Step::ActionAsked { .. }
            | Step::PaidInFull
            | Step::Cancelled { .. }
            | Step::ReviewRequested { .. }
            | Step::Expired => application,
            // What customers state is for reviewers.
            Step::StatementGiven | Step::Erased { .. } => Told::NOTHING,
        },
    }
}

/// What a customer is told who comes to stand there by a decision.
fn on_entering(state: &State) -> &'static [DeliveryKind] {
    match state {
        State::Accepted { .. } => &[DeliveryKind::Confirmation],
        State::Declined { .. } => &[DeliveryKind::DeclinedPayInOneGo],
        State::Challenged { .. }
        | State::Verifying { .. }
        | State::InReview { .. }
        | State::PaidInFull
        | State::Cancelled { .. }
        | State::Expired => &[],
    }
}
