//! The gRPC server: one single-threaded runtime a worker, all listening on one port, so that a call is read, judged
//! and answered without passing between cores more than it must.

use super::auth::{Credentials, Gate, Gated};
use super::decision::Decisions;
use super::front::Front;
use super::plan::Plans;
use super::proto;
use super::proto::decision_service_server::{self, DecisionServiceServer};
use super::proto::plan_service_server::PlanServiceServer;
use super::proto::review_service_server::ReviewServiceServer;
use super::proto::verification_service_server::VerificationServiceServer;
use super::review::Reviews;
use super::service::Service;
use super::verification::Verifications;
use crate::engine::{Deadlines, Engine};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::Layer;

/// How many connections may wait to be accepted by one worker.
const BACKLOG: i32 = 1_024;
/// The largest list of headers that a call may carry.
const MAX_HEADER_BYTES: u32 = 16 << 10;
/// The most calls that one connection may have under way.
const MAX_STREAMS: u32 = 1_024;
/// How often a silent connection is asked whether it still lives, and how long it has to say so.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));

/// The server's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen.
    pub addr: SocketAddr,
    /// How many workers, at least 1.
    pub workers: usize,
    /// The largest request, in bytes.
    pub max_message_bytes: usize,
    /// The bounds on deadlines.
    pub deadlines: Deadlines,
    /// Whether callers may ask which services there are.
    pub reflection: bool,
}

/// A running server.
pub struct Running {
    /// Where it listens: with the port that the system chose, if it was asked to.
    pub addr: SocketAddr,
    health: HealthReporter,
    stop: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Sets what `grpc.health.v1` says: of the whole server, and of the decision service.
    pub async fn set_serving(&self, serving: bool) {
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in ["", decision_service_server::SERVICE_NAME] {
            self.health.set_service_status(service, status).await;
        }
    }

    /// Stops accepting, lets the calls under way finish for at most `drain`, and ends.
    pub fn stop(self, drain: Duration) {
        // Receivers end with their workers; one that has ended needs no word.
        let _ = self.stop.send(true);
        let until = std::time::Instant::now() + drain;
        for worker in self.workers {
            while !worker.is_finished() && std::time::Instant::now() < until {
                std::thread::sleep(Duration::from_millis(5));
            }
            if !worker.is_finished() {
                tracing::warn!("calls were still under way when the time to drain was over");
            } else if worker.join().is_err() {
                tracing::error!("a worker ended in a panic");
            }
        }
    }
}

/// Binds the port and starts the workers. An error is the operating system's: the port in use, an address not here.
pub fn start(settings: &Settings, engine: &Arc<Engine>, credentials: &Credentials) -> io::Result<Running> {
    let workers = settings.workers.max(1);
    let alone = bind(settings.addr, false)?;
    let addr = alone.local_addr()?;
    let listeners = if workers == 1 {
        vec![alone]
    } else {
        drop(alone);
        (0..workers).map(|_| bind(addr, true)).collect::<io::Result<Vec<_>>>()?
    };
    let (stop, stopped) = watch::channel(false);
    let (health, health_service) = tonic_health::server::health_reporter();
    let mut threads = Vec::with_capacity(workers);
    for (at, listener) in listeners.into_iter().enumerate() {
        let worker = Worker {
            settings: settings.clone(),
            engine: engine.clone(),
            credentials: credentials.clone(),
            stopped: stopped.clone(),
        };
        let health_service = health_service.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = move || {
            if let Err(error) = runtime.block_on(worker.serve(listener, health_service)) {
                tracing::error!(%error, "a worker ended");
            }
        };
        threads.push(std::thread::Builder::new().name(format!("grpc-{at}")).spawn(serve)?);
    }
    Ok(Running { addr, health, stop, workers: threads })
}

/// A listening socket. Several workers share a port by SO_REUSEPORT, which would also let a second server share it
/// unseen: so a port that is to be shared is first bound alone.
fn bind(addr: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// The services of one worker: that of decisions, and all others.
fn services(service: Service, max_message_bytes: usize) -> (DecisionServiceServer<Decisions>, Routes) {
    let decisions = DecisionServiceServer::new(Decisions::new(service.clone()));
    let verifications = VerificationServiceServer::new(Verifications(service.clone()));
    let plans = PlanServiceServer::new(Plans(service.clone()));
    let reviews = ReviewServiceServer::new(Reviews(service));
    let others = Routes::new(verifications.max_decoding_message_size(max_message_bytes))
        .add_service(plans.max_decoding_message_size(max_message_bytes))
        .add_service(reviews.max_decoding_message_size(max_message_bytes));
    (decisions.max_decoding_message_size(max_message_bytes), others)
}

/// The services of one worker behind their gate, without a socket: what a server answers to the same request.
pub fn in_process(engine: Arc<Engine>, credentials: Credentials, settings: &Settings) -> InProcess {
    let mailbox = engine.mailbox();
    let service = Service { engine, mailbox, deadlines: settings.deadlines };
    let (decisions, others) = services(service, settings.max_message_bytes);
    Gate(credentials).layer(Front { decisions, others: others.prepare() })
}

/// A server without a socket.
pub type InProcess = Gated<Front>;

struct Worker {
    settings: Settings,
    engine: Arc<Engine>,
    credentials: Credentials,
    stopped: watch::Receiver<bool>,
}

impl Worker {
    async fn serve<H>(mut self, listener: TcpListener, health: H) -> Result<(), Box<dyn std::error::Error>>
    where
        H: tower::Service<http::Request<tonic::body::Body>, Error = std::convert::Infallible>
            + tonic::server::NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        H::Response: axum::response::IntoResponse,
        H::Future: Send + 'static,
    {
        let (engine, mailbox) = (self.engine.clone(), self.engine.mailbox());
        let service = Service { engine, mailbox, deadlines: self.settings.deadlines };
        let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener)?).with_nodelay(Some(true));
        let (decisions, others) = services(service, self.settings.max_message_bytes);
        let mut others = others.add_service(health);
        if self.settings.reflection {
            let described = |builder: tonic_reflection::server::Builder<'static>| {
                builder
                    .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
                    .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            };
            others = others
                .add_service(described(tonic_reflection::server::Builder::configure()).build_v1()?)
                .add_service(described(tonic_reflection::server::Builder::configure()).build_v1alpha()?);
        }
        let server = Server::builder()
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .max_concurrent_streams(MAX_STREAMS)
            .http2_keepalive_interval(Some(KEEPALIVE.0))
            .http2_keepalive_timeout(Some(KEEPALIVE.1))
            .layer(Gate(self.credentials));
        let stopped = async move {
            // An error means that the server was dropped: that is a stop too.
            let _ = self.stopped.wait_for(|stop| *stop).await;
        };
        let front = Front { decisions, others: others.prepare() };
        server.serve_with_incoming_shutdown(front, incoming, stopped).await?;
        Ok(())
    }
}
