"""The adaptive rate: slow start, decrease, trial, hold, probe."""

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
    """A decrease of the rate: what was in flight tells how far to fall, a trial whether it helped."""

    since: float
    """When the first refused request was sent."""
    at: float
    rate: float
    """The rate before."""
    admitted: float = 0.0
    """What was admitted a second before."""
    last_second: int
    """How many were admitted during the second before."""
    first: bool = False
    """It ended a slow start."""
    starved: bool = False
    """Nothing at all was admitted before."""
    # Of the requests that were in flight
    accepted: int = 0
    refused: int = 1
    heard_until: float = 0.0
    blocked: bool = False
    # Of the trial
    trial_from: float = -math.inf
    tried_since: float | None = None
    tried: int = 0
    tried_refused: int = 0
    passed: bool = False


class AdaptiveRate:
    """The rate at which requests may go, learnt from what becomes of them.

    Not thread-safe: hold one lock around each call. A call takes a few microseconds.
    """

    def __init__(self) -> None:
        self._rate = TUNING.start_rate
        self._latency = self._worker_latency = 0.1
        self._latency_known = False
        self._utilization = Utilization()
        self._spacer = Spacer()
        self._noise = Noise()
        self._accepted: deque[float] = deque()  # moments of sending, of the last seconds
        self._decrease: Decrease | None = None  # None: slow start
        self._limit_shown = False  # a decrease has ended the refusals
        self._changed_at = -math.inf
        self._hold = TUNING.min_hold
        self._step = 0.0  # of the probe under way
        self._held = self._proven = 0.0  # the rates before the first step, and before the last

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
        needed = math.ceil(TUNING.worker_headroom * self._rate * self._worker_latency) + TUNING.spare_workers
        return min(TUNING.max_workers, needed)

    def seconds_for(self, requests: int) -> float:
        """Estimate how long so many requests take at this rate."""
        return requests / self._rate + (self._latency if requests else 0.0)

    def wait(self, now: float) -> float:
        """Return 0.0 if a request goes now, which counts it; else the seconds after which to ask again."""
        interval = 1 / self._rate
        if (opens_at := self._spacer.opens_at(now, interval)) > now:
            return min(opens_at - now, TUNING.max_poll)
        self._spacer.release(now, interval)
        self._utilization.take(now, self._rate)
        return 0.0

    def observe(self, outcome: RequestOutcome, now: float) -> None:
        """Learn from what a request came to."""
        if outcome.kind == "error":
            return
        sent_at, refused, decrease = outcome.sent_at_seconds, outcome.kind == "refused", self._decrease
        if refused:
            self._hear_refusal(outcome.retry_after_seconds, now)
        else:
            self._hear_acceptance(sent_at, now)
            if decrease and decrease.starved and sent_at > decrease.at:
                decrease = self._decrease = None  # whatever the limit was, it is another now
                self._changed_at = now
        if decrease and sent_at <= decrease.at:
            if sent_at > decrease.since:
                self._measure(decrease, sent_at, now, refused=refused)
        elif decrease and not decrease.passed:
            self._try(decrease, sent_at, now, refused=refused)
        elif not refused:
            self._noise.accept()
            self._climb(now)
        elif self._noise.refuse():
            self._fall(sent_at, now)

    def _hear_refusal(self, retry_after: float | None, now: float) -> None:
        """Hold back everyone for a Retry-After, but only where nothing is admitted.

        Elsewhere a slower rate is the cure: a rest after each refusal would cost most of the limit.
        """
        self._spacer.refused_in_a_row += 1
        if retry_after and self._spacer.blocked and 0 < retry_after < math.inf:
            self._spacer.pause(now + retry_after)

    def _hear_acceptance(self, sent_at: float, now: float) -> None:
        self._spacer.refused_in_a_row = 0
        seconds = max(0.0, now - sent_at)
        self._latency += (0.1 if self._latency_known else 1.0) * (seconds - self._latency)
        self._latency_known = True
        # What our own machine adds when it is saturated is no reason for more workers.
        saturated = self._rate > TUNING.saturated_rate and not self._utilization.full
        if not saturated or self._latency < self._worker_latency:
            self._worker_latency = self._latency
        self._accepted.append(sent_at)
        while self._accepted[0] < now - 2 * self._latency - 3 * TUNING.window:
            self._accepted.popleft()

    def _admitted_between(self, start: float, end: float) -> int:
        return sum(start < at < end for at in self._accepted)

    # --- climbing -----------------------------------------------------------------------------------

    def _climb(self, now: float) -> None:
        used = self._utilization.judge(now, self._rate)
        if self._decrease is None:
            self._slow_start(now, used=used)
        elif used and now - self._changed_at >= (self._probe_seconds() if self._step else self._hold):
            if not self._step:
                self._held = self._rate
            self._proven = self._rate
            self._step = min(TUNING.max_step, max(2 * self._step, TUNING.first_step))
            self._set_rate(self._rate * (1 + self._step), now)

    def _slow_start(self, now: float, *, used: bool) -> None:
        """Double each time the gateway has had time to refuse."""
        doubling = max(
            TUNING.min_doubling,
            TUNING.doubling_latencies * self._latency,
            TUNING.doubling_requests / self._rate,
        )
        # The first reply is worth half a doubling: nothing was known before it.
        passed = 0.5 * doubling if self._changed_at == -math.inf else min(doubling, now - self._changed_at)
        self._changed_at = now
        if used:
            slope = (TUNING.extra_in_flight + TUNING.extra_share * self._rate) / max(0.001, self._latency)
            self._set_rate(self._rate + min(self._rate * (2 ** (passed / doubling) - 1), slope * passed), now)

    def _probe_seconds(self) -> float:
        """Return how long to try the last step: the smaller it was, the longer until it is refused."""
        first = max(TUNING.probe, TUNING.probe_requests / self._rate)
        return TUNING.doubling_latencies * self._latency + first * TUNING.first_step / self._step

    # --- falling ------------------------------------------------------------------------------------

    def _fall(self, sent_at: float, now: float) -> None:
        """Fall at a refusal, to where nothing was refused."""
        rate = self._rate
        admitted = (self._admitted_between(sent_at - 2 * TUNING.window, sent_at) + 1) / (2 * TUNING.window)
        if self._noise.share:  # fall to what is admitted: if that ends the refusals, they were none
            target = max(0.25 * rate, min(TUNING.just_under * rate, admitted))
        elif self._decrease is None:
            target = TUNING.first_decrease * rate
        elif self._step and rate < TUNING.confirmed * self._held:
            target = self._proven
            self._hold = min(2 * self._hold, TUNING.max_hold)
        elif self._step:
            target = min(self._proven, admitted)
            self._hold = TUNING.min_hold
        else:
            target = TUNING.just_under * rate
            self._hold = TUNING.min_hold
        self._decrease = Decrease(
            since=sent_at,
            at=now,
            rate=rate,
            admitted=admitted,
            last_second=self._admitted_between(sent_at - TUNING.window, sent_at),
            first=self._decrease is None,
        )
        self._set_rate(target, now)

    def _measure(self, decrease: Decrease, sent_at: float, now: float, *, refused: bool) -> None:
        """Set the rate by what became of the requests in flight.

        Of what was sent, a bucket admits its rate. A gateway that counts by the second has admitted its
        rate during the second before, and admits nothing until that is over.
        """
        decrease.refused += refused
        decrease.accepted += not refused
        decrease.heard_until = max(decrease.heard_until, sent_at)
        seen = decrease.refused + decrease.accepted
        if seen < TUNING.measurable or self._noise.share:
            return
        decrease.blocked = decrease.refused > TUNING.block_share * seen
        decrease.trial_from = decrease.at + TUNING.window if decrease.blocked else -math.inf
        if decrease.first:
            by_share = decrease.accepted / max(1e-9, decrease.heard_until - decrease.since)
            admitted = TUNING.just_under * max(decrease.last_second, by_share)
            self._set_rate(max(0.1 * decrease.rate, min(admitted, TUNING.just_under * decrease.rate)), now)
        elif decrease.blocked:
            self._set_rate(min(self._rate, TUNING.just_under * decrease.last_second), now)

    def _try(self, decrease: Decrease, sent_at: float, now: float, *, refused: bool) -> None:
        """Try the decreased rate: its first outcomes tell whether refusals have become rarer."""
        if self._spacer.blocked and not (decrease.blocked or self._noise.share):
            decrease.blocked = True
            decrease.trial_from, decrease.tried, decrease.tried_refused = sent_at + TUNING.window, 0, 0
            if decrease.last_second:
                admitted = TUNING.just_under * decrease.last_second
                self._set_rate(min(self._rate, max((1 - TUNING.max_cut) * self._rate, admitted)), now)
        if sent_at < decrease.trial_from:
            return
        if decrease.tried_since is None:
            decrease.tried_since = sent_at
        decrease.tried += 1
        decrease.tried_refused += refused
        seen, count = decrease.tried, decrease.tried_refused
        enough = seen >= TUNING.trial_outcomes and sent_at > decrease.tried_since + TUNING.trial_seconds
        early = seen >= TUNING.trial_early and count > TUNING.trial_early_share * seen
        if enough or early or count >= TUNING.noise_evidence:
            self._end_trial(decrease, now)

    def _end_trial(self, decrease: Decrease, now: float) -> None:
        """Hold the rate if refusals have ended, go back if they are noise, else fall further."""
        seen, refused = decrease.tried, decrease.tried_refused
        known = bool(self._noise.share)
        # Of a rate that is not used, the fall changed nothing for the gateway.
        used = self._utilization.judge(now, self._rate)
        if used and self._noise.compare(self._rate, seen, refused):
            decrease.passed = True
            back = self._noise.tried_rate
            if known:
                back = min(decrease.rate, TUNING.just_under * decrease.admitted / (1 - self._noise.share))
            elif not self._limit_shown or self._rate < 1.25 * TUNING.min_rate:
                self._decrease = None
            self._hold = TUNING.min_hold
            self._set_rate(max(self._rate, back), now)
        elif refused <= 1:
            decrease.passed = True
            self._limit_shown |= not refused
        else:
            share = (refused - TUNING.trial_luck) / seen
            cut = 1.0 if refused == seen else min(TUNING.max_cut, 1 - TUNING.just_under * (1 - share))
            self._decrease = Decrease(
                since=now,
                at=now,
                rate=self._rate,
                admitted=(1 - share) * self._rate,
                last_second=self._admitted_between(now - TUNING.window, now),
                starved=refused == seen,
            )
            self._set_rate((1 - cut) * self._rate, now)

    def _set_rate(self, rate: float, now: float) -> None:
        self._utilization.offer(now, self._rate)
        if rate < self._rate:
            self._step = 0.0
        self._rate = max(TUNING.min_rate, rate)
        self._changed_at = now
