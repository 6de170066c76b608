//! Block and allow lists, in memory as keyed hashes only.

use crate::domain::keys::{KeyHash, KeyKind, Keys};

/// The values of one list, by kind of key.
#[derive(Debug, Default)]
pub(super) struct Lists([Vec<KeyHash>; KeyKind::ALL.len()]);

impl Lists {
    /// Takes a value.
    pub fn add(&mut self, kind: KeyKind, hash: KeyHash) {
        self.0[kind as usize].push(hash);
    }

    /// Makes the list ready to be searched.
    pub fn sorted(mut self) -> Self {
        for hashes in &mut self.0 {
            hashes.sort_unstable();
            hashes.dedup();
        }
        self
    }

    /// Whether any key of an application is in the list.
    pub fn holds(&self, keys: &Keys) -> bool {
        self.0.iter().zip(&keys.0).any(|(hashes, key)| key.is_some_and(|key| hashes.binary_search(&key).is_ok()))
    }

    /// How many values of each kind there are.
    pub fn counts(&self) -> impl Iterator<Item = (KeyKind, usize)> {
        KeyKind::ALL.into_iter().map(|kind| (kind, self.0[kind as usize].len()))
    }
}
