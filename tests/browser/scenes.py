"""Pages worth a picture: each is reached from the shop, at a fixed time and with a fixed number, so that it looks the same again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from visitor import Visitor

# When the demonstration begins whose pages are taken.
AT = "2026-11-25T10:00:00Z"


@dataclass(frozen=True)
class Scene:
    """A page, and how to get there."""

    name: str
    what: str
    reach: Callable[[Visitor], None]


def _checkout(visitor: Visitor) -> None:
    visitor.go("/checkout?story=accepted&number=1001")
    visitor.page.locator("label[for=plan-3-0-0]").scroll_into_view_if_needed()


def _code(visitor: Visitor) -> None:
    visitor.buy("code", number=1002)
    visitor.wait_for("#code")


def _consent(visitor: Visitor) -> None:
    visitor.buy("bank", number=1003)
    visitor.wait_for('form[action*="/agree"]')


def _declined(visitor: Visitor) -> None:
    visitor.buy("declined", number=1004)
    visitor.wait_for('form[action*="/review"]')


def _plan(visitor: Visitor) -> None:
    visitor.buy("accepted", number=1005)
    visitor.see_state("ACCEPTED")
    visitor.page.wait_for_timeout(1_000)
    visitor.go_to_order()
    visitor.follow("/plan/")


SCENES = [
    Scene("checkout", "The checkout, with each plan's schedule", _checkout),
    Scene("code", "A code by SMS", _code),
    Scene("consent", "Consent to read the bank history", _consent),
    Scene("declined", "A decline, with its reasons and what can be done", _declined),
    Scene("plan", "The plan of an accepted purchase", _plan),
]
