use super::report::Change;
use super::*;
use crate::engine::generation;
use crate::policy::{Generation, Policy};
use crate::synth::{self, Settings};
use crate::table;
use std::path::Path;

fn job<'a>(candidate: &'a Generation, against: Option<&'a Generation>, threads: usize) -> Job<'a> {
    Job {
        candidate,
        against,
        rates: candidate.policy.rates(),
        by: ["merchant", "plan+country", "month", "shipping_method"].map(Dimension::parse).into(),
        since: None,
        until: None,
        threads,
        examples: 3,
        seed: 1,
        assume: BTreeMap::new(),
        labels: LabelColumns::default(),
    }
}

/// The shipped models and a policy, changed in one place.
fn with_policy(from: &str, to: &str) -> Generation {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(root.join("policies/default.yaml")).unwrap();
    assert!(source.contains(from), "the shipped policy holds `{from}`");
    let policy = folder.path().join("policy.yaml");
    std::fs::write(&policy, source.replacen(from, to, 1)).unwrap();
    generation::load(&root.join("models"), &policy, &synth::hasher()).unwrap()
}

fn run(file: &Path, job: &Job<'_>) -> Report {
    of_table(&table::open(file).unwrap(), job, &|_| {}).unwrap()
}

/// Everything of a report, as text.
fn text(report: &Report) -> String {
    serde_json::to_string_pretty(report).unwrap()
}

#[test]
fn what_was_decided_is_decided_again_and_a_stricter_policy_only_takes_away() {
    let folder = tempfile::tempdir().unwrap();
    let shipped = with_policy("name: default", "name: default");
    let settings = Settings { customers: 1_500, days: 30, seed: 5, bank_percent: 30 };
    for format in [synth::Format::Parquet, synth::Format::Csv] {
        let place = folder.path().join(format!("{format:?}"));
        synth::write(&settings, &place, format, Some(&shipped), |_, _| {}).unwrap();
    }
    let file = folder.path().join("Parquet/features.parquet");
    let same = run(&file, &job(&shipped, None, 2));
    assert!(same.rows > 500 && same.compared == same.rows, "{} of {}", same.compared, same.rows);
    let moved: Vec<&Change> = same.flips.iter().filter(|change| change.from != change.to).collect();
    assert!(moved.is_empty(), "the same generation decides the same: {moved:?}");
    assert_eq!(same.all.change[0].if_no_step_up_passes.minor, 0);

    let strict = with_policy("accept_below: { none: 0.06", "accept_below: { none: 0.005");
    let report = run(&file, &job(&strict, None, 1));
    let moved: Vec<_> = report.flips.iter().filter(|change| change.from != change.to).collect();
    assert!(!moved.is_empty());
    for change in &moved {
        assert_eq!((change.from, change.to), ("accept", "step_up"), "nothing else can change");
        assert_eq!(change.examples.len(), 3.min(change.rows as usize));
        assert_eq!(change.rows, change.good + change.bad + change.without_outcome);
        assert_eq!(change.reasons_now.first().map(|(code, count)| (*code, *count)), Some(("FRAUD_SCORE", change.rows)));
    }
    for segments in &report.segments {
        let rows: u64 = segments.segments.iter().map(|segment| segment.candidate.rows).sum();
        assert_eq!(rows, report.rows, "each row is in one segment by {}", segments.by);
    }
    // However many threads, whatever the format, and compared with the generation instead of with the record.
    assert_eq!(text(&report), text(&run(&file, &job(&strict, None, 3))));
    let csv = run(&folder.path().join("Csv/features.csv"), &job(&strict, None, 2));
    assert_eq!(text(&report), text(&csv));
    let against = run(&file, &job(&strict, Some(&shipped), 2));
    let counts =
        |report: &Report| report.flips.iter().map(|change| (change.from, change.to, change.rows)).collect::<Vec<_>>();
    assert_eq!(counts(&report), counts(&against));
}

/// A policy without models, by which everything can be counted by hand: 100 EUR at most.
const BY_HAND: &str = "name: hand\nversion: \"1\"\ntime_zone: UTC\ncurrencies: [EUR, CHF]\n\
    plans:\n  - { instalment_count: 3, min_amount_minor: 1, max_amount_minor: 10000 }\n\
    fraud: { unused: true }\ndefault: { unused: true }\n";

const ROWS: &str = "application_id,merchant,amount_minor,currency,instalment_count,decided_at,first_decision,first_reasons,fraud,defaulted
a,shop,5000,EUR,3,2026-01-01T00:00:00Z,accept,,false,false
b,shop,6000,EUR,3,2026-01-02T00:00:00Z,accept,,false,true
c,shop,20000,EUR,3,2026-01-03T00:00:00Z,accept,,true,
d,shop,30000,EUR,3,2026-01-04T00:00:00Z,accept,,false,
e,other,7000,EUR,3,2026-02-01T00:00:00Z,decline,FRAUD_SCORE LIMIT_PLAN,,
f,other,8000,CHF,3,2026-02-02T00:00:00Z,step_up,FRAUD_SCORE,false,false
g,other,0,EUR,3,2026-02-03T00:00:00Z,accept,,false,false
h,other,9000,EUR,3,2027-02-03T00:00:00Z,accept,,false,false
";

fn by_hand() -> Generation {
    let policy = Policy::load("hand", BY_HAND, &synth::hasher()).unwrap();
    Generation::new(Vec::new(), policy, BY_HAND.into())
}

#[test]
fn every_figure_is_the_one_counted_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, ROWS).unwrap();
    let candidate = by_hand();
    let rates = Rates { fraud_loss_share: 0.9, default_loss_share: 0.5, margin_bps: 200 };
    let until = Some(Timestamp::parse("2027-01-01T00:00:00Z").unwrap());
    let by = vec![Dimension::parse("merchant+month")];
    let report = run(&file, &Job { rates, by, until, ..job(&candidate, None, 1) });
    assert_eq!((report.rows, report.compared), (6, 6));
    assert_eq!(report.left_out, tally::LeftOut { outside_the_window: 1, no_purchase: 1, imported: 0 });
    let flips: Vec<_> = report
        .flips
        .iter()
        .map(|change| (change.from, change.to, change.rows, change.good, change.bad, change.without_outcome))
        .collect();
    assert_eq!(
        flips,
        [
            ("accept", "accept", 2, 1, 1, 0),
            ("accept", "decline", 2, 0, 1, 1),
            ("decline", "accept", 1, 0, 0, 1),
            ("step_up", "accept", 1, 1, 0, 0)
        ]
    );
    assert_eq!(report.flips[1].reasons_now, [("LIMIT_AMOUNT", 2)]);
    assert_eq!(report.flips[1].money[0].loss_minor, 18_000, "0.9 of 20,000");
    assert_eq!(report.flips[2].reasons_before, [("FRAUD_SCORE", 1), ("LIMIT_PLAN", 1)]);
    assert_eq!(report.flips[2].examples, ["e"]);
    let (candidate, baseline) = (&report.all.candidate, report.all.baseline.as_ref().unwrap());
    assert_eq!(candidate.accepted.map(|share| (share.count, share.of)), Some((4, 6)));
    assert_eq!(baseline.accepted.map(|share| (share.count, share.of)), Some((4, 6)));
    assert_eq!(candidate.bad_rate.map(|share| (share.count, share.of)), Some((1, 3)), "a and f are good, b is bad");
    assert_eq!((candidate.accepted_without_outcome, candidate.without_outcome), (1, 2));
    let money: Vec<_> = (candidate.money.iter())
        .map(|money| (money.currency.as_str(), money.accepted_minor, money.loss.minor, money.margin.minor))
        .collect();
    // b is lost by half; a earns 2 % of 5,000 and f of 8,000.
    assert_eq!(money, [("CHF", 8_000, 0, 160), ("EUR", 18_000, 3_000, 100)]);
    assert_eq!(baseline.money[1].loss.minor, 21_000);
    let change: Vec<_> = (report.all.change.iter())
        .map(|change| {
            (change.currency.as_str(), change.if_no_step_up_passes.minor, change.if_every_step_up_passes.minor)
        })
        .collect();
    assert_eq!(
        change,
        [("CHF", 160, 0), ("EUR", 18_000, 18_000)],
        "f earns only where its step-up would have ended it"
    );
    let segments: Vec<_> =
        report.segments[0].segments.iter().map(|one| (one.value.as_str(), one.candidate.rows)).collect();
    assert_eq!(segments, [("shop · 2026-01", 4), ("other · 2026-02", 2)]);
}

#[test]
fn a_column_that_is_missing_is_asked_for_and_can_be_assumed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, "amount_minor\n5000\n20000\n").unwrap();
    let candidate = by_hand();
    let plain = || Job { by: Vec::new(), ..job(&candidate, None, 1) };
    let refused = of_table(&table::open(&file).unwrap(), &plain(), &|_| {}).unwrap_err().to_string();
    assert!(refused.contains("`currency`") && refused.contains("--assume currency="), "{refused}");
    let assume =
        |plan: &str| BTreeMap::from([("currency".into(), "EUR".into()), ("instalment_count".into(), plan.into())]);
    let report = run(&file, &Job { assume: assume("3"), ..plain() });
    assert_eq!(report.all.candidate.accepted.map(|share| (share.count, share.of)), Some((1, 2)));
    assert!(report.baseline.is_none() && report.flips.is_empty(), "there is nothing to compare with");
    assert_eq!(report.notes.len(), 2, "what was assumed is said");
    let refused = of_table(&table::open(&file).unwrap(), &Job { assume: assume("three"), ..plain() }, &|_| {});
    assert!(refused.unwrap_err().to_string().contains("expected a whole number"));
}

#[test]
fn what_nobody_said_is_no_outcome() {
    let amount = Money { amount_minor: 1_000, currency: crate::domain::money::Currency::EUR };
    let rates = Rates { fraud_loss_share: 1.0, default_loss_share: 0.5, margin_bps: 100 };
    let labels = |fraud, defaulted| Labels { fraud, defaulted };
    for (fraud, defaulted, asked, expected) in [
        (None, None, [true, true], Known::Open),
        (Some(false), None, [true, true], Known::Open),
        (Some(false), None, [true, false], Known::Good { margin_minor: 10 }),
        (Some(false), Some(false), [true, true], Known::Good { margin_minor: 10 }),
        (Some(true), None, [true, true], Known::Bad { loss_minor: 1_000 }),
        (Some(false), Some(true), [true, true], Known::Bad { loss_minor: 500 }),
        (None, None, [false, false], Known::Open),
    ] {
        assert_eq!(
            Known::of(labels(fraud, defaulted), asked, amount, &rates),
            expected,
            "{fraud:?} {defaulted:?} {asked:?}"
        );
    }
}
