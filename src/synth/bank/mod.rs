//! What a shopper's bank could tell on the day of a purchase: the transactions of 90 days, made from the means that bear on
//! repayment, so that they say something of it that a request does not. Every number is an assumption.
//!
//! A [`Household`] is what stays the same from one history of a shopper to the next: who pays wages and when, who is paid
//! rent, what the budget is like. [`history`] lives through the days before a purchase and writes the account down.
//! Two histories of one shopper agree on that, and on the instalments, not on each transaction.

mod book;
mod household;
#[cfg(test)]
mod tests;
mod wording;

use super::chance::Chance;
use super::shopper::{Debt, Shopper};
use crate::domain::evidence::BankHistory;
use crate::domain::time::Timestamp;
use household::Household;
use jiff::civil::Date;

/// The streams of the seed: one a shopper, one a history.
const HOUSEHOLDS: u64 = 1 << 40;
const HISTORIES: u64 = 1 << 41;

/// How many days a history goes back.
pub const DAYS: i32 = 90;

/// A shopper's means at the time of a purchase: the causes of what the bank shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// The shopper's number.
    pub shopper: u32,
    /// The country of the bank.
    pub bank: &'static str,
    /// Income a month, in cents.
    pub income_minor: f64,
    /// How fragile the budget is: a number around 0 with deviation 1.
    pub frailty: f64,
    /// When the last over-indebtedness began, and when it ends.
    pub strained: (Timestamp, Timestamp),
    /// When income broke away, if that was of late.
    pub shocked: Option<Timestamp>,
    /// The purchases on plans before this one.
    pub debts: Vec<Debt>,
}

impl Budget {
    /// That of a shopper at a time.
    pub(super) fn of(shopper: &Shopper, at: Timestamp) -> Self {
        let means = &shopper.means;
        let time = |ms| Timestamp::from_ms(ms).unwrap_or_default();
        Self {
            shopper: shopper.serial,
            bank: shopper.bank.code,
            income_minor: means.income_minor,
            frailty: means.frailty,
            strained: (time(means.strained_from_ms), time(means.strained_until_ms)),
            shocked: (means.next_shock_ms < at.ms()).then(|| time(means.next_shock_ms)),
            debts: shopper.debts.iter().copied().collect(),
        }
    }
}

/// The banks of the population: they answer for some of the shoppers.
#[derive(Debug, Clone, Copy)]
pub struct Banks {
    seed: u64,
    share: f64,
}

impl Banks {
    /// The banks of a population, read for so many shoppers in a hundred. Those of fewer are among those of more.
    pub fn new(seed: u64, percent: u32) -> Self {
        Self { seed, share: f64::from(percent) / 100.0 }
    }

    /// The history of the days up to `today` as the bank shows it; `None`: it is not read. `number` is the purchase's.
    pub fn history(&self, budget: &Budget, today: Date, number: u64) -> Option<BankHistory> {
        let mut chance = Chance::new(self.seed, HOUSEHOLDS | u64::from(budget.shopper));
        if !chance.happens(self.share) {
            return None;
        }
        let household = Household::new(&mut chance, budget);
        Some(book::history(&mut Chance::new(self.seed, HISTORIES | number), budget, &household, today, number))
    }
}
