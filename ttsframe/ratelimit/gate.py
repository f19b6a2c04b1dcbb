"""Letting requests go: one by one, evenly, and what holds them back."""

from __future__ import annotations

import math
from bisect import insort
from collections import deque

from ttsframe.ratelimit.measures import IDLE_SECONDS, forget

WINDOW_SECONDS = 1.0
"""Gateways that count requests count them by the second."""
MAKE_UP_SECONDS = 0.05
"""Lateness that the next requests make up for; more is an idle spell, which earns nothing."""
EARLY_SECONDS = 0.001
"""How much earlier than evenly a request may follow to make up (at most half an interval)."""
REFUSED_INTERVAL_SECONDS = 0.1
"""The least while nothing but refusals comes."""


class Gate:
    """Opens for one request at a time."""

    def __init__(self) -> None:
        self.refused_in_a_row = 0
        self._slot = self._sent_at = self._paused_until = -math.inf
        self._sent: deque[float] = deque()  # of the last second
        self._window = (0, -math.inf)  # so many a second, until then

    def opens_at(self, now: float, interval: float) -> float:
        """Return when the next request may go."""
        early = min(EARLY_SECONDS, 0.5 * interval)
        if self.refused_in_a_row > 2:  # noqa: PLR2004
            interval, early = max(interval, REFUSED_INTERVAL_SECONDS), 0.0
        due, after_last = self._slot + interval, self._sent_at + interval - early
        return max(due, after_last, self._paused_until, self._window_opens(now))

    def let_go(self, now: float, interval: float) -> bool:
        """Count a request that goes; return whether none was asked for just before."""
        late = now - self._slot - interval
        self._slot = now if late > MAKE_UP_SECONDS else self._slot + interval
        self._sent_at = now
        self._sent.append(now)
        forget(self._sent, now - WINDOW_SECONDS)
        return late > max(IDLE_SECONDS, 4 * interval)

    def pause(self, until: float) -> None:
        """Let none go before a moment."""
        self._paused_until = max(self._paused_until, until)

    def sent_since(self, moment: float) -> int:
        """Return how many went since then and may have been let in."""
        return sum(1 for at in self._sent if at >= moment)

    def refused(self, sent_at: float) -> None:
        """Count a request no more: it takes no place in the gateway's second."""
        if sent_at in self._sent:
            self._sent.remove(sent_at)

    def let_in(self, sent_at: float) -> None:
        """Count a request again that a block had taken for refused."""
        if sent_at not in self._sent:
            insort(self._sent, sent_at)

    def block(self, most: int, let_in: deque[float], *, since: float, at: float) -> None:
        """Let go no more in a second than were let in, until the gateway's window has passed.

        Parameters
        ----------
        most
            How many were let in during a second; 0 where that is not known.
        let_in
            Requests that are known to be let in, by their moments of sending.
        since, at
            When the first refused request was sent, and when that was known: what was sent in between
            counts as refused as long as nothing is heard of it.
        """
        if not most or self._window[1] >= at:
            return
        known = set(let_in)
        self._sent = deque(moment for moment in self._sent if moment in known or not since <= moment <= at)
        if len(self._sent) >= most:
            self.refused_in_a_row = 0
        self._window = (most, at + 1.5 * WINDOW_SECONDS)

    def _window_opens(self, now: float) -> float:
        most, until = self._window
        if now >= until or len(self._sent) < most:
            return now
        return self._sent[-most] + WINDOW_SECONDS
