//! `aval model`: making models from tables, checking model files, measuring models.

mod score;

use super::{Failure, Progress, print, print_json, read_input};
use crate::domain::challenge::ChallengeKind;
use crate::domain::time::Timestamp;
use crate::engine::clock;
use crate::model::{MAX_BYTES, Model};
use crate::table;
use crate::text::Refusal;
use crate::train::evaluate::{Evaluation, Wanted, evaluate};
use crate::train::measures::Measures;
use crate::train::spec::Spec;
use crate::train::{Trained, train};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Makes, checks and measures models.
#[derive(Debug, clap::Subcommand)]
pub enum ModelCommand {
    Train(TrainArgs),
    Check(CheckArgs),
    Evaluate(EvaluateArgs),
    Score(score::ScoreArgs),
}

/// Fits a logistic model to a table, by a specification, and writes its file with golden rows.
///
/// The table is what `aval export` or `aval synth` write, or any other with a column for each input and one for the
/// label. A fit that has not converged is refused. SOURCE_DATE_EPOCH in the environment stands for the time of making.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  aval model train decisions.parquet --spec models/fraud.train.yaml --out fraud.model.json")]
pub struct TrainArgs {
    /// The table: .parquet, .csv or .csv.gz.
    table: PathBuf,
    /// Which columns become which terms (docs/model-file.md).
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// The model file to write; its name must end in .model.json for a server to load it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where the rows come from, as the model file tells it; without it, the name of the table.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// Prints the measures as JSON.
    #[arg(long)]
    json: bool,
}

/// Checks model files: refuses them with file, line, column and mend, or says in short what they are.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aval model check models/fraud.model.json
  aval model check --json models/*.model.json

Exit codes: 0 every file is good, 1 a file was refused, 2 wrong use or a file that cannot be read.")]
pub struct CheckArgs {
    /// The model files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Prints one JSON object a file, for machines.
    #[arg(long)]
    json: bool,
}

/// Measures a model on a table: AUC, KS, Gini, Brier, log loss, ECE, average precision, and card precision at the top k.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aval model evaluate models/fraud.model.json decisions.parquet --label fraud
  aval model evaluate fraud.model.json decisions.parquet --label fraud --from 2026-08-08T00:00:00Z --card customer_key")]
pub struct EvaluateArgs {
    /// The model file.
    model: PathBuf,
    /// The table: .parquet, .csv or .csv.gz.
    table: PathBuf,
    /// The column that says what became of each row: true is bad; rows where it is empty are left out.
    #[arg(long, value_name = "COLUMN")]
    label: String,
    /// The column with the time of each row.
    #[arg(long, value_name = "COLUMN", default_value = "decided_at")]
    time: String,
    /// Only rows from this time on (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Timestamp>,
    /// Only rows before this time (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Timestamp>,
    /// The column that names cards or customers: also gives card precision, day by day.
    #[arg(long, value_name = "COLUMN")]
    card: Option<String>,
    /// Only rows that hold this evidence: sms_code, id_document or bank_history. Rows without what the model itself
    /// requires are left out anyway.
    #[arg(long, value_name = "CHALLENGE", value_parser = challenge)]
    evidence: Vec<ChallengeKind>,
    /// How many cards are looked at each day.
    #[arg(long, value_name = "K", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
    /// Prints the measures as JSON.
    #[arg(long)]
    json: bool,
}

fn challenge(text: &str) -> Result<ChallengeKind, String> {
    let known = ChallengeKind::ALL.into_iter().find(|kind| kind.name() == text);
    known.ok_or_else(|| format!("expected one of {}", ChallengeKind::ALL.map(ChallengeKind::name).join(", ")))
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|invalid| invalid.to_string())
}

impl ModelCommand {
    /// Runs the command.
    pub fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Train(args) => args.run(),
            Self::Check(args) => Ok(ExitCode::from(check(&args))),
            Self::Evaluate(args) => args.run(),
            Self::Score(args) => args.run(),
        }
    }
}

impl TrainArgs {
    fn run(self) -> Result<ExitCode, Failure> {
        let spec = Spec::load(&self.spec.display().to_string(), &read_input(&self.spec)?)?;
        let table = table::open(&self.table)?;
        let name = self.table.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let source = self.source.unwrap_or(name);
        let progress = Progress::start("rows");
        let trained = train(&table, &spec, &source, created()?, |doing, rows| {
            progress.say(doing);
            progress.set(rows);
        })?;
        progress.finish();
        put(&self.out, &trained.text)?;
        if self.json {
            print_json(&serde_json::json!({
                "file": self.out.display().to_string(), "model": trained.model.model_ref(),
                "training": trained.training, "holdout": trained.holdout, "unlabelled": trained.unlabelled,
                "without_evidence": trained.without_evidence, "turned_round": trained.turned_round,
            }));
        } else {
            print(&told(&self.out, &trained));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes a file whole or not at all.
fn put(file: &Path, text: &str) -> Result<(), Failure> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".part");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(|error| Failure::input(file, format!("expected a place to write the model to: {error}")))
}

/// When a model is made: now, or the time that the environment says, as in reproducible-builds.org/specs/source-date-epoch.
fn created() -> Result<Timestamp, Failure> {
    let Ok(given) = std::env::var("SOURCE_DATE_EPOCH") else { return Ok(clock::system_now()) };
    let seconds = given.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
    seconds
        .and_then(|ms| Timestamp::from_ms(ms).ok())
        .ok_or_else(|| Failure::wrong_use(format!("SOURCE_DATE_EPOCH: expected seconds since 1970, found `{given}`")))
}

fn told(file: &Path, trained: &Trained) -> String {
    let model = trained.model.file();
    let mut lines = vec![format!(
        "{} {} for {}: {} terms, written to {}",
        model.name,
        model.version,
        model.target.name(),
        model.terms.len(),
        file.display()
    )];
    let all = std::iter::once(("training", Some(&trained.training))).chain([("holdout", trained.holdout.as_ref())]);
    for (on, measures) in all {
        lines.extend(measures.map(|measures| format!("{on:9} {}", in_short(measures))));
    }
    let left_out = [(trained.unlabelled, "a label"), (trained.without_evidence, "the evidence that is required")];
    for (count, what) in left_out.into_iter().filter(|(count, _)| *count > 0) {
        lines.push(format!("{count} rows without {what} were left out"));
    }
    if !trained.turned_round.is_empty() {
        let names = trained.turned_round.join(", ");
        lines.push(format!(
            "against their own evidence, so that their reasons mislead: {names}; drop them or what says the same"
        ));
    }
    lines.join("\n")
}

fn in_short(measures: &Measures) -> String {
    let Measures { rows, bad, auc, ks, gini, brier, log_loss, ece, average_precision, .. } = measures;
    format!(
        "{rows} rows, {bad} bad: AUC {auc:.4}, KS {ks:.4}, Gini {gini:.4}, Brier {brier:.5}, log loss {log_loss:.5}, \
         ECE {ece:.5}, AP {average_precision:.4}"
    )
}

impl EvaluateArgs {
    fn run(self) -> Result<ExitCode, Failure> {
        let model = load(&self.model)?.map_err(|refusal| *refusal)?;
        let table = table::open(&self.table)?;
        let timed = self.from.is_some() || self.to.is_some() || self.card.is_some();
        let wanted = Wanted {
            label: self.label,
            time: timed.then_some(self.time),
            from: self.from,
            to: self.to,
            cards: self.card.map(|card| (card, self.top as usize)),
            evidence: self.evidence,
        };
        let progress = Progress::start("rows scored");
        let evaluation = evaluate(&model, &table, &wanted, |rows| progress.set(rows))?;
        progress.finish();
        if self.json {
            print_json(&evaluation);
        } else {
            print(&evaluated(&evaluation, self.top));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn evaluated(evaluation: &Evaluation, top: u32) -> String {
    let Measures { rows, bad, auc, ks, gini, brier, log_loss, ece, average_precision, .. } = evaluation.measures;
    let mut lines = vec![format!("{rows} rows, {bad} bad ({:.2} %)", 100.0 * bad as f64 / rows as f64)];
    let mut line = |name: &str, value: f64| lines.push(format!("  {name:18} {value:.5}"));
    line("AUC", auc);
    line("KS", ks);
    line("Gini", gini);
    line("Brier", brier);
    line("log loss", log_loss);
    line("ECE", ece);
    line("average precision", average_precision);
    if let Some(precision) = evaluation.card_precision {
        line(&format!("CP@{top}"), precision);
    }
    for (count, why) in [
        (evaluation.unlabelled, "without a label"),
        (evaluation.without_evidence, "without the evidence"),
        (evaluation.unscored, "that the model cannot score"),
    ] {
        if count > 0 {
            lines.push(format!("{count} rows {why} were left out"));
        }
    }
    lines.join("\n")
}

/// A model file, read within its bound; the inner error refuses it.
fn load(path: &Path) -> Result<Result<Model, Box<Refusal>>, Failure> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::input(path, format!("expected a readable model file: {error}")))?;
    Ok(Model::load(&path.display().to_string(), &bytes).map_err(Box::new))
}

/// Checks every file; the exit code is that of the worst.
fn check(args: &CheckArgs) -> u8 {
    let mut worst = 0;
    for path in &args.files {
        let loaded = match load(path) {
            Ok(loaded) => loaded,
            Err(failure) => {
                eprintln!("{failure}");
                worst = 2;
                continue;
            }
        };
        if loaded.is_err() {
            worst = worst.max(1);
        }
        match (loaded, args.json) {
            (Ok(model), false) => print(&summary(path, &model)),
            (Ok(model), true) => print(&good(path, &model).to_string()),
            (Err(refusal), false) => eprintln!("{:?}", miette::Report::new(*refusal)),
            (Err(refusal), true) => print(&refusal.to_json().to_string()),
        }
    }
    worst
}

fn good(path: &Path, model: &Model) -> serde_json::Value {
    let file = model.file();
    serde_json::json!({
        "file": path.display().to_string(), "ok": true, "model": model.model_ref(), "terms": file.terms.len(),
        "trained_on": file.trained_on, "metrics": file.metrics, "golden": file.golden.len(),
    })
}

fn summary(path: &Path, model: &Model) -> String {
    let file = model.file();
    let metrics = &file.metrics;
    [
        format!("{}: OK, model {} version {} for {}", path.display(), file.name, file.version, file.target.name()),
        format!("  digest     {}", model.model_ref().digest),
        format!("  terms      {} of {} inputs, {} golden rows", file.terms.len(), file.inputs.len(), file.golden.len()),
        format!(
            "  made from  {} rows, {:.2} % bad: {}",
            file.trained_on.rows,
            100.0 * file.trained_on.bad_rate,
            file.trained_on.source
        ),
        format!("  {:10} AUC {:.4}, KS {:.4}, Brier {:.5}", metrics.on, metrics.auc, metrics.ks, metrics.brier),
    ]
    .join("\n")
}
