//! What is to be told outside, and to whom: the outbox. A delivery is written in the same commit as the entry that calls for
//! it and goes away when it has been delivered, so the table stays small.

use super::Digest;
use crate::domain::delivery::DeliveryKind;
use crate::domain::ids::{MerchantId, Seq};
use crate::domain::sealed::Sealed;
use crate::domain::time::Timestamp;

/// Which delivery: an entry calls for one of a kind at an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryKey {
    /// Where to: the id of a merchant's endpoint; empty for the customer.
    pub endpoint: Box<str>,
    /// The place of the entry that calls for it.
    pub seq: Seq,
    /// What it is.
    pub kind: DeliveryKind,
}

/// One delivery that is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which.
    pub key: DeliveryKey,
    /// The place of the application's first entry.
    pub application: Seq,
    /// Whose application it is.
    pub merchant: MerchantId,
    /// When it was called for: it is tried for so long from then.
    pub since: Timestamp,
    /// When it is tried next; of a dead one, when it was given up.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// Whether it was given up.
    pub dead: bool,
}

/// Where a merchant hears of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id, such as `we_1f2e3d4c5b6a7980`.
    pub id: Box<str>,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Where messages are posted to.
    pub url: Box<str>,
    /// The secret under which messages are signed.
    pub secret: Sealed,
    /// The secret that comes next, while secrets are changed: messages are signed under both.
    pub next_secret: Option<Sealed>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on nothing is sent there any more.
    pub disabled_at: Option<Timestamp>,
}

impl WebhookEndpoint {
    /// The id of an endpoint made of random bytes.
    pub fn id_of(random: &[u8]) -> Box<str> {
        let digest = Digest::of(random).0;
        let digits = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("we_{digits}").into()
    }
}
