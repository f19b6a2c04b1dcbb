"""How fast to ask: the adaptive rate. Pure: no clock, no sleep, no thread; `now` is an argument.

The gateway's limit is unknown, moves, and shows only in refusals. The pace climbs until it
is refused, falls to what was really let in, and holds round that: a little under it at first, a little over
it later, for longer each time a refusal confirms it. Unrefused there, it climbs fast again.

Requests are let go one by one, evenly spaced. The caller asks
`AdaptiveRate.wait`, and goes when it says zero::

    with turnstile:  # one thread at a time stands here; the others wait behind it
        while (delay := rate.wait(now := monotonic())) > 0:
            sleep(delay)

Nothing is reserved ahead, so a change of rate takes hold at the very next request.
"""

from ttsframe.ratelimit.adaptive import MAX_POLL_SECONDS, MAX_WORKERS, AdaptiveRate, RequestOutcome
from ttsframe.ratelimit.gate import Gate

__all__ = ["MAX_POLL_SECONDS", "MAX_WORKERS", "AdaptiveRate", "Gate", "RequestOutcome"]
