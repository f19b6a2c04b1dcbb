"""The adaptive rate: slow start, decrease, hold, probe."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ttsframe.ratelimit.noise import Noise
from ttsframe.ratelimit.spacer import Spacer
from ttsframe.ratelimit.tuning import TUNING
from ttsframe.ratelimit.utilization import Utilization


class RequestOutcome(NamedTuple):
    """What a request came to, as far as the rate is concerned."""

    sent_at_seconds: float
    """The `now` at which `AdaptiveRate.wait` let the request go."""
    kind: Literal["accepted", "refused", "error"]
    """`refused`: over the limit; `error`: a failure that says nothing of the limit."""
    retry_after_seconds: float | None = None


@dataclass(kw_only=True)
class Decrease:
    """A decrease of the rate; the requests that were in flight then tell how far to fall."""

    since: float
    """When the first refused request was sent."""
    at: float
    rate: float
    """The rate before."""
    limit: float
    """The estimate of the limit before the requests in flight were heard of."""
    last_second: int
    """How many were admitted during the second before; 0 if that tells nothing."""
    first: bool
    """It ended a slow start."""
    # Of the requests that were in flight
    accepted: int = 0
    refused: int = 1
    heard_until: float = 0.0
    measured_at: float = -math.inf
    """When they last set the rate."""
    full: bool = False
    """Next to nothing was admitted: the count of a second is full."""
    over: bool = False
    """Something sent since was admitted."""
    starved: bool = False
    """Nothing was admitted for longer than the count of a second can be full."""


@dataclass(kw_only=True)
class Hold:
    """A rate that follows a cubic around the estimated limit, as TCP's CUBIC does around its last loss.

    It starts `depth` under the limit, passes it slowly after `seconds`, and ends `depth` over it.
    """

    limit: float
    depth: float
    since: float
    seconds: float

    def phase(self, now: float) -> float:
        """Return how far it is: -1 at the start, 0 at the limit, 1 at the end."""
        return min(1.0, (now - self.since) / self.seconds - 1)

    def rate_at(self, now: float) -> float:
        """Return the rate."""
        return self.limit * (1 + self.depth * self.phase(now) ** 3)


def workers_for(in_flight: float) -> int:
    """Return how many workers keep this many requests in flight."""
    return math.ceil(TUNING.worker_headroom * in_flight) + TUNING.spare_workers


class AdaptiveRate:
    """The rate at which requests may go, learnt from what becomes of them.

    Not thread-safe: hold one lock around each call. A call takes a few microseconds.
    """

    def __init__(self) -> None:
        self._rate = TUNING.start_rate
        self._latency = self._worker_latency = TUNING.start_latency
        self._utilization = Utilization()
        self._spacer = Spacer()
        self._noise = Noise()
        self._sent: deque[float] = deque()  # of the last seconds, without the refused
        self._admitted_at = -math.inf
        self._decrease: Decrease | None = None
        self._hold: Hold | None = None  # None: slow start
        self._tested_limit = 0.0  # to go back to after a test for noise
        self._cut = 0.0  # the share last fallen by; doubles while falls follow each other at once
        self._step = 0.0  # of the probe under way
        self._climbed_at = -math.inf
        # Admitted since a refusal, when the gateway had nothing to spare
        self._admitted, self._admitted_since = 0, -math.inf

    @property
    def rate_per_second(self) -> float:
        """Requests a second that may go now."""
        return self._rate

    @property
    def latency_seconds(self) -> float:
        """The usual time from sending to reply; 0.1 before the first."""
        return self._latency

    @property
    def workers(self) -> int:
        """How many requests are in flight at this rate and latency, with headroom."""
        few = min(TUNING.few_in_flight, self._rate * self._latency)
        return min(TUNING.max_workers, workers_for(max(few, self._rate * self._worker_latency)))

    def seconds_for(self, requests: int) -> float:
        """Estimate how long this many requests take at this rate."""
        return requests / self._rate + (self._latency if requests else 0.0)

    def wait(self, now: float) -> float:
        """Return 0.0 if a request goes now, which counts it; else the seconds after which to ask again."""
        interval = 1 / self._rate
        if (opens_at := max(self._spacer.opens_at(now, interval), self._window_opens_at(now))) > now:
            return min(opens_at - now, TUNING.max_poll)
        self._spacer.release(now, interval)
        self._sent.append(now)
        # `_admitted_before` asks for the second before a request that is heard of a latency later.
        # Twice that, as latencies vary.
        while self._sent[0] < now - 2 * (self._latency + TUNING.window):
            self._sent.popleft()
        if self._utilization.take(now, self._rate):
            self._count_admitted_from(now)  # nothing was asked for, which tells nothing
        return 0.0

    def _window_opens_at(self, now: float) -> float:
        """Return when the second of a gateway that counts by the second has room again."""
        decrease = self._decrease
        if not decrease or not decrease.full or now > decrease.at + TUNING.full_for:
            return now
        most = decrease.last_second
        return self._sent[-most] + TUNING.window if 0 < most <= len(self._sent) else now

    def observe(self, outcome: RequestOutcome, now: float) -> None:
        """Learn from what a request came to."""
        if outcome.kind == "error":
            return
        sent_at, refused, decrease = outcome.sent_at_seconds, outcome.kind == "refused", self._decrease
        if refused:
            self._hear_refusal(sent_at, outcome.retry_after_seconds, now)
        else:
            self._hear_acceptance(sent_at, now)
        if decrease and sent_at <= decrease.at:
            if sent_at > decrease.since:
                self._measure(decrease, sent_at, now, refused=refused)
            return
        if refused and decrease and sent_at <= decrease.measured_at:
            return  # it went at the rate before that
        limited = self._noise.count(refused=refused)
        if self._noise.testing:
            self._test(now, refused=refused)
        elif not refused:
            self._accept(now)
        elif limited:
            self._refuse(sent_at, now)

    def _hear_refusal(self, sent_at: float, retry_after: float | None, now: float) -> None:
        """Hold back everyone for a Retry-After, but only where nothing is admitted.

        Elsewhere a slower rate is the cure: a rest after each refusal would cost most of the limit.
        """
        self._spacer.refused_in_a_row += 1
        if sent_at in self._sent:
            self._sent.remove(sent_at)
        if retry_after and self._spacer.blocked and 0 < retry_after < math.inf:
            self._spacer.pause(now + retry_after)

    def _hear_acceptance(self, sent_at: float, now: float) -> None:
        self._spacer.refused_in_a_row = 0
        seconds = max(0.0, now - sent_at)
        first = self._admitted_at == -math.inf
        self._latency += (1.0 if first else TUNING.latency_weight) * (seconds - self._latency)
        # Under no known limit, this machine may be what makes it longer.
        if first or self._hold or self._latency < self._worker_latency:
            self._worker_latency = self._latency
        self._admitted += sent_at > self._admitted_since
        self._admitted_at = sent_at

    def _admitted_before(self, sent_at: float) -> int:
        """Return how many were admitted during the second before; as many as a window of a second holds."""
        return sum(sent_at - TUNING.window < at < sent_at for at in self._sent)

    def _count_admitted_from(self, sent_at: float) -> None:
        self._admitted, self._admitted_since = 0, sent_at

    # --- climbing -----------------------------------------------------------------------------------

    def _accept(self, now: float) -> None:
        decrease = self._decrease
        if decrease and not decrease.over:
            decrease.over = True
            if decrease.starved:  # whatever the limit was, it is another now
                self._start_slowly(now)
        if self._hold is None:
            self._slow_start(now)
        else:
            self._climb(self._hold, now)

    def _start_slowly(self, now: float) -> None:
        """Climb as if no limit were known."""
        self._hold, self._climbed_at = None, now

    def _slow_start(self, now: float) -> None:
        """Double each time the gateway has had time to refuse."""
        doubling = max(TUNING.min_doubling, self._latency, TUNING.doubling_requests / self._rate)
        # The first reply is worth half a doubling: nothing was known before it.
        passed = (
            TUNING.first_jump * doubling
            if self._climbed_at == -math.inf
            else min(doubling, now - self._climbed_at)
        )
        self._climbed_at = now
        if self._utilization.judge(now, self._rate):
            slope = (TUNING.extra_in_flight + TUNING.extra_share * self._rate) / max(1e-9, self._latency)
            self._set_rate(self._rate + min(self._rate * (2 ** (passed / doubling) - 1), slope * passed), now)

    def _climb(self, hold: Hold, now: float) -> None:
        """Hold the estimated limit; past it unrefused, climb in growing steps."""
        used = self._utilization.judge(now, self._rate)
        passed = now - max(self._climbed_at, hold.since)
        if hold.phase(now - self._latency) < 1:
            self._climbed_at = now
            if used:
                self._set_rate(hold.rate_at(now), now)
            else:
                hold.since += passed
        elif passed >= self._probe_seconds():
            self._climbed_at = now
            if used:
                # Doubled, as in a slow start
                self._step = min(TUNING.max_step, max(2 * self._step, TUNING.precision))
                self._set_rate(self._rate * (1 + self._step), now)

    def _probe_seconds(self) -> float:
        """Return how long to try the last step: the smaller it was, the longer until it is refused."""
        first = max(TUNING.probe, TUNING.hold_requests / self._rate)
        return self._latency + first * TUNING.precision / max(self._step, TUNING.precision)

    # --- falling ------------------------------------------------------------------------------------

    def _refuse(self, sent_at: float, now: float) -> None:
        decrease = self._decrease
        if not decrease or decrease.over:
            self._fall(sent_at, now)
            return
        # Nothing was admitted since: the same decrease goes on.
        decrease.at = now
        if self._spacer.blocked and now - self._admitted_at > TUNING.full_for + self._latency:
            decrease.starved = True
            self._set_rate(TUNING.min_rate, now)
        else:
            self._measure(decrease, sent_at, now, refused=True)

    def _fall(self, sent_at: float, now: float) -> None:
        """Fall to the limit as far as it is known, or below it to test for noise."""
        first, last = self._hold is None, self._decrease
        if not first and self._rate < TUNING.near_min_rate:
            self._noise.show()  # it cannot fall further
            self._start_slowly(now)
            return
        full_since = last.since if last and last.full else -math.inf
        full = full_since > -math.inf
        # A second during which the count was full tells nothing.
        last_second = 0 if full_since > sent_at - TUNING.window else self._admitted_before(sent_at)
        self._decrease = decrease = Decrease(
            since=sent_at, at=now, rate=self._rate, limit=0.0, last_second=last_second, first=first
        )
        hold = self._estimate(decrease, now, full=full)
        self._tested_limit = hold.limit
        if self._noise.fall(self._rate, again=not full and self._cut > TUNING.precision):
            hold = self._new_hold(TUNING.test_share * hold.limit, 0.0, now)
        decrease.limit = hold.limit
        self._count_admitted_from(sent_at)
        self._step = 0.0
        self._hold = hold
        self._set_rate(hold.rate_at(now), now)

    def _estimate(self, decrease: Decrease, now: float, *, full: bool) -> Hold:
        """Estimate the limit by when the refusal came: over the last estimate it was to be expected."""
        rate, hold = decrease.rate, self._hold
        # The limit is between the rate and the rate cut; a hold around the middle reaches both.
        if hold is None:
            self._cut = TUNING.precision
            return self._new_hold(rate * (1 - TUNING.first_cut / 2), TUNING.first_cut / 2, now)
        expected = self._step > 0 or (not full and hold.phase(decrease.since) > 0)
        self._cut = TUNING.precision if expected else min(TUNING.max_cut, 2 * self._cut)
        limit, least = rate * (1 - self._cut / 2), (1 - TUNING.max_cut) * rate
        admitted, seconds = self._admitted, max(1e-9, decrease.since - self._admitted_since)
        if self._step:
            limit = rate / (1 + self._step)
        elif full:
            if decrease.last_second:
                limit = min(limit, max(decrease.last_second, least))
            return self._new_hold(limit, self._cut / 2, now)
        elif expected:  # by no more than the hold climbed: from its depth under the limit to as much over it
            return self._new_hold(min(rate, max(admitted / seconds, rate * (1 - 2 * hold.depth))), 0.0, now)
        else:  # a bucket that was just empty has admitted its limit, give or take one request
            limit = max(least, (admitted - 1) / seconds, min(limit, (admitted + 1) / seconds))
        limit = min(rate, limit)
        # The hold ends half-way back to the rate that was refused.
        return self._new_hold(limit, (1 - limit / rate) / 2, now)

    def _new_hold(self, limit: float, depth: float, now: float) -> Hold:
        """Hold the rate around a limit; the less certain it is, the wider."""
        limit = max(TUNING.min_rate, limit)
        depth = min(TUNING.max_cut, max(TUNING.precision, depth))  # 1 would begin at a rate of zero
        seconds = max(TUNING.min_hold, TUNING.hold_requests / limit)
        return Hold(limit=limit, depth=depth, since=now, seconds=seconds)

    def _measure(self, decrease: Decrease, sent_at: float, now: float, *, refused: bool) -> None:
        """Set the rate by what became of the requests in flight.

        Of what was sent, a bucket admits its rate. A gateway that counts by the second has admitted its
        rate during the second before, and admits nothing until that is over.
        """
        decrease.refused += refused
        decrease.accepted += not refused
        decrease.heard_until = max(decrease.heard_until, sent_at)
        seen = decrease.refused + decrease.accepted
        if seen < TUNING.measurable:
            return
        count, least = decrease.accepted, (1 - TUNING.max_cut) * decrease.rate
        admitted = count / max(1e-9, decrease.heard_until - decrease.since)
        decrease.full |= decrease.refused > TUNING.full_share * seen
        if decrease.first:
            admitted = min(decrease.rate, max(admitted, decrease.last_second))
        elif decrease.full:
            # Of a second, it has admitted at most what was sent less what was refused.
            most = min(decrease.limit, decrease.rate - decrease.refused / TUNING.window)
            admitted = max(least, min(most, max(admitted, decrease.last_second)))
        elif seen < TUNING.measurable_again or decrease.refused < decrease.accepted:
            return  # most were admitted: the fall was far enough
        else:
            admitted = min(decrease.limit, max(least, admitted))
        count = max(count, decrease.last_second)
        self._hold = self._new_hold(admitted, 1 / (count + 1), now)  # give or take one request
        decrease.measured_at = now
        self._set_rate(self._hold.rate_at(now), now)

    # --- noise --------------------------------------------------------------------------------------

    def _test(self, now: float, *, refused: bool) -> None:
        """Test whether refusals end below the limit; if not, they are noise: back to the rate before."""
        self._noise.test(refused=refused)
        if self._noise.testing:
            return
        if self._noise.share:
            self._start_slowly(now)
            self._set_rate(self._noise.rate, now)
        else:
            self._hold = self._new_hold(self._tested_limit, 0.0, now)
            self._set_rate(self._hold.rate_at(now), now)

    def _set_rate(self, rate: float, now: float) -> None:
        self._utilization.offer(now, self._rate)
        self._rate = max(TUNING.min_rate, rate)
