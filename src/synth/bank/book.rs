//! The account, day by day: what comes in, what is taken, what is bought, what the bank refuses.

use super::household::{Household, Party, Work, firm};
use super::wording::say;
use super::{Budget, DAYS};
use crate::domain::evidence::{Account, AccountKind, BankHistory, Purpose, Transaction, TransactionKind};
use crate::domain::money::Currency;
use crate::domain::time::Timestamp;
use crate::synth::chance::Chance;
use crate::synth::shopper::Debt;
use jiff::ToSpan;
use jiff::civil::Date;

/// The accounts' names.
const DAILY: &str = "daily";
const SAVINGS: &str = "savings";
/// Lenders of instalments, none of which exists.
const LENDERS: [&str; 3] = ["LENDORA", "TRANCHEO", "SPLITTINO"];
/// How many shops a household pays by card. Assumption.
const SHOPS: usize = 14;
/// How many card payments there are in a day. Assumption.
const CARD_PAYMENTS_A_DAY: f64 = 0.9;
/// How much more an over-indebted household spends. Assumption.
const STRAINED_SPENDING: f64 = 1.3;
/// What of income is left after a shock to it. Assumption.
const INCOME_AFTER_SHOCK: f64 = 0.55;
/// Interest on a day below zero. Assumption.
const INTEREST_A_DAY: f64 = 0.000_35;

/// What happens, before it has an account and a day.
struct Event<'a> {
    amount_minor: f64,
    kind: TransactionKind,
    purpose: Option<Purpose>,
    pattern: &'a str,
    who: &'a str,
}

/// The account under way.
struct Book<'a> {
    chance: &'a mut Chance,
    household: &'a Household,
    number: u64,
    day: Date,
    balance_minor: f64,
    savings_minor: f64,
    /// What interest is taken on at the end of the month, in cents and days.
    overdrawn: f64,
    transactions: Vec<Transaction>,
}

/// The history of the days up to `today`, as the bank shows it.
pub fn history(chance: &mut Chance, budget: &Budget, household: &Household, today: Date, number: u64) -> BankHistory {
    // A few banks answer for less than was asked.
    let days = if chance.happens(0.06) { 20 + chance.below(60) as i32 } else { DAYS };
    let shops: Vec<String> = (0..SHOPS).map(|_| firm(chance)).collect();
    let spread = chance.log_normal(1.0, 0.5);
    let mut book = Book {
        household,
        number,
        day: today.saturating_sub((days - 1).days()),
        balance_minor: household.buffer_minor * spread,
        savings_minor: household.savings_minor.unwrap_or_default(),
        overdrawn: 0.0,
        transactions: Vec::new(),
        chance,
    };
    let covered_from = book.day;
    for _ in 0..days {
        book.live(budget, &shops);
        book.day = book.day.tomorrow().unwrap_or(book.day);
    }
    let known = book.chance.happens(0.97);
    let account = |id: &str, kind, balance: f64| Account {
        id: id.into(),
        kind,
        balance_minor: Some(libm::round(balance) as i64).filter(|_| known),
        currency: Currency::EUR,
    };
    let mut accounts = vec![account(DAILY, AccountKind::Checking, book.balance_minor)];
    if household.savings_minor.is_some() {
        accounts.push(account(SAVINGS, AccountKind::Savings, book.savings_minor));
    }
    BankHistory { accounts, transactions: book.transactions, covered_from, covered_to: today, complete: days == DAYS }
}

fn midnight(day: Date) -> Timestamp {
    let at = day.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_millisecond());
    Timestamp::from_ms(at).unwrap_or_default()
}

impl Book<'_> {
    /// One day.
    fn live(&mut self, budget: &Budget, shops: &[String]) {
        let (from, until) = budget.strained;
        let now = midnight(self.day);
        let strained = from.ms() > 0 && (from..until).contains(&now);
        let shocked = budget.shocked.is_some_and(|at| at < now);
        self.income(if shocked { INCOME_AFTER_SHOCK } else { 1.0 });
        self.charges();
        self.instalments(&budget.debts);
        self.spending(shops, if strained { STRAINED_SPENDING } else { 1.0 });
        self.bank();
    }

    fn is_due(&self, day: i8) -> bool {
        self.day.day() == day.min(self.day.days_in_month())
    }

    fn income(&mut self, left: f64) {
        let household = self.household;
        for payer in &household.payers {
            let (due, deviation, pattern) = match household.work {
                Work::Wages => (self.is_due(payer.day), 0.035, household.words.salary[payer.wording]),
                Work::Benefits => (self.is_due(payer.day), 0.005, household.words.benefit[payer.wording % 2]),
                // All clients together pay about twice a month.
                Work::Clients => {
                    let often = 2.0 / 30.0 / household.payers.len() as f64;
                    (self.chance.happens(often), 0.5, household.words.client)
                }
            };
            if !due || (left < 1.0 && household.work == Work::Clients && self.chance.happens(0.5)) {
                continue;
            }
            let share = if household.work == Work::Clients { 0.5 } else { 1.0 };
            let amount_minor = self.chance.log_normal(payer.monthly_minor * share * left, deviation);
            let (kind, purpose) = (TransactionKind::Transfer, payer.purpose);
            self.book(DAILY, Event { amount_minor, kind, purpose, pattern, who: &payer.name });
            self.keep();
        }
        // A friend pays back; somebody gives something.
        if self.chance.happens(0.02) {
            let (amount_minor, who) = (self.chance.log_normal(4_000.0, 0.8), firm(self.chance));
            let (kind, pattern) = (TransactionKind::Transfer, household.words.person);
            self.book(DAILY, Event { amount_minor, kind, purpose: None, pattern, who: &who });
        }
    }

    /// After income: what is left over is saved, what is lacking is taken from savings.
    fn keep(&mut self) {
        let household = self.household;
        if household.savings_minor.is_none() {
            return;
        }
        let aim = household.buffer_minor + household.payers.iter().map(|payer| payer.monthly_minor).sum::<f64>();
        let over = self.balance_minor - aim;
        let moved = if over > 0.0 { 0.7 * over } else { (0.5 * over).max(-self.savings_minor) };
        self.move_to_savings(libm::round(moved / 1_000.0) * 1_000.0);
    }

    fn move_to_savings(&mut self, amount_minor: f64) {
        if amount_minor.abs() < 1_000.0 || self.savings_minor + amount_minor < 0.0 {
            return;
        }
        let pattern = self.household.words.own;
        let purpose = self.chance.happens(0.6).then_some(Purpose::OwnTransfer);
        let side = |amount_minor| Event { amount_minor, kind: TransactionKind::Transfer, purpose, pattern, who: "" };
        self.book(DAILY, side(-amount_minor));
        self.book(SAVINGS, side(amount_minor));
    }

    /// Rent, bills and loans, each on its day.
    fn charges(&mut self) {
        let household = self.household;
        if let Some((home, owned)) = household.home.as_ref().filter(|(home, _)| self.is_due(home.day)) {
            let (kind, pattern) = match owned {
                true => (TransactionKind::LoanPayment, household.words.mortgage),
                false => (TransactionKind::Transfer, household.words.rent),
            };
            self.charge(home, kind, pattern, 0.0);
        }
        let today = self.day.day();
        for bill in household.bills.iter().filter(|bill| bill.day == today) {
            self.charge(bill, TransactionKind::DirectDebit, household.words.bill, 0.12);
        }
        if let Some(loan) = household.loan.as_ref().filter(|loan| self.is_due(loan.day)) {
            self.charge(loan, TransactionKind::DirectDebit, household.words.loan, 0.0);
        }
    }

    fn charge(&mut self, party: &Party, kind: TransactionKind, pattern: &'static str, deviation: f64) {
        let amount_minor = -self.chance.log_normal(party.monthly_minor, deviation);
        self.debit(Event { amount_minor, kind, purpose: party.purpose, pattern, who: &party.name });
    }

    /// What lenders of instalments take today for earlier purchases.
    fn instalments(&mut self, debts: &[Debt]) {
        for debt in debts {
            let count = i64::from(debt.plan.instalment_count);
            let bought = debt.at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date();
            let days = self.day.duration_since(bought).as_hours() / 24 - i64::from(debt.plan.deferred_days);
            if days < 0 || days % 30 != 0 || days / 30 >= count {
                continue;
            }
            let amount_minor = -(debt.amount.amount_minor as f64) / count as f64;
            let which = debt.at.ms().unsigned_abs() as usize % LENDERS.len();
            let purpose = self.chance.happens(0.9).then_some(Purpose::Instalments);
            let pattern = self.household.words.instalment;
            let kind = TransactionKind::DirectDebit;
            self.debit(Event { amount_minor, kind, purpose, pattern, who: LENDERS[which] });
        }
    }

    /// What is bought today, by card, in cash and at games of chance.
    fn spending(&mut self, shops: &[String], factor: f64) {
        let (household, words) = (self.household, self.household.words);
        // Whoever is below zero holds back.
        let factor = if self.balance_minor < 0.0 { 0.6 * factor } else { factor };
        let daily = factor * household.spending_minor / 30.0;
        let by_card = daily * (1.0 - household.cash);
        for _ in 0..self.chance.poisson(CARD_PAYMENTS_A_DAY) {
            // The mean of a log-normal is the median times exp(sigma² / 2).
            let amount_minor = -self.chance.log_normal(by_card / CARD_PAYMENTS_A_DAY / libm::exp(0.405), 0.9);
            let who = self.chance.pick(shops);
            let (kind, pattern) = (TransactionKind::Card, words.card);
            self.pay(Event { amount_minor, kind, purpose: None, pattern, who });
            if self.chance.happens(0.015) {
                let (kind, pattern) = (TransactionKind::Refund, words.refund);
                self.book(DAILY, Event { amount_minor: -amount_minor, kind, purpose: None, pattern, who });
            }
        }
        if self.chance.happens(1.0 / 7.0) {
            let amount_minor = -libm::round(7.0 * daily * household.cash / 1_000.0).max(1.0) * 1_000.0;
            let (kind, purpose) = (TransactionKind::CashWithdrawal, self.chance.happens(0.7).then_some(Purpose::Cash));
            self.pay(Event { amount_minor, kind, purpose, pattern: words.cash, who: "" });
        }
        if let Some(bets) = household.bets.as_ref().filter(|_| self.chance.happens(1.0 / 5.0)) {
            let amount_minor = -self.chance.log_normal(factor * bets.monthly_minor / 6.0, 0.7);
            let (kind, purpose, pattern) = (TransactionKind::Card, bets.purpose, words.bet);
            self.pay(Event { amount_minor, kind, purpose, pattern, who: &bets.name });
        }
    }

    /// The bank's own: a fee a month, and interest.
    fn bank(&mut self) {
        self.overdrawn += (-self.balance_minor).max(0.0);
        if self.day.day() != self.day.days_in_month() {
            return;
        }
        let (words, kind) = (self.household.words, TransactionKind::BankFee);
        let interest = self.overdrawn * INTEREST_A_DAY;
        self.overdrawn = 0.0;
        for (amount, pattern) in [(self.household.fee_minor, words.fee), (interest, words.interest)] {
            if amount >= 1.0 {
                self.book(DAILY, Event { amount_minor: -amount, kind, purpose: None, pattern, who: "" });
            }
        }
    }

    fn has(&self, amount_minor: f64) -> bool {
        self.balance_minor + amount_minor >= -self.household.overdraft_minor
    }

    /// Pays at a shop or a machine; without the money nothing happens, and the bank shows nothing of it.
    fn pay(&mut self, event: Event<'_>) {
        if self.has(event.amount_minor) {
            self.book(DAILY, event);
        }
    }

    /// Is taken from the account. Without the money it is refused more often than not: some banks show the debit and its
    /// return, all of them the fee.
    fn debit(&mut self, event: Event<'_>) {
        if !self.has(event.amount_minor) && self.savings_minor > 0.0 && self.chance.happens(0.6) {
            self.move_to_savings(
                -libm::ceil(-event.amount_minor / 1_000.0).min(self.savings_minor / 1_000.0) * 1_000.0,
            );
        }
        if self.has(event.amount_minor) || self.chance.happens(0.3) {
            return self.book(DAILY, event);
        }
        let words = self.household.words;
        let purpose = Some(Purpose::RejectedDebit);
        if self.chance.happens(0.5) {
            let Event { amount_minor, kind, pattern, who, .. } = event;
            self.book(DAILY, Event { amount_minor, kind, purpose, pattern, who });
            self.book(DAILY, Event { amount_minor: -amount_minor, kind, purpose, pattern: words.rejected, who });
        }
        let amount_minor = -self.chance.between(400.0, 2_000.0);
        let (kind, pattern) = (TransactionKind::BankFee, words.rejected_fee);
        self.book(DAILY, Event { amount_minor, kind, purpose, pattern, who: "" });
    }

    fn book(&mut self, account: &str, event: Event<'_>) {
        let amount_minor = libm::round(event.amount_minor);
        if amount_minor == 0.0 {
            return;
        }
        *(if account == SAVINGS { &mut self.savings_minor } else { &mut self.balance_minor }) += amount_minor;
        let no = self.transactions.len();
        let id = format!("{:x}-{no}", self.number).into();
        let wording = say(event.pattern, event.who, self.day, self.chance.below(1_000_000));
        self.transactions.push(Transaction {
            id,
            account: account.into(),
            booked_on: self.day,
            amount_minor: amount_minor as i64,
            kind: event.kind,
            purpose: event.purpose,
            wording,
        });
    }
}
