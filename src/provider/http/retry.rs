//! When a request is sent again: twice as long after each failure, a part of it by chance, and never before the provider
//! says so.

use super::Response;
use crate::provider::ProviderError;
use std::time::Duration;

/// How often a request that may be repeated is sent, and how long is waited in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often it is sent at most, the first time too.
    pub tries: u32,
    /// The pause after the first failure.
    pub first: Duration,
    /// The longest pause. A provider that asks for a longer one is not waited for.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 3, first: Duration::from_millis(200), longest: Duration::from_secs(5) }
    }
}

impl Retry {
    /// How long to wait after `tries` tries, the last of which ended so; `None`: it is not sent again. `chance` spreads
    /// the pauses between half and the whole, so that callers do not come back all at once.
    pub fn pause(&self, tries: u32, error: &ProviderError, chance: u8) -> Option<Duration> {
        if tries >= self.tries {
            return None;
        }
        let doubled = self.first.saturating_mul(1 << tries.saturating_sub(1).min(16)).min(self.longest);
        let spread = doubled / 2 + doubled * u32::from(chance) / 510;
        match error {
            ProviderError::Retryable(_) => Some(spread),
            ProviderError::RateLimited { after } => Some(spread.max(*after)).filter(|pause| *pause <= self.longest),
            _ => None,
        }
    }
}

/// How long the provider asks to be left alone: a number of seconds, or a date, which is taken against the answer's own.
pub fn after(response: &Response) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let wait = date(text)?.as_second() - date(response.header("date")?)?.as_second();
    u64::try_from(wait).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_are_spread_and_end() {
        let retry = Retry { tries: 4, first: Duration::from_millis(100), longest: Duration::from_millis(300) };
        let retryable = ProviderError::Retryable(String::new());
        let limited = |ms| ProviderError::RateLimited { after: Duration::from_millis(ms) };
        for (tries, error, chance, expected) in [
            (1, &retryable, 255, Some(100)),
            (1, &retryable, 0, Some(50)),
            (2, &retryable, 255, Some(200)),
            (3, &retryable, 255, Some(300)),
            (4, &retryable, 255, None),
            (1, &limited(10), 255, Some(100)),
            (1, &limited(290), 255, Some(290)),
            (1, &limited(301), 255, None),
            (1, &ProviderError::Indeterminate(String::new()), 0, None),
            (1, &ProviderError::Open, 0, None),
            (1, &ProviderError::Config(String::new()), 0, None),
        ] {
            let pause = retry.pause(tries, error, chance).map(|pause| pause.as_millis());
            assert_eq!(pause, expected, "{tries} tries, {error:?}, {chance}");
        }
    }

    #[test]
    fn the_provider_says_when() {
        let at = |headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            after(&Response { status: 429, headers, body: Vec::new() }).map(|after| after.as_secs())
        };
        assert_eq!(at(&[("retry-after", "120")]), Some(120));
        let date = ("date", "Fri, 20 Nov 2026 08:30:00 GMT");
        assert_eq!(at(&[date, ("retry-after", "Fri, 20 Nov 2026 08:30:09 GMT")]), Some(9));
        assert_eq!(at(&[date, ("retry-after", "Fri, 20 Nov 2026 08:29:00 GMT")]), None);
        assert_eq!(at(&[("retry-after", "Fri, 20 Nov 2026 08:30:09 GMT")]), None);
        assert_eq!(at(&[("retry-after", "soon")]), None);
        assert_eq!(at(&[]), None);
    }
}
