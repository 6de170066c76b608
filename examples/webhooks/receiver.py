"""A receiver of aval's messages, with nothing but Python's standard library.

    WEBHOOK_SECRETS="whsec_..." python3 examples/webhooks/receiver.py 9000

Each message is verified before anything is done with it: its signature under one of the secrets, in constant time, and its
time, at most five minutes away. One that came before is taken and done with once. One that is older than what is known of its
application is taken and not looked at: messages are ordered by `version`, whatever order they come in.
"""

import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time

WINDOW_SECONDS = 300
LONGEST_BODY = 1 << 20
IDS_REMEMBERED = 100_000


class Forged(Exception):
    """A message that is not aval's, or is too old."""


def key_of(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"))


def verify(keys: list[bytes], headers, body: bytes, now: float) -> str:
    """The id of a message; raises Forged where it is not one of ours. Two secrets are live while they are changed."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not message_id or not timestamp.isascii() or not timestamp.isdigit():
        raise Forged("there is no id, or no time")
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        raise Forged("it is too old, or from the future")
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = [base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()) for key in keys]
    given = [text.removeprefix("v1,") for text in headers.get("webhook-signature", "").split(" ") if text.startswith("v1,")]
    # Each is compared with each, and the comparison takes as long whatever is alike.
    matches = [hmac.compare_digest(mine, theirs.encode()) for mine in expected for theirs in given]
    if not any(matches):
        raise Forged("no signature is right")
    return message_id


class Known:
    """What has come so far. A shop keeps it in its database, in the transaction in which it acts on the message."""

    def __init__(self):
        self.ids = collections.OrderedDict()
        self.versions = {}

    def take(self, message_id: str, message: dict) -> str:
        """Whether a message is new, came before, or is older than what is known of its application."""
        if message_id in self.ids:
            return "again"
        self.ids[message_id] = True
        if len(self.ids) > IDS_REMEMBERED:
            self.ids.popitem(last=False)
        application, version = message["data"]["application"]["applicationId"], message["data"]["version"]
        if version <= self.versions.get(application, 0):
            return "older"
        self.versions[application] = version
        return "new"


class Receiver(http.server.BaseHTTPRequestHandler):
    keys: list[bytes] = []
    known = Known()
    # Messages come several at a time: each is on a thread of its own.
    one_at_a_time = threading.Lock()
    timeout = 10

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            return self.answer(413)
        body = self.rfile.read(int(length))
        try:
            message_id = verify(self.keys, self.headers, body, time.time())
            message = json.loads(body)
            with self.one_at_a_time:
                taken = self.known.take(message_id, message)
        except Forged as why:
            self.tell({"refused": str(why)})
            return self.answer(401)
        except (KeyError, TypeError, ValueError):
            return self.answer(400)
        application, version = message["data"]["application"], message["data"]["version"]
        self.tell({
            "taken": taken,
            "id": message_id,
            "type": message["type"],
            "version": version,
            "application": application["applicationId"],
            "state": application["state"],
        })
        self.answer(204)

    def answer(self, status: int):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def tell(self, what: dict):
        with self.one_at_a_time:
            print(json.dumps(what), flush=True)

    def log_message(self, *_):
        """Addresses of callers are nobody's business."""


def main():
    Receiver.keys = [key_of(secret) for secret in os.environ["WEBHOOK_SECRETS"].split()]
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()


if __name__ == "__main__":
    main()
