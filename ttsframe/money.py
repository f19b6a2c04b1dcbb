"""Currencies and their minor units (ISO 4217): how many decimals an amount has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DECIMALS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}

MOST_DECIMALS = max(_DECIMALS.values())
"""Of the finest currency."""

POWERS = 10.0 ** np.arange(MOST_DECIMALS + 1)
"""Minor units of a major one, by decimals; to look a power up takes a third of the time to compute it."""


def decimals(currency: str) -> int:
    """Return how many decimals amounts of a currency have; 2 for one that is not in the table."""
    return _DECIMALS.get(currency.strip().upper(), 2)


def to_minor_units(amounts: NDArray[np.float64], digits: NDArray[np.int64] | int) -> NDArray[np.float64]:
    """Return amounts of `digits` decimals as whole numbers, which floats hold exactly; NaN where missing."""
    with np.errstate(over="ignore"):
        units: NDArray[np.float64] = np.rint(amounts * POWERS[digits])
    return np.where(np.isfinite(units), units, np.nan)


def to_major_units(units: NDArray[np.float64], digits: NDArray[np.int64] | int) -> NDArray[np.float64]:
    """Return whole numbers of minor units as amounts."""
    amounts: NDArray[np.float64] = units / POWERS[digits]
    return amounts
