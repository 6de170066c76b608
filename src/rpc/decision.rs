//! `aval.v1.DecisionService`: each RPC converts, asks the engine, and renders what the log holds.

use super::convert::{self, Content};
use super::explain;
use super::proto::decision_service_server::DecisionService;
use super::proto::{
    Application, DecideRequest, ExplainDecisionRequest, ExplainDecisionResponse, GetApplicationRequest,
    ListApplicationsRequest, ListApplicationsResponse, QuotePlansRequest, QuotePlansResponse, ReportOutcomeRequest,
};
use super::{deadline, quote, status};
use crate::domain::ids::ApplicationId;
use crate::domain::keys::KeyKind;
use crate::engine::{Answered, Caller, Deadlines, Engine, Mailbox, Refused, Report, Submit, clock};
use crate::store::{Entry, Event, ListQuery};
use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Instant;
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status};

/// How long a `Decide` takes, from the first byte of its message to its answer.
pub const DECIDE_SECONDS: &str = "aval_decide_seconds";
/// The metadata that marks the answer to a repeated request.
pub(super) const REPLAYED: &str = "aval-replayed";

/// The service of one worker.
pub struct Decisions {
    engine: Arc<Engine>,
    mailbox: Mailbox,
    deadlines: Deadlines,
    seconds: metrics::Histogram,
}

impl Decisions {
    /// A service whose answers arrive in `mailbox`.
    pub fn new(engine: Arc<Engine>, mailbox: Mailbox, deadlines: Deadlines) -> Self {
        Self { engine, mailbox, deadlines, seconds: metrics::histogram!(DECIDE_SECONDS) }
    }

    /// Validates a purchase and sends it on its way. Not `async`, so that neither the request nor what it is turned into
    /// is kept while its answer is waited for.
    fn submit(
        &self,
        request: Request<DecideRequest>,
    ) -> Result<impl Future<Output = Result<Answered, Refused>> + use<>, Status> {
        let caller = caller(&request)?;
        let deadline = deadline::of(request.metadata(), self.deadlines);
        let wire = request.get_ref();
        let submission = convert::submission(wire, clock::system_now()).map_err(status::invalid)?;
        let (content, subject) = (submission.content_digest(), convert::subject(wire));
        let submit = Submit { submission: &submission, content, subject };
        Ok(self.engine.submit(caller, submit, deadline, &self.mailbox))
    }
}

/// The caller that the gate let in.
fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    request.extensions().get().cloned().ok_or_else(|| Status::permission_denied("no caller was let in"))
}

/// One application from its entries, oldest first.
fn application<E: Borrow<Entry>>(history: &[E]) -> Result<Application, Status> {
    let (first, later) = history.split_first().ok_or_else(|| Status::not_found("no such application"))?;
    let first = first.borrow();
    match &first.event {
        Event::Submitted(submitted) => Ok(convert::application(first, submitted, later.iter().map(Borrow::borrow))),
        Event::Imported(_) | Event::OutcomeReported(_) => Err(Status::not_found("no such application")),
    }
}

fn answer(answered: &Answered) -> Result<Response<Application>, Status> {
    let mut response = Response::new(application(&answered.history)?);
    if answered.replayed {
        response.metadata_mut().insert(REPLAYED, MetadataValue::from_static("true"));
    }
    Ok(response)
}

#[tonic::async_trait]
impl DecisionService for Decisions {
    async fn quote_plans(&self, request: Request<QuotePlansRequest>) -> Result<Response<QuotePlansResponse>, Status> {
        let merchant = caller(&request)?.merchant;
        let asked = convert::quote_plans(request.get_ref()).map_err(status::invalid)?;
        Ok(Response::new(quote::plans(&self.engine.generation().policy, &merchant, &asked, clock::system_now())))
    }

    async fn decide(&self, request: Request<DecideRequest>) -> Result<Response<Application>, Status> {
        let begun = Instant::now();
        let answer_of = self.submit(request)?.await.map_err(status::refused)?;
        self.seconds.record(begun.elapsed().as_secs_f64());
        answer(&answer_of)
    }

    async fn get_application(&self, request: Request<GetApplicationRequest>) -> Result<Response<Application>, Status> {
        let merchant = caller(&request)?.merchant;
        let id = convert::get_application(request.get_ref()).map_err(status::invalid)?;
        let history = self.engine.application(merchant, id).await.map_err(status::refused)?;
        Ok(Response::new(application(&history)?))
    }

    async fn list_applications(
        &self,
        request: Request<ListApplicationsRequest>,
    ) -> Result<Response<ListApplicationsResponse>, Status> {
        let merchant = caller(&request)?.merchant;
        let asked = convert::list_applications(request.get_ref()).map_err(status::invalid)?;
        let customer = asked.customer.map(|id| self.engine.hash(KeyKind::Customer, &merchant, id.as_str()));
        let query = ListQuery {
            merchant,
            before: asked.before,
            state: asked.state,
            customer,
            created_from: asked.created_from,
            created_before: asked.created_before,
            limit: asked.page_size,
        };
        let page = self.engine.list(query).await.map_err(status::refused)?;
        let applications = page.applications.iter().map(|history| application(history)).collect::<Result<_, _>>()?;
        let next_page_token = page.next.map(convert::page_token).unwrap_or_default();
        Ok(Response::new(ListApplicationsResponse { applications, next_page_token }))
    }

    async fn report_outcome(&self, request: Request<ReportOutcomeRequest>) -> Result<Response<Application>, Status> {
        let caller = caller(&request)?;
        let deadline = deadline::of(request.metadata(), self.deadlines);
        let asked = convert::report_outcome(request.get_ref()).map_err(status::invalid)?;
        let report = Report {
            content: asked.content_digest(),
            request_id: asked.request_id,
            application: asked.application.0,
            outcome: asked.outcome,
            occurred_at: asked.occurred_at,
        };
        let answered = self.engine.report(caller, report, deadline, &self.mailbox).await.map_err(status::refused)?;
        answer(&answered)
    }

    async fn explain_decision(
        &self,
        request: Request<ExplainDecisionRequest>,
    ) -> Result<Response<ExplainDecisionResponse>, Status> {
        let merchant = caller(&request)?.merchant;
        let id: ApplicationId = convert::explain_decision(request.get_ref()).map_err(status::invalid)?;
        let history = self.engine.application(merchant, id).await.map_err(status::refused)?;
        let submitted = history.iter().find_map(|entry| match &entry.event {
            Event::Submitted(submitted) => Some(submitted),
            Event::Imported(_) | Event::OutcomeReported(_) => None,
        });
        let submitted = submitted.ok_or_else(|| Status::not_found("no such application"))?;
        Ok(Response::new(explain::decision(&self.engine, submitted).await?))
    }
}
