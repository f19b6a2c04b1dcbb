"""Discrete-event simulation of the adaptive rate against gateways that limit in every usual way.

    python tests/benchmarks/rate_simulation.py [--only KIND] [--each] [--seeds 100-104]

prints how far each target is reached, in under a minute:

- a limit that stays: five kinds of gateway, twelve rates from 5 to 200 a second, latencies of 20 to 300 ms,
  a minute each; a bucket of one request only up to 20 a second, above which threads wake too late for one;
- a limit that moves, 50 to 20 to 80 a second, every 10 or 20 s: the same gateways and latencies;
- refusals at random, of 2 to 40 %, with and without a limit;
- no limit: what the climb costs, and how many workers there are.

Each figure is the median over the seeds, but the worst where there is no limit. No thread, socket or sleep is
involved. The workers behave as the session's threads do: one at a time stands at the turnstile and asks the
rate, sleeps a little too long now and then, and is gone for the latency of a request.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import random
import re
import statistics
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from ttsframe.ratelimit import AdaptiveRate, RequestOutcome

RATES = (5, 7, 10, 14, 20, 28, 50, 70, 100, 140, 170, 200)
LATENCIES_SECONDS = (0.02, 0.12, 0.3)
MOVING = ((0.0, 50.0), (1.0, 20.0), (2.0, 80.0))
"""Moment (in steps) and limit."""

Limit = Callable[[float], float]


class Gateway(Protocol):
    """Says of each request, at the moment of its arrival, whether it is let in."""

    def admits(self, now: float) -> bool:
        """Decide, and count the request if it is let in."""


class Bucket:
    """A token bucket, full at first, that holds `capacity` or a share of the limit (at least one)."""

    def __init__(self, limit: Limit, *, share: float = 0.0, least: float = 1.0) -> None:
        self._limit, self._share, self._least = limit, share, least
        self._tokens, self._at = max(least, share * limit(0.0)), 0.0

    def admits(self, now: float) -> bool:
        rate = self._limit(now)
        self._tokens = min(max(self._least, self._share * rate), self._tokens + (now - self._at) * rate)
        self._at = now
        if self._tokens < 1 - 1e-9:
            return False
        self._tokens -= 1
        return True


class SlidingWindow:
    """At most the limit in any second that ends now."""

    def __init__(self, limit: Limit) -> None:
        self._limit, self._let_in = limit, deque[float]()

    def admits(self, now: float) -> bool:
        while self._let_in and self._let_in[0] <= now - 1:
            self._let_in.popleft()
        if len(self._let_in) >= self._limit(now):
            return False
        self._let_in.append(now)
        return True


class FixedWindow:
    """At most the limit in each second of the gateway's own clock."""

    def __init__(self, limit: Limit, *, offset: float = 0.37) -> None:
        self._limit, self._offset = limit, offset
        self._second, self._count = -1, 0

    def admits(self, now: float) -> bool:
        second = int(now + self._offset)
        if second != self._second:
            self._second, self._count = second, 0
        if self._count >= self._limit(now):
            return False
        self._count += 1
        return True


GATEWAYS: dict[str, Callable[[Limit], Gateway]] = {
    "bucket 1": Bucket,
    "bucket R/10": lambda limit: Bucket(limit, share=0.1, least=2.0),
    "bucket R": lambda limit: Bucket(limit, share=1.0),
    "sliding 1 s": SlidingWindow,
    "fixed 1 s": FixedWindow,
}


@dataclass
class Run:
    """What became of the requests: for each, the moment its answer came."""

    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    most_workers: int = 0
    rates: list[tuple[float, float]] = field(default_factory=list)

    def share_of(self, limit: float, until: float) -> float:
        """Return the answers that came until then, against what the limit allowed."""
        return sum(at <= until for at in self.accepted) / (limit * until)

    def refused_until(self, until: float) -> tuple[int, float]:
        """Return how many were refused until then, and their share of all."""
        refused = sum(at <= until for at in self.refused)
        return refused, refused / max(1, refused + sum(at <= until for at in self.accepted))


class Simulation:
    """Workers, the rate between them, and one gateway."""

    def __init__(
        self,
        adaptive: AdaptiveRate,
        gateway: Gateway | None,
        *,
        latency_seconds: float = 0.1,
        jitter: float = 0.0,
        forth: float = 0.0,
        cpu_seconds: float = 0.0003,
        late_seconds: float = 0.0003,
        hiccup_share: float = 0.01,
        retry_after_seconds: float | None = None,
        error_share: float = 0.0,
        refused_at_random: float = 0.0,
        first_only: bool = False,
        seed: int = 0,
    ) -> None:
        self.adaptive, self._gateway = adaptive, gateway
        self.latency_seconds, self._jitter, self._forth = latency_seconds, jitter, forth
        self._cpu_seconds, self._late, self._hiccups = cpu_seconds, late_seconds, hiccup_share
        self._retry_after, self._errors = retry_after_seconds, error_share
        self._refused_at_random, self._first_only, self._retries = refused_at_random, first_only, 0
        self._random = random.Random(seed)
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()
        self._idle, self._busy, self._asking, self._cpu_free_at = 0, 0, False, 0.0
        self.now, self.left, self.run = 0.0, float("inf"), Run()

    def go(self, *, until: float = float("inf"), requests: float = float("inf")) -> Run:
        """Let the workers run until a moment, or until so many requests are answered."""
        self.left = requests
        self._hire()
        while self._events and self._events[0][0] <= until:
            self.now, _, event = heapq.heappop(self._events)
            event(self.now)
        return self.run

    def _at(self, moment: float, event: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), event))

    def _hire(self) -> None:
        self._idle = max(0, self.adaptive.workers - self._busy)
        self.run.most_workers = max(self.run.most_workers, self._idle + self._busy)
        if not self._asking and self._idle and self.left > 0:
            self._asking = True
            self._at(self.now, self._ask)

    def _ask(self, now: float) -> None:
        delay = self.adaptive.wait(now)
        if delay > 0:
            late = self._random.expovariate(1 / self._late) if self._late else 0.0
            late += 0.005 if self._random.random() < self._hiccups else 0.0
            self._at(now + delay + late, self._ask)
            return
        self._asking = False
        self._busy += 1
        self.left -= 1
        self._cpu_free_at = max(now, self._cpu_free_at) + self._cpu_seconds
        latency = self.latency_seconds * (1 + self._jitter * self._random.uniform(-1, 1))
        leaves = self._cpu_free_at
        self._at(leaves + latency * self._forth, lambda at: self._arrive(at, now, leaves + latency))
        self._hire()

    def _arrive(self, now: float, sent_at: float, answer_at: float) -> None:
        self.run.sent.append(now)
        if self._random.random() < self._errors:
            reply = RequestOutcome(sent_at, "error")
        elif self._refuses_at_random():
            reply = RequestOutcome(sent_at, "refused")
        elif self._gateway is None or self._gateway.admits(now):
            reply = RequestOutcome(sent_at, "accepted")
        else:
            reply = RequestOutcome(sent_at, "refused", self._retry_after)
        self._at(answer_at, lambda at: self._answer(at, reply))

    def _refuses_at_random(self) -> bool:
        """Refuse a share of the requests whatever the rate; of an order's first only, if so wished."""
        if self._retries:
            self._retries -= 1
            return False
        refused = self._refused_at_random > 0 and self._random.random() < self._refused_at_random
        self._retries += refused and self._first_only
        return refused

    def _answer(self, now: float, reply: RequestOutcome) -> None:
        getattr(self.run, reply.kind).append(now)
        self.left += reply.kind != "accepted"
        self.adaptive.observe(reply, now)
        self.run.rates.append((now, self.adaptive.rate_per_second))
        self._busy -= 1
        self._hire()


def steady(rate: float) -> Limit:
    """Return a limit that stays."""
    return lambda _now: rate


def moving(step_seconds: float) -> Limit:
    """Return the limit that goes 50 → 20 → 80, a step each."""

    def limit(now: float) -> float:
        return [value for step, value in MOVING if now >= step * step_seconds][-1]

    return limit


@dataclass(frozen=True)
class Figure:
    """One figure of a run and its target; `sign` 1: at least the target, -1: at most."""

    name: str
    value: float
    target: float
    sign: int = 1

    @property
    def missed(self) -> float:
        """How far the figure is from its target, as a share of it; 0 if it is met."""
        return max(0.0, self.sign * (self.target - self.value) / self.target)


Scenario = Callable[[argparse.Namespace, int], list[Figure]]


def steady_scenario(gateway: str, rate: float, latency_seconds: float) -> Scenario:
    """Return a minute against a limit that stays."""

    def run(options: argparse.Namespace, seed: int) -> list[Figure]:
        ran = simulation(gateway, steady(rate), latency_seconds, options, seed).go(until=60)
        return [
            Figure("20 s", ran.share_of(rate, 20), 0.92),
            Figure("minute", ran.share_of(rate, 60), 0.97),
            refused_figure("refused 20 s", ran, 20),
            refused_figure("refused minute", ran, 60),
        ]

    return run


def refused_figure(name: str, run: Run, until: float) -> Figure:
    """Return the refused against 3 % of the requests and ten more."""
    refused, share = run.refused_until(until)
    return Figure(name, refused / (0.03 * refused / share + 10) if refused else 0.0, 1.0, -1)


def moving_scenario(gateway: str, step_seconds: float, latency_seconds: float) -> Scenario:
    """Return a run against the limit that moves 50 → 20 → 80."""

    def run(options: argparse.Namespace, seed: int) -> list[Figure]:
        until = 3 * step_seconds
        ran = simulation(gateway, moving(step_seconds), latency_seconds, options, seed).go(until=until)
        return [
            Figure("of allowed", len(ran.accepted) / (50 * until), 0.80),
            Figure("refused share", ran.refused_until(until)[1], 0.05, -1),
        ]

    return run


def noise_scenario(share: float, rate: float | None, latency_seconds: float, *, first_only: bool) -> Scenario:
    """Return 60 orders where requests are refused at random, 12 s at 5 a second: ten runs for each seed."""

    def run(options: argparse.Namespace, seed: int) -> list[Figure]:
        del options
        took = [
            Simulation(
                AdaptiveRate(),
                GATEWAYS["bucket R/10"](steady(rate)) if rate else None,
                latency_seconds=latency_seconds,
                refused_at_random=share,
                first_only=first_only,
                seed=10 * seed + n,
            )
            .go(requests=60)
            .accepted[-1]
            for n in range(10)
        ]
        return [
            Figure("60 orders, s", statistics.median(took), 24.0, -1),
            Figure("slowest of 10", max(took), 24.0, -1),
        ]

    return run


def noisy_minute(share: float, latency_seconds: float) -> Scenario:
    """Return a minute against a limit of 50 that also refuses at random."""

    def run(options: argparse.Namespace, seed: int) -> list[Figure]:
        del options
        gateway = GATEWAYS["bucket R/10"](steady(50))
        ran = Simulation(
            AdaptiveRate(), gateway, latency_seconds=latency_seconds, refused_at_random=share, seed=seed
        ).go(until=60)
        # No target of the design: at a fifth of the limit the run goes on well enough.
        return [
            Figure("minute", ran.share_of(50, 60), 0.2),
            Figure("refused share", ran.refused_until(60)[1], share + 0.05, -1),
        ]

    return run


def scenarios() -> dict[str, list[tuple[str, Scenario]]]:
    """Return every scenario under its kind; a bucket of one only where limits are low."""
    kinds: dict[str, list[tuple[str, Scenario]]] = {
        name: [
            (f"R={rate} L={latency}", steady_scenario(name, rate, latency))
            for rate, latency in itertools.product(RATES, LATENCIES_SECONDS)
            if name != "bucket 1" or rate <= 20
        ]
        for name in GATEWAYS
    }
    for name in GATEWAYS:
        kinds[f"moving, {name}"] = [
            (f"step={step:g} L={latency}", moving_scenario(name, step, latency))
            for step, latency in itertools.product((10.0, 20.0), LATENCIES_SECONDS)
        ]
    for share in (0.1, 0.4):
        kinds[f"noise {share:.0%}"] = [
            (
                f"{'first' if first_only else 'all'} limit={rate} L={latency}",
                noise_scenario(share, rate, latency, first_only=first_only),
            )
            for first_only, rate, latency in itertools.product((True, False), (50, None), LATENCIES_SECONDS)
        ]
    kinds["noise under 50"] = [
        (f"{share:.0%} L={latency}", noisy_minute(share, latency))
        for share, latency in itertools.product((0.02, 0.1), LATENCIES_SECONDS)
    ]
    return kinds


def simulation(
    name: str, limit: Limit, latency_seconds: float, options: argparse.Namespace, seed: int
) -> Simulation:
    """Set up one run."""
    return Simulation(
        AdaptiveRate(),
        GATEWAYS[name](limit),
        latency_seconds=latency_seconds,
        jitter=options.jitter,
        forth=options.forth,
        retry_after_seconds=options.retry_after,
        seed=seed,
    )


def measure(scenario: Scenario, options: argparse.Namespace) -> list[Figure]:
    """Return the median of each figure over the seeds."""
    runs = [scenario(options, seed) for seed in options.seeds]
    return [
        replace(each[0], value=statistics.median(figure.value for figure in each))
        for each in zip(*runs)  # noqa: B905
    ]


def show(options: argparse.Namespace) -> None:
    """Print a line for each kind and figure: cases that miss, mean, worst, and the sum of what is missed."""
    print(f"{'kind':20} {'figure':15} missed    mean   worst  target   gap")
    cases, missed_cases, gap = 0, 0, 0.0
    for kind, members in scenarios().items():
        if not re.search(options.only, kind):
            continue
        measured = {name: measure(scenario, options) for name, scenario in members}
        cases += len(measured)
        missed_cases += sum(any(figure.missed for figure in figures) for figures in measured.values())
        for figures in zip(*measured.values()):  # noqa: B905
            first, values = figures[0], [figure.value for figure in figures]
            short = sum(figure.missed for figure in figures)
            gap += short
            print(
                f"{kind:20} {first.name:15} "
                f"{sum(figure.missed > 0 for figure in figures):3}/{len(figures):<3}"
                f"{statistics.mean(values):7.3f} {(min if first.sign > 0 else max)(values):7.3f}"
                f"{first.target:8.2f} {short:5.2f}",
                flush=True,
            )
        for name, figures in measured.items() if options.each else ():
            print(
                f"    {name:25}",
                *(f"{figure.value:.3f}{'*' if figure.missed else ' '}" for figure in figures),
            )
    print(f"{missed_cases} of {cases} cases miss a target; gap {gap:.2f}")


def show_unlimited(options: argparse.Namespace) -> None:
    """Print what the climb costs where nothing is limited but our own machine."""
    runs = [
        Simulation(AdaptiveRate(), None, latency_seconds=0.0005, cpu_seconds=1 / 1200, seed=seed).go(
            requests=5000
        )
        for seed in options.seeds
    ]
    took = max(run.accepted[-1] for run in runs)
    print(f"no limit, a processor for 1200/s: 5000 in {took:.2f} s, {5000 / 1200 / took:.0%} of it,", end=" ")
    print(f"at most {max(run.most_workers for run in runs)} workers")
    run = Simulation(AdaptiveRate(), None, latency_seconds=0.0005, cpu_seconds=1 / 5000).go(until=2)
    print(f"no limit: 1500/s after {next(at for at, rate in run.rates if rate > 1500):.2f} s")
    run = Simulation(AdaptiveRate(), None, refused_at_random=0.9).go(until=120)
    print(f"90 % refused at random: at least {min(rate for _, rate in run.rates):.2f} a second")


def main() -> int:
    """Print the scoreboard."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=seeds, default=range(100, 105), metavar="FIRST-LAST")
    parser.add_argument("--only", default="", help="kinds that match this expression")
    parser.add_argument("--each", action="store_true", help="print each case, its misses marked")
    parser.add_argument("--jitter", type=float, default=0.0, help="share of the latency, e.g. 0.3")
    parser.add_argument("--forth", type=float, default=0.0, help="share of the latency before the gateway")
    parser.add_argument("--retry-after", type=float, default=None, help="seconds told with each refusal")
    options = parser.parse_args()
    show(options)
    show_unlimited(options)
    return 0


def seeds(text: str) -> range:
    """Return the seeds that the option names."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    raise SystemExit(main())
