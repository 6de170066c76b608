//! What happens at a checkout whoever pays: the basket, the plan, the fields that a shop fills in.

use super::chance::Chance;
use super::merchants::Merchant;
use super::shopper::Device;
use crate::domain::geo::Address;
use crate::domain::ids::RequestId;
use crate::domain::money::Money;
use crate::domain::plan::PlanChoice;
use crate::domain::submission::{Card, Context, Customer, Item, Origin, Purchase, Signals, Submission};
use crate::domain::time::Timestamp;
use std::net::IpAddr;

/// The plans that are chosen from: instalments, days of deferral, weight, and the least amount in cents. Assumption.
const PLANS: [(i32, i32, f64, i64); 7] = [
    (1, 15, 0.05, 0),
    (1, 30, 0.08, 0),
    (2, 0, 0.14, 0),
    (3, 0, 0.38, 0),
    (4, 0, 0.28, 5_000),
    (10, 0, 0.06, 25_000),
    (12, 0, 0.05, 35_000),
];

/// The plan that someone chooses; a higher `lean` chooses longer ones.
pub fn plan(chance: &mut Chance, amount: Money, lean: f64) -> Option<PlanChoice> {
    let larger = 0.3 * libm::log(amount.amount_minor as f64 / 20_000.0);
    let weight = |plan: &(i32, i32, f64, i64)| {
        let length = f64::from(plan.0.min(9) - 3) / 4.0;
        if amount.amount_minor < plan.3 { 0.0 } else { plan.2 * libm::exp((lean + larger) * length) }
    };
    let (count, days, _, _) = *chance.weighted(&PLANS, weight);
    PlanChoice::new(count, days, 0).ok()
}

/// How many days a plan runs.
pub fn plan_days(plan: PlanChoice) -> i64 {
    i64::from(plan.deferred_days) + 30 * (i64::from(plan.instalment_count) - 1)
}

/// A basket of one to four lines that sums to the amount; a thief's basket holds the dearest goods.
pub fn basket(chance: &mut Chance, merchant: &Merchant, amount: Money, dear: bool) -> Vec<Item> {
    let lines = if dear { 1 + chance.below(2) } else { 1 + chance.below(3).min(chance.below(4)) };
    let mut left = amount.amount_minor;
    let mut items = Vec::with_capacity(lines);
    for line in 0..lines {
        let last = line + 1 == lines;
        let price = if last { left } else { (left as f64 * chance.between(0.3, 0.8)) as i64 };
        let kind = if dear && chance.happens(0.7) { 0 } else { chance.below(merchant.category.goods.len()) };
        let good = merchant.category.goods[kind];
        let quantity = if price % 2 == 0 && chance.happens(0.08) { 2 } else { 1 };
        items.push(Item {
            title: Some(format!("{} no. {}", good.replace('_', " "), 100 + chance.below(900)).into()),
            category: Some(good.into()),
            quantity,
            unit_price_minor: Some(price / i64::from(quantity)),
        });
        left -= price;
    }
    items
}

/// Where and how someone pays.
pub struct Checkout<'a> {
    /// The purchase's number.
    pub serial: u64,
    /// When.
    pub at: Timestamp,
    /// At which shop.
    pub merchant: &'a Merchant,
    /// Who, as the shop knows them.
    pub customer: Customer,
    /// How much.
    pub amount: Money,
    /// By which plan.
    pub plan: PlanChoice,
    /// In what lines.
    pub items: Vec<Item>,
    /// Where the goods go; `None` at a till.
    pub shipping: Option<Address>,
    /// Whom the bill names.
    pub billing: Option<Address>,
    /// How the goods travel.
    pub shipping_method: &'static str,
    /// With which card.
    pub card: Card,
    /// On which device; `None` at a till.
    pub device: Option<&'a Device>,
    /// From where; `None` at a till.
    pub ip_address: Option<IpAddr>,
    /// In which language.
    pub locale: &'static str,
    /// Through which channel.
    pub origin: Origin,
    /// At which till or checkout.
    pub terminal: usize,
}

impl Checkout<'_> {
    /// The request that the shop's gateway sends. `None` cannot happen: the ids are well formed.
    pub fn submission(self) -> Option<Submission> {
        let Self { serial, at, merchant, mut customer, .. } = self;
        if !merchant.asks.birth_date {
            customer.birth_date = None;
        }
        if !merchant.asks.phone {
            customer.phone = None;
        }
        let terminal = if self.origin == Origin::InStore { format!("till-{}", self.terminal) } else { "web-1".into() };
        Some(Submission {
            request_id: RequestId::parse(&format!("synth-{serial:09}")).ok()?,
            purchase: Purchase {
                amount: self.amount,
                plan: self.plan,
                merchant_reference: Some(format!("order {serial}").into()),
                merchant_category: Some(merchant.category.name.into()),
                items: self.items,
                shipping_address: self.shipping,
                billing_address: self.billing.filter(|_| merchant.asks.billing),
                shipping_method: Some(self.shipping_method.into()),
                card: Some(self.card),
            },
            customer,
            context: Context {
                ip_address: self.ip_address,
                device_id: self.device.map(|device| device.id.clone()),
                user_agent: self.device.map(|device| device.agent().0.into()),
                locale: Some(self.locale.into()),
                terminal_id: Some(terminal.into()),
                origin: Some(self.origin),
                return_url: None,
            },
            signals: Signals::default(),
            occurred_at: Some(at),
        })
    }
}
