//! What the features say of bank histories made by hand. The expected values are counted by hand.

use super::{held, set_bank, set_identity, set_phone_verified, yielded};
use crate::domain::applicant::Applicant;
use crate::domain::challenge::ChallengeKind::{self, BankHistory as Bank, IdDocument, SmsCode};
use crate::domain::evidence::{
    Account, AccountKind, BankHistory, IdentityReport, IdentityVerdict, Purpose, Transaction, TransactionKind,
};
use crate::domain::money::Currency;
use crate::features::tests::{at, bare, expect, facts};
use crate::features::{Facts, Vector, find};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

/// The last day covered; day 1 is 89 days before it.
const LAST: Date = date(2026, 3, 14);

/// One row of a history: on which of the 90 days, how much in euros, how, what for, in what words. The account is `main`
/// unless the words begin with `account: `.
fn row(at: usize, row: &str) -> Transaction {
    let mut parts = row.splitn(4, ' ');
    let day: i64 = parts.next().unwrap().parse().unwrap();
    let euros: i64 = parts.next().unwrap().parse().unwrap();
    let (kind, purpose) = parts.next().unwrap().split_once('/').unwrap_or((row.split(' ').nth(2).unwrap(), ""));
    let words = parts.next().unwrap_or("something");
    let (account, wording) = words.split_once(": ").unwrap_or(("main", words));
    Transaction {
        id: format!("t{at}").into(),
        account: account.into(),
        booked_on: LAST + (day - 90).days(),
        amount_minor: 100 * euros,
        kind: match kind {
            "transfer" => TransactionKind::Transfer,
            "debit" => TransactionKind::DirectDebit,
            "deposit" => TransactionKind::Deposit,
            "refund" => TransactionKind::Refund,
            "atm" => TransactionKind::CashWithdrawal,
            "loan" => TransactionKind::LoanPayment,
            "fee" => TransactionKind::BankFee,
            "card" => TransactionKind::Card,
            "deferred" => TransactionKind::DeferredCard,
            "summary" => TransactionKind::CardSummary,
            other => panic!("{other}"),
        },
        purpose: match purpose {
            "" => None,
            "salary" => Some(Purpose::Salary),
            "benefit" => Some(Purpose::Benefit),
            "housing" => Some(Purpose::Housing),
            "bills" => Some(Purpose::Bills),
            "credit" => Some(Purpose::Credit),
            "instalments" => Some(Purpose::Instalments),
            "gambling" => Some(Purpose::Gambling),
            "cash" => Some(Purpose::Cash),
            "rejected" => Some(Purpose::RejectedDebit),
            "own" => Some(Purpose::OwnTransfer),
            other => panic!("{other}"),
        },
        wording: wording.into(),
    }
}

fn account(id: &str, kind: AccountKind, euros: Option<i64>) -> Account {
    Account { id: id.into(), kind, balance_minor: euros.map(|euros| 100 * euros), currency: Currency::EUR }
}

/// 90 days of one account for daily payments with 1,000 euros at the end.
fn history(rows: &[&str]) -> BankHistory {
    BankHistory {
        accounts: vec![account("main", AccountKind::Checking, Some(1_000))],
        transactions: rows.iter().enumerate().map(|(at, text)| row(at, text)).collect(),
        covered_from: LAST - 89.days(),
        covered_to: LAST,
        complete: true,
    }
}

/// The facts of a history, for a largest instalment of 100 euros.
fn seen(history: &BankHistory) -> Facts {
    let mut facts = facts(&bare(), at());
    set_bank(&mut facts.vector, history, 10_000, Currency::EUR, LAST);
    facts
}

#[track_caller]
fn check(rows: &[&str], expected: &str) {
    expect(&seen(&history(rows)), expected);
}

#[track_caller]
fn check_changed(rows: &[&str], change: impl FnOnce(&mut BankHistory), expected: &str) {
    let mut history = history(rows);
    change(&mut history);
    expect(&seen(&history), expected);
}

/// Everything that there can be evidence of.
pub(in crate::features) fn set_all(vector: &mut Vector) {
    let birth_date = Some(date(1990, 12, 10));
    let report = IdentityReport {
        verdict: IdentityVerdict::Clear,
        given_names: vec!["ADA".into()],
        family_name: Some("LOVELACE".into()),
        usage_name: None,
        birth_date,
        document_expiry: Some(date(2030, 1, 1)),
        issuing_country: None,
    };
    let [given_name, family_name] = ["Ada", "Lovelace"].map(|name| Some(name.into()));
    let mut bank = history(ORDINARY);
    bank.accounts.push(account("book", AccountKind::Savings, Some(3_000)));
    set_phone_verified(vector);
    set_identity(vector, &report, &Applicant { given_name, family_name, birth_date, ..Applicant::default() }, at());
    set_bank(vector, &bank, 10_000, Currency::EUR, LAST);
}

/// Three months of somebody who gets by.
const ORDINARY: &[&str] = &[
    "1 2000 transfer/salary ACME SAS SALAIRE DECEMBRE",
    "3 -700 transfer/housing LOYER",
    "5 -60 debit/bills ENERGIE",
    "20 -400 card SUPERMARCHE",
    "32 2000 transfer/salary ACME SAS SALAIRE JANVIER",
    "34 -700 transfer/housing LOYER",
    "36 -60 debit/bills ENERGIE",
    "50 -500 card SUPERMARCHE",
    "63 2000 transfer/salary ACME SAS SALAIRE FEVRIER",
    "65 -700 transfer/housing LOYER",
    "67 -60 debit/bills ENERGIE",
    "70 -90 atm RETRAIT",
    "80 -600 card SUPERMARCHE",
];

#[test]
fn an_ordinary_history() {
    // Out: 2,100 rent, 180 energy, 1,590 otherwise, together 3,870; of the last 30 days 760, 90 and 600. It began with
    // 1,000 − 6,000 + 3,870 = −1,130. The ends of the days: 870 on day 1, 170, 110, −290 from day 20 to 31, 1,710, …
    check(
        ORDINARY,
        "coverage_days=90 bank_history_complete=1 days_since_covered=0 bank_account_count=1 bank_transaction_count=13 \
         bank_active_days=13 bank_ignored_count=0 \
         income_monthly_minor=200000 income_regularity=1 income_deviation=0 days_since_income=27 income_source_count=1 \
         inflow_monthly_minor=200000 fixed_charges_monthly_minor=76000 fixed_charges_to_income=0.38 \
         disposable_monthly_minor=124000 instalment_to_disposable=0.08064516129032258 \
         credit_to_income=0 instalments_to_income=0 instalment_lender_count=0 \
         outflow_to_inflow=0.645 gambling_to_income=0 cash_share=0.023255813953488372 bank_fees_monthly_minor=0 \
         rejected_debits=0 balance_last_minor=100000 balance_min_minor=-29000 days_below_zero=12 savings_minor=- \
         inflow_trend=1 outflow_trend=1.124031007751938",
    );
}

#[test]
fn nothing_to_read() {
    let all_but = "days_since_covered=0 income_monthly_minor=- income_regularity=- instalment_to_disposable=- \
                   rejected_debits=- days_below_zero=- inflow_trend=-";
    check_changed(
        ORDINARY,
        |history| history.accounts.clear(),
        &format!("coverage_days=90 bank_account_count=0 bank_transaction_count=0 bank_ignored_count=13 {all_but}"),
    );
    check_changed(
        ORDINARY,
        |history| history.covered_from = LAST + 1.day(),
        &format!("coverage_days=0 bank_account_count=1 bank_transaction_count=0 bank_ignored_count=0 {all_but}"),
    );
    // An account on which nothing happened says something.
    check(
        &[],
        "coverage_days=90 bank_active_days=0 income_monthly_minor=0 income_regularity=0 income_deviation=- \
         days_since_income=- income_source_count=0 disposable_monthly_minor=0 instalment_to_disposable=10 \
         fixed_charges_to_income=0 outflow_to_inflow=0 cash_share=0 days_below_zero=0 balance_min_minor=100000 \
         balance_mean_minor=100000 balance_deviation_minor=0 balance_trend_minor=0 inflow_trend=-",
    );
}

#[test]
fn short_and_old_histories() {
    // Of 20 days the sums are those of a month of 30.
    check_changed(
        ORDINARY,
        |history| {
            history.covered_from = LAST - 19.days();
            history.complete = false;
        },
        "coverage_days=20 bank_history_complete=0 bank_transaction_count=1 income_monthly_minor=0 outflow_trend=- \
         inflow_monthly_minor=0 outflow_to_inflow=10 balance_min_minor=100000 days_below_zero=0 balance_trend_minor=-",
    );
    // Of 45 days two thirds: one income of 2,000, out 2,210.
    check_changed(
        ORDINARY,
        |history| history.covered_from = LAST - 44.days(),
        "coverage_days=45 income_monthly_minor=133333 inflow_monthly_minor=133333 outflow_to_inflow=0.975 outflow_trend=-",
    );
    // Seven days old: what the bank said then.
    check_changed(
        ORDINARY,
        |history| {
            history.covered_to = LAST - 7.days();
            history.covered_from = LAST - 96.days();
        },
        "coverage_days=90 days_since_covered=7 income_monthly_minor=200000 days_since_income=20",
    );
    // What is still to come has not happened: neither after the last day covered nor after today.
    check_changed(
        &[ORDINARY, &["92 5000 transfer/salary ACME SAS SALAIRE MARS"]].concat(),
        |history| history.covered_to = LAST + 10.days(),
        "coverage_days=90 days_since_covered=0 income_monthly_minor=200000 balance_last_minor=100000",
    );
    check_changed(
        ORDINARY,
        |history| history.covered_from = LAST - 1_000.days(),
        "coverage_days=400 income_monthly_minor=45000",
    );
}

#[test]
fn income_by_the_provider_and_by_itself() {
    // A pension and a small benefit, each of which differs: (|900−1,000|·2) + (|90−100|·2) over 3,300.
    check(
        &[
            "5 900 transfer/benefit CAISSE RETRAITE",
            "35 1100 transfer/benefit CAISSE RETRAITE",
            "66 1000 transfer/benefit CAISSE RETRAITE",
            "10 90 transfer/benefit CAF 111",
            "41 110 transfer/benefit CAF 222",
            "70 100 transfer/benefit CAF 333",
        ],
        "income_monthly_minor=110000 income_source_count=2 income_deviation=0.06666666666666667 income_regularity=1 \
         days_since_income=24",
    );
    // Nobody says that these are wages.
    check(
        &[
            "2 1500 transfer VIR ACME 2025-12",
            "33 1500 transfer VIR ACME 2026-01",
            "61 1600 transfer VIR ACME 2026-02",
            "40 700 transfer VIR MAMAN",
        ],
        "income_monthly_minor=153333 inflow_monthly_minor=176667 income_source_count=1",
    );
    // A benefit by the provider's word does not hide the wages that it does not know.
    check(
        &[
            "2 1500 transfer VIR ACME 12",
            "33 1500 transfer VIR ACME 01",
            "61 1500 transfer VIR ACME 02",
            "9 90 transfer/benefit CAF",
        ],
        "income_monthly_minor=153000 income_source_count=2",
    );
    // Wages by its word do: these may be anything.
    check(
        &[
            "2 300 transfer VIR BOB 12",
            "33 300 transfer VIR BOB 01",
            "61 300 transfer VIR BOB 02",
            "9 900 transfer/salary ACME",
        ],
        "income_monthly_minor=30000 income_source_count=1 inflow_monthly_minor=60000",
    );
    // Two are enough where none is missing: the first in the first 37 days, the last in the last 37.
    check(&["31 1500 transfer VIR ACME", "62 1500 transfer VIR ACME"], "income_monthly_minor=100000");
    check(&["45 1500 transfer VIR ACME", "75 1500 transfer VIR ACME"], "income_monthly_minor=0 income_regularity=0");
    check(
        &["5 1500 transfer VIR ACME", "35 1500 transfer VIR ACME"],
        "income_monthly_minor=0 inflow_monthly_minor=100000",
    );
    // Not about a month apart, not alike, not from one payer, not a transfer.
    check(
        &["2 1500 transfer VIR ACME", "22 1500 transfer VIR ACME", "61 1500 transfer VIR ACME"],
        "income_monthly_minor=0",
    );
    check(
        &["2 900 transfer VIR ACME", "33 1500 transfer VIR ACME", "61 900 transfer VIR ACME"],
        "income_monthly_minor=0",
    );
    check(&["2 900 transfer VIR ACME", "33 900 transfer VIR BOB", "61 900 transfer VIR EVE"], "income_monthly_minor=0");
    check(
        &["2 900 deposit CASH DESK", "33 900 deposit CASH DESK", "61 900 deposit CASH DESK"],
        "income_monthly_minor=0",
    );
    // An advance in between does not hide the monthly one.
    check(
        &["2 1500 transfer ACME", "12 200 transfer ACME", "33 1500 transfer ACME", "61 1500 transfer ACME"],
        "income_monthly_minor=150000",
    );
}

#[test]
fn income_that_fails_to_come() {
    // Wages until day 29; from day 65 on they are overdue: 26 days of 90.
    check(
        &["1 2000 transfer/salary ACME", "29 2000 transfer/salary ACME"],
        "income_regularity=0.7111111111111111 days_since_income=61 income_monthly_minor=133333 inflow_trend=0",
    );
    // None before day 50: overdue from day 36 to 49, and again from day 86 on: 19 days.
    check(
        &["50 2000 transfer/salary ACME"],
        "income_regularity=0.7888888888888889 income_deviation=- days_since_income=40",
    );
    // Every week.
    let weeks: Vec<String> = (0..13).map(|week| format!("{} 400 transfer/salary ACME", 1 + 7 * week)).collect();
    check(
        &weeks.iter().map(String::as_str).collect::<Vec<_>>(),
        "income_regularity=1 income_monthly_minor=173333 days_since_income=5 income_deviation=0",
    );
    // A small benefit does not stand in for wages that have stopped.
    check(
        &[
            "1 2000 transfer/salary ACME",
            "30 100 transfer/benefit CAF",
            "60 100 transfer/benefit CAF",
            "89 100 transfer/benefit CAF",
        ],
        "days_since_income=89 income_regularity=0.4",
    );
}

#[test]
fn what_is_spoken_for() {
    let income = "1 3000 transfer/salary ACME";
    let with = |rows: &[&'static str]| [&[income], rows].concat();
    // 3,000 in 90 days: 1,000 a month.
    check(
        &with(&[
            "2 -300 loan PRET AUTO",
            "3 -60 card/credit CARTE REVOLVING",
            "4 -90 card/instalments LENDO 3X",
            "9 -90 card/instalments CB LENDO 22",
            "5 -30 debit/instalments OTHERLEND",
        ]),
        "credit_to_income=0.12 instalments_to_income=0.07 instalment_lender_count=2 fixed_charges_to_income=0.19 \
         fixed_charges_monthly_minor=19000 disposable_monthly_minor=81000",
    );
    // A direct debit that nobody explains is one; of transfers those that go out about monthly.
    check(
        &with(&[
            "2 -60 debit SOMEONE",
            "3 -400 transfer PROPRIO",
            "33 -400 transfer PROPRIO",
            "63 -400 transfer PROPRIO",
            "50 -500 transfer BOB",
        ]),
        "fixed_charges_monthly_minor=42000 inflow_monthly_minor=100000",
    );
    // A card payment by direct debit of a known purpose is what it is for.
    check(&with(&["2 -60 debit/gambling LUCKY"]), "fixed_charges_monthly_minor=0 gambling_to_income=0.02");
    // More is spoken for than comes in.
    check(
        &with(&["2 -3100 transfer/housing LOYER"]),
        "disposable_monthly_minor=-3333 instalment_to_disposable=10 fixed_charges_to_income=1.0333333333333334",
    );
    // 100 euros over 5 euros are 20: it ends at 10.
    check(&with(&["2 -2985 transfer/housing LOYER"]), "disposable_monthly_minor=500 instalment_to_disposable=10");
    // What is borrowed is no income, and neither is what comes back.
    check(
        &with(&["2 500 transfer/credit PRET", "3 -200 card SHOP", "9 50 refund SHOP", "8 400 loan DEBLOCAGE"]),
        "inflow_monthly_minor=100000 outflow_to_inflow=0.05 credit_to_income=0",
    );
    check(
        &with(&["3 -30 atm RETRAIT", "4 -30 card/cash CASH", "5 -60 card SHOP", "6 200 refund SHOP"]),
        "cash_share=1 outflow_to_inflow=0",
    );
}

#[test]
fn debits_that_the_bank_refused() {
    for (rows, expected) in [
        // Listed and given back, with a fee.
        (
            &["2 -60 debit/rejected EDF", "2 60 debit/rejected EDF RETOUR", "3 -20 fee/rejected FRAIS DE REJET"][..],
            "rejected_debits=1 outflow_to_inflow=10 bank_fees_monthly_minor=667 inflow_monthly_minor=0",
        ),
        // Fees only, which is what many banks show.
        (&["2 -20 fee/rejected FRAIS", "9 -20 fee/rejected FRAIS"], "rejected_debits=2 bank_fees_monthly_minor=1333"),
        // A fee for two.
        (&["2 -9 debit/rejected A", "2 -8 debit/rejected B", "3 -20 fee/rejected FRAIS"], "rejected_debits=2"),
        (&["2 -8 fee COTISATION"], "rejected_debits=0 bank_fees_monthly_minor=267"),
    ] {
        check(rows, expected);
    }
}

#[test]
fn several_accounts() {
    let accounts = |history: &mut BankHistory| {
        history.accounts.push(account("joint", AccountKind::Checking, Some(-50)));
        history.accounts.push(account("book", AccountKind::Savings, Some(3_000)));
        history.accounts.push(account("other book", AccountKind::Savings, Some(200)));
    };
    // Between them: recognised by its two sides up to three days apart, or by the provider's word.
    check_changed(
        &[
            "2 -300 transfer VIR LIVRET",
            "4 300 transfer book: VIR DE COMPTE",
            "20 -100 transfer VIR JOINT",
            "20 100 transfer joint: VIR",
            "30 -40 transfer/own EPARGNE",
            "40 -70 transfer VIR",
            "44 70 transfer joint: VIR",
            "50 -100 transfer VIR",
            "50 100 transfer VIR",
        ],
        accounts,
        // Four days apart are too many; and within one account nothing is moved.
        "bank_account_count=4 outflow_to_inflow=1 inflow_monthly_minor=5667 savings_minor=320000 bank_transaction_count=9",
    );
    // An income is no transfer between own accounts though both sides are as large.
    check_changed(
        &["2 1000 transfer/salary ACME", "2 -1000 transfer joint: LOYER"],
        accounts,
        "income_monthly_minor=33333 inflow_monthly_minor=33333 outflow_to_inflow=1",
    );
    // 1,000 − 50; before day 81 60 less on the joint one: 10, above zero.
    check_changed(
        &["81 -60 card joint: SHOP"],
        accounts,
        "balance_last_minor=95000 balance_min_minor=95000 days_below_zero=10",
    );
    // A balance that the bank does not say is left out.
    check_changed(
        &["81 -60 card joint: SHOP"],
        |history| {
            accounts(history);
            history.accounts[1].balance_minor = None;
        },
        "balance_last_minor=100000 days_below_zero=0",
    );
    check_changed(
        &[],
        |history| history.accounts[0].balance_minor = None,
        "days_below_zero=- balance_last_minor=- balance_min_minor=- balance_mean_minor=- balance_deviation_minor=- \
         balance_trend_minor=-",
    );
}

#[test]
fn cards_that_are_paid_later() {
    let card = |history: &mut BankHistory| history.accounts.push(account("card", AccountKind::Card, Some(-70)));
    // Listed one by one, on the account or on a card of its own: the sum moves the balance, and is not spent again.
    check(
        &["10 -50 deferred SHOP", "20 -50 deferred SHOP", "30 -100 summary CARTE"],
        "outflow_to_inflow=10 balance_last_minor=100000 balance_min_minor=100000 cash_share=0 outflow_trend=0",
    );
    check_changed(
        &[
            "1 900 transfer/salary ACME",
            "10 -50 card card: SHOP",
            "20 -50 deferred card: SHOP",
            "30 -100 summary CARTE",
            "30 100 transfer card: PAID",
            "40 9 refund card: SHOP",
        ],
        card,
        "outflow_to_inflow=0.10111111111111111 inflow_monthly_minor=30000 balance_last_minor=100000",
    );
    // Not listed: the sum is what was spent.
    check(&["1 900 transfer/salary ACME", "30 -90 summary CARTE"], "outflow_to_inflow=0.1");
    // The other side of a loan is not money in.
    check_changed(
        &["1 900 transfer/salary ACME", "9 -90 loan PRET", "9 90 loan debt: PRET"],
        |history| history.accounts.push(account("debt", AccountKind::Loan, Some(-9_000))),
        "inflow_monthly_minor=30000 credit_to_income=0.1 outflow_to_inflow=0.1",
    );
}

#[test]
fn other_currencies_are_counted_and_not_read() {
    let dollars = |history: &mut BankHistory| {
        let currency = Currency::parse("USD").unwrap();
        history.accounts.push(Account { currency, ..account("dollars", AccountKind::Checking, Some(-9)) });
    };
    check_changed(
        &["1 900 transfer/salary ACME", "2 900 transfer/salary dollars: ACME", "3 -9 card nowhere: SHOP"],
        dollars,
        "bank_account_count=1 bank_transaction_count=1 bank_ignored_count=2 income_monthly_minor=30000 days_below_zero=0",
    );
}

#[test]
fn trends() {
    // In 300, 300 and 0, out 60, 60 and 240, each in 30 days.
    check(
        &["10 300 deposit A", "40 300 deposit A", "20 -60 card B", "50 -60 card B", "80 -240 card B"],
        "inflow_trend=0 outflow_trend=2 outflow_to_inflow=0.6",
    );
    // Ten days of 1,000 after 80 of 1,240: 1,213.33 on average, 1,160 in the last 30.
    check(
        &["81 -240 card B"],
        "balance_mean_minor=121333.33333333333 balance_trend_minor=-5333.3333333333285 balance_min_minor=100000 \
         balance_deviation_minor=7542.472332656506",
    );
}

#[test]
fn evidence_is_read_back_as_challenges() {
    let mut vector = Vector::default();
    let challenges = |vector: &Vector| (yielded(vector).collect::<Vec<_>>(), held(vector).collect::<Vec<_>>());
    assert_eq!(challenges(&vector), (vec![], vec![]));
    set_phone_verified(&mut vector);
    assert_eq!(challenges(&vector), (vec![SmsCode], vec![SmsCode]));
    let mut report = IdentityReport {
        verdict: IdentityVerdict::Review,
        given_names: vec![],
        family_name: None,
        usage_name: None,
        birth_date: None,
        document_expiry: None,
        issuing_country: None,
    };
    set_identity(&mut vector, &report, &Applicant::default(), at());
    assert_eq!(
        challenges(&vector),
        (vec![SmsCode, IdDocument], vec![SmsCode]),
        "for a person to look at: no reason to trust"
    );
    report.verdict = IdentityVerdict::Clear;
    set_identity(&mut vector, &report, &Applicant::default(), at());
    assert_eq!(challenges(&vector), (vec![SmsCode, IdDocument], vec![SmsCode, IdDocument]));
    for (days, accounts, vouches) in [(90, 1, true), (30, 1, true), (29, 1, false), (90, 0, false), (0, 1, false)] {
        let mut bank = history(&[]);
        bank.covered_from = LAST - (days - 1).days();
        bank.accounts.truncate(accounts);
        set_bank(&mut vector, &bank, 1, Currency::EUR, LAST);
        assert_eq!(yielded(&vector).collect::<Vec<_>>(), ChallengeKind::ALL);
        assert_eq!(held(&vector).any(|kind| kind == Bank), vouches, "{days} days, {accounts} accounts");
    }
    // Kept and read again it is the same.
    let mut packed = vector.clone();
    packed.pack();
    assert_eq!(challenges(&packed), challenges(&vector));
    for kind in ChallengeKind::ALL {
        assert!(!vector.number(find(super::proof(kind)).unwrap()).is_nan(), "{kind:?}");
    }
}

#[test]
fn a_second_history_replaces_the_first() {
    let mut facts = seen(&history(ORDINARY));
    set_bank(&mut facts.vector, &history(&[]), 10_000, Currency::EUR, LAST);
    assert_eq!(facts.vector, seen(&history(&[])).vector);
}

/// Any transaction of three accounts in about the days covered.
fn transactions() -> impl Strategy<Value = Vec<Transaction>> {
    let kinds = prop::sample::select(vec![
        "transfer", "debit", "deposit", "refund", "atm", "loan", "fee", "card", "deferred", "summary",
    ]);
    let purposes = prop::sample::select(vec![
        "",
        "",
        "",
        "/salary",
        "/benefit",
        "/housing",
        "/bills",
        "/credit",
        "/instalments",
        "/gambling",
        "/rejected",
        "/own",
    ]);
    let words =
        prop::sample::select(vec!["ACME 01", "ACME MARS", "BOB", "book: ACME", "joint: BOB", "nowhere: X", "42"]);
    let one = (0..95_i64, -4..5_i64, kinds, purposes, words);
    prop::collection::vec(one, 0..60).prop_map(|all| {
        let rows = all
            .iter()
            .map(|(day, euros, kind, purpose, words)| format!("{day} {} {kind}{purpose} {words}", 100 * euros));
        rows.enumerate().map(|(at, text)| row(at, &text)).collect()
    })
}

proptest! {
    #[test]
    fn order_and_doubles_do_not_matter(
        transactions in transactions(),
        shuffled in any::<prop::sample::Index>(),
        doubled in any::<prop::sample::Index>(),
    ) {
        let mut history = history(&[]);
        history.accounts.push(account("joint", AccountKind::Checking, Some(-20)));
        history.accounts.push(account("book", AccountKind::Savings, Some(500)));
        history.transactions = transactions;
        let expected = seen(&history);
        history.accounts.reverse();
        history.accounts.push(history.accounts[0].clone());
        if !history.transactions.is_empty() {
            let many = history.transactions.len();
            history.transactions.rotate_left(shuffled.index(many));
            history.transactions.reverse();
            history.transactions.push(history.transactions[doubled.index(many)].clone());
        }
        prop_assert_eq!(&seen(&history).vector, &expected.vector);
        // Whatever happened, a history that was read has an answer to what is asked of every one.
        for name in ["income_monthly_minor", "income_regularity", "instalment_to_disposable", "rejected_debits", "cash_share"] {
            let number = expected.vector.number(find(name).unwrap());
            prop_assert!(number.is_finite(), "{}: {}", name, number);
        }
        let regularity = expected.vector.number(find("income_regularity").unwrap());
        prop_assert!((0.0..=1.0).contains(&regularity));
        prop_assert!((0.0..=1.0).contains(&expected.vector.number(find("cash_share").unwrap())));
    }

    #[test]
    fn enormous_amounts_do_no_harm(amounts in prop::collection::vec(any::<i64>(), 0..12), balance in any::<i64>()) {
        let mut history = history(&[]);
        history.accounts[0].balance_minor = Some(balance);
        let transfer = |(at, amount): (usize, &i64)| Transaction { amount_minor: *amount, ..row(at, "9 1 transfer/salary A") };
        history.transactions = amounts.iter().enumerate().map(transfer).collect();
        let mut facts = facts(&bare(), at());
        set_bank(&mut facts.vector, &history, i64::MAX, Currency::EUR, date(9999, 12, 31));
        prop_assert!(facts.vector.number(find("income_monthly_minor").unwrap()).is_finite());
    }
}
