//! From the domain's words to the records.

use super::*;
use crate::domain::decision::{Decision, Outcome, Reason, Score, Target};
use crate::domain::keys::Keys;
use crate::domain::money::Money;
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::plan::PlanChoice;
use crate::domain::submission::Signal;
use crate::features::Vector;
use crate::store::{Command, Imported, Moved, OutcomeReported, Submitted};

pub(super) fn submitted(submitted: &Submitted, at: Timestamp, generation: u32) -> SubmittedRecord {
    let Submitted { command: asked, merchant_reference, facts, decision: decided, state } = submitted;
    SubmittedRecord {
        command: Some(command(asked)),
        merchant_reference: merchant_reference.as_deref().map(String::from),
        submitted_after_ms: after(facts.at, at),
        amount: Some(money(facts.amount)),
        plan: Some(choice(facts.plan)),
        country: facts.country.map(|country| country.code().into()),
        keys: Some(keys(&facts.keys)),
        vector: vector(&facts.vector),
        signals: facts.signals.iter().map(|(name, value)| signal(name, value)).collect(),
        decision: Some(decision(decided, at, generation)),
        state: Some(journey::write_state(state, at)),
    }
}

pub(super) fn vector(vector: &Vector) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    vector.encode(&mut bytes);
    bytes
}

fn decision(decision: &Decision, at: Timestamp, generation: u32) -> DecisionRecord {
    let Decision { outcome, standing, reasons, scores, degraded, diagnostics, decided_at, .. } = decision;
    let diagnostics = diagnostics.iter().map(|diagnostic| DiagnosticRecord {
        subject: diagnostic.subject.clone(),
        message: diagnostic.message.clone(),
    });
    DecisionRecord {
        decided_after_ms: after(*decided_at, at),
        outcome: match outcome {
            Outcome::Accept => 1,
            Outcome::Decline => 2,
            Outcome::StepUp => 3,
        },
        reasons: reasons.iter().map(reason).collect(),
        fraud: scores.fraud.as_ref().map(score),
        default: scores.default.as_ref().map(score),
        expected_loss_minor: scores.expected_loss_minor,
        generation,
        degraded: *degraded,
        diagnostics: diagnostics.collect(),
        held: standing.held.bits().into(),
        spent: standing.spent.bits().into(),
        over_limits: standing.over_limits.bits().into(),
        failed_kind: standing.failed.map_or(0, |(kind, _)| journey::write_kind(kind)),
        failure: standing.failed.map_or(0, |(_, failure)| journey::write_failure(failure)),
    }
}

pub(super) fn moved(moved: &Moved, at: Timestamp, application_random: u64, generation: u32) -> MovedRecord {
    MovedRecord {
        command: moved.command.as_ref().map(command),
        decision: moved.decision.as_ref().map(|decided| decision(decided, at, generation)),
        application_random,
        event: Some(journey::write_event(&moved.event, at)),
        keys: Some(keys(&moved.keys)),
        due_after_ms: moved.stands.due_at.map(|due| after(due, at)),
        owes: moved.stands.owes,
        reference: moved.stands.reference,
    }
}

pub(super) fn imported(imported: &Imported) -> ImportedRecord {
    ImportedRecord {
        keys: Some(keys(&imported.keys)),
        amount: Some(money(imported.amount)),
        outcome: imported.outcome.map_or(0, outcome),
    }
}

pub(super) fn outcome_reported(
    reported: &OutcomeReported,
    at: Timestamp,
    application_random: u64,
) -> OutcomeReportedRecord {
    OutcomeReportedRecord {
        command: Some(command(&reported.command)),
        outcome: outcome(reported.outcome),
        occurred_after_ms: after(reported.occurred_at, at),
        keys: Some(keys(&reported.keys)),
        purchased_after_ms: after(reported.purchased_at, at),
        application_random,
    }
}

pub(super) fn generation(generation: &GenerationRef) -> GenerationRecord {
    let models = generation.models.iter().map(|model| ModelRecord {
        name: model.name.clone(),
        version: model.version.clone(),
        target: target(model.target),
        digest: model.digest.clone(),
    });
    GenerationRecord { models: models.collect(), policy_digest: generation.policy_digest.clone() }
}

/// Both times lie within the range that can be written, so their difference does too.
pub(super) fn after(time: Timestamp, at: Timestamp) -> i64 {
    time.ms() - at.ms()
}

fn command(command: &Command) -> CommandRecord {
    CommandRecord {
        request_id: command.request_id.as_str().into(),
        fingerprint: command.fingerprint,
        content: command.content.0.into(),
    }
}

pub(super) fn money(money: Money) -> MoneyRecord {
    MoneyRecord { amount_minor: money.amount_minor, currency: money.currency.code().into() }
}

pub(super) fn choice(choice: PlanChoice) -> PlanChoiceRecord {
    PlanChoiceRecord {
        instalment_count: choice.instalment_count.into(),
        deferred_days: choice.deferred_days.into(),
        deferred_months: choice.deferred_months.into(),
    }
}

fn keys(keys: &Keys) -> KeysRecord {
    let known = keys.0.iter().enumerate().filter(|(_, hash)| hash.is_some());
    KeysRecord {
        known: known.fold(0, |known, (place, _)| known | 1 << place),
        hashes: keys.0.iter().flatten().copied().collect(),
    }
}

fn signal(name: &str, value: &Signal) -> SignalRecord {
    let value = match value {
        Signal::Number(number) => SignalValue::Number(number.to_bits()),
        Signal::Text(text) => SignalValue::Text(text.as_ref().into()),
        Signal::Flag(flag) => SignalValue::Flag(*flag),
    };
    SignalRecord { name: name.into(), value: Some(value) }
}

fn reason(reason: &Reason) -> ReasonRecord {
    ReasonRecord {
        code: reason.code.name().into(),
        target: reason.target.map_or(0, target),
        contribution: reason.contribution.to_bits(),
    }
}

fn score(score: &Score) -> ScoreRecord {
    ScoreRecord {
        log_odds: score.log_odds.to_bits(),
        calibrated_log_odds: score.calibrated_log_odds.to_bits(),
        probability: score.probability.to_bits(),
    }
}

fn target(target: Target) -> u32 {
    match target {
        Target::Fraud => 1,
        Target::Default => 2,
    }
}

fn outcome(outcome: RepaymentOutcome) -> u32 {
    match outcome {
        RepaymentOutcome::Paid => 1,
        RepaymentOutcome::Late => 2,
        RepaymentOutcome::Defaulted => 3,
        RepaymentOutcome::Fraud => 4,
        RepaymentOutcome::Chargeback => 5,
    }
}

pub(super) fn date(date: jiff::civil::Date) -> i32 {
    i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day())
}
