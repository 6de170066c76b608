//! A mail catcher: a small SMTP server that delivers nothing, keeps the last mails in memory and shows them on a page. For
//! tests, demonstrations and trying out, on loopback.
//!
//! Recipients choose how things go: `bounces@…` is refused for good, `later@…` for now, `once@…` for now the first time.

mod page;
mod session;

use super::bounded::Bounded;
use mail_parser::{Address, MessageParser};
use serde::Serialize;
use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How many mails are kept; the oldest give way.
pub const KEPT: usize = 200;
/// How many connections are served at a time; more wait.
const CONNECTIONS: usize = 32;
/// How long a pause is after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// A mail that was caught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caught {
    /// Its number: the first is 1.
    pub id: u64,
    /// The sender by the envelope.
    pub from: String,
    /// The recipients by the envelope.
    pub to: Vec<String>,
    /// The sender's name and address as readers see them.
    pub sender: String,
    /// Where an answer goes.
    pub reply_to: String,
    /// The subject.
    pub subject: String,
    /// The message's name, without angle brackets.
    pub message_id: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The mail as it came.
    #[serde(skip)]
    pub source: Vec<u8>,
}

impl Caught {
    fn read(id: u64, from: String, to: Vec<String>, source: Vec<u8>) -> Self {
        let mut caught = Self { id, from, to, source, ..Self::empty() };
        if let Some(message) = MessageParser::default().parse(&caught.source) {
            let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let whole = |text: Option<std::borrow::Cow<'_, str>>| text.unwrap_or_default().into_owned();
            let read = (shown(message.from()), shown(message.reply_to()), owned(message.subject()));
            let parts = (owned(message.message_id()), whole(message.body_text(0)), whole(message.body_html(0)));
            (caught.sender, caught.reply_to, caught.subject) = read;
            (caught.message_id, caught.text, caught.html) = parts;
        }
        caught
    }

    fn empty() -> Self {
        let (from, to, source) = (String::new(), Vec::new(), Vec::new());
        let none = String::new;
        Self {
            id: 0,
            from,
            to,
            sender: none(),
            reply_to: none(),
            subject: none(),
            message_id: none(),
            text: none(),
            html: none(),
            source,
        }
    }
}

/// The first address of a header, with its name.
fn shown(header: Option<&Address<'_>>) -> String {
    let Some(first) = header.and_then(Address::first) else { return String::new() };
    let address = first.address.as_deref().unwrap_or_default();
    match first.name.as_deref() {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    }
}

/// The mails that were caught; clones hold the same ones.
#[derive(Clone, Default)]
pub struct Catcher(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    mails: VecDeque<Caught>,
    last: u64,
    /// How often a recipient was refused that is refused once.
    refused: Bounded<u32>,
}

impl Catcher {
    /// One that has caught nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is kept, the oldest first.
    pub fn mails(&self) -> Vec<Caught> {
        self.held().mails.iter().cloned().collect()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.held().mails.clear();
    }

    fn find(&self, id: u64) -> Option<Caught> {
        self.held().mails.iter().find(|mail| mail.id == id).cloned()
    }

    fn catch(&self, from: String, to: Vec<String>, source: Vec<u8>) -> u64 {
        let mut held = self.held();
        held.last += 1;
        let id = held.last;
        held.mails.push_back(Caught::read(id, from, to, source));
        while held.mails.len() > KEPT {
            held.mails.pop_front();
        }
        id
    }

    /// What is said to this recipient.
    fn receives(&self, to: &str) -> Result<(), &'static str> {
        match to.split('@').next().unwrap_or_default() {
            "bounces" => Err("550 5.1.1 no such mailbox"),
            "later" => Err("451 4.2.1 mailbox busy, try again"),
            "once" if self.held().refused.count(to) == 0 => Err("451 4.2.1 mailbox busy, try again"),
            _ => Ok(()),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves both until the future is dropped: SMTP, and the page that shows the mails.
pub async fn serve(smtp: TcpListener, page: TcpListener, catcher: Catcher) -> io::Result<()> {
    let page = axum::serve(page, page::router(catcher.clone()));
    tokio::select! {
        served = page.into_future() => served,
        () = take(smtp, catcher) => Ok(()),
    }
}

async fn take(listener: TcpListener, catcher: Catcher) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    // The connections end with this future.
    let mut sessions = tokio::task::JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        while sessions.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let catcher = catcher.clone();
                sessions.spawn(async move {
                    // A client that breaks off has nobody to tell.
                    let _ = session::talk(stream, &catcher).await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// A catcher that runs; it stops when this is dropped.
pub struct Running {
    /// Where SMTP is.
    pub smtp_addr: SocketAddr,
    /// Where the page is: `http://…`, without a slash at the end.
    pub url: String,
    /// What was caught.
    pub catcher: Catcher,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a catcher on loopback; port 0 is one that is free.
pub async fn start(smtp_port: u16, page_port: u16) -> io::Result<Running> {
    let smtp = TcpListener::bind((Ipv4Addr::LOCALHOST, smtp_port)).await?;
    let page = TcpListener::bind((Ipv4Addr::LOCALHOST, page_port)).await?;
    let (smtp_addr, url) = (smtp.local_addr()?, format!("http://{}", page.local_addr()?));
    let catcher = Catcher::new();
    let serving = serve(smtp, page, catcher.clone());
    let task = tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::warn!(%error, "the mail catcher has stopped");
        }
    });
    Ok(Running { smtp_addr, url, catcher, task })
}

#[cfg(test)]
mod tests;
