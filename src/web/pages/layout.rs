//! What is around every page, and what guards it.

use super::words::Words;
use crate::domain::decision::Digest;
use crate::domain::reason::Language;
use crate::domain::storefront::Storefront;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use std::sync::LazyLock;

/// What a page may load and where its forms may go: nothing but here.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Where the place of one more origin for forms is in it.
const FORM_PLACE: &str = "form-action 'self'";
/// How long browsers ask for nothing but https here, in seconds: a year.
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// A file that pages load. Its path holds a digest of it, so that it may be kept for ever.
pub struct Asset {
    /// The last part of its path.
    pub name: &'static str,
    /// Its type.
    pub kind: &'static str,
    /// What is in it.
    pub text: &'static str,
}

/// The files that pages load.
pub const ASSETS: [Asset; 3] = [
    Asset { name: "style.css", kind: "text/css; charset=utf-8", text: include_str!("style.css") },
    Asset { name: "page.js", kind: "text/javascript; charset=utf-8", text: include_str!("page.js") },
    Asset { name: "icon.svg", kind: "image/svg+xml", text: include_str!("icon.svg") },
];

/// The beginning of the digest of all of them.
pub static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<_> = ASSETS.iter().flat_map(|asset| asset.text.bytes()).collect();
    let mut digest = Digest::of(&all).to_string();
    digest.truncate(16);
    digest
});

fn asset(name: &str) -> String {
    format!("/assets/{}/{name}", *DIGEST)
}

/// A page.
pub struct Page<'a> {
    /// What it says.
    pub words: &'static Words,
    /// Its address without a query, for the choice of a language; `None`: where nobody knows whose page it is.
    pub base: &'a str,
    /// Whose shop it is for; `None`: nobody knows.
    pub storefront: Option<&'a Storefront>,
    /// Its heading.
    pub title: &'a str,
    /// Seconds until a browser without scripts loads it again by itself.
    pub refresh: Option<u32>,
    /// How a script finds out that there is news.
    pub watch: Option<Watch>,
    /// What stands in it.
    pub body: Markup,
}

/// How a script finds out that there is news.
pub struct Watch {
    /// Where to ask.
    pub state: String,
    /// What is known.
    pub version: usize,
    /// After how many seconds to ask first; then more and more seldom.
    pub first_seconds: u32,
}

impl Page<'_> {
    /// The page as it is sent.
    pub fn render(&self) -> String {
        let Self { words, base, storefront, title, refresh, watch, body } = self;
        let whole = match storefront {
            Some(shop) => format!("{title} – {}", shop.name),
            None => (*title).to_owned(),
        };
        let page = html! {
            (DOCTYPE)
            html lang=(words.language.code()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    title { (whole) }
                    link rel="stylesheet" href=(asset("style.css"));
                    link rel="icon" type="image/svg+xml" href=(asset("icon.svg"));
                    script src=(asset("page.js")) defer {}
                    @if let Some(seconds) = refresh {
                        noscript { meta http-equiv="refresh" content=(seconds); }
                    }
                }
                body {
                    a.skip href="#content" { (words.frame.skip) }
                    header.top {
                        p.shop { (storefront.map_or("", |shop| &shop.name)) }
                        nav aria-label=(words.frame.languages) { (languages(words.language, base)) }
                    }
                    main #content tabindex="-1"
                        data-watch=[watch.as_ref().map(|watch| &watch.state)]
                        data-version=[watch.as_ref().map(|watch| watch.version)]
                        data-first=[watch.as_ref().map(|watch| watch.first_seconds)] {
                        p #connection .note hidden role="status" data-lost=(words.waiting.lost) data-back=(words.waiting.back)
                            data-news=(words.waiting.news) data-reload=(words.frame.reload) {}
                        (body)
                    }
                    @if let Some(shop) = storefront { (footer(words, shop)) }
                }
            }
        };
        page.into_string()
    }
}

fn languages(spoken: Language, base: &str) -> Markup {
    html! {
        @for language in Language::ALL {
            @let words = Words::of(language);
            @if language == spoken {
                span aria-current="true" lang=(language.code()) { (words.name) }
            } @else {
                a href={ (base) "?lang=" (language.code()) } lang=(language.code()) hreflang=(language.code()) { (words.name) }
            }
        }
    }
}

fn footer(words: &Words, shop: &Storefront) -> Markup {
    let mail = format!("mailto:{}", shop.support_email);
    html! {
        footer {
            ul {
                li { a href=(shop.support_url.as_deref().unwrap_or(&mail)) { (words.frame.help) } }
                li { a href=(shop.privacy_url) { (words.frame.privacy) } }
                li { a href=(shop.terms_url) { (words.frame.terms) } }
            }
        }
    }
}

/// A page on its way, under its guards.
pub fn send(status: StatusCode, page: String, is_https: bool) -> Response {
    guarded((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response(), is_https)
}

/// A page on its way, one of whose forms leads on to another site in the end: browsers want to be told.
pub fn send_leading_to(url: &str, page: String, is_https: bool) -> Response {
    let mut response = send(StatusCode::OK, page, is_https);
    let policy = origin(url).map(|origin| CONTENT_POLICY.replace(FORM_PLACE, &format!("{FORM_PLACE} {origin}")));
    if let Some(policy) = policy.and_then(|policy| HeaderValue::from_str(&policy).ok()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The scheme, host and port of an address.
fn origin(url: &str) -> Option<&str> {
    let host = url.find("://")? + 3;
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |end| host + end);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b);
    Some(&url[..end]).filter(|_| end > host && url[host..end].bytes().all(plain))
}

/// What may be kept by nobody, shown in no frame and told to no other site.
pub fn guarded(mut response: Response, is_https: bool) -> Response {
    let guards: [(HeaderName, &'static str); 5] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT),
    ];
    for (name, value) in guards {
        if name != header::STRICT_TRANSPORT_SECURITY || is_https {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}
