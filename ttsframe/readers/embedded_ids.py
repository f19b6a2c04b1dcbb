"""Where a TikTok order id stands inside a Shopify order, of the places in `columns`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ttsframe.columns import TIKTOK_ORDER_ID_SOURCES
from ttsframe.ids import MAX_DIGITS
from ttsframe.readers.grouping import as_cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ttsframe.readers.shapes import Cells

_ID = r"(?<![0-9])[0-9]{17,20}(?![0-9])"
_IDS = re.compile(_ID)
# `TikTokOrderID:…`, `TikTok Order Number: …`, `TikTok Shop order ids …, …`.
_SAID = re.compile(
    r"tik[\s_-]*tok[^\r\n]{0,60}?order[\s_-]*(?:id|number|num|no|nr|#|№)[^0-9]{0,30}"
    rf"({_ID}(?:[\s,;/&+]{{1,3}}{_ID})*)",
    re.IGNORECASE,
)


class EmbeddedIds(NamedTuple):
    """The TikTok order ids written into orders; object columns, None where there is none."""

    ids: Cells
    """The id of the first place that holds one."""
    places: Cells
    """That place."""
    every: Cells
    """All ids with their places, as ``tag:5801…; note:5802…``."""
    contradicting: int
    """Orders that name several TikTok orders."""


def find_embedded_ids(texts: Mapping[str, Cells], orders: int) -> EmbeddedIds:
    """Find the TikTok order ids in the texts of orders; nothing else is kept, for they hold personal data."""
    ids: list[str | None] = [None] * orders
    places: list[str | None] = [None] * orders
    every: list[str | None] = [None] * orders
    contradicting: set[int] = set()
    for place in TIKTOK_ORDER_ID_SOURCES:
        for row, text in enumerate(texts[place].tolist() if place in texts else ()):
            # Nearly every text has no long number in it: the cheap question comes first.
            if not text or not _IDS.search(text):
                continue
            for order_id in _ids_in(place, text):
                mark, before = f"{place}:{order_id}", every[row]
                if before is None:
                    ids[row], places[row], every[row] = order_id, place, mark
                elif mark not in before.split("; "):
                    every[row] = f"{before}; {mark}"
                if order_id != ids[row]:
                    contradicting.add(row)
    return EmbeddedIds(as_cells(ids), as_cells(places), as_cells(every), len(contradicting))


def _ids_in(place: str, text: str) -> list[str]:
    """Return the ids of a text; a name or identifier needs no words around one, elsewhere TikTok is named."""
    if place == "name":
        return _IDS.findall(text)
    if place == "source_identifier":
        return [text] if _IDS.fullmatch(text) else []
    said = _SAID.findall(text)
    if len(said) == 1 and len(said[0]) <= MAX_DIGITS:
        return said
    return [order_id for run in said for order_id in _IDS.findall(run)]
