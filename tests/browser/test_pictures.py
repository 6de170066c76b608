"""Pages look as they were approved to: behind --long. `scripts/pictures --approve` takes the approved ones anew."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser
from scenes import AT, SCENES, Scene
from visitor import PHONE, Visitor
from world import OUTPUT, World

APPROVED = Path(__file__).parent / "approved"
# A channel of a pixel may differ by so much, which smoothing of letters makes it, and such a share of pixels by more: a minute more
# on a clock.
SLIGHT = 48
SHARE = 0.004

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def fixed_world() -> Iterator[World]:
    """A demonstration at a fixed time."""
    world = World("--at", AT)
    yield world
    world.stop()


# The shop itself is in English alone.
LOOKS = [(scene, "en-GB") for scene in SCENES] + [(scene, "fr-FR") for scene in SCENES if scene.name != "checkout"]


@pytest.mark.parametrize(("scene", "locale"), LOOKS, ids=[f"{scene.name}-{locale}" for scene, locale in LOOKS])
def test_it_looks_as_approved(
    request: pytest.FixtureRequest, fixed_world: World, browser: Browser, scene: Scene, locale: str
) -> None:
    context = browser.new_context(
        viewport={"width": PHONE.width, "height": PHONE.height}, locale=locale, reduced_motion="reduce"
    )
    visitor = Visitor(fixed_world, context, set(), locale, scripts=True)
    visitor.numbers_from = 0 if locale.startswith("en") else 1_000_000
    scene.reach(visitor)
    seen = Image.open(io.BytesIO(visitor.page.screenshot())).convert("RGB")
    context.close()
    place = APPROVED / f"{scene.name}-{locale[:2]}.png"
    if request.config.getoption("--approve"):
        place.parent.mkdir(exist_ok=True)
        seen.quantize(64).save(place, optimize=True)
        return
    assert place.exists(), f"{place.name} was not approved yet: scripts/pictures --approve"
    approved = Image.open(place).convert("RGB")
    difference = ImageChops.difference(approved, seen.quantize(64).convert("RGB")).convert("L")
    differing = sum(difference.histogram()[SLIGHT:]) / (seen.width * seen.height)
    if differing > SHARE:
        seen.save(OUTPUT / place.name)
        raise AssertionError(
            f"{differing:.2%} of {place.name} differ: compare {place} and {OUTPUT / place.name}; "
            "if it is meant to look so, scripts/pictures --approve"
        )
