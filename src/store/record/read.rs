//! From the records to the domain's words. What cannot have been written is named.

use super::*;
use crate::domain::challenge::Kinds;
use crate::domain::decision::{
    Decision, Diagnostic, Digest, ModelRef, Outcome, Reason, Score, Scores, Standing, Target,
};
use crate::domain::geo::Country;
use crate::domain::ids::{DecisionId, RequestId};
use crate::domain::keys::Keys;
use crate::domain::money::{Currency, Money};
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::plan::PlanChoice;
use crate::domain::reason::ReasonCode;
use crate::domain::submission::{Signal, Signals};
use crate::features::{Facts, Vector};
use crate::journey::{Stands, StateKind};
use crate::store::{Command, Imported, Moved, OutcomeReported, Submitted};

/// What cannot be there: the field, and what was expected.
#[derive(Debug)]
pub(super) struct Wrong(pub &'static str);

pub(super) fn submitted(
    record: SubmittedRecord,
    id: EntryId,
    at: Timestamp,
    merchant: &MerchantId,
    generation: &Arc<GenerationRef>,
) -> Result<Submitted, Wrong> {
    let facts = Facts {
        merchant: merchant.clone(),
        at: after(record.submitted_after_ms, at)?,
        amount: money(record.amount)?,
        plan: choice(record.plan)?,
        country: match record.country {
            Some(code) => Some(Country::parse(&code).map_err(|_| Wrong("country: expected ISO 3166-1 alpha-2"))?),
            None => None,
        },
        keys: keys(record.keys)?,
        vector: vector(&record.vector)?,
        signals: signals(record.signals)?,
    };
    Ok(Submitted {
        command: command(record.command)?,
        merchant_reference: record.merchant_reference.map(String::into_boxed_str),
        facts,
        decision: decision(record.decision.ok_or(Wrong("decision: expected one"))?, id, at, generation)?,
        state: journey::read_state(record.state, at)?,
    })
}

pub(super) fn vector(bytes: &[u8]) -> Result<Vector, Wrong> {
    Vector::decode(bytes).ok_or(Wrong("vector: expected the features' values"))
}

fn decision(
    record: DecisionRecord,
    id: EntryId,
    at: Timestamp,
    generation: &Arc<GenerationRef>,
) -> Result<Decision, Wrong> {
    let diagnostics = record.diagnostics.into_iter();
    let kinds = |bits| Kinds::from_bits(bits).ok_or(Wrong("standing: expected known kinds"));
    let failed = match record.failed_kind {
        0 => None,
        kind => Some((journey::read_kind(kind)?, journey::read_failure(record.failure)?)),
    };
    Ok(Decision {
        id: DecisionId(id),
        outcome: match record.outcome {
            1 => Outcome::Accept,
            2 => Outcome::Decline,
            3 => Outcome::StepUp,
            _ => return Err(Wrong("outcome: expected 1, 2 or 3")),
        },
        standing: Standing {
            held: kinds(record.held)?,
            spent: kinds(record.spent)?,
            over_limits: kinds(record.over_limits)?,
            failed,
        },
        reasons: record.reasons.into_iter().map(reason).collect::<Result<_, _>>()?,
        scores: Scores {
            fraud: record.fraud.map(score),
            default: record.default.map(score),
            expected_loss_minor: record.expected_loss_minor,
        },
        generation: generation.clone(),
        degraded: record.degraded,
        diagnostics: diagnostics.map(|DiagnosticRecord { subject, message }| Diagnostic { subject, message }).collect(),
        decided_at: after(record.decided_after_ms, at)?,
    })
}

pub(super) fn moved(
    record: MovedRecord,
    id: EntryId,
    at: Timestamp,
    state: Option<i64>,
    generation: Option<&Arc<GenerationRef>>,
) -> Result<Moved, Wrong> {
    let decision = match (record.decision, generation) {
        (Some(record), Some(generation)) => Some(decision(record, id, at, generation)?),
        _ => None,
    };
    let kind = StateKind::ALL.into_iter().find(|kind| Some(*kind as i64) == state);
    Ok(Moved {
        command: record.command.map(|record| command(Some(record))).transpose()?,
        event: journey::read_event(record.event, at)?,
        decision,
        keys: keys(record.keys)?,
        stands: Stands {
            kind: kind.ok_or(Wrong("state: expected the number of a state"))?,
            due_at: record.due_after_ms.map(|ms| after(ms, at)).transpose()?,
            owes: record.owes,
            reference: record.reference,
        },
    })
}

pub(super) fn imported(record: ImportedRecord) -> Result<Imported, Wrong> {
    let outcome = if record.outcome == 0 { None } else { Some(outcome(record.outcome)?) };
    Ok(Imported { keys: keys(record.keys)?, amount: money(record.amount)?, outcome })
}

pub(super) fn outcome_reported(record: OutcomeReportedRecord, at: Timestamp) -> Result<OutcomeReported, Wrong> {
    Ok(OutcomeReported {
        command: command(record.command)?,
        outcome: outcome(record.outcome)?,
        occurred_at: after(record.occurred_after_ms, at)?,
        keys: keys(record.keys)?,
        purchased_at: after(record.purchased_after_ms, at)?,
    })
}

pub(super) fn generation(record: GenerationRecord) -> Result<GenerationRef, Wrong> {
    let models = record.models.into_iter().map(|model| {
        let target = target(model.target)?.ok_or(Wrong("models.target: expected 1 or 2"))?;
        Ok(ModelRef { name: model.name, version: model.version, target, digest: model.digest })
    });
    Ok(GenerationRef { models: models.collect::<Result<_, _>>()?, policy_digest: record.policy_digest })
}

pub(super) fn after(ms: i64, at: Timestamp) -> Result<Timestamp, Wrong> {
    let time = at.ms().checked_add(ms).and_then(|ms| Timestamp::from_ms(ms).ok());
    time.ok_or(Wrong("a time: expected one from 1970-01-01 to 9999-12-30"))
}

fn command(record: Option<CommandRecord>) -> Result<Command, Wrong> {
    let record = record.ok_or(Wrong("command: expected one"))?;
    let request_id = RequestId::parse(&record.request_id);
    let content = <[u8; 32]>::try_from(record.content.as_slice());
    Ok(Command {
        request_id: request_id.map_err(|_| Wrong("command.request_id: expected 1 to 64 visible ASCII characters"))?,
        fingerprint: record.fingerprint,
        content: Digest(content.map_err(|_| Wrong("command.content: expected 32 bytes"))?),
    })
}

pub(super) fn money(record: Option<MoneyRecord>) -> Result<Money, Wrong> {
    let record = record.ok_or(Wrong("amount: expected one"))?;
    let currency = Currency::parse(&record.currency).map_err(|_| Wrong("amount.currency: expected ISO 4217"))?;
    Ok(Money { amount_minor: record.amount_minor, currency })
}

pub(super) fn choice(record: Option<PlanChoiceRecord>) -> Result<PlanChoice, Wrong> {
    let record = record.ok_or(Wrong("plan: expected one"))?;
    let small = |number: u32| u8::try_from(number).map_err(|_| Wrong("plan: expected numbers below 256"));
    Ok(PlanChoice {
        instalment_count: small(record.instalment_count)?,
        deferred_days: small(record.deferred_days)?,
        deferred_months: small(record.deferred_months)?,
    })
}

fn keys(record: Option<KeysRecord>) -> Result<Keys, Wrong> {
    let record = record.unwrap_or_default();
    let mut keys = Keys::default();
    let mut hashes = record.hashes.iter().copied();
    for (place, key) in keys.0.iter_mut().enumerate() {
        if record.known & (1 << place) != 0 {
            *key = Some(hashes.next().ok_or(Wrong("keys: expected a hash for every known kind"))?);
        }
    }
    match (record.known >> keys.0.len(), hashes.next()) {
        (0, None) => Ok(keys),
        _ => Err(Wrong("keys: expected no hash of an unknown kind")),
    }
}

fn signals(records: Vec<SignalRecord>) -> Result<Signals, Wrong> {
    let signals = records.into_iter().map(|record| {
        let value = match record.value.ok_or(Wrong("signals: expected a value for every name"))? {
            SignalValue::Number(bits) => Signal::Number(f64::from_bits(bits)),
            SignalValue::Text(text) => Signal::Text(text.into()),
            SignalValue::Flag(flag) => Signal::Flag(flag),
        };
        Ok((record.name.into_boxed_str(), value))
    });
    Ok(Signals::new(signals.collect::<Result<Vec<_>, Wrong>>()?))
}

fn reason(record: ReasonRecord) -> Result<Reason, Wrong> {
    Ok(Reason {
        code: ReasonCode::parse(&record.code).ok_or(Wrong("reasons.code: expected a known one"))?,
        target: target(record.target)?,
        contribution: f64::from_bits(record.contribution),
    })
}

fn score(record: ScoreRecord) -> Score {
    Score {
        log_odds: f64::from_bits(record.log_odds),
        calibrated_log_odds: f64::from_bits(record.calibrated_log_odds),
        probability: f64::from_bits(record.probability),
    }
}

fn target(number: u32) -> Result<Option<Target>, Wrong> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(Target::Fraud)),
        2 => Ok(Some(Target::Default)),
        _ => Err(Wrong("target: expected 0, 1 or 2")),
    }
}

fn outcome(number: u32) -> Result<RepaymentOutcome, Wrong> {
    match number {
        1 => Ok(RepaymentOutcome::Paid),
        2 => Ok(RepaymentOutcome::Late),
        3 => Ok(RepaymentOutcome::Defaulted),
        4 => Ok(RepaymentOutcome::Fraud),
        5 => Ok(RepaymentOutcome::Chargeback),
        _ => Err(Wrong("outcome: expected 1 to 5")),
    }
}

pub(super) fn date(number: i32) -> Option<jiff::civil::Date> {
    let (year, day_of_year) = (number.div_euclid(10_000), number.rem_euclid(10_000));
    let year = i16::try_from(year).ok()?;
    jiff::civil::Date::new(year, (day_of_year / 100) as i8, (day_of_year % 100) as i8).ok()
}
