//! The states and events of journeys as records, both ways. Tags and the numbers that stand for names are permanent.

use super::Timestamp;
use super::plan::{self, AccountRecord, PlanEventRecord};
use super::read::{self, Wrong};
use super::write;
use crate::domain::challenge::{ChallengeKind, Failure, Kinds};
use crate::domain::sealed::Sealed;
use crate::journey::{Action, Attempt, Begun, Cause, Collection, Event, Open, Party, Phase, Reviewer, State, Verifier};
use prost::Message;

/// Where an application stands.
#[derive(Clone, PartialEq, Message)]
pub(super) struct StateRecord {
    #[prost(oneof = "Stands", tags = "1, 2, 3, 4, 5, 6, 7, 8")]
    stands: Option<Stands>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Stands {
    #[prost(message, tag = "1")]
    Challenged(AttemptRecord),
    #[prost(message, tag = "2")]
    Verifying(AttemptRecord),
    #[prost(message, tag = "3")]
    InReview(InReviewRecord),
    #[prost(message, tag = "4")]
    Accepted(AccountRecord),
    #[prost(message, tag = "5")]
    Declined(DeclinedRecord),
    #[prost(message, tag = "6")]
    PaidInFull(NothingRecord),
    /// 1 the customer, 2 the merchant.
    #[prost(uint32, tag = "7")]
    Cancelled(u32),
    #[prost(message, tag = "8")]
    Expired(NothingRecord),
}

/// What says nothing beside that it is there.
#[derive(Clone, PartialEq, Message)]
pub(super) struct NothingRecord {}

#[derive(Clone, PartialEq, Message)]
struct AttemptRecord {
    #[prost(uint32, tag = "1")]
    number: u32,
    /// 1 SMS code, 2 identity document, 3 bank history.
    #[prost(uint32, tag = "2")]
    kind: u32,
    #[prost(uint32, tag = "3")]
    tries_left: u32,
    #[prost(uint32, tag = "4")]
    resends_left: u32,
    #[prost(uint32, tag = "5")]
    resend_after_seconds: u32,
    #[prost(sint64, tag = "6")]
    resend_after_ms: i64,
    #[prost(sint64, tag = "7")]
    deadline_after_ms: i64,
    #[prost(message, optional, tag = "8")]
    begun: Option<BegunRecord>,
    /// Of a challenge: 1 consent needed, 2 starting, 3 action needed. Of a verification: 1 a code, 2 a provider.
    #[prost(uint32, tag = "9")]
    phase: u32,
    #[prost(sint64, tag = "10")]
    expires_after_ms: i64,
    /// As [`Kinds::bits`].
    #[prost(uint32, tag = "11")]
    spent: u32,
    #[prost(uint32, tag = "12")]
    attempts: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct BegunRecord {
    #[prost(bytes = "vec", tag = "1")]
    handle: Vec<u8>,
    #[prost(fixed64, tag = "2")]
    reference: u64,
    #[prost(message, optional, tag = "3")]
    action: Option<ActionRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ActionRecord {
    /// How many digits a code has; 0: a page.
    #[prost(uint32, tag = "1")]
    code_length: u32,
    /// The sealed address of a page.
    #[prost(bytes = "vec", tag = "2")]
    url: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct InReviewRecord {
    /// 1 the policy, 2 the customer.
    #[prost(uint32, tag = "1")]
    by: u32,
    #[prost(sint64, tag = "2")]
    expires_after_ms: i64,
}

#[derive(Clone, PartialEq, Message)]
struct DeclinedRecord {
    #[prost(sint64, tag = "1")]
    offer_until_after_ms: i64,
    #[prost(sint64, tag = "2")]
    review_until_after_ms: i64,
}

/// What happened.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum EventRecord {
    #[prost(message, tag = "4")]
    ConsentGranted(ConsentRecord),
    #[prost(message, tag = "5")]
    Started(StartedRecord),
    #[prost(uint32, tag = "6")]
    CodeEntered(u32),
    #[prost(uint32, tag = "7")]
    CodeWrong(u32),
    #[prost(message, tag = "8")]
    CodeUnknown(CodeUnknownRecord),
    #[prost(uint32, tag = "9")]
    CodeAskedAgain(u32),
    #[prost(uint32, tag = "10")]
    Returned(u32),
    #[prost(message, tag = "11")]
    ActionAsked(ActionAskedRecord),
    #[prost(message, tag = "12")]
    Decided(DecidedRecord),
    #[prost(message, tag = "13")]
    PaidInFull(NothingRecord),
    #[prost(uint32, tag = "14")]
    Cancelled(u32),
    #[prost(sint64, tag = "15")]
    ReviewRequested(i64),
    #[prost(message, tag = "16")]
    StatementGiven(NothingRecord),
    #[prost(message, tag = "17")]
    Expired(NothingRecord),
    #[prost(uint32, tag = "18")]
    Erased(u32),
    /// The gateway's name for the payment; empty: none.
    #[prost(string, tag = "23")]
    Collected(String),
    /// Until when, as milliseconds after the entry.
    #[prost(sint64, tag = "24")]
    NotCollected(i64),
    #[prost(message, tag = "25")]
    Plan(PlanEventRecord),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ConsentRecord {
    #[prost(uint32, tag = "1")]
    attempt: u32,
    #[prost(string, tag = "2")]
    text_version: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StartedRecord {
    #[prost(uint32, tag = "1")]
    attempt: u32,
    #[prost(uint32, tag = "2")]
    kind: u32,
    #[prost(message, optional, tag = "3")]
    begun: Option<BegunRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CodeUnknownRecord {
    #[prost(uint32, tag = "1")]
    attempt: u32,
    #[prost(bool, tag = "2")]
    lost: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ActionAskedRecord {
    #[prost(uint32, tag = "1")]
    attempt: u32,
    #[prost(message, optional, tag = "2")]
    action: Option<ActionRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DecidedRecord {
    #[prost(oneof = "CauseRecord", tags = "1, 2, 3")]
    cause: Option<CauseRecord>,
    #[prost(message, optional, tag = "4")]
    next: Option<StateRecord>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum CauseRecord {
    #[prost(message, tag = "1")]
    Evidence(EvidenceRecord),
    #[prost(message, tag = "2")]
    Failure(FailureRecord),
    /// Whether the review was granted.
    #[prost(bool, tag = "3")]
    Review(bool),
}

#[derive(Clone, PartialEq, Message)]
struct EvidenceRecord {
    #[prost(uint32, tag = "1")]
    attempt: u32,
    /// As [`Vector::encode`](crate::features::Vector::encode) writes it.
    #[prost(bytes = "vec", tag = "2")]
    features: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct FailureRecord {
    #[prost(uint32, tag = "1")]
    attempt: u32,
    /// The place in [`Failure::ALL`], from 1.
    #[prost(uint32, tag = "2")]
    failure: u32,
}

pub(super) fn write_state(state: &State, at: Timestamp) -> StateRecord {
    let stands = match state {
        State::Challenged { attempt, phase, open } => {
            let phase = match phase {
                Phase::ConsentNeeded => 1,
                Phase::Starting => 2,
                Phase::ActionNeeded => 3,
            };
            Stands::Challenged(write_attempt(attempt, phase, open, at))
        }
        State::Verifying { attempt, by, open } => {
            let by = match by {
                Verifier::Code => 1,
                Verifier::Provider => 2,
            };
            Stands::Verifying(write_attempt(attempt, by, open, at))
        }
        State::InReview { by, expires_at } => Stands::InReview(InReviewRecord {
            by: match by {
                Reviewer::Policy => 1,
                Reviewer::Customer => 2,
            },
            expires_after_ms: write::after(*expires_at, at),
        }),
        State::Accepted { account } => Stands::Accepted(plan::write_account(account)),
        State::Declined { offer_until, review_until } => Stands::Declined(DeclinedRecord {
            offer_until_after_ms: write::after(*offer_until, at),
            review_until_after_ms: write::after(*review_until, at),
        }),
        // No decision leads there, so it is stored as it begins.
        State::PaidInFull { .. } => Stands::PaidInFull(NothingRecord {}),
        State::Cancelled { by } => Stands::Cancelled(write_party(*by)),
        State::Expired => Stands::Expired(NothingRecord {}),
    };
    StateRecord { stands: Some(stands) }
}

pub(super) fn read_state(record: Option<StateRecord>, at: Timestamp) -> Result<State, Wrong> {
    Ok(match record.and_then(|record| record.stands).ok_or(Wrong("state: expected one"))? {
        Stands::Challenged(record) => {
            let phase = match record.phase {
                1 => Phase::ConsentNeeded,
                2 => Phase::Starting,
                3 => Phase::ActionNeeded,
                _ => return Err(Wrong("state.phase: expected 1, 2 or 3")),
            };
            let (attempt, open) = read_attempt(record, at)?;
            State::Challenged { attempt, phase, open }
        }
        Stands::Verifying(record) => {
            let by = match record.phase {
                1 => Verifier::Code,
                2 => Verifier::Provider,
                _ => return Err(Wrong("state.phase: expected 1 or 2")),
            };
            let (attempt, open) = read_attempt(record, at)?;
            State::Verifying { attempt, by, open }
        }
        Stands::InReview(record) => State::InReview {
            by: match record.by {
                1 => Reviewer::Policy,
                2 => Reviewer::Customer,
                _ => return Err(Wrong("state.by: expected 1 or 2")),
            },
            expires_at: read::after(record.expires_after_ms, at)?,
        },
        Stands::Accepted(record) => State::Accepted { account: Box::new(plan::read_account(record, at)?) },
        Stands::Declined(record) => State::Declined {
            offer_until: read::after(record.offer_until_after_ms, at)?,
            review_until: read::after(record.review_until_after_ms, at)?,
        },
        Stands::PaidInFull(_) => State::PaidInFull { collection: Collection::Awaited },
        Stands::Cancelled(by) => State::Cancelled { by: read_party(by)? },
        Stands::Expired(_) => State::Expired,
    })
}

pub(super) fn write_event(event: &Event, at: Timestamp) -> EventRecord {
    match event {
        Event::ConsentGranted { attempt, text_version } => {
            EventRecord::ConsentGranted(ConsentRecord { attempt: *attempt, text_version: text_version.to_string() })
        }
        Event::Started { attempt, kind, begun } => EventRecord::Started(StartedRecord {
            attempt: *attempt,
            kind: write_kind(*kind),
            begun: Some(write_begun(begun)),
        }),
        Event::CodeEntered { attempt } => EventRecord::CodeEntered(*attempt),
        Event::CodeWrong { attempt } => EventRecord::CodeWrong(*attempt),
        Event::CodeUnknown { attempt, lost } => {
            EventRecord::CodeUnknown(CodeUnknownRecord { attempt: *attempt, lost: *lost })
        }
        Event::CodeAskedAgain { attempt } => EventRecord::CodeAskedAgain(*attempt),
        Event::Returned { attempt } => EventRecord::Returned(*attempt),
        Event::ActionAsked { attempt, action } => {
            EventRecord::ActionAsked(ActionAskedRecord { attempt: *attempt, action: Some(write_action(action)) })
        }
        Event::Decided { cause, next } => EventRecord::Decided(DecidedRecord {
            cause: Some(match cause {
                Cause::Evidence { attempt, features } => {
                    CauseRecord::Evidence(EvidenceRecord { attempt: *attempt, features: write::vector(features) })
                }
                Cause::Failure { attempt, failure } => {
                    CauseRecord::Failure(FailureRecord { attempt: *attempt, failure: write_failure(*failure) })
                }
                Cause::Review { granted } => CauseRecord::Review(*granted),
            }),
            next: Some(write_state(next, at)),
        }),
        Event::PaidInFull => EventRecord::PaidInFull(NothingRecord {}),
        Event::Cancelled { by } => EventRecord::Cancelled(write_party(*by)),
        Event::ReviewRequested { until } => EventRecord::ReviewRequested(write::after(*until, at)),
        Event::StatementGiven => EventRecord::StatementGiven(NothingRecord {}),
        Event::Expired => EventRecord::Expired(NothingRecord {}),
        Event::Erased { attempt } => EventRecord::Erased(*attempt),
        Event::Collected { reference } => EventRecord::Collected(reference.as_deref().unwrap_or_default().into()),
        Event::NotCollected { offer_until } => EventRecord::NotCollected(write::after(*offer_until, at)),
        Event::Plan(event) => EventRecord::Plan(plan::write_event(event, at)),
    }
}

pub(super) fn read_event(record: Option<EventRecord>, at: Timestamp) -> Result<Event, Wrong> {
    Ok(match record.ok_or(Wrong("event: expected one"))? {
        EventRecord::ConsentGranted(ConsentRecord { attempt, text_version }) => {
            Event::ConsentGranted { attempt, text_version: text_version.into() }
        }
        EventRecord::Started(record) => Event::Started {
            attempt: record.attempt,
            kind: read_kind(record.kind)?,
            begun: read_begun(record.begun.ok_or(Wrong("begun: expected one"))?)?,
        },
        EventRecord::CodeEntered(attempt) => Event::CodeEntered { attempt },
        EventRecord::CodeWrong(attempt) => Event::CodeWrong { attempt },
        EventRecord::CodeUnknown(CodeUnknownRecord { attempt, lost }) => Event::CodeUnknown { attempt, lost },
        EventRecord::CodeAskedAgain(attempt) => Event::CodeAskedAgain { attempt },
        EventRecord::Returned(attempt) => Event::Returned { attempt },
        EventRecord::ActionAsked(record) => {
            Event::ActionAsked { attempt: record.attempt, action: read_action(record.action)? }
        }
        EventRecord::Decided(record) => Event::Decided {
            cause: match record.cause.ok_or(Wrong("cause: expected one"))? {
                CauseRecord::Evidence(record) => {
                    Cause::Evidence { attempt: record.attempt, features: read::vector(&record.features)? }
                }
                CauseRecord::Failure(record) => {
                    Cause::Failure { attempt: record.attempt, failure: read_failure(record.failure)? }
                }
                CauseRecord::Review(granted) => Cause::Review { granted },
            },
            next: read_state(record.next, at)?,
        },
        EventRecord::PaidInFull(_) => Event::PaidInFull,
        EventRecord::Cancelled(by) => Event::Cancelled { by: read_party(by)? },
        EventRecord::ReviewRequested(until) => Event::ReviewRequested { until: read::after(until, at)? },
        EventRecord::StatementGiven(_) => Event::StatementGiven,
        EventRecord::Expired(_) => Event::Expired,
        EventRecord::Erased(attempt) => Event::Erased { attempt },
        EventRecord::Collected(reference) => {
            Event::Collected { reference: (!reference.is_empty()).then(|| reference.into()) }
        }
        EventRecord::NotCollected(until) => Event::NotCollected { offer_until: read::after(until, at)? },
        EventRecord::Plan(record) => Event::Plan(plan::read_event(record, at)?),
    })
}

fn write_attempt(attempt: &Attempt, phase: u32, open: &Open, at: Timestamp) -> AttemptRecord {
    AttemptRecord {
        number: attempt.number,
        kind: write_kind(attempt.kind),
        tries_left: attempt.tries_left,
        resends_left: attempt.resends_left,
        resend_after_seconds: attempt.resend_after_seconds,
        resend_after_ms: write::after(attempt.resend_after, at),
        deadline_after_ms: write::after(attempt.deadline, at),
        begun: attempt.begun.as_ref().map(write_begun),
        phase,
        expires_after_ms: write::after(open.expires_at, at),
        spent: open.spent.bits().into(),
        attempts: open.attempts,
    }
}

fn read_attempt(record: AttemptRecord, at: Timestamp) -> Result<(Attempt, Open), Wrong> {
    let attempt = Attempt {
        number: record.number,
        kind: read_kind(record.kind)?,
        tries_left: record.tries_left,
        resends_left: record.resends_left,
        resend_after_seconds: record.resend_after_seconds,
        resend_after: read::after(record.resend_after_ms, at)?,
        deadline: read::after(record.deadline_after_ms, at)?,
        begun: record.begun.map(read_begun).transpose()?,
    };
    let open = Open {
        expires_at: read::after(record.expires_after_ms, at)?,
        spent: Kinds::from_bits(record.spent).ok_or(Wrong("state.spent: expected known kinds"))?,
        attempts: record.attempts,
    };
    Ok((attempt, open))
}

fn write_begun(begun: &Begun) -> BegunRecord {
    BegunRecord {
        handle: begun.handle.0.to_vec(),
        reference: begun.reference,
        action: Some(write_action(&begun.action)),
    }
}

fn read_begun(record: BegunRecord) -> Result<Begun, Wrong> {
    Ok(Begun { handle: Sealed(record.handle.into()), reference: record.reference, action: read_action(record.action)? })
}

fn write_action(action: &Action) -> ActionRecord {
    match action {
        Action::EnterCode { length } => ActionRecord { code_length: (*length).into(), url: Vec::new() },
        Action::Redirect { url } => ActionRecord { code_length: 0, url: url.0.to_vec() },
    }
}

fn read_action(record: Option<ActionRecord>) -> Result<Action, Wrong> {
    let record = record.ok_or(Wrong("action: expected one"))?;
    Ok(match u8::try_from(record.code_length) {
        Ok(0) => Action::Redirect { url: Sealed(record.url.into()) },
        Ok(length) => Action::EnterCode { length },
        Err(_) => return Err(Wrong("action.code_length: expected a number below 256")),
    })
}

pub(super) fn write_failure(failure: Failure) -> u32 {
    let place = Failure::ALL.iter().position(|known| *known == failure);
    place.unwrap_or_default() as u32 + 1
}

pub(super) fn read_failure(number: u32) -> Result<Failure, Wrong> {
    let place = (number as usize).checked_sub(1);
    let failure = place.and_then(|place| Failure::ALL.get(place)).copied();
    failure.ok_or(Wrong("failure: expected the number of one"))
}

pub(super) fn write_kind(kind: ChallengeKind) -> u32 {
    match kind {
        ChallengeKind::SmsCode => 1,
        ChallengeKind::IdDocument => 2,
        ChallengeKind::BankHistory => 3,
    }
}

pub(super) fn read_kind(number: u32) -> Result<ChallengeKind, Wrong> {
    match number {
        1 => Ok(ChallengeKind::SmsCode),
        2 => Ok(ChallengeKind::IdDocument),
        3 => Ok(ChallengeKind::BankHistory),
        _ => Err(Wrong("kind: expected 1, 2 or 3")),
    }
}

fn write_party(party: Party) -> u32 {
    match party {
        Party::Customer => 1,
        Party::Merchant => 2,
    }
}

fn read_party(number: u32) -> Result<Party, Wrong> {
    match number {
        1 => Ok(Party::Customer),
        2 => Ok(Party::Merchant),
        _ => Err(Wrong("by: expected 1 or 2")),
    }
}
