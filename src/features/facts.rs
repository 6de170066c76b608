//! Everything that is judged about one application, and all of it that is kept: derived features and keyed hashes,
//! no personal field. Judging again starts here.

use super::catalogue::SOURCES;
use super::scene::Scene;
use super::{FeatureId, Source, Vector};
use crate::domain::geo::{Address, Country};
use crate::domain::ids::MerchantId;
use crate::domain::keys::{KeyHasher, KeyKind, Keys};
use crate::domain::money::Money;
use crate::domain::plan::PlanChoice;
use crate::domain::submission::{Signals, Submission};
use crate::domain::time::Timestamp;
use std::net::{IpAddr, Ipv6Addr};

/// Everything that is judged about one application.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The merchant it was submitted by.
    pub merchant: MerchantId,
    /// When it was submitted, by the engine's clock.
    pub at: Timestamp,
    /// What is to be paid.
    pub amount: Money,
    /// How.
    pub plan: PlanChoice,
    /// Where the customer is: of the billing address, else the shipping address, else the customer's own.
    pub country: Option<Country>,
    /// The keys by which velocity is counted.
    pub keys: Keys,
    /// The features.
    pub vector: Vector,
    /// The merchant's own inputs.
    pub signals: Signals,
}

impl Facts {
    /// The facts of a submission, but for what came before it: that is for
    /// [`Velocity::read_into`](super::velocity::Velocity::read_into). Night and weekend are taken in `time_zone`.
    pub fn extract(
        submission: &Submission,
        merchant: &MerchantId,
        time_zone: &jiff::tz::TimeZone,
        at: Timestamp,
        hasher: &KeyHasher,
    ) -> Self {
        let scene = Scene::of(submission, time_zone, at);
        let mut vector = Vector::roomy();
        for (at, source) in SOURCES.iter().enumerate() {
            let id = FeatureId(at as u16);
            match source {
                Source::Number(read) => read(&scene).into_iter().for_each(|value| vector.set_number(id, value)),
                Source::Boolean(read) => read(&scene).into_iter().for_each(|yes| vector.set_number(id, yes.into())),
                Source::Category(read) => read(&scene).into_iter().for_each(|name| vector.set_category(id, name)),
                Source::Evidence(_) | Source::Velocity(_) => {}
            }
        }
        Self {
            merchant: merchant.clone(),
            at,
            amount: submission.purchase.amount,
            plan: submission.purchase.plan,
            country: addresses(submission).find_map(|address| address.country),
            keys: keys(submission, merchant, hasher),
            vector,
            signals: submission.signals.clone(),
        }
    }
}

/// The addresses by how well they say where the customer is.
fn addresses(submission: &Submission) -> impl Iterator<Item = &Address> {
    let purchase = &submission.purchase;
    let known = [&purchase.billing_address, &purchase.shipping_address, &submission.customer.address];
    known.into_iter().flatten()
}

/// The keys of a submission. The address is the first of shipping, billing and the customer's own that names a place;
/// an IPv6 address counts by its /64, since one line has all of that.
fn keys(submission: &Submission, merchant: &MerchantId, hasher: &KeyHasher) -> Keys {
    let Submission { purchase, customer, context, .. } = submission;
    let places = [&purchase.shipping_address, &purchase.billing_address, &customer.address];
    let hash = |kind, value: &str| Some(hasher.hash(kind, merchant.as_str(), value));
    Keys([
        hash(KeyKind::Customer, customer.customer_id.as_str()),
        purchase.card.as_ref().and_then(|card| hash(KeyKind::Card, card.fingerprint.as_deref()?)),
        context.device_id.as_deref().and_then(|device| hash(KeyKind::Device, device)),
        customer.email.as_ref().and_then(|email| hash(KeyKind::Email, &email.normalized())),
        customer.phone.as_ref().and_then(|phone| hash(KeyKind::Phone, phone.as_str())),
        places.into_iter().flatten().find_map(Address::normalized).and_then(|place| hash(KeyKind::Address, &place)),
        context.ip_address.and_then(|address| hash(KeyKind::Ip, &network(address).to_string())),
        context.terminal_id.as_deref().and_then(|terminal| hash(KeyKind::Terminal, terminal)),
    ])
}

/// What an IP address counts as: itself, or the /64 of an IPv6 address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}
