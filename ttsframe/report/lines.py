"""The lines of a bridge and of a tie-out: what leads from one total to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd


class Line(NamedTuple):
    """A total, or what leads from one to the other."""

    name: str
    """As the data have it."""
    words: str
    """What the line is, beginning with a capital."""
    rows: int
    amount: float
    is_total: bool


def lines_of(table: pd.DataFrame, meanings: Mapping[str, str], totals: Collection[str]) -> list[Line]:
    """Put the columns `line`, `rows` and `amount` of a table in words."""
    return [
        Line(name, meanings[name][:1].upper() + meanings[name][1:], int(rows), float(amount), name in totals)
        for name, rows, amount in table[["line", "rows", "amount"]].astype({"line": "object"}).to_numpy()
    ]
