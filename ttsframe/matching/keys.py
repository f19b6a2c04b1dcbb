"""Text keys as integers: what is equal gets the same number, once, for all columns of a join.

Everything after this module works on integer arrays; text is taken again only for the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ttsframe import ids
from ttsframe.columns import TEXT_DTYPE

if TYPE_CHECKING:
    import enum
    from collections.abc import Sequence

Kind = TypeVar("Kind", bound=np.generic)
Flags: TypeAlias = NDArray[np.bool_]
Nodes: TypeAlias = NDArray[np.int64]
Bits: TypeAlias = NDArray[np.uint8]
Digits: TypeAlias = NDArray[np.int64]
"""How many decimals each amount has."""
Amounts: TypeAlias = NDArray[np.float64]
"""Money in major units, as the files have it; NaN where missing."""
MinorUnits: TypeAlias = NDArray[np.float64]
"""Money as whole minor units of its currency, which floats hold exactly; NaN where missing."""

MISSING = -1
# Every run of so many digits fits into 64 bits.
_INTEGER_DIGITS = 18


def factorize_jointly(*columns: pd.Series) -> list[Nodes]:
    """Number equal texts alike, over several columns.

    Parameters
    ----------
    *columns
        Text columns; they are read as one, one after the other.

    Returns
    -------
    list of numpy.ndarray
        One array a column: for each value the position of the first equal value in all of the
        columns laid end to end; -1 where missing. So a value of the first column that is
        found again has, there, its own row as its number.
    """
    codes = _codes(columns)
    first = np.full(codes.max(initial=MISSING) + 2, MISSING, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    first[MISSING] = MISSING
    return np.split(first[codes], np.cumsum([len(column) for column in columns])[:-1])


def concat_text(*columns: pd.Series) -> pd.Series:
    """Return text columns laid end to end."""
    return pd.concat([column.astype(TEXT_DTYPE) for column in columns], ignore_index=True)


def decode(words: Sequence[str | None], codes: np.ndarray) -> pd.Series:
    """Write codes out as text.

    Parameters
    ----------
    words
        The word for each code; None for none.
    codes
        Places in `words`; -1 is the last.

    Returns
    -------
    pandas.Series
        Text, on a fresh index.
    """
    texts = [np.nan if word is None else word for word in words] or [np.nan]
    table = pd.Series(texts, dtype="object").astype(TEXT_DTYPE)
    return table.take(np.where(codes == MISSING, len(texts) - 1, codes)).reset_index(drop=True)


def flag_words(flags: enum.Flag) -> list[str]:
    """Name the members of a set of flags as the columns write them, in their order."""
    return [str(flag.name).lower() for flag in flags]


def take_text(text: pd.Series, rows: Nodes) -> pd.Series:
    """Take text by row; missing for row -1."""
    if len(rows) <= len(text) and (rows == np.arange(len(rows))).all():
        return text.iloc[: len(rows)].reset_index(drop=True)
    taken: pd.Series = pd.Series(text.array.take(rows, allow_fill=True), dtype=TEXT_DTYPE)
    return taken


def missing_text(length: int) -> pd.Series:
    """Return a text column in which everything is missing."""
    column: pd.Series = pd.Series(np.nan, index=range(length), dtype=TEXT_DTYPE)
    return column


def repeated(text: pd.Series) -> Flags:
    """Tell which texts stand in an earlier row too; False where missing."""
    fits = _fits_integer(text)
    values = pd.Series(_numbers(text, fits)) if len(text) and fits.all() else text
    again: Flags = (values.duplicated() & values.notna()).to_numpy(dtype=bool)
    return again


def take_or_fill(values: NDArray[Kind], rows: Nodes, fill: object) -> NDArray[Kind]:
    """Take values by row; `fill` for row -1."""
    return np.append(values, np.array([fill], dtype=values.dtype))[rows]


def _codes(columns: Sequence[pd.Series]) -> Nodes:
    """Factorize; whole numbers as such, which is several times faster than as text."""
    fits = [_fits_integer(column) for column in columns]
    numeric = np.concatenate(fits)
    if not numeric.any():
        return np.asarray(pd.factorize(concat_text(*columns))[0], dtype=np.int64)
    numbers = [_numbers(column, here) for column, here in zip(columns, fits, strict=True)]
    found = pd.factorize(np.concatenate(numbers))[0]
    if numeric.all():
        return np.asarray(found, dtype=np.int64)
    codes = np.full(len(numeric), MISSING, dtype=np.int64)
    codes[numeric] = found
    rest = pd.factorize(concat_text(*columns)[~numeric])[0]
    codes[~numeric] = np.where(rest >= 0, rest + found.max() + 1, MISSING)
    return codes


def _fits_integer(text: pd.Series) -> Flags:
    """Tell which texts an integer stands for without loss: no leading zero, at most 18 digits."""
    if getattr(text.dtype, "storage", "python") != "pyarrow":
        return np.zeros(len(text), dtype=bool)
    length = text.str.len().to_numpy(dtype="float64", na_value=np.nan)
    leading_zero = text.str.startswith("0").to_numpy(dtype=bool)
    return ids.only_digits(text) & (length <= _INTEGER_DIGITS) & ~leading_zero


def _numbers(text: pd.Series, here: Flags) -> Nodes:
    whole = text if here.all() else text[here]
    return np.asarray(whole.astype("int64[pyarrow]").to_numpy(), dtype=np.int64)
