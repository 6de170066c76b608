//! Accounts and transactions.

use super::access::{good, read_request};
use super::{Settings, amount, purpose};
use crate::domain::evidence::{Account, AccountKind, BankHistory, Transaction, TransactionKind};
use crate::domain::money::Currency;
use crate::provider::ProviderError;
use crate::provider::http::{Request, Response};
use jiff::Span;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// How many transactions one page holds: the most that may be asked for.
const PAGE: usize = 1_000;

/// The days that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: Date,
    to: Date,
    /// Whether the bank was read today or, since days end at different times, the day before.
    fresh: bool,
}

impl Window {
    /// The `days` before `today`, up to the day on which the bank was read.
    pub fn of_days(days: i32, today: Date, read_on: Date) -> Self {
        let from = today.checked_sub(Span::new().days(days)).unwrap_or(Date::MIN);
        let fresh = today.yesterday().is_ok_and(|yesterday| read_on >= yesterday);
        Self { from, to: read_on.min(today), fresh }
    }

    fn holds(&self, date: Date) -> bool {
        (self.from..=self.to).contains(&date)
    }
}

/// The accounts that count, and whether all could be read.
pub struct Accounts {
    held: Vec<(u64, Account)>,
    whole: bool,
}

#[derive(Deserialize)]
struct AccountsBody<'a> {
    #[serde(borrow)]
    accounts: Vec<AccountRow<'a>>,
}

#[derive(Deserialize)]
struct AccountRow<'a> {
    id: u64,
    id_connection: Option<u64>,
    #[serde(borrow)]
    balance: Option<&'a RawValue>,
    currency: Option<CurrencyRow>,
    #[serde(rename = "type")]
    kind: Option<String>,
    usage: Option<String>,
    ownership: Option<String>,
    #[serde(default)]
    disabled: serde_json::Value,
    #[serde(default)]
    deleted: serde_json::Value,
}

#[derive(Deserialize)]
struct CurrencyRow {
    id: String,
}

impl AccountRow<'_> {
    /// Whether it is the customer's own, and open: not a company's, and not one of somebody they act for.
    fn counts(&self, connections: &[u64]) -> bool {
        self.id_connection.is_none_or(|id| connections.contains(&id))
            && !is_set(&self.deleted)
            && !is_set(&self.disabled)
            && self.usage.as_deref().is_none_or(|usage| usage == "PRIV")
            && self.ownership.as_deref() != Some("attorney")
    }

    fn read(&self) -> Option<(u64, Account)> {
        let currency = Currency::parse(&self.currency.as_ref()?.id).ok()?;
        let kind = match self.kind.as_deref() {
            Some("checking" | "joint") => AccountKind::Checking,
            Some("savings") => AccountKind::Savings,
            Some("card") => AccountKind::Card,
            Some("loan") => AccountKind::Loan,
            _ => AccountKind::Other,
        };
        let balance_minor = self.balance.and_then(|balance| amount::minor(balance.get(), currency.exponent()));
        Some((self.id, Account { id: self.id.to_string().into(), kind, balance_minor, currency }))
    }
}

/// Whether a field that is a date or a flag says yes.
fn is_set(value: &serde_json::Value) -> bool {
    !matches!(value, serde_json::Value::Null | serde_json::Value::Bool(false))
}

/// The accounts of these connections.
pub fn accounts(response: &Response, connections: &[u64]) -> Result<Accounts, ProviderError> {
    let body: AccountsBody<'_> = good(response)?.json()?;
    let counting = body.accounts.iter().filter(|account| account.counts(connections));
    let read: Vec<_> = counting.map(AccountRow::read).collect();
    let whole = read.iter().all(Option::is_some);
    Ok(Accounts { held: read.into_iter().flatten().collect(), whole })
}

#[derive(Deserialize)]
struct PageBody<'a> {
    #[serde(borrow)]
    transactions: Vec<TransactionRow<'a>>,
    first_date: Option<String>,
    #[serde(rename = "_links")]
    links: Option<Links>,
}

#[derive(Deserialize)]
struct Links {
    next: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct TransactionRow<'a> {
    id: u64,
    id_account: u64,
    date: Option<String>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(rename = "type")]
    kind: Option<String>,
    original_wording: Option<String>,
    wording: Option<String>,
    #[serde(default)]
    coming: bool,
    #[serde(default)]
    deleted: serde_json::Value,
    #[serde(default)]
    categories: Option<Vec<purpose::Category>>,
}

/// One page of transactions.
pub struct Page {
    transactions: Vec<Transaction>,
    rows: usize,
    whole: bool,
    first_date: Option<Date>,
    goes_on: bool,
}

/// What has been read so far.
pub struct Gathered {
    window: Window,
    accounts: Accounts,
    transactions: Vec<Transaction>,
    seen: BTreeSet<Box<str>>,
    rows: usize,
    first_date: Option<Date>,
}

impl Gathered {
    /// The accounts, and no transaction yet.
    pub fn new(window: Window, accounts: Accounts) -> Self {
        Self { window, accounts, transactions: Vec::new(), seen: BTreeSet::new(), rows: 0, first_date: None }
    }

    /// Whether there is nothing to look at.
    pub fn has_no_account(&self) -> bool {
        self.accounts.held.is_empty()
    }

    /// Asks for the next page. Pages are counted, never followed by the address that an answer gives for the next.
    pub fn page_request(&self, settings: &Settings, token: &str) -> Request {
        let (from, to) = (self.window.from.to_string(), self.window.to.to_string());
        let (limit, offset) = (PAGE.to_string(), self.rows.to_string());
        let parameters = [("limit", &*limit), ("offset", &*offset), ("min_date", &*from), ("max_date", &*to)];
        read_request(settings, token, "transactions", &parameters)
    }

    /// Reads a page.
    pub fn interpret_page(&self, response: &Response) -> Result<Page, ProviderError> {
        let body: PageBody<'_> = good(response)?.json()?;
        let rows = body.transactions.len();
        let (mut transactions, mut whole) = (Vec::with_capacity(rows), true);
        for row in body.transactions {
            if row.coming || is_set(&row.deleted) {
                continue;
            }
            let Some((_, account)) = self.accounts.held.iter().find(|(id, _)| *id == row.id_account) else { continue };
            match row.read(account) {
                Some(transaction) if self.window.holds(transaction.booked_on) => transactions.push(transaction),
                Some(_) => {}
                None => whole = false,
            }
        }
        let linked = body.links.is_some_and(|links| links.next.is_some());
        let goes_on = rows > 0 && (rows >= PAGE || linked);
        Ok(Page { transactions, rows, whole, first_date: day(body.first_date.as_deref()), goes_on })
    }

    /// Adds a page; whether there may be another. A row that moved from one page to the next while they were read is one
    /// transaction.
    pub fn add(&mut self, page: Page) -> bool {
        let new = page.transactions.into_iter().filter(|transaction| self.seen.insert(transaction.id.clone()));
        self.transactions.extend(new);
        self.rows += page.rows;
        self.accounts.whole &= page.whole;
        self.first_date = self.first_date.or(page.first_date);
        page.goes_on
    }

    /// All of it. It is complete if the bank answered for every day, every page was read, and every row on it.
    pub fn finish(self, every_page: bool) -> BankHistory {
        let Window { from, to, fresh } = self.window;
        // Without a first day nothing before the oldest transaction is proved.
        let oldest = self.transactions.iter().map(|transaction| transaction.booked_on).min();
        let first = self.first_date.or(oldest).unwrap_or(to);
        BankHistory {
            accounts: self.accounts.held.into_iter().map(|(_, account)| account).collect(),
            transactions: self.transactions,
            covered_from: first.clamp(from, to.max(from)),
            covered_to: to,
            complete: self.first_date.is_some_and(|first| first <= from) && fresh && self.accounts.whole && every_page,
        }
    }
}

impl TransactionRow<'_> {
    fn read(self, account: &Account) -> Option<Transaction> {
        Some(Transaction {
            id: self.id.to_string().into(),
            account: account.id.clone(),
            booked_on: day(self.date.as_deref())?,
            amount_minor: amount::minor(self.value?.get(), account.currency.exponent())?,
            kind: kind(self.kind.as_deref()),
            purpose: purpose::of(self.categories.as_deref().unwrap_or_default()),
            wording: self.original_wording.or(self.wording).unwrap_or_default().into(),
        })
    }
}

/// The day of a date, or of a date and a time.
fn day(text: Option<&str>) -> Option<Date> {
    text?.get(..10)?.parse().ok()
}

fn kind(text: Option<&str>) -> TransactionKind {
    match text {
        Some("transfer") => TransactionKind::Transfer,
        Some("order") => TransactionKind::DirectDebit,
        Some("check") => TransactionKind::Cheque,
        Some("deposit") => TransactionKind::Deposit,
        Some("payback") => TransactionKind::Refund,
        Some("withdrawal") => TransactionKind::CashWithdrawal,
        Some("loan_payment" | "loan_repayment") => TransactionKind::LoanPayment,
        Some("bank") => TransactionKind::BankFee,
        Some("card") => TransactionKind::Card,
        Some("deferred_card") => TransactionKind::DeferredCard,
        Some("summary_card") => TransactionKind::CardSummary,
        _ => TransactionKind::Other,
    }
}
