//! One errand, from the first call to what came of it.

use super::super::activity::Token;
use super::super::call::Given;
use super::super::evidence;
use super::{Heard, Outbox};
use crate::domain::applicant::Applicant;
use crate::domain::challenge::{ChallengeKind, Failure};
use crate::domain::ids::{ApplicationId, EntryId};
use crate::domain::sealed::Sealed;
use crate::features::Vector;
use crate::journey::{self, Begun, Effect, Erasure, Input};
use crate::provider::{self, Call, Denial, Handle, Progress, Provider, ProviderError, StartRequest, Started};
use crate::store::{Entry, Event};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// How long one call may take, with the repetitions that are safe.
const CALL: Duration = Duration::from_secs(15);
/// How often a provider is asked to begin before the policy's outcome for a provider that fails is taken.
const STARTS: u32 = 4;
/// The pause after the first failure; it doubles with each.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause while a customer waits.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause between two requests to forget.
const LONGEST_ERASURE_PAUSE: Duration = Duration::from_secs(3_600);
/// How often a provider that hinted at something is asked, where it fails.
const LOOKS: u32 = 3;

/// One errand.
pub(super) struct Run {
    pub outbox: Arc<Outbox>,
    pub turns: Arc<Semaphore>,
    /// Whether it is owed still.
    pub owed: Arc<AtomicBool>,
    /// Hints that there is something to see.
    pub pokes: mpsc::Receiver<Token>,
    /// While it does not sleep.
    pub token: Option<Token>,
    pub application: EntryId,
    pub effect: Effect,
    pub given: Option<Given>,
    /// Whether this is a look on a hint, and not owed.
    pub once: bool,
}

/// What an errand says, and the features of the evidence that it found.
type Said = Option<(Input, Option<Vector>)>;

impl Run {
    /// Runs it to its end. `None`: there is nothing to say.
    pub async fn run(mut self) -> Option<Heard> {
        let effect = self.effect.clone();
        let kind = effect.kind();
        let provider = self.outbox.providers.get(kind).cloned();
        let actor = provider.as_ref().map_or("engine", |provider| provider.name());
        let said = match (&effect, provider) {
            (Effect::Start { attempt, again, .. }, Some(provider)) => {
                self.start(provider.as_ref(), *attempt, kind, again.as_ref()).await
            }
            (Effect::Check { attempt, handle, .. }, Some(provider)) => {
                self.check(provider.as_ref(), *attempt, handle).await
            }
            (Effect::Poll { attempt, handle, .. }, Some(provider)) => {
                self.poll(provider.as_ref(), *attempt, handle).await
            }
            (Effect::Erase(erasure), Some(provider)) => self.erase(provider.as_ref(), erasure).await,
            (Effect::Check { attempt, .. }, None) => {
                Some((Input::CodeUnknown { attempt: *attempt, lost: false }, None))
            }
            (Effect::Start { attempt, .. } | Effect::Poll { attempt, .. }, None) => fails(*attempt, Failure::Provider),
            (Effect::Erase(_), None) => {
                tracing::error!(kind = kind.name(), "nobody is configured who could be told to forget a customer");
                None
            }
        };
        let name = effect.name();
        metrics::counter!(super::super::EFFECTS, "effect" => name, "said" => said.as_ref().map_or("nothing", |(input, _)| input.name())).increment(1);
        let (input, features) = said?;
        Some(Heard { application: self.application.seq(), input, features, actor, token: self.token.take() })
    }

    async fn start(
        &mut self,
        provider: &dyn Provider,
        attempt: u32,
        kind: ChallengeKind,
        again: Option<&Sealed>,
    ) -> Said {
        let applicant = self.applicant().await.map(|(_, applicant)| applicant).unwrap_or_default();
        let request = StartRequest {
            applicant,
            return_url: self.outbox.return_url.clone(),
            state: self.outbox.vault.return_state(&self.name(attempt)),
            again: again.and_then(|sealed| self.handle(sealed)),
        };
        let mut pause = PAUSE;
        for left in (0..STARTS).rev() {
            let turn = self.turn(attempt).await;
            // Nobody is sent a code for a journey that ended while this waited.
            if !self.owed.load(Ordering::Acquire) {
                return None;
            }
            let error = match turn.within(provider.start(&turn.call, &request)).await {
                Ok(started) => return Some((self.begun(provider, attempt, kind, started)?, None)),
                Err(error) => error,
            };
            drop(turn);
            note(provider, "start", &error);
            match failure(&error) {
                Some(failure) => return fails(attempt, failure),
                None if left == 0 => return fails(attempt, Failure::Provider),
                None => {}
            }
            self.pause(longer(&error, pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        fails(attempt, Failure::Provider)
    }

    /// `None`: nothing can be sealed, so nothing may be kept; the customer's time runs out.
    fn begun(&self, provider: &dyn Provider, attempt: u32, kind: ChallengeKind, started: Started) -> Option<Input> {
        let Started { handle, reference, action } = started;
        let begun = Begun {
            handle: self.outbox.vault.seal(&handle.0)?,
            reference: self.outbox.vault.reference(provider.name(), &reference),
            action: self.action(action)?,
        };
        Some(Input::Started { attempt, kind, begun })
    }

    fn action(&self, action: provider::Action) -> Option<journey::Action> {
        match action {
            provider::Action::EnterCode { length } => Some(journey::Action::EnterCode { length }),
            provider::Action::Redirect { url } => {
                Some(journey::Action::Redirect { url: self.outbox.vault.seal(url.as_bytes())? })
            }
        }
    }

    /// A code is compared once: where it is not known whether it was, the try is spent.
    async fn check(&mut self, provider: &dyn Provider, attempt: u32, sealed: &Sealed) -> Said {
        let unknown = |lost| Some((Input::CodeUnknown { attempt, lost }, None));
        let (Some(given), Some(handle)) = (self.given.take(), self.handle(sealed)) else { return unknown(false) };
        let turn = self.turn(attempt).await;
        match turn.within(provider.submit(&turn.call, &handle, &given)).await {
            Ok(Progress::Done(evidence)) => self.yields(attempt, evidence).await,
            Ok(Progress::Wrong) => Some((Input::CodeWrong { attempt }, None)),
            Ok(Progress::Expired) => unknown(true),
            Ok(Progress::Denied(denial)) => fails(attempt, failure_of(denial)),
            Ok(Progress::Pending { .. } | Progress::Act(_)) => unknown(false),
            Err(error) => {
                note(provider, "check", &error);
                unknown(false)
            }
        }
    }

    async fn poll(&mut self, provider: &dyn Provider, attempt: u32, sealed: &Sealed) -> Said {
        let Some(handle) = self.handle(sealed) else { return fails(attempt, Failure::Provider) };
        let (mut pause, mut failed) = (PAUSE, 0);
        loop {
            let turn = self.turn(attempt).await;
            let progress = match &self.given {
                Some(given) => turn.within(provider.submit(&turn.call, &handle, given)).await,
                None => turn.within(provider.poll(&turn.call, &handle)).await,
            };
            drop(turn);
            // It is handed over again only where the provider says that it has not been looked at.
            if !progress.as_ref().is_err_and(ProviderError::may_pass) {
                self.given = None;
            }
            let wait = match progress {
                Ok(Progress::Done(evidence)) => return self.yields(attempt, evidence).await,
                Ok(Progress::Denied(denial)) => return fails(attempt, failure_of(denial)),
                Ok(Progress::Expired) => return fails(attempt, Failure::TimedOut),
                Ok(Progress::Act(_) | Progress::Pending { .. }) if self.once => {
                    // What was hinted at while the provider was asked is looked at too; what is from now on, by another
                    // errand.
                    self.pokes.close();
                    match self.pokes.try_recv() {
                        Ok(poked) => self.token = Some(poked),
                        Err(_) => return None,
                    }
                    continue;
                }
                Ok(Progress::Act(action)) => {
                    return Some((Input::ActionAsked { attempt, action: self.action(action)? }, None));
                }
                Ok(Progress::Pending { retry_after }) => retry_after.clamp(PAUSE, LONGEST_PAUSE),
                // It is not codes that are polled for.
                Ok(Progress::Wrong) => return fails(attempt, Failure::Provider),
                Err(error) => {
                    note(provider, "poll", &error);
                    failed += 1;
                    match failure(&error) {
                        Some(_) | None if self.once && failed >= LOOKS => return None,
                        Some(failure) if !self.once => return fails(attempt, failure),
                        _ => {}
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    longer(&error, pause)
                }
            };
            self.pause(wait).await;
        }
    }

    async fn erase(&mut self, provider: &dyn Provider, erasure: &Erasure) -> Said {
        let Erasure { attempt, handle, .. } = erasure;
        let Some(handle) = self.handle(handle) else {
            tracing::error!(
                provider = provider.name(),
                "what leads to a customer's data cannot be decrypted: not erased"
            );
            return None;
        };
        let mut pause = PAUSE;
        loop {
            let turn = self.turn(*attempt).await;
            match turn.within(provider.erase(&turn.call, &handle)).await {
                Ok(()) => return Some((Input::Erased { attempt: *attempt }, None)),
                Err(error) => note(provider, "erase", &error),
            }
            drop(turn);
            self.pause(pause).await;
            pause = (pause * 2).min(LONGEST_ERASURE_PAUSE);
        }
    }

    async fn yields(&self, attempt: u32, evidence: crate::domain::evidence::Evidence) -> Said {
        // Without what was submitted nothing can be compared with it: the provider's answer is of no use.
        let Some((first, applicant)) = self.applicant().await else { return fails(attempt, Failure::Provider) };
        let Event::Submitted(submitted) = &first.event else { return fails(attempt, Failure::Provider) };
        let now = self.outbox.clock.now();
        let features = evidence::features(&evidence, &submitted.facts, &applicant, &self.outbox.generation.policy, now);
        Some((Input::Yields { attempt }, Some(features)))
    }

    /// The submission, and who was submitted.
    async fn applicant(&self) -> Option<(Entry, Applicant)> {
        let application = self.application;
        let read = self.outbox.readers.read(move |reader| reader.entry(application)).await;
        let entry = read.map_err(|error| tracing::error!(%error, "cannot read whom to verify")).ok().flatten()?;
        let applicant = entry.subject.as_ref().and_then(self.outbox.applicant_of).unwrap_or_default();
        Some((entry, applicant))
    }

    fn handle(&self, sealed: &Sealed) -> Option<Handle> {
        self.outbox.vault.open(sealed).map(Handle)
    }

    /// Our name for an attempt: the same whenever it is called for.
    fn name(&self, attempt: u32) -> String {
        attempt_name(self.application, attempt)
    }

    /// Waits for a place among those that talk to providers.
    async fn turn(&self, attempt: u32) -> Turn {
        // A semaphore that is never closed always gives one.
        let place = self.turns.clone().acquire_owned().await.ok();
        let (deadline, now) = (Instant::now() + CALL, self.outbox.clock.now());
        Turn { call: Call { attempt: self.name(attempt), deadline, now }, _place: place }
    }

    /// Waits, or goes on at once where a hint comes.
    async fn pause(&mut self, pause: Duration) {
        let Some(token) = self.token.take() else { return };
        self.token = Some(tokio::select! {
            woken = self.outbox.clock.sleep(pause, token) => woken,
            Some(poked) = self.pokes.recv() => poked,
        });
    }
}

/// One call to a provider, and the place that it takes.
struct Turn {
    call: Call,
    _place: Option<OwnedSemaphorePermit>,
}

impl Turn {
    async fn within<T>(&self, answer: provider::Answer<'_, T>) -> Result<T, ProviderError> {
        let answer = tokio::time::timeout_at(self.call.deadline.into(), answer).await;
        answer.unwrap_or_else(|_| Err(ProviderError::Indeterminate("no answer in time".into())))
    }
}

/// Our name for an attempt: 1 to 64 of a-z, 0-9 and _.
pub(in crate::engine) fn attempt_name(application: EntryId, attempt: u32) -> String {
    format!("{}_{attempt}", ApplicationId(application))
}

#[expect(clippy::unnecessary_wraps, reason = "it is what an errand says, which may be nothing")]
fn fails(attempt: u32, failure: Failure) -> Said {
    Some((Input::Fails { attempt, failure }, None))
}

/// Why a provider that answers so will yield nothing; `None`: it may, a little later.
fn failure(error: &ProviderError) -> Option<Failure> {
    match error {
        ProviderError::UserAction(_) | ProviderError::Blocked(_) => Some(Failure::NotServed),
        ProviderError::Config(_) | ProviderError::Permanent(_) | ProviderError::Malformed(_) => Some(Failure::Provider),
        ProviderError::Retryable(_)
        | ProviderError::RateLimited { .. }
        | ProviderError::Indeterminate(_)
        | ProviderError::Open => None,
    }
}

fn failure_of(denial: Denial) -> Failure {
    match denial {
        Denial::ByCustomer => Failure::GivenUp,
        Denial::TooManyTries => Failure::TooManyTries,
        Denial::NothingThere => Failure::NothingThere,
        Denial::NotServed => Failure::NotServed,
    }
}

/// The pause that a provider asks for, if it is longer.
fn longer(error: &ProviderError, pause: Duration) -> Duration {
    match error {
        ProviderError::RateLimited { after } => pause.max((*after).min(LONGEST_PAUSE)),
        _ => pause,
    }
}

fn note(provider: &dyn Provider, what: &'static str, error: &ProviderError) {
    tracing::warn!(provider = provider.name(), what, kind = error.name(), %error, "a provider did not do what it was asked");
}
