//! What a journey has come to: challenges that failed, that are spent, that are asked too often, that nobody serves.

use super::*;
use crate::domain::challenge::Failure;
use ChallengeKind::{BankHistory, IdDocument, SmsCode};

fn kinds(kinds: &[ChallengeKind]) -> Kinds {
    kinds.iter().copied().collect()
}

/// A journey whose challenge of a kind has just ended so.
fn ended(kind: ChallengeKind, failure: Failure) -> Standing {
    Standing { spent: kinds(&[kind]), failed: Some((kind, failure)), ..Standing::default() }
}

fn asked_of(kind: &str, what: &str) -> String {
    format!("challenges: {{ {kind}: {{ attempts: 3, ttl_seconds: 600, {what} }} }}\n")
}

/// An application in the middle of the fraud score's cut-offs.
fn judged(more: &str, standing: &Standing) -> Judgement {
    decide(&load(&format!("{BASE}{more}")), &facts(), &[scored(0.2), scored(0.01)], standing, &explain)
}

#[test]
fn a_challenge_that_ends_without_evidence_takes_the_policys_outcome() {
    let by_customer = [
        (Failure::TooManyTries, "CODE_TRIES_SPENT"),
        (Failure::ConsentRefused, "CONSENT_REFUSED"),
        (Failure::TimedOut, "CHALLENGE_TIMED_OUT"),
        (Failure::GivenUp, "CHALLENGE_GIVEN_UP"),
        (Failure::NothingThere, "NOTHING_TO_VERIFY"),
        (Failure::NotServed, "NOT_VERIFIABLE"),
    ];
    let provider = [(Failure::Provider, "PROVIDER_FAILED")];
    let review_when_spent = asked_of("sms_code", "when_failed: next") + "when_challenges_spent: review\n";
    assert_eq!(by_customer.len() + provider.len(), Failure::ALL.len());
    for (name, more, failures, outcome) in [
        ("the customer: decline, where nothing is said", "", &by_customer[..], "decline"),
        ("decline", &asked_of("sms_code", "when_failed: decline"), &by_customer, "decline"),
        ("the next challenge", &asked_of("sms_code", "when_failed: next"), &by_customer, "step_up(id_document)"),
        ("a person", &asked_of("sms_code", "when_failed: review"), &by_customer, "step_up"),
        ("the provider: the next, where nothing is said", "", &provider, "step_up(id_document)"),
        ("decline", &asked_of("sms_code", "when_provider_fails: decline"), &provider, "decline"),
        ("a person", &asked_of("sms_code", "when_provider_fails: review"), &provider, "step_up"),
        ("what is said of one is not said of the other", &review_when_spent, &provider, "step_up(id_document)"),
    ] {
        for (failure, reason) in failures {
            let judgement = judged(more, &ended(SmsCode, *failure));
            let expected = format!("{outcome} {reason} FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW");
            assert_eq!(shown(&judgement), expected, "{name}, {}", failure.name());
            let said: Vec<_> = judgement.diagnostics.iter().map(|one| one.subject.as_str()).collect();
            let degraded: &[&str] = if failure.is_providers() { &["sms_code"] } else { &[] };
            assert_eq!((said.as_slice(), judgement.degraded), (degraded, !degraded.is_empty()), "{name}");
        }
    }
}

#[test]
fn when_the_last_challenge_fails_the_policy_says_what_then() {
    let next = asked_of("id_document", "when_failed: next");
    let standing = Standing { spent: kinds(&[SmsCode, IdDocument]), ..ended(IdDocument, Failure::GivenUp) };
    for (spent, expected) in [("decline", "decline"), ("review", "step_up")] {
        let judgement = judged(&format!("{next}when_challenges_spent: {spent}\n"), &standing);
        let reasons = "CHALLENGE_GIVEN_UP FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW CHALLENGES_SPENT";
        assert_eq!(shown(&judgement), format!("{expected} {reasons}"), "when_challenges_spent: {spent}");
    }
}

#[test]
fn limits_and_lists_come_before_what_a_failure_means() {
    let failed = ended(SmsCode, Failure::TooManyTries);
    assert_eq!(judged(BLOCKED, &failed).outcome, Outcome::Decline);
    assert_eq!(shown(&judged(ALLOWED, &failed)), "accept ALLOW_LIST");
    let next = asked_of("sms_code", "when_failed: next");
    let judgement = judged(&format!("{next}{RULE_DECLINES}"), &failed);
    assert_eq!(judgement.outcome, Outcome::Decline, "a rule may still decline");
}

#[test]
fn what_is_asked_is_neither_spent_nor_over_its_limit_nor_without_a_phone() {
    let standing =
        |spent: &[_], over: &[_]| Standing { spent: kinds(spent), over_limits: kinds(over), ..Standing::default() };
    let why = "FRAUD_SCORE DEVICE_UNUSUAL ACCOUNT_NEW";
    for (name, standing, expected) in [
        ("nothing spent", standing(&[], &[]), format!("step_up(sms_code) {why}")),
        ("a code is spent", standing(&[SmsCode], &[]), format!("step_up(id_document) {why}")),
        ("another target's is spent", standing(&[BankHistory], &[]), format!("step_up(sms_code) {why}")),
        ("a code too often", standing(&[], &[SmsCode]), format!("step_up(id_document) {why}")),
        (
            "a code too often, and nothing else left",
            standing(&[IdDocument], &[SmsCode]),
            format!("decline {why} CHALLENGE_LIMIT CHALLENGES_SPENT"),
        ),
        (
            "what is spent is over no limit",
            standing(&[SmsCode, IdDocument], &[SmsCode]),
            format!("decline {why} CHALLENGES_SPENT"),
        ),
    ] {
        assert_eq!(shown(&judged("", &standing)), expected, "{name}");
    }
    let mut without_phone = facts();
    without_phone.keys.0[KeyKind::Phone as usize] = None;
    let scorings = [scored(0.2), scored(0.01)];
    let judgement = decide(&load(BASE), &without_phone, &scorings, &Standing::default(), &explain);
    assert_eq!(shown(&judgement), format!("step_up(id_document) {why}"));
}

#[test]
fn a_rule_may_send_an_application_to_a_person_unless_step_up_is_off() {
    let review = "rules: [{ name: r, when: 'true', outcome: review, reason: BASKET_CONTENT }]\n";
    let scorings = [scored(0.01), scored(0.01)];
    for (more, expected) in [
        ("", "step_up BASKET_CONTENT"),
        ("merchants: { shop: { step_up: false } }\n", "decline BASKET_CONTENT STEP_UP_OFF"),
        ("merchants: { other: { step_up: false } }\n", "step_up BASKET_CONTENT"),
    ] {
        let policy = load(&format!("{BASE}{review}{more}"));
        let judgement = decide(&policy, &facts(), &scorings, &Standing::default(), &explain);
        assert_eq!((shown(&judgement).as_str(), judgement.challenge), (expected, None), "{more}");
    }
    let off = "merchants: { shop: { step_up: false } }\n";
    let judgement = judged(off, &ended(SmsCode, Failure::Provider));
    assert_eq!(judgement.outcome, Outcome::Decline, "nor is there a next challenge");
}

#[test]
fn a_rules_challenge_is_asked_first_and_once() {
    let rule = "rules: [{ name: r, when: 'true', outcome: step_up, challenge: bank_history }]\n";
    let asks = |standing: Standing| judged(rule, &standing).challenge;
    let spent = |spent: &[ChallengeKind]| Standing { spent: kinds(spent), ..Standing::default() };
    assert_eq!(asks(Standing::default()), Some(BankHistory));
    assert_eq!(asks(spent(&[BankHistory])), Some(SmsCode), "what was asked in vain is not asked again");
    assert_eq!(asks(spent(&[BankHistory, SmsCode])), Some(IdDocument));
    assert_eq!(asks(spent(&ChallengeKind::ALL)), None);
}

#[test]
fn a_rule_that_asks_for_more_is_answered_by_what_it_asks_for() {
    let outcome = |rule: &str, held: &[ChallengeKind]| {
        let policy = load(&format!("{BASE}rules: [{{ name: r, when: 'true', outcome: step_up{rule} }}]\n"));
        let standing = Standing { held: kinds(held), spent: kinds(held), ..Standing::default() };
        decide(&policy, &facts(), &[scored(0.01), scored(0.01)], &standing, &explain).outcome
    };
    for (rule, held, expected) in [
        (", challenge: bank_history", &[][..], Outcome::StepUp),
        (", challenge: bank_history", &[SmsCode], Outcome::StepUp),
        (", challenge: bank_history", &[BankHistory], Outcome::Accept),
        ("", &[], Outcome::StepUp),
        ("", &[BankHistory], Outcome::StepUp),
        ("", &[SmsCode], Outcome::Accept),
        ("", &[IdDocument], Outcome::Accept),
    ] {
        assert_eq!(outcome(rule, held), expected, "{rule} {held:?}");
    }
}

#[test]
fn the_limits_of_a_challenge_are_those_of_the_file_or_the_usual_ones() {
    let all =
        "attempts: 2, ttl_seconds: 60, resends: 0, resend_after_seconds: 5, daily_per_phone: 1, daily_per_customer: 0";
    let policy = load(&format!("{BASE}challenges: {{ sms_code: {{ {all} }} }}\n"));
    let limits = ChallengeLimits {
        tries: 2,
        ttl_seconds: 60,
        resends: 0,
        resend_after_seconds: 5,
        daily_per_phone: 1,
        daily_per_customer: 0,
    };
    assert_eq!(policy.challenge_limits(SmsCode), limits);
    let usual = policy.challenge_limits(BankHistory);
    assert_eq!((usual.resends, usual.resend_after_seconds), (3, 60));
    assert_eq!((usual.daily_per_phone, usual.daily_per_customer), (10, 10));
}

#[test]
fn more_evidence_lets_the_richer_model_score() {
    let good = std::fs::read_to_string(root("fixtures/models/good.model.json")).unwrap();
    let fraud = good.replacen(r#""target": "default""#, r#""target": "fraud""#, 1);
    let with_bank = with_requirement(&good);
    let model = |text: &str| (Model::load("m.json", text.as_bytes()).unwrap(), text.as_bytes().to_vec());
    let generation = Generation::new(vec![model(&with_bank), model(&fraud), model(&good)], load(BASE), BASE.to_owned());
    for (held, required) in [(&[][..], 0), (&[SmsCode], 0), (&[BankHistory], 1), (&ChallengeKind::ALL, 1)] {
        let model = generation.model_with(Target::Default, kinds(held)).unwrap();
        assert_eq!(model.requires().len(), required, "with {held:?}");
    }
}

/// The same model, for those whose bank history is held.
fn with_requirement(model: &str) -> String {
    let mut model: serde_json::Value = serde_json::from_str(model).unwrap();
    model["requires"] = serde_json::json!(["bank_history"]);
    serde_json::to_string_pretty(&model).unwrap()
}

fn any_failure() -> impl Strategy<Value = Option<(ChallengeKind, Failure)>> {
    let failed = (prop::sample::select(ChallengeKind::ALL.to_vec()), prop::sample::select(Failure::ALL.to_vec()));
    prop::option::of(failed)
}

proptest! {
    #[test]
    fn nothing_spent_is_asked_and_no_failure_passes_in_silence(
        fraud in any_scoring(),
        default in any_scoring(),
        spent in prop::sample::subsequence(ChallengeKind::ALL.to_vec(), 0..=3),
        over in prop::sample::subsequence(ChallengeKind::ALL.to_vec(), 0..=3),
        failed in any_failure(),
        when_failed in prop::sample::select(vec!["decline", "next", "review"]),
        when_provider_fails in prop::sample::select(vec!["decline", "next", "review"]),
    ) {
        let what = format!("when_failed: {when_failed}, when_provider_fails: {when_provider_fails}");
        let entries = ChallengeKind::ALL.map(|kind| {
            format!("{}: {{ attempts: 3, ttl_seconds: 600, {what} }}", kind.name())
        });
        let policy = load(&format!("{BASE}challenges: {{ {} }}\n", entries.join(", ")));
        let spent = kinds(&spent).or(failed.map_or(Kinds::NONE, |(kind, _)| kinds(&[kind])));
        let standing = Standing { held: Kinds::NONE, spent, over_limits: kinds(&over), failed };
        let judgement = decide(&policy, &facts(), &[fraud, default], &standing, &explain);
        prop_assert!(judgement.challenge.is_none_or(|kind| !spent.contains(kind) && !over.contains(&kind)));
        prop_assert!(judgement.challenge.is_none() || judgement.outcome == Outcome::StepUp);
        if let Some((_, failure)) = failed {
            prop_assert!(judgement.reasons.iter().any(|reason| reason.code == failure.reason()), "{judgement:?}");
            prop_assert!(judgement.degraded || !failure.is_providers(), "a provider that failed is marked");
            let when = if failure.is_providers() { when_provider_fails } else { when_failed };
            prop_assert!(when == "next" || judgement.outcome != Outcome::Accept, "{judgement:?}");
            prop_assert!(when != "decline" || judgement.outcome == Outcome::Decline, "{judgement:?}");
        }
    }
}

#[test]
fn a_rule_whose_inputs_are_all_missing_says_what_it_would_say_if_it_were_computed() {
    for (when, says) in [
        ("identity_verdict == \"rejected\"", "accept"),
        ("known(name_match) && name_match < 0.6", "accept"),
        ("or_else(name_match, 0.0) < 0.6", "decline RULE"),
        ("!known(identity_verdict)", "decline RULE"),
        ("document_valid == false", "accept"),
        ("true", "decline RULE"),
        ("false", "accept"),
    ] {
        let rule = format!("{BASE}rules: [{{ name: r, when: '{when}', outcome: decline }}]\n");
        let judgement = decide(&load(&rule), &facts(), &[scored(0.01), scored(0.01)], &Standing::default(), &explain);
        assert_eq!(shown(&judgement).trim_end(), says, "{when}");
    }
    let undecided = "rules: [{ name: r, when: 'name_match < 0.6', outcome: decline, when_undecided: review }]\n";
    let judgement = judged(undecided, &Standing::default());
    assert!(shown(&judgement).starts_with("step_up RULE_UNDECIDED"), "{}", shown(&judgement));
    let said: Vec<_> = judgement.diagnostics.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(said, ["undecided, missing: name_match; review was taken"]);
}
