//! Logistic regression with a quadratic penalty: linfa's L-BFGS finds the place, Newton's method makes it exact, and
//! nothing that has not converged is returned.
//!
//! Minimises Σ log(1 + exp(−yᵢ·zᵢ)) + 1/(2C)·‖w‖² over weights w and an intercept without penalty: scikit-learn's
//! objective divided by C.

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};

/// How far the gradient may be from 0, for each row.
const TOLERANCE: f64 = 1e-12;
/// How many steps of Newton's method are tried.
const MAX_STEPS: usize = 50;

/// What a fit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The constant part of the log-odds of `true`.
    pub intercept: f64,
    /// The weight of each column.
    pub weights: Vec<f64>,
}

/// Why a fit found nothing.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// One class only.
    #[error("expected rows of both classes, found one: widen the filters of the specification")]
    OneClass,
    /// linfa refuses the rows.
    #[error("the rows cannot be fitted: {0}")]
    Solver(String),
    /// The steps ended before the gradient was 0.
    #[error(
        "the fit did not converge: its gradient is still {gradient:e} a row; drop inputs that say the same, or lower c"
    )]
    NotConverged {
        /// What is left of the gradient, for each row.
        gradient: f64,
    },
}

/// Fits the log-odds of `true`. `columns` holds one row a case and one standardised column an input; `c` is the inverse
/// of the penalty's strength.
pub fn fit(columns: &Array2<f64>, bad: &Array1<bool>, c: f64) -> Result<Fitted, FitError> {
    if bad.iter().all(|one| *one) || !bad.iter().any(|one| *one) {
        return Err(FitError::OneClass);
    }
    let rows = DatasetBase::new(columns.clone(), bad.clone());
    let solver = LogisticRegression::default().alpha(1.0 / c).max_iterations(200).gradient_tolerance(1e-6);
    let found = solver.fit(&rows).map_err(|error| FitError::Solver(error.to_string()))?;
    // linfa gives the log-odds of whichever class it calls positive: the more frequent one.
    let sign = if found.labels().pos.class { 1.0 } else { -1.0 };
    let mut at: Vec<f64> = std::iter::once(found.intercept()).chain(found.params().iter().copied()).collect();
    at.iter_mut().for_each(|weight| *weight *= sign);
    for _ in 0..MAX_STEPS {
        let (gradient, curvature) = derivatives(columns, bad, c, &at);
        let left = gradient.iter().fold(0.0, |most: f64, part| most.max(part.abs())) / bad.len() as f64;
        if left <= TOLERANCE {
            return Ok(Fitted { intercept: at[0], weights: at.split_off(1) });
        }
        let step = solve(curvature, gradient).ok_or(FitError::NotConverged { gradient: left })?;
        at.iter_mut().zip(&step).for_each(|(weight, step)| *weight -= step);
    }
    let (gradient, _) = derivatives(columns, bad, c, &at);
    let left = gradient.iter().fold(0.0, |most: f64, part| most.max(part.abs())) / bad.len() as f64;
    Err(FitError::NotConverged { gradient: left })
}

/// The gradient and the matrix of second derivatives at some weights, the intercept first.
fn derivatives(columns: &Array2<f64>, bad: &Array1<bool>, c: f64, at: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let size = at.len();
    let mut gradient: Vec<f64> = at.iter().map(|weight| weight / c).collect();
    let mut curvature = vec![vec![0.0; size]; size];
    gradient[0] = 0.0;
    for (place, row) in curvature.iter_mut().enumerate().skip(1) {
        row[place] = 1.0 / c;
    }
    let mut inputs = vec![1.0; size];
    for (row, bad) in columns.rows().into_iter().zip(bad) {
        inputs[1..].iter_mut().zip(row).for_each(|(input, value)| *input = *value);
        let log_odds: f64 = inputs.iter().zip(at).map(|(input, weight)| input * weight).sum();
        let p = 1.0 / (1.0 + libm::exp(-log_odds));
        let error = p - f64::from(u8::from(*bad));
        let weight = p * (1.0 - p);
        for i in 0..size {
            gradient[i] += error * inputs[i];
            let share = weight * inputs[i];
            for j in 0..=i {
                curvature[i][j] += share * inputs[j];
            }
        }
    }
    (gradient, curvature)
}

/// Solves a symmetric positive definite system by Cholesky's method, reading the lower triangle; `None`: it is not one.
fn solve(mut lower: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let size = right.len();
    for i in 0..size {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = lower[i][j] - known;
            if i == j && (rest.is_nan() || rest <= 0.0) {
                return None;
            }
            lower[i][j] = if i == j { rest.sqrt() } else { rest / lower[j][j] };
        }
    }
    for i in 0..size {
        let known: f64 = (0..i).map(|k| lower[i][k] * right[k]).sum();
        right[i] = (right[i] - known) / lower[i][i];
    }
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|k| lower[k][i] * right[k]).sum();
        right[i] = (right[i] - known) / lower[i][i];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(rows: usize, flip: bool) -> (Array2<f64>, Array1<bool>) {
        let value =
            |row: usize, column: usize| (((row * 37 + column * 101 + row * row * 13) % 97) as f64 - 48.0) / 28.0;
        let columns = Array2::from_shape_fn((rows, 3), |(row, column)| value(row, column));
        let noise = |row: usize| ((row * 7_919) % 101) as f64 / 50.0 - 1.0;
        let bad = |row: usize| value(row, 0) - 0.5 * value(row, 1) + noise(row) > 1.2;
        (columns, Array1::from_shape_fn(rows, |row| bad(row) != flip))
    }

    #[test]
    fn the_sign_does_not_follow_the_majority() {
        let (columns, bad) = cases(500, false);
        let (_, good) = cases(500, true);
        assert!(bad.iter().filter(|one| **one).count() < 250);
        let rare = fit(&columns, &bad, 1.0).unwrap();
        let frequent = fit(&columns, &good, 1.0).unwrap();
        assert!(rare.weights[0] > 0.5 && rare.weights[1] < -0.2, "{rare:?}");
        for (a, b) in rare.weights.iter().zip(&frequent.weights) {
            assert!((a + b).abs() < 1e-9, "{rare:?} against {frequent:?}");
        }
    }

    #[test]
    fn one_class_cannot_be_fitted() {
        let (columns, _) = cases(10, false);
        assert!(matches!(fit(&columns, &Array1::from_elem(10, true), 1.0), Err(FitError::OneClass)));
    }
}
