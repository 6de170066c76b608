use super::*;
use crate::domain::applicant::Applicant;
use crate::domain::evidence::{IdentityReport, IdentityVerdict};
use crate::provider::recorded::{self, Listed, answer, call, check_request, made, notice};
use std::time::Instant;

const NOW: &str = "2026-11-20T08:30:00Z";

fn settings() -> Settings {
    Settings {
        auth_url: "https://auth.test".into(),
        capture_url: "https://capture.test".into(),
        cis_url: "https://api.test/gw/cis".into(),
        realm: "demo".into(),
        client_id: "aval".into(),
        client_secret: "a&secret".into(),
        conf_code: "CONF".into(),
        notice_url: "https://aval.test/notices/idcheck/k3y".into(),
        limits: Limits::default(),
    }
}

fn start(locale: &str) -> StartRequest {
    StartRequest {
        applicant: Applicant { locale: Some(locale.into()), ..Applicant::default() },
        return_url: "https://aval.test/back".into(),
        state: "st&te".into(),
        again: None,
    }
}

fn handle() -> Handle {
    Handle(b"att_1".to_vec())
}

#[test]
fn requests_are_as_recorded() {
    let settings = settings();
    check_request(&token::request(&settings), "idcheck/token.request");
    check_request(&pages::link_request(&settings, "tok", &call(NOW), &start("fr-FR")), "idcheck/link.request");
    check_request(&pages::read_request(&settings, "tok", "file/att_1"), "idcheck/file.request");
    check_request(&pages::erase_request(&settings, "tok", "document/doc-1"), "idcheck/erase.request");
    let english = pages::link_request(&settings, "tok", &call(NOW), &start("en-GB"));
    assert!(String::from_utf8(english.body).unwrap().contains(r#""language":"EN""#));
    assert!(!format!("{settings:?}").contains("a&secret") && !format!("{settings:?}").contains("k3y"));
}

#[test]
fn tokens_and_links_are_read() {
    assert_eq!(token::interpret(&answer("idcheck/token")).unwrap().life_ms, 300_000);
    assert_eq!(pages::interpret_link(&answer("idcheck/link")).unwrap(), "https://capture.test/c/5f0b");
    let error = |result: Result<(), ProviderError>| result.unwrap_err().name();
    assert_eq!(error(token::interpret(&answer("idcheck/token-refused")).map(|_| ())), "config");
    for (status, body, name) in [
        (200, r#"{"url":"javascript:x"}"#, "malformed"),
        (200, "{}", "malformed"),
        (401, r#"{"error":"invalid_token"}"#, "config"),
        (400, r#"{"errorCode":"BAD"}"#, "permanent"),
        (500, "", "retryable"),
    ] {
        assert_eq!(error(pages::interpret_link(&made(status, body)).map(|_| ())), name, "{status} {body}");
    }
}

/// The report of a file with this status and one document with these.
fn report(file: &str, analysis: &str, document: &str) -> Option<IdentityVerdict> {
    let file = made(200, &format!(r#"{{"documents":[{{"uid":"d"}}],"lastReport":{{"globalStatus":{file}}}}}"#));
    let document = made(
        200,
        &format!(
            r#"{{"lastAnalysisStatus":{analysis},"lastReport":{{"globalStatus":{document},
                "persons":[{{"identityData":{{"lastName":{{"value":"MARTIN"}}}}}}]}}}}"#
        ),
    );
    let Ok(FileAnswer::There(file)) = report::interpret_file(&file) else { panic!("a file") };
    let mut report = report::Report::of(file.verdict()?);
    report.add(report::interpret_document(&document).unwrap()?);
    Some(report.finish().verdict)
}

#[test]
fn only_ok_everywhere_is_clear() {
    use IdentityVerdict::{Clear, Rejected, Review, Unreadable};
    for (file, analysis, document, expected) in [
        (r#""OK""#, r#""OK""#, r#""OK""#, Some(Clear)),
        (r#""OK""#, r#""OK""#, r#""WARN""#, Some(Review)),
        (r#""WARN_EXPIRED""#, r#""OK""#, r#""OK""#, Some(Review)),
        (r#""OK""#, r#""OK""#, r#""ERROR""#, Some(Rejected)),
        (r#""KO""#, r#""OK""#, r#""OK""#, Some(Rejected)),
        (r#""OBSOLETE""#, r#""OK""#, r#""OK""#, Some(Review)),
        (r#""OK""#, r#""OK""#, r#""NONE""#, Some(Review)),
        (r#""ok""#, r#""OK""#, r#""OK""#, Some(Review)),
        (r#""SPLENDID""#, r#""OK""#, r#""OK""#, Some(Review)),
        ("null", r#""OK""#, r#""OK""#, Some(Review)),
        (r#""NONE""#, r#""KO""#, r#""OK""#, Some(Unreadable)),
        (r#""ERROR""#, r#""ERROR""#, r#""OK""#, Some(Rejected)),
        (r#""OK""#, "null", r#""OK""#, None),
        (r#""OK""#, r#""IN_PROGRESS""#, r#""OK""#, None),
    ] {
        assert_eq!(report(file, analysis, document), expected, "{file} {analysis} {document}");
    }
}

fn read(document: &Response) -> IdentityReport {
    let mut report = report::Report::of(IdentityVerdict::Clear);
    report.add(report::interpret_document(document).unwrap().unwrap());
    report.finish()
}

#[test]
fn what_stands_on_a_document_is_read() {
    let read_one = read(&answer("idcheck/document"));
    assert_eq!(read_one.verdict, IdentityVerdict::Clear);
    assert_eq!(read_one.given_names, ["CAMILLE".into(), "ANNE".into()]);
    assert_eq!((read_one.family_name.as_deref(), read_one.usage_name.as_deref()), (Some("MARTIN"), Some("DURAND")));
    assert_eq!(read_one.birth_date, Some(jiff::civil::date(1990, 5, 14)));
    assert_eq!(read_one.document_expiry, Some(jiff::civil::date(2031, 2, 1)));
    assert_eq!(read_one.issuing_country.unwrap().code(), "FR");

    let nobody = made(200, r#"{"lastAnalysisStatus":"OK","lastReport":{"globalStatus":"OK"}}"#);
    assert_eq!(read(&nobody).verdict, IdentityVerdict::Review, "a clear document on which nobody is named");
    let odd = r#"{"lastAnalysisStatus":"OK","lastReport":{"globalStatus":"OK","persons":[{"identityData":{
        "lastName":"MARTIN","birthDate":{"value":"14.05.1990"},"firstNames":{}}}],
        "info":{"expirationDate":"2031-02-01"},"issuance":{"issuingCountry":{"value":"??"}}}}"#;
    let odd = read(&made(200, odd));
    assert_eq!((odd.family_name.as_deref(), odd.birth_date, odd.issuing_country), (Some("MARTIN"), None, None));
    assert_eq!(odd.document_expiry, Some(jiff::civil::date(2031, 2, 1)));
}

#[test]
fn notices_are_known_by_their_path() {
    let hint = |name, path: Option<&str>| {
        notice(name, NOW, |notice| {
            super::pages::hint(&settings(), &Notice { path: path.unwrap_or(notice.path), ..*notice })
        })
    };
    assert_eq!(hint("idcheck/notice-end", None), Ok("att_1".into()));
    assert_eq!(hint("idcheck/notice-check", None), Ok("att_1".into()));
    assert_eq!(hint("idcheck/notice-other", None), Err(NoticeError::Irrelevant));
    for path in ["/notices/idcheck/k3x", "/notices/idcheck/", "", "/", "/notices/idcheck/k3y/"] {
        assert_eq!(hint("idcheck/notice-end", Some(path)), Err(NoticeError::Forged), "{path}");
    }
    let of = |body: &str| {
        let notice = Notice { path: "/notices/idcheck/k3y", headers: &[], body: body.as_bytes(), now: call(NOW).now };
        super::pages::hint(&settings(), &notice)
    };
    assert_eq!(of("<xml>"), Err(NoticeError::Malformed));
    let uid = |uid: &str| format!(r#"{{"eventKind":"FILE","operation":"CHECK","uid":"{uid}"}}"#);
    assert_eq!(of(&uid("../../x")), Err(NoticeError::Malformed));
    let nowhere = Settings { notice_url: "".into(), ..settings() };
    let notice = Notice { path: "", headers: &[], body: b"{}", now: call(NOW).now };
    assert_eq!(super::pages::hint(&nowhere, &notice), Err(NoticeError::Forged), "no address, no notice");
}

#[tokio::test]
async fn a_token_is_used_again_until_it_is_refused_or_over() {
    let token = || ("POST /token", answer("idcheck/token"));
    let pending = || ("GET /file/att_1", made(404, ""));
    let transport = Listed::new([
        token(),
        pending(),
        pending(),
        ("GET /file/att_1", made(401, "")),
        token(),
        pending(),
        token(),
        pending(),
        token(),
        ("GET /file/att_1", made(401, "")),
    ]);
    let adapter = IdCheck::new(settings(), transport.clone());
    let poll = async |now: &str| adapter.poll(&call(now), &handle()).await;
    let waits = Ok(Progress::Pending { retry_after: AGAIN });
    assert_eq!(poll("2026-11-20T08:30:00Z").await, waits);
    assert_eq!(poll("2026-11-20T08:30:01Z").await, waits, "under the same token");
    assert_eq!(poll("2026-11-20T08:30:02Z").await, waits, "refused: under a new one");
    assert_eq!(poll("2026-11-20T08:34:33Z").await, waits, "over: under a new one");
    assert_eq!(poll("2018-01-01T00:00:00Z").await.unwrap_err().name(), "config", "a new one that is refused as well");
    assert!(transport.is_done());
}

#[tokio::test]
async fn a_journey_from_link_to_report_and_out() {
    let transport = Listed::new([
        ("POST /token", answer("idcheck/token")),
        ("POST /onboarding/sendlink", answer("idcheck/link")),
        ("GET /file/att_1", answer("idcheck/file-pending")),
        ("GET /file/att_1", answer("idcheck/file-pending")),
        ("GET /file/att_1", answer("idcheck/file")),
        ("GET /document/doc-1", answer("idcheck/document")),
        ("GET /document/doc-2", answer("idcheck/document-liveness")),
        ("GET /file/att_1", answer("idcheck/file")),
        ("DELETE /document/doc-1", made(204, "")),
        ("DELETE /document/doc-2", made(404, "")),
        ("DELETE /file/att_1", made(204, "")),
        ("GET /file/att_1", made(404, "")),
        ("DELETE /file/att_1", made(409, "")),
        ("DELETE /file/att_1", made(409, "")),
        ("DELETE /file/att_1", made(409, "")),
    ]);
    let adapter = IdCheck::new(settings(), transport.clone());
    let call = recorded::call(NOW);
    assert!(call.deadline > Instant::now());
    let started = adapter.start(&call, &start("fr")).await.unwrap();
    assert_eq!((started.handle, started.reference.as_str()), (handle(), "att_1"));
    assert_eq!(started.action, Action::Redirect { url: "https://capture.test/c/5f0b".into() });
    let back = |result: &str| Input::Returned(vec![("state".into(), "x".into()), ("result".into(), result.into())]);
    let submit = async |result| adapter.submit(&call, &handle(), &back(result)).await.unwrap();
    assert_eq!(submit("success").await, Progress::Pending { retry_after: AGAIN });
    assert_eq!(submit("error").await, Progress::Denied(Denial::ByCustomer));
    let Progress::Done(Evidence::Identity(report)) = submit("error").await else { panic!("evidence") };
    assert_eq!(report.verdict, IdentityVerdict::Clear, "the provider's word counts, not the browser's");
    assert_eq!(report.family_name.as_deref(), Some("MARTIN"));
    assert_eq!(adapter.erase(&call, &handle()).await, Ok(()));
    assert_eq!(adapter.erase(&call, &handle()).await.unwrap_err().name(), "retryable", "while it is analysed");
    assert!(transport.is_done());
}

#[test]
fn names_that_lead_out_of_a_path_are_refused() {
    let file = made(200, r#"{"documents":[{"uid":"../x"}],"lastReport":{"globalStatus":"OK"}}"#);
    let Ok(FileAnswer::There(file)) = report::interpret_file(&file) else { panic!("a file") };
    assert!(file.documents().is_err());
    assert!(uid(&Handle(b"a/b".to_vec())).is_err() && uid(&Handle::default()).is_err());
}
