"""Rows of an order → one value per order; the same order in several files → the last of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ttsframe.money import MOST_DECIMALS
from ttsframe.readers.counted import count_rows
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttsframe.readers.counted import Counted
    from ttsframe.readers.shapes import Cells


def first_of(codes: np.ndarray, values: np.ndarray, orders: int) -> np.ndarray:
    """Return each order's first value that is not missing; `codes` holds the number of each row's order."""
    place = _first_rows(codes, np.flatnonzero(pd.notna(values)), orders)
    if not len(values):
        return np.empty(0, dtype=values.dtype)
    missing = np.array(None if values.dtype == object else "NaT" if values.dtype.kind == "M" else np.nan)
    return np.where(place >= 0, values[place], missing.astype(values.dtype))


def own_rows(codes: np.ndarray, amounts: np.ndarray, orders: int) -> np.ndarray:
    """Tell the row that gives each order its amount: the first that has one, or else its first."""
    place = _first_rows(codes, np.flatnonzero(~np.isnan(amounts)), orders)
    own = np.zeros(len(codes), dtype=bool)
    own[np.where(place < 0, _first_rows(codes, np.arange(len(codes)), orders), place)] = True
    return own


def disagreeing(codes: np.ndarray, values: np.ndarray, firsts: np.ndarray) -> int:
    """Count the orders that have a row with another value than the first."""
    other = pd.notna(values) & (values != firsts[codes])
    return len(np.unique(codes[other]))


def sums(codes: np.ndarray, values: np.ndarray, orders: int) -> np.ndarray:
    """Return each order's sum, rounded so that 0.1 + 0.2 is 0.3; NaN where none of its rows has a value."""
    here = ~np.isnan(values)
    total = np.bincount(codes[here], weights=values[here], minlength=orders)
    some = np.bincount(codes[here], minlength=orders) > 0
    # Adding 0 turns -0.0 into 0.0.
    return np.where(some, np.round(total, MOST_DECIMALS) + 0.0, np.nan)


def added(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Add columns row by row, rounded as `sums` rounds; NaN where no column has a value."""
    if len(columns) == 1:
        return columns[0]
    values = np.array(columns)
    total = np.round(np.nansum(values, axis=0), MOST_DECIMALS)
    return np.where(np.isnan(values).all(axis=0), np.nan, total)


def joined(codes: np.ndarray, texts: Cells, orders: int) -> Cells:
    """Return each order's distinct texts, joined by ``; ``; None where all are blank."""
    out: list[str | None] = [None] * orders
    pairs = pd.DataFrame({"code": codes, "text": texts})
    pairs = pairs[pairs["text"].astype("bool")].drop_duplicates()
    for code, text in zip(pairs["code"].tolist(), pairs["text"].tolist(), strict=True):
        before = out[code]
        out[code] = text if before is None else f"{before}; {text}"
    return as_cells(out)


def as_cells(values: Sequence[str | None]) -> Cells:
    """Return text as an object column, blanks as None."""
    return np.array([value or None for value in values], dtype=object)


def last_file_wins(
    orders: pd.DataFrame, keys: pd.Series, amount: str, notes: list[Note], counts: list[Counted]
) -> pd.DataFrame:
    """Keep the last row of each key, in order of the keys' first appearance; no file has a key twice."""
    codes, distinct = pd.factorize(keys.to_numpy(dtype=object))
    last = np.empty(len(distinct), dtype=np.intp)
    last[codes] = np.arange(len(codes))
    if dropped := len(codes) - len(distinct):
        notes.append(
            Note(
                "decision", f"{counted(dropped, 'order')} in more than one file; the later file's row stands."
            )
        )
        earlier = np.ones(len(orders), dtype=bool)
        earlier[last] = False
        lost = orders[earlier]
        for file, rows in lost.groupby("source_file", sort=False):
            line = np.full(len(rows), "in_later_file")
            counts += count_rows(str(file), line, rows["currency"].to_numpy(), rows[amount].to_numpy())
    return orders.iloc[last].reset_index(drop=True)


def _first_rows(codes: np.ndarray, rows: np.ndarray, orders: int) -> np.ndarray:
    """Return the first of these rows of each order; -1 for an order that has none of them."""
    place = np.full(orders, -1)
    place[codes[rows][::-1]] = rows[::-1]
    return place
