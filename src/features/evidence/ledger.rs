//! The transactions of a bank history sorted out: each once, those of the currency, by day, with the transfers between
//! the customer's own accounts marked. Whatever the order in which they came, the ledger is the same.

use crate::domain::evidence::{Account, AccountKind, BankHistory, Purpose, Transaction, TransactionKind};
use crate::domain::money::Currency;
use jiff::civil::Date;
use std::collections::{HashMap, VecDeque};

/// The most days that are looked at, up to the last one.
const MOST_DAYS: i64 = 400;
/// How many days may lie between the two sides of a transfer.
const TRANSFER_DAYS: i32 = 3;

/// A transaction that counts.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The account, by its place in the ledger.
    pub account: usize,
    /// The day, from 0.
    pub day: i32,
    /// Above zero: money in.
    pub amount_minor: i64,
    pub kind: TransactionKind,
    pub purpose: Option<Purpose>,
    pub wording: &'a str,
    /// Whether it goes from one of the customer's accounts to another.
    pub own: bool,
}

/// A bank history, sorted out.
pub(super) struct Ledger<'a> {
    /// How many days are covered.
    pub days: i32,
    /// The last of them.
    pub last: Date,
    /// The accounts in the currency.
    pub accounts: Vec<&'a Account>,
    /// Their transactions on these days.
    pub entries: Vec<Entry<'a>>,
    /// How many transactions are in another currency, or of an account that the bank does not list.
    pub elsewhere: u32,
}

impl<'a> Ledger<'a> {
    /// Sorts a history out. What is booked after the last day covered, or after today, has not happened.
    pub fn of(history: &'a BankHistory, currency: Currency, today: Date) -> Self {
        let last = history.covered_to.min(today);
        let days = (days_between(history.covered_from, last) + 1).clamp(0, MOST_DAYS);
        let accounts = accounts(history);
        let (mut entries, mut elsewhere) = (Vec::with_capacity(history.transactions.len()), 0);
        let listed: Vec<&Account> = accounts.iter().copied().filter(|account| account.currency == currency).collect();
        let places: HashMap<&str, usize> = listed.iter().enumerate().map(|(at, account)| (&*account.id, at)).collect();
        for transaction in once_each(&history.transactions) {
            let day = days - 1 - days_between(transaction.booked_on, last);
            let Some(account) = places.get(&*transaction.account) else {
                elsewhere += 1;
                continue;
            };
            if (0..days).contains(&day) {
                entries.push(Entry {
                    account: *account,
                    day: day as i32,
                    amount_minor: transaction.amount_minor,
                    kind: transaction.kind,
                    purpose: transaction.purpose,
                    wording: &transaction.wording,
                    own: transaction.purpose == Some(Purpose::OwnTransfer),
                });
            }
        }
        entries.sort_by(|one, other| one.order().cmp(&other.order()));
        let mut ledger = Self { days: days as i32, last, accounts: listed, entries, elsewhere };
        ledger.mark_own_transfers();
        ledger
    }

    /// What an account is for.
    pub fn kind_of(&self, entry: &Entry<'_>) -> AccountKind {
        self.accounts.get(entry.account).map_or(AccountKind::Other, |account| account.kind)
    }

    /// Marks what leaves one account and reaches another as the same amount a few days apart, and has no other purpose.
    fn mark_own_transfers(&mut self) {
        let mut waiting: HashMap<(i64, usize), VecDeque<usize>> = HashMap::new();
        for at in 0..self.entries.len() {
            let Entry { account, day, amount_minor, .. } = self.entries[at];
            if !self.entries[at].may_be_own() {
                continue;
            }
            let mut other_side = None;
            for other in (0..self.accounts.len()).filter(|other| *other != account) {
                let Some(queue) = waiting.get_mut(&(amount_minor.saturating_neg(), other)) else { continue };
                while queue.front().is_some_and(|first| day - self.entries[*first].day > TRANSFER_DAYS) {
                    queue.pop_front();
                }
                other_side = queue.pop_front();
                if other_side.is_some() {
                    break;
                }
            }
            match other_side {
                Some(other) => [at, other].into_iter().for_each(|side| self.entries[side].own = true),
                None => waiting.entry((amount_minor, account)).or_default().push_back(at),
            }
        }
    }
}

impl Entry<'_> {
    fn may_be_own(&self) -> bool {
        matches!(self.purpose, None | Some(Purpose::OwnTransfer))
            && matches!(self.kind, TransactionKind::Transfer | TransactionKind::Other)
    }

    fn order(&self) -> (i32, i64, usize, u8, Option<u8>, &str) {
        (
            self.day,
            self.amount_minor,
            self.account,
            self.kind as u8,
            self.purpose.map(|purpose| purpose as u8),
            self.wording,
        )
    }
}

/// The accounts, each once, by id. Of two with one id the poorer is believed.
fn accounts(history: &BankHistory) -> Vec<&Account> {
    let mut accounts: Vec<&Account> = history.accounts.iter().collect();
    accounts.sort_by_key(|account| (&account.id, account.currency, account.kind as u8, account.balance_minor));
    accounts.dedup_by_key(|account| &account.id);
    accounts
}

/// The transactions, each once. Without an id none is another's double; of two with one id the earlier and smaller counts.
fn once_each(transactions: &[Transaction]) -> impl Iterator<Item = &Transaction> {
    let mut by_id: HashMap<&str, &Transaction> = HashMap::with_capacity(transactions.len());
    for transaction in transactions.iter().filter(|transaction| !transaction.id.is_empty()) {
        let kept = by_id.entry(&transaction.id).or_insert(transaction);
        if order(transaction) < order(kept) {
            *kept = transaction;
        }
    }
    let nameless = transactions.iter().filter(|transaction| transaction.id.is_empty());
    by_id.into_values().chain(nameless)
}

fn order(of: &Transaction) -> (Date, i64, &str, u8, Option<u8>, &str) {
    (of.booked_on, of.amount_minor, &of.account, of.kind as u8, of.purpose.map(|purpose| purpose as u8), &of.wording)
}

fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}
