//! Writing a population: the raw purchases, what their banks could tell, and what a server that saw them in order would
//! know of each.

use super::bank::Banks;
use super::population::Population;
use super::report::Report;
use super::{Purchase, Settings, SynthError, purchases, requests, transactions};
use crate::domain::evidence::BankHistory;
use crate::domain::ids::{ApplicationId, EntryId, Seq};
use crate::domain::keys::{KeyHasher, Keys};
use crate::domain::plan::Terms;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::features::{Facts, evidence, velocity::Velocity};
use crate::plan;
use crate::policy::{self, Generation};
use crate::table::decisions::{DecisionSheet, Labels, Row, SignalColumns};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::SyncSender;

/// How much memory the windows may take: some, and some for each shopper. Four years take less than a quarter of it.
const VELOCITY_BYTES: (usize, usize) = (64 << 20, 16 << 10);
/// How many purchases pass from thread to thread at once, and how many such pages may wait.
const PAGE: usize = 256;
const PAGES_WAITING: usize = 4;

/// The secret under which keys are hashed here; nothing that is written holds such a hash.
pub fn hasher() -> KeyHasher {
    KeyHasher::new(*b"a synthetic seed")
}

/// How the tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Parquet.
    Parquet,
    /// CSV.
    Csv,
}

impl Format {
    fn ending(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

/// Makes a population and writes `purchases`, `features` and `requests.jsonl` into a folder, which is made where it is
/// missing, and `bank` where bank histories are read. With a generation every purchase is judged, too, on what there is
/// before any evidence. `progress` hears how many purchases there have been and of which day the
/// last is, from 0 to the number of days; days before 0 warm the windows up.
pub fn write(
    settings: &Settings,
    folder: &Path,
    format: Format,
    generation: Option<&Generation>,
    mut progress: impl FnMut(u64, i64),
) -> Result<Report, SynthError> {
    let population = Population::new(settings)?;
    std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    let file = |name: &str| folder.join(format!("{name}.{}", format.ending()));
    let mut raw = purchases::create(&file("purchases"))?;
    let mut known = DecisionSheet::create(&file("features"), SignalColumns::new())?;
    let banks = (settings.bank_percent > 0).then(|| Banks::new(settings.seed, settings.bank_percent));
    let mut bank = banks.map(|_| transactions::create(&file("bank"))).transpose()?;
    let (merchants, first) = (population.merchants(), population.first());
    let mut report = Report::new(settings, merchants.len(), generation.is_some());
    let (mut past, mut sample) = (Past::new(settings.customers), String::new());
    std::thread::scope(|scope| -> Result<(), SynthError> {
        let (pages, made) = std::sync::mpsc::sync_channel(PAGES_WAITING);
        scope.spawn(move || make(population, banks, &pages));
        for Made { purchase, mut facts, today, history } in made.into_iter().flatten() {
            past.look_back(&purchase, &mut facts);
            past.remember(&purchase, &facts);
            if purchase.at < first {
                continue;
            }
            let merchant = &merchants[purchase.merchant];
            let judgement = generation.map(|generation| policy::judge(&facts, generation));
            report.count(&purchase);
            if let (Some(judgement), Some(generation)) = (&judgement, generation) {
                report.count_judged(&purchase, merchant, &facts, judgement, generation);
            }
            let application = application(&purchase, report.all.purchases);
            purchases::push(&mut raw, purchases::Row { application, purchase: &purchase, merchant })?;
            let decision = judgement.as_ref().map(|judgement| (judgement.outcome, &judgement.scores));
            let said = judgement.as_ref().map(|judgement| (judgement.outcome, judgement.reasons.as_slice()));
            if let (Some(bank), Some(history)) = (&mut bank, &history) {
                transactions::push(bank, application, history)?;
                let (largest_minor, currency) = (largest_instalment_minor(&facts, today), facts.amount.currency);
                evidence::set_bank(&mut facts.vector, history, largest_minor, currency, today);
            }
            let labels = Labels { fraud: Some(purchase.truth.fraud), defaulted: purchase.truth.defaulted };
            known.push(Row { application, facts: &facts, decision, first: said, labels })?;
            if report.all.purchases <= requests::SAMPLE {
                sample += &requests::line(&purchase.submission);
            }
            progress(report.all.purchases, (purchase.at.ms() - first.ms()) / DAY_MS);
        }
        Ok(())
    })?;
    raw.finish()?;
    known.finish()?;
    let told = bank.map(|sheet| sheet.finish().map(|_| file("bank"))).transpose()?;
    let requests = folder.join("requests.jsonl");
    std::fs::write(&requests, sample).map_err(|source| failed(&requests, source))?;
    let files = [file("purchases"), file("features"), requests].into_iter().chain(told);
    report.files = files.map(|file| file.display().to_string()).collect();
    Ok(report)
}

fn failed(place: &Path, source: std::io::Error) -> SynthError {
    SynthError::Io { place: place.display().to_string(), source }
}

/// A purchase, what it says by itself, and what the bank says on that day.
struct Made {
    purchase: Purchase,
    facts: Facts,
    /// The day in the shop's time zone.
    today: Date,
    history: Option<BankHistory>,
}

/// The most that the plan asks for at once; nothing is charged for it.
fn largest_instalment_minor(facts: &Facts, today: Date) -> i64 {
    let terms = Terms { choice: facts.plan, fee_fixed_minor: 0, fee_bps: 0, apr_bps: 0 };
    plan::schedule(&terms, facts.amount, today).largest_instalment_minor()
}

/// Makes the purchases and what each says by itself, in the order of time, until nobody wants any more.
fn make(population: Population, banks: Option<Banks>, pages: &SyncSender<Vec<Made>>) {
    let (hasher, merchants, first) = (hasher(), population.merchants(), population.first());
    let mut page = Vec::with_capacity(PAGE);
    for (number, purchase) in (0..).zip(population) {
        let merchant = &merchants[purchase.merchant];
        let facts = Facts::extract(&purchase.submission, &merchant.id, &merchant.time_zone, purchase.at, &hasher);
        let today = purchase.at.to_jiff().to_zoned(merchant.time_zone.clone()).date();
        let told = banks.zip(purchase.budget.as_deref()).filter(|_| purchase.at >= first);
        let history = told.and_then(|(banks, budget)| banks.history(budget, today, number));
        page.push(Made { purchase, facts, today, history });
        if page.len() == PAGE && pages.send(std::mem::replace(&mut page, Vec::with_capacity(PAGE))).is_err() {
            return;
        }
    }
    // Nobody waits for the rest only where writing has failed already.
    let _ = pages.send(page);
}

/// The id that a server might have given: by time and number.
fn application(purchase: &Purchase, number: u64) -> ApplicationId {
    let seq = Seq((purchase.at.ms() << 12) | (number & 0xfff) as i64);
    ApplicationId(EntryId::from_parts(seq, number))
}

/// What a server would know of the past: what was bought, and the frauds that have been reported by now.
struct Past {
    velocity: Velocity,
    /// Frauds that are going to be reported, by the time of the report and a number.
    reports: BTreeMap<(Timestamp, u64), (Keys, Timestamp)>,
    frauds: u64,
}

impl Past {
    fn new(customers: u32) -> Self {
        let (fixed, each) = VELOCITY_BYTES;
        let velocity = Velocity::new(fixed + each * customers as usize);
        Self { velocity, reports: BTreeMap::new(), frauds: 0 }
    }

    /// Completes the features of a purchase with what came before its time.
    fn look_back(&mut self, purchase: &Purchase, facts: &mut Facts) {
        while let Some(report) = self.reports.first_entry().filter(|report| report.key().0 <= purchase.at) {
            let (keys, at) = report.remove();
            self.velocity.report_fraud(&keys, at);
        }
        self.velocity.read_into(facts);
    }

    /// Counts a purchase for those that come after it.
    fn remember(&mut self, purchase: &Purchase, facts: &Facts) {
        self.velocity.add(&facts.keys, purchase.at, facts.amount);
        if purchase.truth.fraud {
            self.frauds += 1;
            self.reports.insert((purchase.truth.known_at, self.frauds), (facts.keys, purchase.at));
        }
    }
}
