"""The adaptive rate as users get it: `ttsframe.lookup` over real HTTP against the sandbox's real limit.

    python tests/benchmarks/rate_live.py [--quick] [--rounds 3]
    python tests/benchmarks/rate_live.py --draw docs/images/rate.png

Each case is a process with a sandbox (a process too) that limits by a token bucket and answers after the
latency. Cases that need little of the machine run beside each other, those at 200 a second alone.
Figures: answers that had come by then, counted from the call of `lookup`, against rate × seconds; refused
requests; and rows that differ from the sandbox's table, which must be none.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import plot_rate
from measuring import Section, machine, python, spread, verdict, wrong_rows
from support.sandbox_process import SandboxProcess

import ttsframe
from ttsframe import sandbox
from ttsframe.config import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

RATES = (5, 10, 50, 200)
LATENCIES_SECONDS = (0.02, 0.12, 0.3)
MOST_IN_FLIGHT = 60
FIRST_SECONDS = 20
MINUTE_SECONDS = 60
IDLE_SECONDS = 5
_BUSY_PER_SECOND = 250
"""Requests a second that cases may make together, so as not to measure this machine."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A limit, a latency, and for how long."""

    rate: float
    latency_seconds: float
    seconds: float = FIRST_SECONDS
    jitter_seconds: float = 0.0
    retry_after: str = "none"
    burst: float | None = None
    schedule: tuple[tuple[float, float], ...] = ()
    idle_seconds: float = 0.0

    @property
    def allowed(self) -> float:
        """How many requests the limit allows in all."""
        ends = [after for after, _ in self.schedule[1:]] + [self.seconds]
        parts = zip(self.schedule or ((0.0, self.rate),), ends, strict=True)
        return sum(rate * (end - after) for (after, rate), end in parts)

    def limit(self, seconds: float) -> float:
        """Return the rate that is allowed at a moment."""
        return [rate for after, rate in self.schedule or ((0.0, self.rate),) if seconds >= after][-1]

    @property
    def busiest(self) -> float:
        """The greatest rate."""
        return max([self.rate, *(rate for _, rate in self.schedule)])

    @property
    def asked(self) -> float:
        """The share to reach over the first 20 seconds."""
        return 0.80 if self.schedule else 0.92

    @property
    def most_refused(self) -> float:
        """How many may be refused in 20 seconds; of a moving limit, in all."""
        return 0.05 * self.allowed if self.schedule else 0.03 * FIRST_SECONDS * self.rate + 10


@dataclass(frozen=True)
class Result:
    """What came of a case."""

    first: float
    """Share of the limit used over the first 20 seconds; of a moving limit, over all."""
    minute: float | None
    refused: int
    refused_share: float
    refused_minute_share: float | None
    wrong: int
    again: float | None = None
    """Share of the limit used in the first second of a second call, after an idle spell."""


def run_case(case: Case, *, when_ready: Callable[[], None]) -> tuple[Result, list[plot_rate.Sample]]:
    """Run one case in this process; return its figures, and its rates second by second."""
    orders = sandbox.Generated(count=round(1.02 * case.allowed + case.rate))
    with tempfile.TemporaryDirectory() as folder, _sandbox(case, orders) as box:
        cache = Path(folder) / "ttsframe.sqlite"
        shop = ttsframe.Shop(box.credentials, Settings(base_url=box.base_url, cache=cache))
        ids = list(box.orders["order_id"])
        second = ids[round(case.allowed) :] if case.idle_seconds else []
        asked = ids[: len(ids) - len(second)]
        when_ready()
        began = time.time()
        frame = ttsframe.lookup(asked, shop=shop, progress=False)
        wrong, again = wrong_rows(frame, box, asked), None
        if second:
            time.sleep(case.idle_seconds)
            again_began = time.time()
            frame = ttsframe.lookup(second, shop=shop, progress=False)
            wrong += wrong_rows(frame, box, second)
            again = _count(box.log, "good", case, again_began, 1.0) / case.rate
        log = box.log
        return _result(case, log, began, wrong, again), _samples(case, log, began)


def _tell_parent() -> None:
    """Say that all is loaded and serving, and wait for the word to go."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def _samples(case: Case, log: list[sandbox.Entry], began: float) -> list[plot_rate.Sample]:
    counts: Counter[tuple[str, int]] = Counter()
    for entry in log:
        counts[entry.outcome, math.floor(entry.time + case.latency_seconds - began)] += 1
    return [
        plot_rate.Sample(
            second + 0.5, case.limit(second), counts["good", second], counts["throttled", second]
        )
        for second in range(round(case.seconds))
    ]


def _sandbox(case: Case, orders: sandbox.Generated) -> SandboxProcess:
    return SandboxProcess(
        orders,
        rate_per_second=case.rate,
        rate_schedule=case.schedule,
        burst=case.burst,
        latency_seconds=case.latency_seconds,
        jitter_seconds=case.jitter_seconds,
        retry_after=case.retry_after,
    )


def _count(log: Iterable[sandbox.Entry], outcome: str, case: Case, began: float, seconds: float) -> int:
    """Count what had been answered so many seconds after the call."""
    until = began + seconds - case.latency_seconds - case.jitter_seconds / 2
    return sum(entry.outcome == outcome and began <= entry.time <= until for entry in log)


def _result(case: Case, log: list[sandbox.Entry], began: float, wrong: int, again: float | None) -> Result:
    first = case.seconds if case.schedule else FIRST_SECONDS
    good, refused = (_count(log, outcome, case, began, first) for outcome in ("good", "throttled"))
    minute = refused_minute_share = None
    if case.seconds >= MINUTE_SECONDS and not case.schedule:
        good_minute, refused_minute = (
            _count(log, outcome, case, began, MINUTE_SECONDS) for outcome in ("good", "throttled")
        )
        minute = good_minute / (MINUTE_SECONDS * case.rate)
        refused_minute_share = refused_minute / (good_minute + refused_minute)
    allowed = case.allowed if case.schedule else case.rate * first
    shares = refused / max(1, good + refused)
    return Result(good / allowed, minute, refused, shares, refused_minute_share, wrong, again)


def run_together(cases: Sequence[Case]) -> list[Result]:
    """Run cases beside each other, a process each; they begin when all are ready."""
    children = [
        subprocess.Popen(
            python("rate_live.py", "--case", json.dumps(asdict(case))),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for case in cases
    ]
    try:
        for child in children:
            child.stdout.readline()
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        outputs = [child.communicate()[0] for child in children]
    finally:
        for child in children:
            child.kill()
    if any(child.returncode for child in children):
        sys.exit("a case failed, see above")
    return [Result(**json.loads(output)) for output in outputs]


def run_all(cases: Sequence[Case]) -> list[Result]:
    """Run cases, as many beside each other as the machine bears."""
    results: dict[Case, Result] = {}
    for together in _batches(cases):
        results |= dict(zip(together, run_together(together), strict=True))
    return [results[case] for case in cases]


def _batches(cases: Sequence[Case]) -> list[list[Case]]:
    batches: list[list[Case]] = []
    for case in sorted(cases, key=lambda case: (case.seconds, case.busiest)):
        last = batches[-1] if batches else []
        busy = sum(other.busiest for other in last) + case.busiest
        if last and last[0].seconds == case.seconds and busy <= _BUSY_PER_SECOND:
            last.append(case)
        else:
            batches.append([case])
    return batches


def steady_cases(*, quick: bool) -> list[Case]:
    """Return every rate and latency that 60 requests in flight can serve."""
    latencies = (0.12,) if quick else LATENCIES_SECONDS
    return [
        Case(rate=rate, latency_seconds=latency)
        for rate in RATES
        for latency in latencies
        if rate * latency <= MOST_IN_FLIGHT
    ]


def other_cases(*, quick: bool) -> dict[str, Case]:
    """Return the gateways that differ from the plain one, by what differs."""
    step = 10 if quick else 20
    moving = ((0.0, 50.0), (step, 20.0), (2 * step, 80.0))
    plain = {"rate": 50.0, "latency_seconds": 0.12}
    moves = {
        f"limit 50 → 20 → 80, {step} s each, L = {latency * 1000:.0f} ms": Case(
            rate=50, latency_seconds=latency, seconds=3.0 * step, schedule=moving
        )
        for latency in ((0.12,) if quick else (0.02, 0.12, 0.3))
    }
    idle = {f"second call after {IDLE_SECONDS} s idle": Case(**plain, seconds=10, idle_seconds=IDLE_SECONDS)}
    if quick:
        return moves | idle
    return {
        **moves,
        "jitter of 0–120 ms": Case(**plain, jitter_seconds=0.12),
        "Retry-After: 1 with each refusal": Case(**plain, retry_after="seconds"),
        "Retry-After as a date": Case(**plain, retry_after="date"),
        "burst of 2": Case(**plain, burst=2),
        "burst of one second": Case(**plain, burst=50),
        **idle,
    }


def steady(*, quick: bool, rounds: int) -> Section:
    """Measure steady limits: the first 20 seconds in each round, and a minute once."""
    cases = steady_cases(quick=quick)
    longer = [] if quick else [Case(**{**asdict(case), "seconds": MINUTE_SECONDS}) for case in cases]
    runs = [run_all(cases) for _ in range(rounds - bool(longer))]
    minutes = run_all(longer) if longer else [None] * len(cases)
    rows = []
    for place, (case, minute) in enumerate(zip(cases, minutes, strict=True)):
        results = [run[place] for run in runs] + ([minute] if minute else [])
        rows.append(_steady_row(case, results, minute))
    return Section(
        "The rate: answers against rate × seconds",
        f"python tests/benchmarks/rate_live.py --rounds {rounds}{' --quick' * quick}",
        (
            "limit /s",
            "latency",
            "first 20 s",
            "asked",
            "a minute",
            "refused in 20 s",
            "of a minute's",
            "wrong",
            "",
        ),
        rows,
    )


def _steady_row(case: Case, results: list[Result], minute: Result | None) -> tuple[str, ...]:
    first = [result.first for result in results]
    refused = [result.refused for result in results]
    wrong = sum(result.wrong for result in results)
    met = (
        statistics.median(first) >= case.asked
        and statistics.median(refused) <= case.most_refused
        and (minute is None or (minute.minute or 0) >= 0.97)
        and not wrong
    )
    return (
        f"{case.rate:g}",
        f"{case.latency_seconds * 1000:.0f} ms",
        spread(first),
        f"{case.asked}",
        "" if minute is None else f"{minute.minute:.3f}",
        spread(refused, ".0f"),
        "" if minute is None else f"{minute.refused_minute_share:.1%}",
        str(wrong),
        verdict(met=met),
    )


def others(*, quick: bool) -> Section:
    """Measure the gateways that differ: each once."""
    cases = other_cases(quick=quick)
    rows = []
    for (name, case), result in zip(cases.items(), run_all(list(cases.values())), strict=True):
        share = result.again if result.again is not None else result.first
        asked = 0.8 if case.idle_seconds else case.asked
        met = share >= asked and result.refused <= case.most_refused and not result.wrong
        figures = (f"{share:.2f}", f"{asked}", f"{result.refused} ({result.refused_share:.1%})")
        rows.append((name, *figures, str(result.wrong), verdict(met=met)))
    return Section(
        "The rate: other gateways (50 a second, 120 ms unless told)",
        "python tests/benchmarks/rate_live.py" + " --quick" * quick,
        ("gateway", "of what was allowed", "asked", "refused", "wrong", ""),
        rows,
    )


def sections(*, quick: bool = False, rounds: int = 3) -> Iterator[Section]:
    """Measure all; each table comes when it is there."""
    yield steady(quick=quick, rounds=1 if quick else rounds)
    yield others(quick=quick)


def draw(path: str) -> None:
    """Draw one real run against a limit that moves."""
    case = next(
        case for case in other_cases(quick=False).values() if case.schedule and case.latency_seconds > 0.1
    )
    result, seconds = run_case(case, when_ready=lambda: None)
    assert not result.wrong
    title = (
        f"{result.first:.0%} of what a moving limit allows, {result.refused_share:.1%} of requests refused "
        f"(one run, latency {case.latency_seconds * 1000:.0f} ms)"
    )
    plot_rate.draw(seconds, path, title=title)


def main() -> int:
    """Print the tables, or run one case for the parent process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--draw", metavar="PATH.png", help="draw a minute against a limit that moves")
    parser.add_argument("--case", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        schedule = tuple(map(tuple, options.case.pop("schedule")))
        result, _ = run_case(Case(**options.case, schedule=schedule), when_ready=_tell_parent)
        sys.stdout.write(json.dumps(asdict(result)))
        return 0
    if options.draw:
        draw(options.draw)
        return 0
    print(machine())
    for section in sections(quick=options.quick, rounds=options.rounds):
        print(f"\n{section.markdown()}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
