//! What holds whatever comes, in whatever order: a journey is played with inputs at random, as the engine would play it.

use super::*;
use crate::domain::decision::Outcome;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};

const LIMITS: Limits = Limits { journey_ttl_seconds: 3_600, offer_ttl_seconds: 600, review_ttl_seconds: 7_200 };
const TRIES: u32 = 3;
const RESENDS: u32 = 2;

/// What models and policy say when they are asked.
#[derive(Debug, Clone, Copy)]
struct Verdict {
    outcome: Outcome,
    /// Which of the challenges that are left.
    kind: Index,
    review: bool,
}

impl Verdict {
    /// As the policy does, which asks for nothing that is spent.
    fn judged(self, spent: Kinds) -> Judged {
        let left: Vec<_> = ChallengeKind::ALL.into_iter().filter(|kind| !spent.contains(*kind)).collect();
        let kind = (!self.review && !left.is_empty()).then(|| left[self.kind.index(left.len())]);
        let ask =
            kind.map(|kind| Ask { kind, tries: TRIES, ttl_seconds: 900, resends: RESENDS, resend_after_seconds: 30 });
        Judged { outcome: self.outcome, ask, limits: LIMITS }
    }
}

/// What comes next, and what is said where a decision is due.
#[derive(Debug, Clone, Copy)]
struct Turn {
    input: Index,
    /// Whether it is about the present attempt, and not about another.
    present: bool,
    other: u32,
    seconds: i64,
    verdict: Verdict,
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let outcome = prop_oneof![1 => Just(Outcome::Accept), 1 => Just(Outcome::Decline), 6 => Just(Outcome::StepUp)];
    (outcome, any::<Index>(), prop::bool::weighted(0.1)).prop_map(|(outcome, kind, review)| Verdict {
        outcome,
        kind,
        review,
    })
}

fn turn() -> impl Strategy<Value = Turn> {
    let seconds = prop_oneof![8 => 0..60_i64, 1 => 60..2_000_i64];
    (any::<Index>(), prop::bool::weighted(0.9), 0..5_u32, seconds, verdict())
        .prop_map(|(input, present, other, seconds, verdict)| Turn { input, present, other, seconds, verdict })
}

/// A journey that is played, with everything that happened.
struct Played {
    first: State,
    events: Vec<(Event, Timestamp)>,
    journey: Journey,
    now: i64,
    /// The kinds that were asked, in their order.
    asked: Vec<ChallengeKind>,
    /// Of each attempt, how often a code was compared.
    compared: BTreeMap<u32, u32>,
    /// The attempts that a provider knows of, by what it said.
    known_outside: BTreeSet<u32>,
    accepted: bool,
}

impl Played {
    fn begin(verdict: Verdict) -> Self {
        let judged = verdict.judged(Kinds::NONE);
        let accepted = judged.outcome == Outcome::Accept;
        let first = Open::new(at(0), LIMITS).enter(judged, account, at(0));
        Self {
            journey: Journey::at(first.clone()),
            asked: first.attempt().map(|attempt| attempt.kind).into_iter().collect(),
            first,
            events: Vec::new(),
            now: 0,
            compared: BTreeMap::new(),
            known_outside: BTreeSet::new(),
            accepted,
        }
    }

    /// Everything that time has brought.
    fn pass_time(&mut self, verdict: Verdict) {
        let mut rounds = 0;
        while self.play(Input::Time, verdict) {
            rounds += 1;
            assert!(rounds < 100, "time brings something for ever: {:?}", self.journey.state);
        }
    }

    fn number(&self) -> Option<u32> {
        self.journey.state.attempt().map(|attempt| attempt.number)
    }

    /// The input of a turn: of those that mean something where the turn picks so.
    fn input(&self, turn: &Turn) -> Input {
        let present = self.journey.state.attempt().filter(|_| turn.present);
        let (number, kind) = present.map_or((turn.other, ChallengeKind::SmsCode), |of| (of.number, of.kind));
        let inputs = inputs(number, kind);
        inputs[turn.input.index(inputs.len())].clone()
    }

    fn is_settled(&self) -> bool {
        match &self.journey.state {
            State::Accepted { .. } | State::PaidInFull { .. } | State::Cancelled { .. } | State::Expired => true,
            State::Declined { offer_until, review_until } => at(self.now) >= *offer_until.max(review_until),
            State::Challenged { .. } | State::Verifying { .. } | State::InReview { .. } => false,
        }
    }

    /// Plays one input; whether something happened.
    fn play(&mut self, input: Input, verdict: Verdict) -> bool {
        let now = at(self.now);
        let event = match receive(&self.journey, input, now) {
            Err(_) | Ok(Received::Nothing) => return false,
            Ok(Received::Happens(event)) => event,
            Ok(Received::Decide(occasion)) => self.decide(occasion, verdict),
        };
        match &event {
            Event::CodeEntered { attempt } => *self.compared.entry(*attempt).or_default() += 1,
            Event::Started { attempt, .. } => drop(self.known_outside.insert(*attempt)),
            Event::Erased { attempt } | Event::CodeUnknown { attempt, lost: true } => {
                self.known_outside.remove(attempt);
            }
            _ => {}
        }
        let before = self.journey.state.kind();
        self.journey = self.journey.clone().apply(&event, now).expect("what is received can happen");
        let step = (Some(before), event.name(), self.journey.state.kind());
        // Only under another policy than the one that asked: no one policy accepts for want of evidence.
        let other_policy = matches!(step, (_, "decided_on_failure", StateKind::Accepted));
        let known = TRANSITIONS.contains(&step) || LATE.contains(&step);
        assert!(known || other_policy, "{step:?} is none of TRANSITIONS");
        self.events.push((event, now));
        true
    }

    fn decide(&mut self, occasion: Occasion, verdict: Verdict) -> Event {
        let now = at(self.now);
        let (cause, open, judged) = match occasion {
            Occasion::Review { granted } => {
                let outcome = if granted { Outcome::Accept } else { Outcome::Decline };
                let judged = Verdict { outcome, ..verdict }.judged(Kinds::NONE);
                (Cause::Review { granted }, Open::new(now, LIMITS), judged)
            }
            Occasion::Evidence { attempt, .. } | Occasion::Failure { attempt, .. } => {
                let open = *self.journey.state.open().expect("a challenge is under way");
                let cause = match occasion {
                    Occasion::Failure { failure, .. } => Cause::Failure { attempt, failure },
                    _ => Cause::Evidence { attempt, features: crate::features::Vector::default() },
                };
                (cause, open, verdict.judged(open.spent))
            }
        };
        self.accepted = judged.outcome == Outcome::Accept;
        let next = open.enter(judged, account, now);
        self.asked.extend(next.attempt().map(|attempt| attempt.kind));
        Event::Decided { cause, next }
    }

    /// What holds at every moment.
    fn check(&self, before: &Journey) -> Result<(), TestCaseError> {
        let state = &self.journey.state;
        prop_assert_eq!(matches!(state, State::Accepted { .. }), self.accepted && state.kind() == StateKind::Accepted);
        let kinds: Kinds = self.asked.iter().copied().collect();
        prop_assert_eq!(kinds.iter().count(), self.asked.len(), "asked twice: {:?}", &self.asked);
        if let Some(open) = state.open() {
            prop_assert_eq!(open.spent, kinds, "what was asked is spent");
            prop_assert_eq!(open.attempts as usize, self.asked.len());
        }
        self.check_counters(before)?;
        for attempt in 0..=self.asked.len() as u32 {
            let owed = self.journey.erasures.iter().filter(|erasure| erasure.attempt == attempt).count();
            let expected = usize::from(self.number() != Some(attempt) && self.known_outside.contains(&attempt));
            prop_assert_eq!(owed, expected, "attempt {} is to be forgotten by its provider", attempt);
        }
        let replayed = self
            .events
            .iter()
            .try_fold(Journey::at(self.first.clone()), |journey, (event, at)| journey.apply(event, *at));
        prop_assert_eq!(replayed.as_ref(), Ok(&self.journey), "the events rebuild the state");
        Ok(())
    }

    fn check_counters(&self, before: &Journey) -> Result<(), TestCaseError> {
        let Some(attempt) = self.journey.state.attempt() else { return Ok(()) };
        let compared = self.compared.get(&attempt.number).copied().unwrap_or_default();
        prop_assert_eq!(attempt.tries_left + compared, TRIES, "each code is counted before it is compared");
        if let Some(before) = before.state.attempt() {
            prop_assert!(attempt.number >= before.number, "attempts are counted up");
            if attempt.number == before.number {
                prop_assert!(attempt.tries_left <= before.tries_left, "tries never grow");
                prop_assert!(attempt.resends_left <= before.resends_left, "resends never grow");
                prop_assert_eq!(attempt.deadline, before.deadline, "time is not given back");
            }
        }
        Ok(())
    }
}

/// What comes from a provider, or by itself: said again it changes nothing.
fn may_come_again(input: &Input) -> bool {
    match input {
        Input::Started { .. }
        | Input::CodeWrong { .. }
        | Input::CodeUnknown { .. }
        | Input::ActionAsked { .. }
        | Input::Yields { .. }
        | Input::Fails { .. }
        | Input::Erased { .. }
        | Input::Time => true,
        Input::EnterCode
        | Input::ResendCode
        | Input::GrantConsent { .. }
        | Input::RefuseConsent
        | Input::Return { .. }
        | Input::PayInFull
        | Input::ReportCollected { .. }
        | Input::ReportNotCollected { .. }
        | Input::Plan(_)
        | Input::Cancel { .. }
        | Input::RequestReview
        | Input::GiveStatement
        | Input::ResolveReview { .. } => false,
    }
}

/// The attempt that an answer is about.
fn about(input: &Input) -> Option<u32> {
    match input {
        Input::Started { attempt, .. }
        | Input::CodeWrong { attempt }
        | Input::CodeUnknown { attempt, .. }
        | Input::ActionAsked { attempt, .. }
        | Input::Yields { attempt }
        | Input::Fails { attempt, .. }
        | Input::Erased { attempt } => Some(*attempt),
        _ => None,
    }
}

proptest! {
    #[test]
    fn whatever_comes_the_rules_of_a_journey_hold(first in verdict(), turns in prop::collection::vec(turn(), 0..120)) {
        let mut played = Played::begin(first);
        for turn in turns {
            played.now += turn.seconds;
            // The engine hears of times that are over before it hears of anything else.
            let before = played.journey.clone();
            played.pass_time(turn.verdict);
            played.check(&before)?;
            let before = played.journey.clone();
            let (settled, number) = (played.is_settled(), played.number());
            let input = played.input(&turn);
            // Only what was asked of a provider can begin there.
            if about(&input).is_some_and(|attempt| attempt == 0 || attempt as usize > played.asked.len()) {
                continue;
            }
            played.play(input.clone(), turn.verdict);
            played.check(&before)?;
            let name = input.name();
            if settled {
                // What becomes of an accepted plan stays within that state, unless its first payment has failed.
                let (state, before) = (&played.journey.state, &before.state);
                let stays = state.kind() == before.kind() || before.offer_until().is_some_and(|until| at(played.now) < until);
                prop_assert!(stays, "{}: a settled state never moves: {:?}, {:?}", name, before, state);
            }
            if about(&input).is_some() && about(&input) != number {
                prop_assert_eq!(&played.journey.state, &before.state, "{}: a late answer moves nothing", name);
            }
            if may_come_again(&input) {
                let once = played.journey.clone();
                let happened = played.play(input, turn.verdict);
                prop_assert!(!happened && played.journey == once, "{}: said again, it changes nothing", name);
            }
        }
    }

    #[test]
    fn what_is_owed_follows_from_the_state_alone(first in verdict(), turns in prop::collection::vec(turn(), 0..60)) {
        let mut played = Played::begin(first);
        for turn in turns {
            played.now += turn.seconds;
            played.pass_time(turn.verdict);
            let input = played.input(&turn);
            played.play(input, turn.verdict);
            let effects = played.journey.effects();
            let stands = played.journey.stands();
            prop_assert!(effects.is_empty() || stands.owes, "{:?} of {:?}", effects, stands);
            prop_assert_eq!(&effects, &played.journey.clone().effects());
            if let Some(due) = stands.due_at {
                prop_assert!(receive(&played.journey, Input::Time, due) != Ok(Received::Nothing), "something is due then");
            }
        }
    }
}
