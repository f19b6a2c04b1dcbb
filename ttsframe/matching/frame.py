"""The classified rows → the frame that the caller gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ttsframe import money
from ttsframe.columns import MATCH_ORDERS, MATCH_SETTLEMENT, MATCH_SOURCES, TEXT_DTYPE, conform
from ttsframe.matching import keys
from ttsframe.matching.classify import STATUS_CODES, reason_bits, reason_text, statuses
from ttsframe.matching.conflicts import with_contradictions
from ttsframe.matching.inputs import SOURCE_BITS
from ttsframe.matching.keys import take_or_fill
from ttsframe.money import to_major_units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttsframe.matching.align import AlignedOrders, Sides
    from ttsframe.matching.inputs import Settlement
    from ttsframe.matching.pairing import Rows

COUNTED = {"TikTok": "tiktok_counted", "Shopify": "shopify_counted"}
"""Each side, and the column that its totals add up."""
_SETS_OF_SOURCES = 1 << len(MATCH_SOURCES)


def to_frame(aligned: AlignedOrders) -> pd.DataFrame:
    """Write the rows out as text, amounts and verdicts.

    Parameters
    ----------
    aligned
        The rows with their two sides.

    Returns
    -------
    pandas.DataFrame
        `columns.MATCH_ORDERS`, with `columns.MATCH_SETTLEMENT` after them where there is one.
    """
    given, graph, rows, faces = aligned.given, aligned.graph, aligned.rows, aligned.faces
    tiktok, shopify, _, settlement = given
    ours, theirs = aligned.currencies.digits
    left, right = faces.tiktok_row, faces.shopify_row
    codes = statuses(aligned)
    data = {
        "order_id": _taken(graph.tiktok_ids, rows.tiktok),
        "shopify_id": _taken(graph.shopify_ids, rows.shopify),
        "shopify_name": _taken(shopify.names, right),
        "status": _category(codes, STATUS_CODES),
        "matched_on": _matched_on(rows, codes),
        "evidence": with_contradictions(_with_candidates(_evidence(aligned), aligned), aligned),
        "tiktok_amount": to_major_units(faces.amount, ours),
        "shopify_total": to_major_units(faces.total, theirs),
        "difference": to_major_units(faces.difference, ours),
        "currency": aligned.currencies.text,
        "tiktok_status": _taken(tiktok.status, left),
        "financial_status": _taken(shopify.financial_status, right),
        "reason": reason_text(reason_bits(aligned), _words(aligned, codes)),
        **dict(zip(COUNTED.values(), _counted(aligned), strict=True)),
        "tiktok_refunded": to_major_units(faces.refunds[0], ours),
        "shopify_refunded": to_major_units(faces.refunds[1], theirs),
    }
    frame = conform(data, MATCH_ORDERS)
    if settlement is None:
        return frame
    return pd.concat([frame, _payouts(settlement, aligned)], axis=1)


def days_of(aligned: AlignedOrders) -> pd.Series:
    """Return the day of each row: TikTok's, or else Shopify's."""
    given, faces = aligned.given, aligned.faces
    nat = np.datetime64("NaT")
    ours = take_or_fill(given.tiktok.created.moments, faces.tiktok_row, nat)
    theirs = take_or_fill(given.shopify.created.moments, faces.shopify_row, nat)
    return pd.Series(pd.DatetimeIndex(np.where(np.isnat(ours), theirs, ours)).normalize())


def excluded_of(aligned: AlignedOrders) -> pd.DataFrame:
    """Return what each row's orders would add to the totals, were they not excluded on that side."""
    faces = aligned.faces
    sides = zip(COUNTED, faces.amounts, faces.excluded, _first(faces), aligned.currencies.digits, strict=True)
    return pd.DataFrame(
        {
            side: to_major_units(np.where(excluded & first, amount, 0.0), digits)
            for side, amount, excluded, first, digits in sides
        }
    )


def missing_amount_of(aligned: AlignedOrders) -> pd.DataFrame:
    """Tell on which side each row has an order without an amount."""
    faces = aligned.faces
    there = zip(COUNTED, faces.amounts, (faces.has_tiktok, faces.has_shopify), strict=True)
    return pd.DataFrame({side: has & np.isnan(amount) for side, amount, has in there})


def _counted(aligned: AlignedOrders) -> list[np.ndarray]:
    """Return what each row adds to its sides' totals: nothing if excluded there, or on an earlier row."""
    faces = aligned.faces
    sides = zip(faces.amounts, faces.excluded, _first(faces), aligned.currencies.digits, strict=True)
    return [
        to_major_units(np.where((excluded | ~first) & ~np.isnan(amount), 0.0, amount), digits)
        for amount, excluded, first, digits in sides
    ]


def _first(faces: Sides) -> list[np.ndarray]:
    """Tell, for each side, which rows are the first of their order."""
    return [~pd.Series(row).duplicated().to_numpy() for row in (faces.tiktok_row, faces.shopify_row)]


def _taken(text: pd.Series, rows: np.ndarray) -> pd.Series:
    """Take text by row; missing for row -1."""
    if len(rows) <= len(text) and (rows == np.arange(len(rows))).all():
        return text.iloc[: len(rows)].reset_index(drop=True)
    taken: pd.Series = pd.Series(text.array.take(rows, allow_fill=True), dtype=TEXT_DTYPE)
    return taken


def _matched_on(rows: Rows, status_codes: np.ndarray) -> Any:  # noqa: ANN401 - as `_category`
    """Name the strongest source of each pair; missing where there is no pair in it."""
    lowest = [(bits & -bits).bit_length() - 1 for bits in range(_SETS_OF_SOURCES)]
    codes = np.array(lowest, dtype=np.int8)[rows.bits]
    codes[status_codes == STATUS_CODES["only_shopify"]] = keys.MISSING
    return _category(codes, MATCH_SOURCES)


def _category(codes: np.ndarray, words: Iterable[str]) -> Any:  # noqa: ANN401 - the stubs and pandas do not agree
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(words)))


def _evidence(aligned: AlignedOrders) -> pd.Series:
    """Name all sources of each row; of a lone order that is linked, what it is linked to."""
    given, graph, rows, left = aligned.given, aligned.graph, aligned.rows, aligned.faces.tiktok_row
    texts = [
        "; ".join(source for source, bit in SOURCE_BITS.items() if bits & bit) or None
        for bits in range(_SETS_OF_SOURCES)
    ]
    text = keys.decode(texts, rows.bits)
    if given.refs is None:
        return text
    linked_row = np.where(rows.shopify < 0, take_or_fill(graph.answer_rows, left, -1), -1)
    elsewhere = _taken(given.refs.external, linked_row)
    return text.mask(elsewhere.notna(), "reference " + elsewhere)


def _with_candidates(evidence: pd.Series, aligned: AlignedOrders) -> pd.Series:
    """Tell of how many orders a guess was made, or could have been."""
    if not aligned.candidates.any():
        return evidence
    guessed = aligned.rows.bits == SOURCE_BITS["probable"]
    count = np.where(
        guessed | (aligned.rows.shopify < 0), take_or_fill(aligned.candidates, aligned.faces.tiktok_row, 0), 0
    )
    codes, numbers = pd.factorize(count)
    words = [f"{number} candidate{'s' if number > 1 else ''}" for number in numbers.tolist()]
    told = keys.decode(words, codes).mask(guessed, "probable (" + keys.decode(words, codes) + ")")
    return evidence.mask(count > 0, told)


def _words(aligned: AlignedOrders, codes: np.ndarray) -> pd.Series:
    """Give the look-up's own reason, or what is wrong with the id, for the unknown orders."""
    given, graph, left = aligned.given, aligned.graph, aligned.faces.tiktok_row
    unknown = np.flatnonzero(codes == STATUS_CODES["unknown"])
    words = keys.missing_text(len(codes))
    if not len(unknown):
        return words
    told = _taken(given.tiktok.bad_ids.astype(TEXT_DTYPE), left[unknown])
    if given.refs is not None:
        row = np.where(graph.ambiguous[left[unknown]], -1, graph.answer_rows[left[unknown]])
        told = told.where(told.notna(), _taken(given.refs.reason, row))
        told = told.where(told.notna(), _taken(given.refs.status, row))
    words[unknown] = told.array
    return words


def _payouts(settlement: Settlement, aligned: AlignedOrders) -> pd.DataFrame:
    """Lay the payouts along the rows: on every row of their TikTok order."""
    nodes, orders = aligned.graph.settlement_nodes, len(aligned.given.tiktok.ids)
    ours = np.flatnonzero((nodes >= 0) & (nodes < orders))
    payout = np.full(orders, -1, dtype=np.int64)
    payout[nodes[ours]] = ours
    row = take_or_fill(payout, aligned.faces.tiktok_row, -1)
    currency = _taken(settlement.currency, row)
    codes, words = pd.factorize(currency)
    named = np.array([*map(money.decimals, words), 0], dtype=np.int64)[codes]
    digits = np.where(codes < 0, aligned.currencies.digits[0], named)
    amount = take_or_fill(settlement.amount, row, np.nan)
    data = {
        "settled_amount": to_major_units(money.to_minor_units(amount, digits), digits),
        "settled_currency": currency,
        "settled_at": settlement.settled_at.reset_index(drop=True).reindex(row).reset_index(drop=True),
    }
    return conform(data, MATCH_SETTLEMENT)
