"""How TikTok's total becomes Shopify's, as people read it: lines in words, bars, and whether it closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ttsframe import money
from ttsframe.columns import BRIDGE_LINES
from ttsframe.report.cells import amount_text
from ttsframe.report.lines import lines_of
from ttsframe.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ttsframe.report.lines import Line

_TOTALS = ("tiktok_total", "shopify_total")


class Bridge(NamedTuple):
    """The bridge of one currency."""

    currency: str
    lines: list[Line]
    changes: float
    """What the lines between the two totals add up to, to the minor unit."""
    gap: float
    """What is missing in them to the difference between the two totals; 0 where the bridge closes."""


def bridges(frame: pd.DataFrame) -> list[Bridge]:
    """Return the bridge of every currency in a frame of `columns.BRIDGE`."""
    currencies = frame["currency"].astype("object").fillna("")
    return [_bridge(one_line(str(currency)), block) for currency, block in frame.groupby(currencies)]


def spans(bridge: Bridge) -> list[tuple[float, float]]:
    """Return where each line's bar begins and how long it is, in per cent of the chart's width.

    A total begins at the edge, which is not 0: changes are small beside totals, and could not be seen.
    """
    before, levels = 0.0, []
    for line in bridge.lines:
        after = line.amount if line.is_total else before + line.amount
        levels.append((before, after))
        before = after
    ends = [after for _, after in levels]
    least, width = min(ends), (max(ends) - min(ends)) or 1.0
    # A tenth of the width shows the totals' own ends.
    places = [[10 + 88 * (level - least) / width for level in pair] for pair in levels]
    return [
        (0.0, round(end, 2)) if line.is_total else (round(min(start, end), 2), round(abs(end - start), 2))
        for line, (start, end) in zip(bridge.lines, places, strict=True)
    ]


def closing(bridge: Bridge, amount: Callable[[float, str], str] = amount_text) -> str:
    """Say whether the lines lead from one total to the other, and if not, how much is missing."""
    told = amount(bridge.changes, bridge.currency)
    if not bridge.gap:
        return f"The bridge closes: the lines add up to {told}, the difference between the two totals."
    difference, gap = (amount(value, bridge.currency) for value in (bridge.changes + bridge.gap, bridge.gap))
    return (
        f"The bridge does not close: the lines add up to {told}, but the totals differ by {difference}; "
        f"{gap} is unaccounted for."
    )


def _bridge(currency: str, block: pd.DataFrame) -> Bridge:
    lines = lines_of(block, BRIDGE_LINES, _TOTALS)
    digits = money.decimals(currency)
    units = money.to_minor_units(block["amount"].to_numpy(), digits)
    changes = units[1:-1].sum()
    known = money.to_major_units(np.array([changes, units[-1] - units[0] - changes]), digits)
    return Bridge(currency, lines, *known.tolist())
