//! The hosted page on which the customer finds their bank, and how they come back from it.

use super::Settings;
use super::access::User;
use crate::provider::http::query;
use crate::provider::{Denial, Progress, ProviderError};

/// The page that makes the connection.
pub fn connect_url(settings: &Settings, user: &User, code: &str) -> String {
    url(settings, "connect", user, code, &[("max_connections", "1")])
}

/// The page that mends a connection.
pub fn reconnect_url(settings: &Settings, user: &User, code: &str, connection: u64) -> String {
    url(settings, "reconnect", user, code, &[("connection_id", &connection.to_string())])
}

fn url(settings: &Settings, what: &str, user: &User, code: &str, more: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("domain", settings.domain.as_str()),
        ("client_id", &settings.client_id),
        ("redirect_uri", &user.back),
        ("state", &user.state),
        ("code", code),
    ];
    fields.extend(more);
    format!("{}/{what}?{}", settings.webview_url, query(&fields))
}

/// What it means that the customer came back so; `None`: the connection must be asked for.
pub fn returned(parameters: &[(String, String)]) -> Result<Option<Progress>, ProviderError> {
    let error = parameters.iter().find(|(name, _)| name == "error").map(|(_, value)| value.as_str());
    match error {
        None => Ok(None),
        Some("access_denied" | "tos_declined") => Ok(Some(Progress::Denied(Denial::ByCustomer))),
        Some("session_expired") => Ok(Some(Progress::Expired)),
        Some("server_error") => Err(ProviderError::Retryable("its page failed".into())),
        Some(_) => Err(ProviderError::Indeterminate("its page ended in a way that is not known here".into())),
    }
}
