"""What the calls of this process are fetching just now, so that each order is asked for once.

Also known as single flight: of several calls that need the same answer at once, one fetches it and
the others wait for it. A call first fetches everything that it has claimed and only then waits for
other calls, so no two calls can wait for each other. Where the fetching call ends without the answer,
one that waits takes over.
"""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ttsframe.client import LookupKey
    from ttsframe.gateway.outcomes import Outcome

# Windows cannot interrupt a wait without a limit.
_TICK_SECONDS = 0.1


class _Flight:
    """The fetching of one key: by which call, and how it ended."""

    __slots__ = ("call", "ended_at", "outcome")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.outcome: Outcome | None = None
        self.ended_at = 0.0


class InFlight:
    """The table of flights, and the calls that are running."""

    def __init__(self) -> None:
        self.start_afresh()

    def start_afresh(self) -> None:
        """Forget everything: in a forked child the threads that fetch for its parent do not run."""
        self.changed = threading.Condition()
        self.flights: dict[tuple[str, LookupKey], _Flight] = {}
        self._calls: set[Call] = set()

    @contextmanager
    def call(self, scope: str) -> Iterator[Call]:
        """Begin a call, before it reads the cache; end it when its answers are on disk."""
        call = Call(self, scope)
        with self.changed:
            self._calls.add(call)
        try:
            yield call
        finally:
            with self.changed:
                call.ended_at = time.time()
                self._calls.discard(call)
                # A call that began before an answer was on disk did not see it there: it is kept here for it.
                oldest = min((running.began_at for running in self._calls), default=math.inf)
                self.flights = {
                    key: flight
                    for key, flight in self.flights.items()
                    if flight.call.ended_at >= oldest and (flight.outcome or flight.call in self._calls)
                }
                self.changed.notify_all()


class Call:
    """One call of `lookup`; those of one scope share their answers."""

    def __init__(self, table: InFlight, scope: str) -> None:
        self.began_at = time.time()
        self.ended_at = math.inf
        self._table = table
        self._scope = scope

    def claim(
        self, keys: Iterable[LookupKey], *, usable_seconds: Callable[[Outcome], float]
    ) -> list[LookupKey]:
        """Return the keys that this call has to fetch; the others are fetched by another call.

        An answer that came before this call began counts if it was not older than `usable_seconds` then.
        """
        claimed = []
        with self._table.changed:
            for key in keys:
                flight = self._table.flights.get((self._scope, key))
                if flight is None or (
                    flight.outcome and flight.ended_at + usable_seconds(flight.outcome) < self.began_at
                ):
                    self._table.flights[self._scope, key] = _Flight(self)
                    claimed.append(key)
        return claimed

    def finish(self, key: LookupKey, outcome: Outcome) -> None:
        """Give the outcome of a claimed key to the calls that wait for it."""
        with self._table.changed:
            flight = self._table.flights[self._scope, key]
            flight.outcome, flight.ended_at = outcome, time.time()
            self._table.changed.notify_all()

    def wait(self, key: LookupKey) -> Outcome | None:
        """Wait for the call that fetches a key; None if it ended without an outcome."""
        with self._table.changed:
            while (flight := self._table.flights.get((self._scope, key))) and not flight.outcome:
                self._table.changed.wait(_TICK_SECONDS)
            return flight.outcome if flight else None


IN_FLIGHT = InFlight()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=IN_FLIGHT.start_afresh)
