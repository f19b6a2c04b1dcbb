"""Values → the text and numbers of cells, with nothing in them that a spreadsheet would run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ttsframe.columns import Column, Kind
from ttsframe.errors import InputError
from ttsframe.text import escape_formula

if TYPE_CHECKING:
    from collections.abc import Sequence

Ids = Literal["plain", "excel"]

_ID_NAME = re.compile(r"(?i)(?:.*[ _-])?id")
_DIGITS = re.compile(r"[0-9]+")


def checked_ids(ids: str) -> Ids:
    """Return `ids` if it is one of `Ids`; raise `InputError` otherwise."""
    if ids not in ("plain", "excel"):
        raise InputError(f'ids must be "plain" or "excel", not {ids!r}.')
    return "excel" if ids == "excel" else "plain"


def described(frame: pd.DataFrame, columns: Sequence[Column] | None) -> list[Column]:
    """Give every column of a frame its `Column`: as described, else guessed from its dtype."""
    known = {column.name: column for column in columns or ()}
    found = []
    for place, name in enumerate(frame.columns):
        given = known.get(name)
        found.append(given or Column(str(name), _guessed(frame.iloc[:, place]), ""))
    return found


def holds_ids(column: Column) -> bool:
    """Tell whether a column holds ids: text, and named `…_id`, `… ID` or `id`."""
    return column.kind == "text" and _ID_NAME.fullmatch(column.name) is not None


def as_text(values: pd.Series, column: Column, *, ids: Ids = "plain") -> list[str]:
    """Write a column as the cells of a CSV file.

    Parameters
    ----------
    values
        The column.
    column
        Its kind; money has two decimals, or as many more as it needs, times are ISO 8601.
    ids
        `"excel"` wraps ids of digits as `="…"`.

    Returns
    -------
    list
        One text a value, blank where missing.
    """
    if column.kind == "money":
        return [money(value) for value in _floats(values).tolist()]
    if column.kind in ("time", "utc"):
        return _times(values)
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
        return [number(value) for value in objects(values)]
    wrap = ids == "excel" and holds_ids(column)
    return [_cell(value, wrap=wrap) for value in objects(values)]


def money(value: float) -> str:
    """Write an amount: two decimals, more where it has more; blank if missing."""
    if value != value:  # noqa: PLR0124 - only NaN differs from itself
        return ""
    text = f"{value:.2f}"
    if abs(value - float(text)) > 1e-7 * max(1.0, abs(value) * 1e-8):  # below: float noise
        text = f"{value:.6f}".rstrip("0")
    return "0.00" if text == "-0.00" else text


def wants(number: int) -> str:
    """Say of so many rows that they need work: `1` wants a look, `2` want a look."""
    return "wants a look" if number == 1 else "want a look"


def number(value: Any) -> str:  # noqa: ANN401
    """Write a plain number or flag; blank if missing."""
    return "" if value is None or value != value else str(value)  # noqa: PLR0124


def _cell(value: Any, *, wrap: bool) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        return _foreign_cell(value)
    if wrap and value.isascii() and value.isdigit():
        return f'="{value}"'
    return escape_formula(value)


def _foreign_cell(value: Any) -> str:  # noqa: ANN401
    """Numbers keep their sign; anything else is only as trustworthy as its text."""
    if value is None or value is pd.NaT or (isinstance(value, (float, np.floating)) and np.isnan(value)):
        return ""
    return str(value) if isinstance(value, (int, float, np.number)) else escape_formula(str(value))


def _guessed(values: pd.Series) -> Kind:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return "utc"
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return "time"
    if pd.api.types.is_bool_dtype(values.dtype):
        return "flag"
    return "count" if pd.api.types.is_numeric_dtype(values.dtype) else "text"


def objects(values: pd.Series) -> list[Any]:
    """Return a column as Python values, None where missing."""
    held: list[Any] = values.astype("object").where(values.notna(), None).tolist()
    return held


def _floats(values: pd.Series) -> np.ndarray:
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)


def _times(values: pd.Series) -> list[str]:
    times = pd.to_datetime(values, errors="coerce")
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert("UTC")
    zone = "Z" if isinstance(times.dtype, pd.DatetimeTZDtype) else ""
    bare = times.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    whole = bare.astype("datetime64[s]")
    fine = not (bare == whole)[~np.isnat(bare)].all()
    texts = np.datetime_as_string(bare if fine else whole).tolist()
    return ["" if text == "NaT" else text + zone for text in texts]
