//! The commands as a shell sees them: what they print, and how they end.

use std::path::Path;
use std::process::{Command, Output};

/// Runs aval in a place of its own, with these variables and no other setting.
fn aval(place: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aval"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AVAL_")) {
        command.env_remove(name);
    }
    command.current_dir(place).envs(variables.iter().copied()).args(arguments).output().unwrap()
}

/// What was printed on standard error, on one line, without the frame around it.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.split_whitespace().filter(|word| !matches!(*word, "│" | "×" | "╰─▶")).collect::<Vec<_>>().join(" ")
}

fn check(output: &Output, code: i32, says: &str) {
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), said(output));
    assert_eq!(
        output.status.code(),
        Some(code),
        "expected {says:?}; standard output: {printed}\nstandard error: {said}"
    );
    assert!(said.contains(says), "expected {says:?} in: {said}");
}

#[test]
fn wrong_use_and_unusable_files_end_with_2() {
    let place = tempfile::tempdir().unwrap();
    let settings = place.path().join("other.toml");
    std::fs::write(&settings, "workers = 1\nmax_inflight = 5\n").unwrap();
    std::fs::write(place.path().join("request.json"), "{\n  \"requestId\": 7\n}").unwrap();
    for (arguments, says) in [
        (&["serve", "--no-such-flag"][..], "--no-such-flag"),
        (&["serve", "--workers", "many"], "--workers: expected a whole number from 1 to 64, found \"many\""),
        (&["serve", "--config", "none.toml"], "none.toml: expected a readable file of settings"),
        (
            &["serve", "--config", "other.toml"],
            "other.toml:2:1: unknown setting `max_inflight`; did you mean `max_in_flight`?",
        ),
        (&["serve", "--store", "postgres:x"], "--store: expected sqlite:PATH or memory"),
        (
            &["serve", "--store", "memory", "--policy", "none.yaml", "--models", "."],
            "none.yaml: expected a readable policy file",
        ),
        (&["call", "DecisionService/Nothing", "{}"], "there is no method DecisionService/Nothing"),
        (
            &["call", "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"],
            "there is no method grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        ),
        (&["call", "DecisionService/Decide", "@none.json"], "none.json: expected a readable file"),
        (&["call", "DecisionService/Decide", "@request.json"], "request.json:2:"),
        (&["call", "Health/Check", "{}", "--server", "nowhere"], "is not the address of a server"),
        (&["keys", "create", "--merchant", "Shop", "--role", "merchant"], "expected 1 to 40 of a-z"),
        (&["keys", "create", "--merchant", "shop", "--role", "king"], "expected merchant, reviewer, operator"),
        (&["loadtest", "--rate", "0"], "expected 0.1 to 1000000 calls a second"),
        (&["replay", "--application", "app_1"], "expected app_ and the 32 hexadecimal digits"),
    ] {
        check(&aval(place.path(), &[], arguments), 2, says);
    }
    let misspelt = [("AVAL_WORKER", "2")];
    check(&aval(place.path(), &misspelt, &["serve"]), 2, "the environment sets AVAL_WORKER, which is no setting");
    check(&aval(place.path(), &[], &["call", "Health/Check", "--server", "http://127.0.0.1:1"]), 1, "no connection to");
    let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "what is refused leaves nothing behind: {left:?}");
}

#[test]
fn every_setting_is_shown_with_its_source() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("aval.toml"), "drain_seconds = 3\nlog = \"debug\"\n").unwrap();
    let arguments = ["serve", "--print-config", "--workers", "2", "--json"];
    let shown = aval(place.path(), &[("AVAL_LOG", "warn")], &arguments);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let of = |name: &str| {
        let found = shown.as_array().unwrap().iter().find(|setting| setting["name"] == name).unwrap();
        (found["value"].as_str().unwrap().to_owned(), found["source"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("drain_seconds"), ("3".into(), "aval.toml:1".into()));
    assert_eq!(of("log"), ("warn".into(), "AVAL_LOG".into()));
    assert_eq!(of("workers"), ("2".into(), "--workers".into()));
    assert_eq!(of("clock"), ("system".into(), "default".into()));
}

#[test]
fn keys_are_shown_once_bounded_and_revoked() {
    let place = tempfile::tempdir().unwrap();
    let keys = |arguments: &[&str]| aval(place.path(), &[], &[&["keys"], arguments].concat());
    let create = ["create", "--merchant", "shop", "--role", "operator", "--role", "merchant", "--json"];
    let made: serde_json::Value = serde_json::from_slice(&keys(&create).stdout).unwrap();
    assert_eq!(made["roles"], serde_json::json!(["merchant", "operator"]));
    check(&keys(&create), 0, "");
    check(&keys(&create), 1, "shop has 2 live keys for merchant,operator: revoke one first");
    check(&keys(&["create", "--merchant", "shop", "--role", "merchant"]), 0, "shown this once");
    check(&keys(&["revoke", made["prefix"].as_str().unwrap()]), 0, "");
    check(&keys(&["revoke", "aval_none"]), 1, "no key begins so");
    check(&keys(&create), 0, "");
    let listed = keys(&["list", "--json"]);
    let text = String::from_utf8(listed.stdout).unwrap();
    assert!(!text.contains(made["key"].as_str().unwrap()), "a list never shows a key");
    let listed: serde_json::Value = serde_json::from_str(&text).unwrap();
    let revoked = listed.as_array().unwrap().iter().filter(|key| !key["revoked_at"].is_null()).count();
    assert_eq!((listed.as_array().unwrap().len(), revoked), (4, 1));
}

#[test]
fn a_store_without_its_secret_is_refused() {
    let place = tempfile::tempdir().unwrap();
    check(&aval(place.path(), &[], &["keys", "list"]), 0, "");
    std::fs::remove_file(place.path().join("aval.db.secret")).unwrap();
    check(&aval(place.path(), &[], &["keys", "list"]), 2, "put the copy back");
}
