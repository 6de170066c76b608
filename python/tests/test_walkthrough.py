"""The guide in docs/python.md runs: its `sh` and `python` blocks, in order, as a reader would."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from conftest import ROOT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_the_guide_runs(aval: Path) -> None:
    guide = (ROOT / "docs" / "python.md").read_text()
    blocks = re.findall(r"^```(sh|python)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6, "the guide has lost its blocks"
    script = "set -euo pipefail\n"
    for kind, block in blocks:
        script += block if kind == "sh" else f"{sys.executable} - <<'BLOCK'\n{block}BLOCK\n"
    grpc = f"127.0.0.1:{free_port()}"
    # The server refuses settings that it does not know, such as AVAL_BIN.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AVAL_")} | {
        "PATH": f"{aval.parent}:{os.environ['PATH']}",
        "AVAL_GRPC_ADDR": grpc,
        "AVAL_HTTP_ADDR": f"127.0.0.1:{free_port()}",
        "AVAL_SERVER": f"http://{grpc}",
        "AVAL_LOG": "warn",
    }
    shell = subprocess.Popen(
        ["bash", "-c", script], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        # The server holds the pipe open; it writes elsewhere, so that the shell's end is the pipe's.
        printed, _ = shell.communicate(timeout=120)
    finally:
        # The server that the guide starts ends with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGTERM)
    assert shell.returncode == 0, printed
    assert "purchase" in printed, "the violations of an empty request are printed"
