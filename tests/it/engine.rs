//! The engine over a store that fails: nothing is answered that is not in the log, nothing is counted twice, and a retry
//! finds out.

use crate::server::{decide_request, root};
use aval::domain::ids::MerchantId;
use aval::domain::keys::KeyHasher;
use aval::domain::submission::Submission;
use aval::engine::{Answered, Caller, Engine, Mailbox, Outside, Refused, Settings, Submit, clock, generation, rebuild};
use aval::features;
use aval::rpc::convert::{self, Content};
use aval::store::Memory;
use aval::store::{Event, Store, Subject};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn engine(store: &Arc<Memory>, settings: Settings) -> Arc<Engine> {
    let hasher = KeyHasher::new([3; 16]);
    let generation = generation::load(&root().join("models"), &root().join("policies/default.yaml"), &hasher).unwrap();
    Arc::new(Engine::start(settings, store.clone(), Arc::new(generation), hasher, Outside::nobody()).unwrap())
}

fn submission(n: usize) -> Submission {
    convert::submission(&decide_request(&format!("r{n}"), "ada", "card"), clock::system_now()).unwrap()
}

/// A purchase, and until when its answer is waited for.
fn submit(
    engine: &Engine,
    mailbox: &Mailbox,
    n: usize,
    until: Instant,
) -> impl Future<Output = Result<Answered, Refused>> + use<> {
    let submission = submission(n);
    let subject = Subject([].into());
    engine.submit(
        caller(),
        Submit { content: submission.content_digest(), submission: &submission, subject },
        until,
        mailbox,
    )
}

fn caller() -> Caller {
    Caller { merchant: MerchantId::parse("demo").unwrap(), actor: "test".into() }
}

async fn send(engine: &Arc<Engine>, mailbox: &Mailbox, n: usize) -> Result<(u64, bool), Refused> {
    let answered = submit(engine, mailbox, n, Instant::now() + Duration::from_secs(20)).await?;
    let Event::Submitted(submitted) = &answered.history[0].event else {
        panic!("a submission was answered with another event")
    };
    let count = submitted.facts.vector.number(features::find("card_count_1h").unwrap());
    Ok((count as u64, answered.replayed))
}

/// Sends 40 purchases on one card at once while commits fail, each again until it is answered.
async fn storm(fail_after_write: bool) {
    let store = Arc::new(Memory::default());
    let engine = engine(&store, Settings::default());
    let mailbox = engine.mailbox();
    store.fail_commits(3, fail_after_write);
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..40 {
        let (engine, mailbox) = (engine.clone(), mailbox.clone());
        calls.spawn(async move {
            let mut refused = 0;
            loop {
                match send(&engine, &mailbox, n).await {
                    Ok((count, _)) => return (n, count, refused),
                    Err(Refused::Unavailable { .. }) => refused += 1,
                    Err(other) => panic!("purchase {n}: {other}"),
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().any(|(_, _, refused)| *refused > 0), "some calls met a failed commit");
    let counts: BTreeMap<u64, usize> = answers.iter().map(|(n, count, _)| (*count, *n)).collect();
    assert_eq!(
        counts.keys().copied().collect::<Vec<_>>(),
        (0..40).collect::<Vec<_>>(),
        "the k-th sees k - 1, each once"
    );
    engine.stop();
    let mut reader = store.reader().unwrap();
    let quick = rebuild::from_checkpoints(reader.as_mut(), &Settings::default()).unwrap();
    let whole = rebuild::from_entries(reader.as_mut(), &Settings::default()).unwrap();
    assert_eq!(quick.projection.velocity.digest(), whole.projection.velocity.digest());
    assert_eq!(
        reader.tail(aval::domain::ids::Seq(0), 1_000).unwrap().len(),
        40,
        "each purchase stands in the log once"
    );
}

#[tokio::test]
async fn commits_that_wrote_nothing() {
    storm(false).await;
}

#[tokio::test]
async fn commits_that_wrote_and_failed_all_the_same() {
    storm(true).await;
}

#[tokio::test]
async fn requests_that_left_memory_are_found_in_the_store() {
    let store = Arc::new(Memory::default());
    let settings = Settings { requests_kept: 4, ..Settings::default() };
    let first = engine(&store, settings.clone());
    let mailbox = first.mailbox();
    for n in 0..40 {
        assert_eq!(send(&first, &mailbox, n).await, Ok((n as u64, false)));
    }
    for n in 0..40 {
        assert_eq!(send(&first, &mailbox, n).await, Ok((n as u64, true)), "purchase {n} again");
    }
    first.stop();
    drop(first);
    let second = engine(&store, settings);
    let mailbox = second.mailbox();
    for n in 0..40 {
        assert_eq!(send(&second, &mailbox, n).await, Ok((n as u64, true)), "purchase {n} again after a restart");
    }
    second.stop();
}

#[tokio::test]
async fn what_is_too_much_or_too_late_is_refused_and_leaves_nothing() {
    let store = Arc::new(Memory::default());
    let engine = engine(&store, Settings { max_in_flight: 0, ..Settings::default() });
    assert_eq!(send(&engine, &engine.mailbox(), 1).await, Err(Refused::Overloaded));
    engine.stop();
    drop(engine);
    let engine = self::engine(&store, Settings::default());
    let late = submit(&engine, &engine.mailbox(), 1, Instant::now()).await;
    assert_eq!(late.unwrap_err(), Refused::DeadlineExceeded);
    engine.stop();
    assert_eq!(store.reader().unwrap().last().unwrap(), None);
}
