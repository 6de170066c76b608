//! `aval features`.

use super::{Failure, Progress, print_json};
use crate::domain::ids::MerchantId;
use crate::domain::keys::KeyHasher;
use crate::history::past::{Wanted, features};
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::process::ExitCode;

/// What keys are made by: they are compared within the file, and only the customer's stands in what is written.
const SECRET: [u8; 16] = *b"aval features/1.";

/// Computes the features of past purchases, each as it would have been seen at its time, for training and backtests.
///
/// Reads the columns that `aval import` reads, in the order of time; needs no store and decides nothing. The table that is
/// written is that of `aval export`, without decisions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aval features history.parquet --out features.parquet
  aval features history.csv --out features.parquet --time-zone Europe/Paris --only hour_of_day,customer_count_7d")]
pub struct Features {
    /// The purchases: .parquet, .csv or .csv.gz, sorted by occurred_at.
    file: PathBuf,
    /// The file to write; its name ends in .parquet, .csv or .csv.gz.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Whose purchases these are.
    #[arg(long, default_value = "demo", value_parser = merchant)]
    merchant: MerchantId,
    /// Where night and weekend are taken.
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    time_zone: TimeZone,
    /// How many days after a purchase a fraud is known.
    #[arg(long, value_name = "DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(..=3_650))]
    known_after_days: u32,
    /// Writes only these features, beside those that every decision looks at.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

fn merchant(text: &str) -> Result<MerchantId, String> {
    MerchantId::parse(text).map_err(|invalid| invalid.to_string())
}

fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| "expected a time zone such as UTC or Europe/Paris".into())
}

impl Features {
    /// Reads the file once.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let wanted = Wanted {
            merchant: &self.merchant,
            zone: &self.time_zone,
            known_after_days: self.known_after_days,
            only: &self.only,
        };
        let progress = Progress::start("purchases written");
        let rows = features(&self.file, &self.out, &wanted, &KeyHasher::new(SECRET), |rows| progress.set(rows))?;
        progress.finish();
        if self.json {
            print_json(&serde_json::json!({ "rows": rows, "file": self.out.display().to_string() }));
        } else {
            println!("{rows} purchases written to {}", self.out.display());
        }
        Ok(ExitCode::SUCCESS)
    }
}
