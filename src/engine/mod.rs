//! Floor 5: the shell around the pure floors. A call is judged in one sequence ([`sequencer`]), committed with others
//! in one batch ([`committer`]), and only then answered; what the sequencer knows of the past is a projection of the
//! log ([`projection`]). What a commit calls for outside is done after it ([`outbox`]), and what comes of that goes back
//! into the one sequence.

mod activity;
mod asked;
mod awake;
mod call;
pub mod clock;
mod committer;
mod courier;
mod evidence;
pub mod generation;
mod hub;
mod links;
mod live;
mod metered;
mod outbox;
pub mod projection;
mod readers;
pub mod rebuild;
pub mod requests;
mod sequencer;
mod start;
mod told;
mod vault;
mod watch;

pub use call::{Act, Caller, Given, Mailbox, Refused, Report, Submit};
pub use courier::{DataOf, Letter, MailOf, Notices, redeliveries};
pub use links::{Links, Purpose};
pub use live::{journey_of, judged};
pub use metered::{
    BATCH_ENTRIES, COMMIT_SECONDS, DECISIONS, DEGRADED, DELIVERIES, DELIVERIES_WAITING, EFFECTS, IN_FLIGHT, SCORE,
    SHED, STORE_ERRORS,
};
pub use outbox::ApplicantOf;
pub use start::{Outside, Settings, StartError, StatementSubject};
pub use vault::Vault;
pub use watch::Watch;

use crate::domain::applicant::Applicant;
use crate::domain::decision::Digest;
use crate::domain::ids::{ApplicationId, MerchantId, Seq};
use crate::domain::keys::{KeyHash, KeyHasher, KeyKind};
use crate::domain::sealed::Sealed;
use crate::domain::time::Timestamp;
use crate::features::Facts;
use crate::policy::Generation;
use crate::provider::{Notice, NoticeError, Providers};
use crate::store::{Entry, Event, ListQuery, StoreError, Subject};
use activity::Activity;
use call::{Answer, Call, Command, LocatedReport, RETRY_AFTER, Reply, Slot};
use clock::{Clock, VirtualClock};
use hub::Hub;
use metered::InFlight;
use readers::Readers;
use sequencer::Message;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Who causes what a customer's browser brings: the actor in the audit.
pub const BROWSER: &str = "customer";
/// The path at which a customer's browser comes back from a provider's page.
pub const RETURN_PATH: &str = "/return";

/// The path at which a provider's notices come in: nobody guesses it.
pub fn notice_path(hasher: &KeyHasher, provider: &str) -> String {
    let secret = |scope| hasher.other(scope, provider);
    format!("/webhooks/{provider}/{:016x}{:016x}", secret("notices"), secret("notices, too"))
}

/// An application as it stands, or as it stood when a command was answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The submission and what came after it, oldest first.
    pub history: Vec<Arc<Entry>>,
    /// Whether the command had been answered before.
    pub replayed: bool,
}

/// A page of applications.
#[derive(Debug)]
pub struct Listed {
    /// The entries of each, oldest first; the newest application first.
    pub applications: Vec<Vec<Entry>>,
    /// Where to go on, if there may be more.
    pub next: Option<Seq>,
}

/// The running engine. Dropping it without [`Engine::stop`] abandons what is not committed, as a crash would.
pub struct Engine {
    settings: Settings,
    inbox: mpsc::Sender<Message>,
    in_flight: Arc<InFlight>,
    ready: Arc<AtomicBool>,
    readers: Readers,
    generation: Arc<Generation>,
    hasher: KeyHasher,
    hub: Hub,
    vault: Vault,
    links: Links,
    applicant_of: ApplicantOf,
    statement_subject: StatementSubject,
    providers: Providers,
    activity: Activity,
    next_due: Arc<AtomicI64>,
    endpoints: courier::Endpoints,
    deliveries_put: AtomicI64,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Engine {
    /// A mailbox for the calls of the present runtime.
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::open(self.inbox.clone())
    }

    /// Whether calls are being answered: not while the log is read again after a failed commit.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// The models and policy that decide.
    pub fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// The hash under which a key's value is counted and found.
    pub fn hash(&self, kind: KeyKind, merchant: &MerchantId, value: &str) -> KeyHash {
        self.hasher.hash(kind, merchant.as_str(), value)
    }

    /// Decides on a purchase, once for each request id. What the request says by itself is computed at once, on the
    /// caller's thread; what came before it is for the sequencer to say.
    pub fn submit(
        &self,
        caller: Caller,
        submit: Submit<'_>,
        deadline: Instant,
        mailbox: &Mailbox,
    ) -> impl Future<Output = Result<Answered, Refused>> + use<> {
        let Submit { submission, content, subject } = submit;
        let asked = Asked {
            deadline,
            fingerprint: self.hasher.request(caller.merchant.as_str(), submission.request_id.as_str()),
            content,
            occurred_at: submission.occurred_at,
        };
        let at = match &self.settings.clock {
            Clock::System | Clock::Virtual(_) => self.settings.clock.now(),
            Clock::Request => submission.occurred_at.unwrap_or_default(),
        };
        let command = self.slot().map(|slot| {
            let time_zone = self.generation.policy.time_zone(&caller.merchant);
            let purchase = call::Purchase {
                request_id: submission.request_id.clone(),
                merchant_reference: submission.purchase.merchant_reference.clone(),
                facts: Facts::extract(submission, &caller.merchant, time_zone, at, &self.hasher),
                subject,
            };
            (slot, Command::Submit(Box::new(purchase)))
        });
        let answer = self.command(caller, asked, command, mailbox);
        async move {
            let (entry, replayed) = answer.await?;
            Ok(Answered { history: vec![entry], replayed })
        }
    }

    /// Records how a purchase turned out, once for each request id.
    pub async fn report(
        &self,
        caller: Caller,
        report: Report,
        deadline: Instant,
        mailbox: &Mailbox,
    ) -> Result<Answered, Refused> {
        let (content, application) = (report.content, report.application);
        let purchase = self.application(caller.merchant.clone(), ApplicationId(application)).await?;
        let Some((keys, purchased_at)) = purchase.first().and_then(|entry| match &entry.event {
            Event::Submitted(submitted) => Some((submitted.facts.keys, submitted.facts.at)),
            Event::Imported(_) | Event::OutcomeReported(_) | Event::Moved(_) => None,
        }) else {
            return Err(Refused::NotFound);
        };
        let asked = Asked {
            deadline,
            fingerprint: self.hasher.request(caller.merchant.as_str(), report.request_id.as_str()),
            content,
            occurred_at: report.occurred_at,
        };
        let merchant = caller.merchant.clone();
        let command =
            self.slot().map(|slot| (slot, Command::Report(Box::new(LocatedReport { report, keys, purchased_at }))));
        let (entry, replayed) = self.command(caller, asked, command, mailbox).await?;
        let mut history = self.application(merchant, ApplicationId(application)).await?;
        history.retain(|earlier| earlier.id <= entry.id);
        Ok(Answered { history, replayed })
    }

    /// Takes a step of a journey, once for each request id. Where a provider is to say at once what comes of it, the answer
    /// is where the application stands then, or at the deadline.
    pub async fn act(
        &self,
        caller: Caller,
        act: Act,
        deadline: Instant,
        mailbox: &Mailbox,
    ) -> Result<Answered, Refused> {
        let (application, merchant) = (act.application, caller.merchant.clone());
        let mut listener = self.hub.listen(application.seq()).ok_or(Refused::Overloaded)?;
        let asked = Asked {
            deadline,
            fingerprint: self.hasher.request(merchant.as_str(), act.request_id.as_str()),
            content: act.content,
            occurred_at: act.occurred_at,
        };
        let command = self.slot().map(|slot| (slot, Command::Act(Box::new(act))));
        let (entry, replayed) = self.command(caller, asked, command, mailbox).await?;
        loop {
            let mut history = self.application(merchant.clone(), ApplicationId(application)).await?;
            if let Some(length) = live::concluded(&history, &entry).map_err(damaged)? {
                history.truncate(length);
                return Ok(Answered { history, replayed });
            }
            if tokio::time::timeout_at(deadline.into(), listener.changed()).await.is_err() {
                // The step stands, whatever comes of it later.
                return Ok(Answered { history, replayed });
            }
        }
    }

    /// Follows an application of a merchant from where it stands.
    pub async fn watch(&self, merchant: MerchantId, id: ApplicationId) -> Result<Watch, Refused> {
        let listener = self.hub.listen(id.0.seq()).ok_or(Refused::Overloaded)?;
        // Whether there is one is said at once.
        self.application(merchant.clone(), id).await?;
        Ok(Watch::new(self.readers.clone(), listener, merchant, id))
    }

    /// Takes a notice of a provider's: whatever it says, the provider is asked.
    pub fn notice(&self, provider: &str, notice: &Notice<'_>) -> Result<(), NoticeError> {
        let (_, provider) = self.providers.by_name(provider).ok_or(NoticeError::Irrelevant)?;
        let reference = self.vault.reference(provider.name(), &provider.hint(notice)?);
        // A sequencer that has ended asks when it starts again: it is owed.
        let _ = self.inbox.send(Message::Noticed(reference, self.activity.begin()));
        Ok(())
    }

    /// The path at which a provider's notices come in.
    pub fn notice_path(&self, provider: &str) -> String {
        notice_path(&self.hasher, provider)
    }

    /// Whose attempt the `state` names that came back from a provider's page; `None`: we never gave it out.
    pub fn returned(&self, state: &str) -> Option<(ApplicationId, u32)> {
        self.vault.read_return_state(state)
    }

    /// The merchant of an application.
    pub async fn merchant_of(&self, id: ApplicationId) -> Result<MerchantId, Refused> {
        let entry = self.read(move |reader| reader.entry(id.0)).await?;
        entry.map(|entry| entry.merchant).ok_or(Refused::NotFound)
    }

    /// All entries of an application, oldest first, whoever's it is: for pages, whose token has been read.
    pub async fn history(&self, id: ApplicationId) -> Result<Vec<Arc<Entry>>, Refused> {
        let merchant = self.merchant_of(id).await?;
        self.application(merchant, id).await
    }

    /// The address of the page on which the customer goes through the journey; empty where there are no pages.
    pub fn journey_url(&self, id: ApplicationId) -> String {
        self.links.url(Purpose::Journey, id)
    }

    /// The address of the page of an accepted plan; empty where there are no pages.
    pub fn plan_url(&self, id: ApplicationId) -> String {
        self.links.url(Purpose::Plan, id)
    }

    /// The path of a page, as [`Engine::journey_url`] and [`Engine::plan_url`] have it.
    pub fn page_path(&self, purpose: Purpose, id: ApplicationId) -> String {
        self.links.path(purpose, id)
    }

    /// The application whose page a token opens; `None`: it was made up, or is for another page.
    pub fn read_token(&self, purpose: Purpose, token: &str) -> Option<ApplicationId> {
        self.links.read(purpose, token)
    }

    /// Where customers' browsers find the server, without a slash at the end.
    pub fn public_url(&self) -> &str {
        self.links.public_url()
    }

    /// What a submission's entry says of the customer; nothing where that has been erased.
    pub fn applicant(&self, submission: &Entry) -> Applicant {
        submission.subject.as_ref().and_then(self.applicant_of).unwrap_or_default()
    }

    /// What is kept of a customer's statement.
    pub fn statement_subject(&self, words: &str) -> Subject {
        (self.statement_subject)(words)
    }

    /// What was sealed for an answer: the address of a provider's page.
    pub fn unseal(&self, sealed: &Sealed) -> Option<String> {
        self.vault.open_text(sealed)
    }

    /// The keyed hash of what must be recognised and not kept, such as a code in a request's content.
    pub fn keyed_hash(&self, scope: &str, value: &str) -> u64 {
        self.hasher.other(scope, value)
    }

    /// The time by the engine's clock; on one that takes times from requests, the machine's.
    pub fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    /// Waits until everything that follows from what has happened has happened, but for what only time brings.
    pub async fn settled(&self) {
        let _ = self.inbox.send(Message::Tick(self.activity.begin()));
        self.activity.settled().await;
    }

    /// Whether nothing is under way.
    pub fn is_settled(&self) -> bool {
        self.activity.is_idle()
    }

    /// When time brings something next, by a clock that is set by hand. Call [`Engine::settled`] before.
    pub fn next_due(&self, clock: &VirtualClock) -> Option<Timestamp> {
        let due = Timestamp::from_ms(self.next_due.load(Ordering::Acquire)).ok();
        due.into_iter().chain(clock.next_waking()).min()
    }

    /// All entries of one application of a merchant, oldest first.
    pub async fn application(&self, merchant: MerchantId, id: ApplicationId) -> Result<Vec<Arc<Entry>>, Refused> {
        history_of(&self.readers, merchant, id).await
    }

    /// A page of a merchant's applications, newest first, each as it stands.
    pub async fn list(&self, query: ListQuery) -> Result<Listed, Refused> {
        self.read(move |reader| {
            let page = reader.list(&query)?;
            let histories = page.entries.iter().map(|entry| reader.history(entry.id));
            Ok(Listed { applications: histories.collect::<Result<_, _>>()?, next: page.next })
        })
        .await
    }

    /// The file kept under a digest.
    pub async fn artifact(&self, digest: Digest) -> Result<Option<Vec<u8>>, Refused> {
        self.read(move |reader| reader.artifact(digest)).await
    }

    /// Takes up what commands have changed of the merchants' endpoints, and what they have put to be delivered once more.
    pub fn look_up_endpoints(&self, reader: &mut dyn crate::store::Reader) -> Result<(), StoreError> {
        self.endpoints.replace(reader.webhook_endpoints()?);
        let put = reader.deliveries_put()?;
        if self.deliveries_put.swap(put, Ordering::AcqRel) != put {
            // A sequencer that has ended reads what is owed when it starts again.
            let _ = self.inbox.send(Message::DeliveriesPut(self.activity.begin()));
        }
        Ok(())
    }

    /// Finishes what is under way, writes a last checkpoint and ends the threads. What is still to be done outside is owed.
    pub fn stop(&self) {
        self.end(Message::Stop);
    }

    fn end(&self, how: Message) {
        self.ready.store(false, Ordering::Release);
        let _ = self.inbox.send(how);
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the engine ended in a panic");
            }
        }
    }

    async fn read<T, F>(&self, look_up: F) -> Result<T, Refused>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn crate::store::Reader) -> Result<T, StoreError> + Send + 'static,
    {
        self::look_up(&self.readers, look_up).await
    }

    /// A place among the calls under way, if there is one left.
    fn slot(&self) -> Result<Slot, Refused> {
        Slot::take(&self.in_flight, self.settings.max_in_flight).ok_or(Refused::Overloaded)
    }

    /// Sends a command on its way at once; what is returned waits for its answer.
    fn command(
        &self,
        caller: Caller,
        asked: Asked,
        command: Result<(Slot, Command), Refused>,
        mailbox: &Mailbox,
    ) -> impl Future<Output = Result<(Arc<Entry>, bool), Refused>> + use<> {
        let Asked { deadline, fingerprint, content, occurred_at } = asked;
        let merchant = caller.merchant.clone();
        let (to, answer) = oneshot::channel();
        let sent = command.map(|(slot, command)| {
            let reply = Reply { mailbox: mailbox.clone(), to, slot };
            mailbox.send(Call { caller, deadline, fingerprint, content, occurred_at, command, reply });
        });
        let readers = self.readers.clone();
        // Whoever sets the clock waits for calls; nobody else counts them so.
        let under_way = matches!(self.settings.clock, Clock::Virtual(_)).then(|| self.activity.begin());
        async move {
            let _under_way = under_way;
            sent?;
            let answered = tokio::time::timeout_at(deadline.into(), answer).await;
            let unavailable = Refused::Unavailable { retry_after: RETRY_AFTER };
            match answered.map_err(|_| Refused::DeadlineExceeded)?.map_err(|_| unavailable)?? {
                Answer::Entry { entry, replayed } => Ok((entry, replayed)),
                Answer::Earlier(seq) => {
                    let earlier = look_up(&readers, move |reader| reader.entry_at(seq)).await?;
                    let same = earlier.filter(|entry| entry.answers(&merchant, &content, fingerprint));
                    same.map(|entry| (Arc::new(entry), true)).ok_or(Refused::RequestIdReused)
                }
            }
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end(Message::Abandon);
    }
}

/// How a command is known, and until when it waits.
struct Asked {
    deadline: Instant,
    fingerprint: u64,
    content: Digest,
    occurred_at: Option<Timestamp>,
}

async fn look_up<T, F>(readers: &Readers, look_up: F) -> Result<T, Refused>
where
    T: Send + 'static,
    F: FnOnce(&mut dyn crate::store::Reader) -> Result<T, StoreError> + Send + 'static,
{
    readers.read(look_up).await.map_err(damaged)
}

fn damaged(error: StoreError) -> Refused {
    tracing::error!(%error, "a look-up failed");
    Refused::Unavailable { retry_after: RETRY_AFTER }
}

async fn history_of(readers: &Readers, merchant: MerchantId, id: ApplicationId) -> Result<Vec<Arc<Entry>>, Refused> {
    let history = look_up(readers, move |reader| reader.history(id.0)).await?;
    match history.first() {
        Some(first) if first.merchant == merchant && matches!(first.event, Event::Submitted(_)) => {
            Ok(history.into_iter().map(Arc::new).collect())
        }
        _ => Err(Refused::NotFound),
    }
}

/// How long a call may take when it names no deadline, and at most.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// Without a deadline of the caller's.
    pub default: Duration,
    /// At most, whatever the caller asks for.
    pub longest: Duration,
}
