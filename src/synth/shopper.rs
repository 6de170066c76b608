//! A shopper: who, with which habits and means, and what shops know of them.

use super::chance::Chance;
use super::merchants::Merchant;
use super::places::{self, AGENTS, Land};
use crate::domain::contact::{Email, Phone};
use crate::domain::geo::Address;
use crate::domain::ids::CustomerId;
use crate::domain::money::{Currency, Money};
use crate::domain::plan::PlanChoice;
use crate::domain::submission::{AccountHistory, Card, Funding, OrderStatus, PastOrder};
use crate::domain::time::{DAY_MS, Timestamp};
use std::collections::VecDeque;
use std::net::IpAddr;

/// The purchases of an average shopper in a year, at all shops together. Assumption; CFPB (2025) counts 9.5 loans a
/// borrower a year over all lenders.
const PURCHASES_A_YEAR: f64 = 9.5;
/// The share of shoppers who have come from another country of the population. Assumption.
const FROM_ELSEWHERE: f64 = 0.08;
/// The share of cards whose bank is far away. Assumption.
pub const FAR_BANK: f64 = 0.004;
/// The share of shoppers whose browser speaks English. Assumption.
const ENGLISH: f64 = 0.05;
/// The most orders that a shop's history of one customer goes back.
const ORDERS_KEPT: usize = 12;

/// The most purchases whose payment a bank shows.
const DEBTS_KEPT: usize = 24;

/// A browser or phone.
#[derive(Debug, Clone)]
pub struct Device {
    /// The gateway's name for it.
    pub id: Box<str>,
    /// Which of [`AGENTS`].
    pub agent: usize,
}

impl Device {
    /// A device that nobody has used before.
    pub fn new(chance: &mut Chance) -> Self {
        let agents: [usize; AGENTS.len()] = std::array::from_fn(|at| at);
        let agent = *chance.weighted(&agents, |at| AGENTS[*at].2);
        Self { id: format!("dev-{}", chance.token()).into(), agent }
    }

    /// How it describes itself, and whether it is a phone.
    pub fn agent(&self) -> (&'static str, bool) {
        (AGENTS[self.agent].0, AGENTS[self.agent].1)
    }
}

/// How someone shops.
#[derive(Debug)]
pub struct Habits {
    /// Purchases a day.
    pub purchases_per_day: f64,
    /// Amounts relative to what a shop usually sells.
    pub amount_factor: f64,
    /// The usual hour, 0 to 24, by the local clock.
    pub hour: f64,
    /// Purchases on a Saturday or Sunday relative to a weekday.
    pub weekend: f64,
    /// The usual shops, with how usual.
    pub favourites: Vec<(usize, f64)>,
    /// How much longer or shorter plans are than others choose: a number around 0.
    pub plan_length: f64,
    /// The share of purchases that go to someone else.
    pub gifts: f64,
    /// How much more often goods are sent back than by others.
    pub returns: f64,
    /// The share of purchases disputed though they were genuine: friendly fraud.
    pub disputes: f64,
}

/// What someone can afford. None of it is ever in a request.
#[derive(Debug)]
pub struct Means {
    /// Income a month, in cents.
    pub income_minor: f64,
    /// How fragile the budget is: a number around 0 with deviation 1.
    pub frailty: f64,
    /// When the last over-indebtedness began, in milliseconds.
    pub strained_from_ms: i64,
    /// Until when the current over-indebtedness lasts, in milliseconds; in the past: none.
    pub strained_until_ms: i64,
    /// When the next one begins.
    pub next_strain_ms: i64,
    /// When income next breaks away: illness, a lost job.
    pub next_shock_ms: i64,
    /// What was owed at `owed_at_ms`, in cents; halves about every six weeks.
    owed_minor: f64,
    owed_at_ms: i64,
}

/// An account at a shop, as the shop sees it.
#[derive(Debug)]
pub struct Account {
    /// Which shop.
    pub merchant: usize,
    /// The shop's name for the customer.
    pub customer_id: CustomerId,
    /// When it was opened.
    pub created_at: Timestamp,
    orders: VecDeque<Order>,
}

/// A purchase that is paid by a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debt {
    /// When it was bought.
    pub at: Timestamp,
    /// What it cost.
    pub amount: Money,
    /// How it is paid.
    pub plan: PlanChoice,
}

/// An order and what will become of it.
#[derive(Debug)]
struct Order {
    ordered_at: Timestamp,
    amount: Money,
    ends: OrderStatus,
    known_at: Timestamp,
}

impl Account {
    /// Remembers an order that ends in `ends`, which the shop knows from `known_at` on.
    pub fn remember(&mut self, ordered_at: Timestamp, amount: Money, ends: OrderStatus, known_at: Timestamp) {
        if self.orders.len() == ORDERS_KEPT {
            self.orders.pop_front();
        }
        self.orders.push_back(Order { ordered_at, amount, ends, known_at });
    }

    /// What the shop knows at a time.
    pub fn history(&self, at: Timestamp) -> AccountHistory {
        let seen = |order: &Order| PastOrder {
            ordered_at: order.ordered_at,
            amount: order.amount,
            status: (order.known_at <= at).then_some(order.ends),
        };
        AccountHistory {
            created_at: Some(self.created_at),
            guest: Some(false),
            orders: self.orders.iter().map(seen).collect(),
        }
    }

    /// How many orders it remembers.
    pub fn orders(&self) -> usize {
        self.orders.len()
    }
}

/// A shopper.
#[derive(Debug)]
pub struct Shopper {
    /// The shopper's number.
    pub serial: u32,
    /// From when on they shop.
    pub from_ms: i64,
    /// Given and family name.
    pub name: (Box<str>, Box<str>),
    /// Mailbox.
    pub email: Email,
    /// Mobile number.
    pub phone: Phone,
    /// Date of birth.
    pub birth_date: jiff::civil::Date,
    /// Country.
    pub land: &'static Land,
    /// The country of the bank.
    pub bank: &'static Land,
    /// The language of the browser.
    pub locale: &'static str,
    /// Home.
    pub home: Address,
    /// Family, work or a friend: where gifts go.
    pub elsewhere: Address,
    /// Cards, the usual one first.
    pub cards: Vec<Card>,
    /// Devices, the usual one first.
    pub devices: Vec<Device>,
    /// The network address at home.
    pub home_ip: IpAddr,
    /// How they shop.
    pub habits: Habits,
    /// What they can afford.
    pub means: Means,
    /// What shops know.
    pub accounts: Vec<Account>,
    /// The purchases that are still being paid, or have been of late.
    pub debts: VecDeque<Debt>,
}

impl Shopper {
    /// A new shopper, with a past where they have been shopping before `start`. `None` cannot happen: every invented
    /// value is well formed.
    pub fn new(chance: &mut Chance, serial: u32, merchants: &[Merchant], start: Timestamp) -> Option<Self> {
        let land = places::land(chance);
        let name = places::name(chance);
        // Some have come from elsewhere, and kept their language, their number or their bank.
        let origin = if chance.happens(FROM_ELSEWHERE) { places::land(chance) } else { land };
        let mut kept = |of_land: &'static Land| if chance.happens(0.6) { origin } else { of_land };
        let (speaks, called, banked) = (kept(land), kept(land), kept(land));
        let means = Means::new(chance, start);
        let habits = Habits::new(chance, land, merchants, &means);
        let day = DAY_MS as f64;
        let from_ms = if chance.happens(0.6) { 0 } else { start.ms() + (chance.exponential(250.0) * day) as i64 };
        let mut shopper = Self {
            serial,
            from_ms,
            email: Email::parse(&places::mailbox(chance, &name.0, &name.1)).ok()?,
            phone: Phone::parse(&places::phone(called, u64::from(serial))).ok()?,
            birth_date: birth_date(chance)?,
            name,
            land,
            bank: banked,
            locale: if chance.happens(ENGLISH) { "en-GB" } else { speaks.locale },
            home: places::address(chance, land),
            elsewhere: places::address(chance, land),
            cards: (0..1 + chance.below(2)).map(|_| card(chance, banked, means.frailty, FAR_BANK)).collect(),
            devices: (0..1 + chance.below(3)).map(|_| Device::new(chance)).collect(),
            home_ip: places::home_ip(chance, serial),
            habits,
            means,
            accounts: Vec::new(),
            debts: VecDeque::new(),
        };
        if from_ms == 0 {
            shopper.give_past(chance, merchants, start);
        }
        Some(shopper)
    }

    /// Accounts and orders from before the population begins.
    fn give_past(&mut self, chance: &mut Chance, merchants: &[Merchant], start: Timestamp) {
        for (merchant, weight) in self.habits.favourites.clone() {
            if !chance.happens(0.75) {
                continue;
            }
            let age_days = chance.exponential(700.0).min(4_000.0);
            let created_at = start.plus_ms(-(age_days * DAY_MS as f64) as i64);
            let Some(account) = self.open(chance, merchant, created_at) else { continue };
            let share = weight / self.habits.favourites.iter().map(|(_, weight)| weight).sum::<f64>();
            let orders = chance.poisson((age_days * self.habits.purchases_per_day * share).min(10.0));
            let mut times: Vec<_> = (0..orders).map(|_| chance.between(1.0, age_days.max(1.1))).collect();
            times.sort_by(|a, b| b.total_cmp(a));
            for days_ago in times {
                let ordered_at = start.plus_ms(-(days_ago * DAY_MS as f64) as i64);
                let shop = &merchants[merchant];
                let median = shop.category.median_minor * shop.price_level * self.habits.amount_factor;
                let amount = money(chance.log_normal(median, shop.category.sigma));
                let trouble = 0.004 * libm::exp(0.8 * self.means.frailty);
                let ends = self.order_ends(chance, shop, trouble);
                self.accounts[account].remember(ordered_at, amount, ends, ordered_at.plus_ms(20 * DAY_MS));
            }
        }
    }

    /// Owes for a purchase from now on.
    pub fn owe(&mut self, debt: Debt) {
        if self.debts.len() == DEBTS_KEPT {
            self.debts.pop_front();
        }
        self.means.owe(debt.amount, debt.at.ms());
        self.debts.push_back(debt);
    }

    /// Opens an account and returns its place.
    pub fn open(&mut self, chance: &mut Chance, merchant: usize, created_at: Timestamp) -> Option<usize> {
        let customer_id = CustomerId::parse(&format!("c{:06}{:04}", self.serial, chance.below(10_000))).ok()?;
        self.accounts.push(Account { merchant, customer_id, created_at, orders: VecDeque::new() });
        Some(self.accounts.len() - 1)
    }

    /// What becomes of an order that was genuine, where `trouble` is the chance of a dispute.
    pub fn order_ends(&self, chance: &mut Chance, shop: &Merchant, trouble: f64) -> OrderStatus {
        let returned = (shop.category.returns * self.habits.returns).min(0.7);
        match chance.unit() {
            u if u < trouble => OrderStatus::Disputed,
            u if u < trouble + returned => OrderStatus::Returned,
            u if u < trouble + returned + 0.02 => OrderStatus::Cancelled,
            _ => OrderStatus::Completed,
        }
    }
}

impl Habits {
    fn new(chance: &mut Chance, land: &Land, merchants: &[Merchant], means: &Means) -> Self {
        let shops: Vec<usize> = (0..merchants.len()).collect();
        let near =
            |shop: &usize| merchants[*shop].size * if merchants[*shop].land.code == land.code { 4.0 } else { 0.4 };
        let mut favourites: Vec<(usize, f64)> = Vec::new();
        for _ in 0..2 + chance.below(4) {
            let shop = *chance.weighted(&shops, near);
            if favourites.iter().all(|(known, _)| *known != shop) {
                favourites.push((shop, chance.exponential(1.0)));
            }
        }
        // The mean of a log-normal is the median times exp(sigma² / 2).
        let usual = PURCHASES_A_YEAR / 365.0 / libm::exp(0.32);
        let affords = libm::exp(0.35 * libm::log(means.income_minor / 220_000.0));
        Self {
            purchases_per_day: chance.log_normal(usual, 0.8),
            amount_factor: chance.log_normal(affords, 0.25),
            hour: (19.0 + 4.0 * chance.normal() + 0.6 * means.frailty).rem_euclid(24.0),
            weekend: chance.log_normal(1.2, 0.3),
            favourites,
            plan_length: 0.7 * means.frailty + 0.9 * chance.normal(),
            gifts: chance.between(0.0, 0.2),
            returns: chance.log_normal(0.9, 0.5) * libm::exp(0.4 * means.frailty),
            disputes: if chance.happens(0.03) { 0.012 } else { 0.0007 },
        }
    }
}

impl Means {
    fn new(chance: &mut Chance, start: Timestamp) -> Self {
        let frailty = chance.normal();
        let mut means = Self {
            income_minor: chance.log_normal(220_000.0, 0.4) * libm::exp(-0.12 * frailty),
            frailty,
            strained_from_ms: 0,
            strained_until_ms: 0,
            next_strain_ms: 0,
            next_shock_ms: start.ms() + (chance.exponential(SHOCK_EVERY_DAYS) * DAY_MS as f64) as i64,
            owed_minor: 0.0,
            owed_at_ms: start.ms(),
        };
        means.next_strain_ms = start.ms() + means.until_strain_ms(chance);
        means
    }

    fn until_strain_ms(&self, chance: &mut Chance) -> i64 {
        let mean_days = STRAIN_EVERY_DAYS * libm::exp(-0.9 * self.frailty);
        (chance.exponential(mean_days) * DAY_MS as f64) as i64
    }

    /// Whether the shopper is over-indebted on the day that begins at `ms`; begins and ends such times.
    pub fn strained(&mut self, chance: &mut Chance, ms: i64) -> bool {
        if ms >= self.next_strain_ms {
            self.strained_from_ms = ms;
            self.strained_until_ms = ms + (chance.between(25.0, 70.0) * DAY_MS as f64) as i64;
            self.next_strain_ms = self.strained_until_ms + self.until_strain_ms(chance);
        }
        while ms > self.next_shock_ms + 60 * DAY_MS {
            self.next_shock_ms += (chance.exponential(SHOCK_EVERY_DAYS) * DAY_MS as f64) as i64 + DAY_MS;
        }
        ms < self.strained_until_ms
    }

    /// What is owed at a time, in cents.
    pub fn owed(&self, ms: i64) -> f64 {
        let days = (ms - self.owed_at_ms).max(0) as f64 / DAY_MS as f64;
        self.owed_minor * libm::exp(-days / 60.0)
    }

    /// Owes an amount more from a time on.
    pub fn owe(&mut self, amount: Money, ms: i64) {
        self.owed_minor = self.owed(ms) + amount.amount_minor as f64;
        self.owed_at_ms = ms;
    }
}

/// Days between two times of over-indebtedness of a shopper with an average budget. Assumption.
const STRAIN_EVERY_DAYS: f64 = 3_000.0;
/// Days between two shocks to a shopper's income. Assumption.
const SHOCK_EVERY_DAYS: f64 = 2_900.0;

/// An amount in euros, rounded as prices are.
pub fn money(amount_minor: f64) -> Money {
    let euros = (amount_minor / 100.0).clamp(12.0, 9_000.0);
    Money { amount_minor: euros as i64 * 100 + if euros < 150.0 { 90 } else { 0 }, currency: Currency::EUR }
}

/// A card of someone in a country, whose bank is far away by the chance `far`; fragile budgets hold prepaid cards a
/// little more often.
pub fn card(chance: &mut Chance, land: &Land, frailty: f64, far: f64) -> Card {
    let prepaid = 0.04 * libm::exp(0.7 * frailty);
    let funding = match chance.unit() {
        u if u < prepaid => Funding::Prepaid,
        u if u < 0.33 => Funding::Credit,
        _ => Funding::Debit,
    };
    let bank = if chance.happens(far) { *chance.pick(&places::FAR_COUNTRIES) } else { land.code };
    Card {
        fingerprint: Some(format!("card-{}", chance.token()).into()),
        bin_country: places::country(bank),
        funding: Some(funding),
    }
}

fn birth_date(chance: &mut Chance) -> Option<jiff::civil::Date> {
    let years = 18.0 + 60.0 * chance.unit() * chance.between(0.5, 1.0);
    jiff::civil::Date::new(2024 - years as i16, 1 + chance.below(12) as i8, 1 + chance.below(28) as i8).ok()
}
