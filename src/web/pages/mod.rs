//! The customer's pages: `/j/{token}` is the journey, one address whose page follows from where the application stands;
//! `/plan/{token}` is the accepted plan. Server-rendered, without a build step: they work without scripts, and better with.
//!
//! Getting a page changes nothing. A [`form`] is sent to `/j/{token}/{step}` ([`act`]) or `/plan/{token}/{step}` ([`plan`]), and its
//! answer leads back to the page.

mod account;
mod act;
mod ends;
mod form;
mod journey;
pub(super) mod language;
mod layout;
mod parts;
mod plan;
mod seen;
#[cfg(test)]
mod tests;
mod words;
mod written;

use crate::domain::ids::ApplicationId;
use crate::domain::reason::Language;
use crate::engine::{Engine, Mailbox, Purpose, Refused};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use journey::{Note, Problem, Scene};
use layout::{ASSETS, DIGEST, Page};
use maud::html;
use seen::Seen;
use std::sync::Arc;
use words::Words;

/// The most parameters of an address that are looked at.
const MAX_PARAMETERS: usize = 10;

/// What serves pages.
#[derive(Clone)]
pub(super) struct Pages {
    engine: Arc<Engine>,
    mailbox: Mailbox,
}

/// What an address says beside its path.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    /// The language that was chosen.
    language: Option<Language>,
    /// What is told above the page.
    note: Option<Note>,
}

impl Asked {
    fn of(parameters: &[(String, String)]) -> Self {
        let find = |name: &str| {
            parameters.iter().take(MAX_PARAMETERS).find(|(given, _)| given == name).map(|(_, value)| value.as_str())
        };
        let note = find("note").and_then(|name| Note::ALL.into_iter().find(|note| note.name() == name));
        Self { language: find("lang").and_then(language::parse), note }
    }

    /// What links and forms carry on.
    fn carried(self) -> String {
        self.language.map_or(String::new(), |language| format!("?lang={}", language.code()))
    }

    /// The same with a note.
    fn with(self, note: Option<Note>) -> String {
        let language = self.language.map(|language| format!("lang={}", language.code()));
        let note = note.map(|note| format!("note={}", note.name()));
        let parts: Vec<_> = language.into_iter().chain(note).collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }
}

type Parameters = Query<Vec<(String, String)>>;

impl Pages {
    /// Pages of an engine. Called on the runtime that serves them.
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        let mailbox = engine.mailbox();
        Self { engine, mailbox }
    }

    /// The routes.
    pub(super) fn router(self) -> Router {
        Router::new()
            .route("/j/{token}", get(journey_page))
            .route("/j/{token}/state", get(journey_state))
            .route("/j/{token}/{step}", post(act::take).get(back_to_journey))
            .route("/plan/{token}", get(plan::page))
            .route("/plan/{token}/{step}", post(plan::take).get(back_to_plan))
            .route("/plan/{token}/receipt/{number}", get(plan::receipt))
            .route("/assets/{digest}/{name}", get(asset))
            .with_state(self)
    }

    fn is_https(&self) -> bool {
        self.engine.public_url().starts_with("https://")
    }

    fn send(&self, status: StatusCode, page: String) -> Response {
        layout::send(status, page, self.is_https())
    }

    /// The application whose page a token opens, as it stands; or the page that is shown instead.
    async fn open(&self, purpose: Purpose, token: &str, asked: Asked, headers: &HeaderMap) -> Result<Seen, Response> {
        let missing = |refused| self.missing(asked, headers, refused);
        let id = self.engine.read_token(purpose, token).ok_or_else(|| missing(Missing::Unknown))?;
        let now = self.engine.now();
        match Seen::read(&self.engine, id, now).await {
            Ok(seen) if seen.is_over(now) => Err(missing(Missing::Gone)),
            Ok(seen) => Ok(seen),
            Err(Refused::NotFound) => Err(missing(Missing::Unknown)),
            Err(_) => Err(missing(Missing::Later)),
        }
    }

    /// The page of an application.
    fn journey(&self, seen: &Seen, asked: Asked, headers: &HeaderMap, problem: Option<&Problem>) -> String {
        let language = asked.language.unwrap_or_else(|| language::of(&seen.applicant, headers));
        let policy = &self.engine.generation().policy;
        let scene = Scene {
            words: Words::of(language),
            base: &self.engine.page_path(Purpose::Journey, seen.id),
            query: &asked.carried(),
            storefront: policy.storefront(&seen.merchant),
            zone: policy.customer_zone(&seen.merchant, seen.applicant.country),
            now: self.engine.now(),
            seen,
            plan_path: &self.engine.page_path(Purpose::Plan, seen.id),
            note: asked.note,
            problem,
        };
        scene.render()
    }

    /// A page for whoever has none.
    pub(super) fn missing(
        &self,
        asked: impl Into<Option<Language>>,
        headers: &HeaderMap,
        missing: Missing,
    ) -> Response {
        let words = Words::of(asked.into().unwrap_or_else(|| language::browsers(headers)));
        let (status, title, text) = missing.says(words);
        let page = Page {
            words,
            base: "",
            storefront: None,
            title,
            refresh: None,
            watch: None,
            body: html! { div.card { h1 { (title) } p { (text) } } },
        };
        let mut response = self.send(status, page.render());
        if missing == Missing::Later {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }

    /// Leads to a page of an application.
    pub(super) fn lead(&self, purpose: Purpose, id: ApplicationId, query: &str) -> Response {
        self.see_other(&format!("{}{query}", self.engine.page_path(purpose, id)))
    }

    /// Somebody loads again what was sent: leads to the page that a token opens, which says where it stands.
    fn back(&self, purpose: Purpose, token: &str, asked: Asked, headers: &HeaderMap) -> Response {
        match self.engine.read_token(purpose, token) {
            Some(id) => self.lead(purpose, id, &asked.carried()),
            None => self.missing(asked, headers, Missing::Unknown),
        }
    }

    fn see_other(&self, path: &str) -> Response {
        // Paths are made here of what is printable.
        let Ok(place) = HeaderValue::from_str(path) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
        let response = (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response();
        layout::guarded(response, self.is_https())
    }
}

impl From<Asked> for Option<Language> {
    fn from(asked: Asked) -> Self {
        asked.language
    }
}

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Nobody gave out this link.
    Unknown,
    /// Its time is over.
    Gone,
    /// Not now.
    Later,
    /// More was sent than is read.
    TooLarge,
}

impl Missing {
    fn says(self, words: &Words) -> (StatusCode, &'static str, &'static str) {
        let words = &words.missing;
        match self {
            Self::Unknown => (StatusCode::NOT_FOUND, words.unknown, words.unknown_text),
            Self::Gone => (StatusCode::GONE, words.gone, words.gone_text),
            Self::Later => (StatusCode::SERVICE_UNAVAILABLE, words.later, words.later_text),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, words.too_large, words.too_large_text),
        }
    }
}

/// `GET /j/{token}`: the page.
async fn journey_page(
    State(pages): State<Pages>,
    Path(token): Path<String>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::of(&parameters);
    match pages.open(Purpose::Journey, &token, asked, &headers).await {
        Ok(seen) => pages.send(StatusCode::OK, pages.journey(&seen, asked, &headers, None)),
        Err(instead) => instead,
    }
}

/// `GET /j/{token}/state`: whether there is news, for a script.
async fn journey_state(State(pages): State<Pages>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    match pages.open(Purpose::Journey, &token, Asked::default(), &headers).await {
        Ok(seen) => {
            let told = serde_json::json!({ "version": seen.version, "state": seen.state.kind().name() });
            layout::guarded(Json(told).into_response(), pages.is_https())
        }
        Err(instead) => instead,
    }
}

/// `GET /j/{token}/{step}`
async fn back_to_journey(
    State(pages): State<Pages>,
    Path((token, _)): Path<(String, String)>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Response {
    pages.back(Purpose::Journey, &token, Asked::of(&parameters), &headers)
}

/// `GET /plan/{token}/{step}`
async fn back_to_plan(
    State(pages): State<Pages>,
    Path((token, _)): Path<(String, String)>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Response {
    pages.back(Purpose::Plan, &token, Asked::of(&parameters), &headers)
}

/// `GET /assets/{digest}/{name}`: what pages load.
async fn asset(Path((digest, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name).filter(|_| digest == *DIGEST) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let guards = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    (guards, asset.text).into_response()
}
