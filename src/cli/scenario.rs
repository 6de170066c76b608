//! `aval scenario`: stories written as files.

use super::{Connection, Failure, Progress, print, print_json};
use crate::config;
use crate::scenario::{self, Options, Ran, Report};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

/// How often watched files are looked at.
const LOOK: Duration = Duration::from_millis(300);
/// How much of what no story touches is listed of each kind, unless all is asked for.
const LISTED: usize = 12;

/// Works with stories: scenarios written as files.
#[derive(Debug, clap::Subcommand)]
pub enum ScenarioCommand {
    Run(RunArgs),
    Schema(SchemaArgs),
}

/// Runs stories: each YAML file is one.
///
/// Without --server each story runs in an engine of its own, on a virtual clock, with the mock providers behind it: no
/// network, no waiting. With --server it runs against a server that was started with --mock-providers; stories that set
/// the clock, the models or the providers are left out there.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aval scenario run fixtures/scenarios
  aval scenario run my-story.yaml --watch
  aval scenario run fixtures/scenarios --update
  aval scenario run fixtures/scenarios --junit target/stories.xml
  aval scenario run fixtures/scenarios --server http://127.0.0.1:50051

Exit codes: 0 all came as expected, 1 something came out differently, 2 a file that is no story.")]
pub struct RunArgs {
    /// The stories: files, and directories with all below them. parts.yaml, files that begin with _ and what lies in
    /// directories named models and policies are no stories.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Writes the results as JUnit's XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Writes what came over what was expected; look at the difference before you keep it.
    #[arg(long, conflicts_with = "server")]
    update: bool,
    /// Runs again whenever a story, its parts, a policy or a model changes.
    #[arg(long)]
    watch: bool,
    /// Lists everything that no story touches, not only the first of it.
    #[arg(long)]
    all: bool,
    /// Ends with 1 where a state, a transition, a reason or a rule is touched by no story.
    #[arg(long)]
    require_coverage: bool,
    /// Prints one JSON object: the stories and what they touch.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    generation: config::GenerationArgs,
}

/// Prints the JSON Schema of stories, for editors.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval scenario schema > fixtures/scenarios/scenario.schema.json")]
pub struct SchemaArgs {}

/// Runs the command.
pub fn run(command: ScenarioCommand) -> Result<ExitCode, Failure> {
    match command {
        ScenarioCommand::Run(arguments) => arguments.run(),
        ScenarioCommand::Schema(SchemaArgs {}) => {
            print_json(&scenario::json_schema());
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl RunArgs {
    fn run(&self) -> Result<ExitCode, Failure> {
        let settings = self.generation.settings()?;
        let server = self.connection.server.clone().map(|server| (server, self.connection.api_key()));
        let (models, policy) = (settings.models, settings.policy);
        let options = Options { models, policy, server, update: self.update };
        if !self.watch {
            return self.once(&options);
        }
        loop {
            let before = stamps(&self.watched(&options));
            match self.once(&options) {
                Ok(_) => {}
                Err(failure) => drop(failure.tell()),
            }
            eprintln!("watching; Ctrl-C ends");
            while stamps(&self.watched(&options)) == before {
                std::thread::sleep(LOOK);
            }
        }
    }

    fn watched(&self, options: &Options) -> Vec<PathBuf> {
        self.paths.iter().chain([&options.models, &options.policy]).cloned().collect()
    }

    fn once(&self, options: &Options) -> Result<ExitCode, Failure> {
        let progress = (!self.json && std::io::stderr().is_terminal()).then(|| Progress::start("stories"));
        let mut done = 0;
        let report = scenario::run(&self.paths, options, |_| {
            done += 1;
            progress.iter().for_each(|progress| progress.set(done));
        });
        progress.into_iter().for_each(Progress::finish);
        let report = report?;
        if let Some(file) = &self.junit {
            let xml = scenario::junit(&report).map_err(Failure::failed)?;
            std::fs::write(file, xml).map_err(|error| Failure::input(file, error))?;
        }
        match self.json {
            true => print_json(&report),
            false => print(&self.shown(&report)),
        }
        let covered = !self.require_coverage || report.coverage.iter().all(|covered| covered.missing.is_empty());
        let good = report.stories.iter().all(Ran::is_good) && covered;
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    fn shown(&self, report: &Report) -> String {
        let mut lines = Vec::new();
        for ran in &report.stories {
            lines.extend(story(ran));
        }
        for covered in report.coverage.iter().filter(|covered| !covered.missing.is_empty()) {
            let most = if self.all { usize::MAX } else { LISTED };
            lines.push(format!("No story touches these {}:", covered.what));
            lines.extend(covered.missing.iter().take(most).map(|missing| format!("  {missing}")));
            if covered.missing.len() > most {
                lines.push(format!("  … and {} more: --all lists them", covered.missing.len() - most));
            }
        }
        for covered in &report.coverage {
            lines.push(format!("{:12} {:>4} of {:>4} touched", covered.what, covered.touched, covered.of));
        }
        let count = |is: fn(&Ran) -> bool| report.stories.iter().filter(|ran| is(ran)).count();
        let (bad, skipped) = (count(|ran| !ran.is_good()), count(|ran| ran.skipped.is_some()));
        let took = report.took.as_secs_f64();
        let per_second = report.stories.len() as f64 / took.max(1e-9);
        lines.push(format!(
            "{} stories: {} as expected, {bad} not, {skipped} left out, {} written anew; {took:.2} s, {per_second:.0} a second",
            report.stories.len(),
            report.stories.len() - bad - skipped,
            count(|ran| ran.updated),
        ));
        lines.join("\n")
    }
}

/// What there is to say of one story: nothing where all came as expected.
fn story(ran: &Ran) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(why) = ran.skipped {
        return vec![format!("- {}: left out: {why}", ran.file)];
    }
    if ran.updated {
        lines.push(format!("~ {}: written anew", ran.file));
    }
    if ran.failures.is_empty() {
        return lines;
    }
    lines.push(format!("✗ {}: {}", ran.file, ran.story));
    for failure in &ran.failures {
        lines.push(format!("  {}:{}: {}", ran.file, failure.line, failure.message));
        if failure.differences.is_empty() {
            continue;
        }
        let widest =
            |of: fn(&scenario::Difference) -> &str| failure.differences.iter().map(|it| of(it).chars().count()).max();
        let (key, expected) = (widest(|it| it.key).unwrap_or(0), widest(|it| &it.expected).unwrap_or(0).max(8));
        lines.push(format!("    {:>5}  {:key$}  {:expected$}  came", "line", "", "expected"));
        for it in &failure.differences {
            lines.push(format!("    {:>5}  {:key$}  {:expected$}  {}", it.line, it.key, it.expected, it.came));
        }
    }
    lines
}

/// When each file below these paths was last written.
fn stamps(paths: &[PathBuf]) -> BTreeMap<PathBuf, Option<SystemTime>> {
    fn add(path: &Path, stamps: &mut BTreeMap<PathBuf, Option<SystemTime>>) {
        if let Ok(entries) = std::fs::read_dir(path) {
            entries.flatten().for_each(|entry| add(&entry.path(), stamps));
        } else {
            let written = std::fs::metadata(path).and_then(|data| data.modified()).ok();
            stamps.insert(path.into(), written);
        }
    }
    let mut stamps = BTreeMap::new();
    paths.iter().for_each(|path| add(path, &mut stamps));
    stamps
}
