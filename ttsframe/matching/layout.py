"""The rows of the result, as numbers → the frame that the caller gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ttsframe import money
from ttsframe.columns import MATCH_ORDERS, MATCH_SETTLEMENT, MATCH_SOURCES, TEXT_DTYPE, typed
from ttsframe.matching import keys, verdicts
from ttsframe.matching.conflicts import with_contradictions
from ttsframe.matching.currencies import currencies_of
from ttsframe.matching.inputs import SOURCE_BITS
from ttsframe.matching.reasons import reason_bits, reason_text
from ttsframe.money import to_major_units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttsframe.matching.claims import LinkGraph
    from ttsframe.matching.inputs import Inputs, Settlement
    from ttsframe.matching.pairing import Rows

COUNTED = {"TikTok": "tiktok_counted", "Shopify": "shopify_counted"}
"""Each side, and the column that its totals add up."""
_SETS_OF_SOURCES = 1 << len(MATCH_SOURCES)


def scene_of(
    given: Inputs, universe: LinkGraph, rows: Rows, candidates: np.ndarray, *, tolerance: float
) -> verdicts.AlignedOrders:
    """Lay both sides of every row beside each other.

    Parameters
    ----------
    given, universe, rows
        The inputs, what is claimed, and the rows.
    candidates
        For each TikTok order of the file, how many Shopify orders it could be guessed to be.
    tolerance
        The largest difference that counts as equal, in major units.

    Returns
    -------
    AlignedOrders
        All that the frame is written from.
    """
    tiktok, shopify = given.tiktok, given.shopify
    left, right = rows_in_files(given, rows)
    proven = (left >= 0) & (right >= 0) & (rows.bits != SOURCE_BITS["probable"])
    currencies = currencies_of(tiktok, shopify, left, right, proven)
    faces = verdicts.face(tiktok, shopify, rows, currencies)
    return verdicts.AlignedOrders(given, universe, rows, faces, currencies, candidates, tolerance)


def orders_frame(scene: verdicts.AlignedOrders) -> pd.DataFrame:
    """Write the rows out as text, amounts and verdicts.

    Parameters
    ----------
    scene
        The rows with their two sides.

    Returns
    -------
    pandas.DataFrame
        `columns.MATCH_ORDERS`, with `columns.MATCH_SETTLEMENT` after them where there is one.
    """
    given, universe, rows, faces = scene.given, scene.universe, scene.rows, scene.faces
    tiktok, shopify, _, settlement = given
    ours, theirs = scene.currencies.digits
    left, right = faces.tiktok_row, faces.shopify_row
    codes = verdicts.statuses(scene)
    data = {
        "order_id": _taken(universe.tiktok_ids, rows.tiktok),
        "shopify_id": _taken(universe.shopify_ids, rows.shopify),
        "shopify_name": _taken(shopify.names, right),
        "status": _category(codes, verdicts.STATUS_CODES),
        "matched_on": _matched_on(rows, codes),
        "evidence": with_contradictions(_with_candidates(_evidence(scene), scene), scene),
        "tiktok_amount": to_major_units(faces.amount, ours),
        "shopify_total": to_major_units(faces.total, theirs),
        "difference": to_major_units(faces.difference, ours),
        "currency": scene.currencies.text,
        "tiktok_status": _taken(tiktok.status, left),
        "financial_status": _taken(shopify.financial_status, right),
        "reason": reason_text(reason_bits(scene), _words(scene, codes)),
        **dict(zip(COUNTED.values(), _counted(scene), strict=True)),
        "tiktok_refunded": to_major_units(faces.refunds[0], ours),
        "shopify_refunded": to_major_units(faces.refunds[1], theirs),
    }
    frame = typed(data, MATCH_ORDERS)
    if settlement is None:
        return frame
    return pd.concat([frame, _payouts(settlement, scene)], axis=1)


def rows_in_files(given: Inputs, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return each side's row in its file; -1 for an order that only the other side names, or none."""
    return (
        np.where(rows.tiktok < len(given.tiktok.ids), rows.tiktok, -1),
        np.where(rows.shopify < len(given.shopify.names), rows.shopify, -1),
    )


def days_of(scene: verdicts.AlignedOrders) -> pd.Series:
    """Return the day of each row: TikTok's, or else Shopify's."""
    given, faces = scene.given, scene.faces
    nat = np.datetime64("NaT")
    ours = verdicts.along(given.tiktok.created.moments, faces.tiktok_row, nat)
    theirs = verdicts.along(given.shopify.created.moments, faces.shopify_row, nat)
    return pd.Series(pd.DatetimeIndex(np.where(np.isnat(ours), theirs, ours)).normalize())


def closed_of(scene: verdicts.AlignedOrders) -> pd.DataFrame:
    """Return what each row's orders would add to the totals, were they not closed on that side."""
    faces = scene.faces
    sides = zip(COUNTED, faces.amounts, faces.closed, _first(faces), scene.currencies.digits, strict=True)
    return pd.DataFrame(
        {
            side: to_major_units(np.where(closed & first, amount, 0.0), digits)
            for side, amount, closed, first, digits in sides
        }
    )


def untold_of(scene: verdicts.AlignedOrders) -> pd.DataFrame:
    """Tell on which side each row has an order without an amount."""
    faces = scene.faces
    there = zip(COUNTED, faces.amounts, (faces.has_tiktok, faces.has_shopify), strict=True)
    return pd.DataFrame({side: has & np.isnan(amount) for side, amount, has in there})


def _counted(scene: verdicts.AlignedOrders) -> list[np.ndarray]:
    """Return what each row adds to its sides' totals: nothing if closed there, or on an earlier row."""
    faces = scene.faces
    sides = zip(faces.amounts, faces.closed, _first(faces), scene.currencies.digits, strict=True)
    return [
        to_major_units(np.where((closed | ~first) & ~np.isnan(amount), 0.0, amount), digits)
        for amount, closed, first, digits in sides
    ]


def _first(faces: verdicts.Faces) -> list[np.ndarray]:
    """Tell, for each side, which rows are the first of their order."""
    return [~pd.Series(row).duplicated().to_numpy() for row in (faces.tiktok_row, faces.shopify_row)]


def _taken(text: pd.Series, rows: np.ndarray) -> pd.Series:
    """Take text by row; missing for row -1."""
    if len(rows) <= len(text) and (rows == np.arange(len(rows))).all():
        return text.iloc[: len(rows)].reset_index(drop=True)
    taken: pd.Series = pd.Series(text.array.take(rows, allow_fill=True), dtype=TEXT_DTYPE)
    return taken


def _matched_on(rows: Rows, statuses: np.ndarray) -> Any:  # noqa: ANN401 - as `_category`
    """Name the strongest source of each pair; missing where there is no pair in it."""
    lowest = [(bits & -bits).bit_length() - 1 for bits in range(_SETS_OF_SOURCES)]
    codes = np.array(lowest, dtype=np.int8)[rows.bits]
    codes[statuses == verdicts.STATUS_CODES["only_shopify"]] = keys.MISSING
    return _category(codes, MATCH_SOURCES)


def _category(codes: np.ndarray, words: Iterable[str]) -> Any:  # noqa: ANN401 - the stubs and pandas do not agree
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(words)))


def _evidence(scene: verdicts.AlignedOrders) -> pd.Series:
    """Name all sources of each row; of a lone order that is linked, what it is linked to."""
    given, universe, rows, left = scene.given, scene.universe, scene.rows, scene.faces.tiktok_row
    texts = [
        "; ".join(source for source, bit in SOURCE_BITS.items() if bits & bit) or None
        for bits in range(_SETS_OF_SOURCES)
    ]
    text = keys.spelled(texts, rows.bits)
    if given.refs is None:
        return text
    linked_row = np.where(rows.shopify < 0, verdicts.along(universe.answer_rows, left, -1), -1)
    elsewhere = _taken(given.refs.external, linked_row)
    return text.mask(elsewhere.notna(), "reference " + elsewhere)


def _with_candidates(evidence: pd.Series, scene: verdicts.AlignedOrders) -> pd.Series:
    """Tell of how many orders a guess was made, or could have been."""
    if not scene.candidates.any():
        return evidence
    guessed = scene.rows.bits == SOURCE_BITS["probable"]
    count = np.where(
        guessed | (scene.rows.shopify < 0), verdicts.along(scene.candidates, scene.faces.tiktok_row, 0), 0
    )
    codes, numbers = pd.factorize(count)
    words = [f"{number} candidate{'s' if number > 1 else ''}" for number in numbers.tolist()]
    told = keys.spelled(words, codes).mask(guessed, "probable (" + keys.spelled(words, codes) + ")")
    return evidence.mask(count > 0, told)


def _words(scene: verdicts.AlignedOrders, codes: np.ndarray) -> pd.Series:
    """Give the look-up's own reason, or what is wrong with the id, for the unknown orders."""
    given, universe, left = scene.given, scene.universe, scene.faces.tiktok_row
    unknown = np.flatnonzero(codes == verdicts.STATUS_CODES["unknown"])
    words = keys.blank(len(codes))
    if not len(unknown):
        return words
    told = _taken(given.tiktok.bad_ids.astype(TEXT_DTYPE), left[unknown])
    if given.refs is not None:
        row = np.where(universe.ambiguous[left[unknown]], -1, universe.answer_rows[left[unknown]])
        told = told.where(told.notna(), _taken(given.refs.reason, row))
        told = told.where(told.notna(), _taken(given.refs.status, row))
    words[unknown] = told.array
    return words


def _payouts(settlement: Settlement, scene: verdicts.AlignedOrders) -> pd.DataFrame:
    """Lay the payouts along the rows: on every row of their TikTok order."""
    nodes, orders = scene.universe.settlement_nodes, len(scene.given.tiktok.ids)
    ours = np.flatnonzero((nodes >= 0) & (nodes < orders))
    payout = np.full(orders, -1, dtype=np.int64)
    payout[nodes[ours]] = ours
    row = verdicts.along(payout, scene.faces.tiktok_row, -1)
    currency = _taken(settlement.currency, row)
    codes, words = pd.factorize(currency)
    named = np.array([*map(money.decimals, words), 0], dtype=np.int64)[codes]
    digits = np.where(codes < 0, scene.currencies.digits[0], named)
    amount = verdicts.along(settlement.amount, row, np.nan)
    data = {
        "settled_amount": to_major_units(money.to_minor_units(amount, digits), digits),
        "settled_currency": currency,
        "settled_at": settlement.settled_at.reset_index(drop=True).reindex(row).reset_index(drop=True),
    }
    return typed(data, MATCH_SETTLEMENT)
