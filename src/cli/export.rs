//! `aval export`.

use super::{Failure, Progress, open_store, print_json};
use crate::config;
use crate::history::export::export;
use std::path::PathBuf;
use std::process::ExitCode;

/// Writes every decision with its features, scores and reported outcomes, one row each, for training.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval export --store sqlite:aval.db --out decisions.parquet")]
pub struct Export {
    /// The file to write; its name ends in .parquet, .csv or .csv.gz.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

impl Export {
    /// Reads the log, also while a server writes it.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let settings = self.store.settings()?;
        let (store, _) = open_store(&settings)?;
        let progress = Progress::start("decisions written");
        let rows = export(&self.out, store.reader()?.as_mut(), |rows| progress.set(rows))?;
        progress.finish();
        if self.json {
            print_json(&serde_json::json!({ "rows": rows, "file": self.out.display().to_string() }));
        } else {
            println!("{rows} decisions written to {}", self.out.display());
        }
        Ok(ExitCode::SUCCESS)
    }
}
