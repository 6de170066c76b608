//! What is still to be done outside. It follows from the state alone, so it is the same after a crash, and what has been
//! done already is done again under the same name: the attempt's.

use super::state::{Phase, State, Verifier};
use super::{Erasure, Journey};
use crate::domain::challenge::ChallengeKind;
use crate::domain::sealed::Sealed;

/// One thing to do outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Have a provider begin a challenge, or send another code for it.
    Start {
        /// Which attempt.
        attempt: u32,
        /// What is verified.
        kind: ChallengeKind,
        /// What leads to it, where it was begun before.
        again: Option<Sealed>,
    },
    /// Have a provider compare a code.
    Check {
        /// Which attempt.
        attempt: u32,
        /// What is verified.
        kind: ChallengeKind,
        /// What leads to it.
        handle: Sealed,
    },
    /// Ask a provider what it found.
    Poll {
        /// Which attempt.
        attempt: u32,
        /// What is verified.
        kind: ChallengeKind,
        /// What leads to it.
        handle: Sealed,
    },
    /// Have a provider forget the customer.
    Erase(Erasure),
}

impl Effect {
    /// Which attempt it is about.
    pub fn attempt(&self) -> u32 {
        match self {
            Self::Start { attempt, .. } | Self::Check { attempt, .. } | Self::Poll { attempt, .. } => *attempt,
            Self::Erase(erasure) => erasure.attempt,
        }
    }

    /// What is verified.
    pub fn kind(&self) -> ChallengeKind {
        match self {
            Self::Start { kind, .. } | Self::Check { kind, .. } | Self::Poll { kind, .. } => *kind,
            Self::Erase(erasure) => erasure.kind,
        }
    }

    /// The name in metrics and in scenarios.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Check { .. } => "check",
            Self::Poll { .. } => "poll",
            Self::Erase(_) => "erase",
        }
    }
}

impl Journey {
    /// What is to be done outside.
    pub fn effects(&self) -> Vec<Effect> {
        let of_state = match &self.state {
            State::Challenged { attempt, phase: Phase::Starting, .. } => Some(Effect::Start {
                attempt: attempt.number,
                kind: attempt.kind,
                again: attempt.begun.as_ref().map(|begun| begun.handle.clone()),
            }),
            State::Verifying { attempt, by, .. } => attempt.begun.as_ref().map(|begun| {
                let (attempt, kind, handle) = (attempt.number, attempt.kind, begun.handle.clone());
                match by {
                    Verifier::Code => Effect::Check { attempt, kind, handle },
                    Verifier::Provider => Effect::Poll { attempt, kind, handle },
                }
            }),
            _ => None,
        };
        of_state.into_iter().chain(self.erasures.iter().cloned().map(Effect::Erase)).collect()
    }
}
