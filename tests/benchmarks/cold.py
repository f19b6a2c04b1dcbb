"""A cold look-up with no limit and no latency: what ttsframe costs beyond bare `requests`.

    python tests/benchmarks/cold.py [--orders 10000] [--rounds 3]

In turn, each in a fresh process, against one sandbox: `ttsframe.lookup` end to end with its cache;
`requests.Session` in a thread pool, signing and decoding but storing nothing, as one would write it by hand;
and `requests_cache.CachedSession` on SQLite in the same pool, over a share of the orders, since it is slow.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import requests
import requests_cache
from measuring import Section, machine, python, spread, verdict, wrong_rows
from support.sandbox_log import Audit
from support.sandbox_process import SandboxProcess

import ttsframe
from ttsframe import sandbox
from ttsframe.config import Credentials, Settings
from ttsframe.gateway.signing import sign

if TYPE_CHECKING:
    from collections.abc import Callable

POOLS = (16, 32)
ORDERS = 10_000
_CACHED_SHARE = 5
"""One in so many orders is enough for a CachedSession, whose rate is the same from the first second."""
_ASKING = re.compile(r"ttsframe-\d|ThreadPoolExecutor")


class Run(NamedTuple):
    """One run of one contender."""

    per_second: float
    cpu_microseconds: float
    """Of the client's process, a request."""
    workers: int
    """Threads that asked, at most."""
    connections: int
    """That the gateway saw."""


def by_hand(
    session: requests.Session, credentials: Credentials, base_url: str, ids: list[str], pool: int
) -> None:
    """Look up ids as a script would."""
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=pool)
    session.mount("http://", adapter)

    def ask(order_id: str) -> Any:
        path = f"/order/202406/orders/{order_id}/external_orders"
        query = {
            "platform": "SHOPIFY",
            "app_key": credentials.app_key,
            "shop_cipher": credentials.shop_cipher,
            "timestamp": str(int(time.time())),
        }
        query["sign"] = sign(credentials.app_secret, path, query)
        headers = {"x-tts-access-token": credentials.access_token, "content-type": "application/json"}
        reply = session.get(base_url + path, params=query, headers=headers, timeout=20)
        return reply.json()["code"]

    with ThreadPoolExecutor(pool) as workers:
        codes = list(workers.map(ask, ids))
    assert set(codes) <= {0, 21008111}, set(codes)


def bare(pool: int) -> Callable[..., None]:
    """Return the contender that stores nothing."""
    return lambda folder, *asked: by_hand(requests.Session(), *asked, pool)


def cached(pool: int) -> Callable[..., None]:
    """Return the contender that stores what it gets; stamp and signature are no part of the key."""

    def run(folder: Path, *asked: Any) -> None:
        ignored = ["timestamp", "sign"]
        path = str(folder / "loop.sqlite")
        with requests_cache.CachedSession(path, backend="sqlite", ignored_parameters=ignored) as session:
            by_hand(session, *asked, pool)

    return run


def ours(folder: Path, credentials: Credentials, base_url: str, ids: list[str]) -> pd.DataFrame:
    """Look up ids with ttsframe, end to end."""
    shop = ttsframe.Shop(credentials, Settings(base_url=base_url, cache=folder / "ttsframe.sqlite"))
    return ttsframe.lookup(ids, shop=shop, progress=False)


CONTENDERS: dict[str, Callable[..., Any]] = {
    "ttsframe": ours,
    **{f"requests, pool of {pool}": bare(pool) for pool in POOLS},
    **{f"CachedSession, pool of {pool}": cached(pool) for pool in POOLS},
}


class WorkersSeen(threading.Thread):
    """Looks now and then how many threads are asking."""

    def __init__(self) -> None:
        super().__init__(name="observer", daemon=True)
        self.most = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            asking = [one for one in threading.enumerate() if _ASKING.match(one.name)]
            self.most = max(self.most, len(asking))


def run_one(name: str, order: dict[str, Any]) -> tuple[float, float, int]:
    """Run a contender in this process; return seconds, seconds of its processor time, and its workers."""
    asked = (Credentials(**order["credentials"]), order["base_url"], order["ids"])
    seen = WorkersSeen()
    seen.start()
    began, began_cpu = time.perf_counter(), time.process_time()
    result = CONTENDERS[name](Path(order["folder"]), *asked)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    seen.ended.set()
    if isinstance(result, pd.DataFrame):
        result.to_pickle(Path(order["folder"]) / "frame.pickle")
    return seconds, cpu_seconds, seen.most


def run_apart(name: str, box: SandboxProcess, ids: list[str]) -> Run:
    """Run a contender in a process of its own, and check what ttsframe says."""
    with tempfile.TemporaryDirectory() as folder:
        keys = ("app_key", "app_secret", "access_token", "shop_cipher")
        credentials = {key: getattr(box.credentials, key) for key in keys}
        order = {"credentials": credentials, "base_url": box.base_url, "ids": ids, "folder": folder}
        before = len(box.log)
        command = python("cold.py", "--one", name)
        done = subprocess.run(command, input=json.dumps(order), check=True, capture_output=True, text=True)
        seconds, cpu_seconds, workers = json.loads(done.stdout)
        entries = Audit(box.log[before:])
        assert len(entries) == len(ids), "a request was sent twice"
        if name == "ttsframe":
            assert not wrong_rows(pd.read_pickle(Path(folder) / "frame.pickle"), box, ids)
        return Run(len(ids) / seconds, cpu_seconds / len(ids) * 1e6, workers, entries.connections)


def measure(orders: int, rounds: int) -> dict[str, list[Run]]:
    """Run everything in turn, round after round."""
    runs: dict[str, list[Run]] = {name: [] for name in CONTENDERS}
    with SandboxProcess(sandbox.Generated(count=orders)) as box:
        ids = list(box.orders["order_id"])
        for _ in range(rounds):
            for name, got in runs.items():
                got.append(run_apart(name, box, ids[::_CACHED_SHARE] if "Cached" in name else ids))
    return runs


def section(*, quick: bool = False, orders: int = ORDERS, rounds: int = 3) -> Section:
    """Measure, and make the table."""
    orders, rounds = (4000, 2) if quick else (orders, rounds)
    runs = measure(orders, rounds)
    rows = [_row(name, got, runs["ttsframe"]) for name, got in runs.items()]
    return Section(
        f"Cold: {orders:,} orders, no limit, no latency; a request is signed, answered and decoded",
        f"python tests/benchmarks/cold.py --orders {orders} --rounds {rounds}",
        ("", "requests/s", "processor µs a request", "workers", "connections", "ttsframe is", "asked", ""),
        rows,
    )


def _row(name: str, got: list[Run], own: list[Run]) -> tuple[str, ...]:
    figures = (
        spread([run.per_second for run in got], ".0f"),
        spread([run.cpu_microseconds for run in got], ".0f"),
        spread([run.workers for run in got], ".0f"),
        spread([run.connections for run in got], ".0f"),
    )
    if got is own:
        return (name, *figures, "", "", "")
    ratios = [run.per_second / other.per_second for run, other in zip(own, got, strict=True)]
    asked = 3.0 if "Cached" in name else 1.0
    met = verdict(met=statistics.median(ratios) >= asked)
    return (name, *figures, f"{spread(ratios)} ×", f"{asked} ×", met)


def main() -> int:
    """Print the table, or run one contender for the parent process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        json.dump(run_one(options.one, json.load(sys.stdin)), sys.stdout)
        return 0
    print(f"{machine()}\n")
    print(section(quick=options.quick, orders=options.orders, rounds=options.rounds).markdown())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
