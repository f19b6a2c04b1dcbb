"""What the pace measures: the latency, and whether its slots are taken."""

from __future__ import annotations

import math
from collections import deque

STRETCH_SECONDS = 0.05
IDLE_SECONDS = 0.25
ENOUGH_REQUESTS = 50
OLD_SECONDS = 20.0
RUN_REQUESTS = 10
RUN_SECONDS = 0.5
RUN_KEPT_SECONDS = 60.0
STRAY_BELOW = 0.6
"""Share of a rate proven lately: below it a limit would not refuse, unless it has moved."""
LEAST_REFUSED = 5
STRAYS_AMONG = 20
"""So many refusals among so many replies are no strays: the limit has moved."""


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


class LetIn:
    """How many requests were let in since some refusal, when the gateway had nothing to spare."""

    def __init__(self) -> None:
        self.since, self.accepted = -math.inf, 0

    def count(self, sent_at: float) -> None:
        """Count an accepted request."""
        self.accepted += sent_at > self.since

    def restart(self, sent_at: float) -> None:
        """Count from a moment of sending on."""
        self.since, self.accepted = sent_at, 0

    def stale(self, sent_at: float) -> bool:
        """Whether there is enough, or too old, to measure by."""
        return self.accepted > ENOUGH_REQUESTS or self.since < sent_at - OLD_SECONDS

    def per_second(self, sent_at: float, *, more: int = 0) -> float:
        """Return what was let in until then; with so many more."""
        return (self.accepted + more) / max(1e-9, sent_at - self.since)


class Usage:
    """Whether the slots that the rate offers are really taken."""

    def __init__(self) -> None:
        self.full = True
        self.per_second = 0.0
        self._really = True
        self._taken, self._offered = 0, 0.0
        self._since = self._at = self._taken_at = -math.inf

    def take(self, now: float, rate: float) -> None:
        """Count a slot taken; after an idle spell a stretch begins anew, and has to show that it is used."""
        if now - self._taken_at > max(IDLE_SECONDS, 4 / rate):
            self._really = self._taken_at == -math.inf
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


def forget(moments: deque[float], before: float) -> None:
    """Drop the moments that lie before."""
    while moments and moments[0] < before:
        moments.popleft()


class Runs:
    """What has been let in without a refusal: far below that rate, a lone refusal is no limit.

    A gateway in trouble refuses some requests at any rate. Falling for each of them would bring the
    rate to nothing, without one refusal less.
    """

    def __init__(self) -> None:
        self._count = 0
        self._since = 0.0
        self._proven = 0.0
        self._proven_at = -math.inf
        self._last: deque[bool] = deque(maxlen=STRAYS_AMONG)

    def let_in(self, sent_at: float) -> None:
        """Count a request that was not refused, whatever else became of it."""
        self._last.append(False)
        if not self._count:
            self._since = sent_at
        self._count += 1
        seconds = sent_at - self._since
        if self._count > RUN_REQUESTS and seconds >= RUN_SECONDS:
            per_second = (self._count - 1) / seconds
            if per_second >= self._proven or sent_at - self._proven_at > RUN_KEPT_SECONDS:
                self._proven, self._proven_at = per_second, sent_at

    def refuse(self, rate: float, now: float) -> bool:
        """Count a refusal; return whether it is a stray, which tells nothing of the limit."""
        alone = not (self._last and self._last[-1])
        self._last.append(True)
        self._count = 0
        if sum(self._last) >= LEAST_REFUSED:
            self._proven = 0.0
        return alone and rate < STRAY_BELOW * self._proven and now - self._proven_at <= RUN_KEPT_SECONDS
