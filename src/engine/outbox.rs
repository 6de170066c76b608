//! What is to be done outside: asking providers, with pauses and repetitions, after the commit that called for it and
//! never before. What comes of it goes back into the one sequence as an input.
//!
//! What is owed follows from the journeys' states, so nothing is kept here that a crash could lose, but for what the
//! customer gave (a code): whoever waits for that has to be asked again.

mod errand;

use super::activity::Token;
use super::call::Given;
use super::clock::Clock;
use super::readers::Readers;
use super::sequencer::Message;
use super::vault::Vault;
use crate::domain::applicant::Applicant;
use crate::domain::challenge::ChallengeKind;
use crate::domain::ids::{EntryId, Seq};
use crate::features::Vector;
use crate::journey::{self, Effect};
use crate::policy::Generation;
use crate::provider::Providers;
use crate::store::Subject;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, Id, JoinSet};

/// [`Effect::name`] of a poll.
const POLL: &str = "poll";
/// The name of a look on a hint. It is another errand than the poll that is owed: it ends where there is nothing to see.
const LOOK: &str = "look";
/// [`Effect::name`] of having a provider forget.
const ERASE: &str = "erase";
/// How many errands talk to providers at once; more wait their turn.
const AT_ONCE: usize = 128;

/// How many errands are kept at most: of those that a customer waits for, and of those that have a provider forget. What
/// comes beyond is owed still, and is gone on with when there is room.
const MOST: [usize; 2] = [16_384, 4_096];

/// What a caller of the engine's says of a subject: the wire format is theirs.
pub type ApplicantOf = fn(&Subject) -> Option<Applicant>;

/// What is to be done outside for one application, after a commit.
#[derive(Debug)]
pub(super) enum Errand {
    /// All that is owed now; what is not among it is owed no more.
    Owed { application: EntryId, effects: Vec<Effect>, given: Option<Given>, token: Token },
    /// A provider hints that there is something to see.
    Look { application: EntryId, poll: Effect, token: Token },
    /// There is more to be done than was said.
    More,
}

/// What came of an errand.
#[derive(Debug)]
pub(super) struct Heard {
    pub application: Seq,
    pub input: journey::Input,
    /// The features of evidence.
    pub features: Option<Vector>,
    /// Who said it.
    pub actor: &'static str,
    /// Keeps it counted among what is under way.
    pub token: Option<Token>,
}

/// Who runs the errands.
pub(super) struct Outbox {
    pub providers: Providers,
    pub readers: Readers,
    pub applicant_of: ApplicantOf,
    pub vault: Vault,
    pub clock: Clock,
    pub generation: Arc<Generation>,
    pub return_url: String,
}

/// Which errand: application, attempt and effect. One runs at a time.
type Key = (Seq, u32, &'static str);

struct Running {
    task: AbortHandle,
    pokes: mpsc::Sender<Token>,
    owed: Arc<AtomicBool>,
}

/// The errands under way.
struct Errands {
    outbox: Arc<Outbox>,
    /// By kind of challenge, so that one slow provider keeps nobody from the others.
    turns: [Arc<Semaphore>; 3],
    running: BTreeMap<Key, Running>,
    keys: HashMap<Id, Key>,
    tasks: JoinSet<Option<Heard>>,
    /// How many there are, as in [`MOST`].
    kept: [usize; 2],
    /// Whether there is more to be done, as in [`MOST`].
    more: [bool; 2],
}

/// Runs until nobody sends errands any more; what is under way then is given up, and owed still.
pub(super) async fn run(outbox: Outbox, mut errands: mpsc::UnboundedReceiver<Errand>, sequencer: Sender<Message>) {
    let mut under_way = Errands {
        outbox: Arc::new(outbox),
        turns: std::array::from_fn(|_| Arc::new(Semaphore::new(AT_ONCE))),
        running: BTreeMap::new(),
        keys: HashMap::new(),
        tasks: JoinSet::new(),
        kept: [0; 2],
        more: [false; 2],
    };
    loop {
        tokio::select! {
            errand = errands.recv() => match errand {
                Some(errand) => under_way.take(errand),
                None => return,
            },
            Some(done) = under_way.tasks.join_next_with_id(), if !under_way.tasks.is_empty() => {
                let id = match &done {
                    Ok((id, _)) => *id,
                    Err(error) => error.id(),
                };
                // It has ended before anybody hears of it, so what follows from it may be the same errand again.
                under_way.forget(id);
                match done {
                    // A sequencer that has ended hears nothing; the log still owes the effect.
                    Ok((_, Some(heard))) => drop(sequencer.send(Message::Heard(heard))),
                    Ok((_, None)) => {}
                    Err(error) if error.is_cancelled() => {}
                    Err(error) => tracing::error!(%error, "an errand ended in a panic"),
                }
            }
        }
        if under_way.wants_more() {
            let _ = sequencer.send(Message::Resume);
        }
    }
}

impl Errands {
    fn take(&mut self, errand: Errand) {
        match errand {
            Errand::Owed { application, effects, mut given, token } => {
                self.give_up(application.seq(), &effects);
                for effect in effects {
                    let given = if matches!(effect, Effect::Erase(_)) { None } else { given.take() };
                    self.begin(application, effect, given, false, token.follow());
                }
            }
            Errand::Look { application, poll, token } => self.begin(application, poll, None, true, token),
            Errand::More => self.more = [true; 2],
        }
    }

    fn begin(&mut self, application: EntryId, effect: Effect, given: Option<Given>, once: bool, mut token: Token) {
        let key = (application.seq(), effect.attempt(), if once { LOOK } else { effect.name() });
        if given.is_some() && key.2 == POLL {
            // What came back with the customer is handed over, instead of asking once more without it.
            self.running.remove(&key).into_iter().for_each(|running| running.task.abort());
        }
        if let Some(running) = self.running.get(&key) {
            match running.pokes.try_send(token) {
                // One hint is as good as several.
                Ok(()) | Err(TrySendError::Full(_)) => return,
                // It looks no more, though nobody has heard of its end yet: what is hinted at now is looked at anew.
                Err(TrySendError::Closed(back)) => token = back,
            }
        }
        let class = class(key);
        if self.kept[class] >= MOST[class] {
            self.more[class] = true;
            return;
        }
        self.kept[class] += 1;
        let (pokes, poked) = mpsc::channel(1);
        let [sms_code, id_document, bank_history] = &self.turns;
        let turns = match effect.kind() {
            ChallengeKind::SmsCode => sms_code,
            ChallengeKind::IdDocument => id_document,
            ChallengeKind::BankHistory => bank_history,
        };
        let owed = Arc::new(AtomicBool::new(true));
        let errand = errand::Run {
            outbox: self.outbox.clone(),
            turns: turns.clone(),
            owed: owed.clone(),
            pokes: poked,
            token: Some(token),
            application,
            effect,
            given,
            once,
        };
        let task = self.tasks.spawn(errand.run());
        self.keys.insert(task.id(), key);
        self.running.insert(key, Running { task, pokes, owed });
    }

    /// Nobody wants to know any more how it stands with an attempt that is over, nor that it begins. A call that may change
    /// something at a provider goes on to its end: what it began is to be known, so that it can be undone.
    fn give_up(&mut self, application: Seq, owed: &[Effect]) {
        let of_application = self.running.range((application, 0, "")..=(application, u32::MAX, "~"));
        let mut poll = None;
        for (key, running) in of_application {
            let (_, attempt, name) = *key;
            let is_owed = owed.iter().any(|effect| effect.attempt() == attempt && effect.name() == name);
            running.owed.store(is_owed || name == LOOK, Ordering::Release);
            if name == POLL && !is_owed {
                poll = Some(*key);
            }
        }
        if let Some(running) = poll.and_then(|key| self.running.remove(&key)) {
            running.task.abort();
        }
    }

    fn forget(&mut self, id: Id) {
        let Some(key) = self.keys.remove(&id) else { return };
        self.kept[class(key)] -= 1;
        if self.running.get(&key).is_some_and(|running| running.task.id() == id) {
            self.running.remove(&key);
        }
    }

    /// Whether there is more to be done, and room for it.
    fn wants_more(&mut self) -> bool {
        let room = self.kept.iter().zip(MOST).map(|(kept, most)| *kept < most / 2);
        let wanted = self.more.iter().zip(room).any(|(more, room)| *more && room);
        if wanted {
            // Everything that is owed is told again, of both sorts.
            self.more = [false; 2];
        }
        wanted
    }
}

/// Of which sort of [`MOST`] an errand is.
fn class((_, _, name): Key) -> usize {
    usize::from(name == ERASE)
}
