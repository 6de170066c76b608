//! The calls that were made, without anything personal: for stories to assert what reached a provider, and that an effect
//! that is repeated carries the same name.

use super::Mock;
use super::answer::{About, Answer};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use std::collections::VecDeque;

/// How many calls are remembered; the oldest give way.
const MOST: usize = 10_000;

/// How much of a name is remembered: names of attempts have no more.
const MOST_CHARS: usize = 64;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Who was called: `twilio_verify`, `idcheck` or `powens`.
    pub provider: &'static str,
    /// The method.
    pub method: String,
    /// The path, with names in braces for what varies.
    pub path: String,
    /// What it was about: the name of the attempt, or at Powens of the user; empty: unknown, or nothing in particular.
    pub about: String,
    /// The status that it was answered with, whether that arrived or not.
    pub status: u16,
}

/// Those that are remembered.
#[derive(Default)]
pub struct Calls(VecDeque<Recorded>);

impl Calls {
    fn add(&mut self, call: Recorded) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(call);
    }
}

impl Mock {
    /// The calls that were made so far, the oldest first.
    pub fn calls(&self) -> Vec<Recorded> {
        self.state().calls.0.iter().cloned().collect()
    }

    /// Takes the calls that were made since they were last taken.
    pub fn take_calls(&self) -> Vec<Recorded> {
        std::mem::take(&mut self.state().calls.0).into()
    }
}

/// Records a call and its answer.
pub async fn record(State(mock): State<Mock>, path: MatchedPath, request: Request, next: Next) -> Response {
    let method = request.method().as_str().to_owned();
    let (provider, path) = split(path.as_str());
    let answer = next.run(request).await;
    let about = answer.extensions().get::<About>().map(|about| about.0.chars().take(MOST_CHARS).collect());
    let about = about.unwrap_or_default();
    mock.state().calls.add(Recorded { provider, method, path, about, status: answer.status().as_u16() });
    answer
}

/// The provider and the path as the provider knows it.
fn split(path: &str) -> (&'static str, String) {
    use crate::provider::{bank::powens, identity::idcheck, sms::twilio_verify};
    for (start, name) in [("/twilio", twilio_verify::NAME), ("/idcheck", idcheck::NAME), ("/powens", powens::NAME)] {
        if let Some(rest) = path.strip_prefix(start) {
            return (name, rest.to_owned());
        }
    }
    ("", path.to_owned())
}

/// `GET /admin/calls`.
pub async fn list(State(mock): State<Mock>) -> Answer {
    Answer::json(200, &serde_json::json!(mock.calls()))
}
