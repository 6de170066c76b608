//! Refusals as gRPC statuses with `google.rpc` details: one exhaustive match.

use super::convert::Violation;
use crate::engine::Refused;
use crate::journey::StateKind;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

/// The domain of the reasons in `ErrorInfo`.
const DOMAIN: &str = "aval.v1";

/// INVALID_ARGUMENT with every violation.
pub fn invalid(violations: Vec<Violation>) -> Status {
    let message = match violations.as_slice() {
        [one] => format!("{}: {}", one.field, one.description),
        several => format!("{} fields are missing, malformed or out of bounds; see the details", several.len()),
    };
    let fields: Vec<_> =
        (violations.into_iter()).map(|violation| FieldViolation::new(violation.field, violation.description)).collect();
    Status::with_error_details(Code::InvalidArgument, message, ErrorDetails::with_bad_request(fields))
}

/// An application without a plan.
pub fn no_plan(state: StateKind) -> Status {
    let expected = "expected one that is accepted";
    let details =
        ErrorDetails::with_precondition_failure(vec![PreconditionViolation::new("STATE", state.name(), expected)]);
    let message = format!("the application is {}: {expected}", state.name());
    Status::with_error_details(Code::FailedPrecondition, message, details)
}

/// What is not there to be had.
pub fn not_offered(why: &str) -> Status {
    let details = ErrorDetails::with_precondition_failure(vec![PreconditionViolation::new("PLAN", "plan", why)]);
    Status::with_error_details(Code::FailedPrecondition, why, details)
}

/// The status of a refusal.
pub fn refused(refused: Refused) -> Status {
    let message = refused.to_string();
    let retry = |after| ErrorDetails::with_retry_info(Some(after));
    match refused {
        Refused::Overloaded => {
            Status::with_error_details(Code::ResourceExhausted, message, retry(Duration::from_millis(100)))
        }
        Refused::Unavailable { retry_after } => {
            Status::with_error_details(Code::Unavailable, message, retry(retry_after))
        }
        Refused::DeadlineExceeded => Status::deadline_exceeded(message),
        Refused::RequestIdReused => {
            let details = ErrorDetails::with_error_info("REQUEST_ID_REUSED", DOMAIN, []);
            Status::with_error_details(Code::AlreadyExists, message, details)
        }
        Refused::NotFound => Status::not_found(message),
        Refused::Forbidden(forbidden) => {
            let state = forbidden.state.name();
            let violation = PreconditionViolation::new("STATE", state, forbidden.expected);
            let mut details = ErrorDetails::with_precondition_failure(vec![violation]);
            let Some(from) = forbidden.from else {
                return Status::with_error_details(Code::FailedPrecondition, message, details);
            };
            let wait = from.ms().saturating_sub(forbidden.at.ms()).max(0).unsigned_abs();
            details.set_retry_info(Some(Duration::from_millis(wait)));
            Status::with_error_details(Code::ResourceExhausted, message, details)
        }
        Refused::OccurredAtMissing => {
            let description = "expected a time: this server was started with --clock request".into();
            invalid(vec![Violation { field: "occurred_at".into(), description }])
        }
    }
}
