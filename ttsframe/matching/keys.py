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


def factorize_jointly(*columns: pd.Series) -> list[Nodes]:
    """Give each text the place of the first equal one in all columns laid end to end; -1 where missing.

    So a text of the first column has, wherever it is found again, its own row as its number.
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
    """Return the word for each code, None as missing; -1 is the last word."""
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
    numbers = ids.as_integers(text)
    values = text if (numbers < 0).any() else pd.Series(numbers)
    again: Flags = (values.duplicated() & values.notna()).to_numpy(dtype=bool)
    return again


def take_or_fill(values: NDArray[Kind], rows: Nodes, fill: object) -> NDArray[Kind]:
    """Take values by row; `fill` for row -1."""
    return np.append(values, np.array([fill], dtype=values.dtype))[rows]


def _codes(columns: Sequence[pd.Series]) -> Nodes:
    """Factorize; integers as such."""
    numbers = np.concatenate([ids.as_integers(column) for column in columns])
    codes = pd.factorize(numbers)[0]
    other = numbers < 0
    if other.any():
        rest = pd.factorize(concat_text(*columns)[other])[0]
        codes[other] = np.where(rest >= 0, rest + codes.max() + 1, MISSING)
    return np.asarray(codes, dtype=np.int64)
