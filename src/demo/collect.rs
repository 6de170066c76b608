//! The gateway's part of a plan: told that a payment is due, it charges the card and reports what came of it.

use super::orders::{Order, Payment};
use super::shop::Shop;
use crate::rpc::client::CallError;
use crate::rpc::proto::{self, Collection, InstalmentState, State};

/// What is charged for which instalment, from 1; 0: the whole amount.
type Due = (usize, i64);

impl Shop {
    /// Charges what is to be collected now. What cannot be reported is told again by the next message, or by nobody: then the
    /// page shows it.
    pub(super) async fn collect(&self, reference: &str, application: &proto::Application) {
        let _charging = self.charging.lock().await;
        let due = match self.due(application).await {
            Ok(due) => due,
            Err(error) => return tracing::warn!(%error, "the shop cannot ask what is due"),
        };
        self.charge(reference, due).await;
    }

    /// Charges what has failed once more: there is another card.
    pub(super) async fn collect_again(&self, order: &Order) {
        let _charging = self.charging.lock().await;
        // Where there is no plan, nothing has failed.
        let Ok(plan) = self.gateway.plan(&order.application_id).await else { return };
        let failed =
            |one: &proto::Instalment| matches!(one.state(), InstalmentState::Incident | InstalmentState::Claimed);
        self.charge(&order.reference, instalments(&plan, failed)).await;
    }

    async fn due(&self, application: &proto::Application) -> Result<Vec<Due>, CallError> {
        let amount_minor = application.amount.as_ref().map_or(0, |amount| amount.amount_minor);
        match application.state() {
            State::Accepted => {
                let plan = self.gateway.plan(&application.application_id).await?;
                Ok(instalments(&plan, |one| one.collecting))
            }
            State::PaidInFull if application.collection() == Collection::Awaited => Ok(vec![(0, amount_minor)]),
            _ => Ok(Vec::new()),
        }
    }

    async fn charge(&self, reference: &str, due: Vec<Due>) {
        for (instalment, amount_minor) in due {
            // The card may be another one by now.
            let Some(order) = self.orders.get(reference) else { return };
            let (at, succeeded) = (self.clock.now(), order.card_works);
            let name = format!("{reference}-{instalment}-{}", order.payments.len());
            if let Err(error) = self.gateway.report(&order.application_id, &name, instalment, succeeded).await {
                tracing::warn!(%error, "the shop cannot report a payment");
                continue;
            }
            self.orders.change(reference, |order| order.payments.push_back(Payment { at, amount_minor, succeeded }));
        }
    }
}

fn instalments(plan: &proto::Plan, which: impl Fn(&proto::Instalment) -> bool) -> Vec<Due> {
    let left = |one: &proto::Instalment| one.total_amount_minor.saturating_sub(one.refunded_minor);
    let chosen = plan.instalments.iter().enumerate().filter(|(_, one)| which(one));
    chosen.map(|(at, one)| (at + 1, left(one))).collect()
}
