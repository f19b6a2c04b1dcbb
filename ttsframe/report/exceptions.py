"""What needs review: by cause, with its age and with what to do."""

from __future__ import annotations

import math

import pandas as pd

from ttsframe.columns import EXCEPTIONS, MATCH_ADVICE, conform
from ttsframe.report import palette
from ttsframe.report.cells import FINEST_DECIMALS

RECONCILED = frozenset({"matched", "explained", "not_expected"})
"""Rows of every other status need review, in every rendering and in the exit code."""
AGES = {"days_0_7": 7, "days_8_30": 30, "days_31_60": 60, "days_over_60": math.inf}
"""The columns of ages, counted in days to the newest order of the files, each with its last one."""
OF_SEVERAL_ORDERS = ("duplicate", "conflict", "probable")
"""What to do about these is the same whatever else is seen of one of their orders."""
_RISK = "refunded_on_shopify"
"""Money that is booked back on Shopify, and that TikTok may not have paid back."""


def exceptions(
    status: pd.Series, reason: pd.Series, currency: pd.Series, difference: pd.Series, age_days: pd.Series
) -> pd.DataFrame:
    """Gather the rows that have a status by it, reason and currency, as `columns.EXCEPTIONS`."""
    rows = pd.DataFrame(
        {
            "status": status,
            "reason": reason.astype("object").fillna(""),
            "currency": currency,
            "difference": difference.astype("float64"),
            "rows": 1,
        }
    )
    ages = pd.cut(age_days.astype("float64"), [-math.inf, *AGES.values()], labels=list(AGES))
    rows = rows.join(pd.get_dummies(ages, dtype="int64")).dropna(subset="status")
    groups = rows.groupby(["status", "reason", "currency"], sort=False)
    table = groups[["rows", *AGES]].sum()
    table["difference"] = groups["difference"].sum(min_count=1).round(FINEST_DECIMALS)
    table = table.reset_index()
    table["advice"] = [advice(*of) for of in zip(table["status"], table["reason"], strict=True)]
    table["no_risk"] = [_RISK not in reason_words(words) for words in table["reason"]]
    table["size"] = table["difference"].abs().fillna(0.0)
    table = table.sort_values(["no_risk", "size", "rows"], ascending=[True, False, False], kind="stable")
    blank = {"reason": table["reason"].replace("", None), "currency": table["currency"].replace("", None)}
    table = table.assign(**blank).reset_index(drop=True)
    return conform({str(name): table[name] for name in table}, EXCEPTIONS)


def advice(status: str, reason: str | None) -> str:
    """Say what to do about a row, by the first of its reasons that tells it, or else by its status."""
    if status in RECONCILED:
        return ""
    if status in OF_SEVERAL_ORDERS:
        return MATCH_ADVICE[status]
    told = (MATCH_ADVICE[word] for word in reason_words(reason) if word in MATCH_ADVICE)
    return next(told, MATCH_ADVICE[status])


def reason_label(reason: str | None) -> str:
    """Put a column's reasons in words; blank where there is none."""
    return ", ".join(map(palette.label, reason_words(reason)))


def reason_words(reason: str | None) -> list[str]:
    """Take a column's reasons apart: causes are joined by `; `, components by ` + `."""
    return [word for cause in (reason or "").split("; ") for word in cause.split(" + ") if word]
