//! The requests other than `Decide`.

use super::answer;
use super::checks::{Checks, Path, Violation, chosen};
use crate::domain::Invalid;
use crate::domain::geo::Country;
use crate::domain::ids::{ApplicationId, CustomerId, DecisionId, RequestId, Seq};
use crate::domain::money::Money;
use crate::domain::outcome::RepaymentOutcome;
use crate::domain::plan::PlanChoice;
use crate::domain::time::Timestamp;
use crate::journey::StateKind;
use crate::rpc::proto;

/// The most plans that one request may ask about.
const MAX_PLANS: usize = 32;
/// The most applications on a page.
const MAX_PAGE: i32 = 200;
/// How many applications stand on a page where the caller does not say.
const DEFAULT_PAGE: usize = 50;

/// Which plans to quote.
#[derive(Debug, Clone, PartialEq)]
pub struct QuoteRequest {
    /// The amount.
    pub amount: Money,
    /// The customer's country.
    pub country: Country,
    /// The plans; none: all that the policy offers.
    pub plans: Vec<PlanChoice>,
}

/// Which applications to list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRequest {
    /// How many at most: 1 to 200.
    pub page_size: usize,
    /// Only older than this place: where the page before ended.
    pub before: Option<Seq>,
    /// Only in this state.
    pub state: Option<StateKind>,
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Only submitted at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only submitted before this time.
    pub created_before: Option<Timestamp>,
}

/// How a purchase turned out, as a gateway reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeReport {
    /// The caller's name for this request.
    pub request_id: RequestId,
    /// The application.
    pub application: ApplicationId,
    /// How it turned out.
    pub outcome: RepaymentOutcome,
    /// When that happened; `None`: now.
    pub occurred_at: Option<Timestamp>,
}

/// Converts `QuotePlansRequest`.
pub fn quote_plans(wire: &proto::QuotePlansRequest) -> Result<QuoteRequest, Vec<Violation>> {
    let mut checks = Checks::default();
    let amount = checks.money(Path::Root.field("amount"), wire.amount.as_ref());
    let country = checks.keep(Path::Root.field("country"), Country::parse(&wire.country));
    let path = Path::Root.field("plans");
    let plans = checks.bounded(path, &wire.plans, MAX_PLANS).iter().enumerate();
    let plans = plans.filter_map(|(at, wire)| checks.plan(path.index(at), wire)).collect();
    checks.finish(amount.zip(country).map(|(amount, country)| QuoteRequest { amount, country, plans }))
}

/// An application that is asked for by its id.
pub fn application_id(text: &str) -> Result<ApplicationId, Vec<Violation>> {
    let mut checks = Checks::default();
    let id = checks.keep(Path::Root.field("application_id"), ApplicationId::parse(text));
    checks.finish(id)
}

/// Converts `ExplainDecisionRequest`: the application, and which of its decisions, where that is said.
pub fn explain_decision(
    wire: &proto::ExplainDecisionRequest,
) -> Result<(ApplicationId, Option<DecisionId>), Vec<Violation>> {
    let mut checks = Checks::default();
    let id = checks.keep(Path::Root.field("application_id"), ApplicationId::parse(&wire.application_id));
    let decision = checks.optional(Path::Root.field("decision_id"), &wire.decision_id, DecisionId::parse);
    checks.finish(id.map(|id| (id, decision)))
}

/// Converts `ListReviewsRequest`.
pub fn list_reviews(wire: &proto::ListReviewsRequest) -> Result<ListRequest, Vec<Violation>> {
    let proto::ListReviewsRequest { page_size, page_token } = wire.clone();
    let state = proto::State::InReview.into();
    list_applications(&proto::ListApplicationsRequest { page_size, page_token, state, ..Default::default() })
}

/// Converts `ListApplicationsRequest`.
pub fn list_applications(wire: &proto::ListApplicationsRequest) -> Result<ListRequest, Vec<Violation>> {
    let mut checks = Checks::default();
    let root = Path::Root;
    let page_size = match wire.page_size {
        0 => Ok(DEFAULT_PAGE),
        1..=MAX_PAGE => Ok(wire.page_size.unsigned_abs() as usize),
        _ => Err(Invalid::expected(format!("0 to {MAX_PAGE}"))),
    };
    let page_size = checks.keep(root.field("page_size"), page_size);
    let before = checks.optional(root.field("page_token"), &wire.page_token, answer::read_page_token);
    let state = checks.keep(root.field("state"), chosen(wire.state, "State"));
    let customer = checks.optional(root.field("customer_id"), &wire.customer_id, CustomerId::parse);
    let created_from = checks.time(root.field("created_from"), wire.created_from.as_ref());
    let created_before = checks.time(root.field("created_before"), wire.created_before.as_ref());
    if created_from.zip(created_before).is_some_and(|(from, before)| from >= before) {
        checks.refuse(root.field("created_before"), &Invalid::expected("a time after created_from"));
    }
    let list = page_size.zip(state).map(|(page_size, state)| ListRequest {
        page_size,
        before,
        state: state_kind(state),
        customer,
        created_from,
        created_before,
    });
    checks.finish(list)
}

fn state_kind(wire: proto::State) -> Option<StateKind> {
    match wire {
        proto::State::Unspecified => None,
        proto::State::Challenged => Some(StateKind::Challenged),
        proto::State::Verifying => Some(StateKind::Verifying),
        proto::State::InReview => Some(StateKind::InReview),
        proto::State::Accepted => Some(StateKind::Accepted),
        proto::State::Declined => Some(StateKind::Declined),
        proto::State::PaidInFull => Some(StateKind::PaidInFull),
        proto::State::Cancelled => Some(StateKind::Cancelled),
        proto::State::Expired => Some(StateKind::Expired),
    }
}

/// Converts `ReportOutcomeRequest`.
pub fn report_outcome(wire: &proto::ReportOutcomeRequest) -> Result<OutcomeReport, Vec<Violation>> {
    let mut checks = Checks::default();
    let root = Path::Root;
    let request_id = checks.keep(root.field("request_id"), RequestId::parse(&wire.request_id));
    let application = checks.keep(root.field("application_id"), ApplicationId::parse(&wire.application_id));
    let outcome = checks.keep(root.field("outcome"), outcome(wire.outcome));
    let occurred_at = checks.time(root.field("occurred_at"), wire.occurred_at.as_ref());
    let whole = request_id.zip(application).zip(outcome).map(|((request_id, application), outcome)| OutcomeReport {
        request_id,
        application,
        outcome,
        occurred_at,
    });
    checks.finish(whole)
}

fn outcome(number: i32) -> Result<RepaymentOutcome, Invalid> {
    use proto::RepaymentOutcome as Wire;
    match chosen(number, "RepaymentOutcome")? {
        Wire::Unspecified => Err(Invalid::expected("how the purchase turned out")),
        Wire::Paid => Ok(RepaymentOutcome::Paid),
        Wire::Late => Ok(RepaymentOutcome::Late),
        Wire::Defaulted => Ok(RepaymentOutcome::Defaulted),
        Wire::Fraud => Ok(RepaymentOutcome::Fraud),
        Wire::Chargeback => Ok(RepaymentOutcome::Chargeback),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths of all violations, or none.
    fn fields<T>(result: Result<T, Vec<Violation>>) -> Vec<String> {
        result.err().unwrap_or_default().into_iter().map(|violation| violation.field).collect()
    }

    #[test]
    fn quotes_hear_of_every_violation() {
        let plan = |instalment_count| proto::PlanChoice { instalment_count, ..Default::default() };
        let mut wire = proto::QuotePlansRequest {
            amount: Some(proto::Money { amount_minor: 100, currency: "EUR".into() }),
            country: "FR".into(),
            plans: vec![plan(3), plan(4)],
        };
        assert_eq!(quote_plans(&wire).map(|asked| asked.plans.len()), Ok(2));
        wire.amount = Some(proto::Money { amount_minor: 0, currency: "euro".into() });
        wire.country = "France".into();
        wire.plans = vec![plan(3), plan(25), plan(0)];
        assert_eq!(
            fields(quote_plans(&wire)),
            ["amount.currency", "amount.amount_minor", "country", "plans[1]", "plans[2]"]
        );
        wire.plans = vec![plan(3); MAX_PLANS + 1];
        assert!(fields(quote_plans(&wire)).contains(&"plans".to_owned()));
    }

    #[test]
    fn lists_are_bounded_and_tokens_lead_back() {
        let list = |change: fn(&mut proto::ListApplicationsRequest)| {
            let mut wire = proto::ListApplicationsRequest::default();
            change(&mut wire);
            list_applications(&wire)
        };
        assert_eq!(list(|_| {}).map(|asked| asked.page_size), Ok(DEFAULT_PAGE));
        assert_eq!(fields(list(|wire| wire.page_size = 201)), ["page_size"]);
        assert_eq!(fields(list(|wire| wire.page_size = -1)), ["page_size"]);
        assert_eq!(fields(list(|wire| wire.state = 99)), ["state"]);
        assert_eq!(fields(list(|wire| wire.customer_id = "with space".into())), ["customer_id"]);
        assert_eq!(fields(list(|wire| wire.page_token = "1".into())), ["page_token"]);
        let seq = Seq((1 << 60) - 1);
        let wire = proto::ListApplicationsRequest { page_token: answer::page_token(seq), ..Default::default() };
        assert_eq!(list_applications(&wire).map(|asked| asked.before), Ok(Some(seq)));
        let empty = list(|wire| {
            wire.created_from = Some(prost_types::Timestamp { seconds: 5, nanos: 0 });
            wire.created_before = wire.created_from;
        });
        assert_eq!(fields(empty), ["created_before"]);
    }

    #[test]
    fn reports_name_what_they_report() {
        let wire = proto::ReportOutcomeRequest {
            occurred_at: Some(prost_types::Timestamp { seconds: -1, nanos: 0 }),
            ..Default::default()
        };
        assert_eq!(fields(report_outcome(&wire)), ["request_id", "application_id", "outcome", "occurred_at"]);
    }
}
