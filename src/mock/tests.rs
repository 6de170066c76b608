use super::*;
use crate::domain::applicant::Applicant;
use crate::domain::challenge::ChallengeKind;
use crate::domain::contact::Phone;
use crate::domain::evidence::{Evidence, IdentityVerdict};
use crate::provider::http::{Request, Response, Sending, Transport};
use crate::provider::{
    Action, Call, Denial, Handle, Input, Notice, NoticeError, Progress, ProviderError, Providers, StartRequest, Started,
};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

const BASE: &str = "http://mock.test";
const NOTICES: &str = "http://aval.test/notices/idcheck/s3cret";
const POWENS_NOTICES: &str = "http://aval.test/notices/powens";

/// A mock in process on a clock of its own.
struct Story {
    mock: Mock,
    clock: Arc<AtomicI64>,
    visitor: InProcess,
    providers: Providers,
}

impl Story {
    fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(Timestamp::parse("2026-11-20T08:30:00Z").unwrap().ms()));
        let read = clock.clone();
        let mut options = Options::new(Arc::new(move || Timestamp::from_ms(read.load(Ordering::Relaxed)).unwrap()));
        options.powens_notices_to = vec![POWENS_NOTICES.into()];
        let mock = Mock::new(options);
        let visitor = InProcess::new(&mock);
        let transport: Arc<dyn Transport> = Arc::new(visitor.clone());
        let providers = account::providers(BASE, &transport, NOTICES);
        Self { mock, clock, visitor, providers }
    }

    fn wait(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::Relaxed);
    }

    fn call(&self, attempt: &str) -> Call {
        let deadline = Instant::now() + Duration::from_secs(60);
        Call { attempt: attempt.into(), deadline, now: self.mock.now() }
    }

    fn script(&self, script: Script) {
        self.mock.script(script).unwrap();
    }

    async fn start(&self, kind: ChallengeKind, attempt: &str, phone: &str) -> Result<Started, ProviderError> {
        let applicant = Applicant { phone: Some(Phone::parse(phone).unwrap()), ..Applicant::default() };
        let (return_url, state) = ("https://shop.test/back".to_owned(), "s1".to_owned());
        let request = StartRequest { applicant, return_url, state, again: None };
        self.providers.get(kind).unwrap().start(&self.call(attempt), &request).await
    }

    /// Begins, goes through the page, and comes back.
    async fn walk(&self, kind: ChallengeKind, outcome: &str) -> (Started, Result<Progress, ProviderError>) {
        let started = self.start(kind, "att_1", "+33639981234").await.unwrap();
        let Action::Redirect { url } = &started.action else { panic!("a page was expected") };
        let back = self.visitor.visit(url, outcome).await.unwrap();
        let query = back.split_once('?').unwrap().1;
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let provider = self.providers.get(kind).unwrap();
        let input = Input::Returned(parameters);
        let progress = provider.submit(&self.call("att_1"), &started.handle, &input).await;
        (started, progress)
    }

    async fn poll(&self, kind: ChallengeKind, handle: &Handle) -> Result<Progress, ProviderError> {
        self.providers.get(kind).unwrap().poll(&self.call("att_1"), handle).await
    }

    /// Sends what is due to somebody who answers 200; what the providers make of it.
    async fn notices(&self, kind: ChallengeKind) -> Vec<Result<String, NoticeError>> {
        let catcher = Catcher::default();
        self.mock.send_notices(&catcher).await;
        let provider = self.providers.get(kind).unwrap();
        let now = self.mock.now();
        let read = |request: &Request| {
            let headers: Vec<_> = request.headers.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
            let path = notice::path_of(&request.url);
            provider.hint(&Notice { path, headers: &headers, body: &request.body, now })
        };
        catcher.0.lock().unwrap().iter().map(read).collect()
    }
}

/// Takes notices and says 200.
#[derive(Default)]
struct Catcher(Mutex<Vec<Request>>);

impl Transport for Catcher {
    fn send<'a>(&'a self, request: &'a Request, _: Duration) -> Sending<'a> {
        self.0.lock().unwrap().push(request.clone());
        Box::pin(std::future::ready(Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() })))
    }
}

#[tokio::test]
async fn an_analysis_takes_its_time_on_the_storys_clock() {
    let story = Story::new();
    let (Started { handle, .. }, back) = story.walk(ChallengeKind::IdDocument, "").await;
    assert!(matches!(back, Ok(Progress::Pending { .. })));
    assert_eq!(story.notices(ChallengeKind::IdDocument).await, [Ok("att_1".to_owned())], "the capture's end");
    story.wait(1_999);
    assert!(matches!(story.poll(ChallengeKind::IdDocument, &handle).await, Ok(Progress::Pending { .. })));
    assert_eq!(story.mock.next_notice(), Some(story.mock.now().plus_ms(1)));
    story.wait(1);
    assert_eq!(story.notices(ChallengeKind::IdDocument).await, [Ok("att_1".to_owned())], "the analysis's end");
    let done = story.poll(ChallengeKind::IdDocument, &handle).await.unwrap();
    let Progress::Done(Evidence::Identity(report)) = &done else { panic!("{done:?}") };
    assert_eq!(report.verdict, IdentityVerdict::Clear);
    assert_eq!((&*report.given_names[0], report.family_name.as_deref()), ("CAMILLE", Some("MARTIN")));
    assert_eq!(report.birth_date, Some("1990-05-14".parse().unwrap()));
    let erased = story.providers.get(ChallengeKind::IdDocument).unwrap().erase(&story.call("att_1"), &handle).await;
    assert_eq!(erased, Ok(()));
    assert!(matches!(story.poll(ChallengeKind::IdDocument, &handle).await, Ok(Progress::Pending { .. })), "forgotten");
}

#[tokio::test]
async fn scripts_choose_for_one_attempt_and_for_all() {
    let story = Story::new();
    let kind = ChallengeKind::IdDocument;
    let person =
        Person { given_names: "Zoé Anne".into(), family_name: "Roux".into(), birth_date: "2001-02-03".into() };
    story.script(Script::next(kind, "review").person(person));
    let (Started { handle, .. }, _) = story.walk(kind, "").await;
    story.wait(2_000);
    let done = story.poll(kind, &handle).await.unwrap();
    let Progress::Done(Evidence::Identity(report)) = &done else { panic!("{done:?}") };
    assert_eq!((report.verdict, report.family_name.as_deref()), (IdentityVerdict::Review, Some("ROUX")));
    let unknown = story.mock.script(Script::next(kind, "poor")).unwrap_err();
    assert!(unknown.to_string().starts_with("there is no path `poor` of id_document; there are clear, forged,"));

    // An outage troubles whoever calls, and ends when the next script stands.
    let sms = ChallengeKind::SmsCode;
    let started = story.start(sms, "att_2", "+33639981234").await.unwrap();
    story.script(Script::standing(sms, "limited"));
    let limited = ProviderError::RateLimited { after: Duration::from_secs(30) };
    assert_eq!(story.poll(sms, &started.handle).await, Err(limited.clone()));
    assert_eq!(story.start(sms, "att_3", "+33639985555").await, Err(limited));
    story.script(Script::standing(sms, "wrong"));
    assert!(matches!(story.poll(sms, &started.handle).await, Ok(Progress::Act(_))));
    let started = story.start(sms, "att_4", "+33639986666").await.unwrap();
    let provider = story.providers.get(sms).unwrap();
    let checked = provider.submit(&story.call("att_4"), &started.handle, &Input::Code(CODE.into())).await;
    assert_eq!(checked, Ok(Progress::Wrong));
}

#[tokio::test]
async fn verifications_count_and_end() {
    let story = Story::new();
    let sms = ChallengeKind::SmsCode;
    let provider = story.providers.get(sms).unwrap();
    let started = story.start(sms, "att_1", "+33639981234").await.unwrap();
    for _ in 0..4 {
        assert_eq!(story.start(sms, "att_1", "+33639981234").await.unwrap().handle, started.handle, "sent again");
    }
    let after = Duration::from_secs(600);
    assert_eq!(story.start(sms, "att_1", "+33639981234").await, Err(ProviderError::RateLimited { after }));
    let check = |code: &str| {
        let (call, input) = (story.call("att_1"), Input::Code(code.into()));
        let handle = &started.handle;
        async move { provider.submit(&call, handle, &input).await }
    };
    for _ in 0..5 {
        assert_eq!(check("000000").await, Ok(Progress::Wrong));
    }
    assert_eq!(check(CODE).await, Ok(Progress::Denied(Denial::TooManyTries)));
    story.wait(600_000);
    assert_eq!(check(CODE).await, Ok(Progress::Expired), "it is gone, and another is to be sent");
    let started = story.start(sms, "att_1", "+33639981234").await.unwrap();
    let call = story.call("att_1");
    assert_eq!(provider.erase(&call, &started.handle).await, Ok(()));
    assert_eq!(provider.erase(&call, &started.handle).await, Ok(()), "twice is once");
}

#[tokio::test]
async fn calls_are_recorded_without_personal_data() {
    let story = Story::new();
    story.start(ChallengeKind::SmsCode, "att_9", "+33639980007").await.unwrap();
    let calls = story.mock.take_calls();
    let call = |status| Recorded {
        provider: "twilio_verify",
        method: "POST".into(),
        path: "/v2/Services/{service}/Verifications".into(),
        about: "att_9".into(),
        status,
    };
    assert_eq!(calls, [call(503), call(503), call(201)], "the same name each time");
    assert!(story.mock.calls().is_empty());
    let _ = story.walk(ChallengeKind::BankHistory, "good").await.1.unwrap();
    let calls = story.mock.take_calls();
    let paths: Vec<_> = calls.iter().map(|call| (call.path.as_str(), call.about.as_str())).collect();
    let user = paths[1].1;
    assert_eq!(
        paths,
        [
            ("/2.0/auth/init", ""),
            ("/2.0/auth/token/code", user),
            ("/2.0/users/me/connections", user),
            ("/2.0/users/me/accounts", user),
            ("/2.0/users/me/transactions", user),
        ]
    );
}

#[tokio::test]
async fn notices_go_astray_as_was_asked() {
    for (twists, expected) in [
        (&[][..], &[Ok("id"), Ok("id")][..]),
        (&[Twist::Duplicate], &[Ok("id"), Ok("id"), Ok("id"), Ok("id")]),
        (&[Twist::Forged], &[Err(NoticeError::Forged), Err(NoticeError::Forged)]),
        (&[Twist::Reordered], &[Ok("id"), Ok("id")]),
        (&[Twist::None], &[]),
    ] {
        for kind in [ChallengeKind::IdDocument, ChallengeKind::BankHistory] {
            let story = Story::new();
            story.script(Script { path: None, ..Script::next(kind, "").notices(twists) });
            let (started, _) = story.walk(kind, "").await;
            story.wait(5_000);
            let expected: Vec<_> = expected.iter().map(|hint| hint.map(|_| started.reference.clone())).collect();
            assert_eq!(story.notices(kind).await, expected, "{twists:?} {kind:?}");
        }
    }
    let stale = Story::new();
    stale.script(Script::next(ChallengeKind::BankHistory, "good").notices(&[Twist::Stale]));
    let _ = stale.walk(ChallengeKind::BankHistory, "").await;
    assert_eq!(stale.notices(ChallengeKind::BankHistory).await, [Err(NoticeError::Forged)], "too old");

    let late = Story::new();
    late.script(Script::next(ChallengeKind::BankHistory, "good").notices(&[Twist::Late]));
    let _ = late.walk(ChallengeKind::BankHistory, "").await;
    late.wait(599_999);
    assert_eq!(late.notices(ChallengeKind::BankHistory).await, []);
    late.wait(1);
    assert_eq!(late.notices(ChallengeKind::BankHistory).await.len(), 1);

    // One that comes before the customer is back.
    for kind in [ChallengeKind::IdDocument, ChallengeKind::BankHistory] {
        let early = Story::new();
        early.script(Script { path: None, ..Script::next(kind, "").notices(&[Twist::Early]) });
        let started = early.start(kind, "att_1", "+33639981234").await.unwrap();
        let Action::Redirect { url } = &started.action else { panic!("a page was expected") };
        let page = Request::new(crate::provider::http::Method::Get, url.as_str());
        assert_eq!(early.visitor.send(&page, Duration::MAX).await.unwrap().status, 200);
        assert_eq!(early.notices(kind).await, [Ok(started.reference.clone())]);
        assert!(matches!(early.poll(kind, &started.handle).await, Ok(Progress::Pending { .. })));
    }
}

#[tokio::test]
async fn pages_lead_only_where_the_call_said() {
    let story = Story::new();
    let (_, back) = story.walk(ChallengeKind::IdDocument, "gives_up").await;
    assert_eq!(back, Ok(Progress::Denied(Denial::ByCustomer)));
    for page in ["/idcheck/page/none", "/powens/webview/connect?code=none", "/powens/webview/steal?code=x"] {
        assert_eq!(story.visitor.visit(&format!("{BASE}{page}"), "").await, None, "{page}");
    }
    let started = story.start(ChallengeKind::BankHistory, "att_1", "+33639981234").await.unwrap();
    let Action::Redirect { url } = &started.action else { panic!("a page was expected") };
    let script = url.replace("https%3A%2F%2Fshop.test%2Fback", "javascript%3Aalert%281%29");
    assert_ne!(&script, url);
    assert_eq!(story.visitor.visit(&script, "").await, None);
    assert!(story.visitor.visit(url, "").await.unwrap().starts_with("https://shop.test/back?connection_id="));
    assert_eq!(story.visitor.visit(url, "").await, None, "a code is good once");
}

#[tokio::test]
async fn whoever_is_not_we_is_refused() {
    let story = Story::new();
    let transport: Arc<dyn Transport> = Arc::new(story.visitor.clone());
    let mut twilio = account::twilio(BASE);
    twilio.auth_token = "other".into();
    let mut idcheck = account::idcheck(BASE, "");
    idcheck.client_secret = "other".into();
    let mut powens = account::powens(BASE);
    powens.client_secret = "other".into();
    let others = Providers {
        sms: Some(Arc::new(crate::provider::sms::twilio_verify::TwilioVerify::new(twilio, transport.clone()))),
        identity: Some(Arc::new(crate::provider::identity::idcheck::IdCheck::new(idcheck, transport.clone()))),
        bank: Some(Arc::new(crate::provider::bank::powens::Powens::new(powens, transport))),
    };
    let story = Story { providers: others, ..story };
    for kind in ChallengeKind::ALL {
        let started = story.start(kind, "att_1", "+33639981234").await;
        assert!(matches!(started, Err(ProviderError::Config(_))), "{kind:?}: {started:?}");
    }
}

#[tokio::test]
async fn nonsense_is_answered() {
    let story = Story::new();
    for path in [
        "/",
        "/admin/paths",
        "/admin/calls",
        "/nowhere",
        "/idcheck/page/%00/finish?outcome=%ff",
        "/powens/webview/connect/finish",
    ] {
        let request = Request::new(crate::provider::http::Method::Get, format!("{BASE}{path}"));
        assert!(story.visitor.send(&request, Duration::MAX).await.unwrap().status < 500, "{path}");
    }
    for (path, body) in [
        ("/admin/script", "{\"kind\":\"sms_code\",\"path\":\"none\"}"),
        ("/admin/script", "{"),
        ("/powens/2.0/auth/init", "[]"),
        ("/idcheck/onboarding/sendlink", "\u{0}"),
    ] {
        let mut request = Request::new(crate::provider::http::Method::Post, format!("{BASE}{path}"));
        request.body = body.into();
        assert!((400..500).contains(&story.visitor.send(&request, Duration::MAX).await.unwrap().status), "{path}");
    }
}

#[test]
fn providers_are_found_by_kind_and_by_name() {
    let story = Story::new();
    assert_eq!(story.providers.kinds().collect::<Vec<_>>(), ChallengeKind::ALL);
    let found = story.providers.by_name("powens").map(|(kind, provider)| (kind, provider.kind()));
    assert_eq!(found, Some((ChallengeKind::BankHistory, ChallengeKind::BankHistory)));
    let fewer = Providers { bank: None, ..story.providers.clone() };
    assert!(fewer.by_name("powens").is_none() && fewer.get(ChallengeKind::BankHistory).is_none());
    assert_eq!(format!("{fewer:?}"), r#"{"sms_code": "twilio_verify", "id_document": "idcheck"}"#);
    assert_eq!(Providers::default().kinds().count(), 0);
    let long = Script { attempt: Some("a".repeat(201)), ..Script::next(ChallengeKind::SmsCode, "good") };
    assert_eq!(story.mock.script(long), Err(Refused::TooLong));
}
