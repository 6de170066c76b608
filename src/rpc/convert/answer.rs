//! From the log's entries to what is answered. The same entries give the same answer: nothing here asks for the time.

use crate::domain::Invalid;
use crate::domain::challenge::ChallengeKind;
use crate::domain::consent;
use crate::domain::decision::{Decision, ModelRef, Outcome, Reason};
use crate::domain::ids::{ApplicationId, Seq};
use crate::domain::money::Money;
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::plan::PlanChoice;
use crate::domain::reason::Language;
use crate::domain::sealed::Sealed;
use crate::domain::submission::Signal;
use crate::domain::time::Timestamp;
use crate::journey::{
    Action, Attempt, Cause, Collection, Event as Step, Impossible, Journey, Party, Phase, Reviewer, State, StateKind,
};
use crate::rpc::proto;
use crate::store::{Entry, Event};

/// How an application is shown.
pub struct Shown<'a> {
    /// Opens the addresses of providers' pages.
    pub unseal: &'a dyn Fn(&Sealed) -> Option<String>,
    /// The address of the journey's page.
    pub journey_url: &'a dyn Fn(ApplicationId) -> String,
    /// The address of the plan's page.
    pub plan_url: &'a dyn Fn(ApplicationId) -> String,
    /// Whether to tell everything that happened.
    pub history: bool,
    /// Whether to tell what the customer stated: for reviewers.
    pub statements: bool,
}

/// Why an application cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unshowable {
    /// There is no submission among the entries.
    #[error("no such application")]
    NotThere,
    /// The entries cannot have happened.
    #[error(transparent)]
    Impossible(#[from] Impossible),
}

/// The application as its entries tell it, oldest first.
pub fn application<'a>(
    history: impl IntoIterator<Item = &'a Entry>,
    shown: &Shown<'_>,
) -> Result<proto::Application, Unshowable> {
    let mut history = history.into_iter();
    let Some((first, Event::Submitted(submitted))) = history.next().map(|first| (first, &first.event)) else {
        return Err(Unshowable::NotThere);
    };
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
    let mut journey = Journey::at(submitted.state.clone());
    let mut statements = Vec::new();
    // Few ask what happened, and telling it costs as much as the answer.
    let tell = |entry: &Entry, before, after: &Journey| shown.history.then(|| history_entry(entry, before, after));
    application.history.extend(tell(first, None, &journey));
    for entry in history {
        let before = journey.state.kind();
        match &entry.event {
            Event::OutcomeReported(reported) => {
                let outcome = outcome(reported.outcome).into();
                let occurred_at = Some(time(reported.occurred_at));
                application.outcomes.push(proto::ReportedOutcome { outcome, occurred_at });
            }
            Event::Moved(moved) => {
                journey = journey.apply(&moved.event, entry.at)?;
                if let Some(newest) = &moved.decision {
                    application.decision = Some(decision(newest));
                }
                if moved.event == Step::StatementGiven {
                    statements.extend(entry.subject.as_ref().and_then(super::steps::statement_of));
                }
            }
            // An application begins once, and imports are applications of nobody.
            Event::Submitted(_) | Event::Imported(_) => continue,
        }
        application.updated_at = Some(time(entry.at));
        application.history.extend(tell(entry, Some(before), &journey));
    }
    put_state(&mut application, &journey.state, submitted.facts.amount, shown);
    put_pages(&mut application, &journey.state, ApplicationId(first.application), shown);
    if let Some(review) = &mut application.review
        && shown.statements
    {
        review.statements = statements;
    }
    Ok(application)
}

fn history_entry(entry: &Entry, before: Option<StateKind>, after: &Journey) -> proto::HistoryEntry {
    let (event, command, judged, detail) = match &entry.event {
        Event::Submitted(submitted) => {
            ("submitted", Some(&submitted.command), Some(&submitted.decision), String::new())
        }
        Event::OutcomeReported(reported) => {
            ("outcome_reported", Some(&reported.command), None, reported.outcome.name().into())
        }
        Event::Moved(moved) => {
            (moved.event.name(), moved.command.as_ref(), moved.decision.as_ref(), detail(&moved.event))
        }
        Event::Imported(_) => ("imported", None, None, String::new()),
    };
    proto::HistoryEntry {
        entry_id: format!("ent_{:?}", entry.id),
        at: Some(time(entry.at)),
        actor: entry.actor.to_string(),
        event: event.into(),
        before: before.map_or(proto::State::Unspecified, state_on_wire).into(),
        after: state_on_wire(after.state.kind()).into(),
        request_id: command.map(|command| command.request_id.as_str().to_owned()).unwrap_or_default(),
        content_digest: command.map(|command| command.content.to_string()).unwrap_or_default(),
        decision: judged.map(decision),
        detail,
    }
}

/// More about a step, without personal data.
fn detail(step: &Step) -> String {
    match step {
        Step::ConsentGranted { text_version, .. } => text_version.to_string(),
        Step::Decided { cause: Cause::Failure { failure, .. }, .. } => failure.name().into(),
        Step::Decided { cause: Cause::Review { granted }, .. } => if *granted { "granted" } else { "refused" }.into(),
        Step::Cancelled { by } => match by {
            Party::Customer => "customer".into(),
            Party::Merchant => "merchant".into(),
        },
        Step::CodeUnknown { lost: true, .. } => "lost".into(),
        _ => String::new(),
    }
}

/// What is true in the state, and in no other.
fn put_state(application: &mut proto::Application, state: &State, amount: Money, shown: &Shown<'_>) {
    application.state = state_on_wire(state.kind()).into();
    application.pay_in_full = state
        .offer_until()
        .map(|until| proto::PayInFullOffer { amount: Some(money(amount)), offer_until: Some(time(until)) });
    application.challenge = match state {
        State::Challenged { attempt, phase, .. } => Some(challenge(attempt, Some(*phase), shown)),
        State::Verifying { attempt, .. } => Some(challenge(attempt, None, shown)),
        _ => None,
    };
    match state {
        State::Challenged { open, .. } | State::Verifying { open, .. } => {
            application.expires_at = Some(time(open.expires_at));
        }
        State::InReview { by, expires_at } => {
            application.expires_at = Some(time(*expires_at));
            let requested_by = match by {
                Reviewer::Policy => proto::Party::Policy,
                Reviewer::Customer => proto::Party::Customer,
            };
            let until = Some(time(*expires_at));
            application.review =
                Some(proto::Review { requested_by: requested_by.into(), until, statements: Vec::new() });
        }
        State::Accepted { account } => application.plan = Some(super::plan::account(account)),
        State::Declined { review_until, .. } => application.review_until = Some(time(*review_until)),
        State::Cancelled { by } => {
            let by = match by {
                Party::Customer => proto::Party::Customer,
                Party::Merchant => proto::Party::Merchant,
            };
            application.cancelled_by = by.into();
        }
        State::PaidInFull { collection } => {
            let collection = match collection {
                Collection::Awaited => proto::Collection::Awaited,
                Collection::Collected => proto::Collection::Collected,
                Collection::Failed { .. } => proto::Collection::Failed,
            };
            application.collection = collection.into();
        }
        State::Expired => {}
    }
}

/// Where the customer goes on. Nothing here asks for the time: a decline has its page after its windows have ended too.
fn put_pages(application: &mut proto::Application, state: &State, id: ApplicationId, shown: &Shown<'_>) {
    match state {
        State::Challenged { .. } | State::Verifying { .. } | State::InReview { .. } | State::Declined { .. } => {
            application.journey_url = (shown.journey_url)(id);
        }
        State::PaidInFull { collection: Collection::Failed { .. } } => {
            application.journey_url = (shown.journey_url)(id);
        }
        State::Accepted { .. } => application.plan_url = (shown.plan_url)(id),
        State::PaidInFull { .. } | State::Cancelled { .. } | State::Expired => {}
    }
}

/// A challenge; without a phase, the provider is waited for.
fn challenge(attempt: &Attempt, phase: Option<Phase>, shown: &Shown<'_>) -> proto::Challenge {
    let count = |count| i32::try_from(count).unwrap_or(i32::MAX);
    let is_code = attempt.kind == ChallengeKind::SmsCode;
    let on_wire = match phase {
        Some(Phase::ConsentNeeded) => proto::ChallengePhase::ConsentNeeded,
        Some(Phase::Starting) => proto::ChallengePhase::Starting,
        Some(Phase::ActionNeeded) => proto::ChallengePhase::ActionNeeded,
        None => proto::ChallengePhase::Verifying,
    };
    let mut challenge = proto::Challenge {
        kind: challenge_kind(attempt.kind).into(),
        deadline: Some(time(attempt.deadline)),
        attempts_left: count(attempt.tries_left),
        phase: on_wire.into(),
        resends_left: if is_code { count(attempt.resends_left) } else { 0 },
        ..Default::default()
    };
    if phase == Some(Phase::ConsentNeeded) {
        let text = |language: Language| (language.code().to_owned(), consent::BANK_HISTORY.text(language).to_owned());
        let text = Language::ALL.map(text).into_iter().collect();
        challenge.consent = Some(proto::Consent { consent_text_id: consent::BANK_HISTORY.id.into(), text });
    }
    if let (Some(Phase::ActionNeeded), Some(begun)) = (phase, &attempt.begun) {
        match &begun.action {
            Action::EnterCode { length } => {
                challenge.code_length = (*length).into();
                challenge.resend_after = (attempt.resends_left > 0).then(|| time(attempt.resend_after));
            }
            Action::Redirect { url } => challenge.redirect_url = (shown.unseal)(url).unwrap_or_default(),
        }
    }
    challenge
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

pub(in crate::rpc) fn challenge_kind(kind: ChallengeKind) -> proto::ChallengeKind {
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

pub(in crate::rpc) fn judged_outcome(outcome: Outcome) -> proto::Outcome {
    match outcome {
        Outcome::Accept => proto::Outcome::Accept,
        Outcome::Decline => proto::Outcome::Decline,
        Outcome::StepUp => proto::Outcome::StepUp,
    }
}

/// The decision: of the models, those that scored.
pub fn decision(decision: &Decision) -> proto::Decision {
    let scored = decision.generation.models.iter().filter(|model| decision.scores.get(model.target).is_some());
    proto::Decision {
        decision_id: decision.id.to_string(),
        outcome: judged_outcome(decision.outcome).into(),
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

pub(in crate::rpc) fn plan_choice(choice: PlanChoice) -> proto::PlanChoice {
    proto::PlanChoice {
        instalment_count: choice.instalment_count.into(),
        deferred_days: choice.deferred_days.into(),
        deferred_months: choice.deferred_months.into(),
    }
}

pub(super) fn money(money: Money) -> proto::Money {
    proto::Money { amount_minor: money.amount_minor, currency: money.currency.code().into() }
}

pub(super) fn time(at: Timestamp) -> prost_types::Timestamp {
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
