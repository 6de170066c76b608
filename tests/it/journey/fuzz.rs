//! Many journeys at once, with steps, answers, times and crashes at random; then what always holds is looked for.

use super::world::{CODE, Fake, World, done, journey, story};
use aval::domain::challenge::{ChallengeKind, Kinds};
use aval::domain::consent::BANK_HISTORY;
use aval::domain::decision::Outcome;
use aval::domain::ids::{EntryId, Seq};
use aval::engine::{Refused, Settings, rebuild};
use aval::journey::{Cause, Event as Step, Input, Party, State};
use aval::provider::{Denial, Progress, ProviderError};
use aval::store::{Entry, Event, Store};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Fraud and default both ask, every failure goes on, and nobody runs into a daily limit.
const POLICY: &str = "
fraud: { accept_below: { none: 0, phone: 1 }, decline_from: { none: 1 }, challenges: [sms_code] }
default: { accept_below: { none: 0, bank: 1 }, decline_from: { none: 1 }, challenges: [bank_history] }
when_challenges_spent: review
windows: { journey_ttl_seconds: 20000 }
challenges:
  sms_code: { attempts: 3, ttl_seconds: 6000, resend_after_seconds: 5, daily_per_phone: 1000, when_failed: next }
  bank_history: { attempts: 3, ttl_seconds: 6000, daily_per_phone: 1000, when_failed: next }
";

/// Numbers that look random and are the same whenever a seed is.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// A provider is told what it will say to some of the next questions.
fn tell(fake: &Fake, kind: ChallengeKind, numbers: &mut Numbers) {
    let says = match numbers.below(6) {
        0 => Err(ProviderError::Retryable("busy".into())),
        1 => Err(ProviderError::Indeterminate("no answer".into())),
        2 => Ok(Progress::Denied(Denial::ByCustomer)),
        3 => Ok(Progress::Expired),
        _ => Ok(done(kind)),
    };
    match numbers.below(4) {
        0 => fake.starts.lock().unwrap().push_back(ProviderError::Retryable("busy".into())),
        1 => fake.submits.lock().unwrap().push_back(says),
        _ => fake.polls.lock().unwrap().push_back(says),
    }
}

async fn step(world: &World, id: EntryId, request: &str, numbers: &mut Numbers) -> Result<(), Refused> {
    let answer = match numbers.below(20) {
        0..=3 => world.meanwhile(world.enter(id, request, if numbers.below(2) == 0 { CODE } else { "000000" })).await,
        4 => world.meanwhile(world.act(id, request, Input::ResendCode)).await,
        5..=8 => {
            let input = Input::GrantConsent { text_version: BANK_HISTORY.id.into() };
            world.meanwhile(world.act(id, request, input)).await
        }
        9 => world.act(id, request, Input::RefuseConsent).await,
        10..=14 => world.come_back_to(id, request, numbers.below(3) as u32).await,
        15 | 16 => world.act(id, request, Input::ResolveReview { granted: numbers.below(2) == 0 }).await,
        17 if numbers.below(3) == 0 => world.act(id, request, Input::Cancel { by: Party::Customer }).await,
        18 if numbers.below(3) == 0 => {
            world.act(id, request, [Input::PayInFull, Input::RequestReview][numbers.below(2)].clone()).await
        }
        _ => world.act(id, request, Input::GiveStatement).await,
    };
    answer.map(drop)
}

async fn play(seed: u64) {
    let mut numbers = Numbers(seed);
    let mut world = World::new(POLICY);
    let mut applications = Vec::new();
    for turn in 0..200 {
        if applications.len() < 5 || numbers.below(20) == 0 {
            applications.push(world.submit_only(&format!("c{turn}")).await);
        }
        // The younger ones more often: something is still to happen to them.
        let id = applications[applications.len() - 1 - numbers.below(applications.len().min(6))];
        match numbers.below(12) {
            0 => tell(&world.sms, ChallengeKind::SmsCode, &mut numbers),
            1 | 2 => tell(&world.bank, ChallengeKind::BankHistory, &mut numbers),
            3 => world.pass(numbers.below(60) as i64).await,
            4 => drop(world.notice_of(&world.bank, id, numbers.below(3) as u32)),
            5 if numbers.below(4) == 0 => world = world.killed_and_started(),
            _ => match step(&world, id, &format!("turn-{turn}"), &mut numbers).await {
                Ok(()) | Err(Refused::Forbidden(_)) => {}
                Err(other) => panic!("seed {seed}, turn {turn}: {other}"),
            },
        }
    }
    // All times pass, and whatever was owed is done.
    world.pass(20 * 86_400).await;
    for id in &applications {
        check(&world.history(*id).await, seed);
    }
    check_log(&world, seed);
}

/// What holds of the history of every application when all its times are over.
fn check(history: &[Arc<Entry>], seed: u64) {
    let told = format!("seed {seed}: {}", story(history));
    let end = journey(history);
    assert!(end.effects().is_empty(), "{told}: owes {:?}", end.effects());
    assert!(
        !matches!(end.state, State::Challenged { .. } | State::Verifying { .. } | State::InReview { .. }),
        "{told}"
    );
    let (mut asked, mut compared) = (Kinds::NONE, BTreeMap::<u32, u32>::new());
    let mut begun = BTreeMap::<u32, (u32, u32)>::new();
    for entry in history {
        let (decision, next) = match &entry.event {
            Event::Submitted(submitted) => (Some(&submitted.decision), Some(&submitted.state)),
            Event::Moved(moved) => match &moved.event {
                Step::Decided { next, .. } => (moved.decision.as_ref(), Some(next)),
                _ => (None, None),
            },
            _ => (None, None),
        };
        if let Some(State::Challenged { attempt, .. }) = next {
            assert!(!asked.contains(attempt.kind), "{told}: {} is asked twice", attempt.kind.name());
            asked = asked.with(attempt.kind);
        }
        let accepts = matches!(next, Some(State::Accepted { .. }));
        assert_eq!(accepts, decision.is_some_and(|decision| decision.outcome == Outcome::Accept), "{told}");
        let Event::Moved(moved) = &entry.event else { continue };
        match &moved.event {
            Step::CodeEntered { attempt } => *compared.entry(*attempt).or_default() += 1,
            Step::Started { attempt, .. } => begun.entry(*attempt).or_default().0 += 1,
            Step::Erased { attempt } => begun.entry(*attempt).or_default().1 += 1,
            Step::Decided { cause: Cause::Failure { failure, .. }, .. } => {
                let degraded = decision.is_some_and(|decision| decision.degraded);
                assert_eq!(degraded, failure.is_providers(), "{told}: {}", failure.name());
            }
            _ => {}
        }
    }
    assert!(compared.values().all(|times| *times <= 3), "{told}: {compared:?}");
    for (attempt, (started, erased)) in begun {
        assert!(started >= 1 && erased <= 1, "{told}: attempt {attempt} began {started} times, erased {erased} times");
    }
}

/// What a start makes of the log is the same from checkpoints and from entries.
fn check_log(world: &World, seed: u64) {
    world.engine.stop();
    let mut reader = world.store.reader().unwrap();
    let quick = rebuild::from_checkpoints(reader.as_mut(), &Settings::default()).unwrap().projection;
    let whole = rebuild::from_entries(reader.as_mut(), &Settings::default()).unwrap().projection;
    assert!(reader.checkpoint(Seq(0)).unwrap().is_some(), "a stop writes one");
    assert_eq!(quick.velocity.digest(), whole.velocity.digest(), "seed {seed}");
    assert_eq!(quick.latest, whole.latest, "seed {seed}");
    assert!(quick.awake.is_empty() && whole.awake.is_empty(), "seed {seed}: {:?}", quick.awake);
}

#[tokio::test]
async fn whatever_comes_in_whatever_order_the_rules_hold_for_every_application() {
    for seed in 0..10 {
        play(seed).await;
    }
}
