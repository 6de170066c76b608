//! What a bank says: accounts and rows of about four months, the same each time it is asked on the same day.

use super::paths::BankPath;
use jiff::Span;
use jiff::civil::Date;
use serde_json::{Value, json};

/// How many days a bank has.
const DAYS: i32 = 120;
/// How many days a new account has.
const NEW_DAYS: i32 = 45;
/// How many card payments a busy account has, and on how many days.
const CARDS: i32 = 2_400;
const CARD_DAYS: i32 = 88;

/// An account.
pub struct Account {
    id: u64,
    name: &'static str,
    kind: &'static str,
    usage: &'static str,
    cents: i64,
}

/// A row.
pub struct Row {
    id: u64,
    account: u64,
    /// When it was booked.
    pub date: Date,
    cents: i64,
    kind: &'static str,
    wording: &'static str,
    category: Option<&'static str>,
    coming: bool,
    deleted: bool,
}

/// Accounts and rows, the newest first.
pub struct Statement {
    pub accounts: Vec<Account>,
    pub rows: Vec<Row>,
    /// The first day that the bank answers for.
    pub first: Date,
}

/// An amount as JSON writes it: the shortest decimal that is it.
fn amount(cents: i64) -> Value {
    json!(cents as f64 / 100.0)
}

impl Account {
    pub fn to_json(&self, user: u64, connection: u64) -> Value {
        json!({
            "id": self.id,
            "id_connection": connection,
            "id_user": user,
            "name": self.name,
            "number": self.id.to_string(),
            "iban": null,
            "balance": amount(self.cents),
            "coming": null,
            "currency": { "id": "EUR", "symbol": "€", "precision": 2 },
            "type": self.kind,
            "usage": self.usage,
            "ownership": "owner",
            "disabled": null,
            "deleted": null,
            "loan": null,
        })
    }
}

impl Row {
    pub fn to_json(&self) -> Value {
        let category = self.category.map(|code| json!({ "code": code, "parent_code": null }));
        json!({
            "id": self.id,
            "id_account": self.account,
            "date": self.date.to_string(),
            "rdate": self.date.to_string(),
            "value": amount(self.cents),
            "type": self.kind,
            "original_wording": self.wording,
            "simplified_wording": self.wording,
            "wording": self.wording,
            "coming": self.coming,
            "active": true,
            "deleted": if self.deleted { json!(self.date.to_string()) } else { Value::Null },
            "categories": category.into_iter().collect::<Vec<_>>(),
        })
    }
}

/// A row on a day: cents, kind, wording and category.
type Entry = (i64, &'static str, &'static str, Option<&'static str>);

const SALARY: Entry = (245_000, "transfer", "VIR SALAIRE", Some("salary"));
const RENT: Entry = (-78_000, "order", "PRLV LOYER", Some("rent"));
const BILLS: [(i8, Entry); 3] = [
    (8, (-7_490, "order", "PRLV ENERGIE", Some("energy"))),
    (12, (-1_999, "order", "PRLV TELEPHONE", Some("telephone"))),
    (15, (-4_200, "order", "PRLV ASSURANCE", Some("insurance"))),
];

/// What is booked on a checking account on one day; `at` counts the days from the first.
fn booked(path: BankPath, at: i32, day: i8) -> Vec<Entry> {
    let mut entries = Vec::new();
    let monthly = |on: i8, entry: Entry, entries: &mut Vec<Entry>| entries.extend((day == on).then_some(entry));
    if path == BankPath::Poor {
        monthly(5, (62_000, "transfer", "VIR ALLOCATIONS", Some("benefits")), &mut entries);
        monthly(6, (-42_000, "order", "PRLV LOYER", Some("rent")), &mut entries);
        for on in [9, 16] {
            monthly(on, (-3_500, "order", "PRLV TELEPHONE", Some("telephone")), &mut entries);
            monthly(on, (3_500, "transfer", "REJET PRLV TELEPHONE", Some("rejected")), &mut entries);
            monthly(on, (-2_000, "bank", "FRAIS REJET PRLV", Some("rejected")), &mut entries);
        }
        entries.extend((at % 3 == 0).then_some((-2_600, "card", "CB SUPERMARCHE", None)));
        entries.extend((at % 10 == 4).then_some((-2_000, "card", "CB PARIS SPORTIFS", Some("betting"))));
        return entries;
    }
    match path {
        BankPath::NoIncome => {}
        BankPath::Irregular => {
            let cents = 40_000 + i64::from(at) * 5_300 % 130_000;
            entries.extend((at % 17 == 3).then_some((cents, "transfer", "VIR HONORAIRES", None)));
        }
        _ => monthly(28, SALARY, &mut entries),
    }
    monthly(5, RENT, &mut entries);
    for (on, bill) in BILLS {
        monthly(on, bill, &mut entries);
    }
    if matches!(path, BankPath::Borrower) {
        monthly(3, (-18_000, "loan_payment", "ECHEANCE PRET AUTO", Some("loan")), &mut entries);
        monthly(7, (-9_500, "loan_payment", "ECHEANCE PRET TRAVAUX", Some("loan")), &mut entries);
        monthly(10, (-24_000, "loan_payment", "ECHEANCE CREDIT RENOUVELABLE", Some("credit")), &mut entries);
        monthly(18, (-6_000, "card", "CB PAIEMENT EN 4 FOIS", Some("bnpl")), &mut entries);
        monthly(21, (-4_500, "card", "CB PAIEMENT EN 3 FOIS", Some("bnpl")), &mut entries);
    }
    entries.extend((at % 3 == 0).then_some((-3_800 - i64::from(at * 37 % 20) * 100, "card", "CB SUPERMARCHE", None)));
    entries.extend((at % 4 == 1).then_some((-1_500 - i64::from(at * 53 % 11) * 100, "card", "CB RESTAURANT", None)));
    entries.extend((at % 30 == 11).then_some((-6_000, "withdrawal", "RETRAIT DAB", Some("withdrawal"))));
    entries.extend((path == BankPath::Gambling && at % 7 < 5).then_some((
        -2_500,
        "card",
        "CB PARIS SPORTIFS",
        Some("betting"),
    )));
    entries
}

/// What is on the checking account before the first day, in cents.
fn opening(path: BankPath) -> i64 {
    match path {
        BankPath::Poor => 12_000,
        BankPath::NoIncome => 900_000,
        BankPath::Irregular => 300_000,
        _ => 180_000,
    }
}

impl Statement {
    /// What the bank of this path says of a connection that was read on this day.
    pub fn of(path: BankPath, connection: u64, read_on: Date) -> Self {
        let ago = |days: i32| read_on.checked_sub(Span::new().days(days)).unwrap_or(Date::MIN);
        let days = if path == BankPath::Short { NEW_DAYS } else { DAYS };
        let mut statement = Self { accounts: Vec::new(), rows: Vec::new(), first: ago(days) };
        if path == BankPath::NoAccount {
            return statement;
        }
        let checking = connection * 10 + 1;
        let mut balance = opening(path);
        for at in 0..days {
            let date = ago(days - 1 - at);
            for entry in booked(path, at, date.day()) {
                balance += entry.0;
                statement.book(checking, date, entry);
            }
            let from = days - CARD_DAYS;
            if matches!(path, BankPath::Pages | BankPath::Moving) && at >= from {
                let so_far = |day: i32| CARDS * day / CARD_DAYS;
                for _ in so_far(at - from)..so_far(at - from + 1) {
                    balance -= 20;
                    statement.book(checking, date, (-20, "card", "CB CAFE", None));
                }
            }
        }
        let account = |id, name, kind, usage, cents| Account { id, name, kind, usage, cents };
        statement.accounts.push(account(checking, "Compte courant", "checking", "PRIV", balance));
        if path != BankPath::Poor {
            statement.accounts.push(account(connection * 10 + 2, "Livret A", "savings", "PRIV", 420_000));
        }
        if path == BankPath::Odd {
            let company = connection * 10 + 3;
            statement.accounts.push(account(company, "Compte pro", "checking", "ORGA", -900_000));
            let yesterday = ago(1);
            statement.book(company, yesterday, (-900_000, "transfer", "VIR FOURNISSEUR", None));
            statement.book(checking, yesterday, (-500_000, "card", "CB A VENIR", None)).coming = true;
            statement.book(checking, yesterday, (-500_000, "card", "CB ANNULE", None)).deleted = true;
            statement.book(checking, yesterday, (-2_000, "deferred_card", "CB DIFFERE", None));
            statement.book(checking, yesterday, (-2_000, "summary_card", "RELEVE CB DIFFERE", None));
        }
        statement.rows.reverse();
        statement
    }

    /// A row comes in, in front of all others.
    pub fn moves_on(&mut self) {
        if let (Some(account), Some(newest)) = (self.accounts.first().map(|account| account.id), self.rows.first()) {
            let date = newest.date;
            self.book(account, date, (-20, "card", "CB CAFE", None));
            self.rows.rotate_right(1);
        }
    }

    /// Books a row behind all others.
    fn book(&mut self, account: u64, date: Date, (cents, kind, wording, category): Entry) -> &mut Row {
        let id = account * 100_000 + self.rows.len() as u64;
        let (coming, deleted) = (false, false);
        let at = self.rows.len();
        self.rows.push(Row { id, account, date, cents, kind, wording, category, coming, deleted });
        &mut self.rows[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lowest balance of the checking account, from its balance now and its rows backwards.
    fn lowest(path: BankPath) -> i64 {
        let statement = Statement::of(path, 7, "2026-11-20".parse().unwrap());
        let checking = &statement.accounts[0];
        let mut balance = checking.cents;
        let mut lowest = balance;
        for row in statement.rows.iter().filter(|row| row.account == checking.id) {
            balance -= row.cents;
            lowest = lowest.min(balance);
        }
        lowest
    }

    #[test]
    fn only_the_poor_are_overdrawn() {
        for path in BankPath::ALL.iter().copied().filter(|path| !matches!(path, BankPath::NoAccount | BankPath::Odd)) {
            assert_eq!(lowest(path) < 0, path == BankPath::Poor, "{}: {}", path.name(), lowest(path));
        }
    }

    #[test]
    fn a_statement_is_the_same_each_time() {
        let day = "2026-03-29".parse().unwrap();
        let show = |path| {
            let statement = Statement::of(path, 7, day);
            statement.rows.iter().map(|row| row.to_json().to_string()).collect::<Vec<_>>()
        };
        for path in BankPath::ALL {
            assert_eq!(show(*path), show(*path));
        }
        let busy = Statement::of(BankPath::Pages, 7, day);
        let within = busy.rows.iter().filter(|row| row.date >= "2025-12-29".parse().unwrap()).count();
        assert!((2_401..3_000).contains(&within), "three pages: {within}");
        assert!(busy.rows.is_sorted_by(|one, other| one.date >= other.date));
        assert_eq!(Statement::of(BankPath::Short, 7, day).first.to_string(), "2026-02-12");
    }
}
