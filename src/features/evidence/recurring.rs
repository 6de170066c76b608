//! What comes back about every month: the payments of one payer of which each is like the one before.

use super::ledger::Entry;
use super::wording::payee;
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// How many days after a payment the next one of a month comes: bank holidays and weekends move it.
const ABOUT_A_MONTH: RangeInclusive<i32> = 25..=37;
/// The most payments of one payer that are looked at: whoever pays more often does not pay by the month.
const MOST_PAYMENTS: usize = 64;

/// The entries that recur about monthly in a like amount, by payer. Three do; so do two, where none is missing in the
/// days that are covered.
pub(super) fn recurring<'a>(
    entries: impl Iterator<Item = &'a Entry<'a>>,
    days: i32,
) -> Vec<(String, Vec<&'a Entry<'a>>)> {
    let mut by_payer: HashMap<String, Vec<&Entry<'_>>> = HashMap::new();
    for entry in entries {
        by_payer.entry(payee(entry.wording)).or_default().push(entry);
    }
    let known = by_payer.into_iter().filter(|(payer, entries)| !payer.is_empty() && entries.len() <= MOST_PAYMENTS);
    let chains = known.map(|(payer, mut entries)| {
        entries.sort_by_key(|entry| (entry.day, entry.amount_minor));
        (payer, longest_chain(&entries))
    });
    let mut recurring: Vec<_> = chains.filter(|(_, chain)| recurs(chain, days)).collect();
    recurring.sort_by(|one, other| one.0.cmp(&other.0));
    recurring
}

fn recurs(chain: &[&Entry<'_>], days: i32) -> bool {
    match chain {
        [one, other] => one.day <= *ABOUT_A_MONTH.end() && days - 1 - other.day <= *ABOUT_A_MONTH.end(),
        _ => chain.len() >= 3,
    }
}

/// The longest sequence in which each follows the one before after about a month in a like amount; of several as long
/// the one that moves most. `entries` are in the order of their days.
fn longest_chain<'a>(entries: &[&'a Entry<'a>]) -> Vec<&'a Entry<'a>> {
    // For each: how many lead up to it, how much they move, and which is the one before.
    let mut links: Vec<(usize, i128, Option<usize>)> = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let own = i128::from(entry.amount_minor).abs();
        let before = (0..at).filter(|before| follows(entries[*before], entry));
        let best = before.max_by_key(|before| (links[*before].0, links[*before].1));
        links.push(best.map_or((1, own, None), |best| (links[best].0 + 1, links[best].1 + own, Some(best))));
    }
    let last = (0..links.len()).max_by_key(|at| (links[*at].0, links[*at].1));
    let mut chain: Vec<_> = std::iter::successors(last, |at| links[*at].2).map(|at| entries[at]).collect();
    chain.reverse();
    chain
}

fn follows(before: &Entry<'_>, after: &Entry<'_>) -> bool {
    let (one, other) = (i128::from(before.amount_minor).abs(), i128::from(after.amount_minor).abs());
    // Neither is more than half as much again as the other.
    ABOUT_A_MONTH.contains(&(after.day - before.day)) && 2 * one.max(other) <= 3 * one.min(other)
}
