//! What the shop's pages say. They are in English; the customer's own pages and mails are in the language of the form.

use super::form::{BAD_CARD, Entered, LANGUAGES, plan_name};
use super::orders::Order;
use super::shop::Surroundings;
use super::stories::{STORIES, Story};
use crate::domain::challenge::ChallengeKind;
use crate::domain::money::{Currency, Money};
use crate::domain::time::Timestamp;
use crate::mock::{self, paths};
use crate::rpc::proto;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, html};

/// What pages look like.
pub const STYLE: &str = include_str!("style.css");
/// The time zone in which the shop shows times.
const ZONE: &str = "Europe/Paris";
/// The countries that the form offers.
const COUNTRIES: &[(&str, &str)] = &[
    ("BE", "Belgium"),
    ("DE", "Germany"),
    ("ES", "Spain"),
    ("FR", "France"),
    ("IT", "Italy"),
    ("LU", "Luxembourg"),
    ("NL", "Netherlands"),
];

/// What is around every page.
pub struct Frame<'a> {
    /// The time.
    pub now: Timestamp,
    /// When time brings something next.
    pub next: Option<Timestamp>,
    /// Where the rest is.
    pub around: &'a Surroundings,
    /// The page's own path.
    pub path: String,
}

/// A page that only says something.
#[derive(Debug, Clone, Copy)]
pub enum Said {
    /// How to get help.
    Help,
    /// The privacy policy.
    Privacy,
    /// The terms.
    Terms,
    /// There is no such page.
    Missing,
}

impl Said {
    /// Its path.
    pub fn path(self) -> &'static str {
        match self {
            Self::Help => "/help",
            Self::Privacy => "/privacy",
            Self::Terms => "/terms",
            Self::Missing => "/",
        }
    }
}

fn money(amount_minor: i64) -> String {
    Money { amount_minor, currency: Currency::EUR }.to_string().replace(" EUR", "\u{a0}€")
}

fn time(at: Timestamp) -> String {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    at.to_jiff().to_zoned(zone).strftime("%a %-d %B %Y, %H:%M").to_string()
}

/// A day as the protocol writes it, as people do.
fn day(text: &str) -> String {
    text.parse::<Date>().map_or_else(|_| text.to_owned(), |date| date.strftime("%-d %B %Y").to_string())
}

fn whole(frame: &Frame<'_>, title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – Demo Shop" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="data:,";
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    p.shop { a href="/" { "Demo Shop" } }
                    (clock(frame))
                }
                main #content tabindex="-1" { h1 { (title) } (body) }
                footer {
                    p { "A demonstration: nothing is sold, nobody is charged, no text message is sent." }
                    ul {
                        li { a href="/help" { "Help" } }
                        li { a href="/privacy" { "Privacy" } }
                        li { a href="/terms" { "Terms" } }
                    }
                }
            }
        }
    };
    page.into_string()
}

fn clock(frame: &Frame<'_>) -> Markup {
    let button = |step: &str, text: &str| html! { button type="submit" name="step" value=(step) { (text) } };
    html! {
        form.clock method="post" action="/clock" aria-label="The clock" {
            input type="hidden" name="back" value=(frame.path);
            p {
                "It is " time #now data-ms=(frame.now.ms()) { (time(frame.now)) }
                @if let Some(next) = frame.next { "; something happens by itself on " (time(next)) }
                "."
            }
            p.buttons {
                span { "Go on " }
                (button("minute", "1 minute"))
                (button("hour", "1 hour"))
                (button("day", "1 day"))
                (button("week", "1 week"))
                (button("month", "31 days"))
                @if frame.next.is_some() { (button("next", "to the next thing that happens")) }
            }
        }
    }
}

/// The first page: what can be bought, and where that leads.
pub fn home(frame: &Frame<'_>, orders: &[Order]) -> String {
    let body = html! {
        p { "Choose a purchase: each leads to another path. The code of every text message is " strong { (mock::CODE) } "." }
        ul.goods {
            @for story in STORIES {
                li {
                    h2 { (story.title) }
                    p { (story.what) }
                    p.goods { (story.basket.title) ", " (money(story.basket.amount_minor)) }
                    p { a.button href={ "/checkout?story=" (story.name) } { "Buy: " (story.title.to_lowercase()) } }
                }
            }
        }
        (orders_list(orders))
        (around(frame))
        (values())
    };
    whole(frame, "A purchase in instalments", &body)
}

fn orders_list(orders: &[Order]) -> Markup {
    html! {
        @if !orders.is_empty() {
            section aria-labelledby="orders" {
                h2 #orders { "Your orders" }
                ul {
                    @for order in orders {
                        li {
                            a href={ "/orders/" (order.reference) } { (order.reference) }
                            ": " (order.basket.title) ", " (money(order.basket.amount_minor))
                        }
                    }
                }
            }
        }
    }
}

fn around(frame: &Frame<'_>) -> Markup {
    html! {
        section aria-labelledby="around" {
            h2 #around { "What is around" }
            ul {
                @if let Some(mails) = &frame.around.mails {
                    li { a href=(mails) { "The mails that were sent" } }
                }
                li { a href=(frame.around.providers) { "The mock of the providers that verify" } }
                li { "The server: gRPC at " code { (frame.around.server) } ", customers' pages at " code { (frame.around.pages) } }
            }
        }
    }
}

/// The values that choose how things go at the mock of the providers.
fn values() -> Markup {
    html! {
        section aria-labelledby="values" {
            h2 #values { "Values that choose how verifications go" }
            @for kind in ChallengeKind::ALL {
                details #(kind.name()) {
                    summary { (how_chosen(kind)) }
                    ul {
                        @for row in paths::rows(kind).iter().filter(|row| !row.magic.is_empty()) {
                            li {
                                @if kind == ChallengeKind::SmsCode {
                                    a href={ "/checkout?story=code&phone=" (row.magic) } { "Buy with " (row.magic) }
                                } @else {
                                    strong { (row.magic) }
                                }
                                ": " (row.what)
                            }
                        }
                    }
                }
            }
        }
    }
}

fn how_chosen(kind: ChallengeKind) -> &'static str {
    match kind {
        ChallengeKind::SmsCode => "Codes: the last four digits of the phone number",
        ChallengeKind::IdDocument => "Identity documents: the family name, entered on the provider's page",
        ChallengeKind::BankHistory => "Bank histories: the bank, chosen on the bank's page",
    }
}

/// The checkout: who buys, how it is paid, and what each plan would cost.
pub fn checkout(frame: &Frame<'_>, entered: &Entered, quotes: &[proto::PlanQuote], wrong: &[String]) -> String {
    let story = entered.story();
    let body = html! {
        @if !wrong.is_empty() {
            div.problem role="alert" {
                h2 { "The server does not take this" }
                ul { @for field in wrong { li { (field) } } }
            }
        }
        p { strong { (story.basket.title) } ", " (money(story.basket.amount_minor)) ". " (story.what) }
        form method="post" action="/orders" {
            input type="hidden" name="story" value=(story.name);
            input type="hidden" name="number" value=(entered.number);
            fieldset {
                legend { "Who buys" }
                (field("Given name", "given_name", "text", "given-name", &entered.given_name))
                (field("Family name", "family_name", "text", "family-name", &entered.family_name))
                (field("E-mail address", "email", "email", "email", &entered.email))
                (field("Phone number", "phone", "tel", "tel", &entered.phone))
                (field("Day of birth", "birth_date", "date", "bday", &entered.birth_date))
                (field("Number and street", "line1", "text", "address-line1", &entered.line1))
                (field("Postal code", "postal_code", "text", "postal-code", &entered.postal_code))
                (field("Town", "city", "text", "address-level2", &entered.city))
                (select("Country", "country", COUNTRIES, &entered.country))
                (select("Language of pages and mails", "locale", LANGUAGES, &entered.locale))
            }
            (plans(story, entered, quotes))
            fieldset {
                legend { "The card" }
                (radio("card", "", "A card that can be charged", entered.card_works(), &html! {}))
                (radio("card", BAD_CARD, "A card that cannot be charged", !entered.card_works(), &html! {}))
            }
            p { button.main type="submit" { "Pay " (money(story.basket.amount_minor)) } }
        }
        p { a href="/" { "Back to the purchases" } }
    };
    whole(frame, "Checkout", &body)
}

fn field(label: &str, name: &str, kind: &str, autocomplete: &str, value: &str) -> Markup {
    html! {
        p {
            label for=(name) { (label) }
            input id=(name) name=(name) type=(kind) autocomplete=(autocomplete) value=(value);
        }
    }
}

fn select(label: &str, name: &str, options: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        p {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for (value, text) in options { option value=(value) selected[*value == chosen] { (text) } }
            }
        }
    }
}

fn radio(name: &str, value: &str, label: &str, chosen: bool, under: &Markup) -> Markup {
    let id = format!("{name}-{}", if value.is_empty() { "usual" } else { value });
    html! {
        div.choice {
            input type="radio" id=(id) name=(name) value=(value) checked[chosen];
            div { label for=(id) { (label) } (under) }
        }
    }
}

/// The plans, each with its schedule: what is paid when, before anybody pays anything.
fn plans(story: &Story, entered: &Entered, quotes: &[proto::PlanQuote]) -> Markup {
    let named = |quote: &proto::PlanQuote| {
        let plan = quote.plan.unwrap_or_default();
        let part = |count: i32| u32::try_from(count).unwrap_or_default();
        plan_name(part(plan.instalment_count), part(plan.deferred_days), part(plan.deferred_months))
    };
    let open: Vec<_> = quotes.iter().filter(|quote| quote.eligible).collect();
    let usual = plan_name(story.instalments, 0, 0);
    let chosen = if open.iter().any(|quote| named(quote) == entered.plan) { &entered.plan } else { &usual };
    html! {
        fieldset {
            legend { "How to pay" }
            @for quote in open {
                @let name = named(quote);
                @let schedule = quote.schedule.clone().unwrap_or_default();
                (radio("plan", &name, &plan_title(&quote.plan.unwrap_or_default()), name == *chosen, &terms(&schedule)))
            }
        }
    }
}

fn plan_title(plan: &proto::PlanChoice) -> String {
    match (plan.instalment_count, plan.deferred_days, plan.deferred_months) {
        (1, 0, 0) => "Now, in one go".into(),
        (1, days, 0) => format!("In one go, in {days} days"),
        (1, _, 1) => "In one go, in a month".into(),
        (1, _, months) => format!("In one go, in {months} months"),
        (count, ..) => format!("In {count} instalments"),
    }
}

fn terms(plan: &proto::Plan) -> Markup {
    html! {
        p.hint {
            @if plan.customer_cost_minor == 0 { "No fee, no interest. " } @else { "Costs " (money(plan.customer_cost_minor)) ". " }
            @for (at, instalment) in plan.instalments.iter().enumerate() {
                @if at > 0 { ", " }
                span.due { (money(instalment.total_amount_minor)) " on " (day(&instalment.due_date)) }
            }
            "."
        }
    }
}

/// An order: where it stands, what the shop was told, and what it charged.
pub fn order(frame: &Frame<'_>, order: &Order, application: &proto::Application) -> String {
    let body = html! {
        p { (order.basket.title) ", " (money(order.basket.amount_minor)) "." }
        p #state .state data-state=(application.state().as_str_name()) { (stands(application.state())) }
        @if !application.journey_url.is_empty() && application.state() != proto::State::Accepted {
            p { a.button href=(application.journey_url) { "Go on with this purchase" } }
        }
        @if !application.plan_url.is_empty() {
            p { a.button href=(application.plan_url) { "See the plan, as the customer does" } }
        }
        @if let Some(mails) = &frame.around.mails { p { a href=(mails) { "See the mails that were sent" } } }
        @if let Some(plan) = &application.plan { (schedule(plan)) }
        (card_choice(order))
        (payments(order))
        (heard(order))
        p { a href={ "/orders/" (order.reference) } { "Look again" } " · " a href="/" { "Buy something else" } }
    };
    whole(frame, &format!("Order {}", order.reference), &body)
}

fn stands(state: proto::State) -> &'static str {
    match state {
        proto::State::Challenged => "The customer is asked for a little more.",
        proto::State::Verifying => "What the customer gave is being verified.",
        proto::State::InReview => "A person looks at it.",
        proto::State::Accepted => "Accepted: it is paid in instalments, and the goods are on their way.",
        proto::State::Declined => "No instalments. The customer may still pay in one go.",
        proto::State::PaidInFull => "The customer pays in one go.",
        proto::State::Cancelled => "Given up.",
        proto::State::Expired => "The time for it ran out.",
        proto::State::Unspecified => "Nobody knows.",
    }
}

fn schedule(plan: &proto::Plan) -> Markup {
    html! {
        section aria-labelledby="schedule" {
            h2 #schedule { "The schedule" }
            table {
                thead { tr { th scope="col" { "Due" } th scope="col" { "Amount" } th scope="col" { "State" } } }
                tbody {
                    @for one in &plan.instalments {
                        @let state = one.state().as_str_name().trim_start_matches("INSTALMENT_STATE_").to_lowercase();
                        tr {
                            th scope="row" { (day(&one.due_date)) }
                            td { (money(one.total_amount_minor)) }
                            td data-state=(state) { (state) }
                        }
                    }
                }
            }
        }
    }
}

fn card_choice(order: &Order) -> Markup {
    html! {
        section aria-labelledby="card" {
            h2 #card { "The card" }
            form method="post" action={ "/orders/" (order.reference) "/card" } {
                @if order.card_works {
                    p { "The card can be charged." }
                    p { button name="card" value=(BAD_CARD) { "From now on payments fail" } }
                } @else {
                    p { "The card cannot be charged." }
                    p { button name="card" value="" { "From now on payments succeed" } }
                }
            }
        }
    }
}

fn payments(order: &Order) -> Markup {
    html! {
        @if !order.payments.is_empty() {
            section aria-labelledby="payments" {
                h2 #payments { "What was charged" }
                table {
                    thead { tr { th scope="col" { "When" } th scope="col" { "Amount" } th scope="col" { "What came of it" } } }
                    tbody {
                        @for payment in &order.payments {
                            tr {
                                td { (time(payment.at)) }
                                td { (money(payment.amount_minor)) }
                                td { @if payment.succeeded { "paid" } @else { "the card was refused" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn heard(order: &Order) -> Markup {
    html! {
        @if !order.heard.is_empty() {
            section aria-labelledby="heard" {
                h2 #heard { "What the shop was told" }
                table {
                    thead {
                        tr {
                            th scope="col" { "When" }
                            th scope="col" { "What" }
                            th scope="col" { "Version" }
                            th scope="col" { "State" }
                        }
                    }
                    tbody {
                        @for heard in &order.heard {
                            tr { td { (time(heard.at)) } td { (heard.topic) } td { (heard.version) } td { (heard.state) } }
                        }
                    }
                }
            }
        }
    }
}

/// The page on which a customer gives another card.
pub fn card(frame: &Frame<'_>, order: &Order) -> String {
    let body = html! {
        p { "For order " (order.reference) ": " (order.basket.title) ". A gateway would ask for the number of the card here." }
        form method="post" action={ "/orders/" (order.reference) "/card" } {
            fieldset {
                legend { "The card" }
                (radio("card", "", "A card that can be charged", true, &html! {}))
                (radio("card", BAD_CARD, "A card that cannot be charged", false, &html! {}))
            }
            p { button.main type="submit" { "Use this card" } }
        }
    };
    whole(frame, "Another card", &body)
}

/// A page that only says something.
pub fn said(frame: &Frame<'_>, what: Said) -> String {
    let (title, text) = match what {
        Said::Help => {
            ("Help", "This is a demonstration: help@example.org reaches nobody. A shop would help its customers here.")
        }
        Said::Privacy => ("Privacy", "A shop would say here what it keeps of its customers, why, and for how long."),
        Said::Terms => ("Terms", "A shop would state its terms here."),
        Said::Missing => ("This page is not there", "The shop forgets its orders when it is stopped."),
    };
    whole(frame, title, &html! { p { (text) } p { a href="/" { "To the purchases" } } })
}

/// Something went wrong behind the shop.
pub fn trouble(frame: &Frame<'_>, what: &str) -> String {
    let body = html! {
        p { "The server did not take it. It says:" }
        pre tabindex="0" { (what) }
        p { a href="/" { "To the purchases" } }
    };
    whole(frame, "That did not work", &body)
}
