//! `aval loadtest`: how much a server answers, and how fast; and how that compares with calls that do nothing.

mod compare;
mod drive;
mod journeys;
mod own;
mod requests;
mod wire;

use super::{Connection, Failure, print, print_json};
use crate::rpc;
use drive::{Load, Loop, Measured, drive};
use own::Own;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The path of the decision.
const DECIDE: &str = "/aval.v1.DecisionService/Decide";
/// The path of the call that does nothing.
const EMPTY: &str = "/aval.bench.v1.EmptyService/Decide";
/// Before anything is measured.
const WARM_UP: Duration = Duration::from_secs(2);
/// The most connections.
const MAX_CONNECTIONS: u64 = 256;

/// Sends purchases to a server and measures its answers.
///
/// With --rate calls are due at fixed times, and latency counts from when a call was due (open loop, free of coordinated
/// omission). Without it a fixed number of calls is under way (closed loop), which measures throughput. Without --server
/// or AVAL_SERVER it starts a server of its own, on a new store in --dir. --compare measures that server beside one that
/// answers the same messages and does nothing, in turns: servers on core 0, load on core 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aval loadtest --rate 2000 --duration 30\n  \
    aval loadtest --connections 8 --streams 16 --server http://127.0.0.1:50051\n  aval loadtest --compare\n  \
    aval loadtest --journeys --rate 50 --duration 60")]
pub struct Loadtest {
    #[command(flatten)]
    connection: Connection,
    /// Calls a second, whatever the server does: the open loop.
    #[arg(long, value_name = "N", value_parser = rate, conflicts_with = "compare")]
    rate: Option<f64>,
    /// How many connections.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=MAX_CONNECTIONS))]
    connections: u64,
    /// How many calls are under way on each connection in the closed loop.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    streams: u64,
    /// How long it is measured, in seconds; with --compare, each turn.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    duration: u64,
    /// Measures the durable decision beside a call that does nothing.
    #[arg(long, conflicts_with = "server")]
    compare: bool,
    /// How many turns each has, with --compare.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    turns: u64,
    /// Walks whole journeys instead: --rate of them begin each second, on a server of its own with mock providers.
    #[arg(long, requires = "rate", conflicts_with_all = ["compare", "server"])]
    journeys: bool,
    /// Where a server of its own keeps its store: on the disk that is to be measured.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Prints the result as JSON.
    #[arg(long)]
    json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| (0.1..=1_000_000.0).contains(rate));
    rate.ok_or_else(|| "expected 0.1 to 1000000 calls a second".into())
}

impl Loadtest {
    /// Ends with 1 if any call failed.
    pub fn run(self) -> Result<ExitCode, Failure> {
        if self.compare {
            return compare::run(&self);
        }
        if let (true, Some(rate)) = (self.journeys, self.rate) {
            return journeys::run(rate, Duration::from_secs(self.duration), &self.dir, self.json);
        }
        let named = self.connection.server.is_some() || std::env::var_os(super::connection::SERVER_VARIABLE).is_some();
        let own = if named { None } else { Some(Own::durable(&self.dir, None, &[])?) };
        let addr = match &own {
            Some(own) => own.addr,
            None => address(&self.connection.server())?,
        };
        let kind = match self.rate {
            Some(rate) => Loop::Open { rate },
            None => Loop::Closed { streams: self.streams as usize },
        };
        let api_key = self.connection.api_key();
        let run = run_name()?;
        let load = Load { api_key: api_key.as_deref(), ..self.load(addr, DECIDE, kind, &run) };
        let measured = drive(&load).map_err(|error| Failure::failed(format!("no load on {addr}: {error}")))?;
        if self.json {
            print_json(&shown(&measured));
        } else {
            print(&sentence(kind, &measured));
        }
        Ok(if measured.failed + measured.unanswered == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn load<'a>(&self, addr: SocketAddr, path: &'a str, kind: Loop, run: &'a str) -> Load<'a> {
        Load {
            addr,
            path,
            api_key: None,
            connections: self.connections as usize,
            kind,
            warm_up: WARM_UP,
            duration: Duration::from_secs(self.duration),
            run,
        }
    }
}

/// A name that no other run has.
fn run_name() -> Result<String, Failure> {
    let mut random = [0; 6];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::failed(format!("the operating system gives no random numbers: {error}")))?;
    Ok(hex::encode(random))
}

/// The address of a server named by URL.
fn address(server: &str) -> Result<SocketAddr, Failure> {
    let place = server.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let resolved = place.and_then(|place| place.to_socket_addrs().ok()?.next());
    resolved.ok_or_else(|| Failure::wrong_use(format!("{server:?}: expected a server such as http://127.0.0.1:50051")))
}

fn shown(measured: &Measured) -> serde_json::Value {
    serde_json::json!({
        "answered": measured.answered,
        "failed": measured.failed,
        "unanswered": measured.unanswered,
        "per_second": measured.per_second,
        "p50_ms": measured.quantile_ms(0.5),
        "p99_ms": measured.quantile_ms(0.99),
        "p99_9_ms": measured.quantile_ms(0.999),
    })
}

fn sentence(kind: Loop, measured: &Measured) -> String {
    let from = match kind {
        Loop::Open { .. } => "from when each call was due",
        Loop::Closed { .. } => "from when each call was sent: for latency under load use --rate",
    };
    let mut text = format!(
        "{} answers, {:.0} a second\np50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms ({from})",
        measured.answered,
        measured.per_second,
        measured.quantile_ms(0.5),
        measured.quantile_ms(0.99),
        measured.quantile_ms(0.999),
    );
    if measured.failed + measured.unanswered > 0 {
        text += &format!("\n{} calls failed, {} had no answer", measured.failed, measured.unanswered);
    }
    text
}

/// Serves calls that do nothing: what `loadtest --compare` measures beside the decision.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  aval bench-server --addr 127.0.0.1:50052 --answer application.bin")]
pub struct BenchServer {
    /// Where to listen.
    #[arg(long)]
    addr: SocketAddr,
    /// The file of the answer: an encoded Application.
    #[arg(long)]
    answer: PathBuf,
}

impl BenchServer {
    /// Serves until it is killed.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let answer = std::fs::read(&self.answer).map_err(|error| Failure::input(&self.answer, error))?;
        let served = rpc::bench::serve(self.addr, &answer);
        served.map_err(|error| Failure::failed(format!("{}: {error}", self.addr)))?;
        Ok(ExitCode::SUCCESS)
    }
}
