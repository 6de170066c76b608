//! Twilio Verify: verifications, their codes and their counts.

use super::Mock;
use super::account::{TWILIO_ACCOUNT, TWILIO_SERVICE, TWILIO_TOKEN};
use super::answer::{Answer, Fault};
use super::bounded::Bounded;
use super::paths::SmsPath;
use crate::domain::challenge::ChallengeKind;
use crate::domain::contact::Phone;
use crate::domain::time::Timestamp;
use crate::provider::http::Request;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde_json::{Value, json};

const KIND: ChallengeKind = ChallengeKind::SmsCode;
/// The code that is right.
pub const CODE: &str = "123456";
/// The code that is right on the path `other_code`.
pub const OTHER_CODE: &str = "654321";
/// How many codes are sent to a number, and how many are tried.
const MOST: u32 = 5;
/// How long a verification lives, in milliseconds.
const LIFE_MS: i64 = 600_000;

/// What is held.
#[derive(Default)]
pub struct Held {
    verifications: Bounded<Verification>,
    /// The verification of a number that is under way.
    by_phone: Bounded<String>,
}

/// A verification.
#[derive(Clone)]
struct Verification {
    sid: String,
    attempt: String,
    phone: String,
    path: SmsPath,
    sends: u32,
    checks: u32,
    made: Timestamp,
}

impl Verification {
    fn answer(&self, status: u16, state: &str, valid: bool) -> Answer {
        let body = json!({
            "sid": self.sid,
            "service_sid": TWILIO_SERVICE,
            "account_sid": TWILIO_ACCOUNT,
            "to": self.phone,
            "channel": "sms",
            "status": state,
            "valid": valid,
            "lookup": {},
            "amount": null,
            "payee": null,
            "send_code_attempts": [],
            "sna": null,
            "date_created": self.made.to_string(),
            "date_updated": self.made.to_string(),
        });
        Answer::json(status, &body)
    }

    fn is_over(&self, now: Timestamp) -> bool {
        now.ms() - self.made.ms() >= LIFE_MS
    }
}

/// How Twilio says that something is wrong.
fn error(status: u16, code: u32, message: &str) -> Answer {
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    Answer::json(status, &json!({ "code": code, "message": message, "more_info": more_info, "status": status }))
}

/// The same for what any API may say.
fn general(status: u16) -> Answer {
    match status {
        429 => error(429, 20429, "Too many requests"),
        404 => error(404, 20404, "The requested resource was not found"),
        _ => error(status, 20000 + u32::from(status), "Service unavailable"),
    }
}

/// Refuses whoever is not we.
fn gate(service: &str, headers: &HeaderMap) -> Option<Answer> {
    let expected = Request::new(crate::provider::http::Method::Get, "").basic(TWILIO_ACCOUNT, TWILIO_TOKEN);
    let expected = expected.headers.first().map(|(_, value)| value.as_bytes());
    if headers.get("authorization").map(|value| value.as_bytes()) != expected {
        return Some(error(401, 20003, "Authenticate"));
    }
    (service != TWILIO_SERVICE).then(|| general(404))
}

/// A field of a form.
fn field(body: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(body).find(|(held, _)| held == name).map(|(_, value)| value.into_owned())
}

/// `POST …/Verifications`: sends a code.
pub async fn start(State(mock): State<Mock>, Path(service): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    if let Some(refusal) = gate(&service, &headers) {
        return refusal;
    }
    let Some(phone) = field(&body, "To").filter(|phone| Phone::parse(phone).is_ok()) else {
        return error(400, 60200, "Invalid parameter `To`");
    };
    let tags: Value = field(&body, "Tags").and_then(|tags| serde_json::from_str(&tags).ok()).unwrap_or_default();
    let attempt = tags["attempt"].as_str().filter(|name| name.len() <= 64).unwrap_or_default().to_owned();
    let now = mock.now();
    let mut state = mock.state();
    let script = state.scripts.take(KIND, Some(&attempt).filter(|name| !name.is_empty()).map(String::as_str));
    let scripted = script.and_then(|script| SmsPath::named(script.path.as_deref()?));
    let path = scripted.unwrap_or_else(|| SmsPath::of_phone(&phone));
    let about = attempt.clone();
    state.through(KIND, &about, path.trouble(), general, |state| {
        if let Some(refusal) = refusal(path) {
            return refusal;
        }
        let known = state.sms.by_phone.get(&phone).and_then(|sid| state.sms.verifications.get(sid)).cloned();
        let known = known.filter(|held| !held.is_over(now) && held.path == path);
        let mut verification = known.unwrap_or_else(|| Verification {
            sid: format!("VE{:032x}", state.next()),
            attempt: attempt.clone(),
            phone: phone.clone(),
            path,
            sends: 0,
            checks: 0,
            made: now,
        });
        verification.attempt = attempt;
        if verification.sends == MOST {
            return error(429, 60203, "Max send attempts reached");
        }
        verification.sends += 1;
        let answer = verification.answer(201, "pending", false);
        state.sms.by_phone.set(&phone, verification.sid.clone());
        state.sms.verifications.set(&verification.sid.clone(), verification);
        if path == SmsPath::Slow { answer.fault(Fault::Slow(state.slow)) } else { answer }
    })
}

/// What the paths are refused with to which no code is sent.
fn refusal(path: SmsPath) -> Option<Answer> {
    Some(match path {
        SmsPath::Landline => error(400, 60205, "SMS is not supported by landline phone number"),
        SmsPath::Guarded => error(403, 60410, "Verification delivery attempt blocked"),
        SmsPath::Country => error(403, 60605, "Verification delivery attempt blocked (geo permissions)"),
        SmsPath::Device => error(403, 60413, "Verification blocked (device risk)"),
        SmsPath::Blocked => error(403, 60238, "Verification blocked"),
        SmsPath::Invalid => error(400, 60200, "Invalid parameter `To`"),
        SmsPath::TooManySends => error(429, 60203, "Max send attempts reached"),
        _ => return None,
    })
}

/// `POST …/VerificationCheck`: tries a code.
pub async fn check(State(mock): State<Mock>, Path(service): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    if let Some(refusal) = gate(&service, &headers) {
        return refusal;
    }
    let now = mock.now();
    let mut state = mock.state();
    let by_phone = || field(&body, "To").and_then(|phone| state.sms.by_phone.get(&phone).cloned());
    let sid = field(&body, "VerificationSid").or_else(by_phone).unwrap_or_default();
    let code = field(&body, "Code").unwrap_or_default();
    let Some(held) = state.sms.verifications.get(&sid).filter(|held| !held.is_over(now)).cloned() else {
        return general(404);
    };
    state.through(KIND, &held.attempt.clone(), held.path.trouble(), general, |state| {
        let answer = tried(state, &sid, held, &code);
        answer.unwrap_or_else(|| general(404))
    })
}

/// What comes of a code; `None`: the verification is gone.
fn tried(state: &mut super::state::State, sid: &str, held: Verification, code: &str) -> Option<Answer> {
    let counted = state.sms.verifications.get_mut(sid)?;
    counted.checks += 1;
    let checks = counted.checks;
    let right = match held.path {
        SmsPath::TooManyChecks => return Some(error(429, 60202, "Max check attempts reached")),
        _ if checks > MOST => return Some(error(429, 60202, "Max check attempts reached")),
        SmsPath::Unknown => return Some(held.answer(200, "blessed", true)),
        SmsPath::Expired => {
            state.sms.verifications.remove(sid);
            return Some(held.answer(200, "expired", false));
        }
        SmsPath::Wrong => false,
        SmsPath::OtherCode => code == OTHER_CODE,
        _ => code == CODE,
    };
    if right {
        state.sms.verifications.remove(sid);
    }
    let answer = held.answer(200, if right { "approved" } else { "pending" }, right);
    Some(match held.path {
        SmsPath::LostCheck if checks == 1 => answer.fault(Fault::Reset),
        SmsPath::SlowCheck => answer.fault(Fault::Slow(state.slow)),
        _ => answer,
    })
}

/// `GET …/Verifications/{sid}`.
pub async fn look(
    State(mock): State<Mock>,
    Path((service, sid)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    if let Some(refusal) = gate(&service, &headers) {
        return refusal;
    }
    let now = mock.now();
    let mut state = mock.state();
    let Some(held) = state.sms.verifications.get(&sid).filter(|held| !held.is_over(now)).cloned() else {
        return general(404);
    };
    state.through(KIND, &held.attempt.clone(), held.path.trouble(), general, |_| held.answer(200, "pending", false))
}

/// `POST …/Verifications/{sid}`: ends it.
pub async fn cancel(
    State(mock): State<Mock>,
    Path((service, sid)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    if let Some(refusal) = gate(&service, &headers) {
        return refusal;
    }
    let mut state = mock.state();
    let Some(held) = state.sms.verifications.get(&sid).cloned() else { return general(404) };
    state.through(KIND, &held.attempt.clone(), held.path.trouble(), general, |state| {
        state.sms.verifications.remove(&sid);
        held.answer(200, "canceled", false)
    })
}
