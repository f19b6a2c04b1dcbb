"""Frames → the sheets of a workbook: ids as text, real dates, filters, colours by status.

Excel's limits (Microsoft, "Excel specifications and limits"): 1,048,576 rows a sheet, 32,767
characters a cell, 31 a sheet name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.report import cells, palette
from ttsframe.text import escape_formula

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ttsframe.columns import Column

MAX_ROWS = 1_048_576
MAX_CHARACTERS = 32_767
_EPOCH = np.datetime64("1899-12-30", "us")
_DAY_US = 86_400_000_000
_FIRST_DAY = 61.0  # before 1 March 1900 Excel's calendar is off by one
_WIDTHS = {"money": 14, "time": 19, "utc": 19, "flag": 10, "count": 10, "http_status": 12}
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\']")

_MONEY = "#,##0.00##_ ;[Red]-#,##0.00##_ "
_HEADER: dict[str, Any] = {
    "bold": True,
    "bg_color": "#eef0f3",
    "bottom": 1,
    "bottom_color": "#c9ced6",
    "valign": "top",
}
_FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16},
    "heading": {"bold": True, "font_size": 12, "top": 1, "top_color": "#c9ced6"},
    "header": _HEADER,
    "quiet": {"font_color": "#5b6470"},
    "meaning": {"font_color": "#5b6470", "indent": 1},
    "header_meaning": {**_HEADER, "align": "left", "indent": 1},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "bold": {"bold": True},
    "text": {"num_format": "@"},
    "header_number": {**_HEADER, "align": "right"},
    "money": {"num_format": _MONEY},
    "money_quiet": {"num_format": _MONEY, "font_color": "#5b6470"},
    "money_total": {"num_format": _MONEY, "bold": True, "top": 1},
    "count_total": {"num_format": "#,##0", "bold": True, "top": 1},
    "total": {"bold": True, "top": 1},
    "share": {"num_format": "0.0%"},
    "count": {"num_format": "#,##0"},
    "plain": {},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss"},
}


class Book(NamedTuple):
    """An open workbook and its formats."""

    file: Any
    formats: dict[str, Any]
    statuses: dict[str, Any]
    """The format of each status's cells."""


class _Writer(NamedTuple):
    """How the cells of one column are written."""

    held: list[Any]
    number: bool
    form: Any
    by_value: dict[str, Any]


def open_book(part: Path, statuses: Iterable[str] = palette.KNOWN) -> Book:
    """Open a workbook that never takes a text for a formula, a link or a number."""
    import xlsxwriter  # noqa: PLC0415 - slow to import, and few calls need it

    file = xlsxwriter.Workbook(str(part), {**_OPTIONS, "constant_memory": True})
    formats = {name: file.add_format(properties) for name, properties in _FORMATS.items()}
    shades = palette.colours(statuses)
    pills = {
        status: file.add_format({"bg_color": shade.light_fill, "font_color": shade.light_text, "bold": True})
        for status, shade in shades.items()
    }
    return Book(file, formats, pills)


def close_book(book: Book) -> None:
    """Write the file; raise `OSError` if it cannot be written."""
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415

    try:
        book.file.close()
    except FileCreateError as error:
        cause = error.args[0] if error.args else None
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from error


def add_sheets(
    book: Book, name: str, frame: pd.DataFrame, columns: Sequence[Column] | None, *, status: str
) -> int:
    """Write a frame to a sheet, or to `name`, `name 2`, …; return how many cells were cut."""
    room = MAX_ROWS - 1
    cut = 0
    for number, start in enumerate(range(0, max(len(frame), 1), room), start=1):
        title = _sheet_name(name, number)
        cut += _sheet(book, title, frame.iloc[start : start + room], cells.described(frame, columns), status)
    return cut


def _sheet(book: Book, name: str, frame: pd.DataFrame, columns: Sequence[Column], status: str) -> int:
    sheet = book.file.add_worksheet(name)
    writers = [_writer(book, frame.iloc[:, place], column, status) for place, column in enumerate(columns)]
    for place, (column, writer) in enumerate(zip(columns, writers, strict=True)):
        sheet.set_column(place, place, _width(column, writer), None)
        head = "header_number" if column.kind in ("money", "count") else "header"
        sheet.write_string(0, place, escape_formula(column.name), book.formats[head])
    last = max(len(frame), 1)
    sheet.freeze_panes(1, 1)
    if columns:
        sheet.autofilter(0, 0, last, len(columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": f"A1:{_letters(len(columns) - 1)}{last + 1}"})
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    _fill(sheet, writers, len(frame))
    return sum(_cut(writer) for writer in writers)


def _fill(sheet: Any, writers: Sequence[_Writer], rows: int) -> None:  # noqa: ANN401
    """Row by row, as xlsxwriter's constant memory wants it."""
    text, number = sheet.write_string, sheet.write_number
    for row in range(rows):
        for place, (values, numeric, form, by_value) in enumerate(writers):
            value = values[row]
            if value is None or value == "":
                continue
            if numeric and not isinstance(value, str):
                number(row + 1, place, value, form)
            else:
                text(row + 1, place, value[:MAX_CHARACTERS], by_value.get(value, form) if by_value else form)


def _writer(book: Book, values: pd.Series, column: Column, status: str) -> _Writer:
    if column.kind in ("time", "utc"):
        return _Writer(_serials(values), number=True, form=book.formats["time"], by_value={})
    if column.kind == "money" or pd.api.types.is_float_dtype(values.dtype):
        form = book.formats["money" if column.kind == "money" else "plain"]
        return _Writer(list(_numbers(values)), number=True, form=form, by_value={})
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return _Writer(list(_numbers(values)), number=True, form=book.formats["plain"], by_value={})
    texts = cells.as_text(values, column)
    pills = book.statuses if column.name == status else {}
    return _Writer(texts, number=False, form=book.formats["text"], by_value=pills)


def _numbers(values: pd.Series) -> Iterator[Any]:
    """Numbers that Excel holds exactly; larger and infinite ones as text, missing ones None."""
    for value in cells.objects(values):
        if value is None or value != value:  # noqa: PLR0124 - NaN
            yield None
        elif abs(value) >= 10**15 or value in (float("inf"), float("-inf")):
            yield str(value)
        else:
            yield value


def _serials(values: pd.Series) -> list[Any]:
    """Times as Excel's days since 1899-12-30 (UTC where there is a zone), earlier ones as text."""
    times = pd.to_datetime(values, errors="coerce")
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    exact = times.to_numpy(dtype="datetime64[us]")
    days = (exact - _EPOCH).astype("int64") / _DAY_US
    known = ~np.isnat(exact)
    serials: list[Any] = np.where(known, days, 0.0).tolist()
    for place in np.flatnonzero(~known | (days < _FIRST_DAY)).tolist():
        serials[place] = str(exact[place]) if known[place] else None
    return serials


def _width(column: Column, writer: _Writer) -> int:
    if column.kind in _WIDTHS:
        return max(_WIDTHS[column.kind], len(column.name) + 4)
    longest = max((len(str(value)) for value in writer.held[:500] if value is not None), default=0)
    return min(max(longest + 2, len(column.name) + 4), 60)


def _cut(writer: _Writer) -> int:
    return sum(1 for value in writer.held if isinstance(value, str) and len(value) > MAX_CHARACTERS)


def _sheet_name(name: str, number: int) -> str:
    tail = f" {number}" if number > 1 else ""
    return (_FORBIDDEN_IN_NAMES.sub(" ", name)[: 31 - len(tail)].strip() or "Sheet") + tail


def _letters(place: int) -> str:
    from xlsxwriter.utility import xl_col_to_name  # noqa: PLC0415

    return str(xl_col_to_name(place))
