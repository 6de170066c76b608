"""The shop and the pages of the mock providers: everything a newcomer can reach can be used by everybody."""

from __future__ import annotations

import re

from conftest import Visit
from visitor import PHONE, Visitor
from world import World


def test_every_page_of_the_shop_can_be_used(visitor: Visitor) -> None:
    for path in ["/", "/checkout?story=code&phone=0002", "/help", "/privacy", "/terms", "/nowhere"]:
        visitor.go(path)


def test_in_the_dark(visit: Visit) -> None:
    visitor = visit(device=PHONE, dark=True)
    visitor.go("/")
    visitor.buy("accepted")
    visitor.see_state("ACCEPTED")


def test_the_mock_of_the_providers_can_be_used(visit: Visit, world: World) -> None:
    visitor = visit(device=PHONE)
    visitor.go(world.places.providers + "/")
    visitor.go(world.places.providers + "/idcheck/page/none")


def test_accepted_at_once(visitor: Visitor) -> None:
    visitor.buy("accepted")
    visitor.see_state("ACCEPTED")
    rows = visitor.page.locator("section[aria-labelledby=schedule] tbody tr")
    assert rows.count() == 3, f"{visitor.where()} shows {rows.count()} instalments"


def test_the_schedule_is_shown_before_paying_and_is_the_same_after(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/checkout?story=accepted")
    label = visitor.page.locator("label[for=plan-4-0-0]")
    before = label.locator("xpath=..").locator(".due").all_inner_texts()
    visitor.buy("accepted", plan="4-0-0")
    rows = visitor.page.locator("section[aria-labelledby=schedule] tbody tr")
    after = [" on ".join(reversed(row.locator("th, td").all_inner_texts()[:2])) for row in rows.all()]
    assert before == after


def test_what_the_server_refuses_is_said(visit: Visit) -> None:
    visitor = visit()
    visitor.buy("accepted", phone="12")
    visitor.see("customer.phone")
    assert visitor.page.locator("#phone").input_value() == "12", "what was entered stays"


def test_an_order_that_is_sent_twice_is_one_order(visit: Visit) -> None:
    visitor = visit()
    visitor.buy("accepted")
    visitor.page.go_back()
    visitor.click(visitor.page.locator("button.main"))
    assert visitor.page.url.endswith(f"/orders/{visitor.order}")


def test_the_clock_goes_on(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/help")

    def now() -> int:
        return int(visitor.page.locator("#now").get_attribute("data-ms") or 0)

    before = now()
    visitor.click(visitor.page.get_by_role("button", name=re.compile("1 hour")))
    assert 3_600_000 <= now() - before < 3_700_000, f"{visitor.where()}: the clock went on by {now() - before} ms"
