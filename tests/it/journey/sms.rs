//! Codes by SMS.

use super::world::{BY_PHONE, CODE, World, story};
use aval::domain::challenge::{ChallengeKind, Kinds};
use aval::domain::decision::Outcome;
use aval::engine::Refused;
use aval::journey::{Collection, Input, State};
use aval::provider::{Progress, ProviderError};

fn retryable() -> ProviderError {
    ProviderError::Retryable("busy".into())
}

fn with_challenge(what: &str) -> String {
    format!("{BY_PHONE}challenges: {{ sms_code: {{ attempts: 3, ttl_seconds: 600, {what} }} }}\n")
}

#[tokio::test]
async fn the_right_code_gives_a_new_decision_and_the_provider_forgets() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    assert_eq!(world.story(id).await, "submitted started: challenged");
    let answered = world.enter(id, "enter", CODE).await.unwrap();
    assert_eq!(story(&answered.history), "submitted started code_entered decided_on_evidence: accepted");
    assert_eq!(
        world.story(id).await,
        "submitted started code_entered decided_on_evidence erased: accepted",
        "what follows from it is not waited for"
    );
    assert_eq!(world.sms.asked(), ["start 1", &format!("submit 1 {CODE}"), "erase 1"]);
    let decision = world.decision(id).await;
    let phone: Kinds = [ChallengeKind::SmsCode].into_iter().collect();
    assert_eq!((decision.outcome, decision.degraded), (Outcome::Accept, false));
    assert_eq!((decision.standing.held, decision.standing.spent), (phone, phone));
    let history = world.history(id).await;
    let actors: Vec<_> = history.iter().map(|entry| &*entry.actor).collect();
    assert_eq!(actors, ["test", "fake_sms", "test", "fake_sms", "fake_sms"], "who caused each step");
}

#[tokio::test]
async fn a_wrong_code_costs_a_try_and_the_last_the_purchase() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    for (request, left) in [("1", 2), ("2", 1)] {
        let answered = world.enter(id, request, "000000").await.unwrap();
        let state = super::world::journey(&answered.history).state;
        assert_eq!(state.attempt().map(|attempt| attempt.tries_left), Some(left), "{state:?}");
    }
    let answered = world.enter(id, "3", "000000").await.unwrap();
    assert!(story(&answered.history).ends_with("code_entered decided_on_failure: declined"));
    assert_eq!(world.reasons(id).await[0], "CODE_TRIES_SPENT");
    assert!(!world.decision(id).await.degraded, "that is the customer's doing");
    assert!(matches!(world.enter(id, "4", CODE).await, Err(Refused::Forbidden(_))), "even with the right code");
    let paid = world.act(id, "5", Input::PayInFull).await.unwrap();
    assert!(story(&paid.history).ends_with("paid_in_full: paid_in_full"));
}

#[tokio::test]
async fn another_code_is_sent_after_a_while_and_not_for_ever() {
    let world = World::new(&with_challenge("resends: 1, resend_after_seconds: 30"));
    let id = world.submit("ada").await;
    let Err(Refused::Forbidden(soon)) = world.act(id, "1", Input::ResendCode).await else { panic!("too soon") };
    assert_eq!(soon.from, Some(world.clock.now().plus_ms(30_000)));
    world.pass(30).await;
    let answered = world.act(id, "1", Input::ResendCode).await.unwrap();
    assert_eq!(story(&answered.history), "submitted started code_asked_again started: challenged");
    world.pass(30).await;
    let Err(Refused::Forbidden(spent)) = world.act(id, "2", Input::ResendCode).await else { panic!("too often") };
    assert_eq!((spent.expected, spent.from), ("no further code is sent", None));
    world.enter(id, "3", CODE).await.unwrap();
    assert!(world.story(id).await.ends_with("erased: accepted"));
    assert_eq!(world.sms.asked()[..2], ["start 1", "start 1 again"], "under the same name");
}

#[tokio::test]
async fn a_code_that_the_provider_lost_is_sent_anew() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    world.sms.submits.lock().unwrap().push_back(Ok(Progress::Expired));
    world.enter(id, "1", CODE).await.unwrap();
    assert_eq!(world.story(id).await, "submitted started code_entered code_unknown started: challenged");
    world.enter(id, "2", CODE).await.unwrap();
    assert!(world.story(id).await.ends_with("decided_on_evidence erased: accepted"));
}

#[tokio::test]
async fn a_check_that_fails_costs_a_try_and_is_not_repeated() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    world.sms.submits.lock().unwrap().push_back(Err(ProviderError::Indeterminate("no answer".into())));
    let answered = world.enter(id, "1", CODE).await.unwrap();
    assert_eq!(story(&answered.history), "submitted started code_entered code_unknown: challenged");
    assert_eq!(world.state(id).await.attempt().map(|attempt| attempt.tries_left), Some(2));
    assert_eq!(world.sms.asked().len(), 2);
}

#[tokio::test]
async fn a_provider_that_fails_is_asked_again_and_then_the_next_challenge_is_degraded() {
    let world = World::new(BY_PHONE);
    world.sms.starts.lock().unwrap().extend([retryable(), retryable()]);
    let id = world.submit("ada").await;
    assert_eq!(world.story(id).await, "submitted: challenged", "it waits before it asks again");
    world.next().await;
    world.next().await;
    assert_eq!(world.story(id).await, "submitted started: challenged", "the third time it worked");
    assert_eq!(world.sms.asked(), ["start 1"; 3], "under one name");

    world.sms.starts.lock().unwrap().extend((0..4).map(|_| retryable()));
    let id = world.submit("eve").await;
    for _ in 0..3 {
        world.next().await;
    }
    assert_eq!(world.story(id).await, "submitted decided_on_failure started: challenged");
    let decision = world.decision(id).await;
    assert_eq!((decision.outcome, decision.degraded), (Outcome::StepUp, true));
    assert_eq!(decision.diagnostics[0].subject, "sms_code");
    assert_eq!(world.reasons(id).await[0], "PROVIDER_FAILED");
    assert_eq!(world.identity.asked(), ["start 2"], "the next challenge is the second attempt");
}

#[tokio::test]
async fn what_the_provider_refuses_for_good_is_not_asked_again() {
    for (error, reason, degraded) in [
        (ProviderError::Permanent("no".into()), "PROVIDER_FAILED", true),
        (ProviderError::Config("a secret".into()), "PROVIDER_FAILED", true),
        (ProviderError::Malformed("what".into()), "PROVIDER_FAILED", true),
        (ProviderError::Blocked("a premium number"), "NOT_VERIFIABLE", false),
        (ProviderError::UserAction("not a mobile phone"), "NOT_VERIFIABLE", false),
    ] {
        let world = World::new(&with_challenge("when_failed: decline, when_provider_fails: decline"));
        let shown = error.to_string();
        world.sms.starts.lock().unwrap().push_back(error);
        let id = world.submit("ada").await;
        assert_eq!(world.story(id).await, "submitted decided_on_failure: declined", "{shown}");
        assert_eq!((world.reasons(id).await[0], world.decision(id).await.degraded), (reason, degraded), "{shown}");
        assert_eq!(world.sms.asked(), ["start 1"], "{shown}");
    }
}

#[tokio::test]
async fn what_begins_too_late_is_forgotten_and_changes_nothing() {
    let world = World::new(BY_PHONE);
    world.sms.hold();
    let id = world.submit_only("ada").await;
    world.sms.asked_times(1).await;
    world.act(id, "pay", Input::PayInFull).await.unwrap();
    assert_eq!(world.state(id).await, State::PaidInFull { collection: Collection::Awaited });
    world.sms.let_go();
    assert_eq!(world.story(id).await, "submitted paid_in_full started erased: paid_in_full");
    assert_eq!(world.sms.asked(), ["start 1", "erase 1"]);
}

#[tokio::test]
async fn what_nobody_verifies_is_not_asked_for() {
    let world = World::with_unserved(BY_PHONE, [ChallengeKind::SmsCode].into_iter().collect());
    let id = world.submit("ada").await;
    assert_eq!(world.state(id).await.attempt().map(|attempt| attempt.kind), Some(ChallengeKind::IdDocument));
    let all = ChallengeKind::ALL.into_iter().collect();
    let world = World::with_unserved(BY_PHONE, all);
    let id = world.submit("ada").await;
    assert_eq!(world.story(id).await, "submitted: declined");
    assert!(world.reasons(id).await.contains(&"CHALLENGES_SPENT"));
}

#[tokio::test]
async fn a_phone_number_is_asked_so_often_a_day_over_all_journeys() {
    let world = World::new(&with_challenge("daily_per_phone: 2"));
    let kind = async |customer: &str| {
        let id = world.submit(customer).await;
        world.state(id).await.attempt().map(|attempt| attempt.kind)
    };
    assert_eq!(kind("ada").await, Some(ChallengeKind::SmsCode));
    assert_eq!(kind("bob").await, Some(ChallengeKind::SmsCode));
    assert_eq!(kind("eve").await, Some(ChallengeKind::IdDocument), "all have one phone");
    let world = world.killed_and_started();
    let id = world.submit("mallory").await;
    assert_eq!(world.state(id).await.attempt().map(|attempt| attempt.kind), Some(ChallengeKind::IdDocument));
    let decision = world.decision(id).await;
    assert_eq!(decision.standing.over_limits, [ChallengeKind::SmsCode].into_iter().collect(), "the log knows it too");
    world.pass(86_400).await;
    let id = world.submit("oscar").await;
    assert_eq!(
        world.state(id).await.attempt().map(|attempt| attempt.kind),
        Some(ChallengeKind::SmsCode),
        "a day later"
    );
}
