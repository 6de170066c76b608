//! Many rows at once: term by term across the rows, to the same bits as one row at a time.

use super::term::{Axis as PairAxis, Slot, Term};
use super::{Contributions, Model, ScoreFailure, Scored};
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
                self.shares_of(scored, columns, start, ArrayViewMut1::from(&mut *shares));
                sums.iter_mut().zip(&*shares).for_each(|(sum, share)| *sum += share);
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
            self.shares_of(scored, columns, 0, column);
        }
        shares
    }

    /// The shares of one row, as [`Model::score`] leaves them.
    pub fn contributions_of_row(&self, columns: &[Values], row: usize, contributions: &mut Contributions) {
        contributions.terms.clear();
        for scored in &self.terms {
            let mut share = [0.0];
            self.shares_of(scored, columns, row, ArrayViewMut1::from(&mut share[..]));
            contributions.terms.extend(share);
        }
    }

    /// The shares of one term for the rows from `start` on, as many as `shares` takes.
    fn shares_of(&self, scored: &Scored, columns: &[Values], start: usize, mut shares: ArrayViewMut1<f64>) {
        let input = |place: usize| self.slots.get(place).zip(columns.get(place));
        let Some((slot, values)) = input(scored.slot) else { return };
        match &scored.term {
            Term::Linear(term) => of_numbers(slot, values, start, shares, |number| term.share(number)),
            Term::Bins(term) => of_numbers(slot, values, start, shares, |number| term.share(number)),
            Term::Knots(term) => of_numbers(slot, values, start, shares, |number| term.share(number)),
            Term::Category(term) => match values {
                Values::Names(names) => {
                    let names = names.iter().skip(start);
                    shares.iter_mut().zip(names).for_each(|(share, name)| *share = term.share(*name));
                }
                // A column of the other type holds no value of this input.
                Values::Numbers(_) => shares.fill(term.share(None)),
            },
            Term::Pair(term) => {
                let Some((second_slot, second_values)) = scored.second.and_then(input) else { return };
                for (at, share) in shares.iter_mut().enumerate() {
                    let first = place(&term.first, slot, values, start + at);
                    *share = term.share(first, place(&term.second, second_slot, second_values, start + at));
                }
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

/// The shares of a term that reads numbers.
fn of_numbers(
    slot: &Slot,
    values: &Values,
    start: usize,
    mut shares: ArrayViewMut1<f64>,
    share_of: impl Fn(f64) -> f64,
) {
    match values {
        Values::Numbers(numbers) => {
            let numbers = numbers.iter().skip(start);
            shares.iter_mut().zip(numbers).for_each(|(share, number)| *share = share_of(slot.bounded(*number)));
        }
        // A column of the other type holds no value of this input.
        Values::Names(_) => shares.fill(share_of(f64::NAN)),
    }
}

/// The place of a row's value on one axis of a pair.
#[inline]
fn place(axis: &PairAxis, slot: &Slot, values: &Values, row: usize) -> usize {
    match values {
        Values::Numbers(numbers) => {
            axis.place_of_number(numbers.get(row).map_or(f64::NAN, |number| slot.bounded(*number)))
        }
        Values::Names(names) => axis.place_of_name(names.get(row).copied().flatten()),
    }
}
