//! Refunds: they take away what is still due, from the last instalment backwards, and what is left of them goes back to the
//! customer.

use super::account::Account;
use crate::domain::plan::InstalmentState;
use crate::domain::time::Timestamp;

/// How much of a refund goes back to the customer, in minor units.
pub(super) fn back_minor(account: &Account, amount_minor: i64, at: Timestamp) -> i64 {
    let taken = (account.plan.instalments.iter().enumerate())
        // What is being collected now is collected, and given back.
        .filter(|(place, instalment)| instalment.state.is_open() && !account.is_collecting(*place, at))
        .fold(0_i64, |sum, (_, instalment)| sum + instalment.purchase_amount_minor - instalment.refunded_minor);
    (amount_minor - taken).max(0)
}

/// Takes a refund away from what is still due; `None`: that is not possible.
pub(super) fn apply(account: &mut Account, amount_minor: i64, back_minor: i64, at: Timestamp) -> Option<()> {
    let mut left = amount_minor - back_minor;
    if amount_minor > account.refundable_minor() || back_minor < 0 || left < 0 {
        return None;
    }
    let collected: Vec<bool> =
        (0..account.plan.instalments.len()).map(|place| account.is_collecting(place, at)).collect();
    let open = account.plan.instalments.iter_mut().enumerate().rev().filter(|(_, one)| one.state.is_open());
    // Those that are being collected come last.
    let mut open: Vec<_> = open.collect();
    open.sort_by_key(|(place, _)| collected.get(*place).copied().unwrap_or_default());
    for (_, instalment) in open {
        let due = instalment.purchase_amount_minor - instalment.refunded_minor;
        let taken = left.min(due);
        left -= taken;
        instalment.refunded_minor += taken;
        // Interest is for money that is lent: what is refunded is not.
        let interest = super::share(instalment.customer_interest_minor, due - taken, due);
        instalment.customer_interest_minor = interest;
        instalment.total_amount_minor = instalment.purchase_amount_minor - instalment.refunded_minor
            + instalment.customer_fee_minor
            + instalment.customer_interest_minor;
        if instalment.total_amount_minor == 0 {
            instalment.state = InstalmentState::Covered;
        }
    }
    if left != 0 {
        return None;
    }
    account.refunded_minor += amount_minor;
    account.paid_back_minor += back_minor;
    Some(())
}
