"""Any table with a column of order ids, for the command line: text in, text out."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ttsframe.columns import TEXT_DTYPE
from ttsframe.errors import InputError
from ttsframe.exports import files, headers, kinds, tables
from ttsframe.exports.shapes import data_rows, trimmed


def id_column(header: Any, column: str | None = None) -> str:  # noqa: ANN401
    """Find the column of order ids.

    Parameters
    ----------
    header
        The names of the columns.
    column
        The one that the caller names, else `ORDER_ID_NAMES`; case, blanks and underscores
        make no difference.

    Returns
    -------
    str
        The name as it stands in `header`.

    Raises
    ------
    InputError
        If there is no such column, naming those there are and the nearest.
    """
    names = [str(name) for name in header]
    wanted = headers.ORDER_ID_NAMES if column is None else (column,)
    if exact := next((name for name in wanted if name in names), None):
        return exact
    place = headers.locate(names, {"id": wanted}).get("id")
    if place is not None:
        return names[place]
    words = "order_id or Order ID" if column is None else column
    near = headers.nearest(wanted, names)
    hint = f"the nearest is {near!r}" if near else "name the one that holds the order ids"
    raise InputError(f"there is no column {words}; {hint} (column=). There are: {headers.listed(names)}.")


def read_ids_table(path_or_handle: Any, *, column: str | None = None) -> tuple[pd.DataFrame, str]:  # noqa: ANN401
    """Read one table with a column of order ids.

    Parameters
    ----------
    path_or_handle
        A CSV or XLSX, by path or as a file object: any table with a header, a bare list of ids
        (a first line that is an id is data), or a raw Seller Center export, whose row of
        descriptions is left out.
    column
        The column of ids; by default `order_id` or `Order ID`.

    Returns
    -------
    tuple
        The table, every column as text and blanks missing, and the name of the id column. Ids
        are as given: a spreadsheet's ``5.80194E+17`` stays to be told as such.

    Raises
    ------
    InputError
        If the file cannot be read, or has no such column.
    """
    wanted = headers.ORDER_ID_NAMES if column is None else (column,)
    sources, _ = files.find_sources(path_or_handle)
    if len(sources) > 1:
        raise InputError("one file at a time is needed here.")
    table = tables.open_table(sources[0].name, files.read_bytes(sources[0]), id_names=wanted)
    found = id_column(_unrepeated(table.header), column)
    names = _unrepeated(table.header)
    cells = table.columns(range(len(names)))
    frame = pd.DataFrame(dict(zip(names, cells, strict=True)), dtype="object")
    if kinds.kind_of(table.header) is kinds.TIKTOK_ORDERS:
        frame = frame[data_rows(trimmed(frame[found].to_numpy(dtype=object)))].reset_index(drop=True)
    return frame.where(frame != "", None).astype(TEXT_DTYPE), found


def _unrepeated(header: tuple[str, ...]) -> list[str]:
    """Make names unique, so that no column hides another."""
    seen: dict[str, int] = {}
    names = []
    for place, name in enumerate(header):
        seen[name] = seen.get(name, 0) + 1
        names.append(f"{name or f'column_{place + 1}'}" + (f".{seen[name] - 1}" if seen[name] > 1 else ""))
    return names
