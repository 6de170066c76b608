//! What comes in from providers' sides: their notices, and customers' browsers on their way back from a page.

use super::pages::{Missing, Pages};
use crate::domain::decision::DigestWriter;
use crate::domain::ids::{ApplicationId, RequestId};
use crate::engine::{self, Act, Caller, Engine, Given, Mailbox, Purpose, Refused};
use crate::journey::Input;
use crate::provider::{Notice, NoticeError};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{get, post};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The largest notice that is read, in bytes: those of banks hold transactions, which nobody looks at here.
const MAX_NOTICE_BYTES: usize = 2 << 20;
/// The most headers of a notice that are looked at.
const MAX_HEADERS: usize = 64;
/// The most parameters that come back from a page, and the longest of them.
const MAX_PARAMETERS: (usize, usize) = (20, 2_048);
/// How long a browser waits for its page.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Doors {
    engine: Arc<Engine>,
    mailbox: Mailbox,
    pages: Pages,
}

/// The routes. Called on the runtime that serves them.
pub(super) fn router(engine: Arc<Engine>, pages: Pages) -> Router {
    let mailbox = engine.mailbox();
    Router::new()
        .route("/webhooks/{provider}/{secret}", post(notice))
        .route(engine::RETURN_PATH, get(came_back))
        .with_state(Doors { engine, mailbox, pages })
}

/// A notice: whatever it says, the provider is asked. One that tells nothing new is answered as well as any.
async fn notice(
    State(Doors { engine, .. }): State<Doors>,
    Path((provider, _)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> StatusCode {
    // Nobody but a provider gets as far as a body being read.
    if uri.path() != engine.notice_path(&provider) {
        return StatusCode::NOT_FOUND;
    }
    let Ok(body) = axum::body::to_bytes(body, MAX_NOTICE_BYTES).await else { return StatusCode::PAYLOAD_TOO_LARGE };
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<_> =
        headers.iter().take(MAX_HEADERS).map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let notice = Notice { path: uri.path(), headers: &headers, body: &body, now: engine.now() };
    match engine.notice(&provider, &notice) {
        Ok(()) | Err(NoticeError::Irrelevant) => StatusCode::OK,
        Err(NoticeError::Forged) => {
            tracing::warn!(provider, "a notice is not signed as the provider signs, or is too old");
            StatusCode::FORBIDDEN
        }
        Err(NoticeError::Malformed) => StatusCode::BAD_REQUEST,
    }
}

/// A browser that comes back: the journey's page says where it stands.
async fn came_back(
    State(doors): State<Doors>,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Response {
    let back = doors.returned(&parameters);
    match (back, doors.take(parameters).await) {
        // Whoever comes twice has come.
        (Some((id, _)), Ok(()) | Err(Refused::Forbidden(_) | Refused::RequestIdReused)) => {
            doors.pages.lead(Purpose::Journey, id, "")
        }
        (None, _) | (_, Err(Refused::NotFound)) => doors.pages.missing(None, &headers, Missing::Unknown),
        _ => doors.pages.missing(None, &headers, Missing::Later),
    }
}

impl Doors {
    /// Whose attempt's page a browser comes back from; `None`: we never gave that out.
    fn returned(&self, parameters: &[(String, String)]) -> Option<(ApplicationId, u32)> {
        let (most, longest) = MAX_PARAMETERS;
        let bounded = parameters.len() <= most && parameters.iter().all(|(n, v)| n.len() + v.len() <= longest);
        let (_, state) = parameters.iter().find(|(name, _)| name == "state").filter(|_| bounded)?;
        self.engine.returned(state)
    }

    /// Takes in what came back with a browser.
    async fn take(&self, parameters: Vec<(String, String)>) -> Result<(), Refused> {
        let (id, attempt) = self.returned(&parameters).ok_or(Refused::NotFound)?;
        let merchant = self.engine.merchant_of(id).await?;
        let mut digest = DigestWriter::default();
        for (name, value) in &parameters {
            digest.update(&self.engine.keyed_hash(name, value).to_le_bytes());
        }
        let content = digest.finish();
        // A page that is loaded again is the same request. Whoever makes parameters up has sixteen names to use up for each
        // attempt; names are the merchant's, so the application's stands in them.
        let name = format!("return-{id}-{attempt}-{}", &content.to_string()[..1]);
        let act = Act {
            request_id: RequestId::parse(&name).map_err(|_| Refused::NotFound)?,
            content,
            application: id.0,
            occurred_at: None,
            input: Input::Return { attempt },
            given: Some(Given::Returned(parameters)),
            subject: None,
        };
        let caller = Caller { merchant, actor: engine::BROWSER.into() };
        self.engine.act(caller, act, Instant::now() + PATIENCE, &self.mailbox).await.map(|_| ())
    }
}
