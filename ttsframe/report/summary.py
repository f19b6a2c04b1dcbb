"""What `match` hands to the renderings, and its figures: counts, totals per side, rows over time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.columns import (
    BRIDGE,
    CUT_OFF,
    MATCH_COMMENTS,
    MATCH_GUESSED,
    MATCH_ORDERS,
    MATCH_SETTLEMENT,
    MATCH_SOURCES,
    MATCH_STATUSES,
    ONLY_SETTLEMENT,
    SETTLEMENT_STATUSES,
    SOURCES,
    TIE_OUT,
    empty,
)
from ttsframe.report.bridge import bridges
from ttsframe.report.cells import FINEST_DECIMALS, days_of, objects, side_currency
from ttsframe.report.exceptions import RECONCILED, exceptions, reason_words
from ttsframe.report.tie_out import tie_outs
from ttsframe.text import by_weight, counted, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ttsframe.columns import Column
    from ttsframe.report.bridge import Bridge
    from ttsframe.report.tie_out import TieOut
    from ttsframe.text import Note

TITLE = "TikTok Shop and Shopify orders"
SIDES = {"TikTok": "tiktok_counted", "Shopify": "shopify_counted"}
"""Each side, and the column that its totals add up."""
SUMMARY_COLUMNS = ["section", "side", "currency", "name", "value"]
AMOUNT_SECTIONS = ("amount", "bridge", "exceptions_difference", "settled", "tie_out")
"""The sections of the summary whose values are amounts."""
LISTED_APART = {"only_settlement": ONLY_SETTLEMENT, "cut_off": CUT_OFF}
"""The columns of the tables besides the orders."""
UNKNOWN_CURRENCY = "unknown currency"
EXCLUDED_NOTE = (
    "Totals exclude orders cancelled or refunded in full on that side; partial refunds are not deducted."
)
_TOTALS_NOTES = (
    "Each total is the sum of the column tiktok_counted, shopify_counted or difference_counted.",
    "The column difference compares every pair, cancelled and refunded ones included.",
)
HEADER = {
    "client": "client",
    "shop": "shop",
    "prepared_by": "prepared by",
    "reviewed_by": "reviewed by",
    "date": "date",
    "reference": "reference",
}
"""What a working paper says of itself: the parameters of `Match.with_header`, and their words."""
MAX_BARS = 62
_SUMS = ["amount", "excluded", "unknown"]
_PERIODS = (("D", "day"), ("W", "week"), ("M", "month"), ("Q", "quarter"), ("Y", "year"))


class Timeline(NamedTuple):
    """Rows by status over time."""

    table: pd.DataFrame
    """Index the period, a column per status that has rows."""
    unit: str
    """`day`, `week`, `month`, `quarter` or `year`: the finest that gives few enough bars."""


class TotalsRow(NamedTuple):
    """One row of the totals: a status, or all of them, in one currency."""

    status: str | None
    rows: int
    amounts: tuple[float, ...]
    """The total of each side, in the order of `SIDES`; NaN where no amount is known in this currency."""
    excluded: tuple[float, ...]
    """What the totals leave out: orders cancelled or refunded in full on that side."""
    difference: float
    """Shopify − TikTok over the rows that can be compared; NaN where none can."""
    unknown: tuple[int, ...]
    """The rows that each side's total and the difference are without, as their amounts are not known."""

    @property
    def figures(self) -> list[tuple[float, int]]:
        """Each side's total and the difference, with the rows that it is without."""
        return list(zip((*self.amounts, self.difference), self.unknown, strict=True))


class Section(NamedTuple):
    """Further figures of the summary: payouts, and what the pairs were matched on."""

    title: str
    currency: str | None
    """Of the values that are amounts; None where they are counts."""
    figures: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class ReportData:
    """A match as the renderings take it; the figures are computed when first asked for."""

    orders: pd.DataFrame
    """One row per order or pair: `columns.MATCH_ORDERS`, perhaps with `columns.MATCH_SETTLEMENT` and
    `columns.MATCH_COMMENTS`."""
    notes: tuple[Note, ...] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    details: pd.DataFrame | None = None
    """Further columns on `orders`' index, each with a default: `day`, and for both sides `tiktok_excluded`
    (what the row would add to the total, were it not cancelled or refunded) and `tiktok_missing` (whether it
    has an order without an amount)."""
    bridge: pd.DataFrame = field(default_factory=partial(empty, BRIDGE))
    """How TikTok's total becomes Shopify's: `columns.BRIDGE`."""
    components: pd.DataFrame | None = None
    """What each of `columns.COMPONENTS` adds to the amounts that differ, by row; None if unknown."""
    only_settlement: pd.DataFrame | None = None
    """What the settlement holds beside the TikTok orders: `columns.ONLY_SETTLEMENT`; None if unknown."""
    cut_off: pd.DataFrame | None = None
    """The pairs that cross an end of the period: `columns.CUT_OFF`; None without a period."""
    tie_out: pd.DataFrame = field(default_factory=partial(empty, TIE_OUT))
    """From the files to the totals: `columns.TIE_OUT`."""
    sources: pd.DataFrame = field(default_factory=partial(empty, SOURCES))
    """The files: `columns.SOURCES`."""
    comments: pd.DataFrame | None = None
    """What people wrote beside orders: `columns.COMMENTS`; None if no report is to have such columns."""
    title: str = TITLE

    @property
    def columns(self) -> list[Column]:
        """The columns of `orders`, as far as they are described."""
        known = (*MATCH_ORDERS, *MATCH_SETTLEMENT, *MATCH_COMMENTS)
        return [column for column in known if column.name in self.orders]

    @property
    def header(self) -> str:
        """Client, who prepared it and so on, as one line; blank where nothing is told."""
        told = [f"{name}: {self.provenance[name]}" for name in HEADER.values() if name in self.provenance]
        return "; ".join(map(one_line, told))

    @property
    def listed_apart(self) -> dict[str, pd.DataFrame]:
        """The tables besides `orders` that hold rows, by their names in `LISTED_APART`."""
        tables = {"only_settlement": self.only_settlement, "cut_off": self.cut_off}
        return {name: table for name, table in tables.items() if table is not None and len(table)}

    def detail(self, name: str, default: object) -> pd.Series:
        """Return a column of `details`, or its default where it is not there."""
        if self.details is None or name not in self.details:
            return pd.Series(default, index=self.orders.index)
        return self.details[name]

    def missing_amount(self, side: str) -> pd.Series:
        """Flag the rows that have an order without an amount on one side."""
        return self.detail(f"{side.lower()}_missing", default=False)

    @cached_property
    def statuses(self) -> dict[str, str]:
        """Status to meaning, in order of display; that of a guess only where there is one."""
        guessed = self.orders["status"].isin(MATCH_GUESSED).any()
        return {**MATCH_STATUSES, **MATCH_GUESSED} if guessed else MATCH_STATUSES

    @cached_property
    def counts(self) -> dict[str, int]:
        """Rows per status, in order of display."""
        rows = self.orders["status"].value_counts(sort=False)
        return {status: int(rows.get(status, 0)) for status in self.statuses}

    @property
    def exception_statuses(self) -> list[str]:
        """The statuses that need review and have rows, in order of display."""
        return [status for status, count in self.counts.items() if count and status not in RECONCILED]

    @property
    def exception_count(self) -> int:
        """How many rows need review."""
        return sum(self.counts[status] for status in self.exception_statuses)

    @cached_property
    def currencies(self) -> pd.DataFrame:
        """Each row's currency on both sides: `USD/EUR` is TikTok's and Shopify's; blank if unknown."""
        codes, texts = pd.factorize(self.orders["currency"].astype("object"))
        sides = {side: [*(side_currency(str(text), side) for text in texts), ""] for side in SIDES}
        return pd.DataFrame(
            {side: np.array(words, dtype=object)[codes] for side, words in sides.items()},
            index=self.orders.index,
            dtype="object",
        )

    @cached_property
    def totals(self) -> dict[str, list[TotalsRow]]:
        """Per currency a row per status and one for all; the most frequent currency first, unknown last."""
        sums = pd.concat([_side_totals(self, side) for side in SIDES], ignore_index=True)
        rows = _rows_by_currency(self)
        for currency in sums["currency"]:
            rows.setdefault(currency, {})
        uncompared, differences = _uncompared(self), _differences(self)
        return {
            currency: _totals_rows(
                self.statuses, sums, uncompared, currency, counts=counts, differences=differences
            )
            for currency, counts in rows.items()
        }

    @cached_property
    def bridges(self) -> list[Bridge]:
        """The bridge of every currency, in the order of the totals."""
        places = {currency: place for place, currency in enumerate(self.totals)}
        return sorted(bridges(self.bridge), key=lambda bridge: places.get(bridge.currency, len(places)))

    @cached_property
    def tie_outs(self) -> list[TieOut]:
        """From the files to the totals: per side and currency."""
        return tie_outs(self.tie_out)

    @cached_property
    def exceptions(self) -> pd.DataFrame:
        """What needs review, by cause: `columns.EXCEPTIONS`."""
        orders = self.orders
        return exceptions(
            orders["status"].astype("object").where(orders["status"].isin(self.exception_statuses)),
            orders["reason"],
            self.currencies["TikTok"],
            orders["difference_counted"],
            self.detail("age_days", math.nan),
        )

    def explained_by(self, rows: pd.Index) -> dict[Any, list[tuple[str, float]]]:
        """Name the components that explain the difference of each of these rows, with their amounts."""
        if self.components is None:
            return {}
        status = self.orders["status"].loc[self.components.index.intersection(rows)]
        explained = status[status.eq("explained")].index
        reasons, amounts = self.orders["reason"].loc[explained], self.components.loc[explained]
        return {
            row: [(name, held[name]) for name in reason_words(reason) if name in held]  # other causes, too
            for row, reason, held in zip(explained, reasons, amounts.to_dict("records"), strict=True)
        }

    @property
    def notes_in_order(self) -> list[Note]:
        """The notes by weight: what may make figures wrong first, what only counts last."""
        return by_weight(self.notes)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """All sources and notes as one tidy frame, with `SUMMARY_COLUMNS`."""
        lines: list[tuple[str, str, str, str, Any]] = [
            ("rows", "", "", status, count) for status, count in self.counts.items()
        ]
        lines.append(("rows", "", "", "total", len(self.orders)))
        for currency, block in self.totals.items():
            for position, side in enumerate(SIDES):
                figures = {row.status or "total": row.figures[position] for row in block}
                figures |= {name: values[position] for name, values in footer_rows(block[-1]).items()}
                lines += [
                    ("amount", side, currency, name, round(amount, FINEST_DECIMALS))
                    for name, (amount, _) in figures.items()
                ]
                lines += [
                    ("without_amount", side, currency, name, rows)
                    for name, (_, rows) in figures.items()
                    if rows
                ]
        for bridge in self.bridges:
            lines += [("bridge", "", bridge.currency, line.name, line.amount) for line in bridge.lines]
        for tied in self.tie_outs:
            where = tied.side, tied.currency
            lines += [("tie_out", *where, line.name, line.amount) for line in tied.lines]
            lines += [("tie_out_rows", *where, line.name, line.rows) for line in tied.lines]
        for currency, payouts in _payouts(self).items():
            lines += [("settled", "TikTok", currency, name, amount) for name, amount in payouts.items()]
        for row in self.exceptions.fillna({"reason": "", "currency": ""}).to_dict("records"):
            name = ": ".join(filter(None, (row["status"], row["reason"])))
            lines += [
                ("exceptions", "", row["currency"], name, row["rows"]),
                ("exceptions_difference", "", row["currency"], name, row["difference"]),
            ]
        lines += [("matched_on", "", "", name, count) for name, count in _pairs_by_source(self).items()]
        lines += [("pairs", "", "", name, count) for name, count in _checks(self).items()]
        lines += [("source", "", "", name, value) for name, value in self.provenance.items()]
        lines += [
            ("sha256", "", "", file, digest) for file, digest in self.sources[["file", "sha256"]].to_numpy()
        ]
        lines += [("note", "", "", note.kind, note.text) for note in self.notes_in_order]
        return pd.DataFrame(lines, columns=SUMMARY_COLUMNS).astype({"value": "object"})


def title(provenance: Mapping[str, str]) -> str:
    """Name a report: its period, and whether the answers came from a simulated gateway."""
    period = f", {provenance['period']}" if "period" in provenance else ""
    simulated = ", looked up on a simulated gateway (sandbox)" if "gateway" in provenance else ""
    return f"{TITLE}{period}{simulated}"


def headline(data: ReportData, number: Callable[[int], str] = "{:,}".format) -> str:
    """Say in one sentence how many rows need review."""
    rows, exceptions = len(data.orders), data.exception_count
    if not rows:
        return "There are no orders in this report."
    if rows == 1:
        return "The only row needs review." if exceptions else "The only row reconciles."
    if exceptions in (0, rows):
        return f"All {number(rows)} rows {'need review' if exceptions else 'reconcile'}."
    reconciled = rows - exceptions
    return (
        f"{number(exceptions)} of {number(rows)} rows {'needs' if exceptions == 1 else 'need'} review; "
        f"{number(reconciled)} {'reconciles' if reconciled == 1 else 'reconcile'}."
    )


def footer_rows(total: TotalsRow) -> dict[str, list[tuple[float, int]]]:
    """Return what stands below the sum of a currency: what it leaves out, and the sum with that.

    There is no difference beside them: between orders that do not count, none is money missing.
    """
    if not any(total.excluded):
        return {}
    sides = list(zip(total.amounts, total.excluded, total.unknown[:-1], strict=True))
    return {
        "cancelled_or_refunded": [(excluded, 0) for _, excluded, _ in sides],
        "gross": [(amount + excluded, unknown) for amount, excluded, unknown in sides],
    }


def footnotes(data: ReportData) -> list[str]:
    """Say below the totals what they hold and what they do not, one sentence each."""
    notes = [EXCLUDED_NOTE] if any(footer_rows(block[-1]) for block in data.totals.values()) else []
    for side in SIDES:
        if rows := int(data.missing_amount(side).sum()):
            has, excluded = ("has", "is") if rows == 1 else ("have", "are")
            missing = f"{counted(rows, 'row')} {has} no {side} amount"
            notes.append(f"{missing} and {excluded} excluded from the {side} total.")
    notes += _TOTALS_NOTES
    explained = data.counts["explained"]
    if explained and data.bridges:
        notes.append(
            f"{counted(explained, 'row is', 'rows are')} explained: the components in the column reason "
            "add up to the difference."
        )
    checks = _checks(data)
    if pairs := checks["amounts_not_compared"]:
        notes.append(
            f"The amounts of {counted(pairs, 'pair')} could not be compared; the difference excludes them."
        )
    if pairs := int(data.currencies["TikTok"].ne(data.currencies["Shopify"]).sum()):
        notes.append(
            f"{counted(pairs, 'pair is', 'pairs are')} in two currencies: each amount is in the table of its "
            "own currency."
        )
    if rows := checks["partial_refunds_differ"]:
        notes.append(
            f"{counted(rows, 'row has', 'rows have')} different partial refunds on the two sides "
            "(reason refund_differs)."
        )
    return notes


def payout_sections(data: ReportData) -> list[Section]:
    """Return the payouts of each currency, from their statuses down to the settlement's total."""
    return [
        Section(section_title("Settled", currency), currency, payouts)
        for currency, payouts in _payouts(data).items()
    ]


def extra_sections(data: ReportData) -> list[Section]:
    """Return the figures that stand in no other table: payouts, what made the pairs, checks."""
    return [
        *payout_sections(data),
        Section("Pairs by source", None, _pairs_by_source(data)),
        Section("Pairs", None, _checks(data)),
    ]


def section_title(word: str, currency: str) -> str:
    """Name the amounts of a currency: `Amounts USD`, `Amounts (unknown currency)`."""
    return f"{word} {currency}" if currency else f"{word} ({UNKNOWN_CURRENCY})"


def timeline(data: ReportData) -> Timeline | None:
    """Count rows by status over time; None where no date is known."""
    days = days_of(data.detail("day", pd.NaT))
    dated = pd.DataFrame({"day": days, "status": data.orders["status"].astype("object")}).dropna()
    if dated.empty:
        return None
    for code, unit in _PERIODS:  # noqa: B007 - the first that is coarse enough
        periods = dated["day"].dt.to_period(code)
        bars = pd.period_range(periods.min(), periods.max(), freq=periods.dtype.freq)
        if len(bars) <= MAX_BARS:
            break
    table = pd.crosstab(periods, dated["status"]).reindex(bars, fill_value=0)
    return Timeline(table[[status for status in data.statuses if status in table.columns]], unit)


def period_label(period: pd.Period, unit: str, *, short: bool = False) -> str:
    """Name a period, as `2026-11-23`, or `23 Nov` for short; strftime ends at the year 9999."""
    start = period.asfreq("D", how="start")  # `start_time` ends at the year 2262 in pandas 2
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[start.month - 1]
    if unit in ("day", "week"):
        day = f"{start.year:04d}-{start.month:02d}-{start.day:02d}"
        return f"{start.day} {month}" if short else day if unit == "day" else f"week of {day}"
    return {"month": f"{month} {start.year}", "quarter": f"Q{start.quarter} {start.year}"}.get(
        unit, f"{start.year}"
    )


def share(part: int, whole: int) -> float:
    """Return a part of the whole in per cent; 0 of nothing."""
    return 100 * part / whole if whole else 0.0


def _side_totals(data: ReportData, side: str) -> pd.DataFrame:
    """Add up one side by currency and status: what counts, and what is excluded."""
    amount = data.orders[SIDES[side]].astype("float64")
    missing = data.missing_amount(side)
    rows = pd.DataFrame(
        {
            "currency": data.currencies[side],
            "status": data.orders["status"].astype("object"),
            "amount": amount,
            "excluded": data.detail(f"{side.lower()}_excluded", 0.0),
            "unknown": missing.astype("int64"),
        }
    )
    rows = rows[amount.notna() | missing]
    sums = rows.groupby(["currency", "status"], sort=False)[_SUMS].sum(min_count=1).reset_index()
    sums.insert(1, "side", side)
    return sums.fillna({"excluded": 0.0})


def _differences(data: ReportData) -> dict[tuple[str, str], float]:
    """Add up by currency and status what can be compared; nothing where nothing can."""
    rows = pd.DataFrame(
        {
            "currency": data.currencies["TikTok"],
            "status": data.orders["status"].astype("object"),
            "amount": data.orders["difference_counted"].astype("float64"),
        }
    )
    sums = rows.dropna().groupby(["currency", "status"], as_index=False)["amount"].sum()
    return {(currency, status): amount for currency, status, amount in sums.itertuples(index=False)}


def _uncompared(data: ReportData) -> pd.DataFrame:
    """Return the status, and the currency on each side, of the rows without a difference."""
    rows = data.currencies.assign(status=data.orders["status"].astype("object"))
    return rows[data.orders["difference_counted"].isna()]


def _rows_by_currency(data: ReportData) -> dict[str, dict[str, int]]:
    """Rows by currency and status; currencies by their number of rows."""
    status = data.orders["status"].astype("object")
    table = pd.DataFrame({"currency": data.currencies["TikTok"], "status": status}).value_counts()
    rows: dict[str, dict[str, int]] = {}
    for currency, state, count in table.reset_index(name="count").itertuples(index=False):
        rows.setdefault(str(currency), {})[str(state)] = int(count)
    return dict(sorted(rows.items(), key=lambda item: (item[0] == "", -sum(item[1].values()))))


def _totals_rows(
    statuses: Iterable[str],
    sums: pd.DataFrame,
    uncompared: pd.DataFrame,
    currency: str,
    *,
    counts: Mapping[str, int],
    differences: Mapping[tuple[str, str], float],
) -> list[TotalsRow]:
    """One row per status that has rows or amounts in this currency, and the sum of them."""
    here = sums[sums["currency"] == currency].set_index(["side", "status"])
    amount, excluded, unknown = (here[name].to_dict() for name in _SUMS)
    without = uncompared[(uncompared[list(SIDES)] == currency).any(axis="columns")]
    in_two = set(without.loc[without["TikTok"] != without["Shopify"], "status"])
    not_compared = without["status"].value_counts()
    rows = []
    for status in statuses:
        keys = [(side, status) for side in SIDES]
        if not counts.get(status) and not any(key in amount for key in keys):
            continue
        # A side without an order adds 0, which is known; one whose orders are in another currency does not.
        absent = math.nan if status in in_two else 0.0
        rows.append(
            TotalsRow(
                status,
                counts.get(status, 0),
                tuple(amount.get(key, absent) for key in keys),
                tuple(excluded.get(key, 0.0) for key in keys),
                differences.get((currency, status), math.nan),
                (*(int(unknown.get(key, 0)) for key in keys), int(not_compared.get(status, 0))),
            )
        )
    total = TotalsRow(
        None,
        sum(row.rows for row in rows),
        tuple(_known_sum(values) for values in zip(*(row.amounts for row in rows), strict=True)),
        tuple(sum(values) for values in zip(*(row.excluded for row in rows), strict=True)),
        _known_sum(row.difference for row in rows),
        tuple(sum(values) for values in zip(*(row.unknown for row in rows), strict=True)),
    )
    return [*rows, total]


def _known_sum(values: Iterable[float]) -> float:
    """Add up what is known; NaN where that is nothing: 0 beside something unknown says nothing."""
    amounts = list(values)
    known = [amount for amount in amounts if not math.isnan(amount)]
    return math.nan if len(known) < len(amounts) and not any(known) else sum(known)


def _pairs_by_source(data: ReportData) -> dict[str, int]:
    """Count the pairs by what made them, so that guesses stand apart from proof."""
    rows = data.orders["matched_on"].value_counts(sort=False)
    return {source: int(rows.get(source, 0)) for source in MATCH_SOURCES}


def _checks(data: ReportData) -> dict[str, int]:
    """Count the pairs that were not compared in full, and the refunds that differ."""
    orders = data.orders
    partial = pd.Series(data=False, index=orders.index)
    for refunded, amount in (("tiktok_refunded", "tiktok_amount"), ("shopify_refunded", "shopify_total")):
        partial |= (orders[refunded] > 0) & (orders[refunded] < orders[amount])
    return {
        "amounts_not_compared": int(_has_reason(orders, "no_amount", "currency").sum()),
        "partial_refunds_differ": int((_has_reason(orders, "refund_differs") & partial).sum()),
    }


def _has_reason(orders: pd.DataFrame, *reasons: str) -> pd.Series:
    """Flag the rows whose reason is or holds one of these."""
    codes, texts = pd.factorize(orders["reason"].astype("object"))
    held = [*(not set(reasons).isdisjoint(reason_words(str(text))) for text in texts), False]
    return pd.Series(np.array(held)[codes], index=orders.index)


def _payouts(data: ReportData) -> dict[str, dict[str, float]]:
    """Add up the payouts by currency and status, then what is on no row, and all of the settlement."""
    if "settled_counted" not in data.orders:
        return {}
    beside = data.listed_apart.get("only_settlement", empty(ONLY_SETTLEMENT))
    parts = (data.orders, "settled_counted"), (beside, "settled_amount")
    lines = pd.concat(
        pd.DataFrame(
            {
                "currency": [
                    side_currency(text or "", "TikTok") for text in objects(frame["settled_currency"])
                ],
                "name": objects(frame["status"]),
                "amount": frame[column].to_numpy(),
            }
        ).dropna(subset="amount")
        for frame, column in parts
    )
    payouts: dict[str, dict[str, float]] = {}
    for currency, part in lines.groupby("currency"):
        sums = part.groupby("name")["amount"].sum().to_dict()
        figures = {status: sums[status] for status in data.statuses if status in sums}
        figures["total"] = sum(figures.values())
        if data.only_settlement is not None:
            period = {"outside_period"} if data.cut_off is None else set()
            figures |= {name: sums.get(name, 0.0) for name in SETTLEMENT_STATUSES if name not in period}
            figures["settlement_total"] = part["amount"].sum()
        payouts[str(currency)] = {
            name: round(float(amount), FINEST_DECIMALS) for name, amount in figures.items()
        }
    return payouts
