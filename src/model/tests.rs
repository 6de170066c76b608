use super::batch::Values;
use super::file::{Term, *};
use super::*;
use crate::domain::ids::MerchantId;
use crate::domain::keys::Keys;
use crate::domain::money::{Currency, Money};
use crate::domain::plan::PlanChoice;
use crate::domain::submission::{Signal, Signals};
use crate::domain::time::Timestamp;
use crate::features::Vector;
use proptest::prelude::*;
use std::collections::BTreeMap;

const GOOD: &str = "fixtures/models/good.model.json";

/// The scores of the sample by hand, apart from the code that is tested.
fn by_hand(spend: Option<f64>, late: Option<f64>, shop: Option<&str>) -> (f64, f64) {
    let spend_share = match spend {
        Some(spend) => 0.8 * ((spend.clamp(-0.5, 5_000.0) - 120.0) / 45.5),
        None => 0.8 * ((100.0 - 120.0) / 45.5) + 0.31,
    };
    let late_share = match late {
        None => 0.125,
        Some(-1.0) => -0.5,
        Some(late) if late < 1.0 => -0.75,
        Some(late) if late < 3.5 => 0.25,
        Some(_) => 1.5,
    };
    let shop_share = match shop {
        None => 0.0625,
        Some("garden") => -0.375,
        Some("phones") => 0.9,
        Some(_) => 0.2,
    };
    let log_odds = -2.5
        + spend_share
        + late_share
        + shop_share
        + knots_by_hand(spend)
        + f64::from(pair_by_hand(late, shop)) / 100.0;
    let calibrated: f64 = 0.9 * log_odds - 0.05;
    (log_odds, 1.0 / (1.0 + libm::exp(-calibrated)))
}

fn knots_by_hand(spend: Option<f64>) -> f64 {
    let Some(spend) = spend.map(|spend| spend.clamp(-0.5, 5_000.0)) else { return 0.05 };
    let [at, middle, last] = [spend, 100.0, 1_000.0].map(libm::log1p);
    match spend {
        ..=0.0 => 0.5,
        ..=100.0 => 0.5 - 0.5 * at / middle,
        ..=1_000.0 => -0.75 * (at - middle) / (last - middle),
        _ => -0.75 - 0.25 * (at - last),
    }
}

/// In hundredths.
fn pair_by_hand(late: Option<f64>, shop: Option<&str>) -> i32 {
    let place = match shop {
        None => 1,
        Some("phones") => 2,
        Some("garden") => 3,
        Some(_) => 4,
    };
    match late {
        None => place,
        Some(late) if late < 1.0 => 10 * place,
        Some(_) => -10 * place,
    }
}

fn sample() -> ModelFile {
    let input = |name: &str, kind, min, max| Input { name: name.into(), kind, required: false, min, max };
    let mut golden = Vec::new();
    for spend in [None, Some(0.0), Some(120.0), Some(-1e9), Some(4_999.99)] {
        for (late, shop) in [
            (None, None),
            (Some(-1.0), Some("garden")),
            (Some(0.999_999), Some("phones")),
            (Some(1.0), Some("never seen")),
            (Some(3.5), Some("")),
            (Some(1e308), Some("phones")),
            (Some(-1e308), None),
            (Some(2.0), Some("garden")),
            (None, Some("garden")),
            (Some(3.499_999_999), Some("Garden")),
        ] {
            let (log_odds, probability) = by_hand(spend, late, shop);
            let inputs = BTreeMap::from([
                ("signal_spend".into(), spend.map(Cell::Number)),
                ("signal_late".into(), late.map(Cell::Number)),
                ("signal_shop".into(), shop.map(|shop| Cell::Text(shop.into()))),
            ]);
            golden.push(Golden { inputs, log_odds, probability });
        }
    }
    ModelFile {
        format: FORMAT.into(),
        name: "sample".into(),
        version: "1".into(),
        target: Target::Default,
        requires: vec![],
        created: "2026-01-02T03:04:05Z".into(),
        trained_on: TrainedOn { rows: 1_000, bad_rate: 0.1, from: None, to: None, source: "by hand".into() },
        author: None,
        notes: None,
        inputs: vec![
            input("signal_spend", InputKind::Number, Some(-0.5), Some(5_000.0)),
            input("signal_late", InputKind::Number, None, None),
            input("signal_shop", InputKind::Category, None, None),
        ],
        intercept: -2.5,
        terms: vec![
            Term::Linear(Linear {
                input: "signal_spend".into(),
                transform: None,
                impute: 100.0,
                center: 120.0,
                scale: 45.5,
                coef: 0.8,
                missing_flag: Some(0.31),
                reason: Some("PURCHASE_AMOUNT".into()),
            }),
            Term::Bins(Bins {
                input: "signal_late".into(),
                edges: vec![1.0, 3.5],
                points: vec![-0.75, 0.25, 1.5],
                missing: 0.125,
                special: vec![Special { value: -1.0, points: -0.5 }],
                reason: Some("PAYMENT_RECORD".into()),
            }),
            Term::Category(file::Category {
                input: "signal_shop".into(),
                points: BTreeMap::from([("garden".into(), -0.375), ("phones".into(), 0.9)]),
                other: 0.2,
                missing: 0.0625,
                reason: None,
            }),
            Term::Knots(Knots {
                input: "signal_spend".into(),
                transform: Some(Transform::Log1p),
                x: vec![0.0, 100.0, 1_000.0],
                y: vec![0.5, 0.0, -0.75],
                below: None,
                above: Some(-0.25),
                missing: 0.05,
                reason: Some("PURCHASE_AMOUNT".into()),
            }),
            Term::Pair(Pair {
                first: Axis { input: "signal_late".into(), edges: Some(vec![1.0]), names: None },
                second: Axis {
                    input: "signal_shop".into(),
                    edges: None,
                    names: Some(vec!["phones".into(), "garden".into()]),
                },
                points: vec![vec![0.01, 0.02, 0.03, 0.04], vec![0.1, 0.2, 0.3, 0.4], vec![-0.1, -0.2, -0.3, -0.4]],
                reason: None,
            }),
        ],
        calibration: Some(file::Calibration::Platt(Platt { a: 0.9, b: -0.05 })),
        reference: vec![-0.1, -0.2, 0.05, 0.0, 0.0],
        golden,
        metrics: Metrics {
            on: "training".into(),
            rows: 1_000,
            auc: 0.8,
            ks: 0.5,
            gini: 0.6,
            brier: 0.08,
            log_loss: 0.3,
            ece: 0.01,
            average_precision: 0.4,
            deciles: vec![-4.0, -3.5, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0],
        },
    }
}

fn written(file: &ModelFile) -> String {
    serde_json::to_string_pretty(file).unwrap() + "\n"
}

fn facts(signals: impl IntoIterator<Item = (&'static str, Signal)>) -> Facts {
    Facts {
        merchant: MerchantId::parse("demo").unwrap(),
        at: Timestamp::default(),
        amount: Money { amount_minor: 1, currency: Currency::parse("EUR").unwrap() },
        plan: PlanChoice { instalment_count: 3, deferred_days: 0, deferred_months: 0 },
        country: None,
        keys: Keys::default(),
        vector: Vector::default(),
        signals: Signals::new(signals.into_iter().map(|(name, signal)| (name.into(), signal))),
    }
}

fn load(file: &ModelFile) -> Model {
    Model::load("m.json", written(file).as_bytes()).unwrap()
}

/// A file of the tree is what it is made from; AVAL_UPDATE=1 makes it again.
fn keep_current(path: &str, wanted: &str) {
    if std::env::var_os("AVAL_UPDATE").is_some() {
        std::fs::write(path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{path} is not current: run the tests once with AVAL_UPDATE=1");
}

#[test]
fn the_schema_and_the_good_model_are_current() {
    keep_current("models/model.schema.json", &(serde_json::to_string_pretty(&schema()).unwrap() + "\n"));
    keep_current(GOOD, &written(&sample()));
}

#[test]
fn a_good_model_loads_and_writes_itself_again() {
    let text = std::fs::read_to_string(GOOD).unwrap();
    let model = Model::load(GOOD, text.as_bytes()).unwrap();
    assert_eq!(written(model.file()), text);
    assert_eq!(model.model_ref().digest, crate::domain::decision::Digest::of(text.as_bytes()).to_string());
    assert_eq!((model.target(), model.intercept(), model.requires().len()), (Target::Default, -2.5, 0));
    let reasons: Vec<_> = model.terms().map(|term| term.reason.unwrap().name()).collect();
    assert_eq!(reasons, ["PURCHASE_AMOUNT", "PAYMENT_RECORD", "SIGNAL", "PURCHASE_AMOUNT", "SIGNAL"]);
    let inputs: Vec<_> = model.terms().map(|term| term.inputs.join("+")).collect();
    assert_eq!(inputs, ["signal_spend", "signal_late", "signal_shop", "signal_spend", "signal_late+signal_shop"]);
}

#[test]
fn scores_signals_with_exact_contributions() {
    let model = load(&sample());
    let mut contributions = Contributions::default();
    let given = facts([
        ("spend", Signal::Number(300.0)),
        ("late", Signal::Flag(true)),
        ("shop", Signal::Text("phones".into())),
    ]);
    let score = model.score(&given, &mut contributions).unwrap();
    let (log_odds, probability) = by_hand(Some(300.0), Some(1.0), Some("phones"));
    assert!((score.log_odds - log_odds).abs() < 1e-12);
    assert_eq!(contributions.terms[..3], [0.8 * ((300.0 - 120.0) / 45.5), 0.25, 0.9]);
    assert!((contributions.terms[3] - knots_by_hand(Some(300.0))).abs() < 1e-15);
    assert_eq!(contributions.terms[4], -0.2);
    assert!((score.probability - probability).abs() < 1e-15);
    let reasons = model.reasons(&contributions, 2);
    assert_eq!(
        reasons.iter().map(|reason| (reason.code.name(), reason.target)).collect::<Vec<_>>(),
        [("PURCHASE_AMOUNT", Some(Target::Default)), ("SIGNAL", Some(Target::Default))]
    );
    assert!((reasons[1].contribution - 0.85).abs() < 1e-12);
}

#[test]
fn reasons_of_one_code_are_one_reason_and_what_helps_is_none() {
    let mut file = sample();
    for term in &mut file.terms {
        if let Term::Category(term) = term {
            term.reason = Some("PAYMENT_RECORD".into());
        }
    }
    let model = load(&file);
    for (shares, expected) in [
        ([0.0, 0.8, 0.15, 0.0, 0.0], vec![("PAYMENT_RECORD", 1.1), ("PURCHASE_AMOUNT", 0.1)]),
        ([-0.1, 0.8, -9.0, 0.0, 0.0], vec![("PAYMENT_RECORD", 1.0)]),
        ([-0.2, -0.3, 0.0, 0.0, 0.0], vec![]),
    ] {
        let reasons = model.reasons(&Contributions { terms: shares.into() }, 4);
        let found: Vec<_> = reasons.iter().map(|r| (r.code.name(), (r.contribution * 1e9).round() / 1e9)).collect();
        assert_eq!(found, expected, "{shares:?}");
    }
}

#[test]
fn what_cannot_be_scored_says_why() {
    let mut file = sample();
    file.inputs[0].required = true;
    file.golden.retain(|row| row.inputs["signal_spend"].is_some());
    file.golden = [(); 2].iter().flat_map(|()| file.golden.clone()).collect();
    let model = load(&file);
    let score = |signals: Vec<(&'static str, Signal)>| model.score(&facts(signals), &mut Contributions::default());
    assert_eq!(score(vec![]), Err(ScoreFailure::Missing("signal_spend".into())));
    for (signal, expected) in [
        (("spend", Signal::Text("much".into())), "the input `signal_spend` is not a number"),
        (("late", Signal::Text("1".into())), "the input `signal_late` is not a number"),
        (("shop", Signal::Number(1.0)), "the input `signal_shop` is not a category"),
    ] {
        let failure = score(vec![("spend", Signal::Number(1.0)), signal]).unwrap_err();
        assert_eq!(failure.to_string(), expected);
    }
}

#[test]
fn a_sum_that_is_not_finite_is_no_score() {
    let mut file = sample();
    file.inputs[0].max = None;
    file.golden.retain(|row| row.inputs["signal_spend"] == Some(Cell::Number(120.0)));
    file.golden = [(); 5].iter().flat_map(|()| file.golden.clone()).collect();
    if let Term::Linear(term) = &mut file.terms[0] {
        term.scale = 1e-300;
    }
    let model = load(&file);
    for (spend, finite) in [(121.0, true), (f64::MAX, false), (f64::MIN, true)] {
        let score = model.score(&facts([("spend", Signal::Number(spend))]), &mut Contributions::default());
        assert_eq!(score.as_ref().err(), (!finite).then_some(&ScoreFailure::NotFinite), "{spend}");
    }
}

fn any_number() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        Just(None),
        (-1e4..1e4f64).prop_map(Some),
        prop_oneof![Just(-1.0), Just(1.0), Just(3.5), Just(-0.0), Just(f64::MAX), Just(f64::MIN)].prop_map(Some)
    ]
}

fn any_shop() -> impl Strategy<Value = Option<&'static str>> {
    proptest::option::of(prop_oneof![Just("garden"), Just("phones"), Just("other"), Just("")])
}

static SAMPLE: std::sync::LazyLock<Model> = std::sync::LazyLock::new(|| load(&sample()));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_batch_has_the_bits_of_its_rows(
        rows in proptest::collection::vec((any_number(), any_number(), any_shop()), 1..2_100)
    ) {
        let model = &*SAMPLE;
        let numbers = |pick: fn(&(Option<f64>, Option<f64>, Option<&'static str>)) -> Option<f64>| -> Vec<f64> {
            rows.iter().map(|row| pick(row).unwrap_or(f64::NAN)).collect()
        };
        let (spend, late) = (numbers(|row| row.0), numbers(|row| row.1));
        let shop = rows.iter().map(|row| row.2).collect();
        let columns = [Values::Numbers(&spend), Values::Numbers(&late), Values::Names(shop)];
        let (scores, shares) = (model.score_rows(&columns), model.contributions_of_rows(&columns));
        let mut contributions = Contributions::default();
        for (at, (spend, late, shop)) in rows.iter().enumerate() {
            let numbers = [("spend", spend), ("late", late)];
            let numbers = numbers.into_iter().filter_map(|(name, value)| Some((name, Signal::Number((*value)?))));
            let names = shop.map(|shop| ("shop", Signal::Text(shop.into())));
            let one = model.score(&facts(numbers.chain(names)), &mut contributions).unwrap();
            let many = scores[at].clone().unwrap();
            prop_assert_eq!(one.log_odds.to_bits(), many.log_odds.to_bits());
            prop_assert_eq!(one.probability.to_bits(), many.probability.to_bits());
            for (term, share) in contributions.terms.iter().enumerate() {
                prop_assert_eq!(share.to_bits(), shares[[at, term]].to_bits());
            }
            prop_assert_eq!(contributions.terms.iter().fold(model.intercept(), |sum, share| sum + share), one.log_odds);
        }
    }

    #[test]
    fn no_file_panics(cut in 0usize..9_000, put in "[\\[\\]{},:\"0-9a-z.-]{0,6}") {
        let text = written(&sample());
        let cut = cut.min(text.len() - 1);
        let bad = format!("{}{put}{}", &text[..cut], &text[cut + 1..]);
        let _ = Model::load("m.json", bad.as_bytes());
    }
}

/// An edit of the good file, and the refusal that it must meet.
fn check(find: &str, put: &str, expected: &str) {
    let good = written(&sample());
    assert!(good.contains(find), "the good file does not hold {find}");
    let refusal = Model::load("m.json", good.replacen(find, put, 1).as_bytes()).expect_err(put).to_string();
    assert!(refusal.contains(expected), "{refusal}\n expected: {expected}");
}

#[test]
fn golden_rows_are_computed_again() {
    let first = &sample().golden[0];
    let (log_odds, probability) = (first.log_odds.to_string(), first.probability.to_string());
    let off = |number: f64, by: f64| (number + by).to_string();
    check(&log_odds, &off(first.log_odds, 3e-9), "`/golden/0/log_odds`: expected ");
    check(&probability, &off(first.probability, 3e-12), "`/golden/0/probability`: expected ");
    check("\"signal_late\": null,", "", "`/golden/0/inputs`: the input `signal_late` is missing");
    check("\"signal_late\": null,", "\"signal_late\": \"x\",", "`/golden/0/inputs/signal_late`: expected a number");
    check("\"signal_late\": null,", "\"signal_late\": null, \"x\": 1,", "`/golden/0/inputs/x`: `x` is not an input");
    check(
        "\"name\": \"signal_spend\",",
        "\"name\": \"signal_spend\", \"required\": true,",
        "`/golden/0`: the required input",
    );
    let mut few = sample();
    few.golden.truncate(MIN_GOLDEN - 1);
    let refusal = Model::load("m.json", written(&few).as_bytes()).unwrap_err().to_string();
    assert!(refusal.contains("`/golden`: expected 50 to 10000 golden rows, found 49"), "{refusal}");
    // Within the margins it loads.
    let near = written(&sample()).replacen(&log_odds, &off(first.log_odds, 5e-10), 1);
    Model::load("m.json", near.as_bytes()).unwrap();
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let refusal = Model::load("m.json", &vec![b' '; MAX_BYTES + 1]).unwrap_err().to_string();
    assert!(refusal.contains("at most 4194304 are read"), "{refusal}");
}

/// Each bad file of `fixtures/models` beside the refusal that it must meet, in `refusals.txt`.
#[test]
fn bad_files_are_refused_with_place_and_mend() {
    let names = std::fs::read_dir("fixtures/models").unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| name.starts_with("bad_"));
    names.sort();
    let refusals = names.iter().map(|name| {
        let bytes = std::fs::read(format!("fixtures/models/{name}")).unwrap();
        let refusal = Model::load(name, &bytes).expect_err(name);
        assert!(!refusal.mend.is_empty(), "{refusal} says no mend");
        refusal.to_string() + "\n"
    });
    keep_current("fixtures/models/refusals.txt", &refusals.collect::<String>());
    assert!(names.len() >= 30, "bad files got lost");
}
