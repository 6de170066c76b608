//! Accepted plans and what happens to them as records, both ways. Tags and the numbers that stand for names are permanent.
//!
//! An account is stored as it was opened; what has become of it since, events tell.

use super::journey::NothingRecord;
use super::read::{self, Wrong};
use super::{MoneyRecord, PlanChoiceRecord, Timestamp, write};
use crate::domain::plan::{Instalment, Plan, PlanState, Servicing};
use crate::plan::{Account, Event};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(super) struct AccountRecord {
    #[prost(message, optional, tag = "1")]
    choice: Option<PlanChoiceRecord>,
    #[prost(message, optional, tag = "2")]
    amount: Option<MoneyRecord>,
    #[prost(sint64, tag = "3")]
    customer_cost_minor: i64,
    #[prost(sint64, tag = "4")]
    cost_bps: i64,
    #[prost(message, repeated, tag = "5")]
    instalments: Vec<InstalmentRecord>,
    /// The IANA name of the customer's time zone; empty: UTC.
    #[prost(string, tag = "6")]
    zone: String,
    #[prost(message, optional, tag = "7")]
    servicing: Option<ServicingRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct InstalmentRecord {
    /// Year × 10,000 + month × 100 + day.
    #[prost(sint32, tag = "1")]
    due_date: i32,
    #[prost(sint64, tag = "2")]
    purchase_amount_minor: i64,
    #[prost(sint64, tag = "3")]
    customer_fee_minor: i64,
    #[prost(sint64, tag = "4")]
    customer_interest_minor: i64,
}

#[derive(Clone, PartialEq, Message)]
struct ServicingRecord {
    #[prost(uint32, repeated, tag = "1")]
    reminder_hours: Vec<u32>,
    #[prost(uint32, tag = "2")]
    movable_days: u32,
    #[prost(uint32, tag = "3")]
    due_hour: u32,
    #[prost(uint32, tag = "4")]
    quiet_from_hour: u32,
    #[prost(uint32, tag = "5")]
    quiet_until_hour: u32,
}

/// What happened to a plan. Instalments count from 0.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PlanEventRecord {
    #[prost(oneof = "Happened", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9")]
    happened: Option<Happened>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Happened {
    #[prost(uint32, tag = "1")]
    Due(u32),
    #[prost(message, tag = "2")]
    AskedAhead(AskedAheadRecord),
    #[prost(message, tag = "3")]
    Reminded(RemindedRecord),
    #[prost(message, tag = "4")]
    Paid(PaidRecord),
    #[prost(message, tag = "5")]
    Failed(FailedRecord),
    #[prost(message, tag = "6")]
    Moved(MovedDateRecord),
    #[prost(message, tag = "7")]
    CardChangeAsked(NothingRecord),
    #[prost(message, tag = "8")]
    Refunded(RefundedRecord),
    #[prost(message, tag = "9")]
    Fell(FellRecord),
}

#[derive(Clone, PartialEq, Message)]
struct AskedAheadRecord {
    #[prost(uint32, repeated, tag = "1")]
    instalments: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct RemindedRecord {
    #[prost(uint32, tag = "1")]
    instalment: u32,
    #[prost(uint32, tag = "2")]
    hours: u32,
}

#[derive(Clone, PartialEq, Message)]
struct PaidRecord {
    #[prost(uint32, tag = "1")]
    instalment: u32,
    #[prost(string, optional, tag = "2")]
    reference: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct FailedRecord {
    #[prost(uint32, tag = "1")]
    instalment: u32,
    #[prost(sint64, optional, tag = "2")]
    offer_until_after_ms: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct MovedDateRecord {
    #[prost(uint32, tag = "1")]
    instalment: u32,
    /// As in [`InstalmentRecord`].
    #[prost(sint32, tag = "2")]
    to: i32,
}

#[derive(Clone, PartialEq, Message)]
struct RefundedRecord {
    #[prost(sint64, tag = "1")]
    amount_minor: i64,
    #[prost(sint64, tag = "2")]
    back_minor: i64,
}

#[derive(Clone, PartialEq, Message)]
struct FellRecord {
    #[prost(uint32, tag = "1")]
    instalment: u32,
    /// 1 in progress, 2 paid, 3 late, 4 late and contacted, 5 default.
    #[prost(uint32, tag = "2")]
    into: u32,
}

pub(super) fn write_account(account: &Account) -> AccountRecord {
    let Account { plan, zone, servicing, .. } = account;
    let instalment = |instalment: &Instalment| InstalmentRecord {
        due_date: write::date(instalment.due_date),
        purchase_amount_minor: instalment.purchase_amount_minor,
        customer_fee_minor: instalment.customer_fee_minor,
        customer_interest_minor: instalment.customer_interest_minor,
    };
    AccountRecord {
        choice: Some(write::choice(plan.choice)),
        amount: Some(write::money(plan.amount)),
        customer_cost_minor: plan.customer_cost_minor,
        cost_bps: plan.cost_bps,
        instalments: plan.instalments.iter().map(instalment).collect(),
        zone: zone.iana_name().filter(|name| *name != "UTC").unwrap_or_default().into(),
        servicing: servicing.as_ref().map(|servicing| ServicingRecord {
            reminder_hours: servicing.reminder_hours.iter().map(|hours| (*hours).into()).collect(),
            movable_days: servicing.movable_days.into(),
            due_hour: servicing.due_hour.unsigned_abs().into(),
            quiet_from_hour: servicing.quiet_from_hour.unsigned_abs().into(),
            quiet_until_hour: servicing.quiet_until_hour.unsigned_abs().into(),
        }),
    }
}

pub(super) fn read_account(record: AccountRecord, at: Timestamp) -> Result<Account, Wrong> {
    let plan = Plan {
        choice: read::choice(record.choice)?,
        amount: read::money(record.amount)?,
        customer_cost_minor: record.customer_cost_minor,
        cost_bps: record.cost_bps,
        instalments: record.instalments.iter().map(read_instalment).collect::<Result<_, _>>()?,
    };
    let zone = match record.zone.as_str() {
        "" => TimeZone::UTC,
        name => TimeZoneDatabase::bundled().get(name).map_err(|_| Wrong("zone: expected an IANA time zone"))?,
    };
    let servicing = record.servicing.map(read_servicing).transpose()?;
    Ok(Account::open(plan, zone, servicing, at))
}

fn read_instalment(record: &InstalmentRecord) -> Result<Instalment, Wrong> {
    let InstalmentRecord { due_date, purchase_amount_minor, customer_fee_minor, customer_interest_minor } = *record;
    let due_date = read_date(due_date)?;
    Ok(Instalment::agreed(due_date, purchase_amount_minor, customer_fee_minor, customer_interest_minor))
}

fn read_date(number: i32) -> Result<jiff::civil::Date, Wrong> {
    read::date(number).ok_or(Wrong("date: expected a day of the calendar"))
}

fn read_servicing(record: ServicingRecord) -> Result<Servicing, Wrong> {
    let hour = |hour: u32| i8::try_from(hour).ok().filter(|hour| *hour < 24).ok_or(Wrong("hour: expected 0 to 23"));
    let small = |number: u32| u16::try_from(number).map_err(|_| Wrong("servicing: expected a small number"));
    Ok(Servicing {
        reminder_hours: record.reminder_hours.into_iter().map(small).collect::<Result<_, _>>()?,
        movable_days: u8::try_from(record.movable_days).map_err(|_| Wrong("movable_days: expected below 256"))?,
        due_hour: hour(record.due_hour)?,
        quiet_from_hour: hour(record.quiet_from_hour)?,
        quiet_until_hour: hour(record.quiet_until_hour)?,
    })
}

pub(super) fn write_event(event: &Event, at: Timestamp) -> PlanEventRecord {
    let happened = match event {
        Event::Due { instalment } => Happened::Due((*instalment).into()),
        Event::AskedAhead { instalments } => Happened::AskedAhead(AskedAheadRecord {
            instalments: instalments.iter().map(|instalment| (*instalment).into()).collect(),
        }),
        Event::Reminded { instalment, hours } => {
            Happened::Reminded(RemindedRecord { instalment: (*instalment).into(), hours: (*hours).into() })
        }
        Event::Paid { instalment, reference } => Happened::Paid(PaidRecord {
            instalment: (*instalment).into(),
            reference: reference.as_deref().map(Into::into),
        }),
        Event::Failed { instalment, offer_until } => Happened::Failed(FailedRecord {
            instalment: (*instalment).into(),
            offer_until_after_ms: offer_until.map(|until| write::after(until, at)),
        }),
        Event::Moved { instalment, to } => {
            Happened::Moved(MovedDateRecord { instalment: (*instalment).into(), to: write::date(*to) })
        }
        Event::CardChangeAsked => Happened::CardChangeAsked(NothingRecord {}),
        Event::Refunded { amount_minor, back_minor } => {
            Happened::Refunded(RefundedRecord { amount_minor: *amount_minor, back_minor: *back_minor })
        }
        Event::Fell { instalment, into } => {
            Happened::Fell(FellRecord { instalment: (*instalment).into(), into: write_plan_state(*into) })
        }
    };
    PlanEventRecord { happened: Some(happened) }
}

pub(super) fn read_event(record: PlanEventRecord, at: Timestamp) -> Result<Event, Wrong> {
    let number = |instalment: u32| u8::try_from(instalment).map_err(|_| Wrong("instalment: expected below 256"));
    Ok(match record.happened.ok_or(Wrong("happened: expected one"))? {
        Happened::Due(instalment) => Event::Due { instalment: number(instalment)? },
        Happened::AskedAhead(record) => {
            Event::AskedAhead { instalments: record.instalments.into_iter().map(number).collect::<Result<_, _>>()? }
        }
        Happened::Reminded(record) => Event::Reminded {
            instalment: number(record.instalment)?,
            hours: u16::try_from(record.hours).map_err(|_| Wrong("hours: expected below 65,536"))?,
        },
        Happened::Paid(record) => {
            Event::Paid { instalment: number(record.instalment)?, reference: record.reference.map(Into::into) }
        }
        Happened::Failed(record) => Event::Failed {
            instalment: number(record.instalment)?,
            offer_until: record.offer_until_after_ms.map(|until| read::after(until, at)).transpose()?,
        },
        Happened::Moved(record) => Event::Moved { instalment: number(record.instalment)?, to: read_date(record.to)? },
        Happened::CardChangeAsked(NothingRecord {}) => Event::CardChangeAsked,
        Happened::Refunded(RefundedRecord { amount_minor, back_minor }) => Event::Refunded { amount_minor, back_minor },
        Happened::Fell(record) => {
            Event::Fell { instalment: number(record.instalment)?, into: read_plan_state(record.into)? }
        }
    })
}

fn write_plan_state(state: PlanState) -> u32 {
    match state {
        PlanState::InProgress => 1,
        PlanState::Paid => 2,
        PlanState::Late => 3,
        PlanState::LateContact => 4,
        PlanState::Default => 5,
    }
}

fn read_plan_state(number: u32) -> Result<PlanState, Wrong> {
    match number {
        1 => Ok(PlanState::InProgress),
        2 => Ok(PlanState::Paid),
        3 => Ok(PlanState::Late),
        4 => Ok(PlanState::LateContact),
        5 => Ok(PlanState::Default),
        _ => Err(Wrong("into: expected 1 to 5")),
    }
}
