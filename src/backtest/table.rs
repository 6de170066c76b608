//! Rows from a file: the table of decisions that `aval export` writes, or any other with the columns that the models and
//! the policy read.
//!
//! Memory: each thread holds one batch of 8,192 rows of the columns that are read, and the pages of Parquet it came from.

use super::segment::{Dimension, NONE};
use super::tally::{Row, Tallies};
use super::{BacktestError, Job, Known, Reasons, Report, Verdict};
use crate::domain::decision::Outcome;
use crate::domain::geo::Country;
use crate::domain::ids::MerchantId;
use crate::domain::keys::{KeyKind, Keys};
use crate::domain::money::{Currency, Money};
use crate::domain::plan::PlanChoice;
use crate::domain::submission::{Signal, Signals};
use crate::domain::time::Timestamp;
use crate::features::{Facts, Vector};
use crate::model::batch::Values;
use crate::model::file::InputKind;
use crate::policy::Judgement;
use crate::policy::batch::{Batched, Column};
use crate::table::decisions::Labels;
use crate::table::{Batch, Feed, Source, Texts};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// The merchant of rows that name none.
const NO_MERCHANT: &str = "history";
/// A key that stands for a phone: only whether there is one is asked.
const SOME_PHONE: u64 = 1;

/// Decides the rows of `source` again. `progress` hears how many rows are done.
pub fn of_table(source: &Source, job: &Job<'_>, progress: &(dyn Fn(u64) + Sync)) -> Result<Report, BacktestError> {
    let reading = Reading::new(source, job)?;
    let names: Vec<&str> = reading.names.iter().map(AsRef::as_ref).collect();
    let feed = Feed::new(source, &names)?;
    let done = AtomicU64::new(0);
    let tallies = std::thread::scope(|scope| {
        let work = || {
            let mut worker = Worker::new(&reading)?;
            for batch in feed.reader() {
                let batch = batch?;
                worker.take(&batch).inspect_err(|_| feed.give_up())?;
                progress(done.fetch_add(batch.rows() as u64, Ordering::Relaxed) + batch.rows() as u64);
            }
            Ok(worker.tallies)
        };
        let threads: Vec<_> = (0..job.threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut all = Tallies::new(job);
        for thread in threads {
            let part: Result<Tallies<'_>, BacktestError> = thread.join().map_err(|_| BacktestError::Thread)?;
            all.merge(part?)?;
        }
        Ok::<_, BacktestError>(all)
    })?;
    let compared = job.against.map(super::report::side).or(reading.decided.map(|_| super::report::recorded()));
    Ok(Report::of(job, &tallies, compared, reading.notes()))
}

/// What is read of a file, found once.
struct Reading<'a> {
    job: &'a Job<'a>,
    candidate: Batched<'a>,
    against: Option<Batched<'a>>,
    /// The columns of the file that are read.
    names: Vec<Box<str>>,
    /// What is taken where the file has no such column.
    assumed: BTreeMap<Box<str>, Box<str>>,
    /// The column with what was decided, where anything was.
    decided: Option<&'static str>,
    /// Which labels there are.
    labelled: [bool; 2],
}

impl<'a> Reading<'a> {
    fn new(source: &Source, job: &'a Job<'a>) -> Result<Self, BacktestError> {
        let candidate = Batched::new(job.candidate);
        let against = job.against.map(Batched::new);
        let there = |name: &str| source.names().iter().any(|known| known == name);
        let decided = ["first_decision", "decision"].into_iter().find(|name| job.against.is_none() && there(name));
        let labelled = [there(&job.labels.fraud), there(&job.labels.defaulted)];
        let mut reading =
            Self { job, candidate, against, names: Vec::new(), assumed: BTreeMap::new(), decided, labelled };
        let mut wanted: Vec<(String, String)> = Vec::new();
        let needs = |name: &str, reader: &str| (name.to_owned(), reader.to_owned());
        for batched in std::iter::once(&reading.candidate).chain(&reading.against) {
            wanted.extend(batched.columns().iter().map(|column| needs(&column.name, &column.reader)));
            wanted
                .extend(batched.signals().iter().map(|name| needs(&format!("signal_{name}"), "a rule of the policy")));
        }
        for name in ["amount_minor", "currency", "instalment_count"] {
            wanted.push(needs(name, "every decision"));
        }
        let timed = job.since.is_some() || job.until.is_some() || job.by.iter().any(Dimension::timed);
        if timed {
            wanted.push(needs("decided_at", "the window of time or a segment"));
        }
        for name in job.by.iter().flat_map(Dimension::named) {
            wanted.push(needs(name, "--by"));
        }
        let optional = ["application_id", "merchant", "country", "deferred_days", "deferred_months", "phone_known"];
        let labels = [job.labels.fraud.as_ref(), job.labels.defaulted.as_ref()];
        let recorded = decided.into_iter().chain(decided.map(|_| "first_reasons"));
        let also = optional.into_iter().chain(labels).chain(recorded);
        let also = also.filter(|name| there(name) || job.assume.contains_key(*name));
        wanted.extend(also.map(|name| needs(name, "")));
        wanted.sort_unstable();
        wanted.dedup_by(|a, b| a.0 == b.0);
        for (name, reader) in wanted {
            match job.assume.get(name.as_str()) {
                _ if there(&name) => reading.names.push(name.into()),
                Some(value) => drop(reading.assumed.insert(name.into(), value.clone())),
                None => return Err(BacktestError::Column { name, reader }),
            }
        }
        Ok(reading)
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.as_ref() == name)
    }

    /// A value that is taken for every row; `None`: missing.
    fn assumed(&self, name: &str) -> Option<&str> {
        self.assumed.get(name).map(AsRef::as_ref).filter(|value| !value.is_empty())
    }

    fn assumed_as<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, BacktestError> {
        let wrong =
            |value: &str| BacktestError::Assumed { name: name.into(), value: value.into(), expected: expected.into() };
        self.assumed(name).map(|value| read(value).ok_or_else(|| wrong(value))).transpose()
    }

    /// What a reader of the report must know of this file.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (name, value) in &self.assumed {
            notes.push(match value.is_empty() {
                true => format!("`{name}` is no column of the file and was taken as missing"),
                false => format!("`{name}` is no column of the file and was taken as {value}"),
            });
        }
        let generations = std::iter::once(self.job.candidate).chain(self.job.against);
        if generations.map(|generation| generation.policy.listed()).sum::<usize>() > 0 {
            notes.push(
                "block and allow lists were not asked: a file has no keys to find in them; a store has them".into(),
            );
        }
        if self.decided == Some("decision") {
            notes.push(
                "the file has no column `first_decision`: what it calls `decision` may have been made on evidence"
                    .into(),
            );
        }
        notes
    }
}

/// One thread's work.
struct Worker<'a> {
    reading: &'a Reading<'a>,
    tallies: Tallies<'a>,
    facts: Facts,
}

/// The columns of one batch that are no features, each `None` where the file does not have it.
struct Beside<'b> {
    ids: Option<Cow<'b, Texts>>,
    merchants: Option<Cow<'b, Texts>>,
    countries: Option<Cow<'b, Texts>>,
    currencies: Option<Cow<'b, Texts>>,
    amounts: Option<Cow<'b, [f64]>>,
    /// Instalments, deferred days, deferred months.
    plans: [Option<Cow<'b, [f64]>>; 3],
    phones: Option<Cow<'b, [Option<bool>]>>,
    times: Option<Cow<'b, [Option<i64>]>>,
    fraud: Option<Cow<'b, [Option<bool>]>>,
    defaulted: Option<Cow<'b, [Option<bool>]>>,
    decided: Option<Cow<'b, Texts>>,
    reasons: Option<Cow<'b, Texts>>,
    signals: Vec<(Box<str>, Cow<'b, Texts>)>,
    named: Vec<(&'b str, Cow<'b, Texts>)>,
}

/// A column that models or rules read, as it was read.
enum Held<'b> {
    Numbers(Cow<'b, [f64]>),
    Names(Cow<'b, Texts>),
}

impl Held<'_> {
    fn values(&self) -> Values<'_> {
        match self {
            Self::Numbers(numbers) => Values::Numbers(numbers),
            Self::Names(names) => Values::Names(names.iter().collect()),
        }
    }
}

impl<'a> Worker<'a> {
    fn new(reading: &'a Reading<'a>) -> Result<Self, BacktestError> {
        let merchant = |text: &str| MerchantId::parse(text).ok();
        let merchant = reading.assumed_as("merchant", "a merchant's id", merchant)?.or_else(|| merchant(NO_MERCHANT));
        let currency = reading.assumed_as("currency", "a currency such as EUR", |text| Currency::parse(text).ok())?;
        let country = reading.assumed_as("country", "a country such as FR", |text| Country::parse(text).ok())?;
        let count = |name| reading.assumed_as(name, "a whole number", |text| text.parse::<i32>().ok());
        let counts = [count("instalment_count")?, count("deferred_days")?, count("deferred_months")?];
        let plan = plan(counts.map(|count| count.map_or(f64::NAN, f64::from))).unwrap_or(PlanChoice {
            instalment_count: 1,
            deferred_days: 0,
            deferred_months: 0,
        });
        let amount = reading.assumed_as("amount_minor", "whole minor units", |text| text.parse().ok())?;
        let facts = Facts {
            merchant: merchant.ok_or(BacktestError::Thread)?,
            at: Timestamp::default(),
            amount: Money { amount_minor: amount.unwrap_or(0), currency: currency.unwrap_or(Currency::EUR) },
            plan,
            country,
            keys: with_phone(reading.assumed("phone_known") != Some("false")),
            vector: Vector::default(),
            signals: Signals::default(),
        };
        Ok(Self { reading, tallies: Tallies::new(reading.job), facts })
    }

    fn take(&mut self, batch: &Batch) -> Result<(), BacktestError> {
        let reading = self.reading;
        let beside = Beside::read(reading, batch)?;
        let rows = batch.rows();
        let mut before: Vec<Option<Judgement>> = Vec::new();
        let mut refused = None;
        if let Some(against) = &reading.against {
            before.resize_with(rows, || None);
            let held = held(reading, against, batch)?;
            let values: Vec<_> = held.iter().map(Held::values).collect();
            let place = |row: usize, facts: &mut Facts| beside.place(reading, batch, row, facts, &mut refused).is_ok();
            against.judge(&values, rows, &mut self.facts, place, |row, _, judgement| before[row] = Some(judgement));
        }
        let held = held(reading, &reading.candidate, batch)?;
        let values: Vec<_> = held.iter().map(Held::values).collect();
        let Self { tallies, facts, .. } = self;
        let mut left_out = tallies.left_out;
        let (mut refused_now, mut too_many) = (refused, None);
        let place = |row: usize, facts: &mut Facts| match beside.place(reading, batch, row, facts, &mut refused_now) {
            Ok(()) => true,
            Err(Left::Outside) => {
                left_out.outside_the_window += 1;
                false
            }
            Err(Left::NoPurchase) => {
                left_out.no_purchase += 1;
                false
            }
            Err(Left::Refused) => false,
        };
        let hear = |row: usize, facts: &Facts, judgement: Judgement| {
            let number = batch.first_row() + row as u64;
            let labels = beside.labels(row);
            let row = Row {
                facts,
                known: Known::of(labels, reading.labelled, facts.amount, &reading.job.rates),
                candidate: verdict(&judgement),
                baseline: before.get(row).and_then(Option::as_ref).map(verdict).or_else(|| beside.decided(row)),
                place: number,
            };
            let at = (number - batch.first_row()) as usize;
            let id = || {
                beside
                    .ids
                    .as_ref()
                    .and_then(|ids| ids.get(at))
                    .map_or_else(|| format!("row {number}").into(), Into::into)
            };
            if let Err(error) = tallies.add(&row, |name, key| beside.write(name, at, key), id) {
                too_many.get_or_insert(error);
            }
        };
        reading.candidate.judge(&values, rows, facts, place, hear);
        self.tallies.left_out = left_out;
        match refused_now.or(too_many) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

fn verdict(judgement: &Judgement) -> Verdict<'_> {
    Verdict {
        outcome: judgement.outcome,
        reasons: Reasons::Given(&judgement.reasons),
        expected_loss_minor: judgement.scores.expected_loss_minor,
    }
}

/// The columns that a generation reads.
fn held<'b>(
    reading: &'b Reading<'_>,
    batched: &'b Batched<'_>,
    batch: &'b Batch,
) -> Result<Vec<Held<'b>>, BacktestError> {
    let read = |column: &'b Column| {
        let name = column.name.as_ref();
        Ok(match (reading.has(name), column.kind) {
            (true, InputKind::Category) => Held::Names(batch.texts(name)?),
            (true, _) => Held::Numbers(batch.numbers(name)?),
            (false, InputKind::Category) => {
                let mut texts = Texts::default();
                (0..batch.rows()).for_each(|_| texts.push(reading.assumed(name)));
                Held::Names(Cow::Owned(texts))
            }
            (false, _) => {
                let number = reading.assumed_as(name, "a number, true or false", number)?;
                Held::Numbers(Cow::Owned(vec![number.unwrap_or(f64::NAN); batch.rows()]))
            }
        })
    };
    batched.columns().iter().map(read).collect()
}

fn number(text: &str) -> Option<f64> {
    match text {
        "true" => Some(1.0),
        "false" => Some(0.0),
        text => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// Why a row is not judged.
enum Left {
    Outside,
    NoPurchase,
    /// Something in it cannot be read, which ends the work.
    Refused,
}

impl<'b> Beside<'b> {
    fn read(reading: &'b Reading<'_>, batch: &'b Batch) -> Result<Self, BacktestError> {
        let texts = |name: &str| reading.has(name).then(|| batch.texts(name)).transpose();
        let numbers = |name: &str| reading.has(name).then(|| batch.numbers(name)).transpose();
        let flags = |name: &str| reading.has(name).then(|| batch.flags(name)).transpose();
        let times = |name: &str| reading.has(name).then(|| batch.times(name)).transpose();
        let labels = &reading.job.labels;
        let of_rules = std::iter::once(&reading.candidate).chain(&reading.against).flat_map(Batched::signals);
        let mut signals: Vec<(Box<str>, Cow<'_, Texts>)> = Vec::new();
        for name in of_rules {
            if let Some(column) = texts(&format!("signal_{name}"))? {
                signals.push((name.clone(), column));
            }
        }
        let mut named = Vec::new();
        for name in reading.job.by.iter().flat_map(Dimension::named) {
            named.extend(texts(name)?.map(|column| (name, column)));
        }
        Ok(Self {
            ids: texts("application_id")?,
            merchants: texts("merchant")?,
            countries: texts("country")?,
            currencies: texts("currency")?,
            amounts: numbers("amount_minor")?,
            plans: [numbers("instalment_count")?, numbers("deferred_days")?, numbers("deferred_months")?],
            phones: flags("phone_known")?,
            times: times("decided_at")?,
            fraud: flags(&labels.fraud)?,
            defaulted: flags(&labels.defaulted)?,
            decided: reading.decided.map(texts).transpose()?.flatten(),
            reasons: texts("first_reasons")?,
            signals,
            named,
        })
    }

    /// Sets what is no feature of a row; or says why it is not judged.
    fn place(
        &self,
        reading: &Reading<'_>,
        batch: &Batch,
        row: usize,
        facts: &mut Facts,
        refused: &mut Option<BacktestError>,
    ) -> Result<(), Left> {
        let mut refuse = |column: &'static str, expected: &str| {
            let row = batch.first_row() + row as u64;
            refused.get_or_insert(BacktestError::Cell { row, column, expected: expected.into() });
            Left::Refused
        };
        if let Some(times) = &self.times {
            let at = times.get(row).copied().flatten().and_then(|ms| Timestamp::from_ms(ms).ok());
            facts.at = at.ok_or_else(|| refuse("decided_at", "a time"))?;
            let job = reading.job;
            if job.since.is_some_and(|since| facts.at < since) || job.until.is_some_and(|until| facts.at >= until) {
                return Err(Left::Outside);
            }
        }
        if let Some(amounts) = &self.amounts {
            let amount = amounts.get(row).copied().unwrap_or(f64::NAN);
            if amount.is_nan() || amount.fract() != 0.0 {
                return Err(refuse("amount_minor", "whole minor units"));
            }
            facts.amount.amount_minor = amount as i64;
        }
        if let Some(currency) = self.currencies.as_ref().map(|texts| texts.get(row).unwrap_or_default())
            && currency != facts.amount.currency.code()
        {
            let parsed = Currency::parse(currency);
            facts.amount.currency = parsed.map_err(|_| refuse("currency", "an ISO 4217 code such as EUR"))?;
        }
        if Money::purchase(facts.amount.amount_minor, facts.amount.currency).is_err() {
            return Err(Left::NoPurchase);
        }
        if let Some(merchant) = self.merchants.as_ref().and_then(|texts| texts.get(row))
            && merchant != facts.merchant.as_str()
        {
            facts.merchant = MerchantId::parse(merchant).map_err(|_| refuse("merchant", "a merchant's id"))?;
        }
        if let Some(countries) = &self.countries {
            let country = countries.get(row).map(Country::parse).transpose();
            facts.country = country.map_err(|_| refuse("country", "an ISO 3166-1 code such as FR"))?;
        }
        if self.plans.iter().any(Option::is_some) {
            let given = self.plans.each_ref().map(|column| column.as_ref().and_then(|cells| cells.get(row).copied()));
            let [count, days, months] = given;
            let own =
                [facts.plan.instalment_count, facts.plan.deferred_days, facts.plan.deferred_months].map(f64::from);
            let numbers = [count.unwrap_or(own[0]), days.unwrap_or(own[1]), months.unwrap_or(own[2])];
            facts.plan = plan(numbers).ok_or_else(|| refuse("instalment_count", "a plan of 1 to 24 instalments"))?;
        }
        if let Some(phones) = &self.phones {
            facts.keys = with_phone(phones.get(row).copied().flatten() == Some(true));
        }
        if !self.signals.is_empty() {
            let of_row = self.signals.iter().filter_map(|(name, texts)| Some((name.clone(), signal(texts.get(row)?))));
            facts.signals = Signals::new(of_row);
        }
        Ok(())
    }

    fn labels(&self, row: usize) -> Labels {
        let label = |column: &Option<Cow<'_, [Option<bool>]>>| {
            column.as_ref().and_then(|cells| cells.get(row).copied().flatten())
        };
        Labels { fraud: label(&self.fraud), defaulted: label(&self.defaulted) }
    }

    /// What was decided, by the file.
    fn decided(&self, row: usize) -> Option<Verdict<'_>> {
        let name = self.decided.as_ref()?.get(row)?;
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.name() == name)?;
        let reasons = self.reasons.as_ref().and_then(|reasons| reasons.get(row)).unwrap_or_default();
        Some(Verdict { outcome, reasons: Reasons::Written(reasons), expected_loss_minor: None })
    }

    fn write(&self, name: &str, row: usize, key: &mut String) {
        let column = self.named.iter().find(|(known, _)| *known == name);
        key.push_str(column.and_then(|(_, texts)| texts.get(row)).unwrap_or(NONE));
    }
}

/// A signal as it is written in a file: yes or no, a number, or text.
fn signal(text: &str) -> Signal {
    match text {
        "true" => Signal::Flag(true),
        "false" => Signal::Flag(false),
        text => number(text).map_or_else(|| Signal::Text(text.into()), Signal::Number),
    }
}

fn with_phone(known: bool) -> Keys {
    let mut keys = Keys::default();
    keys.0[KeyKind::Phone as usize] = known.then_some(SOME_PHONE);
    keys
}

/// A plan by its three numbers; those that are missing are one instalment, and no delay.
fn plan([count, days, months]: [f64; 3]) -> Option<PlanChoice> {
    let whole = |number: f64, missing: i32| match number {
        number if number.is_nan() => Some(missing),
        number if number.fract() == 0.0 && number.abs() < 1e6 => Some(number as i32),
        _ => None,
    };
    PlanChoice::new(whole(count, 1)?, whole(days, 0)?, whole(months, 0)?).ok()
}
