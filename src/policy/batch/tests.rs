use super::*;
use crate::domain::geo::Country;
use crate::domain::ids::MerchantId;
use crate::domain::keys::{KeyHasher, KeyKind, Keys};
use crate::domain::money::{Currency, Money};
use crate::domain::plan::PlanChoice;
use crate::domain::submission::{Signal, Signals};
use crate::domain::time::Timestamp;
use crate::features::Vector;
use crate::policy::{Policy, judge};
use proptest::prelude::*;
use std::path::Path;

/// The shipped models and policy, with a rule that looks at a signal.
fn generation() -> Generation {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read(root.join(name)).unwrap();
    let models = ["fraud", "default", "default_with_bank"].map(|name| {
        let bytes = read(&format!("models/{name}.model.json"));
        (Model::load(name, &bytes).unwrap(), bytes)
    });
    let source = String::from_utf8(read("policies/default.yaml")).unwrap();
    let rule = "rules:\n  - name: watched\n    when: signal_watched == true || or_else(hour_of_day, 12.0) < 1.0\n    \
                outcome: step_up\n    reason: RULE\n    when_undecided: skip\n";
    let source = source.replacen("rules:\n", rule, 1);
    let policy = Policy::load("policy", &source, &KeyHasher::new([7; 16])).unwrap();
    Generation::new(models.into(), policy, source)
}

/// Facts with any values of any features.
fn facts() -> impl Strategy<Value = Facts> {
    let number = prop_oneof![
        3 => Just(f64::NAN),
        4 => (0.0..40.0_f64).prop_map(f64::floor),
        2 => 0.0..1e6_f64,
        1 => -5.0..5.0_f64,
    ];
    let name = prop_oneof![
        2 => Just(None),
        3 => prop::sample::select(vec!["prepaid", "credit", "express", "FR", "phones", "mobile", "other"]).prop_map(Some),
    ];
    let features: Vec<_> = features::all().collect();
    let count = features.len();
    let values = prop::collection::vec((number, any::<bool>(), name), count);
    let around = (1..400_000_i64, 1..6_u8, any::<bool>(), prop::option::of(any::<bool>()), 0..3_usize);
    (values, around).prop_map(move |(values, (amount_minor, instalment_count, phone, watched, country))| {
        let mut vector = Vector::default();
        for ((id, feature), (number, flag, name)) in features.iter().zip(values) {
            match (feature.kind, name) {
                _ if feature.is_evidence() => {}
                (FeatureKind::Number, _) => vector.set_number(*id, number),
                (FeatureKind::Boolean, name) => {
                    vector.set_number(*id, if name.is_some() { f64::from(u8::from(flag)) } else { f64::NAN });
                }
                (FeatureKind::Category, Some(name)) => vector.set_category(*id, name),
                (FeatureKind::Category, None) => {}
            }
        }
        let mut keys = Keys::default();
        keys.0[KeyKind::Phone as usize] = phone.then_some(1);
        Facts {
            merchant: MerchantId::parse("demo").unwrap(),
            at: Timestamp::default(),
            amount: Money { amount_minor, currency: Currency::EUR },
            plan: PlanChoice { instalment_count, deferred_days: 0, deferred_months: 0 },
            country: [None, Some("FR"), Some("US")][country].map(|code| Country::parse(code).unwrap()),
            keys,
            vector,
            signals: Signals::new(watched.map(|flag| ("watched".into(), Signal::Flag(flag)))),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// The promise: a batch is as good as one at a time, to the bit, reasons and diagnostics too.
    #[test]
    fn a_batch_is_judged_to_the_bits_of_each_row(rows in prop::collection::vec(facts(), 1..40)) {
        let generation = generation();
        let batched = Batched::new(&generation);
        let numbers: Vec<Vec<f64>> = batched.columns().iter().map(|column| {
            let id = features::find(&column.name).unwrap();
            rows.iter().map(|facts| facts.vector.number(id)).collect()
        }).collect();
        let values: Vec<Values> = batched.columns().iter().zip(&numbers).map(|(column, numbers)| match column.kind {
            InputKind::Category => {
                let id = features::find(&column.name).unwrap();
                Values::Names(rows.iter().map(|facts| facts.vector.category(id)).collect())
            }
            _ => Values::Numbers(numbers),
        }).collect();
        let mut cursor = Facts { vector: Vector::default(), ..rows[0].clone() };
        let mut heard = Vec::new();
        let place = |row: usize, facts: &mut Facts| {
            let given = &rows[row];
            facts.amount = given.amount;
            facts.plan = given.plan;
            facts.country = given.country;
            facts.keys = given.keys;
            facts.signals = given.signals.clone();
            row % 7 != 6
        };
        batched.judge(&values, rows.len(), &mut cursor, place, |row, _, judgement| heard.push((row, judgement)));
        prop_assert_eq!(heard.len(), (0..rows.len()).filter(|row| row % 7 != 6).count(), "what is not placed is not judged");
        for (row, judgement) in heard {
            let single = judge(&rows[row], &generation);
            prop_assert_eq!(bits(&judgement), bits(&single), "row {}", row);
        }
    }
}

/// Everything of a judgement, each number by its bits.
fn bits(judgement: &Judgement) -> String {
    let score = |score: Option<Score>| {
        score.map(|score| [score.log_odds, score.calibrated_log_odds, score.probability].map(f64::to_bits))
    };
    let reasons: Vec<_> =
        (judgement.reasons.iter()).map(|reason| (reason.code, reason.target, reason.contribution.to_bits())).collect();
    let Judgement { outcome, challenge, scores, degraded, diagnostics, .. } = judgement;
    let scores = (score(scores.fraud), score(scores.default), scores.expected_loss_minor);
    format!("{outcome:?} {challenge:?} {scores:?} {degraded} {diagnostics:?} {reasons:?}")
}

#[test]
fn what_is_known_by_evidence_only_is_no_column() {
    let generation = generation();
    let batched = Batched::new(&generation);
    assert!(batched.columns().iter().any(|column| column.name.as_ref() == "card_funding"), "a rule reads it");
    assert!(batched.columns().iter().all(|column| column.name.as_ref() != "identity_verdict"));
    assert_eq!(batched.signals(), [Box::from("watched")]);
}
