"""What the benchmarks share: tables in Markdown, the machine, a sandbox's truth, fresh interpreters."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from ttsframe import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttsframe.sandbox import Sandbox

HERE = Path(__file__).parent


class Section(NamedTuple):
    """A benchmark's figures: what was run, and a table."""

    title: str
    command: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def markdown(self) -> str:
        """Return title, command and table."""
        lines = [self.header, tuple("---" for _ in self.header), *self.rows]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        return f"### {self.title}\n\n`{self.command}`\n\n{table}\n"


def machine() -> str:
    """Say when and on what this runs."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M} UTC; {platform.machine()}, {os.cpu_count()} cores{load}; "
        f"{platform.system()}, Python {platform.python_version()}, pandas {pd.__version__}, "
        f"ttsframe {__version__}"
    )


def verdict(*, met: bool) -> str:
    """Return how a figure stands to its target."""
    return "met" if met else "**missed**"


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """Return the median, with the least and the most where there are several."""
    middle = format(statistics.median(values), form)
    return middle if len(values) == 1 else f"{middle} ({min(values):{form}}–{max(values):{form}})"


def seconds_of(command: Sequence[str]) -> float:
    """Time a program, from its start to its end."""
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def python(script: str, *arguments: str) -> list[str]:
    """Return the command that runs one of these scripts with this interpreter."""
    return [sys.executable, str(HERE / script), *arguments]


def wrong_rows(frame: pd.DataFrame, box: Sandbox, asked: Sequence[str]) -> int:
    """Count the orders whose rows are not what the sandbox's table says, lost and invented ones too."""
    kinds = box.orders.set_index("order_id")["kind"].reindex(list(asked))
    links = box.links
    links = links[(links["platform"] == "SHOPIFY") & links["order_id"].isin(kinds.index)]
    expected = {(order_id, _status(kind), None) for order_id, kind in kinds.items() if kind != "linked"}
    on_shopify = set(zip(links["order_id"], links["external_order_id"], strict=True))
    expected |= {(order_id, "linked", external) for order_id, external in on_shopify}
    linked_elsewhere = set(kinds[kinds == "linked"].index) - set(links["order_id"])
    expected |= {(order_id, "unlinked", None) for order_id in linked_elsewhere}
    externals = frame["external_order_id"].astype(object).where(frame["external_order_id"].notna(), None)
    got = Counter(zip(frame["order_id"], frame["status"].astype(str), externals, strict=True))
    doubled = {row[0] for row, count in got.items() if count > 1}
    return len({row[0] for row in set(got) ^ expected} | doubled)


def _status(kind: str) -> str:
    return {"refused": "invalid"}.get(kind, kind)
