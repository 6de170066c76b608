use super::*;
use crate::domain::time::Timestamp;
use crate::provider::http::{Method, Sending};
use std::collections::VecDeque;
use std::pin::Pin;

/// Answers from a list; pauses take no time and are written down.
#[derive(Default)]
struct Listed {
    answers: Mutex<VecDeque<Result<u16, TransportError>>>,
    pauses: Mutex<Vec<Duration>>,
    timeouts: Mutex<Vec<Duration>>,
}

impl Transport for Listed {
    fn send<'a>(&'a self, _: &'a Request, timeout: Duration) -> Sending<'a> {
        self.timeouts.lock().unwrap().push(timeout);
        let answer = self.answers.lock().unwrap().pop_front().expect("no more sends than expected");
        Box::pin(async move { answer.map(|status| Response { status, headers: Vec::new(), body: Vec::new() }) })
    }

    fn pause(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.pauses.lock().unwrap().push(time);
        Box::pin(std::future::ready(()))
    }
}

fn limits() -> Limits {
    Limits { breaker: breaker::Limits { failures: 3, rest_ms: 1_000 }, ..Limits::default() }
}

fn call(ms: i64, left: Duration) -> Call {
    Call { attempt: "a".into(), deadline: Instant::now() + left, now: Timestamp::from_ms(ms).unwrap() }
}

const MINUTE: Duration = Duration::from_secs(60);

/// What one call says, and how many answers of the list it left.
async fn run(executor: &Executor, call: &Call, safe: Safe) -> &'static str {
    let interpret = |response: &Response| if response.status == 200 { Ok(()) } else { Err(response.refusal()) };
    let request = Request::new(Method::Get, "http://x.test/");
    match executor.run(call, "test", safe, &request, interpret).await {
        Ok(()) => "ok",
        Err(error) => error.name(),
    }
}

#[tokio::test]
async fn only_what_is_safe_is_sent_again() {
    use TransportError::{Broken, Timeout, TooLarge, Unreached, Unsendable};
    let cases: &[(Safe, &[Result<u16, TransportError>], &str)] = &[
        (Safe::Yes, &[Ok(200)], "ok"),
        (Safe::Yes, &[Ok(503), Err(Broken), Ok(200)], "ok"),
        (Safe::Yes, &[Ok(503), Ok(502), Ok(503)], "retryable"),
        (Safe::Yes, &[Ok(429), Ok(200)], "ok"),
        (Safe::Yes, &[Err(Timeout), Ok(200)], "ok"),
        (Safe::Yes, &[Ok(404)], "permanent"),
        (Safe::Yes, &[Ok(401)], "config"),
        (Safe::Yes, &[Err(TooLarge)], "malformed"),
        (Safe::Yes, &[Err(Unsendable)], "config"),
        (Safe::No, &[Ok(200)], "ok"),
        (Safe::No, &[Ok(503)], "retryable"),
        (Safe::No, &[Ok(500)], "indeterminate"),
        (Safe::No, &[Ok(429)], "rate_limited"),
        (Safe::No, &[Err(Timeout)], "indeterminate"),
        (Safe::No, &[Err(Broken)], "indeterminate"),
        (Safe::No, &[Err(Unreached)], "retryable"),
    ];
    for (safe, answers, expected) in cases {
        let transport = Arc::new(Listed::default());
        transport.answers.lock().unwrap().extend(answers.iter().copied());
        let executor = Executor::new("test", transport.clone(), limits());
        assert_eq!(run(&executor, &call(0, MINUTE), *safe).await, *expected, "{safe:?} {answers:?}");
        assert!(transport.answers.lock().unwrap().is_empty(), "{safe:?} {answers:?}: all were asked for");
        assert_eq!(transport.pauses.lock().unwrap().len(), answers.len() - 1);
    }
}

#[tokio::test]
async fn nothing_goes_on_beyond_the_deadline() {
    let transport = Arc::new(Listed::default());
    transport.answers.lock().unwrap().extend([Ok(503), Ok(200)]);
    let executor = Executor::new("test", transport.clone(), limits());
    assert_eq!(run(&executor, &call(0, Duration::from_millis(90)), Safe::Yes).await, "retryable", "no time to pause");
    assert!(transport.timeouts.lock().unwrap()[0] <= Duration::from_millis(90));
    assert_eq!(run(&executor, &call(0, Duration::ZERO), Safe::Yes).await, "retryable", "nothing is sent");
    assert_eq!(run(&executor, &call(0, MINUTE), Safe::Yes).await, "ok");
    assert_eq!(transport.timeouts.lock().unwrap().last(), Some(&Duration::from_secs(10)), "the provider's own limit");
}

#[tokio::test]
async fn a_provider_that_fails_is_left_alone() {
    let transport = Arc::new(Listed::default());
    transport.answers.lock().unwrap().extend([Ok(503), Ok(503), Ok(503), Ok(200), Ok(200)]);
    let executor = Executor::new("test", transport.clone(), limits());
    assert_eq!(run(&executor, &call(0, MINUTE), Safe::Yes).await, "retryable");
    assert_eq!(run(&executor, &call(999, MINUTE), Safe::Yes).await, "open");
    assert_eq!(transport.answers.lock().unwrap().len(), 2, "it was not asked");
    assert_eq!(run(&executor, &call(1_000, MINUTE), Safe::Yes).await, "ok");
    assert_eq!(run(&executor, &call(1_000, MINUTE), Safe::Yes).await, "ok");
}

#[tokio::test]
async fn a_caller_in_a_hurry_does_not_open_the_breaker() {
    let transport = Arc::new(Listed::default());
    transport.answers.lock().unwrap().extend([Err(TransportError::Timeout); 5]);
    let executor = Executor::new("test", transport.clone(), limits());
    for _ in 0..5 {
        assert_eq!(run(&executor, &call(0, Duration::from_secs(1)), Safe::No).await, "indeterminate");
    }
}

#[tokio::test]
async fn more_than_may_be_under_way_wait() {
    struct Never;
    impl Transport for Never {
        fn send<'a>(&'a self, _: &'a Request, _: Duration) -> Sending<'a> {
            Box::pin(std::future::pending())
        }
    }
    let executor = Executor::new("test", Arc::new(Never), Limits { at_once: 1, ..limits() });
    let first = call(0, MINUTE);
    let mut first = std::pin::pin!(run(&executor, &first, Safe::No));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert_eq!(run(&executor, &call(0, Duration::from_millis(20)), Safe::No).await, "retryable");
}
