"""XLSX and its kin, through calamine; every cell as text."""

from __future__ import annotations

import datetime as dt
import io
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import python_calamine as calamine

from ttsframe.errors import InputError
from ttsframe.ids import FLOAT_EXACT_UP_TO, normalize_column
from ttsframe.readers.detect import KNOWN_NAMES
from ttsframe.readers.shapes import ROWS_SEARCHED_FOR_HEADER, Header, Table, find_header
from ttsframe.text import Note

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ttsframe.readers.shapes import Cells

_ORDER_SHEET = "OrderSKUList"
_THOUSANDTHS = 3


class _Sheet(NamedTuple):
    name: str
    header: Header
    sheet: Any


def open_workbook(
    name: str, content: bytes, *, id_names: Sequence[str] | None, told: Collection[str]
) -> list[Table]:
    """Open a workbook: the sheet of orders, else the one whose header is known best and those alike.

    Sheets are alike where they have the same known columns. A number beyond 2^53, which the workbook has
    rounded, becomes ``5.80194E+17``; times are year first.
    """
    sheets = _sheets(name, content, id_names=id_names, told=told)
    if not sheets:
        raise InputError(f"{name} has nothing in its sheets: download the export again.")
    best = max(sheets, key=lambda sheet: sheet.header.known)
    names_known = KNOWN_NAMES.union(map(normalize_column, id_names or ()), told)
    known = _known(best, names_known)
    alike = [sheet for sheet in sheets if sheet is best or (known and _known(sheet, names_known) == known)]
    notes: tuple[Note, ...] = ()
    if len(sheets) > 1:
        read = ", ".join(repr(sheet.name) for sheet in alike)
        were = "sheet {} was" if len(alike) == 1 else "sheets {} were"
        notes = (Note("decision", f"{name}: {were.format(read)} read, of {len(sheets)}."),)
    return [
        _table(
            name if len(alike) == 1 else f"{name}, sheet {sheet.name}",
            sheet,
            notes if sheet is alike[0] else (),
        )
        for sheet in alike
    ]


def open_sheets(name: str, content: bytes, *, id_names: Sequence[str]) -> list[Table]:
    """Open all sheets of a workbook that hold anything, whatever it is."""
    sheets = _sheets(name, content, id_names=id_names)
    return [_table(f"{name}, sheet {sheet.name}", sheet) for sheet in sheets]


def _sheets(
    name: str, content: bytes, *, id_names: Sequence[str] | None, told: Collection[str] = ()
) -> list[_Sheet]:
    """Open the sheet of orders, or else all sheets; those that hold nothing are left out."""
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = [_ORDER_SHEET] if _ORDER_SHEET in book.sheet_names else book.sheet_names
        sheets = [_open_sheet(book, sheet, id_names=id_names, told=told) for sheet in names]
    except calamine.PasswordError:
        raise InputError(f"{name} is protected by a password: save it without one.") from None
    except Exception:  # noqa: BLE001 (calamine raises a kind of error for each part of the format)
        raise InputError(f"{name} is a damaged workbook: download it again.") from None
    return [sheet for sheet in sheets if sheet.header.names]


def _table(name: str, sheet: _Sheet, notes: tuple[Note, ...] = ()) -> Table:
    return Table(name, sheet.header.names, partial(_read_columns, sheet), notes)


def _known(sheet: _Sheet, known: frozenset[str]) -> frozenset[str]:
    """The columns of a sheet that are known."""
    return known.intersection(map(normalize_column, sheet.header.names))


def _open_sheet(
    book: Any,  # noqa: ANN401
    name: str,
    *,
    id_names: Sequence[str] | None,
    told: Collection[str],
) -> _Sheet:
    sheet = book.get_sheet_by_name(name)
    head = [[_text(cell) for cell in row] for row in islice(sheet.iter_rows(), ROWS_SEARCHED_FOR_HEADER)]
    return _Sheet(name, find_header(head, id_names=id_names, told=told), sheet)


def _read_columns(sheet: _Sheet, positions: Sequence[int]) -> list[Cells]:
    columns: list[list[Any]] = [[] for _ in positions]
    # A row of Python objects lives only until its wanted cells are taken.
    for row in islice(sheet.sheet.iter_rows(), sheet.header.row + 1, None):
        for column, position in zip(columns, positions, strict=True):
            column.append(row[position])
    texts = ([cell if cell.__class__ is str else _text(cell) for cell in column] for column in columns)
    return [np.array(column, dtype=object) for column in texts]


def _text(cell: Any) -> str:  # noqa: ANN401
    """Write a cell as an export would have written it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, (int, float)):
        return _number(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return "" if cell is None else str(cell)


def _number(value: float) -> str:
    if value != value or abs(value) > FLOAT_EXACT_UP_TO:  # noqa: PLR0124 (not a number)
        return "" if value != value else f"{value:.5E}"  # noqa: PLR0124
    if float(value).is_integer():
        return str(int(value))
    text = repr(float(value))
    # A number has no thousands sign: three decimals must not look like one.
    return text + "0" if len(text.rpartition(".")[2]) == _THOUSANDTHS and "e" not in text else text
