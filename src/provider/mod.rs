//! Floor 4: outside parties that verify. Whoever it is, the journey sees one trait, [`Provider`]: start, submit, poll,
//! erase, and a look at the notices that it sends.
//!
//! A notice is only a hint that something changed: it is checked, our name for the attempt is taken from it, and then
//! the provider is asked. So a forged, late, repeated or reordered notice is harmless. What is not known (a status, a
//! verdict) is never taken for a pass.

pub mod bank;
pub mod http;
pub mod identity;
#[cfg(test)]
mod recorded;
pub mod sms;

use crate::domain::applicant::Applicant;
use crate::domain::challenge::{ChallengeKind, Kinds};
use crate::domain::evidence::Evidence;
use crate::domain::time::Timestamp;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a provider will answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>>;

/// An outside party that verifies.
pub trait Provider: Send + Sync {
    /// Its name in settings, metrics and paths, such as `twilio_verify`.
    fn name(&self) -> &'static str;

    /// What it verifies.
    fn kind(&self) -> ChallengeKind;

    /// Begins a challenge: sends a code, or makes the address of a page. Called again for the same attempt (after a crash,
    /// or because a code is to be sent again) it may be billed again, and does no harm.
    fn start<'a>(&'a self, call: &'a Call, request: &'a StartRequest) -> Answer<'a, Started>;

    /// Hands over what the customer gave: a code, or the parameters that came back from a page. Never repeated by itself.
    fn submit<'a>(&'a self, call: &'a Call, handle: &'a Handle, input: &'a Input) -> Answer<'a, Progress>;

    /// Asks how it stands. Safe to repeat.
    fn poll<'a>(&'a self, call: &'a Call, handle: &'a Handle) -> Answer<'a, Progress>;

    /// Has the provider forget what it knows of the customer. Safe to repeat.
    fn erase<'a>(&'a self, call: &'a Call, handle: &'a Handle) -> Answer<'a, ()>;

    /// Checks a notice and takes our name for what it is about from it: the [`Started::reference`] of an attempt.
    fn hint(&self, notice: &Notice<'_>) -> Result<String, NoticeError>;
}

/// Who verifies what: for each kind of challenge one provider, or none where this deployment has none. Each is replaced by
/// setting its field.
#[derive(Clone, Default)]
pub struct Providers {
    /// One-time codes.
    pub sms: Option<Arc<dyn Provider>>,
    /// Identity documents.
    pub identity: Option<Arc<dyn Provider>>,
    /// Bank histories.
    pub bank: Option<Arc<dyn Provider>>,
}

impl Providers {
    /// Who verifies this.
    pub fn get(&self, kind: ChallengeKind) -> Option<&Arc<dyn Provider>> {
        match kind {
            ChallengeKind::SmsCode => self.sms.as_ref(),
            ChallengeKind::IdDocument => self.identity.as_ref(),
            ChallengeKind::BankHistory => self.bank.as_ref(),
        }
    }

    /// What nobody verifies.
    pub fn unserved(&self) -> Kinds {
        ChallengeKind::ALL.into_iter().filter(|kind| self.get(*kind).is_none()).collect()
    }

    /// Takes one away.
    pub fn remove(&mut self, kind: ChallengeKind) {
        match kind {
            ChallengeKind::SmsCode => self.sms = None,
            ChallengeKind::IdDocument => self.identity = None,
            ChallengeKind::BankHistory => self.bank = None,
        }
    }

    /// The one of this name, such as the path of a notice gives, and what it verifies.
    pub fn by_name(&self, name: &str) -> Option<(ChallengeKind, &Arc<dyn Provider>)> {
        self.kinds().filter_map(|kind| Some((kind, self.get(kind)?))).find(|(_, provider)| provider.name() == name)
    }

    /// What can be verified here, in the order of its weight for the customer.
    pub fn kinds(&self) -> impl Iterator<Item = ChallengeKind> + '_ {
        ChallengeKind::ALL.into_iter().filter(|kind| self.get(*kind).is_some())
    }
}

/// Says who verifies, and nothing of their settings.
impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.kinds().filter_map(|kind| Some((kind.name(), self.get(kind)?.name())));
        f.debug_map().entries(names).finish()
    }
}

/// What is known of one call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Our name for the attempt: 1 to 64 of a-z, 0-9 and _; the key of idempotency where the provider has one.
    pub attempt: String,
    /// Until when the answer is of use.
    pub deadline: Instant,
    /// The time, by the engine's clock.
    pub now: Timestamp,
}

/// What a challenge begins with.
#[derive(Debug, Clone)]
pub struct StartRequest {
    /// Whom to verify.
    pub applicant: Applicant,
    /// Where the customer's browser comes back to from a provider's page; without a query.
    pub return_url: String,
    /// What comes back with the browser, so that it is known which journey it belongs to.
    pub state: String,
    /// Whether it was begun before and this is a code to be sent again.
    pub again: Option<Handle>,
}

/// A challenge that has begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Started {
    /// What leads back to it; may hold tokens.
    pub handle: Handle,
    /// What notices call it; empty where none come.
    pub reference: String,
    /// What the customer is to do.
    pub action: Action,
}

/// What leads back to an attempt at a provider. It may hold tokens: it is encrypted wherever it is kept.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Handle(pub Vec<u8>);

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(…)")
    }
}

/// What the customer is to do.
#[derive(Clone, PartialEq, Eq)]
pub enum Action {
    /// Enter a code of so many digits.
    EnterCode {
        /// How many digits.
        length: u8,
    },
    /// Go to a page of the provider's.
    Redirect {
        /// Its address, which lets whoever has it in.
        url: String,
    },
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EnterCode { length } => write!(f, "EnterCode({length})"),
            Self::Redirect { .. } => f.write_str("Redirect(…)"),
        }
    }
}

/// What the customer gave.
#[derive(Clone, PartialEq, Eq)]
pub enum Input {
    /// A code.
    Code(String),
    /// Parameters that came back from a page, by name.
    Returned(Vec<(String, String)>),
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Code(…)",
            Self::Returned(_) => "Returned(…)",
        })
    }
}

/// How an attempt stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// The provider is not done.
    Pending {
        /// When to ask again.
        retry_after: Duration,
    },
    /// The customer has something more to do.
    Act(Action),
    /// The code was not the right one.
    Wrong,
    /// It is done.
    Done(Evidence),
    /// It will not be done.
    Denied(Denial),
    /// Its time at the provider is over.
    Expired,
}

/// Why an attempt will not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Denial {
    /// The customer gave up at the provider.
    ByCustomer,
    /// Too many wrong tries, by the provider's count.
    TooManyTries,
    /// There is nothing to look at, such as no account.
    NothingThere,
    /// The provider does not verify this customer, such as a number that it blocks.
    NotServed,
}

/// Why a provider did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It may work a little later.
    #[error("{0}; it may work a little later")]
    Retryable(String),
    /// Too many calls.
    #[error("the provider takes no more calls for now")]
    RateLimited {
        /// When it takes some again.
        after: Duration,
    },
    /// The customer must mend something, such as the phone number.
    #[error("the customer must mend it: {0}")]
    UserAction(&'static str),
    /// It does not serve this customer, such as a number that it blocks: a fact about the customer, and no failure.
    #[error("the provider does not serve this customer: {0}")]
    Blocked(&'static str),
    /// It was done or not: nobody knows.
    #[error("it is not known whether it was done: {0}")]
    Indeterminate(String),
    /// Our settings are wrong, such as a secret.
    #[error("the settings of the provider are wrong: {0}")]
    Config(String),
    /// It will not work.
    #[error("the provider refuses for good: {0}")]
    Permanent(String),
    /// The answer cannot be read.
    #[error("the provider's answer cannot be read: {0}")]
    Malformed(String),
    /// The provider is left alone for a while, because it failed again and again.
    #[error("the provider failed again and again and is left alone for a while")]
    Open,
}

impl ProviderError {
    /// Whether the same call may be made again later.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Retryable(_) | Self::RateLimited { .. } | Self::Open)
    }

    /// The name in metrics and in the audit.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Retryable(_) => "retryable",
            Self::RateLimited { .. } => "rate_limited",
            Self::UserAction(_) => "user_action",
            Self::Blocked(_) => "blocked",
            Self::Indeterminate(_) => "indeterminate",
            Self::Config(_) => "config",
            Self::Permanent(_) => "permanent",
            Self::Malformed(_) => "malformed",
            Self::Open => "open",
        }
    }
}

/// A notice as it came in.
#[derive(Clone, Copy)]
pub struct Notice<'a> {
    /// The path it came to.
    pub path: &'a str,
    /// Its headers; names in lower case.
    pub headers: &'a [(String, String)],
    /// Its body, byte for byte.
    pub body: &'a [u8],
    /// When it came.
    pub now: Timestamp,
}

/// Why a notice is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// It is not signed by the provider, or too long ago.
    #[error("the notice is not signed as the provider signs, or is too old")]
    Forged,
    /// It cannot be read.
    #[error("the notice cannot be read")]
    Malformed,
    /// It is about something that does not matter here.
    #[error("the notice is about something else")]
    Irrelevant,
}
