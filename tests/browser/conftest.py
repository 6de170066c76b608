"""What the tests stand on: one demonstration, one browser, and a visitor for each test."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from visitor import DESKTOP, PHONE, Device, Visitor
from world import OUTPUT, World

Visit = Callable[..., Visitor]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also compare with the approved screenshots")
    parser.addoption("--approve", action="store_true", help="with --long: take the screenshots as they are")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        skip = pytest.mark.skip(reason="behind --long")
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """A running demonstration."""
    world = World()
    yield world
    world.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium")
    assert path, "chromium is not installed: scripts/test installs it"
    with sync_playwright() as playwright:
        # A container's root has no sandbox of its own; the pages are ours.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def checked() -> set[str]:
    """The pages that were checked for accessibility."""
    return set()


@pytest.fixture
def visit(request: pytest.FixtureRequest, world: World, browser: Browser, checked: set[str]) -> Iterator[Visit]:
    """Makes visitors. What they see when the test fails is kept under target/browser."""
    visitors: list[Visitor] = []

    def make(locale: str = "en-GB", device: Device = DESKTOP, scripts: bool = True, dark: bool = False) -> Visitor:
        context = browser.new_context(
            viewport={"width": device.width, "height": device.height},
            locale=locale,
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        visitor = Visitor(world, context, checked, locale, scripts)
        visitors.append(visitor)
        return visitor

    yield make
    failed = getattr(request.node, "failed", False)
    for at, visitor in enumerate(visitors):
        if failed:
            name = re.sub(r"\W+", "-", request.node.name).strip("-")
            place = OUTPUT / f"{name}-{at}"
            visitor.keep(place)
            print(f"\nat {visitor.where()}\nall steps: {'; '.join(visitor.steps)}\nkept as {place}.png and .html")
        visitor.context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if call.when == "call":
        item.failed = report.failed  # type: ignore[attr-defined]
    return report  # noqa: B901


# A visit in each language, at each size, and without scripts.
WAYS = [
    pytest.param(("en-GB", DESKTOP, True), id="en-desktop"),
    pytest.param(("fr-FR", PHONE, True), id="fr-phone"),
    pytest.param(("fr-FR", PHONE, False), id="fr-phone-without-scripts"),
]


@pytest.fixture(params=WAYS)
def visitor(request: pytest.FixtureRequest, visit: Visit) -> Visitor:
    """A visitor, in each of the ways."""
    locale, device, scripts = request.param
    return visit(locale, device, scripts)
