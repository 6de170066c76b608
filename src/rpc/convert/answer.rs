//! From the log's entries to what is answered. The same entries give the same answer: nothing here asks for the time.

use crate::domain::Invalid;
use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::{Decision, ModelRef, Outcome, Reason};
use crate::domain::ids::{ApplicationId, Seq};
use crate::domain::money::Money;
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::plan::{InstalmentState, Plan, PlanChoice};
use crate::domain::reason::Language;
use crate::domain::submission::Signal;
use crate::domain::time::Timestamp;
use crate::journey::{State, StateKind};
use crate::rpc::proto;
use crate::store::{Entry, Event, Submitted};

/// The application as it stands after its submission `first` and `later` entries, oldest first.
pub fn application<'a>(
    first: &Entry,
    submitted: &Submitted,
    later: impl Iterator<Item = &'a Entry>,
) -> proto::Application {
    let mut application = proto::Application {
        application_id: ApplicationId(first.application).to_string(),
        request_id: submitted.command.request_id.as_str().into(),
        decision: Some(decision(&submitted.decision)),
        created_at: Some(time(first.at)),
        updated_at: Some(time(first.at)),
        merchant_reference: submitted.merchant_reference.as_deref().unwrap_or_default().into(),
        amount: Some(money(submitted.facts.amount)),
        ..Default::default()
    };
    put_state(&mut application, &submitted.state, submitted.facts.amount);
    for entry in later {
        match &entry.event {
            Event::OutcomeReported(reported) => {
                let outcome = outcome(reported.outcome).into();
                let occurred_at = Some(time(reported.occurred_at));
                application.outcomes.push(proto::ReportedOutcome { outcome, occurred_at });
                application.updated_at = Some(time(entry.at));
            }
            // An application begins once, and imports are applications of nobody.
            Event::Submitted(_) | Event::Imported(_) => {}
        }
    }
    application
}

/// What is true in the state, and in no other.
fn put_state(application: &mut proto::Application, state: &State, amount: Money) {
    let pay_until = |until| Some(proto::PayInFullOffer { amount: Some(money(amount)), offer_until: Some(time(until)) });
    application.state = state_on_wire(state.kind()).into();
    match state {
        State::Challenged { kind, attempts_left, deadline, expires_at } => {
            application.challenge = Some(proto::Challenge {
                kind: challenge_kind(*kind).into(),
                deadline: Some(time(*deadline)),
                attempts_left: i32::try_from(*attempts_left).unwrap_or(i32::MAX),
            });
            application.pay_in_full = pay_until(*expires_at);
            application.expires_at = Some(time(*expires_at));
        }
        State::InReview { expires_at } => {
            application.pay_in_full = pay_until(*expires_at);
            application.expires_at = Some(time(*expires_at));
        }
        State::Accepted { plan } => application.plan = Some(self::plan(plan)),
        State::Declined { offer_until, .. } => application.pay_in_full = pay_until(*offer_until),
    }
}

fn state_on_wire(kind: StateKind) -> proto::State {
    match kind {
        StateKind::Challenged => proto::State::Challenged,
        StateKind::Verifying => proto::State::Verifying,
        StateKind::InReview => proto::State::InReview,
        StateKind::Accepted => proto::State::Accepted,
        StateKind::Declined => proto::State::Declined,
        StateKind::PaidInFull => proto::State::PaidInFull,
        StateKind::Cancelled => proto::State::Cancelled,
        StateKind::Expired => proto::State::Expired,
    }
}

fn challenge_kind(kind: ChallengeKind) -> proto::ChallengeKind {
    match kind {
        ChallengeKind::SmsCode => proto::ChallengeKind::SmsCode,
        ChallengeKind::IdDocument => proto::ChallengeKind::IdDocument,
        ChallengeKind::BankHistory => proto::ChallengeKind::BankHistory,
    }
}

fn outcome(outcome: RepaymentOutcome) -> proto::RepaymentOutcome {
    match outcome {
        RepaymentOutcome::Paid => proto::RepaymentOutcome::Paid,
        RepaymentOutcome::Late => proto::RepaymentOutcome::Late,
        RepaymentOutcome::Defaulted => proto::RepaymentOutcome::Defaulted,
        RepaymentOutcome::Fraud => proto::RepaymentOutcome::Fraud,
        RepaymentOutcome::Chargeback => proto::RepaymentOutcome::Chargeback,
    }
}

/// The decision: of the models, those that scored.
pub fn decision(decision: &Decision) -> proto::Decision {
    let outcome = match decision.outcome {
        Outcome::Accept => proto::Outcome::Accept,
        Outcome::Decline => proto::Outcome::Decline,
        Outcome::StepUp => proto::Outcome::StepUp,
    };
    let scored = decision.generation.models.iter().filter(|model| decision.scores.get(model.target).is_some());
    proto::Decision {
        decision_id: decision.id.to_string(),
        outcome: outcome.into(),
        reasons: decision.reasons.iter().map(reason).collect(),
        scores: Some(proto::Scores {
            fraud_probability: decision.scores.fraud.map(|score| score.probability),
            default_probability: decision.scores.default.map(|score| score.probability),
            expected_loss_minor: decision.scores.expected_loss_minor,
        }),
        models: scored.map(model_ref).collect(),
        policy_digest: decision.generation.policy_digest.clone(),
        degraded: decision.degraded,
        decided_at: Some(time(decision.decided_at)),
    }
}

fn reason(reason: &Reason) -> proto::Reason {
    proto::Reason {
        code: reason.code.name().into(),
        text: reason.code.text(Language::En).into(),
        contribution: reason.contribution,
        for_customer: reason.is_for_customer(),
    }
}

pub(in crate::rpc) fn model_ref(model: &ModelRef) -> proto::ModelRef {
    proto::ModelRef {
        name: model.name.clone(),
        version: model.version.clone(),
        target: model.target.name().into(),
        digest: model.digest.clone(),
    }
}

/// A schedule.
pub fn plan(plan: &Plan) -> proto::Plan {
    let instalments = plan.instalments.iter().map(|instalment| proto::Instalment {
        due_date: instalment.due_date.to_string(),
        purchase_amount_minor: instalment.purchase_amount_minor,
        customer_fee_minor: instalment.customer_fee_minor,
        customer_interest_minor: instalment.customer_interest_minor,
        total_amount_minor: instalment.total_amount_minor,
        state: match instalment.state {
            InstalmentState::Pending => proto::InstalmentState::Pending.into(),
            InstalmentState::Paid => proto::InstalmentState::Paid.into(),
        },
    });
    proto::Plan {
        choice: Some(plan_choice(plan.choice)),
        amount: Some(money(plan.amount)),
        customer_cost_minor: plan.customer_cost_minor,
        cost_bps: plan.cost_bps,
        instalments: instalments.collect(),
    }
}

pub(in crate::rpc) fn plan_choice(choice: PlanChoice) -> proto::PlanChoice {
    proto::PlanChoice {
        instalment_count: choice.instalment_count.into(),
        deferred_days: choice.deferred_days.into(),
        deferred_months: choice.deferred_months.into(),
    }
}

fn money(money: Money) -> proto::Money {
    proto::Money { amount_minor: money.amount_minor, currency: money.currency.code().into() }
}

fn time(at: Timestamp) -> prost_types::Timestamp {
    let (seconds, ms) = (at.ms().div_euclid(1_000), at.ms().rem_euclid(1_000));
    prost_types::Timestamp { seconds, nanos: (ms * 1_000_000) as i32 }
}

/// One of the merchant's own inputs.
pub fn signal(signal: &Signal) -> proto::Signal {
    let value = match signal {
        Signal::Number(number) => proto::signal::Value::Number(*number),
        Signal::Text(text) => proto::signal::Value::Text(text.to_string()),
        Signal::Flag(flag) => proto::signal::Value::Flag(*flag),
    };
    proto::Signal { value: Some(value) }
}

/// What the tokens of pages begin with: the version of their form.
const TOKEN_PREFIX: &str = "p1_";

/// The token that leads on from a place.
pub fn page_token(before: Seq) -> String {
    format!("{TOKEN_PREFIX}{:015x}", before.0)
}

/// The place that a token leads on from.
pub(super) fn read_page_token(token: &str) -> Result<Seq, Invalid> {
    let digits = token.strip_prefix(TOKEN_PREFIX).filter(|digits| digits.len() == 15);
    let plain = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    let seq = plain.and_then(|digits| i64::from_str_radix(digits, 16).ok());
    seq.map(Seq).ok_or_else(|| Invalid::expected("the next_page_token of an earlier page, as it came"))
}
