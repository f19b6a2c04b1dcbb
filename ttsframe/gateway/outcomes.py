"""`Outcome`: what is known of one order on one platform."""

from __future__ import annotations

from typing import NamedTuple

SIMULATED = "sandbox"
"""How the request ids of a simulated gateway begin: the mark of its answers."""


class LineItem(NamedTuple):
    """A line, under the names that the gateway gives: which of the two is TikTok's is not known."""

    id: str | None
    origin_id: str | None


class Reference(NamedTuple):
    """One external order of an order."""

    external_order_id: str
    line_items: tuple[LineItem, ...] = ()


class Outcome(NamedTuple):
    """What is known of one order on one platform."""

    status: str
    reason: str | None = None
    references: tuple[Reference, ...] = ()
    error_code: str | None = None
    error_message: str | None = None
    http_status: int | None = None
    request_id: str | None = None
    fetched_at: float | None = None
    """Unix seconds."""
    from_cache: bool = False
