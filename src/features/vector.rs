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

    /// Sets a number, or a boolean as 0 or 1.
    pub fn set_number(&mut self, id: FeatureId, value: f64) {
        let at = usize::from(id.0);
        if self.numbers.len() <= at {
            self.numbers.resize(at + 1, f64::NAN);
        }
        self.numbers[at] = value;
    }

    /// Writes the vector so that every later version reads the same bits.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.numbers.iter().flat_map(|number| number.to_le_bytes()));
    }

    /// Reads what [`Vector::encode`] of this or any earlier version wrote; `None`: it is something else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let numbers = bytes.chunks_exact(8).map(|chunk| f64::from_le_bytes(chunk.try_into().unwrap_or_default()));
        Some(Self { numbers: numbers.collect(), categories: Vec::new() })
    }
}
