//! The one sequence: a single thread that judges every application in commit order, so that each judgement sees all
//! earlier ones, those that are not yet committed too. It hands what it judged to the committer and goes on; when a
//! commit fails it forgets everything, reads the log again and only then serves.

use super::Settings;
use super::call::{Answer, Call, Command, Deliveries, LocatedReport, Purchase, RETRY_AFTER, Refused, Reply};
use super::clock::{ClockKind, Ids, Random, system_ms};
use super::committer::{Handoff, Item};
use super::metered::Judgements;
use super::projection::{Projection, Trace};
use super::rebuild::{self, Rebuilt};
use crate::domain::decision::Decision;
use crate::domain::ids::{DecisionId, EntryId, Seq};
use crate::domain::time::Timestamp;
use crate::features::Facts;
use crate::journey;
use crate::policy::{Generation, Judgement, judge};
use crate::store::{self, Checkpoint, Entry, Event, OutcomeReported, Store, StoreError, Submitted};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

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
    /// The committer could not commit and has dropped its writer.
    CommitFailed,
    /// Finish what is under way, and end.
    Stop,
}

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
}

/// What the sequencer knows from the log; forgotten and read again after a failed commit.
pub(super) struct Known {
    projection: Projection,
    ids: Ids,
    reader: Box<dyn store::Reader>,
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
        Ok(Self { projection, ids: Ids::after(last), reader, traces, uncommitted: VecDeque::new() })
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
    }
}

impl Sequencer {
    /// Runs until told to stop.
    pub fn run(mut self, inbox: &Receiver<Message>) {
        let mut judged = Vec::with_capacity(HAND_OVER);
        let mut refused = Deliveries::default();
        'serve: while let Ok(first) = inbox.recv() {
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Calls(calls) => {
                        calls.into_iter().for_each(|call| self.take(call, &mut judged, &mut refused));
                    }
                    Message::CommitFailed => {
                        self.handoff.push(&mut judged);
                        if !self.recover(inbox) {
                            break 'serve;
                        }
                    }
                    Message::Stop => break 'serve,
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
        let now_ms = self.known.ids.not_before_last(system_ms());
        let at = match self.settings.clock {
            ClockKind::System => Timestamp::from_ms(now_ms).ok(),
            ClockKind::Request => occurred_at,
        };
        let Some(at) = at else {
            return refused.add(reply, Err(Refused::OccurredAtMissing));
        };
        let id = self.known.ids.next(now_ms, self.random.draw());
        let command_of = |request_id| store::Command { request_id, fingerprint, content };
        let (application, event, subject) = match command {
            Command::Submit(purchase) => {
                let Purchase { request_id, merchant_reference, mut facts, subject } = *purchase;
                facts.at = at;
                self.known.projection.velocity.read_into(&mut facts);
                let judgement = judge(&facts, &self.generation);
                self.judgements.count(&judgement);
                let state = self.state_of(&facts, &judgement);
                // It is read again by few, and many wait to be committed and answered.
                facts.vector.pack();
                let decision = decision_of(id, at, judgement, &self.generation);
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
        };
        let entry = Entry { id, at, merchant: caller.merchant, application, actor: caller.actor, event, subject };
        judged.push(self.record(Arc::new(entry), reply));
    }

    /// Applies an entry to what is known, and makes it ready for the committer.
    fn record(&mut self, entry: Arc<Entry>, reply: Reply) -> Item {
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
        Item::Write { entry, reply, settled_requests, checkpoint }
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

    /// The state in which the journey begins, with the schedule in the merchant's time zone.
    fn state_of(&self, facts: &Facts, judgement: &Judgement) -> journey::State {
        let policy = &self.generation.policy;
        let windows = policy.windows();
        let today = facts.at.to_jiff().to_zoned(policy.time_zone(&facts.merchant).clone()).date();
        journey::begin(journey::Submitted {
            at: facts.at,
            outcome: judgement.outcome,
            ask: judgement.challenge.map(|kind| {
                let limits = policy.challenge_limits(kind);
                journey::Ask { kind, attempts: limits.attempts, ttl_seconds: limits.ttl_seconds }
            }),
            plan: crate::plan::schedule(&policy.terms(&facts.merchant, facts.plan), facts.amount, today),
            limits: journey::Limits {
                journey_ttl_seconds: windows.journey_ttl_seconds,
                offer_ttl_seconds: windows.offer_ttl_seconds,
                review_ttl_seconds: windows.review_ttl_seconds,
            },
        })
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
            Ok(Message::CommitFailed) => {}
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
        }
    }
}

fn decision_of(id: EntryId, at: Timestamp, judgement: Judgement, generation: &Generation) -> Decision {
    let Judgement { outcome, reasons, scores, degraded, diagnostics, .. } = judgement;
    Decision {
        id: DecisionId(id),
        outcome,
        reasons,
        scores,
        generation: generation.reference.clone(),
        degraded,
        diagnostics,
        decided_at: at,
    }
}
