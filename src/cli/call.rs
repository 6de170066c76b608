//! `aval call`.

use super::{Connection, Failure, print, print_json, read_input};
use crate::rpc::client::{Client, Method};
use std::path::Path;
use std::process::ExitCode;

/// Calls any RPC of a running server, in proto3 JSON.
///
/// Prints the answer; of a method that streams, each message as it comes. A call that the server refuses ends with 1, with the status and its details on standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    aval call DecisionService/Decide @fixtures/requests/regular.json\n  \
    aval call DecisionService/Decide @fixtures/requests/regular.json --get applicationId\n  \
    aval call DecisionService/ListApplications '{\"pageSize\": 10}' --server http://127.0.0.1:50051\n  \
    aval call DecisionService/WatchApplication '{\"applicationId\": \"app_…\"}'\n  \
    aval call grpc.health.v1.Health/Check '{}'")]
pub struct Call {
    /// The method: SERVICE/METHOD, the service by its full name or by the last part of it.
    #[arg(value_name = "SERVICE/METHOD")]
    method: String,
    /// The request in proto3 JSON; `@FILE` reads a file, `-` standard input.
    #[arg(value_name = "JSON", default_value = "{}")]
    request: String,
    /// Prints only what stands at this place of the answer, such as applicationId or challenge.redirectUrl.
    #[arg(long, value_name = "PLACE")]
    get: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

impl Call {
    /// Prints the answer.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let method = Method::find(&self.method)?;
        let (file, text) = match self.request.strip_prefix('@') {
            Some(file) => (file.to_owned(), read_input(Path::new(file))?),
            None if self.request == "-" => ("standard input".into(), read_input(Path::new("-"))?),
            None => ("the request".into(), self.request),
        };
        // A request that is not one is said before anybody is asked to connect.
        method.check(&file, &text)?;
        if method.streams() {
            let call = |client: Client| async move { client.stream(&method, &file, &text, |m| print_json(&m)).await };
            self.connection.with_client(call)?;
            return Ok(ExitCode::SUCCESS);
        }
        let call = |client: Client| async move { client.call(&method, &file, &text).await };
        let answer = self.connection.with_client(call)?;
        if answer.replayed {
            eprintln!("aval-replayed: true");
        }
        let Some(place) = &self.get else {
            print_json(&answer.message);
            return Ok(ExitCode::SUCCESS);
        };
        let found = place.split('.').try_fold(&answer.message, |value, key| value.get(key));
        match found {
            Some(serde_json::Value::String(text)) => print(text),
            Some(value) => print_json(value),
            None => return Err(Failure::failed(format!("the answer has nothing at {place}"))),
        }
        Ok(ExitCode::SUCCESS)
    }
}
