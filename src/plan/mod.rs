//! Floor 3: quotes and schedules of instalments, in whole minor units.

use crate::domain::money::Money;
use crate::domain::plan::{Plan, Terms};

/// The schedule of `amount` under `terms`, bought on `today` (a day in the merchant's time zone).
pub fn schedule(terms: &Terms, amount: Money, _today: jiff::civil::Date) -> Plan {
    Plan { choice: terms.choice, amount, customer_cost_minor: 0, cost_bps: 0, instalments: Vec::new() }
}
