//! The page on which caught mails are read. What a mail holds is shown in a frame without scripts, forms or anything loaded.

use super::{Catcher, Caught};
use crate::mock::page::frame;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};

/// For pages of the catcher's own.
const OWN: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'";
/// For what a mail holds: its links may leave the frame when they are clicked, and nothing else.
const THEIRS: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
    frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation";
const SANDBOX: &str = "allow-top-navigation-by-user-activation";

pub(super) fn router(catcher: Catcher) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/clear", post(clear))
        .route("/mails.json", get(json).delete(forget))
        .route("/mails/{id}", get(mail))
        .route("/mails/{id}/html", get(html_part))
        .route("/mails/{id}/text", get(text_part))
        .route("/mails/{id}/source", get(source))
        .with_state(catcher)
}

fn send(kind: &'static str, policy: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, body.into()).into_response()
}

fn page(title: &str, body: &Markup) -> Response {
    send("text/html; charset=utf-8", OWN, frame(title, body))
}

fn gone() -> Response {
    (StatusCode::NOT_FOUND, page("This mail is not there", &html! { p { a href="/" { "All mails" } } })).into_response()
}

/// `GET /`: the mails, the latest first.
async fn list(State(catcher): State<Catcher>) -> Response {
    let mails = catcher.mails();
    let body = html! {
        @if mails.is_empty() {
            p { "Nothing has been caught yet." }
        } @else {
            table {
                thead { tr { th scope="col" { "No." } th scope="col" { "Subject" } th scope="col" { "To" } } }
                tbody { @for mail in mails.iter().rev() { tr {
                    td { (mail.id) }
                    td { a href={ "/mails/" (mail.id) } { (titled(mail)) } }
                    td { (mail.to.join(", ")) }
                } } }
            }
            form method="post" action="/clear" { p { button { "Forget all" } } }
        }
    };
    page("Caught mails", &body)
}

fn titled(mail: &Caught) -> &str {
    if mail.subject.is_empty() { "(no subject)" } else { &mail.subject }
}

/// `GET /mails/{id}`: one mail.
async fn mail(State(catcher): State<Catcher>, Path(id): Path<u64>) -> Response {
    let Some(mail) = catcher.find(id) else { return gone() };
    let at = format!("/mails/{id}");
    let body = html! {
        p { a href="/" { "All mails" } " · " a href={ (at) "/text" } { "Text" } " · " a href={ (at) "/source" } { "Source" } }
        p { "From " (mail.sender) ", to " (mail.to.join(", ")) }
        iframe title="The mail" src={ (at) "/html" } sandbox=(SANDBOX) style="width:100%;height:70vh;border:1px solid #888" {}
    };
    page(titled(&mail), &body)
}

/// `GET /mails/{id}/html`: the HTML part, whose links open in place of the page around it.
async fn html_part(State(catcher): State<Catcher>, Path(id): Path<u64>) -> Response {
    let Some(mail) = catcher.find(id) else { return gone() };
    let html = mail.html.replacen("<head>", "<head><base target=\"_top\">", 1);
    send("text/html; charset=utf-8", THEIRS, html)
}

/// `GET /mails/{id}/text`: the text part.
async fn text_part(State(catcher): State<Catcher>, Path(id): Path<u64>) -> Response {
    catcher.find(id).map_or_else(gone, |mail| send("text/plain; charset=utf-8", THEIRS, mail.text))
}

/// `GET /mails/{id}/source`: the mail as it came.
async fn source(State(catcher): State<Catcher>, Path(id): Path<u64>) -> Response {
    catcher.find(id).map_or_else(gone, |mail| send("text/plain; charset=utf-8", THEIRS, mail.source))
}

/// `GET /mails.json`: all mails, the oldest first.
async fn json(State(catcher): State<Catcher>) -> Response {
    axum::Json(catcher.mails()).into_response()
}

/// `DELETE /mails.json`: forgets all mails.
async fn forget(State(catcher): State<Catcher>) -> StatusCode {
    catcher.clear();
    StatusCode::NO_CONTENT
}

/// `POST /clear`: the same, for a person.
async fn clear(State(catcher): State<Catcher>) -> Redirect {
    catcher.clear();
    Redirect::to("/")
}
