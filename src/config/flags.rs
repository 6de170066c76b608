//! The settings as flags of a command: only those that the command's group names, all from the catalogue.

use super::catalogue::{CATALOGUE, Setting};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::PathBuf;

/// Which settings a command takes as flags. The file and the environment are always checked whole.
pub trait Group {
    /// Whether this setting is one of them.
    fn has(name: &str) -> bool;
}

/// All settings: for the server.
#[derive(Debug, Clone, Copy)]
pub struct All;

/// Where the log is.
#[derive(Debug, Clone, Copy)]
pub struct Storing;

/// Where the log is, and where merchants' endpoints may be.
#[derive(Debug, Clone, Copy)]
pub struct Targeting;

/// Where models and policy are.
#[derive(Debug, Clone, Copy)]
pub struct Judging;

impl Group for All {
    fn has(_: &str) -> bool {
        true
    }
}

impl Group for Storing {
    fn has(name: &str) -> bool {
        matches!(name, "store" | "secret_file" | "store_max_mb")
    }
}

impl Group for Targeting {
    fn has(name: &str) -> bool {
        Storing::has(name) || name == "webhook_insecure_targets"
    }
}

impl Group for Judging {
    fn has(name: &str) -> bool {
        matches!(name, "models" | "policy")
    }
}

/// The settings given as flags, and the file of settings.
#[derive(Debug, Clone)]
pub struct Flags<G> {
    /// The file of settings; `None`: `aval.toml` in the working directory, if it is there.
    pub config: Option<PathBuf>,
    /// The values given, by setting.
    pub(super) given: BTreeMap<&'static str, String>,
    group: PhantomData<G>,
}

fn settings<G: Group>() -> impl Iterator<Item = &'static Setting> {
    CATALOGUE.iter().filter(|setting| G::has(setting.name))
}

impl<G: Group> Args for Flags<G> {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("The file of settings [default: aval.toml, if it is there]");
        settings::<G>().fold(command.arg(file), |command, setting| {
            let default = (setting.default)();
            let default = if default.is_empty() { String::new() } else { format!(" [default: {default}]") };
            let flag = Arg::new(setting.name)
                .long(setting.flag())
                .value_name("VALUE")
                .hide_short_help(false)
                .help(format!("{}{default} [env: {}]", setting.doc.trim(), setting.variable()));
            let flag = match setting.is_flag() {
                true => flag.num_args(0..=1).default_missing_value("true"),
                false => flag,
            };
            command.arg(flag)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<G: Group> FromArgMatches for Flags<G> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |setting: &Setting| matches.get_one::<String>(setting.name).cloned();
        Ok(Self {
            config: matches.get_one("config").cloned(),
            given: settings::<G>().filter_map(|setting| Some((setting.name, given(setting)?))).collect(),
            group: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
