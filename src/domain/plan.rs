//! A plan's choice and its schedule, as data. How a schedule is computed lives in [`crate::plan`].

use super::Invalid;
use super::geo::Country;
use super::money::{Currency, Money};
use super::time::Timestamp;
use jiff::civil::Date;

/// Which plan the customer chose, by `(instalment_count, deferred_days, deferred_months)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanChoice {
    /// 1 (pay now or later, at once) to 24.
    pub instalment_count: u8,
    /// Days by which every due date is shifted: 0 to 90.
    pub deferred_days: u8,
    /// Calendar months by which every due date is shifted: 0 to 3; days and months are not both given.
    pub deferred_months: u8,
}

impl PlanChoice {
    /// Checks the three numbers.
    pub fn new(instalment_count: i32, deferred_days: i32, deferred_months: i32) -> Result<Self, Invalid> {
        let good = (1..=24).contains(&instalment_count)
            && (0..=90).contains(&deferred_days)
            && (0..=3).contains(&deferred_months)
            && (deferred_days == 0 || deferred_months == 0);
        if !good {
            return Err(Invalid::expected("1 to 24 instalments, deferred by 0 to 90 days or 0 to 3 months, not both"));
        }
        Ok(Self {
            instalment_count: instalment_count as u8,
            deferred_days: deferred_days as u8,
            deferred_months: deferred_months as u8,
        })
    }
}

impl std::fmt::Display for PlanChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x", self.instalment_count)?;
        match (self.deferred_days, self.deferred_months) {
            (0, 0) => Ok(()),
            (days, 0) => write!(f, " D+{days}"),
            (_, months) => write!(f, " M+{months}"),
        }
    }
}

/// What a plan costs the customer, as a merchant offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Which plan.
    pub choice: PlanChoice,
    /// The fixed part of the customer's fee, in minor units of the purchase's currency.
    pub fee_fixed_minor: i64,
    /// The part of the fee that grows with the amount, in hundredths of a percent of it.
    pub fee_bps: u32,
    /// The yearly interest of a credit plan (effective annual rate), in hundredths of a percent; 0: none.
    pub apr_bps: u32,
}

/// One thing that stands against a plan for an amount, country and currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constraint {
    /// The plan is not offered at all.
    Plan,
    /// The amount is outside the plan's bounds, in minor units, both included.
    Amount {
        /// The smallest amount.
        min_minor: i64,
        /// The largest amount.
        max_minor: i64,
    },
    /// The country is none of these.
    Country(Vec<Country>),
    /// The currency is none of these.
    Currency(Vec<Currency>),
}

/// What has become of one instalment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstalmentState {
    /// Not due or not yet paid.
    Pending,
    /// Paid.
    Paid,
    /// A payment failed, or the due date went by without one.
    Incident,
    /// So late that the customer is asked for it by a person.
    Claimed,
    /// Nothing is left to pay: what was refunded covers it.
    Covered,
}

impl InstalmentState {
    /// Whether something is still to be paid.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Incident | Self::Claimed)
    }
}

/// One instalment of a plan. All amounts are minor units of the plan's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instalment {
    /// The day it is due.
    pub due_date: Date,
    /// The day it was to be due as agreed: another one where the customer has moved it.
    pub agreed_date: Date,
    /// The share of the purchase amount.
    pub purchase_amount_minor: i64,
    /// The customer's fee; all of it stands on the first instalment.
    pub customer_fee_minor: i64,
    /// Interest of a credit plan.
    pub customer_interest_minor: i64,
    /// How much of the purchase amount need not be paid any more, because it was refunded.
    pub refunded_minor: i64,
    /// What the customer pays that day: the three amounts together, less what was refunded.
    pub total_amount_minor: i64,
    /// What has become of it.
    pub state: InstalmentState,
    /// When it was reported paid.
    pub paid_at: Option<Timestamp>,
}

impl Instalment {
    /// An instalment as it is agreed; amounts in minor units.
    pub fn agreed(due_date: Date, purchase_minor: i64, fee_minor: i64, interest_minor: i64) -> Self {
        Self {
            due_date,
            agreed_date: due_date,
            purchase_amount_minor: purchase_minor,
            customer_fee_minor: fee_minor,
            customer_interest_minor: interest_minor,
            refunded_minor: 0,
            total_amount_minor: purchase_minor.saturating_add(fee_minor).saturating_add(interest_minor),
            state: InstalmentState::Pending,
            paid_at: None,
        }
    }

    /// Whether the customer has moved its due date.
    pub fn is_moved(&self) -> bool {
        self.due_date != self.agreed_date
    }
}

/// A schedule of instalments for one purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The choice it was made from.
    pub choice: PlanChoice,
    /// The purchase amount; the instalments' purchase amounts sum to it exactly.
    pub amount: Money,
    /// Fee and interest together, in minor units.
    pub customer_cost_minor: i64,
    /// `round(cost / amount × 10,000)`.
    pub cost_bps: i64,
    /// The instalments, by due date as agreed.
    pub instalments: Vec<Instalment>,
}

impl Plan {
    /// The most that the customer pays at once, in minor units.
    pub fn largest_instalment_minor(&self) -> i64 {
        self.instalments.iter().map(|instalment| instalment.total_amount_minor).max().unwrap_or_default()
    }

    /// What is still to be paid, in minor units.
    pub fn left_to_pay_minor(&self) -> i64 {
        let open = self.instalments.iter().filter(|instalment| instalment.state.is_open());
        open.fold(0, |sum, instalment| sum.saturating_add(instalment.total_amount_minor))
    }
}

/// How a plan as a whole stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlanState {
    /// Nothing is overdue.
    InProgress,
    /// Nothing is left to pay.
    Paid,
    /// An instalment is overdue, by less than 8 days.
    Late,
    /// By 8 to 15 days: a person contacts the customer.
    LateContact,
    /// By more than 15 days.
    Default,
}

impl PlanState {
    /// The name in events and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Paid => "paid",
            Self::Late => "late",
            Self::LateContact => "late_contact",
            Self::Default => "default",
        }
    }
}

/// What happens to an accepted plan by itself, copied out of the policy when it is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servicing {
    /// How many hours before a due date the customer is reminded, the earliest reminder first.
    pub reminder_hours: Box<[u16]>,
    /// By how many days the customer may move a due date, once.
    pub movable_days: u8,
    /// The hour of the due date at which the gateway is told to collect, in the customer's time zone.
    pub due_hour: i8,
    /// From this hour on nobody is written to.
    pub quiet_from_hour: i8,
    /// Until this hour of the morning nobody is written to.
    pub quiet_until_hour: i8,
}

impl Servicing {
    /// Whether a customer may be written to at this hour of the day. Two hours of 0 to 23 always leave some day: the same
    /// hour twice, all of it.
    pub fn is_day(&self, hour: i8) -> bool {
        let (from, until) = (self.quiet_from_hour, self.quiet_until_hour);
        match from.cmp(&until) {
            std::cmp::Ordering::Less => hour < from || hour >= until,
            std::cmp::Ordering::Equal => true,
            std::cmp::Ordering::Greater => hour >= until && hour < from,
        }
    }
}
