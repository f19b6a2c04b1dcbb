"""The words about one order, and about many to a support team, that the page and Python share."""

from __future__ import annotations

from ttsframe.columns import COMPONENTS, MATCH_REASONS, REASONS

BESIDE = (
    ("Order", "order_id", "shopify_name"),
    ("Shopify ID", None, "shopify_id"),
    ("State", "tiktok_status", "financial_status"),
    ("Created", "tiktok_created_at", "shopify_created_at"),
    ("Paid", "tiktok_paid_at", None),
    ("Amount", "tiktok_amount", "shopify_total"),
    ("Refunded", "tiktok_refunded", "shopify_refunded"),
    ("In the totals", "tiktok_counted", "shopify_counted"),
)
"""A label, and the column of each side."""
MEANINGS = {**REASONS, **MATCH_REASONS, **COMPONENTS}

MOST_IN_TICKET = 200
TICKET_HEADS = {
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
TICKET_SUBJECTS = {
    "only_tiktok": ("TikTok Shop order", "not on Shopify", "Why was it not sent to Shopify?"),
    "only_shopify": ("Shopify order", "without its TikTok Shop order", "Which order was it made from?"),
    "duplicate": ("row", "of orders that are more than once on Shopify", "Why were they made twice?"),
    "conflict": ("row", "of orders that are linked to several orders", "Which link is the right one?"),
    "state_differs": ("order", "in different states", "Why was its state not brought over?"),
    "amount_differs": ("order", "with different amounts", "Where does the difference come from?"),
    "unknown": ("TikTok Shop order", "without an answer", "Why do its external references give none?"),
}
"""By status: what it is about, and what is asked."""
TICKET_OTHERWISE = ("order", "to check", "Is this order right on your side?")
