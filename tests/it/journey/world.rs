//! An engine over a store in memory, fake providers and a clock that is set by hand.

use crate::server::{decide_request, root};
use aval::domain::challenge::{ChallengeKind, Kinds};
use aval::domain::decision::{Decision, Digest};
use aval::domain::evidence::{Account, AccountKind, BankHistory, Evidence};
use aval::domain::ids::{ApplicationId, EntryId, MerchantId, RequestId};
use aval::domain::keys::KeyHasher;
use aval::domain::money::Currency;
use aval::domain::time::Timestamp;
use aval::engine::clock::{Clock, VirtualClock};
use aval::engine::{Act, Answered, Caller, Engine, Given, Mailbox, Notices, Outside, Refused, Settings, Submit};
use aval::engine::{generation, journey_of};
use aval::journey::{Input, Journey, State};
use aval::policy::Generation;
use aval::provider::{
    self, Action, Answer, Call, Handle, Notice, NoticeError, Progress, Provider, ProviderError, Providers,
    StartRequest, Started,
};
use aval::rpc::convert::{self, Content};
use aval::store::{Entry, Event, Memory, Subject};
use prost::Message;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Where browsers find the server.
pub const PUBLIC_URL: &str = "https://pay.example";
/// The code that is right.
pub const CODE: &str = "123456";
/// A policy that accepts nobody before a code was right.
pub const BY_PHONE: &str = "
fraud: { accept_below: { none: 0, phone: 1 }, decline_from: { none: 1 }, challenges: [sms_code, id_document] }
default: { unused: true }
";
/// A policy that accepts nobody before the bank history is known.
pub const BY_BANK: &str = "
fraud: { unused: true }
default: { accept_below: { none: 0, bank: 1 }, decline_from: { none: 1 }, challenges: [bank_history] }
";

/// What a provider says to one question.
pub type Says = Result<Progress, ProviderError>;

/// A provider that does as it is told, and keeps what it was asked.
pub struct Fake {
    kind: ChallengeKind,
    /// What it says when it is to begin, question by question; after them, that it has.
    pub starts: Mutex<VecDeque<ProviderError>>,
    /// What it says when it is asked how it stands; after them, that it is not done.
    pub polls: Mutex<VecDeque<Says>>,
    /// What it says to what the customer gave; after them, whether the code is right.
    pub submits: Mutex<VecDeque<Says>>,
    /// Answers are given while there are permits.
    pub lets_go: Semaphore,
    asked: Mutex<Vec<String>>,
}

impl Fake {
    pub fn new(kind: ChallengeKind) -> Arc<Self> {
        Arc::new(Self {
            kind,
            starts: Mutex::default(),
            polls: Mutex::default(),
            submits: Mutex::default(),
            lets_go: Semaphore::new(Semaphore::MAX_PERMITS),
            asked: Mutex::default(),
        })
    }

    /// From now on no answer is given.
    pub fn hold(&self) {
        self.lets_go.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// What was held is answered, and everything from now on.
    pub fn let_go(&self) {
        self.lets_go.add_permits(Semaphore::MAX_PERMITS - self.lets_go.available_permits());
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until it has been asked so many questions.
    pub async fn asked_times(&self, times: usize) {
        let until = Instant::now() + Duration::from_secs(20);
        while self.asked().len() < times {
            assert!(Instant::now() < until, "asked {:?}, {times} questions were expected", self.asked());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn question(&self, what: &str, call: &Call, more: &str) {
        let number = call.attempt.rsplit('_').next().unwrap_or_default();
        let asked = format!("{what} {number} {more}");
        self.asked.lock().unwrap().push(asked.trim_end().to_owned());
        let _ = self.lets_go.acquire().await.unwrap();
    }
}

impl Provider for Fake {
    fn name(&self) -> &'static str {
        match self.kind {
            ChallengeKind::SmsCode => "fake_sms",
            ChallengeKind::IdDocument => "fake_identity",
            ChallengeKind::BankHistory => "fake_bank",
        }
    }

    fn kind(&self) -> ChallengeKind {
        self.kind
    }

    fn start<'a>(&'a self, call: &'a Call, request: &'a StartRequest) -> Answer<'a, Started> {
        Box::pin(async move {
            let says = self.starts.lock().unwrap().pop_front();
            self.question("start", call, if request.again.is_some() { "again" } else { "" }).await;
            let action = match self.kind {
                ChallengeKind::SmsCode => Action::EnterCode { length: 6 },
                _ => Action::Redirect { url: format!("https://{}/?state={}", self.name(), request.state) },
            };
            let reference = if self.kind == ChallengeKind::SmsCode { String::new() } else { call.attempt.clone() };
            says.map_or(Ok(()), Err)?;
            Ok(Started { handle: Handle(call.attempt.clone().into_bytes()), reference, action })
        })
    }

    fn submit<'a>(&'a self, call: &'a Call, handle: &'a Handle, input: &'a provider::Input) -> Answer<'a, Progress> {
        assert_eq!(handle.0, call.attempt.as_bytes(), "the handle that was given out comes back");
        Box::pin(async move {
            let says = self.submits.lock().unwrap().pop_front();
            let (given, right) = match input {
                Given::Code(code) => {
                    (code.clone(), if code == CODE { Ok(done(self.kind)) } else { Ok(Progress::Wrong) })
                }
                Given::Returned(_) => ("returned".into(), Ok(pending())),
            };
            self.question("submit", call, &given).await;
            says.unwrap_or(right)
        })
    }

    fn poll<'a>(&'a self, call: &'a Call, handle: &'a Handle) -> Answer<'a, Progress> {
        assert_eq!(handle.0, call.attempt.as_bytes(), "the handle that was given out comes back");
        Box::pin(async move {
            let says = self.polls.lock().unwrap().pop_front();
            self.question("poll", call, "").await;
            says.unwrap_or_else(|| Ok(pending()))
        })
    }

    fn erase<'a>(&'a self, call: &'a Call, _: &'a Handle) -> Answer<'a, ()> {
        Box::pin(async move {
            self.question("erase", call, "").await;
            Ok(())
        })
    }

    fn hint(&self, notice: &Notice<'_>) -> Result<String, NoticeError> {
        String::from_utf8(notice.body.to_vec()).map_err(|_| NoticeError::Malformed)
    }
}

fn pending() -> Progress {
    Progress::Pending { retry_after: Duration::from_secs(2) }
}

/// That it is done, with good evidence.
pub fn done(kind: ChallengeKind) -> Progress {
    let day = |text: &str| text.parse().unwrap();
    Progress::Done(match kind {
        ChallengeKind::SmsCode => Evidence::PhoneVerified,
        ChallengeKind::IdDocument => panic!("no test asks for a document"),
        ChallengeKind::BankHistory => Evidence::Bank(BankHistory {
            accounts: vec![Account {
                id: "a".into(),
                kind: AccountKind::Checking,
                balance_minor: Some(100_000),
                currency: Currency::EUR,
            }],
            transactions: Vec::new(),
            covered_from: day("2026-08-27"),
            covered_to: day("2026-11-25"),
            complete: true,
        }),
    })
}

/// A world with its providers.
pub struct World {
    pub store: Arc<Memory>,
    pub clock: Arc<VirtualClock>,
    pub sms: Arc<Fake>,
    pub identity: Arc<Fake>,
    pub bank: Arc<Fake>,
    pub engine: Arc<Engine>,
    mailbox: Mailbox,
    generation: Arc<Generation>,
    unserved: Kinds,
}

impl World {
    /// With a policy, but for what every policy here says alike.
    pub fn new(policy: &str) -> Self {
        Self::with_unserved(policy, Kinds::NONE)
    }

    /// With a policy, where nobody verifies some kinds.
    pub fn with_unserved(policy: &str, unserved: Kinds) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("policy.yaml");
        std::fs::write(&path, format!("name: test\nversion: \"1\"\nany_plan: true\n{policy}")).unwrap();
        let loaded = generation::load(&root().join("models"), &path, &hasher());
        let generation = Arc::new(loaded.unwrap_or_else(|error| panic!("{error}")));
        let store = Arc::new(Memory::default());
        let clock = Arc::new(VirtualClock::at(Timestamp::parse("2026-11-25T10:00:00Z").unwrap()));
        let [sms, identity, bank] = ChallengeKind::ALL.map(Fake::new);
        let outside = outside([&sms, &identity, &bank], unserved);
        let engine = start(&store, &clock, &generation, outside);
        let mailbox = engine.mailbox();
        Self { store, clock, sms, identity, bank, engine, mailbox, generation, unserved }
    }

    /// The process is killed, and started again: of what was under way only the log is left.
    pub fn killed_and_started(self) -> Self {
        let Self { store, clock, engine, mailbox, generation, unserved, .. } = self;
        drop(mailbox);
        drop(Arc::into_inner(engine).expect("nobody else has the engine"));
        let clock = Arc::new(VirtualClock::at(clock.now()));
        let [sms, identity, bank] = ChallengeKind::ALL.map(Fake::new);
        let engine = start(&store, &clock, &generation, outside([&sms, &identity, &bank], unserved));
        let mailbox = engine.mailbox();
        Self { store, clock, sms, identity, bank, engine, mailbox, generation, unserved }
    }

    /// A purchase of a customer, with the first step of its journey behind it.
    pub async fn submit(&self, customer: &str) -> EntryId {
        let id = self.submit_only(customer).await;
        self.engine.settled().await;
        id
    }

    /// A purchase of a customer.
    pub async fn submit_only(&self, customer: &str) -> EntryId {
        let wire = decide_request(&format!("submit-{customer}"), customer, customer);
        let submission = convert::submission(&wire, self.clock.now()).unwrap();
        let subject = Subject(wire.encode_to_vec().into());
        let submit = Submit { content: submission.content_digest(), submission: &submission, subject };
        let answered = self.engine.submit(caller(), submit, soon(), &self.mailbox).await.unwrap();
        answered.history[0].id
    }

    /// A step of a journey, under a name of its own.
    pub async fn act(&self, id: EntryId, request: &str, input: Input) -> Result<Answered, Refused> {
        self.give(id, request, input, None).await
    }

    /// A code is entered.
    pub async fn enter(&self, id: EntryId, request: &str, code: &str) -> Result<Answered, Refused> {
        self.give(id, request, Input::EnterCode, Some(Given::Code(code.into()))).await
    }

    /// The customer comes back from the page of the first attempt.
    pub async fn come_back(&self, id: EntryId, request: &str) -> Result<Answered, Refused> {
        self.come_back_to(id, request, 1).await
    }

    /// The customer comes back from the page of an attempt.
    pub async fn come_back_to(&self, id: EntryId, request: &str, attempt: u32) -> Result<Answered, Refused> {
        let given = Given::Returned(vec![("state".into(), "x".into())]);
        self.give(id, request, Input::Return { attempt }, Some(given)).await
    }

    async fn give(&self, id: EntryId, request: &str, input: Input, given: Option<Given>) -> Result<Answered, Refused> {
        self.give_until(soon(), id, request, input, given).await
    }

    /// A step of a journey, whose answer is waited for until a time.
    pub async fn give_until(
        &self,
        until: Instant,
        id: EntryId,
        request: &str,
        input: Input,
        given: Option<Given>,
    ) -> Result<Answered, Refused> {
        let content = format!("{id:?} {} {given:?}", input.name());
        let content = match &given {
            Some(Given::Code(code)) => format!("{content} {code}"),
            _ => content,
        };
        let act = Act {
            request_id: RequestId::parse(request).unwrap(),
            content: Digest::of(content.as_bytes()),
            application: id,
            occurred_at: None,
            input,
            given,
            subject: None,
        };
        self.engine.act(caller(), act, until, &self.mailbox).await
    }

    /// Waits for an answer, while the time passes by which those sleep who try again.
    pub async fn meanwhile<T>(&self, answer: impl Future<Output = T>) -> T {
        tokio::pin!(answer);
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = tokio::time::sleep(Duration::from_millis(5)) => {
                    self.clock.next_waking().into_iter().for_each(|waking| self.clock.set(waking));
                }
            }
        }
    }

    /// Lets time pass until something happens by itself or somebody tries again, and whatever follows from it.
    pub async fn next(&self) {
        self.engine.settled().await;
        let due = self.engine.next_due(&self.clock).expect("something happens by itself");
        self.clock.set(due);
        self.engine.settled().await;
    }

    /// Lets so many seconds pass, and everything that is due in them.
    pub async fn pass(&self, seconds: i64) {
        let until = self.clock.now().plus_ms(seconds * 1_000);
        loop {
            self.engine.settled().await;
            match self.engine.next_due(&self.clock).filter(|due| *due <= until) {
                Some(due) => self.clock.set(due.max(self.clock.now())),
                None => break,
            }
        }
        self.clock.set(until);
        self.engine.settled().await;
    }

    /// A notice of a provider's about an application's first attempt.
    pub fn notice(&self, provider: &Fake, id: EntryId) -> Result<(), NoticeError> {
        self.notice_of(provider, id, 1)
    }

    /// A notice of a provider's about an attempt.
    pub fn notice_of(&self, provider: &Fake, id: EntryId, attempt: u32) -> Result<(), NoticeError> {
        let body = format!("{}_{attempt}", ApplicationId(id));
        let (headers, now) = (&[][..], self.clock.now());
        self.engine.notice(provider.name(), &Notice { path: "/", headers, body: body.as_bytes(), now })
    }

    /// The entry that an application's id names.
    pub fn id_of(&self, application: &str) -> EntryId {
        ApplicationId::parse(application).unwrap().0
    }

    pub async fn history(&self, id: EntryId) -> Vec<Arc<Entry>> {
        self.engine.application(merchant(), ApplicationId(id)).await.unwrap()
    }

    pub async fn journey(&self, id: EntryId) -> Journey {
        journey(&self.history(id).await)
    }

    pub async fn state(&self, id: EntryId) -> State {
        self.journey(id).await.state
    }

    /// What happened and where it led, as [`story`].
    pub async fn story(&self, id: EntryId) -> String {
        self.engine.settled().await;
        story(&self.history(id).await)
    }

    /// The newest decision.
    pub async fn decision(&self, id: EntryId) -> Decision {
        let history = self.history(id).await;
        let (decision, _) = aval::engine::judged(history.iter().map(AsRef::as_ref), None).unwrap();
        decision.clone()
    }

    /// The codes of the newest decision's reasons.
    pub async fn reasons(&self, id: EntryId) -> Vec<&'static str> {
        self.decision(id).await.reasons.iter().map(|reason| reason.code.name()).collect()
    }
}

fn hasher() -> KeyHasher {
    KeyHasher::new([3; 16])
}

fn outside([sms, identity, bank]: [&Arc<Fake>; 3], unserved: Kinds) -> Outside {
    let served = |fake: &Arc<Fake>| (!unserved.contains(fake.kind)).then(|| fake.clone() as Arc<dyn Provider>);
    Outside {
        providers: Providers { sms: served(sms), identity: served(identity), bank: served(bank) },
        unserved,
        public_url: PUBLIC_URL.into(),
        applicant_of: convert::applicant_of,
        notices: Notices::default(),
        statement_subject: convert::statement_subject,
    }
}

fn start(
    store: &Arc<Memory>,
    clock: &Arc<VirtualClock>,
    generation: &Arc<Generation>,
    outside: Outside,
) -> Arc<Engine> {
    let settings = Settings { clock: Clock::Virtual(clock.clone()), ..Settings::default() };
    Arc::new(Engine::start(settings, store.clone(), generation.clone(), hasher(), outside).unwrap())
}

pub fn merchant() -> MerchantId {
    MerchantId::parse("demo").unwrap()
}

fn caller() -> Caller {
    Caller { merchant: merchant(), actor: "test".into() }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

pub fn journey(history: &[Arc<Entry>]) -> Journey {
    journey_of(history.iter().map(AsRef::as_ref)).unwrap().unwrap()
}

/// The names of what happened, and of the state that it led to.
pub fn story(history: &[Arc<Entry>]) -> String {
    let names = history.iter().map(|entry| match &entry.event {
        Event::Submitted(_) => "submitted",
        Event::Imported(_) => "imported",
        Event::OutcomeReported(_) => "reported",
        Event::Moved(moved) => moved.event.name(),
    });
    format!("{}: {}", names.collect::<Vec<_>>().join(" "), journey(history).state.kind().name())
}
