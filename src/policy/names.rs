//! The names that a rule may use, and their values on one application.

use crate::domain::decision::Scores;
use crate::domain::submission::Signal;
use crate::domain::text;
use crate::features::{self, Facts, FeatureId, FeatureKind};
use cel::common::types::{CelBool, CelDouble, CelNull, CelString};
use cel::common::value::CowVal;
use cel::context::VariableResolver;

/// What the name of a signal begins with.
pub(super) const SIGNAL_PREFIX: &str = "signal_";
/// How long the name of a signal may be.
const MAX_SIGNAL_CHARS: usize = 40;

/// The names that are no features.
const FIXED: [(&str, Slot); 6] = [
    ("merchant", Slot::Merchant),
    ("country", Slot::Country),
    ("currency", Slot::Currency),
    ("fraud_probability", Slot::FraudProbability),
    ("default_probability", Slot::DefaultProbability),
    ("expected_loss_minor", Slot::ExpectedLoss),
];

/// Where the value of a name is found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot {
    Merchant,
    Country,
    Currency,
    FraudProbability,
    DefaultProbability,
    ExpectedLoss,
    Number(FeatureId),
    Flag(FeatureId),
    Category(FeatureId),
    Signal(Box<str>),
}

/// What values a name takes, as far as the policy can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Flag,
    Text,
    /// A signal: whatever the merchant sends.
    Any,
}

impl Slot {
    /// The place of a name.
    pub fn find(name: &str) -> Option<Self> {
        if let Some((_, slot)) = FIXED.iter().find(|(fixed, _)| *fixed == name) {
            return Some(slot.clone());
        }
        if let Some(id) = features::find(name) {
            return Some(match features::get(id).kind {
                FeatureKind::Number => Self::Number(id),
                FeatureKind::Boolean => Self::Flag(id),
                FeatureKind::Category => Self::Category(id),
            });
        }
        let signal = name.strip_prefix(SIGNAL_PREFIX)?;
        text::snake(signal, MAX_SIGNAL_CHARS).ok().map(Self::Signal)
    }

    /// All names but the signals', which the merchants choose.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FIXED.iter().map(|(name, _)| *name).chain(features::all().map(|(_, feature)| feature.name))
    }

    /// What values it takes.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Merchant | Self::Country | Self::Currency | Self::Category(_) => Kind::Text,
            Self::FraudProbability | Self::DefaultProbability | Self::ExpectedLoss | Self::Number(_) => Kind::Number,
            Self::Flag(_) => Kind::Flag,
            Self::Signal(_) => Kind::Any,
        }
    }
}

/// The value of one name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Missing,
    Number(f64),
    Flag(bool),
    Text(&'a str),
}

impl<'a> Value<'a> {
    fn number(value: f64) -> Self {
        if value.is_nan() { Self::Missing } else { Self::Number(value) }
    }

    /// The value as CEL sees it.
    pub fn to_cel(self) -> CowVal<'a, 'a> {
        static NULL: CelNull = CelNull;
        match self {
            Self::Missing => CowVal::Borrowed(&NULL),
            Self::Number(number) => CowVal::owned(CelDouble::from(number)),
            Self::Flag(flag) => CowVal::owned(CelBool::from(flag)),
            Self::Text(text) => CowVal::owned(CelString::from(text)),
        }
    }
}

/// The values of one application, looked up as a rule asks for them. In a compiled rule a name is the number of its
/// slot.
pub(super) struct Seen<'a> {
    pub slots: &'a [Slot],
    pub facts: &'a Facts,
    pub scores: &'a Scores,
}

impl Seen<'_> {
    /// The value in one slot.
    pub fn value(&self, slot: &Slot) -> Value<'_> {
        let probability = |score: Option<crate::domain::decision::Score>| {
            score.map_or(Value::Missing, |score| Value::number(score.probability))
        };
        match slot {
            Slot::Merchant => Value::Text(self.facts.merchant.as_str()),
            Slot::Country => self.facts.country.as_ref().map_or(Value::Missing, |country| Value::Text(country.code())),
            Slot::Currency => Value::Text(self.facts.amount.currency.code()),
            Slot::FraudProbability => probability(self.scores.fraud),
            Slot::DefaultProbability => probability(self.scores.default),
            Slot::ExpectedLoss => {
                self.scores.expected_loss_minor.map_or(Value::Missing, |minor| Value::Number(minor as f64))
            }
            Slot::Number(id) => Value::number(self.facts.vector.number(*id)),
            Slot::Flag(id) => match Value::number(self.facts.vector.number(*id)) {
                Value::Number(number) => Value::Flag(number != 0.0),
                other => other,
            },
            Slot::Category(id) => self.facts.vector.category(*id).map_or(Value::Missing, Value::Text),
            Slot::Signal(name) => match self.facts.signals.get(name) {
                Some(Signal::Number(number)) => Value::number(*number),
                Some(Signal::Text(text)) => Value::Text(text),
                Some(Signal::Flag(flag)) => Value::Flag(*flag),
                None => Value::Missing,
            },
        }
    }
}

impl VariableResolver for Seen<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        self.slots.get(variable.parse::<usize>().ok()?).map(|slot| self.value(slot).to_cel())
    }
}
