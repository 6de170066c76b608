//! What the process tells about itself: log lines on standard error, and metrics for Prometheus.
//!
//! Never logged and never counted by: names, e-mail and postal addresses, phone numbers, dates of birth, card
//! fingerprints, IP addresses, device ids, API keys and the hashing secret.

use crate::config::{LogFormat, Settings};
use crate::engine;
use crate::rpc::decision::DECIDE_SECONDS;
use crate::store::CHECKPOINT_SECONDS;
pub use metrics_exporter_prometheus::BuildError as MeasureError;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// The bounds of the buckets of durations, in seconds.
const SECONDS: &[f64] =
    &[0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// The bounds of the buckets of probabilities.
const PROBABILITIES: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9];
/// The bounds of the buckets of how many entries a commit holds.
const ENTRIES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0];
/// How often what was measured is sorted into the buckets where nobody asks for it.
const UPKEEP: Duration = Duration::from_secs(5);

/// Begins to log and to measure, as the settings say; the handle renders what was measured.
pub fn start(settings: &Settings) -> Result<PrometheusHandle, MeasureError> {
    log(&settings.log, settings.log_format);
    measure()
}

/// Begins to log. A filter that cannot be read has been refused by the catalogue; here it means `info`.
fn log(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let coloured = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(coloured);
    // A second call in one process keeps the first one's settings.
    let _ = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
}

fn measure() -> Result<PrometheusHandle, MeasureError> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(DECIDE_SECONDS.into()), SECONDS)?
        .set_buckets_for_metric(Matcher::Full(engine::COMMIT_SECONDS.into()), SECONDS)?
        .set_buckets_for_metric(Matcher::Full(CHECKPOINT_SECONDS.into()), SECONDS)?
        .set_buckets_for_metric(Matcher::Full(engine::BATCH_ENTRIES.into()), ENTRIES)?
        .set_buckets_for_metric(Matcher::Full(engine::SCORE.into()), PROBABILITIES)?;
    let handle = builder.install_recorder()?;
    describe();
    let upkeep = handle.clone();
    let run = move || loop {
        std::thread::sleep(UPKEEP);
        upkeep.run_upkeep();
    };
    if let Err(error) = std::thread::Builder::new().name("metrics".into()).spawn(run) {
        tracing::error!(%error, "no thread for metrics: they take memory until somebody asks for them");
    }
    Ok(handle)
}

fn describe() {
    metrics::describe_counter!(engine::DECISIONS, "Decisions by outcome.");
    metrics::describe_counter!(engine::DEGRADED, "Decisions with something missing that should have been there.");
    metrics::describe_histogram!(engine::SCORE, "The scores' distribution by target.");
    metrics::describe_histogram!(engine::COMMIT_SECONDS, "How long one commit takes, in seconds.");
    metrics::describe_histogram!(engine::BATCH_ENTRIES, "How many entries one commit holds.");
    metrics::describe_histogram!(CHECKPOINT_SECONDS, "How long moving the write-ahead log takes, in seconds, by mode.");
    metrics::describe_counter!(engine::STORE_ERRORS, "Commits that failed.");
    metrics::describe_counter!(engine::SHED, "Calls refused because too many were under way.");
    metrics::describe_counter!(engine::DELIVERIES, "Deliveries tried, by kind and by what came of it.");
    metrics::describe_gauge!(engine::DELIVERIES_WAITING, "Deliveries that wait to be tried.");
    metrics::describe_gauge!(engine::IN_FLIGHT, "Calls under way.");
    metrics::describe_histogram!(DECIDE_SECONDS, "From the message to the answer of Decide, in seconds.");
}
