"""`match` against a bare `pandas.merge` of the same ids, side by side in one run.

    python tests/benchmarks/match_speed.py [ROWS ...] [--runs N]

Prints medians in seconds and, for each case, how many bare merges it takes.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time

import numpy as np
import pandas as pd

from ttsframe.columns import AMOUNT_COMPONENTS, TEXT_DTYPE, TIKTOK_ORDER_ID_SOURCES
from ttsframe.matching import match

SIZES = (100_000, 1_000_000)
CASES = ("marks", "components", "all marks", "references", "references by name", "references and marks")


def main(argv: list[str] | None = None) -> int:
    """Print a line a size and case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", type=int, default=SIZES)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(argv)
    print(f"pandas {pd.__version__}, {TEXT_DTYPE} columns, medians of {options.runs} runs")
    print(f"{'rows':>9}  {'case':<22} {'merge s':>8} {'match s':>8} {'ratio':>6} {'summary s':>10}")
    for rows in options.rows:
        for case in CASES:
            print(f"{rows:>9,}  {case:<22} {_line(rows, case, options.runs)}", flush=True)
    return 0


def _line(rows: int, case: str, runs: int) -> str:
    tiktok, shopify, refs = _frames(rows)
    if case == "components":
        tiktok, shopify = _with_components(tiktok, shopify)
    refs, shopify = _dressed(case, shopify, refs)
    left, right = tiktok[["order_id"]], shopify_ids(tiktok)
    merges, matches = [], []
    for _ in range(runs):
        merges.append(_seconds(lambda: left.merge(right, on="order_id")))
        matches.append(_seconds(lambda: match(tiktok, shopify, refs)))
    result = match(tiktok, shopify, refs)
    assert result.counts[["matched", "explained"]].sum() == rows, result.counts
    summary = _seconds(lambda: result.summary)
    merge, matched = statistics.median(merges), statistics.median(matches)
    return f"{merge:8.3f} {matched:8.3f} {matched / merge:6.2f} {summary:10.3f}"


def shopify_ids(tiktok: pd.DataFrame) -> pd.DataFrame:
    """Return the same ids in another order, as a Shopify file would hold them."""
    return tiktok[["order_id"]].sample(frac=1, random_state=1).reset_index(drop=True)


def _frames(rows: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(7)
    spread = random.permutation(rows)
    created = pd.Timestamp("2026-11-01") + pd.to_timedelta(
        np.sort(random.integers(0, 2_000_000, rows)), unit="s"
    )
    amount = random.integers(500, 20_000, rows) / 100
    ids = _text(576_000_000_000_000_000 + spread.astype(np.int64) * 997)
    numbers = np.arange(rows)
    tiktok = pd.DataFrame(
        {
            "order_id": ids,
            "status": _text(np.where(numbers % 7 == 0, "Shipped", "Completed")),
            "cancelled": False,
            "created_at": created,
            "paid_at": created,
            "currency": _text(np.full(rows, "USD")),
            "amount": amount,
            "refunded": 0.0,
        }
    )
    shopify = pd.DataFrame(
        {
            "shopify_id": _text(5_277_000_000_000 + numbers * 13),
            "name": _text(np.char.add("#", (1000 + numbers).astype(str))),
            "created_at": created.tz_localize("UTC") + pd.Timedelta(minutes=1),
            "cancelled": False,
            "currency": _text(np.full(rows, "USD")),
            "total": amount,
            "refunded": 0.0,
            "financial_status": _text(np.full(rows, "paid")),
            "source": _text(np.full(rows, "tiktok")),
            "tiktok_order_id": ids,
            "tiktok_order_id_from": pd.Categorical.from_codes(numbers % 4, list(TIKTOK_ORDER_ID_SOURCES)),
        }
    ).sample(frac=1, random_state=1).reset_index(drop=True)  # fmt: skip
    refs = pd.DataFrame({"order_id": ids, "platform": "SHOPIFY", "status": pd.Categorical(["linked"] * rows)})
    refs["platform"] = refs["platform"].astype(TEXT_DTYPE)
    return tiktok, shopify, refs


def _with_components(tiktok: pd.DataFrame, shopify: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give every order all components; three of ten totals differ by one to three of them."""
    random = np.random.default_rng(11)
    names = list(AMOUNT_COMPONENTS)
    # Every sum of up to three of these is another one.
    cents = {name: 3**place * random.integers(1, 2, len(tiktok)) for place, name in enumerate(names)}
    tiktok = tiktok.assign(**{name: amounts / 100 for name, amounts in cents.items()})
    added = np.zeros(len(tiktok), dtype=np.int64)
    for share, name in zip((0.3, 0.2, 0.1), ("platform_discount", "taxes", "shipping_fee"), strict=True):
        part = np.arange(len(tiktok)) % 10 < share * 10
        added += np.where(part, (1 if name == "platform_discount" else -1) * cents[name], 0)
    at = shopify["tiktok_order_id"].map(pd.Series(added / 100, index=tiktok["order_id"]))
    return tiktok, shopify.assign(total=shopify["total"] + at, taxes=0.0, shipping=0.0, discount=0.0)


def _dressed(
    case: str, shopify: pd.DataFrame, refs: pd.DataFrame
) -> tuple[pd.DataFrame | None, pd.DataFrame]:
    """Leave in the frames what the case is about."""
    at = shopify.set_index("tiktok_order_id")
    column = "name" if case == "references by name" else "shopify_id"
    refs = refs.assign(external_order_id=at[column].reindex(refs["order_id"]).to_numpy())
    refs["external_order_id"] = refs["external_order_id"].astype(TEXT_DTYPE)
    if case == "all marks":
        marks = "tag:" + shopify["tiktok_order_id"] + "; note:" + shopify["tiktok_order_id"]
        return None, shopify.assign(tiktok_marks=marks.astype(TEXT_DTYPE))
    if case in ("marks", "components"):
        return None, shopify
    if case == "references and marks":
        return refs, shopify
    return refs, shopify.drop(columns=["tiktok_order_id", "tiktok_order_id_from"])


def _text(values: np.ndarray) -> pd.Series:
    return pd.Series(values.astype(str), dtype=object).astype(TEXT_DTYPE)


def _seconds(action: object) -> float:
    gc.collect()
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
