//! What the shop hears from the server: signed messages by the Standard Webhooks scheme, verified as any receiver should.

use crate::domain::time::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// How far a message's time may be from ours, in seconds.
const TOLERANCE_SECONDS: i64 = 300;
/// What a secret begins with, as it is shown.
const SECRET_PREFIX: &str = "whsec_";

/// What signs messages to the shop.
pub struct Secret(Vec<u8>);

/// A message, verified.
#[derive(Debug)]
pub struct Message {
    /// What it is about, such as `plan.payment_due`.
    pub topic: String,
    /// How many entries the application had then.
    pub version: u64,
    /// The application as it stood then, in proto3 JSON.
    pub application: Value,
}

impl Secret {
    /// The secret as its merchant was shown it.
    pub fn parse(shown: &str) -> Option<Self> {
        STANDARD.decode(shown.strip_prefix(SECRET_PREFIX)?).ok().map(Self)
    }

    /// Reads a message; `None`: it is not signed under this secret, is old, or says nothing that we know.
    pub fn open(&self, id: &str, timestamp: &str, signatures: &str, body: &[u8], now: Timestamp) -> Option<Message> {
        let at: i64 = timestamp.parse().ok()?;
        let is_fresh = (now.ms() / 1_000).abs_diff(at) <= TOLERANCE_SECONDS.unsigned_abs();
        let is_ours = |signature: &str| {
            let given = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            let mac = Hmac::<Sha256>::new_from_slice(&self.0).ok().map(|mut mac| {
                mac.update(format!("{id}.{timestamp}.").as_bytes());
                mac.update(body);
                mac
            });
            given.zip(mac).is_some_and(|(given, mac)| mac.verify_slice(&given).is_ok())
        };
        if !is_fresh || !signatures.split(' ').any(is_ours) {
            return None;
        }
        let mut message: Value = serde_json::from_slice(body).ok()?;
        Some(Message {
            topic: message["type"].as_str()?.to_owned(),
            version: message["data"]["version"].as_u64()?,
            application: message["data"]["application"].take(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"type":"plan.updated","data":{"version":3,"application":{"state":"STATE_ACCEPTED"}}}"#;

    fn signed(secret: &Secret, id: &str, timestamp: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0).unwrap();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(BODY);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn only_what_is_signed_and_fresh_is_read() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let now = Timestamp::from_ms(1_795_599_187_250).unwrap();
        let good = signed(&secret, "msg_1", "1795599187");
        let message = secret.open("msg_1", "1795599187", &format!("v1,AAAA {good}"), BODY, now).unwrap();
        assert_eq!((message.topic.as_str(), message.version), ("plan.updated", 3));
        assert!(secret.open("msg_2", "1795599187", &good, BODY, now).is_none(), "another id");
        assert!(secret.open("msg_1", "1795599188", &good, BODY, now).is_none(), "another time");
        assert!(secret.open("msg_1", "1795599187", &good, b"{}", now).is_none(), "another body");
        assert!(secret.open("msg_1", "1795599187", &good, BODY, now.plus_ms(301_000)).is_none(), "old");
        assert!(Secret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_none());
    }
}
