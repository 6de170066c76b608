//! The rules of the house, held by a test. Every message names the rule and the mend.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors: a module names only modules of lower floors. Within a floor modules do not name each other, but for
/// [`WITHIN`].
const FLOORS: &[(&str, u32)] = &[
    ("domain", 0),
    ("text", 1),
    ("words", 1),
    ("features", 1),
    ("model", 1),
    ("policy", 2),
    ("journey", 3),
    ("plan", 3),
    ("notice", 4),
    ("provider", 4),
    ("store", 4),
    ("table", 4),
    ("engine", 5),
    ("mock", 5),
    ("rpc", 6),
    ("web", 6),
    ("backtest", 7),
    ("demo", 7),
    ("history", 7),
    ("scenario", 7),
    ("train", 7),
    ("synth", 7),
    ("cli", 8),
    ("config", 8),
    ("telemetry", 8),
];

/// Who may name whom on the same floor.
const WITHIN: &[(&str, &str)] = &[
    ("features", "text"),
    ("model", "text"),
    ("model", "features"),
    ("journey", "plan"),
    ("telemetry", "config"),
    ("cli", "config"),
    ("cli", "telemetry"),
];

/// The modules whose parts ARCHITECTURE.md names one by one.
const IN_PARTS: &[&str] = &["journey", "engine"];

/// The outside crates that have a home: where they may be named, as beginnings of paths under `src`.
const HOMES: &[(&str, &[&str])] = &[
    ("tonic", &["rpc/"]),
    ("tonic_health", &["rpc/"]),
    ("tonic_types", &["rpc/"]),
    ("tonic_reflection", &["rpc/"]),
    ("prost", &["rpc/", "store/record"]),
    ("prost_types", &["rpc/", "store/record", "cli/loadtest/"]),
    ("prost_reflect", &["rpc/"]),
    ("axum", &["web/", "rpc/server.rs", "mock/", "demo/"]),
    ("rusqlite", &["store/sqlite"]),
    ("linfa", &["train/"]),
    ("linfa_logistic", &["train/"]),
    ("cel", &["policy/"]),
    ("serde_saphyr", &["text/yaml"]),
    ("arrow_array", &["table/"]),
    ("arrow_schema", &["table/"]),
    ("parquet", &["table/"]),
    ("csv", &["table/"]),
    ("flate2", &["table/"]),
    ("clap", &["cli/", "config/flags.rs", "main.rs"]),
    ("indicatif", &["cli/"]),
    ("toml", &["config/"]),
    ("iso_currency", &["domain/"]),
    ("rust_iso3166", &["domain/"]),
    ("siphasher", &["domain/"]),
    ("hkdf", &["domain/keys.rs"]),
    ("aes_gcm_siv", &["engine/vault.rs"]),
    ("reqwest", &["provider/http/", "notice/webhook/"]),
    ("standardwebhooks", &["notice/webhook/"]),
    ("strsim", &["features/evidence/"]),
    ("icu_normalizer", &["features/evidence/"]),
    ("lettre", &["notice/smtp"]),
    ("krilla", &["notice/receipt"]),
    ("dejavu", &["notice/receipt"]),
    ("mail_parser", &["mock/mail"]),
    ("mimalloc", &["main.rs"]),
    ("hdrhistogram", &["cli/loadtest/"]),
];

/// What the pure floors, 0 to 3, do not name: with what each stands for.
const IMPURE: &[(&str, &str)] = &[
    ("async fn", "async"),
    (".await", "async"),
    ("tokio::", "async"),
    ("SystemTime", "the clock"),
    ("Instant::now", "the clock"),
    ("Timestamp::now", "the clock"),
    ("Zoned::now", "the clock"),
    ("getrandom::", "randomness"),
    ("rand::", "randomness"),
    ("std::env", "the environment"),
    ("std::fs", "files"),
    ("std::net::Tcp", "sockets"),
    ("std::net::Udp", "sockets"),
    ("std::thread", "threads"),
    ("tracing::", "logging"),
    ("metrics::", "metrics"),
    ("println!", "printing"),
    (".mul_add(", "fused arithmetic, which rounds otherwise"),
    (".exp()", "std's exp, whose last bits vary: libm::exp"),
    (".exp_m1()", "std's exp_m1, whose last bits vary: libm::expm1"),
    (".ln()", "std's ln, whose last bits vary: libm::log"),
    (".ln_1p()", "std's ln_1p, whose last bits vary: libm::log1p"),
    (".log10()", "std's log10, whose last bits vary: libm::log10"),
    (".powf(", "std's powf, whose last bits vary: libm::pow"),
];

/// Words that code here does not hold: with the mend.
const WORDS: &[(&str, &str)] = &[
    (concat!("install", "ment"), "write instalment"),
    (concat!("Install", "ment"), "write Instalment"),
    (concat!("TO", "DO"), "do it, or leave it out"),
    (concat!("FIX", "ME"), "do it, or leave it out"),
    (concat!("XX", "X:"), "do it, or leave it out"),
    (concat!("unimplemented", "!("), "implement it"),
    (concat!("todo", "!("), "implement it"),
    (concat!("dbg", "!("), "take it out"),
    (concat!("un", "safe {"), "find a way in safe Rust"),
    (concat!("un", "safe fn"), "find a way in safe Rust"),
    (concat!("un", "safe impl"), "find a way in safe Rust"),
];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager", "shared"];
/// The most lines of a file of code; tests and tables may be twice as long.
const MAX_LINES: usize = 500;

/// One file of code.
struct File {
    /// The path under the project's root, with slashes.
    path: String,
    text: String,
}

impl File {
    /// The module of the first level it belongs to; `None`: `lib.rs`, `main.rs` or no part of `src`.
    fn module(&self) -> Option<&str> {
        let first = self.path.strip_prefix("src/")?.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first)).filter(|name| !matches!(*name, "lib" | "main"))
    }

    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("tests.rs")
            || self.path.ends_with("specimen.rs")
    }

    /// The numbered lines that are code and no test: comments are cut off, and everything from the tests' module on.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = if self.is_test() { "" } else { self.text.split("#[cfg(test)]\nmod tests").next().unwrap_or("") };
        code.lines().enumerate().map(|(at, line)| (at + 1, line.split("//").next().unwrap_or("")))
    }
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> = ["src", "tests", "benches", "build.rs"].iter().map(|name| root.join(name)).collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            files.push(File { path: name, text: fs::read_to_string(&path).unwrap() });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 60, "the project's files are found: {}", files.len());
    files
}

/// Fails with everything that was found.
fn none(found: Vec<String>) {
    assert!(found.is_empty(), "{} breaches of the house's rules:\n{}", found.len(), found.join("\n"));
}

/// Every `crate::x` in a line.
fn named_modules(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|after| {
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
        &after[..end]
    })
}

/// Every `use crate::{a::b, c::d}` as the modules it names.
fn grouped_modules(line: &str) -> Vec<&str> {
    let Some((_, group)) = line.split_once("use crate::{") else { return Vec::new() };
    let mut depth = 0;
    let parts = group.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    parts.filter_map(|part| part.trim().split(['}', ':', ' ', ';']).next()).filter(|name| !name.is_empty()).collect()
}

#[test]
fn a_module_names_only_lower_floors() {
    let floors: BTreeMap<_, _> = FLOORS.iter().copied().collect();
    let mut found = Vec::new();
    for file in files() {
        let Some(module) = file.module() else { continue };
        let Some(floor) = floors.get(module) else {
            found.push(format!("{}: `{module}` has no floor; give it one in FLOORS and ARCHITECTURE.md", file.path));
            continue;
        };
        for (at, line) in file.code() {
            for named in named_modules(line).chain(grouped_modules(line)) {
                let Some(other) = floors.get(named) else { continue };
                let allowed = named == module || other < floor || WITHIN.contains(&(module, named));
                if !allowed {
                    found.push(format!(
                        "{}:{at}: `{module}` (floor {floor}) names `{named}` (floor {other}); a module names only lower \
                         floors: move what is shared down, or pass it in from above",
                        file.path
                    ));
                }
            }
        }
    }
    none(found);
}

#[test]
fn the_architecture_page_names_every_module() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    let named = |module: &&str| page.contains(&format!("{module}/")) || page.contains(&format!("{module}.rs"));
    let missing = FLOORS.iter().map(|(module, _)| *module).filter(|module| !named(module));
    none(missing.map(|module| format!("ARCHITECTURE.md does not name `{module}`; add it to the floors")).collect());
}

#[test]
fn the_architecture_page_names_the_parts_of_what_is_hard_to_find_the_way_in() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    let mut found = Vec::new();
    for file in files().iter().filter(|file| !file.is_test()) {
        let Some(module) = file.module().filter(|module| IN_PARTS.contains(module)) else { continue };
        let part = file.path.trim_start_matches(&format!("src/{module}/")).trim_end_matches(".rs");
        if part != "mod" && !page.contains(&format!("`{part}`")) {
            found.push(format!("{}: ARCHITECTURE.md does not name `{part}`; say there what it is for", file.path));
        }
    }
    none(found);
}

#[test]
fn outside_crates_stay_at_home() {
    let mut found = Vec::new();
    for file in files() {
        let Some(place) = file.path.strip_prefix("src/") else { continue };
        for (at, line) in file.code() {
            for (outside, homes) in HOMES {
                if names_crate(line, outside) && !homes.iter().any(|home| place.starts_with(home)) {
                    found.push(format!(
                        "{}:{at}: `{outside}` is named only in {}; wrap what is needed there, and call that",
                        file.path,
                        homes.join(", ")
                    ));
                }
            }
        }
    }
    none(found);
}

/// Whether a line names a crate: `name::` that is no part of a longer path or name.
fn names_crate(line: &str, name: &str) -> bool {
    let needle = format!("{name}::");
    line.match_indices(&needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
    })
}

#[test]
fn the_lower_floors_are_pure() {
    let pure: Vec<_> = FLOORS.iter().filter(|(_, floor)| *floor <= 3).map(|(module, _)| *module).collect();
    let mut found = Vec::new();
    for file in files().iter().filter(|file| file.module().is_some_and(|module| pure.contains(&module))) {
        for (at, line) in file.code() {
            for (needle, what) in IMPURE.iter().filter(|(needle, _)| line.contains(needle)) {
                let mend = "floors 0 to 3 are pure: let it arrive in what is passed in, or do it on floor 4 or above";
                found.push(format!("{}:{at}: `{needle}` is {what}; {mend}", file.path));
            }
        }
    }
    none(found);
}

#[test]
fn words_and_names_say_what_they_mean() {
    let mut found = Vec::new();
    for file in files() {
        for name in file.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part)) {
            if EMPTY_NAMES.contains(&name) {
                found.push(format!("{}: `{name}` says nothing; name the file by what is in it", file.path));
            }
        }
        for (at, line) in file.text.lines().enumerate() {
            for (word, mend) in WORDS.iter().filter(|(word, _)| line.contains(word)) {
                found.push(format!("{}:{}: `{word}` does not stand in this code; {mend}", file.path, at + 1));
            }
        }
    }
    none(found);
}

#[test]
fn files_can_be_taken_in() {
    let mut found = Vec::new();
    for file in files() {
        let most = if file.is_test() { 2 * MAX_LINES } else { MAX_LINES };
        let lines = file.code().count().max(if file.is_test() { file.text.lines().count() } else { 0 });
        if lines > most {
            found.push(format!("{}: {lines} lines of code, at most {most}; split it by what it is about", file.path));
        }
    }
    none(found);
}

#[test]
fn the_rules_see_what_they_forbid() {
    assert_eq!(
        named_modules("use crate::domain::time; let x = crate::store::open()").collect::<Vec<_>>(),
        ["domain", "store"]
    );
    assert_eq!(grouped_modules("use crate::{engine, rpc::server::{a, b}, store};"), ["engine", "rpc", "store"]);
    assert!(names_crate("use tonic::Status;", "tonic") && names_crate("(cel::Env)", "cel"));
    assert!(
        !names_crate("parcel::Env", "cel")
            && !names_crate("x::csv::y", "csv")
            && !names_crate("tonic_types::X", "tonic")
    );
}
