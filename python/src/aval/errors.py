"""What a server refuses, as exceptions with its details: which fields, what stands against it, when to try again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2


@dataclass(frozen=True)
class FieldViolation:
    """One field that is missing, malformed or out of bounds."""

    field: str
    description: str


class AvalError(Exception):
    """A call that failed. `retry_after`, in seconds, is what the server says of trying again."""

    def __init__(
        self, code: grpc.StatusCode, message: str, retry_after: float | None = None, reason: str | None = None
    ) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.reason = reason
        self.field_violations: tuple[FieldViolation, ...] = ()
        #: What stands against the call where a precondition failed: kind, subject and description.
        self.preconditions: tuple[tuple[str, str, str], ...] = ()


class Invalid(AvalError):
    """Fields are wrong: every one is in `field_violations`."""


class NotFound(AvalError):
    """There is no such thing, or it is another merchant's."""


class NotAllowed(AvalError):
    """The credential is missing, unknown, or of another role."""


class Refused(AvalError):
    """Not in this state: `preconditions` says what stands against it."""


class RequestIdReused(AvalError):
    """The request_id stands for a call with another content."""


class Busy(AvalError):
    """Too much at once, or too early: try again after `retry_after`."""


class Unavailable(AvalError):
    """The server cannot be reached, or cannot answer now."""


class DeadlineExceeded(AvalError):
    """No answer in time. Whether the call counted is unknown: the same request_id finds out."""


_KINDS: dict[grpc.StatusCode, type[AvalError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: Invalid,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.UNAUTHENTICATED: NotAllowed,
    grpc.StatusCode.PERMISSION_DENIED: NotAllowed,
    grpc.StatusCode.FAILED_PRECONDITION: Refused,
    grpc.StatusCode.ALREADY_EXISTS: RequestIdReused,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Busy,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}


def error_of(failure: Any) -> AvalError:
    """The exception for a failed call, with the details of its `google.rpc.Status`."""
    code = failure.code()
    retry_after, reason = None, None
    violations: list[FieldViolation] = []
    preconditions: list[tuple[str, str, str]] = []
    for detail in _details(failure):
        if detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            info = error_details_pb2.RetryInfo.FromString(detail.value)
            retry_after = info.retry_delay.seconds + info.retry_delay.nanos / 1e9
        elif detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            reason = error_details_pb2.ErrorInfo.FromString(detail.value).reason
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            fields = error_details_pb2.BadRequest.FromString(detail.value).field_violations
            violations += [FieldViolation(each.field, each.description) for each in fields]
        elif detail.Is(error_details_pb2.PreconditionFailure.DESCRIPTOR):
            failed = error_details_pb2.PreconditionFailure.FromString(detail.value).violations
            preconditions += [(each.type, each.subject, each.description) for each in failed]
    error = _KINDS.get(code, AvalError)(code, failure.details() or "", retry_after, reason)
    error.field_violations, error.preconditions = tuple(violations), tuple(preconditions)
    return error


def _details(failure: Any) -> list[Any]:
    for key, value in failure.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return list(status_pb2.Status.FromString(value).details)
    return []
