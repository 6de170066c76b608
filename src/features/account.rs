//! What the merchant knows of the customer: the account and its earlier orders.

use super::scene::Scene;
use super::{Feature, boolean, number};
use crate::domain::money::Money;
use crate::domain::reason::ReasonCode as Reason;
use crate::domain::submission::{AccountHistory, OrderStatus};
use crate::domain::time::{DAY_MS, Timestamp};

pub(super) const ABOUT: &str = "What the merchant says of the customer's account and its earlier orders; orders later \
     than the purchase are not counted. Without a history the whole family is missing, but for the first.";

const NO_HISTORY: &str = "No history was given.";
const NO_ORDERS: &str = "There is no earlier order.";
const NO_AMOUNTS: &str = "There is no earlier order, or one in another currency.";
const NO_STATUS: &str = "No earlier order has a known status.";

pub(super) const FEATURES: &[Feature] = &[
    boolean(301, "history_known", Reason::HISTORY_SHORT, |s| Some(s.past.is_some()))
        .says("Whether the merchant sent the account's history.", "Never."),
    number(302, "account_age_days", "days", Reason::ACCOUNT_NEW, |s| {
        let opened = s.submission.customer.history.as_ref()?.created_at?;
        Some(whole_days(opened, s.at)).filter(|days| *days >= 0.0)
    })
    .says("Whole days since the account was opened.", "It was not given, or lies after the purchase."),
    boolean(303, "guest", Reason::ACCOUNT_GUEST, |s| s.submission.customer.history.as_ref()?.guest)
        .says("Whether the purchase is made without an account.", "It was not given."),
    number(304, "past_order_count", "orders", Reason::HISTORY_SHORT, |s| Some(past(s)?.count.into()))
        .says("How many earlier orders there are.", NO_HISTORY),
    number(305, "past_order_count_30d", "orders", Reason::HISTORY_SHORT, |s| Some(past(s)?.count_30d.into()))
        .says("How many of them are from the last 30 days.", NO_HISTORY),
    number(306, "past_order_count_365d", "orders", Reason::HISTORY_SHORT, |s| Some(past(s)?.count_365d.into()))
        .says("How many of them are from the last 365 days.", NO_HISTORY),
    number(307, "past_order_sum_minor", "minor units", Reason::HISTORY_SHORT, |s| Some(past(s)?.sum()? as f64))
        .says("The sum of the earlier orders.", NO_AMOUNTS),
    number(308, "past_order_mean_minor", "minor units", Reason::HISTORY_SHORT, |s| past(s)?.mean())
        .says("The mean of the earlier orders.", NO_AMOUNTS),
    number(309, "past_order_max_minor", "minor units", Reason::HISTORY_SHORT, |s| {
        past(s)?.sum()?;
        Some(past(s)?.max as f64)
    })
    .says("The largest of the earlier orders.", NO_AMOUNTS),
    number(310, "amount_to_past_mean", "ratio", Reason::AMOUNT_UNUSUAL, |s| ratio(s, past(s)?.mean()?))
        .says("The amount of the purchase over the mean of the earlier orders.", NO_AMOUNTS),
    number(311, "amount_to_past_max", "ratio", Reason::AMOUNT_UNUSUAL, |s| {
        past(s)?.sum()?;
        ratio(s, past(s)?.max as f64)
    })
    .says("The amount of the purchase over the largest of the earlier orders.", NO_AMOUNTS),
    number(312, "completed_share", "share of the orders", Reason::HISTORY_DISPUTES, |s| {
        past(s)?.share(OrderStatus::Completed)
    })
    .says("The share of the orders of known status that were delivered and paid.", NO_STATUS),
    number(313, "cancelled_share", "share of the orders", Reason::HISTORY_DISPUTES, |s| {
        past(s)?.share(OrderStatus::Cancelled)
    })
    .says("The share of the orders of known status that were given up before delivery.", NO_STATUS),
    number(314, "returned_share", "share of the orders", Reason::HISTORY_DISPUTES, |s| {
        past(s)?.share(OrderStatus::Returned)
    })
    .says("The share of the orders of known status that were sent back.", NO_STATUS),
    number(315, "disputed_share", "share of the orders", Reason::HISTORY_DISPUTES, |s| {
        past(s)?.share(OrderStatus::Disputed)
    })
    .says("The share of the orders of known status that were disputed or not paid.", NO_STATUS),
    number(316, "disputed_order_count", "orders", Reason::HISTORY_DISPUTES, |s| {
        past(s)?.share(OrderStatus::Disputed)?;
        Some(past(s)?.by_status[OrderStatus::Disputed as usize].into())
    })
    .says("How many earlier orders were disputed or not paid.", NO_STATUS),
    number(317, "days_since_last_order", "days", Reason::HISTORY_SHORT, |s| Some(whole_days(past(s)?.last?, s.at)))
        .says("Whole days since the last earlier order.", NO_ORDERS),
    number(318, "days_since_first_order", "days", Reason::HISTORY_SHORT, |s| Some(whole_days(past(s)?.first?, s.at)))
        .says("Whole days since the first earlier order.", NO_ORDERS),
];

fn past<'s>(scene: &'s Scene<'_>) -> Option<&'s Past> {
    scene.past.as_ref()
}

fn whole_days(from: Timestamp, to: Timestamp) -> f64 {
    (to.ms() - from.ms()).div_euclid(DAY_MS) as f64
}

fn ratio(scene: &Scene<'_>, to: f64) -> Option<f64> {
    (to > 0.0).then(|| scene.submission.purchase.amount.amount_minor as f64 / to)
}

/// The earlier orders, added up in one pass.
#[derive(Default)]
pub(super) struct Past {
    count: u32,
    count_30d: u32,
    count_365d: u32,
    by_status: [u32; 4],
    sum: i64,
    max: i64,
    foreign: bool,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Past {
    /// The orders before `at`; amounts are compared with those in the currency of `amount`.
    pub fn of(history: &AccountHistory, at: Timestamp, amount: Money) -> Self {
        let mut past = Self::default();
        for order in history.orders.iter().filter(|order| order.ordered_at <= at) {
            let age_ms = at.ms() - order.ordered_at.ms();
            past.count += 1;
            past.count_30d += u32::from(age_ms < 30 * DAY_MS);
            past.count_365d += u32::from(age_ms < 365 * DAY_MS);
            past.first = Some(past.first.map_or(order.ordered_at, |first| first.min(order.ordered_at)));
            past.last = past.last.max(Some(order.ordered_at));
            past.foreign |= order.amount.currency != amount.currency;
            past.sum = past.sum.saturating_add(order.amount.amount_minor);
            past.max = past.max.max(order.amount.amount_minor);
            if let Some(status) = order.status {
                past.by_status[status as usize] += 1;
            }
        }
        past
    }

    fn sum(&self) -> Option<i64> {
        (self.count > 0 && !self.foreign).then_some(self.sum)
    }

    fn mean(&self) -> Option<f64> {
        Some(self.sum()? as f64 / f64::from(self.count))
    }

    fn share(&self, status: OrderStatus) -> Option<f64> {
        let known: u32 = self.by_status.iter().sum();
        (known > 0).then(|| f64::from(self.by_status[status as usize]) / f64::from(known))
    }
}
