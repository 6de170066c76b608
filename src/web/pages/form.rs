//! Forms, whatever they ask for. The request's name follows from the application, the step and the version of the page, so
//! that a form that is sent twice is one request; whatever comes of it, the answer leads back to the page, which says where it
//! stands.

use super::journey::Note;
use super::seen::Seen;
use super::{Asked, Missing, Pages};
use crate::domain::decision::Digest;
use crate::domain::ids::{ApplicationId, RequestId};
use crate::engine::{self, Act, Answered, Caller, Given, Purpose, Refused};
use crate::journey::Input;
use crate::store::Subject;
use axum::body::{Body, to_bytes};
use axum::http::HeaderMap;
use axum::response::Response;
use std::time::{Duration, Instant};

/// How many bytes of a form are read.
pub(super) const SHORT: usize = 4 << 10;
/// How many of one with a person's words in it.
pub(super) const WITH_A_STATEMENT: usize = 8 << 10;
/// The most fields of a form that are looked at.
const MAX_FIELDS: usize = 10;
/// How long a browser waits for what a provider says at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// The fields of a form.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    fn parse(bytes: &[u8]) -> Self {
        let fields = form_urlencoded::parse(bytes).take(MAX_FIELDS);
        Self(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A field; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }

    /// The version of the page that it stood on; `None`: of no page that there has been.
    fn version(&self, newest: usize) -> Option<usize> {
        let version = Some(self.get("version")).filter(|text| text.len() <= 6).and_then(|text| text.parse().ok());
        version.filter(|version| (1..=newest).contains(version))
    }
}

/// A form that a customer sent.
pub(super) struct Sent {
    /// The application as it stands.
    pub seen: Seen,
    /// What was filled in.
    pub form: Form,
    /// The version of the page that it stood on.
    pub version: usize,
}

impl Pages {
    /// Reads a form that was sent to the page which a token opens; or the page that is shown instead.
    pub(super) async fn sent(
        &self,
        purpose: Purpose,
        token: &str,
        asked: Asked,
        headers: &HeaderMap,
        body: Body,
        room: usize,
    ) -> Result<Sent, Response> {
        let seen = self.open(purpose, token, asked, headers).await?;
        // Nobody but whoever has the link gets as far as a body being read.
        let bytes = to_bytes(body, room).await.map_err(|_| self.missing(asked, headers, Missing::TooLarge))?;
        let form = Form::parse(&bytes);
        let version = form.version(seen.version).ok_or_else(|| self.stale(purpose, seen.id, asked))?;
        Ok(Sent { seen, form, version })
    }

    /// Sends a step on its way, under a name that follows from the page.
    pub(super) async fn send_act(
        &self,
        seen: &Seen,
        name: &str,
        content: Digest,
        input: Input,
        given: Option<Given>,
        subject: Option<Subject>,
    ) -> Result<Answered, Refused> {
        let act = Act {
            request_id: RequestId::parse(name).map_err(|_| Refused::NotFound)?,
            content,
            application: seen.id.0,
            occurred_at: None,
            input,
            given,
            subject,
        };
        let caller = Caller { merchant: seen.merchant.clone(), actor: engine::BROWSER.into() };
        self.engine.act(caller, act, Instant::now() + PATIENCE, &self.mailbox).await
    }

    /// Back to the page: it was another when the form was filled in.
    pub(super) fn stale(&self, purpose: Purpose, id: ApplicationId, asked: Asked) -> Response {
        self.lead(purpose, id, &asked.with(Some(Note::Moved)))
    }

    /// What is answered where a step was refused.
    pub(super) fn not_done(
        &self,
        purpose: Purpose,
        refused: &Refused,
        id: ApplicationId,
        asked: Asked,
        headers: &HeaderMap,
    ) -> Response {
        match refused {
            Refused::Forbidden(_) | Refused::RequestIdReused => self.stale(purpose, id, asked),
            Refused::NotFound => self.missing(asked, headers, Missing::Unknown),
            _ => self.missing(asked, headers, Missing::Later),
        }
    }
}
