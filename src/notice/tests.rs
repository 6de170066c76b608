use super::made_up;
use super::{Facts, Notice, render};
use crate::domain::plan::{Instalment, InstalmentState, Plan, PlanChoice};
use crate::domain::reason::Language;
use crate::words;
use proptest::prelude::*;
use std::collections::BTreeSet;

const EVIL: &str = "<script>alert('x')</script>\r\n{amount}";

#[test]
fn what_the_mails_say() {
    for language in Language::ALL {
        for (name, notice, facts) in made_up::notices(language) {
            let rendered = render(&notice, &facts, language).unwrap();
            let shown = format!("{}\n\n{}", rendered.subject, rendered.text);
            insta::assert_snapshot!(format!("{name}.{}", language.code()), shown);
        }
    }
}

#[test]
fn nothing_is_left_to_fill_in_and_html_is_whole() {
    for language in Language::ALL {
        for (name, notice, facts) in made_up::notices(language) {
            let rendered = render(&notice, &facts, language).unwrap();
            assert!(!rendered.text.contains(['{', '}']), "{name}: {}", rendered.text);
            let (_, body) = rendered.html.split_once("<body").unwrap();
            assert!(!body.contains(['{', '}']), "{name}: {body}");
            assert!(rendered.html.starts_with(&format!("<!DOCTYPE html><html lang=\"{}\">", language.code())));
            assert!(!rendered.html.contains("<img") && !rendered.html.contains("<script"), "{name}");
            assert_eq!(rendered.html.contains("<table"), rendered.html.contains("scope=\"row\""), "{name}");
            // What the one part says the other says, too.
            for address in ["https://shop.example/privacy", "https://shop.example/terms", "help@shop.example"] {
                assert!(rendered.text.contains(address) && rendered.html.contains(address), "{name}: {address}");
            }
            assert!(rendered.text.lines().all(|line| line.chars().count() <= 110), "{name}: {}", rendered.text);
        }
    }
}

#[test]
fn subjects_name_the_merchant_and_nobody_else() {
    for language in Language::ALL {
        for (name, notice, facts) in made_up::notices(language) {
            let subject = render(&notice, &facts, language).unwrap().subject;
            assert!(subject.contains(&*facts.storefront.name), "{name}: {subject}");
            assert!(!subject.contains("Ada") && !subject.contains(|c: char| c.is_ascii_digit()), "{name}: {subject}");
        }
    }
}

#[test]
fn what_others_wrote_is_escaped_and_filled_in_nowhere() {
    for language in Language::ALL {
        for (name, notice, mut facts) in made_up::notices(language) {
            facts.given_name = EVIL.into();
            facts.storefront.name = EVIL.into();
            facts.storefront.support_email = "\"><b>@x.example".into();
            facts.storefront.terms_url = "javascript:alert(1)".into();
            facts.reference = EVIL.into();
            facts.reasons = vec![EVIL.into()];
            facts.links.plan = "javascript:alert(2)".into();
            let rendered = render(&notice, &facts, language).unwrap();
            assert!(!rendered.html.contains("<script") && !rendered.html.contains("<b>"), "{name}: {}", rendered.html);
            assert!(!rendered.html.contains("javascript:"), "{name}: {}", rendered.html);
            assert!(!rendered.subject.contains(char::is_control), "{name}: {:?}", rendered.subject);
            assert!(rendered.html.contains("&lt;script&gt;alert('x')&lt;/script&gt;"), "{name}");
        }
    }
}

#[test]
fn nobody_is_called_by_a_name_that_is_not_known() {
    let facts = Facts { given_name: " ".into(), ..made_up::facts(0, Language::En) };
    let text = render(&Notice::Confirmation, &facts, Language::En).unwrap().text;
    assert!(text.contains("\nHello,\n"), "{text}");
}

#[test]
fn a_due_date_is_said_to_be_movable_only_where_it_is() {
    let reminder = Notice::Reminder { instalment: 1, hours_before: 72 };
    let text = |facts: &Facts| render(&reminder, facts, Language::En).unwrap().text;
    let mut facts = made_up::facts(1, Language::En);
    assert!(text(&facts).contains("#move") && text(&facts).contains("#card"));
    facts.plan.as_mut().unwrap().instalments[1].due_date = jiff::civil::date(2027, 1, 14);
    assert!(!text(&facts).contains("move") && text(&facts).contains("#card"), "it was moved before");
    let never = Facts { movable_days: 0, ..made_up::facts(1, Language::En) };
    assert!(!text(&never).contains("move"), "the policy lets nobody move");
    let confirmation = render(&Notice::Confirmation, &never, Language::En).unwrap().text;
    assert!(!confirmation.contains("move"), "{confirmation}");
}

#[test]
fn notices_of_what_is_not_there_are_none() {
    let facts = made_up::facts(0, Language::En);
    assert!(render(&Notice::Receipt { instalment: 3 }, &facts, Language::En).is_none());
    let facts = Facts { plan: None, ..facts };
    assert!(render(&Notice::Confirmation, &facts, Language::En).is_none());
    let refunded = Notice::Refunded { amount_minor: 1, paid_back_minor: 0 };
    assert!(render(&refunded, &facts, Language::En).is_none());
}

#[test]
fn a_refund_says_what_is_paid_back_and_what_is_taken_off() {
    let facts = made_up::facts(2, Language::En);
    let text = |amount_minor, paid_back_minor| {
        let notice = Notice::Refunded { amount_minor, paid_back_minor };
        render(&notice, &facts, Language::En).unwrap().text.replace('\n', " ")
    };
    let both = text(60_000, 18_850);
    assert!(both.contains("€411.50 is taken off") && both.contains("€188.50 is paid back to your card"), "{both}");
    assert!(!text(5_000, 0).contains("paid back"), "nothing is paid back");
    assert!(!text(5_000, 5_000).contains("taken off"), "nothing is taken off");
}

/// Every amount in euros that an English text names, in cents.
fn amounts(text: &str) -> BTreeSet<i64> {
    let number = |rest: &str| {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '.')).unwrap_or(rest.len());
        rest[..end].chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
    };
    text.split('€').skip(1).map(number).collect()
}

fn plan() -> impl Strategy<Value = Plan> {
    let instalment = (1_i64..500_000, 0_i64..1_000, 0_i64..700, 0_usize..5);
    prop::collection::vec(instalment, 1..12).prop_map(|parts| {
        let states = [
            InstalmentState::Pending,
            InstalmentState::Paid,
            InstalmentState::Incident,
            InstalmentState::Claimed,
            InstalmentState::Covered,
        ];
        let start = jiff::civil::date(2027, 1, 31);
        let instalments: Vec<_> = parts
            .iter()
            .enumerate()
            .map(|(at, &(purchase, cost, day, state))| {
                let due = start.saturating_add(jiff::Span::new().days(day));
                let cost = if at == 0 { cost } else { 0 };
                Instalment { state: states[state], ..Instalment::agreed(due, purchase, cost, 0) }
            })
            .collect();
        let purchase = instalments.iter().map(|instalment| instalment.purchase_amount_minor).sum();
        let amount = made_up::facts(0, Language::En).money(purchase);
        let choice = PlanChoice { instalment_count: parts.len() as u8, deferred_days: 0, deferred_months: 0 };
        Plan { choice, amount, customer_cost_minor: parts[0].1, cost_bps: 0, instalments }
    })
}

proptest! {
    #[test]
    fn no_mail_names_an_amount_that_is_not_the_plans(plan in plan(), place in 0_usize..12) {
        let instalments = &plan.instalments;
        let total = |keep: &dyn Fn(&Instalment) -> bool| {
            instalments.iter().filter(|one| keep(one)).map(|one| one.total_amount_minor).sum::<i64>()
        };
        let mut known: BTreeSet<i64> = instalments.iter().map(|one| one.total_amount_minor).collect();
        let paid = total(&|one| one.state == InstalmentState::Paid);
        known.extend([plan.amount.amount_minor, plan.customer_cost_minor, total(&|_| true), paid]);
        known.insert(plan.left_to_pay_minor());
        let place = place % instalments.len();
        let own = instalments[place].total_amount_minor;
        let facts = Facts { amount: plan.amount, plan: Some(plan.clone()), ..made_up::facts(0, Language::En) };
        let from = jiff::civil::date(2026, 12, 31);
        for (notice, names_own) in [
            (Notice::Confirmation, true),
            (Notice::Reminder { instalment: place, hours_before: 72 }, true),
            (Notice::Receipt { instalment: place }, true),
            (Notice::PaymentFailed { instalment: place }, true),
            (Notice::DueDateMoved { instalment: place, from }, true),
            (Notice::Closing, false),
        ] {
            let rendered = render(&notice, &facts, Language::En).unwrap();
            let said = amounts(&rendered.text);
            prop_assert!(said.is_subset(&known), "{notice:?} names {said:?}, the plan has {known:?}");
            prop_assert!(!names_own || said.contains(&own), "{notice:?} names {said:?}, not {own}");
            prop_assert_eq!(&said, &amounts(rendered.html.split_once("<h1").unwrap().1));
        }
    }

    #[test]
    fn amounts_are_written_with_all_their_digits(minor in any::<i64>()) {
        let money = made_up::facts(0, Language::En).money(minor);
        for language in Language::ALL {
            let digits: String = words::money(money, language).chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(digits.parse::<u64>().unwrap(), minor.unsigned_abs());
        }
    }
}
