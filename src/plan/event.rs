//! What comes in about an accepted plan, what it means, and what happened, as it is stored.

use super::account::Account;
use super::refund;
use super::times::{self, Step};
use crate::domain::plan::PlanState;
use crate::domain::time::Timestamp;
use jiff::civil::Date;

/// What is asked or reported. Instalments count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The customer pays now what is due later, or is overdue.
    PayAhead {
        /// Which instalment; `None`: all that are open.
        instalment: Option<u8>,
    },
    /// The customer moves a due date.
    MoveDueDate {
        /// Which.
        instalment: u8,
        /// The new day.
        to: Date,
    },
    /// The customer wants to give another card.
    ChangeCard,
    /// The gateway has collected an instalment.
    ReportPaid {
        /// Which.
        instalment: u8,
        /// The gateway's name for the payment.
        reference: Option<Box<str>>,
    },
    /// The gateway could not collect an instalment.
    ReportFailed {
        /// Which.
        instalment: u8,
        /// How long the offer to pay in one go is open again where it was the first, in seconds.
        offer_ttl_seconds: u32,
    },
    /// The merchant refunds a part of the purchase, or all of it.
    Refund {
        /// How much, in minor units.
        amount_minor: i64,
    },
}

impl Input {
    /// The name in metrics and in tests.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PayAhead { .. } => "pay_ahead",
            Self::MoveDueDate { .. } => "move_due_date",
            Self::ChangeCard => "change_card",
            Self::ReportPaid { .. } => "report_paid",
            Self::ReportFailed { .. } => "report_failed",
            Self::Refund { .. } => "refund",
        }
    }
}

/// One thing that happened to a plan. Instalments count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The gateway is to collect an instalment: its time has come.
    Due {
        /// Which.
        instalment: u8,
    },
    /// The gateway is to collect instalments before their time, or after it, because the customer pays them now.
    AskedAhead {
        /// Which.
        instalments: Box<[u8]>,
    },
    /// The customer is reminded of a due date.
    Reminded {
        /// Of which instalment.
        instalment: u8,
        /// How many hours before.
        hours: u16,
    },
    /// An instalment was paid.
    Paid {
        /// Which.
        instalment: u8,
        /// The gateway's name for the payment.
        reference: Option<Box<str>>,
    },
    /// A payment failed.
    Failed {
        /// Of which instalment.
        instalment: u8,
        /// Until when the whole may be paid at once instead, where nothing has been paid yet and nothing else is being
        /// collected.
        offer_until: Option<Timestamp>,
    },
    /// The customer moved a due date.
    Moved {
        /// Of which instalment.
        instalment: u8,
        /// The new day.
        to: Date,
    },
    /// The customer went to give another card.
    CardChangeAsked,
    /// The merchant refunded a part of the purchase, or all of it.
    Refunded {
        /// How much, in minor units.
        amount_minor: i64,
        /// How much of it goes back to the customer, in minor units; the rest need not be paid any more.
        back_minor: i64,
    },
    /// Time went by without a payment.
    Fell {
        /// Of which instalment.
        instalment: u8,
        /// How the plan stands now.
        into: PlanState,
    },
}

impl Event {
    /// The name in the audit, in scenarios and in events to the merchant.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Due { .. } => "payment_due",
            Self::AskedAhead { .. } => "pay_ahead_asked",
            Self::Reminded { .. } => "reminded",
            Self::Paid { .. } => "instalment_paid",
            Self::Failed { .. } => "payment_failed",
            Self::Moved { .. } => "due_date_moved",
            Self::CardChangeAsked => "card_change_asked",
            Self::Refunded { .. } => "refunded",
            Self::Fell { .. } => "fell_behind",
        }
    }
}

/// What an input means to a plan; the refusal says what was expected.
pub fn receive(account: &Account, input: Input, at: Timestamp) -> Result<Event, &'static str> {
    let of =
        |instalment: u8| account.plan.instalments.get(usize::from(instalment)).ok_or("the plan has no such instalment");
    match input {
        Input::PayAhead { instalment: Some(instalment) } => {
            if !of(instalment)?.state.is_open() {
                return Err("expected an instalment that is still to be paid");
            }
            if account.is_collecting(usize::from(instalment), at) {
                return Err("this instalment is being collected");
            }
            Ok(Event::AskedAhead { instalments: [instalment].into() })
        }
        Input::PayAhead { instalment: None } => {
            let instalments: Box<[u8]> =
                account.payable(at).into_iter().filter_map(|place| u8::try_from(place).ok()).collect();
            if instalments.is_empty() {
                return Err("expected a plan with an instalment that is still to be paid and is not being collected");
            }
            Ok(Event::AskedAhead { instalments })
        }
        Input::MoveDueDate { instalment, to } => {
            let last = account.check_movable(usize::from(instalment), at)?;
            let due_date = of(instalment)?.due_date;
            if to <= due_date.max(times::day(at, &account.zone)) {
                return Err("expected a day after the due date and after today");
            }
            if to > last {
                return Err("expected an earlier day: a due date may be moved by so many days only");
            }
            Ok(Event::Moved { instalment, to })
        }
        Input::ChangeCard if account.plan.left_to_pay_minor() > 0 => Ok(Event::CardChangeAsked),
        Input::ChangeCard => Err("expected a plan with something still to be paid"),
        Input::ReportPaid { instalment, reference } => match of(instalment)?.state.is_open() {
            true => Ok(Event::Paid { instalment, reference }),
            false => Err("expected an instalment that is still to be paid"),
        },
        Input::ReportFailed { instalment, offer_ttl_seconds } => {
            if !of(instalment)?.state.is_open() {
                return Err("expected an instalment that is still to be paid");
            }
            // What another instalment's collection may still bring is not to be paid a second time.
            let place = usize::from(instalment);
            let offered = !account.is_begun() && !account.is_collecting_another(place, at);
            let offer_until = offered.then(|| at.plus_ms(i64::from(offer_ttl_seconds) * 1_000));
            Ok(Event::Failed { instalment, offer_until })
        }
        Input::Refund { amount_minor } => {
            if amount_minor <= 0 {
                return Err("expected an amount above zero");
            }
            if amount_minor > account.refundable_minor() {
                return Err("expected at most what has not been refunded of the purchase amount");
            }
            Ok(Event::Refunded { amount_minor, back_minor: refund::back_minor(account, amount_minor, at) })
        }
    }
}

/// What time has brought; `None`: nothing.
pub fn time(account: &Account, at: Timestamp) -> Option<Event> {
    let instalment = |place: usize| u8::try_from(place).ok();
    match times::due_by(account, at)? {
        Step::Collect(place) => Some(Event::Due { instalment: instalment(place)? }),
        Step::Remind(place, hours) => Some(Event::Reminded { instalment: instalment(place)?, hours }),
        Step::Fall(place, into) => Some(Event::Fell { instalment: instalment(place)?, into }),
    }
}
