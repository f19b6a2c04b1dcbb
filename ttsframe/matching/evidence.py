"""The column `evidence`: which sources name a row's pair, and what contradicts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ttsframe.matching.absence import Reason
from ttsframe.matching.explain import SET_TEXTS
from ttsframe.matching.inputs import Source
from ttsframe.matching.keys import decode, flag_words
from ttsframe.text import counted

if TYPE_CHECKING:
    from ttsframe.matching.align import Aligned
    from ttsframe.matching.classify import Verdicts
    from ttsframe.matching.keys import Bits, Nodes

_MOST_NAMED = 3
"""One order linked to thousands would make each of its rows name all the others."""
_SETS = [Source(kind) for kind in range(sum(Source) + 1)]


def evidence_of(rows: Aligned, verdicts: Verdicts) -> pd.Series:
    """Name all sources of each row; of a lone order what it is linked to, or how many orders fit it.

    Of a difference that several sets of components explain, also those; of a lone order also the reasons
    that say less than the one that stands.
    """
    text = decode(["; ".join(flag_words(sources)) or None for sources in _SETS], rows.sources)
    linked = np.flatnonzero(rows.linked_to.notna())
    text[linked] = ("reference " + rows.linked_to.iloc[linked]).array
    guessed = rows.sources == Source.PROBABLE
    fits = np.flatnonzero((rows.candidates > 0) & (guessed | (rows.shopify.node < 0)))
    if len(fits):
        codes, numbers = pd.factorize(rows.candidates[fits])
        told = decode([counted(number, "candidate") for number in numbers.tolist()], codes)
        text[fits] = told.mask(guessed[fits], "probable (" + told + ")").array
    conflict = np.flatnonzero(rows.conflict)
    if len(conflict):
        named = _named(rows, conflict)
        told = pd.concat([_against(named, "shopify", "TikTok"), _against(named, "tiktok", "Shopify")])
        against = told.groupby(level=0).agg(", ".join)
        text[against.index] = text[against.index] + "; but " + against
    several = verdicts.explanations.where(~verdicts.explanations.unique)
    if len(several.rows):
        sets = decode(SET_TEXTS, several.sets)
        either = sets.groupby(several.rows).agg(" or ".join)
        text[either.index] = text[either.index] + "; difference: " + either
    further = np.flatnonzero(verdicts.further)
    if len(further):
        codes, kinds = pd.factorize(verdicts.further[further])
        also = decode([f"also {', '.join(flag_words(Reason(kind)))}" for kind in kinds.tolist()], codes)
        told = text.iloc[further].reset_index(drop=True)
        text.iloc[further] = (told + "; " + also).where(told.notna(), also).array
    return text


def _named(rows: Aligned, held: Nodes) -> pd.DataFrame:
    """Return the rows of conflicts with the words for both orders: `tag names TikTok order 5801…`."""
    ids = rows.shopify.ids.iloc[held]
    names = rows.shopify_names.iloc[held]
    names = names.where(names.notna(), ids).fillna("without id and name")
    words = _words(rows.sources[held]).set_axis(held)
    return pd.DataFrame(
        {
            "tiktok": rows.tiktok.node[held],
            "shopify": rows.shopify.node[held],
            "TikTok": words + " TikTok order " + rows.tiktok.ids.iloc[held],
            "Shopify": words + " Shopify order " + names,
        },
        index=pd.Index(held, name="row"),
    )


def _words(sources: Bits) -> pd.Series:
    """Write sets of sources as subject and verb: `tag names`, `reference and tag name`."""
    named = [flag_words(kind) for kind in _SETS]
    texts = [f"{' and '.join(words)} {'name' if len(words) > 1 else 'names'}" for words in named]
    return decode(texts, sources)


def _against(held: pd.DataFrame, shared: str, named: str) -> pd.Series:
    """Tell each row of the others that share one of its orders; of many, of the first few."""
    # Sorted, so that the words do not hang on the order of the files.
    some = held.sort_values(named).groupby(shared, sort=False).head(_MOST_NAMED + 1)
    pairs = (
        held[[shared]]
        .reset_index()
        .merge(some[[shared, named]].reset_index(), on=shared, suffixes=("", "_other"), validate="m:m")
    )
    pairs = pairs[pairs["row"] != pairs["row_other"]]
    pairs = pairs[pairs.groupby("row").cumcount() < _MOST_NAMED]
    rest = held.groupby(shared)[named].transform("size") - 1 - _MOST_NAMED
    more = rest[rest > 0].map("and {:,} more".format)
    told: pd.Series = pd.concat([pairs.set_index("row")[named], more])
    return told
