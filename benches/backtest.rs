//! How many applications a second one core decides again, without reading them: two models of 21 terms each, the shipped
//! policy without and with its rules, each row counted as a backtest counts it. Criterion prints elements, which are
//! applications, a second.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A benchmark may stop at the first surprise.

use aval::backtest::tally::{Row, Tallies};
use aval::backtest::{Dimension, Job, Known, LabelColumns, Reasons, Verdict};
use aval::domain::ids::MerchantId;
use aval::domain::keys::{KeyHasher, Keys};
use aval::domain::money::{Currency, Money};
use aval::domain::plan::PlanChoice;
use aval::domain::submission::Signals;
use aval::domain::time::Timestamp;
use aval::features::{Facts, Vector};
use aval::model::Model;
use aval::model::batch::Values;
use aval::model::file::InputKind;
use aval::policy::batch::Batched;
use aval::policy::{Generation, Policy};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::collections::BTreeMap;
use std::path::Path;

/// How many rows are judged at once, as many as a batch of a table has.
const ROWS: usize = 8_192;

/// The shipped fraud model, for both targets.
fn generation(with_rules: bool) -> Generation {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fraud = std::fs::read_to_string(root.join("models/fraud.model.json")).unwrap();
    let default = fraud.replacen(r#""target": "fraud""#, r#""target": "default""#, 1);
    let models = [fraud, default].map(|text| (Model::load("model", text.as_bytes()).unwrap(), text.into_bytes()));
    assert!(models.iter().all(|(model, _)| model.file().terms.len() >= 20));
    let source = std::fs::read_to_string(root.join("policies/default.yaml")).unwrap();
    let rules = source.find("\nrules:\n").unwrap()
        ..source.find("\n# ---------------------------------------------------------------- cut-offs").unwrap();
    let source = if with_rules { source } else { format!("{}\n{}", &source[..rules.start], &source[rules.end..]) };
    let policy = Policy::load("policy", &source, &KeyHasher::new([7; 16])).unwrap();
    Generation::new(models.into(), policy, source)
}

/// A column of values near those that the models were trained on: from their golden rows, in another order each.
enum Column {
    Numbers(Vec<f64>),
    Names(Vec<Option<String>>),
}

fn columns(batched: &Batched<'_>) -> Vec<Column> {
    let mut random = 1_u64;
    let mut next = move |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let model = batched.generation().models().next().unwrap().file();
    let of_column = |column: &aval::policy::batch::Column| {
        // The golden rows that are rows of training come first; the extremes that follow would decline too many.
        let golden: Vec<_> =
            model.golden.iter().take(50).map(|row| row.inputs.get(column.name.as_ref()).cloned().flatten()).collect();
        let rows = (0..ROWS).map(|_| golden[next(golden.len())].clone());
        match column.kind {
            InputKind::Category => Column::Names(
                rows.map(|cell| match cell {
                    Some(aval::model::file::Cell::Text(text)) => Some(text),
                    _ => None,
                })
                .collect(),
            ),
            _ => Column::Numbers(
                rows.map(|cell| match cell {
                    Some(aval::model::file::Cell::Number(number)) => number,
                    Some(aval::model::file::Cell::Flag(flag)) => f64::from(u8::from(flag)),
                    _ => f64::NAN,
                })
                .collect(),
            ),
        }
    };
    batched.columns().iter().map(of_column).collect()
}

fn decide_again(c: &mut Criterion) {
    let mut group = c.benchmark_group("backtest, one core, two models");
    group.throughput(Throughput::Elements(ROWS as u64));
    for (name, with_rules) in [("limits and cut-offs", false), ("limits, rules and cut-offs", true)] {
        let generation = generation(with_rules);
        let batched = Batched::new(&generation);
        let columns = columns(&batched);
        let job = Job {
            candidate: &generation,
            against: None,
            rates: generation.policy.rates(),
            by: vec![Dimension::parse("plan")],
            since: None,
            until: None,
            threads: 1,
            examples: 3,
            seed: 1,
            assume: BTreeMap::new(),
            labels: LabelColumns::default(),
        };
        let mut facts = Facts {
            merchant: MerchantId::parse("demo").unwrap(),
            at: Timestamp::default(),
            amount: Money { amount_minor: 12_000, currency: Currency::EUR },
            plan: PlanChoice { instalment_count: 3, deferred_days: 0, deferred_months: 0 },
            country: None,
            keys: Keys::default(),
            vector: Vector::default(),
            signals: Signals::default(),
        };
        let mut outcomes = [0_u64; 3];
        group.bench_function(name, |b| {
            b.iter(|| {
                let values: Vec<Values> = columns
                    .iter()
                    .map(|column| match column {
                        Column::Numbers(numbers) => Values::Numbers(numbers),
                        Column::Names(names) => Values::Names(names.iter().map(Option::as_deref).collect()),
                    })
                    .collect();
                let mut tallies = Tallies::new(&job);
                batched.judge(
                    &values,
                    ROWS,
                    &mut facts,
                    |_, _| true,
                    |row, facts, judgement| {
                        outcomes[judgement.outcome as usize] += 1;
                        let verdict = Verdict {
                            outcome: judgement.outcome,
                            reasons: Reasons::Given(&judgement.reasons),
                            expected_loss_minor: judgement.scores.expected_loss_minor,
                        };
                        let row = Row {
                            facts,
                            known: Known::Good { margin_minor: 1 },
                            candidate: verdict,
                            baseline: Some(verdict),
                            place: row as u64,
                        };
                        tallies.add(&row, |_, _| {}, || "row".into()).unwrap();
                    },
                );
                tallies.judged
            });
        });
        let all: u64 = outcomes.iter().sum::<u64>().max(1);
        println!(
            "{name}: accepted {} %, declined {} %, asked for more {} %",
            100 * outcomes[0] / all,
            100 * outcomes[1] / all,
            100 * outcomes[2] / all
        );
    }
    group.finish();
}

criterion_group!(benches, decide_again);
criterion_main!(benches);
