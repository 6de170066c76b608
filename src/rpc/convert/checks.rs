//! Collects violations by field path while a request is converted.

use crate::domain::Invalid;
use crate::domain::money::{Currency, Money};
use crate::domain::plan::PlanChoice;
use crate::domain::time::Timestamp;
use crate::rpc::proto;
use std::fmt;

/// The most violations that one answer lists.
pub const MAX_VIOLATIONS: usize = 64;

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field, such as `purchase.items[3].quantity`.
    pub field: String,
    /// What was expected there; never what came.
    pub description: String,
}

/// The way to a field; written out only when something is wrong there.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    /// The request itself.
    Root,
    /// A field of a message.
    Field(&'a Path<'a>, &'static str),
    /// A place in a list.
    Index(&'a Path<'a>, usize),
    /// The entry of a map, by a key that is valid.
    Key(&'a Path<'a>, &'a str),
}

impl Path<'_> {
    pub fn field(&self, name: &'static str) -> Path<'_> {
        Path::Field(self, name)
    }

    pub fn index(&self, at: usize) -> Path<'_> {
        Path::Index(self, at)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Path::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Index(parent, at) => write!(f, "{parent}[{at}]"),
            Self::Key(parent, key) => write!(f, "{parent}[\"{key}\"]"),
        }
    }
}

/// The violations found so far.
#[derive(Default)]
pub(super) struct Checks(Vec<Violation>);

impl Checks {
    /// Adds a violation, within the bound.
    pub fn refuse(&mut self, path: Path<'_>, invalid: &Invalid) {
        if self.0.len() < MAX_VIOLATIONS {
            self.0.push(Violation { field: path.to_string(), description: invalid.to_string() });
        }
    }

    /// The value, or a violation at `path`.
    pub fn keep<T>(&mut self, path: Path<'_>, result: Result<T, Invalid>) -> Option<T> {
        result.map_err(|invalid| self.refuse(path, &invalid)).ok()
    }

    /// A text that may be left out: empty means missing.
    pub fn optional<T>(
        &mut self,
        path: Path<'_>,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        if text.is_empty() { None } else { self.keep(path, parse(text)) }
    }

    /// Something that must be there: what is said of it follows "expected".
    pub fn required<'v, T>(&mut self, path: Path<'_>, value: Option<&'v T>, what: &str) -> Option<&'v T> {
        if value.is_none() {
            self.refuse(path, &Invalid::expected(what));
        }
        value
    }

    /// An amount above 0 in a currency: both parts are checked.
    pub fn money(&mut self, path: Path<'_>, wire: Option<&proto::Money>) -> Option<Money> {
        let wire = self.required(path, wire, "an amount and its currency")?;
        let currency = self.keep(path.field("currency"), Currency::parse(&wire.currency));
        // The bounds are the same in every currency, so the amount is checked beside a currency that is not one.
        let amount = Money::purchase(wire.amount_minor, currency.unwrap_or(Currency::EUR));
        let amount = self.keep(path.field("amount_minor"), amount);
        currency.and(amount)
    }

    /// The choice of a plan.
    pub fn plan(&mut self, path: Path<'_>, wire: &proto::PlanChoice) -> Option<PlanChoice> {
        self.keep(path, PlanChoice::new(wire.instalment_count, wire.deferred_days, wire.deferred_months))
    }

    /// A time that may be left out.
    pub fn time(&mut self, path: Path<'_>, wire: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
        self.keep(path, timestamp(wire?))
    }

    /// A list within its bound; one that is longer is not read.
    pub fn bounded<'v, T>(&mut self, path: Path<'_>, list: &'v [T], max: usize) -> &'v [T] {
        if list.len() <= max {
            return list;
        }
        self.refuse(path, &Invalid::expected(format!("at most {max} entries")));
        &[]
    }

    /// The value, if nothing was wrong.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Violation>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            // Where a value is missing, its violation has been added.
            _ => Err(self.0),
        }
    }
}

/// A point in time of the wire, cut to the millisecond.
fn timestamp(wire: &prost_types::Timestamp) -> Result<Timestamp, Invalid> {
    let whole = (0..1_000_000_000).contains(&wire.nanos).then_some(wire.seconds);
    let ms = whole.and_then(|seconds| seconds.checked_mul(1_000)?.checked_add(i64::from(wire.nanos / 1_000_000)));
    // Anything that cannot be counted lies outside the range too.
    Timestamp::from_ms(ms.unwrap_or(-1))
}

/// A value of a generated enum that is not `UNSPECIFIED`; its number must be known.
pub(super) fn chosen<E: TryFrom<i32>>(number: i32, name: &str) -> Result<E, Invalid> {
    E::try_from(number).map_err(|_| Invalid::expected(format!("a value of {name}")))
}
