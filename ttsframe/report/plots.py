"""A report → a matplotlib figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ttsframe.errors import SettingsError
from ttsframe.report import figures, palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ttsframe.report.model import Report

_QUIET = "#5a6472"
_LABELS_SHOWN = 7


def plot(report: Report) -> Figure:
    """Draw rows by status over time, and each side's amounts by status.

    Parameters
    ----------
    report
        What to draw.

    Returns
    -------
    matplotlib.figure.Figure
        Two axes, one where no date is known; already closed for pyplot, so show it in a notebook
        or save it. Amounts are those of the currency with the most rows, as `total_lines` adds
        them up.

    Raises
    ------
    SettingsError
        If matplotlib is missing.
    """
    try:
        from matplotlib import pyplot as plt  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise SettingsError('Plots need matplotlib: pip install "ttsframe[notebooks]".') from error
    days = figures.per_day(report)
    # pyplot teaches a notebook to show figures; closed at once, it is shown once and never piles up.
    figure = plt.figure(figsize=(11, 4.2) if days else (6, 4.2), layout="constrained")
    plt.close(figure)
    axes = figure.subplots(1, 2 if days else 1, width_ratios=[1.5, 1] if days else None, squeeze=False)[0]
    if days:
        _draw_days(axes[0], days)
    _draw_amounts(axes[-1], report)
    figure.suptitle(report.title.replace("$", r"\$"), x=0.01, ha="left", fontweight="bold")
    return figure


def _draw_days(axes: Axes, days: figures.Days) -> None:
    hues = palette.colours(days.statuses)
    below = np.zeros(len(days.table))
    places = np.arange(len(days.table))
    for status in days.table.columns:
        heights = days.table[status].to_numpy()
        label = palette.label(status)
        axes.bar(places, heights, bottom=below, width=0.85, color=hues[status].solid, label=label)
        below = below + heights
    every = max(-(-len(places) // _LABELS_SHOWN), 1)
    axes.set_xticks(
        places[::every], [f"{day:%Y-%m-%d}" for day in days.table.index[::every]], rotation=30, ha="right"
    )
    axes.set_title(f"Rows by {days.unit}", loc="left", fontsize=11)
    axes.legend(fontsize=8, frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.22))
    axes.set_ylim(top=max(below.max() * 1.05, 1))
    _calm(axes, grid="y")


def _draw_amounts(axes: Axes, report: Report) -> None:
    """One stacked bar a side; what is negative is drawn leftwards."""
    blocks = figures.total_lines(report)
    currency = next(iter(blocks), "")
    lines = [line for line in blocks.get(currency, []) if line.status is not None]
    hues = palette.colours(figures.counts(report))
    sides = list(report.amounts)
    reach: dict[str, Any] = {"plus": np.zeros(len(sides)), "minus": np.zeros(len(sides))}
    for line in lines:
        amounts = np.nan_to_num(np.asarray(line.amounts, dtype="float64"))  # what is not known has no bar
        start = np.where(amounts >= 0, reach["plus"], reach["minus"])
        axes.barh(sides, amounts, left=start, height=0.55, color=hues[str(line.status)].solid)
        reach["plus"] += np.clip(amounts, 0, None)
        reach["minus"] += np.clip(amounts, None, 0)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.tick_params(axis="x", rotation=30)
    axes.set_title(f"Amounts by side {currency}".strip(), loc="left", fontsize=11)
    _calm(axes, grid="x")


def _calm(axes: Axes, *, grid: Literal["x", "y"]) -> None:
    axes.spines[["top", "right", "left" if grid == "y" else "bottom"]].set_visible(False)
    axes.grid(axis=grid, alpha=0.25)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=_QUIET, labelsize=9)
