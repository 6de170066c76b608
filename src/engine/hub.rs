//! Who waits for an application to change: callers whose answer needs a provider's, and those who watch it.

use crate::domain::ids::Seq;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The most applications that are waited for at once.
const MOST: usize = 65_536;

/// The places where changes are told.
#[derive(Debug, Clone, Default)]
pub(super) struct Hub(Arc<Mutex<HashMap<Seq, watch::Sender<Seq>>>>);

/// A place where the changes of one application are heard.
#[derive(Debug)]
pub(super) struct Listener {
    hub: Hub,
    application: Seq,
    newest: watch::Receiver<Seq>,
}

impl Hub {
    /// Listens to an application; `None`: too many are listened to already.
    pub fn listen(&self, application: Seq) -> Option<Listener> {
        let mut places = self.lock();
        if places.len() >= MOST && !places.contains_key(&application) {
            return None;
        }
        let place = places.entry(application).or_insert_with(|| watch::Sender::new(Seq(0)));
        Some(Listener { hub: self.clone(), application, newest: place.subscribe() })
    }

    /// Tells that an entry of an application has been committed.
    pub fn tell(&self, application: Seq, entry: Seq) {
        if let Some(place) = self.lock().get(&application) {
            place.send_replace(entry);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Seq, watch::Sender<Seq>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Waits until there is an entry that was not there when this was last called, or when listening began.
    pub async fn changed(&mut self) {
        // The sender lives as long as this listener does.
        let _ = self.newest.changed().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut places = self.hub.lock();
        // This receiver is still counted.
        if places.get(&self.application).is_some_and(|place| place.receiver_count() <= 1) {
            places.remove(&self.application);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn listeners_hear_of_their_application_and_leave_nothing_behind() {
        let hub = Hub::default();
        let (mut one, two) = (hub.listen(Seq(1)).unwrap(), hub.listen(Seq(1)).unwrap());
        hub.tell(Seq(2), Seq(10));
        hub.tell(Seq(1), Seq(11));
        one.changed().await;
        drop(one);
        assert_eq!(hub.lock().len(), 1);
        drop(two);
        assert_eq!(hub.lock().len(), 0);
        hub.tell(Seq(1), Seq(12));
    }
}
