//! The identity of a request's content: SHA-256 over its validated values in one canonical order.
//!
//! Each value stands as its field's number in the `.proto` file, its length, and its bytes; a message within a message
//! is one value. What is unset is left out, maps are sorted. So the digest does not depend on how a client writes its
//! messages, and a later version that knows more fields computes the same digest of the same request.

use super::commands::OutcomeReport;
use crate::domain::contact::{Email, Phone};
use crate::domain::decision::Digest;
use crate::domain::geo::{Address, Country};
use crate::domain::money::Money;
use crate::domain::plan::PlanChoice;
use crate::domain::submission::{
    AccountHistory, Card, Context, Customer, Item, PastOrder, Purchase, Signal, Submission,
};
use crate::domain::time::Timestamp;

/// What has a content by which a repetition is known.
pub trait Content {
    /// SHA-256 of the content in canonical order.
    fn content_digest(&self) -> Digest;
}

impl Content for Submission {
    fn content_digest(&self) -> Digest {
        let mut to = Canonical::of("aval.v1.DecideRequest");
        to.text(1, self.request_id.as_str());
        to.nested(2, |to| purchase(to, &self.purchase));
        to.nested(3, |to| customer(to, &self.customer));
        to.nested(4, |to| context(to, &self.context));
        for (name, value) in self.signals.iter() {
            to.nested(5, |to| {
                to.text(1, name);
                to.nested(2, |to| signal(to, value));
            });
        }
        to.time(6, self.occurred_at);
        to.digest()
    }
}

impl Content for OutcomeReport {
    fn content_digest(&self) -> Digest {
        let mut to = Canonical::of("aval.v1.ReportOutcomeRequest");
        to.text(1, self.request_id.as_str());
        to.text(2, &self.application.to_string());
        to.text(3, self.outcome.name());
        to.time(4, self.occurred_at);
        to.digest()
    }
}

/// Writes values in canonical order.
pub(super) struct Canonical(Vec<u8>);

impl Canonical {
    /// A message of this name.
    pub fn of(message: &str) -> Self {
        let mut canonical = Self(Vec::with_capacity(2_048));
        canonical.text(0, message);
        canonical
    }

    fn bytes(&mut self, number: u16, bytes: &[u8]) {
        self.0.extend(number.to_le_bytes());
        self.0.extend((bytes.len() as u64).to_le_bytes());
        self.0.extend(bytes);
    }

    /// A text.
    pub fn text(&mut self, number: u16, text: &str) {
        self.bytes(number, text.as_bytes());
    }

    fn optional(&mut self, number: u16, text: Option<&str>) {
        if let Some(text) = text {
            self.text(number, text);
        }
    }

    /// A number.
    pub fn integer(&mut self, number: u16, value: i64) {
        self.bytes(number, &value.to_le_bytes());
    }

    /// A time, if there is one.
    pub fn time(&mut self, number: u16, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.integer(number, at.ms());
        }
    }

    /// A message within this one: its length is known once it is written.
    pub fn nested(&mut self, number: u16, write: impl FnOnce(&mut Self)) {
        self.bytes(number, &[]);
        let start = self.0.len();
        write(self);
        let length = (self.0.len() - start) as u64;
        self.0[start - 8..start].copy_from_slice(&length.to_le_bytes());
    }

    /// The digest of what was written.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

fn purchase(to: &mut Canonical, purchase: &Purchase) {
    to.nested(1, |to| money(to, purchase.amount));
    to.nested(2, |to| plan(to, purchase.plan));
    to.optional(3, purchase.merchant_reference.as_deref());
    to.optional(4, purchase.merchant_category.as_deref());
    for line in &purchase.items {
        to.nested(5, |to| item(to, line));
    }
    address(to, 6, purchase.shipping_address.as_ref());
    address(to, 7, purchase.billing_address.as_ref());
    to.optional(8, purchase.shipping_method.as_deref());
    if let Some(Card { fingerprint, bin_country, funding }) = &purchase.card {
        to.nested(9, |to| {
            to.optional(1, fingerprint.as_deref());
            to.optional(2, bin_country.as_ref().map(Country::code));
            to.optional(3, funding.map(|funding| funding.name()));
        });
    }
}

fn money(to: &mut Canonical, money: Money) {
    to.integer(1, money.amount_minor);
    to.text(2, money.currency.code());
}

fn plan(to: &mut Canonical, plan: PlanChoice) {
    to.integer(1, plan.instalment_count.into());
    to.integer(2, plan.deferred_days.into());
    to.integer(3, plan.deferred_months.into());
}

fn item(to: &mut Canonical, item: &Item) {
    to.optional(1, item.title.as_deref());
    to.optional(2, item.category.as_deref());
    to.integer(3, item.quantity.into());
    if let Some(price) = item.unit_price_minor {
        to.integer(4, price);
    }
}

fn address(to: &mut Canonical, number: u16, address: Option<&Address>) {
    let Some(Address { line1, line2, city, postal_code, region, country }) = address else { return };
    to.nested(number, |to| {
        to.optional(1, line1.as_deref());
        to.optional(2, line2.as_deref());
        to.optional(3, city.as_deref());
        to.optional(4, postal_code.as_deref());
        to.optional(5, region.as_deref());
        to.optional(6, country.as_ref().map(Country::code));
    });
}

fn customer(to: &mut Canonical, customer: &Customer) {
    to.text(1, customer.customer_id.as_str());
    to.optional(2, customer.given_name.as_deref());
    to.optional(3, customer.family_name.as_deref());
    to.optional(4, customer.email.as_ref().map(Email::as_str));
    to.optional(5, customer.phone.as_ref().map(Phone::as_str));
    to.optional(6, customer.birth_date.map(|date| date.to_string()).as_deref());
    address(to, 7, customer.address.as_ref());
    if let Some(AccountHistory { created_at, guest, orders }) = &customer.history {
        to.nested(8, |to| {
            to.time(1, *created_at);
            if let Some(guest) = guest {
                to.integer(2, i64::from(*guest));
            }
            for past in orders {
                to.nested(3, |to| order(to, past));
            }
        });
    }
}

fn order(to: &mut Canonical, order: &PastOrder) {
    to.time(1, Some(order.ordered_at));
    to.nested(2, |to| money(to, order.amount));
    to.optional(3, order.status.map(super::submission::status_name));
}

fn context(to: &mut Canonical, context: &Context) {
    to.optional(1, context.ip_address.map(|ip| ip.to_string()).as_deref());
    to.optional(2, context.device_id.as_deref());
    to.optional(3, context.user_agent.as_deref());
    to.optional(4, context.locale.as_deref());
    to.optional(5, context.terminal_id.as_deref());
    to.optional(6, context.origin.map(|origin| origin.name()));
    to.optional(7, context.return_url.as_deref());
}

fn signal(to: &mut Canonical, signal: &Signal) {
    match signal {
        Signal::Number(number) => to.bytes(1, &number.to_bits().to_le_bytes()),
        Signal::Text(text) => to.text(2, text),
        Signal::Flag(flag) => to.integer(3, i64::from(*flag)),
    }
}
