"""Currencies and their minor units (ISO 4217): how many decimals an amount has."""

from __future__ import annotations

_DECIMALS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


def decimals(currency: str) -> int:
    """Return how many decimals amounts of a currency have; 2 for one that is not in the table."""
    return _DECIMALS.get(currency.strip().upper(), 2)
