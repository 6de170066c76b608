//! What every input means in every state, as a table; and what holds whatever comes.

mod properties;
mod table;

use super::*;
use crate::domain::challenge::Failure;
use crate::domain::money::{Currency, Money};
use crate::domain::plan::{Instalment, Plan, PlanChoice, Servicing};
use crate::plan;

/// So many seconds after the beginning of these tests.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(1_795_000_000_000 + seconds * 1_000).unwrap()
}

fn sealed(name: &str) -> Sealed {
    Sealed(name.as_bytes().into())
}

/// What a provider began for an attempt of a kind.
fn begun(kind: ChallengeKind, name: &str) -> Begun {
    let action = match kind {
        ChallengeKind::SmsCode => Action::EnterCode { length: 6 },
        ChallengeKind::IdDocument | ChallengeKind::BankHistory => Action::Redirect { url: sealed("page") },
    };
    Begun { handle: sealed(name), reference: 77, action }
}

/// A plan of two instalments that is accepted at the beginning: the first is being collected.
fn account() -> Account {
    let day = jiff::civil::Date::new;
    let due = [day(2026, 11, 18).unwrap(), day(2026, 12, 18).unwrap()];
    let servicing = Servicing {
        reminder_hours: [96, 72].into(),
        movable_days: 15,
        due_hour: 9,
        quiet_from_hour: 21,
        quiet_until_hour: 8,
    };
    let instalments = due.map(|due| Instalment::agreed(due, 10_000, 0, 0)).into();
    Account::open(Plan { instalments, ..plan() }, jiff::tz::TimeZone::UTC, Some(servicing), at(0))
}

fn plan() -> Plan {
    Plan {
        choice: PlanChoice { instalment_count: 3, deferred_days: 0, deferred_months: 0 },
        amount: Money { amount_minor: 20_000, currency: Currency::EUR },
        customer_cost_minor: 0,
        cost_bps: 0,
        instalments: Vec::new(),
    }
}

/// What comes after an input, `None` being before the first: a new input has to be given its place here.
fn after_input(input: Option<&Input>, attempt: u32, kind: ChallengeKind) -> Option<Input> {
    Some(match input {
        None => Input::EnterCode,
        Some(Input::EnterCode) => Input::ResendCode,
        Some(Input::ResendCode) => Input::GrantConsent { text_version: "bank_history_1".into() },
        Some(Input::GrantConsent { .. }) => Input::RefuseConsent,
        Some(Input::RefuseConsent) => Input::Return { attempt },
        Some(Input::Return { .. }) => Input::PayInFull,
        Some(Input::PayInFull) => Input::ReportCollected { reference: None },
        Some(Input::ReportCollected { .. }) => Input::ReportNotCollected { offer_ttl_seconds: 600 },
        Some(Input::ReportNotCollected { .. }) => {
            Input::Plan(plan::Input::ReportFailed { instalment: 0, offer_ttl_seconds: 600 })
        }
        Some(Input::Plan(plan::Input::ReportFailed { .. })) => {
            Input::Plan(plan::Input::ReportPaid { instalment: 0, reference: None })
        }
        Some(Input::Plan(plan::Input::ReportPaid { .. })) => Input::Plan(plan::Input::PayAhead { instalment: None }),
        Some(Input::Plan(plan::Input::PayAhead { .. })) => {
            let to = jiff::civil::Date::new(2026, 12, 20).unwrap();
            Input::Plan(plan::Input::MoveDueDate { instalment: 1, to })
        }
        Some(Input::Plan(plan::Input::MoveDueDate { .. })) => Input::Plan(plan::Input::ChangeCard),
        Some(Input::Plan(plan::Input::ChangeCard)) => Input::Plan(plan::Input::Refund { amount_minor: 500 }),
        Some(Input::Plan(plan::Input::Refund { .. })) => Input::Cancel { by: Party::Customer },
        Some(Input::Cancel { .. }) => Input::RequestReview,
        Some(Input::RequestReview) => Input::GiveStatement,
        Some(Input::GiveStatement) => Input::ResolveReview { granted: true },
        Some(Input::ResolveReview { .. }) => Input::Started { attempt, kind, begun: begun(kind, "again") },
        Some(Input::Started { .. }) => Input::CodeWrong { attempt },
        Some(Input::CodeWrong { .. }) => Input::CodeUnknown { attempt, lost: false },
        Some(Input::CodeUnknown { .. }) => {
            Input::ActionAsked { attempt, action: Action::Redirect { url: sealed("another page") } }
        }
        Some(Input::ActionAsked { .. }) => Input::Yields { attempt },
        Some(Input::Yields { .. }) => Input::Fails { attempt, failure: Failure::GivenUp },
        Some(Input::Fails { .. }) => Input::Erased { attempt },
        Some(Input::Erased { .. }) => Input::Time,
        Some(Input::Time) => return None,
    })
}

/// Every input, about an attempt of a kind.
fn inputs(attempt: u32, kind: ChallengeKind) -> Vec<Input> {
    std::iter::successors(after_input(None, attempt, kind), |last| after_input(Some(last), attempt, kind)).collect()
}
