"""The demonstration, running: `aval demo` on free ports, and its clock."""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "target" / "browser"
# How long starting may take, and one request to the shop: sending the clock ahead takes a while.
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Places:
    """Where everything listens, without a slash at the end."""

    shop: str
    pages: str
    mails: str | None
    providers: str
    server: str


@dataclass(frozen=True)
class Mail:
    """A mail that was caught."""

    id: int
    to: str
    subject: str
    message_id: str
    text: str
    html: str


class World:
    """A running demonstration."""

    def __init__(self, *arguments: str) -> None:
        OUTPUT.mkdir(parents=True, exist_ok=True)
        self._binary = os.environ.get("DEMO_BINARY", str(ROOT / "target" / "debug" / "aval"))
        self._log = (OUTPUT / "demo.log").open("w")
        self._process = subprocess.Popen(
            [self._binary, "demo", "--port", "0", "--json", *arguments],
            cwd=ROOT,
            # Settings of a real server are none of ours.
            env={name: value for name, value in os.environ.items() if not name.startswith("AVAL_")},
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.places = self._read_places()

    def _read_places(self) -> Places:
        assert self._process.stdout is not None
        lines: list[str] = []
        for line in self._process.stdout:
            lines.append(line)
            if line.rstrip() == "}":
                break
        else:
            raise AssertionError(f"`aval demo` ended before it served; its log is {self._log.name}")
        told = json.loads("".join(lines))
        return Places(**told)

    def post(self, path: str, fields: Mapping[str, str]) -> None:
        """Posts a form to the shop, as a browser would."""
        body = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.places.shop + path, data=body, method="POST")
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            assert answer.status == 200, f"{path} answered {answer.status}"

    def go_on(self, step: str, times: int = 1) -> None:
        """Sends the clock ahead: `hour`, `day`, `week`, `month` or `next`."""
        for _ in range(times):
            self.post("/clock", {"step": step, "back": "/help"})

    def call(self, method: str, request: Mapping[str, object]) -> Any:
        """Calls the server, as a gateway or a reviewer would."""
        command = [self._binary, "call", method, json.dumps(request), "--server", self.places.server]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        assert done.returncode == 0, f"{method}: {done.stderr}"
        return json.loads(done.stdout)

    def mails(self, to: str = "") -> list[Mail]:
        """The mails that were caught, oldest first; only those to this address, if one is given."""
        assert self.places.mails, "nobody catches mails"
        with urllib.request.urlopen(self.places.mails + "/mails.json", timeout=PATIENCE_SECONDS) as answer:
            caught = [
                Mail(mail["id"], mail["to"][0], mail["subject"], mail["message_id"], mail["text"], mail["html"]) for mail in json.load(answer)
            ]
        return sorted((mail for mail in caught if not to or mail.to == to), key=lambda mail: mail.id)

    def now(self) -> datetime:
        """The time by the demonstration's clock."""
        with urllib.request.urlopen(self.places.shop + "/help", timeout=PATIENCE_SECONDS) as answer:
            found = re.search(r'data-ms="(\d+)"', answer.read().decode())
        assert found, "the shop tells no time"
        return datetime.fromtimestamp(int(found[1]) / 1_000, ZoneInfo("Europe/Paris"))

    def go_on_to_day(self) -> None:
        """Sends the clock ahead to the next morning, where it is night."""
        while not 9 <= self.now().hour < 17:
            self.go_on("hour")

    def stop(self) -> None:
        """Ends it as Ctrl-C does; it must end well."""
        self._process.terminate()
        code = self._process.wait(timeout=PATIENCE_SECONDS)
        self._log.close()
        assert code == 0, f"`aval demo` ended with {code}; its log is {self._log.name}"
