"""Which attempt goes next, and which ones wait; shared by the workers of a run."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ttsframe.client.retry import Attempt

_PROBE_EVERY_SECONDS = 1.0


class RetryQueue:
    """Attempts that are ready, waiting for their time, or under way.

    While an outage is `suspected`, one attempt at a time goes, once a second.
    """

    def __init__(self, attempts: Iterable[Attempt], *, suspected: Callable[[], bool]) -> None:
        self._ready = deque(attempts)
        self._waiting: list[tuple[float, int, Attempt]] = []
        self._under_way = 0
        self._count = 0
        self._next_probe = 0.0
        self._suspected = suspected
        self._stopped = False
        self._changed = threading.Condition()

    def get(self) -> Attempt | None:
        """Return the next attempt when its time has come; None when there will be no more."""
        with self._changed:
            while not self._stopped and (self._ready or self._waiting or self._under_way):
                wait_seconds = self._seconds_to_next(time.monotonic())
                if wait_seconds == 0:
                    self._under_way += 1
                    return self._ready.popleft()
                self._changed.wait(wait_seconds)
            self._changed.notify_all()
            return None

    def task_done(self) -> None:
        """Note that an attempt came to its end."""
        with self._changed:
            self._under_way -= 1
            if not self._under_way or self._suspected():
                self._changed.notify_all()

    def requeue(self, attempt: Attempt, *, not_before: float = 0.0) -> None:
        """Put an attempt back."""
        with self._changed:
            self._under_way -= 1
            self._count += 1
            if not_before > time.monotonic():
                heapq.heappush(self._waiting, (not_before, self._count, attempt))
            else:
                self._ready.append(attempt)
            self._changed.notify()

    def stop(self) -> None:
        """Let every worker end after what it is doing."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @property
    def unfinished(self) -> int:
        """How many attempts are ready, waiting or under way."""
        return len(self._ready) + len(self._waiting) + self._under_way

    def _seconds_to_next(self, now: float) -> float | None:
        """0 if one can go; else how long to wait, or None until something changes."""
        due = []
        while self._waiting and self._waiting[0][0] <= now:
            due.append(heapq.heappop(self._waiting)[2])
        # Before what was never tried: else a second try would wait for 10,000 first ones.
        self._ready.extendleft(reversed(due))
        if self._suspected():
            if self._under_way:
                return _PROBE_EVERY_SECONDS
            if self._ready and now < self._next_probe:
                return self._next_probe - now
            self._next_probe = now + _PROBE_EVERY_SECONDS
        if self._ready:
            return 0
        return max(1e-3, self._waiting[0][0] - now) if self._waiting else None
