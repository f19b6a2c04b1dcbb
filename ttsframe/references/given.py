"""The column of order ids in whatever the caller gave, or what to give instead."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ttsframe.errors import InputError
from ttsframe.readers import id_column

_FILE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet")
_INSTEAD = "give a DataFrame, or a Series, array or list of order ids"


def order_ids(orders: Any, *, column: str | None = None) -> pd.Series:  # noqa: ANN401
    """Find the order ids in what the caller gave.

    Parameters
    ----------
    orders
        As for `lookup`.
    column
        As for `lookup`.

    Returns
    -------
    pandas.Series
        The ids as given, on the caller's index where there is one.

    Raises
    ------
    InputError
        If there is no such column, or no column of ids can be made of `orders`.
    """
    if isinstance(orders, pd.DataFrame):
        return _column_of(orders, column)
    if column is not None:
        raise InputError(f"needs a DataFrame; {type(orders).__name__} has no columns", parameter="column")
    if isinstance(orders, pd.Series):
        return orders
    values = _several(orders)
    try:
        return pd.Series(values, dtype=None if hasattr(values, "dtype") else "object")
    except ValueError:  # an array of several dimensions
        raise InputError(f"one column of order ids is needed: {_INSTEAD}.") from None


def _column_of(orders: pd.DataFrame, column: str | None) -> pd.Series:
    labels = orders.columns
    name: Any = next((label for label in labels if label == column), None)
    if name is None:
        names = [str(label) for label in labels]
        name = labels[names.index(id_column(names, None if column is None else str(column)))]
    found: pd.Series = orders[name]
    if found.ndim > 1:
        raise InputError(f"several columns are named {name!r}: rename all but the one of the order ids.")
    return found


def _several(orders: Any) -> Any:  # noqa: ANN401
    """One id or several, as something a Series can be made of."""
    if isinstance(orders, os.PathLike) or hasattr(orders, "read") or _is_file_name(orders):
        name = orders if isinstance(orders, str) else getattr(orders, "name", "this")
        raise InputError(
            f"{name!r} is a file, not an order id: give what is in it, as in "
            "tts.lookup(tts.read_tiktok_orders(path)), or run ttsframe lookup in a shell."
        )
    if isinstance(orders, float):
        raise InputError("a floating-point number cannot hold an order id: give the id as text, in quotes.")
    if isinstance(orders, (str, int, np.integer)) and not isinstance(orders, bool):
        return [orders]
    if isinstance(orders, (bytes, bytearray, Mapping)) or not isinstance(orders, Iterable):
        raise InputError(f"there are no order ids in {_named(orders)}: {_INSTEAD}.")
    return orders if hasattr(orders, "dtype") else list(orders)


def _is_file_name(orders: Any) -> bool:  # noqa: ANN401
    if not isinstance(orders, str) or orders.strip().isdecimal():
        return False
    return orders.lower().endswith(_FILE_ENDINGS) or os.path.isfile(orders)  # noqa: PTH113 - any text will do


def _named(orders: Any) -> str:  # noqa: ANN401
    return "None" if orders is None else f"a value of type {type(orders).__name__}"
