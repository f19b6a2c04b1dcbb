"""The caller's arguments, checked: a column of order ids in any form, a choice, an age."""

from __future__ import annotations

import datetime as dt
import math
import os
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ttsframe import config, ids
from ttsframe.errors import InputError
from ttsframe.readers import id_column

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet")
_INSTEAD = "give a DataFrame, or a Series, array or list of order ids"


def order_ids(orders: Any, *, column: str | None = None) -> pd.Series:  # noqa: ANN401
    """Find the order ids in what the caller gave; they stay as they are, on the caller's index."""
    orders = to_pandas(orders)
    if isinstance(orders, pd.DataFrame):
        return _column_of(orders, column)
    if column is not None:
        raise InputError(f"needs a DataFrame; {_named(orders)} has no columns.", parameter="column")
    if isinstance(orders, pd.Series):
        return orders
    values = _several(orders)
    try:
        return pd.Series(values, dtype=None if hasattr(values, "dtype") else "object")
    except (TypeError, ValueError, NotImplementedError):  # several dimensions, or an index of several levels
        raise InputError(f"one column of order ids is needed: {_INSTEAD}.", parameter="orders") from None


def to_pandas(values: Any, *, parameter: str = "orders") -> Any:  # noqa: ANN401
    """Make pandas of a table or column of another library that speaks Arrow; leave all else as it is."""
    if isinstance(values, (pd.DataFrame, pd.Series)):
        return values
    is_stream = hasattr(values, "__arrow_c_stream__")
    if not (is_stream or hasattr(values, "__arrow_c_array__")):
        return values
    try:
        import pyarrow as pa  # noqa: PLC0415 - optional, and only for what comes from another library
    except ImportError:
        raise InputError(
            f"reading {_named(values)} needs pyarrow (pip install pyarrow); or give a pandas DataFrame.",
            parameter=parameter,
        ) from None
    chunks = pa.chunked_array(values if is_stream else [values])
    # An integer column with gaps would become one of floats, which cannot hold an order id.
    exact = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
    if pa.types.is_struct(chunks.type):
        return pa.Table.from_struct_array(chunks).to_pandas(types_mapper=exact.get)
    return pa.table({"order_id": chunks}).to_pandas(types_mapper=exact.get)["order_id"]


def check_choice(parameter: str, value: Any, choices: Sequence[str]) -> None:  # noqa: ANN401
    """Refuse a value that is none of the choices, naming them."""
    if not (isinstance(value, str) and value in choices):
        known = " or ".join(map(repr, choices))
        raise InputError(f"must be {known}, not {_shown(value)}.", parameter=parameter)


def age_seconds(max_age: Any) -> float | None:  # noqa: ANN401
    """Read an age as seconds; a negative one is 0."""
    if max_age is None:
        return None
    try:
        if isinstance(max_age, str):
            seconds = config.seconds(max_age)
        elif isinstance(max_age, dt.timedelta):
            seconds = max_age.total_seconds()
        else:
            seconds = float(max_age)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds):
        raise InputError(
            f"must be a duration such as '7d' or '90s', a number of seconds or a timedelta, "
            f"not {_shown(max_age)}.",
            parameter="max_age",
        )
    return max(0.0, seconds)


def share(verify: Any) -> float:  # noqa: ANN401
    """Read a share, from 0 to 1."""
    try:
        value = float(verify) if isinstance(verify, Real) else math.nan
    except OverflowError:
        value = math.nan
    if not 0 <= value <= 1:
        raise InputError(
            f"must be a share from 0 to 1, such as 0.02, not {_shown(verify)}.", parameter="verify"
        )
    return value


def _column_of(orders: pd.DataFrame, column: Any) -> pd.Series:  # noqa: ANN401
    """Take the column of that label; else the one of that name, or of a usual one, written another way."""
    labels = orders.columns
    label = column
    if column is None or not _is_label(column, labels):
        names = [str(name) for name in labels]
        wanted = column if column is None or isinstance(column, str) else f"<{type(column).__name__}>"
        label = labels[id_column(names, wanted)]
    values: pd.Series = orders[label]
    if values.ndim > 1:
        raise InputError(
            f"several columns are named {label!r}: rename all but the one of the order ids.",
            parameter="orders",
        )
    return values


def _is_label(column: Any, labels: pd.Index) -> bool:  # noqa: ANN401
    try:
        return column in labels
    except TypeError:  # a list, which cannot be a label
        return False


def _several(orders: Any) -> Any:  # noqa: ANN401
    """One id or several, as something a Series can be made of."""
    if isinstance(orders, os.PathLike) or hasattr(orders, "read") or _is_file_name(orders):
        name = orders if isinstance(orders, str) else getattr(orders, "name", "this")
        raise InputError(
            f"{name!r} is a file, not an order id: give what is in it, as in "
            "tts.lookup(tts.read_tiktok_orders(path)), or run ttsframe lookup in a shell.",
            parameter="orders",
        )
    if isinstance(orders, float):
        raise InputError(
            "a floating-point number cannot hold an order id: give the id as text, in quotes.",
            parameter="orders",
        )
    if isinstance(orders, (str, int, np.integer)) and not isinstance(orders, bool):
        return [orders]
    if isinstance(orders, (bytes, bytearray, Mapping)) or not isinstance(orders, Iterable):
        raise InputError(f"there are no order ids in {_named(orders)}: {_INSTEAD}.", parameter="orders")
    return orders if hasattr(orders, "dtype") else list(orders)


def _is_file_name(orders: Any) -> bool:  # noqa: ANN401
    if not isinstance(orders, str) or ids.is_digits(orders.strip()):
        return False
    return orders.lower().endswith(_FILE_ENDINGS) or os.path.isfile(orders)  # noqa: PTH113 - any text will do


def _named(value: Any) -> str:  # noqa: ANN401
    return "None" if value is None else f"a value of type {type(value).__name__}"


def _shown(value: Any) -> str:  # noqa: ANN401
    """Show text and floats as they are written, and of anything else its type: not every value has a text."""
    if isinstance(value, str):
        return repr(value[:40])
    return repr(value) if isinstance(value, float) else type(value).__name__
