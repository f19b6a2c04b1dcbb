"""One order explained: both sides beside each other, the arithmetic of the difference, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from ttsframe import money
from ttsframe.columns import Column
from ttsframe.report import palette
from ttsframe.report.cells import UNKNOWN, amount_text, as_text, side_currency
from ttsframe.report.exceptions import advice, reason_words
from ttsframe.report.html import render
from ttsframe.report.wording import BESIDE, MEANINGS
from ttsframe.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ttsframe.report.summary import ReportData


@dataclass(frozen=True)
class RowExplained:
    """One row of the result, in words."""

    status: str
    meaning: str
    sides: tuple[tuple[str, str, str], ...]
    """Label, TikTok, Shopify."""
    named_by: str
    """Which sources name the pair, and what contradicts them; empty for none."""
    sums: tuple[tuple[str, str], ...]
    """The arithmetic from TikTok's amount to Shopify's total: words and amount; empty where they agree."""
    causes: tuple[tuple[str, str], ...]
    """Each reason, and what it means."""
    advice: str
    """What to do; empty where nothing needs review."""


@dataclass(frozen=True, repr=False)
class OrderExplained:
    """All rows of one order, in words; shown in a notebook as a table, printed as text."""

    name: str
    rows: tuple[RowExplained, ...]

    def __repr__(self) -> str:
        return "\n\n".join([self.name, *("\n".join(_lines(row)) for row in self.rows)])

    def _repr_html_(self) -> str:
        return render("order.html", order=self)


def explain_order(data: ReportData, name: str, rows: pd.DataFrame) -> OrderExplained:
    """Put rows of the result in words."""
    return OrderExplained(
        name, tuple(_explained(data, index, row) for index, row in rows.astype("object").iterrows())
    )


def _explained(data: ReportData, index: Any, row: pd.Series) -> RowExplained:  # noqa: ANN401 - any label
    row = row.where(row.notna(), None)
    status, evidence, reason = str(row["status"]), row["evidence"], row["reason"]
    return RowExplained(
        status=palette.label(status),
        meaning=data.statuses[status],
        sides=tuple(
            (label, _text(row, left, "TikTok"), _text(row, right, "Shopify")) for label, left, right in BESIDE
        ),
        named_by=one_line(evidence or ""),
        sums=tuple(_sums(data, index, row)),
        causes=tuple((palette.label(word), MEANINGS.get(word, "")) for word in reason_words(reason)),
        advice=advice(status, reason),
    )


def _text(row: pd.Series, column: str | None, side: str) -> str:
    """Write one cell; blank where that side has no order, `n/a` where it does not tell."""
    if column is None or row["order_id" if side == "TikTok" else "shopify_name"] is None:
        return ""
    value = row[column]
    if column.endswith(("_amount", "_total", "_refunded", "_counted")):
        currency = side_currency(row["currency"] or "", side)
        return UNKNOWN if value is None else f"{amount_text(value, currency)} {currency}".rstrip()
    if value is None:
        return UNKNOWN
    if column.endswith("_at"):
        (moment,) = as_text(pd.Series([value]), Column(column, "time", ""))
        return moment.replace("T", " ").replace("Z", " UTC")
    return one_line(str(value))


def _sums(data: ReportData, index: Any, row: pd.Series) -> Iterable[tuple[str, str]]:  # noqa: ANN401
    """Lead from TikTok's amount to Shopify's total."""
    if not row["difference"]:  # none, unknown, or between currencies
        return
    currency = side_currency(row["currency"] or "", "TikTok")
    digits = money.decimals(currency)
    rest = round(row["difference"], digits)
    yield "TikTok amount", amount_text(row["tiktok_amount"], currency)
    for name, part in data.explained_by(pd.Index([index])).get(index, ()):
        rest = round(rest - part, digits)
        yield palette.label(name), f"{part:+,.{digits}f}"
    if rest:
        yield "Not explained", f"{rest:+,.{digits}f}"
    yield "Shopify total", amount_text(row["shopify_total"], currency)


def _lines(row: RowExplained) -> list[str]:
    """Write one row as text, in blocks with a blank line between them."""
    causes = [f"Cause: {name}" + (f" ({text})" if text else "") for name, text in row.causes]
    blocks = [
        [f"{row.status}: {row.meaning}"],
        aligned([("", "TikTok", "Shopify"), *row.sides], "<<<"),
        aligned(row.sums, "<>"),
        [f"Named by: {row.named_by}"] if row.named_by else [],
        causes,
        [f"What to do: {row.advice}"] if row.advice else [],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block).splitlines()


def aligned(table: Sequence[tuple[str, ...]], sides: str) -> list[str]:
    """Lay out rows of texts in columns, each to the left (`<`) or to the right (`>`)."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        cells = [f"{text:{side}{width}}" for text, side, width in zip(row, sides, widths, strict=True)]
        lines.append(f"  {'  '.join(cells)}".rstrip())
    return lines
