//! Where merchants hear of changes, as a running server knows it, and what an entry therefore owes.

use crate::domain::delivery::DeliveryKind;
use crate::domain::ids::MerchantId;
use crate::domain::time::Timestamp;
use crate::engine::told::{Happened, told};
use crate::store::{Delivery, DeliveryKey, Entry, WebhookEndpoint};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The endpoints of the store; shared, and replaced whole when commands change them.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Endpoints(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Whether there are any: all that most decisions ask.
    any: AtomicBool,
    live: RwLock<Live>,
}

#[derive(Debug, Default)]
struct Live {
    by_id: HashMap<Box<str>, WebhookEndpoint>,
    by_merchant: HashMap<MerchantId, Vec<Box<str>>>,
}

impl Endpoints {
    /// Takes over the endpoints of the store, disabled ones too.
    pub fn replace(&self, endpoints: Vec<WebhookEndpoint>) {
        let mut live = Live::default();
        for endpoint in endpoints.into_iter().filter(|endpoint| endpoint.disabled_at.is_none()) {
            live.by_merchant.entry(endpoint.merchant.clone()).or_default().push(endpoint.id.clone());
            live.by_id.insert(endpoint.id.clone(), endpoint);
        }
        let any = !live.by_id.is_empty();
        *self.0.live.write().unwrap_or_else(PoisonError::into_inner) = live;
        self.0.any.store(any, Ordering::Release);
    }

    /// Nothing is sent there any more.
    pub fn disable(&self, id: &str) {
        let mut live = self.0.live.write().unwrap_or_else(PoisonError::into_inner);
        live.by_id.remove(id);
        live.by_merchant.values_mut().for_each(|ids| ids.retain(|known| **known != *id));
    }

    /// A live endpoint.
    pub fn get(&self, id: &str) -> Option<WebhookEndpoint> {
        self.0.live.read().unwrap_or_else(PoisonError::into_inner).by_id.get(id).cloned()
    }

    fn of(&self, merchant: &MerchantId) -> Vec<Box<str>> {
        let live = self.0.live.read().unwrap_or_else(PoisonError::into_inner);
        live.by_merchant.get(merchant).cloned().unwrap_or_default()
    }
}

/// Says what an entry owes.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Owing {
    pub endpoints: Endpoints,
    /// Whether somebody sends mails.
    pub mails: bool,
}

impl Owing {
    /// Whether anybody could be told anything: where not, a decision pays for this question alone.
    pub fn is_any(&self) -> bool {
        self.mails || self.endpoints.0.any.load(Ordering::Acquire)
    }

    /// What an entry owes, from a time on.
    pub fn owed(&self, entry: &Entry, happened: Happened<'_>, now: Timestamp) -> Vec<Delivery> {
        if !self.is_any() {
            return Vec::new();
        }
        let told = told(happened);
        let mails = if self.mails { told.customer } else { &[] };
        let mails = mails.iter().map(|kind| (Box::from(""), *kind));
        let hooks = told.merchant.map(|_| self.endpoints.of(&entry.merchant)).unwrap_or_default();
        let hooks = hooks.into_iter().map(|endpoint| (endpoint, DeliveryKind::Webhook));
        mails.chain(hooks).map(|(endpoint, kind)| owed(entry, endpoint, kind, now)).collect()
    }
}

/// A delivery that an entry calls for.
pub(super) fn owed(entry: &Entry, endpoint: Box<str>, kind: DeliveryKind, now: Timestamp) -> Delivery {
    Delivery {
        key: DeliveryKey { endpoint, seq: entry.id.seq(), kind },
        application: entry.application.seq(),
        merchant: entry.merchant.clone(),
        since: now,
        due_at: now,
        tries: 0,
        dead: false,
    }
}
