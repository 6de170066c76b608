//! The caller's deadline, from the `grpc-timeout` header.

use crate::engine::Deadlines;
use std::time::{Duration, Instant};
use tonic::metadata::MetadataMap;

/// An answer that leaves this much before the deadline can still arrive in time; tonic's own timer, which would say
/// CANCELLED, then never comes first.
const MARGIN: Duration = Duration::from_millis(1);

/// Until when the call is to be answered: as the caller asks, within the server's bounds.
pub fn of(metadata: &MetadataMap, deadlines: Deadlines) -> Instant {
    let asked = metadata.get("grpc-timeout").and_then(|value| parse(value.to_str().ok()?));
    Instant::now() + asked.unwrap_or(deadlines.default).min(deadlines.longest).saturating_sub(MARGIN)
}

/// Parses `TimeoutValue TimeoutUnit` of the gRPC protocol over HTTP/2: at most 8 digits, then one of `H M S m u n`.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3_600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_by_the_protocol() {
        for (text, expected) in [
            ("100m", Some(Duration::from_millis(100))),
            ("2S", Some(Duration::from_secs(2))),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3_600))),
            ("100", None),
            ("S", None),
            ("", None),
            ("123456789m", None),
            ("-1S", None),
            ("1é", None),
        ] {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }
}
