//! What the mock answers, and what goes wrong on the way. What goes wrong is a note on the answer: a server on a socket
//! plays it in real time, the transport within the process tells its end at once.

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::time::Duration;

/// What goes wrong with an answer after the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It comes after so long.
    Slow(Duration),
    /// The connection breaks instead.
    Reset,
}

/// What a call was about, as a note on its answer: an attempt or a user, nothing personal.
#[derive(Debug, Clone)]
pub struct About(pub String);

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    fault: Option<Fault>,
    about: Option<About>,
}

impl Answer {
    /// With JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// With a page.
    pub fn page(status: u16, body: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", body)
    }

    /// Without anything.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), fault: None, about: None }
    }

    /// Leads the browser somewhere else.
    pub fn see_other(url: &str) -> Self {
        Self::empty(303).header("location", url)
    }

    fn new(status: u16, kind: &str, body: String) -> Self {
        Self { status, headers: vec![("content-type", kind.into())], body, fault: None, about: None }
    }

    /// With a header more.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With something that goes wrong.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// With what the call was about.
    pub fn about(mut self, name: &str) -> Self {
        self.about = Some(About(name.to_owned()));
        self
    }

    /// Half of it.
    pub fn cut(mut self) -> Self {
        let half = (0..=self.body.len() / 2).rev().find(|at| self.body.is_char_boundary(*at)).unwrap_or(0);
        self.body.truncate(half);
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(fault) = self.fault {
            response.extensions_mut().insert(fault);
        }
        if let Some(about) = self.about {
            response.extensions_mut().insert(about);
        }
        response
    }
}

/// Plays on a socket what goes wrong.
pub async fn play(response: Response) -> Response {
    match response.extensions().get::<Fault>().copied() {
        None => response,
        Some(Fault::Slow(time)) => {
            tokio::time::sleep(time).await;
            response
        }
        // A body that fails before its first byte ends the connection without an answer.
        Some(Fault::Reset) => {
            let broken = std::io::Error::other("the connection breaks, as was asked for");
            response.map(|_| Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>(broken)])))
        }
    }
}
