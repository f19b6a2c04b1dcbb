"""The figures of a report: counts, totals per side, rows per day."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ttsframe.report.model import Report

MOST_BARS = 62
LEFT_OUT = "Amounts leave out what is cancelled or refunded in full on that side; partial refunds stay in."
NOT_KNOWN = "not known"
NO_CURRENCY = "currency not told"
_SUMS = ["amount", "compared", "closed"]
_PERIODS = (("D", "day"), ("W", "week"), ("M", "month"), ("Q", "quarter"), ("Y", "year"))


class Days(NamedTuple):
    """Rows by status over time."""

    table: pd.DataFrame
    """Index the period's first day, a column a status that has rows."""
    statuses: list[str]
    """All statuses of the report, in order of display."""
    unit: str
    """`day`, `week`, `month`, `quarter` or `year`: the finest that gives few enough bars."""


class Line(NamedTuple):
    """One line of the totals: a status, or all of them, in one currency."""

    status: str | None
    rows: int
    amounts: tuple[float, ...]
    """What stands on each side, in the order of `Report.amounts`; NaN where no amount is told."""
    closed: tuple[float, ...]
    """What is left out of them: orders cancelled or refunded in full on that side."""
    difference: float
    """Second side − first, over the rows that can be compared; NaN where none can."""


def counts(report: Report) -> dict[str, int]:
    """Count the rows of every status, in order of display; undeclared ones last."""
    found = report.rows[report.status].astype("object").value_counts(sort=False).to_dict()
    extra = [str(status) for status in found if status not in report.statuses]
    return {status: int(found.get(status, 0)) for status in [*report.statuses, *sorted(extra)]}


def needing_work(report: Report) -> list[str]:
    """Name the statuses that need work and have rows, in order of display."""
    return [status for status, count in counts(report).items() if count and status not in report.good]


def to_look_at(report: Report) -> int:
    """Count the rows that need work."""
    found = counts(report)
    return sum(found[status] for status in needing_work(report))


def totals(report: Report) -> pd.DataFrame:
    """Add up each side's amounts by currency and status.

    Returns
    -------
    pandas.DataFrame
        Tidy: `currency` (blank where none is named), `side`, `status`, `amount` (what stands;
        missing where no amount is told), `compared` (the part of it that stands on rows of
        which a difference can be told), `closed` (cancelled or refunded in full on that side,
        which `amount` leaves out).
    """
    parts = [_side_totals(report, position, side) for position, side in enumerate(report.amounts)]
    blank = pd.DataFrame(columns=["currency", "side", "status", *_SUMS])
    return pd.concat(parts, ignore_index=True) if parts else blank


def total_lines(report: Report) -> dict[str, list[Line]]:
    """Lay the totals out for reading.

    Returns
    -------
    dict
        Currency to its lines: one a status that has rows in it, and last the sum of all
        (`status` None). The largest currency stands first, and last, as a blank, what names none.
    """
    tidy = totals(report)
    rows = _rows_by_currency(report)
    for currency in tidy["currency"]:
        rows.setdefault(currency, {})
    return {currency: _lines(report, tidy, currency, found) for currency, found in rows.items()}


def beneath(total: Line) -> dict[str, tuple[float, ...]]:
    """Name what stands beneath the sum of a currency: what it leaves out, and what all orders come to.

    Returns
    -------
    dict
        Name to an amount for each side; empty where nothing is left out. No difference belongs
        beside them: between orders that do not stand, none is money missing.
    """
    if not any(total.closed):
        return {}
    ordered = tuple(stands + closed for stands, closed in zip(total.amounts, total.closed, strict=True))
    return {"cancelled_or_refunded": total.closed, "as_ordered": ordered}


def said_beneath(report: Report, blocks: Iterable[list[Line]]) -> list[str]:
    """Return what is to be said beneath the totals, a sentence each."""
    said = [LEFT_OUT] if any(beneath(block[-1]) for block in blocks) else []
    for side, flags in report.untold.items():
        count = int(flags.sum())
        if count:
            rows = f"{count:,} row tells" if count == 1 else f"{count:,} rows tell"
            said.append(f"{rows} no amount on {side}, so its totals are without them.")
    return [*said, *report.remarks]


def headed(word: str, currency: str) -> str:
    """Name the amounts of a currency: `amounts USD`, or that it is not told."""
    return f"{word} {currency}" if currency else f"{word} ({NO_CURRENCY})"


def per_day(report: Report) -> Days | None:
    """Count rows by status over time; None where no date is known."""
    if report.days is None:
        return None
    days = pd.to_datetime(report.days)
    if isinstance(days.dtype, pd.DatetimeTZDtype):
        days = days.dt.tz_localize(None)
    dated = pd.DataFrame({"day": days, "status": report.rows[report.status].astype("object")}).dropna()
    if dated.empty:
        return None
    unit, periods, bars = _periods(dated["day"])
    table = pd.crosstab(periods, dated["status"]).reindex(bars, fill_value=0)
    statuses = list(counts(report))
    table = table[[status for status in statuses if status in table.columns]]
    return Days(table.set_axis(bars.to_timestamp()), statuses, unit)


def summarise(report: Report) -> pd.DataFrame:
    """Make the tidy summary of a report, for `Report.summary`.

    Returns
    -------
    pandas.DataFrame
        `section` (`rows`, `amount SIDE CURRENCY`, `made`, `note`), `name`, `value`. The
        amounts are those of `total_lines`, and what stands `beneath` them.
    """
    found = counts(report)
    lines: list[tuple[str, str, Any]] = [("rows", status, count) for status, count in found.items()]
    lines.append(("rows", "total", sum(found.values())))
    for currency, block in total_lines(report).items():
        for position, side in enumerate(report.amounts):
            section = headed(f"amount {side}", currency)
            lines += [(section, line.status or "total", round(line.amounts[position], 2)) for line in block]
            lines += [(section, name, round(held[position], 2)) for name, held in beneath(block[-1]).items()]
    lines += [("made", name, value) for name, value in report.provenance.items()]
    lines += [("note", str(number), note) for number, note in enumerate(report.notes, start=1)]
    return pd.DataFrame(lines, columns=["section", "name", "value"]).astype({"value": "object"})


def further(report: Report) -> list[tuple[str, str, Any]]:
    """Return the figures of `Report.summary` that `summarise` did not make: section, name, value."""
    if report.summary.empty:
        return []
    known = set(summarise(report)["section"])
    lines = report.summary[["section", "name", "value"]].itertuples(index=False)
    return [(str(section), str(name), value) for section, name, value in lines if section not in known]


def differences(line: Line) -> tuple[float, ...]:
    """Return the difference of a line, where there are two sides; nothing otherwise."""
    return (line.difference,) if len(line.amounts) == 2 else ()  # noqa: PLR2004


def difference_heads(report: Report) -> tuple[str, ...]:
    """Return the heading of `differences`."""
    return ("Difference",) if len(report.amounts) == 2 else ()  # noqa: PLR2004


def share(part: int, whole: int) -> float:
    """Return a part of the whole in per cent; 0 of nothing."""
    return 100 * part / whole if whole else 0.0


def _periods(days: pd.Series) -> tuple[str, pd.Series, pd.PeriodIndex]:
    """Cut time into the finest periods that give few enough bars, else into years."""
    for code, unit in _PERIODS:
        periods = days.dt.to_period(code)
        bars = pd.period_range(periods.min(), periods.max(), freq=periods.dtype.freq)
        if len(bars) <= MOST_BARS:
            return unit, periods, bars
    return unit, periods, bars


def _side_totals(report: Report, position: int, side: str) -> pd.DataFrame:
    amount = report.rows[report.amounts[side]].astype("float64")
    data = pd.DataFrame(
        {
            "currency": _currency(report, position),
            "status": report.rows[report.status].astype("object"),
            "amount": amount,
            "compared": amount.mask(_not_comparable(report)),
            "closed": report.closed.get(side, 0.0),
        }
    )
    there = data[amount.notna() | report.untold.get(side, False)]
    sums = there.groupby(["currency", "status"], sort=False)[_SUMS].sum(min_count=1).reset_index()
    sums.insert(1, "side", side)
    return sums.fillna({"closed": 0.0})


def _not_comparable(report: Report) -> pd.Series:
    """Tell the rows of which no difference can be told: an amount is missing, or the currencies differ."""
    flags = _currency(report, 0) != _currency(report, len(report.amounts) - 1)
    for untold in report.untold.values():
        flags |= untold
    return flags


def _currency(report: Report, position: int) -> pd.Series:
    """Each row's currency on one side: `USD/EUR` is the first side's and the second's."""
    if report.currency not in report.rows.columns:
        return pd.Series("", index=report.rows.index, dtype="object")
    text = report.rows[report.currency].astype("object").fillna("").astype("object")
    words = {value: str(value).split("/") for value in text.unique()}
    picked = {value: parts[min(position, len(parts) - 1)].strip() for value, parts in words.items()}
    return text.map(picked).astype("object")


def _rows_by_currency(report: Report) -> dict[str, dict[str, int]]:
    """Rows by currency and status; currencies by their number of rows."""
    status = report.rows[report.status].astype("object")
    table = pd.DataFrame({"currency": _currency(report, 0), "status": status}).value_counts()
    found: dict[str, dict[str, int]] = {}
    for currency, state, count in table.reset_index(name="count").itertuples(index=False):
        found.setdefault(str(currency), {})[str(state)] = int(count)
    return dict(sorted(found.items(), key=lambda item: (item[0] == "", -sum(item[1].values()))))


def _lines(report: Report, tidy: pd.DataFrame, currency: str, rows: Mapping[str, int]) -> list[Line]:
    here = tidy[tidy["currency"] == currency].set_index(["side", "status"])
    held = {name: here[name].to_dict() for name in _SUMS}
    lines = [
        _line(report, held, status, rows.get(status, 0))
        for status in counts(report)
        if rows.get(status) or any((side, status) in held["amount"] for side in report.amounts)
    ]
    places = range(len(report.amounts))
    total = Line(
        None,
        sum(line.rows for line in lines),
        tuple(_known_sum(line.amounts[place] for line in lines) for place in places),
        tuple(sum(line.closed[place] for line in lines) for place in places),
        _known_sum(line.difference for line in lines),
    )
    return [*lines, total]


def _line(report: Report, held: Mapping[str, Mapping[Any, float]], status: str, rows: int) -> Line:
    """Make one line; a side without an order there adds 0, which is known."""
    amounts, closed = (
        tuple(held[name].get((side, status), 0.0) for side in report.amounts) for name in ("amount", "closed")
    )
    signs = zip((-1.0, 1.0), report.amounts, strict=False)
    found = [
        sign * held["compared"][side, status] for sign, side in signs if (side, status) in held["compared"]
    ]
    return Line(status, rows, amounts, closed, _known_sum(found))


def _known_sum(values: Iterable[float]) -> float:
    """Add up what is known; NaN where nothing is, and 0 of no values."""
    given = list(values)
    known = [value for value in given if not math.isnan(value)]
    return math.nan if given and not known else sum(known)
