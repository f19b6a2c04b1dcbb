"""What each file holds, and how much of it did not come into the frame: where a tie-out begins."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import money

if TYPE_CHECKING:
    from collections.abc import Sequence


class SourceFile(NamedTuple):
    """One file that was read."""

    name: str
    sha256: str
    oldest: str
    """Of the orders in it, as `2026-10-01 08:15:00`; blank where no date is known."""
    newest: str


class Counted(NamedTuple):
    """Some rows of one file, in one currency, by what became of them: `columns.TIE_OUT_LINES`."""

    file: str
    line: str
    currency: str
    """Blank if unknown."""
    rows: int
    amount: float


def source_file(name: str, content: bytes, parts: Sequence[pd.DataFrame]) -> SourceFile:
    """Describe a file by its bytes, and by the times of what was read from it."""
    times = [part[column] for part in parts for column in ("created_at", "settled_at") if column in part]
    known = pd.concat(times).dropna() if times else pd.Series(dtype="datetime64[us]")
    ends = [] if known.empty else [f"{end:%Y-%m-%d %H:%M:%S}" for end in (known.min(), known.max())]
    return SourceFile(name, hashlib.sha256(content).hexdigest(), *(ends or ["", ""]))


def count_rows(file: str, lines: np.ndarray, currencies: np.ndarray, amounts: np.ndarray) -> list[Counted]:
    """Add up the rows of a file by line and currency; an amount that is not known adds nothing.

    A row that is left out and tells no currency, such as one of totals, is in the one of the file's orders.
    """
    words = pd.Series(currencies, dtype="object").fillna("").str.upper()
    of_orders = words[lines == "in_frame"].unique()
    if len(of_orders) == 1:
        words = words.mask(words.eq("") & (lines != "in_frame"), of_orders[0])
    codes, distinct = pd.factorize(words)
    digits = np.array(
        [money.decimals(word) if word else money.MOST_DECIMALS for word in distinct], dtype=np.int64
    )
    units = money.to_minor_units(amounts.astype(np.float64), digits[codes])
    exact = money.to_major_units(np.nan_to_num(units), digits[codes])
    rows = pd.DataFrame({"line": lines, "currency": words, "rows": 1, "amount": exact})
    sums = rows.groupby(["line", "currency"], sort=False)[["rows", "amount"]].sum()
    return [
        Counted(file, str(line), str(currency), int(count), round(float(amount), money.MOST_DECIMALS))
        for (line, currency), (count, amount) in zip(sums.index, sums.to_numpy().tolist(), strict=True)
    ]


def in_currency(counts: list[Counted], currency: str | None) -> list[Counted]:
    """Give those of no currency the one that the caller names."""
    return [each._replace(currency=each.currency or currency or "") for each in counts]
