//! Recorded requests and answers, for the tests of adapters: `fixtures/providers/<provider>/<name>.txt`, as on the wire,
//! with the status alone on the first line of an answer.

use super::http::{Request, Response, Sending, Transport};
use super::{Call, Notice};
use crate::domain::time::Timestamp;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::{Duration, Instant};

fn text(name: &str) -> String {
    let path = format!("{}/fixtures/providers/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The head lines and the body, without the line break that ends the file.
fn parts(text: &str) -> (Vec<&str>, &str) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    (head.lines().collect(), body.strip_suffix('\n').unwrap_or(body))
}

fn headers(lines: &[&str]) -> Vec<(String, String)> {
    let pairs = lines.iter().map(|line| line.split_once(": ").expect("a header"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A recorded answer.
pub fn answer(name: &str) -> Response {
    let text = text(name);
    let (head, body) = parts(&text);
    Response { status: head[0].parse().expect("a status"), headers: headers(&head[1..]), body: body.into() }
}

/// An answer that was made up.
pub fn made(status: u16, body: &str) -> Response {
    Response { status, headers: Vec::new(), body: body.into() }
}

/// A request is the recorded one, byte for byte.
pub fn check_request(request: &Request, name: &str) {
    let mut shown = format!("{} {}\n", request.method.name(), request.url);
    for (name, value) in &request.headers {
        shown.push_str(&format!("{name}: {value}\n"));
    }
    if !request.body.is_empty() {
        shown.push_str(&format!("\n{}\n", String::from_utf8_lossy(&request.body)));
    }
    assert_eq!(shown, text(name), "{name}");
}

/// A recorded notice: the path on its first line. `read` gets it as it came at `now`.
pub fn notice<T>(name: &str, now: &str, read: impl FnOnce(&Notice<'_>) -> T) -> T {
    let text = text(name);
    let (head, body) = parts(&text);
    let headers = headers(&head[1..]);
    let now = Timestamp::parse(now).expect("a time");
    read(&Notice { path: head[0], headers: &headers, body: body.as_bytes(), now })
}

/// A call with a minute left.
pub fn call(now: &str) -> Call {
    let now = Timestamp::parse(now).expect("a time");
    Call { attempt: "att_1".into(), deadline: Instant::now() + Duration::from_secs(60), now }
}

/// Answers a list of requests, each known by its method and the end of its address, in that order.
pub struct Listed {
    expected: Mutex<VecDeque<(&'static str, Response)>>,
    /// The requests that came.
    pub sent: Mutex<Vec<Request>>,
}

impl Listed {
    /// With this list.
    pub fn new(expected: impl IntoIterator<Item = (&'static str, Response)>) -> std::sync::Arc<Self> {
        let expected = Mutex::new(expected.into_iter().collect());
        std::sync::Arc::new(Self { expected, sent: Mutex::default() })
    }

    /// Whether every request of the list came.
    pub fn is_done(&self) -> bool {
        self.expected.lock().unwrap().is_empty()
    }
}

impl Transport for Listed {
    fn send<'a>(&'a self, request: &'a Request, _: Duration) -> Sending<'a> {
        let shown = format!("{} {}", request.method.name(), request.url);
        let (expected, answer) =
            self.expected.lock().unwrap().pop_front().unwrap_or_else(|| panic!("{shown}: nothing"));
        let (method, end) = expected.split_once(' ').unwrap();
        assert!(shown.starts_with(method) && shown.ends_with(end), "{shown} came, {expected} was expected");
        self.sent.lock().unwrap().push(request.clone());
        Box::pin(std::future::ready(Ok(answer)))
    }

    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}
