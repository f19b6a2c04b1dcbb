"""How fast cached answers become a frame: `ttsframe.lookup` of ids that are all cached.

Beside it, in turn, a loop of `requests_cache.CachedSession.get` over cached answers (sampled, from a
small file, its signature given for nothing): a script without ttsframe, which must send signed requests
and therefore leaves the changing parameters out of its keys. The same loop over bare addresses, without
parameters and headers, stands in the column "bare". Every round of ours runs in a process of its own,
so that its peak memory is its own.

    python tests/benchmarks/warm_reads.py [--counts 10000 100000 1000000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import requests_cache
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

import ttsframe
from ttsframe import cache
from ttsframe.cache import codec, database
from ttsframe.config import Credentials, Settings
from ttsframe.references.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

COUNTS = (10_000, 100_000, 1_000_000)
SAMPLED = 500
_ROWS_AT_ONCE = 50_000
_FIRST_ID, _STEP = 580_194_009_000_000_000, 7919
_KEEP_SECONDS = 86400
_CREDENTIALS = Credentials("key", "", "", "cipher")


class Round(NamedTuple):
    """One round: seconds for all the ids, and the peak memory of the process."""

    seconds: float
    peak_gigabytes: float


def order_ids(count: int) -> list[str]:
    """Return distinct ids as TikTok gives them: nearly in order, far apart."""
    return [str(_FIRST_ID + place * _STEP) for place in range(count)]


def content(order_id: str) -> dict[str, object]:
    """Return the answer about an order that is linked."""
    return {
        "code": 0,
        "data": {"external_orders": [{"id": f"7{order_id[-12:]}", "platform": "SHOPIFY"}]},
        "message": "Success",
        "request_id": f"20261123{order_id}",
    }


def shop(folder: Path) -> Shop:
    """Return a shop whose cache is in `folder`."""
    return Shop(_CREDENTIALS, Settings(cache=folder / "ttsframe.sqlite"))


def fill(folder: Path, count: int) -> int:
    """Cache `count` answers; return the size of the file in bytes."""
    path, name = shop(folder).settings.cache_file, shop(folder).name
    database.open_for_writing(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    ids = order_ids(count)
    for start in range(0, count, _ROWS_AT_ONCE):
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO responses VALUES (?, ?, ?)", _rows(ids[start : start + _ROWS_AT_ONCE], name)
        )
        connection.execute("COMMIT")
    connection.close()
    return path.stat().st_size


def _rows(ids: list[str], name: str) -> Iterator[tuple[str, str, int]]:
    now = time.time()
    settings = Settings()
    for order_id in ids:
        url = f"{settings.base_url}/order/202406/orders/{order_id}/external_orders?platform=SHOPIFY"
        stored = cache.CachedResponse(url, 200, content(order_id), now)
        value = codec.encode(stored, expires_at=now + _KEEP_SECONDS)
        yield cache.key(settings.host, name, "SHOPIFY", order_id), value, int(now) + _KEEP_SECONDS


def look_up(folder: Path, count: int) -> Round:
    """Time one look-up in this process."""
    ids = order_ids(count)
    began = time.perf_counter()
    frame = ttsframe.lookup(ids, offline=True, shop=shop(folder), progress=False)
    seconds = time.perf_counter() - began
    if len(frame) != count or not (frame["status"] == "linked").all() or not frame["from_cache"].all():
        sys.exit("the frame is wrong")
    return Round(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)


def look_up_apart(folder: Path, count: int) -> Round:
    """Time one look-up in a process of its own."""
    command = [sys.executable, __file__, "--one", str(folder), "--counts", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Round(*json.loads(done.stdout))


class _Answers(BaseAdapter):
    """Answers every request without a network, so that a CachedSession can be filled."""

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        body = json.dumps(content((request.url or "").split("/")[-2])).encode()
        headers = {"Content-Type": "application/json"}
        raw = HTTPResponse(io.BytesIO(body), headers, 200, preload_content=False, request_url=request.url)
        return HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """Nothing is open."""


def cached_session(folder: Path, count: int, *, signed: bool) -> float:
    """Return the seconds that `count` reads by CachedSession take, from a sample of them."""
    session = requests_cache.CachedSession(
        str(folder / "loop.sqlite"),
        ignored_parameters=["sign", "timestamp", "app_key", "shop_cipher"] if signed else None,
    )
    session.mount("https://", _Answers())
    urls = [f"https://gateway.example/orders/{order_id}/external_orders" for order_id in order_ids(SAMPLED)]
    for url in urls:
        _get(session, url, signed=signed)
    began = time.perf_counter()
    for url in urls:
        if not _get(session, url, signed=signed)["data"]:
            sys.exit("the loop is wrong")
    seconds = time.perf_counter() - began
    session.close()
    return seconds / SAMPLED * count


def _get(session: requests_cache.CachedSession, url: str, *, signed: bool) -> dict[str, object]:
    parameters, headers = {"platform": "SHOPIFY"}, {}
    if signed:
        stamp = str(time.time_ns())
        parameters |= {"app_key": "key", "shop_cipher": "cipher" * 8, "timestamp": stamp, "sign": stamp * 3}
        headers = {"x-tts-access-token": "token" * 20, "content-type": "application/json"}
    answer: dict[str, object] = session.get(url, params=parameters, headers=headers).json()
    return answer


class Measured(NamedTuple):
    """Medians of several rounds."""

    seconds: float
    loop_seconds: float
    bare_loop_seconds: float
    peak_gigabytes: float
    file_bytes: int


def measure(count: int, rounds: int) -> Measured:
    """Measure both sides in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = fill(folder, count)
        ours, loops, bare_loops = [], [], []
        for _ in range(rounds):
            ours.append(look_up_apart(folder, count))
            loops.append(cached_session(folder, count, signed=True))
            bare_loops.append(cached_session(folder, count, signed=False))
    return Measured(
        statistics.median(round_.seconds for round_ in ours),
        statistics.median(loops),
        statistics.median(bare_loops),
        statistics.median(round_.peak_gigabytes for round_ in ours),
        size,
    )


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=list(COUNTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(look_up(options.one, options.counts[0])))
        return
    print("      ids   seconds   µs/id  × CachedSession  × bare  growth  peak GB  file MB")
    before = None
    for count in options.counts:
        seconds, loop, bare, peak, size = measure(count, options.rounds)
        growth = f"{seconds / before:.1f}" if before else "–"
        print(
            f"{count:>9,}  {seconds:>8.2f}  {seconds / count * 1e6:>6.1f}  {loop / seconds:>15.0f}  "
            f"{bare / seconds:>6.0f}  {growth:>6}  {peak:>7.2f}  {size / 1e6:.0f}",
            flush=True,
        )
        before = seconds


if __name__ == "__main__":
    main()
