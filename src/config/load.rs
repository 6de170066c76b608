//! Defaults, then the file, then the environment, then flags: the later wins. Everything wrong is said before
//! anything is opened.

use super::catalogue::{CATALOGUE, Setting, Settings};
use super::flags::{Flags, Group};
use crate::text::Refusal;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// The file that is read when no other is named.
const DEFAULT_FILE: &str = "aval.toml";
/// What is shown of a secret.
const HIDDEN: &str = "(hidden)";
/// The largest file of settings, in bytes.
const MAX_FILE_BYTES: usize = 1 << 20;
/// Variables with our prefix that are no settings: of tests, and of commands that are clients.
const NO_SETTINGS: &[&str] = &["AVAL_LONG", "AVAL_DATA", "AVAL_UPDATE", "AVAL_API_KEY", "AVAL_SERVER"];

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: expected a readable file of settings: {error}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file does not say what it must.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Refused(#[from] Refusal),
    /// A variable that is not a setting.
    #[error("the environment sets {name}, which is no setting")]
    #[diagnostic(help("{mend}"))]
    Variable {
        /// The variable.
        name: String,
        /// What to do about it.
        mend: String,
    },
    /// A provider is named and not all that it needs.
    #[error("{missing} is missing: {given} is set, and a provider needs all of its settings")]
    Provider {
        /// What is missing.
        missing: &'static str,
        /// What is set.
        given: &'static str,
    },
    /// Mails cannot be sent so.
    #[error(transparent)]
    Mail(#[from] crate::notice::smtp::SettingsError),
    /// A value that is not one.
    #[error("{place}: {expected}, found {found:?}")]
    Value {
        /// The flag or variable.
        place: String,
        /// What was expected.
        expected: String,
        /// What came.
        found: String,
    },
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// A line of the file.
    File(PathBuf, usize),
    /// A variable.
    Variable(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => write!(f, "--{flag}"),
        }
    }
}

/// The settings, with where each came from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings, checked.
    pub settings: Settings,
    values: BTreeMap<&'static str, (String, Source)>,
}

impl<G: Group> Flags<G> {
    /// Reads the file and the environment beside these flags.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        let file = read(self.config.as_deref())?;
        let file = file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
        Loaded::from_sources(file, std::env::vars_os().map(|(n, v)| (lossy(n), lossy(v))), &self.given)
    }

    /// The settings alone.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        Ok(self.load()?.settings)
    }
}

impl Loaded {
    /// The settings from what was read, with no word to the system.
    fn from_sources(
        file: Option<(&Path, &str)>,
        variables: impl Iterator<Item = (String, String)>,
        flags: &BTreeMap<&'static str, String>,
    ) -> Result<Self, ConfigError> {
        let mut values: BTreeMap<_, _> =
            CATALOGUE.iter().map(|setting| (setting.name, ((setting.default)(), Source::Default))).collect();
        if let Some((path, text)) = file {
            values.extend(in_file(path, text)?);
        }
        for (name, text) in variables {
            if let Some(setting) = by_variable(&name)? {
                values.insert(setting.name, (checked(setting, &name, text)?, Source::Variable(name)));
            }
        }
        for setting in CATALOGUE {
            if let Some(text) = flags.get(setting.name) {
                let text = checked(setting, &format!("--{}", setting.flag()), text.clone())?;
                values.insert(setting.name, (text, Source::Flag(setting.flag())));
            }
        }
        let text = |name: &str| values.get(name).map(|(text, _)| text.clone()).unwrap_or_default();
        let settings = Settings::from_texts(text).map_err(|invalid| ConfigError::Value {
            place: "a setting".into(),
            expected: invalid.to_string(),
            found: String::new(),
        })?;
        Ok(Self { settings, values })
    }

    /// Each setting with its value and where that came from, as `aval.toml` with comments.
    pub fn print(&self) -> String {
        let line = |setting: &Setting| {
            let (text, source) = self.values.get(setting.name)?;
            let text = shown(setting, text);
            let bare = text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok();
            let value = if bare { text.clone() } else { format!("{text:?}") };
            Some(format!("{:<44} # {source}\n", format!("{} = {value}", setting.name)))
        };
        CATALOGUE.iter().filter_map(line).collect()
    }

    /// The same for machines.
    pub fn to_json(&self) -> serde_json::Value {
        let entry = |setting: &Setting| {
            let (text, source) = self.values.get(setting.name)?;
            let text = shown(setting, text);
            Some(serde_json::json!({ "name": setting.name, "value": text, "source": source.to_string() }))
        };
        CATALOGUE.iter().filter_map(entry).collect()
    }
}

/// A value as it is shown: of a secret, whether there is one.
fn shown(setting: &Setting, text: &str) -> String {
    if setting.is_secret() && !text.is_empty() { HIDDEN.into() } else { text.to_owned() }
}

fn lossy(text: std::ffi::OsString) -> String {
    text.to_string_lossy().into_owned()
}

/// The file named, which must be there, or the default one, which need not be.
fn read(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    if named.is_none() && !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable { path: path.into(), error })?;
    Ok(Some((path.into(), text)))
}

type Values = BTreeMap<&'static str, (String, Source)>;

fn in_file(path: &Path, text: &str) -> Result<Values, Refusal> {
    let file = path.display().to_string();
    if text.len() > MAX_FILE_BYTES {
        let message = format!("{} bytes, at most {MAX_FILE_BYTES} are read", text.len());
        return Err(Refusal::new(&file, "", 0..0, message, "name another --config"));
    }
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Refusal::new(&file, text, span, format!("not TOML: {}", error.message()), "write lines such as workers = 2")
    })?;
    let mut values = BTreeMap::new();
    for (key, value) in table.get_ref() {
        let Some(setting) = CATALOGUE.iter().find(|setting| setting.name == key.get_ref().as_ref()) else {
            let message = format!("unknown setting `{}`", key.get_ref());
            return Err(Refusal::new(&file, text, key.span(), message, did_you_mean(key.get_ref(), false)));
        };
        let written = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Integer(number) => number.to_string().replace('_', ""),
            other => {
                let message = format!("expected a text, a number or true or false, found {}", other.type_str());
                return Err(Refusal::new(&file, text, value.span(), message, setting.doc.trim()));
            }
        };
        (setting.check)(&written).map_err(|invalid| {
            let message = format!("{}: {invalid}, found {:?}", setting.name, shown(setting, &written));
            Refusal::new(&file, text, value.span(), message, setting.doc.trim())
        })?;
        let line = text[..value.span().start.min(text.len())].matches('\n').count() + 1;
        values.insert(setting.name, (written, Source::File(path.into(), line)));
    }
    Ok(values)
}

/// The setting of a variable; `None`: it is not meant for us.
fn by_variable(name: &str) -> Result<Option<&'static Setting>, ConfigError> {
    if !name.starts_with("AVAL_") || NO_SETTINGS.contains(&name) {
        return Ok(None);
    }
    let found = CATALOGUE.iter().find(|setting| setting.variable() == name);
    let mend = || did_you_mean(&name["AVAL_".len()..].to_lowercase(), true);
    found.map(Some).ok_or_else(|| ConfigError::Variable { name: name.into(), mend: mend() })
}

fn checked(setting: &Setting, place: &str, text: String) -> Result<String, ConfigError> {
    match (setting.check)(&text) {
        Ok(()) => Ok(text),
        Err(invalid) => {
            let found = shown(setting, &text);
            Err(ConfigError::Value { place: place.into(), expected: invalid.to_string(), found })
        }
    }
}

/// The nearest name, or all of them.
fn did_you_mean(name: &str, as_variable: bool) -> String {
    let shown = |setting: &Setting| if as_variable { setting.variable() } else { setting.name.to_owned() };
    let nearest = CATALOGUE.iter().min_by_key(|setting| distance(setting.name, name));
    match nearest.filter(|setting| distance(setting.name, name) <= name.len().div_ceil(3)) {
        Some(setting) => format!("did you mean `{}`?", shown(setting)),
        None => format!("the settings are {}", CATALOGUE.iter().map(shown).collect::<Vec<_>>().join(", ")),
    }
}

/// How many letters must be inserted, removed or replaced to make one word the other (Levenshtein, 1965).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, variables: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Loaded, ConfigError> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Loaded::from_sources(Some((Path::new("aval.toml"), file)), variables, &flags)
    }

    #[test]
    fn the_later_source_wins_and_is_shown() {
        let file = "# settings\nworkers = 1\nstore = \"memory\"\nmax_in_flight = 1_000\n";
        let loaded = load(file, &[("AVAL_STORE", "sqlite:e.db"), ("PATH", "/bin")], &[("log", "warn")]).unwrap();
        assert_eq!((loaded.settings.workers, loaded.settings.store.as_str()), (1, "sqlite:e.db"));
        assert_eq!((loaded.settings.max_in_flight, loaded.settings.log.as_str()), (1_000, "warn"));
        let printed = loaded.print();
        let words: Vec<Vec<_>> = printed.lines().map(|line| line.split_whitespace().collect()).collect();
        for expected in [
            ["workers", "=", "1", "#", "aval.toml:2"],
            ["store", "=", "\"sqlite:e.db\"", "#", "AVAL_STORE"],
            ["log", "=", "\"warn\"", "#", "--log"],
            ["drain_seconds", "=", "10", "#", "default"],
        ] {
            assert!(words.contains(&expected.to_vec()), "{expected:?} in\n{printed}");
        }
        assert_eq!(words.len(), CATALOGUE.len());
        let again = load(&printed, &[], &[]).unwrap();
        assert_eq!(again.settings.store, "sqlite:e.db", "what is printed can be read");
    }

    #[test]
    fn the_flag_beats_the_variable_beats_the_file() {
        let file = "workers = 1";
        let workers = |variables: &[_], flags: &[_]| load(file, variables, flags).unwrap().settings.workers;
        assert_eq!(workers(&[], &[]), 1);
        assert_eq!(workers(&[("AVAL_WORKERS", "2")], &[]), 2);
        assert_eq!(workers(&[("AVAL_WORKERS", "2")], &[("workers", "3")]), 3);
    }

    #[test]
    fn what_is_wrong_is_refused_with_place_and_mend() {
        for (file, expected) in [
            (
                "workers = 1\nmax_inflight = 3\n",
                "aval.toml:2:1: unknown setting `max_inflight`; did you mean `max_in_flight`?",
            ),
            ("zzz = 1", "aval.toml:1:1: unknown setting `zzz`; the settings are grpc_addr"),
            ("workers = 0", "aval.toml:1:11: workers: expected a whole number from 1 to 64, found \"0\""),
            ("\nlog = 1.5", "aval.toml:2:7: expected a text, a number or true or false, found float"),
            ("[server]\nworkers = 1", "aval.toml:1:2: unknown setting `server`"),
            ("workers = ", "aval.toml:1:11: not TOML"),
            ("workers = 1\nworkers = 2", "aval.toml:2:1: not TOML: duplicate key"),
        ] {
            let said = load(file, &[], &[]).unwrap_err().to_string();
            assert!(said.starts_with(expected), "{file:?}: {said}");
        }
        let said = load("", &[("AVAL_WORKER", "2")], &[]).unwrap_err();
        assert_eq!(said.to_string(), "the environment sets AVAL_WORKER, which is no setting");
        assert_eq!(miette::Diagnostic::help(&said).unwrap().to_string(), "did you mean `AVAL_WORKERS`?");
        assert!(load("", &[("AVAL_LONG", "1")], &[]).is_ok());
        let said = load("", &[], &[("workers", "many")]).unwrap_err().to_string();
        assert_eq!(said, "--workers: expected a whole number from 1 to 64, found \"many\"");
    }
}
