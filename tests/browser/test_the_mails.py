"""Every kind of mail that the tests before made the demonstration send: each can be read by everybody."""

from __future__ import annotations

import re

from conftest import Visit
from visitor import PHONE
from world import World


def test_every_mail_that_was_caught_can_be_read(visit: Visit, world: World) -> None:
    visitor = visit(device=PHONE)
    visitor.buy("accepted")
    visitor.see_state("ACCEPTED")
    visitor.go(f"{world.places.mails}/")
    shown: set[str] = set()
    for mail in world.mails():
        kind = re.sub(r"[\d.,€\s\u202f]+", " ", mail.subject)
        if kind not in shown:
            shown.add(kind)
            visitor.go(f"{world.places.mails}/mails/{mail.id}")
            visitor.show(mail.html)
    assert shown, "no mail was caught"
    print(f"{len(shown)} kinds of mails were read: {sorted(shown)}")
