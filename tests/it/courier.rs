//! Deliveries, in process: what an entry calls to be told is told after its commit, in order, until it is taken; whatever
//! receivers, crashes and failed commits do. On a clock that is set by hand, with receivers that do as they are told.

use crate::server::{decide_request, root};
use aval::domain::decision::Digest;
use aval::domain::delivery::DeliveryKind;
use aval::domain::ids::{EntryId, MerchantId, RequestId};
use aval::domain::keys::KeyHasher;
use aval::domain::outcome::RepaymentOutcome;
use aval::domain::time::Timestamp;
use aval::engine::clock::{Clock, VirtualClock};
use aval::engine::{
    self, Act, Caller, Engine, Letter, MailOf, Mailbox, Notices, Outside, Report, Settings, Submit, Vault, generation,
};
use aval::journey::Input;
use aval::notice::webhook::{Answer, Carrier, Message};
use aval::notice::{Mail, MailError, Mailer, Sending};
use aval::plan;
use aval::policy::Generation;
use aval::rpc::convert::{self, Content};
use aval::store::{Memory, Reader, Store, Subject, WebhookEndpoint};
use prost::Message as _;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const FAILS: Answer = Answer::Failed { why: "server_error", after: None };
const SECRET: [u8; 32] = [9; 32];
const NEXT_SECRET: [u8; 32] = [10; 32];
const DAY_SECONDS: i64 = 86_400;

/// Receivers: each keeps what it was sent, and answers as it was told.
#[derive(Default)]
struct Receivers {
    posted: Mutex<Vec<(String, Message)>>,
    answers: Mutex<HashMap<String, VecDeque<Answer>>>,
    /// What they always answer.
    always: Mutex<HashMap<String, Answer>>,
    hanging: Mutex<HashSet<String>>,
}

impl Receivers {
    fn always(&self, name: &str, answer: Answer) {
        self.always.lock().unwrap().insert(url(name), answer);
    }

    fn next(&self, name: &str, answers: &[Answer]) {
        self.answers.lock().unwrap().entry(url(name)).or_default().extend(answers);
    }

    fn hang(&self, name: &str) {
        self.hanging.lock().unwrap().insert(url(name));
    }

    /// What was posted to a receiver.
    fn posted(&self, name: &str) -> Vec<Message> {
        let posted = self.posted.lock().unwrap();
        posted.iter().filter(|(to, _)| *to == url(name)).map(|(_, message)| message.clone()).collect()
    }

    /// The versions of what was posted to a receiver about an application.
    fn versions(&self, name: &str, application: EntryId) -> Vec<u64> {
        let of_application = |body: &serde_json::Value| {
            body["data"]["application"]["applicationId"].as_str().unwrap().ends_with(&format!("{application:?}"))
        };
        let bodies = self.posted(name).into_iter().map(|message| body(&message));
        bodies.filter(of_application).map(|body| body["data"]["version"].as_u64().unwrap()).collect()
    }
}

impl Carrier for Receivers {
    fn post<'a>(&'a self, url: &'a str, message: &'a Message) -> Sending<'a, Answer> {
        self.posted.lock().unwrap().push((url.to_owned(), message.clone()));
        let told = self.answers.lock().unwrap().get_mut(url).and_then(VecDeque::pop_front);
        let always = self.always.lock().unwrap().get(url).copied();
        let hangs = self.hanging.lock().unwrap().contains(url);
        Box::pin(async move {
            match hangs {
                true => std::future::pending().await,
                false => told.or(always).unwrap_or(Answer::Taken),
            }
        })
    }
}

/// A mail server that answers as it was told, and keeps the mails.
#[derive(Default)]
pub struct Post {
    pub sent: Mutex<Vec<Mail>>,
    pub answers: Mutex<VecDeque<Result<(), MailError>>>,
}

impl Mailer for Post {
    fn send<'a>(&'a self, mail: &'a Mail) -> Sending<'a, Result<(), MailError>> {
        self.sent.lock().unwrap().push(mail.clone());
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(()));
        Box::pin(async move { answer })
    }
}

fn url(name: &str) -> String {
    format!("https://{name}.example/hook")
}

fn body(message: &Message) -> serde_json::Value {
    serde_json::from_str(&message.body).unwrap()
}

fn hasher() -> KeyHasher {
    KeyHasher::new([3; 16])
}

fn merchant(name: &str) -> MerchantId {
    MerchantId::parse(name).unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

pub struct Bed {
    store: Arc<Memory>,
    clock: Arc<VirtualClock>,
    receivers: Arc<Receivers>,
    post: Option<Arc<Post>>,
    mail_of: MailOf,
    engine: Arc<Engine>,
    mailbox: Mailbox,
    generation: Arc<Generation>,
}

/// A mail that says no more than which it is.
#[expect(clippy::unnecessary_wraps, reason = "a `MailOf`")]
fn plain_mail(letter: &Letter<'_>) -> Option<Mail> {
    let text = letter.kind.name();
    Some(Mail {
        to: "ada@example.org".into(),
        reply_to: None,
        from_name: "Shop".into(),
        subject: text.into(),
        html: String::new(),
        text: format!("{text} {}", letter.history.len()),
        message_id: letter.message_id.into(),
    })
}

impl Bed {
    /// With one endpoint for each of these merchants.
    fn new(merchants: &[&str]) -> Self {
        Self::with(merchants, None)
    }

    fn with(merchants: &[&str], post: Option<Arc<Post>>) -> Self {
        // Without its last section nothing happens to plans by itself, so what is told is what these tests did.
        let shipped = std::fs::read_to_string(root().join("policies/default.yaml")).unwrap();
        let (quiet, _) = shipped.split_once("\nservicing:").unwrap();
        Self::under(quiet, merchants, post, plain_mail)
    }

    /// Under a policy, with mails made by a function.
    pub fn under(policy: &str, merchants: &[&str], post: Option<Arc<Post>>, mail_of: MailOf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.yaml");
        std::fs::write(&path, policy).unwrap();
        let loaded = generation::load(&root().join("models"), &path, &hasher());
        let store = Arc::new(Memory::default());
        merchants.iter().for_each(|name| store.put_webhook_endpoint(&endpoint(name)).unwrap());
        let clock = Arc::new(VirtualClock::at(Timestamp::parse("2026-11-25T10:00:00Z").unwrap()));
        let generation = Arc::new(loaded.unwrap_or_else(|error| panic!("{error}")));
        Self::start(store, clock, Arc::default(), post, mail_of, generation)
    }

    fn start(
        store: Arc<Memory>,
        clock: Arc<VirtualClock>,
        receivers: Arc<Receivers>,
        post: Option<Arc<Post>>,
        mail_of: MailOf,
        generation: Arc<Generation>,
    ) -> Self {
        let notices = Notices {
            carrier: Some(receivers.clone()),
            data_of: convert::event_data,
            mailer: post.clone().map(|post| post as Arc<dyn Mailer>),
            mail_of,
        };
        let outside = Outside { notices, ..Outside::nobody() };
        let settings = Settings { clock: Clock::Virtual(clock.clone()), ..Settings::small() };
        let engine = Engine::start(settings, store.clone(), generation.clone(), hasher(), outside).unwrap();
        let engine = Arc::new(engine);
        let mailbox = engine.mailbox();
        Self { store, clock, receivers, post, mail_of, engine, mailbox, generation }
    }

    /// The process is killed, and started again: of what was under way only the store is left.
    fn killed_and_started(self, receivers: Arc<Receivers>) -> Self {
        let Self { store, clock, engine, mailbox, generation, post, mail_of, .. } = self;
        drop(mailbox);
        drop(Arc::into_inner(engine).expect("nobody else has the engine"));
        let clock = Arc::new(VirtualClock::at(clock.now()));
        Self::start(store, clock, receivers, post, mail_of, generation)
    }

    pub async fn submit(&self, of: &str, customer: &str) -> EntryId {
        let wire = decide_request(&format!("submit-{customer}"), customer, customer);
        let submission = convert::submission(&wire, self.clock.now()).unwrap();
        let subject = Subject(wire.encode_to_vec().into());
        let submit = Submit { content: submission.content_digest(), submission: &submission, subject };
        let caller = Caller { merchant: merchant(of), actor: "test".into() };
        self.engine.submit(caller, submit, soon(), &self.mailbox).await.unwrap().history[0].id
    }

    /// Takes a step with a plan.
    pub async fn act(&self, of: &str, application: EntryId, request: &str, input: plan::Input) {
        let act = Act {
            request_id: RequestId::parse(request).unwrap(),
            content: Digest::of(request.as_bytes()),
            application,
            occurred_at: None,
            input: Input::Plan(input),
            given: None,
            subject: None,
        };
        let caller = Caller { merchant: merchant(of), actor: "test".into() };
        self.engine.act(caller, act, soon(), &self.mailbox).await.unwrap();
    }

    async fn report(&self, of: &str, application: EntryId, request: &str) {
        let report = Report {
            request_id: RequestId::parse(request).unwrap(),
            content: Digest::of(request.as_bytes()),
            application,
            outcome: RepaymentOutcome::Paid,
            occurred_at: None,
        };
        let caller = Caller { merchant: merchant(of), actor: "test".into() };
        self.engine.report(caller, report, soon(), &self.mailbox).await.unwrap();
    }

    /// Lets so many seconds pass, and everything that is due in them.
    pub async fn pass(&self, seconds: i64) {
        let until = self.clock.now().plus_ms(seconds * 1_000);
        loop {
            self.settled().await;
            match self.engine.next_due(&self.clock).filter(|due| *due <= until) {
                Some(due) => self.clock.set(due.max(self.clock.now())),
                None => break,
            }
        }
        self.clock.set(until);
        self.settled().await;
    }

    pub async fn settled(&self) {
        let settled = tokio::time::timeout(Duration::from_secs(60), self.engine.settled()).await;
        settled.expect("everything that follows has happened within a minute");
    }

    fn reader(&self) -> Box<dyn Reader> {
        self.store.reader().unwrap()
    }

    /// How many deliveries are owed still.
    fn waiting(&self) -> u64 {
        self.reader().pending_endpoints().unwrap().iter().map(|(_, count)| count).sum()
    }

    /// Waits by the machine's clock until something is so.
    async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let until = soon();
        while !is_so() {
            assert!(Instant::now() < until, "{what}, within 20 seconds");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

fn endpoint(name: &str) -> WebhookEndpoint {
    WebhookEndpoint {
        id: format!("we_{name}").into(),
        merchant: merchant(name),
        url: url(name).into(),
        secret: Vault::new(hasher()).seal(&SECRET).unwrap(),
        next_secret: None,
        created_at: Timestamp::default(),
        disabled_at: None,
    }
}

/// Whether a signature of a message is the one under a secret.
fn is_signed_under(message: &Message, secret: &[u8]) -> bool {
    let key = standardwebhooks::Webhook::from_bytes(secret.to_vec()).unwrap();
    let expected = key.sign(&message.id, message.timestamp, message.body.as_bytes()).unwrap();
    message.signature.split(' ').any(|signature| signature == expected)
}

#[tokio::test]
async fn a_merchant_hears_of_its_own_applications_in_order_and_nobody_elses() {
    let bed = Bed::new(&["shop-a", "shop-b"]);
    let id = bed.submit("shop-a", "ada").await;
    bed.submit("shop-c", "nobody-listens").await;
    bed.settled().await;
    bed.report("shop-a", id, "report-1").await;
    bed.report("shop-a", id, "report-2").await;
    bed.settled().await;
    let posted = bed.receivers.posted("shop-a");
    assert_eq!(bed.receivers.versions("shop-a", id), [1, 2, 3]);
    assert!(bed.receivers.posted("shop-b").is_empty(), "another merchant's applications are told to nobody");
    let first = body(&posted[0]);
    assert_eq!((&first["type"], &first["timestamp"]), (&"application.updated".into(), &"2026-11-25T10:00:00Z".into()));
    assert!(first["data"]["application"]["decision"]["outcome"].is_string(), "as GetApplication answers: {first}");
    assert_eq!(posted[0].id, format!("msg_{id:?}"), "the id is the entry's");
    assert_eq!(posted[0].timestamp, bed.clock.now().ms() / 1_000);
    assert!(posted.iter().all(|message| is_signed_under(message, &SECRET)));
    let ids: BTreeSet<_> = posted.iter().map(|message| message.id.clone()).collect();
    assert_eq!(ids.len(), 3, "each message has an id of its own");
    assert_eq!(bed.waiting(), 0, "what was delivered is owed no more");
}

#[tokio::test]
async fn what_a_crash_keeps_from_being_sent_is_sent_after_the_start_under_the_same_id() {
    let bed = Bed::new(&["shop"]);
    bed.receivers.hang("shop");
    let id = bed.submit("shop", "ada").await;
    bed.report("shop", id, "report-1").await;
    bed.until("the first is on its way", || !bed.receivers.posted("shop").is_empty()).await;
    let before = bed.receivers.posted("shop");
    let bed = bed.killed_and_started(Arc::default());
    bed.settled().await;
    assert_eq!(bed.receivers.versions("shop", id), [1, 2]);
    let after = bed.receivers.posted("shop");
    assert_eq!((&after[0].id, &after[0].body), (&before[0].id, &before[0].body), "sent again as it was");
    assert_eq!(bed.waiting(), 0);
}

#[tokio::test]
async fn after_a_failed_commit_what_is_owed_is_read_again() {
    for after_write in [false, true] {
        let bed = Bed::new(&["shop"]);
        let id = bed.submit("shop", "ada").await;
        bed.settled().await;
        // Of what came of the delivery it is not known whether it was written.
        bed.receivers.next("shop", &[FAILS]);
        bed.report("shop", id, "report-1").await;
        bed.settled().await;
        bed.store.fail_commits(1, after_write);
        bed.pass(60).await;
        bed.until("the engine serves again", || bed.engine.is_ready()).await;
        bed.settled().await;
        bed.report("shop", id, "report-2").await;
        bed.pass(60).await;
        let mut versions = bed.receivers.versions("shop", id);
        assert_eq!(versions.last(), Some(&3), "after_write: {after_write}: {versions:?}");
        versions.dedup();
        assert_eq!(versions, [1, 2, 3], "after_write: {after_write}: in order, some of them twice");
        assert_eq!(bed.waiting(), 0, "after_write: {after_write}");
    }
}

#[tokio::test]
async fn what_fails_is_tried_for_three_days_is_dead_then_and_comes_back_by_command() {
    let bed = Bed::new(&["shop"]);
    bed.receivers.always("shop", FAILS);
    let id = bed.submit("shop", "ada").await;
    bed.pass(3_600).await;
    let in_an_hour = bed.receivers.posted("shop").len();
    assert!((8..=12).contains(&in_an_hour), "pauses double: {in_an_hour} tries in an hour");
    bed.pass(3 * DAY_SECONDS).await;
    let tries = bed.receivers.posted("shop");
    assert!((17..=30).contains(&tries.len()), "{} tries in three days", tries.len());
    assert!(tries.iter().all(|message| message.id == tries[0].id && message.body == tries[0].body));
    let dead = bed.reader().dead(Some(&merchant("shop")), 10).unwrap();
    assert_eq!((dead.len(), bed.waiting()), (1, 0), "{dead:?}");
    assert_eq!(dead[0].tries as usize, tries.len());
    bed.pass(10 * DAY_SECONDS).await;
    assert_eq!(bed.receivers.posted("shop").len(), tries.len(), "what is dead is not tried");

    bed.receivers.always("shop", Answer::Taken);
    let history = bed.reader().history(id).unwrap();
    let again = engine::redeliveries(&history, &[endpoint("shop")], Timestamp::default(), bed.clock.now()).unwrap();
    bed.store.put_deliveries(&again).unwrap();
    bed.engine.look_up_endpoints(bed.reader().as_mut()).unwrap();
    bed.settled().await;
    let last = bed.receivers.posted("shop").pop().unwrap();
    assert_eq!((last.id, last.body), (tries[0].id.clone(), tries[0].body.clone()), "it is made again of the log");
    assert!(bed.reader().dead(None, 10).unwrap().is_empty() && bed.waiting() == 0);
}

#[tokio::test]
async fn a_later_message_of_an_application_waits_for_the_earlier_one() {
    let bed = Bed::new(&["shop"]);
    bed.receivers.next("shop", &[Answer::Failed { why: "refused", after: None }; 2]);
    let id = bed.submit("shop", "ada").await;
    bed.report("shop", id, "report-1").await;
    bed.settled().await;
    let other = bed.submit("shop", "grace").await;
    bed.pass(3).await;
    let other_first = bed.receivers.versions("shop", other);
    bed.pass(120).await;
    assert_eq!(bed.receivers.versions("shop", id).last(), Some(&2));
    let mut versions = bed.receivers.versions("shop", id);
    versions.dedup();
    assert_eq!(versions, [1, 2], "the second goes when the first has been taken");
    assert_eq!(other_first.last(), Some(&1), "another application does not wait for it");
    assert_eq!(bed.waiting(), 0);
}

#[tokio::test]
async fn a_receiver_says_when_within_bounds() {
    let bed = Bed::new(&["shop"]);
    let after = |seconds| Answer::Failed { why: "rate_limited", after: Some(Duration::from_secs(seconds)) };
    bed.receivers.next("shop", &[after(600), after(999_999)]);
    bed.submit("shop", "ada").await;
    for (seconds, expected) in [(599, 1), (2, 2), (3_500, 2), (101, 3)] {
        bed.pass(seconds).await;
        assert_eq!(bed.receivers.posted("shop").len(), expected, "after {seconds} seconds more");
    }
    assert_eq!(bed.waiting(), 0);
}

#[tokio::test]
async fn during_a_rotation_messages_are_signed_under_both_secrets() {
    let bed = Bed::new(&["shop"]);
    let both = WebhookEndpoint { next_secret: Vault::new(hasher()).seal(&NEXT_SECRET), ..endpoint("shop") };
    let second = WebhookEndpoint { secret: both.next_secret.clone().unwrap(), next_secret: None, ..both.clone() };
    for (k, (stored, first, next)) in
        [(endpoint("shop"), true, false), (both, true, true), (second, false, true)].into_iter().enumerate()
    {
        bed.store.put_webhook_endpoint(&stored).unwrap();
        bed.engine.look_up_endpoints(bed.reader().as_mut()).unwrap();
        bed.submit("shop", &format!("customer{k}")).await;
        bed.settled().await;
        let message = bed.receivers.posted("shop").pop().unwrap();
        let signed = (is_signed_under(&message, &SECRET), is_signed_under(&message, &NEXT_SECRET));
        assert_eq!(signed, (first, next), "step {k}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_disabled() {
    let bed = Bed::new(&["shop"]);
    bed.receivers.next("shop", &[Answer::Gone]);
    let id = bed.submit("shop", "ada").await;
    bed.settled().await;
    bed.report("shop", id, "report-1").await;
    bed.settled().await;
    assert_eq!(bed.receivers.posted("shop").len(), 1);
    let endpoints = bed.reader().webhook_endpoints().unwrap();
    assert_eq!(endpoints[0].disabled_at, Some(bed.clock.now()));
    assert_eq!(bed.waiting(), 0, "nothing is owed to it any more");
}

#[tokio::test]
async fn receivers_that_hang_or_fail_hold_up_no_other_merchant() {
    let bed = Bed::new(&["hangs", "fails", "fine"]);
    bed.receivers.hang("hangs");
    bed.receivers.always("fails", FAILS);
    // More than what is kept in memory of one endpoint.
    for k in 0..300 {
        bed.submit("hangs", &format!("hangs{k}")).await;
        bed.submit("fails", &format!("fails{k}")).await;
    }
    for k in 0..20 {
        bed.submit("fine", &format!("fine{k}")).await;
    }
    bed.until("the fine one has heard all", || bed.receivers.posted("fine").len() == 20).await;
    let (hangs, fails) = (bed.receivers.posted("hangs").len(), bed.receivers.posted("fails").len());
    assert!(hangs <= 4, "a receiver has so many calls at once at most: {hangs}");
    assert!(fails <= 16, "a receiver that fails rests: {fails}");
    // Those that are not in memory come when there is room.
    let bed = bed.killed_and_started(Arc::default());
    bed.pass(600).await;
    for name in ["hangs", "fails"] {
        let ids: BTreeSet<_> = bed.receivers.posted(name).into_iter().map(|message| message.id).collect();
        assert_eq!(ids.len(), 300, "{name}");
    }
    assert_eq!(bed.waiting(), 0);
}

#[tokio::test]
async fn mails_are_owed_where_somebody_sends_them_once_each_and_dead_where_they_cannot_be() {
    let bed = Bed::with(&["shop"], Some(Arc::default()));
    let post = bed.post.clone().unwrap();
    let retryable = || Err(MailError::Retryable("the server is busy"));
    post.answers.lock().unwrap().extend([retryable(), Ok(()), Err(MailError::Permanent("no such mailbox"))]);
    bed.submit("shop", "ada").await;
    bed.pass(60).await;
    let sent = post.sent.lock().unwrap().clone();
    assert_eq!(sent.len(), 2, "once more after a failure");
    assert_eq!(sent[0], sent[1], "the same mail under the same id");
    bed.submit("shop", "grace").await;
    bed.pass(DAY_SECONDS).await;
    assert_eq!(post.sent.lock().unwrap().len(), 3, "what will not work is not tried again");
    let dead = bed.reader().dead(None, 10).unwrap();
    assert_eq!(dead.len(), 1);
    assert_ne!(dead[0].key.kind, DeliveryKind::Webhook);
    assert_eq!(bed.receivers.posted("shop").len(), 2, "merchants hear of it all the same");
}
