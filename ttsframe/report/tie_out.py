"""From the files to the totals, as people read it: lines in words, and whether they add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ttsframe.columns import TIE_OUT_LINES
from ttsframe.report.cells import amount_text
from ttsframe.text import counted, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

TOTAL, GAP = "report_total", "unaccounted"
_FIRST = ("in_files", "given")


class TieOutLine(NamedTuple):
    """What the files hold, what is left out of it, or the total."""

    name: str
    """As in `columns.TIE_OUT_LINES`."""
    rows: int
    amount: float

    @property
    def words(self) -> str:
        """What the line is, beginning with a capital."""
        words = TIE_OUT_LINES[self.name]
        return words[:1].upper() + words[1:]

    @property
    def is_total(self) -> bool:
        """Whether it is where the tie-out begins or ends."""
        return self.name in (*_FIRST, TOTAL)


class TieOut(NamedTuple):
    """One side in one currency."""

    side: str
    currency: str
    lines: list[TieOutLine]
    """From the rows of the files to the total of the report."""

    @property
    def gap(self) -> TieOutLine | None:
        """What is missing between them; None where they add up."""
        return next((line for line in self.lines if line.name == GAP), None)


def tie_outs(frame: pd.DataFrame) -> list[TieOut]:
    """Take a frame of `columns.TIE_OUT` apart by side and currency, in its order."""
    currencies = frame["currency"].astype("object").fillna("")
    return [
        TieOut(
            str(side),
            one_line(str(currency)),
            [
                TieOutLine(str(line), int(rows), float(amount))
                for line, rows, amount in block[["line", "rows", "amount"]].itertuples(index=False)
            ],
        )
        for (side, currency), block in frame.groupby([frame["side"], currencies], sort=False)
    ]


def tied(blocks: list[TieOut], amount: Callable[[float, str], str] = amount_text) -> list[str]:
    """Say whether the totals tie to the files, and where they do not, how much is missing."""
    told = [
        f"The total of {block.side} in {block.currency or 'an unknown currency'} does not tie to its files: "
        f"{amount(block.gap.amount, block.currency)} in {counted(abs(block.gap.rows), 'order')} is not "
        "accounted for."
        for block in blocks
        if block.gap
    ]
    if not told and any(line.name == "in_files" for block in blocks for line in block.lines):
        return ["The totals tie to the files: every row of them is accounted for."]
    return told
