//! The page on which the customer finds their bank.

use super::super::answer::Answer;
use super::super::notice::Draft;
use super::super::page;
use super::super::paths::{BankPath, Twist};
use super::super::state::State as All;
use super::{Connection, KIND, Mock, User, sign};
use crate::domain::time::Timestamp;
use crate::provider::http::query;
use axum::extract::{Path, Query, State};

/// What leads to the page, and how it ends.
#[derive(serde::Deserialize, Clone)]
pub struct Visit {
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    outcome: String,
}

impl Visit {
    /// Whose visit it is, if the page is there.
    fn user(&self, what: &str, state: &All, now: Timestamp) -> Option<User> {
        let (id, until) = *state.bank.codes.get(&self.code)?;
        let good = matches!(what, "connect" | "reconnect") && now < until && page::is_address(&self.redirect_uri);
        state.bank.users.get(&id.to_string()).filter(|_| good).cloned()
    }

    fn back(&self, parameter: (&str, &str)) -> Answer {
        Answer::see_other(&format!("{}?{}", self.redirect_uri, query(&[parameter, ("state", &self.state)])))
    }
}

/// `GET` of the page.
pub async fn page(State(mock): State<Mock>, Path(what): Path<String>, Query(visit): Query<Visit>) -> Answer {
    let now = mock.now();
    let mut state = mock.state();
    let Some(user) = visit.user(&what, &state, now) else { return Answer::page(404, page::gone()) };
    let script = state.scripts.named(KIND, &visit.state);
    let twists = script.map_or_else(|| user.twists.clone(), |script| script.notices);
    if twists.contains(&Twist::Early) {
        let soon = Connection { id: 0, made: now, visits: 0, readings: 0 };
        let last = user.drafts(&soon, &mock.options().powens_notices_to).pop();
        let last = last.map(|draft| Draft { after_ms: 0, ..draft });
        state.outbox.plan(now, last.into_iter().collect(), &[], sign);
    }
    let held = [("redirect_uri", &*visit.redirect_uri), ("state", &visit.state), ("code", &visit.code)];
    Answer::page(200, page::banks(&format!("/powens/webview/{what}/finish"), &held, user.connection.is_some()))
}

/// `GET` of the page's end.
pub async fn finish(State(mock): State<Mock>, Path(what): Path<String>, Query(visit): Query<Visit>) -> Answer {
    let now = mock.now();
    let mut state = mock.state();
    let Some(mut user) = visit.user(&what, &state, now) else { return Answer::page(404, page::gone()) };
    if let Some(script) = state.scripts.named(KIND, &visit.state) {
        user.path = script.path.as_deref().and_then(BankPath::named).or(user.path);
        user.twists = script.notices;
    }
    let path = BankPath::named(&visit.outcome).or(user.path).unwrap_or(BankPath::Good);
    let failed = match path {
        BankPath::Refused => Some("access_denied"),
        BankPath::TosDeclined => Some("tos_declined"),
        BankPath::SessionExpired => Some("session_expired"),
        BankPath::PageFails => Some("server_error"),
        _ => None,
    };
    if let Some(error) = failed {
        return visit.back(("error", error));
    }
    user.path = Some(path);
    let known = user.connection.take();
    let (id, visits, readings) = match known {
        Some(known) => (known.id, known.visits + 1, known.readings),
        None => (state.next(), 1, 0),
    };
    let connection = Connection { id, made: now, visits, readings };
    let drafts = user.drafts(&connection, &mock.options().powens_notices_to);
    state.outbox.plan(now, drafts, &user.twists, sign);
    state.bank.codes.remove(&visit.code);
    if path == BankPath::TokenLost {
        state.bank.tokens.retain(|held| *held != user.id);
    }
    user.connection = Some(connection);
    state.bank.users.set(&user.id.to_string(), user);
    visit.back(("connection_id", &id.to_string()))
}
