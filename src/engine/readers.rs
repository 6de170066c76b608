//! Reading the log beside the sequencer: a bounded number of readers on threads where waiting is allowed.

use super::activity::Activity;
use crate::store::{Reader, Store, StoreError};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// How many look-ups read at once; more wait their turn.
const AT_ONCE: usize = 4;

/// A pool of readers.
#[derive(Clone)]
pub(super) struct Readers {
    store: Arc<dyn Store>,
    idle: Arc<Mutex<Vec<Box<dyn Reader>>>>,
    turns: Arc<Semaphore>,
    activity: Activity,
}

impl Readers {
    /// A pool that has opened nothing yet.
    pub fn new(store: Arc<dyn Store>, activity: Activity) -> Self {
        Self { store, idle: Arc::default(), turns: Arc::new(Semaphore::new(AT_ONCE)), activity }
    }

    /// Runs a look-up on a reader. One that failed is not used again.
    pub async fn read<T, F>(&self, look_up: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Reader) -> Result<T, StoreError> + Send + 'static,
    {
        let _under_way = self.activity.begin();
        let gone = |what: &str| StoreError::Unusable(format!("the look-up was given up: {what}"));
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| gone("the server stops"))?;
        let pool = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut reader = idle.map_or_else(|| pool.store.reader(), Ok)?;
            let result = look_up(reader.as_mut());
            if result.is_ok() {
                pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            }
            result
        });
        task.await.map_err(|error| gone(&error.to_string()))?
    }
}
