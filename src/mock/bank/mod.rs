//! Powens: users and their tokens, the webview, connections, accounts and transactions, and notices.

pub mod access;
pub mod webview;

use super::Mock;
use super::account::POWENS_NOTICE_SECRET;
use super::answer::Answer;
use super::bounded::Bounded;
use super::identity::bearer;
use super::notice::{Draft, path_of};
use super::paths::{BankPath, Twist};
use super::state::State as All;
use super::statement::Statement;
use crate::domain::challenge::ChallengeKind;
use crate::domain::time::Timestamp;
use crate::provider::bank::powens::sign_notice;
use crate::provider::http::Request;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

const KIND: ChallengeKind = ChallengeKind::BankHistory;
/// The most rows of one page.
const MOST_ROWS: usize = 1_000;
/// How long after the page the bank has been read, in milliseconds.
const READ_MS: i64 = 1_000;

/// What is held.
#[derive(Default)]
pub struct Held {
    users: Bounded<User>,
    /// The user of each token.
    tokens: Bounded<u64>,
    /// The user of each code for the page, and until when it is good.
    codes: Bounded<(u64, Timestamp)>,
}

/// A user: one attempt.
#[derive(Clone)]
struct User {
    id: u64,
    /// How it goes; `None`: the page decides.
    path: Option<BankPath>,
    twists: Vec<Twist>,
    connection: Option<Connection>,
    erasures: u32,
}

#[derive(Clone)]
struct Connection {
    id: u64,
    made: Timestamp,
    /// How often the customer was on the page.
    visits: u32,
    /// How often it was asked how it stands.
    readings: u32,
}

impl User {
    fn path(&self) -> BankPath {
        self.path.unwrap_or(BankPath::Good)
    }

    /// The state of the connection: Powens's word, or null where all is well.
    fn state(&self, connection: &Connection) -> Option<&'static str> {
        match self.path() {
            BankPath::Sca if connection.visits < 2 => Some("SCARequired"),
            BankPath::WrongPass if connection.visits < 2 => Some("wrongpass"),
            BankPath::Validating if connection.readings <= 2 => Some("validating"),
            BankPath::Stuck => Some("validating"),
            BankPath::SiteDown => Some("websiteUnavailable"),
            BankPath::Unknown => Some("bewildered"),
            _ => None,
        }
    }

    fn connection_body(&self, connection: &Connection) -> Value {
        let at = connection.made.to_jiff().to_zoned(paris()).strftime("%Y-%m-%d %H:%M:%S").to_string();
        json!({
            "id": connection.id,
            "id_user": self.id,
            "id_connector": 59,
            "state": self.state(connection),
            "error": null,
            "error_message": null,
            "last_update": at,
            "created": at,
            "active": true,
        })
    }

    /// What the bank says.
    fn statement(&self, connection: &Connection) -> Statement {
        Statement::of(self.path(), connection.id, day(connection.made))
    }

    /// The notices of a visit to the page: the accounts were found, and everything was read.
    fn drafts(&self, connection: &Connection, urls: &[String]) -> Vec<Draft> {
        let body = json!({
            "user": { "id": self.id, "platform": "sharedAccess" },
            "connection": self.connection_body(connection),
        });
        let draft = |url: &String, after_ms| Draft { url: url.clone(), body: body.clone(), after_ms };
        urls.iter().flat_map(|url| [draft(url, 0), draft(url, READ_MS)]).collect()
    }
}

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC)
}

/// The day it is where the bank is.
fn day(at: Timestamp) -> Date {
    at.to_jiff().to_zoned(paris()).date()
}

/// Signs a notice; a forged one under another secret.
fn sign(request: Request, at: Timestamp, forged: bool) -> Request {
    let secret = if forged { "somebody else's" } else { POWENS_NOTICE_SECRET };
    let date = at.to_string();
    let signature = sign_notice(secret, path_of(&request.url), &date, &request.body).unwrap_or_default();
    request.header("bi-signature", signature).header("bi-signature-date", date)
}

/// How Powens says that something is wrong.
fn error(status: u16) -> Answer {
    let code = match status {
        400 => "missingParameter",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "notFound",
        409 => "conflict",
        429 => "tooManyRequests",
        _ => "serviceUnavailable",
    };
    Answer::json(status, &json!({ "code": code, "description": code, "request_id": "mock" }))
}

impl Mock {
    /// Answers a call that a user makes.
    fn as_user(&self, headers: &HeaderMap, work: impl FnOnce(&mut All, &User) -> Answer) -> Answer {
        let mut state = self.state();
        let id = bearer(headers).and_then(|token| state.bank.tokens.get(token)).copied();
        let user = id.and_then(|id| state.bank.users.get(&id.to_string())).cloned();
        let Some(user) = user else { return error(401) };
        // Before the page nothing is read that could be refused for that.
        let own = user.path.and_then(BankPath::trouble);
        state.through(KIND, &user.id.to_string(), own, error, |state| work(state, &user))
    }

    /// Answers a call that a user makes about a connection that was read; without one, with nothing.
    fn reading(&self, headers: &HeaderMap, empty: &Value, work: impl FnOnce(&User, &Connection) -> Answer) -> Answer {
        self.as_user(headers, |_, user| match &user.connection {
            Some(connection) if user.state(connection).is_none() => work(user, connection),
            _ => Answer::json(200, empty),
        })
    }
}

/// `GET /users/me/connections`.
pub async fn connections(State(mock): State<Mock>, headers: HeaderMap) -> Answer {
    mock.as_user(&headers, |state, user| {
        let held = state.bank.users.get_mut(&user.id.to_string());
        let connections = held.and_then(|user| {
            user.connection.as_mut()?.readings += 1;
            Some(user.connection_body(user.connection.as_ref()?))
        });
        Answer::json(200, &json!({ "connections": connections.into_iter().collect::<Vec<_>>() }))
    })
}

/// `GET /users/me/accounts`.
pub async fn accounts(State(mock): State<Mock>, headers: HeaderMap) -> Answer {
    mock.reading(&headers, &json!({ "accounts": [] }), |user, connection| {
        let statement = user.statement(connection);
        let accounts = statement.accounts.iter().map(|account| account.to_json(user.id, connection.id));
        Answer::json(200, &json!({ "accounts": accounts.collect::<Vec<_>>() }))
    })
}

/// The rows that are asked for.
#[derive(serde::Deserialize)]
pub struct Asked {
    limit: Option<usize>,
    #[serde(default)]
    offset: usize,
    min_date: Option<String>,
    max_date: Option<String>,
}

/// `GET /users/me/transactions`.
pub async fn transactions(State(mock): State<Mock>, headers: HeaderMap, Query(asked): Query<Asked>) -> Answer {
    let Some(limit) = asked.limit.filter(|limit| (1..=MOST_ROWS).contains(limit)) else { return error(400) };
    let date = |text: &Option<String>, none: Date| text.as_ref().map_or(Ok(none), |text| text.parse());
    let (Ok(min), Ok(max)) = (date(&asked.min_date, Date::MIN), date(&asked.max_date, Date::MAX)) else {
        return error(400);
    };
    mock.reading(&headers, &json!({ "transactions": [] }), |user, connection| {
        let mut statement = user.statement(connection);
        if user.path() == BankPath::Moving && asked.offset > 0 {
            statement.moves_on();
        }
        let rows: Vec<_> = statement.rows.iter().filter(|row| (min..=max).contains(&row.date)).collect();
        let page: Vec<_> = rows.iter().skip(asked.offset).take(limit).map(|row| row.to_json()).collect();
        let end = asked.offset.saturating_add(page.len());
        let next = (end < rows.len())
            .then(|| json!({ "href": format!("/2.0/users/me/transactions?limit={limit}&offset={end}") }));
        let body = json!({
            "transactions": page,
            "first_date": statement.first.to_string(),
            "last_date": day(connection.made).to_string(),
            "result_min_date": rows.last().map(|row| row.date.to_string()),
            "result_max_date": rows.first().map(|row| row.date.to_string()),
            "_links": { "next": next },
        });
        Answer::json(200, &body)
    })
}
