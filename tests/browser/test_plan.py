"""An accepted plan, from the first instalment to the last."""

from __future__ import annotations

from conftest import Visit
from visitor import PHONE, Visitor
from world import World


def states(visitor: Visitor) -> list[str]:
    """What has become of each instalment, by the shop's page."""
    visitor.go_to_order()
    cells = visitor.page.locator("section[aria-labelledby=schedule] td[data-state]")
    return [cell.get_attribute("data-state") or "" for cell in cells.all()]


def wait_for_states(visitor: Visitor, wanted: list[str]) -> None:
    """Waits until the instalments stand so."""
    visitor.step(f"see the instalments {wanted}")
    found: list[str] = []
    for _ in range(40):
        found = states(visitor)
        if found == wanted:
            return
        visitor.page.wait_for_timeout(250)
    raise AssertionError(f"{visitor.where()}: the instalments are {found}, not {wanted}")


def buy_in_three(visitor: Visitor, card_fails: bool = False) -> None:
    """Buys in three instalments; the first is paid at once, where the card can be charged."""
    visitor.buy("accepted", card_fails=card_fails)
    visitor.see_state("ACCEPTED")
    wait_for_states(visitor, ["incident" if card_fails else "paid", "pending", "pending"])


def go_to_plan(visitor: Visitor) -> None:
    """Goes to the plan's page."""
    visitor.go_to_order()
    visitor.follow("/plan/")


def subjects(visitor: Visitor, world: World) -> list[str]:
    """The subjects of the mails that the customer got."""
    return [mail.subject for mail in world.mails(visitor.email)]


def test_from_the_first_instalment_to_the_last(visitor: Visitor, world: World) -> None:
    buy_in_three(visitor)
    go_to_plan(visitor)
    world.go_on("month")
    wait_for_states(visitor, ["paid", "paid", "pending"])
    go_to_plan(visitor)
    world.go_on("month")
    wait_for_states(visitor, ["paid", "paid", "paid"])
    go_to_plan(visitor)
    told = subjects(visitor, world)
    # The confirmation, three receipts, two reminders of each later due date, and that all is paid: each once.
    assert len(told) == 9, f"{visitor.where()}: the customer was told {told}"
    names = {mail.message_id for mail in world.mails(visitor.email)}
    assert len(names) == len(told), f"{visitor.where()}: a mail came twice: {told}"


def test_pay_ahead(visitor: Visitor) -> None:
    buy_in_three(visitor)
    go_to_plan(visitor)
    change = visitor.page.locator("details").filter(has=visitor.form("ahead")).first
    change.locator("summary").click()
    visitor.click(change.locator('form[action*="/ahead"] button[type=submit]'))
    wait_for_states(visitor, ["paid", "paid", "pending"])


def test_pay_everything_ahead(visit: Visit) -> None:
    visitor = visit("fr-FR", PHONE)
    buy_in_three(visitor)
    go_to_plan(visitor)
    visitor.click(visitor.page.locator("section[aria-labelledby=all-title] button[type=submit]"))
    wait_for_states(visitor, ["paid", "paid", "paid"])
    go_to_plan(visitor)


def test_move_a_due_date_once(visitor: Visitor, world: World) -> None:
    buy_in_three(visitor)
    go_to_plan(visitor)
    form = visitor.form("move").first
    visitor.page.locator("details").filter(has=visitor.form("move")).first.locator("summary").click()
    select = form.locator("select[name=day]")
    days = [option.get_attribute("value") or "" for option in select.locator("option").all()]
    assert len(days) == 15, f"{visitor.where()} offers {days}"
    select.select_option(days[-1])
    visitor.click(form.locator("button[type=submit]"))
    assert visitor.form("move").count() == 1, f"{visitor.where()}: a date can be moved again"
    world.go_on("month")
    assert states(visitor) == ["paid", "pending", "pending"], visitor.where()
    world.go_on("week", 3)
    wait_for_states(visitor, ["paid", "paid", "pending"])


def test_receipts(visit: Visit) -> None:
    for locale in ["en-GB", "fr-FR"]:
        visitor = visit(locale)
        buy_in_three(visitor)
        go_to_plan(visitor)
        link = visitor.page.locator('a[href*="/receipt/1"]').get_attribute("href") or ""
        answer = visitor.context.request.get(visitor.world.places.pages + link)
        assert answer.ok and answer.headers["content-type"] == "application/pdf", visitor.where()
        assert answer.body().startswith(b"%PDF-"), visitor.where()


def test_a_failed_payment_and_another_card(visitor: Visitor, world: World) -> None:
    buy_in_three(visitor)
    visitor.click(visitor.page.locator("section[aria-labelledby=card] button"))
    world.go_on("month")
    wait_for_states(visitor, ["paid", "incident", "pending"])
    go_to_plan(visitor)
    before = len(subjects(visitor, world))
    visitor.submit("card")
    visitor.click(visitor.page.locator("button.main"))
    wait_for_states(visitor, ["paid", "paid", "pending"])
    go_to_plan(visitor)
    assert len(subjects(visitor, world)) > before, f"{visitor.where()}: no receipt came"


def test_a_first_payment_that_fails_reopens_the_offer(visitor: Visitor) -> None:
    buy_in_three(visitor, card_fails=True)
    visitor.click(visitor.page.locator("section[aria-labelledby=card] button"))
    wait_for_states(visitor, ["paid", "pending", "pending"])


def test_pay_in_one_go_after_a_first_payment_that_failed(visit: Visit) -> None:
    visitor = visit(device=PHONE)
    buy_in_three(visitor, card_fails=True)
    go_to_plan(visitor)
    visitor.submit("in-full")
    visitor.see_state("PAID_IN_FULL")


def test_later_and_later(visit: Visit, world: World) -> None:
    visitor = visit("fr-FR", PHONE)
    buy_in_three(visitor)
    visitor.click(visitor.page.locator("section[aria-labelledby=card] button"))
    world.go_on("month")
    for _ in range(3):
        go_to_plan(visitor)
        assert visitor.page.locator(".problem").is_visible(), visitor.where()
        world.go_on("week")


def test_a_refund(visit: Visit, world: World) -> None:
    visitor = visit()
    buy_in_three(visitor)
    listed = world.call("DecisionService/ListApplications", {"pageSize": 10})
    application = next(a for a in listed["applications"] if a["merchantReference"] == visitor.order)
    refund = {"requestId": f"refund-{visitor.order}", "applicationId": application["applicationId"]}
    world.call("PlanService/Refund", {**refund, "amountMinor": "10000"})
    wait_for_states(visitor, ["paid", "pending", "covered"])
    go_to_plan(visitor)


def test_another_customers_plan_cannot_be_guessed(visit: Visit) -> None:
    visitor = visit()
    buy_in_three(visitor)
    go_to_plan(visitor)
    address, _, query = visitor.page.url.partition("?")
    forged = address[:-1] + ("A" if address[-1] != "A" else "B")
    visitor.go(forged + (f"?{query}" if query else ""))
    visitor.see("This page is not there")
