//! Plans as they are shown, and the requests that service them.

use super::answer::{money, plan_choice, time};
use super::checks::{Path, Violation, chosen};
use super::steps::{Common, Step};
use crate::domain::plan::{Instalment, InstalmentState, Plan, PlanState};
use crate::domain::time::Timestamp;
use crate::domain::{Invalid, text};
use crate::engine::{Act, Engine};
use crate::journey::Input;
use crate::plan::{self, Account};
use crate::rpc::proto;
use jiff::civil::Date;

/// The most instalments of a plan.
const MOST_INSTALMENTS: i32 = 24;
/// The longest name of a payment, in characters.
const MAX_REFERENCE: usize = 64;

/// A schedule.
pub fn plan(plan: &Plan) -> proto::Plan {
    proto::Plan {
        choice: Some(plan_choice(plan.choice)),
        amount: Some(money(plan.amount)),
        customer_cost_minor: plan.customer_cost_minor,
        cost_bps: plan.cost_bps,
        instalments: plan.instalments.iter().map(instalment).collect(),
        ..Default::default()
    }
}

/// An accepted plan as it stands.
pub(super) fn account(account: &Account) -> proto::Plan {
    let state = match account.state {
        PlanState::InProgress => proto::PlanState::InProgress,
        PlanState::Paid => proto::PlanState::Paid,
        PlanState::Late => proto::PlanState::Late,
        PlanState::LateContact => proto::PlanState::LateContact,
        PlanState::Default => proto::PlanState::Default,
    };
    proto::Plan {
        state: state.into(),
        left_to_pay_minor: account.plan.left_to_pay_minor(),
        refunded_minor: account.refunded_minor,
        paid_back_minor: account.paid_back_minor,
        ..plan(&account.plan)
    }
}

/// An accepted plan with what may be done with it at a time.
pub fn account_at(account: &Account, card_change_url: Option<String>, now: Timestamp) -> proto::Plan {
    let mut shown = self::account(account);
    for (place, instalment) in shown.instalments.iter_mut().enumerate() {
        instalment.movable_until = account.movable_until(place, now).map(|day| day.to_string()).unwrap_or_default();
        instalment.collecting = account.is_collecting(place, now);
    }
    shown.card_change_url = card_change_url.unwrap_or_default();
    shown
}

fn instalment(instalment: &Instalment) -> proto::Instalment {
    let state = match instalment.state {
        InstalmentState::Pending => proto::InstalmentState::Pending,
        InstalmentState::Paid => proto::InstalmentState::Paid,
        InstalmentState::Incident => proto::InstalmentState::Incident,
        InstalmentState::Claimed => proto::InstalmentState::Claimed,
        InstalmentState::Covered => proto::InstalmentState::Covered,
    };
    proto::Instalment {
        due_date: instalment.due_date.to_string(),
        purchase_amount_minor: instalment.purchase_amount_minor,
        customer_fee_minor: instalment.customer_fee_minor,
        customer_interest_minor: instalment.customer_interest_minor,
        total_amount_minor: instalment.total_amount_minor,
        state: state.into(),
        agreed_date: instalment.agreed_date.to_string(),
        refunded_minor: instalment.refunded_minor,
        paid_at: instalment.paid_at.map(time),
        movable_until: String::new(),
        collecting: false,
    }
}

/// The place of an instalment, which counts from 0, of its number on the wire, which counts from 1.
pub fn place(number: i32) -> Result<u8, Invalid> {
    let place = (1..=MOST_INSTALMENTS).contains(&number).then_some(number - 1);
    place.and_then(|place| u8::try_from(place).ok()).ok_or_else(|| Invalid::expected("an instalment from 1 to 24"))
}

/// As [`place`]; 0 names none.
fn place_or_none(number: i32) -> Result<Option<u8>, Invalid> {
    if number == 0 { Ok(None) } else { place(number).map(Some) }
}

impl Step for proto::PayAheadRequest {
    fn act(&self, _: &Engine) -> Result<Act, Vec<Violation>> {
        let mut common = Common::of(self, &self.request_id, &self.application_id, self.occurred_at.as_ref());
        let instalment = common.checks.keep(Path::Root.field("instalment"), place_or_none(self.instalment));
        common.canonical.integer(3, self.instalment.into());
        common.act(4, instalment.map(|instalment| Input::Plan(plan::Input::PayAhead { instalment })))
    }
}

impl Step for proto::MoveDueDateRequest {
    fn act(&self, _: &Engine) -> Result<Act, Vec<Violation>> {
        let mut common = Common::of(self, &self.request_id, &self.application_id, self.occurred_at.as_ref());
        let instalment = common.checks.keep(Path::Root.field("instalment"), place(self.instalment));
        let to = self.due_date.parse::<Date>().ok().filter(|day| day.to_string() == self.due_date);
        let to = to.ok_or_else(|| Invalid::expected("a day, YYYY-MM-DD"));
        let to = common.checks.keep(Path::Root.field("due_date"), to);
        common.canonical.integer(3, self.instalment.into());
        to.iter().for_each(|to| common.canonical.text(4, &to.to_string()));
        let input = instalment.zip(to).map(|(instalment, to)| plan::Input::MoveDueDate { instalment, to });
        common.act(5, input.map(Input::Plan))
    }
}

impl Step for proto::ChangeCardRequest {
    fn act(&self, _: &Engine) -> Result<Act, Vec<Violation>> {
        let common = Common::of(self, &self.request_id, &self.application_id, self.occurred_at.as_ref());
        common.act(3, Some(Input::Plan(plan::Input::ChangeCard)))
    }
}

impl Step for proto::ReportPaymentRequest {
    fn act(&self, engine: &Engine) -> Result<Act, Vec<Violation>> {
        let mut common = Common::of(self, &self.request_id, &self.application_id, self.occurred_at.as_ref());
        let instalment = common.checks.keep(Path::Root.field("instalment"), place_or_none(self.instalment));
        let paid = match chosen(self.result, "PaymentResult") {
            Ok(proto::PaymentResult::Paid) => Ok(true),
            Ok(proto::PaymentResult::Failed) => Ok(false),
            Ok(proto::PaymentResult::Unspecified) => {
                Err(Invalid::expected("PAYMENT_RESULT_PAID or PAYMENT_RESULT_FAILED"))
            }
            Err(invalid) => Err(invalid),
        };
        let paid = common.checks.keep(Path::Root.field("result"), paid);
        let reference = match self.payment_reference.as_str() {
            "" => Ok(None),
            reference => text::token(reference, MAX_REFERENCE).map(Some),
        };
        let reference = common.checks.keep(Path::Root.field("payment_reference"), reference);
        common.canonical.integer(3, self.instalment.into());
        common.canonical.integer(4, self.result.into());
        reference.iter().flatten().for_each(|reference| common.canonical.text(5, reference));
        // How long the offer is open again is the policy's, as it stands now.
        let offer_ttl_seconds = engine.generation().policy.windows().offer_ttl_seconds;
        let input =
            instalment.zip(paid).zip(reference).map(|((instalment, paid), reference)| match (instalment, paid) {
                (Some(instalment), true) => Input::Plan(plan::Input::ReportPaid { instalment, reference }),
                (Some(instalment), false) => Input::Plan(plan::Input::ReportFailed { instalment, offer_ttl_seconds }),
                (None, true) => Input::ReportCollected { reference },
                (None, false) => Input::ReportNotCollected { offer_ttl_seconds },
            });
        common.act(6, input)
    }
}

impl Step for proto::RefundRequest {
    fn act(&self, _: &Engine) -> Result<Act, Vec<Violation>> {
        let mut common = Common::of(self, &self.request_id, &self.application_id, self.occurred_at.as_ref());
        let amount = (self.amount_minor > 0).then_some(self.amount_minor);
        let amount = amount.ok_or_else(|| Invalid::expected("an amount above 0, in minor units"));
        let amount = common.checks.keep(Path::Root.field("amount_minor"), amount);
        common.canonical.integer(3, self.amount_minor);
        common.act(4, amount.map(|amount_minor| Input::Plan(plan::Input::Refund { amount_minor })))
    }
}
