//! IDCheck: tokens, links to the hosted page, the page, files and documents with their reports, and notices.

use super::Mock;
use super::account::{IDCHECK_CLIENT, IDCHECK_REALM, IDCHECK_SECRET};
use super::answer::Answer;
use super::bounded::Bounded;
use super::notice::Draft;
use super::page;
use super::paths::{IdentityPath, Twist};
use super::script::Person;
use crate::domain::challenge::ChallengeKind;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::provider::http::Request;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use jiff::civil::Date;
use jiff::{Span, tz::TimeZone};
use serde_json::{Value, json};

const KIND: ChallengeKind = ChallengeKind::IdDocument;
/// How long a token is good, in seconds.
const TOKEN_SECONDS: i64 = 300;
/// How long the analysis takes on the path `late`, in milliseconds.
const LATE_MS: i64 = 600_000;
/// How long a link leads to the page, in milliseconds.
const LINK_MS: i64 = 7 * DAY_MS;
/// The most characters of a name that is typed.
const MOST_CHARS: usize = 100;
/// The most addresses for notices that one call may give.
const MOST_NOTICES: usize = 4;

/// What is held.
#[derive(Default)]
pub struct Held {
    /// Until when each token is good.
    tokens: Bounded<Timestamp>,
    /// The file of each link.
    links: Bounded<Link>,
    files: Bounded<File>,
    /// The file of each document.
    documents: Bounded<String>,
}

#[derive(Clone)]
struct Link {
    file: String,
    until: Timestamp,
}

/// A file: one attempt.
#[derive(Clone)]
struct File {
    number: u64,
    path: Option<IdentityPath>,
    person: Person,
    twists: Vec<Twist>,
    success_url: String,
    error_url: String,
    notices_to: Vec<String>,
    /// When the analysis ends; `None`: nothing was captured yet.
    done_at: Option<Timestamp>,
    readings: u32,
}

impl File {
    fn path(&self) -> IdentityPath {
        self.path.unwrap_or(IdentityPath::Clear)
    }

    fn document(&self) -> String {
        format!("doc-{}", self.number)
    }

    fn liveness(&self) -> String {
        format!("live-{}", self.number)
    }

    fn is_done(&self, now: Timestamp) -> bool {
        self.path() != IdentityPath::Stuck && self.done_at.is_some_and(|done| done <= now)
    }

    /// The notices of an attempt that came to its end: the capture's, and later the analysis's.
    fn drafts(&self, uid: &str, after_ms: i64) -> Vec<Draft> {
        let end = json!({
            "resourceType": "ONBOARDING",
            "event": "END_ONBOARDING",
            "eventData": { "onboardingStatus": "SUCCESS", "cisData": { "cisFileUid": uid, "_links": [] } },
        });
        let check = json!({ "eventKind": "FILE", "method": "UPDATE", "operation": "CHECK", "uid": uid });
        let draft = |url: &String, body: &Value, after_ms| Draft { url: url.clone(), body: body.clone(), after_ms };
        let stuck = self.path() == IdentityPath::Stuck;
        self.notices_to
            .iter()
            .flat_map(|url| [Some(draft(url, &end, 0)), (!stuck).then(|| draft(url, &check, after_ms))])
            .flatten()
            .collect()
    }
}

/// How IDCheck says that something is wrong.
fn error(status: u16) -> Answer {
    let message = match status {
        401 => "The token is not valid",
        404 => "There is no such resource",
        409 => "The resource is being analysed",
        429 => "Too many requests",
        _ => "Service unavailable",
    };
    Answer::json(status, &json!({ "errorCode": format!("E{status}"), "errorMessage": message }))
}

/// There is no signature: a forged notice is one that comes to an address that anybody could guess.
fn sign(mut request: Request, _: Timestamp, forged: bool) -> Request {
    if let (true, Some(at)) = (forged, request.url.rfind('/')) {
        request.url.truncate(at);
        request.url.push_str("/guessed");
    }
    request
}

/// `POST …/token`.
pub async fn token(State(mock): State<Mock>, body: Bytes) -> Answer {
    let has = |name: &str, value: &str| form_urlencoded::parse(&body).any(|(n, v)| n == name && v == value);
    let now = mock.now();
    mock.state().through(KIND, "", None, error, |state| {
        if !has("client_id", IDCHECK_CLIENT) || !has("client_secret", IDCHECK_SECRET) {
            return Answer::json(401, &json!({ "error": "unauthorized_client" }));
        }
        let token = format!("idcheck-{}", state.next());
        state.identity.tokens.set(&token, now.plus_ms(TOKEN_SECONDS * 1_000));
        let body = json!({
            "access_token": token,
            "expires_in": TOKEN_SECONDS,
            "refresh_token": "",
            "refresh_expires_in": 0,
            "token_type": "bearer",
        });
        Answer::json(200, &body)
    })
}

impl Mock {
    /// The token that a call bears, if it is good.
    fn idcheck_token(&self, headers: &HeaderMap) -> Option<String> {
        let token = bearer(headers)?;
        let now = self.now();
        self.state().identity.tokens.get(token).is_some_and(|until| now < *until).then(|| token.to_owned())
    }
}

/// The token that a call bears.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")
}

/// `POST /onboarding/sendlink`.
pub async fn link(State(mock): State<Mock>, headers: HeaderMap, body: Bytes) -> Answer {
    if mock.idcheck_token(&headers).is_none() {
        return error(401);
    }
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return error(400) };
    let text = |place: &str| body.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
    let uid = text("/resultHandler/cisConf/fileUid");
    let (success_url, error_url) =
        (text("/redirectionData/successRedirectUrl"), text("/redirectionData/errorRedirectUrl"));
    if uid.is_empty() || uid.len() > 64 || !page::is_address(&success_url) || !page::is_address(&error_url) {
        return error(400);
    }
    let notices = body.pointer("/endpointsToNotify").and_then(Value::as_array);
    let notices = notices.into_iter().flatten().filter_map(Value::as_str).filter(|url| page::is_address(url));
    let notices_to: Vec<_> = notices.take(MOST_NOTICES).map(ToOwned::to_owned).collect();
    let base = mock.base_url(&headers);
    let now = mock.now();
    let mut state = mock.state();
    let script = state.scripts.take(KIND, Some(&uid));
    let scripted = script.as_ref().and_then(|script| IdentityPath::named(script.path.as_deref()?));
    let own = scripted.and_then(IdentityPath::trouble);
    state.through(KIND, &uid, own, error, |state| {
        let known = state.identity.files.get(&uid).cloned();
        let number = known.as_ref().map_or_else(|| state.next(), |file| file.number);
        // A file that is there stays as it is; a link more leads to it.
        let file = known.unwrap_or_else(|| File {
            number,
            path: scripted,
            person: script.as_ref().and_then(|script| script.person.clone()).unwrap_or_default(),
            twists: script.map(|script| script.notices).unwrap_or_default(),
            success_url: success_url.clone(),
            error_url: error_url.clone(),
            notices_to: notices_to.clone(),
            done_at: None,
            readings: 0,
        });
        let file = File { success_url, error_url, notices_to, ..file };
        state.identity.documents.set(&file.document(), uid.clone());
        state.identity.documents.set(&file.liveness(), uid.clone());
        state.identity.files.set(&uid, file);
        let (name, until) = (state.next().to_string(), now.plus_ms(LINK_MS));
        state.identity.links.set(&name, Link { file: uid.clone(), until });
        let body = json!({
            "uid": name,
            "url": format!("{base}/idcheck/page/{name}"),
            "expirationDate": until.to_string(),
            "dispatchInfo": { "notificationType": "NONE", "msg": null },
        });
        Answer::json(200, &body)
    })
}

/// `GET` of the hosted page.
pub async fn page(State(mock): State<Mock>, Path(link): Path<String>) -> Answer {
    let now = mock.now();
    let mut state = mock.state();
    let file = state.identity.links.get(&link).filter(|link| now < link.until).map(|link| link.file.clone());
    let Some(uid) = file else { return Answer::page(404, page::gone()) };
    let Some(file) = state.identity.files.get(&uid).filter(|file| file.done_at.is_none()).cloned() else {
        return Answer::page(404, page::gone());
    };
    if file.twists.contains(&Twist::Early)
        && let Some(last) = file.drafts(&uid, 0).pop()
    {
        state.outbox.plan(now, vec![last], &[], sign);
    }
    Answer::page(200, page::capture(&format!("/idcheck/page/{link}"), &file.person))
}

/// The end of the page.
#[derive(serde::Deserialize)]
#[serde(default)]
pub struct Finish {
    outcome: String,
    given_names: String,
    family_name: String,
    birth_date: String,
}

impl Default for Finish {
    fn default() -> Self {
        let empty = String::new;
        Self { outcome: empty(), given_names: empty(), family_name: empty(), birth_date: empty() }
    }
}

impl Finish {
    /// Who stands on the document: as was typed, where something was.
    fn person(&self, known: &Person) -> Person {
        let or = |typed: &str, known: &str| match typed.trim() {
            "" => known.to_owned(),
            typed => typed.chars().take(MOST_CHARS).collect(),
        };
        Person {
            given_names: or(&self.given_names, &known.given_names),
            family_name: or(&self.family_name, &known.family_name),
            birth_date: or(&self.birth_date, &known.birth_date),
        }
    }

    /// How it goes: as was chosen, as the script says, or as the name does.
    fn path(&self, known: Option<IdentityPath>, family_name: &str) -> IdentityPath {
        let chosen = IdentityPath::named(&self.outcome).or(known);
        chosen.or_else(|| IdentityPath::of_name(family_name)).unwrap_or(IdentityPath::Clear)
    }
}

/// `GET` of the page's end.
pub async fn finish(State(mock): State<Mock>, Path(link): Path<String>, Query(end): Query<Finish>) -> Answer {
    let now = mock.now();
    let analysis_ms = mock.options().analysis.as_millis().min(LATE_MS as u128) as i64;
    let mut guard = mock.state();
    let state = &mut *guard;
    let file = state.identity.links.get(&link).filter(|link| now < link.until).map(|link| link.file.clone());
    let Some(uid) = file else { return Answer::page(404, page::gone()) };
    let Some(file) = state.identity.files.get_mut(&uid).filter(|file| file.done_at.is_none()) else {
        return Answer::page(404, page::gone());
    };
    file.person = end.person(&file.person);
    let path = end.path(file.path, &file.person.family_name);
    file.path = Some(path);
    if path == IdentityPath::GivesUp {
        // The file was never captured; the link leads to the page again, should the customer think better of it.
        file.path = None;
        return Answer::see_other(&file.error_url);
    }
    let after_ms = if path == IdentityPath::Late { LATE_MS } else { analysis_ms };
    file.done_at = Some(now.plus_ms(after_ms));
    state.outbox.plan(now, file.drafts(&uid, after_ms), &file.twists, sign);
    Answer::see_other(&file.success_url)
}

impl Mock {
    /// Answers a call about a file, or about a document of it.
    fn about_file(
        &self,
        realm: &str,
        headers: &HeaderMap,
        uid: Option<String>,
        work: impl FnOnce(&mut super::state::State, &str, &File) -> Answer,
    ) -> Answer {
        let Some(token) = self.idcheck_token(headers) else { return error(401) };
        if realm != IDCHECK_REALM {
            return error(404);
        }
        let mut state = self.state();
        let uid = uid.unwrap_or_default();
        let Some(file) = state.identity.files.get_mut(&uid) else { return error(404).about(&uid) };
        file.readings += 1;
        let file = file.clone();
        if file.path() == IdentityPath::TokenLost && file.readings == 1 {
            state.identity.tokens.remove(&token);
            return error(401).about(&uid);
        }
        state.through(KIND, &uid, file.path().trouble(), error, |state| work(state, &uid, &file))
    }
}

/// `GET …/file/{uid}`.
pub async fn file(State(mock): State<Mock>, Path((realm, uid)): Path<(String, String)>, headers: HeaderMap) -> Answer {
    let now = mock.now();
    mock.about_file(&realm, &headers, Some(uid), |_, uid, file| {
        if file.done_at.is_none() {
            return error(404);
        }
        let report = file.is_done(now).then(|| {
            json!({
                "uid": format!("rep-{}", file.number),
                "generationDate": now.to_string(),
                "globalStatus": global_status(file.path()),
                "checks": [],
            })
        });
        let documents = json!([
            { "uid": file.document(), "type": "ID" },
            { "uid": file.liveness(), "type": "LIVENESS" },
        ]);
        Answer::json(200, &json!({ "uid": uid, "owner": "aval", "documents": documents, "lastReport": report }))
    })
}

/// `GET …/document/{uid}`.
pub async fn document(
    State(mock): State<Mock>,
    Path((realm, uid)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let now = mock.now();
    let file = mock.state().identity.documents.get(&uid).cloned();
    mock.about_file(&realm, &headers, file, |_, _, file| {
        let is_person = uid == file.document();
        let unreadable = is_person && file.path() == IdentityPath::Unreadable;
        let (status, report) = match (file.is_done(now), unreadable) {
            (false, _) => (Value::Null, Value::Null),
            (true, true) => ("ERROR".into(), Value::Null),
            (true, false) => ("OK".into(), report(file, is_person, now)),
        };
        let body = json!({
            "uid": uid,
            "owner": "aval",
            "type": if is_person { "ID" } else { "LIVENESS" },
            "lastAnalysisStatus": status,
            "lastReport": report,
            "creationDate": now.to_string(),
            "lastUpdateDate": now.to_string(),
        });
        Answer::json(200, &body)
    })
}

fn global_status(path: IdentityPath) -> &'static str {
    match path {
        IdentityPath::Forged => "ERROR",
        IdentityPath::Unreadable => "NONE",
        IdentityPath::Expired => "OBSOLETE",
        IdentityPath::Review => "WARN",
        IdentityPath::Unknown => "PERPLEXED",
        _ => "OK",
    }
}

/// What was read on a document. The face's has no person.
fn report(file: &File, is_person: bool, now: Timestamp) -> Value {
    let status = if is_person { global_status(file.path()) } else { "OK" };
    let mut report = json!({
        "uid": format!("rep-{}-{is_person}", file.number),
        "generationDate": now.to_string(),
        "globalStatus": status,
        "checks": [{ "identifier": "MODEL", "title": "Authenticity", "message": "", "status": status, "type": "RUNTIME", "subChecks": [] }],
    });
    if !is_person {
        return report;
    }
    let today = now.to_jiff().to_zoned(TimeZone::UTC).date();
    let years = |count: i32| today.checked_add(Span::new().years(count)).unwrap_or(today);
    let person = match file.path() {
        IdentityPath::OtherPerson => {
            Person { given_names: "Dominique".into(), family_name: "Petit".into(), birth_date: "1985-03-02".into() }
        }
        IdentityPath::Minor => Person { birth_date: years(-16).to_string(), ..file.person.clone() },
        _ => file.person.clone(),
    };
    let given: Vec<String> = person.given_names.split_whitespace().map(str::to_uppercase).collect();
    let birth = person.birth_date.parse::<Date>().map_or(Value::Null, date);
    report["persons"] = json!([{ "identityData": {
        "firstNames": { "label": "Given names", "values": given },
        "lastName": { "label": "Name", "value": person.family_name.to_uppercase() },
        "birthDate": birth,
        "nationality": "FRA",
    } }]);
    let expiry = years(if file.path() == IdentityPath::Expired { -1 } else { 5 });
    report["info"] =
        json!({ "documentNumber": "X4RTBPFW4", "expirationDate": date(expiry), "documentType": "ID", "extra": [] });
    report["issuance"] = json!({ "issueDate": date(years(-5)), "issuingCountry": "FRA" });
    if file.path() == IdentityPath::Unknown {
        report["novelty"] = json!({ "nobody": ["asked", 4, true] });
    }
    report
}

fn date(date: Date) -> Value {
    let (day, month, year) = (date.day(), date.month(), date.year());
    json!({ "value": format!("{day:02}/{month:02}/{year:04}"), "day": day, "month": month, "year": year })
}

/// `DELETE …/file/{uid}`.
pub async fn erase_file(
    State(mock): State<Mock>,
    Path((realm, uid)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let now = mock.now();
    mock.about_file(&realm, &headers, Some(uid), |state, uid, file| {
        if file.done_at.is_some() && !file.is_done(now) {
            return error(409);
        }
        state.identity.files.remove(uid);
        Answer::empty(204)
    })
}

/// `DELETE …/document/{uid}`.
pub async fn erase_document(
    State(mock): State<Mock>,
    Path((realm, uid)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let now = mock.now();
    let file = mock.state().identity.documents.get(&uid).cloned();
    mock.about_file(&realm, &headers, file, |state, _, file| {
        if file.done_at.is_some() && !file.is_done(now) {
            return error(409);
        }
        state.identity.documents.remove(&uid);
        Answer::empty(204)
    })
}
