"""A table before anything in it is understood, and where its header stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.ids import ORDER_ID_NAMES, clean_one, normalize_column
from ttsframe.readers.detect import KNOWN_NAMES
from ttsframe.readers.headers import SETTLEMENT_FIELDS
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

ROWS_SEARCHED_FOR_HEADER = 40
_LEAST_DIGITS_OF_A_DATA_ROW = 10
_LEAST_NAMES_OF_A_LATER_HEADER = 2
_KEY_NAMES = frozenset(map(normalize_column, (*ORDER_ID_NAMES, *SETTLEMENT_FIELDS["order_id"])))
_has_digit = re.compile("[0-9]").search
_TOTALS = frozenset(
    "total totals subtotal grandtotal sum totalgeral totalgeneral gesamtergebnis summe "
    "jumlah totalkeseluruhan tổngcộng รวม รวมทั้งหมด 合计 总计 合計 總計".split()
)
_DASHES = ("-", "/", "--")

Cells = np.ndarray
"""A column: an object array of str, blank where there is nothing."""


class Table(NamedTuple):
    """An export's header, and the way to its columns."""

    name: str
    header: tuple[str, ...]
    columns: Callable[[Sequence[int]], list[Cells]]
    """Positions in the header → those columns; nothing else is kept of the file."""
    notes: tuple[Note, ...] = ()


class Header(NamedTuple):
    """The header of some records."""

    row: int
    """Its position; -1 where the data stand under no header."""
    names: tuple[str, ...]
    known: int
    """How many of its names are known from exports."""


def find_header(
    records: Sequence[Sequence[str]], *, id_names: Sequence[str] | None, told: Collection[str]
) -> Header:
    """Find the row that names the columns: of an export, the one with the most known or `told` names.

    In any other table, whose column of ids may be called `id_names`, it is the row that holds one of these,
    else the first that is not blank; a first row that holds an order id is data under no header.
    """
    filled = [row for row, record in enumerate(records) if any(cell.strip() for cell in record)]
    if not filled:
        return Header(len(records) - 1, (), 0)
    if id_names is None:
        candidates = [filled[0], *(row for row in filled[1:] if _may_be_header(records[row], told))]
        return _header(records, max(candidates, key=lambda row: (_known(records[row], told), -row)), told)
    wanted = set(map(normalize_column, id_names))
    named = [row for row in filled if wanted & set(map(normalize_column, records[row]))]
    first = records[filled[0]]
    if not named and any(_is_data(cell, alone=len(first) == 1) for cell in first):
        return Header(filled[0] - 1, _invented(first), 0)
    return _header(records, (named or filled)[0])


def _header(records: Sequence[Sequence[str]], row: int, told: Collection[str] = ()) -> Header:
    names = [cell.strip().lstrip("\ufeff").strip() for cell in records[row]]
    while names and not names[-1]:
        names.pop()
    return Header(row, tuple(names), _known(records[row], told))


def trimmed(cells: Cells, *, without_dashes: bool = False) -> Cells:
    """Strip the cells; `without_dashes` blanks a lone ``-`` or ``/``, TikTok's sign for not applicable."""
    out = np.array([text.strip() for text in cells.tolist()], dtype=object)
    if without_dashes:
        out[np.isin(out, _DASHES)] = ""
    return out


def data_rows(id_cells: Cells) -> np.ndarray:
    """Tell the orders of an export from headers within it and the descriptions under its header."""
    names = {normalize_column(alias) for alias in ORDER_ID_NAMES}
    codes, distinct = pd.factorize(id_cells)
    is_data = np.array(
        [_has_digit(text) or normalize_column(text) not in names for text in distinct.tolist()], dtype=bool
    )
    rows: np.ndarray = is_data[codes] if len(codes) else np.ones(0, dtype=bool)
    if len(rows) and " " in id_cells[0] and not _has_digit(id_cells[0]):
        rows[0] = False
    return rows


def not_totals(name: str, key_cells: Cells, notes: list[Note]) -> np.ndarray:
    """Tell rows from the totals that a spreadsheet or a report writes below them."""
    codes, distinct = pd.factorize(key_cells)
    totals = np.array(
        [
            not _has_digit(text) and normalize_column(text).rstrip(":") in _TOTALS
            for text in distinct.tolist()
        ],
        dtype=bool,
    )
    keep: np.ndarray = ~totals[codes] if len(codes) else np.ones(0, dtype=bool)
    if dropped := int((~keep).sum()):
        notes.append(Note("left_out", f"{name}: {counted(dropped, 'row')} of totals left out."))
    return keep


def _known(record: Sequence[str], told: Collection[str]) -> int:
    return len({normalize_column(cell) for cell in record} & KNOWN_NAMES.union(told))


def _may_be_header(record: Sequence[str], told: Collection[str]) -> bool:
    """Tell a header below other rows from data in which a word such as `Order` or `Refunds` stands."""
    names = {normalize_column(cell) for cell in record}
    known = len(names & KNOWN_NAMES) >= _LEAST_NAMES_OF_A_LATER_HEADER or names & _KEY_NAMES.union(told)
    return bool(known) and not any(_is_data(cell, alone=False) for cell in record)


def _is_data(cell: str, *, alone: bool) -> bool:
    """Tell whether a cell is an order id and no column name; beside others it must be a long one."""
    order_id, reason = clean_one(cell)
    if reason in ("digits_lost", "too_long"):
        return True
    return reason is None and len(order_id or "") >= (1 if alone else _LEAST_DIGITS_OF_A_DATA_ROW)


def _invented(record: Sequence[str]) -> tuple[str, ...]:
    """Name the columns of a table without header: the first that holds ids is `order_id`."""
    ids = next(place for place, cell in enumerate(record) if _is_data(cell, alone=len(record) == 1))
    return tuple("order_id" if place == ids else f"column_{place + 1}" for place in range(len(record)))
