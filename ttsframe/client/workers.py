"""The workers of a run: each takes an attempt, waits for the pace, sends, and says what came.

Workers are daemons and end with their request; the run's own thread only listens, so that
Ctrl-C is heard at once.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ttsframe import gateway
from ttsframe.client import retry
from ttsframe.client.retry import Attempt, CircuitBreaker, FailFast
from ttsframe.client.retry_queue import RetryQueue
from ttsframe.client.transport import TransportError
from ttsframe.errors import TtsframeError
from ttsframe.gateway import ResponseKind
from ttsframe.gateway.outcomes import Outcome
from ttsframe.ratelimit import RequestOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ttsframe.client.authorization import Authorizer, SignedRequest
    from ttsframe.client.rate_limiter import RateLimiter
    from ttsframe.client.transport import Response, Transport
    from ttsframe.config import Settings

_TICK_SECONDS = 0.05
_LAST_ANSWERS_SECONDS = 0.25
"""How long a run that has to end waits for answers that are on their way."""
# A request that takes so long is stuck, and its worker is missing to the pace.
_STUCK_SECONDS = 1.0


class LookupKey(NamedTuple):
    """One order on one platform."""

    order_id: str
    platform: str


@dataclass(frozen=True, slots=True)
class Result:
    """How the fetching of one key ended."""

    index: int
    outcome: Outcome
    content: Any
    """The decoded body of the answer; None where there was none."""


class WorkerPool:
    """Fetches distinct keys in their order, many at once; iterate once over the results."""

    def __init__(
        self,
        keys: Sequence[LookupKey],
        *,
        transport: Transport,
        authorizer: Authorizer,
        rate_limiter: RateLimiter,
        settings: Settings,
    ) -> None:
        self._keys = keys
        self._transport = transport
        self._authorizer = authorizer
        self._rate_limiter = rate_limiter
        self._settings = settings
        now = time.monotonic()
        self._breaker = CircuitBreaker(_outage_seconds(settings), now=now)
        self._fail_fast = FailFast(len(keys))
        self._schedule = RetryQueue(
            (Attempt(place) for place in range(len(keys))), suspected=lambda: self._breaker.suspected
        )
        self._results: deque[Result | BaseException] = deque()
        self._arrived: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._workers = 0
        self._look_again = now
        self._under_way: dict[int, float] = {}
        """Worker → when it sent what it waits for; for ever after now where it waits for the pace."""

    def __iter__(self) -> Iterator[Result]:
        """Ask everything; yield each question's end as it comes.

        Yields
        ------
        Result
            Exactly one for each question, in the order of their answers.

        Raises
        ------
        TtsframeError
            If the run cannot go on; what was yielded before stands.
        """
        try:
            left = len(self._keys)
            while left:
                result = self._next()
                if result is None:
                    continue
                if isinstance(result, BaseException):
                    yield from self.drain()
                    # The worker's own traceback leads to requests, and these hold the token.
                    raise result.with_traceback(None) if isinstance(result, TtsframeError) else result
                left -= 1
                yield result
                self._results.popleft()
        finally:
            self.close()

    def close(self) -> None:
        """Send nothing more; each worker ends with its request."""
        self._stop.set()
        self._schedule.stop()

    def drain(self) -> Iterator[Result]:
        """Close, and yield what is answered and was not yielded: an answer paid for is kept.

        Yields
        ------
        Result
            Also of requests that were under way, if they are answered at once; and once more the
            last that was yielded, if Ctrl-C came before the loop went on.
        """
        self.close()
        until = time.monotonic() + _LAST_ANSWERS_SECONDS
        while self._results or (self._under_way and time.monotonic() < until):
            self._wait()
            if self._results:
                result = self._results[0]
                if isinstance(result, Result):
                    yield result
                self._results.popleft()

    def _next(self) -> Result | BaseException | None:
        """Wait a little for a result, looking after the workers meanwhile.

        It stays in the line until the loop comes for the next: Ctrl-C may strike at any moment.
        """
        now = time.monotonic()
        if now >= self._look_again:
            self._look_again = now + _TICK_SECONDS
            self._start_workers(now)
            if self._breaker.is_over(now, unfinished=self._schedule.unfinished):
                self._put_result(self._breaker.error())
        self._wait()
        return self._results[0] if self._results else None

    def _wait(self) -> None:
        """Wait until something is in the line, or a little."""
        if not self._results:
            with contextlib.suppress(queue.Empty):
                self._arrived.get(timeout=_TICK_SECONDS)

    def _put_result(self, result: Result | BaseException) -> None:
        self._results.append(result)
        self._arrived.put(None)

    def _start_workers(self, now: float) -> None:
        """As many workers as rate × latency needs besides the stuck, and no more than there is to do."""
        stuck = sum(now - sent_at > _STUCK_SECONDS for sent_at in tuple(self._under_way.values()))
        wanted = min(self._rate_limiter.workers + stuck, self._settings.workers, self._schedule.unfinished)
        while self._workers < wanted:
            self._workers += 1
            threading.Thread(target=self._work, name=f"ttsframe-{self._workers}", daemon=True).start()

    def _work(self) -> None:
        # Not by place: an order that is put back may be another worker's before this one lets go of it.
        worker = threading.get_ident()
        try:
            while (attempt := self._schedule.get()) is not None:
                # Before the wait, so that no request goes unseen between the wait and the sending.
                self._under_way[worker] = math.inf
                try:
                    sent_at = self._rate_limiter.wait(self._stop)
                    if sent_at is None:
                        return
                    self._under_way[worker] = sent_at
                    self._send_attempt(attempt, sent_at)
                finally:
                    del self._under_way[worker]
        except BaseException as error:  # noqa: BLE001 - told by the run's own thread
            self._put_result(error)
            self._stop.set()
            self._schedule.stop()

    def _send_attempt(self, attempt: Attempt, sent_at: float) -> None:
        key = self._keys[attempt.index]
        attempt.send(sent_at)
        self._breaker.record_sent(attempt)
        signed = self._authorizer.sign(gateway.reference_request(*key))
        trouble = None
        try:
            reply = self._transport.send("GET", signed.target, signed.headers)
        except TransportError as error:
            trouble = error
        if trouble:
            self._rate_limiter.observe(RequestOutcome(sent_at, "error"))
            self._handle_transport_error(attempt, trouble)
            return
        content = gateway.decode_json(self._authorizer.redact_body(reply.body, signed))
        answer = gateway.decode_references(
            reply.http_status, content, order_id=key.order_id, platform=key.platform
        )
        self._rate_limiter.observe(
            RequestOutcome(sent_at, _outcome_kind(answer.kind), reply.retry_after_seconds)
        )
        self._handle_response(attempt, signed, reply, answer, content)

    def _handle_response(
        self,
        attempt: Attempt,
        signed: SignedRequest,
        reply: Response,
        answer: gateway.DecodedResponse,
        content: Any,  # noqa: ANN401
    ) -> None:
        """Do what the verdict asks for."""
        outcome = answer.outcome
        match answer.kind:
            case ResponseKind.ANSWERED | ResponseKind.ROW:
                self._authorizer.confirm(signed)
                self._answered(attempt, outcome, content)
            case ResponseKind.THROTTLED:
                self._refused(attempt, outcome, reply.retry_after_seconds)
            case ResponseKind.SERVER | ResponseKind.BAD_ANSWER:
                self._failed(attempt, outcome, reply.retry_after_seconds or 0.0)
            case verdict if self._authorizer.recover(verdict, signed, reply.date_seconds):
                self._schedule.requeue(attempt)
            case _:
                raise retry.error_for(answer)

    def _answered(self, attempt: Attempt, outcome: Outcome, content: Any) -> None:  # noqa: ANN401
        self._breaker.record_success(time.monotonic(), attempt)
        self._finish(attempt, outcome._replace(fetched_at=time.time()), content)
        error = self._fail_fast.record(outcome.reason, outcome.error_message)
        if error:
            raise error

    def _refused(self, attempt: Attempt, outcome: Outcome, retry_after_seconds: float | None) -> None:
        """A refusal for rate costs no try; `Retry-After` holds back this request."""
        attempt.refusals += 1
        self._breaker.record_throttle(outcome.error_message or "too many requests", attempt)
        if attempt.refusals > retry.MAX_THROTTLES:
            self._finish(attempt, outcome, None)
            return
        not_before = time.monotonic() + (retry_after_seconds or 0.0)
        if retry_after_seconds:
            self._breaker.defer(not_before)
        self._schedule.requeue(attempt, not_before=not_before)

    def _handle_transport_error(self, attempt: Attempt, trouble: TransportError) -> None:
        now = time.monotonic()
        if trouble.dropped and attempt.drops < retry.FREE_RECONNECTS:
            attempt.drops += 1
            self._breaker.record_failure(str(trouble), attempt)
            self._schedule.requeue(attempt)
            return
        if trouble.unreachable and not self._breaker.answered:
            attempt.tries += 1
            if self._breaker.unreachable(attempt):
                raise retry.unreachable(self._settings.host, str(trouble))
            self._breaker.record_failure(str(trouble), attempt)
            self._schedule.requeue(attempt, not_before=now + retry.backoff_seconds(attempt.tries))
            return
        self._failed(attempt, Outcome("failed", trouble.reason, error_message=str(trouble)), 0.0)

    def _failed(self, attempt: Attempt, outcome: Outcome, least_wait_seconds: float) -> None:
        self._breaker.record_failure(outcome.error_message or outcome.reason or "", attempt)
        now = time.monotonic()
        if self._breaker.suspected:
            # The gateway is down, not this order: waiting must not cost 10,000 orders their tries.
            attempt.spare()
            self._schedule.requeue(attempt, not_before=now + least_wait_seconds)
            return
        attempt.tries += 1
        if attempt.tries >= self._settings.tries:
            self._finish(attempt, outcome, None)
            return
        wait_seconds = max(least_wait_seconds, retry.backoff_seconds(attempt.tries))
        self._schedule.requeue(attempt, not_before=now + wait_seconds)

    def _finish(self, attempt: Attempt, outcome: Outcome, content: Any) -> None:  # noqa: ANN401
        self._put_result(Result(attempt.index, outcome, content))
        # In this order: an order that is neither left nor in trouble of its own would look like an outage.
        self._schedule.task_done()
        self._breaker.forget(attempt)


def _outage_seconds(settings: Settings) -> float:
    """At a rate that the user has set very low, some requests must have had time to go."""
    return max(settings.outage, 3 / settings.rate if settings.rate else 0.0)


def _outcome_kind(verdict: ResponseKind) -> Any:  # noqa: ANN401
    if verdict is ResponseKind.THROTTLED:
        return "refused"
    return "error" if verdict in (ResponseKind.SERVER, ResponseKind.BAD_ANSWER) else "accepted"
