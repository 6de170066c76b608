//! The transport on the network: HTTPS, verified against the system's roots, through the proxy that the environment
//! names. It never follows a redirect and never sends anything twice.

use super::{MAX_BODY_BYTES, Method, Request, Response, Sending, Transport, TransportError};
use std::time::Duration;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(60);
/// How many such connections are kept to one host.
const IDLE_CONNECTIONS: usize = 16;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for the providers cannot be made")]
pub struct ClientError(#[from] reqwest::Error);

/// A client with its connections.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
}

impl Client {
    /// A client without any connection yet. One serves all providers.
    pub fn new() -> Result<Self, ClientError> {
        // Whoever was first has chosen for the process: that this fails later is as it should be.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inner = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .user_agent(concat!("aval/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { inner })
    }

    async fn exchange(&self, request: &Request, timeout: Duration) -> Result<Response, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut sending = self.inner.request(method, &request.url).timeout(timeout);
        for (name, value) in &request.headers {
            sending = sending.header(*name, value);
        }
        if !request.body.is_empty() || request.method == Method::Post {
            sending = sending.body(request.body.clone());
        }
        let mut answer = sending.send().await.map_err(|error| reason(&error))?;
        let declared = answer.content_length().unwrap_or(0);
        if declared > MAX_BODY_BYTES as u64 {
            return Err(TransportError::TooLarge);
        }
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let mut body = Vec::with_capacity(declared as usize);
        while let Some(chunk) = answer.chunk().await.map_err(|error| reason(&error))? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(TransportError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status: answer.status().as_u16(), headers, body })
    }
}

impl Transport for Client {
    fn send<'a>(&'a self, request: &'a Request, timeout: Duration) -> Sending<'a> {
        Box::pin(self.exchange(request, timeout))
    }
}

fn reason(error: &reqwest::Error) -> TransportError {
    match () {
        () if error.is_builder() => TransportError::Unsendable,
        () if error.is_connect() => TransportError::Unreached,
        () if error.is_timeout() => TransportError::Timeout,
        () => TransportError::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_client_uses_what_the_first_one_chose() {
        assert!(Client::new().is_ok() && Client::new().is_ok());
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }

    #[tokio::test]
    async fn what_cannot_be_sent_says_so() {
        let client = Client::new().unwrap();
        let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for (url, expected) in
            [(format!("http://{unused}/"), TransportError::Unreached), ("nowhere".into(), TransportError::Unsendable)]
        {
            let request = Request::new(Method::Get, url);
            assert_eq!(client.send(&request, Duration::from_secs(5)).await, Err(expected));
        }
    }
}
