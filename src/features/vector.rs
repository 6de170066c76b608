//! The values of all features for one application.

use super::FeatureId;

/// The values of all features for one application; what is missing is missing, never zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vector {
    /// Numbers and booleans (0 or 1) by feature, NaN where missing; NaN at categories.
    numbers: Vec<f64>,
    /// Categories, sorted by feature.
    categories: Vec<(FeatureId, Box<str>)>,
}

impl Vector {
    /// The value of a number, or of a boolean as 0 or 1; NaN where missing.
    pub fn number(&self, id: FeatureId) -> f64 {
        self.numbers[usize::from(id.0)]
    }

    /// The value of a category, `None` where missing.
    pub fn category(&self, id: FeatureId) -> Option<&str> {
        self.categories.binary_search_by_key(&id, |(at, _)| *at).ok().map(|at| self.categories[at].1.as_ref())
    }
}
