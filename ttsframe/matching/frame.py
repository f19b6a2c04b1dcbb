"""The classified rows → the frame that the caller gets, and what the report needs besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ttsframe.columns import CUT_OFF, MATCH_ORDERS, MATCH_SOURCES, conform
from ttsframe.matching import keys
from ttsframe.matching.classify import STATUS_CODES
from ttsframe.matching.evidence import evidence_of
from ttsframe.matching.inputs import Source
from ttsframe.money import to_major_units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttsframe.matching.align import Aligned, Period, Side
    from ttsframe.matching.classify import Verdicts


def to_frame(rows: Aligned, verdicts: Verdicts) -> pd.DataFrame:
    """Write the rows out as `columns.MATCH_ORDERS`, with `columns.MATCH_SETTLEMENT` where there is one.

    Rows outside the period are written, too; `inside` leaves them out.
    """
    tiktok, shopify = rows.tiktok, rows.shopify
    data = {
        "order_id": tiktok.ids,
        "shopify_id": shopify.ids,
        "shopify_name": rows.shopify_names,
        "status": _category(verdicts.status, STATUS_CODES),
        "matched_on": _matched_on(rows, verdicts),
        "evidence": evidence_of(rows, verdicts),
        "tiktok_amount": to_major_units(tiktok.amount, tiktok.digits),
        "shopify_total": to_major_units(shopify.amount, shopify.digits),
        "difference": to_major_units(rows.difference, tiktok.digits),
        "currency": rows.currency,
        "tiktok_status": tiktok.status,
        "financial_status": shopify.status,
        "reason": verdicts.reason,
        "tiktok_created_at": tiktok.created_at,
        "tiktok_paid_at": rows.paid_at,
        "shopify_created_at": shopify.created_at,
        "days_apart": _days_apart(tiktok, shopify),
        "tiktok_counted": to_major_units(tiktok.counted, tiktok.digits),
        "shopify_counted": to_major_units(shopify.counted, shopify.digits),
        "difference_counted": to_major_units(rows.difference_counted, tiktok.digits),
        "tiktok_refunded": to_major_units(tiktok.refund, tiktok.digits),
        "shopify_refunded": to_major_units(shopify.refund, shopify.digits),
    }
    orders = conform(data, MATCH_ORDERS)
    return orders if rows.settled is None else pd.concat([orders, rows.settled], axis=1)


def _days_apart(tiktok: Side, shopify: Side) -> pd.Series:
    days = (shopify.created.astype("datetime64[D]") - tiktok.created.astype("datetime64[D]")).astype("int64")
    unknown = np.isnat(shopify.created) | np.isnat(tiktok.created)
    return pd.Series(pd.arrays.IntegerArray(days, unknown))


def details_of(rows: Aligned) -> pd.DataFrame:
    """Return what the report needs of each row besides the frame: `report.ReportData.details`."""
    day = pd.Series(rows.created).dt.normalize()
    data: dict[str, Any] = {"day": day, "age_days": (day.max() - day).dt.days.astype("float64")}
    for name, side in (("tiktok", rows.tiktok), ("shopify", rows.shopify)):
        excluded = np.where(side.excluded & side.first, side.amount, 0.0)
        data[f"{name}_excluded"] = to_major_units(excluded, side.digits)
        data[f"{name}_missing"] = side.without_amount
    if rows.request_ids is not None:
        data["request_id"] = rows.request_ids
    return pd.DataFrame(data, copy=False)


def inside(rows: Aligned, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out the rows outside the period, and number the others anew."""
    return frame if rows.inside.all() else frame[rows.inside].reset_index(drop=True)


def cut_off(rows: Aligned, orders: pd.DataFrame, period: Period) -> pd.DataFrame:
    """List the pairs of which one order was created in the period and the other was not."""
    within = [
        (side.created >= period[0]) & (side.created < period[1]) for side in (rows.tiktok, rows.shopify)
    ]
    dated = ~np.isnat(rows.tiktok.created) & ~np.isnat(rows.shopify.created)
    crossing = np.flatnonzero(rows.both & dated & (within[0] != within[1]))
    data = orders.iloc[crossing].assign(reported=rows.inside[crossing]).reset_index(drop=True)
    return conform({str(name): data[name] for name in data}, CUT_OFF)


def components_of(rows: Aligned) -> pd.DataFrame:
    """Return what each component would add to TikTok's amount, for the rows whose amounts differ."""
    digits = rows.tiktok.digits[rows.apart]
    amounts = {name: to_major_units(units, digits) for name, units in rows.components.items()}
    index = np.cumsum(rows.inside) - 1  # as `inside` numbers the rows
    return pd.DataFrame(amounts, index=pd.Index(index[rows.apart]))[rows.inside[rows.apart]]


def _matched_on(rows: Aligned, verdicts: Verdicts) -> Any:  # noqa: ANN401 - as `_category`
    """Name the strongest source of each pair; missing where there is no pair in it."""
    strongest = [(kind & -kind).bit_length() - 1 for kind in range(sum(Source) + 1)]
    codes = np.array(strongest, dtype=np.int8)[rows.sources]
    codes[verdicts.status == STATUS_CODES["only_shopify"]] = keys.MISSING
    return _category(codes, MATCH_SOURCES)


def _category(codes: np.ndarray, words: Iterable[str]) -> Any:  # noqa: ANN401 - the stubs and pandas do not agree
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(words)))
