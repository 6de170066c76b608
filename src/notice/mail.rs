//! A mail, and who sends it.

use crate::words::Language;
use std::fmt;
use std::pin::Pin;

/// One mail to one customer, rendered.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The customer's address, alone.
    pub to: Box<str>,
    /// Who it is from: `Name <address>` or an address.
    pub from: Box<str>,
    /// Where an answer goes: the merchant's support.
    pub reply_to: Option<Box<str>>,
    /// The subject, of one line.
    pub subject: Box<str>,
    /// The HTML part.
    pub html: Box<str>,
    /// The text part.
    pub text: Box<str>,
    /// The part of the Message-ID before the `@`, the same for every try: receivers can tell a repetition. Letters,
    /// digits, `.`, `-` and `_`.
    pub message_id: Box<str>,
    /// The language of both parts.
    pub language: Language,
}

impl fmt::Debug for Mail {
    /// Without anything personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// Why a mail was not sent. Says nothing of the customer: neither the address nor what a server said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Not now: worth another try.
    #[error("the mail was not sent for now: {0}")]
    Retryable(Why),
    /// Never: another try would fail in the same way.
    #[error("the mail cannot be sent: {0}")]
    Permanent(Why),
}

impl MailError {
    /// Whether another try is worth it.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Retryable(_))
    }
}

/// What went wrong with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The recipient is not one address, or a header cannot be written.
    #[error("it has no single valid address, or a header that cannot be written")]
    Invalid,
    /// The server answered no, with this code of SMTP.
    #[error("the mail server answered {0}")]
    Answered(u16),
    /// The server could not be reached, went away, or spoke no SMTP.
    #[error("the mail server cannot be spoken to")]
    Connection,
    /// TLS is wanted and there was none, or none that can be trusted.
    #[error("no trusted TLS with the mail server")]
    Tls,
    /// It took too long.
    #[error("the mail server took too long")]
    Deadline,
}

/// A mail on its way. It needs nothing of the mail that it was made from.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;

/// Who sends mails.
pub trait Mailer: Send + Sync + fmt::Debug {
    /// Hands a mail over. `Ok`: the next server answers for it. Ends within a deadline of its own.
    fn send(&self, mail: &Mail) -> Sending<'_>;
}
