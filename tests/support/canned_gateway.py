"""A gateway with canned answers, independent of the sandbox: it shares no code with the client.

It checks each signature by the published rule, written out here once more, and counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from ttsframe import Credentials, Shop
from ttsframe.config import Settings

CREDENTIALS = Credentials("canned-key", "canned-secret", "canned-token", "canned-cipher")


class Canned:
    """Answers by order id; `requests` lists what was asked."""

    def __init__(self, answers):
        self.answers = answers
        self.requests = []
        self.bad_signatures = []
        self.port = 0

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.port}"

    def shop(self, folder, **settings):
        return Shop(CREDENTIALS, Settings(base_url=self.base_url, cache=folder / "cache.sqlite", **settings))

    @property
    def environment(self):
        return {
            "TIKTOK_APP_KEY": CREDENTIALS.app_key,
            "TIKTOK_APP_SECRET": CREDENTIALS.app_secret,
            "TIKTOK_APP_ACCESS_KEY": CREDENTIALS.access_token,
            "TIKTOK_SHOP_CIPHER": CREDENTIALS.shop_cipher,
            "TTSFRAME_BASE_URL": self.base_url,
        }


def official(*external_ids, platform="SHOPIFY"):
    """An answer in the published form."""
    orders = [{"id": external_id, "platform": platform} for external_id in external_ids]
    return 200, json.dumps(
        {"code": 0, "message": "Success", "request_id": "r1", "data": {"external_orders": orders}}
    )


def reference(order_id, *external_ids, platform="SHOPIFY"):
    """The same in the other form that is reported."""
    rows = [
        {"order_id": order_id, "external_order_id": external_id, "platform": platform}
        for external_id in external_ids
    ]
    data = {"external_order_references": rows}
    return 200, json.dumps({"code": 0, "message": "Success", "request_id": "r1", "data": data})


def error(code, message, http_status=200):
    """A refusal."""
    return http_status, json.dumps({"code": code, "message": message, "request_id": "r1"})


@contextlib.contextmanager
def serve(answers):
    """Serve canned answers: order id → (status, body), or a list of them to be given in turn."""
    canned = Canned(answers)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(canned))
    server.daemon_threads = True
    canned.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield canned
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def expected_signature(path, query, body=b""):
    """The signature by the published rule, in a hand of its own."""
    text = "canned-secret" + path
    for name in sorted(set(query) - {"sign", "access_token"}):
        text += name + query[name]
    message = text.encode() + body + b"canned-secret"
    return hmac.new(b"canned-secret", message, hashlib.sha256).hexdigest()


def _handler(canned):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            order_id = parts.path.split("/")[4]
            canned.requests.append((order_id, query.get("platform")))
            fits = (
                query.get("sign") == expected_signature(parts.path, query)
                and self.headers["x-tts-access-token"] == "canned-token"
                and query.get("shop_cipher") == "canned-cipher"
                and abs(int(query["timestamp"]) - time.time()) < 30
            )
            if not fits:
                canned.bad_signatures.append(self.path)
            self._answer(*self._next(order_id))

        def _next(self, order_id):
            answer = canned.answers.get(order_id, official())
            return answer.pop(0) if isinstance(answer, list) else answer

        def _answer(self, status, body, headers=()):
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    return Handler
