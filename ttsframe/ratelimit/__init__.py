"""How fast to ask: the adaptive rate. Pure: no clock, no sleep, no thread; `now` is an argument.

The gateway's limit is unknown, moves, and shows only in refusals. The rate doubles until it is refused
(slow start), falls to what was admitted of the requests in flight, and holds around that: a little under it
at first, a little over it later. Unrefused it climbs in growing steps; refused under the estimate it falls
to what was admitted since the last fall, by two fifths at most. Where a gateway counts by the second and
the count is full, no more go in a second than it has admitted in one. Falls that follow each other are put
to a test below the limit: what is refused there as well is noise.

Requests are let go one by one, evenly spaced. The caller asks `wait`, and goes when it says zero::

    with queue_lock:  # one thread at a time asks; the others wait behind it
        while (delay := rate.wait(now := monotonic())) > 0:
            sleep(delay)

Nothing is reserved ahead, so a change of rate takes hold at the very next request.
"""

from ttsframe.ratelimit.adaptive import AdaptiveRate, RequestOutcome, workers_for
from ttsframe.ratelimit.spacer import Spacer
from ttsframe.ratelimit.tuning import TUNING, Tuning

__all__ = ["TUNING", "AdaptiveRate", "RequestOutcome", "Spacer", "Tuning", "workers_for"]
