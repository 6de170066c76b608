//! `aval serve`: reads the settings, then everything that can be refused, then binds and serves until told to stop.

use super::{Failure, open_store, print, print_json};
use crate::config::{self, Settings};
use crate::domain::challenge::ChallengeKind;
use crate::domain::keys::KeyHasher;
use crate::engine::clock::{ClockKind, system_now};
use crate::engine::{self, Engine, Notices, Outside, generation};
use crate::mock::{self, Mock};
use crate::model::Model;
use crate::notice::webhook;
use crate::policy::Generation;
use crate::provider::bank::powens;
use crate::provider::http::{Client, Transport};
use crate::provider::identity::idcheck;
use crate::rpc::auth::Credentials;
use crate::rpc::{convert, server};
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
    let listener =
        web::bind(settings.http_addr).map_err(|error| Failure::listen("http_addr", settings.http_addr, &error))?;
    let public_url = settings.public_url.clone().unwrap_or(format!("http://{}", listener.local_addr()?));
    let (outside, mocks) = outside(settings, &hasher, &public_url, Arc::new(system_now))?;
    let unserved: Vec<_> = outside.unserved.iter().map(ChallengeKind::name).collect();
    let engine = Arc::new(Engine::start(settings.engine(), store.clone(), generation.clone(), hasher, outside)?);
    let running = server::start(&settings.server(), &engine, &credentials)
        .map_err(|error| Failure::listen("grpc_addr", settings.grpc_addr, &error))?;
    let pages = web::start(listener, metrics, engine.clone())?;
    announce(settings, running.addr, pages.addr, &generation, credentials.are_open());
    announce_providers(&unserved, mocks);
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
        _ if settings.mock_providers && !(loopback && settings.http_addr.ip().is_loopback()) => {
            refused("--mock-providers is for trying things out: it is served on loopback only")
        }
        _ if settings.webhook_insecure_targets && !(loopback && settings.http_addr.ip().is_loopback()) => {
            refused("--webhook-insecure-targets is for trying things out: it is served on loopback only")
        }
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

fn announce_providers(unserved: &[&str], mocks: Option<SocketAddr>) {
    if let Some(addr) = mocks {
        tracing::warn!("the providers are mocks, at http://{addr}: nobody is verified in earnest");
    }
    if !unserved.is_empty() {
        tracing::warn!(
            kinds = unserved.join(", "),
            "nobody is configured to verify these, so they are not asked for: set a provider, or try --mock-providers"
        );
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
            if let Some(open) = &mut reader
                && let Err(error) = engine.look_up_endpoints(open.as_mut())
            {
                tracing::warn!(%error, "the merchants' endpoints cannot be read; those known stay");
                reader = None;
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

/// Ends at SIGTERM or Ctrl-C.
pub(super) async fn told_to_stop() {
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

/// Who is outside; mocks, where they are asked for, by this clock, and the address of them.
pub(super) fn outside(
    settings: &Settings,
    hasher: &KeyHasher,
    public_url: &str,
    mocks_clock: mock::Clock,
) -> Result<(Outside, Option<SocketAddr>), Failure> {
    let transport: Arc<dyn Transport> = Arc::new(Client::new()?);
    let notices_to = |provider: &str| format!("{public_url}{}", engine::notice_path(hasher, provider));
    let (providers, mocks) = match settings.mock_providers {
        true => {
            let addr = start_mocks(transport.clone(), vec![notices_to(powens::NAME)], mocks_clock)?;
            let base_url = format!("http://{addr}");
            (mock::account::providers(&base_url, &transport, &notices_to(idcheck::NAME)), Some(addr))
        }
        false => (settings.providers(&transport, notices_to)?, None),
    };
    let carrier = webhook::Client::new(settings.webhook_insecure_targets)?;
    let notices = Notices {
        mailer: settings.mailer()?,
        mail_of: convert::mail,
        carrier: Some(Arc::new(carrier)),
        data_of: convert::event_data,
    };
    let outside = Outside {
        unserved: providers.unserved(),
        providers,
        public_url: public_url.into(),
        applicant_of: convert::applicant_of,
        statement_subject: convert::statement_subject,
        notices,
    };
    Ok((outside, mocks))
}

/// Starts the mocks on a free port of the loopback, on a thread that ends with the process.
fn start_mocks(
    transport: Arc<dyn Transport>,
    powens_notices_to: Vec<String>,
    clock: mock::Clock,
) -> Result<SocketAddr, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0)))?;
    let addr = listener.local_addr()?;
    let options = mock::Options { powens_notices_to, ..mock::Options::new(clock) };
    let serve = move || {
        if let Err(error) = runtime.block_on(mock::serve(listener, Mock::new(options), transport)) {
            tracing::error!(%error, "the mock providers ended");
        }
    };
    std::thread::Builder::new().name("mocks".into()).spawn(serve)?;
    Ok(addr)
}
