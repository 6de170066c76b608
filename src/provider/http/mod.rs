//! HTTP apart from what it means. An adapter makes a [`Request`] and reads a [`Response`], both plain values and both
//! testable without a socket; a [`Transport`] carries them; the [`Executor`] says when, how often and how long.

pub mod breaker;
mod client;
mod executor;
mod retry;

pub use client::{Client, ClientError};
pub use executor::{BREAKER_OPEN, CALL_SECONDS, Executor, Limits, Safe};
pub use retry::Retry;

use super::ProviderError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

/// The largest answer that is read.
pub const MAX_BODY_BYTES: usize = 4 << 20;
/// When to try again where a provider that takes no more calls does not say.
const UNSAID: Duration = Duration::from_secs(1);

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Does something.
    Post,
    /// Removes.
    Delete,
}

impl Method {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request, whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What it does.
    pub method: Method,
    /// Where to.
    pub url: String,
    /// Its headers; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: Vec::new() }
    }

    /// With a header more.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a name and a password.
    pub fn basic(self, name: &str, password: &str) -> Self {
        self.header("authorization", format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))
    }

    /// With a token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With a form as its body.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.body = query(fields).into_bytes();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// With JSON as its body.
    pub fn json(mut self, value: &serde_json::Value) -> Self {
        self.body = value.to_string().into_bytes();
        self.header("content-type", "application/json")
    }
}

/// Holds secrets and personal data: says what it does, and no more.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} …)", self.method.name())
    }
}

/// An answer, whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON. The error says where it is wrong and shows nothing of what stands there.
    pub fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, ProviderError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let kind = match error.classify() {
                serde_json::error::Category::Data => "other fields than expected",
                _ => "no JSON",
            };
            let (line, column) = (error.line(), error.column());
            ProviderError::Malformed(format!("{kind} at line {line}, column {column} of an answer {}", self.status))
        })
    }

    /// What a status means that the adapter knows nothing more of.
    pub fn refusal(&self) -> ProviderError {
        let status = self.status;
        match status {
            401 | 403 => ProviderError::Config(format!("it answers {status} to our credentials")),
            408 | 425 => ProviderError::Retryable(format!("it answers {status}")),
            429 => ProviderError::RateLimited { after: retry::after(self).unwrap_or(UNSAID) },
            500..=599 => ProviderError::Retryable(format!("it answers {status}")),
            200..=299 => ProviderError::Malformed(format!("it answers {status}, which is not foreseen")),
            _ => ProviderError::Permanent(format!("it answers {status}")),
        }
    }
}

/// Holds personal data: says the status, and no more.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} …)", self.status)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nobody was reached: the provider knows nothing of it.
    #[error("it cannot be reached")]
    Unreached,
    /// The answer did not come in time. What was asked may have been done.
    #[error("it did not answer in time")]
    Timeout,
    /// The connection broke. What was asked may have been done.
    #[error("the connection broke")]
    Broken,
    /// The answer is larger than [`MAX_BODY_BYTES`].
    #[error("its answer is too large")]
    TooLarge,
    /// The address is none, or a header cannot be sent.
    #[error("the request cannot be sent as it is")]
    Unsendable,
}

/// What a transport will bring back.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response, TransportError>> + Send + 'a>>;

/// What carries requests.
pub trait Transport: Send + Sync {
    /// Sends one request, once, and never follows where an answer leads.
    fn send<'a>(&'a self, request: &'a Request, timeout: Duration) -> Sending<'a>;

    /// Waits before the next try.
    fn pause(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// Names and values as a query or a form.
pub fn query(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status, headers, body: body.into() }
    }

    #[test]
    fn requests_are_written_as_the_wire_wants_them() {
        let request =
            Request::new(Method::Post, "http://x.test/a").basic("ada", "pw").form(&[("To", "+33 6&"), ("b", "")]);
        assert_eq!(request.body, b"To=%2B33+6%26&b=");
        assert_eq!(request.headers[0].1, "Basic YWRhOnB3");
        assert_eq!(format!("{request:?}"), "Request(POST …)");
    }

    #[test]
    fn a_status_means_the_same_everywhere() {
        for (status, name) in [
            (200, "malformed"),
            (302, "permanent"),
            (400, "permanent"),
            (401, "config"),
            (403, "config"),
            (404, "permanent"),
            (408, "retryable"),
            (429, "rate_limited"),
            (500, "retryable"),
            (503, "retryable"),
        ] {
            assert_eq!(answer(status, &[], "").refusal().name(), name, "{status}");
        }
        let limited = answer(429, &[("retry-after", "7")], "").refusal();
        assert_eq!(limited, ProviderError::RateLimited { after: Duration::from_secs(7) });
    }

    #[test]
    fn errors_show_nothing_of_the_answer() {
        #[derive(Debug, serde::Deserialize)]
        struct Id {
            #[expect(dead_code, reason = "only its type matters")]
            id: u32,
        }
        for (body, says) in [("{\"id\":\"Martin\"}", "other fields"), ("Martin", "no JSON"), ("{\"id\":", "no JSON")] {
            let error = answer(200, &[], body).json::<Id>().unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains("Martin"), "{error}");
        }
    }
}
