//! `DecideRequest` to [`Submission`].

use super::checks::{Checks, Path, Violation, chosen};
use crate::domain::Invalid;
use crate::domain::applicant::Applicant;
use crate::domain::contact::{Email, Phone};
use crate::domain::geo::{Address, Country};
use crate::domain::ids::{CustomerId, RequestId};
use crate::domain::money::MAX_AMOUNT_MINOR;
use crate::domain::submission::{
    AccountHistory, Card, Context, Customer, Funding, Item, MAX_ITEMS, MAX_ORDERS, MAX_SIGNALS, OrderStatus, Origin,
    PastOrder, Purchase, Signal, Signals, Submission,
};
use crate::domain::text::{bounded, snake, token, web_address};
use crate::domain::time::Timestamp;
use crate::rpc::proto;
use crate::store::Subject;
use std::net::IpAddr;

/// The most of one article that a line of the basket may hold.
const MAX_QUANTITY: i32 = 10_000;
/// The longest name of a category, a method or a signal.
const MAX_NAME: usize = 40;
/// The lengths that card numbers have (ISO/IEC 7812-1).
const CARD_NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 12..=19;

/// Converts a request whole. `now` bounds the date of birth.
pub fn submission(wire: &proto::DecideRequest, now: Timestamp) -> Result<Submission, Vec<Violation>> {
    let mut checks = Checks::default();
    let root = Path::Root;
    let request_id = checks.keep(root.field("request_id"), RequestId::parse(&wire.request_id));
    let path = root.field("purchase");
    let purchase = checks.required(path, wire.purchase.as_ref(), "what is bought");
    let purchase = purchase.and_then(|wire| self::purchase(&mut checks, path, wire));
    let path = root.field("customer");
    let customer = checks.required(path, wire.customer.as_ref(), "who buys");
    let customer = customer.and_then(|wire| self::customer(&mut checks, path, wire, now));
    let context = wire.context.as_ref().map(|wire| context(&mut checks, root.field("context"), wire));
    let signals = signals(&mut checks, root.field("signals"), wire);
    let occurred_at = checks.time(root.field("occurred_at"), wire.occurred_at.as_ref());
    let whole = request_id.zip(purchase).zip(customer).map(|((request_id, purchase), customer)| Submission {
        request_id,
        purchase,
        customer,
        context: context.unwrap_or_default(),
        signals,
        occurred_at,
    });
    checks.finish(whole)
}

/// The personal fields of a request, as the store keeps them: the request itself, encoded.
pub fn subject(wire: &proto::DecideRequest) -> Subject {
    Subject(prost::Message::encode_to_vec(wire).into())
}

/// Who was submitted, from what was kept of the request.
pub fn applicant_of(subject: &Subject) -> Option<Applicant> {
    let wire: proto::DecideRequest = prost::Message::decode(&*subject.0).ok()?;
    // It was checked when it came; its date of birth is in the past still.
    let latest = Timestamp::from_ms(Timestamp::MAX_MS).ok()?;
    submission(&wire, latest).ok().map(|submission| Applicant::of(&submission))
}

fn purchase(checks: &mut Checks, path: Path<'_>, wire: &proto::Purchase) -> Option<Purchase> {
    let amount = checks.money(path.field("amount"), wire.amount.as_ref());
    let plan = checks.required(path.field("plan"), wire.plan.as_ref(), "the plan that the customer chose");
    let plan = plan.and_then(|wire| checks.plan(path.field("plan"), wire));
    let items_path = path.field("items");
    let items = checks.bounded(items_path, &wire.items, MAX_ITEMS).iter().enumerate();
    let items: Vec<_> = items.filter_map(|(at, wire)| item(checks, items_path.index(at), wire)).collect();
    let reference = checks.optional(path.field("merchant_reference"), &wire.merchant_reference, |t| bounded(t, 64));
    let category = checks.optional(path.field("merchant_category"), &wire.merchant_category, |t| snake(t, MAX_NAME));
    let shipping = wire.shipping_address.as_ref().map(|wire| address(checks, path.field("shipping_address"), wire));
    let billing = wire.billing_address.as_ref().map(|wire| address(checks, path.field("billing_address"), wire));
    let method = checks.optional(path.field("shipping_method"), &wire.shipping_method, |t| snake(t, MAX_NAME));
    let card = wire.card.as_ref().map(|wire| card(checks, path.field("card"), wire));
    Some(Purchase {
        amount: amount?,
        plan: plan?,
        merchant_reference: reference,
        merchant_category: category,
        items,
        shipping_address: shipping,
        billing_address: billing,
        shipping_method: method,
        card,
    })
}

fn item(checks: &mut Checks, path: Path<'_>, wire: &proto::Item) -> Option<Item> {
    let title = checks.optional(path.field("title"), &wire.title, |t| bounded(t, 200));
    let category = checks.optional(path.field("category"), &wire.category, |t| snake(t, MAX_NAME));
    let quantity = match wire.quantity {
        0 => Ok(1),
        1..=MAX_QUANTITY => Ok(wire.quantity.unsigned_abs()),
        _ => Err(Invalid::expected(format!("1 to {MAX_QUANTITY}"))),
    };
    let quantity = checks.keep(path.field("quantity"), quantity);
    let unit_price_minor = wire.unit_price_minor.and_then(|price| {
        let good = (0..=MAX_AMOUNT_MINOR).contains(&price);
        let expected = || Invalid::expected(format!("a price from 0 to {MAX_AMOUNT_MINOR} minor units"));
        checks.keep(path.field("unit_price_minor"), good.then_some(price).ok_or_else(expected))
    });
    Some(Item { title, category, quantity: quantity?, unit_price_minor })
}

fn card(checks: &mut Checks, path: Path<'_>, wire: &proto::Card) -> Card {
    Card {
        fingerprint: checks.optional(path.field("fingerprint"), &wire.fingerprint, fingerprint),
        bin_country: checks.optional(path.field("bin_country"), &wire.bin_country, Country::parse),
        funding: checks.optional(path.field("funding"), &wire.funding, Funding::parse),
    }
}

/// A token that is not a card number. Only the whole of it is looked at: one in twenty thousand tokens of 16 hexadecimal
/// digits holds nothing but digits with a valid check digit, and behind a prefix those are no card numbers.
fn fingerprint(text: &str) -> Result<Box<str>, Invalid> {
    if is_card_number(text) {
        return Err(Invalid::expected("a token for the card, never its number"));
    }
    token(text, 128)
}

/// 12 to 19 digits, with or without separators, whose last is the check digit of the others (Luhn's formula, ISO/IEC
/// 7812-1 annex B).
fn is_card_number(text: &str) -> bool {
    let digits: Option<Vec<u32>> =
        text.chars().filter(|c| !matches!(c, '-' | '.' | '_' | ' ')).map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| CARD_NUMBER_DIGITS.contains(&digits.len())) else { return false };
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 =
        (digits.iter().rev().enumerate()).map(|(at, digit)| if at % 2 == 1 { doubled(*digit) } else { *digit }).sum();
    sum.is_multiple_of(10)
}

fn address(checks: &mut Checks, path: Path<'_>, wire: &proto::Address) -> Address {
    Address {
        line1: checks.optional(path.field("line1"), &wire.line1, |t| bounded(t, 100)),
        line2: checks.optional(path.field("line2"), &wire.line2, |t| bounded(t, 100)),
        city: checks.optional(path.field("city"), &wire.city, |t| bounded(t, 80)),
        postal_code: checks.optional(path.field("postal_code"), &wire.postal_code, |t| bounded(t, 16)),
        region: checks.optional(path.field("region"), &wire.region, |t| bounded(t, 80)),
        country: checks.optional(path.field("country"), &wire.country, Country::parse),
    }
}

fn customer(checks: &mut Checks, path: Path<'_>, wire: &proto::Customer, now: Timestamp) -> Option<Customer> {
    let customer_id = checks.keep(path.field("customer_id"), CustomerId::parse(&wire.customer_id));
    let given_name = checks.optional(path.field("given_name"), &wire.given_name, |t| bounded(t, 80));
    let family_name = checks.optional(path.field("family_name"), &wire.family_name, |t| bounded(t, 80));
    let email = checks.optional(path.field("email"), &wire.email, Email::parse);
    let phone = checks.optional(path.field("phone"), &wire.phone, Phone::parse);
    let birth_date = checks.optional(path.field("birth_date"), &wire.birth_date, |t| birth_date(t, now));
    let home = wire.address.as_ref().map(|wire| address(checks, path.field("address"), wire));
    let history = wire.history.as_ref().map(|wire| history(checks, path.field("history"), wire));
    let address = home;
    Some(Customer { customer_id: customer_id?, given_name, family_name, email, phone, birth_date, address, history })
}

fn birth_date(text: &str, now: Timestamp) -> Result<jiff::civil::Date, Invalid> {
    let today = now.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date();
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = text.parse().ok().filter(|date: &jiff::civil::Date| plain && date.year() >= 1900 && *date < today);
    date.ok_or_else(|| Invalid::expected("a date in the past as YYYY-MM-DD, from 1900-01-01 on"))
}

fn history(checks: &mut Checks, path: Path<'_>, wire: &proto::AccountHistory) -> AccountHistory {
    let created_at = checks.time(path.field("created_at"), wire.created_at.as_ref());
    let orders_path = path.field("orders");
    let orders = checks.bounded(orders_path, &wire.orders, MAX_ORDERS).iter().enumerate();
    let orders = orders.filter_map(|(at, wire)| order(checks, orders_path.index(at), wire)).collect();
    AccountHistory { created_at, guest: wire.guest, orders }
}

fn order(checks: &mut Checks, path: Path<'_>, wire: &proto::PastOrder) -> Option<PastOrder> {
    let ordered_at = checks.required(path.field("ordered_at"), wire.ordered_at.as_ref(), "when it was placed");
    let ordered_at = checks.time(path.field("ordered_at"), ordered_at);
    let amount = checks.money(path.field("amount"), wire.amount.as_ref());
    let status = checks.keep(path.field("status"), chosen(wire.status, "OrderStatus"));
    Some(PastOrder { ordered_at: ordered_at?, amount: amount?, status: order_status(status?) })
}

fn order_status(wire: proto::OrderStatus) -> Option<OrderStatus> {
    match wire {
        proto::OrderStatus::Unspecified => None,
        proto::OrderStatus::Completed => Some(OrderStatus::Completed),
        proto::OrderStatus::Cancelled => Some(OrderStatus::Cancelled),
        proto::OrderStatus::Returned => Some(OrderStatus::Returned),
        proto::OrderStatus::Disputed => Some(OrderStatus::Disputed),
    }
}

/// The name of a status in the canonical content.
pub(super) fn status_name(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Completed => "completed",
        OrderStatus::Cancelled => "cancelled",
        OrderStatus::Returned => "returned",
        OrderStatus::Disputed => "disputed",
    }
}

fn context(checks: &mut Checks, path: Path<'_>, wire: &proto::Context) -> Context {
    let ip = |text: &str| text.parse::<IpAddr>().map_err(|_| Invalid::expected("an IP address, v4 or v6"));
    let origin = checks.keep(path.field("origin"), chosen(wire.origin, "Origin"));
    Context {
        ip_address: checks.optional(path.field("ip_address"), &wire.ip_address, ip).map(|ip| ip.to_canonical()),
        device_id: checks.optional(path.field("device_id"), &wire.device_id, |t| token(t, 128)),
        user_agent: checks.optional(path.field("user_agent"), &wire.user_agent, |t| bounded(t, 512)),
        locale: checks.optional(path.field("locale"), &wire.locale, locale),
        terminal_id: checks.optional(path.field("terminal_id"), &wire.terminal_id, |t| token(t, 64)),
        origin: origin.and_then(|origin| match origin {
            proto::Origin::Unspecified => None,
            proto::Origin::Web => Some(Origin::Web),
            proto::Origin::App => Some(Origin::App),
            proto::Origin::InStore => Some(Origin::InStore),
            proto::Origin::PaymentLink => Some(Origin::PaymentLink),
        }),
        return_url: checks.optional(path.field("return_url"), &wire.return_url, web_address),
    }
}

/// The shape of a BCP 47 tag: a language of 2 to 8 letters, then subtags of 1 to 8 letters and digits.
fn locale(text: &str) -> Result<Box<str>, Invalid> {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    let good = text.len() <= 35
        && (2..=8).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags.all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric()));
    good.then(|| text.into())
        .ok_or_else(|| Invalid::expected("a BCP 47 language tag such as fr-FR, at most 35 characters"))
}

fn signals(checks: &mut Checks, path: Path<'_>, wire: &proto::DecideRequest) -> Signals {
    if wire.signals.len() > MAX_SIGNALS {
        checks.refuse(path, &Invalid::expected(format!("at most {MAX_SIGNALS} entries")));
        return Signals::default();
    }
    let mut kept = Vec::with_capacity(wire.signals.len());
    for (at, (name, signal)) in wire.signals.iter().enumerate() {
        // A name that is not one may be anything, personal data too: it is told by its place among the sorted names.
        let Some(name) = checks.keep(path.index(at), snake(name, MAX_NAME)) else { continue };
        let value = signal.value.as_ref().and_then(|value| checks.keep(Path::Key(&path, &name), self::signal(value)));
        kept.extend(value.map(|value| (name, value)));
    }
    Signals::new(kept)
}

fn signal(wire: &proto::signal::Value) -> Result<Signal, Invalid> {
    match wire {
        proto::signal::Value::Number(number) if number.is_finite() => Ok(Signal::Number(*number)),
        proto::signal::Value::Number(_) => Err(Invalid::expected("a finite number")),
        proto::signal::Value::Text(text) => bounded(text, 128).map(Signal::Text),
        proto::signal::Value::Flag(flag) => Ok(Signal::Flag(*flag)),
    }
}

#[cfg(test)]
#[path = "submission_tests.rs"]
mod tests;
