"""The rows of the result, as numbers → the frame that the caller gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ttsframe.columns import MATCH_ORDERS, MATCH_SETTLEMENT, MATCH_SOURCES, TEXT_DTYPE, typed
from ttsframe.match import keys, verdicts
from ttsframe.match.conflicts import with_contradictions
from ttsframe.match.inputs import SOURCE_BITS
from ttsframe.match.reasons import reason_bits, reason_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttsframe.match.claims import Universe
    from ttsframe.match.inputs import Inputs, Settlement
    from ttsframe.match.pairing import Rows

SIDES = ("TikTok", "Shopify")
_SETS_OF_SOURCES = 1 << len(MATCH_SOURCES)


def scene_of(
    given: Inputs, universe: Universe, rows: Rows, candidates: np.ndarray, *, tolerance: float
) -> verdicts.Scene:
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
    Scene
        All that the frame is written from.
    """
    tiktok, shopify = given.tiktok, given.shopify
    currency, differ = _currencies(tiktok.currency, shopify.currency, *rows_in_files(given, rows))
    faces = verdicts.face(tiktok, shopify, rows, differ)
    return verdicts.Scene(given, universe, rows, faces, currency, candidates, tolerance)


def orders_frame(scene: verdicts.Scene) -> pd.DataFrame:
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
    left, right = faces.tiktok_row, faces.shopify_row
    codes = verdicts.statuses(scene)
    data = {
        "order_id": _taken(universe.tiktok_ids, rows.tiktok),
        "shopify_id": _taken(universe.shopify_ids, rows.shopify),
        "shopify_name": _taken(shopify.names, right),
        "status": _category(codes, verdicts.STATUS_CODES),
        "matched_on": _matched_on(rows, codes),
        "evidence": with_contradictions(_with_candidates(_evidence(scene), scene), scene),
        "tiktok_amount": faces.amount / 100,
        "shopify_total": faces.total / 100,
        "difference": faces.difference / 100,
        "currency": scene.currency,
        "tiktok_status": _taken(tiktok.status, left),
        "financial_status": _taken(shopify.financial_status, right),
        "reason": reason_text(reason_bits(scene), _words(scene, codes)),
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


def days_of(scene: verdicts.Scene) -> pd.Series:
    """Return the day of each row: TikTok's, or else Shopify's."""
    given, faces = scene.given, scene.faces
    nat = np.datetime64("NaT")
    ours = verdicts.along(given.tiktok.created.moments, faces.tiktok_row, nat)
    theirs = verdicts.along(given.shopify.created.moments, faces.shopify_row, nat)
    return pd.Series(pd.DatetimeIndex(np.where(np.isnat(ours), theirs, ours)).normalize())


def closed_of(scene: verdicts.Scene) -> pd.DataFrame:
    """Tell on which side each row's order is cancelled or refunded in full."""
    return pd.DataFrame(dict(zip(SIDES, scene.faces.closed, strict=True)))


def _taken(text: pd.Series, rows: np.ndarray) -> pd.Series:
    """Take text by row; missing for row -1."""
    if len(rows) <= len(text) and (rows == np.arange(len(rows))).all():
        return text.iloc[: len(rows)].reset_index(drop=True)
    taken: pd.Series = pd.Series(text.array.take(rows, allow_fill=True), dtype=TEXT_DTYPE)
    return taken


def _currencies(
    tiktok: pd.Series, shopify: pd.Series, left: np.ndarray, right: np.ndarray
) -> tuple[pd.Series, np.ndarray]:
    """Write the currency of each row, and tell where both are known and differ."""
    codes, found = pd.factorize(pd.concat([tiktok, shopify], ignore_index=True))
    words = [str(word).strip().upper() for word in found]
    ours = verdicts.along(codes[: len(tiktok)], left, -1)
    theirs = verdicts.along(codes[len(tiktok) :], right, -1)
    kinds, combinations = pd.factorize((ours + 1) * (len(words) + 1) + theirs + 1)
    texts = [_currency(words, *divmod(int(kind), len(words) + 1)) for kind in combinations]
    differ = np.array(["/" in str(text) for text in texts], dtype=bool)
    return keys.spelled(texts, kinds), differ[kinds]


def _currency(words: list[str], ours: int, theirs: int) -> str | None:
    """Join two words, numbered from 1; 0 stands for none."""
    named = dict.fromkeys(words[number - 1] for number in (ours, theirs) if number)
    return "/".join(named) if named else None


def _matched_on(rows: Rows, statuses: np.ndarray) -> Any:  # noqa: ANN401 - as `_category`
    """Name the strongest source of each pair; missing where there is no pair in it."""
    lowest = [(bits & -bits).bit_length() - 1 for bits in range(_SETS_OF_SOURCES)]
    codes = np.array(lowest, dtype=np.int8)[rows.bits]
    codes[statuses == verdicts.STATUS_CODES["only_shopify"]] = keys.MISSING
    return _category(codes, MATCH_SOURCES)


def _category(codes: np.ndarray, words: Iterable[str]) -> Any:  # noqa: ANN401 - the stubs and pandas do not agree
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(words)))


def _evidence(scene: verdicts.Scene) -> pd.Series:
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


def _with_candidates(evidence: pd.Series, scene: verdicts.Scene) -> pd.Series:
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


def _words(scene: verdicts.Scene, codes: np.ndarray) -> pd.Series:
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
