//! What histories look like, and that their causes show in the features that the server reads from them.

use super::wording::{WORDS, say};
use super::*;
use crate::domain::evidence::{Account, Transaction};
use crate::domain::money::{Currency, Money};
use crate::domain::plan::PlanChoice;
use crate::features::{Vector, evidence, find};
use jiff::ToSpan;
use jiff::civil::date;
use std::collections::BTreeSet;

const TODAY: Date = date(2025, 6, 10);

fn time(day: Date) -> Timestamp {
    Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap()
}

/// An ordinary budget of a shopper whose bank is in France.
fn ordinary(shopper: u32) -> Budget {
    Budget {
        shopper,
        bank: "FR",
        income_minor: 220_000.0,
        frailty: 0.0,
        strained: (Timestamp::default(), Timestamp::default()),
        shocked: None,
        debts: Vec::new(),
    }
}

fn read(budget: &Budget, number: u64) -> BankHistory {
    Banks::new(11, 100).history(budget, TODAY, number).unwrap()
}

fn features(history: &BankHistory) -> Vector {
    let mut vector = Vector::default();
    evidence::set_bank(&mut vector, history, 10_000, Currency::EUR, TODAY);
    vector
}

/// The mean of a feature over 200 shoppers, where it is known.
fn mean(name: &str, budget: impl Fn(u32) -> Budget) -> f64 {
    let id = find(name).unwrap();
    let all = (0..200).map(|shopper| features(&read(&budget(shopper), shopper.into())).number(id));
    let known: Vec<f64> = all.filter(|number| !number.is_nan()).collect();
    assert!(known.len() > 60, "{name} is hardly ever known");
    known.iter().sum::<f64>() / known.len() as f64
}

#[test]
fn histories_are_such_as_a_bank_gives() {
    let mut short = 0;
    for shopper in 0..300 {
        let bank = ["FR", "DE", "ES", "IT", "NL", "BE", "PT", "US"][shopper as usize % 8];
        let history = read(&Budget { bank, ..ordinary(shopper) }, shopper.into());
        let covered = history.covered_from..=history.covered_to;
        let known = |one: &Transaction| history.accounts.iter().any(|account: &Account| account.id == one.account);
        let ids: BTreeSet<_> = history.transactions.iter().map(|one| &one.id).collect();
        assert_eq!(ids.len(), history.transactions.len(), "each transaction has an id of its own");
        assert!(history.transactions.len() > 20 && history.covered_to == TODAY);
        for one in &history.transactions {
            assert!(covered.contains(&one.booked_on) && known(one) && one.amount_minor != 0);
            assert!(!one.wording.contains(['{', '}']) && one.wording.len() > 3, "{}", one.wording);
        }
        assert_eq!(history.complete, history.covered_from == TODAY - 89.days());
        short += u32::from(!history.complete);
    }
    assert!((5..45).contains(&short), "{short} of 300 are short");
}

#[test]
fn a_shopper_keeps_payer_and_bank_from_one_history_to_the_next() {
    let whole = |number| read(&ordinary(7), number);
    assert!(whole(1) == whole(1) && whole(1) != whole(2), "the purchase's number names the history");
    let wages = |history: BankHistory| {
        let largest = history.transactions.into_iter().max_by_key(|one| one.amount_minor).unwrap();
        (largest.booked_on.day(), largest.wording.split(' ').take(3).collect::<String>())
    };
    assert_eq!(wages(whole(1)).1, wages(whole(2)).1);
}

#[test]
fn those_of_a_smaller_share_are_among_those_of_a_larger() {
    let read = |percent| -> BTreeSet<u32> {
        let banks = Banks::new(5, percent);
        (0..400).filter(|shopper| banks.history(&ordinary(*shopper), TODAY, 1).is_some()).collect()
    };
    let (few, more) = (read(20), read(60));
    assert!(few.is_subset(&more) && (50..110).contains(&few.len()) && (200..280).contains(&more.len()));
    assert!(read(0).is_empty() && read(100).len() == 400);
}

#[test]
fn wages_are_found_in_every_language_and_named_or_not() {
    for words in &WORDS {
        let bank = words.lands.first().copied().unwrap_or("US");
        let payers = mean("income_source_count", |shopper| Budget { bank, ..ordinary(shopper) });
        assert!((1.0..1.5).contains(&payers), "{bank}: {payers} payers of income on average");
        let income = mean("income_monthly_minor", |shopper| Budget { bank, ..ordinary(shopper) });
        assert!((170_000.0..235_000.0).contains(&income), "{bank}: an income of {income}");
    }
}

#[test]
fn what_bears_on_repayment_shows_in_the_features() {
    let frail = |frailty| move |shopper| Budget { frailty, ..ordinary(shopper) };
    let debt = |days: i64| Debt {
        at: time(TODAY - days.days()),
        amount: Money { amount_minor: 60_000, currency: Currency::EUR },
        plan: PlanChoice::new(3, 0, 0).unwrap(),
    };
    let of = |change: fn(&mut Budget)| {
        move |shopper| {
            let mut budget = ordinary(shopper);
            change(&mut budget);
            budget
        }
    };
    let strained = of(|budget| budget.strained = (time(TODAY - 40.days()), time(TODAY + 9.days())));
    let shocked = of(|budget| budget.shocked = Some(time(TODAY - 45.days())));
    let poor = of(|budget| budget.income_minor /= 2.0);
    let owing = |shopper| Budget { debts: vec![debt(70), debt(45), debt(10)], ..ordinary(shopper) };
    // For each: the feature, its mean in an ordinary budget and in another one, and by how much more it must be.
    for (name, ordinary, other, more) in [
        ("days_below_zero", mean("days_below_zero", frail(-1.5)), mean("days_below_zero", frail(1.5)), 5.0),
        ("rejected_debits", mean("rejected_debits", frail(-1.5)), mean("rejected_debits", frail(1.5)), 0.5),
        ("savings_minor", mean("savings_minor", frail(1.5)), mean("savings_minor", frail(-1.5)), 200_000.0),
        ("outflow_trend", mean("outflow_trend", frail(0.0)), mean("outflow_trend", strained), 0.03),
        ("inflow_trend", mean("inflow_trend", shocked), mean("inflow_trend", frail(0.0)), 0.1),
        (
            "income_monthly_minor",
            mean("income_monthly_minor", poor),
            mean("income_monthly_minor", frail(0.0)),
            60_000.0,
        ),
        (
            "instalments_to_income",
            mean("instalments_to_income", frail(0.0)),
            mean("instalments_to_income", owing),
            0.08,
        ),
        ("gambling_to_income", mean("gambling_to_income", frail(-1.5)), mean("gambling_to_income", frail(1.5)), 0.002),
    ] {
        assert!(other - ordinary > more, "{name}: {ordinary} and {other}, expected {more} more");
    }
}

#[test]
fn no_trait_is_told_by_one_feature_alone() {
    let overdrawn = |frailty| {
        let below = find("days_below_zero").unwrap();
        let of = |shopper| features(&read(&Budget { frailty, ..ordinary(shopper) }, shopper.into())).number(below);
        (0..300).map(of).filter(|days| *days > 0.0).count()
    };
    let (sound, frail) = (overdrawn(-1.0), overdrawn(1.0));
    assert!(sound > 5, "{sound} of 300 sound budgets are overdrawn at times");
    assert!(frail < 280, "{frail} of 300 frail budgets are overdrawn at times");
}

#[test]
fn blanks_are_filled_in() {
    assert_eq!(&*say("A {who} {date} {month} {no}", "X SAS", TODAY, 42), "A X SAS 10/06 06/25 000042");
    assert_eq!(&*say("nothing", "X", TODAY, 0), "nothing");
}
