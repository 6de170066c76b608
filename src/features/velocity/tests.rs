//! Velocity through its features: sequence, windows, currencies, frauds, forgetting.

use super::Velocity;
use crate::domain::keys::{KeyKind, Keys};
use crate::domain::money::{Currency, Money};
use crate::domain::time::{DAY_MS, HOUR_MS, Timestamp};
use crate::features::Facts;
use crate::features::tests::{at, bare, expect, facts};

const LARGE: usize = 1 << 24;

fn card(hash: u64) -> Keys {
    let mut keys = Keys::default();
    keys.0[KeyKind::Card as usize] = Some(hash);
    keys
}

fn money(amount_minor: i64, code: &str) -> Money {
    Money { amount_minor, currency: Currency::parse(code).unwrap() }
}

fn eur(amount_minor: i64) -> Money {
    money(amount_minor, "EUR")
}

fn ago(ms: i64) -> Timestamp {
    at().plus_ms(-ms)
}

/// What the velocity says of a purchase of 100 EUR with these keys, now.
fn read(velocity: &mut Velocity, keys: Keys) -> Facts {
    let mut facts = Facts { keys, ..facts(&bare(), at()) };
    velocity.read_into(&mut facts);
    facts
}

fn check(events: &[(i64, Money)], expected: &str) {
    let mut velocity = Velocity::new(LARGE);
    events.iter().for_each(|(ms, amount)| velocity.add(&card(1), ago(*ms), *amount));
    expect(&read(&mut velocity, card(1)), expected);
}

#[test]
fn windows_begin_after_their_length_and_end_now() {
    check(
        &[],
        "card_count_1h=0 card_sum_minor_1h=0 card_mean_minor_1h=- card_seconds_since_last=- customer_count_1h=-",
    );
    check(&[(HOUR_MS, eur(1))], "card_count_1h=0 card_count_1d=1");
    check(&[(HOUR_MS - 1, eur(1))], "card_count_1h=1");
    check(&[(0, eur(1))], "card_count_1h=1 card_seconds_since_last=0");
    check(&[(-1, eur(1))], "card_count_1h=0 card_count_90d=0 card_seconds_since_last=-");
    check(&[(90 * DAY_MS, eur(1))], "card_count_90d=0");
    check(
        &[(60_000, eur(100)), (2 * DAY_MS, eur(200)), (8 * DAY_MS, eur(600)), (80 * DAY_MS, eur(5))],
        "card_count_1h=1 card_count_1d=1 card_count_7d=2 card_count_30d=3 card_count_90d=4 card_sum_minor_30d=900 \
         card_mean_minor_7d=150 card_mean_minor_30d=300 card_seconds_since_last=60 card_count_before_7d_30d=1",
    );
}

#[test]
fn late_events_count_at_their_own_time() {
    let events = [(2 * DAY_MS, eur(200)), (60_000, eur(100)), (8 * DAY_MS, eur(600)), (3 * DAY_MS, eur(1))];
    check(&events, "card_count_1h=1 card_count_7d=3 card_sum_minor_7d=301 card_count_30d=4 card_seconds_since_last=60");
}

#[test]
fn sums_and_means_are_of_one_currency() {
    check(
        &[(60_000, eur(100)), (2 * DAY_MS, money(7, "USD"))],
        "card_count_7d=2 card_sum_minor_1d=100 card_sum_minor_7d=- card_mean_minor_7d=- amount_to_card_mean_30d=-",
    );
    check(&[(60_000, money(7, "USD"))], "card_count_1d=1 card_sum_minor_1d=-");
    let many: Vec<_> =
        (1..50).map(|hour| (hour * HOUR_MS, if hour == 30 { money(1, "USD") } else { eur(2) })).collect();
    check(&many, "card_count_7d=49 card_sum_minor_1d=46 card_sum_minor_7d=-");
}

#[test]
fn a_reading_counts_nothing_and_the_kth_sees_those_before() {
    let mut velocity = Velocity::new(LARGE);
    for earlier in 0..6 {
        for _ in 0..2 {
            expect(&read(&mut velocity, card(1)), &format!("card_count_1h={earlier}"));
        }
        velocity.add(&card(1), at(), eur(10_000));
    }
}

#[test]
fn the_handbooks_features_include_this_one_and_wait_for_reports() {
    let mut keys = Keys::default();
    keys.0[KeyKind::Customer as usize] = Some(1);
    keys.0[KeyKind::Terminal as usize] = Some(1);
    let mut velocity = Velocity::new(LARGE);
    expect(
        &read(&mut velocity, keys),
        "customer_count_with_this_7d=1 customer_mean_with_this_minor_7d=10000 terminal_count_before_7d_7d=0 \
         terminal_fraud_share_before_7d_7d=-",
    );
    for days in [1, 7, 8, 20] {
        velocity.add(&keys, ago(days * DAY_MS), eur(20_000));
    }
    velocity.report_fraud(&keys, ago(8 * DAY_MS));
    velocity.report_fraud(&keys, ago(DAY_MS));
    expect(
        &read(&mut velocity, keys),
        "customer_count_with_this_1d=1 customer_count_with_this_7d=2 customer_mean_with_this_minor_7d=15000 \
         terminal_count_before_7d_1d=1 terminal_fraud_share_before_7d_1d=0 terminal_count_before_7d_7d=2 \
         terminal_fraud_share_before_7d_7d=0.5 terminal_count_before_7d_30d=3 terminal_frauds_reported_90d=2 \
         amount_to_customer_mean_30d=0.5",
    );
}

#[test]
fn a_report_marks_one_purchase() {
    let mut velocity = Velocity::new(LARGE);
    velocity.report_fraud(&card(1), ago(5));
    (0..2).for_each(|_| velocity.add(&card(1), ago(5), eur(1)));
    for (at, frauds) in [(5, 1), (6, 1), (5, 2), (5, 2)] {
        velocity.report_fraud(&card(1), ago(at));
        expect(&read(&mut velocity, card(1)), &format!("card_frauds_reported_90d={frauds}"));
    }
}

#[test]
fn kinds_of_keys_are_counted_apart() {
    let mut velocity = Velocity::new(LARGE);
    velocity.add(&card(1), ago(1), eur(1));
    let mut device = Keys::default();
    device.0[KeyKind::Device as usize] = Some(1);
    expect(&read(&mut velocity, device), "device_count_1d=0 card_count_1d=-");
}

#[test]
fn what_was_forgotten_is_missing_until_no_window_reaches_it() {
    let mut velocity = Velocity::new(1 << 16);
    for hash in 0..10_000 {
        velocity.add(&card(hash), ago(20 * DAY_MS), eur(1));
    }
    assert!(velocity.bytes() < 2 << 16, "{} bytes", velocity.bytes());
    expect(&read(&mut velocity, card(0)), "card_count_1d=0 card_count_7d=0 card_count_30d=- card_count_90d=-");
    expect(&read(&mut velocity, card(9_999)), "card_count_7d=0 card_count_30d=-");
    velocity.add(&card(0), ago(DAY_MS), eur(1));
    expect(&read(&mut velocity, card(0)), "card_count_7d=1 card_count_30d=- card_count_90d=-");
}

#[test]
fn who_comes_again_stays() {
    let mut velocity = Velocity::new(1 << 16);
    for hash in 1..10_000 {
        velocity.add(&card(hash), ago(20 * DAY_MS), eur(1));
        if hash % 100 == 0 {
            velocity.add(&card(0), ago(20 * DAY_MS), eur(1));
        }
    }
    expect(&read(&mut velocity, card(0)), "card_count_90d=99");
}

#[test]
fn the_digest_tells_states_apart_but_not_orders() {
    let keys: Vec<_> = (0..500_u64).map(card).collect();
    let digest = |order: &mut dyn Iterator<Item = &Keys>, fraud: Option<usize>| {
        let mut velocity = Velocity::new(LARGE);
        order.for_each(|keys| velocity.add(keys, ago(HOUR_MS), eur(5)));
        fraud.into_iter().for_each(|at| velocity.report_fraud(&keys[at], ago(HOUR_MS)));
        velocity.digest()
    };
    let forwards = digest(&mut keys.iter(), None);
    assert_eq!(forwards, digest(&mut keys.iter().rev(), None));
    assert_ne!(forwards, digest(&mut keys.iter().skip(1), None));
    assert_ne!(forwards, digest(&mut keys.iter(), Some(3)));
}

#[test]
fn the_digest_does_not_depend_on_which_currency_came_first() {
    let digest = |codes: [&str; 2]| {
        let mut velocity = Velocity::new(LARGE);
        for code in codes {
            velocity.add(&card(code.len() as u64 + u64::from(code.as_bytes()[0])), ago(1), money(5, code));
        }
        velocity.digest()
    };
    assert_eq!(digest(["EUR", "USD"]), digest(["USD", "EUR"]));
}
