//! Messages to merchants' servers by the Standard Webhooks scheme (standardwebhooks.com, 1.0.0): an id, a time, and HMAC-SHA256
//! signatures under every live secret. Only public addresses are talked to, whatever a name or an answer says.

mod address;
mod client;
mod target;

pub use address::is_public;
pub use client::{Client, ClientError};
pub use target::{Target, TargetError};

use super::Sending;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use standardwebhooks::Webhook;
use std::fmt;
use std::time::Duration;

/// How many random bytes a secret has.
pub const SECRET_BYTES: usize = 32;
/// What a secret begins with, as it is shown.
const SECRET_PREFIX: &str = "whsec_";

/// A secret as its merchant is shown it: `whsec_` and base64.
pub fn shown_secret(bytes: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// An application changed.
    ApplicationUpdated,
    /// A plan changed.
    PlanUpdated,
    /// A payment of a plan is due: the card is to be charged.
    PlanPaymentDue,
}

impl Topic {
    /// The `type` of the message.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApplicationUpdated => "application.updated",
            Self::PlanUpdated => "plan.updated",
            Self::PlanPaymentDue => "plan.payment_due",
        }
    }
}

/// A message, whole and signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// What names it, the same on every try.
    pub id: String,
    /// When it is sent, in seconds since 1970.
    pub timestamp: i64,
    /// Its signatures, one for each live secret.
    pub signature: String,
    /// JSON.
    pub body: String,
}

impl Message {
    /// Signs a message under secrets; `None`: there is no secret to sign under.
    pub fn signed(id: String, timestamp: i64, body: String, secrets: &[Vec<u8>]) -> Option<Self> {
        let sign = |secret: &Vec<u8>| {
            let key = Webhook::from_bytes(secret.clone()).ok()?;
            key.sign(&id, timestamp, body.as_bytes()).ok()
        };
        let signatures: Vec<_> = secrets.iter().filter_map(sign).collect();
        (!signatures.is_empty()).then(|| Self { signature: signatures.join(" "), id, timestamp, body })
    }
}

/// It may hold personal data.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.id)
    }
}

/// What a receiver says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It has taken the message.
    Taken,
    /// It wants no more messages, ever.
    Gone,
    /// It has not taken it.
    Failed {
        /// Why, as metrics name it.
        why: &'static str,
        /// When it takes some again, if it says so.
        after: Option<Duration>,
    },
}

/// Whoever takes messages to merchants' servers.
pub trait Carrier: Send + Sync {
    /// Posts a message. A target that may not be talked to is not.
    fn post<'a>(&'a self, url: &'a str, message: &'a Message) -> Sending<'a, Answer>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the scheme's own libraries.
    #[test]
    fn messages_are_signed_as_the_scheme_says_under_every_secret() {
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let secret = STANDARD.decode("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let signed = |secrets: &[Vec<u8>]| {
            Message::signed("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk".into(), 1_649_367_553, body.into(), secrets)
        };
        let one = signed(std::slice::from_ref(&secret)).unwrap();
        assert_eq!(one.signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
        let two = signed(&[secret, vec![7; 32]]).unwrap().signature;
        let both: Vec<_> = two.split(' ').collect();
        assert_eq!((both.len(), both[0]), (2, one.signature.as_str()));
        assert!(both[1].starts_with("v1,") && both[1] != both[0]);
        assert_eq!(signed(&[]), None);
        assert!(!format!("{one:?}").contains("test@example.com"));
    }

    #[test]
    fn a_secret_is_shown_as_the_scheme_shows_it() {
        assert_eq!(shown_secret(&[0; 3]), "whsec_AAAA");
    }
}
