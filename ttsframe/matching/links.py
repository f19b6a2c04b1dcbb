"""What every source says: this Shopify order is that TikTok order.

Orders are numbers here, *nodes*: a TikTok order of the file is its row; one that only a mark or a
reference names comes after the file's. Shopify orders likewise, with those that only a reference
names (by id) after the file's.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import ids
from ttsframe.matching import keys
from ttsframe.matching.inputs import SOURCES_OF_MARKS, Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ttsframe.matching.inputs import Inputs, References, Shopify
    from ttsframe.matching.keys import Bits, Flags, Nodes


class CandidateLinks(NamedTuple):
    """One link per entry: a TikTok node, a Shopify node, and the sources that name it."""

    tiktok: Nodes
    shopify: Nodes
    sources: Bits

    def where(self, kept: Flags) -> CandidateLinks:
        """Return the links that are kept."""
        return CandidateLinks(self.tiktok[kept], self.shopify[kept], self.sources[kept])

    def plus(self, other: CandidateLinks) -> CandidateLinks:
        """Return these links and the others after them."""
        return CandidateLinks(
            np.concatenate([self.tiktok, other.tiktok]),
            np.concatenate([self.shopify, other.shopify]),
            np.concatenate([self.sources, other.sources]),
        )


class LookupState(enum.IntEnum):
    """How far the look-up settles a TikTok order; the better answer has the lower number."""

    LINKED = 1
    UNLINKED = 2
    UNANSWERED = 3
    LINKED_ELSEWHERE = 4
    UNANSWERED_ELSEWHERE = 5
    UNLINKED_ELSEWHERE = 6
    NOT_ASKED = 7
    NO_LOOKUP = 8


@dataclass(frozen=True)
class LinkGraph:
    """Every order that the files, marks and references name, and the links between them."""

    tiktok_ids: pd.Series
    """The id of each TikTok node."""
    shopify_ids: pd.Series
    """The id of each Shopify node; missing for a row of the file without one."""
    links: CandidateLinks
    answers: NDArray[np.int8]
    """The best `LookupState` for each TikTok order of the file."""
    answer_rows: Nodes
    """The row of the references that gave it; -1 for none."""
    ambiguous: Flags
    """TikTok nodes of the file that are linked to a number or name of several Shopify orders."""
    settlement_nodes: Nodes
    """The TikTok node of each row of the settlement; empty where there is none."""
    n_shopify: int
    """How many Shopify orders the file holds; their nodes come first."""

    @property
    def n_tiktok(self) -> int:
        """How many TikTok orders the file holds; their nodes come first."""
        return len(self.answers)


class _Resolved(NamedTuple):
    """Where the external ids of the references lead."""

    nodes: Nodes
    """The Shopify node; -1 where nothing is known by that id."""
    ambiguous: Flags
    names: Nodes
    """The key of the external id among names, and of the Shopify orders' names."""
    shopify_names: Nodes
    ids: pd.Series


def collect_links(given: Inputs) -> LinkGraph:
    """Collect what every source says: the links of the references, then those of the marks."""
    tiktok, shopify, refs, settlement = given
    none = pd.Series([], dtype=tiktok.ids.dtype)
    texts = [
        tiktok.ids,
        shopify.marks.ids,
        refs.ids if refs else none,
        settlement.ids if settlement else none,
    ]
    _, marked, referred, settled = keys.factorize_jointly(*texts)
    marks = CandidateLinks(marked, shopify.marks.rows, SOURCES_OF_MARKS[shopify.marks.places])
    answers = np.full(len(tiktok.ids), LookupState.NO_LOOKUP, dtype=np.int8)
    answer_rows = np.full(len(tiktok.ids), keys.MISSING, dtype=np.int64)
    ambiguous = np.zeros(len(tiktok.ids), dtype=bool)
    links, shopify_ids = marks, shopify.ids
    if refs is not None:
        resolved = _settle_by_marks(_resolve(shopify, refs), referred, marks)
        links = _reference_links(refs, referred, resolved, len(tiktok.ids), len(shopify.ids)).plus(marks)
        answers, answer_rows = _best_answers(refs, referred, len(tiktok.ids))
        unsettled = referred[resolved.ambiguous]
        ambiguous[unsettled[(unsettled >= 0) & (unsettled < len(ambiguous))]] = True
        shopify_ids = resolved.ids
    return LinkGraph(
        keys.concat_text(*texts),
        shopify_ids,
        links,
        answers,
        answer_rows,
        ambiguous,
        settled,
        len(shopify.ids),
    )


def _resolve(shopify: Shopify, refs: References) -> _Resolved:
    """Find each external id: as a Shopify id, else as an order name."""
    external_ids = refs.external
    _, nodes = keys.factorize_jointly(shopify.ids, external_ids)
    by_id = nodes < len(shopify.ids)
    numeric = ids.only_digits(external_ids)
    length = external_ids.str.len().to_numpy(dtype="float64", na_value=np.nan)
    sure = numeric & (length >= ids.LEAST_DIGITS_OF_SHOPIFY_ID)
    maybe_name = (nodes >= 0) & ~(by_id & sure)
    names, shopify_names = _name_keys(shopify, refs, maybe_name)
    by_name, times = _rows_of_names(names, shopify_names)
    ambiguous = (times > 1) | (by_id & (times == 1) & (by_name != nodes))
    found = np.where(by_id | (times == 0), nodes, by_name)
    # What is neither an id nor a known name leads nowhere that could be told apart from other names.
    found = np.where(ambiguous | ((times == 0) & ~numeric), keys.MISSING, found)
    found = np.where((found >= len(shopify.ids)) & ~sure, keys.MISSING, found)
    return _Resolved(found, ambiguous, names, shopify_names, keys.concat_text(shopify.ids, external_ids))


def _name_keys(shopify: Shopify, refs: References, wanted: Flags) -> tuple[Nodes, Nodes]:
    """Number the names of both sides alike; only of those references that may hold a name."""
    names = np.full(len(wanted), keys.MISSING, dtype=np.int64)
    if not wanted.any():
        return names, np.full(len(shopify.names), keys.MISSING, dtype=np.int64)
    shopify_names, found = keys.factorize_jointly(
        ids.normalize_order_name(shopify.names), ids.normalize_order_name(refs.external[wanted])
    )
    names[wanted] = found
    return names, shopify_names


def _rows_of_names(names: Nodes, shopify_names: Nodes) -> tuple[Nodes, Nodes]:
    """Return the Shopify row that each name leads to, and how many rows bear the name."""
    bearers = np.bincount(shopify_names[shopify_names >= 0], minlength=max(len(shopify_names), 1))
    known = (names >= 0) & (names < len(shopify_names))
    times = np.where(known, bearers[np.where(known, names, 0)], 0)
    return np.where(known, names, keys.MISSING), times


def _settle_by_marks(resolved: _Resolved, referred: Nodes, marks: CandidateLinks) -> _Resolved:
    """Where a name fits several Shopify orders and one of them bears the TikTok id, it is that one."""
    if not resolved.ambiguous.any():
        return resolved
    rows = np.flatnonzero(resolved.ambiguous)
    asked = pd.DataFrame({"ref": rows, "tiktok": referred[rows], "name": resolved.names[rows]})
    marked = pd.DataFrame(
        {"tiktok": marks.tiktok, "node": marks.shopify, "name": resolved.shopify_names[marks.shopify]}
    ).drop_duplicates(["tiktok", "node"])
    by_name = asked.merge(marked, on=["tiktok", "name"], validate="m:m").drop_duplicates("ref", keep=False)
    nodes, ambiguous = resolved.nodes.copy(), resolved.ambiguous.copy()
    nodes[by_name["ref"]] = by_name["node"]
    ambiguous[by_name["ref"]] = False
    return resolved._replace(nodes=nodes, ambiguous=ambiguous)


def _reference_links(
    refs: References, referred: Nodes, resolved: _Resolved, n_tiktok: int, n_shopify: int
) -> CandidateLinks:
    """Return every link to an order of the Shopify files.

    A link to an order outside them counts too, where it is Shopify's own id, for it tells
    of a second Shopify order. Links of other platforms count only where they are found.
    """
    inside = (resolved.nodes >= 0) & (resolved.nodes < n_shopify)
    outside = (resolved.nodes >= n_shopify) & refs.shopify & (referred < n_tiktok)
    kept = np.flatnonzero((inside | outside) & (referred >= 0))
    sources = np.full(len(kept), Source.REFERENCE, dtype=np.uint8)
    return CandidateLinks(referred[kept], resolved.nodes[kept], sources)


def _best_answers(refs: References, referred: Nodes, n_tiktok: int) -> tuple[NDArray[np.int8], Nodes]:
    """Find the answer that tells most about each TikTok order of the file."""
    linked = refs.external.notna().to_numpy(dtype=bool)
    here = np.select(
        [linked, refs.answered], [LookupState.LINKED, LookupState.UNLINKED], LookupState.UNANSWERED
    )
    elsewhere = np.select(
        [linked, refs.answered],
        [LookupState.LINKED_ELSEWHERE, LookupState.UNLINKED_ELSEWHERE],
        LookupState.UNANSWERED_ELSEWHERE,
    )
    # Nothing was asked of what is known: as where there was no look-up, the marks alone tell.
    ranks = np.where(refs.known, LookupState.NO_LOOKUP, np.where(refs.shopify, here, elsewhere))
    answers = np.full(n_tiktok, LookupState.NOT_ASKED, dtype=np.int8)
    rows = np.full(n_tiktok, keys.MISSING, dtype=np.int64)
    ours = (referred >= 0) & (referred < n_tiktok)
    # The best come last, and overwrite.
    for state in reversed(LookupState):
        given = np.flatnonzero(ours & (ranks == state))[::-1]
        answers[referred[given]] = state
        rows[referred[given]] = given
    return answers, rows
