"""Receives the gateway's webhooks: believes a message only if its signature is right and fresh, and acts on it once.

WEBHOOK_SECRET is the text of the file that `pa client webhook secret FILE` made; PORT is where to listen.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].strip().removeprefix("whsec_"))
TOLERANCE_SECONDS = 300
seen: set[str] = set()  # keep it in your database, for four days


def genuine(headers: Message, body: bytes) -> bool:
    identity, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not sent.isdecimal() or abs(time.time() - int(sent)) > TOLERANCE_SECONDS:
        return False
    mac = hmac.digest(KEY, f"{identity}.{sent}.".encode() + body, hashlib.sha256)
    expected = b"v1," + base64.b64encode(mac)
    return any(hmac.compare_digest(expected, one.encode()) for one in headers.get("webhook-signature", "").split())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        good = genuine(self.headers, body)
        if good and self.headers["webhook-id"] not in seen:
            event = json.loads(body)
            print(event["type"], event["id"], event.get("state", ""), event.get("determination", ""), flush=True)
            seen.add(self.headers["webhook-id"])  # only now: what failed above will be sent again
        self.send_response(204 if good else 401)  # answer within 15 seconds; do long work afterwards
        self.end_headers()


server = HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8200"))), Receiver)
print(f"listening at http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
