//! What the shop remembers of its orders, in memory.

use super::stories::Basket;
use crate::domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most orders that are remembered; the oldest goes.
const MOST: usize = 1_000;
/// The most messages and payments that are remembered of one order.
const MOST_LINES: usize = 200;
/// The most ids of messages that are remembered.
const MOST_IDS: usize = 10_000;

/// One order.
#[derive(Debug, Clone)]
pub struct Order {
    /// The shop's own name for it.
    pub reference: String,
    /// What was bought.
    pub basket: Basket,
    /// The application; empty until the server has answered.
    pub application_id: String,
    /// Whether the card that it is paid with can be charged.
    pub card_works: bool,
    /// What the server told, oldest first.
    pub heard: VecDeque<Heard>,
    /// What was charged, oldest first.
    pub payments: VecDeque<Payment>,
    /// The newest version that was told.
    pub version: u64,
}

impl Order {
    /// One that nothing has happened to.
    pub fn new(reference: String, basket: Basket, card_works: bool) -> Self {
        let (heard, payments) = (VecDeque::new(), VecDeque::new());
        Self { reference, basket, application_id: String::new(), card_works, heard, payments, version: 0 }
    }
}

/// One message from the server.
#[derive(Debug, Clone)]
pub struct Heard {
    /// When it came.
    pub at: Timestamp,
    /// What it is about.
    pub topic: String,
    /// The version of the application.
    pub version: u64,
    /// Where the application stood.
    pub state: String,
}

/// One try to charge the card.
#[derive(Debug, Clone)]
pub struct Payment {
    /// When.
    pub at: Timestamp,
    /// How much, in cents.
    pub amount_minor: i64,
    /// Whether the card could be charged.
    pub succeeded: bool,
}

/// All orders.
#[derive(Debug, Default)]
pub struct Orders(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    by_reference: BTreeMap<String, Order>,
    in_order: VecDeque<String>,
    seen: BTreeSet<String>,
    seen_in_order: VecDeque<String>,
}

impl Orders {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers an order; whether it is a new one.
    pub fn add(&self, order: Order) -> bool {
        let mut held = self.held();
        if held.by_reference.contains_key(&order.reference) {
            return false;
        }
        if held.in_order.len() == MOST
            && let Some(oldest) = held.in_order.pop_front()
        {
            held.by_reference.remove(&oldest);
        }
        held.in_order.push_back(order.reference.clone());
        held.by_reference.insert(order.reference.clone(), order);
        true
    }

    /// Forgets an order that the server did not take.
    pub fn forget(&self, reference: &str) {
        let mut held = self.held();
        held.by_reference.remove(reference);
        held.in_order.retain(|known| known != reference);
    }

    /// The order of this name.
    pub fn get(&self, reference: &str) -> Option<Order> {
        self.held().by_reference.get(reference).cloned()
    }

    /// The order of this application.
    pub fn of_application(&self, application_id: &str) -> Option<Order> {
        self.held().by_reference.values().find(|order| order.application_id == application_id).cloned()
    }

    /// The newest orders.
    pub fn newest(&self, most: usize) -> Vec<Order> {
        let held = self.held();
        held.in_order.iter().rev().take(most).filter_map(|name| held.by_reference.get(name).cloned()).collect()
    }

    /// Changes an order, if it is remembered.
    pub fn change(&self, reference: &str, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.held().by_reference.get_mut(reference) {
            change(order);
            order.heard.truncate(MOST_LINES);
            order.payments.truncate(MOST_LINES);
        }
    }

    /// Whether a message of this id comes for the first time.
    pub fn is_new(&self, message_id: &str) -> bool {
        let mut held = self.held();
        if !held.seen.insert(message_id.to_owned()) {
            return false;
        }
        held.seen_in_order.push_back(message_id.to_owned());
        if held.seen_in_order.len() > MOST_IDS
            && let Some(oldest) = held.seen_in_order.pop_front()
        {
            held.seen.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::stories::Story;
    use super::*;

    fn order(number: usize) -> Order {
        let basket = Story::named("accepted").basket;
        let application_id = format!("app_{number}");
        Order { application_id, ..Order::new(format!("o-{number}"), basket, true) }
    }

    #[test]
    fn the_oldest_goes() {
        let orders = Orders::default();
        assert!((0..=MOST).all(|number| orders.add(order(number))));
        assert!(orders.get("o-0").is_none() && orders.of_application("app_0").is_none());
        assert_eq!(orders.of_application("app_1").unwrap().reference, "o-1");
        assert!(!orders.add(order(1)), "it is there already");
        orders.forget("o-1");
        assert!(orders.get("o-1").is_none());
        assert_eq!(orders.newest(2).len(), 2);
    }

    #[test]
    fn a_message_is_new_once() {
        let orders = Orders::default();
        assert!(orders.is_new("msg_1") && !orders.is_new("msg_1") && orders.is_new("msg_2"));
    }
}
