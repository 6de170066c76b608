//! What is owed, by endpoint and application, as far as memory goes: the rest is in the store and is read when there is room.

use super::{ALL_AT_ONCE, Came, Courier, Owed, Turns, Word};
use crate::domain::delivery::DeliveryKind;
use crate::domain::ids::Seq;
use crate::engine::activity::Token;
use crate::engine::sequencer::Message;
use crate::store::{Delivery, DeliveryKey};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{Id, JoinSet};

/// How many deliveries of one endpoint are in memory.
const MOST: usize = 256;
/// How many mails are.
const MOST_MAILS: usize = 16_384;
/// How long to wait before reading again where that failed.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// What is owed to one endpoint, as far as it is in memory.
struct Route {
    turns: Arc<Turns>,
    lanes: HashMap<Seq, Lane>,
    /// How many deliveries are in the lanes.
    kept: usize,
    /// Whether the store holds more than the lanes.
    more: bool,
    /// While the store is read: what went away meanwhile, which must not come back by that.
    reading: Option<HashSet<DeliveryKey>>,
}

/// What is owed to one endpoint for one application, in order.
#[derive(Default)]
struct Lane {
    waiting: BTreeMap<(Seq, DeliveryKind), Delivery>,
    /// The one that is under way.
    under_way: Option<(Seq, DeliveryKind)>,
    /// Whether what came of that is being committed.
    settling: bool,
}

impl Route {
    fn new() -> Self {
        let turns = Arc::new(Turns::new());
        Self { turns, lanes: HashMap::new(), kept: 0, more: false, reading: None }
    }

    /// Puts a delivery into its lane, unless it is there.
    fn put(&mut self, delivery: Delivery) {
        let lane = self.lanes.entry(delivery.application).or_default();
        let place = (delivery.key.seq, delivery.key.kind);
        if let std::collections::btree_map::Entry::Vacant(free) = lane.waiting.entry(place) {
            free.insert(delivery);
            self.kept += 1;
        }
    }

    /// Forgets all but what is being sent.
    fn forget(&mut self) {
        for lane in self.lanes.values_mut() {
            if lane.settling {
                (lane.under_way, lane.settling) = (None, false);
            }
            let sent = lane.under_way;
            lane.waiting.retain(|place, _| Some(*place) == sent);
        }
        self.lanes.retain(|_, lane| !lane.waiting.is_empty());
        self.kept = self.lanes.len();
        self.more = false;
    }
}

/// What a read of the store found.
enum Found {
    /// To which endpoints something is owed, and how much in all.
    Owing(Vec<Box<str>>, u64),
    /// What is owed to one, and whether that is all.
    Pending { endpoint: Box<str>, deliveries: Vec<Delivery>, all: bool },
}

/// The deliveries in memory.
struct Routes {
    courier: Arc<Courier>,
    all_at_once: Arc<Semaphore>,
    routes: HashMap<Box<str>, Route>,
    tasks: JoinSet<Came>,
    /// Which delivery a task is about.
    about: HashMap<Id, Delivery>,
    reads: JoinSet<(Found, Token)>,
    /// Whether it is being read which endpoints are owed something.
    looking: bool,
    /// Whether that is to be read once more.
    look_again: bool,
    /// How many deliveries wait, in memory or not.
    waiting: u64,
}

/// Runs until nobody says what is owed any more; what is under way then is given up, and owed still.
pub(in crate::engine) async fn run(
    courier: Courier,
    mut words: mpsc::UnboundedReceiver<Word>,
    sequencer: Sender<Message>,
) {
    let mut routes = Routes {
        courier: Arc::new(courier),
        all_at_once: Arc::new(Semaphore::new(ALL_AT_ONCE)),
        routes: HashMap::new(),
        tasks: JoinSet::new(),
        about: HashMap::new(),
        reads: JoinSet::new(),
        looking: false,
        look_again: false,
        waiting: 0,
    };
    loop {
        tokio::select! {
            word = words.recv() => match word {
                Some(word) => routes.take(word),
                None => return,
            },
            Some(done) = routes.tasks.join_next_with_id(), if !routes.tasks.is_empty() => {
                let came = match done {
                    Ok((id, came)) => {
                        routes.about.remove(&id);
                        Some(came)
                    }
                    Err(error) => {
                        tracing::error!(%error, "a delivery ended in a panic");
                        routes.about.remove(&error.id()).map(|delivery| routes.failed(delivery))
                    }
                };
                if let Some(came) = came {
                    routes.settles(&came.delivery);
                    // A sequencer that has ended hears nothing; the store still owes the delivery.
                    let _ = sequencer.send(Message::Delivered(came));
                }
            }
            Some(read) = routes.reads.join_next(), if !routes.reads.is_empty() => match read {
                Ok((found, token)) => routes.found(found, &token),
                Err(error) => tracing::error!(%error, "reading what is owed ended in a panic"),
            },
        }
    }
}

impl Routes {
    fn take(&mut self, word: Word) {
        match word {
            Word::Owed(Owed { deliveries, token }) => {
                self.count(self.waiting + deliveries.len() as u64);
                deliveries.into_iter().for_each(|delivery| self.owe(delivery, &token));
            }
            Word::Kept(came) => self.kept(came),
            Word::Look { forget, token } => {
                if forget {
                    self.routes.values_mut().for_each(Route::forget);
                }
                self.look(token);
            }
        }
    }

    /// What came of one that ended in a panic.
    fn failed(&self, delivery: Delivery) -> Came {
        let (now, token) = (self.courier.clock.now(), self.courier.activity.begin());
        super::came(delivery, super::Outcome::Failed { why: "panic", after: None }, now, token)
    }

    fn count(&mut self, waiting: u64) {
        self.waiting = waiting;
        metrics::gauge!(crate::engine::DELIVERIES_WAITING).set(waiting as f64);
    }

    /// One more is owed.
    fn owe(&mut self, delivery: Delivery, token: &Token) {
        let most = most(&delivery.key.endpoint);
        let (endpoint, application) = (delivery.key.endpoint.clone(), delivery.application);
        let route = self.routes.entry(endpoint.clone()).or_insert_with(Route::new);
        // What is read before it goes before it.
        if self.looking || route.reading.is_some() || route.more || route.kept >= most {
            route.more = true;
            return;
        }
        route.put(delivery);
        self.start(&endpoint, application, token);
    }

    /// The first of a lane is under way, unless one is.
    fn start(&mut self, endpoint: &str, application: Seq, token: &Token) {
        let Some(route) = self.routes.get_mut(endpoint) else { return };
        let Some(lane) = route.lanes.get_mut(&application) else { return };
        if lane.under_way.is_some() {
            return;
        }
        let Some((place, delivery)) = lane.waiting.first_key_value() else {
            route.lanes.remove(&application);
            return;
        };
        lane.under_way = Some(*place);
        let (courier, turns, all) = (self.courier.clone(), route.turns.clone(), self.all_at_once.clone());
        let task = self.tasks.spawn(courier.deliver(delivery.clone(), turns, all, token.follow()));
        self.about.insert(task.id(), delivery.clone());
    }

    /// What came of it is on its way to be committed.
    fn settles(&mut self, delivery: &Delivery) {
        let route = self.routes.get_mut(&delivery.key.endpoint);
        if let Some(lane) = route.and_then(|route| route.lanes.get_mut(&delivery.application)) {
            lane.settling = lane.under_way == Some((delivery.key.seq, delivery.key.kind));
        }
    }

    /// What came of it is committed.
    fn kept(&mut self, came: Came) {
        let Came { delivery, away, token } = came;
        let (endpoint, application) = (delivery.key.endpoint.clone(), delivery.application);
        let ends = away || delivery.dead;
        if ends {
            self.count(self.waiting.saturating_sub(1));
        }
        let Some(route) = self.routes.get_mut(&endpoint) else { return };
        if ends && let Some(gone) = &mut route.reading {
            gone.insert(delivery.key.clone());
        }
        let place = (delivery.key.seq, delivery.key.kind);
        if let Some(lane) = route.lanes.get_mut(&application) {
            if lane.under_way == Some(place) && lane.settling {
                (lane.under_way, lane.settling) = (None, false);
            }
            if lane.under_way != Some(place) {
                match ends {
                    true => route.kept -= usize::from(lane.waiting.remove(&place).is_some()),
                    false => drop(lane.waiting.get_mut(&place).map(|waiting| *waiting = delivery)),
                }
            }
        }
        self.start(&endpoint, application, &token);
        self.read_on(&endpoint, &token);
    }

    /// Reads which endpoints are owed something.
    fn look(&mut self, token: Token) {
        if self.looking {
            self.look_again = true;
            return;
        }
        self.looking = true;
        let courier = self.courier.clone();
        self.reads.spawn(async move {
            loop {
                match courier.readers.read(|reader| reader.pending_endpoints()).await {
                    Ok(owing) => {
                        let waiting = owing.iter().map(|(_, count)| count).sum();
                        let endpoints = owing.into_iter().map(|(endpoint, _)| endpoint).collect();
                        return (Found::Owing(endpoints, waiting), token);
                    }
                    Err(error) => tracing::error!(%error, "what is owed cannot be read yet"),
                }
                tokio::time::sleep(READ_AGAIN).await;
            }
        });
    }

    /// Reads what is owed to an endpoint, where there is more than is in memory and room for it.
    fn read_on(&mut self, endpoint: &str, token: &Token) {
        let most = most(endpoint);
        let Some(route) = self.routes.get_mut(endpoint) else { return };
        if route.reading.is_some() || self.looking {
            return;
        }
        if !route.more {
            if route.lanes.is_empty() && route.turns.failures.load(std::sync::atomic::Ordering::Acquire) == 0 {
                self.routes.remove(endpoint);
            }
            return;
        }
        if route.kept > most / 2 {
            return;
        }
        route.more = false;
        route.reading = Some(HashSet::new());
        let (courier, endpoint, token) = (self.courier.clone(), Box::<str>::from(endpoint), token.follow());
        self.reads.spawn(async move {
            loop {
                let asked = endpoint.clone();
                match courier.readers.read(move |reader| reader.pending(&asked, Seq(0), most)).await {
                    Ok(deliveries) => {
                        let all = deliveries.len() < most;
                        return (Found::Pending { endpoint, deliveries, all }, token);
                    }
                    Err(error) => tracing::error!(%error, "what is owed cannot be read yet"),
                }
                tokio::time::sleep(READ_AGAIN).await;
            }
        });
    }

    /// The store has been read.
    fn found(&mut self, found: Found, token: &Token) {
        match found {
            Found::Owing(endpoints, waiting) => {
                self.looking = false;
                self.count(waiting);
                for endpoint in endpoints {
                    self.routes.entry(endpoint).or_insert_with(Route::new).more = true;
                }
                if std::mem::take(&mut self.look_again) {
                    return self.look(token.follow());
                }
                let more: Vec<_> = self.routes.iter().filter(|(_, it)| it.more).map(|(id, _)| id.clone()).collect();
                more.iter().for_each(|endpoint| self.read_on(endpoint, token));
            }
            Found::Pending { endpoint, deliveries, all } => {
                let Some(route) = self.routes.get_mut(&endpoint) else { return };
                let gone = route.reading.take().unwrap_or_default();
                route.more |= !all;
                let mut applications = HashSet::new();
                for delivery in deliveries.into_iter().filter(|delivery| !gone.contains(&delivery.key)) {
                    applications.insert(delivery.application);
                    route.put(delivery);
                }
                applications.into_iter().for_each(|application| self.start(&endpoint, application, token));
                self.read_on(&endpoint, token);
            }
        }
    }
}

fn most(endpoint: &str) -> usize {
    if endpoint.is_empty() { MOST_MAILS } else { MOST }
}
