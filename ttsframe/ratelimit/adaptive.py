"""The pace itself: climbing and falling."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Literal, NamedTuple

from ttsframe.ratelimit import climb
from ttsframe.ratelimit import hold as holds
from ttsframe.ratelimit.fall import Fall
from ttsframe.ratelimit.gate import WINDOW_SECONDS, Gate
from ttsframe.ratelimit.measures import Latency, LetIn, Runs, Usage, forget

if TYPE_CHECKING:
    from ttsframe.ratelimit.hold import Hold

START_PER_SECOND = 8.0
FLOOR_PER_SECOND = 0.2
RESTART_PER_SECOND = 1.0
"""The least rate once a request is let in after a long block."""
MAX_WORKERS = 128
"""The most requests ever worth having in flight."""

MAX_POLL_SECONDS = 0.25
"""Longest delay that `AdaptiveRate.wait` gives: what it said may be overtaken by a reply."""
FIRST_JUMP = 0.5
"""How much of a doubling the first reply is worth."""

PAUSE_ABOVE_REFUSED = 0.05
"""Share of the last second's replies above which a Retry-After holds back everyone."""
STRAINED_PER_SECOND = 300.0
"""From this rate on, slots left untaken mean that our own machine is the bottleneck."""


class RequestOutcome(NamedTuple):
    """What a request came to, as far as the pace is concerned."""

    sent_at_seconds: float
    """The `now` at which `AdaptiveRate.wait` let the request go."""
    kind: Literal["accepted", "refused", "error"]
    """`refused`: over the limit; `troubled`: a failure that says nothing of the limit."""
    retry_after_seconds: float | None = None


class AdaptiveRate:
    """The rate at which requests may go, learnt from what becomes of them.

    Not thread-safe: hold one lock round each call. A call takes a few microseconds.
    """

    def __init__(self) -> None:
        self._rate = START_PER_SECOND
        self._latency = Latency()
        self._usage = Usage()
        self._gate = Gate()
        # The last seconds, by the moments of sending and of hearing.
        self._accepted: deque[float] = deque()
        self._refused: deque[float] = deque()
        # Falling and climbing
        self._fall: Fall | None = None
        self._step = 0.0
        self._proven = 0.0  # the rate before the last step up, if any was taken since the fall
        self._climbed_at = -math.inf
        self._hold: Hold | None = None
        self._let_in = LetIn()
        self._runs = Runs()

    @property
    def rate_per_second(self) -> float:
        """Requests a second that may go now."""
        return self._rate

    @property
    def latency_seconds(self) -> float:
        """The usual time from sending to reply; 0.1 before the first."""
        return self._latency.usual

    @property
    def workers(self) -> int:
        """How many requests are in flight at this rate and latency, with headroom."""
        needed = math.ceil(1.3 * self._rate * self._latency.unstrained) + 2
        return max(1, min(MAX_WORKERS, needed))

    def seconds_for(self, requests: int) -> float:
        """Estimate how long so many requests take at this rate."""
        return requests / self._rate + (self._latency.usual if requests else 0.0)

    def wait(self, now: float) -> float:
        """Ask whether a request may go.

        Parameters
        ----------
        now
            Seconds of a monotonic clock.

        Returns
        -------
        float
            0.0: it goes now, and is counted. Otherwise seconds after which to ask again, at most
            0.25; nothing is reserved.
        """
        interval = 1 / self._rate
        if (opens_at := self._gate.opens_at(now, interval)) > now:
            return min(opens_at - now, MAX_POLL_SECONDS)
        if self._gate.let_go(now, interval):
            self._let_in.restart(now)  # nothing was asked for, which tells nothing
        self._usage.take(now, self._rate)
        return 0.0

    def observe(self, reply: RequestOutcome, now: float) -> None:
        """Learn from a reply.

        Parameters
        ----------
        reply
            When it was sent, and what it came to.
        now
            Seconds of the same monotonic clock.
        """
        if reply.kind == "refused":
            self._refuse(reply, now)
            return
        self._runs.let_in(reply.sent_at_seconds)
        if reply.kind == "accepted":
            self._accept(reply.sent_at_seconds, now)

    # --- climbing -----------------------------------------------------------------------------------

    def _accept(self, sent_at: float, now: float) -> None:
        strained = self._rate > STRAINED_PER_SECOND and not self._usage.full
        self._latency.learn(now - sent_at, strained=strained)
        self._accepted.append(sent_at)
        forget(self._accepted, now - 2 * self._latency.usual - 2 * WINDOW_SECONDS)
        fall = self._fall
        self._let_in.count(sent_at)
        if fall is None:
            self._double(now)
        elif sent_at > fall.at:
            if fall.blocked and not fall.over:
                self._let_in.restart(sent_at)
            fall.over = True
            self._gate.refused_in_a_row = 0
            if fall.starved:  # whatever the limit was, it is another now
                self._forget_limit(now)
                self._set_rate(max(self._rate, RESTART_PER_SECOND), now)
            else:
                self._climb(fall, now)
        elif sent_at > fall.since:
            fall.accepted += 1
            fall.judged_until = max(fall.judged_until, sent_at)
            if fall.blocked:
                self._gate.let_in(sent_at)
            self._judge(fall, now)

    def _forget_limit(self, now: float) -> None:
        """Climb again as if no limit were known."""
        self._gate.refused_in_a_row = 0
        self._fall, self._hold, self._usage, self._climbed_at = None, None, Usage(), now

    def _double(self, now: float) -> None:
        """Climb while no limit is known: double each time the gateway has had time to refuse."""
        latency, passed = self._latency.usual, now - self._climbed_at
        if self._climbed_at == -math.inf:
            passed = FIRST_JUMP * climb.doubling_seconds(self._rate, latency)
        self._climbed_at = now
        if self._usage.really_used(now, self._rate):
            self._set_rate(climb.higher(self._rate, passed, latency), now)
        elif self._rate > STRAINED_PER_SECOND:
            self._set_rate(min(self._rate, max(STRAINED_PER_SECOND, 1.5 * self._usage.per_second)), now)

    def _climb(self, fall: Fall, now: float) -> None:
        """Hold the ceiling; where the rate gets past it unrefused, climb ever faster."""
        hold = self._hold
        if hold is None or now - fall.at < self._latency.usual:
            return
        passed = now - max(self._climbed_at, hold.since)
        used = self._usage.really_used(now, self._rate)
        if now < hold.ends_at(self._latency.usual):
            self._climbed_at = now
            if used:
                self._set_rate(hold.rate_at(now), now)
            else:
                hold.since += passed
        elif passed >= climb.trial_seconds(self._step, hold.depth, self._rate, self._latency.usual):
            self._climbed_at = now
            if used:
                self._proven, self._step = self._rate, climb.next_step(self._step, hold.depth)
                self._set_rate(self._rate * (1 + self._step), now)

    # --- falling ------------------------------------------------------------------------------------

    def _refuse(self, reply: RequestOutcome, now: float) -> None:
        sent_at, fall = reply.sent_at_seconds, self._fall
        if self._runs.refuse(self._rate, now):
            self._forget_limit(now)
            return
        self._gate.refused(sent_at)
        if fall is not None and sent_at <= fall.at:  # in flight when we fell: evidence, no new fall
            if sent_at > fall.since:
                fall.refused += 1
                fall.judged_until = max(fall.judged_until, sent_at)
                self._judge(fall, now)
            return
        self._refused.append(now)
        forget(self._refused, now - WINDOW_SECONDS)
        self._gate.refused_in_a_row += 1
        # At most one fall a latency, and none while a block is sat out.
        if (fall is None or sent_at > fall.at + self._latency.usual) and not self._sits_out(fall, now):
            self._fall_down(fall, sent_at, now)
        self._hold_back(reply, now)

    def _sits_out(self, fall: Fall | None, now: float) -> bool:
        """Whether nothing was let in since the fall because the gateway lets in nothing for a while."""
        if fall is None or fall.over:
            return False
        fall.refused += 1
        if not fall.blocked:
            fall.at = now
            fall.judged_until = now
            self._judge(fall, now)
        elif not self._accepted or now - self._accepted[-1] > 1.5 * WINDOW_SECONDS + 2 * self._latency.usual:
            # No window of a second lasts that long: the limit has gone far down, or a quota is used up.
            fall.starved = True
            self._set_rate(0.5 * self._rate, now)
        return fall.blocked

    def _fall_down(self, last: Fall | None, sent_at: float, now: float) -> None:
        rate = self._rate_since(sent_at, now, climbing=last is None)
        hold = self._lower(last, rate, sent_at, now)
        to = hold.ceiling
        if last is not None and not last.over:
            last.at, last.rate, last.aim = now, rate, to
        else:
            self._fall = Fall(
                since=sent_at,
                at=now,
                rate=rate,
                aim=to,
                last_second=self._last_second(last, sent_at),
                counted=self._let_in.since <= sent_at - WINDOW_SECONDS,
                first=last is None,
            )
        # Where it took a step up to be refused, more would have been let in until then.
        if self._step or self._let_in.stale(sent_at) or hold.drop > 0.3:  # noqa: PLR2004
            self._let_in.restart(sent_at)
        self._proven = self._step = 0.0
        self._settle(hold, now)

    def _rate_since(self, sent_at: float, now: float, *, climbing: bool) -> float:
        """Return the rate at which the requests in flight were sent: while climbing, less than now's."""
        in_flight = self._gate.sent_since(sent_at) + 1
        if in_flight < 5 or now <= sent_at:  # noqa: PLR2004
            return self._rate
        slowest = 0.0 if climbing else self._rate / (1 + self._step)
        return min(self._rate, max(slowest, in_flight / (now - sent_at)))

    def _lower(self, last: Fall | None, rate: float, sent_at: float, now: float) -> Hold:
        """Return where to hold as long as nothing more is known."""
        hold = self._hold
        if last is None or hold is None:
            return holds.first(rate, now=now)
        if self._step:
            return holds.before_step(min(self._proven, rate), self._step, now=now)
        if last.blocked:
            return holds.blocked(hold, rate, self._last_second(last, sent_at), now=now)
        return holds.refused(hold, rate, sent_at, self._let_in, now=now)

    def _last_second(self, last: Fall | None, sent_at: float) -> int:
        """Return how many were let in during the second before; 0 if a block was in it."""
        since = sent_at - WINDOW_SECONDS
        if last is not None and last.blocked and last.since > since:
            return 0
        return sum(1 for at in self._accepted if since < at < sent_at)

    def _judge(self, fall: Fall, now: float) -> None:
        """Set the rate by what became of the requests that were in flight at the fall."""
        if fall.seems_blocked:
            self._block(fall)
        to = fall.verdict()
        if to is None or self._hold is None:
            return
        if not to:  # nothing was let in: only what will be tells where the limit is
            fall.starved = True
            self._set_rate(0.5 * self._rate, now)
            return
        ceiling = min(to, fall.rate if fall.first else fall.aim)
        counted = fall.blocked and (fall.counted or not fall.first)
        hold = self._hold.judged(ceiling, fall.accepted, first=fall.first, counted=counted, now=now)
        self._settle(hold, now)

    def _block(self, fall: Fall) -> None:
        """Go by what was let in during a second, as the gateway does."""
        fall.blocked = True
        if self._hold is not None:
            self._hold.drop = 1 - holds.JUST_UNDER
        self._gate.block(fall.last_second, self._accepted, since=fall.since, at=fall.at)

    def _hold_back(self, reply: RequestOutcome, now: float) -> None:
        """Hold back everyone for a Retry-After, but only where next to nothing is let in.

        Where some is let in, a slower rate is the cure: a second's rest after each refusal would
        cost most of what the limit allows, and teach nothing.
        """
        after, refused = reply.retry_after_seconds, len(self._refused)
        if after is None or not 0 < after < math.inf or self._fall is None or not self._fall.blocked:
            return
        since = now - WINDOW_SECONDS - self._latency.usual
        accepted = sum(1 for at in self._accepted if at > since)
        if refused > PAUSE_ABOVE_REFUSED * (accepted + refused):
            self._gate.pause(now + after)

    def _settle(self, hold: Hold, now: float) -> None:
        hold.ceiling = max(FLOOR_PER_SECOND, hold.ceiling)
        self._hold = hold
        if self._fall is not None:
            self._fall.to = hold.ceiling
        self._set_rate(hold.rate_at(now), now)

    def _set_rate(self, rate: float, now: float) -> None:
        self._usage.offer(now, self._rate)
        self._rate = max(FLOOR_PER_SECOND, rate)
