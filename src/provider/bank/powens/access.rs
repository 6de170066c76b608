//! Users, tokens and codes: how one becomes somebody there, and nobody again.

use super::Settings;
use crate::provider::http::{Method, Request, Response, query};
use crate::provider::{Handle, ProviderError};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// When to ask again that says it was asked too often.
const TOO_OFTEN: Duration = Duration::from_secs(60);

/// The user that was made for an attempt: what the handle holds.
#[derive(Serialize, Deserialize, Clone)]
pub struct User {
    pub id: u64,
    pub token: String,
    /// Where the customer comes back to, and with what: for a page that is needed later.
    pub back: String,
    pub state: String,
}

impl User {
    pub fn of(handle: &Handle) -> Result<Self, ProviderError> {
        let wrong = |_| ProviderError::Permanent("this is no handle of Powens's".into());
        serde_json::from_slice(&handle.0).map_err(wrong)
    }

    pub fn handle(&self) -> Handle {
        Handle(json!(self).to_string().into_bytes())
    }
}

/// A user that was just made.
pub struct Begun {
    pub user: u64,
    pub token: Given,
}

/// What was given to act as it.
pub enum Given {
    Permanent(String),
    ToExchange(String),
}

fn post(settings: &Settings, path: &str, body: &serde_json::Value) -> Request {
    Request::new(Method::Post, format!("{}/{path}", settings.api_url)).json(body)
}

pub fn init_request(settings: &Settings) -> Request {
    let secret = settings.client_secret.expose_secret();
    post(settings, "auth/init", &json!({ "client_id": settings.client_id, "client_secret": secret }))
}

pub fn interpret_init(response: &Response) -> Result<Begun, ProviderError> {
    #[derive(Deserialize)]
    struct Init {
        auth_token: String,
        #[serde(rename = "type")]
        kind: String,
        id_user: u64,
    }
    let init: Init = good(response)?.json()?;
    let token = match init.kind.as_str() {
        "permanent" => Given::Permanent(init.auth_token),
        "temporary" => Given::ToExchange(init.auth_token),
        _ => return Err(ProviderError::Malformed("a token of a kind that is not known here".into())),
    };
    Ok(Begun { user: init.id_user, token })
}

pub fn exchange_request(settings: &Settings, code: &str) -> Request {
    let body = json!({
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.expose_secret(),
        "code": code,
        "grant_type": "authorization_code",
    });
    post(settings, "auth/token/access", &body)
}

pub fn interpret_token(response: &Response) -> Result<String, ProviderError> {
    #[derive(Deserialize)]
    struct Token {
        access_token: String,
    }
    good(response)?.json().map(|token: Token| token.access_token)
}

/// Asks for a new token of a user; the old one, which other calls may be under way with, stays.
pub fn renew_request(settings: &Settings, user: u64) -> Request {
    let body = json!({
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.expose_secret(),
        "grant_type": "client_credentials",
        "id_user": user,
        "revoke_previous": false,
    });
    post(settings, "auth/renew", &body)
}

/// The new token; `None`: there is no such user.
pub fn interpret_renew(response: &Response) -> Result<Option<String>, ProviderError> {
    match response.status {
        404 => Ok(None),
        _ => interpret_token(response).map(Some),
    }
}

/// Asks for the code with which the hosted page knows the user.
pub fn code_request(settings: &Settings, token: &str) -> Request {
    Request::new(Method::Get, format!("{}/auth/token/code?type=singleAccess", settings.api_url)).bearer(token)
}

pub fn interpret_code(response: &Response) -> Result<String, ProviderError> {
    #[derive(Deserialize)]
    struct Code {
        code: String,
    }
    good(response)?.json().map(|code: Code| code.code)
}

/// Reads something of the user's.
pub fn read_request(settings: &Settings, token: &str, what: &str, parameters: &[(&str, &str)]) -> Request {
    let parameters = if parameters.is_empty() { String::new() } else { format!("?{}", query(parameters)) };
    Request::new(Method::Get, format!("{}/users/me/{what}{parameters}", settings.api_url)).bearer(token)
}

pub fn erase_request(settings: &Settings, token: &str) -> Request {
    Request::new(Method::Delete, format!("{}/users/me", settings.api_url)).bearer(token)
}

pub fn interpret_erase(response: &Response) -> Result<(), ProviderError> {
    good(response).map(|_| ())
}

/// The answer, if it is one to what was asked.
pub fn good(response: &Response) -> Result<&Response, ProviderError> {
    if (200..300).contains(&response.status) { Ok(response) } else { Err(refusal(response)) }
}

fn refusal(response: &Response) -> ProviderError {
    #[derive(Deserialize)]
    struct Refusal {
        code: String,
    }
    let code = response.json::<Refusal>().map(|refusal| refusal.code).unwrap_or_default();
    match (response.status, code.as_str()) {
        (429, _) | (401 | 403, _) | (500.., _) => response.refusal(),
        (_, "tooManySync") => ProviderError::RateLimited { after: TOO_OFTEN },
        (_, "websiteUnavailable") => ProviderError::Retryable("the bank's site is not available".into()),
        (_, "config" | "keymanager" | "forbidden") => {
            ProviderError::Config("it says that our settings are wrong".into())
        }
        (409, _) => ProviderError::Retryable("it is busy with the user".into()),
        _ => response.refusal(),
    }
}
