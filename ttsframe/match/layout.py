"""The rows of the result, as numbers → the frame that the caller gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ttsframe.columns import MATCH_ORDERS, MATCH_SETTLEMENT, MATCH_SOURCES, MATCH_STATUSES, TEXT_DTYPE, typed
from ttsframe.match import verdicts
from ttsframe.match.inputs import SOURCE_BITS

if TYPE_CHECKING:
    from ttsframe.match.claims import Universe
    from ttsframe.match.inputs import Inputs, Settlement
    from ttsframe.match.pairing import Rows

_SETS_OF_SOURCES = 1 << len(MATCH_SOURCES)


def orders_frame(
    given: Inputs, universe: Universe, rows: Rows, candidates: np.ndarray, *, tolerance: float
) -> pd.DataFrame:
    """Write the rows out as text, amounts and verdicts.

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
    pandas.DataFrame
        `columns.MATCH_ORDERS`, with `columns.MATCH_SETTLEMENT` after them where there is one.
    """
    tiktok, shopify, refs, settlement = given
    left, right = rows_in_files(given, rows)
    currency, differ = _currencies(tiktok.currency, shopify.currency, left, right)
    faces = verdicts.face(tiktok, shopify, rows, differ)
    lone = verdicts.along(verdicts.lone_statuses(tiktok, universe, refs), left, 0)
    codes = verdicts.statuses(faces, rows, lone, tolerance)
    bits = verdicts.reason_bits(
        tiktok, shopify, universe, faces, rows, tolerance=tolerance, asked=refs is not None
    )
    alone = (left >= 0) & (rows.shopify < 0)
    bits = verdicts.add_reason(bits, alone & (verdicts.along(candidates, left, 0) > 0), "several_candidates")
    data = {
        "order_id": _taken(universe.tiktok_ids, rows.tiktok),
        "shopify_id": _taken(universe.shopify_ids, rows.shopify),
        "shopify_name": _taken(shopify.names, right),
        "status": pd.Categorical.from_codes(codes, list(MATCH_STATUSES)),
        "matched_on": _matched_on(rows),
        "evidence": _evidence(given, universe, rows, left),
        "tiktok_amount": faces.amount / 100,
        "shopify_total": faces.total / 100,
        "difference": faces.difference / 100,
        "currency": currency,
        "tiktok_status": _taken(tiktok.status, left),
        "financial_status": _taken(shopify.financial_status, right),
        "reason": verdicts.reason_text(bits, _words(given, universe, codes, left, alone)),
    }
    frame = typed(data, MATCH_ORDERS)
    if settlement is None:
        return frame
    return pd.concat([frame, _payouts(settlement, universe.settlement_nodes, left, len(tiktok.ids))], axis=1)


def rows_in_files(given: Inputs, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return each side's row in its file; -1 for an order that only the other side names, or none."""
    return (
        np.where(rows.tiktok < len(given.tiktok.ids), rows.tiktok, -1),
        np.where(rows.shopify < len(given.shopify.names), rows.shopify, -1),
    )


def days_of(given: Inputs, rows: Rows) -> pd.Series:
    """Return the day of each row: TikTok's, or else Shopify's."""
    left, right = rows_in_files(given, rows)
    nat = np.datetime64("NaT")
    ours = verdicts.along(given.tiktok.created.at, left, nat)
    theirs = verdicts.along(given.shopify.created.at, right, nat)
    return pd.Series(np.where(np.isnat(ours), theirs, ours)).dt.normalize()


def _taken(text: pd.Series, rows: np.ndarray) -> pd.Series:
    """Take text by row; missing for row -1."""
    if len(rows) == len(text) and (rows == np.arange(len(rows))).all():
        return text.reset_index(drop=True)
    return pd.Series(text.array.take(rows, allow_fill=True), dtype=TEXT_DTYPE)


def _currencies(
    tiktok: pd.Series, shopify: pd.Series, left: np.ndarray, right: np.ndarray
) -> tuple[pd.Series, np.ndarray]:
    """Write the currency of each row, and tell where both are known and differ."""
    codes, words = pd.factorize(pd.concat([tiktok, shopify], ignore_index=True))
    words = [str(word).strip().upper() for word in words]
    ours = verdicts.along(codes[: len(tiktok)], left, -1)
    theirs = verdicts.along(codes[len(tiktok) :], right, -1)
    kinds, combinations = pd.factorize((ours + 1) * (len(words) + 1) + theirs + 1)
    texts = [_currency(words, *divmod(int(kind), len(words) + 1)) for kind in combinations]
    differ = np.array(["/" in str(text) for text in texts], dtype=bool)
    return pd.Series(texts, dtype="object").astype(TEXT_DTYPE).take(kinds).reset_index(drop=True), differ[kinds]


def _currency(words: list[str], ours: int, theirs: int) -> str | float:
    """Join two words, numbered from 1; 0 stands for none."""
    named = dict.fromkeys(words[number - 1] for number in (ours, theirs) if number)
    return "/".join(named) if named else np.nan


def _matched_on(rows: Rows) -> pd.Categorical:
    """Name the strongest source of each pair; missing where there is no pair in it."""
    lowest = [(bits & -bits).bit_length() - 1 for bits in range(_SETS_OF_SOURCES)]
    codes = np.array(lowest, dtype=np.int8)[rows.bits]
    return pd.Categorical.from_codes(codes, list(MATCH_SOURCES))


def _evidence(given: Inputs, universe: Universe, rows: Rows, left: np.ndarray) -> pd.Series:
    """Name all sources of each row; of a lone order that is linked, what it is linked to."""
    texts = [
        "; ".join(source for source, bit in SOURCE_BITS.items() if bits & bit) or np.nan
        for bits in range(_SETS_OF_SOURCES)
    ]
    text = pd.Series(texts, dtype="object").astype(TEXT_DTYPE).take(rows.bits).reset_index(drop=True)
    if given.refs is None:
        return text
    linked_row = np.where(rows.shopify < 0, verdicts.along(universe.answer_rows, left, -1), -1)
    elsewhere = _taken(given.refs.external, linked_row)
    return text.where(elsewhere.isna(), "reference " + elsewhere)


def _words(given: Inputs, universe: Universe, codes: np.ndarray, left: np.ndarray, alone: np.ndarray) -> pd.Series:
    """Give the look-up's own reason, or what is wrong with the id, for the unknown orders."""
    unknown = np.where(alone & (codes == verdicts.STATUS_CODES["unknown"]), left, -1)
    bad_ids = _taken(given.tiktok.bad_ids.astype(TEXT_DTYPE), unknown)
    if given.refs is None:
        return bad_ids
    ambiguous = verdicts.along(universe.ambiguous, unknown, fill=False)
    row = np.where(ambiguous, -1, verdicts.along(universe.answer_rows, unknown, -1))
    told = _taken(given.refs.why, row)
    return told.where(told.notna(), bad_ids)


def _payouts(settlement: Settlement, nodes: np.ndarray, left: np.ndarray, orders: int) -> pd.DataFrame:
    """Lay the payouts along the rows: on every row of their TikTok order."""
    ours = np.flatnonzero(nodes < orders)
    payout = np.full(orders, -1, dtype=np.int64)
    payout[nodes[ours]] = ours
    row = verdicts.along(payout, left, -1)
    data = {
        "settled_amount": verdicts.along(settlement.amount, row, np.nan) / 100,
        "settled_at": settlement.settled_at.reset_index(drop=True).reindex(row).reset_index(drop=True),
    }
    return typed(data, MATCH_SETTLEMENT)
