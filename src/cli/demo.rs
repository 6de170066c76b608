//! `aval demo`: everything at once, to be tried in a browser.

use super::serve::{self, told_to_stop};
use super::{Failure, open_store, print, print_json, webhooks};
use crate::config::{self, Settings};
use crate::demo::{self, Clockwork, Gateway, Shop, Surroundings};
use crate::domain::ids::MerchantId;
use crate::domain::keys::KeyHasher;
use crate::domain::time::Timestamp;
use crate::engine::clock::{Clock, VirtualClock, system_now};
use crate::engine::{self, Engine, Vault, generation};
use crate::mock::mail::{self, Catcher};
use crate::notice::smtp::{self, Smtp, Tls};
use crate::rpc::auth::Credentials;
use crate::rpc::convert;
use crate::rpc::server;
use crate::store::Store;
use crate::{telemetry, web};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Where customers' pages, gRPC and the shop are, where nobody else is.
const PAGES_PORT: u16 = 8080;
const GRPC_PORT: u16 = 50051;
const MAILS_PORT: u16 = 8025;
/// Who writes to customers.
const FROM: &str = "payments@example.org";
/// Whose server it is where there are no keys.
const MERCHANT: &str = "demo";
/// What is logged, unless AVAL_LOG says otherwise: the terminal is for the addresses.
const LOG: &str = "warn";

/// Starts a server, mocks of the providers, a mail catcher and a small shop, to be walked through in a browser.
///
/// Everything listens on loopback. The clock runs on by itself, and the shop's pages send it ahead, so that the whole story can
/// be lived through: from the basket to the last instalment. Nothing is kept unless --store says where.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  aval demo\n  aval demo --port 0 --json\n  aval demo --store sqlite:target/demo.db"
)]
pub struct Demo {
    /// The shop's port; 0: every port is one that is free.
    #[arg(long, value_name = "N", default_value_t = 8090)]
    port: u16,
    /// Where the log is: sqlite:PATH or memory. The shop itself forgets its orders [default: a file that goes with the
    /// demonstration].
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    #[command(flatten)]
    generation: config::GenerationArgs,
    /// Prints the addresses as JSON, and then serves.
    #[arg(long)]
    json: bool,
}

impl Demo {
    /// Runs until SIGTERM or Ctrl-C.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let place = Place::make()?;
        let shop = self.listen(self.port)?;
        let shop_url = format!("http://{}", shop.local_addr()?);
        let settings = self.settings(&place, &shop_url)?;
        let metrics = telemetry::start(&settings)?;
        let (store, hasher) = open_store(&settings)?;
        let credentials = Credentials::of(&store.reader()?.api_keys()?);
        if !credentials.are_open() {
            return Err(Failure::wrong_use("the store has API keys: it is no store for a demonstration"));
        }
        let secret = tell_shop(store.as_ref(), &hasher, &shop_url)?;
        let clock = Arc::new(VirtualClock::at(begin(store.as_ref())?));
        let time = clock.clone();
        let listener = self.listen(PAGES_PORT)?;
        let pages_url = format!("http://{}", listener.local_addr()?);
        let (mut outside, mocks) = serve::outside(&settings, &hasher, &pages_url, Arc::new(move || time.now()))?;
        let (smtp, mails) = (self.listen(0)?, self.listen(MAILS_PORT)?);
        outside.notices.mailer = Some(Arc::new(mailer(smtp.local_addr()?)?));
        outside.notices.mail_of = convert::mail;
        let generation = Arc::new(generation::load(&settings.models, &settings.policy, &hasher)?);
        let engine_settings = engine::Settings { clock: Clock::Virtual(clock.clone()), ..settings.engine() };
        let engine = Arc::new(Engine::start(engine_settings, store, generation, hasher, outside)?);
        let grpc = server::start(&settings.server(), &engine, &credentials)
            .map_err(|error| Failure::listen("gRPC", settings.grpc_addr, &error))?;
        let pages = web::start(listener, metrics, engine.clone())?;
        let around = Surroundings {
            shop: shop_url,
            pages: pages_url,
            mails: Some(format!("http://{}", mails.local_addr()?)),
            providers: mocks.map(|addr| format!("http://{addr}")).unwrap_or_default(),
            server: format!("http://{}", grpc.addr),
        };
        let clockwork = Arc::new(Clockwork::new(engine.clone(), clock));
        let served = self.serve(Listening { shop, smtp, mails }, around, clockwork, &secret);
        grpc.stop(settings.drain());
        engine.stop();
        pages.stop();
        served.map(|()| ExitCode::SUCCESS)
    }

    /// The settings: those of a demonstration, whatever a file or the environment say of a real server.
    fn settings(&self, place: &Place, shop_url: &str) -> Result<Settings, Failure> {
        let mut settings = self.generation.settings()?;
        let policy = place.path("policy.yaml");
        std::fs::write(&policy, demo::for_shop(&generation::read_policy(&settings.policy)?, shop_url))?;
        settings.policy = policy;
        settings.store = self.store.clone().unwrap_or(format!("sqlite:{}", place.path("aval.db").display()));
        settings.secret_file = None;
        settings.grpc_addr = self.listen(GRPC_PORT)?.local_addr()?;
        settings.mock_providers = true;
        settings.webhook_insecure_targets = true;
        settings.drain_seconds = 1;
        if std::env::var_os("AVAL_LOG").is_none() {
            settings.log = LOG.into();
        }
        Ok(settings)
    }

    /// The port where it usually is, or another that is free.
    fn listen(&self, port: u16) -> Result<TcpListener, Failure> {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let port = if self.port == 0 { 0 } else { port };
        let listener = TcpListener::bind(at(port)).or_else(|error| match error.kind() {
            ErrorKind::AddrInUse => TcpListener::bind(at(0)),
            _ => Err(error),
        });
        listener.map_err(|error| Failure::listen("--port", at(port), &error))
    }

    /// Serves the shop and lets time pass, until told to stop.
    fn serve(
        &self,
        listening: Listening,
        around: Surroundings,
        clockwork: Arc<Clockwork>,
        secret: &str,
    ) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let [listener, smtp, mails] = [listening.shop, listening.smtp, listening.mails].map(|listener| {
                listener.set_nonblocking(true)?;
                tokio::net::TcpListener::from_std(listener)
            });
            let gateway = Gateway::connect(&around.server).await?;
            self.announce(&around);
            let shop = Arc::new(Shop::new(gateway, clockwork.clone(), around, Some(secret)));
            tokio::select! {
                served = demo::serve(listener?, shop) => served?,
                served = mail::serve(smtp?, mails?, Catcher::new()) => served?,
                () = clockwork.run() => {}
                () = told_to_stop() => {}
            }
            Ok(())
        })
    }

    fn announce(&self, around: &Surroundings) {
        let Surroundings { shop, pages, mails, providers, server } = around;
        if self.json {
            print_json(&serde_json::json!({
                "shop": shop, "pages": pages, "mails": mails, "providers": providers, "server": server,
            }));
            return;
        }
        let mut text = format!("The shop is at {shop}: begin there.\n\n  customers' pages  {pages}\n");
        if let Some(mails) = mails {
            text.push_str(&format!("  mails             {mails}\n"));
        }
        text.push_str(&format!("  mock providers    {providers}\n  gRPC              {server}\n\nCtrl-C ends it."));
        print(&text);
    }
}

/// What waits to be served.
struct Listening {
    shop: TcpListener,
    smtp: TcpListener,
    mails: TcpListener,
}

/// What sends mails to the catcher.
fn mailer(catcher: SocketAddr) -> Result<Smtp, Failure> {
    let settings = smtp::Settings {
        host: catcher.ip().to_string(),
        port: catcher.port(),
        tls: Tls::None,
        username: String::new(),
        password: String::new().into(),
        from: FROM.into(),
    };
    Smtp::new(&settings).map_err(|error| Failure::failed(error.to_string()))
}

/// When the clock begins: now, or where the log of an earlier demonstration ends; at night in the next morning, because the
/// fraud model looks at the hour, and the shop's purchases are made for the day.
fn begin(store: &dyn Store) -> Result<Timestamp, Failure> {
    let last = store.reader()?.last()?.and_then(|seq| Timestamp::from_ms((seq.0 >> 12) + 1).ok());
    let begin = last.into_iter().chain([system_now()]).max().unwrap_or_default();
    Ok(demo::by_day(begin))
}

/// Lets the shop hear of everything, and nobody that an earlier demonstration told; the secret of what it hears.
fn tell_shop(store: &dyn Store, hasher: &KeyHasher, shop_url: &str) -> Result<String, Failure> {
    for earlier in store.reader()?.webhook_endpoints()? {
        store.remove_webhook_endpoint(&earlier.id)?;
    }
    let merchant = MerchantId::parse(MERCHANT).map_err(|invalid| Failure::failed(invalid.to_string()))?;
    let (secret, endpoint) = webhooks::make(&Vault::new(hasher.clone()), merchant, &format!("{shop_url}/hooks"))?;
    store.put_webhook_endpoint(&endpoint)?;
    Ok(secret)
}

/// A directory for the files of one demonstration, which goes with it.
struct Place(PathBuf);

impl Place {
    fn make() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("aval-demo-{}", std::process::id()));
        // One of the same name that a killed process left is nobody's any more.
        let _ = std::fs::remove_dir_all(&path);
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(&self.0).join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What cannot be taken away stays for the system to take away.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
