"""What `match` returns, and its renderings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from ttsframe import report as showing
from ttsframe.columns import MATCH_GUESSED, MATCH_ORDERS, MATCH_SETTLEMENT, MATCH_SOURCES, MATCH_STATUSES
from ttsframe.errors import InputError
from ttsframe.text import counted

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from ttsframe.columns import Column
    from ttsframe.report import Report

GOOD_STATUSES = frozenset({"matched", "not_expected"})
"""The statuses that need no work; every other one wants a look, in every rendering and the exit code."""

SHOWN_LAST = ("matched_on", "evidence")
"""What made a pair: people look at what is wrong with it first."""

_COUNTS = re.compile(r": [\d,]+ rows?, [\d,]+ orders?\.$|^Shopify orders without a sign of TikTok")
"""Notes that only count what was read."""

_TIES = (
    "Each total is the sum of the column tiktok_counted or shopify_counted; the column difference compares "
    "pairs alone, and cancelled or refunded ones too."
)


@dataclass(frozen=True, eq=False, repr=False)
class Match:
    """Which TikTok order is which Shopify order, row by row; made by `match`.

    Parameters
    ----------
    orders
        One row an order or pair, with `columns.MATCH_ORDERS`, and with
        `columns.MATCH_SETTLEMENT` after them where a settlement was given.
    notes
        What was decided, left out or guessed, a sentence each.
    provenance
        When, with which version, from which files, and how many orders each held.
    days
        The day of each row, on `orders`' index: TikTok's, or else Shopify's.
    closed
        What each row's orders would add to the totals, were they not cancelled or refunded in
        full, a column a side, on `orders`' index: the totals tell such amounts apart.
    untold
        Whether each row has an order without an amount, a column a side, on `orders`' index.

    See Also
    --------
    compare : What changed between two results.
    """

    orders: pd.DataFrame
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    days: pd.Series | None = None
    closed: pd.DataFrame | None = None
    untold: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled, which a read-only mapping alone cannot be."""
        frames = (self.days, self.closed, self.untold)
        return type(self), (self.orders, self.notes, dict(self.provenance), *frames)

    @property
    def counts(self) -> pd.Series:
        """Rows by status; every status is there, but `probable` only where there is a guess."""
        found = self.orders["status"].value_counts(sort=False)
        return (
            found.reindex(list(self._statuses), fill_value=0)
            .rename_axis("status")
            .rename("rows")
            .astype("int64")
        )

    @property
    def summary(self) -> pd.DataFrame:
        """Tidy figures: `section`, `name`, `value`; made when first asked for."""
        return self.report.summary

    @cached_property
    def report(self) -> Report:
        """The result as the report layer shows it."""
        counting = tuple(note for note in self.notes if _COUNTS.search(note))
        bare = showing.Report(
            title="TikTok Shop and Shopify orders",
            rows=self.orders,
            columns=self._columns,
            status="status",
            statuses=self._statuses,
            good=GOOD_STATUSES,
            summary=pd.DataFrame(columns=["section", "name", "value"]),
            amounts={"TikTok": "tiktok_counted", "Shopify": "shopify_counted"},
            days=self.days,
            notes=(*(note for note in self.notes if note not in counting), *counting),
            provenance=self.provenance,
            closed=_by_side(self.closed),
            untold=_by_side(self.untold),
            remarks=self._remarks(),
            inventory=frozenset(counting),
            last=SHOWN_LAST,
        )
        figures = showing.summarise(bare)
        own = pd.DataFrame(
            self._pairs_by_source() + self._checks() + self._payouts(),
            columns=["section", "name", "value"],
            dtype="object",  # a column of numbers would make money of the counts
        )
        return replace(bare, summary=pd.concat([figures, own], ignore_index=True))

    def to_csv(self, folder: str | os.PathLike[str], *, ids: str = "plain") -> list[Path]:
        """Write `orders.csv`, `summary.csv`, and one file a status that wants a look.

        Parameters
        ----------
        folder
            Made if missing.
        ids
            ``"plain"`` digits, or ``"excel"``: each id as ``="5801…"``, so that a double
            click in Excel, which keeps 15 digits of a number, leaves it whole.

        Returns
        -------
        list of pathlib.Path
            The files written.

        Raises
        ------
        InputError
            If `folder` is named like a file, or the files cannot be written.
        """
        return list(showing.write_csv(self.report, folder, ids=ids))

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Write the workbook: the summary, all orders, and a sheet a status that needs work.

        Parameters
        ----------
        path
            An `.xlsx` file, or a folder, which then gets `report.xlsx`.

        Returns
        -------
        pathlib.Path
            The file written.

        Raises
        ------
        InputError
            If the file has another suffix, or cannot be written.
        """
        target = _file(path, "report.xlsx")
        showing.write_excel(self.report, target)
        return target

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one self-contained page: figures, chart, and tables to search, sort and filter.

        Parameters
        ----------
        path
            An `.html` file, or a folder, which then gets `report.html`.

        Returns
        -------
        pathlib.Path
            The file written.

        Raises
        ------
        InputError
            If the file has another suffix, or cannot be written.
        """
        target = _file(path, "report.html")
        showing.write_html(self.report, target)
        return target

    def plot(self) -> Figure:
        """Draw orders by status over days, and amounts by side; needs matplotlib."""
        return showing.plot(self.report)

    def _repr_html_(self) -> str:
        return str(showing.html_summary(self.report))

    def __repr__(self) -> str:
        return str(showing.text_summary(self.report))

    @property
    def _columns(self) -> list[Column]:
        return [column for column in (*MATCH_ORDERS, *MATCH_SETTLEMENT) if column.name in self.orders]

    @property
    def _statuses(self) -> dict[str, str]:
        """The statuses that are shown; that of a guess only where there is one."""
        guessed = self.orders["status"].isin(MATCH_GUESSED).any()
        return {**MATCH_STATUSES, **MATCH_GUESSED} if guessed else MATCH_STATUSES

    def _pairs_by_source(self) -> list[tuple[str, str, Any]]:
        """Count the pairs by what made them, so that guesses stand apart from proof."""
        found = self.orders["matched_on"].value_counts(sort=False)
        return [("matched_on", source, int(found.get(source, 0))) for source in MATCH_SOURCES]

    def _checks(self) -> list[tuple[str, str, Any]]:
        """Count the pairs that were not compared in full, and the refunds that differ."""
        found = {
            "amounts_not_compared": int(self._gives("no_amount", "currency").sum()),
            "partial_refunds_differ": int(self._partial_refunds_differ().sum()),
        }
        return [("pairs", name, count) for name, count in found.items()]

    def _remarks(self) -> tuple[str, ...]:
        """Say beneath the totals how the rows tie to them, and what they do not hold."""
        apart, refunds = (count for _, _, count in self._checks())
        said = [_TIES]
        if apart:
            pairs = counted(apart, "pair")
            said.append(f"The amounts of {pairs} could not be compared: the difference leaves them out.")
        if refunds:
            said.append(f"{counted(refunds, 'row')} whose partial refunds differ: refund_differs.")
        return tuple(said)

    def _gives(self, *words: str) -> pd.Series:
        """Tell the rows whose reason is or holds one of these words."""
        pattern = rf"(?:^|; )(?:{'|'.join(words)})(?:;|$)"
        return self.orders["reason"].astype("object").str.contains(pattern).eq(True)  # noqa: FBT003

    def _partial_refunds_differ(self) -> pd.Series:
        orders = self.orders
        partial = pd.Series(data=False, index=orders.index)
        for refunded, amount in (("tiktok_refunded", "tiktok_amount"), ("shopify_refunded", "shopify_total")):
            partial |= (orders[refunded] > 0) & (orders[refunded] < orders[amount])
        return self._gives("refund_differs") & partial

    def _payouts(self) -> list[tuple[str, str, Any]]:
        """Add up the payouts by currency and status, each TikTok order once."""
        if "settled_amount" not in self.orders:
            return []
        paid = self.orders[self.orders["order_id"].isna() | ~self.orders["order_id"].duplicated()]
        paid = paid[paid["settled_amount"].notna()]
        currency = paid["settled_currency"].astype("object").fillna("")
        lines: list[tuple[str, str, Any]] = []
        for name, part in paid.groupby(currency):
            section = showing.headed("settled", str(name))
            sums = part.groupby("status", observed=True)["settled_amount"].sum().round(2)
            lines += [(section, str(status), float(value)) for status, value in sums.items()]
            lines.append((section, "total", round(float(sums.sum()), 2)))
        return lines


def _by_side(frame: pd.DataFrame | None) -> dict[str, pd.Series]:
    return {} if frame is None else {str(side): values for side, values in frame.items()}


def _file(path: str | os.PathLike[str], name: str) -> Path:
    """Return the file that is meant by a file or a folder; refuse a suffix that is not `name`'s."""
    target = Path(path)
    is_folder = target.is_dir() or str(path).endswith(("/", "\\")) or not target.suffix
    if is_folder:
        return showing.make_folder(target) / name
    suffix = Path(name).suffix
    if target.suffix.lower() != suffix:
        raise InputError(
            f"{path} has not the suffix {suffix}, so no program would know what it is: name it "
            f"{target.with_suffix(suffix)}, or a folder with a / at its end."
        )
    return target
