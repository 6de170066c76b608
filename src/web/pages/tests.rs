//! Every page in every state and language: whole, labelled, and with nothing in it that others wrote but as text.

use super::account::PlanScene;
use super::journey::{Note, Problem, Scene};
use super::layout::{self, Page};
use super::seen::{LastCode, Seen};
use super::words::Words;
use super::*;
use crate::domain::applicant::Applicant;
use crate::domain::challenge::{ChallengeKind, Kinds};
use crate::domain::consent;
use crate::domain::contact::Phone;
use crate::domain::decision::Told;
use crate::domain::ids::{EntryId, MerchantId, Seq};
use crate::domain::money::{Currency, Money};
use crate::domain::plan::{PlanChoice, PlanState, Servicing, Terms};
use crate::domain::reason::ReasonCode;
use crate::domain::sealed::Sealed;
use crate::domain::storefront::Storefront;
use crate::domain::time::Timestamp;
use crate::journey::{Action, Attempt, Begun, Collection, Open, Party, Phase, Reviewer, State as Stands, Verifier};
use crate::plan::{Account, Event as PlanEvent};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

const EVIL: &str = "\"><script>alert(1)</script>'&";

fn now() -> Timestamp {
    Timestamp::parse("2026-11-25T10:00:00Z").unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now().plus_ms(seconds * 1_000)
}

fn attempt(kind: ChallengeKind, begun: bool) -> Attempt {
    let action = match kind {
        ChallengeKind::SmsCode => Action::EnterCode { length: 6 },
        _ => Action::Redirect { url: Sealed(Box::default()) },
    };
    Attempt {
        number: 1,
        kind,
        tries_left: 2,
        resends_left: 1,
        resend_after_seconds: 60,
        resend_after: later(43),
        deadline: later(600),
        begun: begun.then_some(Begun { handle: Sealed(Box::default()), reference: 0, action }),
    }
}

fn open(spent: &[ChallengeKind]) -> Open {
    Open { expires_at: later(86_400), spent: spent.iter().copied().collect(), attempts: spent.len() as u32 }
}

fn challenged(kind: ChallengeKind, phase: Phase) -> Stands {
    let begun = phase == Phase::ActionNeeded;
    Stands::Challenged { attempt: attempt(kind, begun), phase, open: open(&[kind]) }
}

fn verifying(kind: ChallengeKind, by: Verifier) -> Stands {
    Stands::Verifying { attempt: attempt(kind, true), by, open: open(&[ChallengeKind::SmsCode, kind]) }
}

fn plan(fee_bps: u32) -> crate::domain::plan::Plan {
    let choice = PlanChoice { instalment_count: 3, deferred_days: 0, deferred_months: 0 };
    let terms = Terms { choice, fee_fixed_minor: 0, fee_bps, apr_bps: 0 };
    let amount = Money { amount_minor: 12_000, currency: Currency::EUR };
    crate::plan::schedule(&terms, amount, jiff::civil::date(2026, 11, 25))
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

fn account(fee_bps: u32) -> Account {
    let servicing = Servicing {
        reminder_hours: [96, 72].into(),
        movable_days: 15,
        due_hour: 9,
        quiet_from_hour: 21,
        quiet_until_hour: 8,
    };
    Account::open(plan(fee_bps), zone(), Some(servicing), now().plus_ms(-90_000_000))
}

fn declined(offer_seconds: i64, review_seconds: i64) -> Stands {
    Stands::Declined { offer_until: later(offer_seconds), review_until: later(review_seconds) }
}

/// Every state that a page tells apart.
fn states() -> Vec<Stands> {
    use ChallengeKind::{BankHistory, IdDocument, SmsCode};
    vec![
        challenged(SmsCode, Phase::Starting),
        challenged(SmsCode, Phase::ActionNeeded),
        challenged(IdDocument, Phase::Starting),
        challenged(IdDocument, Phase::ActionNeeded),
        challenged(BankHistory, Phase::ConsentNeeded),
        challenged(BankHistory, Phase::Starting),
        challenged(BankHistory, Phase::ActionNeeded),
        verifying(SmsCode, Verifier::Code),
        verifying(IdDocument, Verifier::Provider),
        verifying(BankHistory, Verifier::Provider),
        Stands::InReview { by: Reviewer::Policy, expires_at: later(86_400) },
        Stands::InReview { by: Reviewer::Customer, expires_at: later(86_400) },
        declined(3_600, 86_400),
        declined(-1, 86_400),
        declined(-1, -1),
        Stands::Accepted { account: account(125).into() },
        Stands::PaidInFull { collection: Collection::Awaited },
        Stands::PaidInFull { collection: Collection::Collected },
        Stands::PaidInFull { collection: Collection::Failed { offer_until: later(3_600) } },
        Stands::Cancelled { by: Party::Customer },
        Stands::Cancelled { by: Party::Merchant },
        Stands::Expired,
    ]
}

fn seen(state: Stands) -> Seen {
    let current = state.attempt().map(|attempt| attempt.kind);
    let spent = state.open().map_or(Kinds::NONE, |open| open.spent);
    Seen {
        id: ApplicationId(EntryId::from_parts(Seq(77), 5)),
        merchant: MerchantId::parse("demo").unwrap(),
        version: 4,
        updated_at: now(),
        merchant_reference: None,
        amount: Money { amount_minor: 12_000, currency: Currency::EUR },
        plan: plan(0),
        done: spent.iter().filter(|kind| Some(*kind) != current).collect(),
        last_code: None,
        told: vec![Told::Reason(ReasonCode::DEFAULT_SCORE), Told::Reason(ReasonCode::PURCHASE_AMOUNT)],
        stated: true,
        redirect: Some("https://provider.example/page?a=b&c=d".into()),
        applicant: Applicant {
            phone: Some(Phone::parse("+33612345678").unwrap()),
            return_url: Some("https://shop.example/basket?a=1&b=2".into()),
            ..Applicant::default()
        },
        state,
    }
}

fn storefront() -> Storefront {
    Storefront { name: EVIL.into(), ..Storefront::default() }
}

fn render_with(seen: &Seen, language: Language, note: Option<Note>, problem: Option<&Problem>) -> String {
    let scene = Scene {
        words: Words::of(language),
        base: "/j/TOKEN",
        query: "?lang=fr",
        storefront: &storefront(),
        zone: &TimeZone::get("Europe/Paris").unwrap(),
        now: now(),
        seen,
        plan_path: "/plan/TOKEN",
        note,
        problem,
    };
    scene.render()
}

fn render(seen: &Seen, language: Language) -> String {
    render_with(seen, language, None, None)
}

/// A tag of a page: its name and its attributes.
type Tag = (String, Vec<(String, String)>);

/// Every opening tag, once all are closed as they were opened.
fn tags(page: &str) -> Vec<Tag> {
    const VOID: [&str; 4] = ["meta", "link", "input", "br"];
    let (mut open, mut tags) = (Vec::new(), Vec::new());
    let mut rest = page.strip_prefix("<!DOCTYPE html>").expect("a page begins with its doctype");
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>'), "`>` is written out: {text}");
        let (inside, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "what is opened last is closed first");
            continue;
        }
        let (name, mut attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        let mut found = Vec::new();
        while !attributes.is_empty() {
            let end = attributes.find(['=', ' ']).unwrap_or(attributes.len());
            let name = &attributes[..end];
            let (value, after) = match attributes[end..].strip_prefix("=\"") {
                Some(quoted) => quoted.split_once('"').expect("a value ends"),
                None => ("", &attributes[end..]),
            };
            found.push((name.to_owned(), value.to_owned()));
            attributes = after.trim_start();
        }
        if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
        tags.push((name.to_owned(), found));
    }
    assert!(open.is_empty(), "everything is closed: {open:?}");
    tags
}

fn attribute<'a>((_, attributes): &'a Tag, wanted: &str) -> Option<&'a str> {
    attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

/// What holds of every page.
fn check(page: &str, language: Language) {
    let tags = tags(page);
    let count = |wanted: &str| tags.iter().filter(|(name, _)| name == wanted).count();
    for (name, times) in [("html", 1), ("h1", 1), ("main", 1), ("title", 1), ("script", 1), ("style", 0)] {
        assert_eq!(count(name), times, "{name} in {page}");
    }
    assert_eq!(attribute(&tags[0], "lang"), Some(language.code()));
    let ids: Vec<_> = tags.iter().filter_map(|tag| attribute(tag, "id")).collect();
    let unique: BTreeSet<_> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "no id stands twice: {ids:?}");
    let labelled: BTreeSet<_> =
        tags.iter().filter(|(name, _)| name == "label").filter_map(|tag| attribute(tag, "for")).collect();
    for tag in &tags {
        for (name, value) in &tag.1 {
            assert!(!name.starts_with("on") && name != "style", "nothing inline: {name} of {tag:?}");
            if name == "aria-describedby" || name == "aria-labelledby" {
                assert!(value.split(' ').all(|id| unique.contains(id)), "{name} {value} leads nowhere in {page}");
            }
            if name == "href" && value.starts_with('#') {
                assert!(unique.contains(&value[1..]), "{value} leads nowhere");
            }
        }
        let is_field = match tag.0.as_str() {
            "input" => attribute(tag, "type") != Some("hidden"),
            "textarea" | "select" => true,
            "form" => {
                assert_eq!(attribute(tag, "method"), Some("post"));
                let action = attribute(tag, "action").unwrap_or_default();
                assert!(action.ends_with("?lang=fr"), "the chosen language is carried on: {action}");
                false
            }
            "script" => {
                assert!(attribute(tag, "src").is_some_and(|src| src.starts_with("/assets/")));
                false
            }
            _ => false,
        };
        if is_field {
            let id = attribute(tag, "id").unwrap_or_default();
            assert!(labelled.contains(id), "a field has a label: {tag:?}");
        }
    }
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "what others wrote is only text");
}

#[test]
fn every_state_has_a_whole_page_in_every_language() {
    for language in Language::ALL {
        for state in states() {
            let (is_open, kind) = (state.offer_until().is_some_and(|until| until > now()), state.kind());
            let page = render(&seen(state), language);
            check(&page, language);
            let words = Words::of(language);
            let amount = crate::words::money(Money { amount_minor: 12_000, currency: Currency::EUR }, language);
            let pays = page.contains(&(words.pay.button)(&amount)) && page.contains("action=\"/j/TOKEN/pay?lang=fr\"");
            assert_eq!(pays, is_open, "paying in one go is offered as long as it is possible: {kind:?} {page}");
            assert!(page.contains("https://shop.example/basket?a=1&amp;b=2"), "there is a way back: {kind:?}");
            let other = Language::ALL.into_iter().filter(|other| *other != language);
            for code in other.map(Language::code) {
                let link = format!("<a href=\"/j/TOKEN?lang={code}\" lang=\"{code}\" hreflang=\"{code}\">");
                assert!(page.contains(&link), "{link} in {page}");
            }
        }
    }
}

#[test]
fn a_code_says_where_it_went_how_often_and_what_was_wrong() {
    let sms = challenged(ChallengeKind::SmsCode, Phase::ActionNeeded);
    let page = render(&seen(sms.clone()), Language::En);
    for part in [
        "number ending in 78.",
        "You have 2 tries left.",
        "until 11:10",
        "inputmode=\"numeric\"",
        "autocomplete=\"one-time-code\"",
        "data-seconds=\"43\"",
        "from 11:01 on",
        "Step 2 of 3",
        "name=\"version\" value=\"4\"",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("33612") && !page.contains("aria-invalid") && !page.contains("role=\"alert\""), "{page}");
    let wrong = Seen { last_code: Some(LastCode::Wrong), ..seen(sms.clone()) };
    for language in Language::ALL {
        for (seen, problem) in [(&wrong, None), (&seen(sms.clone()), Some(&Problem::Code))] {
            let page = render_with(seen, language, None, problem);
            check(&page, language);
            let described = "aria-describedby=\"code-wrong code-hint\" aria-invalid=\"true\" autofocus";
            assert!(page.contains(described) && page.contains("<a href=\"#code\">"), "{page}");
        }
    }
}

#[test]
fn consent_stands_in_its_exact_words_with_two_equal_buttons() {
    for language in Language::ALL {
        let page = render(&seen(challenged(ChallengeKind::BankHistory, Phase::ConsentNeeded)), language);
        let text = maud::html! { (consent::BANK_HISTORY.text(language)) }.into_string();
        assert!(page.contains(&text), "{page}");
        assert!(page.contains("name=\"text\" value=\"bank_history_1\""));
        let words = Words::of(language);
        for button in [words.bank.agree, words.bank.refuse] {
            let button = maud::html! { button.second type="submit" { (button) } }.into_string();
            assert!(page.contains(&button), "{button} in {page}");
        }
    }
}

#[test]
fn only_what_waits_loads_itself_again() {
    let waiting = render(&seen(verifying(ChallengeKind::IdDocument, Verifier::Provider)), Language::En);
    assert!(waiting.contains("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>"), "{waiting}");
    assert!(waiting.contains("data-watch=\"/j/TOKEN/state\" data-version=\"4\" data-first=\"1\""), "{waiting}");
    let asks = render(&seen(challenged(ChallengeKind::SmsCode, Phase::ActionNeeded)), Language::En);
    assert!(!asks.contains("http-equiv") && asks.contains("data-first=\"15\""), "{asks}");
    let over = render(&seen(Stands::Expired), Language::En);
    assert!(!over.contains("http-equiv") && !over.contains("data-watch"), "{over}");
}

#[test]
fn a_decline_says_what_may_be_said_and_until_when() {
    let page = render(&seen(declined(3_600, 86_400)), Language::En);
    for part in
        ["repayment is not certain enough", "€120.00", "until 12:00", "until 11:00 on 26\u{a0}November\u{a0}2026"]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
    let withheld = Seen { told: vec![Told::Withheld], ..seen(declined(3_600, 86_400)) };
    assert!(render(&withheld, Language::Fr).contains("Nous n'avons pas pu vérifier ce paiement."));
    let over = render(&seen(declined(-1, -1)), Language::En);
    assert!(!over.contains("<form"), "nothing can be done any more: {over}");
    let problem = Problem::View(EVIL.into());
    let page = render_with(&seen(declined(3_600, 86_400)), Language::En, None, Some(&problem));
    check(&page, Language::En);
    assert!(
        page.contains("&gt;&lt;script&gt;alert(1)&lt;/script&gt;'&amp;</textarea>"),
        "what was written stays: {page}"
    );
}

#[test]
fn notes_stand_above_the_page() {
    for language in Language::ALL {
        for note in Note::ALL {
            let page = render_with(&seen(Stands::Expired), language, Some(note), None);
            check(&page, language);
            assert!(page.contains("id=\"note\""), "{page}");
            let read = Asked::of(&[("note".into(), note.name().into()), ("lang".into(), language.code().into())]);
            assert_eq!((read.note, read.language), (Some(note), Some(language)));
            assert_eq!(read.with(Some(note)), format!("?lang={}&note={}", language.code(), note.name()));
        }
    }
    let strange = Asked::of(&[("note".into(), EVIL.into()), ("lang".into(), "xx".into())]);
    assert_eq!((strange.note, strange.with(None)), (None, String::new()));
}

fn plan_page(account: &Account, language: Language, now: Timestamp) -> String {
    let storefront = Storefront { card_change_url: Some("https://gateway.example/card".into()), ..storefront() };
    let scene = PlanScene {
        words: Words::of(language),
        base: "/plan/TOKEN",
        query: "?lang=fr",
        storefront: &storefront,
        now,
        version: 4,
        account,
        return_url: Some("https://shop.example/"),
        note: None,
    };
    scene.render()
}

#[test]
fn a_plan_shows_what_became_of_it_and_what_can_be_done() {
    let fresh = account(125);
    let apply = |account: &Account, event: PlanEvent| account.clone().apply(&event, now()).unwrap();
    let paid = apply(&fresh, PlanEvent::Paid { instalment: 0, reference: None });
    let moved = apply(&paid, PlanEvent::Moved { instalment: 1, to: jiff::civil::date(2027, 1, 5) });
    let refunded = apply(&moved, PlanEvent::Refunded { amount_minor: 5_000, back_minor: 0 });
    let failed = apply(&fresh, PlanEvent::Failed { instalment: 0, offer_until: Some(later(3_600)) });
    let fell = |into| apply(&paid, PlanEvent::Fell { instalment: 1, into });
    let rest = apply(&paid, PlanEvent::Paid { instalment: 1, reference: None });
    let over = apply(&rest, PlanEvent::Paid { instalment: 2, reference: None });
    let lates = [fell(PlanState::Late), fell(PlanState::LateContact), fell(PlanState::Default)];
    for language in Language::ALL {
        for account in lates.iter().chain([&fresh, &paid, &moved, &refunded, &failed, &over]) {
            let page = plan_page(account, language, now());
            check(&page, language);
            for anchor in ["card", "move", "receipts"] {
                let there = page.contains(&format!("id=\"{anchor}\""));
                assert_eq!(there, anchor != "card" || account.plan.left_to_pay_minor() > 0, "mails lead to {anchor}");
            }
        }
    }
    let page = |account| plan_page(account, Language::En, now()).replace('\u{a0}', " ");
    let page_of_paid = page(&paid);
    for part in [
        "paid on 25 November 2026",
        "href=\"/plan/TOKEN/receipt/1?lang=fr\"",
        "Left to pay: €80.00",
        "Next: €40.00 on 25 December 2026",
        "Pay €40.00 now",
        "<option value=\"2026-12-26\">26 December 2026</option>",
        "<option value=\"2027-01-09\">",
        "Pay €80.00 now",
        "Use another card",
    ] {
        assert!(page_of_paid.contains(part), "{part} in {page_of_paid}");
    }
    assert!(!page_of_paid.contains("2027-01-10"), "by up to 15 days: {page_of_paid}");
    assert!(page(&moved).contains("moved from 25 December 2026"));
    let page_of_refunded = page(&refunded);
    assert!(
        page_of_refunded.contains("has refunded €50.00")
            && page_of_refunded.contains("nothing to pay: it was refunded")
    );
    let page_of_failed = page(&failed);
    assert!(page_of_failed.contains("Pay €120.00 in one go") && page_of_failed.contains("/plan/TOKEN/in-full"));
    assert!(
        page(&lates[2]).contains("more than 15 days late")
            && page(&lates[2]).contains("<details class=\"plain\" open>")
    );
    let over = page(&over);
    assert!(over.contains("Everything is paid") && !over.contains("<form"), "{over}");
}

#[test]
fn a_form_may_lead_on_to_the_gateways_page() {
    for (url, allowed) in [
        ("https://gateway.example/card?id=1", "form-action 'self' https://gateway.example;"),
        ("http://127.0.0.1:8090/card", "form-action 'self' http://127.0.0.1:8090;"),
        ("https://gateway.example;script-src *", "form-action 'self';"),
        ("nothing", "form-action 'self';"),
    ] {
        let response = layout::send_leading_to(url, String::new(), true);
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains(allowed), "{policy}");
    }
}

#[test]
fn pages_for_nobody_are_whole_too() {
    for language in Language::ALL {
        let words = Words::of(language);
        for missing in [Missing::Unknown, Missing::Gone, Missing::Later, Missing::TooLarge] {
            let (_, title, text) = missing.says(words);
            let body = html! { div.card { h1 { (title) } p { (text) } p { (EVIL) } } };
            let page = Page { words, base: "", storefront: None, title, refresh: None, watch: None, body };
            check(&page.render(), language);
        }
    }
}

#[test]
fn pages_are_guarded() {
    for is_https in [true, false] {
        let response = layout::send(StatusCode::OK, String::new(), is_https);
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap());
        let policy = header(header::CONTENT_SECURITY_POLICY).unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
        for part in ["script-src 'self'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{part} in {policy}");
        }
        assert_eq!(header(header::CACHE_CONTROL), Some("no-store"));
        assert_eq!(header(header::REFERRER_POLICY), Some("no-referrer"));
        assert_eq!(header(header::X_CONTENT_TYPE_OPTIONS), Some("nosniff"));
        assert_eq!(header(header::STRICT_TRANSPORT_SECURITY).is_some(), is_https);
    }
}
