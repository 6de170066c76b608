//! `aval model score`: the score of every row of a table.

use super::load;
use crate::cli::{Failure, Progress, print};
use crate::table;
use crate::train::score::score;
use std::path::PathBuf;
use std::process::ExitCode;

/// Scores every row of a table: log-odds before calibration and probability after, both empty where the model cannot
/// answer.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  aval model score models/fraud.model.json decisions.parquet --out scores.parquet")]
pub struct ScoreArgs {
    /// The model file.
    model: PathBuf,
    /// The table, with a column for each input of the model: .parquet, .csv or .csv.gz.
    table: PathBuf,
    /// The table to write: a row for each row, with the columns log_odds and probability.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl ScoreArgs {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let model = load(&self.model)?.map_err(|refusal| *refusal)?;
        let source = table::open(&self.table)?;
        let progress = Progress::start("rows scored");
        let scored = score(&model, &source, &self.out, |rows| progress.set(rows))?;
        progress.finish();
        let unscored = scored.unscored;
        let left = if unscored > 0 { format!(", {unscored} of which the model cannot score") } else { String::new() };
        print(&format!("{} rows{left}, written to {}", scored.rows, self.out.display()));
        Ok(ExitCode::SUCCESS)
    }
}
