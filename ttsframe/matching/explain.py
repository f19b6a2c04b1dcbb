"""Which components add up to a difference between two amounts: the smallest set, to the minor unit."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ttsframe.columns import AMOUNT_COMPONENTS

if TYPE_CHECKING:
    from ttsframe.matching.align import Aligned
    from ttsframe.matching.keys import Flags, MinorUnits, Nodes

_MOST_COMPONENTS = 3
SETS: tuple[tuple[str, ...], ...] = (
    ("settlement",),  # which holds all of the others
    *(names for size in range(1, _MOST_COMPONENTS + 1) for names in combinations(AMOUNT_COMPONENTS, size)),
)
"""Every set of components that may explain a difference."""

SET_TEXTS = [" + ".join(names) for names in SETS]


class Explanations(NamedTuple):
    """The smallest sets of components that add up to the differences: one entry per set found."""

    rows: Nodes
    """The row of the result, in order; more than once where several sets of one size fit."""
    sets: Nodes
    """The place in `SETS`."""
    unique: Flags
    """No other set of that size fits the row."""

    def where(self, kept: Flags) -> Explanations:
        """Return those that are kept."""
        return Explanations(self.rows[kept], self.sets[kept], self.unique[kept])


def explain(rows: Aligned) -> Explanations:
    """Find the smallest sets whose sum is the difference; what is 0 or missing takes no part."""
    difference = rows.difference[rows.apart]
    open_rows = np.arange(len(difference))
    found_rows, found_sets = [open_rows[:0]], [open_rows[:0]]
    for size in range(1, _MOST_COMPONENTS + 1):
        solved = np.zeros(len(difference), dtype=bool)
        for code, names in enumerate(SETS):
            if len(names) != size or not all(name in rows.components for name in names):
                continue
            fits = open_rows[_sum(rows, names, open_rows) == difference[open_rows]]
            solved[fits] = True
            found_rows.append(fits)
            found_sets.append(np.full(len(fits), code))
        open_rows = open_rows[~solved[open_rows]]
    found, sets = np.concatenate(found_rows), np.concatenate(found_sets)
    order = np.lexsort((sets, found))
    found, sets = found[order], sets[order]
    unique = np.bincount(found, minlength=1)[found] == 1
    return Explanations(rows.apart[found], sets, unique)


def _sum(rows: Aligned, names: tuple[str, ...], where: Nodes) -> MinorUnits:
    """Add up components; NaN, which equals nothing, where one of them is missing."""
    total: MinorUnits = sum((rows.components[name][where] for name in names), start=np.zeros(len(where)))
    return total
