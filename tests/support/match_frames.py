"""Small frames for the tests of `match`: only what a test is about is written out."""

from __future__ import annotations

import pandas as pd

from ttsframe.matching import match

T1, T2, T3, T4 = (f"57720000000000000{digit}" for digit in range(1, 5))
S1, S2, S3, S4 = (f"527700000000{digit}" for digit in range(1, 5))
NOON = "2026-11-10 12:00:00"


def tiktok(*orders):
    """TikTok orders; each an id, or a dict that differs from a plain paid order of 20.00 USD."""
    rows = [{"order_id": order} if isinstance(order, str) else order for order in orders]
    plain = {
        "status": "Completed",
        "cancelled": False,
        "created_at": NOON,
        "paid_at": NOON,
        "currency": "USD",
        "amount": 20.0,
        "refunded": 0.0,
    }
    frame = pd.DataFrame(
        [{**plain, **row} for row in rows], columns=["order_id", *plain, *_extra(rows, plain)]
    )
    for name in ("created_at", "paid_at"):
        frame[name] = pd.to_datetime(frame[name])
    return frame


def shopify(*orders):
    """Shopify orders; each an id, or a dict that differs from a plain paid order of 20.00 USD."""
    rows = [{"shopify_id": order} if isinstance(order, str) else order for order in orders]
    plain = {
        "name": None,
        "created_at": f"{NOON}+00:00",
        "cancelled": False,
        "currency": "USD",
        "total": 20.0,
        "refunded": 0.0,
        "financial_status": "paid",
        "source": "web",
        "tiktok_order_id": None,
        "tiktok_order_id_from": None,
    }
    rows = [{**plain, "name": f"#{1001 + number}", **row} for number, row in enumerate(rows)]
    frame = pd.DataFrame(rows, columns=["shopify_id", *plain, *_extra(rows, plain)])
    frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
    return frame


def marked(shopify_id, order_id, source="tag", **other):
    """A Shopify order that bears a TikTok order id."""
    return {"shopify_id": shopify_id, "tiktok_order_id": order_id, "tiktok_order_id_from": source, **other}


def refs(*answers):
    """Answers of the look-up: (order id, external id), or a dict."""
    rows = [
        answer
        if isinstance(answer, dict)
        else {
            "order_id": answer[0],
            "external_order_id": answer[1],
            "status": "linked" if answer[1] else "unlinked",
        }
        for answer in answers
    ]
    plain = {"platform": "SHOPIFY", "external_order_id": None, "status": "linked", "reason": None}
    return pd.DataFrame([{**plain, **row} for row in rows], columns=["order_id", *plain])


def rows(*args, **options):
    """Match, and return (order id, Shopify id, status, reason) a row; "" where missing."""
    orders = match(*args, **options).orders[["order_id", "shopify_id", "status", "reason"]].astype("object")
    return [tuple(row) for row in orders.where(orders.notna(), "").to_numpy()]


def verdict(*args, **options):
    """Match one order each side, and return (status, reason)."""
    (row,) = rows(*args, **options)
    return row[2:]


def pair(left=None, right=None, **options):
    """Match one marked pair whose sides differ from a plain order as told."""
    return verdict(
        tiktok({"order_id": T1, **(left or {})}), shopify(marked(S1, T1, **(right or {}))), **options
    )


def _extra(rows, plain):
    return dict.fromkeys(
        name for row in rows for name in row if name not in (*plain, "order_id", "shopify_id")
    )
