//! Where a story happens: in an engine of its own on a virtual clock, with the mock providers behind it and no socket
//! anywhere, or on a running server.

use crate::domain::challenge::ChallengeKind;
use crate::domain::keys::KeyHasher;
use crate::domain::time::Timestamp;
use crate::engine::clock::{Clock, VirtualClock};
use crate::engine::{self, Deadlines, Engine, Outside};
use crate::mock::{self, InProcess, Mock};
use crate::policy::Generation;
use crate::provider::http::{Request, Response, Sending, Transport, TransportError};
use crate::provider::{Notice, NoticeError};
use crate::rpc::auth::Credentials;
use crate::rpc::client::{Answer, CallError, Client, Method};
use crate::rpc::{convert, server};
use crate::store::Memory;
use serde_json::Value;
use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Where the mock's adapters find it, and where it finds us: names only, nothing is opened.
const MOCK: &str = "http://providers.test";
const OURS: &str = "http://aval.test";
/// How long a call waits by the virtual clock before its deadline is over.
const PATIENCE_MS: i64 = 5_000;
/// How long a call may take by the machine's clock, which only a fault in aval itself uses up.
const STUCK: Duration = Duration::from_secs(60);
/// The largest message.
const MAX_MESSAGE_BYTES: usize = 256 << 10;
/// How often things may follow from each other at one moment of the virtual clock.
const MOST_ROUNDS: usize = 1_000;

/// Where a story happens.
pub enum World {
    /// In an engine of its own.
    Own(Box<Own>),
    /// On a running server.
    Server(Box<Remote>),
}

/// An engine of a story's own.
pub struct Own {
    engine: Arc<Engine>,
    clock: Arc<VirtualClock>,
    client: Client<server::InProcess>,
    mock: Mock,
    pages: InProcess,
    notices: Notices,
}

/// A running server.
pub struct Remote {
    client: Client,
    http: Arc<dyn Transport>,
}

/// Takes the mock's notices to the engine.
struct Notices(Arc<Engine>);

impl Own {
    /// A new one at a time.
    pub fn new(generation: Arc<Generation>, at: Timestamp, unserved: &[ChallengeKind]) -> Result<Self, String> {
        let clock = Arc::new(VirtualClock::at(at));
        let hasher = KeyHasher::new([7; 16]);
        let mut options = mock::Options::new({
            let clock = clock.clone();
            Arc::new(move || clock.now())
        });
        let notices_to = |name: &str| format!("{OURS}{}", engine::notice_path(&hasher, name));
        options.powens_notices_to = vec![notices_to(crate::provider::bank::powens::NAME)];
        let mock = Mock::new(options);
        let pages = InProcess::new(&mock);
        let transport: Arc<dyn Transport> = Arc::new(pages.clone());
        let idcheck_notices = notices_to(crate::provider::identity::idcheck::NAME);
        let mut providers = mock::account::providers(MOCK, &transport, &idcheck_notices);
        unserved.iter().for_each(|kind| providers.remove(*kind));
        let outside = Outside {
            unserved: providers.unserved(),
            providers,
            public_url: OURS.into(),
            applicant_of: convert::applicant_of,
            notices: engine::Notices::default(),
            statement_subject: convert::statement_subject,
        };
        let settings = engine::Settings { clock: Clock::Virtual(clock.clone()), ..engine::Settings::small() };
        let store = Arc::new(Memory::new(&crate::store::Options::default()));
        let engine = Engine::start(settings, store, generation, hasher, outside).map_err(|error| error.to_string())?;
        let engine = Arc::new(engine);
        let settings = server::Settings {
            addr: ([127, 0, 0, 1], 0).into(),
            workers: 1,
            max_message_bytes: MAX_MESSAGE_BYTES,
            deadlines: Deadlines { default: STUCK, longest: STUCK },
            reflection: false,
        };
        let client = Client::of(server::in_process(engine.clone(), Credentials::of(&[]), &settings));
        let notices = Notices(engine.clone());
        Ok(Self { engine, clock, client, mock, pages, notices })
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Everything that follows from what has happened happens, notices too.
    async fn settle(&self) {
        for _ in 0..MOST_ROUNDS {
            self.engine.settled().await;
            if self.mock.send_notices(&self.notices).await == 0 {
                return;
            }
        }
    }

    /// When time brings something next.
    fn next_due(&self) -> Option<Timestamp> {
        self.engine.next_due(&self.clock).into_iter().chain(self.mock.next_notice()).min()
    }

    async fn set_time(&self, at: Timestamp) {
        if at > self.clock.now() {
            self.clock.set(at);
        }
        self.settle().await;
    }

    /// Calls; time passes only as far as the answer needs it.
    async fn call(&self, method: &Method, request: &str) -> Result<Answer, CallError> {
        let mut call = pin!(self.client.call(method, "the request", request));
        let deadline = self.clock.now().plus_ms(PATIENCE_MS);
        loop {
            tokio::select! {
                biased;
                answer = &mut call => return answer,
                () = self.settle() => {}
            }
            // What has settled may have woken the call.
            if let Poll::Ready(answer) = poll_once(call.as_mut()).await {
                return answer;
            }
            if !self.engine.is_settled() {
                continue;
            }
            match self.next_due().filter(|due| *due <= deadline) {
                Some(due) => self.set_time(due).await,
                None => {
                    self.set_time(deadline).await;
                    return self.at_the_deadline(request).await;
                }
            }
        }
    }

    /// What a call is answered with at its deadline: where the application stands by then.
    async fn at_the_deadline(&self, request: &str) -> Result<Answer, CallError> {
        let asked: Value = serde_json::from_str(request).unwrap_or_default();
        let look = serde_json::json!({ "applicationId": asked["applicationId"] }).to_string();
        self.client.call(&Method::find("DecisionService/GetApplication")?, "the request", &look).await
    }

    async fn wait(&self, wait: Duration) {
        self.settle().await;
        let until = self.clock.now().plus_ms(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        while let Some(due) = self.next_due().filter(|due| *due <= until) {
            self.set_time(due.max(self.clock.now())).await;
        }
        self.set_time(until).await;
    }
}

impl World {
    /// A running server.
    pub async fn server(server: &str, api_key: Option<&str>) -> Result<Self, CallError> {
        let client = Client::connect(server, api_key).await?;
        let http = crate::provider::http::Client::new().map_err(|error| CallError::unavailable(&error.to_string()))?;
        Ok(Self::Server(Box::new(Remote { client, http: Arc::new(http) })))
    }

    /// Calls a method with a request in proto3 JSON.
    pub async fn call(&self, method: &str, request: &Value) -> Result<Answer, CallError> {
        let method = Method::find(method)?;
        let request = request.to_string();
        match self {
            Self::Own(own) => own.call(&method, &request).await,
            Self::Server(remote) => remote.client.call(&method, "the request", &request).await,
        }
    }

    /// Everything that follows from what has happened happens.
    pub async fn settle(&self) {
        if let Self::Own(own) = self {
            own.settle().await;
        }
    }

    /// Time passes.
    pub async fn wait(&self, wait: Duration) {
        match self {
            Self::Own(own) => own.wait(wait).await,
            Self::Server(_) => tokio::time::sleep(wait).await,
        }
    }

    /// The customer goes to a page, ends it and comes back: the parameters with which.
    pub async fn visit(&self, page: &str, outcome: &str) -> Result<BTreeMap<String, String>, String> {
        let back = match self {
            Self::Own(own) => own.pages.visit(page, outcome).await,
            Self::Server(remote) => remote.visit(page, outcome).await,
        };
        let back = back.ok_or("the provider's page is not there, or leads nowhere")?;
        let query = back.split_once('?').map_or("", |(_, query)| query);
        Ok(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// A provider behaves so.
    pub fn script(&self, script: mock::Script) -> Result<(), String> {
        match self {
            Self::Own(own) => own.mock.script(script).map_err(|refused| refused.to_string()),
            Self::Server(_) => Err("a running server's providers are chosen by the values in the requests".into()),
        }
    }

    /// Somebody sends a notice in a provider's name.
    pub fn notice(&self, provider: &str, headers: &[(String, String)], body: &[u8]) -> Result<(), String> {
        let Self::Own(own) = self else { return Err("notices are sent in process only".into()) };
        let path = engine::notice_path(&KeyHasher::new([7; 16]), provider);
        let notice = Notice { path: &path, headers, body, now: own.clock.now() };
        match own.engine.notice(provider, &notice) {
            // A notice that is not looked at is no failure of the story's: what matters is what follows.
            Ok(()) | Err(NoticeError::Forged | NoticeError::Malformed | NoticeError::Irrelevant) => Ok(()),
        }
    }

    /// The calls to providers since they were last taken.
    pub fn take_calls(&self) -> Vec<mock::Recorded> {
        match self {
            Self::Own(own) => own.mock.take_calls(),
            Self::Server(_) => Vec::new(),
        }
    }

    /// Whether time and providers can be set.
    pub fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.engine.stop();
    }
}

impl Remote {
    async fn visit(&self, page: &str, outcome: &str) -> Option<String> {
        let request = Request::new(crate::provider::http::Method::Get, mock::finish_url(page, outcome));
        let answer = self.http.send(&request, STUCK).await.ok()?;
        answer.header("location").map(ToOwned::to_owned)
    }
}

impl Transport for Notices {
    fn send<'a>(&'a self, request: &'a Request, _: Duration) -> Sending<'a> {
        Box::pin(std::future::ready(self.deliver(request)))
    }

    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}

impl Notices {
    /// As the page for notices answers.
    fn deliver(&self, request: &Request) -> Result<Response, TransportError> {
        let path = request.url.strip_prefix(OURS).ok_or(TransportError::Unsendable)?;
        let headers: Vec<_> =
            request.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        let notice = Notice { path, headers: &headers, body: &request.body, now: self.0.now() };
        let provider = path.split('/').nth(2).unwrap_or_default();
        let known = path == self.0.notice_path(provider);
        let status = match if known { self.0.notice(provider, &notice) } else { Err(NoticeError::Forged) } {
            Ok(()) | Err(NoticeError::Irrelevant) => 200,
            Err(NoticeError::Forged) => 403,
            Err(NoticeError::Malformed) => 400,
        };
        Ok(Response { status, headers: Vec::new(), body: Vec::new() })
    }
}

/// Polls once, and says what came of it.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}
