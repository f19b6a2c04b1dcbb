"""Links → pairs → the rows of the result, with what contradicts what."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.matching.inputs import SOURCE_BITS
from ttsframe.matching.keys import MISSING
from ttsframe.matching.links import CandidateLinks

if TYPE_CHECKING:
    from ttsframe.matching.keys import Bits, Flags, Nodes
    from ttsframe.matching.links import LinkGraph


class Rows(NamedTuple):
    """The rows of the result, as nodes; -1 where a side has no order."""

    tiktok: Nodes
    shopify: Nodes
    bits: Bits
    conflict: Flags
    duplicate: Flags


class Sizes(NamedTuple):
    """How many orders the files hold, and how many nodes there are."""

    tiktok: int
    shopify: int
    tiktok_nodes: int
    shopify_nodes: int


def sizes(graph: LinkGraph, n_shopify: int) -> Sizes:
    """Measure a graph whose Shopify file has `n_shopify` orders."""
    return Sizes(len(graph.answers), n_shopify, len(graph.tiktok_ids), max(len(graph.shopify_ids), n_shopify))


def pairs_of(graph: LinkGraph, size: Sizes) -> CandidateLinks:
    """Make each claimed pair once, with all its sources.

    A Shopify order outside the files is kept only where it contradicts something: beside a
    pair in the files, or where two TikTok orders are linked to it.
    """
    pairs = _distinct(graph.links, size.shopify_nodes)
    outside = pairs.shopify >= size.shopify
    if not outside.any():
        return pairs
    paired = np.zeros(size.tiktok_nodes, dtype=bool)
    paired[pairs.tiktok[~outside]] = True
    # A Shopify order whose id a spreadsheet destroyed may be the very one that is linked.
    nameless = np.zeros(size.tiktok_nodes, dtype=bool)
    without_id = graph.shopify_ids.isna().to_numpy()
    nameless[pairs.tiktok[~outside & without_id[pairs.shopify]]] = True
    shared = _counts(pairs.shopify, size.shopify_nodes)[pairs.shopify] > 1
    kept = ~outside | ((paired[pairs.tiktok] | shared) & ~nameless[pairs.tiktok])
    return pairs.where(kept)


def rows_of(pairs: CandidateLinks, size: Sizes, unpaired_shopify: Nodes) -> Rows:
    """Lay out the result: every TikTok order of the file in its order, then what is left of Shopify's.

    Parameters
    ----------
    pairs
        The pairs; a conflict touches every row of every TikTok order in it.
    size
        The sizes of the files.
    unpaired_shopify
        Rows of Shopify orders that are listed without a pair.

    Returns
    -------
    Rows
        At least one row for every TikTok order of the file.
    """
    conflict, duplicate = find_contradictions(pairs, size)
    paired = np.zeros(size.tiktok_nodes, dtype=bool)
    paired[pairs.tiktok] = True
    unpaired_tiktok = np.flatnonzero(~paired[: size.tiktok])
    tiktok = np.concatenate([pairs.tiktok, unpaired_tiktok, np.full(len(unpaired_shopify), MISSING)])
    shopify = np.concatenate([pairs.shopify, np.full(len(unpaired_tiktok), MISSING), unpaired_shopify])
    ours = (tiktok >= 0) & (tiktok < size.tiktok)
    order = _order(np.where(ours, tiktok, size.tiktok), shopify, size.shopify_nodes)
    padding = len(tiktok) - len(pairs.tiktok)
    flags = (np.concatenate([column, np.zeros(padding, dtype=column.dtype)])[order] for column in
             (pairs.bits, conflict, duplicate))  # fmt: skip
    return Rows(tiktok[order], shopify[order], *flags)


def find_contradictions(pairs: CandidateLinks, size: Sizes) -> tuple[Flags, Flags]:
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


def _distinct(claims: CandidateLinks, shopify_nodes: int) -> CandidateLinks:
    """Make each pair once.

    Nearly every Shopify order is claimed for one TikTok order only: that pair is laid down by
    the Shopify node, without a hash; only what differs from it is looked at again.
    """
    partner = np.full(shopify_nodes, MISSING, dtype=np.int64)
    partner[claims.shopify[::-1]] = claims.tiktok[::-1]
    agrees = partner[claims.shopify] == claims.tiktok
    bits = _gathered_bits(claims.shopify[agrees], claims.bits[agrees], shopify_nodes)
    nodes = np.flatnonzero(partner != MISSING)
    main = CandidateLinks(partner[nodes], nodes, bits[nodes])
    if agrees.all():
        return main
    rest = claims.where(~agrees)
    codes, numbers = pd.factorize(rest.tiktok * np.int64(shopify_nodes) + rest.shopify)
    tiktok, shopify = np.divmod(numbers, shopify_nodes)
    other = CandidateLinks(tiktok, shopify, _gathered_bits(codes, rest.bits, len(numbers)))
    return main.plus(other)


def _gathered_bits(places: Nodes, bits: Bits, length: int) -> Bits:
    gathered = np.zeros(length, dtype=np.uint8)
    for bit in SOURCE_BITS.values():
        # Within one source every entry is set alike, so repeated places do no harm.
        gathered[places[bits == bit]] |= np.uint8(bit)
    return gathered


def _counts(nodes: Nodes, length: int) -> Nodes:
    return np.bincount(nodes, minlength=length)


def _order(tiktok: Nodes, shopify: Nodes, shopify_nodes: int) -> Nodes:
    return np.argsort(tiktok * np.int64(shopify_nodes + 2) + shopify + 1, kind="stable")
