"""What contradicts what: rows of one contradiction stand together, and each says what is against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ttsframe.columns import MATCH_SOURCES
from ttsframe.matching.inputs import SOURCE_BITS
from ttsframe.matching.keys import decode

if TYPE_CHECKING:
    from ttsframe.matching.align import AlignedOrders
    from ttsframe.matching.keys import Bits, Nodes
    from ttsframe.matching.pairing import Rows

_MOST_NAMED = 3
"""One order claimed by thousands would make each of its rows name all the others."""


def sort_by_component(rows: Rows) -> Rows:
    """Move the rows of each conflict and each duplicate to where its first row stands.

    Parameters
    ----------
    rows
        The rows of the result.

    Returns
    -------
    Rows
        The same rows; those without contradiction keep their order.
    """
    held = np.flatnonzero(rows.conflict | rows.duplicate)
    if not len(held):
        return rows
    groups = _connected_components(rows.tiktok[held], rows.shopify[held])
    first = np.full(len(held), len(rows.tiktok))
    np.minimum.at(first, groups, held)
    place = np.arange(len(rows.tiktok))
    place[held] = first[groups]
    order = np.argsort(place, kind="stable")
    flags = rows.conflict[order], rows.duplicate[order]
    return type(rows)(rows.tiktok[order], rows.shopify[order], rows.bits[order], *flags)


def with_contradictions(evidence: pd.Series, aligned: AlignedOrders) -> pd.Series:
    """Say on every row of a conflict which source names which other order.

    Parameters
    ----------
    evidence
        The sources of each row.
    aligned
        The rows with their two sides.

    Returns
    -------
    pandas.Series
        As ``reference; but tag names TikTok order 5801…``.
    """
    held = np.flatnonzero(aligned.rows.conflict)
    if not len(held):
        return evidence
    claims = _claims(aligned, held)
    told = pd.concat([_against(claims, "shopify", "TikTok"), _against(claims, "tiktok", "Shopify")])
    against = told.groupby(level=0).agg(", ".join)
    evidence = evidence.copy()
    evidence[against.index] = evidence[against.index] + "; but " + against
    return evidence


def _connected_components(tiktok: Nodes, shopify: Nodes) -> Nodes:
    """Number the pairs that hang together, over whichever orders, alike.

    Each TikTok order points at an earlier one of its group; pointing at what that one points
    at halves the way each time, so that a long chain takes few rounds.
    """
    left, right = pd.factorize(tiktok)[0], pd.factorize(shopify)[0]
    root = np.arange(left.max() + 1)
    while True:
        lowest = np.full(right.max() + 1, len(root))
        np.minimum.at(lowest, right, root[left])
        lower = root.copy()
        np.minimum.at(lower, root[left], lowest[right])
        np.minimum.at(lower, left, lowest[right])
        lower = lower[lower]
        if (lower == root).all():
            return np.asarray(root[left], dtype=np.int64)
        root = lower


def _claims(aligned: AlignedOrders, held: Nodes) -> pd.DataFrame:
    """Lay out who claims what, a row of a conflict a row, with the words for both orders."""
    rows, graph = aligned.rows, aligned.graph
    tiktok, shopify = rows.tiktok[held], rows.shopify[held]
    ids = graph.shopify_ids.take(shopify).set_axis(held)
    names = pd.Series(
        aligned.given.shopify.names.array.take(aligned.faces.shopify_row[held], allow_fill=True), held
    )
    names = names.where(names.notna(), ids).fillna("without id and name")
    words = _words(rows.bits[held]).set_axis(held)
    return pd.DataFrame(
        {
            "tiktok": tiktok,
            "shopify": shopify,
            "TikTok": words + " TikTok order " + graph.tiktok_ids.take(tiktok).set_axis(held),
            "Shopify": words
            + " Shopify order "
            + names.where(names.notna(), ids).fillna("without id and name"),
        },
        index=pd.Index(held, name="row"),
    )


def _words(bits: Bits) -> pd.Series:
    """Write sets of sources as subject and verb: `tag names`, `reference and tag name`."""
    texts = []
    for kind in range(1 << len(MATCH_SOURCES)):
        named = [source for source, bit in SOURCE_BITS.items() if kind & bit]
        texts.append(f"{' and '.join(named)} {'name' if len(named) > 1 else 'names'}")
    return decode(texts, bits.astype(np.int64))


def _against(claims: pd.DataFrame, shared: str, named: str) -> pd.Series:
    """Tell each row of the others that share one of its orders; of many, of the first few."""
    # Sorted, so that the words do not hang on the order of the files.
    some = claims.sort_values(named).groupby(shared, sort=False).head(_MOST_NAMED + 1)
    pairs = (
        claims[[shared]]
        .reset_index()
        .merge(some[[shared, named]].reset_index(), on=shared, suffixes=("", "_other"), validate="m:m")
    )
    pairs = pairs[pairs["row"] != pairs["row_other"]]
    pairs = pairs[pairs.groupby("row").cumcount() < _MOST_NAMED]
    rest = claims.groupby(shared)[named].transform("size") - 1 - _MOST_NAMED
    more = rest[rest > 0].map("and {:,} more".format)
    told: pd.Series = pd.concat([pairs.set_index("row")[named], more])
    return told
