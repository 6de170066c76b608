//! How the connection between a user and their bank stands.

use super::access::good;
use crate::provider::ProviderError;
use crate::provider::http::Response;
use jiff::civil::Date;
use serde::Deserialize;
use std::time::Duration;

/// When to ask again while the bank is read.
const SOON: Duration = Duration::from_secs(5);
/// When to ask again while the bank's site is out of order or asks for patience.
const LATER: Duration = Duration::from_secs(60);

/// How it stands.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is none yet.
    None,
    /// It is being read, or the bank is.
    Busy { retry_after: Duration },
    /// The customer has to do something on the page again.
    Customer { connection: u64 },
    /// These have been read, the one that is oldest on that day.
    Ready { connections: Vec<u64>, read_on: Date },
}

#[derive(Deserialize)]
struct Body {
    connections: Vec<Connection>,
}

#[derive(Deserialize)]
struct Connection {
    id: u64,
    state: Option<String>,
    last_update: Option<String>,
}

/// What one connection's state means.
enum Means {
    Ready(Date),
    Busy(Duration),
    Customer,
}

impl Connection {
    fn means(&self) -> Result<Means, ProviderError> {
        let Some(state) = &self.state else { return self.read_on() };
        match state.as_str() {
            "validating" | "decoupled" => Ok(Means::Busy(SOON)),
            "rateLimiting" | "websiteUnavailable" => Ok(Means::Busy(LATER)),
            "SCARequired"
            | "webauthRequired"
            | "additionalInformationNeeded"
            | "actionNeeded"
            | "passwordExpired"
            | "wrongpass" => Ok(Means::Customer),
            "bug" => Err(ProviderError::Retryable("it says that it has a bug with this bank".into())),
            _ => Err(ProviderError::Indeterminate("the connection's state is not known here".into())),
        }
    }

    /// No state means that all is well; but before the first reading there is nothing to have.
    fn read_on(&self) -> Result<Means, ProviderError> {
        let Some(text) = &self.last_update else { return Ok(Means::Busy(SOON)) };
        let date = text.get(..10).and_then(|day| day.parse().ok());
        date.map(Means::Ready).ok_or_else(|| ProviderError::Malformed("a time of last update that is none".into()))
    }
}

/// How the user's connections stand together: one that is ready will do.
pub fn interpret(response: &Response) -> Result<Standing, ProviderError> {
    let body: Body = good(response)?.json()?;
    let mut ready: Vec<(u64, Date)> = Vec::new();
    let (mut busy, mut customer, mut failed) = (None, None, None);
    for connection in &body.connections {
        match connection.means() {
            Ok(Means::Ready(date)) => ready.push((connection.id, date)),
            Ok(Means::Busy(after)) => busy = Some(busy.map_or(after, |other: Duration| other.min(after))),
            Ok(Means::Customer) => customer = Some(connection.id),
            Err(error) => failed = Some(error),
        }
    }
    if let Some(read_on) = ready.iter().map(|(_, date)| *date).min() {
        return Ok(Standing::Ready { connections: ready.into_iter().map(|(id, _)| id).collect(), read_on });
    }
    match (busy, customer, failed) {
        (Some(retry_after), _, _) => Ok(Standing::Busy { retry_after }),
        (None, Some(connection), _) => Ok(Standing::Customer { connection }),
        (None, None, Some(error)) => Err(error),
        (None, None, None) => Ok(Standing::None),
    }
}
