"""The client against servers that misbehave, and against the built binary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from aval.v1 import decision_pb2, types_pb2
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from aval.calls import Caller
from aval.client import Busy, Client, DeadlineExceeded, FieldViolation, Invalid, Retries, Unavailable

Handler = Callable[[Any, grpc.ServicerContext], Any]
REQUEST = decision_pb2.CancelRequest(application_id="a")


@contextmanager
def serving(handler: Handler) -> Iterator[str]:
    """A server whose Cancel is `handler`."""
    method = grpc.unary_unary_rpc_method_handler(
        handler,
        request_deserializer=decision_pb2.CancelRequest.FromString,
        response_serializer=types_pb2.Application.SerializeToString,
    )
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("aval.v1.DecisionService", {"Cancel": method}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)


class Failing:
    """Fails so often, then answers; remembers the requests."""

    def __init__(self, times: int, code: grpc.StatusCode, *details: Any) -> None:
        self.times, self.code, self.details = times, code, details
        self.seen: list[Any] = []

    def __call__(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.seen.append(request)
        if len(self.seen) <= self.times:
            packed = [any_pb2.Any() for _ in self.details]
            for each, detail in zip(packed, self.details, strict=True):
                each.Pack(detail)
            status = status_pb2.Status(code=self.code.value[0], message="no", details=packed)
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(self.code, "no")
        return types_pb2.Application(application_id=request.application_id)


def retry_info(seconds: float) -> Any:
    delay = duration_pb2.Duration()
    delay.FromNanoseconds(int(seconds * 1e9))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def test_a_call_is_made_again_under_one_request_id() -> None:
    handler = Failing(2, grpc.StatusCode.UNAVAILABLE)
    with serving(handler) as address, Client(address) as aval:
        assert aval.decisions.cancel(REQUEST).application_id == "a"
        aval.decisions.cancel(REQUEST)
    ids = [request.request_id for request in handler.seen]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert len(ids) == 4
    assert all(0 < len(each) <= 64 for each in ids)
    assert REQUEST.request_id == "", "the caller's message stays as it is"


def test_a_request_id_of_the_callers_own_is_kept() -> None:
    handler = Failing(1, grpc.StatusCode.UNAVAILABLE)
    with serving(handler) as address, Client(address) as aval:
        aval.decisions.cancel(decision_pb2.CancelRequest(application_id="a", request_id="mine"))
    assert [request.request_id for request in handler.seen] == ["mine", "mine"]


def test_the_server_says_when_to_try_again() -> None:
    handler = Failing(1, grpc.StatusCode.RESOURCE_EXHAUSTED, retry_info(0.25))
    with serving(handler) as address, Client(address) as aval:
        waits: list[float] = []
        aval.decisions._caller = recording(aval.caller, waits)
        aval.decisions.cancel(REQUEST)
    assert waits == [0.25]


def recording(caller: Caller, waits: list[float]) -> Caller:
    return Caller(caller.channel, caller.timeout, caller.retries, sleep=waits.append, chance=lambda: 1.0)


def test_waits_double_and_tries_are_bounded() -> None:
    handler = Failing(99, grpc.StatusCode.UNAVAILABLE)
    with serving(handler) as address, Client(address, retries=Retries(attempts=4, longest_wait=0.15)) as aval:
        waits: list[float] = []
        aval.decisions._caller = recording(aval.caller, waits)
        with pytest.raises(Unavailable):
            aval.decisions.cancel(REQUEST)
    assert waits == [0.05, 0.1, 0.15]
    assert len(handler.seen) == 4


def test_no_wait_goes_past_the_deadline_or_the_longest_wait() -> None:
    for seconds, timeout in ((3.0, 1.0), (30.0, 60.0)):
        handler = Failing(9, grpc.StatusCode.RESOURCE_EXHAUSTED, retry_info(seconds))
        with serving(handler) as address, Client(address, timeout=timeout) as aval, pytest.raises(Busy) as busy:
            aval.decisions.cancel(REQUEST)
        assert busy.value.retry_after == seconds
        assert len(handler.seen) == 1


def test_what_is_wrong_is_not_tried_again_and_says_what() -> None:
    violation = error_details_pb2.BadRequest.FieldViolation(field="purchase.amount", description="expected more than 0")
    handler = Failing(9, grpc.StatusCode.INVALID_ARGUMENT, error_details_pb2.BadRequest(field_violations=[violation]))
    with serving(handler) as address, Client(address) as aval, pytest.raises(Invalid) as invalid:
        aval.decisions.cancel(REQUEST)
    assert invalid.value.field_violations == (FieldViolation("purchase.amount", "expected more than 0"),)
    assert len(handler.seen) == 1


def test_a_deadline_holds() -> None:
    def slow(_: Any, context: grpc.ServicerContext) -> Any:
        import time

        time.sleep(0.6)
        return types_pb2.Application()

    with serving(slow) as address, Client(address) as aval, pytest.raises(DeadlineExceeded):
        aval.decisions.cancel(REQUEST, timeout=0.1)
