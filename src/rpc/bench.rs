//! The empty service that the decision service is measured against: built and served alike, it reads nothing and
//! computes nothing.

use super::proto;
use super::proto::bench::empty_service_server::{EmptyService, EmptyServiceServer};
use prost::Message;
use std::net::SocketAddr;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// Answers every request with one application.
struct Empty(proto::Application);

#[tonic::async_trait]
impl EmptyService for Empty {
    async fn decide(&self, _: Request<proto::DecideRequest>) -> Result<Response<proto::Application>, Status> {
        Ok(Response::new(self.0.clone()))
    }
}

/// Serves on one single-threaded runtime until the process ends; every answer is the encoded application `answer`.
pub fn serve(addr: SocketAddr, answer: &[u8]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let answer = proto::Application::decode(answer)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let incoming = TcpIncoming::bind(addr)?.with_nodelay(Some(true));
        Server::builder().add_service(EmptyServiceServer::new(Empty(answer))).serve_with_incoming(incoming).await?;
        Ok(())
    })
}
