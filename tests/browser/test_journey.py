"""Every path of a journey, as a customer lives it."""

from __future__ import annotations

import re

import pytest
from conftest import Visit
from playwright.sync_api import expect
from visitor import PHONE, Visitor
from world import World

CODE = "123456"


def enter(visitor: Visitor, code: str) -> None:
    """Enters a code, and waits until it has been looked at."""
    visitor.step(f"enter the code {code}")
    field = visitor.wait_for("#code")
    field.fill(code)
    # The server has to say what is wrong with a code, whatever the browser would have said before.
    visitor.form("code").evaluate("(form) => { form.noValidate = true; }")
    visitor.submit("code")


def at_provider(visitor: Visitor, outcome: str) -> None:
    """Goes to the provider's page, which is reached from a link, and ends it so."""
    visitor.wait_for(f'main a[href^="{visitor.world.places.providers}"]')
    visitor.follow(visitor.world.places.providers)
    visitor.click(visitor.page.locator(f'button[name=outcome][value="{outcome}"]'))


def test_the_right_code_is_accepted(visitor: Visitor) -> None:
    visitor.buy("code")
    enter(visitor, CODE)
    visitor.wait_for('main a[href*="/plan/"]')
    visitor.follow("/orders/")
    visitor.see_state("ACCEPTED")


def test_a_wrong_code_can_be_entered_again(visitor: Visitor) -> None:
    visitor.buy("code")
    enter(visitor, "000000")
    assert visitor.wait_for("#code").get_attribute("aria-invalid") == "true", visitor.where()
    enter(visitor, "12")
    assert visitor.wait_for("#code").get_attribute("aria-invalid") == "true", visitor.where()
    enter(visitor, CODE)
    visitor.wait_for('main a[href*="/plan/"]')


def test_no_tries_are_left(visit: Visit) -> None:
    visitor = visit()
    visitor.buy("code", tail="0002")
    for code in ["000001", "000002", "000003"]:
        enter(visitor, code)
    visitor.see_state("DECLINED")


def test_another_code(visitor: Visitor, world: World) -> None:
    visitor.buy("code")
    visitor.wait_for("#code")
    world.go_on("minute")
    visitor.go(visitor.page.url)
    visitor.submit("resend")
    enter(visitor, CODE)
    visitor.wait_for('main a[href*="/plan/"]')


def test_an_identity_document(visitor: Visitor) -> None:
    visitor.buy("document")
    enter(visitor, CODE)
    at_provider(visitor, "")
    visitor.wait_for('main a[href*="/plan/"]')
    visitor.see_state("ACCEPTED")


@pytest.mark.parametrize(
    ("outcome", "state"), [("forged", "DECLINED"), ("review", "IN_REVIEW"), ("other_person", "DECLINED")]
)
def test_a_document_that_does_not_do(visit: Visit, outcome: str, state: str) -> None:
    visitor = visit("fr-FR", PHONE)
    visitor.buy("document")
    enter(visitor, CODE)
    at_provider(visitor, outcome)
    visitor.see_state(state)
    visitor.follow("/j/")


def test_the_bank_history(visitor: Visitor) -> None:
    visitor.buy("bank")
    visitor.submit("agree")
    at_provider(visitor, "good")
    visitor.wait_for('main a[href*="/plan/"]')
    visitor.see_state("ACCEPTED")


def test_consent_is_refused(visitor: Visitor) -> None:
    visitor.buy("bank")
    visitor.submit("refuse")
    visitor.wait_for('form[action*="/pay"]')
    visitor.see_state("DECLINED")


def test_a_poor_bank_history(visit: Visit) -> None:
    visitor = visit()
    visitor.buy("bank")
    visitor.submit("agree")
    at_provider(visitor, "poor")
    visitor.see_state("DECLINED")
    visitor.follow("/j/")
    assert visitor.page.locator("main li").count() > 0, f"{visitor.where()} gives no reasons"


def test_declined_with_reasons_a_persons_review_and_a_view(visitor: Visitor) -> None:
    visitor.buy("declined")
    reasons = visitor.page.locator("div.card ul li")
    assert reasons.count() >= 1, f"{visitor.where()} gives no reasons"
    visitor.page.locator("textarea").fill("The disputes were settled last year.")
    visitor.submit("statement")
    visitor.submit("review")
    visitor.see_state("IN_REVIEW")


@pytest.mark.parametrize(("resolution", "state"), [("GRANTED", "ACCEPTED"), ("REFUSED", "DECLINED")])
def test_a_person_resolves_a_review(visit: Visit, world: World, resolution: str, state: str) -> None:
    visitor = visit()
    visitor.buy("declined")
    visitor.submit("review")
    visitor.see_state("IN_REVIEW")
    waiting = world.call("ReviewService/ListReviews", {"pageSize": 1})["applications"][0]["applicationId"]
    resolved = {"requestId": f"resolve-{waiting[-32:]}", "applicationId": waiting, "resolution": f"REVIEW_RESOLUTION_{resolution}"}
    world.call("ReviewService/ResolveReview", resolved)
    visitor.see_state(state)


def test_a_fraud_is_not_told_why(visit: Visit) -> None:
    visitor = visit()
    visitor.buy("stolen")
    told = visitor.page.locator("div.card ul li").all_inner_texts()
    assert told == ["We could not verify this payment."], f"{visitor.where()} says {told}"


def test_pay_in_one_go_after_a_decline(visitor: Visitor) -> None:
    visitor.buy("declined")
    visitor.submit("pay")
    visitor.see_state("PAID_IN_FULL")


@pytest.mark.parametrize("story", ["code", "document", "bank"])
def test_pay_in_one_go_from_a_step_up(visit: Visit, story: str) -> None:
    visitor = visit(device=PHONE)
    visitor.buy(story)
    visitor.submit("pay")
    visitor.see_state("PAID_IN_FULL")


def test_cancel(visitor: Visitor) -> None:
    visitor.buy("code")
    visitor.wait_for("#code")
    visitor.page.locator("#cancel summary").click()
    visitor.submit("cancel")
    visitor.see_state("CANCELLED")


def test_a_link_that_nobody_gave_out(visitor: Visitor, world: World) -> None:
    for path in ["/j/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/plan/AAAA", "/j/x/code"]:
        visitor.go(world.places.pages + path)


def test_a_plans_link_is_not_a_journeys(visit: Visit, world: World) -> None:
    visitor = visit()
    visitor.buy("code")
    token = visitor.page.url.split("/j/")[1].split("?")[0]
    visitor.go(f"{world.places.pages}/plan/{token}")
    visitor.see("This page is not there")


def test_both_languages_can_be_chosen(visit: Visit) -> None:
    visitor = visit()
    visitor.buy("code")
    visitor.wait_for("#code")
    visitor.click(visitor.page.get_by_role("link", name="Français"))
    assert visitor.page.locator("html").get_attribute("lang") == "fr"
    enter(visitor, "000000")
    assert visitor.page.locator("html").get_attribute("lang") == "fr", f"{visitor.where()} forgot the language"


def test_back_and_reload(visit: Visit) -> None:
    visitor = visit()
    visitor.buy("code")
    enter(visitor, "000000")
    visitor.step("reload")
    visitor.page.reload()
    visitor.look()
    visitor.step("go back")
    visitor.page.go_back()
    visitor.look()
    enter(visitor, CODE)
    visitor.see_state("ACCEPTED")


def test_two_tabs(visit: Visit) -> None:
    visitor = visit()
    visitor.buy("code")
    visitor.wait_for("#code")
    other = visitor.context.new_page()
    other.goto(visitor.page.url)
    other.fill("#code", CODE)
    visitor.step("enter the right code in the other tab")
    with other.expect_navigation():
        other.locator('form[action*="/code"] button[type=submit]').click()
    # The first tab still shows the form, and sends it.
    visitor.page.fill("#code", "000000")
    visitor.submit("code")
    visitor.see_state("ACCEPTED")


def test_a_lost_connection(visit: Visit) -> None:
    visitor = visit(device=PHONE)
    visitor.buy("document")
    enter(visitor, CODE)
    visitor.wait_for(f'main a[href^="{visitor.world.places.providers}"]')
    visitor.step("lose the connection")
    visitor.context.set_offline(True)
    visitor.page.evaluate("dispatchEvent(new Event('online'))")
    expect(visitor.page.locator("#connection")).to_contain_text("The connection is lost", timeout=15_000)
    visitor.look()
    visitor.step("have it back")
    visitor.context.set_offline(False)
    expect(visitor.page.locator("#connection")).to_contain_text("The connection is back", timeout=30_000)


def test_waiting_goes_on_by_itself(visitor: Visitor, world: World) -> None:
    visitor.buy("document")
    enter(visitor, CODE)
    at_provider(visitor, "late")
    visitor.wait_for("p.wait")
    visitor.step("wait for ten minutes by the demonstration's clock")
    for _ in range(12):
        world.go_on("minute")
    visitor.wait_for('main a[href*="/plan/"]', seconds=30)


def test_the_time_for_a_journey_runs_out(visit: Visit, world: World) -> None:
    visitor = visit("fr-FR", PHONE)
    visitor.buy("bank")
    journey = visitor.page.url
    world.go_on("hour", 2)
    visitor.go(journey)
    visitor.go_to_order()
    state = visitor.page.locator("#state").get_attribute("data-state")
    assert state in {"STATE_EXPIRED", "STATE_DECLINED"}, f"{visitor.where()}: {state}"
    world.go_on("month", 3)
    visitor.go(journey)
    assert re.search("expiré", visitor.page.locator("h1").inner_text()), visitor.where()
