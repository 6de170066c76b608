//! Entries for tests.

use super::*;
use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::{ModelRef, Outcome, Reason, Score, Scores, Standing, Target};
use crate::domain::geo::Country;
use crate::domain::ids::DecisionId;
use crate::domain::money::Currency;
use crate::domain::plan::{Instalment, Plan, PlanChoice, Servicing};
use crate::domain::reason::ReasonCode;
use crate::domain::sealed::Sealed;
use crate::domain::submission::{Signal, Signals};
use crate::features::{FeatureKind, Vector};
use crate::journey::{Action, Attempt, Begun, Cause, Event as Step, Journey, Open, Phase};
use crate::plan::Account;

/// A time on a day in November 2026, so many milliseconds in.
pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_795_000_000_000 + ms).unwrap()
}

pub fn merchant(name: &str) -> MerchantId {
    MerchantId::parse(name).unwrap()
}

/// The n-th id: a millisecond apart.
pub fn id(n: i64) -> EntryId {
    EntryId::from_parts(Seq(at(n).ms() << 12), 0x1234_5678_9abc_def0 ^ (n as u64) << 7)
}

pub fn generation(name: &str) -> GenerationRef {
    let model = |target: Target| ModelRef {
        name: format!("{name}-{}", target.name()),
        version: "2026-11-20".into(),
        target,
        digest: Digest::of(name.as_bytes()).to_string(),
    };
    GenerationRef { models: Target::ALL.map(model).into(), policy_digest: Digest::of(b"policy").to_string() }
}

pub fn command(n: i64) -> Command {
    Command {
        request_id: RequestId::parse(&format!("request-{n}")).unwrap(),
        fingerprint: 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(n as u64 + 1),
        content: Digest::of(&n.to_le_bytes()),
    }
}

/// Customers repeat every seven purchases.
pub fn keys(n: i64) -> Keys {
    Keys([Some(u64::MAX - (n % 7) as u64), Some(n as u64), Some(2), None, Some(4), None, Some(6), Some(7)])
}

pub fn plan(instalment_count: u8) -> Plan {
    let instalment = |n: u8| {
        let due_date = jiff::civil::Date::new(2026, 11, 20).unwrap() + jiff::Span::new().months(n);
        Instalment::agreed(due_date, 11_250, if n == 0 { 642 } else { 0 }, 0)
    };
    Plan {
        choice: PlanChoice { instalment_count, deferred_days: 0, deferred_months: 0 },
        amount: amount(11_250 * i64::from(instalment_count)),
        customer_cost_minor: 642,
        cost_bps: 143,
        instalments: (0..instalment_count).map(instalment).collect(),
    }
}

/// The account of a plan that is accepted by the n-th entry.
pub fn account(n: i64) -> Account {
    let servicing = Servicing {
        reminder_hours: [96, 72].into(),
        movable_days: 15,
        due_hour: 9,
        quiet_from_hour: 21,
        quiet_until_hour: 8,
    };
    Account::open(plan(4), jiff::tz::TimeZone::UTC, Some(servicing), at(n))
}

pub fn amount(amount_minor: i64) -> Money {
    Money { amount_minor, currency: Currency::EUR }
}

/// Every feature of the catalogue; every fifth is missing.
pub fn vector(n: i64) -> Vector {
    let mut vector = Vector::default();
    for (id, feature) in crate::features::all() {
        match feature.kind {
            FeatureKind::Number if id.0 % 5 > 0 => vector.set_number(id, f64::from(id.0 % 7) + n as f64),
            FeatureKind::Boolean if id.0 % 5 > 0 => vector.set_number(id, f64::from(id.0 % 2)),
            FeatureKind::Category if id.0 % 5 > 0 => vector.set_category(id, "electronics"),
            _ => {}
        }
    }
    vector
}

/// A submission: of every three, one is accepted, one declined and one asked for a code.
pub fn submitted(n: i64, generation: &Arc<GenerationRef>) -> Entry {
    let (outcome, state) = match n % 3 {
        0 => (Outcome::Accept, State::Accepted { account: account(n).into() }),
        1 => (Outcome::Decline, State::Declined { offer_until: at(n + 900_000), review_until: at(n + 2_592_000_000) }),
        _ => (Outcome::StepUp, State::Challenged { attempt: attempt(n), phase: Phase::Starting, open: open(n) }),
    };
    let decision = decision(n, outcome, generation);
    let facts = Facts {
        merchant: merchant("demo"),
        at: at(n),
        amount: amount(45_000),
        plan: plan(4).choice,
        country: Country::parse("FR").ok(),
        keys: keys(n),
        vector: vector(n),
        signals: Signals::new([("loyalty_years".into(), Signal::Number(n as f64))]),
    };
    let submitted = Submitted {
        command: command(n),
        merchant_reference: Some(format!("order-{n}").into()),
        facts,
        decision,
        state,
    };
    let subject = Some(Subject(format!("Ada Lovelace, purchase {n}").into_bytes().into()));
    entry(n, id(n), Event::Submitted(Box::new(submitted)), subject)
}

fn decision(n: i64, outcome: Outcome, generation: &Arc<GenerationRef>) -> Decision {
    let score = |log_odds| Some(Score { log_odds, calibrated_log_odds: log_odds * 0.9, probability: 0.021 });
    let reason = |code, target| Reason { code, target: Some(target), contribution: 0.731 };
    Decision {
        id: DecisionId(id(n)),
        outcome,
        standing: Standing::default(),
        reasons: vec![
            reason(ReasonCode::CREDIT_USED, Target::Default),
            reason(ReasonCode::RECENT_PURCHASES_PHONE, Target::Fraud),
            Reason::of(ReasonCode::SIGNAL),
        ],
        scores: Scores { fraud: score(-4.25), default: score(-3.75), expected_loss_minor: Some(417) },
        generation: generation.clone(),
        degraded: false,
        diagnostics: Vec::new(),
        decided_at: at(n),
    }
}

fn attempt(n: i64) -> Attempt {
    Attempt {
        number: 1,
        kind: ChallengeKind::SmsCode,
        tries_left: 3,
        resends_left: 2,
        resend_after_seconds: 30,
        resend_after: at(n + 30_000),
        deadline: at(n + 600_000),
        begun: None,
    }
}

fn open(n: i64) -> Open {
    Open { expires_at: at(n + 3_600_000), spent: [ChallengeKind::SmsCode].into_iter().collect(), attempts: 1 }
}

/// The steps of the journey that the n-th submission began, a millisecond apart, where it was asked for a code: the code
/// is sent, entered and right, and the purchase is accepted.
pub fn journey(n: i64, generation: &Arc<GenerationRef>) -> Vec<Entry> {
    let Event::Submitted(submitted) = self::submitted(n, generation).event else { return Vec::new() };
    let begun = Begun { handle: Sealed(Box::new([7; 40])), reference: 0, action: Action::EnterCode { length: 6 } };
    let mut features = Vector::default();
    crate::features::evidence::set_phone_verified(&mut features);
    let standing = Standing { held: open(n).spent, spent: open(n).spent, ..Standing::default() };
    let decided = Decision { standing, ..decision(n + 3, Outcome::Accept, generation) };
    let steps = [
        (None, Step::Started { attempt: 1, kind: ChallengeKind::SmsCode, begun }, None),
        (Some(command(n + 100)), Step::CodeEntered { attempt: 1 }, None),
        (
            None,
            Step::Decided {
                cause: Cause::Evidence { attempt: 1, features },
                next: State::Accepted { account: account(n + 3).into() },
            },
            Some(decided),
        ),
    ];
    let mut journey = Journey::at(submitted.state);
    let steps = steps.into_iter().zip(n + 1..).map(|((command, event, decision), place)| {
        journey = journey.clone().apply(&event, at(place)).unwrap();
        let moved = Moved { command, event, decision, keys: keys(n), stands: journey.stands() };
        entry(place, id(n), Event::Moved(Box::new(moved)), None)
    });
    steps.collect()
}

/// A purchase of the past.
pub fn imported(n: i64) -> Entry {
    let outcome = (n % 2 == 0).then_some(RepaymentOutcome::Fraud);
    entry(n, id(n), Event::Imported(Imported { keys: keys(n), amount: amount(0), outcome }), None)
}

/// A report on an earlier purchase.
pub fn reported(n: i64, purchase: i64) -> Entry {
    let reported = OutcomeReported {
        command: command(n),
        outcome: RepaymentOutcome::Late,
        occurred_at: at(n - 5),
        keys: keys(purchase),
        purchased_at: at(purchase),
    };
    entry(n, id(purchase), Event::OutcomeReported(reported), None)
}

fn entry(n: i64, application: EntryId, event: Event, subject: Option<Subject>) -> Entry {
    let actor = "aval_demo".into();
    Entry { id: id(n), at: at(n), merchant: merchant("demo"), application, actor, event, subject }
}
