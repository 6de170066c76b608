mod loading;
mod standing;

use super::*;
use crate::domain::challenge::Kinds;
use crate::domain::contact::{Email, Phone};
use crate::domain::decision::Score;
use crate::domain::geo::Address;
use crate::domain::ids::{CustomerId, RequestId};
use crate::domain::keys::{KeyKind, Keys};
use crate::domain::money::Currency;
use crate::domain::reason::ReasonCode;
use crate::domain::submission::{Card, Context, Customer, Funding, Purchase, Signal, Signals, Submission};
use crate::domain::time::Timestamp;
use crate::features::Vector;
use crate::model::Model;
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn hasher() -> KeyHasher {
    KeyHasher::new([7; 16])
}

fn load(source: &str) -> Policy {
    Policy::load("p.yaml", source, &hasher()).unwrap_or_else(|refusal| panic!("{refusal}\n{source}"))
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// An application of 200 EUR in three instalments, from France, at the merchant `shop`.
fn facts() -> Facts {
    let hasher = hasher();
    let mut keys = Keys::default();
    for (kind, value) in [
        (KeyKind::Customer, "c-1"),
        (KeyKind::Email, "ada@example.org"),
        (KeyKind::Phone, "+33612345678"),
        (KeyKind::Ip, "203.0.113.7"),
    ] {
        keys.0[kind as usize] = Some(hasher.hash(kind, "shop", value));
    }
    Facts {
        merchant: MerchantId::parse("shop").unwrap(),
        at: Timestamp::from_ms(1_600_000_000_000).unwrap(),
        amount: Money { amount_minor: 20_000, currency: Currency::EUR },
        plan: PlanChoice::new(3, 0, 0).unwrap(),
        country: Country::parse("FR").ok(),
        keys,
        vector: Vector::default(),
        signals: Signals::default(),
    }
}

fn with_signals(signals: &[(&str, Signal)]) -> Facts {
    let signals = signals.iter().map(|(name, value)| (Box::from(*name), value.clone()));
    Facts { signals: Signals::new(signals), ..facts() }
}

fn scored(probability: f64) -> Scoring {
    let log_odds = crate::model::logit(probability);
    Scoring::Scored(Score { log_odds, calibrated_log_odds: log_odds, probability })
}

fn failed() -> Scoring {
    Scoring::Failed(Diagnostic { subject: "model".into(), message: "cannot".into() })
}

/// The standing of a journey whose challenges have yielded this evidence.
fn standing(held: &[ChallengeKind]) -> Standing {
    let held: Kinds = held.iter().copied().collect();
    Standing { held, spent: held, ..Standing::default() }
}

/// A model's reasons, as [`decide`] asks for them.
fn explain(target: Target) -> Vec<Reason> {
    let codes = match target {
        Target::Fraud => [ReasonCode::DEVICE_UNUSUAL, ReasonCode::ACCOUNT_NEW],
        Target::Default => [ReasonCode::PLAN_LENGTH, ReasonCode::HISTORY_SHORT],
    };
    codes.into_iter().map(|code| Reason { code, target: Some(target), contribution: 1.0 }).collect()
}

const BASE: &str = r#"
name: test
version: "1"
currencies: [EUR]
countries: [FR, DE]
plans: [{ instalment_count: 3, min_amount_minor: 5000, max_amount_minor: 300000 }]
fraud:
  accept_below: { none: 0.1, phone: 0.3, identity: 0.5 }
  decline_from: { none: 0.8 }
  when_model_fails: step_up
default:
  accept_below: { none: 0.1, bank: 0.2 }
  decline_from: { none: 0.6 }
  when_model_fails: review
"#;

/// One line for a judgement: outcome, challenge, reasons.
fn shown(judgement: &Judgement) -> String {
    let asked = judgement.challenge.map_or(String::new(), |kind| format!("({})", kind.name()));
    let reasons: Vec<_> = judgement.reasons.iter().map(|reason| reason.code.name()).collect();
    format!("{}{asked} {}", judgement.outcome.name(), reasons.join(" "))
}

struct Case<'a> {
    more: &'a str,
    facts: Facts,
    scorings: [Scoring; 2],
    held: &'a [ChallengeKind],
}

impl Default for Case<'_> {
    fn default() -> Self {
        Self { more: "", facts: facts(), scorings: [scored(0.01), scored(0.01)], held: &[] }
    }
}

fn check(name: &str, case: Case<'_>, expected: &str) {
    let policy = load(&format!("{BASE}{}", case.more));
    let judgement = decide(&policy, &case.facts, &case.scorings, &standing(case.held), &explain);
    assert_eq!(shown(&judgement).trim_end(), expected, "{name}");
}

const BLOCKED: &str = "block: { customer: [shop/c-1] }\n";
const ALLOWED: &str = "allow: { email: [Ada+shop@Example.org] }\n";
const RULE_DECLINES: &str = "rules: [{ name: r, when: 'true', outcome: decline }]\n";
const RULE_STEPS_UP: &str = "rules: [{ name: r, when: 'true', outcome: step_up, reason: CARD_COUNTRY }]\n";
const RULE_ACCEPTS: &str = "rules: [{ name: r, when: 'true', outcome: accept }]\n";

#[test]
fn groups_decide_in_their_order_and_all_reasons_are_kept() {
    let too_much = || Facts { amount: Money { amount_minor: 500_000, ..facts().amount }, ..facts() };
    let fraud = || [scored(0.9), scored(0.01)];
    let merchant = |what: &str| format!("merchants: {{ shop: {{ {what} }} }}\n");
    let off = merchant("step_up: false");
    let blocked_shop = merchant("blocked: true");
    let allowed_and_blocked = format!("{BLOCKED}{ALLOWED}");
    let case = |more| Case { more, ..Case::default() };
    for (name, case, expected) in [
        ("nothing stands against it", case(""), "accept"),
        ("hard limits decline", Case { facts: too_much(), ..case("") }, "decline LIMIT_AMOUNT"),
        ("hard limits hold for the allow list", Case { facts: too_much(), ..case(ALLOWED) }, "decline LIMIT_AMOUNT"),
        (
            "hard limits come before the block list",
            Case { facts: too_much(), ..case(BLOCKED) },
            "decline LIMIT_AMOUNT BLOCK_LIST",
        ),
        ("the block list declines", case(BLOCKED), "decline BLOCK_LIST"),
        ("a blocked merchant is declined", case(&blocked_shop), "decline BLOCK_LIST"),
        ("the block list comes before the allow list", case(&allowed_and_blocked), "decline BLOCK_LIST"),
        ("the allow list skips rules and cut-offs", Case { scorings: fraud(), ..case(ALLOWED) }, "accept ALLOW_LIST"),
        (
            "rules come before cut-offs",
            Case { scorings: fraud(), ..case(RULE_STEPS_UP) },
            "step_up(sms_code) CARD_COUNTRY FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW",
        ),
        ("a rule may decline", case(RULE_DECLINES), "decline RULE"),
        (
            "a rule may spare the cut-offs",
            Case { scorings: [scored(0.3), scored(0.01)], ..case(RULE_ACCEPTS) },
            "accept RULE FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW",
        ),
        (
            "but not a score that is missing",
            Case { scorings: [failed(), scored(0.01)], ..case(RULE_ACCEPTS) },
            "step_up(sms_code) RULE MODEL_FAILED",
        ),
        ("fraud declines", Case { scorings: fraud(), ..case("") }, "decline FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW"),
        (
            "default declines",
            Case { scorings: [scored(0.01), scored(0.7)], ..case("") },
            "decline DEFAULT_SCORE PLAN_LENGTH HISTORY_SHORT",
        ),
        (
            "fraud asks for a code",
            Case { scorings: [scored(0.2), scored(0.01)], ..case("") },
            "step_up(sms_code) FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW",
        ),
        (
            "default asks for the bank history",
            Case { scorings: [scored(0.01), scored(0.2)], ..case("") },
            "step_up(bank_history) DEFAULT_SCORE PLAN_LENGTH HISTORY_SHORT",
        ),
        (
            "a decline outweighs a step-up",
            Case { scorings: [scored(0.2), scored(0.7)], ..case("") },
            "decline FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW DEFAULT_SCORE PLAN_LENGTH HISTORY_SHORT",
        ),
        (
            "a merchant without step-up declines",
            Case { scorings: [scored(0.2), scored(0.01)], ..case(&off) },
            "decline FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW STEP_UP_OFF",
        ),
        (
            "evidence moves the cut-off",
            Case { scorings: [scored(0.2), scored(0.01)], held: &[ChallengeKind::SmsCode], ..case("") },
            "accept",
        ),
        (
            "no challenge is asked twice",
            Case { scorings: [scored(0.4), scored(0.01)], held: &[ChallengeKind::SmsCode], ..case("") },
            "step_up(id_document) FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW",
        ),
        (
            "when all are spent",
            Case { scorings: [scored(0.6), scored(0.01)], held: &ChallengeKind::ALL, ..case("") },
            "decline FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW CHALLENGES_SPENT",
        ),
        (
            "or a person decides",
            Case {
                scorings: [scored(0.6), scored(0.01)],
                held: &ChallengeKind::ALL,
                ..case("when_challenges_spent: review\n")
            },
            "step_up FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW CHALLENGES_SPENT",
        ),
        (
            "a failed model takes the policy's outcome",
            Case { scorings: [scored(0.01), failed()], ..case("") },
            "step_up MODEL_FAILED",
        ),
        (
            "no model is a failed model",
            Case { scorings: [Scoring::NoModel, scored(0.01)], ..case("") },
            "step_up(sms_code) MODEL_FAILED",
        ),
        (
            "the loss to expect is cut too",
            Case { scorings: [scored(0.05), scored(0.01)], ..case("expected_loss: { decline_from_bps: 500 }\n") },
            "decline FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW",
        ),
        (
            "customers are told no more than the policy says",
            Case { scorings: [scored(0.01), scored(0.7)], ..case("most_reasons: 2\n") },
            "decline DEFAULT_SCORE PLAN_LENGTH",
        ),
    ] {
        check(name, case, expected);
    }
}

#[test]
fn rules_speak_about_signals_and_what_is_missing() {
    let number = |value| with_signals(&[("risk", Signal::Number(value))]);
    let rule = |when: &str, more: &str| format!("rules: [{{ name: r, when: '{when}', outcome: decline{more} }}]\n");
    for (when, more, facts, expected) in [
        ("or_else(signal_risk, 0) > 5", "", number(6.0), "decline RULE"),
        ("or_else(signal_risk, 0) > 5", "", facts(), "accept"),
        ("known(signal_risk)", "", number(0.0), "decline RULE"),
        ("known(signal_risk)", "", facts(), "accept"),
        ("signal_risk == null", "", facts(), "decline RULE"),
        ("signal_risk > 5", ", when_undecided: step_up", facts(), "step_up(sms_code) RULE_UNDECIDED"),
        ("signal_risk > 5", ", when_undecided: decline", facts(), "decline RULE_UNDECIDED"),
        ("signal_risk > 5", ", when_undecided: review", facts(), "step_up RULE_UNDECIDED"),
        ("signal_risk > 5", ", when_undecided: skip", facts(), "accept"),
        ("signal_tag == \"vip\"", "", with_signals(&[("tag", Signal::Text("vip".into()))]), "decline RULE"),
        ("signal_ok == true", "", with_signals(&[("ok", Signal::Flag(true))]), "decline RULE"),
        ("known(signal_risk) && signal_risk * 2.0 >= 4.0", "", number(2.0), "decline RULE"),
        (
            "country in [\"FR\", \"BE\"] && merchant.startsWith(\"sh\")",
            ", when_undecided: skip",
            facts(),
            "decline RULE",
        ),
        (
            "or_else(fraud_probability, 1.0) < 0.02 && or_else(expected_loss_minor, 0.0) > 100.0",
            "",
            facts(),
            "decline RULE",
        ),
        // A signal of another kind than the condition was written for.
        (
            "known(signal_risk) && signal_risk > 5",
            "",
            with_signals(&[("risk", Signal::Flag(true))]),
            "step_up(sms_code) RULE_UNDECIDED",
        ),
    ] {
        check(when, Case { more: &rule(when, more), facts, ..Case::default() }, expected);
    }
}

#[test]
fn what_went_wrong_is_said_and_marked() {
    let more = "rules: [{ name: high_risk, when: signal_risk > 5, outcome: decline, when_undecided: skip }]\n";
    let policy = load(&format!("{BASE}{more}"));
    let judgement = decide(&policy, &facts(), &[scored(0.01), failed()], &Standing::default(), &explain);
    assert!(judgement.degraded);
    let said: Vec<_> = judgement.diagnostics.iter().map(|one| format!("{}: {}", one.subject, one.message)).collect();
    assert_eq!(said, ["model: cannot", "high_risk: undecided, missing: signal_risk; no outcome was taken"]);
    assert_eq!(judgement.scores.expected_loss_minor, None, "a loss is not guessed");
    let judgement = decide(
        &policy,
        &with_signals(&[("risk", Signal::Number(1.0))]),
        &[scored(0.1), scored(0.2)],
        &Standing::default(),
        &explain,
    );
    assert!(!judgement.degraded);
    // 0.1 × 20,000 + 0.9 × 0.2 × 20,000
    assert_eq!(judgement.scores.expected_loss_minor, Some(5_600));
}

#[test]
fn an_unused_target_needs_no_model() {
    let source = BASE.replace("default:\n  accept_below", "default:\n  unused: true\n  accept_below");
    let policy = load(&source);
    assert!(policy.needs(Target::Fraud) && !policy.needs(Target::Default));
    for default in [Scoring::NoModel, failed(), scored(0.99)] {
        let judgement = decide(&policy, &facts(), &[scored(0.01), default], &Standing::default(), &explain);
        assert_eq!((judgement.outcome, judgement.degraded), (Outcome::Accept, false));
        assert_eq!(judgement.scores.expected_loss_minor, Some(200));
    }
}

#[test]
fn limits_say_what_stands_against_a_plan() {
    let source = BASE
        .replace("max_amount_minor: 300000", "max_amount_minor: 300000, countries: [DE, IT], fee_bps: 100")
        + "country_limits: { DE: { max_amount_minor: 100000 } }\n"
        + "merchants:\n  tight: { min_amount_minor: 7000, max_instalment_count: 2 }\n  own:\n    time_zone: Europe/Berlin\n    countries: [IT]\n    plans: [{ instalment_count: 2 }]\n";
    let policy = load(&source);
    let id = |name| MerchantId::parse(name).unwrap();
    let shown = |merchant, count, minor, country, currency| {
        let amount = Money { amount_minor: minor, currency: Currency::parse(currency).unwrap() };
        let choice = PlanChoice::new(count, 0, 0).unwrap();
        let against = policy.constraints(&id(merchant), choice, amount, Country::parse(country).ok());
        format!("{against:?}")
    };
    for (merchant, count, minor, country, currency, expected) in [
        ("shop", 3, 5_000, "DE", "EUR", "[]"),
        ("shop", 3, 5_000, "", "EUR", "[]"),
        ("shop", 3, 4_999, "DE", "EUR", "[Amount { min_minor: 5000, max_minor: 100000 }]"),
        ("shop", 3, 100_001, "DE", "EUR", "[Amount { min_minor: 5000, max_minor: 100000 }]"),
        ("shop", 3, 5_000, "FR", "EUR", "[Country([DE])]"),
        ("shop", 3, 1, "DE", "USD", "[Currency([EUR])]"),
        ("shop", 4, 5_000, "DE", "EUR", "[Plan]"),
        ("tight", 3, 5_000, "DE", "EUR", "[Plan]"),
        ("own", 2, 1, "IT", "EUR", "[]"),
        ("own", 3, 5_000, "FR", "EUR", "[Plan, Country([IT])]"),
    ] {
        assert_eq!(shown(merchant, count, minor, country, currency), expected, "{merchant} {count} {minor} {country}");
    }
    assert_eq!(policy.offers(&id("own")), [PlanChoice::new(2, 0, 0).unwrap()]);
    assert_eq!(policy.terms(&id("shop"), PlanChoice::new(3, 0, 0).unwrap()).fee_bps, 100);
    assert_eq!(policy.terms(&id("shop"), PlanChoice::new(9, 0, 0).unwrap()).fee_bps, 0);
    assert_eq!(policy.time_zone(&id("own")).iana_name(), Some("Europe/Berlin"));
    assert_eq!(policy.time_zone(&id("shop")).iana_name(), Some("UTC"));
}

fn submission() -> Submission {
    let text = |text: &str| Some(Box::from(text));
    let address = Address {
        line1: text("12, Rue du Bac"),
        postal_code: text("75 007"),
        country: Country::parse("FR").ok(),
        ..Address::default()
    };
    Submission {
        request_id: RequestId::parse("r-1").unwrap(),
        purchase: Purchase {
            amount: facts().amount,
            plan: facts().plan,
            merchant_reference: None,
            merchant_category: None,
            items: Vec::new(),
            shipping_address: Some(address),
            billing_address: None,
            shipping_method: None,
            card: Some(Card { fingerprint: text("fp-1"), bin_country: None, funding: Some(Funding::Prepaid) }),
        },
        customer: Customer {
            customer_id: CustomerId::parse("c-1").unwrap(),
            given_name: None,
            family_name: None,
            email: Email::parse("ada+shop@EXAMPLE.org").ok(),
            phone: Phone::parse("+33612345678").ok(),
            birth_date: None,
            address: None,
            history: None,
        },
        context: Context {
            ip_address: "2001:db8::7".parse().ok(),
            device_id: text("d-1"),
            terminal_id: text("t-1"),
            ..Context::default()
        },
        signals: Signals::default(),
        occurred_at: None,
    }
}

fn extracted() -> Facts {
    Facts::extract(&submission(), &facts().merchant, &TimeZone::UTC, facts().at, &hasher())
}

#[test]
fn rules_speak_about_the_features() {
    for (when, applies) in [
        (r#"card_funding == "prepaid""#, true),
        (r#"shipping_country == "FR" && amount_minor == 20000"#, true),
        ("amount_minor * 2.0 > 40000.0 || instalment_count > 3", false),
        ("card_known", true),
        ("!card_known", false),
        ("guest == true", false),
        ("known(guest) && guest", false),
        ("or_else(account_age_days, 0) < 1", true),
    ] {
        let rule = format!("rules: [{{ name: r, when: '{when}', outcome: decline }}]\n");
        let expected = if applies { "decline RULE" } else { "accept" };
        check(when, Case { more: &rule, facts: extracted(), ..Case::default() }, expected);
    }
    let bad = |when: &str| {
        let rule = format!("rules: [{{ name: r, when: '{when}', outcome: decline }}]\n");
        Policy::load("p.yaml", &format!("{BASE}{rule}"), &hasher()).unwrap_err().message
    };
    assert_eq!(bad("guest"), "cannot be decided where `guest` is missing");
    assert_eq!(bad("known(guest) && account_age_days < 2"), "cannot be decided where `account_age_days` is missing");
    assert_eq!(bad("acount_age_days < 2"), "unknown name `acount_age_days`");
    assert_eq!(bad("amount_minor * 2 > 1"), "`*` cannot be applied to a number and a whole number");
}

/// A generation whose two models both score by the signals `spend`, `late` and `shop`.
fn generation(more: &str) -> Generation {
    let good = std::fs::read_to_string(root("fixtures/models/good.model.json")).unwrap();
    let fraud = good.replacen(r#""target": "default""#, r#""target": "fraud""#, 1);
    assert_ne!(fraud, good);
    let model = |text: String| (Model::load("m.json", text.as_bytes()).unwrap(), text.into_bytes());
    let source = format!("{BASE}{more}");
    Generation::new(vec![model(fraud), model(good)], load(&source), source)
}

#[test]
fn judging_scores_decides_and_explains() {
    let judged = |spend: f64, late: f64| {
        let signals = [("spend", Signal::Number(spend)), ("late", Signal::Number(late))];
        judge(&with_signals(&signals), &generation(""))
    };
    let low = judged(0.0, 0.0);
    assert_eq!(shown(&low).trim_end(), "accept");
    assert!(low.scores.fraud.is_some_and(|score| score.probability < 0.1) && low.scores.fraud == low.scores.default);
    assert!(low.scores.expected_loss_minor.is_some_and(|loss| (1..2_000).contains(&loss)));
    let high = judged(500.0, 4.0);
    assert_eq!(high.outcome, Outcome::Decline);
    let of = |target| high.reasons.iter().filter(move |reason| reason.target == Some(target));
    for target in Target::ALL {
        let shares: Vec<f64> = of(target).skip(1).map(|reason| reason.contribution).collect();
        assert!(!shares.is_empty() && shares.is_sorted_by(|a, b| a >= b), "{target:?} {shares:?}");
    }
    assert_eq!(judged(500.0, 4.0), high, "the same facts, the same bits");
}

#[test]
fn a_model_that_fails_degrades_the_judgement() {
    let judgement = judge(&with_signals(&[("spend", Signal::Text("much".into()))]), &generation(""));
    assert_eq!((shown(&judgement).as_str(), judgement.degraded), ("step_up(sms_code) MODEL_FAILED", true));
    assert_eq!(judgement.diagnostics.len(), 2);
    assert!(judgement.diagnostics.iter().all(|one| !one.message.contains("much")), "no values in messages");
    let source = BASE.to_string();
    let empty = Generation::new(Vec::new(), load(&source), source);
    assert_eq!(judge(&facts(), &empty).outcome, Outcome::StepUp);
}

#[test]
fn a_generation_is_named_by_its_files() {
    let generation = generation("");
    assert_eq!(generation.reference.models.len(), 2);
    let artifacts: Vec<_> = generation.artifacts().into_iter().map(|(digest, _)| digest.to_string()).collect();
    let named = generation.reference.models.iter().map(|model| model.digest.clone());
    assert_eq!(artifacts, named.chain([generation.reference.policy_digest.clone()]).collect::<Vec<_>>());
    assert!(generation.model(Target::Fraud).is_some_and(|model| model.target() == Target::Fraud));
}

fn any_scoring() -> impl Strategy<Value = Scoring> {
    prop_oneof![
        (0.0..=1.0_f64).prop_map(scored),
        any::<f64>().prop_map(|odd| Scoring::Scored(Score {
            log_odds: odd,
            calibrated_log_odds: odd,
            probability: odd
        })),
        Just(failed()),
        Just(Scoring::NoModel),
    ]
}

proptest! {
    #[test]
    fn a_missing_score_never_accepts_and_limits_always_hold(
        fraud in any_scoring(),
        default in any_scoring(),
        evidence in prop::sample::subsequence(ChallengeKind::ALL.to_vec(), 0..=3),
        amount_minor in prop_oneof![1..400_000_i64, any::<i64>()],
        allowed: bool,
        rule in prop::sample::select(vec!["", RULE_ACCEPTS, RULE_STEPS_UP, RULE_DECLINES]),
        fails in prop::sample::select(vec!["decline", "step_up", "review"]),
        step_up: bool,
    ) {
        let source = BASE.replace("when_model_fails: step_up", &format!("when_model_fails: {fails}"));
        let allow = if allowed { ALLOWED } else { "" };
        let policy = load(&format!("{source}{allow}{rule}merchants: {{ shop: {{ step_up: {step_up} }} }}\n"));
        let facts = Facts { amount: Money { amount_minor, currency: Currency::EUR }, ..facts() };
        let missing = [&fraud, &default].iter().any(|one| !matches!(one, Scoring::Scored(score) if !score.probability.is_nan()));
        let scorings = [fraud, default];
        let judgement = decide(&policy, &facts, &scorings, &standing(&evidence), &explain);
        prop_assert_eq!(&judgement, &decide(&policy, &facts, &scorings, &standing(&evidence), &explain), "pure");
        if !(5_000..=300_000).contains(&amount_minor) {
            prop_assert_eq!(judgement.outcome, Outcome::Decline);
            prop_assert_eq!(judgement.reasons.first().map(|reason| reason.code), Some(ReasonCode::LIMIT_AMOUNT));
        }
        if missing {
            prop_assert!(judgement.degraded);
            prop_assert!(allowed || judgement.outcome != Outcome::Accept);
        }
        if judgement.outcome != Outcome::Accept {
            prop_assert!(!judgement.reasons.is_empty(), "a refusal has a reason");
        }
        prop_assert!(step_up || judgement.outcome != Outcome::StepUp);
        prop_assert!(judgement.challenge.is_none_or(|kind| !evidence.contains(&kind)));
        prop_assert!(judgement.reasons.iter().filter(|reason| reason.is_for_customer()).count() <= 4);
    }
}
