//! `aval synth`.

use super::{Failure, Progress, print, print_json};
use crate::engine::generation;
use crate::synth::report::{Judged, OfScenario, Report, Tally, share};
use crate::synth::{self, Format, Settings};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Makes a synthetic population: purchases of invented shoppers at invented shops, some of them fraud, some not repaid.
///
/// Writes `purchases` (the requests, flat, and the truth) and `features` (what a server would know of each: the columns
/// of `aval export`, for `aval model train`). With --bank also `bank`: what the banks of some of them tell. The same seed writes the same bytes. With --models and --policy every
/// purchase is judged, too. Everything in it is an assumption (docs/synth.md): claims of accuracy rest on real data.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aval synth --out population
  aval synth --out population --customers 50000 --days 365 --seed 7 --format csv
  aval synth --out population --bank 30
  aval synth --out population --models models --policy policies/default.yaml --json")]
pub struct Synth {
    /// The folder to write to; made where it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many shoppers.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    customers: u32,
    /// How many days.
    #[arg(long, value_name = "D", default_value_t = 180)]
    days: u32,
    /// Which population.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Of how many shoppers in a hundred the bank histories are read: 90 days of transactions for each of their purchases
    /// go to the table `bank`, and what they say to `features`.
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    bank: u32,
    /// How the tables are written.
    #[arg(long, value_enum, default_value = "parquet")]
    format: FormatArg,
    /// Judges every purchase with the models of this folder.
    #[arg(long, value_name = "DIR", requires = "policy")]
    models: Option<PathBuf>,
    /// Judges every purchase by this policy.
    #[arg(long, value_name = "FILE", requires = "models")]
    policy: Option<PathBuf>,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

/// How the tables are written.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FormatArg {
    /// Small and typed.
    Parquet,
    /// Readable by anything.
    Csv,
}

impl Synth {
    /// Writes the population and says what it turned out to be.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let generation = match (&self.models, &self.policy) {
            (Some(models), Some(policy)) => Some(generation::load(models, policy, &synth::hasher())?),
            _ => None,
        };
        let settings =
            Settings { customers: self.customers, days: self.days, seed: self.seed, bank_percent: self.bank };
        let format = match self.format {
            FormatArg::Parquet => Format::Parquet,
            FormatArg::Csv => Format::Csv,
        };
        let progress = Progress::start("purchases");
        let mut today = -1;
        let report = synth::write(&settings, &self.out, format, generation.as_ref(), |purchases, day| {
            progress.set(purchases);
            if day != today {
                today = day;
                progress.say(&format!("purchases, day {} of {}", day + 1, self.days));
            }
        })?;
        progress.finish();
        if self.json {
            print_json(&report);
        } else {
            print(text(&report).trim_end());
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    let Tally { purchases, .. } = report.all;
    line(
        &mut text,
        format_args!(
            "{purchases} purchases of {} shoppers at {} shops in {} days, seed {}",
            report.customers, report.merchants, report.days, report.seed
        ),
    );
    line(
        &mut text,
        format_args!(
            "fraud {}, default {} of the rest",
            percent(report.all.fraud_rate()),
            percent(report.all.default_rate())
        ),
    );
    report.files.iter().for_each(|file| line(&mut text, format_args!("  {file}")));
    line(&mut text, format_args!(""));
    match &report.judged {
        None => report.scenarios.iter().for_each(|scenario| plain_row(&mut text, scenario)),
        Some(judged) => judgement(&mut text, judged, &report.scenarios, purchases),
    }
    text
}

fn plain_row(text: &mut String, scenario: &OfScenario) {
    let OfScenario { scenario, all, .. } = scenario;
    line(
        text,
        format_args!("  {scenario:17} {:>9} purchases, not repaid {:>8}", all.purchases, percent(all.default_rate())),
    );
}

fn judgement(text: &mut String, judged: &Judged, scenarios: &[OfScenario], purchases: u64) {
    let within = judged.within_limits;
    let all = within.all().purchases;
    line(text, format_args!("within the limits {} ({all})", percent(share(all, purchases))));
    let mut outcome = |name: &str, tally: Tally| {
        line(
            text,
            format_args!(
                "  {name:17} {:>8}   bad {:>8} (fraud {:>8}, default {:>8})",
                percent(share(tally.purchases, all)),
                percent(tally.bad_rate()),
                percent(tally.fraud_rate()),
                percent(tally.default_rate()),
            ),
        );
    };
    outcome("accepted at once", within.accept);
    outcome("stepped up", within.step_up);
    outcome("declined", within.decline);
    outcome("the rest, both", within.rest());
    if judged.degraded > 0 {
        line(text, format_args!("  degraded          {}", judged.degraded));
    }
    line(text, format_args!(""));
    line(
        text,
        format_args!(
            "  {:17} {:>9} {:>10} {:>10} {:>10}",
            "within the limits", "purchases", "accepted", "stepped up", "declined"
        ),
    );
    for scenario in scenarios {
        let Some(judged) = scenario.judged else { continue };
        let all = judged.all().purchases;
        let part = |tally: Tally| percent(share(tally.purchases, all));
        line(
            text,
            format_args!(
                "  {:17} {all:>9} {:>10} {:>10} {:>10}",
                scenario.scenario,
                part(judged.accept),
                part(judged.step_up),
                part(judged.decline)
            ),
        );
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}
