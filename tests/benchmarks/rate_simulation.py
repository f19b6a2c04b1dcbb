"""Discrete-event simulation of the adaptive rate against gateways that limit in every usual way.

Run ``python tests/benchmarks/rate_simulation.py`` for a table; no thread, socket or sleep is involved, so
minutes of traffic take seconds. The workers behave as the session's threads do: one at a time stands at the
turnstile and asks the rate, sleeps a little too long now and then, and is gone for the latency of a request.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import random
import statistics
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ttsframe.ratelimit import AdaptiveRate, RequestOutcome

RATES = (5, 10, 20, 50, 100, 200)
LATENCIES_SECONDS = (0.02, 0.12, 0.3, 0.5)
MOST_IN_FLIGHT = 60
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
        self._latency, self._jitter, self._forth = latency_seconds, jitter, forth
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
        latency = self._latency * (1 + self._jitter * self._random.uniform(-1, 1))
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
class Case:
    """A gateway, a limit and a latency, measured over seeds."""

    gateway: str
    rate: float
    latency_seconds: float

    @property
    def asked(self) -> float:
        """The share of the limit to reach over the first 20 seconds."""
        if self.latency_seconds >= 0.5:
            return 0.88
        return 0.9 if self.adaptive >= 200 else 0.93

    @property
    def most_refused(self) -> float:
        """Ten or 2 % of 20 seconds' requests, whichever is more; twenty where a try is slowest to tell."""
        return 20 if (self.adaptive, self.latency_seconds) == (5, 0.5) else max(10, 0.02 * 20 * self.adaptive)


def cases() -> list[Case]:
    """Return every combination that 128 workers can serve; a bucket of one only where limits are low."""
    return [
        Case(name, rate, latency)
        for name, rate, latency in itertools.product(GATEWAYS, RATES, LATENCIES_SECONDS)
        if rate * latency <= MOST_IN_FLIGHT and (name != "bucket 1" or rate <= 20)
    ]


def run_case(case: Case, options: argparse.Namespace) -> list[Run]:
    """Simulate a minute for each seed."""
    return [
        simulation(case.gateway, steady(case.rate), case.latency_seconds, options, seed).go(until=60)
        for seed in range(options.seeds)
    ]


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


def show_steady(options: argparse.Namespace) -> None:
    """Print a line for each case: median and least share, median and most refused."""
    print(
        "gateway         R      L   20 s: median  least   60 s: median  least   refused in 20 s: median  most"
    )
    for case in cases():
        runs = run_case(case, options)
        first = [run.share_of(case.rate, 20) for run in runs]
        minute = [run.share_of(case.rate, 60) for run in runs]
        refused = [run.refused_until(20)[0] for run in runs]
        missed = [
            *(["20 s"] if statistics.median(first) < case.asked else []),
            *(["60 s"] if statistics.median(minute) < 0.97 else []),
            *(["refused"] if statistics.median(refused) > case.most_refused else []),
        ]
        print(
            f"{case.gateway:12} {case.rate:4} {case.latency_seconds:6.2f}"
            f"{statistics.median(first):15.3f} {min(first):6.3f}"
            f"{statistics.median(minute):15.3f} {min(minute):6.3f}"
            f"{statistics.median(refused):26.0f} {max(refused):5}   {missed or ''}"
        )


def show_moving(options: argparse.Namespace) -> None:
    """Print a line for each run against the limit that moves 50 → 20 → 80."""
    print("\ngateway      step      L   of allowed: median  least   refused: median   most")
    for name, step, latency in itertools.product(GATEWAYS, (10.0, 20.0), (0.02, 0.12, 0.3)):
        runs = [
            simulation(name, moving(step), latency, options, seed).go(until=3 * step)
            for seed in range(options.seeds)
        ]
        shares = [len(run.accepted) / (150 * step) for run in runs]
        refused = [run.refused_until(3 * step)[1] for run in runs]
        print(
            f"{name:12} {step:4.0f} {latency:6.2f}{statistics.median(shares):21.3f} {min(shares):6.3f}"
            f"{statistics.median(refused):18.3f} {max(refused):6.3f}"
        )


def show_random(options: argparse.Namespace) -> None:
    """Print how long 60 orders take where requests are refused at random; 12 s at 5 a second."""
    print("\nrefused at random        limit      L   60 orders, s: median   most")
    for share, first_only, rate, latency in itertools.product(
        (0.1, 0.4), (True, False), (50, None), (0.02, 0.12, 0.3)
    ):
        took = [
            Simulation(
                AdaptiveRate(),
                GATEWAYS["bucket R/10"](steady(rate)) if rate else None,
                latency_seconds=latency,
                refused_at_random=share,
                first_only=first_only,
                seed=seed,
            )
            .go(requests=60)
            .accepted[-1]
            for seed in range(3 * options.seeds)
        ]
        which = "of first requests" if first_only else "of all requests"
        print(
            f"{share:4.0%} {which:17} {rate or 'none':>7} {latency:6.2f}"
            f"{statistics.median(took):23.1f} {max(took):6.1f}"
        )


def show_unlimited() -> None:
    """Print what the climb costs where nothing is limited but our own machine."""
    run = Simulation(AdaptiveRate(), None, latency_seconds=0.0005, cpu_seconds=1 / 1200).go(requests=5000)
    took = run.accepted[-1]
    print(f"\nno limit, a processor for 1200/s: 5000 in {took:.2f} s, {5000 / 1200 / took:.0%} of it,")
    print(f"at most {run.most_workers} workers")
    run = Simulation(AdaptiveRate(), None, latency_seconds=0.0005, cpu_seconds=1 / 5000).go(until=2)
    print(f"no limit: 1500/s after {next(at for at, rate in run.rates if rate > 1500):.2f} s")


def main() -> int:
    """Run the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jitter", type=float, default=0.0, help="share of the latency, e.g. 0.3")
    parser.add_argument("--forth", type=float, default=0.0, help="share of the latency before the gateway")
    parser.add_argument("--retry-after", type=float, default=None, help="seconds told with each refusal")
    options = parser.parse_args()
    show_steady(options)
    show_moving(options)
    show_random(options)
    show_unlimited()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
