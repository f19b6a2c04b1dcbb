"""Answers of the gateway about one order, and how they are read."""

from __future__ import annotations

from ttsframe import gateway as api

ORDER = "577092126219211281"
REQUEST_ID = "202611231200000102030405"


def read(http_status, content, platform="SHOPIFY"):
    return api.decode_references(http_status, content, order_id=ORDER, platform=platform)


def good(data):
    return {"code": 0, "message": "Success", "request_id": REQUEST_ID, "data": data}


def official(*entries):
    return good({"external_orders": list(entries)})


def other(*entries):
    return good({"external_order_references": list(entries)})
