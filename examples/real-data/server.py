"""Starts aval and talks to it."""

import asyncio
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time

import grpc
from aval.v1 import decision_pb2_grpc

AVAL = os.environ["AVAL"]
ROOT = pathlib.Path(__file__).resolve().parents[2]


def aval(*arguments: str) -> str:
    """Runs a command of aval and returns what it prints."""
    done = subprocess.run([AVAL, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    if done.returncode != 0:
        raise SystemExit(f"aval {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(*arguments: str):
    """A running server; yields its address. It is stopped as an operator stops it: by SIGTERM."""
    grpc_port, http_port = free_port(), free_port()
    address = f"127.0.0.1:{grpc_port}"
    environment = {**os.environ, "AVAL_GRPC_ADDR": address, "AVAL_HTTP_ADDR": f"127.0.0.1:{http_port}"}
    environment["AVAL_LOG"] = "error"
    server = subprocess.Popen([AVAL, "serve", *arguments], env=environment, cwd=ROOT)
    try:
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(timeout=60)
        yield address
    finally:
        server.terminate()
        if server.wait(timeout=60) != 0:
            raise SystemExit(f"the server ended with {server.returncode}")


class Client:
    """Sends calls in waves: those of one wave at once, the next wave when all have been answered."""

    def __init__(self, address: str):
        self.channels = [grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) for _ in range(4)]
        self.stubs = [decision_pb2_grpc.DecisionServiceStub(channel) for channel in self.channels]

    async def wave(self, method: str, requests: list) -> list:
        calls = [getattr(self.stubs[at % 4], method)(request, timeout=30) for at, request in enumerate(requests)]
        return await asyncio.gather(*calls)

    async def close(self):
        for channel in self.channels:
            await channel.close()


class Progress:
    """A line on standard error now and then, on a terminal or in a log alike."""

    def __init__(self, what: str, total: int):
        self.what, self.total, self.done, self.begun, self.shown = what, total, 0, time.monotonic(), 0.0

    def add(self, count: int):
        self.done += count
        now = time.monotonic()
        if now - self.shown > 10 or self.done == self.total:
            self.shown = now
            rate = self.done / max(now - self.begun, 1e-9)
            print(f"  {self.what}: {self.done:,} of {self.total:,} ({rate:,.0f}/s)", file=sys.stderr)
