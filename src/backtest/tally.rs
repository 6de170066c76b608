//! What is counted: whole numbers only, so that the parts of several threads add up to the same, in whatever order.

use super::segment::Dimension;
use super::{BacktestError, Job, Known, MAX_SEGMENTS, Reasons, Verdict};
use crate::domain::decision::Outcome;
use crate::domain::money::{Currency, Money};
use crate::domain::reason::ReasonCode;
use crate::features::Facts;
use std::collections::{BTreeMap, HashMap};

/// An exact sum with its squares, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// The sum.
    pub total: i128,
    /// The sum of the squares.
    pub squares: i128,
    /// How many rows are not zero.
    pub nonzero: u64,
}

impl Sum {
    fn add(&mut self, value: i64) {
        if value != 0 {
            let value = i128::from(value);
            self.total += value;
            self.squares += value * value;
            self.nonzero += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.squares += other.squares;
        self.nonzero += other.nonzero;
    }
}

/// The rows to which one side gave one outcome, in one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cell {
    /// How many.
    pub rows: u64,
    /// Their amounts together, in minor units.
    pub amount_minor: i128,
    /// How many are known to have been repaid.
    pub good: u64,
    /// How many are known to have been fraud or not repaid.
    pub bad: u64,
    /// What those cost, or would have cost.
    pub loss: Sum,
    /// What the repaid ones earned, or would have earned.
    pub margin: Sum,
    /// How many have a loss to expect, by the side's models.
    pub expected: u64,
    /// Those losses together, in minor units.
    pub expected_loss_minor: i128,
}

impl Cell {
    fn add(&mut self, amount: Money, known: Known, expected_loss_minor: Option<i64>) {
        self.rows += 1;
        self.amount_minor += i128::from(amount.amount_minor);
        match known {
            Known::Open => {}
            Known::Good { margin_minor } => {
                self.good += 1;
                self.margin.add(margin_minor);
            }
            Known::Bad { loss_minor } => {
                self.bad += 1;
                self.loss.add(loss_minor);
            }
        }
        if let Some(loss) = expected_loss_minor {
            self.expected += 1;
            self.expected_loss_minor += i128::from(loss);
        }
    }

    /// Adds what another part counted.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.amount_minor += other.amount_minor;
        self.good += other.good;
        self.bad += other.bad;
        self.loss.merge(&other.loss);
        self.margin.merge(&other.margin);
        self.expected += other.expected;
        self.expected_loss_minor += other.expected_loss_minor;
    }
}

/// One segment in one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// What the candidate decided, in the order of [`Outcome::ALL`].
    pub candidate: [Cell; 3],
    /// What it is compared with.
    pub baseline: [Cell; 3],
    /// By how much the value of rows with a known outcome changes, row by row: where no step-up ends in an acceptance, and
    /// where each does.
    pub change: [Sum; 2],
    /// How many rows were compared and have a known outcome.
    pub compared: u64,
}

impl Tally {
    fn add(&mut self, row: &Row<'_>) {
        let Row { facts, known, candidate, baseline, .. } = row;
        let amount = facts.amount;
        self.candidate[candidate.outcome as usize].add(amount, *known, candidate.expected_loss_minor);
        let Some(baseline) = baseline else { return };
        self.baseline[baseline.outcome as usize].add(amount, *known, baseline.expected_loss_minor);
        if *known == Known::Open {
            return;
        }
        self.compared += 1;
        if candidate.outcome != baseline.outcome {
            let value = match known {
                Known::Open => 0,
                Known::Good { margin_minor } => *margin_minor,
                Known::Bad { loss_minor } => -*loss_minor,
            };
            for (change, step_up_accepts) in self.change.iter_mut().zip([false, true]) {
                let takes = |outcome| outcome == Outcome::Accept || (step_up_accepts && outcome == Outcome::StepUp);
                change.add(value * (i64::from(takes(candidate.outcome)) - i64::from(takes(baseline.outcome))));
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        let pairs = self.candidate.iter_mut().zip(&other.candidate);
        pairs.chain(self.baseline.iter_mut().zip(&other.baseline)).for_each(|(cell, other)| cell.merge(other));
        self.change.iter_mut().zip(&other.change).for_each(|(sum, other)| sum.merge(other));
        self.compared += other.compared;
    }
}

/// By currency; mostly one.
pub type ByCurrency<T> = Vec<(Currency, T)>;

fn of_currency<T: Default>(all: &mut ByCurrency<T>, currency: Currency) -> &mut T {
    let at = all.iter().position(|(known, _)| *known == currency).unwrap_or_else(|| {
        all.push((currency, T::default()));
        all.len() - 1
    });
    &mut all[at].1
}

/// The rows that went from one outcome to another, or stayed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flip {
    /// The rows, by currency.
    pub rows: ByCurrency<Cell>,
    /// How often each reason was given before, by its code: only where the outcome changed.
    pub reasons_before: BTreeMap<&'static str, u64>,
    /// How often each reason is given now.
    pub reasons_now: BTreeMap<&'static str, u64>,
    /// Ids with the number they were drawn by: those of the smallest numbers.
    pub examples: Vec<(u64, Box<str>)>,
}

/// One row, as it is counted.
pub struct Row<'a> {
    /// What was judged.
    pub facts: &'a Facts,
    /// What is known of it.
    pub known: Known,
    /// What the candidate says.
    pub candidate: Verdict<'a>,
    /// What it is compared with.
    pub baseline: Option<Verdict<'a>>,
    /// Its place in the history: what examples are drawn by.
    pub place: u64,
}

/// The rows that were not judged, by why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct LeftOut {
    /// Before or after the window of time.
    pub outside_the_window: u64,
    /// With an amount that no purchase has, such as 0.
    pub no_purchase: u64,
    /// Imported purchases of the past, which have no features in a store.
    pub imported: u64,
}

/// One dimension's segments.
#[derive(Debug, Default)]
struct Segments {
    places: HashMap<Box<str>, usize>,
    tallies: Vec<ByCurrency<Tally>>,
}

/// Everything that one thread counts.
pub struct Tallies<'a> {
    job: &'a Job<'a>,
    /// All rows.
    pub all: ByCurrency<Tally>,
    segments: Vec<Segments>,
    /// From outcome to outcome, in the order of [`Outcome::ALL`].
    pub flips: [[Flip; 3]; 3],
    /// How many rows were judged.
    pub judged: u64,
    /// How many of them have something to be compared with.
    pub compared: u64,
    /// How many were not judged.
    pub left_out: LeftOut,
    key: String,
}

impl<'a> Tallies<'a> {
    /// Nothing counted yet.
    pub fn new(job: &'a Job<'a>) -> Self {
        Self {
            job,
            all: Vec::new(),
            segments: job.by.iter().map(|_| Segments::default()).collect(),
            flips: Default::default(),
            judged: 0,
            compared: 0,
            left_out: LeftOut::default(),
            key: String::new(),
        }
    }

    /// Counts a row. `write` writes its value of a name that is no part of the facts, `id` names it.
    pub fn add(
        &mut self,
        row: &Row<'_>,
        mut write: impl FnMut(&str, &mut String),
        id: impl FnOnce() -> Box<str>,
    ) -> Result<(), BacktestError> {
        let currency = row.facts.amount.currency;
        self.judged += 1;
        of_currency(&mut self.all, currency).add(row);
        for (dimension, segments) in self.job.by.iter().zip(&mut self.segments) {
            dimension.write(row.facts, &mut self.key, &mut write);
            let place = segments.place(&self.key, dimension)?;
            of_currency(&mut segments.tallies[place], currency).add(row);
        }
        let Some(baseline) = &row.baseline else { return Ok(()) };
        self.compared += 1;
        let flip = &mut self.flips[baseline.outcome as usize][row.candidate.outcome as usize];
        of_currency(&mut flip.rows, currency).add(row.facts.amount, row.known, row.candidate.expected_loss_minor);
        if baseline.outcome != row.candidate.outcome {
            count_reasons(&mut flip.reasons_before, baseline.reasons);
            count_reasons(&mut flip.reasons_now, row.candidate.reasons);
            let drawn = spread(self.job.seed ^ row.place);
            let most = self.job.examples;
            if flip.examples.len() < most || flip.examples.last().is_some_and(|(last, _)| drawn < *last) {
                flip.examples.push((drawn, id()));
                flip.draw(most);
            }
        }
        Ok(())
    }

    /// Adds what another thread counted.
    pub fn merge(&mut self, other: Self) -> Result<(), BacktestError> {
        self.judged += other.judged;
        self.compared += other.compared;
        self.left_out.outside_the_window += other.left_out.outside_the_window;
        self.left_out.no_purchase += other.left_out.no_purchase;
        self.left_out.imported += other.left_out.imported;
        merge_tallies(&mut self.all, &other.all);
        for ((dimension, segments), others) in self.job.by.iter().zip(&mut self.segments).zip(other.segments) {
            for (key, at) in others.places {
                let place = segments.place(&key, dimension)?;
                merge_tallies(&mut segments.tallies[place], &others.tallies[at]);
            }
        }
        for (mine, others) in self.flips.iter_mut().flatten().zip(other.flips.into_iter().flatten()) {
            for (currency, cell) in &others.rows {
                of_currency(&mut mine.rows, *currency).merge(cell);
            }
            others.reasons_before.into_iter().for_each(|(code, n)| *mine.reasons_before.entry(code).or_default() += n);
            others.reasons_now.into_iter().for_each(|(code, n)| *mine.reasons_now.entry(code).or_default() += n);
            mine.examples.extend(others.examples);
            mine.draw(self.job.examples);
        }
        Ok(())
    }

    /// The segments of each dimension, sorted by value.
    pub fn segments(&self) -> impl Iterator<Item = (&Dimension, Vec<(&str, &ByCurrency<Tally>)>)> {
        self.job.by.iter().zip(&self.segments).map(|(dimension, segments)| {
            let mut all: Vec<_> =
                segments.places.iter().map(|(key, at)| (key.as_ref(), &segments.tallies[*at])).collect();
            all.sort_unstable_by_key(|(key, _)| *key);
            (dimension, all)
        })
    }
}

impl Segments {
    fn place(&mut self, key: &str, dimension: &Dimension) -> Result<usize, BacktestError> {
        if let Some(place) = self.places.get(key) {
            return Ok(*place);
        }
        if self.tallies.len() == MAX_SEGMENTS {
            return Err(BacktestError::Segments { by: dimension.name.to_string() });
        }
        self.tallies.push(Vec::new());
        self.places.insert(key.into(), self.tallies.len() - 1);
        Ok(self.tallies.len() - 1)
    }
}

impl Flip {
    /// Keeps the examples of the smallest numbers.
    fn draw(&mut self, most: usize) {
        self.examples.sort_unstable();
        self.examples.truncate(most);
    }
}

fn merge_tallies(mine: &mut ByCurrency<Tally>, others: &ByCurrency<Tally>) {
    others.iter().for_each(|(currency, tally)| of_currency(mine, *currency).merge(tally));
}

/// Each code once a row.
fn count_reasons(counts: &mut BTreeMap<&'static str, u64>, reasons: Reasons<'_>) {
    let mut count = |code: ReasonCode| *counts.entry(code.name()).or_default() += 1;
    match reasons {
        Reasons::Given(reasons) => {
            let first = |at: usize| reasons[..at].iter().all(|earlier| earlier.code != reasons[at].code);
            (0..reasons.len()).filter(|at| first(*at)).for_each(|at| count(reasons[at].code));
        }
        Reasons::Written(codes) => {
            let mut codes: Vec<_> = codes.split_ascii_whitespace().filter_map(ReasonCode::parse).collect();
            codes.sort_unstable();
            codes.dedup();
            codes.into_iter().for_each(count);
        }
    }
}

/// Spreads a number over all of `u64` (the finalizer of SplitMix64, Steele, Lea and Flood 2014).
fn spread(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
