//! `bank`: the bank histories, one row a transaction, each with its account and its history; an account without
//! transactions has one row in which theirs are empty.

use crate::domain::evidence::{Account, BankHistory, Purpose, Transaction};
use crate::domain::ids::ApplicationId;
use crate::table::{Cell, ColumnKind, Sheet, TableError};
use std::path::Path;

const COLUMNS: [(&str, ColumnKind); 14] = [
    ("application_id", ColumnKind::Text),
    ("covered_from", ColumnKind::Text),
    ("covered_to", ColumnKind::Text),
    ("complete", ColumnKind::Flag),
    ("account", ColumnKind::Text),
    ("account_kind", ColumnKind::Text),
    ("account_balance_minor", ColumnKind::Number),
    ("currency", ColumnKind::Text),
    ("transaction_id", ColumnKind::Text),
    ("booked_on", ColumnKind::Text),
    ("amount_minor", ColumnKind::Number),
    ("kind", ColumnKind::Text),
    ("purpose", ColumnKind::Text),
    ("wording", ColumnKind::Text),
];

/// Begins the table.
pub fn create(file: &Path) -> Result<Sheet, TableError> {
    Sheet::create(file, &COLUMNS)
}

/// Adds the history that was read for an application.
pub fn push(sheet: &mut Sheet, application: ApplicationId, history: &BankHistory) -> Result<(), TableError> {
    let application = application.to_string();
    for account in &history.accounts {
        let mut transactions = history.transactions.iter().filter(|one| one.account == account.id).peekable();
        if transactions.peek().is_none() {
            sheet.push(row(&application, history, account, None))?;
        }
        for transaction in transactions {
            sheet.push(row(&application, history, account, Some(transaction)))?;
        }
    }
    Ok(())
}

fn row<'a>(
    application: &'a str,
    history: &BankHistory,
    account: &'a Account,
    transaction: Option<&'a Transaction>,
) -> [Cell<'a>; COLUMNS.len()] {
    [
        application.into(),
        history.covered_from.to_string().into(),
        history.covered_to.to_string().into(),
        Some(history.complete).into(),
        account.id.as_ref().into(),
        account.kind.name().into(),
        account.balance_minor.map_or(f64::NAN, |balance| balance as f64).into(),
        account.currency.code().into(),
        transaction.map(|one| one.id.as_ref()).into(),
        transaction.map(|one| one.booked_on.to_string()).into(),
        transaction.map_or(f64::NAN, |one| one.amount_minor as f64).into(),
        transaction.map(|one| one.kind.name()).into(),
        transaction.and_then(|one| one.purpose).map(Purpose::name).into(),
        transaction.map(|one| one.wording.as_ref()).into(),
    ]
}
