//! What is under way, counted, so that a scenario can wait until everything that follows from a step has happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Counts what is under way.
#[derive(Debug, Clone, Default)]
pub struct Activity(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    under_way: AtomicUsize,
    idle: Notify,
}

/// One thing under way, until it is dropped. What follows from it takes a token before that.
#[derive(Debug)]
pub struct Token(Activity);

impl Activity {
    /// Something begins.
    pub fn begin(&self) -> Token {
        self.0.under_way.fetch_add(1, Ordering::AcqRel);
        Token(self.clone())
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.0.under_way.load(Ordering::Acquire) == 0
    }

    /// Waits until nothing is under way.
    pub async fn settled(&self) {
        loop {
            let idle = self.0.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if self.0.under_way.load(Ordering::Acquire) == 0 {
                return;
            }
            idle.await;
        }
    }
}

impl Token {
    /// Something that follows from it begins.
    pub fn follow(&self) -> Token {
        self.0.begin()
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        let counted = &self.0.0;
        if counted.under_way.fetch_sub(1, Ordering::AcqRel) == 1 {
            counted.idle.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_settles_when_the_last_token_is_dropped() {
        let activity = Activity::default();
        activity.settled().await;
        let one = activity.begin();
        let two = one.follow();
        let settled = tokio::spawn({
            let activity = activity.clone();
            async move { activity.settled().await }
        });
        drop(one);
        tokio::task::yield_now().await;
        assert!(!settled.is_finished());
        drop(two);
        settled.await.unwrap();
    }
}
