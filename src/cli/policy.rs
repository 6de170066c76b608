//! `aval policy`: checking policy files.

use crate::domain::keys::KeyHasher;
use crate::policy::{Policy, Summary};
use std::path::PathBuf;
use std::process::ExitCode;

/// Works with policy files.
#[derive(Debug, clap::Subcommand)]
pub enum PolicyCommand {
    /// Checks policy files: refuses them with file, line, column and mend, or says in short what they do.
    Check(CheckArgs),
}

/// What to check.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aval policy check policies/default.yaml
  aval policy check --json policies/*.yaml

Exit codes: 0 every file is good, 1 a file was refused, 2 wrong use or a file that cannot be read.")]
pub struct CheckArgs {
    /// The policy files.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Prints one JSON object a file, for machines.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub fn run(command: PolicyCommand) -> ExitCode {
    match command {
        PolicyCommand::Check(args) => ExitCode::from(check(&args)),
    }
}

/// Checks every file; the exit code is that of the worst.
fn check(args: &CheckArgs) -> u8 {
    let mut worst = 0;
    for path in &args.files {
        let file = path.display().to_string();
        let source = match std::fs::read_to_string(path) {
            Ok(source) => source,
            Err(error) => {
                eprintln!("{file}: expected a readable policy file: {error}");
                worst = 2;
                continue;
            }
        };
        // The secret matters to nobody here: no hash leaves this command.
        let loaded = Policy::load(&file, &source, &KeyHasher::new([0; 16]));
        if loaded.is_err() {
            worst = worst.max(1);
        }
        match (loaded, args.json) {
            (Ok(policy), false) => print_summary(&file, &policy.summary()),
            (Ok(policy), true) => println!("{}", good(&file, &policy.summary())),
            (Err(refusal), false) => eprintln!("{:?}", miette::Report::new(refusal)),
            (Err(refusal), true) => println!("{}", refusal.to_json()),
        }
    }
    worst
}

fn good(file: &str, summary: &Summary) -> serde_json::Value {
    serde_json::json!({ "file": file, "ok": true, "policy": summary })
}

fn print_summary(file: &str, summary: &Summary) {
    println!("{file}: OK, policy {} version {}", summary.name, summary.version);
    if summary.any_plan {
        println!("  plans      any");
    }
    line("plans", &summary.plans);
    if summary.merchants > 0 {
        println!("  merchants  {}", summary.merchants);
    }
    line("rules", &summary.rules);
    line("block", &counts(&summary.block));
    line("allow", &counts(&summary.allow));
    let cutoffs = summary.cutoffs.iter().map(|one| {
        let (target, evidence) = (one.target, one.evidence);
        format!("{target} ({evidence}): accept below {}, decline from {}", one.accept_below, one.decline_from)
    });
    line("cut-offs", &cutoffs.collect::<Vec<_>>());
}

fn counts(counts: &[(&'static str, usize)]) -> Vec<String> {
    counts.iter().map(|(kind, count)| format!("{kind}: {count}")).collect()
}

/// Values under one heading, which stands before the first.
fn line(heading: &str, values: &[String]) {
    for (at, value) in values.iter().enumerate() {
        println!("  {:10} {value}", if at == 0 { heading } else { "" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_exit_code_is_that_of_the_worst_file() {
        let (good, bad, absent) =
            ("policies/default.yaml", "fixtures/policies/bad/no-plans.yaml", "policies/absent.yaml");
        for (files, code) in
            [(vec![good], 0), (vec![good, bad], 1), (vec![bad, absent, bad], 2), (vec![absent, good], 2)]
        {
            for json in [false, true] {
                let paths = files.iter().map(|file| Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).collect();
                assert_eq!(check(&CheckArgs { files: paths, json }), code, "{files:?}");
            }
        }
    }
}
