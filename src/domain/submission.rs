//! What a gateway submits: one customer's request to pay one purchase in instalments. Every value here has
//! been validated; what was not given is `None` or empty, and means missing.

use super::contact::{Email, Phone};
use super::geo::{Address, Country};
use super::ids::{CustomerId, RequestId};
use super::money::Money;
use super::plan::PlanChoice;
use super::time::Timestamp;
use std::net::IpAddr;

/// The most items a basket may list.
pub const MAX_ITEMS: usize = 200;
/// The most past orders a customer's history may list.
pub const MAX_ORDERS: usize = 500;
/// The most signals a request may carry.
pub const MAX_SIGNALS: usize = 64;

/// A whole request for a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The caller's name for this request.
    pub request_id: RequestId,
    /// What is bought and how it is to be paid.
    pub purchase: Purchase,
    /// Who buys.
    pub customer: Customer,
    /// Where the request comes from.
    pub context: Context,
    /// The merchant's own inputs, by name.
    pub signals: Signals,
    /// When the purchase happened, by the caller; honoured only under the request clock.
    pub occurred_at: Option<Timestamp>,
}

/// What is bought.
#[derive(Debug, Clone, PartialEq)]
pub struct Purchase {
    /// The amount to be paid in instalments.
    pub amount: Money,
    /// The plan chosen.
    pub plan: PlanChoice,
    /// The merchant's own name for the purchase, at most 64 characters.
    pub merchant_reference: Option<Box<str>>,
    /// What the merchant sells, such as `electronics`: a lower-case name of at most 40 characters.
    pub merchant_category: Option<Box<str>>,
    /// The basket, at most [`MAX_ITEMS`] lines.
    pub items: Vec<Item>,
    /// Where the goods go.
    pub shipping_address: Option<Address>,
    /// Whom the bill names.
    pub billing_address: Option<Address>,
    /// How the goods travel, such as `express`: a lower-case name of at most 40 characters.
    pub shipping_method: Option<Box<str>>,
    /// The card that pays the instalments.
    pub card: Option<Card>,
}

/// One line of the basket.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The article's name.
    pub title: Option<Box<str>>,
    /// What it is, such as `phones`: a lower-case name of at most 40 characters.
    pub category: Option<Box<str>>,
    /// How many: 1 to 10,000.
    pub quantity: u32,
    /// The price of one, in minor units of the purchase's currency.
    pub unit_price_minor: Option<i64>,
}

/// The card, never by its number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Card {
    /// The gateway's stable token for the card.
    pub fingerprint: Option<Box<str>>,
    /// The country of the issuing bank.
    pub bin_country: Option<Country>,
    /// How it is funded.
    pub funding: Option<Funding>,
}

/// How a card is funded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Funding {
    /// Drawn on credit.
    Credit,
    /// Drawn on an account.
    Debit,
    /// Loaded in advance.
    Prepaid,
}

impl Funding {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Credit, Self::Debit, Self::Prepaid];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Debit => "debit",
            Self::Prepaid => "prepaid",
        }
    }

    /// Parses the name on the wire.
    pub fn parse(text: &str) -> Result<Self, super::Invalid> {
        Self::ALL
            .into_iter()
            .find(|f| f.name() == text)
            .ok_or_else(|| super::Invalid::expected("credit, debit or prepaid"))
    }
}

/// Who buys.
#[derive(Debug, Clone, PartialEq)]
pub struct Customer {
    /// The merchant's name for the customer.
    pub customer_id: CustomerId,
    /// Given name.
    pub given_name: Option<Box<str>>,
    /// Family name.
    pub family_name: Option<Box<str>>,
    /// E-mail address.
    pub email: Option<Email>,
    /// Phone number.
    pub phone: Option<Phone>,
    /// Date of birth, from 1900 on.
    pub birth_date: Option<jiff::civil::Date>,
    /// The customer's own address.
    pub address: Option<Address>,
    /// What the merchant knows of the customer's account.
    pub history: Option<AccountHistory>,
}

/// What the merchant knows of the customer's account.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AccountHistory {
    /// When the account was opened.
    pub created_at: Option<Timestamp>,
    /// Whether the purchase is made without an account.
    pub guest: Option<bool>,
    /// Earlier orders, at most [`MAX_ORDERS`].
    pub orders: Vec<PastOrder>,
}

/// An earlier order of the same customer at the same merchant.
#[derive(Debug, Clone, PartialEq)]
pub struct PastOrder {
    /// When it was placed.
    pub ordered_at: Timestamp,
    /// Its amount.
    pub amount: Money,
    /// What became of it, if known.
    pub status: Option<OrderStatus>,
}

/// What became of an earlier order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// Delivered and paid.
    Completed,
    /// Given up before delivery.
    Cancelled,
    /// Sent back.
    Returned,
    /// Disputed or not paid.
    Disputed,
}

/// Where the request comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Context {
    /// The customer's IP address.
    pub ip_address: Option<IpAddr>,
    /// The gateway's or merchant's name for the device.
    pub device_id: Option<Box<str>>,
    /// The browser's own description of itself.
    pub user_agent: Option<Box<str>>,
    /// The customer's language, such as `fr-FR`.
    pub locale: Option<Box<str>>,
    /// The shop's terminal or checkout.
    pub terminal_id: Option<Box<str>>,
    /// Through which channel.
    pub origin: Option<Origin>,
    /// Where the customer goes back to the shop: an address that [`web_address`](super::text::web_address) takes.
    pub return_url: Option<Box<str>>,
}

/// Through which channel a purchase is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A web shop.
    Web,
    /// A phone or tablet application.
    App,
    /// A till in a shop.
    InStore,
    /// A link sent by the merchant.
    PaymentLink,
}

impl Origin {
    /// The name in features and policies.
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::App => "app",
            Self::InStore => "in_store",
            Self::PaymentLink => "payment_link",
        }
    }
}

/// One of the merchant's own inputs.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// A finite number.
    Number(f64),
    /// Text of at most 128 characters.
    Text(Box<str>),
    /// Yes or no.
    Flag(bool),
}

/// The merchant's own inputs, sorted by name, at most [`MAX_SIGNALS`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Signals(Vec<(Box<str>, Signal)>);

impl Signals {
    /// Sorts by name; a repeated name keeps its last value.
    pub fn new(entries: impl IntoIterator<Item = (Box<str>, Signal)>) -> Self {
        let map: std::collections::BTreeMap<_, _> = entries.into_iter().collect();
        Self(map.into_iter().collect())
    }

    /// The signal of this name (without the prefix `signal_`).
    pub fn get(&self, name: &str) -> Option<&Signal> {
        self.0.binary_search_by(|(n, _)| n.as_ref().cmp(name)).ok().map(|at| &self.0[at].1)
    }

    /// All signals, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Signal)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
