"""Links → pairs → the rows of the result, with what contradicts what."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.matching.inputs import Source
from ttsframe.matching.keys import MISSING
from ttsframe.matching.links import CandidateLinks

if TYPE_CHECKING:
    from ttsframe.matching.keys import Bits, Flags, Nodes
    from ttsframe.matching.links import LinkGraph


class Rows(NamedTuple):
    """The rows of the result, as nodes; -1 where a side has no order."""

    tiktok: Nodes
    shopify: Nodes
    sources: Bits
    conflict: Flags
    """The row's TikTok order has a link to a Shopify order that another TikTok order is linked to as well."""
    duplicate: Flags
    """The row's TikTok order is linked to several Shopify orders."""

    def take(self, order: Nodes) -> Rows:
        """Return the rows in another order."""
        flags = self.conflict[order], self.duplicate[order]
        return Rows(self.tiktok[order], self.shopify[order], self.sources[order], *flags)


def pair(graph: LinkGraph) -> CandidateLinks:
    """Make each pair that is linked once, with all its sources.

    A Shopify order outside the files is kept only where it contradicts something: beside a
    pair in the files, or where two TikTok orders are linked to it.
    """
    pairs = _distinct(graph.links, len(graph.tiktok_ids))
    outside = pairs.shopify >= graph.n_shopify
    if not outside.any():
        return pairs
    paired = np.zeros(len(graph.tiktok_ids), dtype=bool)
    paired[pairs.tiktok[~outside]] = True
    # A Shopify order whose id a spreadsheet destroyed may be the very one that is linked.
    nameless = np.zeros(len(graph.tiktok_ids), dtype=bool)
    without_id = graph.shopify_ids.isna().to_numpy()
    nameless[pairs.tiktok[~outside & without_id[pairs.shopify]]] = True
    shared = np.bincount(pairs.shopify)[pairs.shopify] > 1
    kept = ~outside | ((paired[pairs.tiktok] | shared) & ~nameless[pairs.tiktok])
    return pairs.where(kept)


def rows_of(pairs: CandidateLinks, graph: LinkGraph, from_tiktok: Flags) -> Rows:
    """Lay out the result: every TikTok order of the file in its order, then what is left of Shopify's.

    The rows of one conflict, or of one TikTok order, stand together where the first of them stands.
    Of the Shopify orders without a pair only those from TikTok are listed.
    """
    conflict, duplicate = _contradictions(pairs, graph)
    paired = np.zeros(len(graph.tiktok_ids), dtype=bool)
    paired[pairs.tiktok] = True
    unpaired_tiktok = np.flatnonzero(~paired[: graph.n_tiktok])
    listed = from_tiktok.copy()
    listed[pairs.shopify[pairs.shopify < graph.n_shopify]] = False
    unpaired_shopify = np.flatnonzero(listed)
    tiktok = np.concatenate([pairs.tiktok, unpaired_tiktok, np.full(len(unpaired_shopify), MISSING)])
    shopify = np.concatenate([pairs.shopify, np.full(len(unpaired_tiktok), MISSING), unpaired_shopify])
    place = np.where((tiktok >= 0) & (tiktok < graph.n_tiktok), tiktok, graph.n_tiktok)
    order = np.argsort(place * np.int64(len(graph.shopify_ids) + 2) + shopify + 1, kind="stable")
    padding = np.zeros(len(tiktok) - len(pairs.tiktok), dtype=np.uint8)
    sources = np.concatenate([pairs.sources, padding])
    flags = (np.concatenate([column, padding.astype(bool)]) for column in (conflict, duplicate))
    rows = Rows(tiktok, shopify, sources, *flags).take(order)
    held = np.flatnonzero(rows.conflict | rows.duplicate)
    if not len(held):
        return rows
    groups = _connected_components(rows.tiktok[held], rows.shopify[held])
    first = np.full(len(held), len(rows.tiktok))
    np.minimum.at(first, groups, held)
    place = np.arange(len(rows.tiktok))
    place[held] = first[groups]
    return rows.take(np.argsort(place, kind="stable"))


def _contradictions(pairs: CandidateLinks, graph: LinkGraph) -> tuple[Flags, Flags]:
    """Tell which pairs stand in a conflict, and which TikTok order has several."""
    contested = np.bincount(pairs.shopify)[pairs.shopify] > 1
    in_conflict = np.zeros(len(graph.tiktok_ids), dtype=bool)
    in_conflict[pairs.tiktok[contested]] = True
    several = np.bincount(pairs.tiktok)[pairs.tiktok] > 1
    return in_conflict[pairs.tiktok], several


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


def _distinct(links: CandidateLinks, tiktok_nodes: int) -> CandidateLinks:
    """Make each pair once.

    Nearly every TikTok order is linked to one Shopify order only: that pair is laid down by
    the TikTok node, without a hash; only what differs from it is looked at again.
    """
    partner = np.full(tiktok_nodes, MISSING, dtype=np.int64)
    partner[links.tiktok[::-1]] = links.shopify[::-1]
    agrees = partner[links.tiktok] == links.shopify
    sources = _gathered(links.tiktok[agrees], links.sources[agrees], tiktok_nodes)
    nodes = np.flatnonzero(partner != MISSING)
    main = CandidateLinks(nodes, partner[nodes], sources[nodes])
    if agrees.all():
        return main
    rest = links.where(~agrees)
    codes, numbers = pd.factorize(rest.shopify * np.int64(tiktok_nodes) + rest.tiktok)
    shopify, tiktok = np.divmod(numbers, tiktok_nodes)
    other = CandidateLinks(tiktok, shopify, _gathered(codes, rest.sources, len(numbers)))
    return main.plus(other)


def _gathered(places: Nodes, sources: Bits, length: int) -> Bits:
    gathered = np.zeros(length, dtype=np.uint8)
    for source in map(np.uint8, Source):
        # Within one source every entry is set alike, so repeated places do no harm.
        gathered[places[sources == source]] |= source
    return gathered
