"""What the kinds of the fuzzer share: the frame of a `Match` against the oracle, and odd values."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
from fuzz import oracle


class Wrong(AssertionError):  # noqa: N818
    """A result that is not right; the words before the first colon name the defect."""


ODD_TEXTS = [
    "", " ", "-", "/", "n/a", "nan", "NaN", "None", "null", "<NA>", "\t", "\n", "\0", "\x1b[31m", "\ufeff",
    "٣٤٥٦٧٨٩", "²³⁴", "５８０１９４", "๕๘๐๑", "5.80194E+17", "5,80194E+17", "5.8e17", "+580194009000000101",
    "-580194009000000101", "580194009000000101.0", "580194009000000101.5", "=1+1", "=cmd|' /C calc'!A0",
    '="580194009000000101"', "'580194009000000101", "0x10", "1_000", "1e5", "1" * 21, "9" * 5000,
    "gid://shopify/Order/5277", "gid://shopify/Order/", "GID://SHOPIFY/ORDER/5277000000001?x=1", "#", "##1",
    "# 1 0 0 1", "\ud800", "é" * 300, "tag:", "tag:5801; note:", "; ", "|", "a|b; tag:580194009000000101",
    "İ", "ß", "10000-01-01", "0000-00-00", "2024-02-30", "2026-11-10T12:00:00+99:99", "12:00", "USD/EUR",
    "<script>", "TikTokOrderID:580194009000000101", "inf", "-inf", "1e400", "1.", ".1", "1,5", "1.000,00",
]  # fmt: skip
ODD_VALUES = [
    None, np.nan, pd.NA, pd.NaT, np.datetime64("NaT"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"),
    Decimal("-Infinity"), Decimal("1E+400"), Decimal(580194009000000101), Decimal("1.005"), 10**5000,
    -(10**4400), 10**18 + 1, 2**63, 2**64, 2**64 + 1, -1, 0, True, False, 1.5, -0.0, 1e300, 5e-324, math.inf,
    -math.inf, 580194009000000101, 580194009000000101.0, np.float32(1.5), np.float16(2), np.int8(3),
    np.uint64(2**64 - 1), np.bool_(True), np.str_("580194009000000101"), b"580194009000000101", bytearray(b"5"),
    dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31), dt.date(2026, 11, 10), dt.time(12), dt.timedelta(days=1),
    dt.datetime(2026, 11, 10, tzinfo=dt.UTC), pd.Timestamp("2026-11-10", tz="Asia/Tokyo"), pd.Timedelta("1h"),
    pd.Period("2026-11", "M"), pd.Interval(0, 1), 1j, Fraction(1, 3), [], [1], ["580194009000000101"], {},
    {"a": 1}, (), (1, 2), {1}, frozenset(), range(3), object(), int, np.array([1, 2]), pd.Series([1, 2]),
]  # fmt: skip


def odd(rng):
    """Any value at all."""
    return rng.choice(ODD_TEXTS) if rng.random() < 0.5 else rng.choice(ODD_VALUES)


def none_if_missing(value):
    return None if value is None or value is pd.NA or value is pd.NaT or value != value else value  # noqa: PLR0124


def compare_with_oracle(result, expected):
    """Raise `Wrong` where the frame of a `Match` is not what the oracle says."""
    got = Counter()
    reasons = {}
    columns = ["order_id", "shopify_id", "status", "difference", "currency", "reason", "evidence"]
    for values in result.orders[columns].astype("object").itertuples(index=False, name=None):
        order_id, shopify_id, status, difference, currency, reason, evidence = map(none_if_missing, values)
        # Of a lone order the evidence tells what says less than its reason.
        also = (evidence or "").rpartition("also ")
        if difference is not None:
            digits = oracle.digits_of(currency)
            difference = Decimal(round(difference * 10**digits)).scaleb(-digits)
        key = order_id, shopify_id, status, difference
        got[key] += 1
        reasons.setdefault(key, []).append(
            {*(reason or "").split("; "), *(also[2].split(", ") if also[1] else ())}
        )
    want = Counter(row[:4] for row in expected)
    if got != want:
        raise Wrong(f"match differs from the oracle: got {list(got - want)[:3]}, want {list(want - got)[:3]}")
    for row in expected:
        if not any(row.reasons <= named for named in reasons[row[:4]]):
            raise Wrong(f"match gives another reason: {row} has {reasons[row[:4]]}")


def check_any_result(result, order_ids):
    """What holds of a result whatever went in."""
    orders = result.orders
    if orders["status"].isna().any():
        raise Wrong("match leaves a status out")
    missing = set(order_ids) - set(orders["order_id"].dropna())
    if missing:
        raise Wrong(f"match drops an order: {sorted(missing)[:3]}")
    for name in ("tiktok_amount", "shopify_total", "difference", "tiktok_counted", "shopify_counted"):
        if np.isinf(orders[name].to_numpy(dtype=float)).any():
            raise Wrong(f"match gives an infinite {name}")


def snapshot(frame):
    """What must not change in a caller's frame."""
    if not isinstance(frame, pd.DataFrame):
        return None
    values = tuple(tuple(map(id, column)) for column in (frame.iloc[:, n].array for n in range(frame.shape[1]))
                   if column.dtype == object)  # fmt: skip
    return frame.shape, list(map(str, frame.dtypes)), list(map(str, frame.columns)), frame.index, values
