//! The way to the services: decisions first, because nearly every call is one; everything else by the general router,
//! whose search costs as much as reading a message.

use super::decision::Decisions;
use super::proto::decision_service_server::{DecisionServiceServer, SERVICE_NAME};
use futures_util::future::Either;
use http::{Request, Response};
use std::convert::Infallible;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

/// All services of one worker.
#[derive(Clone)]
pub struct Front {
    pub(super) decisions: DecisionServiceServer<Decisions>,
    pub(super) others: Routes,
}

impl Service<Request<Body>> for Front {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<
        <DecisionServiceServer<Decisions> as Service<Request<Body>>>::Future,
        <Routes as Service<Request<Body>>>::Future,
    >;

    /// Neither ever makes a caller wait.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let service = request.uri().path().strip_prefix('/').and_then(|path| path.strip_prefix(SERVICE_NAME));
        if service.is_some_and(|method| method.starts_with('/')) {
            Either::Left(self.decisions.call(request))
        } else {
            Either::Right(self.others.call(request))
        }
    }
}
