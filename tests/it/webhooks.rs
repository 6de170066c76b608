//! Messages to merchants over real sockets: `aval serve` tells the receiver of `examples/webhooks`, which verifies them; the
//! commands that change endpoints and repeat messages work beside a running server.

use crate::server::{Place, Server, decide_request, free_port, root};
use aval::rpc::proto::{RepaymentOutcome, ReportOutcomeRequest};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver as Lines, channel};
use std::time::{Duration, Instant};

/// The receiver of the examples in its own process, and what it prints.
struct Receiver {
    child: Child,
    lines: Lines<Value>,
    port: u16,
}

impl Receiver {
    fn start(port: u16, secrets: &str) -> Self {
        let mut child = Command::new("python3")
            .arg(root().join("examples/webhooks/receiver.py"))
            .arg(port.to_string())
            .env("WEBHOOK_SECRETS", secrets)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let printed = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in printed.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let until = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "the receiver did not listen within half a minute");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, lines, port }
    }

    fn url(&self) -> String {
        url(self.port)
    }

    fn next(&self) -> Value {
        self.lines.recv_timeout(Duration::from_secs(60)).expect("a message within a minute")
    }

    fn is_quiet(&self) -> bool {
        self.lines.recv_timeout(Duration::from_millis(300)).is_err()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/hooks")
}

/// `aval webhooks`, and what it prints as JSON.
fn webhooks(place: &Place, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aval"));
    command.arg("webhooks").args(arguments).args(["--json", "--store", &place.store()]);
    let output = command.env("AVAL_WEBHOOK_INSECURE_TARGETS", "true").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn add(place: &Place, url: &str) -> (String, String) {
    let added = webhooks(place, &["add", "--merchant", "demo", url]);
    (added["id"].as_str().unwrap().into(), added["secret"].as_str().unwrap().into())
}

fn serve(place: &Place) -> Server {
    Server::start(&["--store", &place.store(), "--webhook-insecure-targets"])
}

#[tokio::test]
async fn a_receiver_verifies_what_a_server_says_and_refuses_what_others_say() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let place = Place::new();
    let (port, server) = (free_port(), serve(&place));
    let (endpoint, secret) = add(&place, &url(port));
    let receiver = Receiver::start(port, &secret);
    // A running server takes up the endpoint within seconds.
    tokio::time::sleep(Duration::from_secs(4)).await;

    let mut client = server.client().await;
    let application = client.decide(decide_request("r1", "ada", "card")).await.unwrap().into_inner();
    let told = receiver.next();
    assert_eq!(
        (&told["taken"], &told["type"], &told["version"]),
        (&"new".into(), &"application.updated".into(), &1.into())
    );
    assert_eq!(told["application"], application.application_id);
    assert_eq!(told["state"], application.state().as_str_name());
    let report = ReportOutcomeRequest {
        request_id: "o1".into(),
        application_id: application.application_id.clone(),
        outcome: RepaymentOutcome::Paid.into(),
        occurred_at: None,
    };
    client.report_outcome(report).await.unwrap();
    assert_eq!(receiver.next()["version"], 2);

    refuses_what_is_not_ours(&receiver, &secret).await;

    // Once more by command: the receiver knows the ids.
    let again = webhooks(&place, &["redeliver", "--application", &application.application_id]);
    assert_eq!(again["redelivered"], 2);
    for version in [1, 2] {
        let told = receiver.next();
        assert_eq!((&told["taken"], &told["version"]), (&"again".into(), &version.into()));
    }
    let since = webhooks(&place, &["redeliver", "--since", "2020-01-01T00:00:00Z"]);
    assert_eq!(since["redelivered"], 2);
    (0..2).for_each(|_| assert_eq!(receiver.next()["taken"], "again"));

    // A second secret; the receiver, which knows the first, goes on understanding, and then the one that knows the second.
    let rotated = webhooks(&place, &["rotate", &endpoint]);
    tokio::time::sleep(Duration::from_secs(4)).await;
    client.decide(decide_request("r2", "grace", "card2")).await.unwrap();
    assert_eq!(receiver.next()["taken"], "new");
    drop(receiver);
    let receiver = Receiver::start(port, rotated["secret"].as_str().unwrap());
    client.decide(decide_request("r3", "mary", "card3")).await.unwrap();
    assert_eq!(receiver.next()["taken"], "new", "while there are two secrets, both sign");
    webhooks(&place, &["rotate", &endpoint, "--finish"]);
    webhooks(&place, &["remove", &endpoint]);
    tokio::time::sleep(Duration::from_secs(4)).await;
    client.decide(decide_request("r4", "ida", "card4")).await.unwrap();
    assert!(receiver.is_quiet(), "an endpoint that was removed hears nothing");
    assert_eq!(webhooks(&place, &["list"]), Value::Array(Vec::new()));
    assert_eq!(webhooks(&place, &["dead"]), Value::Array(Vec::new()));
    let metrics = reqwest::get(format!("{}/metrics", server.http)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("aval_deliveries_total{kind=\"webhook\",outcome=\"delivered\"}"), "{metrics}");
    assert!(metrics.contains("aval_deliveries_waiting 0"), "{metrics}");
}

/// A forged message, one without a signature, one that was altered and an old one.
async fn refuses_what_is_not_ours(receiver: &Receiver, secret: &str) {
    let body =
        r#"{"type":"application.updated","data":{"version":9,"application":{"applicationId":"x","state":"ACCEPTED"}}}"#;
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let sign = |secret: &str, at: i64| {
        standardwebhooks::Webhook::new(secret).unwrap().sign("msg_x", at, body.as_bytes()).unwrap()
    };
    let forged = sign("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", now);
    for (what, at, signature, body) in [
        ("forged", now, forged, body),
        ("unsigned", now, String::new(), body),
        ("old", now - 301, sign(secret, now - 301), body),
        ("from the future", now + 400, sign(secret, now + 400), body),
        ("altered", now, sign(secret, now), "{}"),
        ("another version", now, sign(secret, now).replacen("v1,", "v2,", 1), body),
    ] {
        let request = reqwest::Client::new().post(receiver.url()).body(body);
        let request = request.header("webhook-id", "msg_x").header("webhook-timestamp", at);
        let answer = request.header("webhook-signature", signature).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{what}");
        assert!(receiver.next()["refused"].is_string(), "{what}");
    }
    let request = reqwest::Client::new().post(receiver.url()).body(body);
    let request = request.header("webhook-id", "msg_x").header("webhook-timestamp", now);
    let answer = request.header("webhook-signature", sign(secret, now)).send().await.unwrap();
    assert_eq!(answer.status(), 204, "the same message, signed, is taken");
    assert_eq!(receiver.next()["taken"], "new");
}

#[tokio::test]
async fn what_nobody_took_before_a_kill_is_told_after_the_start() {
    let place = Place::new();
    let port = free_port();
    let (_, secret) = add(&place, &url(port));
    let server = serve(&place);
    let mut client = server.client().await;
    let mut decided = Vec::new();
    for k in 0..5 {
        let request = decide_request(&format!("r{k}"), &format!("customer{k}"), &format!("card{k}"));
        decided.push(client.decide(request).await.unwrap().into_inner().application_id);
    }
    server.kill();
    let receiver = Receiver::start(port, &secret);
    let _server = serve(&place);
    let mut told: Vec<_> = (0..5).map(|_| receiver.next()["application"].as_str().unwrap().to_owned()).collect();
    told.sort();
    decided.sort();
    assert_eq!(told, decided, "each application, once");
    assert!(receiver.is_quiet());
}

#[test]
fn targets_that_are_nobodys_to_talk_to_are_refused_when_they_are_added() {
    let place = Place::new();
    for (url, says) in [
        ("http://shop.example.org/hooks", "expected https"),
        ("https://127.0.0.1/hooks", "the public internet"),
        ("https://[::ffff:10.0.0.1]/hooks", "the public internet"),
        ("https://169.254.169.254/latest/meta-data", "the public internet"),
        ("https://me:you@shop.example.org/", "without a user name"),
        ("https://shop.example.org:25/", "expected port 443"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aval"));
        command.args(["webhooks", "add", "--merchant", "demo", url, "--store", &place.store()]);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{url}: {said}");
        assert!(said.contains(says), "{url}: expected {says:?} in {said}");
    }
}

#[tokio::test]
async fn dead_letters_are_listed_and_repeated_by_command() {
    use aval::domain::delivery::DeliveryKind;
    use aval::domain::ids::ApplicationId;
    use aval::store::{Batch, Delivery, DeliveryKey};
    let place = Place::new();
    let port = free_port();
    let (endpoint, secret) = add(&place, &url(port));
    let server = serve(&place);
    let id =
        server.client().await.decide(decide_request("r", "ada", "card")).await.unwrap().into_inner().application_id;
    assert_eq!(server.terminate(), Some(0));
    // As if three days had passed.
    let store = aval::store::open(&place.store(), &Default::default()).unwrap();
    let application = ApplicationId::parse(&id).unwrap().0.seq();
    let key = DeliveryKey { endpoint: endpoint.as_str().into(), seq: application, kind: DeliveryKind::Webhook };
    let at = aval::engine::clock::system_now();
    let merchant = aval::domain::ids::MerchantId::parse("demo").unwrap();
    let dead = Delivery { key, application, merchant, since: at, due_at: at, tries: 21, dead: true };
    store.writer().unwrap().commit(&Batch { deliveries: vec![dead], ..Batch::default() }).unwrap();
    let listed = webhooks(&place, &["dead", "--merchant", "demo"]);
    let letter = &listed[0];
    let shown = [&letter["kind"], &letter["endpoint"], &letter["application_id"], &letter["tries"]];
    assert_eq!(shown, [&Value::from("webhook"), &endpoint.into(), &id.clone().into(), &21.into()]);
    assert_eq!(webhooks(&place, &["redeliver", "--dead", "--merchant", "other"])["redelivered"], 0);

    let receiver = Receiver::start(port, &secret);
    let _server = serve(&place);
    assert!(receiver.is_quiet(), "what is dead is not tried by itself");
    assert_eq!(webhooks(&place, &["redeliver", "--dead"])["redelivered"], 1);
    assert_eq!(receiver.next()["application"], id);
    assert_eq!(webhooks(&place, &["dead"]), Value::Array(Vec::new()));
}
