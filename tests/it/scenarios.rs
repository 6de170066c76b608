//! Stories: all of those that are shipped come out as they are told, and what is wrong with one is shown where it stands.

use crate::server::{Server, root};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

/// Runs `aval scenario` in the project's root, without settings from outside.
fn scenario(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aval"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AVAL_")) {
        command.env_remove(name);
    }
    command.current_dir(root()).arg("scenario").args(arguments).output().unwrap()
}

/// What was printed, on one line, without the frame around it.
fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.split_whitespace().filter(|word| !matches!(*word, "│" | "×" | "╰─▶")).collect::<Vec<_>>().join(" ")
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

#[test]
fn every_story_comes_out_as_told_and_they_touch_everything() {
    let place = tempfile::tempdir().unwrap();
    let junit = place.path().join("stories.xml");
    let junit = junit.to_str().unwrap();
    let ran = scenario(&["run", "fixtures/scenarios", "--require-coverage", "--json", "--junit", junit]);
    let told = report(&ran);
    let stories = told["stories"].as_array().unwrap();
    let red: Vec<_> = stories.iter().filter(|story| story["failures"] != json!([])).collect();
    assert!(red.is_empty(), "{red:#?}");
    for covered in told["coverage"].as_array().unwrap() {
        assert_eq!(covered["missing"], json!([]), "{} that no story touches", covered["what"]);
        assert!(covered["of"].as_u64().unwrap() > 0, "{covered}");
    }
    assert_eq!(ran.status.code(), Some(0));
    assert!(stories.len() >= 150, "there are {} stories", stories.len());
    let xml = std::fs::read_to_string(junit).unwrap();
    assert_eq!(xml.matches("<testcase ").count(), stories.len());
    assert!(!xml.contains("<failure"), "{xml}");
}

#[test]
fn a_wrong_expectation_is_shown_with_its_line_and_with_what_came() {
    let place = tempfile::tempdir().unwrap();
    let junit = place.path().join("stories.xml");
    let junit = junit.to_str().unwrap();
    let shown = scenario(&["run", "fixtures/wrong/expectation.yaml", "--junit", junit]);
    assert_eq!(shown.status.code(), Some(1));
    let text = said(&shown);
    for part in [
        "✗ fixtures/wrong/expectation.yaml: Two expectations that are wrong, and two that are right",
        "fixtures/wrong/expectation.yaml:11: decide came out differently",
        "line expected came 11 state accepted declined 12 told [FRAUD_SCORE] [NOT_VERIFIED]",
        "1 stories: 0 as expected, 1 not",
    ] {
        assert!(text.contains(part), "expected {part:?} in: {text}");
    }
    let xml = std::fs::read_to_string(junit).unwrap();
    let at = "fixtures/wrong/expectation.yaml:11: decide came out differently";
    assert!(xml.contains("<failure") && xml.contains(at), "{xml}");
    let told = report(&scenario(&["run", "fixtures/wrong/expectation.yaml", "--json"]));
    let failure = &told["stories"][0]["failures"][0];
    let differences = json!([
        { "line": 11, "key": "state", "expected": "accepted", "came": "declined" },
        { "line": 12, "key": "told", "expected": "[FRAUD_SCORE]", "came": "[NOT_VERIFIED]" },
    ]);
    assert_eq!((&failure["line"], &failure["differences"]), (&json!(11), &differences));
}

#[test]
fn a_malformed_story_is_refused_with_its_place_and_its_mend() {
    for (file, code, says) in [
        ("unknown_key", 2, ":4:5: unknown key `expects`; did you mean `expect`?"),
        (
            "impossible_expectation",
            2,
            ":4:40: a refusal has no `state`: impossible together with `error`; leave it out",
        ),
        ("nothing_answered", 2, ":4:15: nothing is answered here, so `state` cannot be expected; leave it out"),
        ("two_things", 2, ":4:5: one step does code and wait; make each its own step"),
        ("time_span", 2, ":3:11: expected a time span; write such as 30s, 10m, 2h or 14d"),
        (
            "missing_models",
            2,
            ":2: fixtures/wrong/../scenarios/models/nowhere: expected a readable directory of models",
        ),
        ("no_such_application", 1, ":8: no application is named `second` by now: `as` names one"),
        ("no_such_part", 1, ":3: no part is named `nobody`; there is no parts.yaml beside or above the story"),
    ] {
        let path = format!("fixtures/wrong/{file}.yaml");
        let refused = scenario(&["run", &path]);
        let text = said(&refused);
        assert_eq!(refused.status.code(), Some(code), "{text}");
        assert!(text.contains(&format!("{path}{says}")), "expected {says:?} in: {text}");
    }
    let none = scenario(&["run", "fixtures/scenarios/models"]);
    assert!(none.status.code() == Some(2) && said(&none).contains("there is no story"), "{}", said(&none));
}

#[test]
fn an_update_mends_what_is_wrong_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let copy = |file: &str| {
        let to = place.path().join(file);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(Path::new(root()).join("fixtures").join(file), &to).unwrap();
        to
    };
    copy("scenarios/models/dials/fraud.model.json");
    copy("scenarios/models/dials/default.model.json");
    copy("scenarios/policies/stories.yaml");
    let story = copy("wrong/expectation.yaml");
    let before = std::fs::read_to_string(&story).unwrap();
    let updated = scenario(&["run", story.to_str().unwrap(), "--update"]);
    assert_eq!(updated.status.code(), Some(0), "{}", said(&updated));
    assert!(said(&updated).contains("1 written anew"), "{}", said(&updated));
    let wrong = "      state: accepted\n      told: [FRAUD_SCORE]\n";
    assert!(before.contains(wrong));
    let mended = before.replace(wrong, "      state: declined\n      told: [NOT_VERIFIED]\n");
    assert_eq!(std::fs::read_to_string(&story).unwrap(), mended);
    assert_eq!(scenario(&["run", story.to_str().unwrap()]).status.code(), Some(0));
}

#[test]
fn the_schema_for_editors_is_current() {
    let kept = std::fs::read_to_string(Path::new(root()).join("fixtures/scenarios/scenario.schema.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    let mend = "run `aval scenario schema > fixtures/scenarios/scenario.schema.json`";
    assert!(report(&scenario(&["schema"])) == kept, "the schema of stories has changed: {mend}");
}

#[test]
fn stories_that_set_neither_time_nor_providers_run_on_a_server() {
    let server = Server::start(&["--mock-providers", "--store", "memory", "--clock", "request"]);
    let ran = scenario(&["run", "fixtures/scenarios", "--json", "--server", &server.grpc]);
    let told = report(&ran);
    let stories = told["stories"].as_array().unwrap();
    let wrong: Vec<_> = stories.iter().filter(|story| story["failures"] != json!([])).collect();
    assert!(ran.status.success() && wrong.is_empty(), "{wrong:#?}");
    let count = stories.iter().filter(|story| story["skipped"].is_null()).count();
    assert!(count >= 15, "{count} of {} stories ran on the server", stories.len());
}
