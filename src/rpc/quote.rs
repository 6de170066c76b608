//! `QuotePlans`: which plans are open to an amount, a country and a currency, and what each would cost.

use super::convert::{self, QuoteRequest};
use super::proto;
use crate::domain::ids::MerchantId;
use crate::domain::money::Currency;
use crate::domain::plan::{Constraint, PlanChoice};
use crate::domain::time::Timestamp;
use crate::plan;
use crate::policy::Policy;

/// Quotes the plans asked about, or all that the merchant offers, as if they began `now`.
pub fn plans(
    policy: &Policy,
    merchant: &MerchantId,
    asked: &QuoteRequest,
    now: Timestamp,
) -> proto::QuotePlansResponse {
    let offered = if asked.plans.is_empty() { policy.offers(merchant) } else { asked.plans.clone() };
    let quotes = offered.into_iter().map(|choice| quote(policy, merchant, asked, choice, now)).collect();
    proto::QuotePlansResponse { quotes }
}

fn quote(
    policy: &Policy,
    merchant: &MerchantId,
    asked: &QuoteRequest,
    choice: PlanChoice,
    now: Timestamp,
) -> proto::PlanQuote {
    let constraints = policy.constraints(merchant, choice, asked.amount, Some(asked.country));
    let schedule = constraints.is_empty().then(|| {
        let today = now.to_jiff().to_zoned(policy.time_zone(merchant).clone()).date();
        convert::plan(&plan::schedule(&policy.terms(merchant, choice), asked.amount, today))
    });
    proto::PlanQuote {
        plan: Some(convert::plan_choice(choice)),
        eligible: constraints.is_empty(),
        schedule,
        constraints: constraints.iter().map(constraint).collect(),
    }
}

fn constraint(constraint: &Constraint) -> proto::PlanConstraint {
    let of = |field: &str| proto::PlanConstraint { field: field.into(), ..Default::default() };
    match constraint {
        Constraint::Plan => of("plan"),
        Constraint::Amount { min_minor, max_minor } => proto::PlanConstraint {
            min_amount_minor: Some(*min_minor),
            max_amount_minor: Some(*max_minor),
            ..of("amount")
        },
        Constraint::Country(countries) => proto::PlanConstraint {
            allowed: countries.iter().map(|country| country.code().to_owned()).collect(),
            ..of("country")
        },
        Constraint::Currency(currencies) => proto::PlanConstraint {
            allowed: currencies.iter().map(|currency: &Currency| currency.code().to_owned()).collect(),
            ..of("currency")
        },
    }
}
