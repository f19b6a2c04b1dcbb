"""Frames and a match → XLSX workbooks: ids as text, real dates, filters, colours by status.

Excel's limits (Microsoft, "Excel specifications and limits"): 1,048,576 rows per sheet, 32,767
characters per cell; its calendar ends with the year 9999.
"""

from __future__ import annotations

import math
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import money
from ttsframe.columns import EXCEPTIONS, MATCH_COMMENTS, SETTLEMENT_STATUSES, TOTALS_BY
from ttsframe.report import cells, palette
from ttsframe.report.cells import AND_UNKNOWN, FINEST_DECIMALS, LONG_NUMBERS_IN_EXCEL, UNKNOWN
from ttsframe.report.comments import save_comments
from ttsframe.report.files import atomic_write
from ttsframe.report.summary import (
    LISTED_APART,
    SIDES,
    extra_sections,
    footer_rows,
    footnotes,
    headline,
    section_title,
    share,
)
from ttsframe.report.tie_out import GAP
from ttsframe.report.totals_by import all_totals
from ttsframe.text import counted, escape_formula

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ttsframe.columns import Column
    from ttsframe.report.bridge import Bridge
    from ttsframe.report.summary import ReportData, TotalsRow
    from ttsframe.report.tie_out import TieOut
    from ttsframe.report.totals_by import By

MAX_ROWS = 1_048_576
MAX_CHARACTERS = 32_767
_EPOCH = np.datetime64("1899-12-30", "us")
_DAY_US = 86_400_000_000
_FIRST_DAY = 61.0  # before 1 March 1900 Excel's calendar is off by one
_END_OF_CALENDAR = 2_958_466.0  # 1 January 10000
_WIDTHS = {"money": 14, "time": 19, "utc": 19, "flag": 10, "count": 10, "http_status": 12}
_LONGEST_COLUMN = 60
_ROOM_TO_WRITE = 40
_OPTIONS = {
    "constant_memory": True,  # a million rows; it rules out add_table and autofit
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}

_GREY = "#5b6470"
_HEADER: dict[str, Any] = {
    "bold": True,
    "bg_color": "#eef0f3",
    "bottom": 1,
    "bottom_color": "#c9ced6",
    "valign": "top",
}
_TOTAL = {"bold": True, "top": 1}
_FORMATS: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 16},
    "heading": {"bold": True, "font_size": 12, "top": 1, "top_color": "#c9ced6"},
    "header": _HEADER,
    "header_number": {**_HEADER, "align": "right"},
    "header_meaning": {**_HEADER, "align": "left", "indent": 1},
    "quiet": {"font_color": _GREY},
    "wrong": {"font_color": "#c00000", "bold": True},
    "meaning": {"font_color": _GREY, "indent": 1},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "text": {"num_format": "@"},
    "plain": {},
    "count": {"num_format": "#,##0"},
    "count_total": {"num_format": "#,##0", **_TOTAL},
    "total": _TOTAL,
    "share": {"num_format": "0.0%"},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss"},
    "day": {"num_format": "yyyy-mm-dd", "align": "left"},
}
_SUMMED = (*SIDES.values(), "difference_counted")
_MEANING = 3
"""The column of the Summary where meanings begin; they run on over the empty ones beside it."""
_FIRST_WIDTHS = (26, 60)
_NOT_ZERO = {"type": "cell", "criteria": "!=", "value": 0}


class _Book(NamedTuple):
    """An open workbook and its formats."""

    file: Any
    formats: dict[str, Any]
    statuses: dict[str, Any]
    """The format of each status's cells."""
    amounts: dict[tuple[int, str], tuple[Any, Any]]
    """The formats of amounts, by number of decimals and style (`""`, `quiet` or `total`): that of a whole
    amount, and that of a sum that is without some rows."""


class _Writer(NamedTuple):
    """How the cells of one column are written."""

    cells: list[Any]
    format: Any
    """Of all cells."""
    numeric: bool = True
    by_value: Mapping[str, Any] = MappingProxyType({})
    """The format of the cells with these texts."""
    by_row: Sequence[Any] = ()
    """The format of each cell; empty where `format` is that of all."""


def write_excel(data: ReportData, path: str | os.PathLike[str]) -> Path:
    """Write a match as a workbook: Summary, Orders, one sheet per status that needs review, About."""
    target = Path(path)
    with atomic_write(target) as part:
        book = _open(part, data.statuses)
        _summary(book, data)
        if len(data.exceptions):
            _add_sheets(book, "Needs review", data.exceptions, EXCEPTIONS)
        if data.bridges:
            _bridge(book, data.bridges)
        if data.tie_outs:
            _tie_out(book, data)
        for by, table in all_totals(data).items():
            _totals_by(book, data, by, table)
        cut = _add_sheets(book, "Orders", data.orders, data.columns)
        status = data.orders["status"].astype("object")
        for name in data.exception_statuses:
            _add_sheets(book, palette.label(name), data.orders[status == name], data.columns)
        for name, table in data.listed_apart.items():
            _add_sheets(book, palette.label(name), table, LISTED_APART[name])
        _about(book, data, cut)
        _close(book)
    if data.comments is not None:
        save_comments(data.comments, [target])
    return target


def write_frame(frame: pd.DataFrame, path: Path, *, columns: Sequence[Column] | None, sheet: str) -> None:
    """Write one frame as a workbook of one sheet, or more where the rows do not fit on one."""
    with atomic_write(path) as part:
        book = _open(part, palette.KNOWN)
        _add_sheets(book, sheet, frame, columns)
        _close(book)


def _open(part: Path, statuses: Iterable[str]) -> _Book:
    """Open a workbook that never takes a text for a formula, a link or a number."""
    import xlsxwriter  # noqa: PLC0415 - slow to import, and few calls need it

    file = xlsxwriter.Workbook(str(part), _OPTIONS)
    styles: dict[str, dict[str, Any]] = {"": {}, "quiet": {"font_color": _GREY}, "total": _TOTAL}
    return _Book(
        file,
        {name: file.add_format(properties) for name, properties in _FORMATS.items()},
        {
            status: file.add_format(
                {"bg_color": shade.light_fill, "font_color": shade.light_text, "bold": True}
            )
            for status, shade in palette.colours(statuses).items()
        },
        {
            (decimals, style): tuple(
                file.add_format({"num_format": _amount_format(decimals, after), **properties})
                for after in ("", AND_UNKNOWN)
            )
            for decimals in (0, 2, 3, 4)
            for style, properties in styles.items()
        },
    )


def _amount_format(decimals: int, after: str) -> str:
    """Show as many decimals as the currency has, more where an amount has more, and minus in red."""
    digits = f"#,##0.{'0' * decimals}{'#' * (4 - decimals)}" if decimals else "#,##0"
    digits += f'"{after}"' if after else ""
    return f"{digits}_ ;[Red]-{digits}_ "


def _close(book: _Book) -> None:
    """Write the file; raise `OSError` if it cannot be written."""
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415

    try:
        book.file.close()
    except FileCreateError as error:
        raise error.args[0] from error


def _add_sheets(book: _Book, name: str, frame: pd.DataFrame, columns: Sequence[Column] | None) -> int:
    """Write a frame to a sheet, or to `name`, `name 2`, …; return how many cells were cut."""
    room = MAX_ROWS - 1
    described = cells.described(frame, columns)
    return sum(
        _sheet(book, f"{name} {number}" if number > 1 else name, frame.iloc[start : start + room], described)
        for number, start in enumerate(range(0, max(len(frame), 1), room), start=1)
    )


def _sheet(book: _Book, name: str, frame: pd.DataFrame, columns: Sequence[Column]) -> int:
    from xlsxwriter.utility import xl_range  # noqa: PLC0415

    sheet = book.file.add_worksheet(name)
    writers = [_writer(book, frame, index, column) for index, column in enumerate(columns)]
    for index, (column, writer) in enumerate(zip(columns, writers, strict=True)):
        sheet.set_column(index, index, _width(column, writer), None)
        head = "header_number" if column.type in ("money", "count") else "header"
        sheet.write_string(0, index, escape_formula(column.name), book.formats[head])
    sheet.freeze_panes(1, 1)
    if columns:
        corner = (max(len(frame), 1), len(columns) - 1)
        sheet.autofilter(0, 0, *corner)
        sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, *corner)})
    _page(sheet)
    sheet.repeat_rows(0)
    _fill(sheet, writers, len(frame))
    return sum(
        1
        for writer in writers
        for value in writer.cells
        if isinstance(value, str) and len(value) > MAX_CHARACTERS
    )


def _page(sheet: Any) -> None:  # noqa: ANN401
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _fill(sheet: Any, writers: Sequence[_Writer], rows: int) -> None:  # noqa: ANN401
    """Write row by row: in constant memory, xlsxwriter accepts no earlier row."""
    text, number = sheet.write_string, sheet.write_number
    for row in range(rows):
        for index, (values, form, numeric, by_value, by_row) in enumerate(writers):
            value = values[row]
            if value is None or value == "":
                continue
            if numeric and not isinstance(value, str):
                number(row + 1, index, value, by_row[row] if by_row else form)
            else:
                text(row + 1, index, value[:MAX_CHARACTERS], by_value.get(value, form) if by_value else form)


def _writer(book: _Book, frame: pd.DataFrame, index: int, column: Column) -> _Writer:
    values = frame.iloc[:, index]
    if column.type in ("time", "utc"):
        return _Writer(_serials(values), book.formats["time"])
    if column.type == "money":
        decimals = cells.decimals_of(frame, column)
        by_row = [] if decimals is None else [book.amounts[count, ""][0] for count in decimals.tolist()]
        return _Writer(list(_numbers(values)), book.amounts[2, ""][0], by_row=by_row)
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return _Writer(list(_numbers(values)), book.formats["plain"])
    by_value = book.statuses if column.name == "status" else {}
    return _Writer(cells.as_text(values, column), book.formats["text"], numeric=False, by_value=by_value)


def _numbers(values: pd.Series) -> Iterator[Any]:
    """Numbers that Excel holds exactly; larger and infinite ones as text, missing ones None."""
    for value in cells.objects(values):
        exact = value is None or (abs(value) < 10**15)
        yield value if exact else str(value)


def _serials(values: pd.Series) -> list[Any]:
    """Times as Excel's days since 1899-12-30 (UTC where there is a zone); outside its calendar as text."""
    times = pd.to_datetime(values, errors="coerce")
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    exact = times.to_numpy(dtype="datetime64[us]")
    days = (exact - _EPOCH).astype("int64") / _DAY_US
    known = ~np.isnat(exact)
    serials: list[Any] = np.where(known, days, 0.0).tolist()
    for index in np.flatnonzero(~known | (days < _FIRST_DAY) | (days >= _END_OF_CALENDAR)).tolist():
        serials[index] = str(exact[index]) if known[index] else None
    return serials


def _width(column: Column, writer: _Writer) -> int:
    if column.type in _WIDTHS:
        return max(_WIDTHS[column.type], len(column.name) + 4)
    if column in MATCH_COMMENTS:
        return _ROOM_TO_WRITE
    longest = max((len(str(value)) for value in writer.cells[:500] if value is not None), default=0)
    return min(max(longest + 2, len(column.name) + 4), _LONGEST_COLUMN)


def _summary(book: _Book, data: ReportData) -> None:
    """Write the sheet of the figures, from top to bottom."""
    sheet, form = book.file.add_worksheet("Summary"), book.formats
    sheet.hide_gridlines(2)
    _page(sheet)
    sheet.set_row(0, 26)
    least, most = _FIRST_WIDTHS  # the names of files are in the first column
    sheet.set_column(0, 0, min(max([least, *(len(str(name)) + 2 for name in data.provenance)]), most))
    sheet.set_column(1, 4, 20)
    sheet.set_column(5, 5, 56)
    sheet.write_string(0, 0, escape_formula(data.title), form["title"])
    sheet.write_string(1, 0, headline(data), form["quiet"])
    sheet.write_string(2, 0, escape_formula(data.header), form["quiet"])
    row = _status_rows(book, sheet, data, 4 if data.header else 3)
    for currency, rows in data.totals.items():
        formulas = _sums_of_orders(data, currency)
        row = _totals_rows(book, sheet, currency, rows, row + 1, formulas=formulas)
    for note in footnotes(data) if data.totals else ():
        sheet.write_string(row, 0, escape_formula(note), form["quiet"])
        row += 1
    for title, unit, figures in extra_sections(data):
        row += 1
        sheet.write_row(row, 0, [escape_formula(title), None], form["header"])
        amount = form["count"] if unit is None else book.amounts[money.decimals(unit), ""][0]
        for name, figure in figures.items():
            row += 1
            sheet.write_string(row, 0, escape_formula(palette.label(name)), form["text"])
            sheet.write_number(row, 1, figure, amount)
        row += 1
    row += 1
    sheet.write_row(row, 0, ["Sources", None, None, None, None], form["header"])
    for name, value in data.provenance.items():
        row += 1
        sheet.write_row(row, 0, [escape_formula(str(name)), escape_formula(str(value))], form["text"])
    sheet.activate()


def _bridge(book: _Book, bridges: Iterable[Bridge]) -> None:
    """Write what leads from one total to the other, with sums that a spreadsheet works out itself."""
    from xlsxwriter.utility import xl_range, xl_rowcol_to_cell  # noqa: PLC0415

    sheet, form = _sheet_of_lines(book, "Bridge", 52), book.formats
    row = 0
    for bridge in bridges:
        first, last = row + 1, row + len(bridge.lines)
        amount = _lines(book, sheet, row, section_title("Bridge", bridge.currency), bridge)
        start, end = xl_rowcol_to_cell(first, 2), xl_rowcol_to_cell(last, 2)
        changes = f"SUM({xl_range(first + 1, 2, last - 1, 2)})" if last > first + 1 else "0"
        row = last
        for words, formula, value in (
            ("Sum of the lines between the totals", changes, bridge.changes),
            ("Difference between the totals", f"{end}-{start}", bridge.changes + bridge.gap),
            ("Unaccounted for", f"ROUND({end}-{start}-{changes},4)", bridge.gap),
        ):
            row += 1
            sheet.write_string(row, 0, words, form["quiet"])
            sheet.write_formula(row, 2, f"={formula}", amount, value)
        sheet.conditional_format(row, 2, row, 2, {**_NOT_ZERO, "format": form["wrong"]})
        row += 2


def _tie_out(book: _Book, data: ReportData) -> None:
    """Write how the files lead to the totals, with sums that a spreadsheet works out, and the files."""
    from xlsxwriter.utility import xl_range, xl_rowcol_to_cell  # noqa: PLC0415

    sheet, form = _sheet_of_lines(book, "Tie-out", 58), book.formats
    row = 0
    for part in data.tie_outs:
        shown = part._replace(lines=[line for line in part.lines if line.name != GAP])
        first, last = row + 1, row + len(shown.lines)
        title = f"{section_title(part.side, part.currency)}: from the files to the total"
        amount = _lines(book, sheet, row, title, shown)
        row = last + 1
        sheet.write_string(row, 0, "Not accounted for", form["quiet"])
        gaps = (part.gap.rows, part.gap.amount) if part.gap else (0, 0)
        for column, style, gap in zip((1, 2), (form["count"], amount), gaps, strict=True):
            above = f"SUM({xl_range(first, column, last - 1, column)})" if last > first else "0"
            formula = f"=ROUND({xl_rowcol_to_cell(last, column)}-{above},4)"
            sheet.write_formula(row, column, formula, style, gap)
        sheet.conditional_format(row, 1, row, 2, {**_NOT_ZERO, "format": form["wrong"]})
        row += 2
    for file in data.sources.fillna("").to_dict("records"):
        sheet.write_string(row, 0, escape_formula(f"{file['input']}: {file['file']}"), form["header"])
        sheet.write_row(row, 1, [None, None], form["header"])
        for words, text in (
            ("Oldest", file["oldest"]), ("Newest", file["newest"]), ("SHA-256", file["sha256"])
        ):  # fmt: skip
            row += 1
            sheet.write_string(row, 0, words, form["quiet"])
            sheet.write_string(row, 1, text, form["text"])
        row += 2


def _sheet_of_lines(book: _Book, name: str, width: int) -> Any:  # noqa: ANN401
    sheet = book.file.add_worksheet(name)
    sheet.hide_gridlines(2)
    _page(sheet)
    sheet.set_column(0, 0, width)
    sheet.set_column(1, 2, 18)
    return sheet


def _lines(book: _Book, sheet: Any, row: int, title: str, part: Bridge | TieOut) -> Any:  # noqa: ANN401
    """Write a head and the lines below it; return the format of their amounts."""
    form = book.formats
    amount, total = (book.amounts[money.decimals(part.currency), style][0] for style in ("", "total"))
    sheet.write_string(row, 0, escape_formula(title), form["header"])
    sheet.write_row(row, 1, ["Rows", "Amount"], form["header_number"])
    for place, line in enumerate(part.lines, start=row + 1):
        sheet.write_string(place, 0, line.words, form["total" if line.is_total else "plain"])
        sheet.write_number(place, 1, line.rows, form["count_total" if line.is_total else "count"])
        sheet.write_number(place, 2, line.amount, total if line.is_total else amount)
    return amount


def _status_rows(book: _Book, sheet: Any, data: ReportData, row: int) -> int:  # noqa: ANN401
    """Write the counts by status; return the row below them."""
    form = book.formats
    sheet.write_string(row, 0, "Status", form["header"])
    sheet.write_row(row, 1, ["Rows", "Share"], form["header_number"])
    sheet.write_row(row, _MEANING, ["Meaning", None, None], form["header_meaning"])
    rows = len(data.orders)
    for status, count in data.counts.items():
        row += 1
        sheet.write_string(row, 0, status, book.statuses[status])
        sheet.write_number(row, 1, count, form["count"])
        sheet.write_number(row, 2, share(count, rows) / 100, form["share"])
        sheet.write_string(row, _MEANING, data.statuses[status], form["meaning"])
    sheet.write_row(row + 1, 0, ["All"], form["total"])
    sheet.write_row(row + 1, 1, [rows, None], form["count_total"])
    return row + 2


def _sums_of_orders(data: ReportData, currency: str) -> Callable[[str], list[str]] | None:
    """Return what makes the formulas of a status's totals: sums over the sheet of orders.

    None where there is no simple formula: the orders fill several sheets, or the currency holds
    characters that a criterion reads in its own way.
    """
    if not _can_be_summed(data, currency):
        return None

    def formulas(status: str) -> list[str]:
        return [f"={_sum_of(data, name, [('status', _criterion(status))], currency)}" for name in _SUMMED]

    return formulas


def _can_be_summed(data: ReportData, currency: str) -> bool:
    return len(data.orders) < MAX_ROWS and (currency == "" or currency.isalnum())


def _sum_of(data: ReportData, name: str, which: list[tuple[str, str]], currency: str) -> str:
    """Return the formula of a column's sum in a currency; `USD/EUR` is TikTok's and Shopify's."""
    criteria = [_criterion(currency)]
    if data.orders["currency"].str.contains("/", regex=False).any():
        criteria += {"tiktok_counted": [f'"{currency}/*"'], "shopify_counted": [f'"*/{currency}"']}.get(
            name, []
        )
    return "+".join(_sum_if(data.orders, name, [*which, ("currency", each)]) for each in criteria)


def _criterion(text: str) -> str:
    """Return what makes SUMIFS find the cells of a text, or blank ones."""
    return f'"{text or "="}"'


def _sum_if(
    frame: pd.DataFrame, column: str, which: Iterable[tuple[str, str]], *, sheet: str = "Orders"
) -> str:
    """Return the formula of a sum over the rows of a sheet that meet some criteria, each of a column."""
    from xlsxwriter.utility import quote_sheetname, xl_range_abs  # noqa: PLC0415

    def cells_of(name: str) -> str:
        place = list(frame.columns).index(name)
        return f"{quote_sheetname(sheet)}!{xl_range_abs(1, place, max(len(frame), 1), place)}"

    criteria = ",".join(f"{cells_of(name)},{criterion}" for name, criterion in which)
    return f"SUMIFS({cells_of(column)},{criteria})"


def _totals_by(book: _Book, data: ReportData, by: By, table: pd.DataFrame) -> None:
    """Write the totals by day, reason or payout, as formulas over the orders, and their sums below."""
    from xlsxwriter.utility import xl_range, xl_rowcol_to_cell  # noqa: PLC0415

    sheet, form, figures = book.file.add_worksheet(f"By {by}"), book.formats, TOTALS_BY[by][2:]
    _page(sheet)
    sheet.freeze_panes(1, 2)
    for place, column in enumerate(TOTALS_BY[by]):
        sheet.set_column(place, place, 44 if column.name == "reason" else max(len(column.name) + 6, 14))
        head = "header_number" if column.type in ("money", "count") else "header"
        sheet.write_string(0, place, column.name, form[head])
    keys = cells.objects(table[by]) if by == "reason" else _serials(table[by])
    table = table.assign(currency=table["currency"].astype("object").fillna(""))
    rows = table.to_dict("records")
    for row, (key, values) in enumerate(zip(keys, rows, strict=True), start=1):
        if isinstance(key, float):
            sheet.write_number(row, 0, key, form["day"])
        else:
            sheet.write_string(row, 0, escape_formula(key or ""), form["text"])
        formulas = _formulas_by(data, by, key, values["currency"], xl_rowcol_to_cell(row, 0))
        _figures(book, sheet, row, figures, values, formulas=formulas)
    for row, (currency, part) in enumerate(table.groupby("currency", sort=False), start=len(table) + 1):
        sheet.write_string(row, 0, "All", form["total"])
        sums = part[[column.name for column in figures]].sum(min_count=1).round(FINEST_DECIMALS)
        which = f"{xl_range(1, 1, len(table), 1)},{_criterion(str(currency))}"
        formulas = {
            column.name: f"SUMIFS({xl_range(1, place, len(table), place)},{which})"
            for place, column in enumerate(figures, start=2)
            if _can_be_summed(data, str(currency))
        }
        _figures(book, sheet, row, figures, {"currency": currency, **sums}, formulas=formulas, style="total")


def _figures(
    book: _Book,
    sheet: Any,  # noqa: ANN401
    row: int,
    columns: Iterable[Column],
    values: Mapping[Any, Any],
    *,
    formulas: Mapping[str, str],
    style: str = "",
) -> None:
    """Write a currency and the figures in it, as formulas where there are some."""
    currency = str(values["currency"])
    amount = book.amounts[money.decimals(currency), style][0]
    sheet.write_string(row, 1, escape_formula(currency), book.formats[style or "text"])
    for place, column in enumerate(columns, start=2):
        value = values[column.name]
        form = amount if column.type == "money" else book.formats[f"count_{style}" if style else "count"]
        if pd.isna(value):
            sheet.write_string(row, place, UNKNOWN, form)
        elif column.name in formulas:
            sheet.write_formula(row, place, f"={formulas[column.name]}", form, float(value))
        else:
            sheet.write_number(row, place, float(value), form)


def _formulas_by(
    data: ReportData, by: By, key: float | str | None, currency: str, cell: str
) -> dict[str, str]:
    """Return the formulas of a day, reason or payout, whose key stands in a cell, by column."""

    def on_that_day(column: str) -> list[tuple[str, str]]:
        return [(column, f'">="&{cell}'), (column, f'"<"&{cell}+1')] if key else [(column, '"="')]

    if not _can_be_summed(data, currency):
        return {}
    if by == "payout":
        which = [*on_that_day("settled_at"), ("settled_currency", _criterion(currency))]
        formulas = {"settled_counted": _sum_if(data.orders, "settled_counted", which)}
        if (others := data.listed_apart.get("only_settlement")) is not None:
            sheet = palette.label("only_settlement")
            formulas["settled_other"] = _sum_if(others, "settled_amount", which, sheet=sheet)
        return formulas
    if by == "reason":
        rows = [[("reason", cell if key else _criterion(""))]]
    elif key:
        by_shopify = [("tiktok_created_at", '"="'), *on_that_day("shopify_created_at")]
        rows = [on_that_day("tiktok_created_at"), by_shopify]
    else:
        rows = [[("tiktok_created_at", '"="'), ("shopify_created_at", '"="')]]
    return {name: "+".join(_sum_of(data, name, which, currency) for which in rows) for name in _SUMMED}


def _totals_rows(
    book: _Book,
    sheet: Any,  # noqa: ANN401
    currency: str,
    rows: list[TotalsRow],
    row: int,
    *,
    formulas: Callable[[str], list[str]] | None,
) -> int:
    """Write the totals of one currency, as formulas where there are some; return the row below them."""
    from xlsxwriter.utility import xl_range  # noqa: PLC0415

    first = row + 1
    form, decimals = book.formats, money.decimals(currency)
    sheet.write_string(row, 0, escape_formula(section_title("Amounts", currency)), form["header"])
    sheet.write_row(row, 1, ["Rows", *SIDES, "Difference"], form["header_number"])
    for line in rows:
        row += 1
        style, head = ("total", form["total"]) if line.status is None else ("", book.statuses[line.status])
        sheet.write_string(row, 0, line.status or "All", head)
        sheet.write_number(row, 1, line.rows, form["count_total" if line.status is None else "count"])
        sums = None
        if formulas:
            whole = [f"=SUM({xl_range(first, place, row - 1, place)})" for place in range(2, 5)]
            sums = whole if line.status is None else formulas(line.status)
        _amounts(sheet, row, line.figures, book.amounts[decimals, style], formulas=sums)
    for name, figures in footer_rows(rows[-1]).items():
        row += 1
        sheet.write_string(row, 0, palette.label(name), form["quiet"])
        _amounts(sheet, row, figures, book.amounts[decimals, "quiet"])
    return row + 1


def _amounts(
    sheet: Any,  # noqa: ANN401
    row: int,
    figures: Iterable[tuple[float, int]],
    formats: tuple[Any, Any],
    *,
    formulas: Sequence[str] | None = None,
) -> None:
    """Write sums from the third column on, as formulas if there are some; one not known as `n/a`."""
    for place, (amount, unknown) in enumerate(figures):
        form = formats[unknown > 0]
        if math.isnan(amount):
            sheet.write_string(row, place + 2, UNKNOWN, form)
        elif formulas:
            sheet.write_formula(row, place + 2, formulas[place], form, round(amount, FINEST_DECIMALS))
        else:
            sheet.write_number(row, place + 2, round(amount, FINEST_DECIMALS), form)


def _about(book: _Book, data: ReportData, cut: int) -> None:
    """Write the sheet of notes and meanings."""
    sheet, form = book.file.add_worksheet("About"), book.formats
    sheet.hide_gridlines(2)
    _page(sheet)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 110)
    notes = [note.text for note in data.notes_in_order]
    if cut:
        notes.append(
            f"{counted(cut, 'cell')} cut at Excel's {MAX_CHARACTERS:,} characters; "
            "the CSV files hold the whole text."
        )
    times = "Times with a time zone are in UTC."
    sections: dict[str, list[tuple[str, str]]] = {
        "Notes": [("", note) for note in notes],
        "Long numbers": [("", LONG_NUMBERS_IN_EXCEL), ("", times)],
        "Statuses": list(
            {
                **data.statuses,
                **(SETTLEMENT_STATUSES if "only_settlement" in data.listed_apart else {}),
            }.items()
        ),
        "Columns": [(column.name, column.description) for column in data.columns],
    }
    row = 0
    for title, pairs in sections.items():
        sheet.write_row(row, 0, [title, None], form["heading"])
        for name, text in pairs:
            row += 1
            sheet.write_row(row, 0, [escape_formula(name), escape_formula(text)], form["wrapped"])
        row += 2
