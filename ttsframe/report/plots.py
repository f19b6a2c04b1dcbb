"""A match → a matplotlib figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from ttsframe.errors import SettingsError
from ttsframe.report import palette
from ttsframe.report.summary import SIDES, period_label, section_title, timeline
from ttsframe.text import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ttsframe.report.summary import ReportData, Timeline

_GREY = "#5a6472"
_LABELS_SHOWN = 7


def plot(data: ReportData) -> Figure:
    """Draw rows by status over time, where dates are known, and amounts by side in the first currency."""
    try:
        from matplotlib import pyplot as plt  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise SettingsError('Plots need matplotlib: pip install "ttsframe[notebooks]".') from error
    rows = timeline(data)
    # pyplot teaches a notebook to show figures; closed at once, it is shown once and never piles up.
    figure = plt.figure(figsize=(11, 4.2) if rows else (6, 4.2), layout="constrained")
    plt.close(figure)
    axes = figure.subplots(1, 2 if rows else 1, width_ratios=[1.5, 1] if rows else None, squeeze=False)[0]
    if rows:
        _draw_timeline(axes[0], rows)
    _draw_amounts(axes[-1], data)
    figure.suptitle(_plain(data.title), x=0.01, ha="left", fontweight="bold")
    return figure


def _draw_timeline(axes: Axes, rows: Timeline) -> None:
    labels = [period_label(period, rows.unit) for period in rows.table.index]
    table = rows.table.rename(columns=palette.label).set_axis(labels)
    table.plot(
        kind="bar",
        stacked=True,
        ax=axes,
        width=0.85,
        color=_colours(rows.table),
        legend=False,
        backend="matplotlib",
    )
    every = max(-(-len(table) // _LABELS_SHOWN), 1)
    axes.set_xticks(range(0, len(table), every), labels[::every], rotation=30, ha="right")
    axes.set_title(f"Rows by {rows.unit}", loc="left", fontsize=11)
    axes.set_ylim(top=1.05 * table.sum(axis="columns").max())
    axes.legend(fontsize=8, frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.22))
    _tidy(axes, grid="y")


def _draw_amounts(axes: Axes, data: ReportData) -> None:
    """Draw one stacked bar per side; negative amounts go to the left, unknown ones have no bar."""
    currency, rows = next(iter(data.totals.items()), ("", []))
    amounts = {row.status: row.amounts for row in rows if row.status}
    table = pd.DataFrame(amounts, index=list(SIDES)).fillna(0.0)
    if not table.empty:
        table.plot(
            kind="barh",
            stacked=True,
            ax=axes,
            width=0.55,
            color=_colours(table),
            legend=False,
            backend="matplotlib",
        )
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.tick_params(axis="x", rotation=30)
    axes.set_title(_plain(section_title("Amounts by side", currency)), loc="left", fontsize=11)
    _tidy(axes, grid="x")


def _colours(table: pd.DataFrame) -> list[str]:
    return [shade.solid for shade in palette.colours(table.columns).values()]


def _plain(text: str) -> str:
    """Keep matplotlib from reading a text as mathematics."""
    return one_line(text).replace("$", r"\$")


def _tidy(axes: Axes, *, grid: Literal["x", "y"]) -> None:
    axes.spines[["top", "right", "left" if grid == "y" else "bottom"]].set_visible(False)
    axes.set(xlabel="", ylabel="")
    axes.grid(axis=grid, alpha=0.25)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=_GREY, labelsize=9)
