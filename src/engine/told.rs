//! What an entry calls to be told, and to whom: a pure function of what happened and where it led, so the same for ever. The
//! sequencer asks it in the same step that makes the entry, and a redelivery asks it again.

use crate::domain::delivery::DeliveryKind;
use crate::domain::plan::PlanState;
use crate::journey::{Event as Step, State};
use crate::notice::webhook::Topic;
use crate::plan;

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
            | Step::Collected { .. }
            | Step::NotCollected { .. }
            | Step::Cancelled { .. }
            | Step::ReviewRequested { .. }
            | Step::Expired => application,
            Step::Plan(event) => of_plan(event, after),
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
        | State::PaidInFull { .. }
        | State::Cancelled { .. }
        | State::Expired => &[],
    }
}

/// What is told of what happened to a plan.
fn of_plan(event: &plan::Event, after: &State) -> Told {
    let ended = matches!(after, State::Accepted { account } if account.state == PlanState::Paid);
    let (topic, customer): (_, &[_]) = match event {
        plan::Event::Due { .. } | plan::Event::AskedAhead { .. } => (Topic::PlanPaymentDue, &[]),
        plan::Event::Reminded { .. } => (Topic::PlanUpdated, &[DeliveryKind::Reminder]),
        plan::Event::Paid { .. } if ended => (Topic::PlanUpdated, &[DeliveryKind::Receipt, DeliveryKind::Closing]),
        plan::Event::Paid { .. } => (Topic::PlanUpdated, &[DeliveryKind::Receipt]),
        plan::Event::Failed { .. } => (Topic::PlanUpdated, &[DeliveryKind::PaymentFailed]),
        plan::Event::Moved { .. } => (Topic::PlanUpdated, &[DeliveryKind::DueDateMoved]),
        plan::Event::Refunded { .. } => (Topic::PlanUpdated, &[DeliveryKind::Refunded]),
        plan::Event::CardChangeAsked | plan::Event::Fell { .. } => (Topic::PlanUpdated, &[]),
    };
    Told { merchant: Some(topic), customer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::challenge::{ChallengeKind, Failure};
    use crate::domain::sealed::Sealed;
    use crate::domain::time::Timestamp;
    use crate::journey::{Action, Begun, Cause, Party, Reviewer};

    #[test]
    fn merchants_hear_of_every_change_and_customers_of_decisions() {
        let at = Timestamp::from_ms(5).unwrap();
        let declined = State::Declined { offer_until: at, review_until: at };
        let review = State::InReview { by: Reviewer::Customer, expires_at: at };
        let handle = Sealed(Box::new([]));
        let begun = Begun { handle, reference: 0, action: Action::EnterCode { length: 6 } };
        let decided =
            Step::Decided { cause: Cause::Failure { attempt: 1, failure: Failure::TimedOut }, next: declined.clone() };
        let application = Some(Topic::ApplicationUpdated);
        let pay_in_one_go: &[_] = &[DeliveryKind::DeclinedPayInOneGo];
        let moved = |step, before, after| told(Happened::Moved { step, before, after });
        for (what, told, merchant, customer) in [
            ("declined at once", told(Happened::Submitted(&declined)), application, pay_in_one_go),
            ("in review at once", told(Happened::Submitted(&review)), application, &[]),
            ("reported", told(Happened::Reported), application, &[]),
            ("declined later", moved(&decided, &review, &declined), application, pay_in_one_go),
            ("expired", moved(&Step::Expired, &review, &State::Expired), application, &[]),
            (
                "cancelled",
                moved(&Step::Cancelled { by: Party::Merchant }, &declined, &State::Cancelled { by: Party::Merchant }),
                application,
                &[],
            ),
            ("stated", moved(&Step::StatementGiven, &review, &review), None, &[]),
            ("erased", moved(&Step::Erased { attempt: 1 }, &declined, &declined), None, &[]),
            (
                "began too late",
                moved(&Step::Started { attempt: 1, kind: ChallengeKind::SmsCode, begun }, &declined, &declined),
                None,
                &[],
            ),
        ] {
            assert_eq!(told, Told { merchant, customer }, "{what}");
        }
    }
}
