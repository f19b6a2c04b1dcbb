"""What tests of the network's door share: a shop of the sandbox, and an audit of what it saw."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pandas as pd
from support.sandbox_process import run

import ttsframe as tts
from ttsframe import sandbox
from ttsframe.cache import Cache
from ttsframe.config import Settings
from ttsframe.references.shop import Shop


@contextlib.contextmanager
def gateway(count=60, *, process=False, **options):
    """A sandbox of so many orders, without any limit."""
    with run(sandbox.Generated(count=count), process=process, **options) as box:
        yield box


def shop_of(box, folder, *, credentials=None, tokens=None, **settings):
    """A shop of the sandbox with a cache in `folder`."""
    values = {
        "base_url": box.base_url,
        "auth_url": box.auth_url,
        "cache": folder / "answers.sqlite",
        "timeout": 0.5,
    }
    return Shop(credentials or box.credentials, Settings(**values | settings), tokens=tokens)


def ids_of(box):
    return list(box.orders["order_id"])


def look_up(box, folder, **options):
    """Look up every order of the sandbox, and let go of the connections."""
    with shop_of(box, folder, **options) as shop:
        return tts.lookup(ids_of(box), shop=shop)


def expected(box):
    """What each order must come to: a row an external id, or the status of the order."""
    orders = box.orders.set_index("order_id")["kind"]
    links = box.links[box.links["platform"].eq("SHOPIFY") & box.links["external_order_id"].fillna("").ne("")]
    linked = set(zip(links["order_id"], links["external_order_id"], strict=True))
    have = {order_id for order_id, _ in linked}
    words = {"denied": "denied", "refused": "invalid"}
    rest = {
        (order_id, words.get(kind, "unlinked")) for order_id, kind in orders.items() if order_id not in have
    }
    return linked | rest


def found(frame):
    """What `lookup` says, in the form of `expected`."""
    said = frame["external_order_id"].where(frame["status"] == "linked", frame["status"].astype("object"))
    return set(zip(frame["order_id"], said, strict=True))


def threads():
    """The workers and writers of ttsframe that live now."""
    return [
        each.name
        for each in threading.enumerate()
        if each.name.startswith("ttsframe-") and each.name != "ttsframe-sandbox"
    ]


def wait_until(true, *, within_seconds=10.0):
    """Wait for something that another thread or process does; say whether it came."""
    until = time.monotonic() + within_seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def stored(folder):
    """How many answers are on disk."""
    return Cache(folder / "answers.sqlite").info().answers


def free_port():
    """A port where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def numbered(count):
    """Order ids that no sandbox knows."""
    return pd.Series([f"{577000000000000000 + place}" for place in range(count)])
