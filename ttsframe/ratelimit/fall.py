"""A fall of the rate, and what the requests in flight tell of the limit."""

from __future__ import annotations

from dataclasses import dataclass

BLOCKED_SHARE = 0.25
"""Below this share of requests let in, after a refusal, the gateway lets in none for a while."""


@dataclass(kw_only=True)
class Fall:
    """A fall, and what became of the requests that were in flight then."""

    since: float
    """When the first refused request was sent."""
    at: float
    rate: float
    """The rate at which the refused requests were sent."""
    aim: float
    """The ceiling taken before the rest was judged."""
    last_second: int
    """How many were let in during the second before the refusal; 0 if that tells nothing."""
    counted: bool
    """Whether that was a whole second."""
    first: bool
    to: float = 0.0
    """The ceiling now."""
    accepted: int = 0
    refused: int = 0
    judged_until: float = 0.0
    """When the last request was sent of which the reply is in."""
    over: bool = False
    """Something was let in again."""
    blocked: bool = False
    starved: bool = False

    @property
    def seems_blocked(self) -> bool:
        """Whether next to nothing is let in, as where the count of a second is full."""
        seen = self.accepted + self.refused
        return seen > 2 and self.accepted < BLOCKED_SHARE * seen  # noqa: PLR2004

    def verdict(self) -> float | None:
        """Return the rate that is really let in, as far as it is known; 0 if nothing was.

        None means to leave it as it is.

        A gateway with a bucket lets in its rate out of what is sent, one that counts by the second
        let in its rate during the second before it refused. Where we sent far more than that, the
        greater of the two is right for both; where we did not, a small share means that the limit
        has moved down.
        """
        seen = self.accepted + self.refused
        shared = self.accepted / max(1e-9, self.judged_until - self.since)
        overshot = self.first or (self.last_second > 0 and self.rate > 1.2 * self.last_second + 1)
        if self.blocked:
            return max(shared, self.last_second)
        if seen > 3 and overshot:  # noqa: PLR2004
            return max(shared, self.last_second)
        if seen > 7 and self.accepted < (0.45 if self.last_second else 0.7) * seen:  # noqa: PLR2004
            return max(shared, 0.65 * self.rate)
        return None if self.to == self.aim else self.aim
