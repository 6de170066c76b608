//! The population as a stream of purchases in the order of time. It is made day by day, so that memory grows with
//! the shoppers and not with the purchases; the first days are the same however many follow.

use super::bank::Budget;
use super::chance::Chance;
use super::checkout::{self, Checkout};
use super::credit::Burden;
use super::merchants::{self, Merchant};
use super::places::{self, LANDS, Land};
use super::shopper::{self, Debt, Device, Shopper};
use super::theft::{Theft, Underworld};
use super::{Purchase, Scenario, Settings, SynthError, Truth, WARM_UP_DAYS};
use crate::domain::ids::CustomerId;
use crate::domain::submission::{AccountHistory, Customer, OrderStatus, Origin};
use crate::domain::time::{DAY_MS, Timestamp};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// The first day that is written.
pub const FIRST_DAY: Date = jiff::civil::date(2025, 1, 1);

/// The streams of the seed.
const MERCHANTS: u64 = 0;
const SHOPPERS: u64 = 1;
const DAYS: u64 = 2;

/// What will happen at a time.
#[derive(Debug)]
enum Visit {
    /// A shopper buys.
    Genuine { shopper: usize, strained: bool },
    /// A thief buys; `last` ends the burst.
    Theft { theft: Arc<Theft>, last: bool },
}

/// The population, as an iterator over its purchases.
pub struct Population {
    chance: Chance,
    merchants: Arc<[Merchant]>,
    /// The places of the shops, to choose from.
    shops: Vec<usize>,
    shoppers: Vec<Shopper>,
    underworld: Underworld,
    /// What is going to happen, by time and by number.
    agenda: BTreeMap<(i64, u64), Visit>,
    visits: u64,
    serial: u64,
    next_day: Date,
    after_last_day: Date,
    /// Up to when the agenda is complete.
    complete_ms: i64,
}

impl Population {
    /// The population of these settings, from the warm-up on.
    pub fn new(settings: &Settings) -> Result<Self, SynthError> {
        settings.check()?;
        let merchants = merchants::all(&mut Chance::new(settings.seed, MERCHANTS));
        let first = FIRST_DAY - jiff::Span::new().days(WARM_UP_DAYS);
        let start = midnight(first, &LANDS[0]);
        let mut chance = Chance::new(settings.seed, SHOPPERS);
        let shoppers: Vec<_> =
            (0..settings.customers).filter_map(|serial| Shopper::new(&mut chance, serial, &merchants, start)).collect();
        Ok(Self {
            chance: Chance::new(settings.seed, DAYS),
            shops: (0..merchants.len()).collect(),
            underworld: Underworld::new(shoppers.len()),
            merchants: merchants.into(),
            shoppers,
            agenda: BTreeMap::new(),
            visits: 0,
            serial: 0,
            next_day: first,
            after_last_day: FIRST_DAY + jiff::Span::new().days(i64::from(settings.days)),
            complete_ms: 0,
        })
    }

    /// The shops, by the place that [`Purchase::merchant`] gives.
    pub fn merchants(&self) -> Arc<[Merchant]> {
        self.merchants.clone()
    }

    /// The time from which on purchases are written; those before it warm up.
    pub fn first(&self) -> Timestamp {
        midnight(FIRST_DAY, &LANDS[0])
    }

    /// Writes one more day into the agenda.
    fn plan_day(&mut self) {
        let day = self.next_day;
        self.next_day = day.tomorrow().unwrap_or(day);
        let midnights: [i64; LANDS.len()] = std::array::from_fn(|at| midnight(day, &LANDS[at]).ms());
        let season = season(day);
        let weekend = matches!(day.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
        for place in 0..self.shoppers.len() {
            let shopper = &mut self.shoppers[place];
            if shopper.from_ms > midnights[0] {
                continue;
            }
            let strained = shopper.means.strained(&mut self.chance, midnights[0]);
            let habits = &shopper.habits;
            let mut mean = habits.purchases_per_day * season * if strained { 5.5 } else { 1.0 };
            if weekend {
                mean *= habits.weekend;
            }
            for _ in 0..self.chance.poisson(mean) {
                let at_home = LANDS.iter().position(|land| land.code == shopper.land.code).unwrap_or(0);
                let hour = hour(&mut self.chance, shopper.habits.hour);
                let at_ms = midnights[at_home] + (hour * 3_600_000.0) as i64;
                self.visits += 1;
                self.agenda.insert((at_ms, self.visits), Visit::Genuine { shopper: place, strained });
            }
        }
        for (theft, times) in self.underworld.day(&mut self.chance, &self.shoppers, midnights[0]) {
            let (theft, last) = (Arc::new(theft), times.len() - 1);
            for (at, at_ms) in times.into_iter().enumerate() {
                self.visits += 1;
                self.agenda.insert((at_ms, self.visits), Visit::Theft { theft: theft.clone(), last: at == last });
            }
        }
        self.complete_ms = LANDS.iter().map(|land| midnight(self.next_day, land).ms()).min().unwrap_or(0);
    }

    /// A shopper buys something.
    fn genuine(&mut self, at: Timestamp, place: usize, strained: bool) -> Option<Purchase> {
        let chance = &mut self.chance;
        let shopper = &mut self.shoppers[place];
        shopper.change_things(chance);
        let merchant = if chance.happens(0.72) {
            chance.weighted(&shopper.habits.favourites, |(_, weight)| *weight).0
        } else {
            *chance.weighted(&self.shops, |shop| self.merchants[*shop].size)
        };
        let shop = &self.merchants[merchant];
        let splurge = if chance.happens(0.06) { chance.between(1.5, 3.5) } else { 1.0 };
        let factor = shopper.habits.amount_factor * splurge * if strained { 1.3 } else { 1.0 };
        let median = shop.category.median_minor * shop.price_level * factor;
        let amount = shopper::money(chance.log_normal(median, shop.category.sigma));
        let lean = shopper.habits.plan_length * 0.5 + if strained { 0.9 } else { 0.0 };
        let plan = checkout::plan(chance, amount, lean)?;
        let account = shopper.account(chance, merchant, shop, at);
        let newcomer = account.is_none_or(|account| shopper.accounts[account].orders() == 0);
        let customer = shopper.as_customer(chance, account, at)?;
        let till = chance.happens(shop.in_store);
        let device = if chance.happens(0.82) { shopper.devices.first()? } else { chance.pick(&shopper.devices) };
        let elsewhere = chance.happens(shopper.habits.gifts);
        let shipping = match chance.unit() {
            _ if till => None,
            u if u < 0.07 => Some(places::address(chance, shopper.land)),
            _ if elsewhere => Some(shopper.elsewhere.clone()),
            _ => Some(shopper.home.clone()),
        };
        let card = if chance.happens(0.85) { shopper.cards.first()? } else { chance.pick(&shopper.cards) }.clone();
        self.serial += 1;
        let checkout = Checkout {
            serial: self.serial,
            at,
            merchant: shop,
            customer,
            amount,
            plan,
            items: checkout::basket(chance, shop, amount, false),
            shipping,
            billing: Some(shopper.home.clone()),
            shipping_method: shipping_method(chance, till, 0.2),
            card,
            device: Some(device).filter(|_| !till),
            ip_address: Some(network(chance, shopper.home_ip, device)).filter(|_| !till),
            locale: shopper.locale,
            origin: origin(chance, till, device),
            terminal: 1 + chance.below(shop.tills),
        };
        let submission = checkout.submission()?;
        let burden = Burden { at, means: &shopper.means, merchant: shop, amount, plan, strained, newcomer };
        let shocked = burden.shocked();
        let defaulted = chance.happens(burden.default_probability());
        let ends_ms = checkout::plan_days(plan) * DAY_MS;
        let disputed = !defaulted && chance.happens(shopper.habits.disputes);
        let truth = match (disputed, defaulted) {
            (true, _) => Truth::fraud(Scenario::FriendlyFraud, at.plus_ms(days_ms(chance.between(15.0, 75.0)))),
            (_, true) => {
                // The instalment that fails is any of them; default is declared some weeks after it.
                let failed = (ends_ms as f64 * chance.unit()) as i64;
                Truth::repaid(
                    Scenario::of(strained, shocked),
                    true,
                    at.plus_ms(failed + days_ms(chance.between(16.0, 45.0))),
                )
            }
            _ => Truth::repaid(Scenario::of(strained, shocked), false, at.plus_ms(ends_ms + DAY_MS)),
        };
        if let Some(account) = account {
            let trouble = 0.003 * libm::exp(0.8 * shopper.means.frailty) + if strained { 0.06 } else { 0.0 };
            let (ends, known_at) = if defaulted || disputed {
                (OrderStatus::Disputed, truth.known_at)
            } else {
                (shopper.order_ends(chance, shop, trouble), at.plus_ms(days_ms(chance.between(6.0, 30.0))))
            };
            shopper.accounts[account].remember(at, amount, ends, known_at);
        }
        let budget = Budget::of(shopper, at);
        shopper.owe(Debt { at, amount, plan });
        Some(Purchase { merchant, at, submission, truth, budget: Some(Box::new(budget)) })
    }

    /// A thief buys something.
    fn stolen(&mut self, at: Timestamp, theft: &Theft, last: bool) -> Option<Purchase> {
        let chance = &mut self.chance;
        let taken = theft.victim.and_then(|(place, account)| Some((place, account?)));
        let merchant = match taken {
            Some((place, account)) => self.shoppers[place].accounts[account].merchant,
            None => {
                let weight = |shop: &usize| self.merchants[*shop].size * self.merchants[*shop].category.appeal;
                *chance.weighted(&self.shops, weight)
            }
        };
        let shop = &self.merchants[merchant];
        let median = shop.category.median_minor * shop.price_level * theft.amount_factor;
        let amount = shopper::money(chance.log_normal(median, 0.8 * shop.category.sigma));
        let plan = checkout::plan(chance, amount, 0.3)?;
        let (customer_id, history) = match taken {
            Some((place, account)) => {
                let account = &self.shoppers[place].accounts[account];
                (account.customer_id.clone(), account.history(at))
            }
            None => fresh_account(chance, at)?,
        };
        let customer = Customer {
            customer_id,
            given_name: Some(theft.name.0.clone()),
            family_name: Some(theft.name.1.clone()),
            email: Some(theft.email.clone()),
            phone: Some(theft.phone.clone()).filter(|_| chance.happens(0.93)),
            birth_date: theft.victim.map(|(place, _)| self.shoppers[place].birth_date),
            address: Some(theft.billing.clone()).filter(|_| chance.happens(0.85)),
            history: Some(history),
        };
        self.serial += 1;
        let checkout = Checkout {
            serial: self.serial,
            at,
            merchant: shop,
            customer,
            amount,
            plan,
            items: checkout::basket(chance, shop, amount, !theft.careful),
            shipping: Some(theft.shipping.clone()),
            billing: Some(theft.billing.clone()),
            shipping_method: shipping_method(chance, false, if theft.careful { 0.3 } else { 0.55 }),
            card: theft.card.clone(),
            device: Some(&theft.device),
            ip_address: Some(theft.ip_address),
            locale: if theft.careful || chance.happens(0.8) { theft.land.locale } else { "en-GB" },
            origin: origin(chance, false, &theft.device),
            terminal: 1,
        };
        let submission = checkout.submission()?;
        let truth = Truth::fraud(theft.scenario, at.plus_ms(days_ms(chance.log_normal(12.0, 0.7).clamp(1.0, 90.0))));
        if let Some((place, account)) = taken {
            let account = &mut self.shoppers[place].accounts[account];
            account.remember(at, amount, OrderStatus::Disputed, truth.known_at);
        }
        if let Some((place, _)) = theft.victim.filter(|_| last) {
            let shopper = &mut self.shoppers[place];
            shopper.cards[0] = shopper::card(chance, shopper.bank, shopper.means.frailty, shopper::FAR_BANK);
        }
        Some(Purchase { merchant, at, submission, truth, budget: None })
    }
}

impl Iterator for Population {
    type Item = Purchase;

    fn next(&mut self) -> Option<Purchase> {
        loop {
            let due = self.agenda.first_entry().filter(|first| first.key().0 < self.complete_ms);
            let Some(((at_ms, _), visit)) = due.map(|first| first.remove_entry()) else {
                if self.next_day >= self.after_last_day {
                    return None;
                }
                self.plan_day();
                continue;
            };
            let at = Timestamp::from_ms(at_ms).unwrap_or_default();
            let purchase = match visit {
                Visit::Genuine { shopper, strained } => self.genuine(at, shopper, strained),
                Visit::Theft { theft, last } => self.stolen(at, &theft, last),
            };
            if purchase.is_some() {
                return purchase;
            }
        }
    }
}

impl Shopper {
    /// Now and then a new phone, a new card, a new home.
    fn change_things(&mut self, chance: &mut Chance) {
        if chance.happens(0.07) {
            self.devices[0] = Device::new(chance);
        }
        if chance.happens(0.02) {
            self.cards[0] = shopper::card(chance, self.bank, self.means.frailty, shopper::FAR_BANK);
        }
        if chance.happens(0.006) {
            self.home = places::address(chance, self.land);
            self.home_ip = places::home_ip(chance, self.serial);
        }
    }

    /// The account with which the shopper buys at a shop: the one that is there, a new one, or none (a guest).
    fn account(&mut self, chance: &mut Chance, merchant: usize, shop: &Merchant, at: Timestamp) -> Option<usize> {
        let known = self.accounts.iter().position(|account| account.merchant == merchant);
        match known {
            Some(account) => Some(account).filter(|_| chance.happens(0.97)),
            None if chance.happens(shop.guests) => None,
            None => {
                let minutes = chance.log_normal(9.0, 1.6).min(60.0 * 24.0 * 20.0);
                self.open(chance, merchant, at.plus_ms(-(minutes * 60_000.0) as i64))
            }
        }
    }

    /// What the shop writes down about the customer.
    fn as_customer(&self, chance: &mut Chance, account: Option<usize>, at: Timestamp) -> Option<Customer> {
        let (customer_id, history) = match account {
            Some(account) => (self.accounts[account].customer_id.clone(), self.accounts[account].history(at)),
            None => (guest_id(chance)?, guest_history()),
        };
        Some(Customer {
            customer_id,
            given_name: Some(self.name.0.clone()),
            family_name: Some(self.name.1.clone()),
            email: Some(self.email.clone()),
            phone: Some(self.phone.clone()).filter(|_| chance.happens(0.96)),
            birth_date: Some(self.birth_date),
            address: Some(self.home.clone()).filter(|_| chance.happens(0.9)),
            history: Some(history),
        })
    }
}

fn guest_id(chance: &mut Chance) -> Option<CustomerId> {
    CustomerId::parse(&format!("g{}", chance.token())).ok()
}

fn guest_history() -> AccountHistory {
    AccountHistory { guest: Some(true), ..AccountHistory::default() }
}

/// What a thief with a stolen card uses: no account, or one opened for the purpose.
fn fresh_account(chance: &mut Chance, at: Timestamp) -> Option<(CustomerId, AccountHistory)> {
    if chance.happens(0.5) {
        return Some((guest_id(chance)?, guest_history()));
    }
    let minutes = chance.log_normal(40.0, 2.0).min(60.0 * 24.0 * 60.0);
    let created_at = Some(at.plus_ms(-(minutes * 60_000.0) as i64));
    let customer_id = CustomerId::parse(&format!("n{}", chance.token())).ok()?;
    Some((customer_id, AccountHistory { created_at, guest: Some(false), orders: Vec::new() }))
}

fn days_ms(days: f64) -> i64 {
    (days * DAY_MS as f64) as i64
}

fn midnight(day: Date, land: &Land) -> Timestamp {
    let zone = jiff::tz::TimeZone::get(land.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let at = day.to_zoned(zone).map_or(0, |zoned| zoned.timestamp().as_millisecond());
    Timestamp::from_ms(at).unwrap_or_default()
}

/// How much is bought in a month relative to others: more before Christmas. Assumption.
fn season(day: Date) -> f64 {
    match day.month() {
        11 => 1.35,
        12 => 1.45,
        1 | 7 => 1.05,
        2 | 8 => 0.88,
        _ => 0.95,
    }
}

/// An hour around the usual one; now and then any.
fn hour(chance: &mut Chance, usual: f64) -> f64 {
    if chance.happens(0.08) { chance.between(0.0, 24.0) } else { (usual + 2.4 * chance.normal()).rem_euclid(24.0) }
}

fn shipping_method(chance: &mut Chance, till: bool, express: f64) -> &'static str {
    match chance.unit() {
        _ if till => "carried_away",
        u if u < express => "express",
        u if u < express + 0.2 => "pickup_point",
        _ => "standard",
    }
}

fn origin(chance: &mut Chance, till: bool, device: &Device) -> Origin {
    match chance.unit() {
        _ if till => Origin::InStore,
        u if u < 0.03 => Origin::PaymentLink,
        u if u < 0.5 && device.agent().1 => Origin::App,
        _ => Origin::Web,
    }
}

fn network(chance: &mut Chance, home: IpAddr, device: &Device) -> IpAddr {
    let mobile = if device.agent().1 { 0.45 } else { 0.05 };
    match chance.unit() {
        u if u < 0.02 => places::hosted_ip(chance),
        u if u < 0.02 + mobile => places::mobile_ip(chance),
        _ => home,
    }
}
