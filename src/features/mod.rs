//! Floor 1: the feature catalogue. What a model or a rule may ask about an application, each declared once with
//! its name, unit, meaning of missing, reason code and extractor; [`velocity`] counts what came before.
//!
//! One file a family. [`facts`] is what is judged and kept, [`vector`] holds the values and writes them for good,
//! [`reference`] prints the catalogue for people. Age, sex, marital status, nationality and health are no features:
//! no entry here reads them.

mod account;
mod address;
mod basket;
mod catalogue;
mod contact;
mod customer;
mod device;
pub mod evidence;
pub mod facts;
mod mailbox;
mod phone;
mod purchase;
mod reference;
mod scene;
mod stored;
#[cfg(test)]
mod tests;
mod time;
pub mod vector;
pub mod velocity;

pub use catalogue::{all, count, find, get};
pub use facts::Facts;
pub use reference::reference;
pub use vector::Vector;

use crate::domain::reason::ReasonCode;
use scene::Scene;

/// A feature's place in the catalogue of this version; stored values go by [`Feature::code`] instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureId(pub u16);

/// What values a feature takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureKind {
    /// A number in the feature's unit.
    Number,
    /// Yes or no.
    Boolean,
    /// One of a set of names.
    Category,
}

/// One entry of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// The permanent number under which values are stored. Never reused; entries are never removed.
    pub code: u16,
    /// The name in models, rules and exports, unit last.
    pub name: &'static str,
    /// What values it takes.
    pub kind: FeatureKind,
    /// The unit, such as `minor units`, `days`; empty for booleans and categories.
    pub unit: &'static str,
    /// What it says.
    pub doc: &'static str,
    /// When it is missing.
    pub missing: &'static str,
    /// The reason that it gives by default.
    pub reason: ReasonCode,
    /// The names that a category can take, in a permanent order to which names are only appended; empty: any name.
    pub values: &'static [&'static str],
    source: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy)]
enum Source {
    Number(fn(&Scene<'_>) -> Option<f64>),
    Boolean(fn(&Scene<'_>) -> Option<bool>),
    Category(for<'s> fn(&'s Scene<'_>) -> Option<&'s str>),
    /// Nothing that is submitted says it: it is set once a challenge has yielded evidence.
    Evidence(evidence::Reading),
    Velocity(velocity::Measure),
}

impl Feature {
    /// Whether only evidence says it, so that it is missing at the instant decision.
    pub fn is_evidence(&self) -> bool {
        matches!(self.source, Source::Evidence(_))
    }

    /// What the feature says, and when it is missing.
    const fn says(mut self, doc: &'static str, missing: &'static str) -> Self {
        self.doc = doc;
        self.missing = missing;
        self
    }

    /// The names that a category can take.
    const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }
}

const fn entry(
    code: u16,
    name: &'static str,
    kind: FeatureKind,
    unit: &'static str,
    reason: ReasonCode,
    source: Source,
) -> Feature {
    Feature { code, name, kind, unit, doc: "", missing: "", reason, values: &[], source }
}

const fn number(
    code: u16,
    name: &'static str,
    unit: &'static str,
    reason: ReasonCode,
    read: fn(&Scene<'_>) -> Option<f64>,
) -> Feature {
    entry(code, name, FeatureKind::Number, unit, reason, Source::Number(read))
}

const fn boolean(code: u16, name: &'static str, reason: ReasonCode, read: fn(&Scene<'_>) -> Option<bool>) -> Feature {
    entry(code, name, FeatureKind::Boolean, "", reason, Source::Boolean(read))
}

const fn category(
    code: u16,
    name: &'static str,
    reason: ReasonCode,
    read: for<'s> fn(&'s Scene<'_>) -> Option<&'s str>,
) -> Feature {
    entry(code, name, FeatureKind::Category, "", reason, Source::Category(read))
}
