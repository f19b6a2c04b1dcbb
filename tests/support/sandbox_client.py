"""A client of the sandbox that shares no code with ttsframe, signing included."""

import hashlib
import hmac
import http.client
import json
import time
from typing import NamedTuple
from urllib.parse import quote

from ttsframe.sandbox import CREDENTIALS
from ttsframe.sandbox.behaviour import Behaviour
from ttsframe.sandbox.gateway import Gateway
from ttsframe.sandbox.orders import read_table
from ttsframe.sandbox.request import Request

NOW = 1_800_000_000.0
SHOPS = "/authorization/202309/shops"
SEARCH = "/order/202406/orders/external_order_search"
ORDERS = "/order/202309/orders/search"
REFRESH = "/api/v2/token/refresh"


def references_path(order_id):
    return f"/order/202406/orders/{order_id}/external_orders"


def independent_signature(secret, path, query, body):
    text = secret + path
    for name in sorted(query):
        if name in ("sign", "access_token"):
            continue
        text += name
        text += query[name]
    text += body.decode("utf-8")
    text += secret
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class Said(NamedTuple):
    status: int
    headers: dict
    raw: bytes

    @property
    def content(self):
        return json.loads(self.raw)

    @property
    def code(self):
        return self.content["code"]

    @property
    def message(self):
        return self.content["message"]

    @property
    def data(self):
        return self.content["data"]


def stamped(path, query, body=b"", *, now, leave_out=(), secret=CREDENTIALS.app_secret, **changes):
    """The query of a request, rightly signed unless told otherwise; `changes` are signed too."""
    full = {
        "app_key": CREDENTIALS.app_key,
        "timestamp": str(int(now)),
        "shop_cipher": CREDENTIALS.shop_cipher,
    }
    full.update(query)
    full.update(changes)
    for name in leave_out:
        full.pop(name, None)
    full.setdefault("sign", independent_signature(secret, path, full, body))
    if "sign" in leave_out:
        del full["sign"]
    return full


class PureClient:
    """Asks a gateway without any socket, at a time that the test decides."""

    def __init__(self, orders, **options):
        self.gateway = Gateway(read_table(orders), CREDENTIALS, Behaviour(**options))
        self.responses = []

    def ask(
        self, path, query=(), method="GET", body=b"", *, now=NOW, token=CREDENTIALS.access_token, **options
    ):
        signed = stamped(path, dict(query), body, now=options.pop("stamp", now), **options)
        headers = {"content-type": "application/json", **({"x-tts-access-token": token} if token else {})}
        response = self.gateway.answer(Request(method, path, signed, headers, body), now)
        self.responses.append(response)
        return Said(response.http_status, dict(response.headers), response.body)

    def references(self, order_id, platform="SHOPIFY", **options):
        return self.ask(references_path(order_id), {"platform": platform}, **options)

    def refresh(self, **changes):
        query = {
            "app_key": CREDENTIALS.app_key,
            "app_secret": CREDENTIALS.app_secret,
            "refresh_token": CREDENTIALS.refresh_token,
            "grant_type": "refresh_token",
            **changes,
        }
        response = self.gateway.answer(Request("GET", REFRESH, query, {}, b""), NOW)
        return Said(response.http_status, dict(response.headers), response.body)


class WireClient:
    """Asks over a real connection, which is kept open from one request to the next."""

    def __init__(self, box, *, timeout=10):
        self.connection = http.client.HTTPConnection(box.base_url.removeprefix("http://"), timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def ask(self, path, query=(), method="GET", body=b""):
        self.connection.request(method, target(path, dict(query), body), body or None, headers())
        response = self.connection.getresponse()
        return Said(response.status, dict(response.headers), response.read())

    def references(self, order_id, platform="SHOPIFY"):
        return self.ask(references_path(order_id), {"platform": platform})


def headers():
    return {"x-tts-access-token": CREDENTIALS.access_token, "content-type": "application/json"}


def target(path, query, body=b""):
    signed = stamped(path, query, body, now=time.time())
    return path + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in signed.items())
