"""Rows by status over time as inline SVG, for the page and the notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from ttsframe.report import figures, palette

if TYPE_CHECKING:
    import pandas as pd

    from ttsframe.report.model import Report

_GRID_LINES = 5


class Size(NamedTuple):
    """A drawing's measures, in its own units."""

    width: int
    height: int
    left: int = 40
    right: int = 6
    top: int = 10
    bottom: int = 22


def days_svg(report: Report, size: Size) -> str:
    """Draw rows by status over time as stacked bars.

    Parameters
    ----------
    report
        What to draw.
    size
        The drawing's measures.

    Returns
    -------
    str
        An `<svg>` element; blank where no date is known.
    """
    days = figures.per_day(report)
    if days is None:
        return ""
    ceiling, step = _scale(int(days.table.sum(axis=1).max()))
    parts = [_grid(size, ceiling, step), _bars(days, size, ceiling), _dates(days, size)]
    name = f"Rows by status, by {days.unit}"
    return (
        f'<svg class="days" viewBox="0 0 {size.width} {size.height}" role="img" aria-label="{name}" '
        f'font-size="11" font-family="system-ui,sans-serif">{"".join(parts)}</svg>'
    )


def share_bar(report: Report) -> str:
    """Draw the share of every status as one bar of `<span>` elements."""
    found = figures.counts(report)
    spans = [
        f'<span style="flex:{count} 1 0;min-width:2px;background:{colour(report, status)}" '
        f'title="{escape(palette.label(status))}: {count:,}"></span>'
        for status, count in found.items()
        if count
    ]
    return "".join(spans)


def colour(report: Report, status: str) -> str:
    """Return the CSS colour of a status: the page's variable, or its own where there is none."""
    statuses = list(figures.counts(report))
    return f"var(--tts-s{statuses.index(status)},{palette.colours(statuses)[status].solid})"


def _scale(highest: int) -> tuple[int, int]:
    """Find a round step and the multiple of it that holds the highest bar."""
    step = 1
    while highest / step > _GRID_LINES:
        leading = int(str(step)[0])
        step = {1: 2, 2: 5, 5: 10}[leading] * step // leading
    return max(-(-highest // step), 1) * step, step


def _grid(size: Size, ceiling: int, step: int) -> str:
    lines = []
    for value in range(0, ceiling + 1, step):
        y = _y(size, ceiling, value)
        lines.append(
            f'<line x1="{size.left}" x2="{size.width - size.right}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="currentColor" stroke-opacity="{0.35 if value == 0 else 0.12}"/>'
            f'<text x="{size.left - 7}" y="{y + 3.5:.1f}" text-anchor="end" fill="currentColor" '
            f'fill-opacity=".65">{value:,}</text>'
        )
    return "".join(lines)


def _bars(days: figures.Days, size: Size, ceiling: int) -> str:
    slot = (size.width - size.left - size.right) / len(days.table)
    wide = min(max(slot * 0.78, slot - 3), 46)
    hues = palette.colours(days.statuses)
    bars = []
    for place, day in enumerate(days.table.index):
        x = size.left + slot * place + (slot - wide) / 2
        below, name = 0, _named(day, days.unit)
        for status in filter(days.table.columns.__contains__, days.statuses):
            count = int(days.table[status].iloc[place])
            if not count:
                continue
            top, bottom = _y(size, ceiling, below + count), _y(size, ceiling, below)
            below += count
            fill = f"var(--tts-s{days.statuses.index(status)},{hues[status].solid})"
            bars.append(
                f'<rect x="{x:.1f}" y="{top:.1f}" width="{wide:.1f}" '
                f'height="{max(bottom - top - 0.6, 0.5):.1f}" style="fill:{fill}">'
                f"<title>{name} · {escape(palette.label(status))}: {count:,}</title></rect>"
            )
    return "".join(bars)


def _dates(days: figures.Days, size: Size) -> str:
    """Label about six bars, the first included."""
    slot = (size.width - size.left - size.right) / len(days.table)
    every = max(-(-len(days.table) // max(size.width // 95, 2)), 1)
    labels = []
    for place in range(0, len(days.table), every):
        x = size.left + slot * (place + 0.5)
        if x > size.width - 28:  # half a label would be cut off
            continue
        labels.append(
            f'<text x="{max(x, size.left + 14):.1f}" y="{size.height - 6}" text-anchor="middle" '
            f'fill="currentColor" fill-opacity=".65">{_short(days.table.index[place], days.unit)}</text>'
        )
    return "".join(labels)


def _y(size: Size, ceiling: int, value: float) -> float:
    return size.height - size.bottom - (size.height - size.top - size.bottom) * value / ceiling


def _short(day: pd.Timestamp, unit: str) -> str:
    forms = {"day": f"{day.day} {day:%b}", "week": f"{day.day} {day:%b}", "month": f"{day:%b %Y}"}
    return forms.get(unit, f"{day:%Y}" if unit == "year" else f"Q{day.quarter} {day:%Y}")


def _named(day: pd.Timestamp, unit: str) -> str:
    forms = {"day": f"{day:%Y-%m-%d}", "week": f"week of {day:%Y-%m-%d}"}
    return forms.get(unit, _short(day, unit))
