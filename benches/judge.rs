//! What one application costs, step by step: features, velocity, both models with their reasons, the whole judgement; and
//! what the features of evidence cost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A benchmark may stop at the first surprise.

use aval::domain::evidence::{Account, AccountKind, BankHistory, Purpose, Transaction, TransactionKind};
use aval::domain::ids::MerchantId;
use aval::domain::keys::KeyHasher;
use aval::domain::money::Currency;
use aval::domain::submission::Submission;
use aval::domain::time::Timestamp;
use aval::engine::generation;
use aval::features::velocity::Velocity;
use aval::features::{Facts, Vector, evidence};
use aval::model::Contributions;
use aval::policy::judge;
use aval::rpc::convert;
use aval::rpc::json;
use aval::rpc::proto::DecideRequest;
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;

fn request() -> (DecideRequest, Submission) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/requests/regular.json");
    let request: DecideRequest = json::read("request", &std::fs::read_to_string(path).unwrap()).unwrap();
    let submission = convert::submission(&request, at(0)).unwrap();
    (request, submission)
}

fn at(n: i64) -> Timestamp {
    Timestamp::parse("2026-11-20T12:00:00Z").unwrap().plus_ms(n * 1_000)
}

fn one_application(c: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let hasher = KeyHasher::new([7; 16]);
    let generation = generation::load(&root.join("models"), &root.join("policies/default.yaml"), &hasher).unwrap();
    let merchant = MerchantId::parse("demo").unwrap();
    let zone = generation.policy.time_zone(&merchant).clone();
    let (wire, submission) = request();
    let extract = |n| Facts::extract(&submission, &merchant, &zone, at(n), &hasher);
    let mut velocity = Velocity::new(64 << 20);
    for n in 0..200 {
        let facts = extract(n * 3_600);
        velocity.add(&facts.keys, facts.at, facts.amount);
    }
    let now = 200 * 3_600;
    let mut facts = extract(now);
    velocity.read_into(&mut facts);

    c.bench_function("validate the request", |b| b.iter(|| convert::submission(black_box(&wire), at(now)).unwrap()));
    c.bench_function("features of the purchase", |b| b.iter(|| black_box(extract(now))));
    c.bench_function("features of what came before", |b| b.iter(|| velocity.read_into(black_box(&mut facts))));
    c.bench_function("both models and reasons", |b| {
        let mut contributions = Contributions::default();
        b.iter(|| {
            for target in aval::domain::decision::Target::ALL {
                let model = generation.model(target).unwrap();
                black_box(model.score(black_box(&facts), &mut contributions).unwrap());
                black_box(model.reasons(&contributions, 4));
            }
        });
    });
    c.bench_function("judge: models, reasons, policy", |b| b.iter(|| black_box(judge(black_box(&facts), &generation))));
    c.bench_function("the whole judgement", |b| {
        b.iter(|| {
            let mut facts = extract(now);
            velocity.read_into(&mut facts);
            black_box(judge(&facts, &generation))
        });
    });
}

/// 2,000 transactions in 90 days on an account for daily payments and a savings account, a third of them of a purpose that
/// the provider names.
fn busy_history() -> BankHistory {
    let account =
        |id: &str, kind| Account { id: id.into(), kind, balance_minor: Some(123_456), currency: Currency::EUR };
    let transaction = |at: i64| {
        let transfer = at % 50 == 0;
        Transaction {
            id: format!("8f3a-{at:06}").into(),
            account: if at % 40 == 0 { "savings" } else { "checking" }.into(),
            booked_on: jiff::civil::date(2025, 12, 15).saturating_add(jiff::Span::new().days(at * 90 / 2_000)),
            amount_minor: if at % 9 == 0 { 10_000 + at % 700 } else { -1_000 - at % 900 },
            kind: match at % 5 {
                _ if transfer => TransactionKind::Transfer,
                0 => TransactionKind::DirectDebit,
                1 => TransactionKind::Transfer,
                _ => TransactionKind::Card,
            },
            purpose: match at % 9 {
                0 => Some(Purpose::Benefit),
                1 => Some(Purpose::Instalments),
                2 => Some(Purpose::Bills),
                _ => None,
            },
            wording: format!("CARTE {:02}/03 SHOP {} PARIS {at}", at % 28, ["ALPHA", "BETA", "GAMMA"][at as usize % 3])
                .into(),
        }
    };
    BankHistory {
        accounts: vec![account("checking", AccountKind::Checking), account("savings", AccountKind::Savings)],
        transactions: (0..2_000).map(transaction).collect(),
        covered_from: jiff::civil::date(2025, 12, 15),
        covered_to: jiff::civil::date(2026, 3, 14),
        complete: true,
    }
}

fn one_bank_history(c: &mut Criterion) {
    let (history, today) = (busy_history(), jiff::civil::date(2026, 3, 14));
    let mut vector = Vector::default();
    c.bench_function("features of a bank history of 2,000 transactions", |b| {
        b.iter(|| evidence::set_bank(black_box(&mut vector), black_box(&history), 10_000, Currency::EUR, today));
    });
}

criterion_group!(benches, one_application, one_bank_history);
criterion_main!(benches);
