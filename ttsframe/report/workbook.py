"""A report → XLSX: a summary, the orders, a sheet for each status that needs work, notes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttsframe.report import cells, figures, palette
from ttsframe.report.files import replacing
from ttsframe.report.model import LONG_NUMBERS_IN_EXCEL
from ttsframe.report.sheets import MAX_CHARACTERS, Book, add_sheets, close_book, open_book
from ttsframe.text import counted, escape_formula

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd

    from ttsframe.columns import Column
    from ttsframe.report.model import Report


_LINE_POINTS = 15
_LINE_CHARACTERS = 105
_FIRST_WIDTHS = (26, 60)
_MEANING = 3
"""The column of the Summary where meanings begin; they run on over the blank ones beside it."""


def write_excel(report: Report, path: str | os.PathLike[str], *, ids: str = "plain") -> Path:
    """Write a report as a workbook: Summary, Orders, one sheet a status that needs work, About.

    Parameters
    ----------
    report
        What to write.
    path
        The `.xlsx` file, replaced as a whole.
    ids
        Taken as `write_csv` takes it, so that a caller can pass one option to both; in a
        workbook ids are text cells and keep every digit either way.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    cells.checked_ids(ids)
    target = Path(path)
    with replacing(target) as part:
        book = open_book(part, report.statuses)
        _summary(book, report)
        cut = add_sheets(book, "Orders", report.rows, report.columns, status=report.status)
        state = report.rows[report.status].astype("object")
        for status in figures.needing_work(report):
            add_sheets(
                book,
                palette.label(status),
                report.rows[state == status],
                report.columns,
                status=report.status,
            )
        _about(book, report, cut)
        close_book(book)
    return target


def write_sheet_file(
    frame: pd.DataFrame, path: Path, *, columns: Sequence[Column] | None = None, sheet: str = "Orders"
) -> None:
    """Write one frame as a workbook of one sheet (more where the rows do not fit on one)."""
    with replacing(path) as part:
        book = open_book(part)
        add_sheets(book, sheet, frame, columns, status="status")
        close_book(book)


def _summary(book: Book, report: Report) -> None:
    sheet = book.file.add_worksheet("Summary")
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_row(0, 26)
    sheet.set_column(0, 0, _first_width(report))
    sheet.set_column(1, 4, 16)
    sheet.set_column(5, 5, 56)
    form = book.formats
    sheet.write_string(0, 0, escape_formula(report.title), form["title"])
    row = _status_block(book, sheet, report, 2)
    row = _totals(book, sheet, report, row)
    row = _further_block(book, sheet, report, row + 1)
    _made_block(book, sheet, report, row)
    sheet.activate()


def _first_width(report: Report) -> int:
    """Room for the names of files, which stand in the first column."""
    least, most = _FIRST_WIDTHS
    return min(max([least, *(len(str(name)) + 2 for name in report.provenance)]), most)


def _status_block(book: Book, sheet: Any, report: Report, row: int) -> int:  # noqa: ANN401
    form, found = book.formats, figures.counts(report)
    for place, text in enumerate(("Status", "Rows", "Share")):
        sheet.write_string(row, place, text, form["header_number" if place else "header"])
    sheet.write_string(row, _MEANING, "Meaning", form["header_meaning"])
    for place in range(_MEANING + 1, 6):
        sheet.write_blank(row, place, None, form["header"])
    whole = sum(found.values())
    for status, count in found.items():
        row += 1
        sheet.write_string(row, 0, status, book.statuses.get(status, form["plain"]))
        sheet.write_number(row, 1, count, form["count"])
        sheet.write_number(row, 2, figures.share(count, whole) / 100, form["share"])
        sheet.write_string(row, _MEANING, report.statuses.get(status, ""), form["meaning"])
    sheet.write_string(row + 1, 0, "All", form["total"])
    sheet.write_number(row + 1, 1, whole, form["count_total"])
    sheet.write_blank(row + 1, 2, None, form["total"])
    return row + 2


def _totals(book: Book, sheet: Any, report: Report, row: int) -> int:  # noqa: ANN401
    """The totals, a block a currency, and what is to be said of them."""
    blocks = figures.total_lines(report)
    for currency, lines in blocks.items():
        row = _totals_block(book, sheet, report, (currency, lines), row + 1)
    for said in figures.said_beneath(report, blocks.values()) if report.amounts else ():
        sheet.write_string(row, 0, escape_formula(said), book.formats["quiet"])
        row += 1
    return row


def _totals_block(
    book: Book,
    sheet: Any,  # noqa: ANN401
    report: Report,
    block: tuple[str, list[figures.Line]],
    row: int,
) -> int:
    currency, lines = block
    form = book.formats
    heads = [figures.headed("Amounts", currency), "Rows", *report.amounts, *figures.difference_heads(report)]
    for place, text in enumerate(heads):
        sheet.write_string(row, place, escape_formula(text), form["header_number" if place else "header"])
    for line in lines:
        row += 1
        total = line.status is None
        name, count, amount = (
            ("total", "count_total", "money_total") if total else ("plain", "count", "money")
        )
        pill = book.statuses.get(line.status or "", form[name])
        sheet.write_string(row, 0, line.status or "All", pill)
        sheet.write_number(row, 1, line.rows, form[count])
        for place, value in enumerate((*line.amounts, *figures.differences(line)), start=2):
            _sum(sheet, (row, place), value, form[amount])
    return _apart(book, sheet, lines[-1], row) + 1


def _apart(book: Book, sheet: Any, total: figures.Line, row: int) -> int:  # noqa: ANN401
    """The rows beneath the sum: what it leaves out, without a difference."""
    for name, held in figures.beneath(total).items():
        row += 1
        sheet.write_string(row, 0, palette.label(name), book.formats["quiet"])
        for place, value in enumerate(held, start=2):
            _sum(sheet, (row, place), value, book.formats["money_quiet"])
    return row


def _sum(sheet: Any, cell: tuple[int, int], value: float, form: Any) -> None:  # noqa: ANN401
    """A sum as a number, or the words for one that is not known."""
    if math.isnan(value):
        sheet.write_string(*cell, figures.NOT_KNOWN, form)
    else:
        sheet.write_number(*cell, round(value, 6), form)


def _further_block(book: Book, sheet: Any, report: Report, row: int) -> int:  # noqa: ANN401
    """The figures that only the maker of the report knows, under their sections."""
    above = None
    for section, name, value in figures.further(report):
        if section != above:
            row += above is not None
            sheet.write_string(row, 0, escape_formula(section), book.formats["header"])
            sheet.write_blank(row, 1, None, book.formats["header"])
            above, row = section, row + 1
        sheet.write_string(row, 0, escape_formula(name), book.formats["text"])
        _figure(book, sheet, row, value)
        row += 1
    return row if above is None else row + 1


def _figure(book: Book, sheet: Any, row: int, value: Any) -> None:  # noqa: ANN401
    if isinstance(value, (int, float)) and math.isfinite(value):
        sheet.write_number(row, 1, value, book.formats["money" if isinstance(value, float) else "count"])
    else:
        sheet.write_string(row, 1, escape_formula(str(value)), book.formats["text"])


def _made_block(book: Book, sheet: Any, report: Report, row: int) -> None:  # noqa: ANN401
    sheet.write_string(row, 0, "Made from", book.formats["header"])
    for place in range(1, 5):
        sheet.write_blank(row, place, None, book.formats["header"])
    for name, value in report.provenance.items():
        row += 1
        sheet.write_string(row, 0, escape_formula(str(name)), book.formats["text"])
        sheet.write_string(row, 1, escape_formula(str(value)), book.formats["text"])


def _about(book: Book, report: Report, cut: int) -> None:
    sheet = book.file.add_worksheet("About")
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 110)
    row = _pairs(book, sheet, "Notes", [("", note) for note in [*report.notes, *_cut_note(cut)]], 0)
    row = _pairs(
        book, sheet, "Long numbers", [("", LONG_NUMBERS_IN_EXCEL), ("", "Times with a zone are UTC.")], row
    )
    row = _pairs(book, sheet, "Statuses", list(report.statuses.items()), row)
    _pairs(book, sheet, "Columns", [(column.name, column.meaning) for column in report.columns], row)


def _pairs(book: Book, sheet: Any, title: str, pairs: list[tuple[str, str]], row: int) -> int:  # noqa: ANN401
    sheet.write_string(row, 0, title, book.formats["heading"])
    sheet.write_blank(row, 1, None, book.formats["heading"])
    for name, text in pairs:
        row += 1
        sheet.set_row(row, _LINE_POINTS * -(-len(text) // _LINE_CHARACTERS))
        sheet.write_string(row, 0, escape_formula(name), book.formats["wrapped"])
        sheet.write_string(row, 1, escape_formula(text), book.formats["wrapped"])
    return row + 2


def _cut_note(cut: int) -> list[str]:
    told = f"{counted(cut, 'cell')} cut at Excel's {MAX_CHARACTERS:,} characters"
    return [f"{told}; the CSV files have the whole text."] if cut else []
