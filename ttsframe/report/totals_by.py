"""The totals by day, by reason and by payout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ttsframe.columns import ONLY_SETTLEMENT, TOTALS_BY, conform, empty
from ttsframe.report.cells import FINEST_DECIMALS, days_of
from ttsframe.report.summary import SIDES
from ttsframe.text import one_line

if TYPE_CHECKING:
    from ttsframe.report.summary import ReportData

By = Literal["day", "reason", "payout"]


def all_totals(data: ReportData) -> dict[By, pd.DataFrame]:
    """Add up by all that the report knows: by day where there is a date, by payout with a settlement."""
    known: dict[By, bool] = {
        "day": bool(pd.notna(data.detail("day", pd.NaT)).any()),
        "reason": bool(data.orders["reason"].notna().any()),
        "payout": data.only_settlement is not None,
    }
    return {by: totals_by(data, by) for by, is_known in known.items() if is_known}


def totals_by(data: ReportData, by: By) -> pd.DataFrame:
    """Add up what counts in the totals, by `columns.TOTALS_BY` and currency."""
    rows = pd.concat(_payouts(data) if by == "payout" else _sides(data, by))
    sums = rows.groupby([by, "currency"], dropna=False).sum(min_count=1).round(FINEST_DECIMALS).reset_index()
    sums = sums.fillna({column.name: 0 for column in TOTALS_BY[by] if column.type == "count"})
    if by == "payout":
        sums = sums.fillna({"settled_counted": 0.0, "settled_other": 0.0})
    sums["currency"] = sums["currency"].replace("", None)
    if by == "reason":
        sums = sums.sort_values("rows", ascending=False, kind="stable", ignore_index=True)
    return conform({str(name): sums[name] for name in sums}, TOTALS_BY[by])


def _sides(data: ReportData, by: By) -> list[pd.DataFrame]:
    """Return the amounts of each side in its currency; an order that is absent adds 0."""
    key = days_of(data.detail("day", pd.NaT)) if by == "day" else _texts(data.orders["reason"])
    difference = data.orders["difference_counted"]
    rows: dict[str, Any] = {
        "rows": 1,
        "difference_counted": difference,
        "not_compared": difference.isna().astype("int64"),
    }
    tiktok, shopify = (
        pd.DataFrame(
            {
                by: key,
                "currency": data.currencies[side],
                column: data.orders[column].fillna(0.0).mask(data.missing_amount(side)),
            }
        )
        for side, column in SIDES.items()
    )
    # Each row counts once, in the currency of its TikTok order.
    return [tiktok.assign(**rows), shopify]


def _payouts(data: ReportData) -> list[pd.DataFrame]:
    """Return the payouts for orders of the report, and the others."""
    ours = data.orders[~data.orders.duplicated("order_id")].dropna(subset="settled_counted")
    others = data.listed_apart.get("only_settlement", empty(ONLY_SETTLEMENT))
    others = others.dropna(subset="settled_amount")
    parts = (
        (ours, {"rows": 1, "settled_counted": ours["settled_counted"]}),
        (others, {"other_rows": 1, "settled_other": others["settled_amount"]}),
    )
    return [
        pd.DataFrame(
            {
                "payout": days_of(frame["settled_at"]),
                "currency": _texts(frame["settled_currency"]).fillna(""),
                **amounts,
                "settled_total": list(amounts.values())[-1],
            }
        )
        for frame, amounts in parts
    ]


def _texts(values: pd.Series) -> pd.Series:
    """Return texts that any file can hold; what is missing stays so."""
    codes, words = pd.factorize(values.astype("object"))
    lines = np.array([*(one_line(str(word)) for word in words), None], dtype=object)
    return pd.Series(lines[codes], index=values.index)
