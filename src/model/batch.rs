//! Many rows at once: term by term across the rows, to the same bits as one row at a time.

use super::term::{Slot, Term};
use super::{Contributions, Model, ScoreFailure};
use crate::domain::decision::Score;
use ndarray::{Array2, ArrayViewMut1, Axis, ShapeBuilder};

/// The values of one input for many rows.
#[derive(Debug, Clone)]
pub enum Values<'a> {
    /// Numbers, or booleans as 1 and 0; NaN where missing.
    Numbers(&'a [f64]),
    /// Categories; `None` where missing.
    Names(Vec<Option<&'a str>>),
}

impl Values<'_> {
    fn rows(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Names(names) => names.len(),
        }
    }
}

/// How many rows are worked on at once: their sums stay in the nearest cache.
const BLOCK: usize = 1_024;

impl Model {
    /// Scores many rows. `columns` are the inputs in the order of the file, all of one length; a row that cannot be
    /// scored fails alone. Contributions: [`Model::contributions_of_rows`].
    pub fn score_rows(&self, columns: &[Values]) -> Vec<Result<Score, ScoreFailure>> {
        let rows = columns.first().map_or(0, Values::rows);
        let mut scores = Vec::with_capacity(rows);
        let (mut sums, mut shares) = ([0.0; BLOCK], [0.0; BLOCK]);
        for start in (0..rows).step_by(BLOCK) {
            let count = BLOCK.min(rows - start);
            let (sums, shares) = (&mut sums[..count], &mut shares[..count]);
            sums.fill(self.file.intercept);
            for scored in &self.terms {
                if let (Some(slot), Some(values)) = (self.slots.get(scored.slot), columns.get(scored.slot)) {
                    shares_of(&scored.term, slot, values, start, ArrayViewMut1::from(&mut *shares));
                    sums.iter_mut().zip(&*shares).for_each(|(sum, share)| *sum += share);
                }
            }
            scores.extend(sums.iter().enumerate().map(|(at, log_odds)| self.finish(columns, start + at, *log_odds)));
        }
        scores
    }

    /// Every term's share for every row: rows down, terms across.
    pub fn contributions_of_rows(&self, columns: &[Values]) -> Array2<f64> {
        let rows = columns.first().map_or(0, Values::rows);
        let mut shares = Array2::zeros((rows, self.terms.len()).f());
        for (scored, column) in self.terms.iter().zip(shares.axis_iter_mut(Axis(1))) {
            if let (Some(slot), Some(values)) = (self.slots.get(scored.slot), columns.get(scored.slot)) {
                shares_of(&scored.term, slot, values, 0, column);
            }
        }
        shares
    }

    /// The shares of one row, as [`Model::score`] leaves them.
    pub fn contributions_of_row(&self, columns: &[Values], row: usize, contributions: &mut Contributions) {
        contributions.terms.clear();
        for scored in &self.terms {
            if let (Some(slot), Some(values)) = (self.slots.get(scored.slot), columns.get(scored.slot)) {
                let mut share = [0.0];
                shares_of(&scored.term, slot, values, row, ArrayViewMut1::from(&mut share[..]));
                contributions.terms.extend(share);
            }
        }
    }

    fn finish(&self, columns: &[Values], row: usize, log_odds: f64) -> Result<Score, ScoreFailure> {
        for (slot, values) in self.slots.iter().zip(columns).filter(|(slot, _)| slot.required) {
            let there = match values {
                Values::Numbers(numbers) => numbers.get(row).is_some_and(|number| !number.is_nan()),
                Values::Names(names) => names.get(row).is_some_and(Option::is_some),
            };
            if !there {
                return Err(ScoreFailure::Missing(slot.name.clone()));
            }
        }
        let score = self.calibration.score(log_odds);
        let finite = score.log_odds.is_finite() && score.calibrated_log_odds.is_finite();
        if finite { Ok(score) } else { Err(ScoreFailure::NotFinite) }
    }
}

/// The shares of one term for the rows from `start` on, as many as `shares` takes.
fn shares_of(term: &Term, slot: &Slot, values: &Values, start: usize, mut shares: ArrayViewMut1<f64>) {
    match (term, values) {
        (Term::Linear(term), Values::Numbers(numbers)) => {
            let numbers = numbers.iter().skip(start);
            shares.iter_mut().zip(numbers).for_each(|(share, number)| *share = term.share(slot.bounded(*number)));
        }
        (Term::Bins(term), Values::Numbers(numbers)) => {
            let numbers = numbers.iter().skip(start);
            shares.iter_mut().zip(numbers).for_each(|(share, number)| *share = term.share(slot.bounded(*number)));
        }
        (Term::Category(term), Values::Names(names)) => {
            let names = names.iter().skip(start);
            shares.iter_mut().zip(names).for_each(|(share, name)| *share = term.share(*name));
        }
        // A column of the other type holds no value of this input.
        (Term::Linear(term), Values::Names(_)) => shares.fill(term.share(f64::NAN)),
        (Term::Bins(term), Values::Names(_)) => shares.fill(term.share(f64::NAN)),
        (Term::Category(term), Values::Numbers(_)) => shares.fill(term.share(None)),
    }
}
