"""Holding near a limit once it has shown itself, and where to hold after the next refusal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ttsframe.ratelimit.measures import LetIn

LEAST_DEPTH = 0.02
"""A refusal costs (rate - limit) x latency more: two per cent keeps that to a few at 200 a second."""
MOST_DEPTH = 0.15
BLOCKED_DEPTH = 0.04
"""Where requests are counted by the second, the count is known nearly to one."""
FIRST_FALL = 0.5
"""Share of the rate kept at a first fall: while climbing it may be half more than the gateway lets in."""
JUST_UNDER = 0.98
DEEPEST_FALL = 0.4
REFUSED_WEIGHT = 0.3
"""Between what was let in (0), right for a bucket, and the rate refused (1), right for none."""

SHORTEST_SECONDS = 1.5
SHORTEST_SECONDS_AT_MOST = 8.0
SHORTEST_REQUESTS = 30
REQUESTS_BY_DEPTH = 2.0
"""The less sure the ceiling, the fewer requests tell whether it is passed: so many for a depth of one."""
LONGEST_SECONDS = 2.5
"""A hold lasts twice that: a limit that has risen is not found sooner, one that stays refuses no oftener."""
LONGEST_SECONDS_AT_MOST = 16.0
LONGEST_REQUESTS = 60


@dataclass(kw_only=True)
class Hold:
    """A rate that follows a cubic round the ceiling, as TCP's CUBIC does round its last loss.

    It starts `depth` under the ceiling, passes it slowly after `seconds`, and stands `depth` over it
    after twice that. What a bucket gains in the first half it has lost by then: not to be refused means
    that the limit is higher.
    """

    ceiling: float
    """The limit, as far as it is known."""
    depth: float
    drop: float
    """The share of the rate last fallen by; it doubles while falls follow each other at once."""
    since: float
    patience_seconds: float = 0.0
    """How long a ceiling that was confirmed is held at least."""

    @property
    def seconds(self) -> float:
        """Until the rate passes the ceiling."""
        requests = min(SHORTEST_REQUESTS, REQUESTS_BY_DEPTH / self.depth)
        shortest = max(SHORTEST_SECONDS, min(SHORTEST_SECONDS_AT_MOST, requests / self.ceiling))
        return max(self.patience_seconds, shortest)

    def rate_at(self, now: float) -> float:
        """Return the rate."""
        passed = min(1.0, (now - self.since) / self.seconds - 1)
        return self.ceiling * (1 + self.depth * passed**3)

    def ends_at(self, latency_seconds: float) -> float:
        """Return when a refusal should have been heard."""
        return self.since + 2 * self.seconds + latency_seconds

    def judged(self, ceiling: float, accepted: int, *, first: bool, counted: bool, now: float) -> Hold:
        """Hold what the requests in flight have shown; the fewer there were the less sure it is."""
        return replace(
            self,
            ceiling=ceiling,
            depth=BLOCKED_DEPTH if counted else max(LEAST_DEPTH, min(MOST_DEPTH, 1 / (accepted + 1))),
            drop=1 - JUST_UNDER if first else self.drop,
            since=now,
        )


def first(rate: float, *, now: float) -> Hold:
    """Hold after a climb, of which the gateway may let in next to all or far less."""
    return _half_way(rate, drop=1 - FIRST_FALL, now=now)


def before_step(proven: float, step: float, *, now: float) -> Hold:
    """Hold the rate before the last step up, which was refused."""
    return Hold(ceiling=proven, depth=max(LEAST_DEPTH, step / 2), drop=1 - JUST_UNDER, since=now)


def blocked(hold: Hold, rate: float, last_second: int, *, now: float) -> Hold:
    """Hold after a refusal by a gateway that counts by the second.

    How many it let in during the second before tells more than since when it did: that depends on
    how many were sent a second ago.
    """
    drop = min(DEEPEST_FALL, 2 * hold.drop)
    if not last_second:
        return _half_way(rate, drop=drop, now=now)
    ceiling = min(rate * (1 - drop / 2), max(last_second, (1 - DEEPEST_FALL) * rate))
    return Hold(ceiling=ceiling, depth=max(LEAST_DEPTH, drop / 2), drop=drop, since=now)


def refused(hold: Hold, rate: float, sent_at: float, let_in: LetIn, *, now: float) -> Hold:
    """Hold after a refusal, by when it came: a rate over the ceiling was to be refused, one under it not."""
    if sent_at > hold.since + hold.seconds:
        return _confirmed(hold, rate, let_in.per_second(sent_at), now=now)
    drop = min(DEEPEST_FALL, 2 * hold.drop)
    # A bucket that was just empty has let in its limit, give or take one request.
    least, most = let_in.per_second(sent_at, more=-1), let_in.per_second(sent_at, more=1)
    ceiling = min(rate, max(least, (1 - DEEPEST_FALL) * 2 / 3 * rate, min(rate * (1 - drop / 2), most)))
    depth = max(LEAST_DEPTH, min(drop / 2, 1 / max(1, let_in.accepted)))
    return Hold(ceiling=ceiling, depth=depth, drop=drop, since=now)


def _confirmed(hold: Hold, rate: float, let_in_per_second: float, *, now: float) -> Hold:
    """Hold between what was let in and what was refused, and for longer."""
    measured = min(rate, max(let_in_per_second, rate * (1 - 2 * hold.depth)))
    longest = max(LONGEST_SECONDS, min(LONGEST_SECONDS_AT_MOST, LONGEST_REQUESTS / rate))
    return Hold(
        ceiling=REFUSED_WEIGHT * rate + (1 - REFUSED_WEIGHT) * measured,
        depth=max(LEAST_DEPTH, min(hold.depth, 0.5 * (rate - measured) / rate)),
        drop=1 - JUST_UNDER,
        since=now,
        patience_seconds=min(2 * hold.seconds, longest),
    )


def _half_way(rate: float, *, drop: float, now: float) -> Hold:
    """Search from the rate less the drop up to the rate."""
    return Hold(ceiling=rate * (1 - drop / 2), depth=max(LEAST_DEPTH, drop / 2), drop=drop, since=now)
