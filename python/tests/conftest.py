"""The built binary, and where the real data are."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--data", default=os.environ.get("AVAL_DATA"), help="folder with taiwan.csv and german.csv")


@pytest.fixture(scope="session")
def data(request: pytest.FixtureRequest) -> Path:
    folder = request.config.getoption("--data")
    if not folder:
        pytest.skip("no --data DIR with taiwan.csv and german.csv")
    return Path(folder)


@pytest.fixture(scope="session")
def aval() -> Path:
    binary = Path(os.environ.get("AVAL_BIN", ROOT / "target" / "debug" / "aval"))
    if not binary.exists():
        pytest.fail(f"{binary} is missing: build it with `cargo build --locked`, or name another by AVAL_BIN")
    return binary


def run(binary: Path, *arguments: object) -> str:
    """What the binary prints; fails with what it says."""
    done = subprocess.run([binary, *map(str, arguments)], check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"aval {' '.join(map(str, arguments))}:\n{done.stdout}{done.stderr}"
    return done.stdout
