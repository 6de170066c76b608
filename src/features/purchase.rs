//! The purchase: amount, plan, what is sold, how it travels, which card pays.

use super::scene::Scene;
use super::{Feature, boolean, category, number};
use crate::domain::money::{Currency, Money};
use crate::domain::reason::ReasonCode as Reason;
use crate::domain::submission::Card;

pub(super) const ABOUT: &str = "What is bought and how it is to be paid.";

pub(super) const FEATURES: &[Feature] = &[
    number(1, "amount_minor", "minor units", Reason::PURCHASE_AMOUNT, |s| Some(amount(s) as f64))
        .says("The amount of the purchase.", "Never."),
    category(2, "currency", Reason::PURCHASE_AMOUNT, |s| Some(s.submission.purchase.amount.currency.code()))
        .says("The currency of the purchase, by ISO 4217.", "Never."),
    number(3, "instalment_count", "instalments", Reason::PLAN_LENGTH, |s| {
        Some(s.submission.purchase.plan.instalment_count.into())
    })
    .says("In how many instalments it is to be paid.", "Never."),
    number(4, "deferred_days", "days", Reason::PLAN_LENGTH, |s| Some(s.submission.purchase.plan.deferred_days.into()))
        .says("By how many days every due date is shifted.", "Never."),
    number(5, "deferred_months", "months", Reason::PLAN_LENGTH, |s| {
        Some(s.submission.purchase.plan.deferred_months.into())
    })
    .says("By how many calendar months every due date is shifted.", "Never."),
    number(6, "instalment_amount_minor", "minor units", Reason::INSTALMENT_AMOUNT, |s| {
        Some((amount(s) / i64::from(s.submission.purchase.plan.instalment_count.max(1))) as f64)
    })
    .says("The amount over the number of instalments, rounded down; fees not counted.", "Never."),
    number(7, "plan_length_days", "days", Reason::PLAN_LENGTH, |s| {
        let plan = s.submission.purchase.plan;
        let months = u32::from(plan.deferred_months) + u32::from(plan.instalment_count.max(1)) - 1;
        Some(f64::from(u32::from(plan.deferred_days) + 30 * months))
    })
    .says("Days until the last instalment is due, with 30 days to a month.", "Never."),
    boolean(8, "first_instalment_deferred", Reason::PLAN_LENGTH, |s| {
        let plan = s.submission.purchase.plan;
        Some(plan.deferred_days > 0 || plan.deferred_months > 0)
    })
    .says("Whether nothing is paid on the day of the purchase.", "Never."),
    boolean(9, "amount_is_whole", Reason::PURCHASE_AMOUNT, |s| Some(is_whole(s.submission.purchase.amount)))
        .says("Whether the amount has no minor part, such as 100.00 EUR.", "Never."),
    category(10, "merchant_category", Reason::MERCHANT_CATEGORY, |s| {
        s.submission.purchase.merchant_category.as_deref()
    })
    .says("What the merchant sells.", "It was not given."),
    category(11, "shipping_method", Reason::SHIPPING_METHOD, |s| s.submission.purchase.shipping_method.as_deref())
        .says("How the goods travel.", "It was not given."),
    boolean(12, "card_known", Reason::CARD_KIND, |s| {
        Some(s.submission.purchase.card.as_ref().is_some_and(|card| card.fingerprint.is_some()))
    })
    .says("Whether the card's fingerprint was given.", "Never."),
    category(13, "card_funding", Reason::CARD_KIND, |s| Some(card(s)?.funding?.name()))
        .one_of(&["credit", "debit", "prepaid"])
        .says("How the card is funded.", "It was not given."),
    category(14, "card_country", Reason::CARD_COUNTRY, |s| Some(card(s)?.bin_country.as_ref()?.code()))
        .says("The country of the card's bank, by ISO 3166-1 alpha-2.", "It was not given."),
];

fn amount(scene: &Scene<'_>) -> i64 {
    scene.submission.purchase.amount.amount_minor
}

fn card<'s>(scene: &'s Scene<'_>) -> Option<&'s Card> {
    scene.submission.purchase.card.as_ref()
}

fn is_whole(amount: Money) -> bool {
    // Looking a currency up costs more than all else here, and nearly every purchase is in euros.
    let digits = if amount.currency == Currency::EUR { 2 } else { amount.currency.exponent() };
    amount.amount_minor % 10_i64.pow(digits.min(18)) == 0
}
