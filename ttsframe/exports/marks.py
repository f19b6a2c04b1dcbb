"""Where a TikTok order id stands inside a Shopify order: tag, note attribute, note or name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ttsframe.columns import TIKTOK_ORDER_ID_SOURCES
from ttsframe.exports.grouping import as_cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ttsframe.exports.shapes import Cells

_ID = r"(?<![0-9])[0-9]{17,20}(?![0-9])"
_IDS = re.compile(_ID)
# `TikTokOrderID:…`, `TikTok Order Number: …`, `TikTok Shop order ids …, …`.
_SAID = re.compile(
    r"tik[\s_-]*tok[^\r\n]{0,60}?order[\s_-]*(?:id|number|num|no|nr|#|№)[^0-9]{0,30}"
    rf"({_ID}(?:[\s,;/&+]{{1,3}}{_ID})*)",
    re.IGNORECASE,
)


class Marks(NamedTuple):
    """The TikTok order ids written into orders; object columns, None where there is none."""

    ids: Cells
    """The id of the first place that holds one."""
    places: Cells
    """That place."""
    every: Cells
    """All ids with their places, as ``tag:5801…; note:5802…``."""
    contradicting: int
    """Orders that name several TikTok orders."""


def find_marks(texts: Mapping[str, Cells], orders: int) -> Marks:
    """Find the TikTok order ids in the texts of orders.

    Parameters
    ----------
    texts
        For each place of `TIKTOK_ORDER_ID_SOURCES` that the export has, a text an order.
    orders
        How many orders there are.

    Returns
    -------
    Marks
        Nothing else of the texts is kept: they hold personal data.
    """
    found: dict[int, list[tuple[str, str]]] = {}
    for place in TIKTOK_ORDER_ID_SOURCES:
        for row, text in enumerate(texts[place].tolist() if place in texts else ()):
            # Nearly every text has no long number in it: the cheap question comes first.
            if text and _IDS.search(text):
                found.setdefault(row, []).extend((place, order_id) for order_id in _ids_in(place, text))
    found = {row: list(dict.fromkeys(pairs)) for row, pairs in found.items() if pairs}
    firsts: list[list[str | None]] = [[None] * orders for _ in range(3)]
    for row, pairs in found.items():
        firsts[0][row], firsts[1][row] = pairs[0][1], pairs[0][0]
        firsts[2][row] = "; ".join(f"{place}:{order_id}" for place, order_id in pairs)
    contradicting = sum(len({order_id for _, order_id in pairs}) > 1 for pairs in found.values())
    return Marks(as_cells(firsts[0]), as_cells(firsts[1]), as_cells(firsts[2]), contradicting)


def _ids_in(place: str, text: str) -> list[str]:
    """Return the ids of a text; a name needs no words around its id, elsewhere TikTok must be named."""
    if place == "name":
        return _IDS.findall(text)
    return [order_id for said in _SAID.findall(text) for order_id in _IDS.findall(said)]
