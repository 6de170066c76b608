//! `aval serve`: reads the settings, then everything that can be refused, then binds and serves until told to stop.

use super::{Failure, open_store, print, print_json};
use crate::config::{self, Settings};
use crate::engine::{Engine, clock::ClockKind, generation};
use crate::model::Model;
use crate::policy::Generation;
use crate::rpc::auth::Credentials;
use crate::rpc::server;
use crate::store::{self, Store};
use crate::{telemetry, web};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// How often the keys of the store are read again.
const KEYS_EVERY: Duration = Duration::from_secs(2);

/// Serves decisions until SIGTERM or Ctrl-C.
///
/// Settings come from defaults, then aval.toml, then AVAL_* in the environment, then flags: the later wins. A bad model,
/// policy or setting ends the start before any port is bound.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  aval serve --store sqlite:aval.db --policy policies/default.yaml\n  \
    AVAL_LOG=debug aval serve --store memory\n  aval serve --print-config")]
pub struct Serve {
    #[command(flatten)]
    settings: config::ServeArgs,
    /// Prints each setting, its value and where that came from, and ends.
    #[arg(long)]
    print_config: bool,
    /// With --print-config: prints JSON.
    #[arg(long, requires = "print_config")]
    json: bool,
}

impl Serve {
    /// Serves, or prints the settings.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let loaded = self.settings.load()?;
        match (self.print_config, self.json) {
            (false, _) => return serve(&loaded.settings),
            (true, false) => print(loaded.print().trim_end()),
            (true, true) => print_json(&loaded.to_json()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn serve(settings: &Settings) -> Result<ExitCode, Failure> {
    let metrics = telemetry::start(settings)?;
    let (store, hasher) = open_store(settings)?;
    let generation = Arc::new(generation::load(&settings.models, &settings.policy, &hasher)?);
    let credentials = Credentials::of(&store.reader()?.api_keys()?);
    check_exposure(settings, credentials.are_open())?;
    let engine = Arc::new(Engine::start(settings.engine(), store.clone(), generation.clone(), hasher)?);
    let running = server::start(&settings.server(), &engine, &credentials)
        .map_err(|error| Failure::listen("grpc_addr", settings.grpc_addr, &error))?;
    let pages = web::start(settings.http_addr, metrics, engine.clone())
        .map_err(|error| Failure::listen("http_addr", settings.http_addr, &error))?;
    announce(settings, running.addr, pages.addr, &generation, credentials.are_open());
    wait(&running, &engine, store.as_ref(), &credentials, settings);
    tracing::info!("stopping: calls under way are finished");
    running.stop(settings.drain());
    engine.stop();
    pages.stop();
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// What may be served only on loopback, and what not with keys.
fn check_exposure(settings: &Settings, open: bool) -> Result<(), Failure> {
    let loopback = settings.grpc_addr.ip().is_loopback();
    let refused = |message: &str| Err(Failure::wrong_use(message));
    match settings.clock {
        ClockKind::Request if !open => {
            refused("--clock request takes times from callers: it is refused on a store that has API keys")
        }
        ClockKind::Request if !loopback => {
            refused("--clock request takes times from callers: it is served on loopback only")
        }
        _ if open && !loopback => refused(
            "the store has no API key, so aval listens on loopback only; make a key with `aval keys create`, or set grpc_addr to 127.0.0.1",
        ),
        _ => Ok(()),
    }
}

fn announce(settings: &Settings, grpc: SocketAddr, http: SocketAddr, generation: &Generation, open: bool) {
    let models: Vec<_> =
        generation.models().map(Model::model_ref).map(|m| format!("{} {}", m.name, m.version)).collect();
    let missing: Vec<_> = generation::missing_targets(generation).into_iter().map(|target| target.name()).collect();
    tracing::info!(%grpc, %http, store = %settings.store, models = models.join(", "), policy = %settings.policy.display(), "aval serves");
    if !missing.is_empty() {
        tracing::warn!(targets = missing.join(", "), "no model for these targets: the policy says what that leads to");
    }
    if open {
        tracing::warn!("no API keys: listening on loopback only, for the merchant `demo` with every role");
    }
}

/// Waits for the word to stop; meanwhile takes up new keys and tells health how the engine is.
fn wait(running: &server::Running, engine: &Engine, store: &dyn Store, credentials: &Credentials, settings: &Settings) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        tracing::error!("no runtime to wait for signals on");
        return;
    };
    runtime.block_on(async {
        let mut stop = std::pin::pin!(told_to_stop());
        let mut ticks = tokio::time::interval(KEYS_EVERY);
        let mut reader = None;
        loop {
            tokio::select! {
                () = &mut stop => break,
                _ = ticks.tick() => {}
            }
            running.set_serving(engine.is_ready()).await;
            match keys(store, &mut reader) {
                Ok(keys) => {
                    credentials.replace(&keys);
                    if let Err(failure) = check_exposure(settings, credentials.are_open()) {
                        tracing::warn!(%failure, "the store has keys now: this server stops");
                        break;
                    }
                }
                Err(error) => tracing::warn!(%error, "the keys cannot be read; those known stay"),
            }
        }
        running.set_serving(false).await;
    });
}

fn keys(
    store: &dyn Store,
    reader: &mut Option<Box<dyn store::Reader>>,
) -> Result<Vec<store::ApiKey>, store::StoreError> {
    let open = match reader {
        Some(open) => open,
        None => reader.insert(store.reader()?),
    };
    let keys = open.api_keys();
    if keys.is_err() {
        *reader = None;
    }
    keys
}

async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without the handler the default action of SIGTERM ends the process: nothing that was answered is lost.
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
