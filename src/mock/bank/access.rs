//! Users, tokens and codes.

use super::super::account::{POWENS_CLIENT, POWENS_SECRET};
use super::super::answer::{Answer, Fault};
use super::super::paths::BankPath;
use super::super::state::State as All;
use super::{KIND, Mock, User, error};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};

/// How long a code for the page is good, in seconds.
const CODE_SECONDS: i64 = 1_800;

/// What an application sends, if it is ours.
fn ours(body: &[u8]) -> Option<Value> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let is = |name: &str, value: &str| body[name].as_str() == Some(value);
    (is("client_id", POWENS_CLIENT) && is("client_secret", POWENS_SECRET)).then_some(body)
}

fn new_token(state: &mut All, user: u64) -> String {
    let token = format!("powens-{}", state.next());
    state.bank.tokens.set(&token, user);
    token
}

/// `POST /auth/init`: makes a user.
pub async fn init(State(mock): State<Mock>, body: Bytes) -> Answer {
    if ours(&body).is_none() {
        return error(403);
    }
    let mut state = mock.state();
    state.through(KIND, "", None, error, |state| {
        let script = state.scripts.take(KIND, None);
        let path = script.as_ref().and_then(|script| BankPath::named(script.path.as_deref()?));
        let twists = script.map(|script| script.notices).unwrap_or_default();
        let id = state.next();
        state.bank.users.set(&id.to_string(), User { id, path, twists, connection: None, erasures: 0 });
        let token = new_token(state, id);
        let body = json!({ "auth_token": token, "type": "permanent", "id_user": id, "expires_in": null });
        let answer = Answer::json(200, &body);
        if path == Some(BankPath::Lost) { answer.fault(Fault::Reset) } else { answer }
    })
}

/// `POST /auth/token/access`: this mock gives permanent tokens at once, so that there is nothing to exchange.
pub async fn exchange(State(_): State<Mock>) -> Answer {
    error(403)
}

/// `POST /auth/renew`: another token of a user.
pub async fn renew(State(mock): State<Mock>, body: Bytes) -> Answer {
    let Some(body) = ours(&body) else { return error(403) };
    let mut state = mock.state();
    let id = body["id_user"].as_u64().unwrap_or_default();
    if state.bank.users.get(&id.to_string()).is_none() {
        return error(404);
    }
    state.through(KIND, &id.to_string(), None, error, |state| {
        let token = new_token(state, id);
        Answer::json(200, &json!({ "access_token": token, "token_type": "Bearer" }))
    })
}

/// `GET /auth/token/code`: a code with which the page knows the user.
pub async fn code(State(mock): State<Mock>, headers: HeaderMap) -> Answer {
    let until = mock.now().plus_ms(CODE_SECONDS * 1_000);
    mock.as_user(&headers, |state, user| {
        let code = format!("code-{}", state.next());
        state.bank.codes.set(&code, (user.id, until));
        Answer::json(200, &json!({ "code": code, "type": "temporary", "access": "single", "expires_in": CODE_SECONDS }))
    })
}

/// `DELETE /users/me`.
pub async fn erase(State(mock): State<Mock>, headers: HeaderMap) -> Answer {
    mock.as_user(&headers, |state, user| {
        let name = user.id.to_string();
        if let Some(held) = state.bank.users.get_mut(&name)
            && held.path() == BankPath::Locked
            && held.erasures < 2
        {
            held.erasures += 1;
            return error(409);
        }
        state.bank.users.remove(&name);
        Answer::empty(204)
    })
}
