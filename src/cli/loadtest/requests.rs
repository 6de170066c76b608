//! The purchases that a load test sends: all different, none of a real person.

use crate::rpc::client::write_message;
use crate::rpc::proto::{self, DecideRequest};

/// How many customers buy; each has one card, one device and one address.
const CUSTOMERS: u64 = 200_000;

/// Makes requests, each with a new id.
#[derive(Debug, Clone)]
pub(super) struct Requests {
    /// Sets this run's ids apart from those of other runs.
    run: String,
    next: u64,
    step: u64,
}

impl Requests {
    /// Those of one connection among `connections`.
    pub fn of(run: &str, connection: usize, connections: usize) -> Self {
        Self { run: run.to_owned(), next: connection as u64, step: connections as u64 }
    }

    /// Writes the next request in gRPC's framing.
    pub fn write(&mut self, to: &mut Vec<u8>) {
        write_message(&request(&self.run, self.next), to);
        self.next += self.step;
    }
}

/// The `n`-th purchase of a run, some 900 bytes long.
pub(super) fn request(run: &str, n: u64) -> DecideRequest {
    let chance = mixed(n);
    let customer = chance % CUSTOMERS;
    let first_price = 900 + (chance >> 20) as i64 % 18_000;
    let second_price = 500 + (chance >> 36) as i64 % 9_000;
    let item = |title: &str, category: &str, price| proto::Item {
        title: title.into(),
        category: category.into(),
        quantity: 1,
        unit_price_minor: Some(price),
    };
    let address = proto::Address {
        line1: format!("{} rue du Bac", 1 + customer % 140),
        city: "Paris".into(),
        postal_code: format!("75{:03}", 1 + customer % 20),
        country: "FR".into(),
        ..Default::default()
    };
    let amount_minor = first_price + second_price + 5_000;
    DecideRequest {
        request_id: format!("{run}-{n}"),
        purchase: Some(proto::Purchase {
            amount: Some(proto::Money { amount_minor, currency: "EUR".into() }),
            plan: Some(proto::PlanChoice { instalment_count: 2 + (chance >> 8 & 1) as i32, ..Default::default() }),
            merchant_reference: format!("order-{n}"),
            merchant_category: "electronics".into(),
            items: vec![
                item("Wireless headphones", "audio", first_price),
                item("Protective cover", "accessories", second_price),
            ],
            shipping_address: Some(address.clone()),
            billing_address: Some(address.clone()),
            shipping_method: "standard".into(),
            card: Some(proto::Card {
                fingerprint: format!("fp_{:016x}", mixed(customer + 1)),
                bin_country: "FR".into(),
                funding: "debit".into(),
            }),
        }),
        customer: Some(customer_of(customer, address)),
        context: Some(proto::Context {
            ip_address: format!("203.0.113.{}", customer % 250),
            device_id: format!("device-{:012x}", mixed(customer + 2) >> 16),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
            locale: "fr-FR".into(),
            origin: proto::Origin::Web.into(),
            terminal_id: format!("checkout-{}", customer % 40),
            return_url: String::new(),
        }),
        signals: signals(chance),
        occurred_at: None,
    }
}

fn signals(chance: u64) -> std::collections::BTreeMap<String, proto::Signal> {
    use proto::signal::Value;
    let values = [
        ("basket_age_seconds", Value::Number((chance >> 12 & 0xfff) as f64)),
        ("pages_seen", Value::Number((chance >> 24 & 0x3f) as f64)),
        ("loyalty_tier", Value::Text("silver".into())),
        ("newsletter", Value::Flag(chance & 1 == 0)),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), proto::Signal { value: Some(value) })).collect()
}

fn customer_of(customer: u64, address: proto::Address) -> proto::Customer {
    let opened = 1_500_000_000 + (customer as i64 * 977) % 200_000_000;
    let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let order = |n: i64| proto::PastOrder {
        ordered_at: at(opened + n * 3_000_000),
        amount: Some(proto::Money { amount_minor: 4_000 + n * 1_250, currency: "EUR".into() }),
        status: proto::OrderStatus::Completed.into(),
    };
    proto::Customer {
        customer_id: format!("customer-{customer}"),
        given_name: "Ada".into(),
        family_name: "Martin".into(),
        email: format!("ada.martin.{customer}@example.org"),
        phone: format!("+336{customer:08}"),
        birth_date: format!("19{:02}-06-15", 50 + customer % 50),
        address: Some(address),
        history: Some(proto::AccountHistory {
            created_at: at(opened),
            guest: Some(false),
            orders: (1..=(customer % 9) as i64).map(order).collect(),
        }),
    }
}

/// Spreads a number over all 64 bits: SplitMix64 (Steele, Lea and Flood, 2014).
pub(super) fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::clock::system_now;
    use crate::rpc::convert;
    use std::collections::BTreeSet;

    #[test]
    fn requests_are_valid_and_their_ids_unique() {
        let mut ids = BTreeSet::new();
        for n in 0..2_000 {
            let request = request("run", n);
            assert_eq!(convert::submission(&request, system_now()).err(), None, "request {n}");
            assert!(ids.insert(request.request_id), "request {n}");
        }
    }
}
