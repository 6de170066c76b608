//! The token under which everything is asked: got with our secret, good for some minutes.

use super::Settings;
use crate::domain::time::Timestamp;
use crate::provider::ProviderError;
use crate::provider::http::{Method, Request, Response};
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Mutex, PoisonError};

/// How long before its end a token is not used any more, in milliseconds.
const MARGIN_MS: i64 = 30_000;

/// A token that was just got.
pub struct Token {
    pub value: String,
    pub life_ms: i64,
}

/// The token at hand.
#[derive(Default)]
pub struct Tokens(Mutex<Option<Held>>);

struct Held {
    value: SecretString,
    from: Timestamp,
    until: Timestamp,
}

impl Tokens {
    /// The token, if there is one and `now` is within its time.
    pub fn held(&self, now: Timestamp) -> Option<String> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_ref().filter(|held| (held.from..held.until).contains(&now))?;
        Some(held.value.expose_secret().to_owned())
    }

    /// Keeps a token that was got at `now`.
    pub fn keep(&self, token: Token, now: Timestamp) {
        let until = now.plus_ms(token.life_ms - MARGIN_MS);
        let held = Held { value: token.value.into(), from: now, until };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
    }

    /// Drops this token, unless it is another by now.
    pub fn drop_one(&self, value: &str) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|held| held.value.expose_secret() == value) {
            *held = None;
        }
    }
}

pub fn request(settings: &Settings) -> Request {
    let url = format!("{}/auth/realms/customer-identity/protocol/openid-connect/token", settings.auth_url);
    Request::new(Method::Post, url).form(&[
        ("grant_type", "client_credentials"),
        ("client_id", &settings.client_id),
        ("client_secret", settings.client_secret.expose_secret()),
    ])
}

pub fn interpret(response: &Response) -> Result<Token, ProviderError> {
    #[derive(serde::Deserialize)]
    struct Granted {
        access_token: String,
        expires_in: i64,
    }
    match response.status {
        200 => {
            let granted: Granted = response.json()?;
            let life_ms = granted.expires_in.clamp(0, 86_400) * 1_000;
            Ok(Token { value: granted.access_token, life_ms })
        }
        400 => Err(ProviderError::Config("no token is granted to our name".into())),
        _ => Err(response.refusal()),
    }
}
