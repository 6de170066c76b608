"""A customer with a browser: each page that is seen is checked for accessibility, and a failure tells page and step."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Error, Locator, expect
from world import World

# What a page is checked by: WCAG 2.2 AA and what axe holds for good practice.
AXE_OPTIONS: dict[str, Any] = {"resultTypes": ["violations"]}
# A mail is shown inside a page of the reader's own, which has the landmarks.
MAIL_RULES = {"region": {"enabled": False}, "landmark-one-main": {"enabled": False}}
# Pages differ in these and are the same page all the same.
CHANGING = re.compile(r"[0-9a-f]{6,}|\d+")
# What the browser says of a page that is there no more.
MOVED_ON = re.compile("context was destroyed|is navigating|frame was detached")
PATIENCE_MS = 15_000.0


@dataclass(frozen=True)
class Device:
    """A size of screen."""

    name: str
    width: int
    height: int


PHONE = Device("phone", 390, 844)
DESKTOP = Device("desktop", 1280, 900)


class Visitor:
    """One person's browser: its tabs share what a browser shares."""

    def __init__(self, world: World, context: BrowserContext, checked: set[str], locale: str, scripts: bool) -> None:
        self.world = world
        self.scripts = scripts
        self.context = context
        self.locale = locale
        self.page = context.new_page()
        self.steps: list[str] = []
        self.order = ""
        self.email = ""
        self.numbers_from = 0
        self._checked = checked
        self._axe = Axe()
        context.set_default_timeout(PATIENCE_MS)

    def step(self, what: str) -> None:
        """Notes what is being done, for the message of a failure."""
        self.steps.append(what)

    def go(self, url: str) -> None:
        """Goes to an address, or to a path of the shop."""
        self.step(f"go to {url}")
        self.page.goto(url if "://" in url else self.world.places.shop + url)
        self.look()

    def show(self, html: str) -> None:
        """Shows a page that no server serves, such as a mail."""
        self.step("show a mail")
        self.page.goto("about:blank")
        self.page.set_content(html)
        self.look(AXE_OPTIONS | {"rules": MAIL_RULES})

    def click(self, what: Locator) -> None:
        """Clicks something that leads to a page."""
        self.step(f"click {what}")
        with self.page.expect_navigation():
            what.first.click()
        self.look()

    def submit(self, step: str) -> None:
        """Sends the form of a step of the journey or of the plan, such as `pay`, whatever the language of its button."""
        self.click(self.form(step).locator("button[type=submit]"))

    def form(self, step: str) -> Locator:
        """The form of a step."""
        return self.page.locator(f'form[action$="/{step}"], form[action*="/{step}?"]')

    def follow(self, address: str) -> None:
        """Follows the first link whose address holds this."""
        self.click(self.page.locator(f'main a[href*="{address}"]'))

    def wait_for(self, selector: str, seconds: float = PATIENCE_MS / 1_000) -> Locator:
        """Waits until this is on the page, whoever makes it come: a script, or the browser loading the page again."""
        self.step(f"wait for {selector}")
        found = self.page.locator(selector)
        expect(found.first).to_be_visible(timeout=1_000 * seconds)
        self.look()
        return found.first

    def see(self, text: str | re.Pattern[str]) -> None:
        """Waits until this is to be read on the page."""
        self.step(f"see {text!r}")
        expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible(timeout=PATIENCE_MS)

    def see_title(self, text: str | re.Pattern[str]) -> None:
        """Waits until the page has this heading."""
        self.step(f"see the heading {text!r}")
        expect(self.page.locator("h1")).to_contain_text(text, timeout=PATIENCE_MS)
        self.look()

    def look(self, options: dict[str, Any] = AXE_OPTIONS) -> None:
        """Checks the page as it is, if none like it was checked before. A page that goes on by itself meanwhile is looked at
        where it has come to."""
        for tries_left in reversed(range(5)):
            try:
                self._look(options)
                return
            except Error as error:
                if not tries_left or not MOVED_ON.search(str(error)):
                    raise

    def _look(self, options: dict[str, Any]) -> None:
        self.page.wait_for_load_state("load")
        html = self.page.content()
        assert "<h1" in html, f"{self.where()} has no heading"
        size = self.page.viewport_size or {"width": 0}
        shape = f"{size['width']} {CHANGING.sub('', html)}"
        digest = hashlib.sha256(shape.encode()).hexdigest()
        # Without scripts axe, which is one, cannot run; the same pages are seen with them.
        if digest in self._checked or not self.scripts:
            return
        found: dict[str, Any] = self._axe.run(self.page, options=options).response
        told = [_violation(violation) for violation in found["violations"]]
        assert not told, f"{self.where()} is not accessible to everybody:\n" + "\n".join(told)
        self._checked.add(digest)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{self.where()} is {width} pixels wide on a screen of {size['width']}"

    def where(self) -> str:
        """The page and the last steps."""
        return f"{self.page.url} (after: {'; '.join(self.steps[-4:])})"

    def keep(self, place: Path) -> None:
        """Keeps what is seen: a picture and the HTML."""
        place.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=place.with_suffix(".png"), full_page=True)
        place.with_suffix(".html").write_text(self.page.content())

    # What a customer does in the shop.

    def buy(
        self, story: str, *, tail: str = "", plan: str = "", card_fails: bool = False, number: int = 0, **fields: str
    ) -> None:
        """Buys something, as the person of a story would, but for these fields."""
        # The fraud model looks at the hour, and the purchases are made for the day.
        self.world.go_on_to_day()
        query = f"&phone={tail}" if tail else ""
        if number:
            query += f"&number={self.numbers_from + number}"
        self.go(f"/checkout?story={story}{query}")
        self.page.select_option("#locale", self.locale[:2] + "-FR")
        for name, value in fields.items():
            self.page.fill(f"#{name}", value)
        if plan:
            self.page.check(f"#plan-{plan}")
        if card_fails:
            self.page.check("#card-fails")
        self.email = self.page.locator("#email").input_value()
        bought = self.page.locator("input[name=number]").input_value()
        self.order = f"D-{int(bought):08X}"
        self.click(self.page.locator("button.main"))

    def go_to_order(self) -> None:
        """Goes to the shop's page of the order."""
        self.go(f"/orders/{self.order}")

    def see_state(self, state: str) -> None:
        """The order stands so, such as `ACCEPTED`; waits until it does."""
        self.step(f"see the order {state}")
        for _ in range(50):
            self.go_to_order()
            if self.page.locator("#state").get_attribute("data-state") == f"STATE_{state}":
                return
            self.page.wait_for_timeout(200)
        found = self.page.locator("#state").get_attribute("data-state")
        raise AssertionError(f"{self.where()}: the order is {found}, not STATE_{state}")


def _violation(violation: dict[str, Any]) -> str:
    nodes = "".join(f"\n    {node['html'][:200]}\n      {node['failureSummary']}" for node in violation["nodes"][:4])
    return f"  {violation['id']} ({violation['impact']}): {violation['help']}{nodes}"
