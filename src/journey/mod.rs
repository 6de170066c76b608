//! Floor 3: what happens to one application, as a sans-IO state machine.

use crate::domain::challenge::ChallengeKind;
use crate::domain::plan::Plan;
use crate::domain::time::Timestamp;

/// Where an application stands. Each variant carries only what is true in it.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// The customer must act.
    Challenged {
        /// What is asked.
        kind: ChallengeKind,
        /// How many tries are left.
        attempts_left: u32,
        /// Until when the customer may act on this challenge.
        deadline: Timestamp,
        /// When the whole journey ends.
        expires_at: Timestamp,
    },
    /// A person must decide.
    InReview {
        /// When the whole journey ends.
        expires_at: Timestamp,
    },
    /// The payment goes ahead in instalments.
    Accepted {
        /// The schedule.
        plan: Plan,
    },
    /// Credit was refused.
    Declined {
        /// Until when the customer may pay in one go.
        offer_until: Timestamp,
        /// Until when the customer may ask for a person's review.
        review_until: Timestamp,
    },
}

/// The names of the states, for filters and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum StateKind {
    /// [`State::Challenged`].
    Challenged = 1,
    /// A provider must answer.
    Verifying = 2,
    /// [`State::InReview`].
    InReview = 3,
    /// [`State::Accepted`].
    Accepted = 4,
    /// [`State::Declined`].
    Declined = 5,
    /// Paid in one go.
    PaidInFull = 6,
    /// Given up.
    Cancelled = 7,
    /// Out of time.
    Expired = 8,
}

impl State {
    /// Which state this is.
    pub fn kind(&self) -> StateKind {
        match self {
            Self::Challenged { .. } => StateKind::Challenged,
            Self::InReview { .. } => StateKind::InReview,
            Self::Accepted { .. } => StateKind::Accepted,
            Self::Declined { .. } => StateKind::Declined,
        }
    }
}
