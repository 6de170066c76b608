//! Deliveries and endpoints in every store.

use super::*;
use crate::domain::delivery::DeliveryKind;
use crate::domain::sealed::Sealed;

fn owed(endpoint: &str, n: i64, kind: DeliveryKind) -> Delivery {
    Delivery {
        key: DeliveryKey { endpoint: endpoint.into(), seq: id(n).seq(), kind },
        application: id(0).seq(),
        merchant: merchant(if endpoint == "we_b" { "other" } else { "demo" }),
        since: at(n),
        due_at: at(n + 5),
        tries: 0,
        dead: false,
    }
}

fn keys_of(deliveries: &[Delivery]) -> Vec<i64> {
    deliveries.iter().map(|delivery| (delivery.key.seq.0 >> 12) - at(0).ms()).collect()
}

pub fn deliveries_are_written_with_their_entries_and_go_away(bed: &Bed) {
    let (store, mut writer) = bed.writer();
    let hook = |n| owed("we_a", n, DeliveryKind::Webhook);
    let mail = owed("", 1, DeliveryKind::Confirmation);
    let mut reader = store.reader().unwrap();
    let deliveries = vec![hook(1), mail.clone(), owed("we_b", 1, DeliveryKind::Webhook)];
    writer.commit(&Batch { deliveries, ..batch([imported(1)]) }).unwrap();
    writer.commit(&Batch { deliveries: vec![hook(2)], ..batch([imported(2)]) }).unwrap();
    assert_eq!(reader.pending("we_a", Seq(0), 10).unwrap(), [hook(1), hook(2)]);
    assert_eq!(reader.pending("we_a", Seq(0), 1).unwrap(), [hook(1)]);
    assert_eq!(reader.pending("we_a", id(1).seq(), 10).unwrap(), [hook(2)]);
    assert_eq!(reader.pending("", Seq(0), 10).unwrap(), std::slice::from_ref(&mail));
    let counts: Vec<(Box<str>, u64)> = vec![("".into(), 1), ("we_a".into(), 2), ("we_b".into(), 1)];
    assert_eq!(reader.pending_endpoints().unwrap(), counts);

    // No entry is needed: what comes of a delivery is no event of the application's.
    let later = Delivery { tries: 1, due_at: at(99), ..hook(2) };
    let delivered = vec![hook(1).key, owed("we_b", 1, DeliveryKind::Webhook).key];
    writer.commit(&Batch { deliveries: vec![later.clone()], delivered, ..Batch::default() }).unwrap();
    assert_eq!(reader.pending("we_a", Seq(0), 10).unwrap(), [later]);
    assert!(reader.pending("we_b", Seq(0), 10).unwrap().is_empty() && reader.dead(None, 10).unwrap().is_empty());

    drop(writer);
    let stranger = Arc::new(generation("never kept"));
    let bad = Batch { deliveries: vec![hook(3)], delivered: vec![mail.key], ..batch([submitted(3, &stranger)]) };
    assert!(store.writer().unwrap().commit(&bad).is_err());
    assert_eq!(reader.pending("we_a", id(2).seq(), 10).unwrap(), [], "a batch is written whole or not at all");
    assert_eq!(reader.pending("", Seq(0), 10).unwrap().len(), 1);
}

pub fn dead_deliveries_wait_apart_and_come_back(bed: &Bed) {
    let (store, mut writer) = bed.writer();
    let (ours, theirs) = (owed("we_a", 1, DeliveryKind::Webhook), owed("we_b", 2, DeliveryKind::Webhook));
    writer.commit(&Batch { deliveries: vec![ours.clone(), theirs.clone()], ..batch([imported(2)]) }).unwrap();
    let dead = |delivery: &Delivery| Delivery { dead: true, tries: 9, ..delivery.clone() };
    writer.commit(&Batch { deliveries: vec![dead(&ours), dead(&theirs)], ..Batch::default() }).unwrap();
    let mut reader = store.reader().unwrap();
    assert!(reader.pending("we_a", Seq(0), 10).unwrap().is_empty() && reader.pending_endpoints().unwrap().is_empty());
    assert_eq!(reader.dead(None, 10).unwrap(), [dead(&ours), dead(&theirs)]);
    assert_eq!(keys_of(&reader.dead(None, 1).unwrap()), [1]);
    assert_eq!(reader.dead(Some(&merchant("other")), 10).unwrap(), [dead(&theirs)]);

    assert_eq!(reader.deliveries_put().unwrap(), 0);
    store.put_deliveries(std::slice::from_ref(&ours)).unwrap();
    assert_eq!(reader.deliveries_put().unwrap(), 1);
    assert_eq!(reader.pending("we_a", Seq(0), 10).unwrap(), [ours], "beside the writer, and dead no more");
    assert_eq!(reader.dead(None, 10).unwrap(), [dead(&theirs)]);
    writer.commit(&Batch { delivered: vec![theirs.key], ..Batch::default() }).unwrap();
    assert!(reader.dead(None, 10).unwrap().is_empty(), "what was given up can be delivered all the same");
}

pub fn endpoints_are_put_beside_the_writer(bed: &Bed) {
    let (store, mut writer) = bed.writer();
    let endpoint = |name: &str, created| WebhookEndpoint {
        id: name.into(),
        merchant: merchant("demo"),
        url: format!("https://{name}.example/hook").into(),
        secret: Sealed(Box::new([1, 2, 3])),
        next_secret: None,
        created_at: at(created),
        disabled_at: None,
    };
    let (first, second) = (endpoint("we_a", 2), endpoint("we_b", 1));
    store.put_webhook_endpoint(&first).unwrap();
    store.put_webhook_endpoint(&second).unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.webhook_endpoints().unwrap(), [second.clone(), first.clone()], "by age");
    let rotated = WebhookEndpoint { next_secret: Some(Sealed(Box::new([4]))), ..first };
    store.put_webhook_endpoint(&rotated).unwrap();
    store.disable_webhook_endpoint("we_b", at(7)).unwrap();
    store.disable_webhook_endpoint("we_b", at(8)).unwrap();
    let disabled = WebhookEndpoint { disabled_at: Some(at(7)), ..second };
    assert_eq!(reader.webhook_endpoints().unwrap(), [disabled, rotated.clone()]);

    let deliveries = vec![owed("we_a", 1, DeliveryKind::Webhook), owed("we_b", 1, DeliveryKind::Webhook)];
    writer.commit(&Batch { deliveries, ..batch([imported(1)]) }).unwrap();
    store.remove_webhook_endpoint("we_b").unwrap();
    assert_eq!(reader.webhook_endpoints().unwrap(), [rotated]);
    assert_eq!(reader.pending_endpoints().unwrap(), [("we_a".into(), 1)], "what is owed goes with its endpoint");
}
