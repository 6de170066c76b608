//! The documents run: every `sh` block of the README and of the guides is executed, in order, as a reader would.

use crate::server::{free_port, root};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Why a block is not executed here; `None`: it is.
fn skipped(block: &str) -> Option<&'static str> {
    let installed = |program: &str| {
        Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap().status.success()
    };
    if block.contains("scripts/test") {
        return Some("this test is part of that command");
    }
    if block.contains("examples/real-data/run") {
        return Some("scripts/test --data DIR runs it");
    }
    if block.contains("grpcurl") && !installed("grpcurl") {
        return Some("grpcurl is not installed");
    }
    None
}

/// The `sh` blocks of a document, in order, each with the number of its first line.
fn blocks(document: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (at, line) in document.lines().enumerate() {
        match (&mut open, line.trim_end()) {
            (None, "```sh") => open = Some((at + 2, String::new())),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some((_, text)), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

/// Runs a document's blocks in one shell, on free ports instead of the usual ones.
fn run(name: &str) {
    let document = std::fs::read_to_string(root().join(name)).unwrap();
    let (grpc, http) = (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
    let mut script = String::from("set -euo pipefail\n");
    let blocks = blocks(&document);
    assert!(!blocks.is_empty(), "{name} has no ```sh block");
    for (line, block) in &blocks {
        match skipped(block) {
            Some(why) => println!("{name}:{line}: skipped: {why}"),
            None => script.push_str(&format!("echo '{name}:{line}' >&2\n{block}")),
        }
    }
    let script = script.replace("127.0.0.1:50051", &grpc).replace("127.0.0.1:8080", &http);
    let script = script.replace("9187", &free_port().to_string());
    let output = tempfile::NamedTempFile::new().unwrap();
    let mut shell = Command::new("bash")
        .args(["-c", &script])
        .current_dir(root())
        .env("AVAL_GRPC_ADDR", &grpc)
        .env("AVAL_HTTP_ADDR", &http)
        .env("AVAL_SERVER", format!("http://{grpc}"))
        .env("AVAL_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(output.reopen().unwrap())
        .stderr(output.reopen().unwrap())
        .process_group(0)
        .spawn()
        .unwrap();
    let status = shell.wait().unwrap();
    // Servers that the document started in the background end with it.
    let _ = Command::new("kill").args(["--", &format!("-{}", shell.id())]).stderr(Stdio::null()).status();
    let printed = std::fs::read_to_string(output.path()).unwrap();
    assert!(status.success(), "{name} does not run ({status}); the last line `{name}:N` names the block:\n{printed}");
}

#[test]
fn the_readme_runs() {
    run("README.md");
}

#[test]
fn the_gateway_guide_runs() {
    run("docs/gateway.md");
}

#[test]
fn the_guide_for_qa_runs() {
    run("docs/scenarios.md");
}

#[test]
fn the_data_scientists_guide_runs() {
    run("docs/data-scientist.md");
}

#[test]
fn the_operators_guide_runs() {
    run("docs/operating.md");
}

#[test]
fn the_guide_to_webhooks_runs() {
    run("docs/webhooks.md");
}

#[test]
fn the_guide_to_notices_runs() {
    run("docs/notices.md");
}

/// A link to a file of the project leads somewhere.
#[test]
fn links_lead_somewhere() {
    let mut documents = vec![root().join("README.md"), root().join("ARCHITECTURE.md"), root().join("CHANGELOG.md")];
    documents.extend(std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    for document in documents.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = std::fs::read_to_string(document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = document.parent().unwrap().join(target);
            assert!(path.exists(), "{} links to {link}, which is not there", document.display());
        }
    }
}
