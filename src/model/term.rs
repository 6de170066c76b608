//! The arithmetic of inputs, terms and calibration: total, and the same bits wherever it runs. One row and a batch of
//! rows go through the same functions.

use super::{ScoreFailure, file};
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

    /// What was given, unless the model cannot score with it.
    #[inline]
    pub fn fit<'a>(&self, given: Given<'a>) -> Result<Given<'a>, ScoreFailure> {
        match given {
            Given::Unfit => Err(ScoreFailure::Unfit { name: self.name.clone(), expected: self.kind.name() }),
            Given::Missing if self.required => Err(ScoreFailure::Missing(self.name.clone())),
            given => Ok(given),
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
    Knots(Knots),
    Category(Category),
    Pair(Pair),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Linear {
    transform: Option<file::Transform>,
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
pub(super) struct Knots {
    transform: Option<file::Transform>,
    /// After the transform.
    x: Box<[f64]>,
    y: Box<[f64]>,
    below: f64,
    above: f64,
    missing: f64,
}

/// An interaction table, row by row.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub first: Axis,
    pub second: Axis,
    points: Box<[f64]>,
}

#[derive(Debug, Clone)]
pub(super) enum Axis {
    Edges(Box<[f64]>),
    /// Sorted by name, each with its place.
    Names(Box<[(Box<str>, usize)]>),
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
                transform: term.transform,
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
            file::Term::Knots(term) => Self::Knots(Knots {
                transform: term.transform,
                x: term.x.iter().map(|x| transformed(term.transform, *x)).collect(),
                y: term.y.as_slice().into(),
                below: term.below.unwrap_or(0.0),
                above: term.above.unwrap_or(0.0),
                missing: term.missing,
            }),
            file::Term::Category(term) => Self::Category(Category {
                points: term.points.iter().map(|(name, points)| (name.as_str().into(), *points)).collect(),
                other: term.other,
                missing: term.missing,
            }),
            file::Term::Pair(term) => Self::Pair(Pair {
                first: Axis::of(&term.first),
                second: Axis::of(&term.second),
                points: term.points.concat().into(),
            }),
        }
    }

    /// The share of the log-odds for one row; `second` is the other input of a pair.
    #[inline]
    pub fn share(&self, first: (&Slot, Given), second: Option<(&Slot, Given)>) -> f64 {
        let (slot, given) = first;
        match self {
            Self::Linear(term) => term.share(slot.number(given)),
            Self::Bins(term) => term.share(slot.number(given)),
            Self::Knots(term) => term.share(slot.number(given)),
            Self::Category(term) => match given {
                Given::Text(name) => term.share(Some(name)),
                _ => term.share(None),
            },
            Self::Pair(term) => {
                term.share(term.first.place(first), second.map_or(0, |second| term.second.place(second)))
            }
        }
    }
}

/// The number that a term reads: NaN where the transform has no value.
#[inline]
pub(super) fn transformed(transform: Option<file::Transform>, number: f64) -> f64 {
    match transform {
        None => number,
        Some(file::Transform::Log1p) => libm::log1p(number),
    }
}

impl Linear {
    #[inline]
    pub fn share(&self, number: f64) -> f64 {
        let missing = number.is_nan();
        let x = transformed(self.transform, if missing { self.impute } else { number });
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

impl Knots {
    #[inline]
    pub fn share(&self, number: f64) -> f64 {
        if number.is_nan() {
            return self.missing;
        }
        let at = transformed(self.transform, number);
        match between(&self.x, &self.y, at) {
            Between::Knots(share) => share,
            Between::Below { x, y } => y + self.below * (at - x),
            Between::Above { x, y } => y + self.above * (at - x),
            Between::Nothing => f64::NAN,
        }
    }
}

impl Pair {
    /// The points at a place of the first axis and one of the second.
    #[inline]
    pub fn share(&self, first: usize, second: usize) -> f64 {
        self.points.get(first * self.second.places() + second).copied().unwrap_or(f64::NAN)
    }
}

/// The place of a missing value.
const MISSING: usize = 0;

impl Axis {
    fn of(axis: &file::Axis) -> Self {
        match (&axis.edges, &axis.names) {
            (_, Some(names)) => {
                let mut places: Box<[(Box<str>, usize)]> =
                    names.iter().zip(1..).map(|(name, place)| (name.as_str().into(), place)).collect();
                places.sort();
                Self::Names(places)
            }
            (edges, None) => Self::Edges(edges.as_deref().unwrap_or_default().into()),
        }
    }

    /// How many places there are: for a missing value, for each interval or name, and for any other name.
    pub fn places(&self) -> usize {
        2 + match self {
            Self::Edges(edges) => edges.len(),
            Self::Names(names) => names.len(),
        }
    }

    #[inline]
    pub fn place(&self, (slot, given): (&Slot, Given)) -> usize {
        match given {
            Given::Text(name) => self.place_of_name(Some(name)),
            _ => self.place_of_number(slot.number(given)),
        }
    }

    #[inline]
    pub fn place_of_number(&self, number: f64) -> usize {
        match self {
            Self::Edges(edges) if !number.is_nan() => 1 + edges.partition_point(|edge| *edge <= number),
            _ => MISSING,
        }
    }

    #[inline]
    pub fn place_of_name(&self, name: Option<&str>) -> usize {
        match (self, name) {
            (Self::Names(names), Some(name)) => {
                let found = names.binary_search_by(|(known, _)| known.as_ref().cmp(name));
                found.ok().and_then(|at| names.get(at)).map_or(names.len() + 1, |(_, place)| *place)
            }
            _ => MISSING,
        }
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

/// Where a number lies among points in ascending order.
enum Between {
    /// Between two of them, or on one: the value of the straight line there.
    Knots(f64),
    /// Below the first.
    Below { x: f64, y: f64 },
    /// At the last or above it.
    Above { x: f64, y: f64 },
    /// There are none, or the number is none.
    Nothing,
}

#[inline]
fn between(x: &[f64], y: &[f64], at: f64) -> Between {
    if at.is_nan() {
        return Between::Nothing;
    }
    let after = x.partition_point(|x| *x <= at);
    let point = |place: usize| x.get(place).copied().zip(y.get(place).copied());
    match (after.checked_sub(1).and_then(point), point(after)) {
        (Some((x0, y0)), Some((x1, y1))) => Between::Knots(y0 + (y1 - y0) * ((at - x0) / (x1 - x0))),
        (None, Some((x, y))) => Between::Below { x, y },
        (Some((x, y)), None) => Between::Above { x, y },
        (None, None) => Between::Nothing,
    }
}

/// The piecewise-linear function through the points, level outside.
fn level(x: &[f64], y: &[f64], at: f64) -> f64 {
    match between(x, y, at) {
        Between::Knots(y) | Between::Below { y, .. } | Between::Above { y, .. } => y,
        Between::Nothing => 0.5,
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
    fn knots_are_linear_between_and_as_they_say_outside() {
        let knots = |transform, below, above| {
            let term = file::Knots {
                input: "signal_x".into(),
                transform,
                x: vec![0.0, 10.0, 30.0],
                y: vec![1.0, 2.0, -2.0],
                below,
                above,
                missing: 4.0,
                reason: None,
            };
            match Term::of(&file::Term::Knots(term)) {
                Term::Knots(knots) => knots,
                other => panic!("{other:?}"),
            }
        };
        let (level, sloping) = (knots(None, None, None), knots(None, Some(0.5), Some(-0.25)));
        for (number, in_level, in_sloping) in [
            (-2.0, 1.0, 0.0),
            (0.0, 1.0, 1.0),
            (5.0, 1.5, 1.5),
            (10.0, 2.0, 2.0),
            (15.0, 1.0, 1.0),
            (30.0, -2.0, -2.0),
            (34.0, -2.0, -3.0),
            (f64::NAN, 4.0, 4.0),
        ] {
            assert_eq!((level.share(number), sloping.share(number)), (in_level, in_sloping), "{number}");
        }
        let curved = knots(Some(file::Transform::Log1p), None, Some(2.0));
        let halfway = libm::expm1((libm::log1p(10.0) + libm::log1p(30.0)) / 2.0);
        for (number, share) in
            [(10.0, 2.0), (30.0, -2.0), (halfway, 0.0), (-0.5, 1.0), (61.0, -2.0 + 2.0 * core::f64::consts::LN_2)]
        {
            assert!((curved.share(number) - share).abs() < 1e-14, "{number}");
        }
        assert!(curved.share(-1.5).is_nan() && curved.share(f64::NAN) == 4.0, "log1p has no value below -1");
    }

    #[test]
    fn a_pair_has_places_for_what_is_missing_and_for_other_names() {
        let axis = |edges: Option<&[f64]>, names: Option<&[&str]>| file::Axis {
            input: "signal_x".into(),
            edges: edges.map(<[f64]>::to_vec),
            names: names.map(|names| names.iter().map(|name| (*name).into()).collect()),
        };
        let numbers = Axis::of(&axis(Some(&[0.0, 10.0]), None));
        assert_eq!(numbers.places(), 4);
        for (number, place) in [(f64::NAN, 0), (-1.0, 1), (0.0, 2), (9.9, 2), (10.0, 3)] {
            assert_eq!(numbers.place_of_number(number), place, "{number}");
        }
        let names = Axis::of(&axis(None, Some(&["z", "a"])));
        assert_eq!(names.places(), 4);
        for (name, place) in [(None, 0), (Some("z"), 1), (Some("a"), 2), (Some("never seen"), 3), (Some(""), 3)] {
            assert_eq!(names.place_of_name(name), place, "{name:?}");
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
