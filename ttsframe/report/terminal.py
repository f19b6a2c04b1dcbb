"""A match → a short summary for the terminal."""

from __future__ import annotations

import codecs
import sys
from typing import TYPE_CHECKING

import pandas as pd

from ttsframe.report import palette
from ttsframe.report.bridge import closing
from ttsframe.report.cells import amount_text
from ttsframe.report.exceptions import reason_label
from ttsframe.report.summary import (
    SIDES,
    footer_rows,
    footnotes,
    headline,
    payout_sections,
    section_title,
    share,
)
from ttsframe.report.tie_out import tied
from ttsframe.text import counted, one_line

if TYPE_CHECKING:
    from ttsframe.report.bridge import Bridge
    from ttsframe.report.summary import ReportData, Section, TotalsRow

BAR_WIDTH = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"
_NOTES_SHOWN = 5
_EXCEPTIONS_SHOWN = 15


def text_summary(data: ReportData, *, encoding: str | None = None) -> str:
    """Summarize a match in lines that the terminal's encoding can show: counts, totals per side, notes."""
    code = _known(encoding or getattr(sys.stdout, "encoding", None) or "utf-8")
    lines = [
        data.title,
        *filter(None, [data.header]),
        headline(data),
        "",
        *_count_lines(data, blocks=_can(code, _EIGHTHS + "█")),
    ]
    lines += ["", *_exception_lines(data.exceptions)] if len(data.exceptions) else []
    for currency, rows in data.totals.items():
        lines += ["", *_totals_lines(currency, rows)]
    lines += ["", *(f"  {note}" for note in footnotes(data))] if data.totals else []
    for bridge in data.bridges:
        lines += ["", *_bridge_lines(bridge)]
    if told := tied(data.tie_outs):
        lines += ["", *(f"  {text}" for text in told)]
    for section in payout_sections(data):
        lines += ["", *_payout_lines(section)]
    lines += _note_lines(data)
    # Whatever the files held: no control character reaches the terminal.
    text = "\n".join(one_line(line) for line in lines)
    return text.encode(code, errors="replace").decode(code)


def _count_lines(data: ReportData, *, blocks: bool) -> list[str]:
    counts = pd.Series(data.counts)
    bars = [_bar(count, counts.max(), blocks=blocks) for count in counts]
    shares = [f"{share(count, counts.sum()):.1f} %" for count in counts]
    return _aligned(
        pd.DataFrame({"rows": counts.map("{:,}".format), "share": shares, "bar": bars}), heads=False
    )


def _bar(count: int, largest: int, *, blocks: bool) -> str:
    """A bar as long as its share of the largest count; a count above 0 is always visible."""
    eighths = max(round(8 * BAR_WIDTH * count / largest), 1) if count else 0
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip() if blocks else "#" * -(-eighths // 8)


def _exception_lines(exceptions: pd.DataFrame) -> list[str]:
    """Show what needs review by cause; `old` are the rows of over 30 days."""
    shown = exceptions.head(_EXCEPTIONS_SHOWN)
    old = shown["days_31_60"] + shown["days_over_60"]
    currencies = shown["currency"].astype("object").fillna("")
    table = pd.DataFrame(
        {
            "rows": shown["rows"].map("{:,}".format),
            "old": old.map("{:,}".format),
            "difference": list(map(amount_text, shown["difference"], currencies)),
            "": currencies,
        }
    )
    table.index = [
        ": ".join(filter(None, (palette.label(status), reason_label(reason))))
        for status, reason in shown[["status", "reason"]].astype("object").fillna("").to_numpy()
    ]
    lines = _aligned(
        table.rename_axis(columns="needs review (old: over 30 days before the newest order)", index=None)
    )
    more = len(exceptions) - len(shown)
    return [*lines, *([f"  and {counted(more, 'more cause')} in the report"] if more else [])]


def _totals_lines(currency: str, rows: list[TotalsRow]) -> list[str]:
    table = {row.status or "all": row.figures for row in rows}
    cells = {
        name: [amount_text(amount, currency, unknown) for amount, unknown in figures]
        for name, figures in table.items()
    }
    for name, sides in footer_rows(rows[-1]).items():
        cells[name] = [*(amount_text(amount, currency, unknown) for amount, unknown in sides), ""]
    frame = pd.DataFrame.from_dict(cells, orient="index", columns=[*SIDES, "difference"])
    return _aligned(frame.rename_axis(columns=section_title("amounts", currency)))


def _bridge_lines(bridge: Bridge) -> list[str]:
    rows = [f"{line.rows:,}" for line in bridge.lines]
    amounts = [amount_text(line.amount, bridge.currency) for line in bridge.lines]
    table = pd.DataFrame({"rows": rows, "amount": amounts}, [line.words for line in bridge.lines])
    table = table.rename_axis(columns=section_title("bridge", bridge.currency))
    return [*_aligned(table), f"  {closing(bridge)}"]


def _payout_lines(section: Section) -> list[str]:
    amounts = {name: amount_text(amount, section.currency or "") for name, amount in section.figures.items()}
    return _aligned(pd.DataFrame({"TikTok": amounts}).rename_axis(columns=section.title))


def _aligned(frame: pd.DataFrame, *, heads: bool = True) -> list[str]:
    """Lay out a frame of texts: the first column to the left, the others to the right, bars to the left."""
    frame = frame.set_axis([f"{name}" for name in frame.index])
    if "bar" in frame:
        width = max(map(len, frame["bar"]), default=0)
        frame = frame.assign(bar=frame["bar"].str.ljust(width))
    with pd.option_context("display.max_colwidth", None):
        text = frame.to_string(header=heads, line_width=None)
    return [f"  {line}".rstrip() for line in text.splitlines()]


def _note_lines(data: ReportData) -> list[str]:
    """Show all notes but those that only count what was read; of these as many as there is room for."""
    counts = [note for note in data.notes if note.kind == "count"]
    others = [note for note in data.notes_in_order if note.kind != "count"]
    room = max(_NOTES_SHOWN - len(others), 0)
    if len(counts) - room == 1:
        room += 1  # the line about one more note would be as long as the note
    lines = [f"* {note.text}" for note in [*others, *counts[:room]]]
    more = len(counts) - room
    lines += [f"* and {counted(more, 'more count')} of what was read, in the report"] if more > 0 else []
    return ["", *lines] if lines else []


def _can(encoding: str, characters: str) -> bool:
    try:
        characters.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return "ascii"
