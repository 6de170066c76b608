//! Floor 6: HTTP. For machines that watch: `/healthz` (the process lives), `/readyz` (calls are answered), `/metrics`. For
//! providers and for browsers that come back from them: [`doors`]. For customers: [`pages`].

mod doors;
mod pages;

use crate::engine::Engine;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// How many requests are answered at once; more hear 503.
const AT_ONCE: usize = 64;
/// How many notices and browsers are taken in at once; more hear 503.
const DOORS_AT_ONCE: usize = 256;
/// How many requests of customers' browsers are answered at once; more hear 503.
const PAGES_AT_ONCE: usize = 256;
/// How long one request may take, its body included.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a stopping server waits for its last answers.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// The type of what Prometheus reads.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the pages show.
#[derive(Clone)]
struct Shown {
    /// Whether calls are answered.
    is_ready: Arc<dyn Fn() -> bool + Send + Sync>,
    /// The metrics in Prometheus's text format.
    metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// What takes in notices and browsers that come back; none in tests of the others.
    doors: Option<Arc<Engine>>,
}

/// A running server.
pub struct Running {
    /// Where it listens: with the port that the system chose, if it was asked to.
    pub addr: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Running {
    /// Ends it; answers under way have a moment to finish.
    pub fn stop(self) {
        // A receiver that is gone has stopped already.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the HTTP server ended in a panic");
        }
    }
}

/// Binds the port. Whoever connects waits until [`start`].
pub fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(addr)
}

/// Serves on a thread of its own, so that whoever watches does not wait behind calls.
pub fn start(listener: TcpListener, metrics: PrometheusHandle, engine: Arc<Engine>) -> io::Result<Running> {
    let doors = Some(engine.clone());
    let (is_ready, metrics) = (Arc::new(move || engine.is_ready()), Arc::new(move || metrics.render()));
    serve(listener, Shown { is_ready, metrics, doors })
}

fn serve(listener: TcpListener, shown: Shown) -> io::Result<Running> {
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serve = move || {
        let served = runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::select! {
                served = axum::serve(listener, router(shown)).into_future() => served,
                _ = stopped => Ok(()),
            }
        });
        runtime.shutdown_timeout(LAST_ANSWERS);
        if let Err(error) = served {
            tracing::error!(%error, "the HTTP server ended");
        }
    };
    let thread = std::thread::Builder::new().name("http".into()).spawn(serve)?;
    Ok(Running { addr, stop, thread })
}

fn router(shown: Shown) -> Router {
    let (doors, pages) = match shown.doors.clone() {
        Some(engine) => {
            let pages = pages::Pages::new(engine.clone());
            (doors::router(engine, pages.clone()), pages.router())
        }
        None => Default::default(),
    };
    let watched = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(shown);
    // Apart, so that nobody from outside takes the places of those that watch.
    bounded(watched, AT_ONCE).merge(bounded(doors, DOORS_AT_ONCE)).merge(bounded(pages, PAGES_AT_ONCE))
}

/// Answers so many requests at once, each within its time; others hear 503, and what takes longer 408.
fn bounded(router: Router, at_once: usize) -> Router {
    let places = Arc::new(Semaphore::new(at_once));
    router.layer(axum::middleware::from_fn(move |request, next: axum::middleware::Next| {
        let places = places.clone();
        async move {
            let Ok(_place) = places.try_acquire() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
            let answer = tokio::time::timeout(PATIENCE, next.run(request)).await;
            answer.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
        }
    }))
}

async fn readyz(State(shown): State<Shown>) -> Response {
    if (shown.is_ready)() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready: the store is being read\n").into_response()
    }
}

async fn metrics(State(shown): State<Shown>) -> Response {
    ([(header::CONTENT_TYPE, METRICS_TYPE)], (shown.metrics)()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::sync::atomic::{AtomicBool, Ordering};

    /// The first line of the answer, and its body.
    fn ask(addr: SocketAddr, line: &str) -> (String, String) {
        let mut stream = std::net::TcpStream::connect(addr).unwrap();
        write!(stream, "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().trim_start_matches("HTTP/1.1 ").to_owned(), body.to_owned())
    }

    #[test]
    fn health_readiness_and_metrics() {
        let ready = Arc::new(AtomicBool::new(true));
        let seen = ready.clone();
        let shown = Shown {
            is_ready: Arc::new(move || seen.load(Ordering::Relaxed)),
            metrics: Arc::new(|| "aval_decisions_total 3\n".into()),
            doors: None,
        };
        let running = serve(bind("127.0.0.1:0".parse().unwrap()).unwrap(), shown).unwrap();
        assert_eq!(ask(running.addr, "GET /healthz").0, "200 OK");
        assert_eq!(ask(running.addr, "GET /readyz").0, "200 OK");
        assert_eq!(ask(running.addr, "GET /metrics").1, "aval_decisions_total 3\n");
        assert_eq!(ask(running.addr, "GET /other").0, "404 Not Found");
        assert_eq!(ask(running.addr, "POST /metrics").0, "405 Method Not Allowed");
        ready.store(false, Ordering::Relaxed);
        assert_eq!(ask(running.addr, "GET /readyz").0, "503 Service Unavailable");
        assert_eq!(ask(running.addr, "GET /healthz").0, "200 OK", "it lives, though it is not ready");
        running.stop();
    }
}
