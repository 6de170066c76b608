//! A map that holds so many entries and no more: the oldest gives way.

use std::collections::{HashMap, VecDeque};

/// How many entries each map of the mock holds.
pub const MOST: usize = 10_000;

/// The map.
pub struct Bounded<V> {
    entries: HashMap<String, V>,
    order: VecDeque<String>,
    most: usize,
}

impl<V> Bounded<V> {
    /// An empty one.
    pub fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), most }
    }

    pub fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    /// Sets an entry; one that was there keeps its place.
    pub fn set(&mut self, key: &str, value: V) {
        if self.entries.insert(key.to_owned(), value).is_none() {
            self.order.push_back(key.to_owned());
        }
        while self.entries.len() > self.most {
            let Some(oldest) = self.order.pop_front() else { return };
            self.entries.remove(&oldest);
        }
    }

    pub fn remove(&mut self, key: &str) -> Option<V> {
        let removed = self.entries.remove(key)?;
        self.order.retain(|held| held != key);
        Some(removed)
    }

    /// Keeps the entries that `keep` says yes to.
    pub fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.entries.retain(|_, value| keep(value));
        let entries = &self.entries;
        self.order.retain(|key| entries.contains_key(key));
    }
}

impl Bounded<u32> {
    /// How often this was called before with the same key.
    pub fn count(&mut self, key: &str) -> u32 {
        let before = self.get(key).copied().unwrap_or(0);
        self.set(key, before + 1);
        before
    }
}

impl<V> Default for Bounded<V> {
    fn default() -> Self {
        Self::new(MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_gives_way() {
        let mut map = Bounded::new(2);
        map.set("a", 1);
        map.set("b", 2);
        map.set("a", 3);
        map.set("c", 4);
        assert_eq!((map.get("a"), map.get("b"), map.get("c")), (None, Some(&2), Some(&4)));
        assert_eq!((map.remove("b"), map.remove("b")), (Some(2), None));
        map.set("d", 5);
        map.retain(|value| *value > 3);
        assert_eq!((map.get("c"), map.get("d")), (Some(&4), Some(&5)));
        assert_eq!((map.count("d"), map.count("d"), map.count("e")), (5, 6, 0));
    }
}
