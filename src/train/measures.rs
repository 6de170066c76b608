//! How well scores tell bad from good: the measures of `aval model evaluate`, equal scores taken together.

use std::collections::{BTreeMap, BTreeSet};

/// The measures of one set of scored rows.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Measures {
    /// How many rows.
    pub rows: u64,
    /// How many of them are bad.
    pub bad: u64,
    /// Area under the ROC curve: the chance that a bad row scores above a good one, ties counting half.
    pub auc: f64,
    /// Kolmogorov–Smirnov: max |F_bad − F_good|.
    pub ks: f64,
    /// 2·AUC − 1.
    pub gini: f64,
    /// Mean squared distance between probability and truth (Brier, 1950).
    pub brier: f64,
    /// Mean negative log-likelihood, probabilities kept 10⁻¹⁵ away from 0 and 1.
    pub log_loss: f64,
    /// Expected calibration error: |mean probability − bad rate| over ten groups of equal size, by their sizes.
    pub ece: f64,
    /// Σ (recall gained × precision) down the ranking, without interpolation.
    pub average_precision: f64,
    /// The nine bounds between tenths of the scores, ascending.
    pub deciles: Vec<f64>,
}

/// Why nothing can be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmeasurable {
    /// One class only.
    #[error("expected rows of both kinds, found {bad} bad among {rows}")]
    OneClass {
        /// How many rows are bad.
        bad: u64,
        /// How many rows there are.
        rows: u64,
    },
    /// A score that is no probability.
    #[error("expected probabilities from 0 to 1, row {0} has none")]
    NotAProbability(usize),
}

/// Measures probabilities against what became of the rows (`true`: bad). Both have one element a row.
pub fn measures(probabilities: &[f64], bad: &[bool]) -> Result<Measures, Unmeasurable> {
    if let Some(row) = probabilities.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(Unmeasurable::NotAProbability(row));
    }
    let mut ranked: Vec<(f64, bool)> = probabilities.iter().copied().zip(bad.iter().copied()).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let rows = ranked.len() as u64;
    let all_bad = ranked.iter().filter(|(_, bad)| *bad).count() as u64;
    if all_bad == 0 || all_bad == rows {
        return Err(Unmeasurable::OneClass { bad: all_bad, rows });
    }
    let curve = curve(&ranked, all_bad as f64, (rows - all_bad) as f64);
    let (mut brier, mut log_loss) = (0.0, 0.0);
    for &(p, bad) in &ranked {
        let of_truth = if bad { p } else { 1.0 - p };
        brier += (1.0 - of_truth) * (1.0 - of_truth);
        log_loss -= libm::log(of_truth.clamp(1e-15, 1.0 - 1e-15));
    }
    Ok(Measures {
        rows,
        bad: all_bad,
        auc: curve.auc,
        ks: curve.ks,
        gini: 2.0 * curve.auc - 1.0,
        brier: brier / rows as f64,
        log_loss: log_loss / rows as f64,
        ece: ece(&ranked),
        average_precision: curve.average_precision,
        deciles: deciles(&ranked),
    })
}

struct Curve {
    auc: f64,
    ks: f64,
    average_precision: f64,
}

/// Walks down the ranking, rows of equal score at once.
fn curve(ranked: &[(f64, bool)], all_bad: f64, all_good: f64) -> Curve {
    let (mut bad, mut good) = (0.0, 0.0);
    let mut curve = Curve { auc: 0.0, ks: 0.0, average_precision: 0.0 };
    for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
        let more_bad = tied.iter().filter(|(_, bad)| *bad).count() as f64;
        let more_good = tied.len() as f64 - more_bad;
        curve.auc += more_good * (bad + more_bad / 2.0);
        bad += more_bad;
        good += more_good;
        curve.ks = f64::max(curve.ks, (bad / all_bad - good / all_good).abs());
        curve.average_precision += more_bad / all_bad * (bad / (bad + good));
    }
    curve.auc /= all_bad * all_good;
    curve
}

fn ece(ranked: &[(f64, bool)]) -> f64 {
    let rows = ranked.len();
    let groups = (0..10).map(|tenth| &ranked[rows * tenth / 10..rows * (tenth + 1) / 10]);
    let apart = groups.map(|group| {
        let expected: f64 = group.iter().map(|(p, _)| p).sum();
        let seen = group.iter().filter(|(_, bad)| *bad).count() as f64;
        (expected - seen).abs()
    });
    apart.sum::<f64>() / rows as f64
}

fn deciles(ranked: &[(f64, bool)]) -> Vec<f64> {
    let rows = ranked.len();
    (1..10).map(|tenth| ranked[rows - 1 - (rows * tenth / 10).min(rows - 1)].0).collect()
}

/// One scored row of a card, for [`card_precision`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OfCard<'a> {
    /// The day, by any number that rises with time.
    pub day: i64,
    /// The card, or the customer.
    pub card: &'a str,
    /// The score.
    pub score: f64,
    /// Whether the row is fraud.
    pub fraud: bool,
}

/// Card precision at the top `k`: the mean over the days of the share of compromised cards among the `k` cards with the
/// highest scores of the day; cards that were found on an earlier day are left out (Fraud Detection Handbook, chapter 4).
pub fn card_precision(rows: &[OfCard], k: usize) -> f64 {
    let mut days: BTreeMap<i64, BTreeMap<&str, (f64, bool)>> = BTreeMap::new();
    for row in rows {
        let card = days.entry(row.day).or_default().entry(row.card).or_insert((f64::NEG_INFINITY, false));
        *card = (card.0.max(row.score), card.1 || row.fraud);
    }
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let mut precisions = 0.0;
    for cards in days.values() {
        let mut ranked: Vec<_> = cards.iter().filter(|(card, _)| !found.contains(*card)).collect();
        ranked.sort_by(|a, b| b.1.0.total_cmp(&a.1.0));
        let caught: Vec<&str> =
            ranked.iter().take(k).filter(|(_, (_, fraud))| *fraud).map(|(card, _)| **card).collect();
        precisions += caught.len() as f64 / k as f64;
        found.extend(caught);
    }
    precisions / days.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are counted by hand, ties included.
    #[test]
    fn measures_of_ten_rows() {
        let p = [0.1, 0.4, 0.35, 0.8, 0.4, 0.05, 0.9, 0.3, 0.4, 0.2];
        let bad = [false, false, true, true, true, false, true, false, false, false];
        let found = measures(&p, &bad).unwrap();
        let close = |name: &str, found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-12, "{name}: {found}, expected {expected}");
        };
        close("auc", found.auc, 21.0 / 24.0);
        close("gini", found.gini, 0.75);
        close("average precision", found.average_precision, 0.5 + 0.25 * 3.0 / 5.0 + 0.25 * 4.0 / 6.0);
        close("ks", found.ks, 4.0 / 4.0 - 2.0 / 6.0);
        let brier: f64 = p.iter().zip(bad).map(|(p, bad)| (p - f64::from(u8::from(bad))).powi(2)).sum();
        close("brier", found.brier, brier / 10.0);
        assert_eq!(found.deciles.len(), 9);
        assert!(found.deciles.is_sorted());
    }

    #[test]
    fn what_cannot_be_measured_is_said() {
        assert_eq!(measures(&[0.5, 0.6], &[true, true]), Err(Unmeasurable::OneClass { bad: 2, rows: 2 }));
        assert_eq!(measures(&[0.5, f64::NAN], &[true, false]), Err(Unmeasurable::NotAProbability(1)));
    }

    #[test]
    fn a_card_is_found_once() {
        let row = |day, card, score, fraud| OfCard { day, card, score, fraud };
        let rows = [row(1, "a", 0.9, true), row(1, "b", 0.8, false), row(2, "a", 0.9, true), row(2, "c", 0.1, true)];
        assert!((card_precision(&rows, 1) - 1.0).abs() < 1e-12, "a on day 1, c on day 2");
        assert!((card_precision(&rows, 2) - 0.5).abs() < 1e-12);
    }
}
