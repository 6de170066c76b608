//! How a command fails: with a message for people on standard error, and an exit code.

use crate::rpc::client::CallError;
use miette::Report;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

/// The exit code where the thing that was checked or asked for failed.
const FAILED: u8 = 1;
/// The exit code of wrong use and of unusable files.
const UNUSABLE: u8 = 2;

/// How wide reports are written.
const WIDTH: usize = 110;

/// Sets how reports look: called once, before anything can fail.
pub(super) fn set_style() {
    // A process that has set its own style keeps it.
    let _ = miette::set_hook(Box::new(|_| {
        Box::new(miette::MietteHandlerOpts::new().width(WIDTH).break_words(false).build())
    }));
}

/// A command that failed.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    report: Report,
}

impl Failure {
    /// What was checked or asked for failed.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { code: FAILED, report: Report::msg(message.into()) }
    }

    /// The command cannot be used so.
    pub(super) fn wrong_use(message: impl Into<String>) -> Self {
        Self { code: UNUSABLE, report: Report::msg(message.into()) }
    }

    /// A call was refused, by a server or by the engine of this process.
    pub(super) fn refused(error: impl Into<CallError>) -> Self {
        error.into().into()
    }

    /// A file cannot be used.
    pub(super) fn input(file: &Path, problem: impl fmt::Display) -> Self {
        Self::wrong_use(format!("{}: {problem}", file.display()))
    }

    /// An address cannot be listened on.
    pub(super) fn listen(setting: &str, addr: SocketAddr, error: &std::io::Error) -> Self {
        let mend = match error.kind() {
            std::io::ErrorKind::AddrInUse => "another process listens there: stop it, or choose another port",
            std::io::ErrorKind::PermissionDenied => "choose a port from 1024 on",
            _ => "choose an address of this machine",
        };
        Self { code: UNUSABLE, report: miette::miette!(help = mend, "{setting}: cannot listen on {addr}: {error}") }
    }

    /// Says what is wrong on standard error; the exit code.
    pub fn tell(self) -> ExitCode {
        eprintln!("{:?}", self.report);
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.report, f)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let failed = matches!(error, CallError::Refused(_) | CallError::Connect { .. });
        Self { code: if failed { FAILED } else { UNUSABLE }, report: Report::new(error) }
    }
}

/// Errors that say everything themselves, where to look and what to mend.
macro_rules! unusable {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { code: UNUSABLE, report: Report::new(error) }
            }
        }
    )*};
}

unusable! {
    crate::config::ConfigError,
    crate::config::secret::SecretError,
    crate::engine::generation::LoadError,
    crate::scenario::ScenarioError,
    crate::text::Refusal,
}

/// Errors of a line, which become reports here.
macro_rules! plain {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { code: UNUSABLE, report: Report::msg(with_causes(&error)) }
            }
        }
    )*};
}

plain! {
    crate::backtest::BacktestError,
    crate::engine::StartError,
    crate::history::HistoryError,
    crate::notice::webhook::ClientError,
    crate::provider::http::ClientError,
    crate::store::StoreError,
    crate::synth::SynthError,
    crate::table::TableError,
    crate::train::TrainError,
    crate::telemetry::MeasureError,
    std::io::Error,
}

/// The message of an error and of what caused it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // A transparent error says what its cause says.
        if !message.ends_with(&error.to_string()) {
            message = format!("{message}: {error}");
        }
        cause = error.source();
    }
    message
}
