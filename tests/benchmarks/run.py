"""Run the benchmarks and print their tables, ready for Markdown.

    python tests/benchmarks/run.py [--quick] [--only rate,known,cold,warm,ids,match,import]

About 25 minutes, or four with ``--quick``. Everything is compared side by side in the same
run; what the machine does besides shows in the spread.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
import time
from typing import TYPE_CHECKING

import cold
import ids
import imports
import known
import match_speed
import rate_live
import warm_reads
from measuring import Section, machine, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_MOST_GROWTH, _MOST_SECONDS, _MOST_GIGABYTES, _LEAST_RATIO = 11, 12, 1.5, 80
_MOST_MERGES = 4


def rate(*, quick: bool) -> Iterator[Section]:
    """Measure `lookup` against limits."""
    return rate_live.sections(quick=quick, rounds=2)


def known_orders(*, quick: bool) -> list[Section]:
    """Measure what `known=` saves."""
    return [known.section(1000 if quick else known.ORDERS)]


def cold_look_up(*, quick: bool) -> list[Section]:
    """Measure `lookup` with nothing in its way."""
    return [cold.section(quick=quick)]


def warm(*, quick: bool) -> list[Section]:
    """Measure `lookup` of what is stored."""
    counts, rounds = ((10_000, 100_000), 1) if quick else (warm_reads.COUNTS, 3)
    rows, before = [], None
    for count in counts:
        measured = warm_reads.measure(count, rounds)
        rows.append(_warm_row(count, measured, before))
        before = measured.seconds
    command = f"--counts {' '.join(map(str, counts))} --rounds {rounds}"
    return [
        Section(
            "Warm: stored ids to a frame, and a loop over `CachedSession` (sampled)",
            f"python tests/benchmarks/warm_reads.py {command}",
            (
                "ids",
                "seconds",
                "µs an id",
                "loop s",
                "ratio",
                "loop, bare addresses",
                "growth",
                "peak GB",
                "",
            ),
            rows,
        )
    ]


def _warm_row(count: int, measured: warm_reads.Measured, before: float | None) -> tuple[str, ...]:
    seconds, ratio = measured.seconds, measured.loop_seconds / measured.seconds
    growth = seconds / before if before else None
    met = ratio >= _LEAST_RATIO
    if count >= warm_reads.COUNTS[-1]:
        met = met and seconds <= _MOST_SECONDS and measured.peak_gigabytes <= _MOST_GIGABYTES
        met = met and (growth is None or growth <= _MOST_GROWTH)
    return (
        f"{count:,}",
        f"{seconds:.2f}",
        f"{seconds / count * 1e6:.1f}",
        f"{measured.loop_seconds:.0f}",
        f"{ratio:.0f} ×",
        f"{measured.bare_loop_seconds / seconds:.0f} ×",
        "" if growth is None else f"{growth:.1f} ×",
        f"{measured.peak_gigabytes:.2f}",
        verdict(met=met),
    )


def order_ids(*, quick: bool) -> list[Section]:
    """Measure the cleaning of ids."""
    return [ids.section(quick=quick)]


def match(*, quick: bool) -> list[Section]:
    """Measure `match` against a bare merge: the table of `match_speed`, with the verdict added."""
    arguments = ["100000", "--runs", "3"] if quick else ["--runs", "3"]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        match_speed.main(arguments)
    header, *lines = (re.split(r"\s{2,}", line.strip()) for line in printed.getvalue().splitlines()[1:])
    rows, before = [], {}
    for rows_given, case, merge, matched, ratio, summary in lines:
        growth = f"{float(matched) / before[case]:.1f} ×" if case in before else ""
        before[case] = float(matched)
        asked = rows_given == f"{match_speed.SIZES[-1]:,}"
        met = verdict(met=float(ratio) <= _MOST_MERGES) if asked else ""
        rows.append((rows_given, case, merge, matched, f"{ratio} ×", growth, summary, met))
    header[5:] = ["growth", *header[5:], ""]
    command = f"python tests/benchmarks/match_speed.py {' '.join(arguments)}"
    title = f"Match: against a bare `pandas.merge` of the same ids; at most {_MOST_MERGES} × of a million"
    return [Section(title, command, tuple(header), rows)]


def imported(*, quick: bool) -> list[Section]:
    """Measure the import."""
    return [imports.section(rounds=7 if quick else 11)]


BENCHMARKS: dict[str, Callable[..., Iterable[Section]]] = {
    "rate": rate,
    "known": known_orders,
    "cold": cold_look_up,
    "warm": warm,
    "ids": order_ids,
    "match": match,
    "import": imported,
}


def run(names: list[str], *, quick: bool) -> Iterator[tuple[Section, float]]:
    """Run benchmarks; yield each table as it is there, and the seconds since the last."""
    began = time.perf_counter()
    for name in names:
        for section in BENCHMARKS[name](quick=quick):
            yield section, time.perf_counter() - began
            began = time.perf_counter()


def main() -> int:
    """Print date, machine and tables; 1 if any figure misses its target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer cases and rounds")
    parser.add_argument("--only", default=",".join(BENCHMARKS), help="some of %(default)s")
    options = parser.parse_args()
    names = options.only.split(",")
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    print(machine(), flush=True)
    missed = 0
    for section, seconds in run(names, quick=options.quick):
        print(f"\n{section.markdown()}\n{seconds:.0f} s", flush=True)
        missed += sum(row[-1] == verdict(met=False) for row in section.rows)
    print(f"\n{missed} figures missed their target." if missed else "\nEvery figure met its target.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
