//! `aval replay`.

use super::{Failure, Progress, open_store, print_json};
use crate::config;
use crate::domain::ids::ApplicationId;
use crate::history::replay::replay;
use std::process::ExitCode;

/// Recomputes stored decisions from their facts, under the models and policy that decided, and compares the bits.
///
/// Ends with 1 when a decision comes out differently.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aval replay --store sqlite:aval.db\n  aval replay --application app_0190… --json")]
pub struct Replay {
    /// Only this application's.
    #[arg(long, value_name = "ID", value_parser = application)]
    application: Option<ApplicationId>,
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

fn application(text: &str) -> Result<ApplicationId, String> {
    ApplicationId::parse(text).map_err(|invalid| invalid.to_string())
}

impl Replay {
    /// Reads the log, also while a server writes it.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let settings = self.store.settings()?;
        let (store, hasher) = open_store(&settings)?;
        let progress = Progress::start("decisions recomputed");
        let replayed =
            replay(store.reader()?.as_mut(), self.application, &hasher, |decisions| progress.set(decisions))?;
        progress.finish();
        if self.json {
            print_json(&replayed);
        } else {
            for difference in &replayed.differences {
                println!("{}", difference.application_id);
                difference.what.iter().for_each(|what| println!("  {what}"));
            }
            println!("{} decisions recomputed, {} different", replayed.decisions, replayed.different);
        }
        let missing = self.application.is_some() && replayed.decisions == 0;
        if missing {
            return Err(Failure::failed("no such application in this store"));
        }
        Ok(if replayed.different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
