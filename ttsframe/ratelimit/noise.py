"""Refusals at random, told from those of a limit: only the latter become rarer as the rate falls."""

from __future__ import annotations

from ttsframe.ratelimit.tuning import TUNING


class Noise:
    """The share of requests that is refused whatever the rate, found by a test.

    Where falls follow each other at once, the rate is set below the limit that they suggest: what is
    refused there as well is noise.
    """

    def __init__(self) -> None:
        self.share = 0.0
        """0 until shown."""
        self.testing = False
        self.rate = 0.0
        """The rate before the first of the falls that follow each other."""
        self._falls = 0
        self._seen = self._refused = 0  # since the first of the falls
        self._tested = self._tested_refused = 0
        self._evidence = 0.0
        self._recent = self._recent_refused = 0

    def count(self, *, refused: bool) -> bool:
        """Count an outcome; return whether it is a refusal beyond what noise explains (CUSUM)."""
        self._seen += 1
        self._refused += refused
        self._recent += 1
        self._recent_refused += refused
        if self._recent == TUNING.noise_outcomes:
            self.share = min(self.share, self._recent_refused / self._recent)
            self._recent = self._recent_refused = 0
        if not refused:
            self._evidence = max(0.0, self._evidence - self.share / (1 - self.share))
            return False
        self._evidence += 1
        if self._evidence < (TUNING.noise_evidence if self.share else 1):
            return False
        self._evidence = 0.0
        return True

    def fall(self, rate: float, *, again: bool) -> bool:
        """Count a fall, one right after another or not; return whether a test begins."""
        if not again:
            self._falls, self.rate = 0, rate
            self._seen = self._refused = 0
        self._falls += 1
        if self._falls >= TUNING.falls_before_test:
            self.testing = True
            self._tested = self._tested_refused = 0
        return self.testing

    def test(self, *, refused: bool) -> None:
        """Count an outcome below the limit; `testing` ends with the one that decides."""
        self._tested += 1
        self._tested_refused += refused
        before = (self._refused - self._tested_refused) / max(1, self._seen - self._tested)
        if self._tested_refused:
            self.show()
        elif self._tested * before < TUNING.expected_refusals:
            return
        self.testing = False
        self._falls = 0

    def show(self) -> None:
        """Take what was refused since the first of the falls for noise."""
        self.share = self._refused / (self._seen + 1)  # never all
        self._evidence = 0.0
        self._recent = self._recent_refused = 0
