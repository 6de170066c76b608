//! Floor 3: quotes and schedules of instalments, in whole minor units.
//!
//! The purchase amount is cut into `floor(amount / n)` each, the minor units left over and the customer's whole fee
//! stand on the first instalment. Dates follow the calendar: the same day of the following months, or the last day of
//! a month that is too short, always counted from the purchase, so 31 January leads to 28 February and then 31 March.
//! A deferral by days or months moves every date. A plan with interest repays by level payments.
//!
//! What becomes of an accepted plan is an [`Account`]: [`receive`] and [`time`] say what happens to it, [`Event`]s are
//! stored, and [`Account::apply`] makes the account after one.

mod account;
mod event;
mod refund;
#[cfg(test)]
mod servicing_tests;
mod times;

pub use account::Account;
pub use event::{Event, Input, receive, time};

use crate::domain::money::Money;
use crate::domain::plan::{Instalment, Plan, PlanChoice, Terms};
use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// A hundredth of a percent: how many of them make the whole.
const BPS: i64 = 10_000;
/// The days by which a yearly rate is spread, as lenders quote it.
const DAYS_A_YEAR: f64 = 365.0;

/// The schedule of `amount` under `terms`, bought on `today` (a day in the merchant's time zone).
pub fn schedule(terms: &Terms, amount: Money, today: Date) -> Plan {
    let dates = due_dates(terms.choice, today);
    let parts = if terms.apr_bps == 0 {
        in_equal_parts(amount.amount_minor, dates.len())
    } else {
        in_level_payments(amount.amount_minor, terms.apr_bps, &dates, today)
    };
    let fee_minor = fee(terms, amount.amount_minor);
    let instalments: Vec<Instalment> = dates
        .into_iter()
        .zip(parts)
        .enumerate()
        .map(|(at, (due_date, (purchase_minor, interest_minor)))| {
            let fee_minor = if at == 0 { fee_minor } else { 0 };
            Instalment::agreed(due_date, purchase_minor, fee_minor, interest_minor)
        })
        .collect();
    let interest = instalments.iter().fold(0_i64, |sum, one| sum.saturating_add(one.customer_interest_minor));
    let customer_cost_minor = fee_minor.saturating_add(interest);
    let cost_bps = share(customer_cost_minor, BPS, amount.amount_minor);
    Plan { choice: terms.choice, amount, customer_cost_minor, cost_bps, instalments }
}

/// The customer's whole fee, in minor units.
fn fee(terms: &Terms, amount_minor: i64) -> i64 {
    terms.fee_fixed_minor.saturating_add(share(amount_minor, i64::from(terms.fee_bps), BPS))
}

/// `round(a × b / whole)`, half away from zero; 0 of nothing.
fn share(a: i64, b: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    let (product, whole) = (i128::from(a) * i128::from(b), i128::from(whole));
    let half = whole.abs() / 2;
    let rounded = (product.abs() + half) / whole.abs() * product.signum() * whole.signum();
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

/// When the instalments are due. Dates past the end of the calendar stand still there.
fn due_dates(choice: PlanChoice, today: Date) -> Vec<Date> {
    (0..i32::from(choice.instalment_count.max(1)))
        .map(|at| {
            let months: Span = (at + i32::from(choice.deferred_months)).months();
            today.saturating_add(months).saturating_add(i32::from(choice.deferred_days).days())
        })
        .collect()
}

/// Purchase amounts without interest.
fn in_equal_parts(amount_minor: i64, count: usize) -> Vec<(i64, i64)> {
    let count = count as i64;
    let (each, left_over) = (amount_minor.div_euclid(count), amount_minor.rem_euclid(count));
    (0..count).map(|at| (if at == 0 { each + left_over } else { each }, 0)).collect()
}

/// Purchase amounts and interest of a credit: every payment is the same but the last, which takes what rounding left.
fn in_level_payments(amount_minor: i64, apr_bps: u32, dates: &[Date], today: Date) -> Vec<(i64, i64)> {
    let growth = |from: Date, to: Date| {
        let days = f64::from((to - from).get_days());
        libm::pow(1.0 + f64::from(apr_bps) / BPS as f64, days / DAYS_A_YEAR)
    };
    // What is paid later is worth less today: the payment whose instalments are worth the amount together.
    let worth: f64 = dates.iter().map(|date| 1.0 / growth(today, *date)).sum();
    let payment = libm::round(amount_minor as f64 / worth) as i64;
    let (mut balance, mut since) = (amount_minor, today);
    let mut parts = Vec::with_capacity(dates.len());
    for (at, date) in dates.iter().enumerate() {
        let interest = libm::round(balance as f64 * (growth(since, *date) - 1.0)) as i64;
        let repaid = if at + 1 == dates.len() { balance } else { (payment - interest).clamp(0, balance.max(0)) };
        parts.push((repaid, interest));
        (balance, since) = (balance - repaid, *date);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::{Currency, MAX_AMOUNT_MINOR};
    use jiff::civil::date;
    use proptest::prelude::*;

    fn terms(choice: (u8, u8, u8), fee_fixed_minor: i64, fee_bps: u32, apr_bps: u32) -> Terms {
        let (instalment_count, deferred_days, deferred_months) = choice;
        let choice = PlanChoice { instalment_count, deferred_days, deferred_months };
        Terms { choice, fee_fixed_minor, fee_bps, apr_bps }
    }

    fn euros(amount_minor: i64) -> Money {
        Money { amount_minor, currency: Currency::EUR }
    }

    /// A schedule as lines of `date purchase+fee+interest`.
    fn lines(plan: &Plan) -> Vec<String> {
        let line = |one: &Instalment| {
            let Instalment { due_date, purchase_amount_minor: purchase, .. } = one;
            format!("{due_date} {purchase}+{}+{}", one.customer_fee_minor, one.customer_interest_minor)
        };
        plan.instalments.iter().map(line).collect()
    }

    #[test]
    fn cents_left_over_and_the_fee_stand_on_the_first() {
        let plan = schedule(&terms((3, 0, 0), 100, 125, 0), euros(10_000), date(2026, 3, 5));
        assert_eq!(lines(&plan), ["2026-03-05 3334+225+0", "2026-04-05 3333+0+0", "2026-05-05 3333+0+0"]);
        assert_eq!((plan.customer_cost_minor, plan.cost_bps), (225, 225));
        assert_eq!(plan.instalments[0].total_amount_minor, 3_559);
        let plan = schedule(&terms((4, 0, 0), 0, 0, 0), euros(3), date(2026, 3, 5));
        assert_eq!(plan.instalments.iter().map(|one| one.purchase_amount_minor).collect::<Vec<_>>(), [3, 0, 0, 0]);
    }

    #[test]
    fn dates_follow_the_calendar() {
        for (choice, today, expected) in [
            ((1, 0, 0), date(2026, 1, 31), vec!["2026-01-31"]),
            ((3, 0, 0), date(2026, 1, 31), vec!["2026-01-31", "2026-02-28", "2026-03-31"]),
            ((3, 0, 0), date(2028, 1, 31), vec!["2028-01-31", "2028-02-29", "2028-03-31"]),
            ((2, 0, 0), date(2028, 2, 29), vec!["2028-02-29", "2028-03-29"]),
            ((2, 0, 0), date(2026, 12, 31), vec!["2026-12-31", "2027-01-31"]),
            ((1, 15, 0), date(2026, 2, 20), vec!["2026-03-07"]),
            ((2, 30, 0), date(2026, 1, 31), vec!["2026-03-02", "2026-03-30"]),
            ((1, 0, 1), date(2026, 1, 31), vec!["2026-02-28"]),
            ((2, 0, 1), date(2026, 1, 31), vec!["2026-02-28", "2026-03-31"]),
        ] {
            let plan = schedule(&terms(choice, 0, 0, 0), euros(100), today);
            let dates: Vec<_> = plan.instalments.iter().map(|one| one.due_date.to_string()).collect();
            assert_eq!(dates, expected, "{choice:?} from {today}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_no_accident() {
        let plan = schedule(&terms((24, 0, 3), 0, 0, 2_190), euros(100_000), Date::MAX);
        assert!(plan.instalments.iter().all(|one| one.due_date == Date::MAX && one.customer_interest_minor == 0));
        assert_eq!(plan.instalments.iter().map(|one| one.purchase_amount_minor).sum::<i64>(), 100_000);
    }

    #[test]
    fn credit_is_repaid_in_level_payments() {
        let plan = schedule(&terms((10, 0, 0), 0, 0, 2_190), euros(100_000), date(2026, 1, 15));
        assert_eq!(plan.instalments[0].customer_interest_minor, 0, "no time has passed at the first");
        // 31 days on what is left after the first payment.
        let left = 100_000 - plan.instalments[0].purchase_amount_minor;
        let expected = libm::round(left as f64 * (libm::pow(1.219, 31.0 / 365.0) - 1.0)) as i64;
        assert_eq!(plan.instalments[1].customer_interest_minor, expected);
        let totals: Vec<_> = plan.instalments.iter().map(|one| one.total_amount_minor).collect();
        assert!(totals[..9].iter().all(|total| *total == totals[0]), "{totals:?}");
        assert!((totals[9] - totals[0]).abs() <= 10, "the last takes what rounding left: {totals:?}");
        // The yearly rate that the payments imply is the one of the terms.
        let worth = plan.instalments.iter().map(|one| {
            let days = f64::from((one.due_date - date(2026, 1, 15)).get_days());
            one.total_amount_minor as f64 / libm::pow(1.219, days / 365.0)
        });
        assert!((worth.sum::<f64>() - 100_000.0).abs() < 5.0);
    }

    #[test]
    fn shares_round_half_away_from_zero() {
        for (a, b, whole, expected) in [
            (1, 5_000, 10_000, 1),
            (-1, 5_000, 10_000, -1),
            (1, 4_999, 10_000, 0),
            (7, 0, 10_000, 0),
            (7, 1, 0, 0),
            (i64::MAX, i64::MAX, 1, i64::MAX),
        ] {
            assert_eq!(share(a, b, whole), expected, "{a} × {b} / {whole}");
        }
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(
            amount in prop_oneof![1..100_000_000_i64, Just(MAX_AMOUNT_MINOR)],
            choice in (1..=24_u8, 0..=90_u8, 0..=3_u8),
            fees in (0..10_000_i64, 0..1_000_u32),
            apr_bps in prop_oneof![Just(0), 1..5_000_u32],
            day in (1970..=9_999_i16, 1..=12_i8, 1..=31_i8),
        ) {
            let choice = if choice.1 > 0 { (choice.0, choice.1, 0) } else { choice };
            let first = date(day.0, day.1, 1);
            let today = first.saturating_add(i32::from(day.2 - 1).days()).min(first.last_of_month());
            let plan = schedule(&terms(choice, fees.0, fees.1, apr_bps), euros(amount), today);
            let sum = |of: fn(&Instalment) -> i64| plan.instalments.iter().map(of).sum::<i64>();
            prop_assert_eq!(plan.instalments.len(), usize::from(choice.0));
            prop_assert_eq!(sum(|one| one.purchase_amount_minor), amount);
            prop_assert_eq!(sum(|one| one.total_amount_minor), amount + plan.customer_cost_minor);
            prop_assert_eq!(sum(|one| one.customer_fee_minor), plan.instalments[0].customer_fee_minor);
            prop_assert!(plan.instalments.iter().all(|one| one.purchase_amount_minor >= 0));
            prop_assert!(plan.instalments.iter().all(|one| one.customer_interest_minor >= 0));
            prop_assert!(plan.instalments.windows(2).all(|pair| pair[0].due_date <= pair[1].due_date));
        }
    }
}
