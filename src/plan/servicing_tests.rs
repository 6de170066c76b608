//! What becomes of an accepted plan, as tables of what happens when, and properties of whatever may happen.

use super::*;
use crate::domain::money::Currency;
use crate::domain::plan::{InstalmentState, PlanState, Servicing};
use crate::domain::time::{DAY_MS, HOUR_MS, Timestamp};
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::sample::Index;

/// How long the offer to pay in one go is open again, in seconds.
const OFFER: u32 = 3_600;
/// More steps than time can bring to any plan.
const MANY: usize = 1_000;

fn servicing() -> Servicing {
    Servicing {
        reminder_hours: [96, 72].into(),
        movable_days: 15,
        due_hour: 9,
        quiet_from_hour: 21,
        quiet_until_hour: 8,
    }
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A plan of 240 EUR in so many instalments, with 10 EUR of interest on the last, accepted in Paris.
fn opened(count: u8, when: &str) -> Account {
    let choice = PlanChoice { instalment_count: count, deferred_days: 0, deferred_months: 0 };
    let terms = Terms { choice, fee_fixed_minor: 0, fee_bps: 0, apr_bps: 0 };
    let paris = zone("Europe/Paris");
    let today = paris.to_datetime(at(when).to_jiff()).date();
    let mut plan = schedule(&terms, Money { amount_minor: 24_000, currency: Currency::EUR }, today);
    let last = plan.instalments.last_mut().unwrap();
    *last = Instalment::agreed(last.due_date, last.purchase_amount_minor, 0, 1_000);
    plan.customer_cost_minor = 1_000;
    Account::open(plan, paris, Some(servicing()), at(when))
}

/// Three instalments, due on 2 March, 2 April and 2 May.
fn three() -> Account {
    opened(3, "2026-03-02T10:00:00Z")
}

/// An account after an input at a time.
fn after(account: Account, input: Input, when: &str) -> Account {
    let event = receive(&account, input, at(when)).unwrap();
    account.apply(&event, at(when)).unwrap()
}

fn paid(instalment: u8) -> Input {
    Input::ReportPaid { instalment, reference: None }
}

fn failed(instalment: u8) -> Input {
    Input::ReportFailed { instalment, offer_ttl_seconds: OFFER }
}

fn moved(instalment: u8, to: Date) -> Input {
    Input::MoveDueDate { instalment, to }
}

fn refund(amount_minor: i64) -> Input {
    Input::Refund { amount_minor }
}

/// Whatever time brings until a time, each when it is due, as `time what`; and the account then.
fn pass(mut account: Account, until: &str) -> (Account, Vec<String>) {
    let mut lines = Vec::new();
    while let Some(due) = account.due_at().filter(|due| *due <= at(until)) {
        let event = time(&account, due).unwrap();
        lines.push(line(&account, &event, due));
        account = account.apply(&event, due).unwrap();
        assert!(lines.len() < MANY, "time goes round in circles: {lines:#?}");
    }
    (account, lines)
}

/// Whatever a server that stood still does at a time.
fn catch_up(mut account: Account, when: &str) -> (Account, Vec<String>) {
    let mut lines = Vec::new();
    while let Some(event) = time(&account, at(when)) {
        lines.push(line(&account, &event, at(when)));
        account = account.apply(&event, at(when)).unwrap();
        assert!(lines.len() < MANY, "time goes round in circles: {lines:#?}");
    }
    (account, lines)
}

/// `MM-DD HH:MM` where the customer is, and what happens to which instalment, from 1.
fn line(account: &Account, event: &Event, when: Timestamp) -> String {
    let local = account.zone.to_datetime(when.to_jiff()).strftime("%m-%d %H:%M").to_string();
    let what = match event {
        Event::Due { instalment } => format!("{} due", instalment + 1),
        Event::Reminded { instalment, hours } => format!("{} reminded {hours}", instalment + 1),
        Event::Fell { instalment, into } => format!("{} {}", instalment + 1, into.name()),
        other => format!("{other:?}"),
    };
    format!("{local} {what}")
}

fn states(account: &Account) -> Vec<InstalmentState> {
    account.plan.instalments.iter().map(|one| one.state).collect()
}

#[test]
fn time_brings_reminders_the_due_date_and_what_follows_where_nobody_pays() {
    let account = after(three(), paid(0), "2026-03-02T10:01:00Z");
    let (account, lines) = pass(account, "2026-04-20T00:00:00Z");
    let expected = [
        // The clocks go forward on 29 March at 2 in the morning: hours are hours.
        "03-29 09:00 2 reminded 96",
        "03-30 09:00 2 reminded 72",
        "04-02 09:00 2 due",
        "04-03 00:00 2 late",
        "04-10 00:00 2 late_contact",
        "04-18 00:00 2 default",
    ];
    assert_eq!(lines, expected);
    assert_eq!(account.state, PlanState::Default);
    assert_eq!(states(&account), [InstalmentState::Paid, InstalmentState::Claimed, InstalmentState::Pending]);
    let account = after(account, paid(1), "2026-04-20T00:00:00Z");
    assert_eq!(account.state, PlanState::InProgress, "who has paid at last is not behind any more");
    let (account, lines) = pass(account, "2027-01-01T00:00:00Z");
    assert_eq!(lines[..2], ["04-28 09:00 3 reminded 96", "04-29 09:00 3 reminded 72"]);
    assert_eq!((lines.len(), account.state, account.due_at()), (6, PlanState::Default, None));
}

#[test]
fn a_plan_that_is_paid_in_time_is_paid_for_ever() {
    let mut account = three();
    for (instalment, when) in [(0, "2026-03-02T11:00:00Z"), (1, "2026-04-02T09:00:00Z"), (2, "2026-05-02T09:00:00Z")] {
        (account, _) = pass(account, when);
        account = after(account, paid(instalment), when);
    }
    assert_eq!((account.state, account.due_at(), account.plan.left_to_pay_minor()), (PlanState::Paid, None, 0));
    let paid_at = account.plan.instalments[1].paid_at;
    assert_eq!(paid_at, Some(at("2026-04-02T09:00:00Z")));
    for input in
        [paid(2), failed(2), Input::PayAhead { instalment: None }, Input::ChangeCard, moved(1, date(2026, 6, 1))]
    {
        let refused = receive(&account, input.clone(), at("2026-05-03T09:00:00Z"));
        assert!(refused.is_err(), "{} of a paid plan: {refused:?}", input.name());
    }
}

#[test]
fn nobody_is_reminded_at_night() {
    let hours =
        |reminder_hours: &[u16], due_hour| Servicing { reminder_hours: reminder_hours.into(), due_hour, ..servicing() };
    for (servicing, expected) in [
        (hours(&[96, 72], 9), vec!["03-29 09:00 2 reminded 96", "03-30 09:00 2 reminded 72"]),
        (hours(&[96, 72], 22), vec!["03-30 08:00 2 reminded 96", "03-31 08:00 2 reminded 72"]),
        (hours(&[96, 72], 5), vec!["03-29 08:00 2 reminded 96", "03-30 08:00 2 reminded 72"]),
        // Nine in the evening is night, and the morning after is the due date itself.
        (hours(&[12], 9), vec!["04-02 08:00 2 reminded 12"]),
        // The morning after would be too late.
        (hours(&[6], 4), vec![]),
        (hours(&[], 9), vec![]),
        (Servicing { quiet_from_hour: 0, quiet_until_hour: 0, ..hours(&[90], 4) }, vec!["03-29 10:00 2 reminded 90"]),
        (Servicing { quiet_from_hour: 1, quiet_until_hour: 6, ..hours(&[24], 5) }, vec!["04-01 06:00 2 reminded 24"]),
    ] {
        let account = Account { servicing: Some(servicing.clone()), ..three() };
        let account = after(account, paid(0), "2026-03-02T10:01:00Z");
        let (_, lines) = pass(account, "2026-04-02T21:00:00Z");
        let reminded: Vec<_> = lines.into_iter().filter(|line| line.contains("reminded")).collect();
        assert_eq!(reminded, expected, "{servicing:?}");
    }
}

#[test]
fn a_server_that_stood_still_catches_up_by_what_still_matters() {
    let begun = || after(three(), paid(0), "2026-03-02T10:01:00Z");
    for (when, expected) in [
        ("2026-03-29T06:59:00Z", vec![]),
        // Both reminders have come: one is sent.
        ("2026-03-31T10:00:00Z", vec!["03-31 12:00 2 reminded 72"]),
        // At night none is.
        ("2026-03-31T02:00:00Z", vec![]),
        ("2026-04-02T10:00:00Z", vec!["04-02 12:00 2 due"]),
        ("2026-04-02T21:30:00Z", vec!["04-02 23:30 2 due"]),
        // A day after the due date the gateway is told to collect, and the customer is late.
        ("2026-04-03T10:00:00Z", vec!["04-03 12:00 2 due", "04-03 12:00 2 late"]),
        ("2026-04-12T10:00:00Z", vec!["04-12 12:00 2 due", "04-12 12:00 2 late", "04-12 12:00 2 late_contact"]),
    ] {
        let (account, lines) = catch_up(begun(), when);
        assert_eq!(lines, expected, "at {when}");
        let (_, lines) = catch_up(account, when);
        assert_eq!(lines, Vec::<String>::new(), "once more at {when}");
    }
}

#[test]
fn what_wakes_nobody_does_not_wait_for_the_morning() {
    // The reminders of the third are due by when the second is, and none is sent at night.
    let mut account = after(three(), paid(0), "2026-03-02T10:01:00Z");
    account.plan.instalments[1].due_date = date(2026, 4, 28);
    account.plan.instalments[1].agreed_date = date(2026, 4, 28);
    let (_, lines) = catch_up(account, "2026-04-29T01:00:00Z");
    assert_eq!(lines, ["04-29 03:00 2 due", "04-29 03:00 2 late"], "and the third's reminder comes by day");
}

#[test]
fn days_and_hours_are_the_customers() {
    for (name, opens, expected) in [
        // Forward on 29 March, back on 25 October: nine in the morning is nine in the morning.
        (
            "Europe/Paris",
            "2026-02-28T10:00:00Z",
            ["2026-03-24T08:00:00Z", "2026-03-25T08:00:00Z", "2026-03-28T08:00:00Z"],
        ),
        (
            "Europe/Paris",
            "2026-02-27T23:30:00Z",
            ["2026-03-24T08:00:00Z", "2026-03-25T08:00:00Z", "2026-03-28T08:00:00Z"],
        ),
        (
            "Europe/Paris",
            "2026-09-26T10:00:00Z",
            ["2026-10-22T08:00:00Z", "2026-10-23T08:00:00Z", "2026-10-26T08:00:00Z"],
        ),
        (
            "Europe/Paris",
            "2026-01-31T10:00:00Z",
            ["2026-02-24T08:00:00Z", "2026-02-25T08:00:00Z", "2026-02-28T08:00:00Z"],
        ),
        (
            "Europe/Paris",
            "2028-01-31T10:00:00Z",
            ["2028-02-25T08:00:00Z", "2028-02-26T08:00:00Z", "2028-02-29T08:00:00Z"],
        ),
        (
            "America/New_York",
            "2026-02-09T15:00:00Z",
            ["2026-03-05T13:00:00Z", "2026-03-06T13:00:00Z", "2026-03-09T13:00:00Z"],
        ),
        (
            "Asia/Tokyo",
            "2026-01-05T15:30:00Z",
            ["2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z", "2026-02-06T00:00:00Z"],
        ),
    ] {
        let terms = Terms {
            choice: PlanChoice { instalment_count: 2, deferred_days: 0, deferred_months: 0 },
            fee_fixed_minor: 0,
            fee_bps: 0,
            apr_bps: 0,
        };
        let zone = zone(name);
        let today = zone.to_datetime(at(opens).to_jiff()).date();
        let plan = schedule(&terms, Money { amount_minor: 10_000, currency: Currency::EUR }, today);
        let mut account = Account::open(plan, zone.clone(), Some(servicing()), at(opens));
        account = after(account, paid(0), opens);
        let mut came = Vec::new();
        for _ in 0..3 {
            let due = account.due_at().unwrap();
            came.push(due);
            let event = time(&account, due).unwrap();
            account = account.apply(&event, due).unwrap();
        }
        let came: Vec<_> = came.iter().map(|due| due.to_jiff().to_string()).collect();
        let expected = expected.map(|text| {
            let wall = |due: Timestamp| zone.to_datetime(due.to_jiff()).hour();
            assert!((8..21).contains(&wall(at(text))), "{text} is by day in {name}");
            at(text).to_jiff().to_string()
        });
        assert_eq!(came, expected, "{name} from {opens}");
    }
}

#[test]
fn an_hour_that_the_clocks_leave_out_is_the_one_after() {
    let mut account = after(three(), paid(0), "2026-03-02T10:01:00Z");
    account.servicing = Some(Servicing { due_hour: 2, reminder_hours: [].into(), ..servicing() });
    account.plan.instalments[1].due_date = date(2026, 3, 29);
    assert_eq!(account.due_at(), Some(at("2026-03-29T01:00:00Z")), "2 o'clock is 3 o'clock in Paris");
}

#[test]
fn who_pays_ahead_is_collected_from_once() {
    let begun = after(three(), paid(0), "2026-03-02T10:01:00Z");
    let ahead = |account: &Account, instalment, when| receive(account, Input::PayAhead { instalment }, at(when));
    let all = ahead(&begun, None, "2026-03-10T10:00:00Z");
    assert_eq!(all, Ok(Event::AskedAhead { instalments: [1, 2].into() }));
    assert!(ahead(&begun, Some(0), "2026-03-10T10:00:00Z").is_err(), "it is paid");
    assert!(ahead(&begun, Some(3), "2026-03-10T10:00:00Z").is_err(), "there are three");
    let one = after(begun, Input::PayAhead { instalment: Some(2) }, "2026-03-10T10:00:00Z");
    assert!(ahead(&one, Some(2), "2026-03-10T10:00:01Z").is_err(), "it is being collected");
    let rest = ahead(&one, None, "2026-03-10T10:00:01Z");
    assert_eq!(rest, Ok(Event::AskedAhead { instalments: [1].into() }));
    assert_eq!(
        (one.is_collecting(2, at("2026-03-11T09:59:59Z")), one.is_collecting(2, at("2026-03-11T10:00:00Z"))),
        (true, false)
    );
    // It fails before its time: nobody is late, and it is due when it is due.
    let again = after(one.clone(), failed(2), "2026-03-10T10:05:00Z");
    assert_eq!((again.state, again.payable(at("2026-03-10T10:05:00Z"))), (PlanState::InProgress, vec![1, 2]));
    // The gateway never said what came of it: then too.
    let (_, lines) = pass(after(one, paid(1), "2026-03-10T10:06:00Z"), "2026-05-02T12:00:00Z");
    assert_eq!(lines, ["04-28 09:00 3 reminded 96", "04-29 09:00 3 reminded 72", "05-02 09:00 3 due"]);
}

#[test]
fn what_is_being_paid_on_the_due_date_is_not_collected_once_more() {
    let account = after(three(), paid(0), "2026-03-02T10:01:00Z");
    let (account, _) = pass(account, "2026-04-01T20:00:00Z");
    let account = after(account, Input::PayAhead { instalment: Some(1) }, "2026-04-01T20:00:00Z");
    let (account, lines) = pass(account, "2026-04-03T09:00:00Z");
    assert_eq!(lines, ["04-03 00:00 2 late"]);
    let account = after(account, Input::PayAhead { instalment: Some(1) }, "2026-04-09T21:59:00Z");
    let (account, lines) = pass(account, "2026-04-09T22:00:00Z");
    assert_eq!(lines, ["04-10 00:00 2 late_contact"]);
    let twice = receive(&account, Input::PayAhead { instalment: Some(1) }, at("2026-04-09T22:01:00Z"));
    assert_eq!(twice, Err("this instalment is being collected"), "midnight is no reason to pay twice");
}

#[test]
fn a_due_date_is_moved_once_and_not_too_far() {
    let begun = || after(three(), paid(0), "2026-03-02T10:01:00Z");
    let late = || pass(begun(), "2026-04-05T10:00:00Z").0;
    let collecting = || pass(begun(), "2026-04-02T10:00:00Z").0;
    let again = || after(begun(), moved(1, date(2026, 4, 3)), "2026-03-10T10:00:00Z");
    for (account, to, when, good) in [
        (begun(), date(2026, 4, 3), "2026-03-10T10:00:00Z", true),
        (begun(), date(2026, 4, 17), "2026-03-10T10:00:00Z", true),
        (begun(), date(2026, 4, 18), "2026-03-10T10:00:00Z", false),
        (begun(), date(2026, 4, 2), "2026-03-10T10:00:00Z", false),
        (begun(), date(2026, 4, 1), "2026-03-10T10:00:00Z", false),
        (again(), date(2026, 4, 4), "2026-03-11T10:00:00Z", false),
        (after(begun(), paid(1), "2026-03-10T10:00:00Z"), date(2026, 4, 4), "2026-03-11T10:00:00Z", false),
        (collecting(), date(2026, 4, 4), "2026-04-02T10:00:00Z", false),
        (late(), date(2026, 4, 6), "2026-04-05T10:00:00Z", true),
        (late(), date(2026, 4, 5), "2026-04-05T10:00:00Z", false),
        // In Paris it is the 6th.
        (late(), date(2026, 4, 6), "2026-04-05T22:00:00Z", false),
        (late(), date(2026, 4, 17), "2026-04-16T10:00:00Z", true),
        (late(), date(2026, 4, 17), "2026-04-17T10:00:00Z", false),
        (Account { servicing: None, ..begun() }, date(2026, 4, 4), "2026-03-10T10:00:00Z", false),
    ] {
        let received = receive(&account, moved(1, to), at(when));
        assert_eq!(received.is_ok(), good, "to {to} at {when}: {received:?}");
        if good {
            let then = account.apply(&received.unwrap(), at(when)).unwrap();
            assert_eq!((then.state, then.movable_until(1, at(when))), (PlanState::InProgress, None));
        }
    }
    assert_eq!(begun().movable_until(1, at("2026-03-10T10:00:00Z")), Some(date(2026, 4, 17)));
    let today = receive(&three(), moved(0, date(2026, 3, 5)), at("2026-03-02T10:30:00Z"));
    assert_eq!(today, Err("this instalment is being collected"), "the first is collected with the purchase");
    assert!(receive(&three(), moved(3, date(2026, 3, 5)), at("2026-03-02T10:30:00Z")).is_err());
}

#[test]
fn a_moved_date_has_reminders_of_its_own() {
    let begun = || after(three(), paid(0), "2026-03-02T10:01:00Z");
    let (account, lines) = pass(begun(), "2026-03-31T10:00:00Z");
    assert_eq!(lines.len(), 2);
    let far = after(account.clone(), moved(1, date(2026, 4, 10)), "2026-03-31T10:00:00Z");
    let (_, lines) = pass(far, "2026-04-10T10:00:00Z");
    assert_eq!(lines, ["04-06 09:00 2 reminded 96", "04-07 09:00 2 reminded 72", "04-10 09:00 2 due"]);
    // What would have been before is not made up for.
    let near = after(account.clone(), moved(1, date(2026, 4, 4)), "2026-03-31T10:00:00Z");
    let (_, lines) = pass(near, "2026-04-04T10:00:00Z");
    assert_eq!(lines, ["04-01 09:00 2 reminded 72", "04-04 09:00 2 due"]);
    let nearest = after(account, moved(1, date(2026, 4, 3)), "2026-03-31T10:00:00Z");
    let (_, lines) = pass(nearest, "2026-04-04T00:00:00Z");
    assert_eq!(lines, ["04-03 09:00 2 due", "04-04 00:00 2 late"], "late by the new date");
    let (late, _) = pass(begun(), "2026-04-05T10:00:00Z");
    let late = after(late, moved(1, date(2026, 4, 12)), "2026-04-05T10:00:00Z");
    assert_eq!(states(&late)[1], InstalmentState::Pending);
    let (_, lines) = pass(late, "2026-04-13T10:00:00Z");
    let expected =
        ["04-08 09:00 2 reminded 96", "04-09 09:00 2 reminded 72", "04-12 09:00 2 due", "04-13 00:00 2 late"];
    assert_eq!(lines, expected);
}

#[test]
fn a_first_payment_that_fails_opens_the_offer_again() {
    let fell = after(three(), failed(0), "2026-03-02T10:05:00Z");
    assert_eq!((fell.state, states(&fell)[0]), (PlanState::Late, InstalmentState::Incident));
    assert_eq!(fell.offer_until, Some(at("2026-03-02T11:05:00Z")));
    let twice = after(fell.clone(), failed(0), "2026-03-02T10:06:00Z");
    assert_eq!(twice.offer_until, Some(at("2026-03-02T11:06:00Z")));
    let paid_after_all = after(fell.clone(), paid(0), "2026-03-02T10:10:00Z");
    assert_eq!((paid_after_all.offer_until, paid_after_all.state), (None, PlanState::InProgress));
    let asked = after(fell.clone(), Input::PayAhead { instalment: Some(0) }, "2026-03-02T10:10:00Z");
    assert_eq!(asked.offer_until, None, "nobody pays the same twice");
    assert_eq!(after(asked, failed(0), "2026-03-02T10:11:00Z").offer_until, Some(at("2026-03-02T11:11:00Z")));
    let nothing_left =
        after(Account { plan: without_interest(&fell.plan), ..fell }, refund(24_000), "2026-03-02T10:12:00Z");
    assert_eq!((nothing_left.offer_until, nothing_left.state), (None, PlanState::Paid));
    let second = after(paid_after_all, failed(1), "2026-04-02T10:00:00Z");
    assert_eq!((second.offer_until, second.state), (None, PlanState::Late), "a plan that has begun goes on");
}

#[test]
fn while_another_payment_is_under_way_a_failed_one_opens_no_offer() {
    let ahead = || Input::PayAhead { instalment: Some(1) };
    let both = after(three(), ahead(), "2026-03-02T10:01:00Z");
    let second_fell = after(both.clone(), failed(1), "2026-03-02T10:05:00Z");
    assert_eq!(second_fell.offer_until, None, "the first may yet be paid: nobody pays the same twice");
    let both_fell = after(second_fell, failed(0), "2026-03-02T10:06:00Z");
    assert_eq!(both_fell.offer_until, Some(at("2026-03-02T11:06:00Z")), "nothing is under way any more");
    let first_fell = after(both, failed(0), "2026-03-02T10:05:00Z");
    assert_eq!(first_fell.offer_until, None);
    let never_reported = after(first_fell, failed(0), "2026-03-03T10:05:00Z");
    assert!(never_reported.offer_until.is_some(), "what was not reported within a day is not waited for");
}

fn without_interest(plan: &Plan) -> Plan {
    let agreed = |one: &Instalment| Instalment::agreed(one.due_date, one.purchase_amount_minor, 0, 0);
    Plan { instalments: plan.instalments.iter().map(agreed).collect(), customer_cost_minor: 0, ..plan.clone() }
}

#[test]
fn reports_are_taken_once() {
    let begun = after(three(), paid(0), "2026-03-02T10:01:00Z");
    for input in [paid(0), failed(0), paid(3), failed(3)] {
        let received = receive(&begun, input.clone(), at("2026-03-02T10:02:00Z"));
        assert!(received.is_err(), "{input:?} once more: {received:?}");
    }
    let named = Input::ReportPaid { instalment: 1, reference: Some("pay-2".into()) };
    let event = receive(&begun, named, at("2026-03-03T10:00:00Z"));
    assert_eq!(event, Ok(Event::Paid { instalment: 1, reference: Some("pay-2".into()) }));
    assert_eq!(receive(&begun, Input::ChangeCard, at("2026-03-03T10:00:00Z")), Ok(Event::CardChangeAsked));
    assert_eq!(begun.clone().apply(&Event::CardChangeAsked, at("2026-03-03T10:00:00Z")), Some(begun));
}

#[test]
fn a_refund_takes_from_the_end_and_gives_back_what_is_paid() {
    let begun = || after(three(), paid(0), "2026-03-02T10:01:00Z");
    let totals =
        |account: &Account| account.plan.instalments.iter().map(|one| one.total_amount_minor).collect::<Vec<_>>();
    assert_eq!(totals(&begun()), [8_000, 8_000, 9_000]);
    for (account, amount, expected, back) in [
        (begun(), 2_000, [8_000, 8_000, 6_750], 0),
        (begun(), 8_000, [8_000, 8_000, 0], 0),
        (begun(), 10_000, [8_000, 6_000, 0], 0),
        (begun(), 20_000, [8_000, 0, 0], 4_000),
        (begun(), 24_000, [8_000, 0, 0], 8_000),
        // The first is being collected: it is given back.
        (three(), 24_000, [8_000, 0, 0], 8_000),
        (after(three(), failed(0), "2026-03-02T10:05:00Z"), 24_000, [0, 0, 0], 0),
        // The last is being collected: the one before it is reduced instead.
        (
            after(begun(), Input::PayAhead { instalment: Some(2) }, "2026-03-02T10:30:00Z"),
            3_000,
            [8_000, 5_000, 9_000],
            0,
        ),
    ] {
        let then = after(account, refund(amount), "2026-03-02T11:00:00Z");
        assert_eq!((totals(&then), then.paid_back_minor, then.refunded_minor), (expected.to_vec(), back, amount));
    }
    let whole = after(begun(), refund(24_000), "2026-03-02T11:00:00Z");
    assert_eq!((whole.state, whole.due_at()), (PlanState::Paid, None));
    assert_eq!(states(&whole), [InstalmentState::Paid, InstalmentState::Covered, InstalmentState::Covered]);
    for (account, amount) in [(begun(), 0), (begun(), -1), (begun(), 24_001), (begun(), i64::MAX), (whole, 1)] {
        let received = receive(&account, refund(amount), at("2026-03-02T12:00:00Z"));
        assert!(received.is_err(), "{amount} of {}: {received:?}", account.refundable_minor());
    }
}

#[test]
fn a_collection_that_was_never_reported_is_reduced_before_one_that_is_under_way() {
    let account = after(three(), paid(0), "2026-03-02T10:01:00Z");
    let account = after(account, Input::PayAhead { instalment: Some(1) }, "2026-03-05T10:00:00Z");
    let account = after(account, Input::PayAhead { instalment: Some(2) }, "2026-03-10T10:00:00Z");
    let account = after(account, refund(3_000), "2026-03-10T10:01:00Z");
    let totals: Vec<_> = account.plan.instalments.iter().map(|one| one.total_amount_minor).collect();
    assert_eq!((totals, account.paid_back_minor), (vec![8_000, 5_000, 9_000], 0));
}

#[test]
fn a_plan_without_servicing_is_left_to_the_gateway() {
    let account = Account { servicing: None, ..three() };
    assert_eq!((account.due_at(), time(&account, at("2027-01-01T00:00:00Z"))), (None, None));
    let account = after(account, paid(0), "2026-03-02T10:01:00Z");
    let account = after(account, Input::PayAhead { instalment: None }, "2026-03-02T10:02:00Z");
    let account = after(after(account, paid(1), "2026-03-02T10:03:00Z"), paid(2), "2026-03-02T10:03:00Z");
    assert_eq!(account.state, PlanState::Paid);
}

/// An input that may be legal, by numbers that chance draws.
fn drawn(account: &Account, kind: u8, index: Index, days: i32, share: i64, now: Timestamp) -> Input {
    let count = account.plan.instalments.len();
    let instalment = u8::try_from(index.index(count)).unwrap();
    let of = &account.plan.instalments[usize::from(instalment)];
    match kind {
        0 => Input::PayAhead { instalment: None },
        1 => Input::PayAhead { instalment: Some(instalment) },
        2 => Input::MoveDueDate { instalment, to: of.due_date.saturating_add(days.days()) },
        3 => {
            let today = account.zone.to_datetime(now.to_jiff()).date();
            Input::MoveDueDate { instalment, to: today.saturating_add(days.days()) }
        }
        4 => Input::ChangeCard,
        5 | 6 => paid(instalment),
        7 | 8 => failed(instalment),
        _ => refund((account.refundable_minor() * share / 100).max(1)),
    }
}

/// What is true of every account.
fn check(account: &Account) -> Result<(), TestCaseError> {
    let plan = &account.plan;
    let sum = |of: &dyn Fn(&Instalment) -> i64| plan.instalments.iter().map(of).sum::<i64>();
    prop_assert_eq!(sum(&|one| one.purchase_amount_minor), plan.amount.amount_minor);
    prop_assert!((0..=plan.amount.amount_minor).contains(&account.refunded_minor));
    prop_assert!((0..=account.refunded_minor).contains(&account.paid_back_minor));
    let taken = sum(&|one| one.refunded_minor);
    prop_assert_eq!(taken, account.refunded_minor - account.paid_back_minor, "what is not given back is not asked for");
    for one in &plan.instalments {
        prop_assert!((0..=one.purchase_amount_minor).contains(&one.refunded_minor));
        prop_assert!(one.customer_interest_minor >= 0);
        let whole =
            one.purchase_amount_minor - one.refunded_minor + one.customer_fee_minor + one.customer_interest_minor;
        prop_assert_eq!(one.total_amount_minor, whole);
        prop_assert!(one.state != InstalmentState::Covered || whole == 0);
        prop_assert_eq!(one.paid_at.is_some(), one.state == InstalmentState::Paid);
    }
    let costs = sum(&|one| one.customer_fee_minor + one.customer_interest_minor);
    let is_paid = |one: &Instalment| one.state == InstalmentState::Paid;
    let paid = sum(&|one| if is_paid(one) { one.total_amount_minor } else { 0 });
    let owed = plan.amount.amount_minor + costs - account.refunded_minor;
    prop_assert_eq!(paid - account.paid_back_minor + plan.left_to_pay_minor(), owed, "paid + open + refunded");
    let open = plan.instalments.iter().any(|one| one.state.is_open());
    prop_assert_eq!(account.state == PlanState::Paid, !open);
    prop_assert!(open || account.due_at().is_none() && account.offer_until.is_none());
    prop_assert!(!account.is_begun() || account.offer_until.is_none());
    Ok(())
}

proptest! {
    #[test]
    fn whatever_happens_the_money_adds_up_and_time_gets_on(
        amount in prop_oneof![1..100_000_i64, 1..100_000_000_i64],
        choice in (1..=12_u8, 0..=40_u8),
        costs in (prop_oneof![Just(0_i64), 0..5_000_i64], prop_oneof![Just(0_u32), 1..4_000_u32]),
        begins in 0..1_500_000_i64,
        zone_name in prop_oneof![Just("Europe/Paris"), Just("America/New_York"), Just("Pacific/Apia"), Just("UTC")],
        night in (0..24_i8, 1..20_i8, 0..24_i8),
        reminders in prop::collection::btree_set(1..400_u16, 0..4),
        serviced in prop::bool::weighted(0.9),
        steps in prop::collection::vec((0..12_u8, any::<Index>(), -3..20_i32, 0..=120_i64, 0..(20 * DAY_MS), any::<bool>()), 1..40),
    ) {
        let terms = Terms {
            choice: PlanChoice { instalment_count: choice.0, deferred_days: choice.1, deferred_months: 0 },
            fee_fixed_minor: costs.0,
            fee_bps: 0,
            apr_bps: costs.1,
        };
        let servicing = Servicing {
            reminder_hours: reminders.into_iter().rev().collect(),
            movable_days: 15,
            due_hour: night.2,
            quiet_from_hour: night.0,
            quiet_until_hour: (night.0 + night.1) % 24,
        };
        let mut now = Timestamp::from_ms(1_700_000_000_000 + begins * 60_000).unwrap();
        let zone = zone(zone_name);
        let today = zone.to_datetime(now.to_jiff()).date();
        let plan = schedule(&terms, Money { amount_minor: amount, currency: Currency::EUR }, today);
        let mut account = Account::open(plan, zone, serviced.then_some(servicing), now);
        check(&account)?;
        for (kind, index, days, share, wait, stood_still) in steps {
            // Short waits are as likely as long ones.
            let until = now.plus_ms(if kind % 2 == 0 { wait } else { wait % HOUR_MS });
            let mut brought = 0;
            while let Some(due) = account.due_at().filter(|due| *due <= until) {
                let when = if stood_still { until } else { due.max(now) };
                let Some(event) = time(&account, when) else {
                    // At night a reminder that was missed waits for the morning, and nothing else does.
                    let hour = account.zone.to_datetime(when.to_jiff()).hour();
                    prop_assert!(when > due && !account.servicing.as_ref().unwrap().is_day(hour), "{due:?} brings nothing");
                    break;
                };
                let then = account.clone().apply(&event, when);
                prop_assert!(then.is_some(), "{:?} cannot be applied", event);
                let then = then.unwrap();
                prop_assert!(then != account, "{:?} changes nothing", event);
                check(&then)?;
                account = then;
                brought += 1;
                prop_assert!(brought < MANY, "time goes round in circles");
            }
            now = until;
            let input = drawn(&account, kind, index, days, share, now);
            let is_paid = account.state == PlanState::Paid;
            if let Ok(event) = receive(&account, input.clone(), now) {
                let then = account.clone().apply(&event, now);
                prop_assert!(then.is_some(), "{:?} means {:?}, which cannot be applied", input, event);
                account = then.unwrap();
                check(&account)?;
            }
            prop_assert!(!is_paid || account.state == PlanState::Paid, "{:?} undoes a paid plan", input);
        }
    }
}
