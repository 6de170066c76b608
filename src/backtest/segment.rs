//! By what rows are told apart.

use crate::domain::submission::Signal;
use crate::domain::time::DAY_MS;
use crate::features::{self, Facts, FeatureId, FeatureKind};
use std::fmt::Write;

/// The most different values of one dimension.
pub const MAX_SEGMENTS: usize = 10_000;
/// What stands for a value that is missing.
pub(super) const NONE: &str = "(none)";
/// What stands between the values of several names.
pub(super) const AND: &str = " · ";

/// One table of segments: by one name, or by several at once (`merchant+country`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// As it was asked for.
    pub name: Box<str>,
    pub(super) parts: Vec<Part>,
}

/// One name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Merchant,
    Country,
    Currency,
    Plan,
    /// The day in UTC.
    Day,
    /// The month in UTC.
    Month,
    /// A column of a file; a feature or signal of a store.
    Named(Box<str>),
}

impl Dimension {
    /// Reads `name` or `name+name`.
    pub fn parse(text: &str) -> Self {
        let part = |name: &str| match name {
            "merchant" => Part::Merchant,
            "country" => Part::Country,
            "currency" => Part::Currency,
            "plan" => Part::Plan,
            "day" => Part::Day,
            "month" => Part::Month,
            name => Part::Named(name.into()),
        };
        Self { name: text.into(), parts: text.split('+').map(|name| part(name.trim())).collect() }
    }

    /// The columns of a file that it looks at.
    pub(super) fn named(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Named(name) => Some(name.as_ref()),
            _ => None,
        })
    }

    /// Whether it looks at the time of a row.
    pub(super) fn timed(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Day | Part::Month))
    }

    /// Writes the segment of a row into `key`. `named` writes the value of a name that is no part of the facts.
    pub(super) fn write(&self, facts: &Facts, key: &mut String, mut named: impl FnMut(&str, &mut String)) {
        key.clear();
        for (at, part) in self.parts.iter().enumerate() {
            if at > 0 {
                key.push_str(AND);
            }
            match part {
                Part::Merchant => key.push_str(facts.merchant.as_str()),
                Part::Country => key.push_str(facts.country.as_ref().map_or(NONE, |country| country.code())),
                Part::Currency => key.push_str(facts.amount.currency.code()),
                // Writing to a text cannot fail.
                Part::Plan => drop(write!(key, "{}", facts.plan)),
                Part::Day => date(facts.at.ms(), true, key),
                Part::Month => date(facts.at.ms(), false, key),
                Part::Named(name) => named(name, key),
            }
        }
    }
}

fn date(ms: i64, with_day: bool, key: &mut String) {
    let epoch = jiff::civil::date(1970, 1, 1);
    let date = epoch.saturating_add(jiff::Span::new().days(ms.div_euclid(DAY_MS).clamp(0, 2_900_000)));
    let _ = match with_day {
        true => write!(key, "{date}"),
        false => write!(key, "{:04}-{:02}", date.year(), date.month()),
    };
}

/// A feature or a signal, by its name.
#[derive(Debug, Clone)]
pub(super) enum OfFacts {
    Feature(FeatureId),
    Signal(Box<str>),
}

impl OfFacts {
    /// `None`: there is no such feature.
    pub fn find(name: &str) -> Option<Self> {
        features::find(name)
            .map(Self::Feature)
            .or_else(|| name.strip_prefix("signal_").map(|signal| Self::Signal(signal.into())))
    }

    /// Writes its value.
    pub fn write(&self, facts: &Facts, key: &mut String) {
        let number = |number: f64, key: &mut String| match number.is_nan() {
            true => key.push_str(NONE),
            false => drop(write!(key, "{number}")),
        };
        match self {
            Self::Feature(id) => match features::get(*id).kind {
                FeatureKind::Category => key.push_str(facts.vector.category(*id).unwrap_or(NONE)),
                FeatureKind::Number => number(facts.vector.number(*id), key),
                FeatureKind::Boolean => key.push_str(match facts.vector.number(*id) {
                    flag if flag.is_nan() => NONE,
                    0.0 => "false",
                    _ => "true",
                }),
            },
            Self::Signal(name) => match facts.signals.get(name) {
                None => key.push_str(NONE),
                Some(Signal::Number(value)) => number(*value, key),
                Some(Signal::Text(text)) => key.push_str(text),
                Some(Signal::Flag(flag)) => drop(write!(key, "{flag}")),
            },
        }
    }
}
