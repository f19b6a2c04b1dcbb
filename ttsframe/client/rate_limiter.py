"""One pace for many threads: the locks round the pure `AdaptiveRate`, and the waiting that it asks for.

What the gateway lets in is one for a shop, however many runs ask; how much of it a run may take,
and with how many workers, is the run's own.
"""

from __future__ import annotations

import math
import threading
import time

from ttsframe.ratelimit import AdaptiveRate, Gate, Reply


class SharedRate:
    """What a process knows of the rate that one shop allows, shared by all of its runs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pace = AdaptiveRate()
        self.learnt = False
        """Whether any reply told something of the rate."""
        # One thread at a time asks for the next slot; the others stand in line behind it, asleep.
        self._turnstile = threading.Lock()
        self._ceilings: dict[float, Ceiling] = {}

    def ceiling(self, per_second: float) -> Ceiling:
        """Return the ceiling of so many a second: runs that have the same one share it."""
        with self.lock:
            return self._ceilings.setdefault(per_second, Ceiling(per_second))

    def wait(self, stop: threading.Event) -> float | None:
        """Wait until a request may go, as `RateLimiter.wait` does."""
        with self._turnstile:
            while not stop.is_set():
                now = time.monotonic()
                with self.lock:
                    wait_seconds = self.pace.wait(now)
                if wait_seconds <= 0:
                    return now
                stop.wait(wait_seconds)
        return None

    def observe(self, reply: Reply) -> None:
        """Tell the pace what came of a request."""
        with self.lock:
            self.learnt |= reply.kind != "troubled"
            self.pace.observe(reply, time.monotonic())


class Ceiling:
    """A rate that a user has set: requests go evenly, never more in a second.

    Parameters
    ----------
    per_second
        The most requests a second.
    """

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._gate = Gate()
        self.turnstile = threading.Lock()

    def wait(self, stop: threading.Event) -> None:
        """Wait for the next slot."""
        opens_at = self._gate.opens_at(time.monotonic(), self._interval)
        while not stop.is_set() and (wait_seconds := opens_at - time.monotonic()) > 0:
            stop.wait(wait_seconds)

    def sent(self, now: float) -> None:
        """Count a request that went."""
        self._gate.let_go(now, self._interval)


class RateLimiter:
    """The pace of one session: the shop's, and under the session's own ceiling.

    Parameters
    ----------
    shared
        What is known of the rate that the shop allows.
    ceiling_per_second
        A rate never to exceed, whatever the shop would allow.
    most_workers
        The most requests at once.
    """

    def __init__(
        self, shared: SharedRate, *, ceiling_per_second: float | None = None, most_workers: int
    ) -> None:
        self._shared = shared
        self._ceiling = shared.ceiling(ceiling_per_second) if ceiling_per_second else None
        self._most_per_second = ceiling_per_second or math.inf
        self._most_workers = most_workers
        self._under_way = 0

    def wait(self, stop: threading.Event) -> float | None:
        """Wait until a request may go.

        Parameters
        ----------
        stop
            Ends the waiting when set.

        Returns
        -------
        float
            The moment it was let go, in seconds of `time.monotonic`; None if stopped.
        """
        sent_at = self._wait_under(self._ceiling, stop) if self._ceiling else self._shared.wait(stop)
        if sent_at is not None:
            with self._shared.lock:
                self._under_way += 1
        return sent_at

    def _wait_under(self, ceiling: Ceiling, stop: threading.Event) -> float | None:
        with ceiling.turnstile:
            # The ceiling first: what waits for it must not stand in the way of other runs.
            ceiling.wait(stop)
            sent_at = self._shared.wait(stop)
            if sent_at is not None:
                ceiling.sent(sent_at)
        return sent_at

    def observe(self, reply: Reply) -> None:
        """Tell the pace what came of a request."""
        self._shared.observe(reply)
        with self._shared.lock:
            self._under_way -= 1

    @property
    def rate_per_second(self) -> float:
        """The pace now."""
        return min(self._shared.pace.rate_per_second, self._most_per_second)

    @property
    def learnt(self) -> bool:
        """Whether the pace rests on any reply, or is where every pace begins."""
        return self._shared.learnt

    @property
    def workers(self) -> int:
        """How many requests at once the pace needs."""
        if self._ceiling is None:
            return min(self._most_workers, self._shared.pace.workers)
        # The shop's pace may be far above the ceiling: there what is under way tells what is needed.
        return min(self._most_workers, math.ceil(1.3 * self._under_way) + 2)

    def seconds_for(self, requests: int) -> float:
        """Return the time that so many requests take at this pace."""
        with self._shared.lock:
            seconds = self._shared.pace.seconds_for(requests)
        return max(seconds, requests / self._most_per_second)
