"""Refusals at random, told from those of a limit: only the latter become rarer as the rate falls."""

from __future__ import annotations

from ttsframe.ratelimit.tuning import TUNING


class Noise:
    """The share of requests that is refused whatever the rate; 0 until shown."""

    def __init__(self) -> None:
        self.share = 0.0
        self.tried_rate = 0.0
        """The rate of the first of the trials that are compared."""
        self._seen = self._refused = 0
        self._evidence = 0.0

    @property
    def tolerated(self) -> float:
        """The share refused that noise explains."""
        return self.share + TUNING.noise_margin * (1 - self.share) if self.share else 0.0

    def accept(self) -> None:
        """Let an accepted request take back what noise explains of the evidence for a limit."""
        self._evidence = max(0.0, self._evidence - self.tolerated / (1 - self.tolerated))

    def refuse(self) -> bool:
        """Count a refusal; return whether they are more than noise explains (CUSUM)."""
        self._evidence += 1
        if self._evidence < (TUNING.noise_evidence if self.share else 1):
            return False
        self._evidence = 0.0
        return True

    def compare(self, rate: float, seen: int, refused: int) -> bool:
        """Compare the trial of a decreased rate with those before; return whether its refusals are noise."""
        share = refused / seen
        if not refused and self.share * seen >= TUNING.expected_refusals:
            self.share = 0.0
        if self.share and share <= self.tolerated:
            self.share = (self.share + share) / 2
            return True
        if share > TUNING.max_noise or self._changed(rate, seen, share):
            self._seen = self._refused = 0
        if not self._refused and not refused:
            return False
        if not self._seen:
            self.tried_rate = rate
        self._seen += seen
        self._refused += refused
        fallen = rate < max(TUNING.noise_fall * self.tried_rate, 1.25 * TUNING.min_rate)
        if not refused or share > TUNING.max_noise or not fallen or self._refused < TUNING.noise_refusals:
            return False
        self.share = self._refused / self._seen
        self._seen = self._refused = 0
        self._evidence = 0.0
        return True

    def _changed(self, rate: float, seen: int, share: float) -> bool:
        """Whether refusals have become rarer, as a limit would have it, or the limit has moved down."""
        if not self._seen:
            return False
        before = self._refused / self._seen
        by_limit = max(0.0, 1 - (1 - before) * self.tried_rate / rate)
        rarer = seen * before >= TUNING.expected_refusals and share <= (before + by_limit) / 2
        return rarer or share > 2 * before + TUNING.noise_margin
