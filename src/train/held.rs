//! Which rows of a table hold the evidence that a model requires: the others are not its to score.

use crate::domain::challenge::ChallengeKind;
use crate::features::evidence;
use crate::table::{Batch, TableError};

/// The columns that say so.
pub(super) fn columns(required: &[ChallengeKind]) -> impl Iterator<Item = &'static str> {
    required.iter().flat_map(|kind| evidence::vouching(*kind)).map(|(name, _)| name)
}

/// Whether each row does.
pub(super) fn rows(batch: &Batch, required: &[ChallengeKind]) -> Result<Vec<bool>, TableError> {
    let mut held = vec![true; batch.rows()];
    for (name, least) in required.iter().flat_map(|kind| evidence::vouching(*kind)) {
        let values = batch.numbers(name)?;
        held.iter_mut().zip(values.iter()).for_each(|(held, value)| *held &= *value >= least);
    }
    Ok(held)
}
