"""What the pace measures: the latency, and whether its slots are taken."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import deque

SHORTEST_DOUBLING_SECONDS = 0.1
STRETCH_SECONDS = 0.05
IDLE_SECONDS = 0.25
FEWEST_BETWEEN = 6


class Latency:
    """The usual time from sending to reply."""

    def __init__(self) -> None:
        self.usual = self.unstrained = 0.1
        self._known = False

    def learn(self, seconds: float, *, strained: bool) -> None:
        """Follow the latency; what our own machine adds under strain is no reason for more workers."""
        weight = 0.1 if self._known else 1.0
        self._known = True
        self.usual += weight * (max(0.0, seconds) - self.usual)
        if not strained or self.usual < self.unstrained:
            self.unstrained = self.usual


class Usage:
    """Whether the slots that the rate offers are really taken."""

    def __init__(self) -> None:
        self.full = True
        self.per_second = 0.0
        self._really = True
        self._taken, self._offered = 0, 0.0
        self._since = self._at = self._taken_at = -math.inf

    def take(self, now: float, rate: float) -> None:
        """Count a slot taken; a stretch begins anew after an idle spell."""
        if now - self._taken_at > max(IDLE_SECONDS, 4 / rate):
            self._since = self._at = now
            self._taken, self._offered = 0, 0.0
        self.offer(now, rate)
        self._taken += 1
        self._taken_at = now

    def offer(self, now: float, rate: float) -> None:
        """Count the slots offered at this rate until now."""
        if now > self._at:
            self._offered += (now - self._at) * rate
            self._at = now

    def really_used(self, now: float, rate: float) -> bool:
        """Tell of the last stretch of at least four slots; a faster rate is no use to one not used."""
        self.offer(now, rate)
        if self._offered >= 4 and now - self._since >= STRETCH_SECONDS:  # noqa: PLR2004
            share = self._taken / self._offered
            self.full, self._really = share > 0.9, share > 0.7  # noqa: PLR2004
            self.per_second = self._taken / (now - self._since)
            self._since, self._taken, self._offered = now, 0, 0.0
        return self._really


class Between:
    """What was let in between two refusals: the gateway had nothing left at either, so that is its limit."""

    def __init__(self) -> None:
        self.per_second: float | None = None
        """As the last refusal told; None where too few were let in to tell."""
        self._since = math.inf
        self._accepted = 0

    def accept(self, sent_at: float) -> None:
        """Count a request that was let in."""
        self._accepted += sent_at > self._since

    def refuse(self, sent_at: float) -> None:
        """Tell from the refusal before this one, and begin anew."""
        seconds = sent_at - self._since
        enough = seconds > 0 and self._accepted >= FEWEST_BETWEEN
        self.per_second = (self._accepted + 0.5) / seconds if enough else None
        if not seconds < 0 or math.isinf(seconds):
            self._since, self._accepted = sent_at, 0

    def forget(self) -> None:
        """Begin anew after an idle spell, in which nothing was asked for."""
        self._since = math.inf


def forget(moments: deque[float], before: float) -> None:
    """Drop the moments that lie before."""
    while moments and moments[0] < before:
        moments.popleft()
