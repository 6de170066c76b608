//! `aval.v1.VerificationService`: what the customer gives on a step-up.

use super::proto::verification_service_server::VerificationService;
use super::proto::{
    Application, CompleteRedirectRequest, GrantConsentRequest, RefuseConsentRequest, ResendCodeRequest,
    SubmitCodeRequest,
};
use super::service::Service;
use tonic::{Request, Response, Status};

/// The service of one worker.
pub struct Verifications(pub Service);

#[tonic::async_trait]
impl VerificationService for Verifications {
    async fn submit_code(&self, request: Request<SubmitCodeRequest>) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }

    async fn resend_code(&self, request: Request<ResendCodeRequest>) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }

    async fn grant_consent(&self, request: Request<GrantConsentRequest>) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }

    async fn refuse_consent(&self, request: Request<RefuseConsentRequest>) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }

    async fn complete_redirect(
        &self,
        request: Request<CompleteRedirectRequest>,
    ) -> Result<Response<Application>, Status> {
        self.0.step(request).await
    }
}
