//! `aval.v1.DecisionService`: each RPC converts, asks the engine, and renders what the log holds.

use super::convert::{self, Content};
use super::explain;
use super::proto::decision_service_server::DecisionService;
use super::proto::{
    Application, CancelRequest, DecideRequest, ExplainDecisionRequest, ExplainDecisionResponse, GetApplicationRequest,
    ListApplicationsRequest, ListApplicationsResponse, PayInFullRequest, QuotePlansRequest, QuotePlansResponse,
    ReportOutcomeRequest, WatchApplicationRequest,
};
use super::service::{Service, Told, caller};
use super::{deadline, quote, status};
use crate::domain::keys::KeyKind;
use crate::domain::time::Timestamp;
use crate::engine::{self, Answered, Refused, Report, Submit, Watch};
use crate::store::ListQuery;
use futures_util::Stream;
use std::pin::Pin;
use std::time::{Duration, Instant};
use tonic::{Request, Response, Status};

/// How long a `Decide` takes, from the first byte of its message to its answer.
pub const DECIDE_SECONDS: &str = "aval_decide_seconds";

/// The service of one worker.
pub struct Decisions {
    service: Service,
    seconds: metrics::Histogram,
}

impl Decisions {
    /// The service of one worker.
    pub fn new(service: Service) -> Self {
        Self { service, seconds: metrics::histogram!(DECIDE_SECONDS) }
    }

    /// Validates a purchase and sends it on its way. Not `async`, so that neither the request nor what it is turned into
    /// is kept while its answer is waited for.
    fn submit(
        &self,
        request: Request<DecideRequest>,
    ) -> Result<impl Future<Output = Result<Answered, Refused>> + use<>, Status> {
        let Service { engine, mailbox, deadlines } = &self.service;
        let caller = caller(&request)?;
        let deadline = deadline::of(request.metadata(), *deadlines);
        let wire = request.get_ref();
        let submission = convert::submission(wire, engine.now()).map_err(status::invalid)?;
        let (content, subject) = (submission.content_digest(), convert::subject(wire));
        let submit = Submit { submission: &submission, content, subject };
        Ok(engine.submit(caller, submit, deadline, mailbox))
    }
}

/// What follows an application, one message for each change.
struct Watching {
    watch: Watch,
    service: Service,
    told: Told,
    /// Whether the last message was of a settled application.
    settled: bool,
    /// How long something may still change by itself, after a decline.
    open_for: Option<Duration>,
}

impl Watching {
    /// The next message; `None`: nothing will change any more.
    async fn next(mut self) -> Option<(Result<Application, Status>, Self)> {
        if self.settled {
            return None;
        }
        let next = match self.open_for {
            Some(open_for) => tokio::time::timeout(open_for, self.watch.next()).await.ok()?,
            None => self.watch.next().await,
        };
        let next = next.map_err(status::refused);
        let application = next.and_then(|history| self.service.application(&history, &self.told));
        // An error is the last that is said.
        self.settled = application.as_ref().map_or(true, is_settled);
        self.open_for = application.as_ref().ok().and_then(|declined| open_for(declined, self.service.engine.now()));
        Some((application, self))
    }
}

/// Whether nothing will change any more but by a reported outcome.
fn is_settled(application: &Application) -> bool {
    use super::proto::State;
    match application.state() {
        State::Accepted | State::PaidInFull | State::Cancelled | State::Expired => true,
        // Paying in one go and a person's review stay open for a while.
        State::Declined | State::Challenged | State::Verifying | State::InReview | State::Unspecified => false,
    }
}

/// How long something may still change by itself: after a decline, until its later window ends.
fn open_for(application: &Application, now: Timestamp) -> Option<Duration> {
    let ms = |at: &prost_types::Timestamp| at.seconds.saturating_mul(1_000) + i64::from(at.nanos) / 1_000_000;
    let offer = application.pay_in_full.as_ref().and_then(|offer| offer.offer_until.as_ref());
    let until = application.review_until.iter().chain(offer).map(ms).max()?;
    let declined = application.state() == super::proto::State::Declined;
    declined.then(|| Duration::from_millis(until.saturating_sub(now.ms()).max(0).unsigned_abs()))
}

#[tonic::async_trait]
impl DecisionService for Decisions {
    async fn quote_plans(&self, request: Request<QuotePlansRequest>) -> Result<Response<QuotePlansResponse>, Status> {
        let merchant = caller(&request)?.merchant;
        let engine = &self.service.engine;
        let asked = convert::quote_plans(request.get_ref()).map_err(status::invalid)?;
        Ok(Response::new(quote::plans(&engine.generation().policy, &merchant, &asked, engine.now())))
    }

    async fn decide(&self, request: Request<DecideRequest>) -> Result<Response<Application>, Status> {
        let begun = Instant::now();
        let answered = self.submit(request)?.await.map_err(status::refused)?;
        self.seconds.record(begun.elapsed().as_secs_f64());
        self.service.answer(&answered)
    }

    async fn get_application(&self, request: Request<GetApplicationRequest>) -> Result<Response<Application>, Status> {
        let merchant = caller(&request)?.merchant;
        let GetApplicationRequest { application_id, history } = request.get_ref();
        let id = convert::application_id(application_id).map_err(status::invalid)?;
        let entries = self.service.engine.application(merchant, id).await.map_err(status::refused)?;
        let told = Told { history: *history, statements: false };
        Ok(Response::new(self.service.application(&entries, &told)?))
    }

    async fn list_applications(
        &self,
        request: Request<ListApplicationsRequest>,
    ) -> Result<Response<ListApplicationsResponse>, Status> {
        let merchant = caller(&request)?.merchant;
        let asked = convert::list_applications(request.get_ref()).map_err(status::invalid)?;
        let customer = asked.customer.map(|id| self.service.engine.hash(KeyKind::Customer, &merchant, id.as_str()));
        let query = ListQuery {
            merchant,
            before: asked.before,
            state: asked.state,
            customer,
            created_from: asked.created_from,
            created_before: asked.created_before,
            limit: asked.page_size,
        };
        let (applications, next_page_token) = self.service.page(query, &Told::default()).await?;
        Ok(Response::new(ListApplicationsResponse { applications, next_page_token }))
    }

    type WatchApplicationStream = Pin<Box<dyn Stream<Item = Result<Application, Status>> + Send>>;

    async fn watch_application(
        &self,
        request: Request<WatchApplicationRequest>,
    ) -> Result<Response<Self::WatchApplicationStream>, Status> {
        let merchant = caller(&request)?.merchant;
        let WatchApplicationRequest { application_id, history } = request.get_ref();
        let id = convert::application_id(application_id).map_err(status::invalid)?;
        let watch = self.service.engine.watch(merchant, id).await.map_err(status::refused)?;
        let told = Told { history: *history, statements: false };
        let watching = Watching { watch, service: self.service.clone(), told, settled: false, open_for: None };
        Ok(Response::new(Box::pin(futures_util::stream::unfold(watching, Watching::next))))
    }

    async fn pay_in_full(&self, request: Request<PayInFullRequest>) -> Result<Response<Application>, Status> {
        self.service.step(request).await
    }

    async fn cancel(&self, request: Request<CancelRequest>) -> Result<Response<Application>, Status> {
        self.service.step(request).await
    }

    async fn report_outcome(&self, request: Request<ReportOutcomeRequest>) -> Result<Response<Application>, Status> {
        let Service { engine, mailbox, deadlines } = &self.service;
        let caller = caller(&request)?;
        let deadline = deadline::of(request.metadata(), *deadlines);
        let asked = convert::report_outcome(request.get_ref()).map_err(status::invalid)?;
        let report = Report {
            content: asked.content_digest(),
            request_id: asked.request_id,
            application: asked.application.0,
            outcome: asked.outcome,
            occurred_at: asked.occurred_at,
        };
        let answered = engine.report(caller, report, deadline, mailbox).await.map_err(status::refused)?;
        self.service.answer(&answered)
    }

    async fn explain_decision(
        &self,
        request: Request<ExplainDecisionRequest>,
    ) -> Result<Response<ExplainDecisionResponse>, Status> {
        let merchant = caller(&request)?.merchant;
        let (id, decision) = convert::explain_decision(request.get_ref()).map_err(status::invalid)?;
        let engine = &self.service.engine;
        let history = engine.application(merchant, id).await.map_err(status::refused)?;
        let judged = engine::judged(history.iter().map(AsRef::as_ref), decision);
        let (decision, facts) = judged.ok_or_else(|| Status::not_found("the application has no such decision"))?;
        Ok(Response::new(explain::decision(engine, decision, &facts).await?))
    }
}
