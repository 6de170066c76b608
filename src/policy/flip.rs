//! The nearest single change that would have led to a better outcome: a counterfactual explanation (Wachter, Mittelstadt
//! and Russell, 2017), found by judging again.
//!
//! Only inputs of the models that score are changed, one at a time, all else being equal. How near a change is: of a term
//! by intervals, the share of its intervals that are crossed; of a linear one, quarters of a standard deviation; of a
//! name or a yes or no, half. So changes of different inputs are compared by how many applicants lie between.

use super::{Generation, judge_with};
use crate::domain::decision::{Outcome, Standing, Target};
use crate::domain::money::Money;
use crate::domain::plan::Constraint;
use crate::domain::reason::{Audience, ReasonCode};
use crate::domain::submission::{Signal, Signals};
use crate::features::{self, Facts, FeatureKind};
use crate::model::Model;
use crate::model::file::{InputKind, Term};

/// The feature that the purchase's amount is too.
const AMOUNT: &str = "amount_minor";
/// What precedes the name of a signal.
const SIGNAL: &str = "signal_";
/// How near a change of a name or of a yes or no is.
const HALF: f64 = 0.5;
/// How many standard deviations a linear input is moved at most.
const FARTHEST: f64 = 4.0;
/// How often the way to the nearest value of a linear input is halved.
const HALVINGS: usize = 40;

/// One change, and where it would have led.
#[derive(Debug, Clone, PartialEq)]
pub struct Flip {
    /// The input.
    pub input: Box<str>,
    /// What it was; `None`: missing.
    pub from: Option<Signal>,
    /// What it would have to be.
    pub to: Signal,
    /// The outcome.
    pub outcome: Outcome,
    /// Whether the customer may be told.
    pub for_customer: bool,
}

/// The nearest change; `None` for an acceptance, and where no single change leads to a better outcome.
pub fn nearest_flip(facts: &Facts, generation: &Generation, standing: &Standing) -> Option<Flip> {
    let was = judge_with(facts, generation, standing).outcome;
    let trial = Trial { facts, generation, standing, was };
    if was == Outcome::Accept {
        return None;
    }
    let mut changes: Vec<Change<'_>> = Vec::new();
    for amount_minor in within_limits(facts, generation) {
        let to = Signal::Number(amount_minor as f64);
        changes.push(Change { distance: 0.0, input: AMOUNT, to, told: true });
    }
    for target in Target::ALL {
        let Some(model) = generation.model_with(target, standing.held) else { continue };
        for (term, info) in model.file().terms.iter().zip(model.terms()) {
            let told = target == Target::Default && info.reason.is_some_and(is_for_customer);
            for input in term.inputs() {
                let found = candidates(model, term, input, facts, &trial).into_iter();
                changes.extend(found.map(|(distance, to)| Change { distance, input, to, told }));
            }
        }
    }
    // The nearest are tried first, so that the first that leads anywhere is the nearest that does.
    changes.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    changes.into_iter().find_map(|change| trial.change(change.input, change.to, change.told))
}

/// One change that may lead to another outcome.
struct Change<'a> {
    distance: f64,
    input: &'a str,
    to: Signal,
    told: bool,
}

fn is_for_customer(code: ReasonCode) -> bool {
    code.audience() == Audience::Customer
}

/// The amounts nearest to the purchase's that the hard limits allow, where it is outside them.
fn within_limits(facts: &Facts, generation: &Generation) -> Vec<i64> {
    let against = generation.policy.constraints(&facts.merchant, facts.plan, facts.amount, facts.country);
    let nearest = |constraint: &Constraint| match constraint {
        Constraint::Amount { min_minor, max_minor } => Some(facts.amount.amount_minor.max(*min_minor).min(*max_minor)),
        _ => None,
    };
    against.iter().filter_map(nearest).collect()
}

struct Trial<'a> {
    facts: &'a Facts,
    generation: &'a Generation,
    standing: &'a Standing,
    was: Outcome,
}

impl Trial<'_> {
    /// The change, if it leads to a better outcome.
    fn change(&self, input: &str, to: Signal, for_customer: bool) -> Option<Flip> {
        let outcome = self.outcome(input, &to)?;
        let better = match self.was {
            Outcome::Accept => false,
            Outcome::StepUp => outcome == Outcome::Accept,
            Outcome::Decline => outcome != Outcome::Decline,
        };
        better.then(|| Flip { input: input.into(), from: value(self.facts, input), to, outcome, for_customer })
    }

    fn outcome(&self, input: &str, to: &Signal) -> Option<Outcome> {
        let mut facts = self.facts.clone();
        set(&mut facts, input, to)?;
        Some(judge_with(&facts, self.generation, self.standing).outcome)
    }
}

/// What an input is; `None`: missing.
fn value(facts: &Facts, input: &str) -> Option<Signal> {
    if let Some(name) = input.strip_prefix(SIGNAL) {
        return facts.signals.get(name).cloned();
    }
    let id = features::find(input)?;
    let number = Some(facts.vector.number(id)).filter(|number| !number.is_nan());
    match features::get(id).kind {
        FeatureKind::Number => number.map(Signal::Number),
        FeatureKind::Boolean => number.map(|number| Signal::Flag(number != 0.0)),
        FeatureKind::Category => facts.vector.category(id).map(|name| Signal::Text(name.into())),
    }
}

/// Sets an input; `None`: it cannot be.
fn set(facts: &mut Facts, input: &str, to: &Signal) -> Option<()> {
    if let Some(name) = input.strip_prefix(SIGNAL) {
        let others = facts.signals.iter().map(|(name, signal)| (Box::from(name), signal.clone()));
        facts.signals = Signals::new(others.chain([(name.into(), to.clone())]));
        return Some(());
    }
    let id = features::find(input)?;
    match to {
        Signal::Number(number) => facts.vector.set_number(id, *number),
        Signal::Flag(flag) => facts.vector.set_number(id, f64::from(u8::from(*flag))),
        Signal::Text(name) => facts.vector.set_category(id, name),
    }
    if let (AMOUNT, Signal::Number(number)) = (input, to) {
        facts.amount = Money::purchase(*number as i64, facts.amount.currency).ok()?;
    }
    Some(())
}

/// Values that a term's input could have instead, each with how near it is.
fn candidates(model: &Model, term: &Term, input: &str, facts: &Facts, trial: &Trial<'_>) -> Vec<(f64, Signal)> {
    let kind = model.file().inputs.iter().find(|known| known.name == input).map(|known| known.kind);
    let from = value(facts, input);
    match (kind, term, from) {
        (Some(InputKind::Boolean), _, Some(Signal::Flag(flag))) => vec![(HALF, Signal::Flag(!flag))],
        (Some(InputKind::Boolean), ..) => [true, false].map(|flag| (HALF, Signal::Flag(flag))).into(),
        (_, Term::Category(term), from) => other_names(term.points.keys(), from.as_ref()),
        (_, Term::Bins(term), from) => other_intervals(&term.edges, from.as_ref()),
        (_, Term::Knots(term), from) => {
            let step = 1.0 / term.x.len() as f64;
            let at = match from {
                Some(Signal::Number(number)) => term.x.partition_point(|x| *x <= number),
                _ => term.x.len() / 2,
            };
            let knots = term.x.iter().enumerate();
            knots.map(|(place, x)| (at.abs_diff(place).max(1) as f64 * step, Signal::Number(*x))).collect()
        }
        (_, Term::Pair(term), from) => {
            let axis = if term.first.input == input { &term.first } else { &term.second };
            match (&axis.edges, &axis.names) {
                (Some(edges), _) => other_intervals(edges, from.as_ref()),
                (_, names) => other_names(names.iter().flatten(), from.as_ref()),
            }
        }
        (_, Term::Linear(term), Some(Signal::Number(from))) => {
            // Through a transform the scale is no distance of the input; its own size is one.
            let unit = if term.transform.is_some() { from.abs().max(1.0) / FARTHEST } else { term.scale };
            [-1.0, 1.0].into_iter().filter_map(|way| along(input, from, way * unit, trial)).collect()
        }
        (_, Term::Linear(_), _) => Vec::new(),
    }
}

/// The names that an input does not have.
fn other_names<'a>(names: impl Iterator<Item = &'a String>, from: Option<&Signal>) -> Vec<(f64, Signal)> {
    let others = names.map(|name| Signal::Text(name.as_str().into()));
    others.filter(|name| Some(name) != from).map(|name| (HALF, name)).collect()
}

/// A number in each interval in which an input does not lie, by how many intervals away.
fn other_intervals(edges: &[f64], from: Option<&Signal>) -> Vec<(f64, Signal)> {
    let count = edges.len() + 1;
    let at = match from {
        Some(Signal::Number(number)) => Some(edges.partition_point(|edge| *edge <= *number)),
        _ => None,
    };
    let lower = |place: usize| place.checked_sub(1).and_then(|before| edges.get(before)).copied();
    let interval = |place: usize| {
        let crossed = at.map_or(count / 2, |at| at.abs_diff(place));
        let up = at.is_none_or(|at| place > at);
        let edge = if up { lower(place) } else { None };
        let number = edge.or_else(|| edges.get(place).map(|edge| just_below(*edge, lower(place))))?;
        Some((crossed as f64 / count as f64, Signal::Number(number)))
    };
    (0..count).filter(|place| Some(*place) != at).filter_map(interval).collect()
}

/// The nearest number below an edge that a person would say, and not below the edge before it.
fn just_below(edge: f64, before: Option<f64>) -> f64 {
    let near = if edge.fract() == 0.0 { edge - 1.0 } else { edge - edge.abs() * 1e-6 };
    before.map_or(near, |before| near.max(before))
}

/// The nearest value of a linear input in one direction that changes the outcome, with how near it is.
fn along(input: &str, from: f64, deviation: f64, trial: &Trial<'_>) -> Option<(f64, Signal)> {
    let leads = |deviations: f64| {
        let to = Signal::Number(from + deviations * deviation);
        trial.change(input, to, false).is_some()
    };
    if !leads(FARTHEST) {
        return None;
    }
    let (mut short, mut enough) = (0.0, FARTHEST);
    for _ in 0..HALVINGS {
        let middle = (short + enough) / 2.0;
        if leads(middle) { enough = middle } else { short = middle }
    }
    Some((enough / FARTHEST, Signal::Number(from + enough * deviation)))
}
