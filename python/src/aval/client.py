"""A typed client: every service of aval.v1 on one channel.

    with Client("127.0.0.1:50051", api_key=key) as aval:
        application = aval.decisions.decide(decision_pb2.DecideRequest(...))

Calls have a deadline, are made again where that helps, and count once: see `aval.calls`. Failures are `AvalError`s.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import grpc

from .calls import Caller, Retries
from .errors import (
    AvalError,
    Busy,
    DeadlineExceeded,
    FieldViolation,
    Invalid,
    NotAllowed,
    NotFound,
    Refused,
    RequestIdReused,
    Unavailable,
)
from .v1 import services

__all__ = [
    "AvalError",
    "Busy",
    "Client",
    "DeadlineExceeded",
    "FieldViolation",
    "Invalid",
    "NotAllowed",
    "NotFound",
    "Refused",
    "RequestIdReused",
    "Retries",
    "Unavailable",
]


class Client:
    """The services of one server. `address` is `host:port`; `timeout` is a call's deadline in seconds.

    Without `credentials` the channel is in the clear: for a server on this machine.
    """

    def __init__(
        self,
        address: str,
        *,
        api_key: str | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        timeout: float = 10.0,
        retries: Retries | None = None,
    ) -> None:
        # The channel's own retries are off: `Caller` knows what the server says, and how often is enough.
        options = [("grpc.enable_retries", 0)]
        self._channel = (
            grpc.insecure_channel(address, options)
            if credentials is None
            else grpc.secure_channel(address, credentials, options)
        )
        metadata = (("authorization", f"Bearer {api_key}"),) if api_key else ()
        self.caller = Caller(self._channel, timeout, retries or Retries(), metadata)
        self.decisions = services.DecisionService(self.caller)
        self.plans = services.PlanService(self.caller)
        self.reviews = services.ReviewService(self.caller)
        self.verifications = services.VerificationService(self.caller)

    def close(self) -> None:
        """Ends the channel and whatever is under way on it."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
