//! How sure the figures are: 95 % intervals.

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// A sum that fewer rows than this carry gets no interval: it is far from normal.
const LEAST_ROWS: u64 = 30;

/// Wilson's score interval of a share (Wilson, 1927): lower and upper bound.
pub(super) fn wilson(count: u64, of: u64) -> Option<(f64, f64)> {
    if of == 0 {
        return None;
    }
    let (n, p) = (of as f64, count as f64 / of as f64);
    let scale = 1.0 + Z * Z / n;
    let middle = (p + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * libm::sqrt(p * (1.0 - p) / n + Z * Z / (4.0 * n * n));
    // The bounds of none and of all are exact.
    let low = if count == 0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if count == of { 1.0 } else { (middle + half).min(1.0) };
    Some((low, high))
}

/// Half the width of the interval of a sum over `rows` rows that are drawn independently: z · √(n · s²), with the sample
/// variance s² of one row's value, zeros included. `None` where fewer than 30 rows are not zero.
pub(super) fn half_of_sum(total: i128, squares: i128, nonzero: u64, rows: u64) -> Option<f64> {
    if nonzero < LEAST_ROWS || rows < 2 {
        return None;
    }
    let n = rows as f64;
    let (total, squares) = (total as f64, squares as f64);
    let variance = ((squares - total * total / n) / (n - 1.0)).max(0.0);
    Some(Z * libm::sqrt(n * variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected bounds are statsmodels' `proportion_confint(method="wilson")`.
    #[test]
    fn shares_have_wilsons_bounds() {
        for (count, of, low, high) in [
            (0, 10, 0.0, 0.277_532_8),
            (1, 10, 0.017_876_2, 0.404_150_0),
            (50, 100, 0.403_831_5, 0.596_168_5),
            (10, 10, 0.722_467_2, 1.0),
        ] {
            let found = wilson(count, of).unwrap();
            assert!((found.0 - low).abs() < 1e-6 && (found.1 - high).abs() < 1e-6, "{count} of {of}: {found:?}");
        }
        assert_eq!(wilson(0, 0), None);
    }

    #[test]
    fn a_sum_of_equal_rows_is_sure_and_one_of_few_says_nothing() {
        assert_eq!(half_of_sum(1_000, 10_000, 100, 100), Some(0.0));
        assert_eq!(half_of_sum(100, 1_000, 10, 1_000), None, "ten rows carry it");
        // 100 rows of 10 among 10,000: s² = (10,000 − 1,000²/10,000)/9,999 and n·s² = 9,900.99
        let half = half_of_sum(1_000, 10_000, 100, 10_000).unwrap();
        assert!((half - 1.959_964 * 99.503_7).abs() < 1e-2, "{half}");
    }
}
