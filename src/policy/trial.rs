//! Compiling a condition and trying it out when the policy is loaded, so that a rule which could not run is refused
//! before it meets an application.

use super::check::Checker;
use super::file::RuleEntry;
use super::names::{Kind, SIGNAL_PREFIX, Slot, Value};
use super::rule::{Condition, Rules, each, rename, truth};
use crate::text::Refusal;
use crate::text::nearest::nearest;
use crate::text::yaml::quoted;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};
use cel::common::types::CelBool;
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::parser::Expression;
use cel::{Context, Program};

/// The longest condition, in bytes.
const MAX_CONDITION_BYTES: usize = 1_000;
/// How deep a condition may nest. Every operator of a chain such as `a + b + c` nests, and a bracket as much as
/// [`BRACKET_NESTING`] of them; `&&` and `||` begin anew. The parser and the evaluation go as deep with their stack.
const MAX_NESTING: usize = 24;
/// How much a bracket nests: the parser goes through every rule of the grammar for it.
const BRACKET_NESTING: usize = 3;

/// The values with which conditions are tried: a number, a flag and a text.
const TRIED: [(f64, bool, &str); 3] = [(1.0, true, "x"), (0.0, false, ""), (1e9, true, "~")];

/// Compiles the condition of a rule and tries it out.
pub(super) fn compile(rules: &mut Rules, entry: &RuleEntry, checker: &Checker<'_>) -> Result<Condition, Refusal> {
    let source = entry.when.value.as_str();
    if source.len() > MAX_CONDITION_BYTES {
        let message = format!("expected a condition of at most {MAX_CONDITION_BYTES} bytes, found {}", source.len());
        return Err(checker.refuse(&entry.when, message, "make it two rules"));
    }
    if let Some(offset) = too_deep(source) {
        let message = "expected a condition that nests less deep";
        return Err(checker.refuse_at(&entry.when, offset, message, "use fewer brackets, or make it two rules"));
    }
    let program = parse(rules, entry, checker)?;
    resolve_names(&program, entry, checker)?;
    let mut condition = program.expression().clone();
    let mut used = Vec::new();
    rename(&mut condition, &mut |name| {
        let number = rules.slot_number(name, Slot::find(name)?);
        if !used.contains(&number) {
            used.push(number);
        }
        Some(number.to_string())
    });
    let trial = Trial { rules, entry, checker, program: &program, condition: &condition, used: &used };
    let kinds = trial.kinds();
    trial.known(&kinds)?;
    trial.missing(&kinds)?;
    let missing = Values(rules.slots.iter().map(|_| Value::Missing).collect());
    let when_missing = trial.with(&missing, |context| truth(&condition, context));
    Ok(Condition { expression: condition, names: used, when_missing })
}

/// Where a condition nests too deep. Characters inside texts count too: that errs on the safe side.
fn too_deep(source: &str) -> Option<usize> {
    // How many operators stand in the chain of each bracket that is open.
    let mut chains = vec![0_usize];
    let mut before = ' ';
    source.char_indices().find_map(|(at, character)| {
        let operator = |c: char| matches!(c, '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' | '?' | '.');
        match character {
            '(' | '[' | '{' => chains.push(0),
            ')' | ']' | '}' if chains.len() > 1 => drop(chains.pop()),
            '&' | '|' | ',' => chains.last_mut().into_iter().for_each(|chain| *chain = 0),
            '.' if before.is_ascii_digit() => {}
            one if operator(one) && !operator(before) => chains.last_mut().into_iter().for_each(|chain| *chain += 1),
            _ => {}
        }
        before = character;
        let brackets = chains.len() - 1;
        (BRACKET_NESTING * brackets + chains.iter().sum::<usize>() > MAX_NESTING).then_some(at)
    })
}

fn parse(rules: &Rules, entry: &RuleEntry, checker: &Checker<'_>) -> Result<Program, Refusal> {
    let source = entry.when.value.as_str();
    rules.env.compile(source).map_err(|errors| {
        let first = errors.errors.first();
        let (line, column) = first.map_or((1, 1), |error| error.pos);
        let line_start: usize = source.split_inclusive('\n').take((line.max(1) - 1) as usize).map(str::len).sum();
        let in_line = source[line_start..].chars().take((column.max(1) - 1) as usize).map(char::len_utf8);
        let offset = line_start + in_line.sum::<usize>();
        let said = first.map_or("no expression", |error| error.msg.trim_start_matches("Syntax error: "));
        let message = format!("not a condition in CEL: {}", said.lines().next().unwrap_or(""));
        checker.refuse_at(&entry.when, offset, message, "")
    })
}

fn resolve_names(program: &Program, entry: &RuleEntry, checker: &Checker<'_>) -> Result<(), Refusal> {
    let mut unknown = None;
    each(program.expression(), &mut |expr| {
        if let Expr::Ident(name) = &expr.expr
            && Slot::find(name).is_none()
        {
            unknown.get_or_insert((expr.id, name));
        }
    });
    let Some((id, name)) = unknown else { return Ok(()) };
    let mend = match nearest(name, Slot::names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("use a feature of the catalogue, or `{SIGNAL_PREFIX}…` for a merchant's own input"),
    };
    let offset = offset_of(program, id);
    Err(checker.refuse_at(&entry.when, offset, format!("unknown name `{name}`"), mend))
}

fn offset_of(program: &Program, id: u64) -> usize {
    let source = &program.source_info().source;
    let characters = program.source_info().offset_for(id).map_or(0, |(start, _)| start as usize);
    source.chars().take(characters).map(char::len_utf8).sum()
}

/// One rule on trial.
struct Trial<'a> {
    rules: &'a Rules,
    entry: &'a RuleEntry,
    checker: &'a Checker<'a>,
    program: &'a Program,
    condition: &'a Expression,
    used: &'a [usize],
}

/// Values by slot number.
struct Values(Vec<Value<'static>>);

impl VariableResolver for Values {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        self.0.get(variable.parse::<usize>().ok()?).map(|value| value.to_cel())
    }
}

impl Trial<'_> {
    /// What each name is taken to be. A signal is whatever lets most of the condition run.
    fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.rules.slots.iter().map(Slot::kind).collect();
        let signals: Vec<usize> = self.used.iter().copied().filter(|at| kinds[*at] == Kind::Any).collect();
        for at in &signals {
            kinds[*at] = Kind::Number;
        }
        for at in signals {
            let failures = |kind: Kind| {
                let mut kinds = kinds.clone();
                kinds[at] = kind;
                let values = self.values(&kinds, TRIED[0]);
                let says_nothing = self.with(&values, |context| truth(self.condition, context).is_none());
                self.failures(&values).len() + usize::from(says_nothing)
            };
            let best = [Kind::Number, Kind::Text, Kind::Flag].into_iter().min_by_key(|kind| failures(*kind));
            kinds[at] = best.unwrap_or(Kind::Number);
        }
        kinds
    }

    fn values(&self, kinds: &[Kind], (number, flag, text): (f64, bool, &'static str)) -> Values {
        let value = |kind: &Kind| match kind {
            Kind::Number | Kind::Any => Value::Number(number),
            Kind::Flag => Value::Flag(flag),
            Kind::Text => Value::Text(text),
        };
        Values(kinds.iter().map(value).collect())
    }

    fn with<T>(&self, values: &Values, run: impl FnOnce(&Context<'_, '_>) -> T) -> T {
        let mut context = Context::with_env(self.rules.env.clone());
        context.set_variable_resolver(values);
        run(&context)
    }

    /// The parts of the condition that fail by themselves, the innermost first.
    fn failures(&self, values: &Values) -> Vec<&Expression> {
        self.with(values, |context| {
            let mut failures = Vec::new();
            each(self.condition, &mut |part| {
                if cel::Value::resolve_val(part, context).is_err() {
                    failures.push(part);
                }
            });
            failures
        })
    }

    /// With every input known, every part of the condition must run, and the whole must be true or false.
    fn known(&self, kinds: &[Kind]) -> Result<(), Refusal> {
        let values = self.values(kinds, TRIED[0]);
        if let Some(part) = self.failures(&values).first() {
            let (message, mend) = self.explain(part, &values);
            return Err(self.refuse_part(part.id, message, mend));
        }
        let says = self.with(&values, |context| self.type_of(self.condition, context));
        if says.as_deref() != Some("true or false") {
            let message = format!("expected a condition that is true or false, found {}", says.unwrap_or_default());
            return Err(self.checker.refuse(&self.entry.when, message, "compare it with something"));
        }
        Ok(())
    }

    /// With inputs missing, the condition must still say something, or the rule must say what then.
    fn missing(&self, kinds: &[Kind]) -> Result<(), Refusal> {
        if self.entry.when_undecided.is_some() {
            return Ok(());
        }
        let may_be_missing = |at: &usize| self.rules.slots[*at].may_be_missing();
        let all: Vec<usize> = self.used.iter().copied().filter(may_be_missing).collect();
        for at in &all {
            let alone = Missing { trial: self, kinds, missing: &[*at] };
            let with_all = Missing { trial: self, kinds, missing: &all };
            if alone.outcomes(self.condition).fails || with_all.outcomes(self.condition).fails {
                let name = &self.rules.names[*at];
                let message = format!("cannot be decided where `{name}` is missing");
                let mend = format!(
                    "write `known({name}) && …` or `or_else({name}, …)`, or say what then: `when_undecided: step_up`"
                );
                return Err(self.checker.refuse(&self.entry.when, message, mend));
            }
        }
        Ok(())
    }

    fn refuse_part(&self, id: u64, message: String, mend: String) -> Refusal {
        self.checker.refuse_at(&self.entry.when, offset_of(self.program, id), message, mend)
    }

    fn type_of(&self, part: &Expression, context: &Context<'_, '_>) -> Option<String> {
        let value = cel::Value::resolve_val(part, context).ok()?;
        if value.downcast_ref::<CelBool>().is_some() {
            return Some("true or false".into());
        }
        Some(in_words(value.get_type().name()).into())
    }

    /// Why a part fails, and how to mend it.
    fn explain(&self, part: &Expression, values: &Values) -> (String, String) {
        let Expr::Call(call) = &part.expr else {
            return ("this cannot be computed".into(), "names are flat: `a.b` and `a[0]` mean nothing here".into());
        };
        if let Some(mend) = absent_function(&call.func_name) {
            return (format!("unknown function `{}`", call.func_name), mend.into());
        }
        let operands = || call.target.as_deref().into_iter().chain(&call.args);
        let types = self.with(values, |context| {
            operands().map(|operand| self.type_of(operand, context).unwrap_or_default()).collect::<Vec<_>>()
        });
        let operator = call.func_name.trim_matches(['_', '@']);
        let message = format!("{} cannot be applied to {}", quoted(operator), types.join(" and "));
        (message, self.mend_of(call, &types))
    }

    fn mend_of(&self, call: &CallExpr, types: &[String]) -> String {
        let whole = call.args.iter().find_map(|arg| match &arg.expr {
            Expr::Literal(LiteralValue::Int(whole)) => Some(*whole.inner()),
            _ => None,
        });
        match whole {
            Some(whole) if types.iter().any(|of| of == "a number") => format!("write `{whole}.0` for `{whole}`"),
            _ if call.func_name.starts_with(|c: char| c.is_alphabetic()) => {
                "use known(x), or_else(x, d), or CEL's own startsWith, endsWith, contains, size".into()
            }
            _ => "compare numbers with numbers and text with text".into(),
        }
    }
}

/// What a condition may say when some of its inputs are missing and the others are whatever they are.
struct Missing<'a> {
    trial: &'a Trial<'a>,
    kinds: &'a [Kind],
    missing: &'a [usize],
}

/// What may come out of an expression.
#[derive(Debug, Clone, Copy, Default)]
struct Outcomes {
    is_true: bool,
    is_false: bool,
    fails: bool,
}

impl Outcomes {
    fn or(self, other: Self) -> Self {
        Self {
            is_true: self.is_true || other.is_true,
            is_false: self.is_false || other.is_false,
            fails: self.fails || other.fails,
        }
    }

    fn not(self) -> Self {
        Self { is_true: self.is_false, is_false: self.is_true, ..self }
    }

    /// Of `one && other`: false where either is, failing where either fails and the other is not false.
    fn both(self, other: Self) -> Self {
        Self {
            is_true: self.is_true && other.is_true,
            is_false: self.is_false || other.is_false,
            fails: self.fails && (other.fails || other.is_true) || other.fails && self.is_true,
        }
    }
}

impl Missing<'_> {
    fn outcomes(&self, expr: &Expression) -> Outcomes {
        if let Expr::Call(call) = &expr.expr {
            match (call.func_name.as_str(), call.args.as_slice()) {
                (operators::LOGICAL_AND, [one, other]) => return self.outcomes(one).both(self.outcomes(other)),
                (operators::LOGICAL_OR, [one, other]) => {
                    return self.outcomes(one).not().both(self.outcomes(other).not()).not();
                }
                (operators::LOGICAL_NOT, [one]) => return self.outcomes(one).not(),
                (operators::CONDITIONAL, [condition, then, otherwise]) => {
                    let condition = self.outcomes(condition);
                    let then = if condition.is_true { self.outcomes(then) } else { Outcomes::default() };
                    let otherwise = if condition.is_false { self.outcomes(otherwise) } else { Outcomes::default() };
                    return Outcomes { fails: condition.fails, ..Outcomes::default() }.or(then).or(otherwise);
                }
                _ => {}
            }
        }
        self.outcomes_of_part(expr)
    }

    /// A part without `&&`, `||`, `!` and `?:` at its top. One that none of the missing inputs touches may say either.
    fn outcomes_of_part(&self, part: &Expression) -> Outcomes {
        let mut touched = false;
        each(part, &mut |expr| {
            if let Expr::Ident(number) = &expr.expr {
                touched |= number.parse::<usize>().is_ok_and(|number| self.missing.contains(&number));
            }
        });
        if !touched {
            let literal = match &part.expr {
                Expr::Literal(LiteralValue::Boolean(flag)) => Some(*flag.inner()),
                _ => None,
            };
            return Outcomes { is_true: literal != Some(false), is_false: literal != Some(true), fails: false };
        }
        let tried = TRIED.iter().map(|tried| {
            let mut values = self.trial.values(self.kinds, *tried);
            for at in self.missing {
                values.0[*at] = Value::Missing;
            }
            match self.trial.with(&values, |context| truth(part, context)) {
                Some(flag) => Outcomes { is_true: flag, is_false: !flag, fails: false },
                None => Outcomes { fails: true, ..Outcomes::default() },
            }
        });
        tried.fold(Outcomes::default(), Outcomes::or)
    }
}

/// What to write instead of a function that is not there.
fn absent_function(name: &str) -> Option<&'static str> {
    match name {
        "has" => Some("write `known(x)`"),
        "exists" | "all" | "map" | "filter" | "exists_one" => Some("conditions have no loops: write the cases out"),
        "matches" => Some("use startsWith, endsWith or contains"),
        _ => None,
    }
}

fn in_words(type_name: &str) -> &str {
    match type_name {
        "double" => "a number",
        "int" | "uint" => "a whole number",
        "string" => "text",
        "null_type" => "nothing",
        "list" => "a list",
        other => other,
    }
}
