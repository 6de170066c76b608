//! Following one application: its history whenever there is more of it.

use super::call::Refused;
use super::history_of;
use super::hub::Listener;
use super::readers::Readers;
use crate::domain::ids::{ApplicationId, MerchantId};
use crate::store::Entry;
use std::sync::Arc;

/// One application, followed.
pub struct Watch {
    readers: Readers,
    listener: Listener,
    merchant: MerchantId,
    id: ApplicationId,
    /// How many entries have been seen.
    seen: usize,
}

impl Watch {
    pub(super) fn new(readers: Readers, listener: Listener, merchant: MerchantId, id: ApplicationId) -> Self {
        Self { readers, listener, merchant, id, seen: 0 }
    }

    /// The entries, oldest first, as soon as there are more than were seen: the first time at once.
    pub async fn next(&mut self) -> Result<Vec<Arc<Entry>>, Refused> {
        loop {
            let history = history_of(&self.readers, self.merchant.clone(), self.id).await?;
            if history.len() > self.seen {
                self.seen = history.len();
                return Ok(history);
            }
            self.listener.changed().await;
        }
    }
}
