//! `requests.jsonl`: some of the purchases as requests in proto3 JSON, one a line, for `aval decide` and anything else
//! that speaks to a server. Without `occurred_at`, so that a server takes them by its own clock.

use crate::domain::geo::Address;
use crate::domain::submission::{AccountHistory, Card, Context, Customer, OrderStatus, Origin, Purchase, Submission};
use crate::domain::time::Timestamp;
use crate::rpc::{json, proto};
use std::time::{Duration, SystemTime};

/// How many requests are written: the first so many purchases.
pub const SAMPLE: u64 = 1_000;

/// A request as one line of JSON.
pub fn line(submission: &Submission) -> String {
    format!("{}\n", json::print(&request(submission)))
}

/// The request of a submission, but for signals, of which a synthetic purchase has none, and the time.
pub fn request(submission: &Submission) -> proto::DecideRequest {
    proto::DecideRequest {
        request_id: submission.request_id.to_string(),
        purchase: Some(purchase(&submission.purchase)),
        customer: Some(customer(&submission.customer)),
        context: Some(context(&submission.context)),
        ..proto::DecideRequest::default()
    }
}

fn text(text: &Option<Box<str>>) -> String {
    text.as_deref().unwrap_or_default().into()
}

fn shown(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(at.ms().unsigned_abs())
}

fn purchase(purchase: &Purchase) -> proto::Purchase {
    let item = |item: &crate::domain::submission::Item| proto::Item {
        title: text(&item.title),
        category: text(&item.category),
        quantity: i32::try_from(item.quantity).unwrap_or(i32::MAX),
        unit_price_minor: item.unit_price_minor,
    };
    proto::Purchase {
        amount: Some(money(purchase.amount)),
        plan: Some(proto::PlanChoice {
            instalment_count: purchase.plan.instalment_count.into(),
            deferred_days: purchase.plan.deferred_days.into(),
            deferred_months: purchase.plan.deferred_months.into(),
        }),
        merchant_reference: text(&purchase.merchant_reference),
        merchant_category: text(&purchase.merchant_category),
        items: purchase.items.iter().map(item).collect(),
        shipping_address: purchase.shipping_address.as_ref().map(address),
        billing_address: purchase.billing_address.as_ref().map(address),
        shipping_method: text(&purchase.shipping_method),
        card: purchase.card.as_ref().map(card),
    }
}

fn money(money: crate::domain::money::Money) -> proto::Money {
    proto::Money { amount_minor: money.amount_minor, currency: money.currency.to_string() }
}

fn address(address: &Address) -> proto::Address {
    proto::Address {
        line1: text(&address.line1),
        line2: text(&address.line2),
        city: text(&address.city),
        postal_code: text(&address.postal_code),
        region: text(&address.region),
        country: shown(address.country),
    }
}

fn card(card: &Card) -> proto::Card {
    proto::Card {
        fingerprint: text(&card.fingerprint),
        bin_country: shown(card.bin_country),
        funding: shown(card.funding.map(|funding| funding.name())),
    }
}

fn customer(customer: &Customer) -> proto::Customer {
    proto::Customer {
        customer_id: customer.customer_id.to_string(),
        given_name: text(&customer.given_name),
        family_name: text(&customer.family_name),
        email: shown(customer.email.as_ref().map(|email| email.as_str())),
        phone: shown(customer.phone.as_ref().map(|phone| phone.as_str())),
        birth_date: shown(customer.birth_date),
        address: customer.address.as_ref().map(address),
        history: customer.history.as_ref().map(history),
    }
}

fn history(history: &AccountHistory) -> proto::AccountHistory {
    let orders = history.orders.iter().map(|order| proto::PastOrder {
        ordered_at: Some(time(order.ordered_at).into()),
        amount: Some(money(order.amount)),
        status: match order.status {
            None => proto::OrderStatus::Unspecified,
            Some(OrderStatus::Completed) => proto::OrderStatus::Completed,
            Some(OrderStatus::Cancelled) => proto::OrderStatus::Cancelled,
            Some(OrderStatus::Returned) => proto::OrderStatus::Returned,
            Some(OrderStatus::Disputed) => proto::OrderStatus::Disputed,
        }
        .into(),
    });
    proto::AccountHistory {
        created_at: history.created_at.map(|at| time(at).into()),
        guest: history.guest,
        orders: orders.collect(),
    }
}

fn context(context: &Context) -> proto::Context {
    proto::Context {
        ip_address: shown(context.ip_address),
        device_id: text(&context.device_id),
        user_agent: text(&context.user_agent),
        locale: text(&context.locale),
        terminal_id: text(&context.terminal_id),
        origin: match context.origin {
            None => proto::Origin::Unspecified,
            Some(Origin::Web) => proto::Origin::Web,
            Some(Origin::App) => proto::Origin::App,
            Some(Origin::InStore) => proto::Origin::InStore,
            Some(Origin::PaymentLink) => proto::Origin::PaymentLink,
        }
        .into(),
        return_url: text(&context.return_url),
    }
}
