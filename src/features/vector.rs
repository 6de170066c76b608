//! The values of all features for one application.

use super::catalogue::FIRST_VELOCITY;
use super::{FeatureId, FeatureKind, count};
use std::sync::OnceLock;

/// The longest category in bytes; longer ones are cut.
const MAX_CATEGORY_BYTES: usize = 255;
/// More bytes than a typical vector is packed into.
const TYPICAL_BYTES: usize = 384;

/// The values of all features for one application; what is missing is missing, never zero.
///
/// It is open while it is filled and judged, and can be packed into the bytes by which it is stored, a sixth of the
/// memory, while it is kept. A packed one opens by itself when it is asked for a value.
#[derive(Clone, Default)]
pub struct Vector {
    open: OnceLock<Open>,
    packed: Option<Box<[u8]>>,
}

/// The values, ready to be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Open {
    /// Numbers and booleans (0 or 1) by feature, NaN where missing; NaN at categories. Past the end: all missing.
    pub numbers: Vec<f64>,
    /// Categories, sorted by feature: where each ends in `names`.
    categories: Vec<(FeatureId, usize)>,
    /// The categories' names, one after the other.
    names: String,
}

impl Vector {
    /// All missing, with room for what a typical submission says by itself.
    pub(super) fn roomy() -> Self {
        Self::from(Open {
            numbers: vec![f64::NAN; FIRST_VELOCITY],
            categories: Vec::with_capacity(24),
            names: String::with_capacity(120),
        })
    }

    /// The value of a number, or of a boolean as 0 or 1; NaN where missing.
    pub fn number(&self, id: FeatureId) -> f64 {
        self.open().number(id)
    }

    /// The value of a category, `None` where missing.
    pub fn category(&self, id: FeatureId) -> Option<&str> {
        self.open().category(id)
    }

    /// Sets a number, or a boolean as 0 or 1. NaN makes it missing.
    pub fn set_number(&mut self, id: FeatureId, value: f64) {
        let value = if value.is_nan() { f64::NAN } else { value };
        let at = usize::from(id.0);
        let Some(open) = self.open_mut() else { return };
        if at >= open.numbers.len() {
            open.numbers.resize(count(), f64::NAN);
        }
        if let Some(number) = open.numbers.get_mut(at) {
            *number = value;
        }
    }

    /// Sets a category, at most 255 bytes of its name.
    pub fn set_category(&mut self, id: FeatureId, name: &str) {
        let name = &name[..name.floor_char_boundary(MAX_CATEGORY_BYTES)];
        self.open_mut().into_iter().for_each(|open| open.set_category(id, name));
    }

    /// Makes all categories missing.
    pub fn clear_categories(&mut self) {
        self.open_mut().into_iter().for_each(|open| {
            open.categories.clear();
            open.names.clear();
        });
    }

    /// Sets every value that another vector knows.
    pub fn overlay(&mut self, other: &Self) {
        let known = other.open();
        for (at, value) in known.numbers.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            self.set_number(FeatureId(at as u16), *value);
        }
        known.categories().for_each(|(id, name)| self.set_category(id, name));
    }

    /// Lets go of the room in which values are read.
    pub fn pack(&mut self) {
        if self.packed.is_none() {
            let mut bytes = Vec::with_capacity(TYPICAL_BYTES);
            self.encode(&mut bytes);
            self.packed = Some(bytes.into());
        }
        self.open = OnceLock::new();
    }

    /// The bytes by which it is stored, if it is packed.
    pub(super) fn packed(&self) -> Option<&[u8]> {
        self.packed.as_deref()
    }

    /// All numbers by place.
    pub(super) fn numbers_mut(&mut self) -> &mut [f64] {
        let Some(open) = self.open_mut() else { return &mut [] };
        open.numbers.resize(count(), f64::NAN);
        &mut open.numbers
    }

    /// The values, ready to be read.
    pub(super) fn open(&self) -> &Open {
        // What was packed here can be unpacked.
        let unpack = || self.packed.as_ref().and_then(|bytes| Open::decode(bytes)).unwrap_or_default();
        self.open.get_or_init(unpack)
    }

    /// The values, to be changed: what was packed is no longer so. `None` cannot happen: it has just been opened.
    fn open_mut(&mut self) -> Option<&mut Open> {
        self.open();
        self.packed = None;
        self.open.get_mut()
    }
}

impl From<Open> for Vector {
    fn from(open: Open) -> Self {
        Self { open: OnceLock::from(open), packed: None }
    }
}

impl Open {
    pub fn number(&self, id: FeatureId) -> f64 {
        self.numbers.get(usize::from(id.0)).copied().unwrap_or(f64::NAN)
    }

    pub fn category(&self, id: FeatureId) -> Option<&str> {
        let at = self.categories.binary_search_by_key(&id, |(at, _)| *at).ok()?;
        self.names.get(self.start(at)..self.categories[at].1)
    }

    pub fn set_category(&mut self, id: FeatureId, name: &str) {
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

    /// The categories that are there, in the order of their places.
    pub fn categories(&self) -> impl Iterator<Item = (FeatureId, &str)> {
        let places = self.categories.iter().enumerate();
        places.filter_map(|(at, (id, end))| Some((*id, self.names.get(self.start(at)..*end)?)))
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.categories[before].1)
    }
}

/// Two vectors are equal where all values are, bit for bit.
impl PartialEq for Vector {
    fn eq(&self, other: &Self) -> bool {
        let same = |at| self.number(FeatureId(at)).to_bits() == other.number(FeatureId(at)).to_bits();
        let (one, two) = (self.open(), other.open());
        one.categories == two.categories && one.names == two.names && (0..count() as u16).all(same)
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
    fn what_is_laid_over_wins_where_it_is_known() {
        let numbers: Vec<_> = all().filter(|(_, f)| f.kind != FeatureKind::Category).map(|(id, _)| id).collect();
        let (category, _) = all().find(|(_, f)| f.kind == FeatureKind::Category).unwrap();
        let (mut below, mut above) = (Vector::default(), Vector::default());
        below.set_number(numbers[0], 1.0);
        below.set_number(numbers[1], 2.0);
        below.set_category(category, "below");
        above.set_number(numbers[1], 20.0);
        below.pack();
        below.overlay(&above);
        assert_eq!((below.number(numbers[0]), below.number(numbers[1])), (1.0, 20.0));
        assert_eq!(below.category(category), Some("below"));
        above.set_category(category, "above");
        below.overlay(&above);
        assert_eq!(below.category(category), Some("above"));
        assert_eq!(below.packed(), None, "changed, so no longer as it was packed");
    }

    #[test]
    fn packed_or_open_it_holds_the_same() {
        let mut vector = Vector::default();
        all().take(9).filter(|(_, f)| f.kind != FeatureKind::Category).for_each(|(id, _)| vector.set_number(id, 7.5));
        let mut packed = vector.clone();
        packed.pack();
        assert_eq!(packed, vector, "a packed one opens by itself");
        packed.pack();
        let (first, _) = all().next().unwrap();
        packed.set_number(first, 8.0);
        assert_ne!(packed, vector);
        packed.pack();
        assert_eq!(packed.number(first), 8.0, "what is set on a packed one is packed too");
    }

    #[test]
    fn places_that_the_catalogue_does_not_have_are_missing() {
        let mut vector = Vector::default();
        vector.set_number(FeatureId(u16::MAX), 1.0);
        assert!(vector.number(FeatureId(u16::MAX)).is_nan());
        assert_eq!(vector, Vector::default());
    }
}
