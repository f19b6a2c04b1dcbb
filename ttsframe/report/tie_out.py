"""From the files to the totals, as people read it: lines in words, and whether they add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ttsframe.columns import TIE_OUT_LINES
from ttsframe.report.cells import amount_text
from ttsframe.report.lines import lines_of
from ttsframe.text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ttsframe.report.lines import Line

GAP = "unaccounted"
_TOTALS = ("in_files", "given", "report_total")


class TieOut(NamedTuple):
    """One side in one currency."""

    side: str
    currency: str
    lines: list[Line]
    """From the rows of the files to the total of the report."""

    @property
    def gap(self) -> Line | None:
        """What is missing between them; None where they add up."""
        return next((line for line in self.lines if line.name == GAP), None)


def tie_outs(frame: pd.DataFrame) -> list[TieOut]:
    """Take a frame of `columns.TIE_OUT` apart by side and currency, in its order."""
    currencies = frame["currency"].astype("object").fillna("")
    return [
        TieOut(str(side), one_line(str(currency)), lines_of(block, TIE_OUT_LINES, _TOTALS))
        for (side, currency), block in frame.groupby([frame["side"], currencies], sort=False)
    ]


def tied(parts: list[TieOut], amount: Callable[[float, str], str] = amount_text) -> list[str]:
    """Say whether the totals tie to the files, and where they do not, how much is missing."""
    gaps = [
        f"The {each.side} total in {each.currency or 'an unknown currency'} does not tie to its files: "
        f"{amount(each.gap.amount, each.currency)} in {counted(abs(each.gap.rows), 'order')} is not "
        "accounted for."
        for each in parts
        if each.gap
    ]
    if gaps or all(line.name != "in_files" for each in parts for line in each.lines):
        return gaps
    return ["The totals tie to the files: every row of them is accounted for."]
