"""Why an order has no other half: what was done with it, what it is, and when it was created."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import numpy as np

from ttsframe.matching.links import LookupState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ttsframe.matching.align import Aligned
    from ttsframe.matching.keys import Flags

LINKED = (LookupState.LINKED, LookupState.LINKED_ELSEWHERE)
UNLINKED = (LookupState.UNLINKED, LookupState.UNLINKED_ELSEWHERE)

_SAME_MOMENT_HOURS = 36
"""An order that appears on Shopify later than this was not moved into another month by its zone."""
_HOLD = np.timedelta64(2, "h")
"""Connectors wait about an hour after payment; what is newer than this may still come."""
_GAP_ORDERS = 5
"""This many orders in a row that are not on Shopify, between orders that are, are not by chance."""
_LONG_GAP, _LONG_GAP_ORDERS = np.timedelta64(2, "h"), 3
"""Nor are this many in a stretch of this length."""


class Reason(enum.IntFlag):
    """What explains a status: `columns.MATCH_REASONS` as flags."""

    FULFILLED_BY_TIKTOK = enum.auto()
    SAMPLE = enum.auto()
    ON_HOLD = enum.auto()
    SKU_NOT_ON_SHOPIFY = enum.auto()
    SYNC_GAP = enum.auto()
    BEFORE_FIRST_ORDER = enum.auto()
    NOT_IN_EXPORT = enum.auto()
    OUTSIDE_DATES = enum.auto()
    UNLINKED = enum.auto()
    NO_MARK = enum.auto()
    NO_ORDER_ID = enum.auto()
    AMBIGUOUS_REFERENCE = enum.auto()
    NOT_ASKED = enum.auto()
    CANCELLED_BEFORE_PAYMENT = enum.auto()
    CANCELLED_ON_TIKTOK = enum.auto()
    CANCELLED_ON_SHOPIFY = enum.auto()
    REFUNDED_ON_TIKTOK = enum.auto()
    REFUNDED_ON_SHOPIFY = enum.auto()
    REFUND_DIFFERS = enum.auto()
    VOIDED_ON_SHOPIFY = enum.auto()
    UNPAID_ON_SHOPIFY = enum.auto()
    UNPAID_ON_TIKTOK = enum.auto()
    CURRENCY = enum.auto()
    AMBIGUOUS_EXPLANATION = enum.auto()
    FREE_SAMPLE = enum.auto()
    NO_AMOUNT = enum.auto()
    MONTH_END = enum.auto()
    SEVERAL_CANDIDATES = enum.auto()


_MOST_SPECIFIC_FIRST = (
    Reason.FULFILLED_BY_TIKTOK,
    Reason.SAMPLE,
    Reason.ON_HOLD,
    Reason.CANCELLED_ON_TIKTOK,
    Reason.SKU_NOT_ON_SHOPIFY,
    Reason.SYNC_GAP,
    Reason.BEFORE_FIRST_ORDER,
    Reason.OUTSIDE_DATES,
    Reason.MONTH_END,
)
"""What is seen of an order itself says more than its time, and that more than that it is missing."""


def never_paid(rows: Aligned) -> Flags:
    """Tell which TikTok orders were cancelled before they were paid."""
    return rows.tiktok.cancelled & rows.tiktok.unpaid


def absence(rows: Aligned) -> dict[Reason, Flags]:
    """Say why an order has no other half."""
    linked = np.isin(rows.lookup, LINKED)
    open_alone = rows.alone & ~never_paid(rows)
    named_outside = (rows.tiktok.node >= 0) & (rows.shopify.node >= 0) & ~rows.both
    return {
        Reason.AMBIGUOUS_REFERENCE: rows.alone & rows.ambiguous,
        Reason.NOT_IN_EXPORT: (rows.alone & linked & ~rows.ambiguous) | named_outside,
        Reason.UNLINKED: open_alone & np.isin(rows.lookup, UNLINKED),
        Reason.NO_MARK: open_alone & (rows.lookup == LookupState.NO_LOOKUP) & ~rows.bad_id,
        Reason.NOT_ASKED: open_alone & (rows.lookup == LookupState.NOT_ASKED) & ~rows.bad_id,
        Reason.NO_ORDER_ID: rows.tiktok.node < 0,
        Reason.CANCELLED_BEFORE_PAYMENT: rows.alone & never_paid(rows),
        Reason.CANCELLED_ON_TIKTOK: open_alone & rows.tiktok.cancelled,
        Reason.SEVERAL_CANDIDATES: rows.alone & (rows.candidates > 0),
    }


def causes(rows: Aligned, missing: Flags) -> dict[Reason, Flags]:
    """Say why TikTok orders, those `missing` on Shopify, may never have come there."""
    if not missing.any():
        return {}
    created, there = rows.tiktok.created, rows.tiktok.there
    # Orders that are on Shopify, in the files or not: they show when the connector was at work.
    synced = rows.both | (rows.alone & np.isin(rows.lookup, LINKED))
    synced_at = np.sort(created[synced & ~np.isnat(created)])
    # Without a look-up, an order may be one of those on Shopify that name no TikTok order.
    unmarked = bool((rows.tiktok.node < 0).any())
    timed = missing & ~(unmarked & (rows.lookup == LookupState.NO_LOOKUP))
    held = missing & rows.on_hold
    before = np.zeros(len(missing), dtype=bool)
    if len(synced_at):
        newest = np.nanmax(created[there])
        held |= timed & (created > synced_at[-1]) & (created >= newest - _HOLD)
        before = timed & (created < synced_at[0]) & ~(rows.outside > np.timedelta64(0))
    found = {
        Reason.FULFILLED_BY_TIKTOK: missing & rows.fulfilled_by_tiktok,
        Reason.SAMPLE: missing & rows.sample,
        Reason.ON_HOLD: held,
        Reason.SKU_NOT_ON_SHOPIFY: missing & rows.skus_missing,
    }
    of_its_own = np.logical_or.reduce([*found.values(), rows.tiktok.cancelled])
    return found | {
        Reason.SYNC_GAP: _sync_gaps(created, synced_at, timed & ~of_its_own),
        Reason.BEFORE_FIRST_ORDER: before,
    }


def _sync_gaps(created: NDArray[np.datetime64], synced_at: NDArray[np.datetime64], missing: Flags) -> Flags:
    """Tell which missing orders lie in a stretch of time in which no order came to Shopify."""
    gaps = np.zeros(len(missing), dtype=bool)
    rows = np.flatnonzero(missing & ~np.isnat(created))
    if len(synced_at) < 2:  # noqa: PLR2004 - a gap lies between two
        return gaps
    # Two orders of one moment are in no order; the missing one then comes before the other.
    after = np.searchsorted(synced_at, created[rows])
    orders = np.bincount(after, minlength=len(synced_at) + 1)
    length = np.diff(synced_at, prepend=synced_at[:1], append=synced_at[-1:])
    long = (orders >= _GAP_ORDERS) | ((orders >= _LONG_GAP_ORDERS) & (length >= _LONG_GAP))
    long[[0, -1]] = False  # before the first and after the last order that came
    gaps[rows] = long[after]
    return gaps


def most_specific(reasons: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the reason that says most of each set; the whole set where none does."""
    chosen = reasons.copy()
    for reason in reversed(_MOST_SPECIFIC_FIRST):
        chosen[(reasons & reason) > 0] = reason
    return chosen


def dates(rows: Aligned, missing: Flags) -> dict[Reason, Flags]:
    """See where the calendar explains an absence, or moves a pair into two months."""
    linked = rows.alone & np.isin(rows.lookup, LINKED)
    named = rows.shopify.there & ~rows.tiktok.there & (rows.tiktok.node >= 0)
    not_looked_up = missing & (rows.lookup == LookupState.NO_LOOKUP)
    far = rows.outside > rows.clocks_apart
    nearly = (linked | named) & (rows.outside > np.timedelta64(0)) & ~far
    month_end = np.zeros(len(far), dtype=bool)
    at, edge = rows.created[nearly], rows.clocks_apart
    month_end[nearly] = (_month(at - edge) != _month(at)) | (_month(at + edge) != _month(at))
    apart = np.abs(rows.tiktok.created - rows.shopify.created)  # NaT unless both are known
    two_months = (_month(rows.tiktok.created) != _month(rows.shopify.created)) & (
        apart <= np.timedelta64(_SAME_MOMENT_HOURS, "h")
    )
    return {
        Reason.OUTSIDE_DATES: (linked | named | not_looked_up) & far,
        Reason.MONTH_END: month_end | two_months,
    }


def _month(moments: np.ndarray) -> np.ndarray:
    return moments.astype("datetime64[M]")
