//! Rules: conditions in CEL (the Common Expression Language), compiled once and tried on every application.
//!
//! The language is CEL without macros and optional values: a condition holds no loop, so its cost is bounded by its
//! length. Numbers are floats, a missing value is `null`; `known(x)` and `or_else(x, d)` speak about what is missing.

use super::file::{RuleOutcome, WhenUndecided};
use super::names::{Seen, Slot, Value};
use crate::domain::challenge::ChallengeKind;
use crate::domain::decision::Scores;
use crate::domain::reason::ReasonCode;
use crate::features::Facts;
use cel::common::ast::{EntryExpr, Expr};
use cel::common::types::{CelBool, CelDouble, CelInt, CelNull, DYN_TYPE};
use cel::common::value::CowVal;
use cel::parser::Expression;
use cel::{Context, Env, ExecutionError};
use std::fmt;
use std::sync::Arc;

/// One rule, ready to be tried.
#[derive(Debug)]
pub(super) struct Rule {
    pub name: Box<str>,
    pub outcome: RuleOutcome,
    pub reason: ReasonCode,
    pub challenge: Option<ChallengeKind>,
    pub when_undecided: WhenUndecided,
    pub condition: Condition,
}

/// The condition of a rule.
#[derive(Debug)]
pub(super) struct Condition {
    /// Its names are numbers of [`Rules::slots`].
    pub expression: Expression,
    /// The names that stand in it, by those numbers.
    pub names: Vec<usize>,
    /// What it says where all of them are missing, as before there is evidence: computed once, because most rules about
    /// evidence are tried on applications that have none.
    pub when_missing: Option<bool>,
}

/// Whether a rule applies.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Applies,
    DoesNot,
    /// It cannot be said: in words for a diagnostic.
    Undecided(String),
}

/// All rules of a policy with what they share.
pub(super) struct Rules {
    pub rules: Vec<Rule>,
    pub slots: Vec<Slot>,
    pub names: Vec<Box<str>>,
    pub env: Arc<Env>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.rules.iter().map(|rule| &rule.name)).finish()
    }
}

impl Rules {
    /// No rules yet.
    pub fn new(env: Arc<Env>) -> Self {
        Self { rules: Vec::new(), slots: Vec::new(), names: Vec::new(), env }
    }

    /// The number of a name's slot, which stands for the name in conditions.
    pub fn slot_number(&mut self, name: &str, slot: Slot) -> usize {
        self.names.iter().position(|known| known.as_ref() == name).unwrap_or_else(|| {
            self.names.push(name.into());
            self.slots.push(slot);
            self.names.len() - 1
        })
    }

    /// Tries every rule in order and hands each verdict to `hear`.
    pub fn try_all<'a>(&'a self, facts: &Facts, scores: &Scores, mut hear: impl FnMut(&'a Rule, Verdict)) {
        if self.rules.is_empty() {
            return;
        }
        let seen = Seen { slots: &self.slots, facts, scores };
        let mut context = Context::with_env(self.env.clone());
        context.set_variable_resolver(&seen);
        for rule in &self.rules {
            let Condition { expression, names, when_missing } = &rule.condition;
            let is_missing = |name: &usize| self.slots.get(*name).is_none_or(|slot| seen.value(slot) == Value::Missing);
            let says = if names.iter().all(is_missing) { *when_missing } else { truth(expression, &context) };
            let verdict = match says {
                Some(true) => Verdict::Applies,
                Some(false) => Verdict::DoesNot,
                None => Verdict::Undecided(self.why_undecided(rule, &seen)),
            };
            hear(rule, verdict);
        }
    }

    fn why_undecided(&self, rule: &Rule, seen: &Seen<'_>) -> String {
        let mut missing = Vec::new();
        each(&rule.condition.expression, &mut |expr| {
            let Expr::Ident(number) = &expr.expr else { return };
            let Ok(number) = number.parse::<usize>() else { return };
            if let (Some(slot), Some(name)) = (self.slots.get(number), self.names.get(number))
                && seen.value(slot) == Value::Missing
                && !missing.contains(&name.as_ref())
            {
                missing.push(name.as_ref());
            }
        });
        match missing.as_slice() {
            [] => "its inputs do not fit together".into(),
            names => format!("missing: {}", names.join(", ")),
        }
    }
}

/// The environment in which conditions are compiled and tried.
pub(super) fn environment() -> Env {
    let mut env = Env::default().with_optional_support(false).with_stdlib();
    // Both names are new to the environment, which is the only thing that could be refused.
    let _ = env.add_overload("known", "known", vec![DYN_TYPE], known);
    let _ = env.add_overload("or_else", "or_else", vec![DYN_TYPE, DYN_TYPE], or_else);
    env
}

fn is_null(value: &CowVal<'_, '_>) -> bool {
    value.downcast_ref::<CelNull>().is_some()
}

#[expect(clippy::unnecessary_wraps, reason = "a CEL function may fail")]
fn known<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    Ok(CowVal::owned(CelBool::from(!args.first().is_none_or(is_null))))
}

/// `or_else(x, d)`: `x` where it is known, else `d`; a whole number `d` is a number like all others.
fn or_else<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let expected = || ExecutionError::invalid_argument_count(2, 0);
    let mut args = args.into_iter();
    let value = args.next().ok_or_else(expected)?;
    if !is_null(&value) {
        return Ok(value);
    }
    let otherwise = args.next().ok_or_else(expected)?;
    match otherwise.downcast_ref::<CelInt>() {
        Some(whole) => Ok(CowVal::owned(CelDouble::from(*whole.inner() as f64))),
        None => Ok(otherwise),
    }
}

/// What a condition says; `None`: it fails, or says neither true nor false.
pub(super) fn truth(condition: &Expression, context: &Context<'_, '_>) -> Option<bool> {
    let value = cel::Value::resolve_val(condition, context).ok()?;
    value.downcast_ref::<CelBool>().map(|flag| *flag.inner())
}

/// Visits an expression and all its parts, the parts first.
pub(super) fn each<'e>(expr: &'e Expression, visit: &mut impl FnMut(&'e Expression)) {
    match &expr.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Comprehension(_) => {}
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).for_each(|part| each(part, visit)),
        Expr::List(list) => list.elements.iter().for_each(|part| each(part, visit)),
        Expr::Select(select) => each(&select.operand, visit),
        Expr::Map(map) => map.entries.iter().for_each(|entry| each_of_entry(&entry.expr, visit)),
        Expr::Struct(made) => made.entries.iter().for_each(|entry| each_of_entry(&entry.expr, visit)),
    }
    visit(expr);
}

fn each_of_entry<'e>(entry: &'e EntryExpr, visit: &mut impl FnMut(&'e Expression)) {
    match entry {
        EntryExpr::StructField(field) => each(&field.value, visit),
        EntryExpr::MapEntry(entry) => {
            each(&entry.key, visit);
            each(&entry.value, visit);
        }
    }
}

/// Renames every name of an expression.
pub(super) fn rename(expr: &mut Expression, name_of: &mut impl FnMut(&str) -> Option<String>) {
    match &mut expr.expr {
        Expr::Ident(name) => {
            if let Some(new) = name_of(name) {
                *name = new;
            }
        }
        Expr::Unspecified | Expr::Literal(_) | Expr::Comprehension(_) => {}
        Expr::Call(call) => {
            call.target.as_deref_mut().into_iter().chain(&mut call.args).for_each(|part| rename(part, name_of));
        }
        Expr::List(list) => list.elements.iter_mut().for_each(|part| rename(part, name_of)),
        Expr::Select(select) => rename(&mut select.operand, name_of),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| rename_in_entry(&mut entry.expr, name_of)),
        Expr::Struct(made) => made.entries.iter_mut().for_each(|entry| rename_in_entry(&mut entry.expr, name_of)),
    }
}

fn rename_in_entry(entry: &mut EntryExpr, name_of: &mut impl FnMut(&str) -> Option<String>) {
    match entry {
        EntryExpr::StructField(field) => rename(&mut field.value, name_of),
        EntryExpr::MapEntry(entry) => {
            rename(&mut entry.key, name_of);
            rename(&mut entry.value, name_of);
        }
    }
}
