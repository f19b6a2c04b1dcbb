"""What each row of the result is: its status, and the reasons that the columns show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ttsframe.columns import MATCH_GUESSED, MATCH_REASONS, MATCH_STATUSES
from ttsframe.matching.inputs import SOURCE_BITS, lowered_categories
from ttsframe.matching.keys import decode, take_or_fill
from ttsframe.matching.links import LookupState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ttsframe.matching.align import AlignedOrders, Sides
    from ttsframe.matching.inputs import Times
    from ttsframe.matching.keys import Flags

STATUS_CODES = {status: code for code, status in enumerate((*MATCH_STATUSES, *MATCH_GUESSED))}
_BITS = {reason: 1 << place for place, reason in enumerate(MATCH_REASONS)}

_UNPAID_WORDS = ("expired", "pending", "authorized")
_PAID_WORDS = ("paid", "partially_refunded")

_ZONE_HOURS = 14
"""How far a clock without a zone can be from UTC."""
_SAME_MOMENT_HOURS = 36
"""An order that appears on Shopify later than this was not moved into another month by its zone."""


def statuses(aligned: AlignedOrders) -> NDArray[np.int8]:
    """Decide the status code of every row.

    Of several that apply the first of conflict, duplicate, state_differs, amount_differs stands.
    A guess is only a guess, whatever its two sides say.

    Parameters
    ----------
    aligned
        The rows with their two sides.

    Returns
    -------
    numpy.ndarray
        Codes of `STATUS_CODES`.
    """
    faces, rows = aligned.faces, aligned.rows
    state = faces.excluded[0] != faces.excluded[1]
    codes = unpaired_statuses(aligned)
    # What stands later here overwrites, so the strongest comes last.
    for status, where in {
        "only_shopify": ~faces.has_tiktok,
        "matched": faces.both,
        "amount_differs": faces.both & amounts_differ(aligned),
        "state_differs": faces.both & state,
        "probable": rows.bits == SOURCE_BITS["probable"],
        "duplicate": rows.duplicate,
        "conflict": rows.conflict,
    }.items():
        codes[where] = STATUS_CODES[status]
    return codes


def amounts_differ(aligned: AlignedOrders) -> Flags:
    """Tell where the amounts differ by more than the tolerance, or the currencies do."""
    return (np.abs(aligned.faces.difference) > aligned.tolerance_units) | aligned.faces.currencies_differ


def unpaired_statuses(aligned: AlignedOrders) -> NDArray[np.int8]:
    """Decide the status code of each row as if its TikTok order had no pair."""
    tiktok, graph = aligned.given.tiktok, aligned.graph
    linked = either(graph.answers, LookupState.LINKED, LookupState.LINKED_ELSEWHERE)
    answered = linked | either(graph.answers, LookupState.UNLINKED, LookupState.UNLINKED_ELSEWHERE)
    bad_id = tiktok.bad_ids.notna().to_numpy()
    lone = np.full(len(tiktok.ids), STATUS_CODES["only_tiktok"], dtype=np.int8)
    lone[bad_id & ~linked] = STATUS_CODES["unknown"]
    if aligned.given.refs is not None:
        lone[~answered | graph.ambiguous] = STATUS_CODES["unknown"]
    lone[tiktok.cancelled & tiktok.unpaid & ~linked] = STATUS_CODES["not_expected"]
    return take_or_fill(lone, aligned.faces.tiktok_row, 0)


def either(answers: NDArray[np.int8], one: int, other: int) -> Flags:
    """Tell which answers are one or the other."""
    found: Flags = (answers == one) | (answers == other)
    return found


def reason_bits(aligned: AlignedOrders) -> np.ndarray:
    """Collect the causes that can be seen, as bits of `columns.MATCH_REASONS`."""
    bits = np.zeros(len(aligned.rows.tiktok), dtype=np.int32)
    for found in (
        _absence(aligned),
        _dates(aligned),
        _states(aligned),
        _payments(aligned),
        _amounts(aligned),
    ):
        for reason, where in found.items():
            bits[where] |= _BITS[reason]
    return bits


def reason_text(bits: np.ndarray, words: pd.Series) -> pd.Series:
    """Write reasons out, joined by `; `.

    Parameters
    ----------
    bits
        As `reason_bits` gives them.
    words
        The look-up's own reason, for the rows where it stands first; missing elsewhere.

    Returns
    -------
    pandas.Series
        Missing where no cause is seen.
    """
    codes, kinds = pd.factorize(bits)
    texts = [
        "; ".join(reason for reason, bit in _BITS.items() if kind & bit) or None for kind in kinds.tolist()
    ]
    text = decode(texts, codes)
    named = words.notna().to_numpy()
    if named.any():
        both = words[named].str.cat(text[named], sep="; ")
        text = text.mask(named, both.where(both.notna(), words[named]))
    return text


def _absence(aligned: AlignedOrders) -> dict[str, np.ndarray]:
    """Say why an order has no other half."""
    tiktok, graph, faces, rows = aligned.given.tiktok, aligned.graph, aligned.faces, aligned.rows
    asked = aligned.given.refs is not None
    alone = faces.has_tiktok & (rows.shopify < 0)
    answers = take_or_fill(graph.answers, faces.tiktok_row, LookupState.NOT_ASKED)
    ambiguous = take_or_fill(graph.ambiguous, faces.tiktok_row, fill=False)
    bad_id = take_or_fill(tiktok.bad_ids.notna().to_numpy(), faces.tiktok_row, fill=False)
    unpaid = take_or_fill(tiktok.cancelled & tiktok.unpaid, faces.tiktok_row, fill=False)
    linked = either(answers, LookupState.LINKED, LookupState.LINKED_ELSEWHERE)
    unlinked = either(answers, LookupState.UNLINKED, LookupState.UNLINKED_ELSEWHERE)
    named_outside = (rows.tiktok >= 0) & (rows.shopify >= 0) & ~faces.both
    return {
        "ambiguous_reference": alone & ambiguous,
        "not_in_export": (alone & linked & ~ambiguous) | named_outside,
        "unlinked": alone & unlinked & ~unpaid,
        "no_mark": alone & (not asked) & ~unpaid & ~bad_id,
        "not_asked": alone & asked & (answers == LookupState.NOT_ASKED) & ~unpaid & ~bad_id,
        "no_order_id": rows.tiktok < 0,
        "cancelled_before_payment": alone & unpaid,
        "cancelled_on_tiktok": alone & ~unpaid & faces.cancelled[0],
        "several_candidates": alone & (take_or_fill(aligned.candidates, faces.tiktok_row, 0) > 0),
    }


def _dates(aligned: AlignedOrders) -> dict[str, np.ndarray]:
    """See where the calendar explains an absence, or moves a pair into two months."""
    faces, rows = aligned.faces, aligned.rows
    tiktok, shopify = aligned.given.tiktok.created, aligned.given.shopify.created
    slack = np.timedelta64(0 if tiktok.zoned and shopify.zoned else _ZONE_HOURS, "h")
    answers = take_or_fill(aligned.graph.answers, faces.tiktok_row, LookupState.NOT_ASKED)
    linked = (rows.shopify < 0) & either(answers, LookupState.LINKED, LookupState.LINKED_ELSEWHERE)
    nameless = faces.has_shopify & ~faces.has_tiktok & (rows.tiktok >= 0)
    outside, month_end = np.zeros(len(linked), dtype=bool), _two_months(tiktok, shopify, faces)
    for where, row, times, others in (
        (np.flatnonzero(linked), faces.tiktok_row, tiktok, shopify),
        (np.flatnonzero(nameless), faces.shopify_row, shopify, tiktok),
    ):
        outside[where], edge = _beyond(times.moments[row[where]], others.moments, slack)
        month_end[where] |= edge
    return {"outside_dates": outside, "month_end": month_end}


def _beyond(at: np.ndarray, others: np.ndarray, slack: np.timedelta64) -> tuple[np.ndarray, np.ndarray]:
    """Tell which times lie outside the others' span, and which do by less than a zone at a month's end."""
    known = others[~np.isnat(others)] if len(at) else others[:0]
    if not len(known):
        return np.zeros(len(at), dtype=bool), np.zeros(len(at), dtype=bool)
    low, high = known.min(), known.max()
    outside = (at < low - slack) | (at > high + slack)
    month = at.astype("datetime64[M]")
    edge = np.timedelta64(_ZONE_HOURS, "h")
    at_month_end = ((at - edge).astype("datetime64[M]") != month) | (
        (at + edge).astype("datetime64[M]") != month
    )
    return outside, ((at < low) | (at > high)) & ~outside & at_month_end


def _two_months(tiktok: Times, shopify: Times, faces: Sides) -> np.ndarray:
    months = [times.moments.astype("datetime64[M]") for times in (tiktok, shopify)]
    nat = np.datetime64("NaT")
    left, right = (
        take_or_fill(months[0], faces.tiktok_row, nat),
        take_or_fill(months[1], faces.shopify_row, nat),
    )
    rows = np.flatnonzero((left != right) & ~np.isnat(left) & ~np.isnat(right))
    apart = tiktok.moments[faces.tiktok_row[rows]] - shopify.moments[faces.shopify_row[rows]]
    two = np.zeros(len(left), dtype=bool)
    two[rows[np.abs(apart) <= np.timedelta64(_SAME_MOMENT_HOURS, "h")]] = True
    return two


def _states(aligned: AlignedOrders) -> dict[str, np.ndarray]:
    """Name what was done on one side: always where the states differ, and partial refunds."""
    tiktok, faces = aligned.given.tiktok, aligned.faces
    differ = faces.both & (faces.excluded[0] != faces.excluded[1])
    partial = faces.both & ~faces.excluded[0] & ~faces.excluded[1] & (faces.refunded[0] != faces.refunded[1])
    left, right = differ & faces.excluded[0], differ & faces.excluded[1]
    return {
        "cancelled_on_tiktok": left & faces.cancelled[0],
        "cancelled_on_shopify": right & faces.cancelled[1],
        "refunded_on_tiktok": (left | partial) & faces.refunded[0],
        "refunded_on_shopify": (right | partial) & faces.refunded[1],
        "refund_differs": faces.both & ~faces.currencies_differ & _apart(*faces.refunds, aligned),
        "voided_on_shopify": right & faces.voided,
        "cancelled_before_payment": left
        & take_or_fill(tiktok.cancelled & tiktok.unpaid, faces.tiktok_row, fill=False),
    }


def _apart(one: np.ndarray, other: np.ndarray, aligned: AlignedOrders) -> np.ndarray:
    """Tell where two sums differ by more than the tolerance; False if one is unknown."""
    apart: np.ndarray = np.abs(one - other) > aligned.tolerance_units
    return apart


def _payments(aligned: AlignedOrders) -> dict[str, np.ndarray]:
    """Name what is paid on one side only, where both orders stand."""
    tiktok, faces = aligned.given.tiktok, aligned.faces
    stands = faces.both & ~faces.excluded[0] & ~faces.excluded[1]
    codes, words = lowered_categories(aligned.given.shopify.financial_status)
    unpaid, paid = (
        take_or_fill(np.array([word in said for word in words])[codes], faces.shopify_row, fill=False)
        for said in (_UNPAID_WORDS, _PAID_WORDS)
    )
    # A column of times of payment that is blank throughout tells nothing.
    without = tiktok.unpaid & tiktok.paid.any()
    return {
        "unpaid_on_shopify": stands & unpaid & take_or_fill(tiktok.paid, faces.tiktok_row, fill=False),
        "unpaid_on_tiktok": stands & paid & take_or_fill(without, faces.tiktok_row, fill=False),
    }


def _amounts(aligned: AlignedOrders) -> dict[str, np.ndarray]:
    """Name what explains the amounts of a pair, as far as the columns show it."""
    faces, rows = aligned.faces, aligned.rows
    pair = faces.both & ~rows.conflict & ~rows.duplicate
    alone = faces.has_tiktok & (rows.shopify < 0)
    open_pair = pair & ~faces.excluded[0] & ~faces.excluded[1]
    discount = faces.platform_discount
    differ = pair & amounts_differ(aligned)
    left_over = np.abs(faces.difference - discount)  # it lowers what the buyer paid on TikTok
    return {
        "currency": pair & faces.currencies_differ,
        "platform_discount": differ & (discount > 0) & (left_over <= aligned.tolerance_units),
        "free_sample": (open_pair & ((faces.amount == 0) | (faces.total == 0)))
        | (alone & ~faces.excluded[0] & (faces.amount == 0)),
        "no_amount": faces.both & (np.isnan(faces.amount) | np.isnan(faces.total)),
    }
