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
    let all = purchases(8_000, 150, 42);
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
    println!("{many} {fraud:.4} {default:.4} {counts:?}");
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
        assert!(report.all.purchases > 20 && report.files.len() == 2, "{report:?}");
        report.files.iter().map(|file| std::fs::read(file).unwrap()).collect::<Vec<_>>()
    };
    assert!(bytes("a", 1) == bytes("b", 1));
    assert!(bytes("a", 1) != bytes("c", 2));
}
