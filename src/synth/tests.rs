use super::*;
use std::collections::BTreeMap;

fn purchases(customers: u32, days: u32, seed: u64) -> Vec<Purchase> {
    Population::new(&Settings { customers, days, seed }).unwrap().collect()
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
        let settings = Settings { customers: 200, days: 10, seed };
        let folder = folder.path().join(name);
        let report = write(&settings, &folder, Format::Parquet, None, |_, _| {}).unwrap();
        assert!(report.all.purchases > 20 && report.files.len() == 3, "{report:?}");
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
    let said = |customers, days| Population::new(&Settings { customers, days, seed: 0 }).err().map(|e| e.to_string());
    assert_eq!(said(0, 1).as_deref(), Some("expected 1 to 1000000 customers, got 0"));
    assert_eq!(said(1, 3_661).as_deref(), Some("expected 1 to 3660 days, got 3661"));
    assert_eq!(said(1, 1), None);
}

#[test]
fn every_purchase_is_judged_once_within_or_outside_the_limits() {
    use crate::policy::{Generation, Policy};
    let source = include_str!("../../policies/default.yaml");
    let policy = Policy::load("default.yaml", source, &hasher()).unwrap();
    // Without models the policy names what happens: never an acceptance.
    let generation = Generation::new(Vec::new(), policy, source.into());
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { customers: 300, days: 30, seed: 9 };
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
