"""One rate for many threads: the locks around the pure `AdaptiveRate`, and the waiting that it asks for.

What the gateway lets in is one for a shop, however many runs ask; how much of it a run may take,
and with how many workers, is the run's own.
"""

from __future__ import annotations

import math
import threading
import time

from ttsframe.ratelimit import AdaptiveRate, RequestOutcome, Spacer, workers_for


class SharedRate:
    """What a process knows of the rate that one shop allows, shared by all of its runs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.adaptive = AdaptiveRate()
        self.learnt = False
        """Whether any reply told something of the rate."""
        # One thread at a time asks for the next slot; the others stand in line behind it, asleep.
        self._queue_lock = threading.Lock()
        self._caps: dict[float, RateCap] = {}

    def cap(self, per_second: float) -> RateCap:
        """Return the cap of this many requests a second; runs with the same one share it."""
        with self.lock:
            return self._caps.setdefault(per_second, RateCap(per_second))

    def wait(self, stop: threading.Event) -> float | None:
        """Wait until a request may go, as `RateLimiter.wait` does."""
        with self._queue_lock:
            while not stop.is_set():
                now = time.monotonic()
                with self.lock:
                    wait_seconds = self.adaptive.wait(now)
                if wait_seconds <= 0:
                    return now
                stop.wait(wait_seconds)
        return None

    def observe(self, reply: RequestOutcome) -> None:
        """Tell the rate what came of a request."""
        with self.lock:
            self.learnt |= reply.kind != "error"
            self.adaptive.observe(reply, time.monotonic())


class RateCap:
    """A rate that a user has set: requests go evenly, never more in a second."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._spacer = Spacer()
        self.queue_lock = threading.Lock()

    def wait(self, stop: threading.Event) -> None:
        """Wait for the next slot."""
        opens_at = self._spacer.opens_at(time.monotonic(), self._interval)
        while not stop.is_set() and (wait_seconds := opens_at - time.monotonic()) > 0:
            stop.wait(wait_seconds)

    def sent(self, now: float) -> None:
        """Count a request that went."""
        self._spacer.release(now, self._interval)


class RateLimiter:
    """The rate of one client: the shop's, and under the client's own cap, whatever the shop would allow."""

    def __init__(self, shared: SharedRate, *, cap_per_second: float | None = None, max_workers: int) -> None:
        self._shared = shared
        self._cap = shared.cap(cap_per_second) if cap_per_second else None
        self._most_per_second = cap_per_second or math.inf
        self._max_workers = max_workers
        self._under_way = 0

    def wait(self, stop: threading.Event) -> float | None:
        """Wait until a request may go; return that moment of `time.monotonic`, None if stopped."""
        sent_at = self._wait_under(self._cap, stop) if self._cap else self._shared.wait(stop)
        if sent_at is not None:
            with self._shared.lock:
                self._under_way += 1
        return sent_at

    def _wait_under(self, cap: RateCap, stop: threading.Event) -> float | None:
        with cap.queue_lock:
            # The cap first: what waits for it must not stand in the way of other runs.
            cap.wait(stop)
            sent_at = self._shared.wait(stop)
            if sent_at is not None:
                cap.sent(sent_at)
        return sent_at

    def observe(self, reply: RequestOutcome) -> None:
        """Tell the rate what came of a request."""
        self._shared.observe(reply)
        with self._shared.lock:
            self._under_way -= 1

    @property
    def rate_per_second(self) -> float:
        """Requests a second that may go now."""
        return min(self._shared.adaptive.rate_per_second, self._most_per_second)

    @property
    def learnt(self) -> bool:
        """Whether the rate rests on any reply, or is where every rate begins."""
        return self._shared.learnt

    @property
    def workers(self) -> int:
        """How many requests at once the rate needs."""
        if self._cap is None:
            return min(self._max_workers, self._shared.adaptive.workers)
        # The shop's rate may be far above the cap: there what is under way tells what is needed.
        return min(self._max_workers, workers_for(self._under_way))

    def seconds_for(self, requests: int) -> float:
        """Return the time that this many requests take at this rate."""
        with self._shared.lock:
            seconds = self._shared.adaptive.seconds_for(requests)
        return max(seconds, requests / self._most_per_second)
