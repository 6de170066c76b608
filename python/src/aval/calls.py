"""How every call is made: with a deadline, again where the server says when, and never twice by accident."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from .errors import AvalError, error_of

Response = TypeVar("Response", bound=Message)


@dataclass(frozen=True)
class Retries:
    """When a call is made again: only after UNAVAILABLE, or where the server says when (`RetryInfo`)."""

    #: How often a call is made at most, the first time too.
    attempts: int = 5
    #: The wait before the second try where the server says none, in seconds; it doubles.
    first_wait: float = 0.05
    #: The longest wait, in seconds. A server that wants a longer one is not asked again.
    longest_wait: float = 5.0


@dataclass(frozen=True)
class Caller:
    """A channel with what every call on it has in common. `sleep` and `now` are in seconds."""

    channel: grpc.Channel
    timeout: float
    retries: Retries
    metadata: tuple[tuple[str, str], ...] = ()
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def call(self, path: str, request: Message, response: type[Response], timeout: float | None) -> Response:
        """One call, made again while that may help and the deadline allows.

        A request that has a `request_id` and leaves it empty gets one, the same for every try: the server answers a
        repeated one with its first answer, so that a call counts once however often it is made.
        """
        request = named(request)
        method = self.channel.unary_unary(
            path, request_serializer=type(request).SerializeToString, response_deserializer=response.FromString
        )
        ends = self.now() + (self.timeout if timeout is None else timeout)
        for attempt in range(1, self.retries.attempts + 1):
            left = ends - self.now()
            try:
                answer: Response = method(request, timeout=max(left, 0.001), metadata=self.metadata)
                return answer
            except grpc.RpcError as failure:
                error = error_of(failure)
                wait = self.wait(error, attempt)
                if wait is None or attempt == self.retries.attempts or self.now() + wait >= ends:
                    raise error from failure
                self.sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def stream(
        self, path: str, request: Message, response: type[Response], timeout: float | None
    ) -> Iterator[Response]:
        """One call with many answers. It is not made again: the caller knows what it has seen."""
        method = self.channel.unary_stream(
            path, request_serializer=type(request).SerializeToString, response_deserializer=response.FromString
        )
        try:
            yield from method(request, timeout=timeout, metadata=self.metadata)
        except grpc.RpcError as failure:
            raise error_of(failure) from failure

    def wait(self, error: AvalError, attempt: int) -> float | None:
        """How long to wait before the next try, in seconds; `None`: there is none."""
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= self.retries.longest_wait else None
        if error.code is not grpc.StatusCode.UNAVAILABLE:
            return None
        backoff = min(self.retries.first_wait * 2.0 ** (attempt - 1), self.retries.longest_wait)
        return backoff * (0.5 + self.chance() / 2.0)


class Service:
    """What the generated services have in common."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def _call(self, path: str, request: Message, response: type[Response], timeout: float | None) -> Response:
        return self._caller.call(path, request, response, timeout)

    def _stream(
        self, path: str, request: Message, response: type[Response], timeout: float | None
    ) -> Iterator[Response]:
        return self._caller.stream(path, request, response, timeout)


Request = TypeVar("Request", bound=Message)


def named(request: Request) -> Request:
    """A copy of a request with a `request_id`, if it has such a field and leaves it empty."""
    copy = type(request)()
    copy.CopyFrom(request)
    if "request_id" in request.DESCRIPTOR.fields_by_name and not getattr(copy, "request_id", ""):
        copy.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]
    return copy
