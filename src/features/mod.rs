//! Floor 1: the feature catalogue. What a model or a rule may ask about an application, each declared once with
//! its name, unit, meaning of missing, reason code and extractor; [`velocity`] counts what came before.

pub mod facts;
pub mod vector;
pub mod velocity;

pub use facts::Facts;
pub use vector::Vector;

use crate::domain::reason::ReasonCode;

/// A feature's place in the catalogue.
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
#[derive(Debug)]
pub struct Feature {
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
}

/// The place of the feature of this name.
pub fn find(_name: &str) -> Option<FeatureId> {
    None
}

/// The entry at a place.
pub fn get(_id: FeatureId) -> &'static Feature {
    unimplemented!()
}

/// All entries, in the order of their places.
pub fn all() -> impl Iterator<Item = (FeatureId, &'static Feature)> {
    std::iter::empty()
}
