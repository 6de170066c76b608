//! Commits a second of the SQLite store against a plain file that is appended to and synchronised (`fdatasync`), both in
//! one run and in turns, because disks differ and have moods: compare the ratio, not the figures.
//!
//! `cargo bench --bench store`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A benchmark may stop at the first surprise.

use aval::domain::decision::{Decision, Digest, GenerationRef, ModelRef, Outcome, Reason, Score, Scores, Target};
use aval::domain::geo::Country;
use aval::domain::ids::{DecisionId, EntryId, MerchantId, RequestId, Seq};
use aval::domain::keys::Keys;
use aval::domain::money::{Currency, Money};
use aval::domain::plan::{Instalment, Plan, PlanChoice};
use aval::domain::reason::ReasonCode;
use aval::domain::submission::{Signal, Signals};
use aval::domain::time::Timestamp;
use aval::features::{self, Facts, FeatureKind, Vector};
use aval::journey::State;
use aval::plan::Account;
use aval::store::{self, Batch, Command, Entry, Event, Options, Store, Subject, Submitted, Writer};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The bytes of one entry in the plain file: about a submission with its request.
const RAW_BYTES: usize = 1_700;
/// The bytes of the request.
const SUBJECT_BYTES: usize = 780;
/// Turns of each side at each batch size; the ratio is the median of the turns' own.
const TURNS: usize = 11;
/// How long one turn of one side is.
const TURN: Duration = Duration::from_millis(300);

fn main() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("store-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for the benchmark");
    println!("batch | SQLite commits/s | entries/s | CPU us/entry | raw commits/s | ratio");
    for batch in [1, 16, 128, 1_024] {
        commits(&directory.join(format!("{batch}")), batch);
    }
    reading(&directory.join("reading"));
    std::fs::remove_dir_all(&directory).expect("the benchmark's own directory");
}

/// One line of the table.
fn commits(directory: &Path, size: usize) {
    let mut sqlite = Sqlite::new(directory);
    let mut raw = File::create(directory.join("raw")).expect("a file");
    let bytes = vec![7; RAW_BYTES * size];
    let (mut stored, mut appended) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let commit = |batch: &Batch| sqlite.writer.commit(batch).expect("a commit");
        stored.push(turn(|| sqlite.entries.next(size), commit));
        appended.push(turn(|| (), |&()| raw.write_all(&bytes).and_then(|()| raw.sync_data()).expect("an append")));
    }
    let ratios = stored.iter().zip(&appended).map(|(ours, theirs)| ours.per_second() / theirs.per_second());
    let (ours, theirs) = (stored.iter().map(Turn::per_second), appended.iter().map(Turn::per_second));
    let (ratio, ours, theirs) = (median(ratios), median(ours), median(theirs));
    let cpu: Option<Duration> = stored.iter().map(|turn| turn.cpu).sum();
    let entries = stored.iter().map(|turn| turn.commits).sum::<usize>() * size;
    let cpu = cpu.map_or("-".into(), |cpu| format!("{:.1}", cpu.as_secs_f64() * 1e6 / entries as f64));
    println!("{size:5} | {ours:16.0} | {:9.0} | {cpu:>12} | {theirs:13.0} | {ratio:.2}", ours * size as f64);
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How long commits took, without what was prepared for them.
struct Turn {
    commits: usize,
    spent: Duration,
    /// The CPU time of all threads, where the system tells.
    cpu: Option<Duration>,
}

impl Turn {
    fn per_second(&self) -> f64 {
        self.commits as f64 / self.spent.as_secs_f64()
    }
}

/// Prepares and commits until the turn's time is up.
fn turn<T>(mut prepare: impl FnMut() -> T, mut commit: impl FnMut(&T)) -> Turn {
    let mut turn = Turn { commits: 0, spent: Duration::ZERO, cpu: Some(Duration::ZERO) };
    while turn.spent < TURN {
        let lot: Vec<T> = (0..8).map(|_| prepare()).collect();
        let (started, cpu) = (Instant::now(), cpu_time());
        turn.commits += lot.len();
        lot.iter().for_each(&mut commit);
        turn.spent += started.elapsed();
        let cpu = cpu_time().zip(cpu).map(|(now, then)| now.saturating_sub(then));
        turn.cpu = turn.cpu.zip(cpu).map(|(sum, cpu)| sum + cpu);
    }
    turn
}

/// The CPU time of this process, all threads, where the system tells (Linux).
fn cpu_time() -> Option<Duration> {
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let schedstat = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanos += schedstat.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanos))
}

/// The entries among which is looked up.
const ENTRIES: i64 = 100_000;

/// How long the look-ups of a server take.
fn reading(directory: &Path) {
    let mut sqlite = Sqlite::new(directory);
    for _ in 0..ENTRIES / 1_000 {
        let mut batch = sqlite.entries.next(1_000);
        batch.settled_requests = batch.entries.iter().map(|entry| (fingerprint(entry), entry.id.seq())).collect();
        sqlite.writer.commit(&batch).expect("a commit");
    }
    let mut reader = sqlite.store.reader().expect("a reader");
    println!("\nlook-ups among {ENTRIES} entries");
    look_ups("an entry", || (0..20_000).map(scattered), |n| reader.entry(id(n)).expect("a read").is_some());
    look_ups("a history", || (0..20_000).map(scattered), |n| reader.history(id(n)).expect("a read").len() == 1);
    look_ups(
        "a tail of 1,024 entries",
        || (0..50).map(|n| n * 1_024),
        |n| reader.tail(Seq(id(n).seq().0 - 1), 1_024).expect("a read").len() == 1_024,
    );
    look_ups(
        "a settled request",
        || (0..20_000).map(scattered),
        |n| reader.settled_request((n as u64).wrapping_mul(FINGERPRINTS)).expect("a read").is_some(),
    );
}

fn scattered(n: i64) -> i64 {
    n * 7_919 % ENTRIES
}

/// Looks up every number and prints how long one took.
fn look_ups<I: Iterator<Item = i64>>(what: &str, numbers: impl Fn() -> I, mut found: impl FnMut(i64) -> bool) {
    let started = Instant::now();
    let all = numbers().filter(|n| found(*n)).count();
    let spent = started.elapsed();
    assert_eq!(all, numbers().count(), "{what}: all are there");
    println!("{what}: {:.1} us", spent.as_secs_f64() * 1e6 / all as f64);
}

/// Spreads fingerprints as a hash would.
const FINGERPRINTS: u64 = 0x9e37_79b9_7f4a_7c15;

fn fingerprint(entry: &Entry) -> u64 {
    match &entry.event {
        Event::Submitted(submitted) => submitted.command.fingerprint,
        Event::Imported(_) | Event::OutcomeReported(_) | Event::Moved(_) => 0,
    }
}

/// A store and what it is given.
struct Sqlite {
    store: Arc<dyn Store>,
    writer: Box<dyn Writer>,
    entries: Entries,
}

/// Makes entries, one after the other.
struct Entries {
    generation: Arc<GenerationRef>,
    made: i64,
}

impl Sqlite {
    fn new(directory: &Path) -> Self {
        std::fs::create_dir_all(directory).expect("a directory");
        let url = format!("sqlite:{}", directory.join("aval.db").display());
        let store = store::open(&url, &Options::default()).expect("a store");
        let mut writer = store.writer().expect("a writer");
        let digest = Digest::of(b"model").to_string();
        let model = |target: Target| ModelRef {
            name: target.name().into(),
            version: "1".into(),
            target,
            digest: digest.clone(),
        };
        let models = Target::ALL.map(model).into();
        let generation = Arc::new(GenerationRef { models, policy_digest: digest.clone() });
        writer.keep_generation(&generation).expect("a generation");
        Self { store, writer, entries: Entries { generation, made: 0 } }
    }
}

impl Entries {
    fn next(&mut self, size: usize) -> Batch {
        let first = self.made;
        self.made += size as i64;
        let entries = (first..self.made).map(|n| Arc::new(entry(n, &self.generation)));
        Batch { entries: entries.collect(), ..Batch::default() }
    }
}

fn id(n: i64) -> EntryId {
    EntryId::from_parts(Seq((1_795_000_000_000 << 12) + n), (n as u64).wrapping_mul(FINGERPRINTS))
}

/// An accepted purchase in four instalments.
fn entry(n: i64, generation: &Arc<GenerationRef>) -> Entry {
    let at = Timestamp::from_ms(1_795_000_000_000 + n / 10).expect("a time");
    let merchant = MerchantId::parse("shop-of-the-benchmark").expect("a merchant");
    let choice = PlanChoice { instalment_count: 4, deferred_days: 0, deferred_months: 0 };
    let amount = Money { amount_minor: 45_000, currency: Currency::EUR };
    let score = |log_odds| Some(Score { log_odds, calibrated_log_odds: log_odds * 0.9, probability: 0.021 });
    let decision = Decision {
        id: DecisionId(id(n)),
        standing: Default::default(),
        outcome: Outcome::Accept,
        reasons: vec![Reason { code: ReasonCode::CREDIT_USED, target: Some(Target::Default), contribution: 0.71 }],
        scores: Scores { fraud: score(-4.25), default: score(-3.75), expected_loss_minor: Some(417) },
        generation: generation.clone(),
        degraded: false,
        diagnostics: Vec::new(),
        decided_at: at,
    };
    let fingerprint = (n as u64).wrapping_mul(FINGERPRINTS);
    let facts = Facts {
        merchant: merchant.clone(),
        at,
        amount,
        plan: choice,
        country: Country::parse("FR").ok(),
        keys: Keys([1, 2, 3, 4, 5, 6, 7, 8].map(|kind| Some(fingerprint.rotate_left(kind)))),
        vector: vector(n),
        signals: Signals::new([("loyalty_years".into(), Signal::Number(3.0))]),
    };
    let request_id = RequestId::parse(&format!("request-{n}")).expect("a request id");
    let account = Account::open(plan(choice, amount), jiff::tz::TimeZone::UTC, None, at);
    let submitted = Submitted {
        command: Command { request_id, fingerprint, content: Digest([n as u8; 32]) },
        merchant_reference: Some(format!("order-{n}").into()),
        facts,
        decision,
        state: State::Accepted { account: account.into() },
    };
    Entry {
        id: id(n),
        at,
        merchant,
        application: id(n),
        actor: "aval_benchmark".into(),
        event: Event::Submitted(Box::new(submitted)),
        subject: Some(Subject(vec![n as u8; SUBJECT_BYTES].into())),
    }
}

fn plan(choice: PlanChoice, amount: Money) -> Plan {
    let due_date = jiff::civil::Date::new(2026, 11, 20).expect("a day");
    let instalment = Instalment::agreed(due_date, 11_250, 0, 0);
    Plan { choice, amount, customer_cost_minor: 0, cost_bps: 0, instalments: vec![instalment; 4] }
}

fn vector(n: i64) -> Vector {
    let mut vector = Vector::default();
    for (id, feature) in features::all() {
        match feature.kind {
            FeatureKind::Number => vector.set_number(id, f64::from(id.0 % 7) + n as f64),
            FeatureKind::Boolean => vector.set_number(id, f64::from(id.0 % 2)),
            FeatureKind::Category => vector.set_category(id, "electronics"),
        }
    }
    vector
}
