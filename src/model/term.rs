//! The arithmetic of inputs, terms and calibration: total, and the same bits wherever it runs. One row and a batch of
//! rows go through the same functions.

use super::file;
use crate::domain::decision::Score;
use crate::domain::submission::Signal;
use crate::features::{Facts, FeatureId};

/// The nearest that an isotonic probability comes to 0 and to 1, so that its log-odds stay finite.
pub const PROBABILITY_MARGIN: f64 = 1e-15;

/// The value of an input for one application.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Given<'a> {
    /// It is not there.
    Missing,
    /// A number, or a boolean as 1 or 0.
    Number(f64),
    /// A category.
    Text(&'a str),
    /// It is of another type than the model reads.
    Unfit,
}

/// Where an input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    Feature(FeatureId),
    /// By its name without the prefix.
    Signal(Box<str>),
}

/// One input, found once when the model is loaded.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub name: Box<str>,
    pub origin: Origin,
    pub kind: file::InputKind,
    pub required: bool,
    pub min: f64,
    pub max: f64,
}

impl Slot {
    pub fn read<'a>(&self, facts: &'a Facts) -> Given<'a> {
        let number = |number: f64| if number.is_nan() { Given::Missing } else { Given::Number(number) };
        match (&self.origin, self.kind) {
            (Origin::Feature(id), file::InputKind::Category) => {
                facts.vector.category(*id).map_or(Given::Missing, Given::Text)
            }
            (Origin::Feature(id), _) => number(facts.vector.number(*id)),
            (Origin::Signal(name), kind) => match (facts.signals.get(name), kind) {
                (None, _) => Given::Missing,
                (Some(Signal::Text(text)), file::InputKind::Category) => Given::Text(text),
                (Some(Signal::Number(value)), file::InputKind::Number) => number(*value),
                (Some(Signal::Flag(flag)), file::InputKind::Boolean) => Given::Number(f64::from(u8::from(*flag))),
                // The other way to say yes or no, and the other way to say 1 or 0, leave no doubt.
                (Some(Signal::Flag(flag)), file::InputKind::Number) => Given::Number(f64::from(u8::from(*flag))),
                (Some(Signal::Number(value)), file::InputKind::Boolean) if *value == 0.0 || *value == 1.0 => {
                    Given::Number(*value)
                }
                _ => Given::Unfit,
            },
        }
    }

    /// The number that terms see: NaN where it is missing or not finite, kept between the bounds.
    pub fn number(&self, given: Given) -> f64 {
        match given {
            Given::Number(number) => self.bounded(number),
            _ => f64::NAN,
        }
    }

    #[inline]
    pub fn bounded(&self, number: f64) -> f64 {
        let low = if number < self.min { self.min } else { number };
        let kept = if low > self.max { self.max } else { low };
        if number.is_finite() { kept } else { f64::NAN }
    }
}

/// One term, ready to be computed.
#[derive(Debug, Clone)]
pub(super) enum Term {
    Linear(Linear),
    Bins(Bins),
    Category(Category),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Linear {
    impute: f64,
    center: f64,
    scale: f64,
    coef: f64,
    missing_flag: f64,
}

#[derive(Debug, Clone)]
pub(super) struct Bins {
    edges: Box<[f64]>,
    points: Box<[f64]>,
    missing: f64,
    special: Box<[(f64, f64)]>,
}

#[derive(Debug, Clone)]
pub(super) struct Category {
    /// Sorted by name.
    points: Box<[(Box<str>, f64)]>,
    other: f64,
    missing: f64,
}

impl Term {
    pub fn of(term: &file::Term) -> Self {
        match term {
            file::Term::Linear(term) => Self::Linear(Linear {
                impute: term.impute,
                center: term.center,
                scale: term.scale,
                coef: term.coef,
                missing_flag: term.missing_flag.unwrap_or(0.0),
            }),
            file::Term::Bins(term) => Self::Bins(Bins {
                edges: term.edges.as_slice().into(),
                points: term.points.as_slice().into(),
                missing: term.missing,
                special: term.special.iter().map(|special| (special.value, special.points)).collect(),
            }),
            file::Term::Category(term) => Self::Category(Category {
                points: term.points.iter().map(|(name, points)| (name.as_str().into(), *points)).collect(),
                other: term.other,
                missing: term.missing,
            }),
        }
    }

    /// The share of the log-odds for one row.
    pub fn share(&self, slot: &Slot, given: Given) -> f64 {
        match self {
            Self::Linear(term) => term.share(slot.number(given)),
            Self::Bins(term) => term.share(slot.number(given)),
            Self::Category(term) => match given {
                Given::Text(name) => term.share(Some(name)),
                _ => term.share(None),
            },
        }
    }
}

impl Linear {
    #[inline]
    pub fn share(&self, number: f64) -> f64 {
        let missing = number.is_nan();
        let x = if missing { self.impute } else { number };
        let flag = if missing { self.missing_flag } else { 0.0 };
        self.coef * ((x - self.center) / self.scale) + flag
    }
}

impl Bins {
    #[inline]
    pub fn share(&self, number: f64) -> f64 {
        if number.is_nan() {
            return self.missing;
        }
        if let Some((_, points)) = self.special.iter().find(|(value, _)| *value == number) {
            return *points;
        }
        let interval = self.edges.partition_point(|edge| *edge <= number);
        self.points.get(interval).copied().unwrap_or(self.missing)
    }
}

impl Category {
    #[inline]
    pub fn share(&self, name: Option<&str>) -> f64 {
        let Some(name) = name else { return self.missing };
        let place = self.points.binary_search_by(|(known, _)| known.as_ref().cmp(name));
        place.ok().and_then(|place| self.points.get(place)).map_or(self.other, |(_, points)| *points)
    }
}

/// From the sum to a score.
#[derive(Debug, Clone)]
pub(super) enum Calibration {
    None,
    Platt { a: f64, b: f64 },
    Isotonic { x: Box<[f64]>, y: Box<[f64]> },
}

impl Calibration {
    pub fn of(calibration: Option<&file::Calibration>) -> Self {
        match calibration {
            None => Self::None,
            Some(file::Calibration::Platt(platt)) => Self::Platt { a: platt.a, b: platt.b },
            Some(file::Calibration::Isotonic(isotonic)) => {
                Self::Isotonic { x: isotonic.x.as_slice().into(), y: isotonic.y.as_slice().into() }
            }
        }
    }

    pub fn score(&self, log_odds: f64) -> Score {
        let sum = |calibrated| Score { log_odds, calibrated_log_odds: calibrated, probability: sigmoid(calibrated) };
        match self {
            Self::None => sum(log_odds),
            Self::Platt { a, b } => sum(a * log_odds + b),
            Self::Isotonic { x, y } => {
                let probability = level(x, y, log_odds).clamp(PROBABILITY_MARGIN, 1.0 - PROBABILITY_MARGIN);
                Score { log_odds, calibrated_log_odds: logit(probability), probability }
            }
        }
    }
}

/// The piecewise-linear function through the points, level outside.
fn level(x: &[f64], y: &[f64], at: f64) -> f64 {
    let after = x.partition_point(|x| *x <= at);
    let before = after.saturating_sub(1);
    match (x.get(before), y.get(before), x.get(after), y.get(after)) {
        (Some(x0), Some(y0), Some(x1), Some(y1)) if after > 0 => y0 + (y1 - y0) * ((at - x0) / (x1 - x0)),
        (_, Some(y0), _, _) => *y0,
        _ => 0.5,
    }
}

/// 1 / (1 + e⁻ᶻ), without overflow on either side.
pub fn sigmoid(log_odds: f64) -> f64 {
    let small = libm::exp(-libm::fabs(log_odds));
    if log_odds >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// ln(p / (1 − p)).
pub fn logit(probability: f64) -> f64 {
    libm::log(probability / (1.0 - probability))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_closed_at_their_lower_edge() {
        let bins = Bins {
            edges: [0.0, 10.0].into(),
            points: [1.0, 2.0, 3.0].into(),
            missing: 4.0,
            special: [(-9.0, 5.0)].into(),
        };
        for (number, points) in
            [(-0.1, 1.0), (0.0, 2.0), (9.999, 2.0), (10.0, 3.0), (1e300, 3.0), (f64::NAN, 4.0), (-9.0, 5.0)]
        {
            assert_eq!(bins.share(number), points, "{number}");
        }
    }

    #[test]
    fn numbers_are_kept_between_the_bounds() {
        let slot = Slot {
            name: "signal_x".into(),
            origin: Origin::Signal("x".into()),
            kind: file::InputKind::Number,
            required: false,
            min: -1.0,
            max: 2.0,
        };
        for (number, kept) in [(-5.0, -1.0), (0.5, 0.5), (7.0, 2.0)] {
            assert_eq!(slot.number(Given::Number(number)), kept);
        }
        for missing in [Given::Missing, Given::Number(f64::INFINITY), Given::Number(f64::NAN), Given::Unfit] {
            assert!(slot.number(missing).is_nan(), "{missing:?}");
        }
    }

    #[test]
    fn isotonic_is_linear_between_its_points_and_level_outside() {
        let calibration = Calibration::Isotonic { x: [-1.0, 1.0, 2.0].into(), y: [0.0, 0.5, 1.0].into() };
        for (log_odds, probability) in [
            (-9.0, PROBABILITY_MARGIN),
            (0.0, 0.25),
            (1.0, 0.5),
            (1.5, 0.75),
            (2.0, 1.0 - PROBABILITY_MARGIN),
            (9.0, 1.0 - PROBABILITY_MARGIN),
        ] {
            let score = calibration.score(log_odds);
            assert_eq!(score.probability, probability, "{log_odds}");
            assert!(score.calibrated_log_odds.is_finite());
        }
    }

    #[test]
    fn the_sigmoid_neither_overflows_nor_loses_the_small() {
        for (log_odds, probability) in [(0.0, 0.5), (-800.0, 0.0), (800.0, 1.0), (-40.0, 4.248_354_255_291_589e-18)] {
            assert_eq!(sigmoid(log_odds), probability, "{log_odds}");
        }
    }
}
