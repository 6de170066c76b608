//! Posting messages on the network. Names are resolved here, and only addresses that may be reached come of it: what was public
//! when a target was added and is not any more is not talked to. No redirect is followed, and no proxy is used, which would
//! resolve names elsewhere. Answers are not looked at beyond their status.

use super::target::{Target, may_reach};
use super::{Answer, Carrier, Message};
use crate::notice::Sending;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::sync::Arc;
use std::time::Duration;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one post may take, from the name to the end of the answer.
const WHOLE: Duration = Duration::from_secs(10);
/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(60);
/// How many such connections are kept to one receiver.
const IDLE_CONNECTIONS: usize = 4;
/// How much of an answer is read, so that its connection can be used again; one that is longer is hung up on.
const ANSWER_BYTES: usize = 16 << 10;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for webhooks cannot be made")]
pub struct ClientError(#[from] reqwest::Error);

/// A client with its connections.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
    insecure: bool,
    whole: Duration,
}

impl Client {
    /// A client without any connection yet. Where `insecure`, it talks to this machine too, and without encryption.
    pub fn new(insecure: bool) -> Result<Self, ClientError> {
        Self::within(insecure, WHOLE)
    }

    /// A client whose posts take so long at most.
    fn within(insecure: bool, whole: Duration) -> Result<Self, ClientError> {
        // Whoever was first has chosen for the process: that this fails later is as it should be.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inner = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .dns_resolver(Arc::new(Guarded { insecure }))
            .connect_timeout(CONNECT.min(whole))
            .timeout(whole)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .user_agent(concat!("aval/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { inner, insecure, whole })
    }

    async fn exchange(&self, url: &str, message: &Message) -> Answer {
        // An address that is written as one is never resolved: it is looked at here.
        let Ok(Target(url)) = Target::parse(url, self.insecure) else { return failed("forbidden_target") };
        let request = self
            .inner
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", &message.signature)
            .body(message.body.clone());
        match request.send().await {
            Ok(mut answer) => {
                let said = said(answer.status().as_u16(), answer.headers());
                let mut read = 0;
                // Whatever comes of reading it, its status counts.
                while let Ok(Some(chunk)) = answer.chunk().await {
                    read += chunk.len();
                    if read > ANSWER_BYTES {
                        break;
                    }
                }
                said
            }
            Err(error) if error.is_timeout() => failed("timeout"),
            Err(error) if error.is_connect() => failed("unreached"),
            Err(_) => failed("broken"),
        }
    }
}

impl Carrier for Client {
    fn post<'a>(&'a self, url: &'a str, message: &'a Message) -> Sending<'a, Answer> {
        Box::pin(async move {
            let exchanged = tokio::time::timeout(self.whole, self.exchange(url, message)).await;
            exchanged.unwrap_or(failed("timeout"))
        })
    }
}

fn failed(why: &'static str) -> Answer {
    Answer::Failed { why, after: None }
}

/// What a status means.
fn said(status: u16, headers: &reqwest::header::HeaderMap) -> Answer {
    let seconds = || headers.get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs);
    match status {
        200..=299 => Answer::Taken,
        410 => Answer::Gone,
        429 => Answer::Failed { why: "rate_limited", after: seconds() },
        503 => Answer::Failed { why: "server_error", after: seconds() },
        500..=599 => failed("server_error"),
        300..=399 => failed("redirect"),
        _ => failed("refused"),
    }
}

/// Resolves names as the system does, and lets only those addresses through that may be reached.
struct Guarded {
    insecure: bool,
}

/// None of a name's addresses may be reached.
#[derive(Debug, thiserror::Error)]
#[error("none of the name's addresses may be reached")]
struct NotReachable;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let insecure = self.insecure;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<_> = found.filter(|address| may_reach(address.ip(), insecure)).collect();
            match allowed.is_empty() {
                true => Err(NotReachable.into()),
                false => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    fn message() -> Message {
        Message::signed("msg_1".into(), 1_800_000_000, "{}".into(), &[vec![7; 32]]).unwrap()
    }

    /// A receiver that answers every connection with these bytes, over and over where they are many.
    async fn receiver(answer: &'static str, times: usize, pause: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _ = stream.read(&mut request).await;
                    tokio::time::sleep(pause).await;
                    for _ in 0..times {
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        format!("http://{addr}/hook")
    }

    async fn answered(answer: &'static str, times: usize, pause: Duration) -> Answer {
        let url = receiver(answer, times, pause).await;
        let client = Client::within(true, Duration::from_millis(800)).unwrap();
        client.post(&url, &message()).await
    }

    #[tokio::test]
    async fn statuses_are_told_apart() {
        let after = |why, seconds| Answer::Failed { why, after: Some(Duration::from_secs(seconds)) };
        for (head, expected) in [
            ("HTTP/1.1 204 No Content\r\n\r\n", Answer::Taken),
            ("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", Answer::Gone),
            ("HTTP/1.1 429 Too Many\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n", after("rate_limited", 120)),
            ("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", after("server_error", 7)),
            ("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", failed("server_error")),
            ("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", failed("refused")),
            ("nonsense\r\n\r\n", failed("broken")),
        ] {
            assert_eq!(answered(head, 1, Duration::ZERO).await, expected, "{head:?}");
        }
    }

    #[tokio::test]
    async fn a_receiver_that_hangs_drips_or_floods_is_left_in_time() {
        let begun = std::time::Instant::now();
        assert_eq!(answered("", 1, Duration::from_secs(60)).await, failed("timeout"), "hangs");
        // Ten megabytes, of which little is read.
        let flood = "HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n0123456789";
        assert_eq!(answered(flood, 200_000, Duration::ZERO).await, Answer::Taken, "floods");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn redirects_are_not_followed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let aim = listener.local_addr().unwrap();
        let head = format!("HTTP/1.1 307 Over there\r\nlocation: http://{aim}/\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(answered(head.leak(), 1, Duration::ZERO).await, failed("redirect"));
        let followed = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
        assert!(followed.is_err(), "nobody came to where the redirect leads");
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_talked_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let name: Name = "localhost".parse().unwrap();
        assert!(Guarded { insecure: false }.resolve(name).await.is_err(), "the resolver lets no loopback through");
        let name: Name = "localhost".parse().unwrap();
        assert!(Guarded { insecure: true }.resolve(name).await.is_ok_and(|mut found| found.next().is_some()));
        let strict = Client::new(false).unwrap();
        for url in [format!("https://127.0.0.1:{port}/"), format!("https://localhost:{port}/")] {
            assert_eq!(strict.post(&url, &message()).await, failed("forbidden_target"), "{url}");
        }
        let came = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
        assert!(came.is_err(), "nobody connected");
    }

    #[tokio::test]
    async fn nobody_listening_is_said_so() {
        let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let client = Client::new(true).unwrap();
        assert_eq!(client.post(&format!("http://{unused}/"), &message()).await, failed("unreached"));
    }
}
