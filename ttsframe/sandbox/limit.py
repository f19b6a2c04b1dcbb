"""The limit of the sandbox: a token bucket whose rate may move."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ttsframe.sandbox.behaviour import Limit

_BURST_SECONDS = 0.1
_LEAST_BURST = 2.0


class TokenBucket:
    """Admits as many requests as the limit allows; a refused request costs nothing."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._started: float | None = None
        self._filled_at = 0.0
        self._tokens = float("inf")

    def change(self, limit: Limit) -> None:
        """Go on with another limit; what the bucket holds stays, up to the new burst."""
        self._limit = limit

    def take(self, now: float) -> float:
        """Ask for one request."""
        if self._started is None:
            self._started = self._filled_at = now
        rate = self._rate(now - self._started)
        if rate is None:
            return 0.0
        gained = max(0.0, now - self._filled_at) * rate
        self._tokens = min(self._burst(rate), self._tokens + gained)
        self._filled_at = now
        if self._tokens < 1:
            return (1 - self._tokens) / rate
        self._tokens -= 1
        return 0.0

    def _rate(self, running_seconds: float) -> float | None:
        rate = self._limit.rate_per_second
        for after_seconds, next_rate in self._limit.rate_schedule:
            if running_seconds >= after_seconds:
                rate = next_rate
        return rate

    def _burst(self, rate: float) -> float:
        return self._limit.burst or max(_LEAST_BURST, rate * _BURST_SECONDS)
