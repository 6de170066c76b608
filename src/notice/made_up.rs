//! Made-up facts, to see and to test notices by.

use super::facts::{Facts, Links, Notice};
use super::receipt::ReceiptFacts;
use crate::domain::money::{Currency, Money};
use crate::domain::plan::{Instalment, InstalmentState, Plan, PlanChoice};
use crate::domain::reason::{self, Language};
use crate::domain::storefront::Storefront;
use crate::domain::time::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

/// When the made-up purchase is declined, and its offer ends an hour later: 2026-12-04T14:05:00Z.
const UNTIL_MS: i64 = 1_796_393_100_000;

/// Every notice by its name, with facts that it fits, in a language.
pub fn notices(language: Language) -> Vec<(&'static str, Notice, Facts)> {
    let facts = |paid| facts(paid, language);
    let until = Timestamp::from_ms(UNTIL_MS).unwrap_or_default();
    let mut failed = facts(1);
    let mut moved = facts(1);
    let mut refunded = facts(1);
    let mut declined = facts(0);
    let from = date(2027, 1, 4);
    if let Some(plan) = &mut failed.plan
        && let Some(instalment) = plan.instalments.get_mut(1)
    {
        instalment.state = InstalmentState::Incident;
    }
    if let Some(plan) = &mut moved.plan
        && let Some(instalment) = plan.instalments.get_mut(1)
    {
        instalment.due_date = date(2027, 1, 14);
    }
    if let Some(plan) = &mut refunded.plan
        && let Some(instalment) = plan.instalments.get_mut(2)
    {
        instalment.refunded_minor = instalment.purchase_amount_minor;
        instalment.total_amount_minor = 0;
        instalment.state = InstalmentState::Covered;
    }
    declined.plan = None;
    declined.reasons = vec![reason::withheld(language).into()];
    let refund = Notice::Refunded { amount_minor: 41_150, paid_back_minor: 0 };
    vec![
        ("confirmation", Notice::Confirmation, facts(0)),
        ("reminder", Notice::Reminder { instalment: 1, hours_before: 72 }, facts(1)),
        ("receipt", Notice::Receipt { instalment: 1 }, facts(2)),
        ("closing", Notice::Closing, facts(3)),
        ("payment_failed", Notice::PaymentFailed { instalment: 1 }, failed),
        ("due_date_moved", Notice::DueDateMoved { instalment: 1, from }, moved),
        ("declined_pay_in_one_go", Notice::DeclinedPayInOneGo { until }, declined),
        ("refunded", refund, refunded),
    ]
}

/// A purchase of €1,234.50 in three instalments, so many of them paid.
pub fn facts(paid: usize, language: Language) -> Facts {
    let amount = Money { amount_minor: 123_450, currency: Currency::EUR };
    Facts {
        given_name: "Ada".into(),
        storefront: Storefront {
            name: match language {
                Language::En => "Green Bicycle",
                Language::Fr => "Le Vélo vert",
            }
            .into(),
            support_email: "help@shop.example".into(),
            support_url: Some("https://shop.example/help".into()),
            privacy_url: "https://shop.example/privacy".into(),
            terms_url: "https://shop.example/terms".into(),
            card_change_url: None,
        },
        reference: "GB-2026-1042".into(),
        amount,
        plan: Some(plan(amount, paid)),
        paid_back_minor: 0,
        zone: TimeZone::UTC,
        links: Links {
            plan: "https://pay.example.org/plan/made-up".into(),
            journey: "https://pay.example.org/j/made-up".into(),
            change_card: None,
        },
        reasons: Vec::new(),
        movable_days: 15,
    }
}

fn plan(amount: Money, paid: usize) -> Plan {
    let days: [Date; 3] = [date(2026, 12, 4), date(2027, 1, 4), date(2027, 2, 4)];
    let fees = [1_234, 0, 0];
    let mut instalments: Vec<_> =
        days.into_iter().zip(fees).map(|(day, fee)| Instalment::agreed(day, 41_150, fee, 0)).collect();
    for (instalment, day) in instalments.iter_mut().zip(days).take(paid) {
        instalment.state = InstalmentState::Paid;
        let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).map(|at| at.timestamp().as_millisecond());
        instalment.paid_at = noon.ok().and_then(|ms| Timestamp::from_ms(ms).ok());
    }
    let choice = PlanChoice { instalment_count: 3, deferred_days: 0, deferred_months: 0 };
    Plan { choice, amount, customer_cost_minor: 1_234, cost_bps: 100, instalments }
}

/// The receipt of the second instalment.
pub fn receipt(language: Language) -> Option<ReceiptFacts> {
    receipt_of(2, 1, language)
}

/// The receipt of an instalment, counted from 0, where so many are paid; `None`: it is not there, or not paid.
pub fn receipt_of(paid: usize, place: usize, language: Language) -> Option<ReceiptFacts> {
    let Facts { plan, zone, storefront, reference, .. } = facts(paid, language);
    ReceiptFacts::of(&plan?, &zone, &storefront, &reference, place)
}
