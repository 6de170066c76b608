//! The mock on a socket.

use super::Mock;
use super::answer::play;
use crate::provider::http::Transport;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// How often it is looked whether a notice is due.
const LOOK: Duration = Duration::from_millis(100);

/// Serves until the future is dropped; notices that fall due are sent over this transport.
pub async fn serve(listener: TcpListener, mock: Mock, notices: Arc<dyn Transport>) -> io::Result<()> {
    let router = mock.router().layer(axum::middleware::map_response(play));
    let send = async {
        loop {
            tokio::time::sleep(LOOK).await;
            mock.send_notices(notices.as_ref()).await;
        }
    };
    tokio::select! {
        served = axum::serve(listener, router).into_future() => served,
        () = send => Ok(()),
    }
}
