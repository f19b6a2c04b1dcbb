"""Whether the rate is really used."""

from __future__ import annotations

import math

from ttsframe.ratelimit.tuning import TUNING


class Utilization:
    """Counts the permits that the rate offers, and those that are taken."""

    def __init__(self) -> None:
        self.used = True
        """Whether the permits of the last stretch were taken; a faster rate is no use to one unused."""
        self._taken, self._offered = 0, 0.0
        self._since = self._at = self._taken_at = -math.inf

    def take(self, now: float, rate: float) -> bool:
        """Count a permit taken; return whether it ends an idle spell, after which use has to show anew."""
        if idle := now - self._taken_at > max(TUNING.stretch, TUNING.stretch_permits / rate):
            self.used = self._taken_at == -math.inf
            self._since = self._at = now
            self._taken, self._offered = 0, 0.0
        self.offer(now, rate)
        self._taken += 1
        self._taken_at = now
        return idle

    def offer(self, now: float, rate: float) -> None:
        """Count the permits offered at this rate until now."""
        if now > self._at:
            self._offered += (now - self._at) * rate
            self._at = now

    def judge(self, now: float, rate: float) -> bool:
        """Judge the stretch if it is long enough; return whether the rate is used."""
        self.offer(now, rate)
        if self._offered >= TUNING.stretch_permits and now - self._since >= TUNING.stretch:
            self.used = self._taken > TUNING.used_share * self._offered
            self._since, self._taken, self._offered = now, 0, 0.0
        return self.used
