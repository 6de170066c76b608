//! From values to the standardised columns that are fitted, and from their weights back to terms of a model file.

use super::TrainError;
use super::rows::{Cell, Column, Rows};
use super::spec::{How, TermSpec};
use crate::model::file::{self, Input, Term};
use std::collections::BTreeMap;

/// How many rows of the average bad rate are added to every interval and name, so that a few rows say little.
const PRIOR_ROWS: f64 = 50.0;

/// How one input becomes columns, learnt from the training rows.
#[derive(Debug)]
pub struct Encoder {
    input: Input,
    reason: Option<String>,
    code: Code,
}

#[derive(Debug)]
enum Code {
    Linear { impute: f64, scale: Standard, flag: Option<Standard> },
    Bins { edges: Vec<f64>, evidence: Vec<f64>, missing: f64, scale: Standard },
    Names { evidence: BTreeMap<String, f64>, other: f64, missing: f64, scale: Standard },
}

/// The mean and the standard deviation of a column over the training rows.
#[derive(Debug, Clone, Copy)]
struct Standard {
    mean: f64,
    deviation: f64,
}

impl Standard {
    /// Of some values; `None` where all are the same.
    fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let (count, sum) = values.clone().fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
        let mean = sum / count;
        let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
        let deviation = (squares / count).sqrt();
        (deviation > 1e-12 * mean.abs().max(1e-300)).then_some(Self { mean, deviation })
    }

    fn apply(self, value: f64) -> f64 {
        (value - self.mean) / self.deviation
    }
}

/// Good and bad rows of one interval or name.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    rows: u32,
    bad: u32,
}

impl Tally {
    fn count(&mut self, bad: bool) {
        self.rows += 1;
        self.bad += u32::from(bad);
    }

    /// The weight of evidence: how far the log-odds lie from the average's.
    fn evidence(self, bad_rate: f64) -> f64 {
        let bad = f64::from(self.bad) + PRIOR_ROWS * bad_rate;
        let good = f64::from(self.rows - self.bad) + PRIOR_ROWS * (1.0 - bad_rate);
        libm::log(bad / good) - libm::log(bad_rate / (1.0 - bad_rate))
    }
}

impl Encoder {
    /// Learns from the first `training` rows.
    pub fn learn(term: &TermSpec, rows: &Rows, column: &Column, training: usize) -> Result<Self, TrainError> {
        let bad = &rows.bad[..training];
        let constant = || TrainError::Constant { input: term.input.clone() };
        let mut input = Input { name: term.input.clone(), kind: term.kind, required: false, min: None, max: None };
        let code = match (&term.how, column) {
            (How::Linear { impute, missing_flag, min, max }, Column::Numbers(numbers)) => {
                (input.min, input.max) = (*min, *max);
                let numbers = &numbers[..training];
                let bounded = |number: f64| bounded(number, *min, *max);
                let there = numbers.iter().filter(|number| !number.is_nan()).map(|number| bounded(*number));
                let mean = there.clone().sum::<f64>() / there.count() as f64;
                let impute = impute.unwrap_or(mean);
                let filled = numbers.iter().map(|number| if number.is_nan() { impute } else { bounded(*number) });
                let scale = Standard::of(filled).ok_or_else(constant)?;
                let missing = numbers.iter().map(|number| f64::from(u8::from(number.is_nan())));
                let flag = if *missing_flag { Standard::of(missing) } else { None };
                Code::Linear { impute, scale, flag }
            }
            (How::Edges(edges), Column::Numbers(numbers)) => {
                bins(edges.clone(), &numbers[..training], bad).ok_or_else(constant)?
            }
            (How::Quantiles(count), Column::Numbers(numbers)) => {
                let edges = quantiles(&numbers[..training], *count);
                bins(edges, &numbers[..training], bad).ok_or_else(constant)?
            }
            (How::Names { least_rows }, Column::Names { cells, known }) => {
                names(&cells[..training], known, bad, *least_rows).ok_or_else(constant)?
            }
            // Rows are read by the kind that the specification says.
            _ => return Err(constant()),
        };
        Ok(Self { input, reason: term.reason.clone(), code })
    }

    /// How many columns it makes.
    pub fn width(&self) -> usize {
        if matches!(self.code, Code::Linear { flag: Some(_), .. }) { 2 } else { 1 }
    }

    /// The columns of one value: the first, and the second if there is one.
    pub fn encode(&self, cell: Cell) -> [f64; 2] {
        match (&self.code, cell) {
            (Code::Linear { impute, scale, flag }, cell) => {
                let number = if let Cell::Number(number) = cell { number } else { f64::NAN };
                let missing = number.is_nan();
                let x = if missing { *impute } else { bounded(number, self.input.min, self.input.max) };
                let flag = flag.map_or(0.0, |flag| flag.apply(f64::from(u8::from(missing))));
                [scale.apply(x), flag]
            }
            (Code::Bins { edges, evidence, missing, scale }, Cell::Number(number)) if !number.is_nan() => {
                let interval = edges.partition_point(|edge| *edge <= number);
                [scale.apply(evidence.get(interval).copied().unwrap_or(*missing)), 0.0]
            }
            (Code::Bins { missing, scale, .. }, _) => [scale.apply(*missing), 0.0],
            (Code::Names { evidence, other, scale, .. }, Cell::Name(Some(name))) => {
                [scale.apply(evidence.get(name).copied().unwrap_or(*other)), 0.0]
            }
            (Code::Names { missing, scale, .. }, _) => [scale.apply(*missing), 0.0],
        }
    }

    /// The term that gives the columns these weights, and what it leaves to the intercept.
    pub fn term(&self, weights: &[f64]) -> (Term, f64) {
        let (input, reason) = (self.input.name.clone(), self.reason.clone());
        let weight = weights.first().copied().unwrap_or_default();
        match &self.code {
            Code::Linear { impute, scale, flag } => {
                let flag = flag.zip(weights.get(1)).map(|(flag, weight)| (weight / flag.deviation, flag.mean));
                let term = file::Linear {
                    input,
                    transform: None,
                    impute: *impute,
                    center: scale.mean,
                    scale: scale.deviation,
                    coef: weight,
                    missing_flag: flag.map(|(points, _)| points),
                    reason,
                };
                (Term::Linear(term), flag.map_or(0.0, |(points, mean)| -points * mean))
            }
            Code::Bins { edges, evidence, missing, scale } => {
                let points = evidence.iter().map(|evidence| weight * scale.apply(*evidence)).collect();
                let missing = weight * scale.apply(*missing);
                (Term::Bins(file::Bins { input, edges: edges.clone(), points, missing, special: vec![], reason }), 0.0)
            }
            Code::Names { evidence, other, missing, scale } => {
                let points = evidence.iter().map(|(name, evidence)| (name.clone(), weight * scale.apply(*evidence)));
                let (other, missing) = (weight * scale.apply(*other), weight * scale.apply(*missing));
                (Term::Category(file::Category { input, points: points.collect(), other, missing, reason }), 0.0)
            }
        }
    }

    /// Whether these weights turn the evidence of its intervals or names round: what they say alone is then said better
    /// by other terms.
    pub fn is_turned_round(&self, weights: &[f64]) -> bool {
        !matches!(self.code, Code::Linear { .. }) && weights.first().is_some_and(|weight| *weight < 0.0)
    }

    /// What it reads.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// Values where it might go wrong: at and beside its edges, at its bounds, missing, unheard of.
    pub fn extremes(&self) -> Vec<Option<file::Cell>> {
        let number = |x: f64| match self.input.kind {
            file::InputKind::Boolean => Some(file::Cell::Flag(x != 0.0)),
            _ => Some(file::Cell::Number(x)),
        };
        let mut cells = vec![None];
        match &self.code {
            Code::Linear { scale, .. } => {
                let far = [-3.0, 3.0].map(|times| scale.mean + times * scale.deviation);
                cells.extend(far.into_iter().chain(self.input.min).chain(self.input.max).chain([0.0]).map(number));
            }
            Code::Bins { edges, .. } => cells.extend(edges.iter().flat_map(|edge| [*edge, edge - 0.5]).map(number)),
            Code::Names { evidence, .. } => {
                let known = evidence.keys().take(4).cloned();
                cells.extend(known.chain(["never seen".into()]).map(|name| Some(file::Cell::Text(name))));
            }
        }
        cells
    }
}

/// A number kept between bounds; NaN stays NaN.
fn bounded(number: f64, min: Option<f64>, max: Option<f64>) -> f64 {
    let low = min.filter(|min| number < *min).unwrap_or(number);
    max.filter(|max| low > *max).unwrap_or(low)
}

/// The edges between intervals of about as many rows each; fewer where many rows have the same value.
fn quantiles(numbers: &[f64], count: u32) -> Vec<f64> {
    let mut there: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
    there.sort_by(f64::total_cmp);
    let (rows, count) = (there.len(), count as usize);
    let mut edges: Vec<f64> = (1..count).filter_map(|part| there.get(rows * part / count).copied()).collect();
    edges.dedup();
    edges.retain(|edge| there.first().is_some_and(|least| edge > least));
    edges
}

fn bins(edges: Vec<f64>, numbers: &[f64], bad: &[bool]) -> Option<Code> {
    let mut tallies = vec![Tally::default(); edges.len() + 1];
    let mut missing = Tally::default();
    for (number, bad) in numbers.iter().zip(bad) {
        let interval = edges.partition_point(|edge| *edge <= *number);
        (if number.is_nan() { &mut missing } else { &mut tallies[interval] }).count(*bad);
    }
    let bad_rate = rate(bad);
    let evidence: Vec<f64> = tallies.into_iter().map(|tally| tally.evidence(bad_rate)).collect();
    let missing = missing.evidence(bad_rate);
    let of = |number: &f64| {
        if number.is_nan() { missing } else { evidence[edges.partition_point(|edge| *edge <= *number)] }
    };
    let scale = Standard::of(numbers.iter().map(of))?;
    Some(Code::Bins { edges, evidence, missing, scale })
}

fn names(cells: &[Option<u32>], known: &[Box<str>], bad: &[bool], least_rows: u32) -> Option<Code> {
    let mut tallies = vec![Tally::default(); known.len()];
    let (mut missing, mut other) = (Tally::default(), Tally::default());
    for (cell, bad) in cells.iter().zip(bad) {
        cell.map_or(&mut missing, |place| &mut tallies[place as usize]).count(*bad);
    }
    for rare in tallies.iter().filter(|tally| tally.rows < least_rows) {
        other = Tally { rows: other.rows + rare.rows, bad: other.bad + rare.bad };
    }
    let bad_rate = rate(bad);
    let (missing, other) = (missing.evidence(bad_rate), other.evidence(bad_rate));
    let own = |tally: &Tally| (tally.rows >= least_rows).then(|| tally.evidence(bad_rate));
    let by_place: Vec<Option<f64>> = tallies.iter().map(own).collect();
    let of = |cell: &Option<u32>| cell.map_or(missing, |place| by_place[place as usize].unwrap_or(other));
    let scale = Standard::of(cells.iter().map(of))?;
    let own = known.iter().zip(&by_place).filter_map(|(name, evidence)| Some((name.to_string(), (*evidence)?)));
    let evidence: BTreeMap<_, _> = own.collect();
    (!evidence.is_empty()).then_some(Code::Names { evidence, other, missing, scale })
}

fn rate(bad: &[bool]) -> f64 {
    bad.iter().filter(|bad| **bad).count() as f64 / bad.len() as f64
}
