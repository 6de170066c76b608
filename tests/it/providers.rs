//! Each adapter against the mock, over a real socket: what every path leads to.

use aval::domain::applicant::Applicant;
use aval::domain::challenge::ChallengeKind;
use aval::domain::contact::Phone;
use aval::domain::evidence::{BankHistory, Evidence, IdentityReport};
use aval::engine::clock::system_now;
use aval::mock::{self, Mock, Options, Script, account};
use aval::provider::bank::powens::Powens;
use aval::provider::http::{Client, Limits, Method, Request, Retry, Transport};
use aval::provider::identity::idcheck::IdCheck;
use aval::provider::sms::twilio_verify::TwilioVerify;
use aval::provider::{
    Action, Call, Handle, Input, Notice, Progress, Provider, ProviderError, Providers, StartRequest, Started,
};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const GOOD_PHONE: &str = "+33639981234";

/// A mock on a socket; it ends with the test's runtime.
struct World {
    mock: Mock,
    base_url: String,
    client: Arc<dyn Transport>,
    limits: Limits,
}

impl World {
    async fn new() -> Self {
        Self::notifying(Vec::new()).await
    }

    async fn notifying(powens_notices_to: Vec<String>) -> Self {
        let options = Options {
            slow: Duration::from_secs(5),
            analysis: Duration::ZERO,
            powens_notices_to,
            ..Options::new(Arc::new(system_now))
        };
        let mock = Mock::new(options);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let client: Arc<dyn Transport> = Arc::new(Client::new().unwrap());
        tokio::spawn(mock::serve(listener, mock.clone(), client.clone()));
        let retry = Retry { tries: 3, first: Duration::from_millis(5), longest: Duration::from_millis(50) };
        let limits = Limits { timeout: Duration::from_millis(250), retry, ..Limits::default() };
        Self { mock, base_url, client, limits }
    }

    /// Adapters that have seen nothing yet.
    fn providers(&self) -> Providers {
        let (limits, client) = (self.limits, || self.client.clone());
        let mut sms = account::twilio(&self.base_url);
        let mut identity = account::idcheck(&self.base_url, "");
        let mut bank = account::powens(&self.base_url);
        (sms.limits, identity.limits, bank.limits) = (limits, limits, limits);
        Providers {
            sms: Some(Arc::new(TwilioVerify::new(sms, client()))),
            identity: Some(Arc::new(IdCheck::new(identity, client()))),
            bank: Some(Arc::new(Powens::new(bank, client()))),
        }
    }

    /// Goes through a page as a browser does, and ends it so: the parameters that come back.
    async fn visit(&self, page: &str, outcome: &str) -> Vec<(String, String)> {
        let shown = self.get(page).await;
        assert!(shown.status == 200 && shown.header("content-type").unwrap().starts_with("text/html"));
        let (address, query) = page.split_once('?').unwrap_or((page, ""));
        let ended = self.get(&format!("{address}/finish?{query}&outcome={outcome}")).await;
        assert_eq!(ended.status, 303, "{outcome}");
        let back = ended.header("location").unwrap().strip_prefix("https://shop.test/back?").unwrap();
        form_urlencoded::parse(back.as_bytes()).into_owned().collect()
    }

    async fn get(&self, url: &str) -> aval::provider::http::Response {
        self.client.send(&Request::new(Method::Get, url), Duration::from_secs(5)).await.unwrap()
    }
}

fn call(attempt: &str) -> Call {
    Call { attempt: attempt.into(), deadline: Instant::now() + Duration::from_secs(30), now: system_now() }
}

/// A name that no attempt had before.
fn new_attempt() -> String {
    static LAST: Mutex<u32> = Mutex::new(0);
    let mut last = LAST.lock().unwrap();
    *last += 1;
    format!("att_{last}")
}

fn request(phone: &str) -> StartRequest {
    StartRequest {
        applicant: Applicant { phone: Some(Phone::parse(phone).unwrap()), ..Applicant::default() },
        return_url: "https://shop.test/back".into(),
        state: "state-1".into(),
        again: None,
    }
}

fn page(action: &Action) -> &str {
    match action {
        Action::Redirect { url } => url,
        Action::EnterCode { .. } => panic!("a page was expected"),
    }
}

/// What came of a call, in a word or two.
fn word(result: &Result<Progress, ProviderError>) -> String {
    match result {
        Ok(Progress::Pending { .. }) => "pending".into(),
        Ok(Progress::Act(_)) => "act".into(),
        Ok(Progress::Wrong) => "wrong".into(),
        Ok(Progress::Expired) => "expired".into(),
        Ok(Progress::Denied(denial)) => format!("{denial:?}"),
        Ok(Progress::Done(Evidence::PhoneVerified)) => "verified".into(),
        Ok(Progress::Done(Evidence::Identity(report))) => report.verdict.name().into(),
        Ok(Progress::Done(Evidence::Bank(history))) => {
            if history.complete {
                "complete".into()
            } else {
                "incomplete".into()
            }
        }
        Err(error) => error.name().into(),
    }
}

/// Begins, gives a code and asks: what comes of each.
async fn sms(world: &World, phone: &str, code: &str) -> Vec<String> {
    let provider = world.providers().sms.unwrap();
    let attempt = new_attempt();
    let started = match provider.start(&call(&attempt), &request(phone)).await {
        Ok(started) => started,
        Err(error) => return vec![error.name().into()],
    };
    assert_eq!(started.action, Action::EnterCode { length: 6 });
    let checked = provider.submit(&call(&attempt), &started.handle, &Input::Code(code.into())).await;
    let polled = provider.poll(&call(&attempt), &started.handle).await;
    assert!(provider.erase(&call(&attempt), &started.handle).await.is_ok());
    vec![word(&checked), word(&polled)]
}

#[tokio::test]
async fn every_path_of_a_text_message() {
    let world = World::new().await;
    let rows = [
        ("good", "1234", &["verified", "indeterminate"][..]),
        ("other_code", "0001", &["wrong", "act"]),
        ("wrong", "0002", &["wrong", "act"]),
        ("expired", "0003", &["expired", "indeterminate"]),
        ("limited", "0004", &["rate_limited"]),
        ("limited_once", "0005", &["rate_limited"]),
        ("down", "0006", &["retryable"]),
        ("down_twice", "0007", &["verified", "indeterminate"]),
        ("slow", "0008", &["retryable"]),
        ("lost_check", "0009", &["indeterminate", "indeterminate"]),
        ("slow_check", "0010", &["indeterminate", "indeterminate"]),
        ("landline", "0011", &["user_action"]),
        ("guarded", "0012", &["blocked"]),
        ("country", "0013", &["blocked"]),
        ("device", "0014", &["blocked"]),
        ("blocked", "0015", &["blocked"]),
        ("invalid", "0016", &["user_action"]),
        ("too_many_sends", "0017", &["rate_limited"]),
        ("too_many_checks", "0018", &["TooManyTries", "act"]),
        ("unknown", "0019", &["indeterminate", "act"]),
        ("not_json", "0020", &["malformed"]),
        ("cut", "0021", &["malformed"]),
    ];
    for (path, suffix, expected) in rows {
        assert_eq!(sms(&world, &format!("+3363998{suffix}"), mock::CODE).await, expected, "{path}");
    }
    assert_eq!(sms(&world, "+33639980001", mock::OTHER_CODE).await[0], "verified");
    all_paths_stand_here(ChallengeKind::SmsCode, rows.iter().map(|row| row.0));
}

/// A row for each path that there is.
fn all_paths_stand_here<'a>(kind: ChallengeKind, tested: impl Iterator<Item = &'a str>) {
    let known: BTreeSet<_> = mock::paths::rows(kind).iter().map(|row| row.path).collect();
    assert_eq!(tested.collect::<BTreeSet<_>>(), known, "every path of {} is tested", kind.name());
}

/// A limit that is said is kept to; one that is not said is a second.
#[tokio::test]
async fn limits_are_said_or_not() {
    let world = World::new().await;
    let limited = |seconds| Err(ProviderError::RateLimited { after: Duration::from_secs(seconds) });
    for (phone, first, second) in [("+33639980004", limited(30), limited(30)), ("+33639980005", limited(1), Ok(()))] {
        let (provider, attempt) = (world.providers().sms.unwrap(), new_attempt());
        for expected in [first, second] {
            let started = provider.start(&call(&attempt), &request(phone)).await;
            assert_eq!(started.map(|_| ()), expected, "{phone}");
        }
    }
}

/// Begins, goes through the page so, comes back and asks until it is over.
async fn hosted(
    world: &World,
    provider: &dyn Provider,
    outcome: &str,
) -> (Handle, Vec<Result<Progress, ProviderError>>) {
    let attempt = new_attempt();
    let started = provider.start(&call(&attempt), &request(GOOD_PHONE)).await.unwrap();
    let back = world.visit(page(&started.action), outcome).await;
    assert!(back.contains(&("state".into(), "state-1".into())));
    let mut results = vec![provider.submit(&call(&attempt), &started.handle, &Input::Returned(back)).await];
    for _ in 0..3 {
        match results.last().unwrap() {
            Ok(Progress::Pending { .. }) => {}
            Ok(Progress::Act(action)) => _ = world.visit(page(action), "").await,
            _ => break,
        }
        results.push(provider.poll(&call(&attempt), &started.handle).await);
    }
    (started.handle, results)
}

fn words(results: &[Result<Progress, ProviderError>]) -> Vec<String> {
    results.iter().map(word).collect()
}

#[tokio::test]
async fn every_path_of_a_document() {
    let world = World::new().await;
    let rows = [
        ("clear", &["clear"][..]),
        ("forged", &["rejected"]),
        ("unreadable", &["unreadable"]),
        ("expired", &["review"]),
        ("other_person", &["clear"]),
        ("minor", &["clear"]),
        ("review", &["review"]),
        ("unknown", &["review"]),
        ("stuck", &["pending"; 4]),
        ("late", &["pending"; 4]),
        ("gives_up", &["ByCustomer"]),
        ("token_lost", &["clear"]),
        ("limited", &["rate_limited"]),
        ("down", &["retryable"]),
        ("down_twice", &["clear"]),
        ("slow", &["retryable"]),
        ("not_json", &["malformed"]),
        ("cut", &["malformed"]),
        ("lost", &["clear"]),
    ];
    for (path, expected) in rows {
        let provider = world.providers().identity.unwrap();
        let (handle, results) = hosted(&world, provider.as_ref(), path).await;
        assert_eq!(words(&results), expected, "{path}");
        let erased = provider.erase(&call("att_0"), &handle).await.map_err(|error| error.name());
        let expected = match path {
            // What is being analysed cannot be erased yet.
            "stuck" | "late" => Err("retryable"),
            // Three tries failed before, and the second of these opens the breaker.
            "down" | "slow" => Err("open"),
            "limited" => Err("rate_limited"),
            "not_json" | "cut" => Err("malformed"),
            _ => Ok(()),
        };
        assert_eq!(erased, expected, "{path}");
    }
    all_paths_stand_here(ChallengeKind::IdDocument, rows.iter().map(|row| row.0));
}

async fn document(world: &World, more: &str) -> IdentityReport {
    let provider = world.providers().identity.unwrap();
    match hosted(world, provider.as_ref(), more).await.1.pop() {
        Some(Ok(Progress::Done(Evidence::Identity(report)))) => report,
        other => panic!("{more}: {other:?}"),
    }
}

#[tokio::test]
async fn what_stands_on_documents() {
    let world = World::new().await;
    let today = system_now().to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date();
    let clear = document(&world, "").await;
    assert_eq!((clear.family_name.as_deref(), &*clear.given_names[0]), (Some("MARTIN"), "CAMILLE"));
    assert!(clear.document_expiry.unwrap() > today);
    assert!(document(&world, "expired").await.document_expiry.unwrap() < today);
    assert_eq!(document(&world, "other_person").await.family_name.as_deref(), Some("PETIT"));
    assert!(
        document(&world, "minor").await.birth_date.unwrap() > today.checked_sub(jiff::Span::new().years(18)).unwrap()
    );
    assert_eq!(document(&world, "&family_name=Forged").await.verdict.name(), "rejected", "by its name");
    assert_eq!(document(&world, "&family_name=Le+Goff").await.family_name.as_deref(), Some("LE GOFF"));
}

#[tokio::test]
async fn every_path_of_a_bank() {
    let world = World::new().await;
    let rows = [
        ("good", &["complete"][..]),
        ("poor", &["complete"]),
        ("gambling", &["complete"]),
        ("borrower", &["complete"]),
        ("irregular", &["complete"]),
        ("no_income", &["complete"]),
        ("short", &["incomplete"]),
        ("odd", &["complete"]),
        ("pages", &["complete"]),
        ("moving", &["complete"]),
        ("no_account", &["NothingThere"]),
        ("refused", &["ByCustomer"]),
        ("tos_declined", &["ByCustomer"]),
        ("session_expired", &["expired"]),
        ("page_fails", &["retryable"]),
        ("sca", &["act", "complete"]),
        ("wrong_pass", &["act", "complete"]),
        ("validating", &["pending", "pending", "complete"]),
        ("stuck", &["pending"; 4]),
        ("site_down", &["pending"; 4]),
        ("unknown", &["indeterminate"]),
        ("token_lost", &["complete"]),
        ("locked", &["complete"]),
        ("limited", &["rate_limited"]),
        ("down", &["retryable"]),
        ("down_twice", &["complete"]),
        ("slow", &["retryable"]),
        ("not_json", &["malformed"]),
        ("cut", &["malformed"]),
    ];
    for (path, expected) in rows {
        let provider = world.providers().bank.unwrap();
        let (handle, results) = hosted(&world, provider.as_ref(), path).await;
        assert_eq!(words(&results), expected, "{path}");
        let erased = provider.erase(&call("att_0"), &handle).await.map_err(|error| error.name());
        let expected = match path {
            "down" => Err("open"),
            "limited" => Err("rate_limited"),
            // `slow`: the first call did it, and the second finds nobody there. `not_json` is answered 200, and 204 has no
            // body that could be cut.
            _ => Ok(()),
        };
        assert_eq!(erased, expected, "{path}");
        if erased.is_ok() && path != "not_json" && path != "cut" {
            assert_eq!(provider.erase(&call("att_0"), &handle).await, Ok(()), "{path}: twice is once");
        }
    }
    let provider = world.providers().bank.unwrap();
    world.mock.script(Script::next(ChallengeKind::BankHistory, "lost")).unwrap();
    let lost = provider.start(&call("att_0"), &request(GOOD_PHONE)).await;
    assert!(matches!(lost, Err(ProviderError::Retryable(_))), "a user that nobody uses is harmless: {lost:?}");
    assert!(provider.start(&call("att_0"), &request(GOOD_PHONE)).await.is_ok());
    all_paths_stand_here(ChallengeKind::BankHistory, rows.iter().map(|row| row.0).chain(["lost"]));
}

async fn bank(world: &World, path: &str) -> BankHistory {
    let provider = world.providers().bank.unwrap();
    match hosted(world, provider.as_ref(), path).await.1.pop() {
        Some(Ok(Progress::Done(Evidence::Bank(history)))) => history,
        other => panic!("{path}: {other:?}"),
    }
}

#[tokio::test]
async fn what_stands_in_bank_histories() {
    let world = World::new().await;
    let good = bank(&world, "good").await;
    assert!(good.accounts.len() == 2 && good.transactions.len() > 50);
    let short = bank(&world, "short").await;
    assert!(short.covered_from > good.covered_from);
    let odd = bank(&world, "odd").await;
    assert_eq!(odd.accounts.len(), 2, "a company's account does not count");
    assert_eq!(odd.transactions.len(), good.transactions.len() + 2, "only the deferred and the summed are real rows");
    let (pages, moving) = (bank(&world, "pages").await, bank(&world, "moving").await);
    assert!(pages.transactions.len() > 2_400);
    assert_eq!(moving.transactions.len(), pages.transactions.len(), "a row that moved is one row");
}

#[tokio::test]
async fn a_slow_provider_ends_at_the_deadline() {
    let world = World::new().await;
    let patient = World { limits: Limits::default(), ..world };
    let began = Instant::now();
    let hurried = Call { deadline: began + Duration::from_millis(300), ..call(&new_attempt()) };
    let started = patient.providers().sms.unwrap().start(&hurried, &request("+33639980008")).await;
    assert!(matches!(started, Err(ProviderError::Retryable(_))), "{started:?}");
    assert!((300..2_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_provider_that_is_down_is_left_alone_and_looked_for_again() {
    let world = World::new().await;
    let kind = ChallengeKind::SmsCode;
    world.mock.script(Script::standing(kind, "down")).unwrap();
    let provider = world.providers().sms.unwrap();
    let start = |ms| {
        let call = call(&new_attempt());
        let call = Call { now: call.now.plus_ms(ms), ..call };
        let provider = provider.clone();
        async move { provider.start(&call, &request(GOOD_PHONE)).await.map_or_else(|e| e.name(), |_| "ok") }
    };
    assert_eq!([start(0).await, start(0).await, start(0).await], ["retryable", "open", "open"]);
    assert_eq!(world.mock.take_calls().len(), 5, "three tries, two tries, and none");
    world.mock.script(Script::standing(kind, "good")).unwrap();
    assert_eq!([start(0).await, start(31_000).await, start(31_000).await], ["open", "ok", "ok"]);
}

/// Notices are sent to where they were asked for, signed so that the adapter takes them.
#[tokio::test]
async fn notices_come_over_the_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/notices/powens", listener.local_addr().unwrap());
    let caught = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut text = Vec::new();
        let mut piece = [0; 4_096];
        while let Ok(count @ 1..) = stream.read(&mut piece) {
            text.extend_from_slice(&piece[..count]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        String::from_utf8(text).unwrap()
    });
    let world = World::notifying(vec![url]).await;
    let provider = world.providers().bank.unwrap();
    let started: Started = provider.start(&call("att_0"), &request(GOOD_PHONE)).await.unwrap();
    world.visit(page(&started.action), "good").await;
    let text = tokio::task::spawn_blocking(|| caught.join().unwrap()).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /notices/powens HTTP/1.1"), "{head}");
    let headers: Vec<_> = head.lines().skip(1).filter_map(|line| line.split_once(": ")).collect();
    let headers: Vec<_> = headers.into_iter().map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
    let notice = Notice { path: "/notices/powens", headers: &headers, body: body.as_bytes(), now: system_now() };
    assert_eq!(provider.hint(&notice), Ok(started.reference));
}

/// The command prints what a server needs, and serves until it is told to stop.
#[test]
fn the_command_prints_and_serves() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_aval"))
        .args(["mock-providers", "--port", "0", "--json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let printed = serde_json::Deserializer::from_reader(child.stdout.take().unwrap());
    let shown: serde_json::Value = printed.into_iter().next().unwrap().unwrap();
    let url = shown["url"].as_str().unwrap();
    assert_eq!(shown["settings"]["twilio_base_url"], format!("{url}/twilio"));
    assert_eq!(shown["paths"]["sms_code"][0]["path"], "good");
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<h1>Mock providers</h1>"), "{page}");
    std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success(), "SIGTERM ends it well");
}
