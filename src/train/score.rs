//! Scoring every row of a table, to compare a model file with whatever fitted it.

use super::TrainError;
use super::evaluate::{Cells, columns};
use crate::model::Model;
use crate::model::batch::Values;
use crate::table::{Cell, ColumnKind, Sheet, Source};
use std::path::Path;

/// What has been scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scored {
    /// How many rows there are.
    pub rows: u64,
    /// How many of them the model cannot score.
    pub unscored: u64,
}

/// Writes a row to `out` for each row of `source`: `log_odds` before calibration and `probability` after, both missing
/// where the model cannot score. `progress` hears of the rows read.
pub fn score(model: &Model, source: &Source, out: &Path, mut progress: impl FnMut(u64)) -> Result<Scored, TrainError> {
    let names: Vec<&str> = model.file().inputs.iter().map(|input| input.name.as_str()).collect();
    let mut sheet = Sheet::create(out, &[("log_odds", ColumnKind::Number), ("probability", ColumnKind::Number)])?;
    let mut unscored = 0;
    for batch in source.read(&names)? {
        let batch = batch?;
        let cells = columns(model, &batch)?;
        let values: Vec<Values> = cells.iter().map(Cells::values).collect();
        for scored in model.score_rows(&values) {
            unscored += u64::from(scored.is_err());
            let (log_odds, probability) =
                scored.map_or((f64::NAN, f64::NAN), |score| (score.log_odds, score.probability));
            sheet.push([Cell::Number(log_odds), Cell::Number(probability)])?;
        }
        progress(batch.first_row() + batch.rows() as u64 - 1);
    }
    Ok(Scored { rows: sheet.finish()?, unscored })
}
