//! The mock without a socket and without waiting: a transport that calls the router. What would take longer than a call
//! has time for is over at once.

use super::Mock;
use super::answer::Fault;
use crate::provider::http::{MAX_BODY_BYTES, Method, Request, Response, Sending, Transport, TransportError};
use axum::Router;
use axum::body::Body;
use std::pin::Pin;
use std::time::Duration;
use tower::ServiceExt;

/// The transport.
#[derive(Clone)]
pub struct InProcess {
    router: Router,
}

impl InProcess {
    /// To this mock. Addresses may begin with any host.
    pub fn new(mock: &Mock) -> Self {
        Self { router: mock.router() }
    }

    /// Goes through a hosted page as a customer would, and ends it with this outcome (empty: as the script says, or
    /// well). The address that the browser is led back to, with its parameters; `None`: the page is not there.
    pub async fn visit(&self, page: &str, outcome: &str) -> Option<String> {
        let request = Request::new(Method::Get, super::page::finish_url(page, outcome));
        let answer = self.send(&request, Duration::MAX).await.ok()?;
        answer.header("location").filter(|_| answer.status == 303).map(ToOwned::to_owned)
    }

    async fn call(&self, request: &Request, timeout: Duration) -> Result<Response, TransportError> {
        let rest = request.url.split_once("://").map_or("", |(_, rest)| rest);
        let (host, path) = rest.split_at(rest.find('/').ok_or(TransportError::Unsendable)?);
        let mut call = axum::http::Request::builder().method(request.method.name()).uri(path).header("host", host);
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let call = call.body(Body::from(request.body.clone())).map_err(|_| TransportError::Unsendable)?;
        let Ok(answer) = self.router.clone().oneshot(call).await;
        match answer.extensions().get::<Fault>() {
            Some(Fault::Slow(time)) if *time >= timeout => return Err(TransportError::Timeout),
            Some(Fault::Reset) => return Err(TransportError::Broken),
            Some(Fault::Slow(_)) | None => {}
        }
        let status = answer.status().as_u16();
        let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let body = axum::body::to_bytes(answer.into_body(), MAX_BODY_BYTES).await;
        let body = body.map_err(|_| TransportError::TooLarge)?.to_vec();
        Ok(Response { status, headers, body })
    }
}

impl Transport for InProcess {
    fn send<'a>(&'a self, request: &'a Request, timeout: Duration) -> Sending<'a> {
        Box::pin(self.call(request, timeout))
    }

    fn pause(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::ready(()))
    }
}
