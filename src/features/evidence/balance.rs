//! The balance of the accounts for daily payments at the end of each day, counted back from the last one.

use super::ledger::Ledger;
use crate::domain::evidence::{AccountKind, TransactionKind};

/// What the accounts for daily payments showed.
#[derive(Debug, Default)]
pub(in crate::features) struct Balance {
    /// All of them together at the end of each day, in minor units; empty: no balance is known.
    pub by_day: Vec<i128>,
    /// On how many days one of them was below zero at the end.
    pub days_below_zero: u32,
}

impl Balance {
    /// Counted back through the ledger. Card payments that are deferred move nothing until they are taken in one sum.
    pub(super) fn of(ledger: &Ledger<'_>) -> Self {
        let days = ledger.days as usize;
        let known: Vec<_> = ledger
            .accounts
            .iter()
            .map(|account| account.balance_minor.filter(|_| account.kind == AccountKind::Checking))
            .collect();
        if days == 0 || known.iter().all(Option::is_none) {
            return Self::default();
        }
        let mut moved = vec![vec![0_i128; days]; known.len()];
        for entry in ledger.entries.iter().filter(|entry| entry.kind != TransactionKind::DeferredCard) {
            moved[entry.account][entry.day as usize] += i128::from(entry.amount_minor);
        }
        let (mut by_day, mut below) = (vec![0_i128; days], vec![false; days]);
        for (last, moved) in known.iter().zip(&moved) {
            let Some(last) = last else { continue };
            let mut balance = i128::from(*last);
            for day in (0..days).rev() {
                by_day[day] += balance;
                below[day] |= balance < 0;
                balance -= moved[day];
            }
        }
        Self { by_day, days_below_zero: below.iter().filter(|below| **below).count() as u32 }
    }

    /// The mean of the last so many days; `None`: no balance is known.
    pub fn mean(&self, days: usize) -> Option<f64> {
        let last = &self.by_day[self.by_day.len().saturating_sub(days)..];
        (!last.is_empty()).then(|| last.iter().sum::<i128>() as f64 / last.len() as f64)
    }

    /// How far the days lie from their mean: the standard deviation.
    pub fn deviation(&self) -> Option<f64> {
        let count = self.by_day.len() as i128;
        let (sum, squares) = self.by_day.iter().fold((0_i128, 0_i128), |(sum, squares), day| {
            (sum.saturating_add(*day), squares.saturating_add(day.saturating_mul(*day)))
        });
        // n · Σx² − (Σx)² over n², exact in whole numbers.
        let spread = count.saturating_mul(squares).saturating_sub(sum.saturating_mul(sum)).max(0);
        (count > 0).then(|| libm::sqrt(spread as f64) / count as f64)
    }
}
