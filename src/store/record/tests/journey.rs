//! Any state and any event of a journey.

use super::{plan as any_plan, time, vector};
use crate::domain::challenge::{ChallengeKind, Failure, Kinds};
use crate::domain::decision::Standing;
use crate::domain::plan::{PlanState, Servicing};
use crate::domain::sealed::Sealed;
use crate::domain::time::Timestamp;
use crate::journey::{
    Action, Attempt, Begun, Cause, Collection, Event, Open, Party, Phase, Reviewer, Stands, State, StateKind, Verifier,
};
use crate::plan::{self, Account};
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
        StateKind::Accepted => account().prop_map(|account| State::Accepted { account: account.into() }).boxed(),
        StateKind::Declined => (time(), time())
            .prop_map(|(offer_until, review_until)| State::Declined { offer_until, review_until })
            .boxed(),
        StateKind::PaidInFull => Just(State::PaidInFull { collection: Collection::Awaited }).boxed(),
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

/// Any account, as it is opened at the time of its entry: [`opened_at`].
fn account() -> impl Strategy<Value = Account> {
    let servicing = (vec(1..400_u16, 0..4), 0..60_u8, 0..24_i8, 0..24_i8, 0..24_i8);
    let servicing = servicing.prop_map(|(reminder_hours, movable_days, due_hour, from, until)| Servicing {
        reminder_hours: reminder_hours.into(),
        movable_days,
        due_hour,
        quiet_from_hour: from,
        quiet_until_hour: until,
    });
    let zone = select(vec!["UTC", "Europe/Paris", "America/Cayenne"]);
    let zone = zone.prop_map(|name| jiff::tz::TimeZoneDatabase::bundled().get(name).unwrap());
    (any_plan(), zone, option::of(servicing))
        .prop_map(|(plan, zone, servicing)| Account::open(plan, zone, servicing, Timestamp::default()))
}

/// A state with its account opened at a time: what is stored is opened when its entry is read.
pub fn opened_at(state: &mut State, at: Timestamp) {
    if let State::Accepted { account } = state {
        let Account { plan, zone, servicing, .. } = account.as_ref().clone();
        **account = Account::open(plan, zone, servicing, at);
    }
}

fn plan_event() -> BoxedStrategy<plan::Event> {
    let states = [PlanState::InProgress, PlanState::Paid, PlanState::Late, PlanState::LateContact, PlanState::Default];
    let day = (1..9999_i16, 1..=12_i8, 1..=28_i8).prop_map(|(y, m, d)| jiff::civil::Date::new(y, m, d).unwrap());
    let reference = option::of("[!-~]{1,64}".prop_map(String::into_boxed_str));
    prop_oneof![
        any::<u8>().prop_map(|instalment| plan::Event::Due { instalment }),
        vec(any::<u8>(), 0..4).prop_map(|all| plan::Event::AskedAhead { instalments: all.into() }),
        any::<(u8, u16)>().prop_map(|(instalment, hours)| plan::Event::Reminded { instalment, hours }),
        (any::<u8>(), reference).prop_map(|(instalment, reference)| plan::Event::Paid { instalment, reference }),
        (any::<u8>(), option::of(time()))
            .prop_map(|(instalment, offer_until)| plan::Event::Failed { instalment, offer_until }),
        (any::<u8>(), day).prop_map(|(instalment, to)| plan::Event::Moved { instalment, to }),
        Just(plan::Event::CardChangeAsked),
        any::<(i64, i64)>().prop_map(|(amount_minor, back_minor)| plan::Event::Refunded { amount_minor, back_minor }),
        (any::<u8>(), select(states.to_vec())).prop_map(|(instalment, into)| plan::Event::Fell { instalment, into }),
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
        option::of(text()).prop_map(|reference| Event::Collected { reference }),
        time().prop_map(|offer_until| Event::NotCollected { offer_until }),
        plan_event().prop_map(Event::Plan),
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
        Event::Collected { .. } => 17,
        Event::NotCollected { .. } => 18,
        Event::Plan(plan::Event::Due { .. }) => 19,
        Event::Plan(plan::Event::AskedAhead { .. }) => 20,
        Event::Plan(plan::Event::Reminded { .. }) => 21,
        Event::Plan(plan::Event::Paid { .. }) => 22,
        Event::Plan(plan::Event::Failed { .. }) => 23,
        Event::Plan(plan::Event::Moved { .. }) => 24,
        Event::Plan(plan::Event::CardChangeAsked) => 25,
        Event::Plan(plan::Event::Refunded { .. }) => 26,
        Event::Plan(plan::Event::Fell { .. }) => 27,
    }
}

/// How many kinds of events there are.
pub const PLACES: usize = 28;
