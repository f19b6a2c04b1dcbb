"""A report → a short summary for the terminal."""

from __future__ import annotations

import codecs
import math
import sys
from typing import TYPE_CHECKING

from ttsframe.report import figures
from ttsframe.report.cells import money
from ttsframe.text import counted, one_line

if TYPE_CHECKING:
    from ttsframe.report.model import Report

BAR_WIDTH = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"
_NOTES_SHOWN = 5


def text_summary(report: Report, *, encoding: str | None = None) -> str:
    """Summarise a report in a few lines of text.

    Parameters
    ----------
    report
        What to summarise.
    encoding
        The terminal's; standard output's by default. Where it has no block signs, the bars
        are of `#`.

    Returns
    -------
    str
        Counts with bars, totals per side, notes; no colours, no line end at the end.
    """
    code = _known(encoding or getattr(sys.stdout, "encoding", None) or "utf-8")
    fancy = _can(code, _EIGHTHS + "█·−")
    lines = [one_line(report.title), _says(report), "", *_count_lines(report, fancy=fancy)]
    blocks = figures.total_lines(report) if report.amounts else {}
    for currency, block in blocks.items():
        lines += ["", *_total_lines(report, currency, block)]
    lines += [f"  {one_line(said)}" for said in figures.said_beneath(report, blocks.values()) if blocks]
    lines += _note_lines(report)
    return "\n".join(lines).encode(code, errors="replace").decode(code)


def _note_lines(report: Report) -> list[str]:
    """Write the notes: what warns first and whole, then as much of what only counts as there is room."""
    warnings = [note for note in report.notes if note not in report.inventory]
    counting = [note for note in report.notes if note in report.inventory]
    room = max(_NOTES_SHOWN - len(warnings), 0)
    if len(counting) - room == 1:
        room += 1  # the line that tells of one more note would be as long as the note
    shown = [f"* {one_line(note)}" for note in [*warnings, *counting[:room]]]
    more = len(counting) - room
    shown += [f"* and {counted(more, 'more note')} in the report"] if more > 0 else []
    return ["", *shown] if shown else []


def _says(report: Report) -> str:
    whole, work = len(report.rows), figures.to_look_at(report)
    return f"{counted(whole, 'row')}: {whole - work:,} as they should be, {work:,} to look at"


def _count_lines(report: Report, *, fancy: bool) -> list[str]:
    found = figures.counts(report)
    whole, most = sum(found.values()), max(found.values(), default=0)
    name_width = max((len(status) for status in found), default=0)
    count_width = len(f"{whole:,}")
    return [
        f"  {status:<{name_width}}  {count:>{count_width},}  {figures.share(count, whole):5.1f} %  "
        f"{_bar(count, most, fancy=fancy)}".rstrip()
        for status, count in found.items()
    ]


def _bar(count: int, most: int, *, fancy: bool) -> str:
    """A bar of the largest count's length at most; a count above 0 is always seen."""
    eighths = max(round(8 * BAR_WIDTH * count / most), 1) if count else 0
    if fancy:
        return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
    return "#" * -(-eighths // 8)


def _total_lines(report: Report, currency: str, block: list[figures.Line]) -> list[str]:
    heads = [
        figures.headed("amounts", currency),
        *report.amounts,
        *(head.lower() for head in figures.difference_heads(report)),
    ]
    table = [heads]
    for line in block:
        values = (*line.amounts, *figures.differences(line))
        table.append([line.status or "all", *(_grouped(value) for value in values)])
    apart = figures.beneath(block[-1])
    table += [[name, *(_grouped(value) for value in held)] for name, held in apart.items()]
    return _aligned(table)


def _aligned(table: list[list[str]]) -> list[str]:
    """Set a table with its first column to the left; a row may be shorter than the first."""
    widths = [max(len(row[place]) for row in table if place < len(row)) for place in range(len(table[0]))]
    return [
        "  "
        + "  ".join(
            f"{text:>{width}}" if place else f"{text:<{width}}"
            for place, (text, width) in enumerate(zip(row, widths, strict=False))
        )
        for row in table
    ]


def _grouped(value: float) -> str:
    if math.isnan(value):
        return figures.NOT_KNOWN
    whole, _, cents = money(round(value, 2)).partition(".")
    return f"{int(whole):,}.{cents}" if whole not in ("-0", "inf", "-inf", "") else f"{whole}.{cents}"


def _can(encoding: str, signs: str) -> bool:
    try:
        signs.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return "ascii"
