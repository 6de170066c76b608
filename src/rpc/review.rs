//! `aval.v1.ReviewService`: a second look by a person.

use super::proto::review_service_server::ReviewService;
use super::proto::{
    Application, ListReviewsRequest, ListReviewsResponse, RequestReviewRequest, ResolveReviewRequest,
    SubmitStatementRequest,
};
use super::service::{Service, Told, caller};
use super::{convert, status};
use crate::store::ListQuery;
use tonic::{Request, Response, Status};

/// The service of one worker.
pub struct Reviews(pub Service);

#[tonic::async_trait]
impl ReviewService for Reviews {
    async fn request_review(&self, request: Request<RequestReviewRequest>) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }

    async fn submit_statement(
        &self,
        request: Request<SubmitStatementRequest>,
    ) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }

    async fn list_reviews(
        &self,
        request: Request<ListReviewsRequest>,
    ) -> Result<Response<ListReviewsResponse>, Status> {
        let merchant = caller(&request)?.merchant;
        let asked = convert::list_reviews(request.get_ref()).map_err(status::invalid)?;
        let query = ListQuery {
            merchant,
            before: asked.before,
            state: asked.state,
            customer: None,
            created_from: None,
            created_before: None,
            limit: asked.page_size,
        };
        let (applications, next_page_token) = self.0.page(query, &Told { history: true, statements: true }).await?;
        Ok(Response::new(ListReviewsResponse { applications, next_page_token }))
    }

    async fn resolve_review(&self, request: Request<ResolveReviewRequest>) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }
}
