mod journey;

use self::journey::{opened_at, standing, stands, state};
use super::*;
use crate::domain::decision::{Decision, Diagnostic, Digest, Outcome, Reason, Score, Scores, Target};
use crate::domain::geo::Country;
use crate::domain::ids::{DecisionId, RequestId};
use crate::domain::keys::Keys;
use crate::domain::money::{Currency, Money};
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::plan::{Instalment, Plan, PlanChoice};
use crate::domain::reason::ReasonCode;
use crate::domain::submission::{Signal, Signals};
use crate::features::{Facts, FeatureKind, Vector};
use crate::journey::{Cause, Event as Step};
use crate::store::{Command, Imported, Moved, OutcomeReported, Subject, Submitted, specimen};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

// The large strategies are boxed: a test's stack is small.

/// Any bits at all: infinities, both zeros and every NaN.
fn float() -> impl Strategy<Value = f64> {
    prop_oneof![any::<u64>().prop_map(f64::from_bits), select(vec![0.0, -0.0, 1.0])]
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..=Timestamp::MAX_MS).prop_map(|ms| Timestamp::from_ms(ms).unwrap())
}

fn money() -> impl Strategy<Value = Money> {
    let currency = select(vec!["EUR", "JPY", "TND"]).prop_map(|code| Currency::parse(code).unwrap());
    (any::<i64>(), currency).prop_map(|(amount_minor, currency)| Money { amount_minor, currency })
}

fn choice() -> impl Strategy<Value = PlanChoice> {
    any::<(u8, u8, u8)>().prop_map(|(instalment_count, deferred_days, deferred_months)| PlanChoice {
        instalment_count,
        deferred_days,
        deferred_months,
    })
}

fn id() -> impl Strategy<Value = EntryId> {
    (0..1_i64 << 60, any::<u64>()).prop_map(|(seq, random)| EntryId::from_parts(Seq(seq), random))
}

fn command() -> impl Strategy<Value = Command> {
    ("[!-~]{1,64}", any::<u64>(), any::<[u8; 32]>()).prop_map(|(request_id, fingerprint, content)| Command {
        request_id: RequestId::parse(&request_id).unwrap(),
        fingerprint,
        content: Digest(content),
    })
}

fn keys() -> impl Strategy<Value = Keys> {
    any::<[Option<u64>; 8]>().prop_map(Keys)
}

fn vector() -> impl Strategy<Value = Vector> {
    let features: Vec<_> = crate::features::all().collect();
    let value = option::of((-1e9..1e9, "\\PC{0,9}"));
    vec(value, features.len()).prop_map(move |values| {
        let mut vector = Vector::default();
        for ((id, feature), value) in features.iter().zip(values) {
            match (feature.kind, value) {
                (_, None) => {}
                (FeatureKind::Boolean, Some((number, _))) => vector.set_number(*id, f64::from(u8::from(number > 0.0))),
                (FeatureKind::Number, Some((number, _))) => vector.set_number(*id, number),
                (FeatureKind::Category, Some((_, name))) => vector.set_category(*id, &name),
            }
        }
        vector
    })
}

fn signals() -> impl Strategy<Value = Signals> {
    let value = prop_oneof![
        float().prop_map(Signal::Number),
        "\\PC{0,20}".prop_map(|text| Signal::Text(text.into())),
        any::<bool>().prop_map(Signal::Flag),
    ];
    vec(("[a-z_]{1,10}".prop_map(String::into_boxed_str), value), 0..5).prop_map(Signals::new)
}

fn facts(merchant: MerchantId) -> BoxedStrategy<Facts> {
    let country = option::of(select(vec!["FR", "DE"]).prop_map(|code| Country::parse(code).unwrap()));
    (time(), money(), choice(), country, keys(), vector(), signals())
        .prop_map(move |(at, amount, plan, country, keys, vector, signals)| Facts {
            merchant: merchant.clone(),
            at,
            amount,
            plan,
            country,
            keys,
            vector,
            signals,
        })
        .boxed()
}

fn decision(id: EntryId) -> BoxedStrategy<Decision> {
    let codes: Vec<_> = ReasonCode::all().collect();
    let reason = (select(codes), option::of(select(Target::ALL.to_vec())), float());
    let reason = reason.prop_map(|(code, target, contribution)| Reason { code, target, contribution });
    let score = || option::of((float(), float(), float()).prop_map(score_of));
    let diagnostic = ("\\PC{0,9}", "\\PC{0,9}").prop_map(|(subject, message)| Diagnostic { subject, message });
    let outcome = select(Outcome::ALL.to_vec());
    let scores = (score(), score(), any::<Option<i64>>());
    let scores =
        scores.prop_map(|(fraud, default, expected_loss_minor)| Scores { fraud, default, expected_loss_minor });
    (outcome, standing(), vec(reason, 0..4), scores, any::<bool>(), vec(diagnostic, 0..3), time())
        .prop_map(move |(outcome, standing, reasons, scores, degraded, diagnostics, decided_at)| Decision {
            id: DecisionId(id),
            outcome,
            standing,
            reasons,
            scores,
            generation: Arc::new(specimen::generation("champion")),
            degraded,
            diagnostics,
            decided_at,
        })
        .boxed()
}

fn score_of((log_odds, calibrated_log_odds, probability): (f64, f64, f64)) -> Score {
    Score { log_odds, calibrated_log_odds, probability }
}

fn plan() -> BoxedStrategy<Plan> {
    let date = (-9999..=9999_i16, 1..=12_i8, 1..=28_i8);
    let date = date.prop_map(|(year, month, day)| jiff::civil::Date::new(year, month, day).unwrap());
    let instalment = (date, any::<[i64; 3]>())
        .prop_map(|(date, [purchase, fee, interest])| Instalment::agreed(date, purchase, fee, interest));
    (choice(), money(), any::<i64>(), any::<i64>(), vec(instalment, 0..4))
        .prop_map(|(choice, amount, customer_cost_minor, cost_bps, instalments)| Plan {
            choice,
            amount,
            customer_cost_minor,
            cost_bps,
            instalments,
        })
        .boxed()
}

fn submitted(id: EntryId, merchant: MerchantId) -> BoxedStrategy<Event> {
    let reference = option::of("\\PC{1,64}".prop_map(String::into_boxed_str));
    (command(), reference, facts(merchant), decision(id), state())
        .prop_map(|(command, merchant_reference, facts, decision, state)| {
            Event::Submitted(Box::new(Submitted { command, merchant_reference, facts, decision, state }))
        })
        .boxed()
}

fn moved(id: EntryId) -> BoxedStrategy<Event> {
    (option::of(command()), self::journey::event(), option::of(decision(id)), keys(), stands())
        .prop_map(|(command, event, decision, keys, stands)| {
            Event::Moved(Box::new(Moved { command, event, decision, keys, stands }))
        })
        .boxed()
}

fn event(id: EntryId, merchant: MerchantId) -> BoxedStrategy<(EntryId, Event)> {
    let outcome = || select(RepaymentOutcome::ALL.to_vec());
    let imported = (keys(), money(), option::of(outcome()))
        .prop_map(|(keys, amount, outcome)| Event::Imported(Imported { keys, amount, outcome }));
    let reported = (command(), outcome(), time(), keys(), time()).prop_map(
        |(command, outcome, occurred_at, keys, purchased_at)| {
            Event::OutcomeReported(OutcomeReported { command, outcome, occurred_at, keys, purchased_at })
        },
    );
    prop_oneof![
        3 => (Just(id), submitted(id, merchant)),
        1 => (Just(id), imported),
        1 => (self::id(), reported),
        3 => (self::id(), moved(id)),
    ]
    .boxed()
}

fn entry() -> impl Strategy<Value = Entry> {
    (id(), "[a-z0-9_-]{1,40}").prop_flat_map(|(id, merchant)| {
        let merchant = MerchantId::parse(&merchant).unwrap();
        let subject = option::of(vec(any::<u8>(), 0..50).prop_map(|bytes| Subject(bytes.into())));
        (time(), "[!-~]{1,64}", event(id, merchant.clone()), subject).prop_map(
            move |(at, actor, (application, mut event), subject)| {
                match &mut event {
                    Event::Submitted(submitted) => opened_at(&mut submitted.state, at),
                    Event::Moved(moved) => {
                        if let Step::Decided { next, .. } = &mut moved.event {
                            opened_at(next, at);
                        }
                    }
                    Event::Imported(_) | Event::OutcomeReported(_) => {}
                }
                Entry { id, at, merchant: merchant.clone(), application, actor: actor.into(), event, subject }
            },
        )
    })
}

fn encoded(entry: &Entry) -> Vec<u8> {
    let mut event = Vec::new();
    encode(entry, 1, &mut event);
    event
}

fn read(row: &Row) -> Result<Entry, StoreError> {
    row.entry(|id| Ok((id == 1).then(|| Arc::new(specimen::generation("champion")))))
}

proptest! {
    #[test]
    fn a_row_holds_the_entry_bit_for_bit(entry in entry()) {
        let event = encoded(&entry);
        let again = read(&Row::of(&entry, &event)).unwrap();
        // NaN is not equal to itself: the shown form compares what is there, the stored form every bit of it.
        prop_assert_eq!(format!("{again:?}"), format!("{entry:?}"));
        prop_assert_eq!(encoded(&again), event);
        prop_assert_eq!(again.subject, entry.subject);
    }

    #[test]
    fn damaged_rows_are_refused_or_read_but_never_panic(entry in entry(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut event = encoded(&entry);
        let at = at.index(event.len());
        event[at] = byte;
        let _ = read(&Row::of(&entry, &event));
        let cut = read(&Row::of(&entry, &event[..at]));
        prop_assert!(at > 0 || matches!(cut, Err(StoreError::Damaged(_))), "an empty event is not read: {cut:?}");
    }
}

#[test]
fn every_event_of_a_journey_is_among_those_that_are_tried() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..2_000 {
        seen.insert(self::journey::place(&self::journey::event().new_tree(&mut runner).unwrap().current()));
    }
    assert_eq!(seen, (0..self::journey::PLACES).collect(), "the numbers of `place`");
}

#[test]
fn impossible_rows_name_table_column_and_row() {
    let generation = Arc::new(specimen::generation("champion"));
    let (submission, report) = (specimen::submitted(3, &generation), specimen::reported(4, 3));
    let decided = specimen::journey(2, &generation).pop().unwrap();
    let (event, reported) = (encoded(&submission), encoded(&report));
    let good = Row::of(&submission, &event);
    let good_report = Row::of(&report, &reported);
    let step = encoded(&decided);
    let good_step = Row::of(&decided, &step);
    let mut step_of_no_generation = Vec::new();
    encode(&decided, 9, &mut step_of_no_generation);
    let mut other_generation = Vec::new();
    encode(&submission, 9, &mut other_generation);
    let mut unknown_code = event.clone();
    let at = event.windows(6).position(|window| window == b"SIGNAL").unwrap();
    unknown_code[at] = b'Z';
    for (column, problem, row) in [
        ("random", "62 random bits", Row { random: -1, ..good }),
        ("at_ms", "a time", Row { at_ms: -1, ..good }),
        ("merchant", "1 to 40", Row { merchant: "", ..good }),
        ("kind", "expected 1, 2, 3 or 4", Row { kind: 9, ..good }),
        ("application", "expected none", Row { application: Some(1), ..good }),
        ("application", "expected the application's place", Row { application: None, ..good_report }),
        ("application", "60 bits", Row { application: Some(-1), ..good_report }),
        ("event", "format 1", Row { event: &[], ..good }),
        ("event", "format 1", Row { event: &[7], ..good }),
        ("event", "the message of its kind", Row { event: &[FORMAT, 0xff], ..good }),
        ("event", "command: expected one", Row { event: &[FORMAT], ..good_report }),
        ("event", "generation: expected one", Row { event: &other_generation, ..good }),
        ("event", "reasons.code: expected a known one", Row { event: &unknown_code, ..good }),
        ("application", "expected the application's place", Row { application: None, ..good_step }),
        ("event", "state: expected the number of a state", Row { state: Some(9), ..good_step }),
        ("event", "state: expected the number of a state", Row { state: None, ..good_step }),
        ("event", "event: expected one", Row { event: &[FORMAT], ..good_step }),
        (
            "event",
            "decision.generation: expected one that was kept",
            Row { event: &step_of_no_generation, ..good_step },
        ),
    ] {
        let expected = format!("table entry, column {column}, row {}: ", row.seq);
        match read(&row) {
            Err(StoreError::Damaged(found)) => {
                assert!(found.starts_with(&expected) && found.contains(problem), "{expected}{problem}; found {found}");
            }
            other => panic!("{expected}{problem}; found {other:?}"),
        }
    }
    assert_eq!(read(&good_report).unwrap(), report);
    assert_eq!(read(&good_step).unwrap(), decided);
}

#[test]
fn a_typical_submission_is_small() {
    let submission = specimen::submitted(0, &Arc::new(specimen::generation("champion")));
    let mut vector = Vec::new();
    specimen::vector(0).encode(&mut vector);
    let (event, vector) = (encoded(&submission).len(), vector.len());
    println!("{event} bytes, {vector} of them the features");
    assert!(event - vector <= 420, "{event} bytes, {vector} of them the features: at most 420 beside them");
}

#[test]
fn the_stored_schema_stays() {
    let submission = specimen::submitted(0, &Arc::new(specimen::generation("champion")));
    // The features have a format of their own.
    let mut submitted = SubmittedRecord::decode(&encoded(&submission)[1..]).unwrap();
    submitted.vector.clear();
    let mut steps = specimen::journey(2, &Arc::new(specimen::generation("champion")));
    for step in &mut steps {
        let Event::Moved(moved) = &mut step.event else { continue };
        if let Step::Decided { cause: Cause::Evidence { features, .. }, .. } = &mut moved.event {
            *features = Vector::default();
        }
    }
    let steps: Vec<u8> = steps.iter().flat_map(encoded).collect();
    let [imported, reported] = [specimen::imported(2), specimen::reported(4, 3)].map(|entry| encoded(&entry));
    // SHA-256 of the column `event`. One that changes cannot be read by an earlier version, nor perhaps its rows by
    // this one: give the new form another format number, and keep reading this one.
    let found = [
        ("submitted", Digest::of(&submitted.encode_to_vec()).to_string()),
        ("imported", Digest::of(&imported).to_string()),
        ("steps", Digest::of(&steps).to_string()),
        ("outcome reported", Digest::of(&reported).to_string()),
    ];
    let expected = [
        ("submitted", "b985667a5ab77fd1a0f6be9d1f76105615b1ea51c39298586195190dbdf28119".to_owned()),
        ("imported", "77262b8a836c0b5adbf8b7db1d29aacc3104dcc851898c33a18736fdcd4d0f36".to_owned()),
        ("steps", "97cd1a87992ec07e78b68d622b917968cc8a62c1a2553a7bef202bfe6923b6a4".to_owned()),
        ("outcome reported", "12fbf8d8ca2144fc48fb20de6ba0382fd540da819f991937406928d6940c4f89".to_owned()),
    ];
    assert_eq!(found, expected);
}
