"""What a rendering is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from ttsframe.columns import Column

LONG_NUMBERS_IN_EXCEL = (
    "Excel keeps 15 digits of a number and shows the rest as zeros: the order id 577092126219211281 becomes "
    "5.77092E+17, and saving the file loses its last digits for good. In the workbook ids are text, so they "
    "are whole. The CSV files hold the plain digits: open them with Data > From Text/CSV and set the id "
    'columns to Text, or write them with ids="excel", which wraps each id as ="577092126219211281" so that a '
    "double click is safe."
)


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """A table with a status on every row, and what a reader needs to trust it.

    Parameters
    ----------
    title
        The heading of every rendering.
    rows
        The main table, one row an order or pair.
    columns
        Kinds and meanings of the columns of `rows`.
    status
        The name of the status column.
    statuses
        Status to meaning, in order of display.
    good
        The statuses that need no work; the figures, the files and the exit code follow this alone.
    summary
        Tidy figures: `section`, `name`, `value`; see `summarise`.
    amounts
        Label of a side to the money column that its totals add up, every row.
    days
        A date for each of `rows`, on the same index, for the chart; None for no chart.
    notes
        What was dropped, decided or guessed, a sentence each.
    provenance
        When, from which files, with which version, how many rows each held.
    currency
        The name of the currency column, whose `USD/EUR` names the currency of each side in
        turn; amounts of different currencies are never added up.
    closed
        Label of a side to amounts on the index of `rows`, which the totals leave out and tell
        apart: those of orders cancelled or refunded in full there.
    untold
        Label of a side to flags on the index of `rows`: there is an order there, without an
        amount, so no difference can be told of the row.
    remarks
        What is to be said beneath the totals, a sentence each.
    inventory
        Those of `notes` that only count what was read: a short summary may fold them away.
    last
        Columns that the page shows after the others; the files keep the order of `rows`.
    """

    title: str
    rows: pd.DataFrame
    columns: Sequence[Column]
    status: str
    statuses: Mapping[str, str]
    good: frozenset[str]
    summary: pd.DataFrame
    amounts: Mapping[str, str]
    days: pd.Series | None = None
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    currency: str = "currency"
    closed: Mapping[str, pd.Series] = field(default_factory=dict)
    untold: Mapping[str, pd.Series] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    inventory: frozenset[str] = frozenset()
    last: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Report({self.title!r}, {len(self.rows):,} rows)"
