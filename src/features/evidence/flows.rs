//! What flows in and out of the accounts, added up in whole minor units.

use super::balance::Balance;
use super::ledger::{Entry, Ledger};
use super::recurring::recurring;
use super::wording::payee;
use crate::domain::evidence::{AccountKind, BankHistory, Purpose, TransactionKind};
use crate::domain::money::Currency;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// Where ratios end: what is ten times as much is far too much.
const MOST: f64 = 10.0;
/// How many days after one income the next is not yet overdue: the longest month, and a long weekend.
const IN_TIME_DAYS: i32 = 35;
/// An income that tells when the next is due: at least a fifth of a month's, so that weekly wages do and a small benefit
/// does not.
const FIFTH: i128 = 5;
/// The days of a month, and of a trend.
const MONTH_DAYS: i32 = 30;

/// Everything that features are read from.
pub(in crate::features) struct Figures {
    pub days: i32,
    pub complete: bool,
    pub days_since_covered: i32,
    pub accounts: usize,
    pub transactions: usize,
    pub active_days: usize,
    pub elsewhere: u32,
    pub instalment_minor: i64,
    /// `None`: no day of an account in the currency.
    read: Option<Read>,
}

/// What the accounts show.
struct Read {
    income: Income,
    flows: Flows,
    balance: Balance,
    savings: Option<i128>,
}

/// Income, in minor units over all days.
#[derive(Debug, Default, PartialEq)]
pub(in crate::features) struct Income {
    pub sum: i128,
    /// How many payers there are.
    pub payers: usize,
    /// On how many days income was not overdue.
    pub days_in_time: u32,
    /// Days since the last.
    pub days_since: Option<i32>,
    /// By how much the payments of one payer differ from their mean, all together, and their sum, both as often as the
    /// payer paid; `None`: no payer paid twice.
    pub deviation: Option<(i128, i128)>,
}

/// What flows, in minor units over all days; what goes out is above zero too.
#[derive(Debug, Default, PartialEq)]
pub(in crate::features) struct Flows {
    pub inflow: i128,
    pub inflow_of_last: i128,
    pub outflow: i128,
    pub outflow_of_last: i128,
    pub committed: i128,
    pub credit: i128,
    pub instalments: i128,
    pub lenders: usize,
    pub gambling: i128,
    pub cash: i128,
    pub fees: i128,
    pub rejected: u32,
}

impl Figures {
    /// The figures of a history.
    pub fn of(history: &BankHistory, instalment_minor: i64, currency: Currency, today: Date) -> Self {
        let ledger = Ledger::of(history, currency, today);
        let days: BTreeSet<i32> = ledger.entries.iter().map(|entry| entry.day).collect();
        let savings = ledger.accounts.iter().filter(|account| account.kind == AccountKind::Savings);
        let savings = savings.filter_map(|account| account.balance_minor).map(i128::from).reduce(|a, b| a + b);
        let read = (ledger.days > 0 && !ledger.accounts.is_empty()).then(|| {
            let counted = counted(&ledger);
            Read {
                income: Income::of(&counted, ledger.days),
                flows: Flows::of(&counted, ledger.days),
                balance: Balance::of(&ledger),
                savings,
            }
        });
        Self {
            days: ledger.days,
            complete: history.complete,
            days_since_covered: (today.duration_since(ledger.last).as_hours() / 24).clamp(0, i32::MAX.into()) as i32,
            accounts: ledger.accounts.len(),
            transactions: ledger.entries.len(),
            active_days: days.len(),
            elsewhere: ledger.elsewhere,
            instalment_minor,
            read,
        }
    }

    pub fn income(&self) -> Option<&Income> {
        self.read.as_ref().map(|read| &read.income)
    }

    pub fn flows(&self) -> Option<&Flows> {
        self.read.as_ref().map(|read| &read.flows)
    }

    pub fn balance(&self) -> Option<&Balance> {
        self.read.as_ref().map(|read| &read.balance)
    }

    pub fn savings(&self) -> Option<i128> {
        self.read.as_ref()?.savings
    }

    /// Income less fixed charges, over all days.
    pub fn disposable(&self) -> Option<i128> {
        Some(self.income()?.sum - self.flows()?.committed)
    }
}

/// The entries that are money in or out: none between own accounts, none twice.
fn counted<'a>(ledger: &'a Ledger<'a>) -> Vec<&'a Entry<'a>> {
    let on_card = |entry: &Entry<'_>| ledger.kind_of(entry) == AccountKind::Card;
    let single_payments =
        |entry: &Entry<'_>| entry.kind == TransactionKind::DeferredCard || (on_card(entry) && entry.amount_minor < 0);
    let are_listed = ledger.entries.iter().any(single_payments);
    let counts = |entry: &&Entry<'_>| match (ledger.kind_of(entry), entry.kind) {
        _ if entry.own => false,
        // What moves there is the other side of what moves on the accounts for daily payments.
        (AccountKind::Savings | AccountKind::Loan, _) => false,
        // What pays a card off.
        (AccountKind::Card, kind) => {
            entry.amount_minor < 0 && kind != TransactionKind::CardSummary || kind == TransactionKind::Refund
        }
        (_, TransactionKind::CardSummary) => !are_listed,
        _ => true,
    };
    ledger.entries.iter().filter(counts).collect()
}

impl Income {
    fn of(counted: &[&Entry<'_>], days: i32) -> Self {
        let payers = payers(counted, days);
        let payments = || payers.values().flatten();
        let sum: i128 = payments().map(|(_, amount)| amount).sum();
        let month = sum * i128::from(MONTH_DAYS) / i128::from(days.max(MONTH_DAYS));
        let mut due: Vec<i32> = payments().filter(|(_, amount)| FIFTH * amount >= month).map(|(day, _)| *day).collect();
        due.sort_unstable();
        let several = || payers.values().filter(|payments| payments.len() > 1);
        let whole: i128 = several().flatten().map(|(_, amount)| amount).sum();
        Self {
            sum,
            payers: payers.len(),
            days_in_time: days_in_time(&due, days),
            days_since: due.last().map(|last| days - 1 - last),
            deviation: (whole > 0).then(|| (several().map(|payments| off_mean(payments)).sum(), whole)),
        }
    }
}

/// The payments of income by payer: by the provider's word; where it names no wages, those that come about monthly too.
fn payers(counted: &[&Entry<'_>], days: i32) -> BTreeMap<String, Vec<(i32, i128)>> {
    let mut payers: BTreeMap<String, Vec<(i32, i128)>> = BTreeMap::new();
    let payment = |entry: &Entry<'_>| (entry.day, i128::from(entry.amount_minor));
    let money_in = || counted.iter().copied().filter(|entry| entry.amount_minor > 0);
    for entry in money_in().filter(|entry| matches!(entry.purpose, Some(Purpose::Salary | Purpose::Benefit))) {
        payers.entry(payee(entry.wording)).or_default().push(payment(entry));
    }
    if !money_in().any(|entry| entry.purpose == Some(Purpose::Salary)) {
        for (payer, entries) in recurring(money_in().filter(|entry| is_unnamed_transfer(entry)), days) {
            payers.entry(payer).or_default().extend(entries.into_iter().map(payment));
        }
    }
    payers
}

fn is_unnamed_transfer(entry: &Entry<'_>) -> bool {
    entry.purpose.is_none() && matches!(entry.kind, TransactionKind::Transfer | TransactionKind::Other)
}

/// On how many days the last payment was in time; the one before the first day may have been on the eve of it.
fn days_in_time(due: &[i32], days: i32) -> u32 {
    if due.is_empty() {
        return 0;
    }
    let spans = [-1].iter().chain(due).zip(due.iter().chain([&days]));
    let overdue: i32 = spans.map(|(last, next)| (next - last - 1 - IN_TIME_DAYS).max(0)).sum();
    (days - overdue).max(0) as u32
}

/// The sum of the differences from the mean, in whole units rounded down.
fn off_mean(payments: &[(i32, i128)]) -> i128 {
    let (count, sum) = (payments.len() as i128, payments.iter().map(|(_, amount)| amount).sum::<i128>());
    payments.iter().map(|(_, amount)| (amount * count - sum).abs()).sum::<i128>() / count
}

impl Flows {
    fn of(counted: &[&Entry<'_>], days: i32) -> Self {
        let mut flows = Self::default();
        let (mut refused, mut fees_for_refused, mut lenders) = (0_u32, 0_u32, BTreeSet::new());
        for entry in counted {
            let amount = i128::from(entry.amount_minor);
            let is_of_last = entry.day >= days - MONTH_DAYS;
            if entry.purpose == Some(Purpose::RejectedDebit) && entry.kind != TransactionKind::BankFee {
                // The debit and its return are no money out and in.
                refused += u32::from(amount < 0);
                continue;
            }
            if amount > 0 && entry.kind == TransactionKind::Refund {
                flows.spend(-amount, is_of_last);
            } else if amount > 0 && !is_credit(entry) {
                flows.inflow += amount;
                flows.inflow_of_last += if is_of_last { amount } else { 0 };
            } else if amount < 0 {
                flows.spend(-amount, is_of_last);
                flows.sort_out(entry, -amount);
                fees_for_refused += u32::from(entry.purpose == Some(Purpose::RejectedDebit));
                if entry.purpose == Some(Purpose::Instalments) {
                    lenders.insert(payee(entry.wording).split(' ').next().unwrap_or_default().to_owned());
                }
            }
        }
        let unnamed = counted.iter().copied().filter(|entry| entry.amount_minor < 0 && is_unnamed_transfer(entry));
        let recurring = recurring(unnamed, days);
        let amounts = recurring.iter().flat_map(|(_, entries)| entries).map(|entry| -i128::from(entry.amount_minor));
        flows.committed += amounts.sum::<i128>();
        flows.outflow = flows.outflow.max(0);
        flows.outflow_of_last = flows.outflow_of_last.max(0);
        Self { rejected: refused.max(fees_for_refused), lenders: lenders.len(), ..flows }
    }

    fn spend(&mut self, amount: i128, is_of_last: bool) {
        self.outflow += amount;
        self.outflow_of_last += if is_of_last { amount } else { 0 };
    }

    /// What money that goes out is for.
    fn sort_out(&mut self, entry: &Entry<'_>, amount: i128) {
        match entry.purpose {
            Some(Purpose::Housing | Purpose::Bills) => self.committed += amount,
            _ if is_credit(entry) => {
                self.committed += amount;
                let instalments = entry.purpose == Some(Purpose::Instalments);
                *(if instalments { &mut self.instalments } else { &mut self.credit }) += amount;
            }
            Some(Purpose::Gambling) => self.gambling += amount,
            Some(Purpose::Cash) => self.cash += amount,
            None if entry.kind == TransactionKind::CashWithdrawal => self.cash += amount,
            None if entry.kind == TransactionKind::DirectDebit => self.committed += amount,
            _ => {}
        }
        if entry.kind == TransactionKind::BankFee {
            self.fees += amount;
        }
    }
}

/// Whether it is borrowed or paid back.
fn is_credit(entry: &Entry<'_>) -> bool {
    match entry.purpose {
        Some(Purpose::Credit | Purpose::Instalments) => true,
        None => entry.kind == TransactionKind::LoanPayment,
        _ => false,
    }
}

/// A sum over some days as one of 30, in whole minor units, half away from zero.
pub(super) fn monthly(sum: i128, days: i32) -> f64 {
    let days = i128::from(days.max(MONTH_DAYS));
    let rounded = (2 * sum.abs() * i128::from(MONTH_DAYS) + days) / (2 * days);
    (sum.signum() * rounded) as f64
}

/// One over the other, at most 10: what is taken from nothing is too much, nothing of nothing is none.
pub(super) fn ratio(part: i128, whole: i128) -> f64 {
    match (part <= 0, whole <= 0) {
        (true, _) => 0.0,
        (false, true) => MOST,
        (false, false) => (part as f64 / whole as f64).min(MOST),
    }
}
