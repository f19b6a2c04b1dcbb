"""The column of order ids in any table: found by its name, and read alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ttsframe import ids
from ttsframe.columns import TEXT_DTYPE
from ttsframe.errors import InputError
from ttsframe.readers import detect, headers, tables
from ttsframe.readers.notes import with_notes
from ttsframe.readers.shapes import data_rows, trimmed
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttsframe.readers.shapes import Table


def id_column(names: Sequence[str], column: str | None = None) -> int:
    """Find the column of order ids in a header, or refuse it with the names that are there."""
    place = ids.find_id_column(names, column)
    if place is None:
        message = f"{_not_there(names, column)} There are: {headers.listed(names)}."
        raise InputError(message, parameter="column")
    return place


def read_ids(paths: Any, *, column: str | None = None) -> pd.DataFrame:  # noqa: ANN401
    """Read the column of order ids of any tables, or bare lists of ids: one row per row, as `order_id`.

    A first line that is an id is data, not a header; the descriptions of a raw Seller Center export are
    left out. What is no order id stays as it is, to be told as `invalid`.
    """
    wanted = ids.ORDER_ID_NAMES if column is None else (column,)
    frame, notes, sources = tables.read_each(paths, lambda table: _read_table(table, column), id_names=wanted)
    return with_notes(frame, notes, sources)


def _read_table(table: Table, column: str | None) -> tuple[pd.DataFrame, list[Note]]:
    notes = list(table.notes)
    place = ids.find_id_column(table.header, column)
    if place is None:
        message = f"{table.name}: {_not_there(table.header, column)} {detect.told(table.header)}"
        raise InputError(message, parameter="column")
    (cells,) = table.columns([place])
    if detect.export_type(table.header) is detect.TIKTOK_ORDERS:
        cells = cells[data_rows(trimmed(cells))]
    cleaned, rounded = ids.clean_file(table.name, cells)
    if lost := int(cleaned.reasons.eq("digits_lost").sum()):
        lossy = f"{counted(lost, 'order id')} lost the last digits in a spreadsheet (digits_lost)"
        notes.append(Note("warning", f"{table.name}: {lossy}; download it again."))
    notes += rounded
    ids.refuse_short(column, cleaned.ids.dropna())
    return pd.DataFrame({"order_id": cleaned.ids}, dtype=TEXT_DTYPE), notes


def _not_there(names: Sequence[str], column: str | None) -> str:
    near = headers.nearest(ids.ORDER_ID_NAMES if column is None else (column,), names)
    hint = f"the nearest is {near!r}" if near else "name the one that holds the order ids"
    return f"there is no column {column or 'order_id or Order ID'}; {hint}."
