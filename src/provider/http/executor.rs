//! How every call to a provider is made: in time, not too many at once, again where that is safe, and not at all while the
//! breaker is open.
//!
//! Measured: [`CALL_SECONDS`], a histogram of each try by `provider`, `call` and `result` (`ok`, or the name of a
//! [`ProviderError`]), and [`BREAKER_OPEN`], a gauge by `provider`. The log has one line for each try at level `debug`,
//! which holds neither secrets nor anything of the customer's.

use super::breaker::{self, Breaker, State};
use super::{Request, Response, Retry, Transport, TransportError};
use crate::provider::{Call, ProviderError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long one try takes, in seconds, by `provider`, `call` and `result`.
pub const CALL_SECONDS: &str = "aval_provider_seconds";
/// Whether a provider is left alone, by `provider`: 1 or 0.
pub const BREAKER_OPEN: &str = "aval_provider_breaker_open";

/// Whether a request may be sent again when nobody knows what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safe {
    /// Sent twice it does no more than sent once.
    Yes,
    /// It is sent once. What is not known to have failed is [`ProviderError::Indeterminate`].
    No,
}

/// What calls to one provider are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long one try may take.
    pub timeout: Duration,
    /// How many may be under way; more wait.
    pub at_once: usize,
    /// When they are tried again.
    pub retry: Retry,
    /// When the provider is left alone.
    pub breaker: breaker::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        let (retry, breaker) = (Retry::default(), breaker::Limits::default());
        Self { timeout: Duration::from_secs(10), at_once: 64, retry, breaker }
    }
}

/// What makes the calls to one provider.
pub struct Executor {
    provider: &'static str,
    transport: Arc<dyn Transport>,
    limits: Limits,
    places: Semaphore,
    breaker: Mutex<Breaker>,
}

impl Executor {
    /// For the provider of this name.
    pub fn new(provider: &'static str, transport: Arc<dyn Transport>, limits: Limits) -> Self {
        let places = Semaphore::new(limits.at_once.clamp(1, Semaphore::MAX_PERMITS));
        Self { provider, transport, limits, places, breaker: Mutex::new(Breaker::new(limits.breaker)) }
    }

    /// Makes the call `name`, which `interpret` reads the answer of.
    pub async fn run<T>(
        &self,
        call: &Call,
        name: &'static str,
        safe: Safe,
        request: &Request,
        interpret: impl Fn(&Response) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let (begun, mut tries) = (Instant::now(), 0);
        loop {
            let started = Instant::now();
            let result = self.once(call, begun, safe, request, &interpret).await;
            tries += 1;
            self.tell(name, tries, started.elapsed(), result.as_ref().err());
            let error = match result {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match self.limits.retry.pause(tries, &error, chance()) {
                Some(pause) if safe == Safe::Yes && pause < left(call) => self.transport.pause(pause).await,
                _ => return Err(error),
            }
        }
    }

    async fn once<T>(
        &self,
        call: &Call,
        begun: Instant,
        safe: Safe,
        request: &Request,
        interpret: &impl Fn(&Response) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let now = || call.now.plus_ms(i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX));
        if !self.breaker(|breaker| breaker.admits(now())) {
            return Err(ProviderError::Open);
        }
        let Ok(Ok(_place)) = tokio::time::timeout(left(call), self.places.acquire()).await else {
            return Err(ProviderError::Retryable("too many calls to it are under way".into()));
        };
        let timeout = self.limits.timeout.min(left(call));
        if timeout.is_zero() {
            return Err(ProviderError::Retryable("no time is left".into()));
        }
        let sent = self.transport.send(request, timeout).await;
        match &sent {
            // A caller in a hurry says nothing about the provider.
            Err(TransportError::Timeout) if timeout < self.limits.timeout => {}
            Ok(response) if response.status < 500 => self.breaker(Breaker::answered),
            _ => self.breaker(|breaker| breaker.failed(now())),
        }
        let response = sent.map_err(|error| lost(error, safe))?;
        interpret(&response).map_err(|error| match error {
            // Refused for want of room is refused; any other failure of a server may have come after the work.
            ProviderError::Retryable(why) if safe == Safe::No && response.status >= 500 && response.status != 503 => {
                ProviderError::Indeterminate(why)
            }
            other => other,
        })
    }

    /// Has the breaker do something; tells when it opens and closes.
    fn breaker<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        let before = is_open(&breaker);
        let result = act(&mut breaker);
        let after = is_open(&breaker);
        drop(breaker);
        if before != after {
            metrics::gauge!(BREAKER_OPEN, "provider" => self.provider).set(f64::from(u8::from(after)));
            tracing::warn!(provider = self.provider, open = after, "a provider's breaker");
        }
        result
    }

    fn tell(&self, call: &'static str, tries: u32, took: Duration, error: Option<&ProviderError>) {
        let result = error.map_or("ok", ProviderError::name);
        let provider = self.provider;
        metrics::histogram!(CALL_SECONDS, "provider" => provider, "call" => call, "result" => result).record(took);
        tracing::debug!(provider, call, tries, ms = took.as_millis() as u64, result, "a call to a provider");
    }
}

fn is_open(breaker: &Breaker) -> bool {
    !matches!(breaker.state(), State::Closed { .. })
}

/// The time that is left for a call.
fn left(call: &Call) -> Duration {
    call.deadline.saturating_duration_since(Instant::now())
}

/// What it means that no answer came.
fn lost(error: TransportError, safe: Safe) -> ProviderError {
    match (error, safe) {
        (TransportError::Unsendable, _) => ProviderError::Config(error.to_string()),
        (TransportError::TooLarge, _) => ProviderError::Malformed(error.to_string()),
        (TransportError::Unreached, _) | (_, Safe::Yes) => ProviderError::Retryable(error.to_string()),
        (_, Safe::No) => ProviderError::Indeterminate(error.to_string()),
    }
}

/// Something that callers do not have in common. Without random numbers they come back at the same time: no harm.
fn chance() -> u8 {
    let mut byte = [0];
    getrandom::fill(&mut byte).map_or(u8::MAX, |()| byte[0])
}

#[cfg(test)]
mod tests;
