"""A gateway whose answers name their order, and workers that check what they were answered."""

from __future__ import annotations

import json
import re
import warnings

from support.raw_gateway import answer

import ttsframe as tts

_ORDER = re.compile(rb"/orders/(\d+)/")


def naming_answer(request):
    """The answer to a request for an order; its external id is the order's."""
    order_id = _ORDER.search(request)[1].decode()
    orders = [{"id": f"S{order_id}", "platform": "SHOPIFY"}]
    return answer(json.dumps({"code": 0, "data": {"external_orders": orders}}).encode())


def order_ids(worker, count):
    """Order ids that no other worker has."""
    return [f"{577000000000000000 + worker * 1_000_000 + nth}" for nth in range(count)]


def wrong(frame):
    """How many rows do not hold their own order's answer."""
    return int((frame["external_order_id"] != "S" + frame["order_id"]).sum())


def look_up_own(shop, worker, count):
    """Look up the orders of a worker; return how many answers are wrong."""
    return wrong(tts.lookup(order_ids(worker, count), shop=shop, progress=False))


def put_wrong(results, shop, worker, count):
    """The same for `multiprocessing.Process`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results.put(look_up_own(shop, worker, count))
