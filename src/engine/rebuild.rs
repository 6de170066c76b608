//! Reading the log at the start: checkpoints first, then the entries after the last of them.

use super::Settings;
use super::projection::{self, Projection, Trace};
use super::requests::Requests;
use crate::domain::ids::Seq;
use crate::features::velocity::Velocity;
use crate::store::{Reader, StoreError};

/// How many entries are read at once.
const PAGE: usize = 1_024;

/// What the log said.
#[derive(Debug)]
pub struct Rebuilt {
    /// Everything that the log says of the past.
    pub projection: Projection,
    /// The entries after the last checkpoint, which the next one will cover.
    pub traces: Vec<Trace>,
    /// The last place in the log.
    pub last: Seq,
}

/// Reads the log as a start does: from its checkpoints, and the entries after the last of them.
pub fn from_checkpoints(reader: &mut dyn Reader, settings: &Settings) -> Result<Rebuilt, StoreError> {
    let mut rebuilt = empty(reader, settings)?;
    while let Some(checkpoint) = reader.checkpoint(rebuilt.last)? {
        let traces = projection::decode(&checkpoint.bytes).ok_or_else(|| {
            StoreError::Damaged(format!("table checkpoint, column bytes, row {}", checkpoint.through.0))
        })?;
        traces.iter().for_each(|trace| rebuilt.projection.apply(trace));
        rebuilt.last = checkpoint.through;
    }
    read_entries(reader, rebuilt)
}

/// Reads every entry of the log, whatever checkpoints there are: the proof of [`from_checkpoints`].
pub fn from_entries(reader: &mut dyn Reader, settings: &Settings) -> Result<Rebuilt, StoreError> {
    let rebuilt = empty(reader, settings)?;
    read_entries(reader, rebuilt)
}

fn empty(reader: &mut dyn Reader, settings: &Settings) -> Result<Rebuilt, StoreError> {
    let requests = Requests::new(settings.requests_kept, reader.settled_through()?);
    let projection = Projection::new(Velocity::new(settings.velocity_memory_bytes), requests);
    Ok(Rebuilt { projection, traces: Vec::new(), last: Seq(0) })
}

fn read_entries(reader: &mut dyn Reader, mut rebuilt: Rebuilt) -> Result<Rebuilt, StoreError> {
    loop {
        let entries = reader.tail(rebuilt.last, PAGE)?;
        let Some(newest) = entries.last() else { return Ok(rebuilt) };
        rebuilt.last = newest.id.seq();
        for entry in &entries {
            let trace = Trace::of(entry);
            rebuilt.projection.apply(&trace);
            rebuilt.traces.push(trace);
        }
    }
}
