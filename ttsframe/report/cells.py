"""Values → the text of cells, with nothing in them that a spreadsheet or a terminal would run."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ttsframe import money
from ttsframe.columns import Column, ColumnType
from ttsframe.errors import InputError
from ttsframe.text import escape_formula, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

Ids = Literal["plain", "excel"]

UNKNOWN = "n/a"
"""An amount that is not known, wherever people read it: never 0.00."""
AND_UNKNOWN = f" + {UNKNOWN}"
"""After a sum that is without some rows, as their amounts are not known."""
LONG_NUMBERS_IN_EXCEL = (
    "Excel keeps 15 digits of a number and shows the rest as zeros: the order id 577092126219211281 becomes "
    "5.77092E+17, and saving the file loses its last digits for good. In the workbook ids are text, so they "
    "are complete. The CSV files hold plain digits: open them with Data > From Text/CSV and set the id "
    'columns to Text, or write them with ids="excel", which wraps each id as ="577092126219211281" so that a '
    "double click is safe."
)
_ID_NAME = re.compile(r"(?i)(?:.*[ _-])?id")
FINEST_DECIMALS = 6
"""Finer than any currency: rounding so takes away what adding floats leaves behind."""
_FLOAT_NOISE = 1e-7


def checked_ids(ids: str) -> Ids:
    """Return `ids` if it is one of `Ids`; raise `InputError` otherwise."""
    if ids not in ("plain", "excel"):
        raise InputError(f'ids must be "plain" or "excel", not {ids!r}.')
    return "excel" if ids == "excel" else "plain"


def described(frame: pd.DataFrame, columns: Sequence[Column] | None) -> list[Column]:
    """Give every column of a frame its `Column`: as described, else guessed from its dtype."""
    known = {column.name: column for column in columns or ()}
    return [
        known.get(name) or Column(str(name), _guessed(frame.iloc[:, index]), "")
        for index, name in enumerate(frame.columns)
    ]


def holds_ids(column: Column) -> bool:
    """Tell whether a column holds ids: text, and named `…_id`, `… ID` or `id`."""
    return column.type == "text" and _ID_NAME.fullmatch(column.name) is not None


def as_text(
    values: pd.Series, column: Column, *, ids: Ids = "plain", decimals: np.ndarray | None = None
) -> list[str]:
    """Write a column as the cells of a CSV file: one text per value, empty where missing."""
    if column.type == "money":
        return money_text(values, decimals)
    if column.type in ("time", "utc"):
        return _times(values)
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
        return ["" if value is None else str(value) for value in objects(values)]
    wrap = ids == "excel" and holds_ids(column)
    return [_cell(value, wrap=wrap) for value in objects(values)]


def money_text(values: pd.Series, decimals: np.ndarray | None = None) -> list[str]:
    """Write amounts with the decimals of their currencies, or more where an amount has more."""
    amounts = pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    digits = np.full(len(amounts), 2) if decimals is None else decimals
    known = np.isfinite(amounts)
    finite = np.where(known, amounts, 0.0)
    tolerance = _FLOAT_NOISE * np.maximum(1.0, np.abs(finite) * 1e-8)
    more = np.zeros(len(amounts), dtype=bool)
    for count in np.unique(digits).tolist():
        more |= (digits == count) & (np.abs(finite - np.round(finite, count)) > tolerance)
    texts = [f"{amount:.{count}f}" for amount, count in zip(finite.tolist(), digits.tolist(), strict=True)]
    for index in np.flatnonzero(more).tolist():
        texts[index] = f"{finite[index]:.{FINEST_DECIMALS}f}".rstrip("0")
    for index in np.flatnonzero((finite <= 0) & ~more).tolist():
        texts[index] = texts[index].lstrip("-") if float(texts[index]) == 0 else texts[index]
    for index in np.flatnonzero(~known).tolist():
        texts[index] = "" if np.isnan(amounts[index]) else str(amounts[index])
    return texts


def amount_text(amount: float, currency: str, unknown: int = 0) -> str:
    """Write one amount for people: thousands separated, its currency's decimals, `n/a` if not known.

    A sum that is without `unknown` rows is written as `90.00 + n/a`.
    """
    if math.isnan(amount):
        return UNKNOWN
    text = f"{amount:,.{money.decimals(currency)}f}"
    text = text.lstrip("-") if text.strip("-0.") == "" else text
    return f"{text}{AND_UNKNOWN}" if unknown else text


def side_currency(currency: str, side: str) -> str:
    """Pick one side's part of `USD/EUR`, on one line; a part that is blank is no currency."""
    parts = [part for part in map(str.strip, one_line(currency).split("/")) if part]
    return "" if not parts else parts[0] if side == "TikTok" else parts[-1]


def currency_column(names: Sequence[str], column: str) -> str | None:
    """Name the column that holds the currency of a column of amounts."""
    wanted = (
        "settled_currency" if column.startswith("settled_") and "settled_currency" in names else "currency"
    )
    return wanted if wanted in names else None


def side_of(column: str) -> str:
    """Return the side whose part of `USD/EUR` a column of amounts is in."""
    return "Shopify" if column.startswith("shopify_") else "TikTok"


def decimals_of(frame: pd.DataFrame, column: Column) -> np.ndarray | None:
    """Count the decimals of each amount of a column by its row's currency; None for 2 throughout."""
    source = currency_column(list(frame.columns), column.name) if column.type == "money" else None
    if source is None:
        return None
    codes, currencies = pd.factorize(frame[source].astype("object"))
    side = side_of(column.name)
    digits = [money.decimals(side_currency(str(currency), side)) for currency in currencies]
    return np.array([*digits, 2])[codes]  # the code of a missing currency is -1


def objects(values: pd.Series) -> list[Any]:
    """Return a column as Python values, None where missing."""
    cells: list[Any] = values.astype("object").where(values.notna(), None).tolist()
    return cells


def days_of(values: pd.Series) -> pd.Series:
    """Return the days of times, by the clock that their column shows."""
    times = pd.to_datetime(values)
    return (
        times.dt.tz_localize(None) if isinstance(times.dtype, pd.DatetimeTZDtype) else times
    ).dt.normalize()


def _cell(value: Any, *, wrap: bool) -> str:  # noqa: ANN401
    if isinstance(value, str):
        digits = wrap and value.isascii() and value.isdigit()
        return f'="{value}"' if digits else escape_formula(value)
    if value is None:
        return ""
    # A number keeps its sign; anything else is only as trustworthy as its text.
    return str(value) if isinstance(value, (int, float, np.number)) else escape_formula(str(value))


def _guessed(values: pd.Series) -> ColumnType:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return "utc"
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return "time"
    if pd.api.types.is_bool_dtype(values.dtype):
        return "flag"
    return "count" if pd.api.types.is_numeric_dtype(values.dtype) else "text"


def _times(values: pd.Series) -> list[str]:
    times = pd.to_datetime(values, errors="coerce")
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert("UTC")
    zone = "Z" if isinstance(times.dtype, pd.DatetimeTZDtype) else ""
    bare = times.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    whole = bare.astype("datetime64[s]")
    has_fractions = not (bare == whole)[~np.isnat(bare)].all()
    texts = np.datetime_as_string(bare if has_fractions else whole).tolist()
    return ["" if text == "NaT" else text + zone for text in texts]
