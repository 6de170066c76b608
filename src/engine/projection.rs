//! What the sequencer knows of the past: velocity, the requests answered, the frauds reported. It is a projection of
//! the log: the same function applies an entry when it happens and when a start reads the log again, so a crash
//! loses nothing and counts nothing twice.

use super::requests::Requests;
use crate::domain::ids::Seq;
use crate::domain::keys::{KeyKind, Keys};
use crate::domain::money::{Currency, Money};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::features::velocity::Velocity;
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
    /// When the purchase was submitted.
    pub purchased_at: Timestamp,
    /// What it changes.
    pub change: Change,
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
        let (request, keys, purchased_at, change) = match &entry.event {
            Event::Submitted(submitted) => {
                let facts = &submitted.facts;
                let change = Change::Purchase { amount: facts.amount, fraud: false };
                (Some(submitted.command.fingerprint), facts.keys, facts.at, change)
            }
            Event::Imported(imported) => {
                let fraud = imported.outcome.is_some_and(|outcome| outcome.is_fraud());
                (None, imported.keys, entry.at, Change::Purchase { amount: imported.amount, fraud })
            }
            Event::OutcomeReported(reported) => {
                let change = match reported.outcome.is_fraud() {
                    true => Change::FraudReported { application: entry.application.seq() },
                    false => Change::Nothing,
                };
                (Some(reported.command.fingerprint), reported.keys, reported.purchased_at, change)
            }
        };
        Self { seq: entry.id.seq(), request, keys, purchased_at, change }
    }
}

/// What the sequencer knows of the past.
#[derive(Debug)]
pub struct Projection {
    /// Counts and sums over the sliding windows.
    pub velocity: Velocity,
    /// The requests that were answered.
    pub requests: Requests,
    reported: BTreeSet<Seq>,
}

impl Projection {
    /// A projection of an empty log.
    pub fn new(velocity: Velocity, requests: Requests) -> Self {
        Self { velocity, requests, reported: BTreeSet::new() }
    }

    /// Applies one entry. Entries come in the order of the log, each once.
    pub fn apply(&mut self, trace: &Trace) {
        if let Some(fingerprint) = trace.request {
            self.requests.insert(fingerprint, trace.seq);
        }
        match trace.change {
            Change::Purchase { amount, fraud } => {
                self.velocity.add(&trace.keys, trace.purchased_at, amount);
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
            self.velocity.report_fraud(&trace.keys, trace.purchased_at);
        }
        let oldest = Seq(((trace.seq.0 >> 12) - REPORTS_KEPT_MS).max(0) << 12);
        while self.reported.first().is_some_and(|first| *first < oldest) {
            self.reported.pop_first();
        }
    }
}

/// Writes traces as the bytes of a checkpoint: format 1, little-endian.
pub fn encode(traces: &[Trace]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + traces.len() * 64);
    bytes.push(1);
    for trace in traces {
        bytes.extend(trace.seq.0.to_le_bytes());
        bytes.extend(trace.purchased_at.ms().to_le_bytes());
        let (kind, tail) = match trace.change {
            Change::Purchase { amount, fraud } => (if fraud { 1 } else { 0 }, Some(amount)),
            Change::FraudReported { .. } => (2, None),
            Change::Nothing => (3, None),
        };
        bytes.push(kind | if trace.request.is_some() { 0x80 } else { 0 });
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
    }
    bytes
}

/// Reads the bytes of a checkpoint; `None` where they are not what [`encode`] wrote.
pub fn decode(bytes: &[u8]) -> Option<Vec<Trace>> {
    let (&format, mut rest) = bytes.split_first()?;
    if format != 1 {
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
    let purchased_at = Timestamp::from_ms(i64::from_le_bytes(take(rest)?)).ok()?;
    let [kind] = take(rest)?;
    let request = if kind & 0x80 == 0 { None } else { Some(u64::from_le_bytes(take(rest)?)) };
    let [mask]: [u8; 1] = take(rest)?;
    let mut keys = Keys::default();
    for (at, hash) in keys.0.iter_mut().enumerate() {
        if mask & (1 << at) != 0 {
            *hash = Some(u64::from_le_bytes(take(rest)?));
        }
    }
    let change = match kind & 0x7f {
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
    Some(Trace { seq, request, keys, purchased_at, change })
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
        let trace = (0..1_i64 << 60, any::<Option<u64>>(), any::<[Option<u64>; 8]>(), 0..Timestamp::MAX_MS, change);
        let trace = trace.prop_map(|(seq, request, keys, ms, change)| Trace {
            seq: Seq(seq),
            request,
            keys: Keys(keys),
            purchased_at: Timestamp::from_ms(ms).unwrap(),
            change,
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
