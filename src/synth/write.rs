//! Writing a population: the raw purchases, and what a server that saw them in order would know of each.

use super::population::Population;
use super::report::Report;
use super::{Purchase, Settings, SynthError, purchases, requests};
use crate::domain::ids::{ApplicationId, EntryId, Seq};
use crate::domain::keys::{KeyHasher, Keys};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::features::{Facts, velocity::Velocity};
use crate::policy::{self, Generation};
use crate::table::decisions::{DecisionSheet, Labels, Row, SignalColumns};
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

/// Makes a population and writes `purchases`, `features` and `requests.jsonl` into a folder, which is made where it is missing. With a
/// generation every purchase is judged, too. `progress` hears how many purchases there have been and of which day the
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
    let (merchants, first) = (population.merchants(), population.first());
    let mut report = Report::new(settings, merchants.len(), generation.is_some());
    let (mut past, mut sample) = (Past::new(settings.customers), String::new());
    std::thread::scope(|scope| -> Result<(), SynthError> {
        let (pages, made) = std::sync::mpsc::sync_channel(PAGES_WAITING);
        scope.spawn(move || make(population, &pages));
        for (purchase, mut facts) in made.into_iter().flatten() {
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
            let labels = Labels { fraud: Some(purchase.truth.fraud), defaulted: purchase.truth.defaulted };
            known.push(Row { application, facts: &facts, decision, labels })?;
            if report.all.purchases <= requests::SAMPLE {
                sample += &requests::line(&purchase.submission);
            }
            progress(report.all.purchases, (purchase.at.ms() - first.ms()) / DAY_MS);
        }
        Ok(())
    })?;
    raw.finish()?;
    known.finish()?;
    let requests = folder.join("requests.jsonl");
    std::fs::write(&requests, sample).map_err(|source| failed(&requests, source))?;
    report.files = [file("purchases"), file("features"), requests].map(|file| file.display().to_string()).into();
    Ok(report)
}

fn failed(place: &Path, source: std::io::Error) -> SynthError {
    SynthError::Io { place: place.display().to_string(), source }
}

/// Makes the purchases and what each says by itself, in the order of time, until nobody wants any more.
fn make(population: Population, pages: &SyncSender<Vec<(Purchase, Facts)>>) {
    let (hasher, merchants) = (hasher(), population.merchants());
    let mut page = Vec::with_capacity(PAGE);
    for purchase in population {
        let merchant = &merchants[purchase.merchant];
        let facts = Facts::extract(&purchase.submission, &merchant.id, &merchant.time_zone, purchase.at, &hasher);
        page.push((purchase, facts));
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
