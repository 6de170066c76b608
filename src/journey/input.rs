//! What comes in, and what it means in each state.

use super::state::{Action, Begun, Collection, Party, Phase, Reviewer, State, StateKind, Verifier};
use super::{Event, Journey, after, bank_history, sms_code};
use crate::domain::challenge::{ChallengeKind, Failure};
use crate::domain::time::Timestamp;
use crate::plan;

/// What comes in from outside. `attempt` names the challenge that it is about: one that is over is not answered any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The customer entered a code.
    EnterCode,
    /// The customer wants another code.
    ResendCode,
    /// The customer consents to the bank history being read, in the words of this version.
    GrantConsent {
        /// The version of the text.
        text_version: Box<str>,
    },
    /// The customer does not consent.
    RefuseConsent,
    /// The customer came back from a provider's page.
    Return {
        /// Whose page it was.
        attempt: u32,
    },
    /// The customer pays the whole amount at once.
    PayInFull,
    /// The gateway has the whole amount.
    ReportCollected {
        /// The gateway's name for the payment.
        reference: Option<Box<str>>,
    },
    /// The gateway could not collect the whole amount.
    ReportNotCollected {
        /// How long it may be tried again, in seconds.
        offer_ttl_seconds: u32,
    },
    /// Something about the accepted plan.
    Plan(plan::Input),
    /// Somebody gives up.
    Cancel {
        /// Who.
        by: Party,
    },
    /// The customer asks for a person's review.
    RequestReview,
    /// The customer states their view.
    GiveStatement,
    /// A person has decided.
    ResolveReview {
        /// Whether the purchase may be paid in instalments.
        granted: bool,
    },
    /// The provider has begun.
    Started {
        /// Which attempt.
        attempt: u32,
        /// What it began.
        begun: Begun,
        /// What is verified.
        kind: ChallengeKind,
    },
    /// The code was wrong.
    CodeWrong {
        /// Which attempt.
        attempt: u32,
    },
    /// Whether the code was right cannot be known.
    CodeUnknown {
        /// Which attempt.
        attempt: u32,
        /// Whether the provider has lost the code, so that another must be sent.
        lost: bool,
    },
    /// The provider asks the customer for something more.
    ActionAsked {
        /// Which attempt.
        attempt: u32,
        /// What.
        action: Action,
    },
    /// There is evidence.
    Yields {
        /// Which attempt.
        attempt: u32,
    },
    /// There will be no evidence.
    Fails {
        /// Which attempt.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// The provider has forgotten.
    Erased {
        /// Which attempt.
        attempt: u32,
    },
    /// Time has passed.
    Time,
}

impl Input {
    /// The name in metrics and in tests.
    pub fn name(&self) -> &'static str {
        match self {
            Self::EnterCode => "enter_code",
            Self::ResendCode => "resend_code",
            Self::GrantConsent { .. } => "grant_consent",
            Self::RefuseConsent => "refuse_consent",
            Self::Return { .. } => "return",
            Self::PayInFull => "pay_in_full",
            Self::ReportCollected { .. } => "report_collected",
            Self::ReportNotCollected { .. } => "report_not_collected",
            Self::Plan(input) => input.name(),
            Self::Cancel { .. } => "cancel",
            Self::RequestReview => "request_review",
            Self::GiveStatement => "give_statement",
            Self::ResolveReview { .. } => "resolve_review",
            Self::Started { .. } => "started",
            Self::CodeWrong { .. } => "code_wrong",
            Self::CodeUnknown { .. } => "code_unknown",
            Self::ActionAsked { .. } => "action_asked",
            Self::Yields { .. } => "yields",
            Self::Fails { .. } => "fails",
            Self::Erased { .. } => "erased",
            Self::Time => "time",
        }
    }
}

/// What an input means.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// It is late, or repeated, and changes nothing.
    Nothing,
    /// This happens.
    Happens(Event),
    /// A decision is due.
    Decide(Occasion),
}

/// Why a decision is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A challenge has yielded evidence.
    Evidence {
        /// Which attempt.
        attempt: u32,
        /// Of which kind.
        kind: ChallengeKind,
    },
    /// A challenge has ended without.
    Failure {
        /// Which attempt.
        attempt: u32,
        /// Of which kind.
        kind: ChallengeKind,
        /// Why.
        failure: Failure,
    },
    /// A person has decided.
    Review {
        /// Whether the purchase may be paid in instalments.
        granted: bool,
    },
}

/// A command that the state forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the application is {}: {expected}", state.name())]
pub struct Forbidden {
    /// The state.
    pub state: StateKind,
    /// In which state it would have been possible.
    pub expected: &'static str,
    /// When it was asked for.
    pub at: Timestamp,
    /// From when on it is possible, where only the time is missing.
    pub from: Option<Timestamp>,
}

impl Forbidden {
    pub(super) fn new(state: &State, expected: &'static str, at: Timestamp) -> Self {
        Self { state: state.kind(), expected, at, from: None }
    }
}

/// Says what an input means at a time. Times that are over are to be heard first, as [`Input::Time`].
pub fn receive(journey: &Journey, input: Input, at: Timestamp) -> Result<Received, Forbidden> {
    let state = &journey.state;
    let forbid = |expected| Err(Forbidden::new(state, expected, at));
    let happens = |event| Ok(Received::Happens(event));
    match input {
        Input::EnterCode => sms_code::entered(state, at),
        Input::ResendCode => sms_code::asked_again(state, at),
        Input::GrantConsent { text_version } => bank_history::granted(state, text_version, at),
        Input::RefuseConsent => bank_history::refused(state, at),
        Input::Return { attempt: number } => match state {
            State::Challenged { attempt, .. } | State::Verifying { attempt, .. } if attempt.number != number => {
                forbid("the customer came back from the page of an attempt that is over")
            }
            State::Challenged { attempt, phase: Phase::ActionNeeded, .. } if attempt.kind != ChallengeKind::SmsCode => {
                happens(Event::Returned { attempt: attempt.number })
            }
            State::Verifying { attempt, by: Verifier::Provider, .. } => {
                happens(Event::Returned { attempt: attempt.number })
            }
            _ => forbid("expected one whose customer is on a provider's page"),
        },
        Input::PayInFull => match state.offer_until() {
            Some(until) if at < until => happens(Event::PaidInFull),
            Some(_) => forbid("the offer to pay in one go has ended"),
            None => forbid("expected one that is not settled, or declined"),
        },
        Input::ReportCollected { reference } => match state {
            State::PaidInFull { collection: Collection::Awaited | Collection::Failed { .. } } => {
                happens(Event::Collected { reference })
            }
            State::PaidInFull { collection: Collection::Collected } => forbid("the payment has been reported before"),
            State::Accepted { .. } => forbid("expected the number of the instalment that was paid"),
            _ => forbid("expected one that is paid in one go, or accepted"),
        },
        Input::ReportNotCollected { offer_ttl_seconds } => match state {
            State::PaidInFull { collection: Collection::Awaited } => {
                happens(Event::NotCollected { offer_until: after(at, offer_ttl_seconds) })
            }
            State::PaidInFull { .. } => forbid("the payment has been reported before"),
            State::Accepted { .. } => forbid("expected the number of the instalment that was not paid"),
            _ => forbid("expected one that is paid in one go, or accepted"),
        },
        Input::Plan(input) => match state {
            State::Accepted { account } => match plan::receive(account, input, at) {
                Ok(event) => happens(Event::Plan(event)),
                Err(expected) => forbid(expected),
            },
            _ => forbid("expected one that is accepted"),
        },
        Input::Cancel { by } => match state {
            // After a decline there is something to give up as long as a window is open.
            State::Declined { offer_until, review_until } if at >= *offer_until.max(review_until) => {
                forbid("expected one that is not settled")
            }
            State::Declined { .. } => happens(Event::Cancelled { by }),
            _ if state.offer_until().is_some_and(|until| at < until) => happens(Event::Cancelled { by }),
            _ => forbid("expected one that is not settled"),
        },
        Input::RequestReview => match state {
            State::Declined { review_until, .. } if at < *review_until => {
                happens(Event::ReviewRequested { until: *review_until })
            }
            State::Declined { .. } => forbid("the time to ask for a review has ended"),
            _ => forbid("expected one that is declined"),
        },
        Input::GiveStatement => match state {
            State::InReview { .. } => happens(Event::StatementGiven),
            State::Declined { review_until, .. } if at < *review_until => happens(Event::StatementGiven),
            _ => forbid("expected one that is declined or in review"),
        },
        Input::ResolveReview { granted } => match state {
            State::InReview { .. } => Ok(Received::Decide(Occasion::Review { granted })),
            _ => forbid("expected one that is in review"),
        },
        Input::Time => Ok(time(state, at)),
        answer => Ok(answered(journey, answer)),
    }
}

/// What a provider's answer means: nothing where it is about a challenge that is over, or has been heard before.
fn answered(journey: &Journey, input: Input) -> Received {
    let state = &journey.state;
    let current = |number: u32| state.attempt().filter(|attempt| attempt.number == number);
    match input {
        // What began too late is to be erased, unless it has been.
        Input::Started { attempt, begun, kind } => match (current(attempt), state) {
            (Some(_), State::Challenged { phase: Phase::Starting, .. }) => {
                Received::Happens(Event::Started { attempt, kind, begun })
            }
            (Some(_), _) => Received::Nothing,
            (None, _) if journey.erasures.iter().any(|erasure| erasure.attempt == attempt) => Received::Nothing,
            (None, _) => Received::Happens(Event::Started { attempt, kind, begun }),
        },
        Input::CodeWrong { attempt } => sms_code::wrong(state, attempt),
        Input::CodeUnknown { attempt, lost } => sms_code::unknown(state, attempt, lost),
        Input::ActionAsked { attempt, action } => match (current(attempt), state) {
            (Some(_), State::Verifying { by: Verifier::Provider, .. }) => {
                Received::Happens(Event::ActionAsked { attempt, action })
            }
            _ => Received::Nothing,
        },
        Input::Yields { attempt } => match (current(attempt), state) {
            // The evidence may come before the customer comes back.
            (Some(found), State::Verifying { .. } | State::Challenged { phase: Phase::ActionNeeded, .. }) => {
                Received::Decide(Occasion::Evidence { attempt, kind: found.kind })
            }
            _ => Received::Nothing,
        },
        Input::Fails { attempt, failure } => match (current(attempt), state) {
            // Nobody has been asked yet.
            (Some(_), State::Challenged { phase: Phase::ConsentNeeded, .. }) => Received::Nothing,
            // A code that has been sent can be entered, whatever became of sending it once more.
            (Some(found), State::Challenged { phase: Phase::ActionNeeded, .. })
                if found.kind == ChallengeKind::SmsCode =>
            {
                Received::Nothing
            }
            (Some(found), _) => Received::Decide(Occasion::Failure { attempt, kind: found.kind, failure }),
            (None, _) => Received::Nothing,
        },
        Input::Erased { attempt } if journey.erasures.iter().any(|erasure| erasure.attempt == attempt) => {
            Received::Happens(Event::Erased { attempt })
        }
        _ => Received::Nothing,
    }
}

fn time(state: &State, at: Timestamp) -> Received {
    match state {
        State::Challenged { open, .. } | State::Verifying { open, .. } if at >= open.expires_at => {
            Received::Happens(Event::Expired)
        }
        State::Challenged { attempt, .. } if at >= attempt.deadline => Received::Decide(Occasion::Failure {
            attempt: attempt.number,
            kind: attempt.kind,
            // Where the provider never began, the customer had nothing to do.
            failure: match (state, &attempt.begun) {
                (State::Challenged { phase: Phase::Starting, .. }, None) => Failure::Provider,
                _ => Failure::TimedOut,
            },
        }),
        State::Verifying { attempt, .. } if at >= attempt.deadline => Received::Decide(Occasion::Failure {
            attempt: attempt.number,
            kind: attempt.kind,
            failure: Failure::Provider,
        }),
        State::InReview { expires_at: until, .. }
        | State::PaidInFull { collection: Collection::Failed { offer_until: until } }
            if at >= *until =>
        {
            Received::Happens(Event::Expired)
        }
        State::Accepted { account } => {
            plan::time(account, at).map_or(Received::Nothing, |event| Received::Happens(Event::Plan(event)))
        }
        _ => Received::Nothing,
    }
}

impl Reviewer {
    /// The name in scenarios and in the audit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Customer => "customer",
        }
    }
}
