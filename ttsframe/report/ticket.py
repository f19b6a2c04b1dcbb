"""A text for the support of TikTok Shop or of the connector: ids, states and times, and no person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttsframe.columns import MATCH_ORDERS
from ttsframe.report.cells import as_text, decimals_of
from ttsframe.report.one_order import aligned
from ttsframe.text import counted, one_line

if TYPE_CHECKING:
    import pandas as pd

    from ttsframe.report.summary import ReportData

_MOST_ROWS = 200
_HEADS = {
    "order_id": "TikTok order",
    "shopify_id": "Shopify id",
    "shopify_name": "Shopify order",
    "tiktok_created_at": "created on TikTok",
    "shopify_created_at": "created on Shopify",
    "tiktok_status": "TikTok state",
    "financial_status": "Shopify state",
    "tiktok_amount": "TikTok amount",
    "shopify_total": "Shopify total",
    "currency": "currency",
    "reason": "cause",
}
"""The columns that a ticket lists, where they tell something."""
_SUBJECTS = {
    "only_tiktok": ("TikTok Shop order", "not on Shopify", "Why was it not sent to Shopify?"),
    "only_shopify": ("Shopify order", "without its TikTok Shop order", "Which order was it made from?"),
    "duplicate": ("row", "of orders that are more than once on Shopify", "Why were they made twice?"),
    "conflict": ("row", "of orders that are linked to several orders", "Which link is the right one?"),
    "state_differs": ("order", "in different states", "Why was its state not brought over?"),
    "amount_differs": ("order", "with different amounts", "Where does the difference come from?"),
    "unknown": ("TikTok Shop order", "without an answer", "Why do its external references give none?"),
}
"""By status: what it is about, and what is asked."""
_OTHERWISE = ("order", "to check", "Is this order right on your side?")


def write_ticket(data: ReportData, rows: pd.DataFrame) -> str:
    """Write the ticket about rows of one status, or of one order."""
    noun, phrase, question = _SUBJECTS.get(str(rows["status"].iloc[0]), _OTHERWISE)
    shown = rows.head(_MOST_ROWS)
    lines = [f"Subject: {counted(len(rows), noun)} {phrase}", "", question, "", *_table(data, shown)]
    if more := len(rows) - len(shown):
        lines += [f"  and {counted(more, 'more row')}, which we can send as a file"]
    made = data.provenance.get("made at")
    return "\n".join([*lines, *(["", f"As of {made}."] if made else [])])


def _table(data: ReportData, rows: pd.DataFrame) -> list[str]:
    columns = [column for column in MATCH_ORDERS if column.name in _HEADS]
    texts = {
        _HEADS[column.name]: as_text(rows[column.name], column, decimals=decimals_of(rows, column))
        for column in columns
    }
    if data.details is not None and "request_id" in data.details:
        texts["request id"] = data.details.loc[rows.index, "request_id"].fillna("").tolist()
    told = {head: [one_line(text) for text in column] for head, column in texts.items() if any(column)}
    return aligned([tuple(told), *zip(*told.values(), strict=True)], "<" * len(told))
