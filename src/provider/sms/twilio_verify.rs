//! Twilio Verify, version 2: it makes the code, sends it and checks it. Requests are forms, answers JSON.
//!
//! Facts that shape this adapter:
//! - The same code is sent again until it is approved, up to 5 times; 5 checks are answered; a verification lives for
//!   10 minutes. Once approved, expired or exhausted it is deleted, and later calls answer 404: so a 404 after a check
//!   whose answer was lost does not prove that the code was wrong. It is indeterminate, and a check is never repeated by
//!   itself.
//! - There is no key of idempotency. Starting again sends a text message more, which costs money and one of the five, and
//!   does no other harm.
//! - It sends no notices.
//!
//! Not confirmed, and read leniently: that a wrong code is answered 200 with `pending` (201 is taken too), and the
//! codes 20404, 60200 and 60205.

use crate::domain::challenge::ChallengeKind;
use crate::domain::evidence::Evidence;
use crate::provider::http::{Executor, Limits, Method, Request, Response, Safe, Transport};
use crate::provider::{
    Action, Answer, Call, Denial, Handle, Input, Notice, NoticeError, Progress, Provider, ProviderError, StartRequest,
    Started,
};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;

/// Its name in settings, metrics and paths.
pub const NAME: &str = "twilio_verify";
/// Where it is.
pub const BASE_URL: &str = "https://verify.twilio.com";
/// How long a verification lives: after so long a number that was sent too many codes can be sent one again.
const LIFE: Duration = Duration::from_secs(600);
/// The languages that messages are written in, of those spoken where instalments are offered [M]; else it chooses by the
/// number.
const LANGUAGES: &[&str] = &["de", "en", "es", "fr", "it", "nl", "pl", "pt"];

/// The settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it is, without a slash at the end: [`BASE_URL`], or a mock.
    pub base_url: String,
    /// The account, `AC…`.
    pub account_sid: String,
    /// The account's token.
    pub auth_token: SecretString,
    /// The Verify service, `VA…`.
    pub service_sid: String,
    /// How many digits the service's codes have.
    pub code_length: u8,
    /// What calls are held to.
    pub limits: Limits,
}

/// The adapter.
pub struct TwilioVerify {
    settings: Settings,
    executor: Executor,
}

impl TwilioVerify {
    /// With these settings, over this transport.
    pub fn new(settings: Settings, transport: Arc<dyn Transport>) -> Self {
        let executor = Executor::new(NAME, transport, settings.limits);
        Self { settings, executor }
    }

    async fn check(&self, call: &Call, handle: &Handle, input: &Input) -> Result<Progress, ProviderError> {
        let Input::Code(code) = input else {
            return Err(ProviderError::Permanent("only a code can be checked".into()));
        };
        // Anything else is no code of theirs, would cost one of five checks, and is refused as a parameter.
        if code.len() != usize::from(self.settings.code_length) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Progress::Wrong);
        }
        let request = check_request(&self.settings, sid(handle)?, code);
        self.executor.run(call, "check", Safe::No, &request, interpret_check).await
    }

    async fn look(&self, call: &Call, handle: &Handle) -> Result<Progress, ProviderError> {
        let request = look_request(&self.settings, sid(handle)?);
        let length = self.settings.code_length;
        self.executor.run(call, "poll", Safe::Yes, &request, |response| interpret_look(response, length)).await
    }

    async fn cancel(&self, call: &Call, handle: &Handle) -> Result<(), ProviderError> {
        let request = cancel_request(&self.settings, sid(handle)?);
        self.executor.run(call, "erase", Safe::Yes, &request, interpret_cancel).await
    }
}

impl Provider for TwilioVerify {
    fn name(&self) -> &'static str {
        NAME
    }

    fn kind(&self) -> ChallengeKind {
        ChallengeKind::SmsCode
    }

    fn start<'a>(&'a self, call: &'a Call, request: &'a StartRequest) -> Answer<'a, Started> {
        Box::pin(async move {
            let sent = start_request(&self.settings, call, request)?;
            let length = self.settings.code_length;
            self.executor.run(call, "start", Safe::Yes, &sent, |response| interpret_start(response, length)).await
        })
    }

    fn submit<'a>(&'a self, call: &'a Call, handle: &'a Handle, input: &'a Input) -> Answer<'a, Progress> {
        Box::pin(self.check(call, handle, input))
    }

    fn poll<'a>(&'a self, call: &'a Call, handle: &'a Handle) -> Answer<'a, Progress> {
        Box::pin(self.look(call, handle))
    }

    fn erase<'a>(&'a self, call: &'a Call, handle: &'a Handle) -> Answer<'a, ()> {
        Box::pin(self.cancel(call, handle))
    }

    fn hint(&self, _: &Notice<'_>) -> Result<String, NoticeError> {
        Err(NoticeError::Irrelevant)
    }
}

/// The handle is the verification's id.
fn sid(handle: &Handle) -> Result<&str, ProviderError> {
    std::str::from_utf8(&handle.0)
        .ok()
        .filter(|sid| is_sid(sid))
        .ok_or_else(|| ProviderError::Permanent("this is no handle of Twilio Verify's".into()))
}

fn is_sid(text: &str) -> bool {
    text.starts_with("VE") && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn post(settings: &Settings, path: &str, fields: &[(&str, &str)]) -> Request {
    authorised(Request::new(Method::Post, url(settings, path)), settings).form(fields)
}

fn url(settings: &Settings, path: &str) -> String {
    format!("{}/v2/Services/{}/{path}", settings.base_url, settings.service_sid)
}

fn authorised(request: Request, settings: &Settings) -> Request {
    request.basic(&settings.account_sid, settings.auth_token.expose_secret())
}

fn start_request(settings: &Settings, call: &Call, request: &StartRequest) -> Result<Request, ProviderError> {
    let phone = request.applicant.phone.as_ref().ok_or(ProviderError::UserAction("there is no phone number"))?;
    let tags = serde_json::json!({ "attempt": call.attempt }).to_string();
    let mut fields = vec![("To", phone.as_str()), ("Channel", "sms"), ("Tags", &tags)];
    let language = request.applicant.locale.as_deref().and_then(|locale| locale.split('-').next());
    fields.extend(language.filter(|language| LANGUAGES.contains(language)).map(|language| ("Locale", language)));
    Ok(post(settings, "Verifications", &fields))
}

fn check_request(settings: &Settings, sid: &str, code: &str) -> Request {
    post(settings, "VerificationCheck", &[("VerificationSid", sid), ("Code", code)])
}

fn look_request(settings: &Settings, sid: &str) -> Request {
    authorised(Request::new(Method::Get, url(settings, &format!("Verifications/{sid}"))), settings)
}

fn cancel_request(settings: &Settings, sid: &str) -> Request {
    post(settings, &format!("Verifications/{sid}"), &[("Status", "canceled")])
}

/// What is read of a verification.
#[derive(serde::Deserialize)]
struct Verification {
    sid: String,
    status: String,
    #[serde(default)]
    valid: bool,
}

fn interpret_start(response: &Response, length: u8) -> Result<Started, ProviderError> {
    if !matches!(response.status, 200 | 201) {
        return Err(refusal(response));
    }
    let verification: Verification = response.json()?;
    if !is_sid(&verification.sid) {
        return Err(ProviderError::Malformed("the verification's id is not VE and letters and digits".into()));
    }
    if verification.status != "pending" {
        return Err(ProviderError::Malformed("a verification that begins is not pending".into()));
    }
    let handle = Handle(verification.sid.into_bytes());
    Ok(Started { handle, reference: String::new(), action: Action::EnterCode { length } })
}

fn interpret_check(response: &Response) -> Result<Progress, ProviderError> {
    match response.status {
        200 | 201 => {}
        // Whether it was right stays unknown, and this one compares no more codes: another is to be sent.
        404 => return Ok(Progress::Expired),
        _ if code(response) == Some(60202) => return Ok(Progress::Denied(Denial::TooManyTries)),
        _ => return Err(refusal(response)),
    }
    // What came of the check is lost with the answer that cannot be read.
    let lost = |_| ProviderError::Indeterminate("the answer to a check cannot be read".into());
    let verification: Verification = response.json().map_err(lost)?;
    match ended(&verification)? {
        Some(progress) => Ok(progress),
        None => Ok(Progress::Wrong),
    }
}

fn interpret_look(response: &Response, length: u8) -> Result<Progress, ProviderError> {
    match response.status {
        200 | 201 => {}
        404 => return Err(gone()),
        _ => return Err(refusal(response)),
    }
    let verification: Verification = response.json()?;
    Ok(ended(&verification)?.unwrap_or(Progress::Act(Action::EnterCode { length })))
}

/// How a verification ended; `None`: it is pending.
fn ended(verification: &Verification) -> Result<Option<Progress>, ProviderError> {
    match (verification.status.as_str(), verification.valid) {
        ("pending", false) => Ok(None),
        ("approved", true) => Ok(Some(Progress::Done(Evidence::PhoneVerified))),
        ("max_attempts_reached", _) => Ok(Some(Progress::Denied(Denial::TooManyTries))),
        ("failed", _) => Ok(Some(Progress::Denied(Denial::NotServed))),
        ("canceled" | "deleted" | "expired", _) => Ok(Some(Progress::Expired)),
        _ => Err(ProviderError::Indeterminate("the verification's status is not known here".into())),
    }
}

fn interpret_cancel(response: &Response) -> Result<(), ProviderError> {
    match response.status {
        // One that is over is deleted by itself.
        200 | 201 | 204 | 404 => Ok(()),
        _ => Err(refusal(response)),
    }
}

fn gone() -> ProviderError {
    ProviderError::Indeterminate("the verification is gone, as when approved, expired or exhausted".into())
}

/// Twilio's number for what is wrong.
fn code(response: &Response) -> Option<u32> {
    #[derive(serde::Deserialize)]
    struct Refusal {
        code: u32,
    }
    response.json::<Refusal>().ok().map(|refusal| refusal.code)
}

fn refusal(response: &Response) -> ProviderError {
    match code(response) {
        Some(20003 | 20404) => ProviderError::Config("account, token or service are not known there".into()),
        Some(60200) => ProviderError::UserAction("the phone number is not valid"),
        Some(60205) => ProviderError::UserAction("the phone number cannot receive text messages"),
        Some(60203) => ProviderError::RateLimited { after: LIFE },
        Some(60238 | 60410) => ProviderError::Blocked("its guard against fraud blocks the phone number"),
        Some(60413) => ProviderError::Blocked("the customer's device is a risk to it"),
        Some(60605) => ProviderError::Blocked("no codes are sent to this country"),
        _ => response.refusal(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::applicant::Applicant;
    use crate::domain::contact::Phone;
    use crate::provider::recorded::{answer, call, check_request as recorded, made};

    const NOW: &str = "2026-11-20T08:30:00Z";

    fn settings() -> Settings {
        Settings {
            base_url: "https://sms.test".into(),
            account_sid: "AC1".into(),
            auth_token: "secret".into(),
            service_sid: "VA1".into(),
            code_length: 6,
            limits: Limits::default(),
        }
    }

    fn start(phone: Option<&str>, locale: Option<&str>) -> StartRequest {
        let phone = phone.map(|phone| Phone::parse(phone).unwrap());
        StartRequest {
            applicant: Applicant { phone, locale: locale.map(Into::into), ..Applicant::default() },
            return_url: "https://aval.test/back".into(),
            state: "s".into(),
            again: None,
        }
    }

    #[test]
    fn requests_are_as_recorded() {
        let settings = settings();
        let begin = |locale| start_request(&settings, &call(NOW), &start(Some("+33612345678"), locale)).unwrap();
        recorded(&begin(Some("fr-FR")), "twilio_verify/start.request");
        assert!(!String::from_utf8(begin(Some("eo")).body).unwrap().contains("Locale"), "not one of its languages");
        recorded(&check_request(&settings, "VE1", "123456"), "twilio_verify/check.request");
        recorded(&look_request(&settings, "VE1"), "twilio_verify/poll.request");
        recorded(&cancel_request(&settings, "VE1"), "twilio_verify/erase.request");
        let none = start_request(&settings, &call(NOW), &start(None, None));
        assert_eq!(none, Err(ProviderError::UserAction("there is no phone number")));
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[test]
    fn a_start_is_read() {
        let started = interpret_start(&answer("twilio_verify/start-pending"), 6).unwrap();
        assert_eq!(started.handle.0, b"VEaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert_eq!((started.action, started.reference.as_str()), (Action::EnterCode { length: 6 }, ""));
        for (status, body, expected) in [
            (201, r#"{"sid":"VE1","status":"pending"}"#, "ok"),
            (201, r#"{"sid":"VE1","status":"approved","valid":true}"#, "malformed"),
            (201, r#"{"sid":"../x","status":"pending"}"#, "malformed"),
            (201, "<html>", "malformed"),
            (302, "", "permanent"),
            (400, r#"{"code":60200}"#, "user_action"),
            (400, r#"{"code":60205}"#, "user_action"),
            (401, r#"{"code":20003}"#, "config"),
            (403, r#"{"code":60238}"#, "blocked"),
            (403, r#"{"code":60410}"#, "blocked"),
            (403, r#"{"code":60413}"#, "blocked"),
            (403, r#"{"code":60605}"#, "blocked"),
            (404, r#"{"code":20404}"#, "config"),
            (429, r#"{"code":20429}"#, "rate_limited"),
            (429, r#"{"code":60203}"#, "rate_limited"),
            (500, "", "retryable"),
            (503, "<html>", "retryable"),
        ] {
            let read = interpret_start(&made(status, body), 6);
            assert_eq!(read.as_ref().map_or_else(ProviderError::name, |_| "ok"), expected, "{status} {body}");
        }
        let sent_too_often = interpret_start(&answer("twilio_verify/start-60203"), 6);
        assert_eq!(sent_too_often, Err(ProviderError::RateLimited { after: LIFE }));
        let limited = interpret_start(&answer("twilio_verify/start-20429"), 6);
        assert_eq!(limited, Err(ProviderError::RateLimited { after: Duration::from_secs(2) }));
    }

    /// How a check and a look read the same answer.
    fn read(response: &Response) -> [String; 2] {
        let show = |result: Result<Progress, ProviderError>| match result {
            Ok(progress) => format!("{progress:?}"),
            Err(error) => error.name().to_owned(),
        };
        [show(interpret_check(response)), show(interpret_look(response, 6))]
    }

    #[test]
    fn checks_and_looks_are_read() {
        assert_eq!(read(&answer("twilio_verify/check-approved")), ["Done(Evidence(…))"; 2]);
        assert_eq!(read(&answer("twilio_verify/check-wrong")), ["Wrong", "Act(EnterCode(6))"]);
        assert_eq!(read(&answer("twilio_verify/check-60202")), ["Denied(TooManyTries)", "rate_limited"]);
        assert_eq!(read(&answer("twilio_verify/check-404")), ["Expired", "indeterminate"]);
        for (status, valid, check, look) in [
            ("approved", true, "Done(Evidence(…))", "Done(Evidence(…))"),
            ("approved", false, "indeterminate", "indeterminate"),
            ("pending", false, "Wrong", "Act(EnterCode(6))"),
            ("pending", true, "indeterminate", "indeterminate"),
            ("max_attempts_reached", false, "Denied(TooManyTries)", "Denied(TooManyTries)"),
            ("failed", false, "Denied(NotServed)", "Denied(NotServed)"),
            ("canceled", false, "Expired", "Expired"),
            ("deleted", false, "Expired", "Expired"),
            ("expired", false, "Expired", "Expired"),
            ("Approved", true, "indeterminate", "indeterminate"),
            ("blessed", true, "indeterminate", "indeterminate"),
            ("", true, "indeterminate", "indeterminate"),
        ] {
            let body = format!(r#"{{"sid":"VE1","status":"{status}","valid":{valid},"new":{{}}}}"#);
            assert_eq!(read(&made(200, &body)), [check, look], "{body}");
        }
        assert_eq!(read(&made(200, "{\"sid\":\"VE1\",\"sta")), ["indeterminate", "malformed"]);
        assert_eq!(read(&made(503, "")), ["retryable"; 2]);
        assert_eq!(read(&made(401, r#"{"code":20003}"#)), ["config"; 2]);
    }

    #[test]
    fn forgetting_twice_is_forgetting() {
        for (status, good) in [(200, true), (204, true), (404, true), (500, false), (401, false)] {
            assert_eq!(interpret_cancel(&made(status, "")).is_ok(), good, "{status}");
        }
    }

    #[test]
    fn handles_of_others_are_refused() {
        for (handle, good) in [("VE1", true), ("VA1", false), ("VE1/../x", false), ("", false), ("VE\n", false)] {
            assert_eq!(sid(&Handle(handle.into())).is_ok(), good, "{handle}");
        }
    }
}
