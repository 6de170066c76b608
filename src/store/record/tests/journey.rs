//! Any state and any event of a journey.

use super::{plan, time, vector};
use crate::domain::challenge::{ChallengeKind, Failure, Kinds};
use crate::domain::decision::Standing;
use crate::domain::sealed::Sealed;
use crate::journey::{
    Action, Attempt, Begun, Cause, Event, Open, Party, Phase, Reviewer, Stands, State, StateKind, Verifier,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

pub fn kind() -> impl Strategy<Value = ChallengeKind> {
    select(ChallengeKind::ALL.to_vec())
}

fn kinds() -> impl Strategy<Value = Kinds> {
    subsequence(ChallengeKind::ALL.to_vec(), 0..=3).prop_map(Kinds::from_iter)
}

fn failure() -> impl Strategy<Value = Failure> {
    select(Failure::ALL.to_vec())
}

/// How far any journey had come.
pub fn standing() -> impl Strategy<Value = Standing> {
    (kinds(), kinds(), kinds(), option::of((kind(), failure())))
        .prop_map(|(held, spent, over_limits, failed)| Standing { held, spent, over_limits, failed })
}

fn sealed() -> impl Strategy<Value = Sealed> {
    vec(any::<u8>(), 0..60).prop_map(|bytes| Sealed(bytes.into()))
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        (1..=u8::MAX).prop_map(|length| Action::EnterCode { length }),
        sealed().prop_map(|url| Action::Redirect { url }),
    ]
}

fn begun() -> impl Strategy<Value = Begun> {
    (sealed(), any::<u64>(), action()).prop_map(|(handle, reference, action)| Begun { handle, reference, action })
}

fn attempt() -> BoxedStrategy<Attempt> {
    (any::<[u32; 4]>(), kind(), time(), time(), option::of(begun()))
        .prop_map(|(numbers, kind, resend_after, deadline, begun)| {
            let [number, tries_left, resends_left, resend_after_seconds] = numbers;
            Attempt { number, kind, tries_left, resends_left, resend_after_seconds, resend_after, deadline, begun }
        })
        .boxed()
}

fn open() -> impl Strategy<Value = Open> {
    (time(), kinds(), any::<u32>()).prop_map(|(expires_at, spent, attempts)| Open { expires_at, spent, attempts })
}

fn party() -> impl Strategy<Value = Party> {
    select(vec![Party::Customer, Party::Merchant])
}

/// Any state.
pub fn state() -> BoxedStrategy<State> {
    select(StateKind::ALL.to_vec()).prop_flat_map(state_of).boxed()
}

fn state_of(kind: StateKind) -> BoxedStrategy<State> {
    let phases = vec![Phase::ConsentNeeded, Phase::Starting, Phase::ActionNeeded];
    match kind {
        StateKind::Challenged => (attempt(), select(phases), open())
            .prop_map(|(attempt, phase, open)| State::Challenged { attempt, phase, open })
            .boxed(),
        StateKind::Verifying => (attempt(), select(vec![Verifier::Code, Verifier::Provider]), open())
            .prop_map(|(attempt, by, open)| State::Verifying { attempt, by, open })
            .boxed(),
        StateKind::InReview => (select(vec![Reviewer::Policy, Reviewer::Customer]), time())
            .prop_map(|(by, expires_at)| State::InReview { by, expires_at })
            .boxed(),
        StateKind::Accepted => plan().prop_map(|plan| State::Accepted { plan }).boxed(),
        StateKind::Declined => (time(), time())
            .prop_map(|(offer_until, review_until)| State::Declined { offer_until, review_until })
            .boxed(),
        StateKind::PaidInFull => Just(State::PaidInFull).boxed(),
        StateKind::Cancelled => party().prop_map(|by| State::Cancelled { by }).boxed(),
        StateKind::Expired => Just(State::Expired).boxed(),
    }
}

/// What is known in few words of any journey.
pub fn stands() -> impl Strategy<Value = Stands> {
    (select(StateKind::ALL.to_vec()), option::of(time()), any::<bool>(), any::<u64>())
        .prop_map(|(kind, due_at, owes, reference)| Stands { kind, due_at, owes, reference })
}

fn cause() -> BoxedStrategy<Cause> {
    prop_oneof![
        (any::<u32>(), vector()).prop_map(|(attempt, features)| Cause::Evidence { attempt, features }),
        (any::<u32>(), failure()).prop_map(|(attempt, failure)| Cause::Failure { attempt, failure }),
        any::<bool>().prop_map(|granted| Cause::Review { granted }),
    ]
    .boxed()
}

/// Any event. One more is added to [`place`] too, which does not compile without it.
pub fn event() -> BoxedStrategy<Event> {
    let text = || "\\PC{0,20}".prop_map(String::into_boxed_str);
    prop_oneof![
        (any::<u32>(), text()).prop_map(|(attempt, text_version)| Event::ConsentGranted { attempt, text_version }),
        (any::<u32>(), kind(), begun()).prop_map(|(attempt, kind, begun)| Event::Started { attempt, kind, begun }),
        any::<u32>().prop_map(|attempt| Event::CodeEntered { attempt }),
        any::<u32>().prop_map(|attempt| Event::CodeWrong { attempt }),
        any::<(u32, bool)>().prop_map(|(attempt, lost)| Event::CodeUnknown { attempt, lost }),
        any::<u32>().prop_map(|attempt| Event::CodeAskedAgain { attempt }),
        any::<u32>().prop_map(|attempt| Event::Returned { attempt }),
        (any::<u32>(), action()).prop_map(|(attempt, action)| Event::ActionAsked { attempt, action }),
        (cause(), state()).prop_map(|(cause, next)| Event::Decided { cause, next }),
        Just(Event::PaidInFull),
        party().prop_map(|by| Event::Cancelled { by }),
        time().prop_map(|until| Event::ReviewRequested { until }),
        Just(Event::StatementGiven),
        Just(Event::Expired),
        any::<u32>().prop_map(|attempt| Event::Erased { attempt }),
    ]
    .boxed()
}

/// The number of an event's kind, of [`PLACES`].
pub fn place(event: &Event) -> usize {
    match event {
        Event::ConsentGranted { .. } => 0,
        Event::Started { .. } => 1,
        Event::CodeEntered { .. } => 2,
        Event::CodeWrong { .. } => 3,
        Event::CodeUnknown { .. } => 4,
        Event::CodeAskedAgain { .. } => 5,
        Event::Returned { .. } => 6,
        Event::ActionAsked { .. } => 7,
        Event::Decided { cause: Cause::Evidence { .. }, .. } => 8,
        Event::Decided { cause: Cause::Failure { .. }, .. } => 9,
        Event::Decided { cause: Cause::Review { .. }, .. } => 10,
        Event::PaidInFull => 11,
        Event::Cancelled { .. } => 12,
        Event::ReviewRequested { .. } => 13,
        Event::StatementGiven => 14,
        Event::Expired => 15,
        Event::Erased { .. } => 16,
    }
}

/// How many kinds of events there are.
pub const PLACES: usize = 17;
