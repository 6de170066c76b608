//! What the shop answers. Every page works without scripts; what changes something is a form that is posted, and leads back to
//! a page.

use super::clock::Clockwork;
use super::form::{Asked, Entered};
use super::gateway::{Gateway, read_application};
use super::hooks::Secret;
use super::orders::{Heard, Order, Orders};
use super::pages::{self, Frame, Said};
use super::stories::Story;
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::rpc::client::CallError;
use crate::rpc::proto;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use serde::Deserialize;
use std::io;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// The largest request that is read, in bytes.
const MOST_BYTES: usize = 256 << 10;
/// Milliseconds in a minute.
const MINUTE_MS: i64 = 60_000;
/// What a page may load and where its forms may go. From a form a browser may be led on to the customer's pages.
const CONTENT_POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

/// What is around the shop: where a newcomer finds the rest.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The shop itself, without a slash at the end.
    pub shop: String,
    /// The customers' pages.
    pub pages: String,
    /// The mails that were caught; `None`: nobody catches any.
    pub mails: Option<String>,
    /// The mock of the providers.
    pub providers: String,
    /// The server's gRPC.
    pub server: String,
}

/// The shop.
pub struct Shop {
    pub(super) gateway: Gateway,
    pub(super) clock: Arc<Clockwork>,
    pub(super) around: Surroundings,
    pub(super) orders: Orders,
    /// Nothing is charged twice.
    pub(super) charging: Mutex<()>,
    secret: Option<Secret>,
}

impl Shop {
    /// A shop without orders. `secret` is what messages to it are signed under, as it was shown; without, it takes none.
    pub fn new(gateway: Gateway, clock: Arc<Clockwork>, around: Surroundings, secret: Option<&str>) -> Self {
        let secret = secret.and_then(Secret::parse);
        Self { gateway, clock, around, orders: Orders::default(), charging: Mutex::new(()), secret }
    }

    fn frame(&self, path: &str) -> Frame<'_> {
        Frame { now: self.clock.now(), next: self.clock.next_due(), around: &self.around, path: path.to_owned() }
    }

    fn order_url(&self, reference: &str) -> String {
        format!("{}/orders/{reference}", self.around.shop)
    }

    /// Sends an order; the application that it became.
    async fn order(&self, entered: &Entered) -> Result<proto::Application, CallError> {
        let now = self.clock.now();
        if let Some((request, basket)) = entered.earlier(now).zip(entered.story().before) {
            let reference = entered.earlier_reference();
            self.orders.add(Order::new(reference.clone(), basket, true));
            self.send(&reference, &request).await?;
        }
        let reference = entered.reference();
        self.orders.add(Order::new(reference.clone(), entered.story().basket, entered.card_works()));
        self.send(&reference, &entered.request(&self.order_url(&reference), now)).await
    }

    async fn send(&self, reference: &str, request: &serde_json::Value) -> Result<proto::Application, CallError> {
        let answer = self.gateway.decide(request).await;
        match &answer {
            Ok(application) => {
                self.orders.change(reference, |order| order.application_id.clone_from(&application.application_id));
            }
            Err(_) => self.orders.forget(reference),
        }
        answer
    }
}

type Shared = State<Arc<Shop>>;

/// Serves until the future is dropped.
pub async fn serve(listener: TcpListener, shop: Arc<Shop>) -> io::Result<()> {
    let router = Router::new()
        .route("/", get(home))
        .route("/checkout", get(checkout))
        .route("/orders", post(place))
        .route("/orders/{reference}", get(order))
        .route("/orders/{reference}/card", post(change_order_card))
        .route("/card", get(card_page))
        .route("/clock", post(set_clock))
        .route("/hooks", post(hear))
        .route("/help", get(|shop: Shared| said(shop, Said::Help)))
        .route("/privacy", get(|shop: Shared| said(shop, Said::Privacy)))
        .route("/terms", get(|shop: Shared| said(shop, Said::Terms)))
        .route("/style.css", get(style))
        .fallback(|shop: Shared| async move { missing(&shop.0) })
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::map_response(guard))
        .with_state(shop);
    axum::serve(listener, router).await
}

async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}

fn page(status: StatusCode, html: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], pages::STYLE).into_response()
}

async fn home(State(shop): Shared) -> Response {
    page(StatusCode::OK, pages::home(&shop.frame("/"), &shop.orders.newest(10)))
}

async fn said(State(shop): Shared, what: Said) -> Response {
    page(StatusCode::OK, pages::said(&shop.frame(what.path()), what))
}

fn missing(shop: &Shop) -> Response {
    page(StatusCode::NOT_FOUND, pages::said(&shop.frame("/"), Said::Missing))
}

async fn checkout(State(shop): Shared, Query(asked): Query<Asked>) -> Response {
    let Some(number) = asked.number else {
        // The address holds the number of the purchase, so that going back leads to the same one.
        let mut random = [0; 4];
        if let Err(error) = getrandom::fill(&mut random) {
            return trouble(&shop, &format!("the operating system gives no random numbers: {error}"));
        }
        return Redirect::to(&asked.address(u32::from_le_bytes(random))).into_response();
    };
    let entered = Entered::prefilled(&asked, number);
    show_checkout(&shop, StatusCode::OK, &entered, &[]).await
}

/// The checkout, with the plans and their schedules as the server quotes them.
async fn show_checkout(shop: &Shop, status: StatusCode, entered: &Entered, wrong: &[String]) -> Response {
    match shop.gateway.quotes(entered.story().basket.amount_minor, &entered.country).await {
        Ok(quotes) => page(status, pages::checkout(&shop.frame(&entered.address()), entered, &quotes, wrong)),
        // A country that is none: the plans are those of the story's.
        Err(CallError::Refused(_)) if !wrong.is_empty() => {
            let country = Story::named(&entered.story).person.country;
            let quotes = shop.gateway.quotes(entered.story().basket.amount_minor, country).await.unwrap_or_default();
            page(status, pages::checkout(&shop.frame(&entered.address()), entered, &quotes, wrong))
        }
        Err(error) => trouble(shop, &error.to_string()),
    }
}

/// Something that the shop can do nothing about.
fn trouble(shop: &Shop, what: &str) -> Response {
    page(StatusCode::BAD_GATEWAY, pages::trouble(&shop.frame("/"), what))
}

async fn place(State(shop): Shared, Form(entered): Form<Entered>) -> Response {
    let reference = entered.reference();
    if let Some(order) = shop.orders.get(&reference).filter(|order| !order.application_id.is_empty()) {
        return Redirect::to(&format!("/orders/{}", order.reference)).into_response();
    }
    let application = match shop.order(&entered).await {
        Ok(application) => application,
        Err(error) => {
            let refused = error.refused();
            let fields = refused.as_ref().map(|refused| refused.fields.clone()).unwrap_or_default();
            return match fields.is_empty() {
                true => trouble(&shop, &error.to_string()),
                false => show_checkout(&shop, StatusCode::UNPROCESSABLE_ENTITY, &entered, &fields).await,
            };
        }
    };
    let is_accepted = application.state() == proto::State::Accepted;
    if is_accepted || application.journey_url.is_empty() {
        Redirect::to(&format!("/orders/{reference}")).into_response()
    } else {
        Redirect::to(&application.journey_url).into_response()
    }
}

async fn order(State(shop): Shared, Path(reference): Path<String>) -> Response {
    let Some(order) = shop.orders.get(&reference) else { return missing(&shop) };
    if order.application_id.is_empty() {
        return missing(&shop);
    }
    match shop.gateway.look(&order.application_id).await {
        Ok(application) => {
            let frame = shop.frame(&format!("/orders/{reference}"));
            page(StatusCode::OK, pages::order(&frame, &order, &application))
        }
        Err(error) => trouble(&shop, &error.to_string()),
    }
}

/// Whether a card can be charged.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Card {
    card: String,
}

impl Card {
    fn works(&self) -> bool {
        self.card != super::form::BAD_CARD
    }
}

async fn change_order_card(State(shop): Shared, Path(reference): Path<String>, Form(card): Form<Card>) -> Response {
    shop.orders.change(&reference, |order| order.card_works = card.works());
    if let Some(order) = shop.orders.get(&reference).filter(|order| order.card_works) {
        shop.collect_again(&order).await;
    }
    Redirect::to(&format!("/orders/{reference}")).into_response()
}

/// Which plan's card is changed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OfPlan {
    plan: String,
}

/// The gateway's page for another card.
async fn card_page(State(shop): Shared, Query(asked): Query<OfPlan>) -> Response {
    let Some(order) = shop.orders.of_application(&asked.plan) else { return missing(&shop) };
    let frame = shop.frame(&format!("/orders/{}", order.reference));
    page(StatusCode::OK, pages::card(&frame, &order))
}

/// How far the clock goes, and where the browser goes then.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Going {
    step: String,
    back: String,
}

async fn set_clock(State(shop): Shared, Form(going): Form<Going>) -> Response {
    match going.step.as_str() {
        "next" => shop.clock.go_to_next().await,
        "minute" => shop.clock.go_on(MINUTE_MS).await,
        "hour" => shop.clock.go_on(HOUR_MS).await,
        "day" => shop.clock.go_on(DAY_MS).await,
        "week" => shop.clock.go_on(7 * DAY_MS).await,
        "month" => shop.clock.go_on(31 * DAY_MS).await,
        _ => {}
    }
    // Only back into the shop.
    let inside = going.back.starts_with('/') && !going.back.starts_with("//") && going.back.is_ascii();
    Redirect::to(if inside { &going.back } else { "/" }).into_response()
}

/// A message from the server. It is answered at once; what follows from it is done afterwards, and the clock of the
/// demonstration waits for that.
async fn hear(State(shop): Shared, headers: HeaderMap, body: Bytes) -> StatusCode {
    let busy = shop.clock.begin();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (id, now) = (text("webhook-id"), shop.clock.now());
    let opened = shop
        .secret
        .as_ref()
        .and_then(|secret| secret.open(id, text("webhook-timestamp"), text("webhook-signature"), &body, now));
    let Some(message) = opened else { return StatusCode::UNAUTHORIZED };
    let Some(application) = read_application(&message.application) else { return StatusCode::BAD_REQUEST };
    if !shop.orders.is_new(id) {
        return StatusCode::OK;
    }
    let state = application.state().as_str_name().trim_start_matches("STATE_").to_lowercase();
    let heard = Heard { at: now, topic: message.topic.clone(), version: message.version, state };
    shop.orders.change(&application.merchant_reference, |order| {
        order.application_id.clone_from(&application.application_id);
        order.version = order.version.max(message.version);
        order.heard.push_back(heard);
    });
    // What is due with the purchase, and what a message says to be due, is charged.
    if matches!(application.state(), proto::State::Accepted | proto::State::PaidInFull) {
        tokio::spawn(async move {
            shop.collect(&application.merchant_reference, &application).await;
            drop(busy);
        });
    }
    StatusCode::OK
}
