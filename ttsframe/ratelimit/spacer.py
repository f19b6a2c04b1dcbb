"""Releases requests one by one, evenly spaced."""

from __future__ import annotations

import math

from ttsframe.ratelimit.tuning import TUNING


class Spacer:
    """Opens for one request at a time."""

    def __init__(self) -> None:
        self.refused_in_a_row = 0
        self._slot = self._sent_at = self._paused_until = -math.inf

    @property
    def blocked(self) -> bool:
        """Whether nothing is admitted for now."""
        return self.refused_in_a_row >= TUNING.blocked_refusals

    def opens_at(self, now: float, interval: float) -> float:
        """Return when the next request may go."""
        early = min(TUNING.early, interval)
        if self.blocked:
            interval, early = max(interval, TUNING.blocked_interval), 0.0
        return max(self._slot + interval, self._sent_at + interval - early, self._paused_until, now)

    def release(self, now: float, interval: float) -> None:
        """Count a request that goes; where it is a little late, the next ones make up for it."""
        late = now - self._slot - interval
        self._slot = now if late > TUNING.stretch else self._slot + interval
        self._sent_at = now

    def pause(self, until: float) -> None:
        """Let none go before a moment."""
        self._paused_until = max(self._paused_until, until)
