"""Pairs guessed from amount and time, on request: only where one order fits one order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from ttsframe.matching.inputs import Source
from ttsframe.matching.links import CandidateLinks, LookupState
from ttsframe.money import MOST_DECIMALS, to_minor_units

if TYPE_CHECKING:
    from ttsframe.matching.inputs import Shopify, Tiktok
    from ttsframe.matching.keys import Flags, Nodes
    from ttsframe.matching.links import LinkGraph

WINDOW_HOURS = 26
"""How far apart the two may be created: a day, and the hours by which zone-less times can be off."""

_SECONDS_AN_HOUR = 3600


class Guesses(NamedTuple):
    """What amount and time suggest."""

    pairs: CandidateLinks
    """The given pairs, and those of which each side has exactly one candidate, of no other currency."""
    candidates: Nodes
    """How many Shopify orders fit each TikTok order of the file."""


def guess(tiktok: Tiktok, shopify: Shopify, graph: LinkGraph, pairs: CandidateLinks) -> Guesses:
    """Also pair, by equal amount within the window, what is neither paired nor linked to another order."""
    linked = np.isin(graph.answers, (LookupState.LINKED, LookupState.LINKED_ELSEWHERE)) | graph.ambiguous
    free_tiktok = (
        _free(tiktok.amount, tiktok.created.moments, pairs.tiktok)
        & ~linked
        & ~(tiktok.cancelled & tiktok.unpaid)
    )
    free_shopify = _free(shopify.amount, shopify.created.moments, pairs.shopify)
    left, right = np.flatnonzero(free_tiktok), np.flatnonzero(free_shopify)
    left_keys, right_keys = _keys(tiktok, shopify, left, right)
    count, first = _within(left_keys, right_keys)
    count_back, _ = _within(right_keys, left_keys)
    candidates = np.zeros(len(tiktok.amount), dtype=np.int64)
    candidates[left] = count
    alone = np.flatnonzero(count == 1)
    partner = first[alone]
    alone, partner = alone[count_back[partner] == 1], partner[count_back[partner] == 1]
    rows, others = left[alone], right[partner]
    ours, theirs = np.split(union_categoricals([tiktok.currency[rows], shopify.currency[others]]).codes, 2)
    fits = (ours == theirs) | (ours < 0) | (theirs < 0)  # -1: none is told
    candidates[rows[~fits]] = 0
    sources = np.full(int(fits.sum()), Source.PROBABLE, dtype=np.uint8)
    return Guesses(pairs.plus(CandidateLinks(rows[fits], others[fits], sources)), candidates)


def _free(amount: np.ndarray, moments: np.ndarray, taken: Nodes) -> Flags:
    free: Flags = ~np.isnan(amount) & ~np.isnat(moments)
    free[taken[taken < len(free)]] = False
    return free


def _keys(
    tiktok: Tiktok, shopify: Shopify, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Make one number of amount and time, so that a window in time is a run of numbers."""
    # In the finest units, as one side may not name the currency that tells the minor ones.
    amounts, _ = pd.factorize(
        to_minor_units(np.concatenate([tiktok.amount[left], shopify.amount[right]]), MOST_DECIMALS)
    )
    created = np.concatenate([tiktok.created.moments[left], shopify.created.moments[right]])
    seconds = created.astype("datetime64[s]").astype(np.int64)
    start = seconds.min(initial=0)
    span = seconds.max(initial=0) - start + 3 * WINDOW_HOURS * _SECONDS_AN_HOUR
    numbers = amounts.astype(np.int64) * span + (seconds - start)
    return numbers[: len(left)], numbers[len(left) :]


def _within(numbers: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the `others` in the window about each number, and give the first of them."""
    order = np.argsort(others, kind="stable")
    window = WINDOW_HOURS * _SECONDS_AN_HOUR
    low = np.searchsorted(others[order], numbers - window, side="left")
    high = np.searchsorted(others[order], numbers + window, side="right")
    first = np.append(order, -1)[np.minimum(low, len(order))]
    return high - low, first
