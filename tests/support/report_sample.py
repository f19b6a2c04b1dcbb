"""A made-up reconciliation with every status in it, for the tests of the renderings."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ttsframe.columns import BRIDGE, MATCH_ORDERS, MATCH_STATUSES, conform
from ttsframe.report import ReportData
from ttsframe.text import Note

SHARES = (0.75, 0.03, 0.05, 0.03, 0.02, 0.01, 0.05, 0.03, 0.02, 0.01)
REASONS = {
    "explained": ("platform_discount", "platform_discount + taxes"),
    "amount_differs": ("currency", "ambiguous_explanation"),
    "state_differs": ("refunded on one side",),
    "only_tiktok": ("unlinked", "not_in_export"),
    "unknown": ("timeout", "not_this_shop"),
}

BRIDGES = {
    "JPY": {"tiktok_total": (3, 3000.0), "only_tiktok": (1, -1200.0), "shopify_total": (2, 1800.0)},
    "KWD": {"tiktok_total": (2, 12.555), "within_tolerance": (1, 0.001), "shopify_total": (2, 12.556)},
    "USD": {
        "tiktok_total": (217, 6908.05),
        "only_tiktok": (9, -312.75),
        "only_shopify": (9, 293.6),
        "platform_discount": (11, 55.0),
        "taxes": (2, -4.1),
        "shopify_total": (217, 6939.8),
    },
}
"""Bridges of currencies with 0, 3 and 2 decimals, which close."""


def sample_report(rows: int = 300, *, seed: int = 7) -> ReportData:
    """A report of `rows` rows; from 300 on every status is there."""
    random = np.random.default_rng(seed)
    statuses = np.array(list(MATCH_STATUSES), dtype=object)
    shares = np.resize(SHARES, len(statuses))
    status = random.choice(statuses, size=rows, p=shares / shares.sum())
    status[: min(rows, len(statuses))] = statuses[:rows]
    days = pd.Series(
        pd.Timestamp("2026-10-24") + pd.to_timedelta(random.triangular(0, 20, 30, rows), unit="D")
    )
    return ReportData(
        orders=match_orders(**_columns(random, status)),
        title="TikTok Shop and Shopify, October to November 2026",
        details=pd.DataFrame({"day": days}),
        notes=(
            Note("left_out", "3 rows of descriptions were left out of the TikTok file."),
            Note("count", "12 Shopify orders show no link to TikTok."),
        ),
        provenance={
            "Made at": "2026-11-23 08:00 UTC",
            "ttsframe": "0.1.0",
            "All order-2026-11-23.csv": f"{rows:,} rows",
            "orders_export_1.csv": f"{rows + 12:,} rows",
        },
    )


def match_orders(**columns) -> pd.DataFrame:
    """A frame of `match` with these columns, and nothing in the others."""
    rows = len(columns["status"])
    return conform({column.name: [None] * rows for column in MATCH_ORDERS} | columns, MATCH_ORDERS)


def bridge_frame(bridges=BRIDGES) -> pd.DataFrame:
    """A frame of bridges: currency to line to rows and amount."""
    lines = [
        (currency, line, rows, amount)
        for currency, block in bridges.items()
        for line, (rows, amount) in block.items()
    ]
    return conform(
        dict(zip([column.name for column in BRIDGE], zip(*lines, strict=True), strict=True)), BRIDGE
    )


def bridged_report(bridges=BRIDGES) -> ReportData:
    """A report of a few rows in three currencies, with bridges."""
    made = small_report(
        status=["matched", "explained", "matched", "matched"], currency=["USD", "USD", "JPY", "KWD"]
    )
    return replace(made, bridge=bridge_frame(bridges))


def open_bridge(amount, currency="USD") -> ReportData:
    """A report with a bridge that lacks an amount."""
    lines = {**BRIDGES[currency]}
    rows, total = lines["shopify_total"]
    lines["shopify_total"] = rows, total + amount
    return bridged_report({currency: lines})


def small_report(**columns) -> ReportData:
    """A report of a few rows; amounts count, unless the totals are given."""
    columns.setdefault("tiktok_counted", columns.get("tiktok_amount", [None] * len(columns["status"])))
    columns.setdefault("shopify_counted", columns.get("shopify_total", [None] * len(columns["status"])))
    if "difference_counted" not in columns:
        counted = match_orders(**columns)[["shopify_counted", "tiktok_counted"]].fillna(0.0)
        columns["difference_counted"] = (counted["shopify_counted"] - counted["tiktok_counted"]).to_numpy()
    return ReportData(match_orders(**columns))


def _columns(random, status):
    rows = len(status)
    amounts = np.round(random.gamma(2.2, 19, rows) + 4.99, 2)
    totals = np.where(
        np.isin(status, ["explained", "amount_differs"]),
        np.round(amounts - random.uniform(1, 9, rows), 2),
        amounts,
    )
    no_shopify = np.isin(status, ["only_tiktok", "not_expected", "unknown"])
    no_tiktok = status == "only_shopify"
    totals = np.where(no_shopify, np.nan, totals)
    amounts = np.where(no_tiktok, np.nan, amounts)
    ids = [f"577092126{number:09d}" for number in random.permutation(rows * 7)[:rows]]
    both = ~no_shopify & ~no_tiktok
    return {
        "order_id": ids,
        "shopify_id": [None if gone else f"54887{place:08d}" for place, gone in enumerate(no_shopify)],
        "shopify_name": [None if gone else f"#{1001 + place}" for place, gone in enumerate(no_shopify)],
        "status": status,
        "matched_on": np.where(
            both, random.choice(["reference", "tag", "note_attribute"], rows, p=[0.8, 0.15, 0.05]), None
        ),
        "evidence": np.where(both, "reference; tag", None),
        "tiktok_amount": amounts,
        "shopify_total": totals,
        "difference": np.round(totals - amounts, 2),
        "currency": ["USD"] * rows,
        "tiktok_status": np.where(
            no_tiktok, None, np.where(status == "not_expected", "Canceled", "Completed")
        ),
        "financial_status": np.where(
            no_shopify, None, np.where(status == "state_differs", "refunded", "paid")
        ),
        "tiktok_counted": amounts,
        "shopify_counted": totals,
        "difference_counted": np.nan_to_num(totals) - np.nan_to_num(amounts),
        "tiktok_refunded": np.where(no_tiktok, np.nan, 0.0),
        "shopify_refunded": np.where(no_shopify, np.nan, 0.0),
        "reason": [
            REASONS[state][place % len(REASONS[state])] if state in REASONS else None
            for place, state in enumerate(status)
        ],
    }
