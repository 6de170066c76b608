//! What the features say of a submission. Each row changes the bare submission and names what it expects:
//! `feature=value`, `feature=-` for missing; booleans are 0 and 1.

use super::velocity::Velocity;
use super::{Facts, FeatureKind, all, count, find};
use crate::domain::contact::{Email, Phone};
use crate::domain::geo::{Address, Country};
use crate::domain::ids::{CustomerId, MerchantId, RequestId};
use crate::domain::keys::{KeyHasher, KeyKind};
use crate::domain::money::{Currency, Money};
use crate::domain::plan::PlanChoice;
use crate::domain::submission::*;
use crate::domain::time::{DAY_MS, Timestamp};
use jiff::tz::TimeZone;

/// A submission of only what must be given.
pub(super) fn bare() -> Submission {
    Submission {
        request_id: RequestId::parse("r-1").unwrap(),
        purchase: Purchase {
            amount: eur(10_000),
            plan: PlanChoice { instalment_count: 3, deferred_days: 0, deferred_months: 0 },
            merchant_reference: None,
            merchant_category: None,
            items: Vec::new(),
            shipping_address: None,
            billing_address: None,
            shipping_method: None,
            card: None,
        },
        customer: Customer {
            customer_id: CustomerId::parse("c-1").unwrap(),
            given_name: None,
            family_name: None,
            email: None,
            phone: None,
            birth_date: None,
            address: None,
            history: None,
        },
        context: Context::default(),
        signals: Signals::default(),
        occurred_at: None,
    }
}

/// A submission of everything.
pub(super) fn full() -> Submission {
    let mut s = bare();
    s.purchase.merchant_category = Some("electronics".into());
    s.purchase.shipping_method = Some("express".into());
    s.purchase.items = vec![item(Some("phones"), 1, Some(10_000))];
    s.purchase.shipping_address = Some(home("FR"));
    s.purchase.billing_address = Some(home("FR"));
    s.purchase.card =
        Some(Card { fingerprint: Some("fp".into()), bin_country: Some(country("FR")), funding: Some(Funding::Debit) });
    s.customer.given_name = Some("Ada".into());
    s.customer.family_name = Some("Lovelace".into());
    s.customer.email = Email::parse("ada.lovelace@gmail.com").ok();
    s.customer.phone = Phone::parse("+33612345678").ok();
    s.customer.address = Some(home("FR"));
    s.customer.history = Some(AccountHistory {
        created_at: Some(at().plus_ms(-100 * DAY_MS)),
        guest: Some(false),
        orders: vec![order(50, 4_000, Some(OrderStatus::Completed))],
    });
    s.context = Context {
        ip_address: Some("81.2.69.142".parse().unwrap()),
        device_id: Some("device".into()),
        user_agent: Some("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36".into()),
        locale: Some("fr-FR".into()),
        terminal_id: Some("checkout".into()),
        origin: Some(Origin::Web),
        return_url: None,
    };
    s
}

/// A Saturday, 20:15 in Paris.
pub(super) fn at() -> Timestamp {
    Timestamp::parse("2026-03-14T19:15:00Z").unwrap()
}

pub(super) fn facts(submission: &Submission, at: Timestamp) -> Facts {
    let paris = TimeZone::get("Europe/Paris").unwrap();
    Facts::extract(submission, &MerchantId::parse("shop").unwrap(), &paris, at, &KeyHasher::new([3; 16]))
}

/// Checks rows such as `amount_minor=10000 guest=-` against facts.
pub(super) fn expect(facts: &Facts, expected: &str) {
    for row in expected.split_whitespace() {
        let (name, expected) = row.split_once('=').unwrap();
        let id = find(name).unwrap_or_else(|| panic!("there is no feature {name}"));
        let number = facts.vector.number(id);
        let came = match facts.vector.category(id) {
            Some(category) => category.to_owned(),
            None if number.is_nan() => "-".to_owned(),
            None => number.to_string(),
        };
        assert_eq!(came, expected, "{name}");
    }
}

fn check(change: impl FnOnce(&mut Submission), expected: &str) {
    let mut submission = bare();
    change(&mut submission);
    expect(&facts(&submission, at()), expected);
}

fn eur(amount_minor: i64) -> Money {
    Money { amount_minor, currency: Currency::EUR }
}

fn country(code: &str) -> Country {
    Country::parse(code).unwrap()
}

fn home(code: &str) -> Address {
    Address {
        line1: Some("12, rue du Bac".into()),
        city: Some("Paris".into()),
        postal_code: Some("75007".into()),
        country: Some(country(code)),
        ..Address::default()
    }
}

fn item(category: Option<&str>, quantity: u32, unit_price_minor: Option<i64>) -> Item {
    Item { title: None, category: category.map(Into::into), quantity, unit_price_minor }
}

fn order(days_ago: i64, amount_minor: i64, status: Option<OrderStatus>) -> PastOrder {
    PastOrder { ordered_at: at().plus_ms(-days_ago * DAY_MS), amount: eur(amount_minor), status }
}

#[test]
fn every_feature_has_a_value_on_some_submission() {
    let mut scene = facts(&full(), at());
    let mut velocity = Velocity::new(1 << 20);
    for days in [0, 20] {
        velocity.add(&scene.keys, at().plus_ms(-days * DAY_MS - 60_000), scene.amount);
    }
    velocity.add(&scene.keys, at().plus_ms(-7 * DAY_MS - 60_000), scene.amount);
    velocity.read_into(&mut scene);
    super::evidence::tests::set_all(&mut scene.vector);
    for (id, feature) in all() {
        let missing = scene.vector.category(id).is_none() && scene.vector.number(id).is_nan();
        assert!(!missing, "{} is missing on the full submission: give `full` what it needs", feature.name);
        let listed = scene.vector.category(id).is_none_or(|name| feature.values.contains(&name));
        assert!(feature.values.is_empty() || listed, "{}: a value that the catalogue does not list", feature.name);
        assert_eq!(feature.kind == FeatureKind::Category, scene.vector.category(id).is_some(), "{}", feature.name);
    }
    assert!(count() >= 60);
}

#[test]
fn a_bare_submission_has_what_is_never_missing_and_no_more() {
    let mut scene = facts(&bare(), at());
    Velocity::new(1 << 20).read_into(&mut scene);
    for (id, feature) in all().filter(|(_, feature)| !feature.name.contains("customer")) {
        let missing = scene.vector.category(id).is_none() && scene.vector.number(id).is_nan();
        assert_eq!(missing, feature.missing != "Never.", "{}: missing when: {}", feature.name, feature.missing);
    }
}

#[test]
fn purchase() {
    check(
        |_| {},
        "amount_minor=10000 currency=EUR instalment_count=3 deferred_days=0 instalment_amount_minor=3333 \
         plan_length_days=60 first_instalment_deferred=0 amount_is_whole=1 merchant_category=- shipping_method=- \
         card_known=0 card_funding=- card_country=-",
    );
    check(
        |s| {
            s.purchase.amount = Money { amount_minor: 4_077, currency: Currency::parse("JPY").unwrap() };
            s.purchase.plan = PlanChoice { instalment_count: 1, deferred_days: 15, deferred_months: 0 };
        },
        "currency=JPY amount_is_whole=1 plan_length_days=15 first_instalment_deferred=1 instalment_amount_minor=4077",
    );
    check(|s| s.purchase.amount = eur(4_077), "amount_is_whole=0");
    check(
        |s| s.purchase.plan = PlanChoice { instalment_count: 1, deferred_days: 0, deferred_months: 1 },
        "plan_length_days=30 first_instalment_deferred=1 deferred_months=1",
    );
    check(
        |s| {
            s.purchase.card =
                Some(Card { fingerprint: None, bin_country: Some(country("BE")), funding: Some(Funding::Prepaid) });
        },
        "card_known=0 card_funding=prepaid card_country=BE",
    );
}

#[test]
fn basket() {
    check(|_| {}, "basket_lines=- item_count=- basket_total_matches=- basket_top_category=- basket_has_gift_card=-");
    check(
        |s| {
            s.purchase.items = vec![
                item(Some("phones"), 1, Some(6_000)),
                item(Some("cases"), 2, Some(1_500)),
                item(Some("phones"), 1, Some(1_000)),
            ];
        },
        "basket_lines=3 item_count=4 largest_quantity=2 basket_total_minor=10000 basket_total_matches=1 \
         most_expensive_item_minor=6000 most_expensive_item_share=0.6 mean_item_minor=2500 \
         basket_top_category=phones basket_category_count=2 basket_has_gift_card=0 priced_line_share=1",
    );
    check(
        |s| s.purchase.items = vec![item(None, 3, None), item(Some("gift_cards"), 1, Some(5_000))],
        "item_count=4 basket_total_minor=- basket_total_matches=- most_expensive_item_minor=5000 \
         basket_top_category=gift_cards basket_has_gift_card=1 priced_line_share=0.5 basket_category_count=1",
    );
    check(
        |s| s.purchase.items = vec![item(None, 1, None)],
        "basket_lines=1 most_expensive_item_minor=- mean_item_minor=- basket_top_category=- basket_category_count=-",
    );
}

#[test]
fn customer() {
    check(
        |_| {},
        "given_name_known=0 birth_date_known=0 details_known_count=0 name_has_digit=- name_is_one_letter=- names_alike=-",
    );
    check(
        |s| {
            s.customer.given_name = Some("Ada".into());
            s.customer.family_name = Some("ADA".into());
            s.customer.birth_date = Some(jiff::civil::date(1990, 1, 1));
        },
        "given_name_known=1 birth_date_known=1 details_known_count=3 name_has_digit=0 name_is_one_letter=0 names_alike=1",
    );
    check(|s| s.customer.family_name = Some("X2".into()), "name_has_digit=1 name_is_one_letter=1 names_alike=-");
}

#[test]
fn account() {
    let history = |orders: Vec<PastOrder>| {
        move |s: &mut Submission| {
            s.customer.history = Some(AccountHistory { created_at: None, guest: None, orders });
        }
    };
    check(|_| {}, "history_known=0 account_age_days=- guest=- past_order_count=- past_order_sum_minor=-");
    check(
        history(vec![]),
        "history_known=1 account_age_days=- guest=- past_order_count=0 past_order_sum_minor=- past_order_mean_minor=- \
         amount_to_past_mean=- disputed_share=- disputed_order_count=- days_since_last_order=-",
    );
    check(
        history(vec![
            order(10, 4_000, Some(OrderStatus::Completed)),
            order(300, 2_000, Some(OrderStatus::Disputed)),
            order(400, 6_000, None),
            order(-1, 99_999, Some(OrderStatus::Disputed)),
        ]),
        "past_order_count=3 past_order_count_30d=1 past_order_count_365d=2 past_order_sum_minor=12000 \
         past_order_mean_minor=4000 past_order_max_minor=6000 amount_to_past_mean=2.5 disputed_share=0.5 \
         completed_share=0.5 returned_share=0 disputed_order_count=1 days_since_last_order=10 days_since_first_order=400",
    );
    let dollars = Money { amount_minor: 1, currency: Currency::parse("USD").unwrap() };
    check(
        history(vec![order(10, 4_000, None), PastOrder { amount: dollars, ..order(5, 0, None) }]),
        "past_order_count=2 past_order_sum_minor=- past_order_max_minor=- amount_to_past_mean=- amount_to_past_max=-",
    );
    for (days, expected) in [(100, "account_age_days=100 guest=1"), (-1, "account_age_days=- guest=1")] {
        check(
            |s| {
                let created_at = Some(at().plus_ms(-days * DAY_MS));
                s.customer.history = Some(AccountHistory { created_at, guest: Some(true), orders: vec![] });
            },
            expected,
        );
    }
}

#[test]
fn address() {
    check(|_| {}, "shipping_address_complete=- shipping_is_billing=- shipping_country=- country_count=-");
    check(
        |s| {
            s.purchase.shipping_address = Some(home("FR"));
            s.purchase.billing_address =
                Some(Address { line1: Some("12 RUE DU BAC".into()), postal_code: Some("75 007".into()), ..home("FR") });
            s.customer.address = Some(home("BE"));
            s.purchase.card = Some(Card { bin_country: Some(country("US")), ..Card::default() });
        },
        "shipping_address_complete=1 shipping_is_billing=1 shipping_is_home=0 billing_is_home=0 \
         shipping_postal_code_is_billing=1 shipping_city_is_billing=1 shipping_country=FR home_country=BE \
         shipping_country_is_billing=1 billing_country_is_home=0 card_country_is_billing=0 card_country_is_shipping=0 \
         country_count=3",
    );
    check(
        |s| {
            s.purchase.shipping_address = Some(Address { line1: None, ..home("FR") });
            s.purchase.billing_address = Some(Address { postal_code: None, city: None, ..home("FR") });
        },
        "shipping_address_complete=0 billing_address_complete=0 shipping_is_billing=- shipping_city_is_billing=- \
         card_country_is_billing=- country_count=1",
    );
}

#[test]
fn contact() {
    check(|_| {}, "email_known=0 email_host_kind=- phone_known=0 phone_valid=- phone_kind=- phone_country=-");
    check(
        |s| {
            s.customer.email = Email::parse("ada+shop85@Gmail.com").ok();
            s.customer.given_name = Some("Ada".into());
            s.customer.family_name = Some("Lovelace".into());
        },
        "email_known=1 email_host_kind=free email_provider=gmail email_top_level_domain=com email_local_length_chars=10 \
         email_local_digit_count=2 email_local_digit_share=0.2 email_has_tag=1 given_name_in_email=1 \
         family_name_in_email=0",
    );
    check(
        |s| s.customer.email = Email::parse("x@yopmail.com").ok(),
        "email_host_kind=disposable email_provider=- given_name_in_email=-",
    );
    check(
        |s| {
            s.customer.phone = Phone::parse("+33612345678").ok();
            s.purchase.billing_address = Some(home("FR"));
            s.purchase.shipping_address = Some(home("BE"));
        },
        "phone_known=1 phone_valid=1 phone_kind=mobile phone_country=FR phone_country_is_billing=1 \
         phone_country_is_shipping=0 phone_country_is_card=-",
    );
    check(
        |s| s.customer.phone = Phone::parse("+33012345678").ok(),
        "phone_known=1 phone_valid=0 phone_kind=- phone_country=-",
    );
}

#[test]
fn device() {
    check(|_| {}, "device_known=0 origin=- device_family=- ip_version=- ip_is_public=- language=- locale_country=-");
    check(
        |s| *s = full(),
        "device_known=1 terminal_known=1 origin=web user_agent_known=1 device_family=desktop operating_system=windows \
         browser=chrome user_agent_is_bot=0 ip_version=ipv4 ip_is_public=1 language=fr locale_country=FR \
         locale_country_is_billing=1 locale_country_is_shipping=1 locale_country_is_card=1",
    );
    check(
        |s| {
            s.context.ip_address = Some("::ffff:10.0.0.1".parse().unwrap());
            s.context.locale = Some("en".into());
        },
        "ip_version=ipv4 ip_is_public=0 language=en locale_country=- locale_country_is_billing=-",
    );
}

#[test]
fn time() {
    for (at, expected) in [
        ("2026-03-14T19:15:00Z", "hour_of_day=20 day_of_week=6 during_weekend=1 during_night=0 day_of_month=14"),
        ("2026-03-13T23:30:00Z", "hour_of_day=0 day_of_week=6 during_weekend=1 during_night=1 days_left_in_month=17"),
        ("2026-07-13T04:59:59Z", "hour_of_day=6 day_of_week=1 during_weekend=0 during_night=1"),
        ("2026-07-13T05:00:00Z", "hour_of_day=7 during_night=0"),
    ] {
        expect(&facts(&bare(), Timestamp::parse(at).unwrap()), expected);
    }
}

#[test]
fn keys_name_what_was_given() {
    let named = |submission: &Submission| {
        let keys = facts(submission, at()).keys;
        KeyKind::ALL.into_iter().filter(|kind| keys.get(*kind).is_some()).map(KeyKind::name).collect::<Vec<_>>()
    };
    assert_eq!(named(&bare()), ["customer"]);
    assert_eq!(named(&full()), KeyKind::ALL.map(KeyKind::name));
}

#[test]
fn keys_are_the_same_for_all_spellings() {
    let key = |kind, change: &dyn Fn(&mut Submission)| {
        let mut submission = bare();
        change(&mut submission);
        facts(&submission, at()).keys.get(kind)
    };
    let email = |text: &'static str| key(KeyKind::Email, &move |s| s.customer.email = Email::parse(text).ok());
    assert_eq!(email("Ada+x@Example.org"), email("ada@example.org"));
    let ip = |text: &'static str| key(KeyKind::Ip, &move |s| s.context.ip_address = text.parse().ok());
    assert_eq!(ip("2a01:cb00::1"), ip("2a01:cb00::ffff:1"), "one line has all of a /64");
    assert_ne!(ip("2a01:cb00::1"), ip("2a01:cb00:0:1::1"));
    assert_eq!(ip("::ffff:81.2.69.142"), ip("81.2.69.142"));
    assert_ne!(ip("81.2.69.142"), ip("81.2.69.143"));
    let shipped = key(KeyKind::Address, &|s| s.purchase.shipping_address = Some(home("FR")));
    let billed = key(KeyKind::Address, &|s| {
        s.purchase.shipping_address = Some(Address { country: Some(country("BE")), ..Address::default() });
        s.purchase.billing_address = Some(home("FR"));
    });
    assert_eq!(shipped, billed, "an address that names no place is passed over");
}

#[test]
fn the_country_is_where_the_bill_goes() {
    let mut submission = full();
    submission.purchase.billing_address = Some(home("BE"));
    assert_eq!(facts(&submission, at()).country, Some(country("BE")));
    submission.purchase.billing_address = Some(Address { country: None, ..home("BE") });
    assert_eq!(facts(&submission, at()).country, Some(country("FR")));
    assert_eq!(facts(&bare(), at()).country, None);
}

/// A customer known by all eight keys who buys for the fourth time, with a line and a terminal that others share.
pub(super) fn typical() -> Facts {
    let mut scene = facts(&full(), at());
    let mut velocity = Velocity::new(1 << 20);
    for (days, amount_minor) in [(40, 4_999), (12, 12_950), (3, 2_345)] {
        velocity.add(&scene.keys, at().plus_ms(-days * DAY_MS), eur(amount_minor));
    }
    for (kind, others) in [(KeyKind::Ip, 3), (KeyKind::Terminal, 997)] {
        let mut keys = crate::domain::keys::Keys::default();
        keys.0[kind as usize] = scene.keys.get(kind);
        for other in 0..others {
            velocity.add(&keys, at().plus_ms(-other * 80 * DAY_MS / others - 77_777), eur(1_003 + other * 217));
        }
    }
    velocity.read_into(&mut scene);
    scene
}
