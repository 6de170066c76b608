//! What comes in from providers' sides: their notices, and customers' browsers on their way back from a page.

use crate::domain::decision::DigestWriter;
use crate::domain::ids::RequestId;
use crate::engine::{self, Act, Caller, Engine, Given, Mailbox, Refused};
use crate::journey::Input;
use crate::provider::{Notice, NoticeError};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::{DOCTYPE, html};
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
}

/// The routes. Called on the runtime that serves them.
pub(super) fn router(engine: Arc<Engine>) -> Router {
    let mailbox = engine.mailbox();
    Router::new()
        .route("/webhooks/{provider}/{secret}", post(notice))
        .route(engine::RETURN_PATH, get(came_back))
        .with_state(Doors { engine, mailbox })
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

/// A browser that comes back.
async fn came_back(
    State(doors): State<Doors>,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Response {
    let words = Words::of(&headers);
    let (status, title, text) = match doors.take(parameters).await {
        Ok(()) => (StatusCode::OK, words.thanks, words.go_on),
        Err(Refused::NotFound) => (StatusCode::NOT_FOUND, words.unknown, words.begin_again),
        // Whoever comes twice has come.
        Err(Refused::Forbidden(_) | Refused::RequestIdReused) => (StatusCode::OK, words.over, words.go_on),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, words.later, words.reload),
    };
    let page = html! {
        (DOCTYPE)
        html lang=(words.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) }
            }
            body { main { h1 { (title) } p { (text) } } }
        }
    };
    let guards = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, guards, page.into_string()).into_response()
}

impl Doors {
    /// Takes in what came back with a browser.
    async fn take(&self, parameters: Vec<(String, String)>) -> Result<(), Refused> {
        let (most, longest) = MAX_PARAMETERS;
        let bounded = parameters.len() <= most && parameters.iter().all(|(n, v)| n.len() + v.len() <= longest);
        let state = parameters.iter().find(|(name, _)| name == "state").filter(|_| bounded);
        let (id, attempt) = state.and_then(|(_, state)| self.engine.returned(state)).ok_or(Refused::NotFound)?;
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

/// What the page says, in the browser's language.
struct Words {
    language: &'static str,
    thanks: &'static str,
    go_on: &'static str,
    over: &'static str,
    unknown: &'static str,
    begin_again: &'static str,
    later: &'static str,
    reload: &'static str,
}

const EN: Words = Words {
    language: "en",
    thanks: "Thank you",
    go_on: "You can go back to the shop: it knows how your purchase goes on.",
    over: "This step is over",
    unknown: "This page is not there",
    begin_again: "Its link is wrong or too old. Go back to the shop.",
    later: "Not now",
    reload: "Something is being mended. Load this page again in a moment.",
};

const FR: Words = Words {
    language: "fr",
    thanks: "Merci",
    go_on: "Vous pouvez retourner à la boutique : elle sait comment votre achat se poursuit.",
    over: "Cette étape est terminée",
    unknown: "Cette page n'existe pas",
    begin_again: "Son lien est faux ou trop ancien. Retournez à la boutique.",
    later: "Pas maintenant",
    reload: "Un incident est en cours de résolution. Rechargez cette page dans un instant.",
};

impl Words {
    fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if wanted.trim_start().to_ascii_lowercase().starts_with("fr") { FR } else { EN }
    }
}
