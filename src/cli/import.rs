//! `aval import`.

use super::{Failure, Progress, open_store, print_json};
use crate::config;
use crate::domain::ids::MerchantId;
use crate::history::import::import;
use std::path::PathBuf;
use std::process::ExitCode;

/// Reads purchases of the past into the log: they count for velocity and are never decided.
///
/// Required columns: occurred_at, customer_id, amount_minor, currency. Read where they are: terminal_id,
/// card_fingerprint, device_id, email, phone, ip_address, address_line1, address_line2, address_city,
/// address_postal_code, address_country, outcome (paid, late, defaulted, fraud, chargeback). The whole file is checked
/// before anything is written; an import that was cut short goes on where it stopped when it is run again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval import history.parquet --merchant shop-1 --store sqlite:aval.db")]
pub struct Import {
    /// The file: .parquet, .csv or .csv.gz.
    file: PathBuf,
    /// Whose purchases these are.
    #[arg(long, default_value = "demo", value_parser = merchant)]
    merchant: MerchantId,
    #[command(flatten)]
    store: config::StoreArg,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

fn merchant(text: &str) -> Result<MerchantId, String> {
    MerchantId::parse(text).map_err(|invalid| invalid.to_string())
}

impl Import {
    /// Needs the store for itself: no server may hold it.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let settings = self.store.settings()?;
        let (store, hasher) = open_store(&settings)?;
        let progress = Progress::start("rows");
        let done = import(&self.file, store.as_ref(), &self.merchant, &hasher, |doing, rows| {
            progress.say(doing);
            progress.set(rows);
        })?;
        progress.finish();
        if self.json {
            print_json(&done);
        } else {
            println!("{} rows: {} imported now, {} before", done.rows, done.imported, done.before);
        }
        Ok(ExitCode::SUCCESS)
    }
}
