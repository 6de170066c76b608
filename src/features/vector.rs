//! The values of all features for one application.

use super::{FeatureId, FeatureKind, count};

/// The longest category in bytes; longer ones are cut.
const MAX_CATEGORY_BYTES: usize = 255;

/// The values of all features for one application; what is missing is missing, never zero.
#[derive(Clone, Default)]
pub struct Vector {
    /// Numbers and booleans (0 or 1) by feature, NaN where missing; NaN at categories. Empty: all missing.
    numbers: Vec<f64>,
    /// Categories, sorted by feature: where each ends in `names`.
    categories: Vec<(FeatureId, usize)>,
    /// The categories' names, one after the other.
    names: String,
}

impl Vector {
    /// All missing, with room for the categories of a typical submission.
    pub(super) fn roomy() -> Self {
        Self { numbers: Vec::new(), categories: Vec::with_capacity(24), names: String::with_capacity(120) }
    }

    /// The value of a number, or of a boolean as 0 or 1; NaN where missing.
    pub fn number(&self, id: FeatureId) -> f64 {
        self.numbers.get(usize::from(id.0)).copied().unwrap_or(f64::NAN)
    }

    /// The value of a category, `None` where missing.
    pub fn category(&self, id: FeatureId) -> Option<&str> {
        let at = self.categories.binary_search_by_key(&id, |(at, _)| *at).ok()?;
        self.names.get(self.start(at)..self.categories[at].1)
    }

    /// Sets a number, or a boolean as 0 or 1. NaN makes it missing.
    pub fn set_number(&mut self, id: FeatureId, value: f64) {
        let value = if value.is_nan() { f64::NAN } else { value };
        if let Some(number) = self.numbers_mut().get_mut(usize::from(id.0)) {
            *number = value;
        }
    }

    /// Sets a category, at most 255 bytes of its name.
    pub fn set_category(&mut self, id: FeatureId, name: &str) {
        let name = &name[..name.floor_char_boundary(MAX_CATEGORY_BYTES)];
        if self.categories.last().is_none_or(|(last, _)| *last < id) {
            self.names.push_str(name);
            self.categories.push((id, self.names.len()));
            return;
        }
        let (at, old_end) = match self.categories.binary_search_by_key(&id, |(at, _)| *at) {
            Ok(at) => (at, self.categories[at].1),
            Err(at) => {
                let start = self.start(at);
                self.categories.insert(at, (id, start));
                (at, start)
            }
        };
        let start = self.start(at);
        self.names.replace_range(start..old_end, name);
        for (_, end) in &mut self.categories[at..] {
            *end = *end - (old_end - start) + name.len();
        }
    }

    /// All numbers by place; none where all are missing.
    pub(super) fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// The categories that are there, in the order of their places.
    pub(super) fn categories(&self) -> impl Iterator<Item = (FeatureId, &str)> {
        let places = self.categories.iter().enumerate();
        places.filter_map(|(at, (id, end))| Some((*id, self.names.get(self.start(at)..*end)?)))
    }

    /// All numbers by place.
    pub(super) fn numbers_mut(&mut self) -> &mut [f64] {
        if self.numbers.is_empty() {
            self.numbers = vec![f64::NAN; count()];
        }
        &mut self.numbers
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.categories[before].1)
    }
}

/// Two vectors are equal where all values are, bit for bit.
impl PartialEq for Vector {
    fn eq(&self, other: &Self) -> bool {
        let same = |at| self.number(FeatureId(at)).to_bits() == other.number(FeatureId(at)).to_bits();
        self.categories == other.categories && self.names == other.names && (0..count() as u16).all(same)
    }
}

impl std::fmt::Debug for Vector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut map = f.debug_map();
        for (id, feature) in super::all() {
            match (feature.kind, self.category(id)) {
                (FeatureKind::Category, Some(name)) => map.entry(&feature.name, &name),
                _ if self.number(id).is_nan() => &mut map,
                _ => map.entry(&feature.name, &self.number(id)),
            };
        }
        map.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::all;
    use super::*;

    #[test]
    fn categories_may_be_set_in_any_order_and_again() {
        let ids: Vec<_> = all().filter(|(_, f)| f.kind == FeatureKind::Category).map(|(id, _)| id).collect();
        let mut vector = Vector::default();
        for (at, name) in [(2, "two"), (0, "zero"), (1, ""), (2, "deux"), (0, "z"), (1, "one")] {
            vector.set_category(ids[at], name);
        }
        assert_eq!([0, 1, 2, 3].map(|at| vector.category(ids[at])), [Some("z"), Some("one"), Some("deux"), None]);
        vector.set_category(ids[3], &"é".repeat(200));
        assert_eq!(vector.category(ids[3]).map(str::len), Some(254), "cut to 255 bytes at a character");
    }

    #[test]
    fn places_that_the_catalogue_does_not_have_are_missing() {
        let mut vector = Vector::default();
        vector.set_number(FeatureId(u16::MAX), 1.0);
        assert!(vector.number(FeatureId(u16::MAX)).is_nan());
        assert_eq!(vector, Vector::default());
    }
}
