//! The one sequence: a single thread that judges every application in commit order, so that each judgement sees all
//! earlier ones, those that are not yet committed too. It hands what it judged to the committer and goes on; when a
//! commit fails it forgets everything, reads the log again and only then serves.

mod steps;

use super::Settings;
use super::activity::{Activity, Token};
use super::call::{Answer, Call, Command, Deliveries, LocatedReport, Purchase, RETRY_AFTER, Refused, Reply};
use super::clock::{Clock, Ids, Random, system_ms};
use super::committer::{Errands, Handoff, Item};
use super::courier::{Came, Owed, Owing, Word};
use super::live::{Live, Lives};
use super::metered::Judgements;
use super::outbox::{Errand, Heard};
use super::projection::{Projection, Trace};
use super::rebuild::{self, Rebuilt};
use super::told::Happened;
use crate::domain::challenge::Kinds;
use crate::domain::decision::{Decision, Standing};
use crate::domain::ids::{DecisionId, EntryId, Seq};
use crate::domain::time::Timestamp;
use crate::journey::{Open, StateKind};
use crate::policy::{Generation, Judgement};
use crate::store::{self, Checkpoint, Entry, Event, OutcomeReported, Store, StoreError, Submitted};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How many entries one checkpoint covers.
const CHECKPOINT_ENTRIES: usize = 4_096;
/// How many calls are judged before what was judged is handed over, at least.
const HAND_OVER: usize = 256;
/// How many requests move from memory to the store's table with one commit, at most: more than come with one.
const SETTLE_AT_ONCE: usize = 1_024;
/// The longest pause between two attempts to open the store again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What reaches the sequencer.
#[derive(Debug)]
pub(super) enum Message {
    /// Calls to answer.
    Calls(Vec<Call>),
    /// What a provider said.
    Heard(Heard),
    /// A provider's notice, by the keyed hash of what it calls an attempt: it may have something to say.
    Noticed(u64, Token),
    /// Whoever runs errands has room for more.
    Resume,
    /// What came of a delivery.
    Delivered(Came),
    /// A command has put deliveries.
    DeliveriesPut(Token),
    /// A clock that is set by hand has been set.
    Tick(Token),
    /// The committer could not commit and has dropped its writer.
    CommitFailed,
    /// Finish what is under way, and end.
    Stop,
    /// End, and leave what is not committed.
    Abandon,
}

/// Nobody can send any more.
struct Disconnected;

/// The sequencer's whole state.
pub(super) struct Sequencer {
    pub settings: Settings,
    pub store: Arc<dyn Store>,
    pub generation: Arc<Generation>,
    pub handoff: Arc<Handoff>,
    pub ready: Arc<AtomicBool>,
    pub known: Known,
    pub random: Random,
    pub judgements: Judgements,
    pub errands: Errands,
    pub owing: Owing,
    pub courier: mpsc::UnboundedSender<Word>,
    pub activity: Activity,
    /// What nobody is configured to verify.
    pub unserved: Kinds,
    /// When something happens by itself, for whoever sets the clock.
    pub next_due: Arc<AtomicI64>,
}

/// What the sequencer knows from the log; forgotten and read again after a failed commit.
pub(super) struct Known {
    projection: Projection,
    ids: Ids,
    reader: Box<dyn store::Reader>,
    lives: Lives,
    /// Up to which application the sequencer has gone on with what is to be done outside.
    resumed: Seq,
    /// What the next checkpoint will cover.
    traces: Vec<Trace>,
    /// Entries that are not yet known to be committed.
    uncommitted: VecDeque<Arc<Entry>>,
}

impl Known {
    /// Reads the log.
    pub fn from_log(store: &dyn Store, settings: &Settings) -> Result<Self, StoreError> {
        let mut reader = store.reader()?;
        let Rebuilt { projection, traces, last } = rebuild::from_checkpoints(reader.as_mut(), settings)?;
        Ok(Self {
            projection,
            ids: Ids::after(last),
            reader,
            lives: Lives::default(),
            resumed: Seq(0),
            traces,
            uncommitted: VecDeque::new(),
        })
    }

    /// The last place that the log holds or that was given out.
    pub fn last(&self) -> Seq {
        self.ids.last()
    }

    fn in_flight(&self, seq: Seq) -> Option<&Arc<Entry>> {
        let at = self.uncommitted.binary_search_by_key(&seq, |entry| entry.id.seq()).ok()?;
        self.uncommitted.get(at)
    }

    fn forget_committed(&mut self, committed: Seq) {
        while self.uncommitted.front().is_some_and(|entry| entry.id.seq() <= committed) {
            self.uncommitted.pop_front();
        }
        self.lives.forget(committed);
    }
}

impl Sequencer {
    /// Runs until told to stop.
    pub fn run(mut self, inbox: &Receiver<Message>) {
        let mut judged = Vec::with_capacity(HAND_OVER);
        let mut refused = Deliveries::default();
        self.resume();
        self.look_for_deliveries(false);
        'serve: loop {
            self.pass_time(self.now(), &mut judged);
            self.handoff.push(&mut judged);
            self.tell_next_due();
            let mut next = match self.wait(inbox) {
                Ok(next) => next,
                Err(Disconnected) => break,
            };
            while let Some(message) = next {
                match message {
                    Message::Calls(calls) => {
                        calls.into_iter().for_each(|call| self.take(call, &mut judged, &mut refused));
                    }
                    Message::Heard(heard) => self.hear(heard, &mut judged),
                    Message::Noticed(reference, token) => self.look(reference, token),
                    Message::Resume => self.resume(),
                    Message::Delivered(came) => judged.push(Item::Delivered(came)),
                    Message::DeliveriesPut(_token) => self.look_for_deliveries(false),
                    Message::Tick(_token) => {
                        self.pass_time(self.now(), &mut judged);
                        self.handoff.push(&mut judged);
                        self.tell_next_due();
                    }
                    Message::CommitFailed => {
                        self.handoff.push(&mut judged);
                        if !self.recover(inbox) {
                            break 'serve;
                        }
                    }
                    Message::Stop => break 'serve,
                    Message::Abandon => return self.handoff.abandon(),
                }
                next = if judged.len() < HAND_OVER { inbox.try_recv().ok() } else { None };
            }
            self.handoff.push(&mut judged);
            std::mem::take(&mut refused).send();
            self.known.forget_committed(self.handoff.committed());
        }
        if let Some(through) = self.known.traces.last().map(|trace| trace.seq) {
            let bytes = super::projection::encode(&self.known.traces);
            judged.push(Item::Checkpoint(Checkpoint { through, bytes }));
        }
        self.handoff.push(&mut judged);
        refused.send();
        self.handoff.close();
    }

    /// Waits for a message, or until something happens by itself.
    fn wait(&self, inbox: &Receiver<Message>) -> Result<Option<Message>, Disconnected> {
        let due = match self.settings.clock {
            Clock::System => self.known.projection.awake.first_due(),
            Clock::Request | Clock::Virtual(_) => None,
        };
        let Some((due, _)) = due else { return inbox.recv().map(Some).map_err(|_| Disconnected) };
        let wait = Duration::from_millis(due.ms().saturating_sub(system_ms()).max(0) as u64);
        match inbox.recv_timeout(wait) {
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Disconnected),
        }
    }

    fn tell_next_due(&self) {
        let due = self.known.projection.awake.first_due();
        self.next_due.store(due.map_or(i64::MAX, |(due, _)| due.ms()), Ordering::Release);
    }

    /// Answers, or judges and leaves the answer to the commit.
    fn take(&mut self, call: Call, judged: &mut Vec<Item>, refused: &mut Deliveries) {
        if Instant::now() >= call.deadline {
            return refused.add(call.reply, Err(Refused::DeadlineExceeded));
        }
        match self.answered_before(call.fingerprint) {
            Ok(None) => {}
            Ok(Some(seq)) => return self.repeat(seq, call, judged, refused),
            Err(error) => {
                tracing::error!(%error, "cannot look up earlier requests");
                return refused.add(call.reply, Err(Refused::Unavailable { retry_after: RETRY_AFTER }));
            }
        }
        let Call { caller, fingerprint, content, occurred_at, command, reply, .. } = call;
        let at = match self.settings.clock {
            Clock::System | Clock::Virtual(_) => Some(self.now()),
            // A browser says no time: it comes when everything before it has happened.
            Clock::Request => occurred_at.or_else(|| (*caller.actor == *super::BROWSER).then(|| self.now())),
        };
        let Some(at) = at else {
            return refused.add(reply, Err(Refused::OccurredAtMissing));
        };
        // What was due before happened before.
        self.pass_time(at, judged);
        let id = self.known.ids.next(self.now_ms(), self.random.draw());
        let command_of = |request_id| store::Command { request_id, fingerprint, content };
        let (application, event, subject) = match command {
            Command::Submit(purchase) => {
                let Purchase { request_id, merchant_reference, mut facts, subject } = *purchase;
                facts.at = at;
                self.known.projection.velocity.read_into(&mut facts);
                let unserved = Standing { spent: self.unserved, ..Standing::default() };
                let (asked, policy) = (&mut self.known.projection.asked, &self.generation.policy);
                let over = || asked.over(&facts.keys, at, |kind| policy.challenge_limits(kind));
                let (judgement, standing) = steps::judge_within_limits(&facts, &self.generation, unserved, over);
                self.judgements.count(&judgement);
                let judged = steps::judged(&self.generation, &judgement);
                let account = || steps::account(&self.generation, &facts, at);
                let state = Open::new(at, judged.limits).enter(judged, account, at);
                // It is read again by few, and many wait to be committed and answered.
                facts.vector.pack();
                let decision = decision_of(id, at, judgement, standing, &self.generation);
                let submitted =
                    Submitted { command: command_of(request_id), merchant_reference, facts, decision, state };
                (id, Event::Submitted(Box::new(submitted)), Some(subject))
            }
            Command::Report(located) => {
                let LocatedReport { report, keys, purchased_at } = *located;
                let reported = OutcomeReported {
                    command: command_of(report.request_id),
                    outcome: report.outcome,
                    occurred_at: report.occurred_at.unwrap_or(at),
                    keys,
                    purchased_at,
                };
                (report.application, Event::OutcomeReported(reported), None)
            }
            Command::Act(act) => {
                return match self.act(caller, *act, fingerprint, at, reply) {
                    Ok(item) => judged.push(item),
                    Err((reply, why)) => reply.into_iter().for_each(|reply| refused.add(reply, Err(why.clone()))),
                };
            }
        };
        let entry = Entry { id, at, merchant: caller.merchant, application, actor: caller.actor, event, subject };
        let entry = Arc::new(entry);
        let errand = self.open(&entry);
        let owed = match &entry.event {
            Event::Submitted(submitted) => self.owed(&entry, Happened::Submitted(&submitted.state)),
            _ => self.owed(&entry, Happened::Reported),
        };
        judged.push(self.record(entry, Some(reply), errand, owed));
    }

    /// What an entry calls to be told outside.
    fn owed(&self, entry: &Entry, happened: Happened<'_>) -> Option<Owed> {
        if !self.owing.is_any() {
            return None;
        }
        let deliveries = self.owing.owed(entry, happened, self.settings.clock.now());
        (!deliveries.is_empty()).then(|| Owed { deliveries, token: self.activity.begin() })
    }

    /// Has what is owed read from the store.
    fn look_for_deliveries(&self, forget: bool) {
        // A courier that has ended reads it when it starts again.
        let _ = self.courier.send(Word::Look { forget, token: self.activity.begin() });
    }

    /// A journey that has begun and is not at its end is kept in memory: something will happen to it soon.
    fn open(&mut self, entry: &Arc<Entry>) -> Option<Errand> {
        let Event::Submitted(submitted) = &entry.event else { return None };
        // To an accepted one nothing happens for days.
        if submitted.state.kind() == StateKind::Accepted {
            return None;
        }
        let stands = submitted.state.stands();
        let live = (stands.owes || stands.due_at.is_some()).then(|| Live::begin(entry.clone())).flatten()?;
        let (application, effects) = (entry.id, live.journey.effects());
        self.known.lives.put(live);
        (!effects.is_empty()).then(|| Errand::Owed { application, effects, given: None, token: self.activity.begin() })
    }

    /// Applies an entry to what is known, and makes it ready for the committer.
    fn record(&mut self, entry: Arc<Entry>, reply: Option<Reply>, errand: Option<Errand>, owed: Option<Owed>) -> Item {
        let known = &mut self.known;
        let trace = Trace::of(&entry);
        let seq = trace.seq;
        known.projection.apply(&trace);
        known.traces.push(trace);
        known.uncommitted.push_back(entry.clone());
        let settled_requests = known.projection.requests.settle(self.handoff.committed(), seq, SETTLE_AT_ONCE);
        let checkpoint = (known.traces.len() >= CHECKPOINT_ENTRIES).then(|| {
            let bytes = super::projection::encode(&known.traces);
            known.traces.clear();
            Checkpoint { through: seq, bytes }
        });
        Item::Write { entry, reply, errand, owed, settled_requests, checkpoint }
    }

    fn answered_before(&mut self, fingerprint: u64) -> Result<Option<Seq>, StoreError> {
        match self.known.projection.requests.find(fingerprint) {
            Some(seq) => Ok(Some(seq)),
            None if self.known.projection.requests.settled_through() > Seq(0) => {
                self.known.reader.settled_request(fingerprint)
            }
            None => Ok(None),
        }
    }

    /// The same request again: its answer is on its way, or it stands in the log.
    fn repeat(&mut self, seq: Seq, call: Call, judged: &mut Vec<Item>, refused: &mut Deliveries) {
        match self.known.in_flight(seq) {
            Some(entry) if entry.answers(&call.caller.merchant, &call.content, call.fingerprint) => {
                judged.push(Item::Repeat { entry: entry.clone(), reply: call.reply });
            }
            Some(_) => refused.add(call.reply, Err(Refused::RequestIdReused)),
            None => refused.add(call.reply, Ok(Answer::Earlier(seq))),
        }
    }

    /// Reads the log again until that succeeds, refusing calls meanwhile. `false`: told to stop.
    fn recover(&mut self, inbox: &Receiver<Message>) -> bool {
        self.ready.store(false, Ordering::Release);
        let mut pause = Duration::from_millis(50);
        loop {
            let opened = Known::from_log(self.store.as_ref(), &self.settings)
                .and_then(|known| self.store.writer().map(|writer| (known, writer)));
            match opened {
                Ok((known, writer)) => {
                    tracing::info!(last = known.last().0, "the log is read again: serving");
                    self.handoff.set_committed(known.last());
                    self.known = known;
                    self.handoff.push(&mut vec![Item::Writer(writer)]);
                    self.resume();
                    self.look_for_deliveries(true);
                    self.ready.store(true, Ordering::Release);
                    return true;
                }
                Err(error) => tracing::error!(%error, "the store cannot be read yet"),
            }
            let until = Instant::now() + pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
            if !refuse_until(until, inbox) {
                return false;
            }
        }
    }
}

/// Refuses every call until a time; `false`: told to stop.
fn refuse_until(until: Instant, inbox: &Receiver<Message>) -> bool {
    loop {
        match inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Message::Calls(calls)) => {
                let mut refused = Deliveries::default();
                for call in calls {
                    refused.add(call.reply, Err(Refused::Unavailable { retry_after: RETRY_AFTER }));
                }
                refused.send();
            }
            // What a provider says now is asked for again when the log has been read: it is owed still.
            Ok(
                Message::CommitFailed
                | Message::Heard(_)
                | Message::Noticed(..)
                | Message::Resume
                | Message::Delivered(_)
                | Message::DeliveriesPut(_)
                | Message::Tick(_),
            ) => {}
            Ok(Message::Stop | Message::Abandon) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
        }
    }
}

fn decision_of(
    id: EntryId,
    at: Timestamp,
    judgement: Judgement,
    standing: Standing,
    generation: &Generation,
) -> Decision {
    let Judgement { outcome, reasons, scores, degraded, diagnostics, .. } = judgement;
    Decision {
        id: DecisionId(id),
        outcome,
        standing,
        reasons,
        scores,
        generation: generation.reference_with(standing.held),
        degraded,
        diagnostics,
        decided_at: at,
    }
}
