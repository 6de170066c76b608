//! When the purchase is made, by the merchant's clock on the wall.

use super::{Feature, boolean, number};
use crate::domain::reason::ReasonCode as Reason;

pub(super) const ABOUT: &str = "When the purchase is made, in the merchant's time zone.";

pub(super) const FEATURES: &[Feature] = &[
    number(701, "hour_of_day", "hours", Reason::TIME_UNUSUAL, |s| Some(s.local.hour().into()))
        .says("The hour, from 0 to 23.", "Never."),
    number(702, "day_of_week", "days", Reason::TIME_UNUSUAL, |s| Some(s.local.weekday().to_monday_one_offset().into()))
        .says("The day of the week, from 1 (Monday) to 7 (Sunday).", "Never."),
    number(703, "day_of_month", "days", Reason::TIME_UNUSUAL, |s| Some(s.local.day().into()))
        .says("The day of the month, from 1.", "Never."),
    number(704, "days_left_in_month", "days", Reason::TIME_UNUSUAL, |s| {
        Some(f64::from(s.local.days_in_month()) - f64::from(s.local.day()))
    })
    .says("How many days of the month are left after this one.", "Never."),
    boolean(705, "during_weekend", Reason::TIME_UNUSUAL, |s| Some(s.local.weekday().to_monday_one_offset() >= 6))
        .says("Whether it is Saturday or Sunday.", "Never."),
    boolean(706, "during_night", Reason::TIME_UNUSUAL, |s| Some(s.local.hour() <= 6))
        .says("Whether the hour is at most 6, as in the Fraud Detection Handbook.", "Never."),
];
