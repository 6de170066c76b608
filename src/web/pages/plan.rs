//! `GET /plan/{token}`: the accepted plan.

use super::layout::Page;
use super::seen::accepted;
use super::words::Words;
use super::{Asked, Missing, Pages, Parameters, language, parts};
use crate::engine::Purpose;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::html;

/// `GET /plan/{token}`.
pub(super) async fn page(
    State(pages): State<Pages>,
    Path(token): Path<String>,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::of(&parameters);
    let seen = match pages.open(Purpose::Plan, &token, asked, &headers).await {
        Ok(seen) => seen,
        Err(instead) => return instead,
    };
    let Some(plan) = accepted(&seen.state) else { return pages.missing(asked, &headers, Missing::Unknown) };
    let words = Words::of(asked.language.unwrap_or_else(|| language::of(&seen.applicant, &headers)));
    let page = Page {
        words,
        base: &pages.engine.page_path(Purpose::Plan, seen.id),
        storefront: Some(pages.engine.generation().policy.storefront(&seen.merchant)),
        title: words.how.schedule,
        refresh: None,
        watch: None,
        body: html! { div.card { h1 { (words.how.schedule) } (parts::schedule(words, plan)) } },
    };
    pages.send(StatusCode::OK, page.render())
}
