//! What the mock holds.

use super::bounded::Bounded;
use super::calls::Calls;
use super::notice::Outbox;
use super::script::Scripts;
use super::{bank, identity, sms};
use std::time::Duration;

/// All of it, behind one lock: a call is answered in microseconds.
pub struct State {
    pub scripts: Scripts,
    pub outbox: Outbox,
    pub calls: Calls,
    /// How many calls came before, for trouble that passes.
    pub seen: Bounded<u32>,
    pub slow: Duration,
    pub sms: sms::Held,
    pub identity: identity::Held,
    pub bank: bank::Held,
    last: u64,
}

impl State {
    /// Nothing.
    pub fn new(slow: Duration) -> Self {
        Self {
            scripts: Scripts::default(),
            outbox: Outbox::default(),
            calls: Calls::default(),
            seen: Bounded::default(),
            slow,
            sms: sms::Held::default(),
            identity: identity::Held::default(),
            bank: bank::Held::default(),
            last: 0,
        }
    }

    /// A number that was not given out before. They count up, so that the same story gets the same names.
    pub fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}
