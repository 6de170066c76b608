//! `aval backtest`.

mod told;

use super::{Failure, Progress, open_store, print, print_json};
use crate::backtest::{self, Dimension, Job, LabelColumns, Report};
use crate::config;
use crate::domain::decision::Target;
use crate::domain::keys::KeyHasher;
use crate::domain::time::Timestamp;
use crate::engine::generation;
use crate::table;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The hashing secret for files, whose keys are in no list.
const NO_SECRET: [u8; 16] = [0; 16];

/// Decides history again under other models and another policy, and compares with what was decided.
///
/// History is a store (sqlite:PATH), the table that `aval export` writes, or any table with the columns that models and
/// policy read. Where nothing was decided, a second generation can be given to compare with.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aval backtest --from sqlite:aval.db --models candidate --policy policies/default.yaml --by merchant,country
  aval backtest --from decisions.parquet --models models --policy stricter.yaml --by plan --by month --json
  aval backtest --from rows.csv --models new --against-models old --policy policies/default.yaml --assume currency=EUR

Exit codes: 0 done, 2 wrong use or a file that cannot be used.")]
pub struct Backtest {
    /// The history: sqlite:PATH, or a file whose name ends in .parquet, .csv or .csv.gz.
    #[arg(long, value_name = "HISTORY")]
    from: String,
    #[command(flatten)]
    candidate: config::GenerationArgs,
    /// Compares with these models instead of with what was decided.
    #[arg(long, value_name = "DIR")]
    against_models: Option<PathBuf>,
    /// Compares with this policy instead of with what was decided.
    #[arg(long, value_name = "FILE")]
    against_policy: Option<PathBuf>,
    /// A table of segments: merchant, country, currency, plan, day, month, a column of the file or a feature; `a+b` tells
    /// apart by both.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    by: Vec<String>,
    /// Only what was submitted from this time on (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only what was submitted before this time (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// The column of a file that says what became of a row, where it is not called fraud or defaulted: fraud=COLUMN or
    /// default=COLUMN.
    #[arg(long, value_name = "TARGET=COLUMN", value_parser = pair)]
    label: Vec<(String, String)>,
    /// What is taken for a column that a file does not have, the same for every row; empty: missing.
    #[arg(long, value_name = "COLUMN=VALUE", value_parser = pair)]
    assume: Vec<(String, String)>,
    /// What a fraud costs, as a share of the amount [default: as the candidate's policy says].
    #[arg(long, value_name = "SHARE", value_parser = share)]
    fraud_loss: Option<f64>,
    /// What a default costs, as a share of the amount [default: as the candidate's policy says].
    #[arg(long, value_name = "SHARE", value_parser = share)]
    default_loss: Option<f64>,
    /// What a purchase earns that is repaid, in hundredths of a percent [default: as the candidate's policy says].
    #[arg(long, value_name = "BPS", value_parser = clap::value_parser!(u32).range(..=10_000))]
    margin_bps: Option<u32>,
    /// How many applications are named of each change of outcome.
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u32).range(..=1_000))]
    examples: u32,
    /// By which they are drawn.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// How many threads judge [default: one for each core].
    #[arg(long, value_name = "COUNT")]
    threads: Option<NonZeroUsize>,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|invalid| invalid.to_string())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.into(), value.into()))
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "expected a share from 0 to 1".into())
}

impl Backtest {
    /// Reads the history, a store's also while a server writes it.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let settings = self.candidate.settings()?;
        let from_store = self.from.starts_with("sqlite:");
        let (store, hasher) = match from_store {
            true => {
                let mut settings = settings.clone();
                settings.store.clone_from(&self.from);
                let (store, hasher) = open_store(&settings)?;
                (Some(store), hasher)
            }
            false => (None, KeyHasher::new(NO_SECRET)),
        };
        let candidate = generation::load(&settings.models, &settings.policy, &hasher)?;
        let against = match (&self.against_models, &self.against_policy) {
            (None, None) => None,
            (models, policy) => {
                let models = models.as_deref().unwrap_or(&settings.models);
                Some(generation::load(models, policy.as_deref().unwrap_or(&settings.policy), &hasher)?)
            }
        };
        let mut rates = candidate.policy.rates();
        rates.fraud_loss_share = self.fraud_loss.unwrap_or(rates.fraud_loss_share);
        rates.default_loss_share = self.default_loss.unwrap_or(rates.default_loss_share);
        rates.margin_bps = self.margin_bps.unwrap_or(rates.margin_bps);
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let job = Job {
            candidate: &candidate,
            against: against.as_ref(),
            rates,
            by: self.by.iter().map(|name| Dimension::parse(name)).collect(),
            since: self.since,
            until: self.until,
            threads: self.threads.unwrap_or(cores).get(),
            examples: self.examples as usize,
            seed: self.seed,
            assume: self.assume.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect(),
            labels: labels(&self.label)?,
        };
        let began = std::time::Instant::now();
        let report = match &store {
            Some(store) => {
                let progress = Progress::start("entries read");
                let report = backtest::of_log(store.as_ref(), &job, &|rows| progress.set(rows))?;
                progress.finish();
                report
            }
            None => from_table(Path::new(&self.from), &job)?,
        };
        let seconds = began.elapsed().as_secs_f64();
        if self.json {
            print_json(&report);
        } else {
            print(&told::report(&report));
        }
        // For people and scripts alike, apart from the report, which is the same whenever it is made.
        eprintln!(
            "{} rows in {seconds:.2} s: {:.0} rows a second on {} threads",
            report.rows,
            report.rows as f64 / seconds.max(1e-9),
            job.threads
        );
        Ok(ExitCode::SUCCESS)
    }
}

fn from_table(file: &Path, job: &Job<'_>) -> Result<Report, Failure> {
    let source = table::open(file)?;
    let progress = match source.rows() {
        Some(rows) => Progress::of("rows decided again", rows),
        None => Progress::start("rows decided again"),
    };
    let report = backtest::of_table(&source, job, &|rows| progress.set(rows))?;
    progress.finish();
    Ok(report)
}

fn labels(given: &[(String, String)]) -> Result<LabelColumns, Failure> {
    let mut labels = LabelColumns::default();
    for (target, column) in given {
        match Target::ALL.into_iter().find(|known| known.name() == target) {
            Some(Target::Fraud) => labels.fraud = column.as_str().into(),
            Some(Target::Default) => labels.defaulted = column.as_str().into(),
            None => return Err(Failure::wrong_use(format!("--label {target}={column}: expected fraud or default"))),
        }
    }
    Ok(labels)
}
