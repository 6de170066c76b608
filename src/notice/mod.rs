//! Floor 4: what is told to people and to merchants outside: mails to customers, signed messages to merchants' servers. It
//! says how a thing is told, never whether: that is the courier's (`engine::courier`).

mod facts;
mod letter;
pub mod made_up;
pub mod receipt;
mod render;
pub mod smtp;
pub mod webhook;
mod wording;

#[cfg(test)]
mod tests;

pub use facts::{Facts, Links, Notice};
pub use render::{Rendered, render};

use std::fmt;
use std::pin::Pin;

/// What sending comes to.
pub type Sending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever sends mails.
pub trait Mailer: Send + Sync {
    /// Sends a mail. It may be sent again after a crash, under the same message id.
    fn send<'a>(&'a self, mail: &'a Mail) -> Sending<'a, Result<(), MailError>>;
}

/// A mail, whole. All of it may be personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Whom it goes to: an e-mail address.
    pub to: Box<str>,
    /// Whom an answer goes to: an e-mail address.
    pub reply_to: Option<Box<str>>,
    /// The name that stands before the sender's address.
    pub from_name: Box<str>,
    /// Its subject.
    pub subject: String,
    /// As HTML.
    pub html: String,
    /// As text.
    pub text: String,
    /// What names it, the same whenever it is sent: the part before the `@` of the Message-ID.
    pub message_id: Box<str>,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({})", self.message_id)
    }
}

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may work later.
    #[error("{0}; it may work later")]
    Retryable(&'static str),
    /// It will not work, such as an address that is not one.
    #[error("{0}; it will not work")]
    Permanent(&'static str),
}
