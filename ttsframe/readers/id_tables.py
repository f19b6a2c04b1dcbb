"""The column of order ids in any table: found by its name, and read alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ttsframe.columns import TEXT_DTYPE
from ttsframe.errors import InputError
from ttsframe.readers import headers, kinds, tables
from ttsframe.readers.notes import with_notes
from ttsframe.readers.order_ids import clean_all, refuse_short
from ttsframe.readers.shapes import data_rows, trimmed
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttsframe.readers.shapes import Table


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
        If there is no such column, naming those there are, and one that is near.
    """
    names = [str(name) for name in header]
    place = _place(names, column)
    if place is None:
        raise InputError(f"{_not_there(names, column)} There are: {headers.listed(names)}.")
    return names[place]


def read_ids(paths: Any, *, column: str | None = None) -> pd.DataFrame:  # noqa: ANN401
    """Read the order ids of tables, and nothing else of them.

    Parameters
    ----------
    paths
        CSV or XLSX files, as for `read_tiktok_orders`: any table with a header, a bare list of
        ids (a first line that is an id is data), or a raw Seller Center export, whose row of
        descriptions is left out.
    column
        The column of ids; by default `order_id` or `Order ID`.

    Returns
    -------
    pandas.DataFrame
        The column `order_id`, a row for each row of the files: cleaned, and as given where it
        is no order id; a spreadsheet's ``5.80194E+17`` stays to be told as such. What there is
        to say of the files stands in ``frame.attrs["notes"]``.

    Raises
    ------
    InputError
        If a file cannot be read or has no such column, or every id in it has lost its last
        digits.
    """
    wanted = headers.ORDER_ID_NAMES if column is None else (column,)
    frame, notes = tables.read_each(paths, lambda table: _read_table(table, column), id_names=wanted)
    return with_notes(frame, notes)


def _read_table(table: Table, column: str | None) -> tuple[pd.DataFrame, list[Note]]:
    notes = list(table.notes)
    place = _place(table.header, column)
    if place is None:
        raise InputError(f"{table.name}: {_not_there(table.header, column)} {_header_of(table)}")
    (cells,) = table.columns([place])
    if kinds.kind_of(table.header) is kinds.TIKTOK_ORDERS:
        cells = cells[data_rows(trimmed(cells))]
    found = clean_all(table.name, cells, notes)
    refuse_short(column, found[pd.notna(found)])
    return pd.DataFrame({"order_id": found}, dtype="object").astype(TEXT_DTYPE), notes


def _place(names: Sequence[str], column: str | None) -> int | None:
    """Find the column; an exact name goes before one that differs in case, blanks or underscores."""
    wanted = headers.ORDER_ID_NAMES if column is None else (column,)
    exact = (names.index(name) for name in wanted if name in names)
    return next(exact, headers.locate(names, {"id": wanted}).get("id"))


def _not_there(names: Sequence[str], column: str | None) -> str:
    wanted = headers.ORDER_ID_NAMES if column is None else (column,)
    near = headers.nearest(wanted, names)
    hint = f"the nearest is {near!r}" if near else "name the one that holds the order ids"
    return f"there is no column {column or 'order_id or Order ID'}; {hint}."


def _header_of(table: Table) -> str:
    """Tell what a file has instead; where no name is known it may be a row of data, with a buyer in it."""
    if set(map(headers.plain, table.header)) & kinds.KNOWN_NAMES:
        return f"There are: {headers.listed(table.header)}."
    return f"Its first line has {counted(len(table.header), 'cell')}: are they names of columns?"
