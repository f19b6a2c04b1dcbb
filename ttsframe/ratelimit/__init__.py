"""How fast to ask: the adaptive rate. Pure: no clock, no sleep, no thread; `now` is an argument.

The gateway's limit is unknown, moves, and shows only in refusals. The rate doubles until it is refused (slow
start), falls to what was admitted, and tries that. If refusals have ended, it holds the rate, then probes a
little above it: refused there, it holds for longer; not refused, it climbs ever faster. If refusals are as
frequent as before although the rate has fallen, they are noise, not a limit: the rate goes back up.

Requests are let go one by one, evenly spaced. The caller asks `wait`, and goes when it says zero::

    with queue_lock:  # one thread at a time asks; the others wait behind it
        while (delay := rate.wait(now := monotonic())) > 0:
            sleep(delay)

Nothing is reserved ahead, so a change of rate takes hold at the very next request.
"""

from ttsframe.ratelimit.adaptive import AdaptiveRate, RequestOutcome
from ttsframe.ratelimit.spacer import Spacer
from ttsframe.ratelimit.tuning import TUNING, Tuning

__all__ = ["TUNING", "AdaptiveRate", "RequestOutcome", "Spacer", "Tuning"]
