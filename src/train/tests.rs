//! Models made from small tables: as scikit-learn makes them, accepted by the loader, the same bits by every path.

use super::evaluate::{Wanted, evaluate};
use super::spec::Spec;
use super::{TrainError, Trained, train};
use crate::domain::challenge::ChallengeKind;
use crate::domain::time::Timestamp;
use crate::model::file::Term;
use crate::table;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const HEAD: &str = "name: sample\nversion: '1'\ntarget: default\nlabel: bad\n";
const SAMPLE_TERMS: &str = "terms:
  - linear: { input: signal_spend }
  - linear: { input: signal_late, missing_flag: true }
  - linear: { input: signal_share }
";

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/train/sample.csv")
}

fn made(file: &Path, spec: &str) -> Result<Trained, TrainError> {
    let spec = Spec::load("spec", spec).unwrap();
    train(&table::open(file).unwrap(), &spec, "a test", Timestamp::default(), |_, _| {})
}

/// A table of `rows` rows, written by `row`.
fn table_of(header: &str, rows: usize, row: impl Fn(usize) -> String) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let lines: String = (0..rows).map(|at| row(at) + "\n").collect();
    std::fs::write(place.path().join("t.csv"), format!("{header}\n{lines}")).unwrap();
    place
}

#[derive(serde::Deserialize)]
struct Expected {
    intercept: f64,
    weights: BTreeMap<String, f64>,
}

/// `fixtures/train/make.py` wrote what scikit-learn fits.
#[test]
fn coefficients_are_scikit_learns() {
    let text = std::fs::read_to_string(sample().with_file_name("sample.expected.json")).unwrap();
    let expected: BTreeMap<String, Expected> = serde_json::from_str(&text).unwrap();
    let rows = std::fs::read_to_string(sample()).unwrap();
    assert_eq!(expected.len(), 2);
    for (c, expected) in expected {
        let trained = made(&sample(), &format!("{HEAD}c: {c}\n{SAMPLE_TERMS}")).unwrap();
        let mut intercept = trained.model.file().intercept;
        for term in &trained.model.file().terms {
            let Term::Linear(term) = term else { panic!("{term:?}") };
            let near = |name: &str, found: f64| {
                let wanted = expected.weights[name];
                assert!((found - wanted).abs() < 1e-6, "C = {c}, {name}: {found}, scikit-learn has {wanted}");
            };
            near(&term.input, term.coef);
            if let Some(points) = term.missing_flag {
                let missing = rows.matches(",,").count() as f64 / 600.0;
                let deviation = f64::sqrt(missing * (1.0 - missing));
                near(&format!("{} missing", term.input), points * deviation);
                intercept += points * missing;
            }
        }
        assert!((intercept - expected.intercept).abs() < 1e-6, "C = {c}: {intercept}, not {}", expected.intercept);
    }
}

#[test]
fn intervals_and_names_become_points_that_the_loader_proves() {
    let place = table_of("bad,amount_minor,currency,guest", 4_000, |row| {
        let (amount, rare) = (row * 37 % 1_000, row % 400 == 0);
        let bad = (row * 7_919) % 1_000 < 20 + amount / 10 + if row % 3 == 0 { 60 } else { 0 };
        let currency = if rare { "XXX" } else { ["EUR", "USD", ""][row % 3] };
        format!(
            "{},{},{currency},{}",
            u8::from(bad),
            if row % 11 == 0 { String::new() } else { amount.to_string() },
            row % 2 == 0
        )
    });
    let spec = format!(
        "{HEAD}holdout: 0.25\nterms:\n  - bins: {{ input: amount_minor, quantiles: 5, reason: PLAN_LENGTH }}\n  - category: {{ input: currency }}\n  - linear: {{ input: guest }}\n"
    );
    let trained = made(&place.path().join("t.csv"), &spec).unwrap();
    let file = trained.model.file();
    let [Term::Bins(bins), Term::Category(names), Term::Linear(_)] = file.terms.as_slice() else {
        panic!("{:?}", file.terms)
    };
    assert_eq!(bins.edges, [200.0, 400.0, 600.0, 800.0]);
    assert!(bins.points.is_sorted(), "more is worse: {:?}", bins.points);
    assert_eq!(names.points.keys().collect::<Vec<_>>(), ["EUR", "USD"], "a rare name counts as any other");
    assert!(names.points["EUR"] > names.points["USD"] && names.missing < names.points["EUR"]);
    assert_eq!(file.metrics.on, "holdout");
    assert_eq!((file.metrics.rows, file.trained_on.rows), (1_000, 3_000));
    let golden = &file.golden;
    assert!(golden.iter().any(|row| row.inputs.values().all(Option::is_none)), "nothing at all is golden");
    assert!(golden.len() > 60, "{} golden rows", golden.len());
    // The evaluation reads the file's terms, the training its own columns.
    let wanted = Wanted { label: "bad".into(), ..Wanted::default() };
    let whole = evaluate(&trained.model, &table::open(place.path().join("t.csv")).unwrap(), &wanted, |_| {}).unwrap();
    assert_eq!(whole.measures.bad, trained.training.bad + trained.holdout.unwrap().bad);
    assert!(whole.measures.auc > 0.6, "{whole:?}");
}

#[test]
fn the_sum_of_the_terms_is_what_was_fitted() {
    let trained = made(&sample(), &format!("{HEAD}{SAMPLE_TERMS}")).unwrap();
    let wanted = Wanted { label: "bad".into(), ..Wanted::default() };
    let evaluated = evaluate(&trained.model, &table::open(sample()).unwrap(), &wanted, |_| {}).unwrap();
    assert_eq!(evaluated.measures.rows, 600);
    for (name, a, b) in [
        ("auc", evaluated.measures.auc, trained.training.auc),
        ("log loss", evaluated.measures.log_loss, trained.training.log_loss),
    ] {
        assert!((a - b).abs() < 1e-12, "{name}: {a} by the file, {b} by the fit");
    }
    // A logistic model with an intercept is right on average.
    let mean = trained.training.bad as f64 / 600.0;
    assert!((trained.model.file().trained_on.bad_rate - mean).abs() < 1e-12);
    assert!(trained.training.ece < 0.05);
}

#[test]
fn the_same_table_gives_the_same_file() {
    let spec = format!("{HEAD}{SAMPLE_TERMS}");
    assert_eq!(made(&sample(), &spec).unwrap().text, made(&sample(), &spec).unwrap().text);
}

#[test]
fn rows_are_chosen_by_time_and_label() {
    let place = table_of("bad,at,signal_x", 400, |row| {
        let label = if row % 10 == 9 { String::new() } else { (row % 3 % 2).to_string() };
        format!("{label},2026-01-{:02},{}", 1 + (row * 13) % 20, row % 7)
    });
    let spec = format!(
        "{HEAD}time: at\nfrom: 2026-01-03T00:00:00Z\nto: 2026-01-11T00:00:00Z\nterms: [linear: {{ input: signal_x }}]\n"
    );
    let trained = made(&place.path().join("t.csv"), &spec).unwrap();
    let made_from = &trained.model.file().trained_on;
    assert_eq!(made_from.from.as_deref(), Some("2026-01-03T00:00:00Z"));
    assert_eq!(made_from.to.as_deref(), Some("2026-01-10T00:00:00Z"));
    assert_eq!(made_from.rows + trained.unlabelled, 8 * 20);
}

#[test]
fn what_cannot_be_fitted_is_refused_by_name() {
    let place = table_of("bad,signal_x,signal_y", 200, |row| format!("{},{},7", u8::from(row % 4 == 0), row % 5));
    let file = place.path().join("t.csv");
    for (terms, expected) in [
        ("linear: { input: signal_y }", "the input `signal_y` says the same of every training row"),
        ("linear: { input: signal_z }", "there is no column `signal_z`"),
        ("category: { input: signal_x, least_rows: 1000 }", "the input `signal_x` says the same"),
        ("linear: { input: signal_religion }", "is barred for its `religion`"),
    ] {
        let name = terms.split(['{', '}', ' ', ',']).find(|part| part.starts_with("signal_")).unwrap();
        let renamed = place.path().join("renamed.csv");
        let text = std::fs::read_to_string(&file).unwrap();
        let wanted = if name == "signal_religion" { text.replace("signal_x", name) } else { text };
        std::fs::write(&renamed, wanted).unwrap();
        let found = made(&renamed, &format!("{HEAD}terms: [{terms}]\n")).unwrap_err().to_string();
        assert!(found.contains(expected), "{terms}: {found}");
    }
    let one_class = table_of("bad,signal_x", 60, |row| format!("0,{row}"));
    let found = made(&one_class.path().join("t.csv"), &format!("{HEAD}terms: [linear: {{ input: signal_x }}]\n"));
    assert!(matches!(found, Err(TrainError::Fit(_))), "{found:?}");
    let nobody = table_of("bad,signal_x", 60, |row| format!(",{row}"));
    let found = made(&nobody.path().join("t.csv"), &format!("{HEAD}terms: [linear: {{ input: signal_x }}]\n"));
    assert!(matches!(found, Err(TrainError::NoRows { unlabelled: 60, without_evidence: 0 })), "{found:?}");
}

/// With `AVAL_UPDATE=1` the file is written instead.
#[test]
fn the_schema_of_specifications_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/train.schema.json");
    let current = serde_json::to_string_pretty(&Spec::json_schema()).unwrap() + "\n";
    if std::env::var_os("AVAL_UPDATE").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == current, "models/train.schema.json is not current: run the tests with AVAL_UPDATE=1");
}

#[test]
fn the_shipped_specifications_are_good() {
    for name in [
        "models/fraud.train.yaml",
        "models/default.train.yaml",
        "models/default_with_bank.train.yaml",
        "examples/real-data/handbook.train.yaml",
    ] {
        let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
        assert!(Spec::load(name, &source).is_ok_and(|spec| !spec.terms.is_empty()), "{name}");
    }
}

#[test]
fn only_rows_that_hold_the_required_evidence_count() {
    // Of ten rows four hold a bank history that vouches for anybody; their label follows x, that of the others does not.
    let place = table_of("bad,coverage_days,bank_account_count,signal_x", 4_000, |row| {
        let (coverage, accounts) = [("90", "1"), ("30", "2"), ("29", "1"), ("90", "0"), ("", "")][row / 2 % 5];
        let (x, holds) = (row * 7 % 10, row / 2 % 5 < 2);
        let bad = if holds { row * 7_919 % 100 < 5 + 5 * x } else { row * 7_919 % 100 < 85 - 8 * x };
        format!("{},{coverage},{accounts},{x}", u8::from(bad))
    });
    let file = place.path().join("t.csv");
    let terms = "terms: [linear: { input: signal_x }]\n";
    let banked = made(&file, &format!("{HEAD}requires: [bank_history]\n{terms}")).unwrap();
    assert_eq!((banked.model.file().trained_on.rows, banked.without_evidence), (1_600, 2_400));
    assert_eq!(banked.model.requires(), [ChallengeKind::BankHistory]);
    let all = made(&file, &format!("{HEAD}{terms}")).unwrap();
    assert_eq!((all.model.file().trained_on.rows, all.without_evidence), (4_000, 0));
    let measured = |model: &Trained, evidence: &[ChallengeKind]| {
        let wanted = Wanted { label: "bad".into(), evidence: evidence.into(), ..Wanted::default() };
        let found = evaluate(&model.model, &table::open(&file).unwrap(), &wanted, |_| {}).unwrap();
        (found.measures.rows, found.without_evidence, found.measures.auc)
    };
    let bank = [ChallengeKind::BankHistory];
    // A model is measured on what it scores, another one on the same rows where that is asked for.
    let (rows, left_out, auc) = measured(&banked, &[]);
    assert_eq!((rows, left_out), (1_600, 2_400));
    assert!((auc - banked.training.auc).abs() < 1e-12 && auc > 0.6);
    assert_eq!(measured(&all, &[]).0, 4_000);
    let (rows, _, auc_of_all) = measured(&all, &bank);
    assert!(rows == 1_600 && auc_of_all < 0.5, "{rows} {auc_of_all}");
    let lacking = table_of("bad,signal_x", 60, |row| format!("{},{row}", row % 2));
    let found = made(&lacking.path().join("t.csv"), &format!("{HEAD}requires: [bank_history]\n{terms}"));
    assert!(found.unwrap_err().to_string().contains("there is no column `bank_account_count`"));
}
