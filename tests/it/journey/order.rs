//! Repetitions, calls at once, commits that fail, and processes that are killed.

use super::world::{BY_BANK, BY_PHONE, CODE, World, journey, story};
use aval::domain::challenge::ChallengeKind;
use aval::domain::consent::BANK_HISTORY;
use aval::engine::{Answered, Given, Refused};
use aval::journey::{Input, Party, StateKind, Verifier};
use aval::provider::ProviderError;
use std::time::{Duration, Instant};

/// What an answer says, and that it was given before.
fn shown(answered: &Answered) -> (String, Vec<aval::domain::ids::EntryId>) {
    (story(&answered.history), answered.history.iter().map(|entry| entry.id).collect())
}

#[tokio::test]
async fn a_step_that_is_asked_for_again_is_answered_as_the_first_time() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    let wrong = world.enter(id, "wrong", "000000").await.unwrap();
    world.pass(60).await;
    let again = world.act(id, "again", Input::ResendCode).await.unwrap();
    let right = world.enter(id, "right", CODE).await.unwrap();
    for (repeated, first) in [
        (world.enter(id, "wrong", "000000").await, &wrong),
        (world.act(id, "again", Input::ResendCode).await, &again),
        (world.enter(id, "right", CODE).await, &right),
    ] {
        let repeated = repeated.unwrap();
        assert!(repeated.replayed && !first.replayed);
        assert_eq!(shown(&repeated), shown(first));
    }
    world.engine.settled().await;
    assert_eq!(world.sms.asked()[..4], ["start 1", "submit 1 000000", "start 1 again", "submit 1 123456"]);
    assert_eq!(world.sms.asked()[4..], ["erase 1"], "and nothing twice");
    let world = world.killed_and_started();
    let repeated = world.enter(id, "wrong", "000000").await.unwrap();
    assert_eq!((repeated.replayed, shown(&repeated)), (true, shown(&wrong)), "after a start too");
    assert_eq!(world.enter(id, "wrong", "111111").await.unwrap_err(), Refused::RequestIdReused, "with another code");
    assert_eq!(
        world.act(id, "right", Input::PayInFull).await.unwrap_err(),
        Refused::RequestIdReused,
        "for something else"
    );
}

#[tokio::test]
async fn every_act_is_done_once_for_each_name() {
    let declined =
        "fraud: { unused: true }\ndefault: { unused: true }\nrules: [{ name: r, when: 'true', outcome: decline }]\n";
    let consent = || Input::GrantConsent { text_version: BANK_HISTORY.id.into() };
    for (policy, input) in [
        (BY_PHONE, Input::PayInFull),
        (BY_PHONE, Input::Cancel { by: Party::Merchant }),
        (BY_BANK, consent()),
        (BY_BANK, Input::RefuseConsent),
        (declined, Input::RequestReview),
        (declined, Input::GiveStatement),
    ] {
        let world = World::new(policy);
        let id = world.submit("ada").await;
        let first = world.act(id, "one", input.clone()).await.unwrap();
        let second = world.act(id, "one", input.clone()).await.unwrap();
        assert_eq!((first.replayed, second.replayed), (false, true), "{}", input.name());
        assert_eq!(shown(&first), shown(&second), "{}", input.name());
    }
}

#[tokio::test]
async fn codes_that_come_at_once_are_compared_one_after_another() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    let names: Vec<_> = (0..20).map(|n| format!("code-{n}")).collect();
    let calls = names.iter().map(|name| world.enter(id, name, "000000"));
    let answers = join(calls.collect()).await;
    let taken = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!((1..=3).contains(&taken), "{taken} of three tries");
    for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(matches!(answer, Refused::Forbidden(_)), "{answer}");
    }
    let submitted = world.sms.asked().iter().filter(|asked| asked.starts_with("submit")).count();
    assert_eq!(submitted, taken, "each is compared once");
    let left = world.state(id).await.attempt().map_or(0, |attempt| attempt.tries_left as usize);
    assert_eq!(left + taken, 3);
}

#[tokio::test]
async fn of_two_ends_at_once_one_happens() {
    let world = World::new(BY_PHONE);
    for round in 0..20 {
        let id = world.submit(&format!("c{round}")).await;
        let names: Vec<_> = (0..4).map(|n| format!("{round}-{n}")).collect();
        let ends = [
            Input::PayInFull,
            Input::Cancel { by: Party::Customer },
            Input::PayInFull,
            Input::Cancel { by: Party::Merchant },
        ];
        let calls = names.iter().zip(ends).map(|(name, input)| world.act(id, name, input));
        let answers = join(calls.collect()).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{}", world.story(id).await);
        assert_eq!(world.story(id).await.split(' ').count(), 5, "{}", world.story(id).await);
    }
}

/// All of them at once.
async fn join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in waiting.iter_mut().filter(|(_, output)| output.is_none()) {
            if let std::task::Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        match waiting.iter().all(|(_, output)| output.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}

#[tokio::test]
async fn a_start_that_a_crash_interrupts_is_asked_for_again_under_the_same_name() {
    let world = World::new(BY_PHONE);
    world.sms.hold();
    let id = world.submit_only("ada").await;
    world.sms.asked_times(1).await;
    let world = world.killed_and_started();
    assert_eq!(world.story(id).await, "submitted started: challenged");
    assert_eq!(world.sms.asked(), ["start 1"]);
    world.enter(id, "code", CODE).await.unwrap();
    assert!(world.story(id).await.ends_with("decided_on_evidence erased: accepted"));
}

#[tokio::test]
async fn a_code_that_a_crash_interrupts_costs_its_try() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    world.sms.hold();
    let mut code = Box::pin(world.enter(id, "code", CODE));
    tokio::select! {
        answer = &mut code => panic!("answered while the provider is held: {answer:?}"),
        () = world.sms.asked_times(2) => {}
    }
    let aval::journey::State::Verifying { attempt, by: Verifier::Code, .. } = world.state(id).await else {
        panic!("{}", story(&world.history(id).await))
    };
    assert_eq!(attempt.tries_left, 2, "counted, and the count committed, before it is compared");
    drop(code);
    let world = world.killed_and_started();
    assert_eq!(world.story(id).await, "submitted started code_entered code_unknown: challenged");
    assert_eq!(world.sms.asked(), [""; 0], "what the customer gave is nowhere kept");
    assert_eq!(world.state(id).await.attempt().map(|attempt| attempt.tries_left), Some(2));
    let repeated = world.enter(id, "code", CODE).await.unwrap();
    assert_eq!((repeated.replayed, journey(&repeated.history).state.kind()), (true, StateKind::Challenged));
    world.enter(id, "code-2", CODE).await.unwrap();
    assert!(world.story(id).await.ends_with("decided_on_evidence erased: accepted"));
}

#[tokio::test]
async fn a_poll_goes_on_after_a_crash() {
    let world = World::new(BY_BANK);
    let id = world.submit("ada").await;
    world.act(id, "consent", Input::GrantConsent { text_version: BANK_HISTORY.id.into() }).await.unwrap();
    world.come_back(id, "back").await.unwrap();
    world.engine.settled().await;
    let world = world.killed_and_started();
    world.bank.polls.lock().unwrap().push_back(Ok(super::world::done(ChallengeKind::BankHistory)));
    world.pass(2).await;
    let asked = world.bank.asked();
    assert_eq!((asked[0].as_str(), asked.last().map(String::as_str)), ("poll 1", Some("erase 1")), "{asked:?}");
    assert!(world.story(id).await.ends_with("returned decided_on_evidence erased: accepted"));
}

#[tokio::test]
async fn what_could_not_be_forgotten_is_owed_after_a_crash() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    world.sms.hold();
    world.act(id, "cancel", Input::Cancel { by: Party::Customer }).await.unwrap();
    world.sms.asked_times(2).await;
    assert_eq!(world.journey(id).await.erasures.len(), 1);
    let world = world.killed_and_started();
    assert_eq!(world.story(id).await, "submitted started cancelled erased: cancelled");
    assert_eq!(world.sms.asked(), ["erase 1"]);
    let world = world.killed_and_started();
    world.engine.settled().await;
    assert_eq!(world.sms.asked(), [""; 0], "nothing is owed any more");
}

#[tokio::test]
async fn a_step_whose_commit_failed_did_not_happen_and_is_asked_for_again() {
    for after_write in [false, true] {
        let world = World::new(BY_PHONE);
        let id = world.submit("ada").await;
        world.store.fail_commits(1, after_write);
        let refused = world.enter(id, "code", CODE).await;
        assert!(matches!(refused, Err(Refused::Unavailable { .. })), "{refused:?}");
        let mut answer = world.enter(id, "code", CODE).await;
        while matches!(answer, Err(Refused::Unavailable { .. })) {
            answer = world.enter(id, "code", CODE).await;
        }
        let answered = answer.unwrap();
        assert_eq!(answered.replayed, after_write, "whether it was written");
        match after_write {
            false => assert!(story(&answered.history).ends_with("decided_on_evidence: accepted")),
            // The code went with the process that could not say whether it had written: the try is spent.
            true => assert!(story(&answered.history).ends_with("code_entered code_unknown: challenged")),
        }
    }
}

#[tokio::test]
async fn the_answer_to_consent_waits_for_a_bank_that_is_slow_to_begin() {
    let world = World::new(BY_BANK);
    let id = world.submit("ada").await;
    world.bank.starts.lock().unwrap().extend([ProviderError::Retryable("busy".into()), ProviderError::Open]);
    let consent = world.act(id, "consent", Input::GrantConsent { text_version: BANK_HISTORY.id.into() });
    let answered = world.meanwhile(consent).await.unwrap();
    assert_eq!(story(&answered.history), "submitted consent_granted started: challenged");
    assert_eq!(world.bank.asked(), ["start 1"; 3]);
}

#[tokio::test]
async fn at_its_deadline_a_step_is_answered_with_where_the_application_stands() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    world.sms.hold();
    let (until, code) = (Instant::now() + Duration::from_secs(1), Some(Given::Code(CODE.into())));
    let answered = world.give_until(until, id, "code", Input::EnterCode, code).await.unwrap();
    assert_eq!(story(&answered.history), "submitted started code_entered: verifying", "the step stands");
    world.sms.let_go();
    let answered = world.enter(id, "code", CODE).await.unwrap();
    assert!(answered.replayed);
    assert_eq!(story(&answered.history), "submitted started code_entered decided_on_evidence: accepted");
}
