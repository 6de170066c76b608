//! Points in time, to the millisecond. Nothing here asks what time it is: time arrives inside events.

use super::Invalid;
use std::fmt;

/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// Milliseconds in a day of 24 hours.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, without leap seconds, up to 9999-12-30.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The latest time that can be written: 9999-12-30T21:59:59.999Z.
    pub const MAX_MS: i64 = 253_402_207_199_999;

    /// From milliseconds since the epoch; the times before it and after the year 9999 are refused.
    pub fn from_ms(ms: i64) -> Result<Self, Invalid> {
        if (0..=Self::MAX_MS).contains(&ms) {
            Ok(Self(ms))
        } else {
            Err(Invalid::expected("a time from 1970-01-01 to 9999-12-30"))
        }
    }

    /// Parses RFC 3339, such as `2026-11-20T08:30:00Z`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let at: jiff::Timestamp =
            text.parse().map_err(|_| Invalid::expected("a time as in RFC 3339, such as 2026-11-20T08:30:00Z"))?;
        Self::from_ms(at.as_millisecond())
    }

    /// Milliseconds since the epoch.
    pub fn ms(self) -> i64 {
        self.0
    }

    /// This time moved by `ms` milliseconds, kept inside the range that can be written.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms).clamp(0, Self::MAX_MS))
    }

    /// The same point for calendar arithmetic.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_jiff())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_rfc_3339() {
        let at = Timestamp::parse("2018-07-25T00:00:01.5Z").unwrap();
        assert_eq!(at.to_string(), "2018-07-25T00:00:01.5Z");
        assert_eq!(Timestamp::parse("2018-07-25T02:00:01.5+02:00"), Ok(at));
    }

    #[test]
    fn refuses_times_that_cannot_be_written() {
        assert!(Timestamp::from_ms(-1).is_err());
        assert!(Timestamp::from_ms(Timestamp::MAX_MS + 1).is_err());
        assert!(Timestamp::parse("yesterday").is_err());
        assert_eq!(Timestamp::from_ms(Timestamp::MAX_MS).unwrap().to_string(), "9999-12-30T21:59:59.999Z");
        assert_eq!(Timestamp::default().plus_ms(-1), Timestamp::default());
    }
}
