"""Text keys as integers: what is equal gets the same number, once, for all columns of a join.

Everything after this module works on integer arrays; text is taken again only for the result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ttsframe import ids
from ttsframe.columns import TEXT_DTYPE

MISSING = -1
# Every run of so many digits fits into 64 bits.
_INTEGER_DIGITS = 18

_GID = r"gid://shopify/order/([0-9]+)(?:\?.*)?"


def first_positions(*columns: pd.Series) -> list[np.ndarray]:
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
    codes = _codes(joined(*columns))
    first = np.full(codes.max(initial=MISSING) + 2, MISSING, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    first[MISSING] = MISSING
    return np.split(first[codes], np.cumsum([len(column) for column in columns])[:-1])


def joined(*columns: pd.Series) -> pd.Series:
    """Return text columns laid end to end."""
    return pd.concat([column.astype(TEXT_DTYPE) for column in columns], ignore_index=True)


def id_text(values: Any) -> pd.Series:  # noqa: ANN401
    """Return a column of ids as cleaned text, on a fresh index.

    Parameters
    ----------
    values
        A column of any dtype.

    Returns
    -------
    pandas.Series
        As `ids.clean` gives it; text that is clean already, the usual case, is not touched.

    Raises
    ------
    InputError
        If the ids are floats that have lost digits.
    """
    series = values.reset_index(drop=True)
    if series.dtype != TEXT_DTYPE or pd.api.types.infer_dtype(series, skipna=True) not in ("string", "empty"):
        return ids.clean(series).ids
    odd = (series.notna() & ~digits_only(series)).to_numpy()
    if not odd.any():
        return series
    series = series.copy()
    series[odd] = ids.clean(series[odd]).ids
    return series


def shopify_id_text(values: Any) -> pd.Series:  # noqa: ANN401
    """Return Shopify ids as cleaned text, with the number of a ``gid://`` in its place."""
    series = id_text(values)
    odd = (series.notna() & ~digits_only(series)).to_numpy()
    if not odd.any():
        return series
    numbers = series[odd].str.strip().str.lower().str.extract(f"^{_GID}$", expand=False)
    series = series.copy()
    series[odd] = numbers.where(numbers.notna(), series[odd])
    return series


def name_text(names: pd.Series) -> pd.Series:
    """Return order names as they are compared: without ``#`` and blanks, in lower case."""
    return names.str.replace(r"[#\s]+", "", regex=True).str.lower().replace("", np.nan)


def digits_only(series: pd.Series) -> pd.Series:
    """Tell which texts are a run of digits; False where missing."""
    return series.str.isdigit().eq(True)  # noqa: FBT003


def _codes(text: pd.Series) -> np.ndarray:
    """Factorize; whole numbers as such, which is several times faster than as text."""
    numeric = _fits_integer(text)
    codes = np.full(len(text), MISSING, dtype=np.int64)
    if numeric.any():
        numbers = text[numeric].astype("int64[pyarrow]").to_numpy(dtype="int64")
        codes[numeric] = pd.factorize(numbers)[0]
    rest = pd.factorize(text[~numeric])[0] if numeric.any() else pd.factorize(text)[0]
    codes[~numeric] = np.where(rest >= 0, rest + codes.max(initial=MISSING) + 1, MISSING)
    return codes


def _fits_integer(text: pd.Series) -> np.ndarray:
    """Tell which texts an integer stands for without loss: no leading zero, at most 18 digits."""
    if getattr(text.dtype, "storage", "python") != "pyarrow":
        return np.zeros(len(text), dtype=bool)
    fits = text.str.isdigit() & (text.str.len() <= _INTEGER_DIGITS) & ~text.str.startswith("0")
    return fits.fillna(value=False).to_numpy(dtype=bool)
