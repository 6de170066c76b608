use super::*;
use crate::rpc::convert::{Content, MAX_VIOLATIONS};
use proptest::prelude::*;
use prost_types::Timestamp as WireTime;

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T08:30:00Z").unwrap()
}

/// A request with everything in it.
fn full() -> proto::DecideRequest {
    let text = r#"{
      "requestId": "r1", "occurredAt": "2026-11-19T10:00:00.123Z",
      "purchase": {
        "amount": {"amountMinor": "12000", "currency": "EUR"}, "plan": {"instalmentCount": 3},
        "merchantReference": "order 7", "merchantCategory": "electronics", "shippingMethod": "express",
        "items": [{"title": "Téléphone", "category": "phones", "quantity": 2, "unitPriceMinor": "6000"}],
        "shippingAddress": {"line1": "12 rue du Bac", "city": "Paris", "postalCode": "75007", "country": "FR"},
        "billingAddress": {"line1": "12 rue du Bac", "city": "Paris", "postalCode": "75007", "country": "FR"},
        "card": {"fingerprint": "fp_5f3a9c", "binCountry": "FR", "funding": "debit"}
      },
      "customer": {
        "customerId": "c1", "givenName": "Ada", "familyName": "Martin", "email": "ada@example.org",
        "phone": "+33612345678", "birthDate": "1990-02-28", "address": {"country": "FR"},
        "history": {"createdAt": "2020-01-01T00:00:00Z", "guest": false, "orders": [
          {"orderedAt": "2021-01-01T00:00:00Z", "amount": {"amountMinor": "500", "currency": "EUR"},
           "status": "ORDER_STATUS_COMPLETED"}]}
      },
      "context": {"ipAddress": "203.0.113.7", "deviceId": "d1", "userAgent": "Mozilla/5.0", "locale": "fr-FR",
        "terminalId": "t1", "origin": "ORIGIN_WEB"},
      "signals": {"limit_bal": {"number": 3.5}, "segment": {"text": "gold"}, "returning": {"flag": true}, "none": {}}
    }"#;
    crate::rpc::json::read("full", text).unwrap()
}

fn purchase(wire: &mut proto::DecideRequest) -> &mut proto::Purchase {
    wire.purchase.as_mut().unwrap()
}

fn customer(wire: &mut proto::DecideRequest) -> &mut proto::Customer {
    wire.customer.as_mut().unwrap()
}

fn context(wire: &mut proto::DecideRequest) -> &mut proto::Context {
    wire.context.as_mut().unwrap()
}

fn card(wire: &mut proto::DecideRequest) -> &mut proto::Card {
    purchase(wire).card.as_mut().unwrap()
}

fn history(wire: &mut proto::DecideRequest) -> &mut proto::AccountHistory {
    customer(wire).history.as_mut().unwrap()
}

fn fields(wire: &proto::DecideRequest) -> Vec<String> {
    submission(wire, now()).err().unwrap_or_default().into_iter().map(|violation| violation.field).collect()
}

#[test]
fn a_full_request_and_the_smallest_one() {
    let read = submission(&full(), now()).unwrap();
    assert_eq!(read.signals.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["limit_bal", "returning", "segment"]);
    assert_eq!(read.occurred_at.unwrap().to_string(), "2026-11-19T10:00:00.123Z");
    assert_eq!(read.purchase.items[0].quantity, 2);
    assert_eq!(read.customer.history.as_ref().unwrap().guest, Some(false));

    let smallest = proto::DecideRequest {
        request_id: "r1".into(),
        purchase: Some(proto::Purchase {
            amount: Some(proto::Money { amount_minor: 1, currency: "JPY".into() }),
            plan: Some(proto::PlanChoice { instalment_count: 1, ..Default::default() }),
            ..Default::default()
        }),
        customer: Some(proto::Customer { customer_id: "c1".into(), ..Default::default() }),
        ..Default::default()
    };
    let read = submission(&smallest, now()).unwrap();
    assert_eq!(read.context, Context::default());
    assert_eq!((read.customer.email, read.purchase.card), (None, None));
}

/// Each change makes exactly this field wrong.
#[test]
fn every_field_is_checked() {
    type Change = fn(&mut proto::DecideRequest);
    let table: &[(&str, Change)] = &[
        ("request_id", |r| r.request_id = String::new()),
        ("request_id", |r| r.request_id = "with space".into()),
        ("request_id", |r| r.request_id = "x".repeat(65)),
        ("occurred_at", |r| r.occurred_at = Some(WireTime { seconds: -1, nanos: 0 })),
        ("occurred_at", |r| r.occurred_at = Some(WireTime { seconds: 0, nanos: -1 })),
        ("occurred_at", |r| r.occurred_at = Some(WireTime { seconds: 0, nanos: 1_000_000_000 })),
        ("occurred_at", |r| r.occurred_at = Some(WireTime { seconds: i64::MAX, nanos: 0 })),
        ("purchase", |r| r.purchase = None),
        ("purchase.amount", |r| purchase(r).amount = None),
        ("purchase.amount.amount_minor", |r| purchase(r).amount.as_mut().unwrap().amount_minor = 0),
        ("purchase.amount.amount_minor", |r| purchase(r).amount.as_mut().unwrap().amount_minor = i64::MAX),
        ("purchase.amount.currency", |r| purchase(r).amount.as_mut().unwrap().currency = "euro".into()),
        ("purchase.amount.currency", |r| purchase(r).amount.as_mut().unwrap().currency = String::new()),
        ("purchase.plan", |r| purchase(r).plan = None),
        ("purchase.plan", |r| purchase(r).plan = Some(proto::PlanChoice::default())),
        ("purchase.plan", |r| purchase(r).plan.as_mut().unwrap().instalment_count = 25),
        ("purchase.plan", |r| purchase(r).plan.as_mut().unwrap().deferred_days = -1),
        ("purchase.merchant_reference", |r| purchase(r).merchant_reference = "x".repeat(65)),
        ("purchase.merchant_reference", |r| purchase(r).merchant_reference = "a\nb".into()),
        ("purchase.merchant_category", |r| purchase(r).merchant_category = "Electronics".into()),
        ("purchase.shipping_method", |r| purchase(r).shipping_method = "over night".into()),
        ("purchase.items", |r| purchase(r).items = vec![proto::Item::default(); MAX_ITEMS + 1]),
        ("purchase.items[1].quantity", |r| {
            purchase(r).items = vec![proto::Item::default(), proto::Item { quantity: -1, ..Default::default() }];
        }),
        ("purchase.items[0].quantity", |r| purchase(r).items[0].quantity = MAX_QUANTITY + 1),
        ("purchase.items[0].title", |r| purchase(r).items[0].title = "é".repeat(201)),
        ("purchase.items[0].category", |r| purchase(r).items[0].category = "phones!".into()),
        ("purchase.items[0].unit_price_minor", |r| purchase(r).items[0].unit_price_minor = Some(-1)),
        ("purchase.shipping_address.line1", |r| {
            purchase(r).shipping_address.as_mut().unwrap().line1 = "x".repeat(101);
        }),
        ("purchase.shipping_address.postal_code", |r| {
            purchase(r).shipping_address.as_mut().unwrap().postal_code = "x".repeat(17);
        }),
        ("purchase.billing_address.country", |r| {
            purchase(r).billing_address.as_mut().unwrap().country = "France".into();
        }),
        ("purchase.card.fingerprint", |r| card(r).fingerprint = "x".repeat(129)),
        ("purchase.card.fingerprint", |r| card(r).fingerprint = "with space".into()),
        ("purchase.card.bin_country", |r| card(r).bin_country = "fr".into()),
        ("purchase.card.funding", |r| card(r).funding = "Debit".into()),
        ("customer", |r| r.customer = None),
        ("customer.customer_id", |r| customer(r).customer_id = String::new()),
        ("customer.given_name", |r| customer(r).given_name = "x".repeat(81)),
        ("customer.family_name", |r| customer(r).family_name = "\u{7}".into()),
        ("customer.email", |r| customer(r).email = "ada@".into()),
        ("customer.phone", |r| customer(r).phone = "0612345678".into()),
        ("customer.birth_date", |r| customer(r).birth_date = "1899-12-31".into()),
        ("customer.birth_date", |r| customer(r).birth_date = "2026-11-20".into()),
        ("customer.birth_date", |r| customer(r).birth_date = "1990-02-30".into()),
        ("customer.birth_date", |r| customer(r).birth_date = "19900228".into()),
        ("customer.birth_date", |r| customer(r).birth_date = "28/02/1990".into()),
        ("customer.address.country", |r| customer(r).address.as_mut().unwrap().country = "ZZ".into()),
        ("customer.history.created_at", |r| history(r).created_at = Some(WireTime { seconds: -1, nanos: 0 })),
        ("customer.history.orders", |r| history(r).orders = vec![proto::PastOrder::default(); MAX_ORDERS + 1]),
        ("customer.history.orders[0].ordered_at", |r| history(r).orders[0].ordered_at = None),
        ("customer.history.orders[0].amount", |r| history(r).orders[0].amount = None),
        ("customer.history.orders[0].status", |r| history(r).orders[0].status = 99),
        ("context.ip_address", |r| context(r).ip_address = "203.0.113".into()),
        ("context.device_id", |r| context(r).device_id = "é".into()),
        ("context.user_agent", |r| context(r).user_agent = "x".repeat(513)),
        ("context.locale", |r| context(r).locale = "fr_FR".into()),
        ("context.locale", |r| context(r).locale = "f".into()),
        ("context.return_url", |r| context(r).return_url = "http://shop.example/".into()),
        ("context.terminal_id", |r| context(r).terminal_id = "x".repeat(65)),
        ("context.origin", |r| context(r).origin = 99),
        ("signals", |r| r.signals = (0..65).map(|n| (format!("s{n}"), proto::Signal::default())).collect()),
        ("signals[0]", |r| r.signals = [("Ada Martin".into(), proto::Signal::default())].into()),
        ("signals[\"limit_bal\"]", |r| {
            r.signals.get_mut("limit_bal").unwrap().value = Some(proto::signal::Value::Number(f64::NAN));
        }),
        ("signals[\"segment\"]", |r| {
            r.signals.get_mut("segment").unwrap().value = Some(proto::signal::Value::Text("x".repeat(129)));
        }),
    ];
    for (at, (field, change)) in table.iter().enumerate() {
        let mut wire = full();
        change(&mut wire);
        assert_eq!(fields(&wire), [*field], "row {at} of the table");
    }
}

#[test]
fn all_violations_at_once_and_never_a_value() {
    let mut wire = full();
    wire.request_id = "secret one".into();
    customer(&mut wire).email = "secret@".into();
    customer(&mut wire).phone = "0612345678".into();
    purchase(&mut wire).amount.as_mut().unwrap().currency = "secret".into();
    wire.signals.insert("Secret name".into(), proto::Signal::default());
    let violations = submission(&wire, now()).unwrap_err();
    let listed: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(listed, ["request_id", "purchase.amount.currency", "customer.email", "customer.phone", "signals[0]"]);
    for violation in &violations {
        assert!(violation.description.starts_with("expected "), "{violation:?}");
        let shown = format!("{violation:?}").to_lowercase();
        assert!(!shown.contains("secret") && !shown.contains("0612"), "{violation:?}");
    }
    purchase(&mut wire).items = vec![proto::Item { quantity: -1, ..Default::default() }; MAX_ITEMS];
    assert_eq!(submission(&wire, now()).unwrap_err().len(), MAX_VIOLATIONS);
}

#[test]
fn card_numbers_are_refused_and_tokens_are_not() {
    for (text, number) in [
        ("4111111111111111", true),
        ("4111-1111-1111-1111", true),
        ("4111 1111 1111 1111", true),
        ("378282246310005", true),
        ("fp_4111111111111111", false),
        ("4111111111111112", false),
        ("fp_5f3a9c", false),
        ("41111111111", false),
        ("a4111111111111111", false),
        ("01890a5d96f87c3e8a5b1d2e3f405162", false),
        ("00000000-0000-0000-0000-000000000000", false),
    ] {
        assert_eq!(fingerprint(text).is_err(), number, "{text}");
    }
}

#[test]
fn the_content_is_the_same_however_it_was_sent() {
    let digest = |wire: &proto::DecideRequest| submission(wire, now()).unwrap().content_digest();
    let first = digest(&full());
    let mut same = full();
    same.signals.remove("none");
    same.occurred_at.as_mut().unwrap().nanos += 999_999;
    assert_eq!(digest(&same), first, "a signal without a value is missing, and times are cut to the millisecond");
    // Pinned: stored digests must be found again by every later version.
    assert_eq!(first.to_string(), "b5ceb2a6bebe2a709478e95dec4608cc96249a536aa1025dffb23935674564fe");
}

#[test]
fn every_field_is_part_of_the_content() {
    type Change = fn(&mut proto::DecideRequest);
    let changes: &[Change] = &[
        |r| r.request_id = "r2".into(),
        |r| r.occurred_at = None,
        |r| purchase(r).amount.as_mut().unwrap().amount_minor += 1,
        |r| purchase(r).amount.as_mut().unwrap().currency = "CHF".into(),
        |r| purchase(r).plan.as_mut().unwrap().instalment_count = 4,
        |r| purchase(r).plan.as_mut().unwrap().deferred_days = 15,
        |r| purchase(r).plan.as_mut().unwrap().deferred_months = 1,
        |r| purchase(r).merchant_reference.clear(),
        |r| purchase(r).merchant_category = "toys".into(),
        |r| purchase(r).items.clear(),
        |r| purchase(r).items[0].quantity = 3,
        |r| purchase(r).items[0].unit_price_minor = None,
        |r| purchase(r).items[0].title.clear(),
        |r| purchase(r).items[0].category.clear(),
        |r| purchase(r).shipping_address = None,
        |r| purchase(r).billing_address = None,
        |r| purchase(r).billing_address.as_mut().unwrap().line2 = "B".into(),
        |r| purchase(r).billing_address.as_mut().unwrap().region = "B".into(),
        |r| purchase(r).shipping_method.clear(),
        |r| purchase(r).card = None,
        |r| card(r).fingerprint = "fp_2".into(),
        |r| card(r).bin_country = "BE".into(),
        |r| card(r).funding = "credit".into(),
        |r| customer(r).customer_id = "c2".into(),
        |r| customer(r).given_name = "Eve".into(),
        |r| customer(r).family_name = "Eve".into(),
        |r| customer(r).email.clear(),
        |r| customer(r).phone.clear(),
        |r| customer(r).birth_date.clear(),
        |r| customer(r).address = None,
        |r| customer(r).history = None,
        |r| history(r).created_at = None,
        |r| history(r).guest = None,
        |r| history(r).orders.clear(),
        |r| history(r).orders[0].status = 0,
        |r| history(r).orders[0].amount.as_mut().unwrap().amount_minor += 1,
        |r| context(r).ip_address = "203.0.113.8".into(),
        |r| context(r).device_id = "d2".into(),
        |r| context(r).user_agent.clear(),
        |r| context(r).locale.clear(),
        |r| context(r).terminal_id = "t2".into(),
        |r| context(r).origin = 2,
        |r| drop(r.signals.remove("limit_bal")),
        |r| r.signals.get_mut("returning").unwrap().value = Some(proto::signal::Value::Flag(false)),
        |r| r.signals.get_mut("returning").unwrap().value = Some(proto::signal::Value::Number(1.0)),
    ];
    let mut digests = std::collections::BTreeSet::new();
    digests.insert(submission(&full(), now()).unwrap().content_digest());
    for (at, change) in changes.iter().enumerate() {
        let mut wire = full();
        change(&mut wire);
        let read = submission(&wire, now()).unwrap_or_else(|violations| panic!("change {at}: {violations:?}"));
        assert!(digests.insert(read.content_digest()), "change {at} leaves the content as it was");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_conversion(text in any::<String>(), number in any::<i32>(), amount in any::<i64>()) {
        let mut wire = full();
        wire.request_id = text.clone();
        card(&mut wire).fingerprint = text.clone();
        customer(&mut wire).birth_date = text.clone();
        customer(&mut wire).email = text.clone();
        customer(&mut wire).phone = text.clone();
        context(&mut wire).ip_address = text.clone();
        context(&mut wire).locale = text.clone();
        context(&mut wire).origin = number;
        purchase(&mut wire).items[0].quantity = number;
        purchase(&mut wire).items[0].unit_price_minor = Some(amount);
        wire.occurred_at = Some(WireTime { seconds: amount, nanos: number });
        wire.signals.insert(text, proto::Signal { value: Some(proto::signal::Value::Number(f64::from(number))) });
        let _ = submission(&wire, now()).map(|read| read.content_digest());
    }
}
