//! Bank histories: consent, the bank's page, notices.

use super::world::{BY_BANK, World, done, story};
use aval::domain::challenge::ChallengeKind;
use aval::domain::consent::BANK_HISTORY;
use aval::domain::decision::Outcome;
use aval::domain::ids::{ApplicationId, EntryId};
use aval::engine::Refused;
use aval::journey::{Action, Event as Step, Input, Phase, State, StateKind};
use aval::provider::{Denial, Progress, ProviderError};
use aval::store::Event;

fn consents() -> Input {
    Input::GrantConsent { text_version: BANK_HISTORY.id.into() }
}

/// An application whose customer is on the bank's page.
async fn at_the_bank(world: &World) -> EntryId {
    let id = world.submit("ada").await;
    world.act(id, "consent", consents()).await.unwrap();
    assert_eq!(world.story(id).await, "submitted consent_granted started: challenged");
    id
}

#[tokio::test]
async fn consent_leads_to_the_banks_page_and_evidence_to_a_new_decision() {
    let world = World::new(BY_BANK);
    let id = world.submit("ada").await;
    assert_eq!(
        (world.story(id).await, world.bank.asked()),
        ("submitted: challenged".into(), vec![]),
        "nobody is asked"
    );
    let answered = world.act(id, "consent", consents()).await.unwrap();
    let State::Challenged { attempt, phase: Phase::ActionNeeded, .. } = super::world::journey(&answered.history).state
    else {
        panic!("{}", story(&answered.history))
    };
    let Some(Action::Redirect { url }) = attempt.begun.map(|begun| begun.action) else { panic!("a page") };
    let url = world.engine.unseal(&url).unwrap();
    let (_, state) = url.split_once("state=").unwrap();
    assert_eq!(world.engine.returned(state), Some((ApplicationId(id), 1)), "{url}");

    let answered = world.come_back(id, "back").await.unwrap();
    assert_eq!(story(&answered.history), "submitted consent_granted started returned: verifying");
    world.bank.polls.lock().unwrap().push_back(Ok(done(ChallengeKind::BankHistory)));
    world.pass(2).await;
    assert_eq!(
        world.story(id).await,
        "submitted consent_granted started returned decided_on_evidence erased: accepted"
    );
    assert_eq!(world.bank.asked(), ["start 1", "submit 1 returned", "poll 1", "erase 1"]);
    let decision = world.decision(id).await;
    assert_eq!(decision.outcome, Outcome::Accept);
    let history = world.history(id).await;
    let Event::Moved(consent) = &history[1].event else { panic!("a step") };
    let text_version = BANK_HISTORY.id.into();
    assert_eq!(consent.event, Step::ConsentGranted { attempt: 1, text_version }, "with the text that was agreed to");
}

#[tokio::test]
async fn consent_may_be_refused_until_the_history_has_been_read() {
    for at in ["before", "on the page", "while the bank is asked"] {
        let world = World::new(BY_BANK);
        let id = if at == "before" { world.submit("ada").await } else { at_the_bank(&world).await };
        if at == "while the bank is asked" {
            world.come_back(id, "back").await.unwrap();
        }
        let answered = world.act(id, "no", Input::RefuseConsent).await.unwrap();
        assert!(story(&answered.history).ends_with("decided_on_failure: declined"), "{at}");
        assert_eq!(world.reasons(id).await[0], "CONSENT_REFUSED", "{at}");
        world.engine.settled().await;
        let asked = world.bank.asked();
        match at {
            "before" => assert_eq!(asked, [""; 0], "nobody was asked"),
            _ => assert_eq!(asked.last().map(String::as_str), Some("erase 1"), "{at}: {asked:?}"),
        }
        world.pass(60).await;
        assert_eq!(world.bank.asked(), asked, "{at}: nobody is asked any more");
    }
}

#[tokio::test]
async fn a_notice_before_the_customer_comes_back_gives_the_decision() {
    let world = World::new(BY_BANK);
    let id = at_the_bank(&world).await;
    world.notice(&world.bank, id).unwrap();
    assert_eq!(world.story(id).await, "submitted consent_granted started: challenged", "a hint alone says nothing");
    world.bank.polls.lock().unwrap().push_back(Ok(done(ChallengeKind::BankHistory)));
    world.notice(&world.bank, id).unwrap();
    let told = "submitted consent_granted started decided_on_evidence erased: accepted";
    assert_eq!(world.story(id).await, told);
    world.notice(&world.bank, id).unwrap();
    assert_eq!(world.story(id).await, told, "a notice that comes again changes nothing");
    assert!(matches!(world.come_back(id, "back").await, Err(Refused::Forbidden(_))));
}

#[tokio::test]
async fn a_notice_that_comes_together_with_the_customer_takes_nothing_from_the_poll() {
    let world = World::new(BY_BANK);
    let id = at_the_bank(&world).await;
    world.bank.hold();
    world.notice(&world.bank, id).unwrap();
    world.bank.asked_times(2).await;
    world.come_back(id, "back").await.unwrap();
    world.bank.asked_times(3).await;
    world.bank.let_go();
    assert_eq!(world.bank.asked(), ["start 1", "poll 1", "submit 1 returned"], "what came back is handed over");
    world.engine.settled().await;
    world.bank.polls.lock().unwrap().push_back(Ok(done(ChallengeKind::BankHistory)));
    world.pass(5).await;
    assert_eq!(world.state(id).await.kind(), StateKind::Accepted, "the provider is asked on");
}

#[tokio::test]
async fn a_notice_wakes_whoever_waits_to_ask_again() {
    let world = World::new(BY_BANK);
    let id = at_the_bank(&world).await;
    world.come_back(id, "back").await.unwrap();
    world.engine.settled().await;
    world.bank.polls.lock().unwrap().push_back(Ok(done(ChallengeKind::BankHistory)));
    world.notice(&world.bank, id).unwrap();
    assert!(world.story(id).await.ends_with("decided_on_evidence erased: accepted"), "without any time passing");
}

#[tokio::test]
async fn what_the_bank_says_no_to_is_the_customers_and_what_it_fails_at_is_not() {
    let permanent = || Err(ProviderError::Permanent("no".into()));
    for (says, reason, degraded) in [
        (Ok(Progress::Denied(Denial::ByCustomer)), "CHALLENGE_GIVEN_UP", false),
        (Ok(Progress::Denied(Denial::NothingThere)), "NOTHING_TO_VERIFY", false),
        (Ok(Progress::Denied(Denial::NotServed)), "NOT_VERIFIABLE", false),
        (Ok(Progress::Expired), "CHALLENGE_TIMED_OUT", false),
        (permanent(), "PROVIDER_FAILED", true),
    ] {
        let world = World::new(BY_BANK);
        let id = at_the_bank(&world).await;
        let shown = format!("{says:?}");
        world.bank.submits.lock().unwrap().push_back(says);
        world.come_back(id, "back").await.unwrap();
        assert!(world.story(id).await.ends_with("decided_on_failure erased: declined"), "{shown}");
        assert_eq!((world.reasons(id).await[0], world.decision(id).await.degraded), (reason, degraded), "{shown}");
    }
}

#[tokio::test]
async fn a_bank_that_fails_for_a_while_is_asked_until_the_time_is_over() {
    let world = World::new(BY_BANK);
    let id = at_the_bank(&world).await;
    let busy = || Err(ProviderError::Retryable("busy".into()));
    world.bank.submits.lock().unwrap().push_back(busy());
    world.bank.polls.lock().unwrap().extend((0..200).map(|_| busy()));
    world.come_back(id, "back").await.unwrap();
    let deadline = world.state(id).await.due_at().unwrap();
    while world.state(id).await.kind() == StateKind::Verifying {
        world.next().await;
    }
    assert_eq!(world.clock.now(), deadline);
    assert_eq!((world.reasons(id).await[0], world.decision(id).await.degraded), ("PROVIDER_FAILED", true));
    let polls = world.bank.asked().iter().filter(|asked| asked.starts_with("poll")).count();
    assert!((10..120).contains(&polls), "with pauses that grow: {polls} questions");
}

#[tokio::test]
async fn something_more_that_the_provider_asks_for_leads_to_another_page() {
    let world = World::new(BY_BANK);
    let id = at_the_bank(&world).await;
    let action = aval::provider::Action::Redirect { url: "https://another.example/".into() };
    world.bank.submits.lock().unwrap().push_back(Ok(Progress::Act(action)));
    world.come_back(id, "back").await.unwrap();
    assert!(world.story(id).await.ends_with("returned action_asked: challenged"));
    let state = world.state(id).await;
    let Some(Action::Redirect { url }) = state.attempt().and_then(|of| of.begun.as_ref()).map(|begun| &begun.action)
    else {
        panic!("a page: {state:?}")
    };
    assert_eq!(world.engine.unseal(url).as_deref(), Some("https://another.example/"));
    world.come_back(id, "back-again").await.unwrap();
    assert!(world.story(id).await.ends_with("action_asked returned: verifying"));
}
