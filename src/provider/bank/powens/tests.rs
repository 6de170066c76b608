use super::*;
use crate::domain::applicant::Applicant;
use crate::domain::evidence::{AccountKind, BankHistory, Purpose, TransactionKind};
use crate::provider::recorded::{Listed, answer, call, check_request, made, notice};
use jiff::civil::date;

const NOW: &str = "2026-11-20T08:30:00Z";

fn settings() -> Settings {
    Settings {
        api_url: "https://bank.test/2.0".into(),
        webview_url: "https://webview.test".into(),
        domain: "demo".into(),
        client_id: "123".into(),
        client_secret: "a-secret".into(),
        notice_secret: "n-secret".into(),
        limits: Limits::default(),
    }
}

fn start(again: Option<Handle>) -> StartRequest {
    StartRequest {
        applicant: Applicant::default(),
        return_url: "https://aval.test/back".into(),
        state: "st&te".into(),
        again,
    }
}

fn user() -> User {
    User { id: 42, token: "tok".into(), back: "https://aval.test/back".into(), state: "st&te".into() }
}

/// A made-up answer to a list of connections.
fn connections(rows: &str) -> Response {
    made(200, &format!(r#"{{"connections":[{rows}]}}"#))
}

fn window() -> Window {
    Window::of_days(DAYS, date(2026, 11, 20), date(2026, 11, 20))
}

#[test]
fn requests_are_as_recorded() {
    let settings = settings();
    check_request(&access::init_request(&settings), "powens/init.request");
    check_request(&access::exchange_request(&settings, "c0de"), "powens/exchange.request");
    check_request(&access::renew_request(&settings, 42), "powens/renew.request");
    check_request(&access::code_request(&settings, "tok"), "powens/code.request");
    check_request(&access::read_request(&settings, "tok", "connections", &[]), "powens/connections.request");
    check_request(&access::erase_request(&settings, "tok"), "powens/erase.request");
    let accounts = history::accounts(&answer("powens/accounts"), &[7]).unwrap();
    check_request(&Gathered::new(window(), accounts).page_request(&settings, "tok"), "powens/transactions.request");
    assert!(!format!("{settings:?}").contains("a-secret") && !format!("{settings:?}").contains("n-secret"));
    assert_eq!(
        page::connect_url(&settings, &user(), "c0de"),
        "https://webview.test/connect?domain=demo&client_id=123&redirect_uri=https%3A%2F%2Faval.test%2Fback\
         &state=st%26te&code=c0de&max_connections=1"
    );
    assert!(page::reconnect_url(&settings, &user(), "c0de", 7).ends_with("&code=c0de&connection_id=7"));
}

#[test]
fn a_connection_stands_as_its_state_says() {
    let ready = |connections: &[u64], read_on| Standing::Ready { connections: connections.to_vec(), read_on };
    let busy = |seconds| Standing::Busy { retry_after: Duration::from_secs(seconds) };
    let one = |state: &str| connections(&format!(r#"{{"id":7,"state":{state},"last_update":"2026-11-20 09:29:00"}}"#));
    for (state, expected) in [
        ("null", Ok(ready(&[7], date(2026, 11, 20)))),
        ("\"validating\"", Ok(busy(5))),
        ("\"decoupled\"", Ok(busy(5))),
        ("\"rateLimiting\"", Ok(busy(60))),
        ("\"websiteUnavailable\"", Ok(busy(60))),
        ("\"SCARequired\"", Ok(Standing::Customer { connection: 7 })),
        ("\"webauthRequired\"", Ok(Standing::Customer { connection: 7 })),
        ("\"additionalInformationNeeded\"", Ok(Standing::Customer { connection: 7 })),
        ("\"actionNeeded\"", Ok(Standing::Customer { connection: 7 })),
        ("\"passwordExpired\"", Ok(Standing::Customer { connection: 7 })),
        ("\"wrongpass\"", Ok(Standing::Customer { connection: 7 })),
        ("\"bug\"", Err("retryable")),
        ("\"\"", Err("indeterminate")),
        ("\"wonderful\"", Err("indeterminate")),
    ] {
        assert_eq!(connection::interpret(&one(state)).map_err(|error| error.name()), expected, "{state}");
    }
    let of = |rows: &str| connection::interpret(&connections(rows)).map_err(|error| error.name());
    assert_eq!(of(""), Ok(Standing::None));
    assert_eq!(of(r#"{"id":7,"state":null,"last_update":null}"#), Ok(busy(5)), "not read yet");
    assert_eq!(of(r#"{"id":7,"state":null,"last_update":"today"}"#), Err("malformed"));
    let (old, bad) = (r#"{"id":8,"state":null,"last_update":"2026-11-18 01:00:00"}"#, r#"{"id":9,"state":"bug"}"#);
    let new = r#"{"id":7,"state":null,"last_update":"2026-11-20 09:29:00"}"#;
    assert_eq!(of(&[new, bad, old].join(",")), Ok(ready(&[7, 8], date(2026, 11, 18))));
    assert_eq!(of(&[bad, r#"{"id":1,"state":"wrongpass"}"#].join(",")), Ok(Standing::Customer { connection: 1 }));
}

#[test]
fn the_customer_comes_back() {
    for (error, expected) in [
        (None, "None"),
        (Some("access_denied"), "Some(Denied(ByCustomer))"),
        (Some("tos_declined"), "Some(Denied(ByCustomer))"),
        (Some("session_expired"), "Some(Expired)"),
        (Some("server_error"), "retryable"),
        (Some("excellent"), "indeterminate"),
    ] {
        let error_parameter = error.map(|error| ("error".to_owned(), error.to_owned()));
        let parameters: Vec<_> = [("connection_id".into(), "7".into())].into_iter().chain(error_parameter).collect();
        let read = page::returned(&parameters);
        let shown = read.map_or_else(|error| error.name().to_owned(), |progress| format!("{progress:?}"));
        assert_eq!(shown, expected, "{error:?}");
    }
}

#[test]
fn refusals_mean_what_they_say() {
    for (status, body, expected) in [
        (401, r#"{"code":"unauthorized"}"#, "config"),
        (403, r#"{"code":"forbidden"}"#, "config"),
        (400, r#"{"code":"config"}"#, "config"),
        (400, r#"{"code":"keymanager"}"#, "config"),
        (400, r#"{"code":"tooManySync"}"#, "rate_limited"),
        (400, r#"{"code":"websiteUnavailable"}"#, "retryable"),
        (400, r#"{"code":"invalidValue"}"#, "permanent"),
        (409, r#"{"code":"connectionLocked"}"#, "retryable"),
        (429, "", "rate_limited"),
        (503, r#"{"code":"config"}"#, "retryable"),
        (302, "", "permanent"),
        (200, "{\"access_token\":", "malformed"),
    ] {
        assert_eq!(access::interpret_token(&made(status, body)).unwrap_err().name(), expected, "{status} {body}");
    }
    assert_eq!(access::interpret_renew(&made(404, "")), Ok(None));
}

/// What comes of one page of these transactions.
fn history(page: &Response) -> BankHistory {
    let mut gathered = Gathered::new(window(), history::accounts(&answer("powens/accounts"), &[7]).unwrap());
    let page = gathered.interpret_page(page).unwrap();
    assert!(!gathered.add(page));
    gathered.finish(true)
}

#[test]
fn accounts_that_are_not_the_customers_do_not_count() {
    let read = history(&made(200, r#"{"transactions":[],"first_date":"2026-01-01"}"#));
    let shown: Vec<_> = read.accounts.iter().map(|a| (&*a.id, a.kind, a.balance_minor, a.currency.code())).collect();
    assert_eq!(
        shown,
        [
            ("1", AccountKind::Checking, Some(123_456), "EUR"),
            ("2", AccountKind::Savings, Some(1_000_000), "EUR"),
            ("3", AccountKind::Card, Some(-4_510), "EUR"),
            ("4", AccountKind::Checking, None, "EUR"),
        ],
        "not a company's, somebody else's, a closed one, a deleted one, or one of another connection"
    );
    assert!(read.complete);
    let unknown = made(200, r#"{"accounts":[{"id":1,"currency":{"id":"DOUBLOON"}},{"id":2,"currency":{"id":"EUR"}}]}"#);
    let mut gathered = Gathered::new(window(), history::accounts(&unknown, &[7]).unwrap());
    let page = gathered.interpret_page(&made(200, r#"{"transactions":[],"first_date":"2026-01-01"}"#)).unwrap();
    gathered.add(page);
    let read = gathered.finish(true);
    assert_eq!((read.accounts.len(), read.complete), (1, false), "an account in a currency that is not known");
}

#[test]
fn transactions_are_read_exactly() {
    let read = history(&answer("powens/transactions"));
    let shown: Vec<_> = read.transactions.iter().map(|t| (&*t.id, t.amount_minor, t.kind, t.purpose)).collect();
    assert_eq!(
        shown,
        [
            ("101", 241_060, TransactionKind::Transfer, Some(Purpose::Salary)),
            ("102", -78_000, TransactionKind::DirectDebit, Some(Purpose::Housing)),
            ("103", -1_999, TransactionKind::DeferredCard, None),
            ("104", -64_005, TransactionKind::CardSummary, None),
            ("105", -10, TransactionKind::Other, Some(Purpose::Gambling)),
        ],
        "not those to come, deleted ones, and those of accounts that do not count"
    );
    assert_eq!(&*read.transactions[0].wording, "VIR SALAIRE NOVEMBRE");
    assert_eq!(read.transactions[0].booked_on, date(2026, 11, 2));
    assert_eq!((read.covered_from, read.covered_to, read.complete), (date(2026, 8, 22), date(2026, 11, 20), true));
}

#[test]
fn only_the_first_date_proves_coverage() {
    let page = |first: &str, rows: &str| made(200, &format!(r#"{{"transactions":[{rows}],"first_date":{first}}}"#));
    let row = r#"{"id":1,"id_account":1,"date":"2026-10-01","value":-1}"#;
    for (first, rows, covered_from, complete) in [
        (r#""2026-08-22""#, row, date(2026, 8, 22), true),
        (r#""2024-01-01 00:00:00""#, row, date(2026, 8, 22), true),
        (r#""2026-08-23""#, row, date(2026, 8, 23), false),
        (r#""2027-01-01""#, row, date(2026, 11, 20), false),
        ("null", row, date(2026, 10, 1), false),
        ("null", "", date(2026, 11, 20), false),
        (r#""2026-01-01""#, r#"{"id":1,"id_account":1,"date":"2026-10-01","value":null}"#, date(2026, 8, 22), false),
        (r#""2026-01-01""#, r#"{"id":1,"id_account":1,"date":"soon","value":1}"#, date(2026, 8, 22), false),
    ] {
        let read = history(&page(first, rows));
        assert_eq!((read.covered_from, read.complete), (covered_from, complete), "{first} {rows}");
    }
    let stale = Window::of_days(DAYS, date(2026, 11, 20), date(2026, 11, 18));
    let accounts = history::accounts(&answer("powens/accounts"), &[7]).unwrap();
    let mut gathered = Gathered::new(stale, accounts);
    let read = gathered.interpret_page(&page(r#""2026-01-01""#, "")).unwrap();
    gathered.add(read);
    let read = gathered.finish(true);
    assert_eq!((read.covered_to, read.complete), (date(2026, 11, 18), false), "read two days ago");
}

#[test]
fn notices_are_believed_if_signed_and_fresh() {
    let hint = |settings: &Settings, now: &str, path: Option<&str>| {
        notice("powens/notice", now, |notice| {
            super::notice::hint(settings, &Notice { path: path.unwrap_or(notice.path), ..*notice })
        })
    };
    assert_eq!(hint(&settings(), "2026-11-20T08:30:00Z", None), Ok("42".into()));
    assert_eq!(hint(&settings(), "2026-11-20T08:34:59Z", None), Ok("42".into()));
    assert_eq!(hint(&settings(), "2026-11-20T08:35:00.001Z", None), Err(NoticeError::Forged), "too old");
    assert_eq!(hint(&settings(), "2026-11-20T08:24:59Z", None), Err(NoticeError::Forged), "of the future");
    assert_eq!(hint(&settings(), NOW, Some("/other")), Err(NoticeError::Forged), "signed for another path");
    let other = Settings { notice_secret: "other".into(), ..settings() };
    assert_eq!(hint(&other, NOW, None), Err(NoticeError::Forged), "signed by somebody else");
    let none = Settings { notice_secret: "".into(), ..settings() };
    assert_eq!(hint(&none, NOW, None), Err(NoticeError::Forged), "without a secret nothing is believed");

    let signed = |body: &str| {
        let signature = sign_notice("n-secret", "/n", NOW, body.as_bytes()).unwrap();
        let headers = [("bi-signature".into(), signature), ("bi-signature-date".into(), NOW.into())];
        let notice = Notice { path: "/n", headers: &headers, body: body.as_bytes(), now: call(NOW).now };
        super::notice::hint(&settings(), &notice)
    };
    assert_eq!(signed(r#"{"id_user":9}"#), Ok("9".into()));
    assert_eq!(signed(r#"{"connection":{"id_user":9}}"#), Ok("9".into()));
    assert_eq!(signed("{}"), Err(NoticeError::Malformed));
    assert_eq!(signed("user"), Err(NoticeError::Malformed));
    let bare = Notice { path: "/n", headers: &[], body: b"{}", now: call(NOW).now };
    assert_eq!(super::notice::hint(&settings(), &bare), Err(NoticeError::Forged));
}

#[tokio::test]
async fn a_journey_from_user_to_history_and_out() {
    let transport = Listed::new([
        ("POST /auth/init", answer("powens/init")),
        ("GET /auth/token/code?type=singleAccess", answer("powens/code")),
        ("GET /auth/token/code?type=singleAccess", answer("powens/code")),
        ("GET /users/me/connections", connections("")),
        ("GET /users/me/connections", connections(r#"{"id":7,"state":"SCARequired"}"#)),
        ("GET /auth/token/code?type=singleAccess", answer("powens/code")),
        ("GET /users/me/connections", answer("powens/connections")),
        ("GET /users/me/accounts", answer("powens/accounts")),
        ("GET &offset=0&min_date=2026-08-22&max_date=2026-11-20", answer("powens/transactions-more")),
        ("GET &offset=2&min_date=2026-08-22&max_date=2026-11-20", answer("powens/transactions")),
        ("DELETE /users/me", made(204, "")),
    ]);
    let adapter = Powens::new(settings(), transport.clone());
    let call = call(NOW);
    let started = adapter.start(&call, &start(None)).await.unwrap();
    assert_eq!(started.reference, "42");
    assert!(!String::from_utf8_lossy(format!("{started:?}").as_bytes()).contains("tok"));
    let again = adapter.start(&call, &start(Some(started.handle.clone()))).await.unwrap();
    assert_eq!(again, started, "the same user, another code for the page");
    let back = Input::Returned(vec![("connection_id".into(), "7".into())]);
    assert_eq!(
        adapter.submit(&call, &started.handle, &back).await.unwrap(),
        Progress::Pending { retry_after: AGAIN },
        "what the browser says is not believed"
    );
    let Progress::Act(Action::Redirect { url }) = adapter.poll(&call, &started.handle).await.unwrap() else {
        panic!("the customer is asked again")
    };
    assert!(url.starts_with("https://webview.test/reconnect?") && url.ends_with("connection_id=7"));
    let Progress::Done(Evidence::Bank(history)) = adapter.poll(&call, &started.handle).await.unwrap() else {
        panic!("evidence")
    };
    assert_eq!(history.transactions.len(), 6, "one of the seven on two pages stands on both");
    assert!(history.complete);
    assert_eq!(adapter.erase(&call, &started.handle).await, Ok(()));
    assert!(transport.is_done());
    assert!(transport.sent.lock().unwrap().iter().all(|request| request.url.starts_with("https://bank.test/2.0/")));
}

#[tokio::test]
async fn a_token_that_is_taken_no_more_is_renewed() {
    let transport = Listed::new([
        ("GET /users/me/connections", made(401, "")),
        ("POST /auth/renew", made(200, r#"{"access_token":"new","token_type":"Bearer"}"#)),
        ("GET /users/me/connections", connections("")),
        ("DELETE /users/me", made(403, "")),
        ("POST /auth/renew", made(404, "")),
        ("POST /auth/renew", made(404, "")),
        ("DELETE /users/me", made(401, "")),
        ("POST /auth/renew", made(401, "")),
    ]);
    let adapter = Powens::new(settings(), transport.clone());
    let (call, handle) = (call(NOW), user().handle());
    assert_eq!(adapter.poll(&call, &handle).await, Ok(Progress::Pending { retry_after: AGAIN }));
    assert_eq!(transport.sent.lock().unwrap()[2].headers[0].1, "Bearer new");
    assert_eq!(adapter.erase(&call, &handle).await, Ok(()), "who is not known there is forgotten");
    assert_eq!(adapter.erase(&call, &handle).await.unwrap_err().name(), "config", "our own secret is refused");
    assert!(transport.is_done());
}

#[tokio::test]
async fn starts_are_sent_once_and_harmless_to_repeat() {
    let transport = Listed::new([
        ("POST /auth/init", made(500, "")),
        ("POST /auth/init", made(200, r#"{"auth_token":"t","type":"temporary","id_user":42}"#)),
        ("POST /auth/token/access", made(200, r#"{"access_token":"tok"}"#)),
        ("GET /auth/token/code?type=singleAccess", answer("powens/code")),
        ("POST /auth/init", made(200, r#"{"auth_token":"t","type":"eternal","id_user":42}"#)),
    ]);
    let adapter = Powens::new(settings(), transport.clone());
    let request = start(None);
    let start = async || adapter.start(&call(NOW), &request).await;
    assert_eq!(start().await.unwrap_err().name(), "retryable");
    assert_eq!(User::of(&start().await.unwrap().handle).unwrap().token, "tok", "a temporary token is exchanged");
    assert_eq!(start().await.unwrap_err().name(), "malformed");
    assert!(transport.is_done());
}

#[tokio::test]
async fn no_account_is_nothing_to_look_at() {
    let transport = Listed::new([
        ("GET /users/me/connections", answer("powens/connections")),
        ("GET /users/me/accounts", made(200, r#"{"accounts":[]}"#)),
    ]);
    let adapter = Powens::new(settings(), transport);
    let progress = adapter.poll(&call(NOW), &user().handle()).await;
    assert_eq!(progress, Ok(Progress::Denied(Denial::NothingThere)));
    assert!(adapter.poll(&call(NOW), &Handle(b"VE1".to_vec())).await.is_err());
}
