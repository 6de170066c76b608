//! `kill -9` under load, again and again: what was acknowledged is found again, field for field, and the counters that
//! a start computes from checkpoints equal those computed from the whole log.

use crate::server::{Place, Server, decide_request};
use aval::engine::{self, rebuild};
use aval::rpc::proto::signal::Value;
use aval::rpc::proto::{
    Application, DecideRequest, ExplainDecisionRequest, GetApplicationRequest, RepaymentOutcome, ReportOutcomeRequest,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// So many answers at least stand behind each kill.
const LEAST_A_CYCLE: usize = 15;

/// Few customers and cards, so that the counters have something to count.
fn request(n: u64) -> DecideRequest {
    decide_request(&format!("r{n}"), &format!("customer{}", n % 13), &format!("card{}", n % 7))
}

#[derive(Default)]
struct Acknowledged {
    decided: Mutex<BTreeMap<u64, Application>>,
    next: AtomicU64,
}

impl Acknowledged {
    /// Waits until `count` answers have come since the last check, however slow the machine is.
    async fn wait_for(&self, count: usize) {
        let waiting = async {
            while self.decided.lock().unwrap().len() < count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(120), waiting).await;
        in_time.unwrap_or_else(|_| panic!("no {count} answers within two minutes: is the server deciding at all?"));
    }
}

/// Sends purchases, and now and then reports one as fraud, until the server is gone.
async fn load(server: &Server, acknowledged: Arc<Acknowledged>) -> tokio::task::JoinSet<()> {
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let mut client = server.client().await;
        let acknowledged = acknowledged.clone();
        senders.spawn(async move {
            loop {
                let n = acknowledged.next.fetch_add(1, Ordering::Relaxed);
                let Ok(answer) = client.decide(request(n)).await else { return };
                let answer = answer.into_inner();
                let application_id = answer.application_id.clone();
                acknowledged.decided.lock().unwrap().insert(n, answer);
                if n.is_multiple_of(10) {
                    let outcome = RepaymentOutcome::Fraud.into();
                    let report = ReportOutcomeRequest {
                        request_id: format!("o{n}"),
                        application_id,
                        outcome,
                        occurred_at: None,
                    };
                    if client.report_outcome(report).await.is_err() {
                        return;
                    }
                }
            }
        });
    }
    senders
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_counted_twice() {
    let cycles = if std::env::var_os("AVAL_LONG").is_some() { 200 } else { 8 };
    let place = Place::new();
    let acknowledged = Arc::new(Acknowledged::default());
    let mut checked = 0;
    for cycle in 0..cycles {
        let server = Server::start(&["--store", &place.store(), "--public-url", "https://pay.example.org"]);
        let mut senders = load(&server, acknowledged.clone()).await;
        acknowledged.wait_for(LEAST_A_CYCLE).await;
        // Anywhere in the life of a batch: the odd steps keep the moment from repeating.
        tokio::time::sleep(Duration::from_millis((cycle * 37) % 190)).await;
        server.kill();
        while senders.join_next().await.is_some() {}

        let server = Server::start(&["--store", &place.store(), "--public-url", "https://pay.example.org"]);
        let mut client = server.client().await;
        let decided = std::mem::take(&mut *acknowledged.decided.lock().unwrap());
        for (n, expected) in &decided {
            let get = GetApplicationRequest { application_id: expected.application_id.clone(), ..Default::default() };
            let mut found = client.get_application(get).await.unwrap().into_inner();
            found.outcomes.clear();
            found.updated_at = expected.updated_at;
            assert_eq!(found, *expected, "cycle {cycle}: purchase {n} as it was acknowledged");
            let again = client.decide(request(*n)).await.unwrap();
            assert!(again.metadata().contains_key("aval-replayed"), "cycle {cycle}: purchase {n} was decided before");
            assert_eq!(again.get_ref(), expected, "cycle {cycle}: the answer to purchase {n} is repeated");
        }
        checked += decided.len();
        server.kill();
    }
    assert!(checked >= LEAST_A_CYCLE * cycles as usize, "the load was real: {checked} answers in {cycles} cycles");
    println!("{cycles} cycles, {checked} acknowledged decisions found again");
    counters_equal_the_log(&place).await;
}

/// The counters after a start from checkpoints, those computed from every entry, and those that a live server shows.
async fn counters_equal_the_log(place: &Place) {
    let store = aval::store::open(&place.store(), &Default::default()).unwrap();
    let mut reader = store.reader().unwrap();
    let settings = engine::Settings::default();
    let quick = rebuild::from_checkpoints(reader.as_mut(), &settings).unwrap();
    let whole = rebuild::from_entries(reader.as_mut(), &settings).unwrap();
    assert_eq!(quick.last, whole.last);
    assert_eq!(
        quick.projection.velocity.digest(),
        whole.projection.velocity.digest(),
        "counters from checkpoints and log"
    );

    let mut purchases = 0;
    let mut after = aval::domain::ids::Seq(0);
    loop {
        let entries = reader.tail(after, 1_000).unwrap();
        let Some(last) = entries.last() else { break };
        after = last.id.seq();
        purchases += entries.iter().filter(|entry| matches!(entry.event, aval::store::Event::Submitted(_))).count();
    }
    let server = Server::start(&["--store", &place.store(), "--public-url", "https://pay.example.org"]);
    let mut client = server.client().await;
    let mut counted = 0.0;
    for card in 0..7 {
        let probe = decide_request(&format!("probe{card}"), &format!("probe{card}"), &format!("card{card}"));
        let application_id = client.decide(probe).await.unwrap().into_inner().application_id;
        let explained = client
            .explain_decision(ExplainDecisionRequest { application_id, ..Default::default() })
            .await
            .unwrap()
            .into_inner();
        match explained.features.get("card_count_90d").and_then(|seen| seen.value.clone()) {
            Some(Value::Number(count)) => counted += count,
            other => panic!("card_count_90d of card {card} is {other:?}"),
        }
    }
    // A card's window holds 4,096 purchases: the load of a short run stays below.
    if purchases < 7 * 4_000 {
        assert_eq!(counted, purchases as f64, "a live server counts each purchase of the log once");
    }
}
