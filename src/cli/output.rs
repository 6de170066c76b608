//! What commands read and print: results on standard output, progress on standard error and only on a terminal.

use super::Failure;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

/// The largest file that is read as one text, in bytes.
const MAX_INPUT_BYTES: u64 = 8 << 20;

/// Prints a result. A reader that has seen enough and gone away, such as `head`, ends the command quietly.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) {
        let code = if error.kind() == ErrorKind::BrokenPipe { 0 } else { 1 };
        std::process::exit(code);
    }
}

/// Prints a result for machines.
pub(super) fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&text),
        Err(error) => eprintln!("the result cannot be written as JSON: {error}"),
    }
}

/// Reads a text file whole; `-` reads standard input.
pub(super) fn read_input(path: &Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| Failure::input(path, format!("expected a readable file: {error}"));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(MAX_INPUT_BYTES + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_INPUT_BYTES + 1).read_to_string(&mut text))
    };
    if read.map_err(unreadable)? as u64 > MAX_INPUT_BYTES {
        return Err(Failure::input(
            path,
            format!("longer than {MAX_INPUT_BYTES} bytes, which is the most that is read"),
        ));
    }
    Ok(text)
}

/// How far a long command has come.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Begins to count what `what` names.
    pub fn start(what: &str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(what.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} {msg}, {per_sec}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Begins to count what `what` names, of which there are so many.
    pub fn of(what: &str, total: u64) -> Self {
        let bar = ProgressBar::new(total).with_message(what.to_owned());
        let template = "{bar:30} {human_pos} of {human_len} {msg}, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// What is being done now.
    pub fn say(&self, doing: &str) {
        self.0.set_message(doing.to_owned());
    }

    /// How many are done.
    pub fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Leaves the terminal as it was.
    pub fn finish(self) {
        self.0.finish_and_clear();
    }
}
