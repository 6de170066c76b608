//! The thread that makes judgements durable: it takes whatever the sequencer has judged since the last commit,
//! writes it as one batch, and only then lets the answers go.

use super::call::{Answer, Deliveries, RETRY_AFTER, Refused, Reply};
use super::courier::{Came, Owed, Word};
use super::hub::Hub;
use super::outbox::Errand;
use super::sequencer::Message;
use crate::domain::ids::Seq;
use crate::store::{Batch, Checkpoint, Entry, Event, Writer};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc;

/// The most entries written in one commit.
const MAX_BATCH: usize = 4_096;

/// What the sequencer hands over, in its order.
pub(super) enum Item {
    /// An entry to write, who waits for it, and what follows from it.
    Write {
        entry: Arc<Entry>,
        reply: Option<Reply>,
        /// What is to be done outside, once it is written.
        errand: Option<Errand>,
        /// What is to be told outside, written with it.
        owed: Option<Owed>,
        settled_requests: Vec<(u64, Seq)>,
        checkpoint: Option<Checkpoint>,
    },
    /// A repetition of a request whose entry is still on its way: answered when that has been committed.
    Repeat { entry: Arc<Entry>, reply: Reply },
    /// What came of a delivery.
    Delivered(Came),
    /// A checkpoint alone, at the end.
    Checkpoint(Checkpoint),
    /// A writer to go on with after a failed commit.
    Writer(Box<dyn Writer>),
}

/// The queue between sequencer and committer. Its length is bounded by the engine's bound on calls.
#[derive(Default)]
pub(super) struct Handoff {
    queue: Mutex<Queue>,
    arrived: Condvar,
    committed: AtomicI64,
}

#[derive(Default)]
struct Queue {
    items: VecDeque<Item>,
    closed: bool,
}

impl Handoff {
    /// Hands items over and empties `items`.
    pub fn push(&self, items: &mut Vec<Item>) {
        if items.is_empty() {
            return;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.items.extend(items.drain(..));
        drop(queue);
        self.arrived.notify_one();
    }

    /// No more items will come.
    pub fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.arrived.notify_one();
    }

    /// No more items will come, and those that are here are not wanted.
    pub fn abandon(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).items.clear();
        self.close();
    }

    /// The last place that was committed.
    pub fn committed(&self) -> Seq {
        Seq(self.committed.load(Ordering::Acquire))
    }

    /// Sets the last place that was committed, after the log was read.
    pub fn set_committed(&self, seq: Seq) {
        self.committed.store(seq.0, Ordering::Release);
    }

    /// Waits for items and takes those of the next batch: a batch ends with a checkpoint, because that must not be
    /// written before what it covers, and before a writer. `None` when closed and empty.
    fn take(&self) -> Option<Vec<Item>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        while queue.items.is_empty() {
            if queue.closed {
                return None;
            }
            queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let mut batch = Vec::with_capacity(queue.items.len().min(MAX_BATCH));
        while let Some(item) = queue.items.pop_front() {
            let ends = matches!(item, Item::Write { checkpoint: Some(_), .. } | Item::Checkpoint(_) | Item::Writer(_));
            batch.push(item);
            if ends || batch.len() == MAX_BATCH {
                break;
            }
        }
        Some(batch)
    }
}

/// The way to whoever runs errands.
#[derive(Debug, Clone)]
pub(super) struct Errands(pub mpsc::UnboundedSender<Errand>);

impl Errands {
    /// Sends an errand on its way. One whose runner has ended is owed still.
    pub fn send(&self, errand: Errand) {
        let _ = self.0.send(errand);
    }
}

/// What the committer works with.
pub(super) struct Committer {
    pub handoff: Arc<Handoff>,
    pub sequencer: Sender<Message>,
    pub hub: Hub,
    pub errands: Errands,
    pub courier: mpsc::UnboundedSender<Word>,
}

/// Runs until the hand-off is closed. After a failed commit everything handed over is refused, until the sequencer
/// has read the log again and sends a new writer.
pub(super) fn run(committer: &Committer, writer: Box<dyn Writer>) {
    let Committer { handoff, sequencer, .. } = committer;
    let mut writer = Some(writer);
    while let Some(items) = handoff.take() {
        let mut work = Work::default();
        let mut next_writer = None;
        for item in items {
            work.take(item, &mut next_writer);
        }
        let done = match &mut writer {
            Some(open) if !work.is_empty() => commit(open.as_mut(), &work.batch),
            Some(_) => true,
            None => work.is_empty(),
        };
        if done {
            if let Some(last) = work.batch.entries.last() {
                handoff.set_committed(last.id.seq());
            }
        } else if writer.take().is_some() {
            // The writer is dropped before the sequencer hears of it, for it will open another.
            let _ = sequencer.send(Message::CommitFailed);
        }
        if done {
            work.follow(committer);
        }
        work.answer(done);
        if next_writer.is_some() {
            writer = next_writer;
        }
    }
}

fn commit(writer: &mut dyn Writer, batch: &Batch) -> bool {
    let started = Instant::now();
    let result = writer.commit(batch);
    metrics::histogram!(super::COMMIT_SECONDS).record(started.elapsed().as_secs_f64());
    metrics::histogram!(super::BATCH_ENTRIES).record(batch.entries.len() as f64);
    match result {
        Ok(()) => true,
        Err(error) => {
            metrics::counter!(super::STORE_ERRORS).increment(1);
            tracing::error!(%error, entries = batch.entries.len(), "commit failed: the store is read again before it serves");
            false
        }
    }
}

/// One commit's worth of work.
#[derive(Default)]
struct Work {
    batch: Batch,
    waiting: Vec<(Reply, Arc<Entry>, bool)>,
    errands: Vec<Errand>,
    /// What the courier hears of once it is written.
    words: Vec<Word>,
}

impl Work {
    fn take(&mut self, item: Item, next_writer: &mut Option<Box<dyn Writer>>) {
        match item {
            Item::Write { entry, reply, errand, owed, settled_requests, checkpoint } => {
                self.batch.entries.push(entry.clone());
                self.batch.settled_requests.extend(settled_requests);
                self.batch.checkpoint = checkpoint;
                self.errands.extend(errand);
                if let Some(owed) = owed {
                    self.batch.deliveries.extend_from_slice(&owed.deliveries);
                    self.words.push(Word::Owed(owed));
                }
                self.waiting.extend(reply.map(|reply| (reply, entry, false)));
            }
            Item::Repeat { entry, reply } => self.waiting.push((reply, entry, true)),
            Item::Delivered(came) => {
                match came.away {
                    true => self.batch.delivered.push(came.delivery.key.clone()),
                    false => self.batch.deliveries.push(came.delivery.clone()),
                }
                self.words.push(Word::Kept(came));
            }
            Item::Checkpoint(checkpoint) => self.batch.checkpoint = Some(checkpoint),
            Item::Writer(writer) => *next_writer = Some(writer),
        }
    }

    fn is_empty(&self) -> bool {
        let nothing_more = self.words.is_empty() && self.waiting.is_empty();
        self.batch.entries.is_empty() && self.batch.checkpoint.is_none() && nothing_more
    }

    /// What follows from what was committed, and from nothing else.
    fn follow(&mut self, committer: &Committer) {
        for entry in &self.batch.entries {
            if matches!(entry.event, Event::Moved(_) | Event::OutcomeReported(_)) {
                committer.hub.tell(entry.application.seq(), entry.id.seq());
            }
        }
        self.errands.drain(..).for_each(|errand| committer.errands.send(errand));
        // What a courier that has ended does not hear is owed still.
        self.words.drain(..).for_each(|word| drop(committer.courier.send(word)));
    }

    fn answer(self, done: bool) {
        let mut deliveries = Deliveries::default();
        for (reply, entry, replayed) in self.waiting {
            let answer = match done {
                true => Ok(Answer::Entry { entry, replayed }),
                false => Err(Refused::Unavailable { retry_after: RETRY_AFTER }),
            };
            deliveries.add(reply, answer);
        }
        deliveries.send();
    }
}
