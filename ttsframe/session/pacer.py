"""One pace for many threads: the locks round the pure `Pace`, and the waiting that it asks for."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ttsframe.pace import Pace, Reply


class Pacer:
    """Shares a `Pace` between the workers of all runs for one shop.

    Parameters
    ----------
    pace
        What is known of the rate that the shop allows.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lock = threading.Lock()
        # One thread at a time asks for the next slot; the others stand in line behind it, asleep.
        self._turnstile = threading.Lock()

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
        with self._turnstile:
            while not stop.is_set():
                now = time.monotonic()
                with self._lock:
                    wait_seconds = self._pace.wait(now)
                if wait_seconds <= 0:
                    return now
                stop.wait(wait_seconds)
        return None

    def observe(self, reply: Reply) -> None:
        """Tell the pace what came of a request."""
        with self._lock:
            self._pace.observe(reply, time.monotonic())

    @property
    def rate_per_second(self) -> float:
        """The pace now."""
        return self._pace.rate_per_second

    @property
    def workers(self) -> int:
        """How many requests at once the pace needs."""
        return self._pace.workers

    def seconds_for(self, requests: int) -> float:
        """Return the time that so many requests take at this pace."""
        with self._lock:
            return self._pace.seconds_for(requests)
