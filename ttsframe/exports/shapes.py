"""A table before anything in it is understood, and where its header stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.exports.headers import ORDER_ID_NAMES, plain
from ttsframe.exports.kinds import KNOWN_NAMES
from ttsframe.ids import clean_one

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROWS_SEARCHED_FOR_HEADER = 40
_LEAST_DIGITS_OF_A_DATA_ROW = 10
_DASHES = ("-", "/", "--")

Cells = np.ndarray
"""A column: an object array of str, blank where there is nothing."""


class Table(NamedTuple):
    """An export's header, and the way to its columns."""

    name: str
    header: tuple[str, ...]
    columns: Callable[[Sequence[int]], list[Cells]]
    """Positions in the header → those columns; nothing else is kept of the file."""
    notes: tuple[str, ...] = ()


class Header(NamedTuple):
    """The header of some records."""

    row: int
    """Its position; -1 where the data stand under no header."""
    names: tuple[str, ...]
    known: int
    """How many of its names are known from exports."""


def find_header(records: Sequence[Sequence[str]], *, headerless: bool) -> Header:
    """Find the row that names the columns.

    Parameters
    ----------
    records
        The first rows of a table.
    headerless
        Whether a first row that holds an order id is data under no header.

    Returns
    -------
    Header
        The row with the most known names, else the first that is not blank.
    """
    filled = [row for row, record in enumerate(records) if any(cell.strip() for cell in record)]
    if not filled:
        return Header(len(records) - 1, (), 0)
    first = records[filled[0]]
    if headerless and not _known(first) and any(_is_data(cell) for cell in first):
        return Header(filled[0] - 1, _invented(first), 0)
    best = max(filled, key=lambda row: (_known(records[row]), -row))
    names = [cell.strip().lstrip("\ufeff").strip() for cell in records[best]]
    while names and not names[-1]:
        names.pop()
    return Header(best, tuple(names), _known(records[best]))


def trimmed(cells: Cells, *, without_dashes: bool = False) -> Cells:
    """Return the cells without blanks and tabs around them.

    Parameters
    ----------
    cells
        Text as exported.
    without_dashes
        Whether a lone ``-`` or ``/`` becomes blank, as TikTok writes what does not apply.
    """
    out = np.empty(len(cells), dtype=object)
    out[:] = [text.strip() for text in cells.tolist()]
    if without_dashes:
        out[np.isin(out, _DASHES)] = ""
    return out


def data_rows(id_cells: Cells) -> np.ndarray:
    """Tell the orders of an export from headers within it and the descriptions under its header.

    Parameters
    ----------
    id_cells
        The trimmed column of order ids.

    Returns
    -------
    numpy.ndarray
        True for a row of data.
    """
    names = {plain(alias) for alias in ORDER_ID_NAMES}
    codes, distinct = pd.factorize(id_cells)
    is_data = np.array([plain(text) not in names for text in distinct.tolist()], dtype=bool)
    rows: np.ndarray = is_data[codes] if len(codes) else np.ones(0, dtype=bool)
    if len(rows) and " " in id_cells[0] and not any(map(str.isdigit, id_cells[0])):
        rows[0] = False
    return rows


def _known(record: Sequence[str]) -> int:
    return len({plain(cell) for cell in record} & KNOWN_NAMES)


def _is_data(cell: str) -> bool:
    order_id, reason = clean_one(cell)
    return reason in ("digits_lost", "too_long") or (reason is None and order_id is not None)


def _invented(record: Sequence[str]) -> tuple[str, ...]:
    """Name the columns of a table without header: the first that holds ids is `order_id`."""
    long = [place for place, cell in enumerate(record) if _is_long_id(cell)]
    short = [place for place, cell in enumerate(record) if _is_data(cell)]
    ids = (long or short)[0]
    return tuple("order_id" if place == ids else f"column_{place + 1}" for place in range(len(record)))


def _is_long_id(cell: str) -> bool:
    return _is_data(cell) and sum(map(str.isdigit, cell)) >= _LEAST_DIGITS_OF_A_DATA_ROW
