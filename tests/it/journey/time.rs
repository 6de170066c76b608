//! Times that are over, reviews, and what stays open after a decline.

use super::world::{BY_BANK, BY_PHONE, CODE, World, story};
use aval::engine::Refused;
use aval::journey::{Collection, Input, Party, State, StateKind};

/// Everybody is declined, or sent to a person.
fn always(outcome: &str) -> String {
    let windows = "windows: { journey_ttl_seconds: 3600, offer_ttl_seconds: 600, review_ttl_seconds: 7200 }\n";
    let rule = format!("rules: [{{ name: r, when: 'true', outcome: {outcome} }}]\n");
    format!("fraud: {{ unused: true }}\ndefault: {{ unused: true }}\n{rule}{windows}")
}

fn is_forbidden<T: std::fmt::Debug>(answer: Result<T, Refused>, state: StateKind) {
    match answer {
        Err(Refused::Forbidden(forbidden)) => assert_eq!(forbidden.state, state, "{forbidden}"),
        other => panic!("expected a refusal by an application that is {}, found {other:?}", state.name()),
    }
}

#[tokio::test]
async fn a_code_that_never_comes_ends_at_its_deadline() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    let deadline = world.state(id).await.attempt().unwrap().deadline;
    assert_eq!(world.engine.next_due(&world.clock), Some(deadline));
    world.clock.set(deadline.plus_ms(-1));
    assert_eq!(world.story(id).await, "submitted started: challenged", "a millisecond before");
    world.clock.set(deadline);
    assert_eq!(world.story(id).await, "submitted started decided_on_failure erased: declined");
    assert_eq!(world.reasons(id).await[0], "CHALLENGE_TIMED_OUT");
    let history = world.history(id).await;
    assert_eq!((&*history[2].actor, history[2].at), ("clock", deadline));
}

#[tokio::test]
async fn what_is_due_happens_before_a_call_that_comes_later() {
    let world = World::new(BY_PHONE);
    let id = world.submit("ada").await;
    world.clock.set(world.state(id).await.attempt().unwrap().deadline);
    is_forbidden(world.enter(id, "late", CODE).await, StateKind::Declined);
    assert_eq!(world.sms.asked().iter().filter(|asked| asked.starts_with("submit")).count(), 0);
}

#[tokio::test]
async fn a_journey_ends_with_its_time() {
    let windows =
        "windows: { journey_ttl_seconds: 900 }\nchallenges: { bank_history: { attempts: 1, ttl_seconds: 9000 } }\n";
    let world = World::new(&format!("{BY_BANK}{windows}"));
    let id = world.submit("ada").await;
    world.pass(899).await;
    assert_eq!(world.state(id).await.kind(), StateKind::Challenged);
    world.pass(1).await;
    assert_eq!(world.story(id).await, "submitted expired: expired");
    is_forbidden(world.act(id, "pay", Input::PayInFull).await, StateKind::Expired);
    assert_eq!(world.engine.next_due(&world.clock), None, "nothing is due any more");
}

#[tokio::test]
async fn after_a_decline_the_offer_and_the_review_have_their_times() {
    let world = World::new(&always("decline"));
    let [ada, bob, eve] = [world.submit("ada").await, world.submit("bob").await, world.submit("eve").await];
    world.pass(599).await;
    let paid = world.act(ada, "pay", Input::PayInFull).await.unwrap();
    assert_eq!(story(&paid.history), "submitted paid_in_full: paid_in_full");
    world.pass(1).await;
    is_forbidden(world.act(bob, "pay-late", Input::PayInFull).await, StateKind::Declined);
    let review = world.act(bob, "review", Input::RequestReview).await.unwrap();
    assert_eq!(story(&review.history), "submitted review_requested: in_review");
    world.pass(6_600).await;
    is_forbidden(world.act(eve, "review-late", Input::RequestReview).await, StateKind::Declined);
    is_forbidden(world.act(eve, "cancel-late", Input::Cancel { by: Party::Customer }).await, StateKind::Declined);
    assert_eq!(world.story(bob).await, "submitted review_requested expired: expired", "nobody looked at it");
}

#[tokio::test]
async fn a_person_accepts_or_refuses_and_is_asked_once() {
    let world = World::new(&always("review"));
    let [ada, bob] = [world.submit("ada").await, world.submit("bob").await];
    assert_eq!(world.story(ada).await, "submitted: in_review");
    world.act(ada, "view", Input::GiveStatement).await.unwrap();
    let granted = world.act(ada, "yes", Input::ResolveReview { granted: true }).await.unwrap();
    assert_eq!(story(&granted.history), "submitted statement_given decided_on_review: accepted");
    assert_eq!(world.reasons(ada).await, ["REVIEW_GRANTED"]);
    is_forbidden(world.act(ada, "no", Input::ResolveReview { granted: false }).await, StateKind::Accepted);

    world.act(bob, "no-2", Input::ResolveReview { granted: false }).await.unwrap();
    assert_eq!(world.story(bob).await, "submitted decided_on_review: declined");
    is_forbidden(world.act(bob, "again", Input::RequestReview).await, StateKind::Declined);
    world.act(bob, "pay", Input::PayInFull).await.unwrap();
    assert_eq!(world.state(bob).await, State::PaidInFull { collection: Collection::Awaited }, "the offer stands");
}

#[tokio::test]
async fn without_step_up_nobody_is_asked_for_more() {
    let world = World::new(&format!("{BY_PHONE}merchants: {{ demo: {{ step_up: false }} }}\n"));
    let id = world.submit("ada").await;
    assert_eq!(world.story(id).await, "submitted: declined");
    assert!(world.reasons(id).await.contains(&"STEP_UP_OFF"));
    world.act(id, "pay", Input::PayInFull).await.unwrap();
}
