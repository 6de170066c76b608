//! Which server a command talks to, and with which key.

use super::Failure;
use crate::rpc::client::{CallError, Client};
use std::future::Future;

/// The server of a machine that runs one.
const DEFAULT_SERVER: &str = "http://127.0.0.1:50051";
/// The variable that names the server.
pub(super) const SERVER_VARIABLE: &str = "AVAL_SERVER";
/// The variable that holds the key.
const KEY_VARIABLE: &str = "AVAL_API_KEY";

/// Which server, and with which key.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Connection {
    /// The server, such as http://127.0.0.1:50051 [env: AVAL_SERVER].
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The API key; better in the environment than in the list of processes [env: AVAL_API_KEY].
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
}

impl Connection {
    /// The server that is meant: the flag's, the environment's, or this machine's.
    pub fn server(&self) -> String {
        let server = self.server.clone().or_else(|| std::env::var(SERVER_VARIABLE).ok());
        server.unwrap_or_else(|| DEFAULT_SERVER.into())
    }

    /// The key, if there is one.
    pub fn api_key(&self) -> Option<String> {
        self.api_key.clone().or_else(|| std::env::var(KEY_VARIABLE).ok())
    }

    /// Connects and does something there.
    pub fn with_client<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        act: impl FnOnce(Client) -> F,
    ) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connected = async { act(Client::connect(&self.server(), self.api_key().as_deref()).await?).await };
        Ok(runtime.block_on(connected)?)
    }
}
