//! What becomes of an accepted plan: payments, due dates that are moved, refunds, and what time brings.
//!
//! As in [`crate::journey`], what comes in is an [`Input`], what happened is an [`Event`], and the account after it follows
//! from the event alone. The engine charges no card: an instalment that is due is one that the gateway is told to collect
//! ([`Event::Due`]), and the gateway reports what came of it.

use super::event::Event;
use super::refund;
use super::times;
use crate::domain::plan::{InstalmentState, Plan, PlanState, Servicing};
use crate::domain::time::{DAY_MS, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How long a gateway has to report on a payment that it was told to collect before it may be asked again.
pub(super) const COLLECTING_MS: i64 = DAY_MS;

/// An accepted plan and what has become of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// The schedule as it stands.
    pub plan: Plan,
    /// How the plan as a whole stands.
    pub state: PlanState,
    /// Where the customer is awake.
    pub zone: TimeZone,
    /// What happens by itself; `None`: nothing.
    pub servicing: Option<Servicing>,
    /// How much of the purchase amount was refunded, in minor units.
    pub refunded_minor: i64,
    /// How much of that goes back to the customer, because it had been paid, in minor units.
    pub paid_back_minor: i64,
    /// Until when the whole amount may be paid at once instead, after a first payment that failed.
    pub offer_until: Option<Timestamp>,
    /// What is under way for each instalment.
    pub(super) under_way: Vec<UnderWay>,
}

/// What is under way for one instalment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnderWay {
    /// Since when the gateway has been collecting it.
    pub collecting_since: Option<Timestamp>,
    /// How many of its reminders are over: sent, or too late to be.
    pub reminders_over: u8,
    /// How it alone makes the plan stand.
    pub behind: PlanState,
}

impl Account {
    /// The account of a plan that is accepted at a time. What is due on that day is being collected with the purchase.
    pub fn open(plan: Plan, zone: TimeZone, servicing: Option<Servicing>, at: Timestamp) -> Self {
        let today = times::day(at, &zone);
        let under_way = plan.instalments.iter().map(|instalment| UnderWay {
            collecting_since: (instalment.due_date <= today).then_some(at),
            reminders_over: times::reminders_over(instalment.due_date, servicing.as_ref(), &zone, at),
            behind: PlanState::InProgress,
        });
        let under_way = under_way.collect();
        let state = PlanState::InProgress;
        Self { plan, state, zone, servicing, refunded_minor: 0, paid_back_minor: 0, offer_until: None, under_way }
    }

    /// Whether the gateway is collecting an instalment at a time. `instalment` counts from 0.
    pub fn is_collecting(&self, instalment: usize, at: Timestamp) -> bool {
        let since = self.under_way.get(instalment).and_then(|under_way| under_way.collecting_since);
        since.is_some_and(|since| at < since.plus_ms(COLLECTING_MS))
    }

    /// Whether the gateway is collecting any other instalment at a time.
    pub(super) fn is_collecting_another(&self, instalment: usize, at: Timestamp) -> bool {
        (0..self.under_way.len()).any(|other| other != instalment && self.is_collecting(other, at))
    }

    /// The last day to which the due date of an instalment may be moved at a time; `None`: it may not be moved.
    pub fn movable_until(&self, instalment: usize, at: Timestamp) -> Option<Date> {
        self.check_movable(instalment, at).ok()
    }

    /// The last day to which it may be moved, or why it may not.
    pub(super) fn check_movable(&self, instalment: usize, at: Timestamp) -> Result<Date, &'static str> {
        let servicing = self.servicing.as_ref().ok_or("the gateway services this plan on its own")?;
        let of = self.plan.instalments.get(instalment).ok_or("the plan has no such instalment")?;
        if !of.state.is_open() {
            return Err("expected an instalment that is still to be paid");
        }
        if of.is_moved() {
            return Err("this due date has been moved before: each may be moved once");
        }
        if self.is_collecting(instalment, at) {
            return Err("this instalment is being collected");
        }
        let last = times::days_after(of.agreed_date, servicing.movable_days);
        if last <= times::day(at, &self.zone).max(of.due_date) {
            return Err("it is too late to move this due date");
        }
        Ok(last)
    }

    /// The instalments that may be paid now, because they are open and nobody is collecting them; they count from 0.
    pub fn payable(&self, at: Timestamp) -> Vec<usize> {
        let open = self.plan.instalments.iter().enumerate().filter(|(_, instalment)| instalment.state.is_open());
        open.map(|(place, _)| place).filter(|place| !self.is_collecting(*place, at)).collect()
    }

    /// Whether anything has been paid.
    pub fn is_begun(&self) -> bool {
        self.plan.instalments.iter().any(|instalment| instalment.state == InstalmentState::Paid)
    }

    /// How much may still be refunded, in minor units.
    pub fn refundable_minor(&self) -> i64 {
        self.plan.amount.amount_minor - self.refunded_minor
    }

    /// When time brings something next.
    pub fn due_at(&self) -> Option<Timestamp> {
        times::next(self).map(|(due_at, _)| due_at)
    }

    /// The account after an event of this time; `None`: it cannot have happened.
    pub fn apply(mut self, event: &Event, at: Timestamp) -> Option<Self> {
        match event {
            Event::Due { instalment } => self.collect(*instalment, at)?,
            Event::AskedAhead { instalments } => {
                for instalment in instalments {
                    self.collect(*instalment, at)?;
                }
            }
            Event::Reminded { instalment, hours } => {
                let over = self.servicing.as_ref()?.reminder_hours.iter().position(|other| other == hours)? + 1;
                self.under_way.get_mut(usize::from(*instalment))?.reminders_over = u8::try_from(over).ok()?;
            }
            Event::Paid { instalment, .. } => {
                let place = usize::from(*instalment);
                let of = self.plan.instalments.get_mut(place).filter(|of| of.state.is_open())?;
                (of.state, of.paid_at) = (InstalmentState::Paid, Some(at));
                self.under_way.get_mut(place)?.collecting_since = None;
                self.offer_until = None;
                self.state = self.standing();
            }
            Event::Failed { instalment, offer_until } => {
                let place = usize::from(*instalment);
                let today = times::day(at, &self.zone);
                let of = self.plan.instalments.get_mut(place).filter(|of| of.state.is_open())?;
                let under_way = self.under_way.get_mut(place)?;
                under_way.collecting_since = None;
                // A payment ahead of its time may fail and nobody is late.
                if of.due_date <= today && under_way.behind == PlanState::InProgress {
                    (of.state, under_way.behind) = (InstalmentState::Incident, PlanState::Late);
                    self.state = self.standing();
                }
                self.offer_until = *offer_until;
            }
            Event::Moved { instalment, to } => {
                let place = usize::from(*instalment);
                let of = self.plan.instalments.get_mut(place).filter(|of| of.state.is_open())?;
                (of.due_date, of.state) = (*to, InstalmentState::Pending);
                let reminders_over = times::reminders_over(*to, self.servicing.as_ref(), &self.zone, at);
                let behind = PlanState::InProgress;
                *self.under_way.get_mut(place)? = UnderWay { collecting_since: None, reminders_over, behind };
                self.state = self.standing();
            }
            Event::CardChangeAsked => {}
            Event::Refunded { amount_minor, back_minor } => {
                refund::apply(&mut self, *amount_minor, *back_minor, at)?;
                self.state = self.standing();
                // Nothing is left to be paid in one go.
                self.offer_until = self.offer_until.filter(|_| self.state != PlanState::Paid);
            }
            Event::Fell { instalment, into } => {
                let place = usize::from(*instalment);
                let of = self.plan.instalments.get_mut(place).filter(|of| of.state.is_open())?;
                of.state = match into {
                    PlanState::Default => InstalmentState::Claimed,
                    _ => InstalmentState::Incident,
                };
                let under_way = self.under_way.get_mut(place)?;
                under_way.behind = *into;
                self.state = self.standing();
            }
        }
        Some(self)
    }

    /// Takes an instalment to be collected from a time on.
    fn collect(&mut self, instalment: u8, at: Timestamp) -> Option<()> {
        let place = usize::from(instalment);
        self.plan.instalments.get(place).filter(|of| of.state.is_open())?;
        self.under_way.get_mut(place)?.collecting_since = Some(at);
        // Nobody is to pay the same twice: if this fails, the offer to pay in one go is open again.
        self.offer_until = None;
        Some(())
    }

    /// How the plan stands, by what is still open.
    fn standing(&self) -> PlanState {
        let open =
            self.plan.instalments.iter().zip(&self.under_way).filter(|(instalment, _)| instalment.state.is_open());
        open.map(|(_, under_way)| under_way.behind).max().unwrap_or(PlanState::Paid)
    }
}
