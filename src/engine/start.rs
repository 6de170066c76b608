//! What an engine is given, and how it starts: the log is read before anything is served.

use super::Engine;
use super::activity::Activity;
use super::clock::{self, Clock, Random};
use super::committer::{self, Committer, Errands, Handoff};
use super::courier::{self, Courier, Endpoints, Notices, Owing};
use super::hub::Hub;
use super::links::Links;
use super::metered::{InFlight, Judgements};
use super::outbox::{self, ApplicantOf, Outbox};
use super::readers::Readers;
use super::sequencer::{Known, Sequencer};
use super::vault::Vault;
use crate::domain::challenge::Kinds;
use crate::domain::ids::Seq;
use crate::domain::keys::KeyHasher;
use crate::policy::Generation;
use crate::provider::Providers;
use crate::store::{Store, StoreError, Subject};
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, mpsc};

/// How far the machine's clock may stand behind the log when a server starts.
const CLOCK_TOLERANCE_MS: i64 = 600_000;

/// The engine's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the time of a decision comes from.
    pub clock: Clock,
    /// The most calls under way; more are refused at once.
    pub max_in_flight: usize,
    /// The most memory that velocity may take.
    pub velocity_memory_bytes: usize,
    /// The most answered requests kept in memory; older ones are found in the store.
    pub requests_kept: usize,
}

impl Settings {
    /// For an engine that lives as long as one story.
    pub fn small() -> Self {
        Self { velocity_memory_bytes: 4 << 20, requests_kept: 1_000, ..Self::default() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { clock: Clock::System, max_in_flight: 8_192, velocity_memory_bytes: 512 << 20, requests_kept: 4_000_000 }
    }
}

/// What is kept of a customer's statement.
pub type StatementSubject = fn(&str) -> Subject;

/// Who is outside.
#[derive(Clone)]
pub struct Outside {
    /// Who verifies.
    pub providers: Providers,
    /// What nobody is there to verify, so that it is not asked for.
    pub unserved: Kinds,
    /// Where customers' browsers find the server, without a slash at the end: they come back there from providers' pages.
    /// Empty: nowhere, and there are no pages.
    pub public_url: String,
    /// What a subject says of the customer: its format is the caller's.
    pub applicant_of: ApplicantOf,
    /// Who tells customers and merchants what happened.
    pub notices: Notices,
    /// What is kept of a customer's statement: its format is the caller's.
    pub statement_subject: StatementSubject,
}

impl Outside {
    /// Nobody, for an engine that decides and goes no further: what it asks for is asked of nobody.
    pub fn nobody() -> Self {
        Self {
            providers: Providers::default(),
            unserved: Kinds::NONE,
            public_url: String::new(),
            applicant_of: |_| None,
            statement_subject: |_| Subject(Box::default()),
            notices: Notices::default(),
        }
    }
}

/// Why the engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The machine's clock stands far behind the log.
    #[error("the clock says {now}, but the log ends at {last}: set the clock, or wait")]
    ClockBehindLog {
        /// The machine's time.
        now: crate::domain::time::Timestamp,
        /// The time of the last entry.
        last: crate::domain::time::Timestamp,
    },
    /// The operating system gives no thread.
    #[error("no thread for the engine: {0}")]
    Thread(#[from] std::io::Error),
}

impl Engine {
    /// Opens the store, reads the log and starts the threads.
    pub fn start(
        settings: Settings,
        store: Arc<dyn Store>,
        generation: Arc<Generation>,
        hasher: KeyHasher,
        outside: Outside,
    ) -> Result<Self, StartError> {
        let mut writer = store.writer()?;
        writer.keep_artifacts(&generation.artifacts())?;
        for reference in generation.references() {
            writer.keep_generation(reference)?;
        }
        let known = Known::from_log(store.as_ref(), &settings)?;
        check_clock(&settings.clock, known.last())?;
        let activity = match &settings.clock {
            Clock::Virtual(clock) => clock.activity().clone(),
            Clock::System | Clock::Request => Activity::default(),
        };
        let handoff = Arc::new(Handoff::default());
        handoff.set_committed(known.last());
        let ready = Arc::new(AtomicBool::new(true));
        let (sender, inbox) = mpsc::channel();
        let (errands, errands_of) = tokio::sync::mpsc::unbounded_channel();
        let (hub, next_due, vault) = (Hub::default(), Arc::new(AtomicI64::new(i64::MAX)), Vault::new(hasher.clone()));
        let Outside { providers, unserved, public_url, applicant_of, statement_subject, notices } = outside;
        let links = Links::new(&hasher, &public_url);
        let (words, words_of) = tokio::sync::mpsc::unbounded_channel();
        let (endpoints, deliveries_put) = endpoints(store.as_ref())?;
        let owing = Owing { endpoints: endpoints.clone(), mails: notices.mailer.is_some() };
        let readers = Readers::new(store.clone(), activity.clone());
        let courier = Courier {
            readers: readers.clone(),
            store: store.clone(),
            endpoints: endpoints.clone(),
            vault: vault.clone(),
            clock: settings.clock.clone(),
            generation: generation.clone(),
            notices,
            links: links.clone(),
            activity: activity.clone(),
        };
        let sequencer = Sequencer {
            settings: settings.clone(),
            store,
            generation: generation.clone(),
            handoff: handoff.clone(),
            ready: ready.clone(),
            known,
            random: Random::new(),
            judgements: Judgements::new(),
            errands: Errands(errands.clone()),
            owing,
            courier: words.clone(),
            activity: activity.clone(),
            unserved,
            next_due: next_due.clone(),
        };
        let committer = Committer {
            handoff,
            sequencer: sender.clone(),
            hub: hub.clone(),
            errands: Errands(errands),
            courier: words,
        };
        let outbox = Outbox {
            providers: providers.clone(),
            readers: readers.clone(),
            applicant_of,
            vault: vault.clone(),
            clock: settings.clock.clone(),
            generation: generation.clone(),
            return_url: format!("{public_url}{}", super::RETURN_PATH),
        };
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
        let (runtime, couriers_runtime) = (runtime()?, runtime()?);
        let (to_sequencer, couriers) = (sender.clone(), sender.clone());
        let spawn =
            |name: &str, run: Box<dyn FnOnce() + Send>| std::thread::Builder::new().name(name.into()).spawn(run);
        let threads = vec![
            spawn("sequencer", Box::new(move || sequencer.run(&inbox)))?,
            spawn("committer", Box::new(move || committer::run(&committer, writer)))?,
            spawn("outbox", Box::new(move || runtime.block_on(outbox::run(outbox, errands_of, to_sequencer))))?,
            spawn("courier", Box::new(move || couriers_runtime.block_on(courier::run(courier, words_of, couriers))))?,
        ];
        let in_flight = Arc::new(InFlight::new());
        let (inbox, threads) = (sender, Mutex::new(threads));
        Ok(Self {
            settings,
            inbox,
            in_flight,
            ready,
            readers,
            generation,
            hasher,
            hub,
            vault,
            links,
            applicant_of,
            statement_subject,
            providers,
            activity,
            next_due,
            endpoints,
            deliveries_put,
            threads,
        })
    }
}

/// The merchants' endpoints, and how often commands have put deliveries by now.
fn endpoints(store: &dyn Store) -> Result<(Endpoints, AtomicI64), StoreError> {
    let (mut reader, endpoints) = (store.reader()?, Endpoints::default());
    endpoints.replace(reader.webhook_endpoints()?);
    Ok((endpoints, AtomicI64::new(reader.deliveries_put()?)))
}

fn check_clock(clock: &Clock, last: Seq) -> Result<(), StartError> {
    let at = |ms| crate::domain::time::Timestamp::from_ms(ms).unwrap_or_default();
    let (now_ms, last_ms) = (clock::system_ms(), last.0 >> 12);
    if matches!(clock, Clock::System) && now_ms + CLOCK_TOLERANCE_MS < last_ms {
        return Err(StartError::ClockBehindLog { now: at(now_ms), last: at(last_ms) });
    }
    Ok(())
}
