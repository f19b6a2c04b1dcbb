"""What `lookup(known=)` saves: the same orders looked up with it and without it, in one run.

Of 20,000 orders, 19,000 are named by a Shopify order's tag; of the others 800 are linked and 200 are not on
Shopify. The gateway answers 50 requests a second, each after 120 ms, and refuses more. Each look-up has a
gateway in a process of its own and begins with an empty cache and an unknown rate. `match` of both must give
the same frame, but for the columns that say which sources name a pair.

    python tests/benchmarks/known.py [--orders 20000]

Seven minutes, nearly all of them without `known=`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from measuring import Section, machine, verdict
from support.sandbox_process import SandboxProcess

import ttsframe as tts
from ttsframe.config import Settings

ORDERS = 20_000
RATE, LATENCY_SECONDS = 50, 0.120
_MARKED, _NOT_ON_SHOPIFY = 0.95, 0.01
_FIRST_ID, _STEP = 580_194_009_000_000_000, 7919
_FIRST_SHOPIFY_ID = 5_277_630_000_000
_SOURCES = ["matched_on", "evidence"]


class Frames(NamedTuple):
    """Both exports, and what the gateway knows."""

    tiktok: pd.DataFrame
    shopify: pd.DataFrame
    links: pd.DataFrame


class Run(NamedTuple):
    """One look-up: how long it took, how many requests the gateway got, and the match made of it."""

    seconds: float
    requests: int
    refs: pd.DataFrame
    match: tts.Match


def make(orders: int) -> Frames:
    """Make the frames; every tenth order differs by a unit of money."""
    numbers = pd.Series(range(orders))
    ids = (_FIRST_ID + numbers * _STEP).astype("str")
    # The unmarked are spread evenly over the file, and of these every fifth is not on Shopify.
    unmarked = numbers % round(1 / (1 - _MARKED)) == 0
    on_shopify = ~(unmarked & (numbers % round(1 / _NOT_ON_SHOPIFY) == 0))
    moments = pd.Timestamp("2026-10-01") + pd.to_timedelta(numbers, unit="min")
    tiktok = pd.DataFrame(
        {"order_id": ids, "created_at": moments, "paid_at": moments, "currency": "USD", "amount": 20.0}
    )
    shopify = pd.DataFrame(
        {
            "shopify_id": (_FIRST_SHOPIFY_ID + numbers).astype("str"),
            "name": "#" + (1001 + numbers).astype("str"),
            "created_at": moments.dt.tz_localize("UTC"),
            "currency": "USD",
            "total": 20.0 + (numbers % 10 == 0),
            "tiktok_order_id": ids.mask(unmarked),
            "tiktok_order_id_from": "tag",
            "tiktok_marks": ("tag:" + ids).mask(unmarked),
        }
    )
    links = pd.DataFrame({"order_id": ids, "external_order_id": shopify["shopify_id"].where(on_shopify)})
    return Frames(tiktok, shopify[on_shopify].reset_index(drop=True), links)


def run(frames: Frames, known: pd.DataFrame | None) -> Run:
    """Look everything up on a gateway that knows nothing of an earlier run, and match."""
    options = {"rate_per_second": RATE, "latency_seconds": LATENCY_SECONDS}
    with (
        tempfile.TemporaryDirectory() as folder,
        SandboxProcess(frames.links, **options) as box,
        tts.Shop(
            box.credentials, Settings(base_url=box.base_url, cache=Path(folder) / "answers.sqlite")
        ) as shop,
    ):
        began = time.perf_counter()
        refs = tts.lookup(frames.tiktok, shop=shop, known=known, progress=False)
        seconds = time.perf_counter() - began
        requests = len(box.log)
    return Run(seconds, requests, refs, tts.match(frames.tiktok, frames.shopify, refs))


def section(orders: int) -> Section:
    """Measure both, and hold the matches beside each other."""
    frames = make(orders)
    runs = {"with `known=`": run(frames, frames.shopify), "without": run(frames, None)}
    ours, every = runs.values()
    same = ours.match.orders.drop(columns=_SOURCES).equals(every.match.orders.drop(columns=_SOURCES))
    rows = [
        (
            name,
            f"{each.seconds:.1f}",
            f"{each.requests:,}",
            f"{int((each.refs['status'] == 'skipped').sum()):,}",
            ", ".join(f"{count:,} {status}" for status, count in each.match.counts.items() if count),
            verdict(met=same),
        )
        for name, each in runs.items()
    ]
    rows.append(
        (
            "ratio",
            f"{every.seconds / ours.seconds:.1f} ×",
            f"{every.requests / ours.requests:.1f} ×",
            "",
            "",
            "",
        )
    )
    return Section(
        f"Known: {orders:,} orders, 95 % named by Shopify, {RATE} requests a second, "
        f"{LATENCY_SECONDS * 1000:.0f} ms",
        f"python tests/benchmarks/known.py --orders {orders}",
        ("look-up", "seconds", "requests", "not asked", "match", "same frame"),
        rows,
    )


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=ORDERS)
    options = parser.parse_args()
    print(f"{machine()}\n", flush=True)
    measured = section(options.orders)
    print(measured.markdown())
    if any("missed" in cell for row in measured.rows for cell in row):
        sys.exit(1)


if __name__ == "__main__":
    main()
