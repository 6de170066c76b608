//! What time brings to a plan: reminders, due dates, and falling behind, in the customer's time zone.

use super::account::{Account, COLLECTING_MS};
use crate::domain::plan::{PlanState, Servicing};
use crate::domain::time::{HOUR_MS, Timestamp};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// From how many days after its due date on what is not paid makes a plan stand like this.
const BEHIND: [(u8, PlanState); 3] = [(1, PlanState::Late), (8, PlanState::LateContact), (16, PlanState::Default)];

/// A reminder that is sent more hours ahead than this comes before the due date, though it waits for the morning.
const LONGEST_NIGHT_HOURS: u16 = 25;

/// What time brings to an instalment, which counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The gateway is to collect it.
    Collect(usize),
    /// The customer is reminded of it, so many hours before.
    Remind(usize, u16),
    /// It makes the plan stand like this.
    Fall(usize, PlanState),
}

/// The day in a time zone.
pub(super) fn day(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at.to_jiff()).date()
}

/// A day some days later; the end of the calendar stands still.
pub(super) fn days_after(date: Date, days: u8) -> Date {
    date.saturating_add(i32::from(days).days())
}

/// What time brings next to a plan, and when; `None`: nothing.
pub(super) fn next(account: &Account) -> Option<(Timestamp, Step)> {
    earliest(account, true)
}

/// As [`next`], with or without reminders.
fn earliest(account: &Account, reminding: bool) -> Option<(Timestamp, Step)> {
    let servicing = account.servicing.as_ref()?;
    let mut next: Option<(Timestamp, Step)> = None;
    for (place, (instalment, under_way)) in account.plan.instalments.iter().zip(&account.under_way).enumerate() {
        if !instalment.state.is_open() {
            continue;
        }
        let zone = &account.zone;
        // Looking a time zone up costs more than all else here, and something is mostly due long before.
        let first = not_before(instalment.due_date, servicing.reminder_hours.first().copied().unwrap_or(0));
        if next.is_some_and(|(earliest, _)| earliest < first) {
            continue;
        }
        if let Some((days, state)) = BEHIND.iter().find(|(_, state)| under_way.behind < *state) {
            offer(&mut next, hour_of(days_after(instalment.due_date, *days), 0, zone), Step::Fall(place, *state));
        }
        // Whoever is behind has been told, and pays when they can.
        if under_way.behind != PlanState::InProgress {
            continue;
        }
        // What the gateway is collecting by then comes to nothing; what it has never reported on does not stand in the way.
        let free_at = under_way.collecting_since.map(|since| since.plus_ms(COLLECTING_MS));
        let is_free = |at: &Timestamp| free_at.is_none_or(|free_at| free_at <= *at);
        offer(&mut next, hour_of(instalment.due_date, servicing.due_hour, zone).filter(is_free), Step::Collect(place));
        if !reminding {
            continue;
        }
        let ahead = servicing.reminder_hours.iter().skip(usize::from(under_way.reminders_over));
        let mut ahead =
            ahead.filter_map(|hours| Some((remind_at(instalment.due_date, *hours, servicing, zone)?, *hours)));
        if let Some((at, hours)) = ahead.find(|(at, _)| is_free(at)) {
            offer(&mut next, Some(at), Step::Remind(place, hours));
        }
    }
    next
}

/// Takes what comes before everything so far.
fn offer(next: &mut Option<(Timestamp, Step)>, at: Option<Timestamp>, step: Step) {
    if let Some(at) = at
        && next.is_none_or(|(earliest, _)| at < earliest)
    {
        *next = Some((at, step));
    }
}

/// What time has brought to a plan by now; `None`: nothing. Of what a server that stood still has missed, only the latest
/// reminder is sent, none after the due date, and none at night.
pub(super) fn due_by(account: &Account, at: Timestamp) -> Option<Step> {
    let (_, step) = next(account).filter(|(due_at, _)| *due_at <= at)?;
    let Step::Remind(place, _) = step else { return Some(step) };
    let (servicing, zone) = (account.servicing.as_ref()?, &account.zone);
    let due_date = account.plan.instalments.get(place)?.due_date;
    if hour_of(due_date, servicing.due_hour, zone)? <= at {
        return Some(Step::Collect(place));
    }
    if !servicing.is_day(zone.to_datetime(at.to_jiff()).hour()) {
        // What is not written to anybody does not wait for the morning.
        return earliest(account, false).filter(|(due_at, _)| *due_at <= at).map(|(_, step)| step);
    }
    let has_come = |hours: &&u16| remind_at(due_date, **hours, servicing, zone).is_some_and(|due| due <= at);
    let latest = servicing.reminder_hours.iter().rev().find(has_come)?;
    Some(Step::Remind(place, *latest))
}

/// How many reminders of a due date are over at a time.
pub(super) fn reminders_over(due_date: Date, servicing: Option<&Servicing>, zone: &TimeZone, at: Timestamp) -> u8 {
    let Some(servicing) = servicing else { return 0 };
    let first = servicing.reminder_hours.first().copied().unwrap_or(0);
    if first > LONGEST_NIGHT_HOURS && at < not_before(due_date, first) {
        return 0;
    }
    let over = servicing
        .reminder_hours
        .iter()
        .take_while(|hours| remind_at(due_date, **hours, servicing, zone).is_none_or(|due| due <= at));
    over.count() as u8
}

/// A time before which the reminder so many hours before a day comes nowhere: no clock is ahead of UTC by a day.
fn not_before(date: Date, hours: u16) -> Timestamp {
    let midnight = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).map(|midnight| midnight.as_millisecond());
    let midnight = midnight.ok().and_then(|ms| Timestamp::from_ms(ms).ok()).unwrap_or_default();
    midnight.plus_ms(-(i64::from(hours) + 24) * HOUR_MS)
}

/// When the customer is reminded so many hours before a due date: not at night, rather the next morning; `None`: never,
/// because the instalment is due by then.
fn remind_at(due_date: Date, hours: u16, servicing: &Servicing, zone: &TimeZone) -> Option<Timestamp> {
    let due = hour_of(due_date, servicing.due_hour, zone)?;
    let at = due.plus_ms(-i64::from(hours) * HOUR_MS);
    let local = zone.to_datetime(at.to_jiff());
    let at = match servicing.is_day(local.hour()) {
        true => at,
        false if local.hour() < servicing.quiet_until_hour => hour_of(local.date(), servicing.quiet_until_hour, zone)?,
        false => hour_of(days_after(local.date(), 1), servicing.quiet_until_hour, zone)?,
    };
    (at < due).then_some(at)
}

/// An hour of a day. One that a change of the clocks leaves out is the hour after it.
fn hour_of(date: Date, hour: i8, zone: &TimeZone) -> Option<Timestamp> {
    let at = date.at(hour, 0, 0, 0);
    let zoned = zone.to_ambiguous_zoned(at).compatible().ok()?;
    Timestamp::from_ms(zoned.timestamp().as_millisecond()).ok()
}
