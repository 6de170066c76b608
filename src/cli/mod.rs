//! Floor 8: the commands, one file each. A command reads its settings, does its work through the floors below, and ends
//! with 0 (done), 1 (what was checked or asked for failed) or 2 (wrong use, or a file that cannot be used).

mod backtest;
mod call;
mod connection;
mod decide;
mod demo;
mod export;
mod failure;
mod features;
mod import;
mod keys;
mod loadtest;
mod mock_providers;
mod model;
mod notice;
mod output;
mod policy;
mod replay;
mod scenario;
mod serve;
mod synth;
mod webhooks;

use crate::config;
use crate::domain::keys::KeyHasher;
use crate::store::{self, Store};
use connection::Connection;
pub use failure::Failure;
use output::{Progress, print, print_json, read_input};
use std::process::ExitCode;
use std::sync::Arc;

/// The risk-decision engine for purchases paid in instalments: accept, decline or step-up.
#[derive(Debug, clap::Parser)]
#[command(name = "aval", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 what was checked or asked for failed, 2 wrong use or an unusable file.\n\n\
    Example:\n  aval serve &\n  aval decide fixtures/requests/regular.json --server http://127.0.0.1:50051"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
enum Command {
    Serve(serve::Serve),
    Decide(decide::Decide),
    Call(call::Call),
    Demo(demo::Demo),
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    #[command(subcommand)]
    Webhooks(webhooks::WebhooksCommand),
    #[command(subcommand)]
    Model(model::ModelCommand),
    #[command(subcommand)]
    Notice(notice::NoticeCommand),
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    #[command(subcommand)]
    Scenario(scenario::ScenarioCommand),
    Import(import::Import),
    Export(export::Export),
    Features(features::Features),
    Synth(synth::Synth),
    Replay(replay::Replay),
    Backtest(backtest::Backtest),
    Loadtest(loadtest::Loadtest),
    MockProviders(mock_providers::MockProviders),
    #[command(hide = true)]
    BenchServer(loadtest::BenchServer),
}

impl Cli {
    /// Runs the command; its exit code.
    pub fn run(self) -> Result<ExitCode, Failure> {
        failure::set_style();
        match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Decide(decide) => decide.run(),
            Command::Call(call) => call.run(),
            Command::Demo(demo) => demo.run(),
            Command::Keys(keys) => keys.run(),
            Command::Webhooks(webhooks) => webhooks.run(),
            Command::Model(model) => model.run(),
            Command::Notice(notice) => notice.run(),
            Command::Policy(policy) => Ok(policy::run(policy)),
            Command::Scenario(scenario) => scenario::run(scenario),
            Command::Import(import) => import.run(),
            Command::Export(export) => export.run(),
            Command::Features(features) => features.run(),
            Command::Synth(synth) => synth.run(),
            Command::Replay(replay) => replay.run(),
            Command::Backtest(backtest) => backtest.run(),
            Command::Loadtest(loadtest) => loadtest.run(),
            Command::MockProviders(mock) => mock.run(),
            Command::BenchServer(server) => server.run(),
        }
    }
}

/// Opens the store and reads its secret. In this order: a store that is there without its secret is refused, and a new
/// one gets its secret first.
fn open_store(settings: &config::Settings) -> Result<(Arc<dyn Store>, KeyHasher), Failure> {
    let hasher = config::secret::hasher(settings)?;
    Ok((store::open(&settings.store, &settings.store_options())?, hasher))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_explains_itself_with_an_example() {
        let cli = Cli::command();
        cli.clone().debug_assert();
        let mut open: Vec<_> = cli.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
        while let Some(command) = open.pop() {
            let name = command.get_name().to_owned();
            assert!(command.get_about().is_some(), "`{name}` says what it does");
            open.extend(command.get_subcommands().cloned());
            let example = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(command.has_subcommands() || example.contains("aval "), "`{name} --help` has an example");
        }
    }
}
