"""Claims → pairs → the rows of the result, with what contradicts what."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.match.keys import MISSING

if TYPE_CHECKING:
    from ttsframe.match.claims import Claims, Universe


class Pairs(NamedTuple):
    """One line a distinct pair of a TikTok and a Shopify node."""

    tiktok: np.ndarray
    shopify: np.ndarray
    bits: np.ndarray
    """The sources that make the claim."""


class Rows(NamedTuple):
    """The rows of the result, as nodes; -1 where a side has no order."""

    tiktok: np.ndarray
    shopify: np.ndarray
    bits: np.ndarray
    conflict: np.ndarray
    duplicate: np.ndarray


class Sizes(NamedTuple):
    """How many orders the files hold, and how many nodes there are."""

    tiktok: int
    shopify: int
    tiktok_nodes: int
    shopify_nodes: int


def sizes(universe: Universe, n_shopify: int) -> Sizes:
    """Measure a universe whose Shopify file has `n_shopify` orders."""
    return Sizes(
        len(universe.answers), n_shopify, len(universe.tiktok_ids), max(len(universe.shopify_ids), n_shopify)
    )


def pairs_of(universe: Universe, size: Sizes) -> Pairs:
    """Make each claimed pair once, with all its sources.

    A Shopify order outside the files is kept only where it contradicts something: beside a
    pair in the files, or where two TikTok orders are linked to it.
    """
    pairs = _distinct(universe.claims, size.shopify_nodes)
    outside = pairs.shopify >= size.shopify
    if not outside.any():
        return pairs
    paired = np.zeros(size.tiktok_nodes, dtype=bool)
    paired[pairs.tiktok[~outside]] = True
    # A Shopify order whose id a spreadsheet destroyed may be the very one that is linked.
    nameless = np.zeros(size.tiktok_nodes, dtype=bool)
    without_id = universe.shopify_ids.isna().to_numpy()
    nameless[pairs.tiktok[~outside & without_id[pairs.shopify]]] = True
    shared = _counts(pairs.shopify, size.shopify_nodes)[pairs.shopify] > 1
    kept = ~outside | ((paired[pairs.tiktok] | shared) & ~nameless[pairs.tiktok])
    return Pairs(*(column[kept] for column in pairs))


def rows_of(pairs: Pairs, size: Sizes, lone_shopify: np.ndarray) -> Rows:
    """Lay out the result: every TikTok order of the file in its order, then what is left of Shopify's.

    Parameters
    ----------
    pairs
        The pairs; a conflict touches every row of every TikTok order in it.
    size
        The sizes of the files.
    lone_shopify
        Rows of Shopify orders that are listed without a pair.

    Returns
    -------
    Rows
        At least one row for every TikTok order of the file.
    """
    conflict, duplicate = contradictions(pairs, size)
    paired = np.zeros(size.tiktok_nodes, dtype=bool)
    paired[pairs.tiktok] = True
    lone_tiktok = np.flatnonzero(~paired[: size.tiktok])
    tiktok = np.concatenate([pairs.tiktok, lone_tiktok, np.full(len(lone_shopify), MISSING)])
    shopify = np.concatenate([pairs.shopify, np.full(len(lone_tiktok), MISSING), lone_shopify])
    ours = (tiktok >= 0) & (tiktok < size.tiktok)
    order = _order(np.where(ours, tiktok, size.tiktok), shopify, size.shopify_nodes)
    padding = len(tiktok) - len(pairs.tiktok)
    flags = (np.concatenate([column, np.zeros(padding, dtype=column.dtype)])[order] for column in
             (pairs.bits, conflict, duplicate))  # fmt: skip
    return Rows(tiktok[order], shopify[order], *flags)


def contradictions(pairs: Pairs, size: Sizes) -> tuple[np.ndarray, np.ndarray]:
    """Tell which pairs stand in a conflict, and which are doubles.

    Returns
    -------
    tuple of numpy.ndarray
        Conflict: the pair's TikTok order claims, with any of its pairs, a Shopify order that
        another TikTok order claims too. Duplicate: its TikTok order has several pairs.
    """
    contested = _counts(pairs.shopify, size.shopify_nodes)[pairs.shopify] > 1
    in_conflict = np.zeros(size.tiktok_nodes, dtype=bool)
    in_conflict[pairs.tiktok[contested]] = True
    several = _counts(pairs.tiktok, size.tiktok_nodes)[pairs.tiktok] > 1
    return in_conflict[pairs.tiktok], several


def _distinct(claims: Claims, shopify_nodes: int) -> Pairs:
    codes, pairs = pd.factorize(claims.tiktok * np.int64(max(shopify_nodes, 1)) + claims.shopify)
    bits = np.zeros(len(pairs), dtype=np.uint8)
    for bit in np.unique(claims.bits):
        # Within one source every entry is set alike, so repeated positions do no harm.
        bits[codes[claims.bits == bit]] |= bit
    tiktok, shopify = np.divmod(pairs, max(shopify_nodes, 1))
    return Pairs(tiktok, shopify, bits)


def _counts(nodes: np.ndarray, length: int) -> np.ndarray:
    return np.bincount(nodes, minlength=length)


def _order(tiktok: np.ndarray, shopify: np.ndarray, shopify_nodes: int) -> np.ndarray:
    return np.argsort(tiktok * np.int64(shopify_nodes + 2) + shopify + 1, kind="stable")
