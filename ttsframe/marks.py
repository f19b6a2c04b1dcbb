"""The TikTok order ids that stand in Shopify orders, as the columns of `read_shopify_orders` tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import ids
from ttsframe.columns import TEXT_DTYPE, TIKTOK_ORDER_ID_SOURCES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Mentions(NamedTuple):
    """One entry per TikTok order id in a Shopify order, and per place where it stands."""

    rows: NDArray[np.int64]
    """The Shopify order's row."""
    ids: pd.Series
    places: NDArray[np.int64]
    """Positions in `columns.TIKTOK_ORDER_ID_SOURCES`."""


def mentions(shopify: pd.DataFrame) -> Mentions:
    """List the TikTok order ids that stand in Shopify orders: the chosen one, or all where several do."""
    chosen = ids.clean(_column(shopify, "tiktok_order_id"))
    listed = ids.as_text(_column(shopify, "tiktok_marks"))
    several = listed.str.contains("; ", regex=False).eq(True).to_numpy(dtype=bool)  # noqa: FBT003
    rows = np.flatnonzero(chosen.reasons.isna().to_numpy() & ~several)
    codes, words = ids.lowered_categories(_column(shopify, "tiktok_order_id_from"))
    # An id without a place, in a caller's own frame, counts as a tag.
    places = [TIKTOK_ORDER_ID_SOURCES.index(word) if word in TIKTOK_ORDER_ID_SOURCES else 0 for word in words]
    single = Mentions(rows, chosen.ids.take(rows), np.array(places, dtype=np.int64)[codes[rows]])
    return _concat([single, *_listed(listed, several)]) if several.any() else single


def _column(shopify: pd.DataFrame, name: str) -> pd.Series:
    column: pd.Series = shopify.get(name, pd.Series(np.nan, index=shopify.index, dtype=TEXT_DTYPE))
    return column


def _listed(listed: pd.Series, several: NDArray[np.bool_]) -> list[Mentions]:
    """Take ``tag:5801…; note:5802…`` apart, all rows at once: the text is joined, then split."""
    texts = listed[several].tolist()
    marks = pd.Series("; ".join(texts).split("; "), dtype=TEXT_DTYPE)
    rows = np.flatnonzero(several).repeat([text.count("; ") + 1 for text in texts])
    found = []
    for place, name in enumerate(TIKTOK_ORDER_ID_SOURCES):
        here = marks.str.startswith(f"{name}:").to_numpy(dtype=bool)
        order_ids = marks[here].str.slice(len(name) + 1)
        good = ids.is_order_id(order_ids)
        found.append(Mentions(rows[here][good], order_ids[good], np.full(int(good.sum()), place)))
    return found


def _concat(parts: Sequence[Mentions]) -> Mentions:
    return Mentions(
        np.concatenate([part.rows for part in parts]),
        pd.concat([part.ids for part in parts], ignore_index=True),
        np.concatenate([part.places for part in parts]),
    )
