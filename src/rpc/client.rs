//! A client: any unary call by its name, in proto3 JSON, and the typed calls that commands make.

use super::json;
use super::proto;
use super::proto::decision_service_client::DecisionServiceClient;
use crate::text::Refusal;
use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use std::time::Duration;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::StdError;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt;

/// How long to try to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a call may take, unless the caller says otherwise.
const CALL: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Why a call has no answer.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CallError {
    /// The address is not one.
    #[error("{0:?} is not the address of a server: expected one such as http://127.0.0.1:50051")]
    Address(String),
    /// The key cannot be sent.
    #[error("the API key is not one: expected visible ASCII characters, as `aval keys create` printed them")]
    Key,
    /// Nobody answers there.
    #[error("no connection to {server}: {error}")]
    #[diagnostic(help("is the server running? `aval serve` starts one"))]
    Connect {
        /// Where.
        server: String,
        /// What the transport says.
        error: String,
    },
    /// There is no such method.
    #[error("there is no method {name}")]
    #[diagnostic(help("the methods are: {known}"))]
    Method {
        /// As it was asked for.
        name: String,
        /// All that there are.
        known: String,
    },
    /// The method takes more than one request.
    #[error("{0} takes a stream of requests: only methods with one request can be called from here")]
    Streams(String),
    /// The request is not what the method takes.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Request(#[from] Refusal),
    /// The server refused the call.
    #[error("{}", describe(.0))]
    Refused(Box<Status>),
}

/// What a refusal says, apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The status, such as `FAILED_PRECONDITION`.
    pub code: String,
    /// The reason, such as `REQUEST_ID_REUSED`.
    pub reason: Option<String>,
    /// The state that forbids it.
    pub state: Option<String>,
    /// The fields that are wrong.
    pub fields: Vec<String>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl CallError {
    /// A call that cannot be made.
    pub fn unavailable(message: &str) -> Self {
        Status::unavailable(message).into()
    }

    /// What the server's refusal says; `None`: it is none of the server's.
    pub fn refused(&self) -> Option<Refused> {
        let Self::Refused(status) = self else { return None };
        let details = status.get_error_details();
        let violations =
            details.precondition_failure().map(|failure| failure.violations.as_slice()).unwrap_or_default();
        let request = details.bad_request().map(|request| request.field_violations.as_slice()).unwrap_or_default();
        Some(Refused {
            code: screaming(&format!("{:?}", status.code())),
            reason: details.error_info().map(|info| info.reason.clone()),
            state: violations.first().map(|violation| violation.subject.clone()),
            fields: request.iter().map(|violation| violation.field.clone()).collect(),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
        })
    }
}

impl From<Status> for CallError {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

/// A status and its details, one to a line.
fn describe(status: &Status) -> String {
    let code = format!("{:?}", status.code());
    let mut lines = vec![format!("{}: {}", screaming(&code), status.message())];
    let details = status.get_error_details();
    if let Some(request) = details.bad_request() {
        lines.extend(request.field_violations.iter().map(|v| format!("  {}: {}", v.field, v.description)));
    }
    if let Some(info) = details.error_info() {
        lines.push(format!("  reason {} ({})", info.reason, info.domain));
    }
    if let Some(precondition) = details.precondition_failure() {
        lines
            .extend(precondition.violations.iter().map(|v| format!("  {} {}: {}", v.r#type, v.subject, v.description)));
    }
    if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
        lines.push(format!("  retry after {} s", delay.as_secs_f64()));
    }
    lines.join("\n")
}

/// `InvalidArgument` as the protocol writes it: `INVALID_ARGUMENT`.
fn screaming(camel: &str) -> String {
    let mut name = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

/// What came back: the message and whether it was a repetition.
#[derive(Debug)]
pub struct Answer {
    /// The message in proto3 JSON.
    pub message: serde_json::Value,
    /// Whether the server says that it had answered this request before.
    pub replayed: bool,
}

/// A connection to a server, with the credential that every call carries. Without a socket, whatever answers requests
/// stands for the connection.
#[derive(Debug, Clone)]
pub struct Client<T = Channel> {
    service: T,
    authorization: Option<MetadataValue<Ascii>>,
}

impl Client {
    /// Connects to `server`, such as `http://127.0.0.1:50051`.
    pub async fn connect(server: &str, api_key: Option<&str>) -> Result<Self, CallError> {
        let endpoint = Endpoint::from_shared(server.to_owned()).ok();
        let endpoint = endpoint.filter(|it| it.uri().scheme_str() == Some("http") && it.uri().host().is_some());
        let endpoint = endpoint.ok_or_else(|| CallError::Address(server.to_owned()))?;
        let authorization =
            api_key.map(|key| format!("Bearer {key}").parse()).transpose().map_err(|_| CallError::Key)?;
        let endpoint = endpoint.connect_timeout(CONNECT).timeout(CALL).tcp_nodelay(true);
        let channel = endpoint.connect().await.map_err(|error| {
            let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            CallError::Connect { server: server.to_owned(), error: cause }
        })?;
        Ok(Self { service: channel, authorization })
    }

    /// Asks for a decision. The flag tells a repeated answer.
    pub async fn decide(&self, request: proto::DecideRequest) -> Result<(proto::Application, bool), CallError> {
        let response = DecisionServiceClient::new(self.service.clone()).decide(self.request(request)).await?;
        let replayed = response.metadata().contains_key(super::service::REPLAYED);
        Ok((response.into_inner(), replayed))
    }
}

impl<T> Client<T>
where
    T: GrpcService<Body> + Clone,
    T::Error: Into<StdError>,
    T::ResponseBody: tonic::codegen::Body<Data = prost::bytes::Bytes> + Send + 'static,
    <T::ResponseBody as tonic::codegen::Body>::Error: Into<StdError> + Send,
{
    /// A client of whatever answers requests.
    pub fn of(service: T) -> Self {
        Self { service, authorization: None }
    }

    /// Calls `SERVICE/METHOD` with a request in proto3 JSON; `file` is its name in refusals.
    pub async fn call(&self, method: &Method, file: &str, request: &str) -> Result<Answer, CallError> {
        let message = json::read_dynamic(method.0.input(), file, request)?;
        let (mut grpc, path) = self.ready(method).await?;
        let response = grpc.unary(self.request(message.encode_to_vec()), path, Bytes).await?;
        let replayed = response.metadata().contains_key(super::service::REPLAYED);
        Ok(Answer { message: answer(method, &response.into_inner())?, replayed })
    }

    /// Calls a method that answers with a stream; every message that comes is handed on.
    pub async fn stream(
        &self,
        method: &Method,
        file: &str,
        request: &str,
        mut take: impl FnMut(serde_json::Value),
    ) -> Result<(), CallError> {
        let message = json::read_dynamic(method.0.input(), file, request)?;
        let (mut grpc, path) = self.ready(method).await?;
        let mut answers = grpc.server_streaming(self.request(message.encode_to_vec()), path, Bytes).await?.into_inner();
        while let Some(bytes) = answers.message().await? {
            take(answer(method, &bytes)?);
        }
        Ok(())
    }

    async fn ready(&self, method: &Method) -> Result<(tonic::client::Grpc<T>, PathAndQuery), CallError> {
        let mut grpc = tonic::client::Grpc::new(self.service.clone()).max_decoding_message_size(MAX_ANSWER_BYTES);
        grpc.ready().await.map_err(|error| Status::unavailable(error.into().to_string()))?;
        let path = format!("/{}/{}", method.0.parent_service().full_name(), method.0.name());
        let path = PathAndQuery::try_from(path).map_err(|error| Status::internal(error.to_string()))?;
        Ok((grpc, path))
    }

    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        request
    }
}

/// An answer in proto3 JSON.
fn answer(method: &Method, bytes: &[u8]) -> Result<serde_json::Value, Status> {
    let message = DynamicMessage::decode(method.0.output(), bytes)
        .map_err(|error| Status::internal(format!("the answer cannot be read: {error}")))?;
    Ok(json::print_dynamic(&message))
}

/// Writes a message in gRPC's framing: not compressed, its length, its bytes.
pub fn write_message(message: &impl Message, to: &mut Vec<u8>) {
    to.push(0);
    to.extend((message.encoded_len() as u32).to_be_bytes());
    message.encode_raw(to);
}

/// The bytes of a message.
pub fn encoded(message: &impl Message) -> Vec<u8> {
    message.encode_to_vec()
}

/// A method with one request, found by its name.
#[derive(Debug, Clone)]
pub struct Method(MethodDescriptor);

impl Method {
    /// Whether it answers with a stream.
    pub fn streams(&self) -> bool {
        self.0.is_server_streaming()
    }

    /// Refuses a request that the method does not take; `file` is its name in the refusal.
    pub fn check(&self, file: &str, request: &str) -> Result<(), Refusal> {
        json::read_dynamic(self.0.input(), file, request).map(|_| ())
    }

    /// Finds `SERVICE/METHOD`: the service by its full name, or by the last part of it.
    pub fn find(name: &str) -> Result<Self, CallError> {
        let all = || json::pool().services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let shown = |method: &MethodDescriptor| format!("{}/{}", method.parent_service().full_name(), method.name());
        let wanted = name.trim_start_matches('/');
        let named = |method: &MethodDescriptor| {
            let full = shown(method);
            full == wanted || full.strip_suffix(wanted).is_some_and(|before| before.ends_with('.'))
        };
        let Some(method) = all().find(named) else {
            let known = all().filter(|method| !method.is_client_streaming()).map(|method| shown(&method));
            return Err(CallError::Method { name: name.into(), known: known.collect::<Vec<_>>().join(", ") });
        };
        match method.is_client_streaming() {
            true => Err(CallError::Streams(shown(&method))),
            false => Ok(Self(method)),
        }
    }
}

/// Messages that are encoded already.
#[derive(Debug, Clone, Copy, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put_slice(to, &item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        use prost::bytes::Buf;
        let mut item = vec![0; from.remaining()];
        from.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_by_short_and_by_full_name() {
        for name in ["DecisionService/Decide", "aval.v1.DecisionService/Decide", "/aval.v1.DecisionService/Decide"] {
            assert_eq!(Method::find(name).unwrap().0.input().full_name(), "aval.v1.DecideRequest", "{name}");
        }
        assert!(Method::find("grpc.health.v1.Health/Check").is_ok());
        assert!(Method::find("Health/Watch").is_ok_and(|method| method.streams()));
        for name in ["", "Decide", "Service/Decide", "DecisionService/Decid", "isionService/Decide"] {
            assert!(matches!(Method::find(name), Err(CallError::Method { .. })), "{name}");
        }
    }

    #[test]
    fn a_status_is_described_with_its_details() {
        let violation = |field: &str| tonic_types::FieldViolation::new(field, "expected something else");
        let details = tonic_types::ErrorDetails::with_bad_request(vec![violation("a.b"), violation("c")]);
        let status = Status::with_error_details(tonic::Code::InvalidArgument, "2 fields", details);
        assert_eq!(
            CallError::from(status).to_string(),
            "INVALID_ARGUMENT: 2 fields\n  a.b: expected something else\n  c: expected something else"
        );
    }
}
