//! Where a journey stands. Each state carries only what is true in it.

use super::{Ask, Open, after};
use crate::domain::challenge::ChallengeKind;
use crate::domain::sealed::Sealed;
use crate::domain::time::Timestamp;
use crate::plan::Account;

/// Where an application stands.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// The customer must act.
    Challenged {
        /// What is asked.
        attempt: Attempt,
        /// How far that has come.
        phase: Phase,
        /// The journey as a whole.
        open: Open,
    },
    /// A provider must answer.
    Verifying {
        /// What is verified.
        attempt: Attempt,
        /// What is waited for.
        by: Verifier,
        /// The journey as a whole.
        open: Open,
    },
    /// A person must decide.
    InReview {
        /// Who asked for it.
        by: Reviewer,
        /// Until when.
        expires_at: Timestamp,
    },
    /// The payment goes ahead in instalments.
    Accepted {
        /// The schedule, and what has become of it.
        account: Box<Account>,
    },
    /// Credit was refused.
    Declined {
        /// Until when the customer may pay in one go.
        offer_until: Timestamp,
        /// Until when the customer may ask for a person's review.
        review_until: Timestamp,
    },
    /// The customer chose to pay the whole amount at once.
    PaidInFull {
        /// Whether the gateway has it.
        collection: Collection,
    },
    /// Somebody gave up.
    Cancelled {
        /// Who.
        by: Party,
    },
    /// The journey's time ran out.
    Expired,
}

/// One challenge that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which of this journey, from 1.
    pub number: u32,
    /// What is asked.
    pub kind: ChallengeKind,
    /// How many tries are left.
    pub tries_left: u32,
    /// How often a code may still be sent again.
    pub resends_left: u32,
    /// How long after a code was sent another may be asked for, in seconds.
    pub resend_after_seconds: u32,
    /// From when on another code may be asked for.
    pub resend_after: Timestamp,
    /// Until when the customer may act on it.
    pub deadline: Timestamp,
    /// What the provider began, once it has.
    pub begun: Option<Begun>,
}

/// What a provider began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// What leads back to it.
    pub handle: Sealed,
    /// The keyed hash of what the provider's notices call it; 0: none come.
    pub reference: u64,
    /// What the customer is to do.
    pub action: Action,
}

/// What the customer is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Enter a code of so many digits.
    EnterCode {
        /// How many.
        length: u8,
    },
    /// Go to a page, whose address lets whoever has it in.
    Redirect {
        /// The address.
        url: Sealed,
    },
}

/// Whether the whole amount, once chosen to be paid, has come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// The gateway has not said yet.
    Awaited,
    /// It has.
    Collected,
    /// It could not be collected: the offer is open again.
    Failed {
        /// Until when.
        offer_until: Timestamp,
    },
}

/// How far a challenge has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The customer must consent before anybody is asked.
    ConsentNeeded,
    /// The provider is being asked to begin, or to send another code.
    Starting,
    /// The customer must act.
    ActionNeeded,
}

/// What a verification waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verifier {
    /// Whether a code is the right one.
    Code,
    /// What the provider found.
    Provider,
}

/// Who asked for a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewer {
    /// The policy.
    Policy,
    /// The customer, after a decline.
    Customer,
}

/// Who gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The customer.
    Customer,
    /// The merchant.
    Merchant,
}

impl Attempt {
    /// An attempt that has just been asked.
    pub(super) fn new(number: u32, ask: Ask, at: Timestamp, journey_ends: Timestamp) -> Self {
        Self {
            number,
            kind: ask.kind,
            tries_left: ask.tries,
            resends_left: ask.resends,
            resend_after_seconds: ask.resend_after_seconds,
            resend_after: after(at, ask.resend_after_seconds),
            deadline: after(at, ask.ttl_seconds).min(journey_ends),
            begun: None,
        }
    }
}

impl State {
    /// Which state this is.
    pub fn kind(&self) -> StateKind {
        match self {
            Self::Challenged { .. } => StateKind::Challenged,
            Self::Verifying { .. } => StateKind::Verifying,
            Self::InReview { .. } => StateKind::InReview,
            Self::Accepted { .. } => StateKind::Accepted,
            Self::Declined { .. } => StateKind::Declined,
            Self::PaidInFull { .. } => StateKind::PaidInFull,
            Self::Cancelled { .. } => StateKind::Cancelled,
            Self::Expired => StateKind::Expired,
        }
    }

    /// The challenge under way.
    pub fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::Challenged { attempt, .. } | Self::Verifying { attempt, .. } => Some(attempt),
            _ => None,
        }
    }

    /// What is true of the journey as a whole, while there is a challenge.
    pub fn open(&self) -> Option<&Open> {
        match self {
            Self::Challenged { open, .. } | Self::Verifying { open, .. } => Some(open),
            _ => None,
        }
    }

    /// Until when the customer may pay the whole amount at once.
    pub fn offer_until(&self) -> Option<Timestamp> {
        match self {
            Self::Challenged { open, .. } | Self::Verifying { open, .. } => Some(open.expires_at),
            Self::InReview { expires_at, .. } => Some(*expires_at),
            Self::Declined { offer_until, .. } => Some(*offer_until),
            Self::Accepted { account } => account.offer_until,
            Self::PaidInFull { collection: Collection::Failed { offer_until } } => Some(*offer_until),
            Self::PaidInFull { collection: Collection::Awaited | Collection::Collected }
            | Self::Cancelled { .. }
            | Self::Expired => None,
        }
    }

    /// Whether a provider is being asked something about this attempt that it answers at once.
    pub fn is_asking(&self, attempt: u32) -> bool {
        match self {
            Self::Challenged { attempt: of, phase: Phase::Starting, .. }
            | Self::Verifying { attempt: of, by: Verifier::Code, .. } => of.number == attempt,
            _ => false,
        }
    }

    /// What is known of it in few words.
    pub fn stands(&self) -> Stands {
        let begun = self.attempt().and_then(|attempt| attempt.begun.as_ref());
        let owes = matches!(self, Self::Challenged { phase: Phase::Starting, .. } | Self::Verifying { .. });
        let reference = begun.map_or(0, |begun| begun.reference);
        Stands { kind: self.kind(), due_at: self.due_at(), owes, reference }
    }

    /// When something happens by itself, because a time is over.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self {
            Self::Challenged { attempt, open, .. } | Self::Verifying { attempt, open, .. } => {
                Some(attempt.deadline.min(open.expires_at))
            }
            Self::InReview { expires_at, .. } => Some(*expires_at),
            Self::Accepted { account } => account.due_at(),
            Self::PaidInFull { collection: Collection::Failed { offer_until } } => Some(*offer_until),
            Self::Declined { .. } | Self::PaidInFull { .. } | Self::Cancelled { .. } | Self::Expired => None,
        }
    }
}

/// What is known of a journey without its history: enough to wake it when something is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands {
    /// The state.
    pub kind: StateKind,
    /// When something happens by itself, because a time is over.
    pub due_at: Option<Timestamp>,
    /// Whether something is still to be done outside.
    pub owes: bool,
    /// The keyed hash of what a provider's notices call the attempt under way; 0: none come.
    pub reference: u64,
}

/// The names of the states, for filters and columns. Their numbers are permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum StateKind {
    /// The customer must act.
    Challenged = 1,
    /// A provider must answer.
    Verifying = 2,
    /// A person must decide.
    InReview = 3,
    /// The payment goes ahead in instalments.
    Accepted = 4,
    /// Credit was refused.
    Declined = 5,
    /// Paid in one go.
    PaidInFull = 6,
    /// Given up.
    Cancelled = 7,
    /// Out of time.
    Expired = 8,
}

impl StateKind {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Challenged,
        Self::Verifying,
        Self::InReview,
        Self::Accepted,
        Self::Declined,
        Self::PaidInFull,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The name in files, in the audit and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Challenged => "challenged",
            Self::Verifying => "verifying",
            Self::InReview => "in_review",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::PaidInFull => "paid_in_full",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}
