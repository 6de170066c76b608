//! The service over a real socket: what a gateway sees.

use crate::server::{Place, Server, create_key, decide_request, free_port, serve_command};
use aval::rpc::proto::signal::Value;
use aval::rpc::proto::{
    self, Application, ExplainDecisionRequest, GetApplicationRequest, ListApplicationsRequest, QuotePlansRequest,
    RepaymentOutcome, ReportOutcomeRequest,
};
use std::collections::BTreeSet;
use tonic::{Code, Request};
use tonic_types::StatusExt;

fn get(id: &str) -> GetApplicationRequest {
    GetApplicationRequest { application_id: id.into(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_purchases_at_once_on_one_card_the_kth_sees_k_minus_1() {
    let place = Place::new();
    let server = Server::start(&["--store", &place.store()]);
    let client = server.client().await;
    let mut calls = tokio::task::JoinSet::new();
    for k in 0..200 {
        let mut client = client.clone();
        calls.spawn(async move {
            let request = decide_request(&format!("r{k}"), &format!("customer{k}"), "one-card");
            let id = client.decide(request).await.unwrap().into_inner().application_id;
            let explained = client
                .explain_decision(ExplainDecisionRequest { application_id: id, ..Default::default() })
                .await
                .unwrap();
            match explained.into_inner().features.get("card_count_1h").and_then(|seen| seen.value.clone()) {
                Some(Value::Number(count)) => count as u64,
                other => panic!("card_count_1h of purchase {k} is {other:?}"),
            }
        });
    }
    let seen: BTreeSet<u64> = calls.join_all().await.into_iter().collect();
    assert_eq!(seen, (0..200).collect(), "each purchase sees all those before it and none after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_answered_once_however_often_it_is_sent() {
    let place = Place::new();
    let server = Server::start(&["--store", &place.store(), "--public-url", "https://pay.example.org"]);
    let mut client = server.client().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let mut client = client.clone();
        calls.spawn(async move {
            let response = client.decide(decide_request("same", "ada", "card")).await.unwrap();
            (response.metadata().get("aval-replayed").is_some(), response.into_inner())
        });
    }
    let answers = calls.join_all().await;
    let first = &answers[0].1;
    assert!(answers.iter().all(|(_, answer)| answer == first), "all 50 answers are equal, field for field");
    assert_eq!(answers.iter().filter(|(replayed, _)| !replayed).count(), 1, "one was not a repetition");

    let mut other = decide_request("same", "ada", "card");
    other.purchase.as_mut().unwrap().amount.as_mut().unwrap().amount_minor += 1;
    let refused = client.decide(other).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists, "{refused}");
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "REQUEST_ID_REUSED");

    server.kill();
    let server = Server::start(&["--store", &place.store(), "--public-url", "https://pay.example.org"]);
    let again = server.client().await.decide(decide_request("same", "ada", "card")).await.unwrap();
    assert_eq!(again.metadata().get("aval-replayed").unwrap(), "true");
    assert_eq!(again.get_ref(), first, "the same answer after a crash and a restart");
}

#[tokio::test]
async fn outcomes_are_recorded_once_and_never_change_the_first_answer() {
    let server = Server::start(&["--store", "memory"]);
    let mut client = server.client().await;
    let decided = client.decide(decide_request("r1", "ada", "card")).await.unwrap().into_inner();
    let report = |request_id: &str, outcome: RepaymentOutcome| ReportOutcomeRequest {
        request_id: request_id.into(),
        application_id: decided.application_id.clone(),
        outcome: outcome.into(),
        occurred_at: None,
    };
    let late = client.report_outcome(report("o1", RepaymentOutcome::Late)).await.unwrap().into_inner();
    assert_eq!(late.outcomes.len(), 1);
    let fraud = client.report_outcome(report("o2", RepaymentOutcome::Fraud)).await.unwrap().into_inner();
    assert_eq!(fraud.outcomes.len(), 2);
    let again = client.report_outcome(report("o1", RepaymentOutcome::Late)).await.unwrap();
    assert!(again.metadata().get("aval-replayed").is_some());
    assert_eq!(again.into_inner(), late, "as first answered");
    let clash = client.report_outcome(report("r1", RepaymentOutcome::Late)).await.unwrap_err();
    assert_eq!(clash.code(), Code::AlreadyExists, "a request id names one request, whatever the RPC");
    let stands = client.get_application(get(&decided.application_id)).await.unwrap().into_inner();
    assert_eq!(stands, fraud);
    let first = client.decide(decide_request("r1", "ada", "card")).await.unwrap().into_inner();
    assert_eq!(first, decided, "the answer to Decide stays as it was");
}

#[tokio::test]
async fn applications_are_listed_newest_first_in_pages() {
    let server = Server::start(&["--store", "memory"]);
    let mut client = server.client().await;
    let mut ids = Vec::new();
    for k in 0..7 {
        let customer = if k % 2 == 0 { "even" } else { "odd" };
        let request = decide_request(&format!("r{k}"), customer, &format!("card{k}"));
        ids.push(client.decide(request).await.unwrap().into_inner().application_id);
    }
    ids.reverse();
    let mut list = ListApplicationsRequest { page_size: 3, ..Default::default() };
    let mut listed = Vec::new();
    loop {
        let page = client.list_applications(list.clone()).await.unwrap().into_inner();
        assert!(page.applications.len() <= 3);
        listed.extend(page.applications.into_iter().map(|application| application.application_id));
        if page.next_page_token.is_empty() {
            break;
        }
        list.page_token = page.next_page_token;
    }
    assert_eq!(listed, ids);
    let odd = ListApplicationsRequest { customer_id: "odd".into(), ..Default::default() };
    assert_eq!(client.list_applications(odd).await.unwrap().into_inner().applications.len(), 3);
    let forged = ListApplicationsRequest { page_token: "not a token".into(), ..Default::default() };
    assert_eq!(client.list_applications(forged).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_request_that_breaks_the_contract_hears_of_every_violation() {
    let server = Server::start(&["--store", "memory"]);
    let mut client = server.client().await;
    let mut request = decide_request("r", "ada", "4111111111111111");
    request.customer.as_mut().unwrap().email = "ada@".into();
    request.customer.as_mut().unwrap().phone = "0612345678".into();
    request.purchase.as_mut().unwrap().amount.as_mut().unwrap().currency = "euro".into();
    let refused = client.decide(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let details = refused.get_error_details();
    let fields: BTreeSet<_> =
        details.bad_request().unwrap().field_violations.iter().map(|v| v.field.as_str()).collect();
    let expected = ["customer.email", "customer.phone", "purchase.amount.currency", "purchase.card.fingerprint"];
    assert_eq!(fields, expected.into_iter().collect());
    let shown = format!("{refused:?}");
    assert!(!shown.contains("0612345678") && !shown.contains("4111"), "no personal data in an error: {shown}");

    let unknown = client.get_application(get("app_01890a5d96f87c3e8a5b1d2e3f405162")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn a_deadline_that_has_passed_is_said_and_nothing_is_done() {
    let server = Server::start(&["--store", "memory"]);
    let mut client = server.client().await;
    let mut request = Request::new(decide_request("r", "ada", "card"));
    request.metadata_mut().insert("grpc-timeout", "1n".parse().unwrap());
    let refused = client.decide(request).await.unwrap_err();
    assert!(matches!(refused.code(), Code::DeadlineExceeded | Code::Cancelled), "{refused}");
    let listed = client.list_applications(ListApplicationsRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.applications, Vec::<Application>::new());
}

#[tokio::test]
async fn plans_are_quoted_without_storing_anything() {
    let server = Server::start(&["--store", "memory"]);
    let mut client = server.client().await;
    let quote = |amount_minor| QuotePlansRequest {
        amount: Some(proto::Money { amount_minor, currency: "EUR".into() }),
        country: "FR".into(),
        plans: vec![proto::PlanChoice { instalment_count: 3, ..Default::default() }],
    };
    let quoted = client.quote_plans(quote(10_000)).await.unwrap().into_inner().quotes.remove(0);
    assert!(quoted.eligible);
    let shares: Vec<_> = quoted.schedule.unwrap().instalments.iter().map(|i| i.purchase_amount_minor).collect();
    assert_eq!(shares, [3_334, 3_333, 3_333], "the cents go on the first");
    let small = client.quote_plans(quote(100)).await.unwrap().into_inner().quotes.remove(0);
    assert!(!small.eligible && small.schedule.is_none());
    assert_eq!(small.constraints[0].field, "amount");
    assert_eq!(small.constraints[0].min_amount_minor, Some(5_000));
}

#[tokio::test]
async fn a_merchant_sees_only_its_own_and_only_with_its_key() {
    let place = Place::new();
    let keys: Vec<String> =
        ["shop-a", "shop-b"].iter().map(|merchant| create_key(&place, merchant, "merchant")).collect();
    let reviewer = create_key(&place, "shop-c", "reviewer");
    let server = Server::start(&["--store", &place.store()]);
    let mut client = server.client().await;
    let with = |key: &str, id: &str| {
        let mut request = Request::new(get(id));
        request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        request
    };
    let mut decide = Request::new(decide_request("r1", "ada", "card"));
    assert_eq!(client.decide(decide_request("r1", "ada", "card")).await.unwrap_err().code(), Code::Unauthenticated);
    decide.metadata_mut().insert("authorization", format!("Bearer {}", keys[0]).parse().unwrap());
    let id = client.decide(decide).await.unwrap().into_inner().application_id;
    assert_eq!(client.get_application(with(&keys[0], &id)).await.unwrap().into_inner().application_id, id);
    assert_eq!(client.get_application(with(&keys[1], &id)).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(client.get_application(with(&reviewer, &id)).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(client.get_application(with("aval_wrong_key", &id)).await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn health_metrics_and_reflection_answer() {
    // A client for HTTP chooses whose cryptography it uses, though it is not used here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server::start(&["--store", "memory"]);
    let mut client = server.client().await;
    client.decide(decide_request("r", "ada", "card")).await.unwrap();
    for (path, expected) in [("/healthz", ""), ("/readyz", ""), ("/metrics", "aval_decisions_total{outcome=")] {
        let response = reqwest::get(format!("{}{path}", server.http)).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let body = response.text().await.unwrap();
        assert!(body.contains(expected), "{path}: {body}");
    }
    let mut health = tonic_health::pb::health_client::HealthClient::new(server.channel().await);
    let checked = health.check(tonic_health::pb::HealthCheckRequest { service: String::new() }).await.unwrap();
    assert_eq!(checked.into_inner().status, 1, "SERVING");
    assert_eq!(server.terminate(), Some(0), "a server that is told to stop ends well");
}

#[test]
fn what_cannot_start_says_why() {
    let place = Place::new();
    let running = Server::start(&["--store", &place.store()]);
    let taken: u16 = running.grpc.rsplit(':').next().unwrap().parse().unwrap();
    let not_a_store = place.path("letter.db");
    std::fs::write(&not_a_store, "Dear Sir or Madam, this is not a database.").unwrap();
    let other = format!("sqlite:{}", not_a_store.display());
    let off_loopback = ["--store", "memory", "--grpc-addr", "0.0.0.0:0"];
    for (port, arguments, expected) in [
        (taken, vec!["--store", "memory"], "in use"),
        (free_port(), vec!["--store", &place.store()], "held by another server"),
        (free_port(), vec!["--store", &other], "letter.db"),
        (free_port(), vec!["--store", "memory", "--policy", "policies/none.yaml"], "policies/none.yaml"),
        (free_port(), vec!["--store", "memory", "--models", "policies/none"], "policies/none"),
        (free_port(), off_loopback.to_vec(), "loopback"),
        (free_port(), [&off_loopback[..], &["--clock", "request"]].concat(), "loopback"),
    ] {
        let output = serve_command(port, free_port(), &arguments).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?} must not start");
        let unwrapped = printed.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
        assert!(unwrapped.contains(expected), "{arguments:?}: expected {expected:?} in\n{printed}");
    }
}
