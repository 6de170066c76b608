use super::*;
use crate::domain::evidence::{Account, AccountKind, BankHistory, Purpose, Transaction, TransactionKind};
use crate::domain::money::Currency;
use crate::features::{self, FeatureKind};
use std::collections::BTreeMap;

fn purchases(customers: u32, days: u32, seed: u64) -> Vec<Purchase> {
    Population::new(&Settings { customers, days, seed, bank_percent: 0 }).unwrap().collect()
}

#[test]
fn a_seed_names_one_population_and_its_first_days_do_not_depend_on_the_later_ones() {
    let (short, long) = (purchases(300, 20, 7), purchases(300, 40, 7));
    assert!(long.len() > short.len() && short == long[..short.len()]);
    assert_ne!(short, purchases(300, 20, 8));
}

#[test]
fn purchases_come_in_the_order_of_time() {
    let all = purchases(500, 60, 1);
    assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at));
}

#[test]
fn rates_stay_in_their_ranges_and_every_scenario_occurs() {
    let all = purchases(10_000, 150, 42);
    let mut counts = BTreeMap::<_, (usize, usize)>::new();
    for purchase in &all {
        let count = counts.entry(purchase.truth.scenario.name()).or_default();
        count.0 += 1;
        count.1 += usize::from(purchase.truth.defaulted == Some(true));
    }
    let many = all.len() as f64;
    let fraud = all.iter().filter(|p| p.truth.fraud).count() as f64 / many;
    let genuine = all.iter().filter(|p| !p.truth.fraud).count() as f64;
    let default = all.iter().filter(|p| p.truth.defaulted == Some(true)).count() as f64 / genuine;
    assert!((0.006..=0.010).contains(&fraud), "fraud {fraud:.4} {counts:?}");
    assert!((0.020..=0.030).contains(&default), "default {default:.4} {counts:?}");
    for scenario in Scenario::ALL {
        assert!(counts.contains_key(scenario.name()), "{} is missing", scenario.name());
    }
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |name: &str, seed| {
        let settings = Settings { customers: 200, days: 10, seed, bank_percent: 50 };
        let folder = folder.path().join(name);
        let report = write(&settings, &folder, Format::Parquet, None, |_, _| {}).unwrap();
        assert!(report.all.purchases > 20 && report.files.len() == 4, "{report:?}");
        report.files.iter().map(|file| std::fs::read(file).unwrap()).collect::<Vec<_>>()
    };
    assert!(bytes("a", 1) == bytes("b", 1));
    assert!(bytes("a", 1) != bytes("c", 2));
}

#[test]
fn every_purchase_is_a_valid_request() {
    for purchase in purchases(400, 60, 3) {
        let request = requests::request(&purchase.submission);
        let converted = crate::rpc::convert::submission(&request, purchase.at).unwrap_or_else(|violations| {
            panic!("{} {:?}: {violations:?}", purchase.submission.request_id, purchase.truth.scenario)
        });
        let expected = Submission { occurred_at: None, ..purchase.submission };
        assert!(converted == expected, "{}: another submission came back", expected.request_id);
    }
}

#[test]
fn contacts_are_of_reserved_names_and_ranges() {
    let networks = ["2001:db8:", "198.18.", "198.19.", "100.6", "203.0.113."];
    for purchase in purchases(400, 30, 5) {
        let customer = &purchase.submission.customer;
        let domain = customer.email.as_ref().unwrap().domain();
        let reserved = ["example.com", "example.org", "example.net"].contains(&domain) || domain.ends_with(".example");
        assert!(reserved, "{domain} is somebody's");
        if let Some(ip) = purchase.submission.context.ip_address.map(|ip| ip.to_string()) {
            assert!(networks.iter().any(|network| ip.starts_with(network)), "{ip} is somebody's");
        }
    }
}

#[test]
fn settings_out_of_bounds_are_refused_with_the_bound() {
    let said = |customers, days, bank_percent| {
        Population::new(&Settings { customers, days, seed: 0, bank_percent }).err().map(|e| e.to_string())
    };
    assert_eq!(said(0, 1, 0).as_deref(), Some("expected 1 to 1000000 customers, got 0"));
    assert_eq!(said(1, 3_661, 0).as_deref(), Some("expected 1 to 3660 days, got 3661"));
    let percent = "expected the bank histories of 0 to 100 shoppers in a hundred, got 101";
    assert_eq!(said(1, 1, 101).as_deref(), Some(percent));
    assert_eq!(said(1, 1, 100), None);
}

#[test]
fn every_purchase_is_judged_once_within_or_outside_the_limits() {
    use crate::policy::{Generation, Policy};
    let source = include_str!("../../policies/default.yaml");
    let policy = Policy::load("default.yaml", source, &hasher()).unwrap();
    // Without models the policy names what happens: never an acceptance.
    let generation = Generation::new(Vec::new(), policy, source.into());
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { customers: 300, days: 30, seed: 9, bank_percent: 0 };
    let report = write(&settings, folder.path(), Format::Csv, Some(&generation), |_, _| {}).unwrap();
    let judged = report.judged.as_ref().unwrap();
    let within = judged.within_limits.all();
    assert_eq!(within.plus(judged.outside_limits), report.all);
    assert!(within.purchases > 0 && judged.outside_limits.purchases > 0, "{judged:?}");
    assert_eq!(judged.within_limits.accept.purchases, 0, "accepted without a model");
    let scenarios = report.scenarios.iter().map(|scenario| scenario.judged.unwrap().all());
    assert_eq!(scenarios.fold(report::Tally::default(), report::Tally::plus), within);
    let features = crate::table::open(folder.path().join("features.csv")).unwrap();
    let decisions = features.read(&["decision"]).unwrap().map(|batch| batch.unwrap().texts("decision").unwrap().len());
    assert_eq!(decisions.sum::<usize>() as u64, report.all.purchases);
}

/// The bank histories of a table, by application.
fn histories(file: &std::path::Path) -> BTreeMap<String, BankHistory> {
    let mut all: BTreeMap<String, BankHistory> = BTreeMap::new();
    for batch in crate::table::open(file).unwrap().read_all().unwrap() {
        let batch = batch.unwrap();
        let texts = |name: &str| batch.texts(name).unwrap().into_owned();
        let date = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
        let (balances, amounts) =
            (batch.numbers("account_balance_minor").unwrap(), batch.numbers("amount_minor").unwrap());
        let (complete, applications) = (batch.flags("complete").unwrap(), texts("application_id"));
        let [from, to, account, account_kind, id, booked_on, kind, purpose, wording] = [
            "covered_from",
            "covered_to",
            "account",
            "account_kind",
            "transaction_id",
            "booked_on",
            "kind",
            "purpose",
            "wording",
        ]
        .map(texts);
        for row in 0..batch.rows() {
            let history = all.entry(applications.get(row).unwrap().into()).or_insert_with(|| BankHistory {
                accounts: Vec::new(),
                transactions: Vec::new(),
                covered_from: date(from.get(row).unwrap()),
                covered_to: date(to.get(row).unwrap()),
                complete: complete[row].unwrap(),
            });
            let name = account.get(row).unwrap();
            if history.accounts.iter().all(|known| &*known.id != name) {
                history.accounts.push(Account {
                    id: name.into(),
                    kind: AccountKind::ALL.into_iter().find(|one| Some(one.name()) == account_kind.get(row)).unwrap(),
                    balance_minor: Some(balances[row]).filter(|known| !known.is_nan()).map(|known| known as i64),
                    currency: Currency::EUR,
                });
            }
            history.transactions.extend(id.get(row).map(|id| Transaction {
                id: id.into(),
                account: name.into(),
                booked_on: date(booked_on.get(row).unwrap()),
                amount_minor: amounts[row] as i64,
                kind: TransactionKind::ALL.into_iter().find(|one| Some(one.name()) == kind.get(row)).unwrap(),
                purpose: purpose.get(row).map(|name| Purpose::ALL.into_iter().find(|one| one.name() == name).unwrap()),
                wording: wording.get(row).unwrap().into(),
            }));
        }
    }
    all
}

#[test]
fn the_features_are_what_the_server_reads_from_the_bank_table() {
    let bank_features = || {
        let codes = 901..1_000;
        features::all()
            .filter(move |(_, feature)| codes.contains(&feature.code))
            .filter(|(_, f)| f.kind == FeatureKind::Number)
    };
    for format in [Format::Csv, Format::Parquet] {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { customers: 600, days: 25, seed: 4, bank_percent: 40 };
        let report = write(&settings, folder.path(), format, None, |_, _| {}).unwrap();
        let histories = histories(std::path::Path::new(&report.files[3]));
        let mut names: Vec<&str> = bank_features().map(|(_, feature)| feature.name).collect();
        names.extend(["application_id", "decided_at", "amount_minor", "fraud"]);
        names.push("instalment_amount_minor");
        let (mut with, mut without) = (0, 0);
        for batch in crate::table::open(&report.files[1]).unwrap().read(&names).unwrap() {
            let batch = batch.unwrap();
            let applications = batch.texts("application_id").unwrap();
            let coverage = batch.numbers("coverage_days").unwrap();
            for row in 0..batch.rows() {
                let Some(history) = histories.get(applications.get(row).unwrap()) else {
                    assert!(coverage[row].is_nan(), "nothing was read, and yet there are features");
                    without += 1;
                    continue;
                };
                with += 1;
                // What an equal share leaves over is added to the first instalment.
                let (amount, each) = (
                    batch.numbers("amount_minor").unwrap()[row],
                    batch.numbers("instalment_amount_minor").unwrap()[row],
                );
                let largest = each + amount - (amount / each).floor() * each;
                let mut vector = features::Vector::default();
                features::evidence::set_bank(&mut vector, history, largest as i64, Currency::EUR, history.covered_to);
                for (id, feature) in bank_features() {
                    let (kept, read) = (batch.numbers(feature.name).unwrap()[row], vector.number(id));
                    assert!(kept == read || (kept.is_nan() && read.is_nan()), "{}: {kept}, not {read}", feature.name);
                }
            }
        }
        assert!(with > 100 && without > with && with == histories.len(), "{with} with, {without} without");
    }
}

#[test]
fn reading_banks_changes_no_purchase_and_thieves_show_none() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = |bank_percent: u32| {
        let settings = Settings { customers: 200, days: 10, seed: 6, bank_percent };
        let folder = folder.path().join(bank_percent.to_string());
        let report = write(&settings, &folder, Format::Csv, None, |_, _| {}).unwrap();
        std::fs::read(&report.files[0]).unwrap()
    };
    assert!(bytes(0) == bytes(100));
    let stolen =
        |purchase: &&Purchase| matches!(purchase.truth.scenario, Scenario::StolenCard | Scenario::AccountTakeover);
    let all = purchases(6_000, 40, 2);
    assert!(all.iter().filter(stolen).count() > 10);
    for purchase in &all {
        assert_eq!(purchase.budget.is_none(), stolen(&purchase), "{:?}", purchase.truth.scenario);
    }
}
