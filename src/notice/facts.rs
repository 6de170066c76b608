//! What a notice tells, as plain values: whoever makes them has read the log.

use crate::domain::money::Money;
use crate::domain::plan::{Instalment, Plan};
use crate::domain::storefront::Storefront;
use crate::domain::time::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::fmt;

/// What happened that the customer is told. Instalments are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The plan has begun: the whole schedule.
    Confirmation,
    /// An instalment is due in so many hours.
    Reminder {
        /// Which.
        instalment: usize,
        /// How many hours before the due date.
        hours_before: u16,
    },
    /// An instalment was paid, and more are to come.
    Receipt {
        /// Which.
        instalment: usize,
    },
    /// Nothing is left to pay.
    Closing,
    /// An instalment could not be collected.
    PaymentFailed {
        /// Which.
        instalment: usize,
    },
    /// The customer moved a due date.
    DueDateMoved {
        /// Which.
        instalment: usize,
        /// When it was due before.
        from: Date,
    },
    /// No instalments, but the whole amount can be paid at once.
    DeclinedPayInOneGo {
        /// Until when.
        until: Timestamp,
    },
    /// The merchant refunded a part of the purchase or all of it.
    Refunded {
        /// How much, in minor units.
        amount_minor: i64,
        /// How much of it is paid back; the rest is taken off what is still due. In minor units.
        paid_back_minor: i64,
    },
}

/// What all notices of one purchase are made of.
#[derive(Clone)]
pub struct Facts {
    /// The customer's given name; empty: not known, and nobody is called by name.
    pub given_name: Box<str>,
    /// The merchant as its customers know it.
    pub storefront: Storefront,
    /// The merchant's reference of the purchase; empty: none.
    pub reference: Box<str>,
    /// The purchase amount.
    pub amount: Money,
    /// The plan as it stands after what happened; `None` where there is none.
    pub plan: Option<Plan>,
    /// How much of what was paid the merchant has given back, in minor units.
    pub paid_back_minor: i64,
    /// Where the customer lives by the clock.
    pub zone: TimeZone,
    /// Where things are found.
    pub links: Links,
    /// Why instalments were declined, as texts in the notice's language that the customer may read.
    pub reasons: Vec<Box<str>>,
    /// By how many days a due date can be moved.
    pub movable_days: u8,
}

impl Facts {
    /// An amount of the purchase's currency.
    pub fn money(&self, amount_minor: i64) -> Money {
        Money { amount_minor, currency: self.amount.currency }
    }

    /// The instalment of this place.
    pub fn instalment(&self, place: usize) -> Option<&Instalment> {
        self.plan.as_ref()?.instalments.get(place)
    }
}

impl fmt::Debug for Facts {
    /// Without anything personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Facts({})", self.amount.currency)
    }
}

/// Where customers find things. Whole addresses; those of the pages are secrets of the customer.
#[derive(Clone)]
pub struct Links {
    /// The page of the plan.
    pub plan: Box<str>,
    /// The page of the journey, on which the purchase can be paid in one go.
    pub journey: Box<str>,
    /// Where the card is changed; `None`: on the page of the plan.
    pub change_card: Option<Box<str>>,
}

impl Links {
    /// The place on the plan's page where the card is changed.
    pub const CARD: &str = "card";
    /// The place on the plan's page where a due date is moved.
    pub const MOVE: &str = "move";
    /// The place on the plan's page where receipts are.
    pub const RECEIPTS: &str = "receipts";

    /// A place on the plan's page.
    pub(super) fn on_plan(&self, anchor: &str) -> String {
        format!("{}#{anchor}", self.plan)
    }

    /// Where the card is changed.
    pub(super) fn card(&self) -> String {
        self.change_card.as_ref().map_or_else(|| self.on_plan(Self::CARD), |url| url.to_string())
    }
}
