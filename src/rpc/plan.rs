//! `aval.v1.PlanService`: what becomes of an accepted plan.

use super::convert::{self, Step};
use super::proto::plan_service_server::PlanService;
use super::proto::{
    Application, ChangeCardRequest, GetPlanRequest, GetReceiptRequest, MoveDueDateRequest, PayAheadRequest, Plan,
    Receipt, RefundRequest, ReportPaymentRequest,
};
use super::service::{Service, caller};
use super::status;
use crate::domain::ids::{ApplicationId, MerchantId};
use crate::engine::journey_of;
use crate::journey::State;
use crate::plan::Account;
use crate::store::Entry;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The service of one worker.
pub struct Plans(pub Service);

impl Plans {
    /// The account of an accepted application, and its entries.
    async fn account(&self, merchant: MerchantId, id: ApplicationId) -> Result<(Account, Vec<Arc<Entry>>), Status> {
        let history = self.0.engine.application(merchant, id).await.map_err(status::refused)?;
        let journey = journey_of(history.iter().map(AsRef::as_ref)).map_err(|error| {
            tracing::error!(%error, "a plan cannot be told from its entries");
            Status::data_loss("the store is damaged: the plan cannot be told from its entries")
        })?;
        match journey.map(|journey| journey.state) {
            Some(State::Accepted { account }) => Ok((*account, history)),
            Some(state) => Err(status::no_plan(state.kind())),
            None => Err(Status::not_found("no such application")),
        }
    }

    /// The gateway's page on which the card of a plan is changed.
    fn card_change_url(&self, merchant: &MerchantId, id: ApplicationId) -> Option<String> {
        self.0.engine.generation().policy.storefront(merchant).card_change_url(&id.to_string())
    }
}

#[tonic::async_trait]
impl PlanService for Plans {
    async fn get_plan(&self, request: Request<GetPlanRequest>) -> Result<Response<Plan>, Status> {
        let merchant = caller(&request)?.merchant;
        let id = convert::application_id(&request.get_ref().application_id).map_err(status::invalid)?;
        let (account, _) = self.account(merchant.clone(), id).await?;
        let card_change_url = self.card_change_url(&merchant, id);
        Ok(Response::new(convert::account_at(&account, card_change_url, self.0.engine.now())))
    }

    async fn pay_ahead(&self, request: Request<PayAheadRequest>) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }

    async fn move_due_date(&self, request: Request<MoveDueDateRequest>) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }

    async fn change_card(&self, request: Request<ChangeCardRequest>) -> Result<Response<Application>, Status> {
        let caller = caller(&request)?;
        let act = request.get_ref().act(&self.0.engine).map_err(status::invalid)?;
        let Some(url) = self.card_change_url(&caller.merchant, ApplicationId(act.application)) else {
            return Err(status::not_offered("the policy names no card_change_url for this merchant"));
        };
        let mut response = self.0.take(caller, act, request.metadata()).await?;
        response.get_mut().plan.iter_mut().for_each(|plan| plan.card_change_url.clone_from(&url));
        Ok(response)
    }

    async fn get_receipt(&self, request: Request<GetReceiptRequest>) -> Result<Response<Receipt>, Status> {
        let merchant = caller(&request)?.merchant;
        let asked = convert::get_receipt(request.get_ref()).map_err(status::invalid)?;
        let (account, history) = self.account(merchant.clone(), asked.application).await?;
        let storefront = self.0.engine.generation().policy.storefront(&merchant);
        let pdf = history.first().and_then(|first| convert::receipt(&asked, &account, first, storefront));
        let pdf = pdf.ok_or_else(|| status::not_offered("expected an instalment that has been paid"))?;
        Ok(Response::new(Receipt { pdf, file_name: format!("receipt-{}.pdf", asked.instalment + 1) }))
    }

    async fn report_payment(&self, request: Request<ReportPaymentRequest>) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }

    async fn refund(&self, request: Request<RefundRequest>) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }
}
