//! Plans and hard limits: what is offered to whom, for which amounts.

use crate::domain::geo::Country;
use crate::domain::money::{Currency, MAX_AMOUNT_MINOR, Money};
use crate::domain::plan::{Constraint, PlanChoice, Terms};
use crate::domain::reason::ReasonCode;

/// Bounds on amounts and plan lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub min_minor: i64,
    pub max_minor: i64,
    pub max_instalment_count: u8,
}

impl Bounds {
    /// No bounds but those of the domain.
    pub const NONE: Self = Self { min_minor: 1, max_minor: MAX_AMOUNT_MINOR, max_instalment_count: u8::MAX };

    /// Both bounds at once.
    pub fn within(self, other: Self) -> Self {
        Self {
            min_minor: self.min_minor.max(other.min_minor),
            max_minor: self.max_minor.min(other.max_minor),
            max_instalment_count: self.max_instalment_count.min(other.max_instalment_count),
        }
    }
}

/// One plan, as it is offered.
#[derive(Debug)]
pub(super) struct Offer {
    pub terms: Terms,
    pub bounds: Bounds,
    pub place: Place,
}

/// Where and in which money something is offered; `None`: everywhere, in every money.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub countries: Option<Vec<Country>>,
    pub currencies: Option<Vec<Currency>>,
}

/// What an offer is asked about.
pub(super) struct Question<'a> {
    pub amount: Money,
    pub country: Option<Country>,
    pub country_required: bool,
    /// The merchant's countries and the plan's: both must agree. `None`: all.
    pub countries: [Option<&'a [Country]>; 2],
    /// Likewise the currencies.
    pub currencies: [Option<&'a [Currency]>; 2],
}

impl Question<'_> {
    /// What stands against a plan with these bounds; `None`: the plan is not offered.
    pub fn constraints(&self, choice: PlanChoice, bounds: Option<Bounds>) -> Vec<Constraint> {
        let mut against = Vec::new();
        let bounds = bounds.filter(|bounds| choice.instalment_count <= bounds.max_instalment_count);
        if bounds.is_none() {
            against.push(Constraint::Plan);
        }
        let currency = self.currencies.iter().flatten().all(|allowed| allowed.contains(&self.amount.currency));
        // Bounds are minor units of the currencies served: they say nothing about another one.
        if let Some(Bounds { min_minor, max_minor, .. }) = bounds.filter(|_| currency)
            && !(min_minor..=max_minor).contains(&self.amount.amount_minor)
        {
            against.push(Constraint::Amount { min_minor, max_minor });
        }
        let here =
            |allowed: &&[Country]| self.country.map_or(!self.country_required, |country| allowed.contains(&country));
        if !self.countries.iter().flatten().all(here) {
            against.push(Constraint::Country(common(self.countries)));
        }
        if !currency {
            against.push(Constraint::Currency(common(self.currencies)));
        }
        against
    }
}

/// What both lists hold, in the order of the narrower.
fn common<T: Copy + PartialEq>([outer, inner]: [Option<&[T]>; 2]) -> Vec<T> {
    let within = |one: &T| outer.is_none_or(|outer| outer.contains(one));
    inner.or(outer).unwrap_or_default().iter().copied().filter(within).collect()
}

/// The reason of a constraint.
pub(super) fn reason_of(constraint: &Constraint) -> ReasonCode {
    match constraint {
        Constraint::Plan => ReasonCode::LIMIT_PLAN,
        Constraint::Amount { .. } => ReasonCode::LIMIT_AMOUNT,
        Constraint::Country(_) => ReasonCode::LIMIT_COUNTRY,
        Constraint::Currency(_) => ReasonCode::LIMIT_CURRENCY,
    }
}
