//! What the counts mean: shares with intervals, money, and what changed.

use super::interval::{half_of_sum, wilson};
use super::tally::{ByCurrency, Cell, Flip, LeftOut, Sum, Tallies, Tally};
use super::{Job, Rates};
use crate::domain::decision::Outcome;
use crate::policy::Generation;
use std::collections::BTreeMap;

/// How many reasons of a change are told.
const TOP_REASONS: usize = 5;

/// What a backtest found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Report {
    /// What decided again.
    pub candidate: Side,
    /// What it is compared with; `None`: with nothing.
    pub baseline: Option<Side>,
    /// How many rows were decided again.
    pub rows: u64,
    /// How many of them had something to be compared with.
    pub compared: u64,
    /// The rows that were not decided again, by why.
    pub left_out: LeftOut,
    /// What purchases cost and earn.
    pub rates: Rates,
    /// All rows.
    pub all: Segment,
    /// The segments, by what they are told apart by.
    pub segments: Vec<Segments>,
    /// What became of each outcome, those that stayed too; only pairs that happened.
    pub flips: Vec<Change>,
    /// What a reader must know of these rows.
    pub notes: Vec<String>,
    /// How the figures are meant.
    pub meaning: Vec<&'static str>,
}

/// Models and policy by name.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Side {
    /// The models that score before there is evidence: name, version and the beginning of the digest.
    pub models: Vec<String>,
    /// The policy.
    pub policy: String,
}

/// What is compared with: another generation.
pub(super) fn side(generation: &Generation) -> Side {
    let models = generation.reference.models.iter();
    Side {
        models: models.map(|model| format!("{} {} ({:.12})", model.name, model.version, model.digest)).collect(),
        policy: format!("{} ({:.12})", generation.policy.name(), generation.reference.policy_digest),
    }
}

/// What is compared with: what was decided.
pub(super) fn recorded() -> Side {
    Side { models: vec!["as recorded".into()], policy: "as recorded".into() }
}

/// The segments of one dimension.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Segments {
    /// By what they are told apart.
    pub by: String,
    /// Those with most rows first.
    pub segments: Vec<Segment>,
}

/// Some rows, and what each side does with them.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Segment {
    /// What they have in common; empty: all rows.
    pub value: String,
    /// The candidate's.
    pub candidate: Figures,
    /// What it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Figures>,
    /// By how much the money changes, by currency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<ChangeOfValue>,
}

/// A share with its 95 % interval (Wilson).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// The share.
    pub share: f64,
    /// The interval's lower bound.
    pub low: f64,
    /// Its upper bound.
    pub high: f64,
}

impl Share {
    fn of(count: u64, of: u64) -> Option<Self> {
        let (low, high) = wilson(count, of)?;
        Some(Self { count, of, share: count as f64 / of as f64, low, high })
    }
}

/// An exact sum of money, with its 95 % interval where enough rows carry it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Amount {
    /// In minor units.
    pub minor: i128,
    /// The interval's lower bound, in minor units.
    pub low_minor: Option<f64>,
    /// Its upper bound.
    pub high_minor: Option<f64>,
}

impl Amount {
    fn of(sum: &Sum, rows: u64) -> Self {
        let half = half_of_sum(sum.total, sum.squares, sum.nonzero, rows);
        let total = sum.total as f64;
        Self { minor: sum.total, low_minor: half.map(|half| total - half), high_minor: half.map(|half| total + half) }
    }
}

/// What one side does.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Figures {
    /// How many rows.
    pub rows: u64,
    /// The share that is accepted.
    pub accepted: Option<Share>,
    /// The share that is asked for more.
    pub stepped_up: Option<Share>,
    /// The share that is declined.
    pub declined: Option<Share>,
    /// The bad among the accepted whose outcome is known.
    pub bad_rate: Option<Share>,
    /// How many accepted rows have no outcome.
    pub accepted_without_outcome: u64,
    /// How many rows have no outcome, whatever was decided.
    pub without_outcome: u64,
    /// The money, by currency.
    pub money: Vec<Money>,
}

/// Money of one side in one currency, in minor units. Losses and margins are those of rows whose outcome is known.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Money {
    /// The currency.
    pub currency: String,
    /// The amounts that are accepted.
    pub accepted_minor: i128,
    /// What bad ones among the accepted cost.
    pub loss: Amount,
    /// What repaid ones among the accepted earn.
    pub margin: Amount,
    /// What bad ones among those asked for more cost if each of them is accepted in the end.
    pub step_up_loss_minor: i128,
    /// What bad ones among the declined would have cost.
    pub declined_loss_minor: i128,
    /// What repaid ones among the declined would have earned.
    pub declined_margin_minor: i128,
    /// The loss to expect of the accepted by the side's own models; `None`: it is not known of them.
    pub expected_loss_minor: Option<i128>,
}

/// By how much the value of rows with a known outcome changes, in one currency: margins less losses of what is accepted,
/// row by row.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ChangeOfValue {
    /// The currency.
    pub currency: String,
    /// How many rows were compared and have a known outcome.
    pub rows: u64,
    /// Where no step-up ends in an acceptance.
    pub if_no_step_up_passes: Amount,
    /// Where each does.
    pub if_every_step_up_passes: Amount,
}

/// What went from one outcome to another.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Change {
    /// What was decided.
    pub from: &'static str,
    /// What is decided now.
    pub to: &'static str,
    /// How many rows.
    pub rows: u64,
    /// How many of them are known to be good.
    pub good: u64,
    /// How many are known to be bad.
    pub bad: u64,
    /// How many have no outcome.
    pub without_outcome: u64,
    /// Their money, by currency.
    pub money: Vec<ChangedMoney>,
    /// The reasons given before most often, with how often.
    pub reasons_before: Vec<(&'static str, u64)>,
    /// The reasons given now most often.
    pub reasons_now: Vec<(&'static str, u64)>,
    /// Some of them by id, drawn by the seed.
    pub examples: Vec<String>,
}

/// Money of what changed, in one currency, in minor units.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ChangedMoney {
    /// The currency.
    pub currency: String,
    /// The amounts.
    pub amount_minor: i128,
    /// What those that are known to be bad cost, or would have cost.
    pub loss_minor: i128,
    /// What those that are known to be good earned, or would have earned.
    pub margin_minor: i128,
}

/// How the figures are meant.
const MEANING: &[&str] = &[
    "The instant decision is made again: what evidence said later, and what was decided on it, is not looked at. A step-up is \
     counted as neither accepted nor declined.",
    "Features are those that were stored with the decision, those of velocity too; they are not computed again. Each \
     submission counts for velocity whatever became of it, so other decisions would not have changed them.",
    "Outcomes exist only for what was accepted. Rows without one are counted and valued at nothing: no reject inference is \
     made, so the losses of what was declined and is accepted now are not known.",
    "A row is bad when it is known as fraud or as not repaid, good when every label that there is says no; late and unsaid \
     are no outcome. A fraud costs amount × fraud_loss_share, a default amount × default_loss_share, a good purchase earns \
     amount × margin_bps, each rounded to whole minor units; both sides are valued alike.",
    "Shares have Wilson's 95 % interval. Sums of money have total ± 1.96·√(n·s²), s² being the variance of one row's value, \
     zeros included; where fewer than 30 rows carry a sum none is given.",
];

impl Report {
    pub(super) fn of(job: &Job<'_>, tallies: &Tallies<'_>, baseline: Option<Side>, notes: Vec<String>) -> Self {
        let compared = baseline.is_some();
        let segments = tallies.segments().map(|(dimension, segments)| {
            let mut segments: Vec<_> =
                segments.into_iter().map(|(value, tally)| Segment::of(value, tally, compared)).collect();
            // Of equals the first by value.
            segments.sort_by_key(|segment| std::cmp::Reverse(segment.candidate.rows));
            Segments { by: dimension.name.to_string(), segments }
        });
        let pairs = Outcome::ALL.into_iter().flat_map(|from| Outcome::ALL.map(|to| (from, to)));
        let flips = pairs.map(|(from, to)| change(from, to, &tallies.flips[from as usize][to as usize]));
        Self {
            candidate: side(job.candidate),
            baseline,
            rows: tallies.judged,
            compared: tallies.compared,
            left_out: tallies.left_out,
            rates: job.rates,
            all: Segment::of("", &tallies.all, compared),
            segments: segments.collect(),
            flips: flips.filter(|change| change.rows > 0).collect(),
            notes,
            meaning: MEANING.to_vec(),
        }
    }
}

impl Segment {
    fn of(value: &str, tallies: &ByCurrency<Tally>, compared: bool) -> Self {
        let mut tallies = tallies.clone();
        tallies.sort_by_key(|(currency, _)| *currency);
        let change = tallies.iter().map(|(currency, tally)| ChangeOfValue {
            currency: currency.code().into(),
            rows: tally.compared,
            if_no_step_up_passes: Amount::of(&tally.change[0], tally.compared),
            if_every_step_up_passes: Amount::of(&tally.change[1], tally.compared),
        });
        Self {
            value: value.into(),
            candidate: Figures::of(&tallies, |tally| &tally.candidate),
            baseline: compared.then(|| Figures::of(&tallies, |tally| &tally.baseline)),
            change: change.filter(|_| compared).collect(),
        }
    }
}

impl Figures {
    fn of(tallies: &ByCurrency<Tally>, side: impl Fn(&Tally) -> &[Cell; 3]) -> Self {
        let mut cells = [Cell::default(); 3];
        for (_, tally) in tallies {
            cells.iter_mut().zip(side(tally)).for_each(|(all, cell)| all.merge(cell));
        }
        let [accepted, declined, stepped_up] = &cells;
        let rows = cells.iter().map(|cell| cell.rows).sum();
        let unknown = |cell: &Cell| cell.rows - cell.good - cell.bad;
        Self {
            rows,
            accepted: Share::of(accepted.rows, rows),
            stepped_up: Share::of(stepped_up.rows, rows),
            declined: Share::of(declined.rows, rows),
            bad_rate: Share::of(accepted.bad, accepted.good + accepted.bad),
            accepted_without_outcome: unknown(accepted),
            without_outcome: cells.iter().map(unknown).sum(),
            money: tallies.iter().map(|(currency, tally)| Money::of(currency.code(), side(tally))).collect(),
        }
    }
}

impl Money {
    fn of(currency: &str, [accepted, declined, stepped_up]: &[Cell; 3]) -> Self {
        let known = accepted.good + accepted.bad;
        Self {
            currency: currency.into(),
            accepted_minor: accepted.amount_minor,
            loss: Amount::of(&accepted.loss, known),
            margin: Amount::of(&accepted.margin, known),
            step_up_loss_minor: stepped_up.loss.total,
            declined_loss_minor: declined.loss.total,
            declined_margin_minor: declined.margin.total,
            expected_loss_minor: (accepted.expected > 0).then_some(accepted.expected_loss_minor),
        }
    }
}

fn change(from: Outcome, to: Outcome, flip: &Flip) -> Change {
    let mut all = Cell::default();
    flip.rows.iter().for_each(|(_, cell)| all.merge(cell));
    let mut money: Vec<_> = (flip.rows.iter())
        .map(|(currency, cell)| ChangedMoney {
            currency: currency.code().into(),
            amount_minor: cell.amount_minor,
            loss_minor: cell.loss.total,
            margin_minor: cell.margin.total,
        })
        .collect();
    money.sort_by(|a, b| a.currency.cmp(&b.currency));
    Change {
        from: from.name(),
        to: to.name(),
        rows: all.rows,
        good: all.good,
        bad: all.bad,
        without_outcome: all.rows - all.good - all.bad,
        money,
        reasons_before: top(&flip.reasons_before),
        reasons_now: top(&flip.reasons_now),
        examples: flip.examples.iter().map(|(_, id)| id.to_string()).collect(),
    }
}

/// The most frequent, of equals the first by name.
fn top(counts: &BTreeMap<&'static str, u64>) -> Vec<(&'static str, u64)> {
    let mut all: Vec<_> = counts.iter().map(|(code, count)| (*code, *count)).collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all.truncate(TOP_REASONS);
    all
}
