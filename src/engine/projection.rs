//! What the sequencer knows of the past: velocity, the requests answered, the frauds reported, the challenges asked, and
//! which journeys are open. It is a projection of the log: the same function applies an entry when it happens and when a
//! start reads the log again, so a crash loses nothing and counts nothing twice.

use super::asked::Asked;
use super::awake::Awake;
use super::requests::Requests;
use crate::domain::challenge::{ChallengeKind, Kinds};
use crate::domain::ids::Seq;
use crate::domain::keys::{KeyKind, Keys};
use crate::domain::money::{Currency, Money};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::features::velocity::Velocity;
use crate::journey::{Event as Step, Stands, State, StateKind};
use crate::store::{Entry, Event};
use std::collections::BTreeSet;

/// How long a reported fraud is remembered, so that a second report of it counts nothing: longer than any window.
const REPORTS_KEPT_MS: i64 = 130 * DAY_MS;

/// What the projection needs of one entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The entry's place.
    pub seq: Seq,
    /// The fingerprint of the request that it answered.
    pub request: Option<u64>,
    /// What it counts for.
    pub keys: Keys,
    /// When that happened; of a reported fraud, when the purchase was submitted.
    pub at: Timestamp,
    /// What it changes.
    pub change: Change,
    /// Where it leaves a journey, unless that is settled from the beginning.
    pub journey: Option<Went>,
}

/// Where an entry leaves a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Went {
    /// The application.
    pub application: Seq,
    /// Where it stands.
    pub stands: Stands,
    /// The challenge that has just been asked.
    pub asked: Option<ChallengeKind>,
}

/// What an entry changes in the projection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// A purchase, with whether it is already known to be fraud.
    Purchase {
        /// Its amount.
        amount: Money,
        /// Whether it is known to be fraud.
        fraud: bool,
    },
    /// An earlier purchase was reported to be fraud.
    FraudReported {
        /// The application's place.
        application: Seq,
    },
    /// Nothing but the request.
    Nothing,
}

impl Trace {
    /// What the projection needs of an entry.
    pub fn of(entry: &Entry) -> Self {
        let seq = entry.id.seq();
        match &entry.event {
            Event::Submitted(submitted) => {
                let facts = &submitted.facts;
                let stands = submitted.state.stands();
                let open = stands.owes || stands.due_at.is_some();
                Self {
                    seq,
                    request: Some(submitted.command.fingerprint),
                    keys: facts.keys,
                    at: facts.at,
                    change: Change::Purchase { amount: facts.amount, fraud: false },
                    journey: open.then(|| Went { application: seq, stands, asked: asked(&submitted.state) }),
                }
            }
            Event::Imported(imported) => {
                let fraud = imported.outcome.is_some_and(|outcome| outcome.is_fraud());
                let change = Change::Purchase { amount: imported.amount, fraud };
                Self { seq, request: None, keys: imported.keys, at: entry.at, change, journey: None }
            }
            Event::Moved(moved) => {
                let asked = match &moved.event {
                    Step::Decided { next, .. } => asked(next),
                    _ => None,
                };
                Self {
                    seq,
                    request: moved.command.as_ref().map(|command| command.fingerprint),
                    keys: moved.keys,
                    at: entry.at,
                    change: Change::Nothing,
                    journey: Some(Went { application: entry.application.seq(), stands: moved.stands, asked }),
                }
            }
            Event::OutcomeReported(reported) => {
                let change = match reported.outcome.is_fraud() {
                    true => Change::FraudReported { application: entry.application.seq() },
                    false => Change::Nothing,
                };
                let (request, at) = (Some(reported.command.fingerprint), reported.purchased_at);
                Self { seq, request, keys: reported.keys, at, change, journey: None }
            }
        }
    }
}

/// The challenge that a state asks, where it has just been entered.
fn asked(state: &State) -> Option<ChallengeKind> {
    match state {
        State::Challenged { attempt, .. } => Some(attempt.kind),
        _ => None,
    }
}

/// What the sequencer knows of the past.
#[derive(Debug)]
pub struct Projection {
    /// Counts and sums over the sliding windows.
    pub velocity: Velocity,
    /// The requests that were answered.
    pub requests: Requests,
    /// The journeys to which something is still to happen.
    pub awake: Awake,
    /// The challenges that were asked.
    pub asked: Asked,
    /// The latest time of a purchase or a step.
    pub latest: Timestamp,
    reported: BTreeSet<Seq>,
}

impl Projection {
    /// A projection of an empty log.
    pub fn new(velocity: Velocity, requests: Requests) -> Self {
        let (awake, asked, reported) = (Awake::default(), Asked::default(), BTreeSet::new());
        Self { velocity, requests, awake, asked, latest: Timestamp::default(), reported }
    }

    /// Applies one entry. Entries come in the order of the log, each once.
    pub fn apply(&mut self, trace: &Trace) {
        if let Some(fingerprint) = trace.request {
            self.requests.insert(fingerprint, trace.seq);
        }
        if let Some(Went { application, stands, asked }) = trace.journey {
            self.awake.set(application, stands);
            asked.into_iter().for_each(|kind| self.asked.add(kind, &trace.keys, trace.at));
        }
        if !matches!(trace.change, Change::FraudReported { .. }) {
            self.latest = self.latest.max(trace.at);
        }
        match trace.change {
            Change::Purchase { amount, fraud } => {
                self.velocity.add(&trace.keys, trace.at, amount);
                if fraud {
                    self.report(trace, trace.seq);
                }
            }
            Change::FraudReported { application } => self.report(trace, application),
            Change::Nothing => {}
        }
    }

    /// A purchase counts as fraud once, however often and in whatever words it is reported.
    fn report(&mut self, trace: &Trace, application: Seq) {
        if self.reported.insert(application) {
            self.velocity.report_fraud(&trace.keys, trace.at);
        }
        let oldest = Seq(((trace.seq.0 >> 12) - REPORTS_KEPT_MS).max(0) << 12);
        while self.reported.first().is_some_and(|first| *first < oldest) {
            self.reported.pop_first();
        }
    }
}

/// The format of a checkpoint. Format 1 is the same without journeys.
const FORMAT: u8 = 2;
/// In the byte of the change: whether there is a request, and whether there is a journey.
const REQUEST: u8 = 0x80;
const JOURNEY: u8 = 0x40;

/// Writes traces as the bytes of a checkpoint, little-endian.
pub fn encode(traces: &[Trace]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + traces.len() * 64);
    bytes.push(FORMAT);
    for trace in traces {
        bytes.extend(trace.seq.0.to_le_bytes());
        bytes.extend(trace.at.ms().to_le_bytes());
        let (kind, tail) = match trace.change {
            Change::Purchase { amount, fraud } => (if fraud { 1 } else { 0 }, Some(amount)),
            Change::FraudReported { .. } => (2, None),
            Change::Nothing => (3, None),
        };
        let request = if trace.request.is_some() { REQUEST } else { 0 };
        bytes.push(kind | request | if trace.journey.is_some() { JOURNEY } else { 0 });
        bytes.extend(trace.request.map(u64::to_le_bytes).into_iter().flatten());
        let known = KeyKind::ALL.iter().filter(|kind| trace.keys.get(**kind).is_some());
        bytes.push(known.fold(0, |mask, kind| mask | 1 << (*kind as u8)));
        bytes.extend(trace.keys.0.iter().flatten().flat_map(|hash| hash.to_le_bytes()));
        if let Some(amount) = tail {
            bytes.extend(amount.amount_minor.to_le_bytes());
            bytes.extend(amount.currency.code().as_bytes());
        }
        if let Change::FraudReported { application } = trace.change {
            bytes.extend(application.0.to_le_bytes());
        }
        trace.journey.iter().for_each(|went| encode_journey(went, &mut bytes));
    }
    bytes
}

fn encode_journey(went: &Went, bytes: &mut Vec<u8>) {
    let Went { application, stands, asked } = went;
    bytes.extend(application.0.to_le_bytes());
    bytes.push(stands.kind as u8);
    bytes.extend(stands.due_at.map_or(-1, Timestamp::ms).to_le_bytes());
    bytes.push(stands.owes.into());
    bytes.extend(stands.reference.to_le_bytes());
    bytes.push(asked.map_or(0, |kind| [kind].into_iter().collect::<Kinds>().bits()));
}

fn decode_journey(rest: &mut &[u8]) -> Option<Went> {
    let application = Seq(i64::from_le_bytes(take(rest)?));
    let [kind] = take(rest)?;
    let kind = StateKind::ALL.into_iter().find(|known| *known as u8 == kind)?;
    let due_at = match i64::from_le_bytes(take(rest)?) {
        -1 => None,
        ms => Some(Timestamp::from_ms(ms).ok()?),
    };
    let owes = match take(rest)? {
        [0] => false,
        [1] => true,
        _ => return None,
    };
    let reference = u64::from_le_bytes(take(rest)?);
    let [asked] = take(rest)?;
    let asked = Kinds::from_bits(asked.into())?.iter().next();
    Some(Went { application, stands: Stands { kind, due_at, owes, reference }, asked })
}

/// Reads the bytes of a checkpoint; `None` where they are not what [`encode`] wrote.
pub fn decode(bytes: &[u8]) -> Option<Vec<Trace>> {
    let (&format, mut rest) = bytes.split_first()?;
    if !(1..=FORMAT).contains(&format) {
        return None;
    }
    let mut traces = Vec::with_capacity(rest.len() / 48);
    while !rest.is_empty() {
        traces.push(decode_trace(&mut rest)?);
    }
    Some(traces)
}

fn decode_trace(rest: &mut &[u8]) -> Option<Trace> {
    let seq = Seq(i64::from_le_bytes(take(rest)?));
    let at = Timestamp::from_ms(i64::from_le_bytes(take(rest)?)).ok()?;
    let [kind] = take(rest)?;
    let request = if kind & REQUEST == 0 { None } else { Some(u64::from_le_bytes(take(rest)?)) };
    let [mask]: [u8; 1] = take(rest)?;
    let mut keys = Keys::default();
    for (place, hash) in keys.0.iter_mut().enumerate() {
        if mask & (1 << place) != 0 {
            *hash = Some(u64::from_le_bytes(take(rest)?));
        }
    }
    let change = match kind & !(REQUEST | JOURNEY) {
        fraud @ (0 | 1) => {
            let amount_minor = i64::from_le_bytes(take(rest)?);
            let code: [u8; 3] = take(rest)?;
            let currency = Currency::parse(std::str::from_utf8(&code).ok()?).ok()?;
            Change::Purchase { amount: Money { amount_minor, currency }, fraud: fraud == 1 }
        }
        2 => Change::FraudReported { application: Seq(i64::from_le_bytes(take(rest)?)) },
        3 => Change::Nothing,
        _ => return None,
    };
    let journey = if kind & JOURNEY == 0 { None } else { Some(decode_journey(rest)?) };
    Some(Trace { seq, request, keys, at, change, journey })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn traces() -> impl Strategy<Value = Vec<Trace>> {
        let change = prop_oneof![
            (0..1_000_000_i64, any::<bool>()).prop_map(|(amount_minor, fraud)| Change::Purchase {
                amount: Money { amount_minor, currency: Currency::EUR },
                fraud
            }),
            (0..1_i64 << 60).prop_map(|seq| Change::FraudReported { application: Seq(seq) }),
            Just(Change::Nothing),
        ];
        let ms = || (0..Timestamp::MAX_MS).prop_map(|ms| Timestamp::from_ms(ms).unwrap());
        let stands = (0..StateKind::ALL.len(), proptest::option::of(ms()), any::<bool>(), any::<u64>());
        let stands = stands.prop_map(|(kind, due_at, owes, reference)| {
            let kind = StateKind::ALL[kind];
            Stands { kind, due_at, owes, reference }
        });
        let asked = proptest::option::of((0..3_usize).prop_map(|kind| ChallengeKind::ALL[kind]));
        let went = (0..1_i64 << 60, stands, asked);
        let went = went.prop_map(|(seq, stands, asked)| Went { application: Seq(seq), stands, asked });
        let place = (0..1_i64 << 60).prop_map(Seq);
        let keys = any::<[Option<u64>; 8]>().prop_map(Keys);
        let trace = (place, any::<Option<u64>>(), keys, ms(), change, proptest::option::of(went));
        let trace = trace.prop_map(|(seq, request, keys, at, change, journey)| Trace {
            seq,
            request,
            keys,
            at,
            change,
            journey,
        });
        proptest::collection::vec(trace, 0..20)
    }

    proptest! {
        #[test]
        fn a_checkpoint_holds_what_was_written(traces in traces()) {
            prop_assert_eq!(decode(&encode(&traces)), Some(traces));
        }

        #[test]
        fn damaged_bytes_are_not_read(traces in traces(), cut in 0..40_usize) {
            let bytes = encode(&traces);
            if cut < bytes.len() {
                let read = decode(&bytes[..cut]);
                prop_assert!(read.is_none_or(|read| read.len() < traces.len() && traces.starts_with(&read)));
            }
        }
    }
}
