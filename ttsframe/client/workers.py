"""The workers of a run: each takes an attempt, waits for the rate limit, sends, and handles the response.

Workers are daemons and end with their request; the run's own thread only waits for results, so
that Ctrl-C takes effect at once.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

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
# A request that takes this long has stalled: another worker takes its place.
_STALLED_SECONDS = 1.0


class LookupKey(NamedTuple):
    """One order on one platform."""

    order_id: str
    platform: str


@dataclass(frozen=True, slots=True)
class Result:
    """How fetching one key ended."""

    index: int
    outcome: Outcome
    content: Any
    """The decoded body of the answer, if there was one."""


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
        # At a rate that the user has set very low, some requests must have had time to go.
        outage_seconds = max(settings.outage, 3 / settings.rate if settings.rate else 0.0)
        self._breaker = CircuitBreaker(outage_seconds, now=now)
        self._fail_fast = FailFast(len(keys))
        self._retry_queue = RetryQueue(
            map(Attempt, range(len(keys))), suspected=lambda: self._breaker.suspected
        )
        self._results: deque[Result | BaseException] = deque()
        self._arrived: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._workers = 0
        self._look_again = now
        self._under_way: dict[int, float] = {}
        """Worker → when it sent its request; infinity while it waits for the rate limit."""

    def __iter__(self) -> Iterator[Result]:
        """Fetch everything; yield exactly one result per key, in the order of the answers.

        Raises TtsframeError if the run cannot go on; what was yielded before stands.
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
        """Send nothing more; each worker ends after its request."""
        self._stop.set()
        self._retry_queue.stop()

    def drain(self) -> Iterator[Result]:
        """Close, and yield what is answered and was not yielded: an answer that was received is kept.

        Also of requests that are under way, if they are answered at once; and once more the last
        that was yielded, if Ctrl-C came before the loop went on.
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
        """Wait a little for a result, starting workers meanwhile.

        It stays in the queue until the loop comes for the next: Ctrl-C may strike at any moment.
        """
        now = time.monotonic()
        if now >= self._look_again:
            self._look_again = now + _TICK_SECONDS
            self._start_workers(now)
            if self._breaker.is_over(now, unfinished=self._retry_queue.unfinished):
                self._put_result(self._breaker.error())
        self._wait()
        return self._results[0] if self._results else None

    def _wait(self) -> None:
        """Wait until there is a result, or a little."""
        if not self._results:
            with contextlib.suppress(queue.Empty):
                self._arrived.get(timeout=_TICK_SECONDS)

    def _put_result(self, result: Result | BaseException) -> None:
        self._results.append(result)
        self._arrived.put(None)

    def _start_workers(self, now: float) -> None:
        """Start as many workers as rate × latency needs plus the stalled ones, up to what there is to do."""
        stalled = sum(now - sent_at > _STALLED_SECONDS for sent_at in tuple(self._under_way.values()))
        wanted = min(
            self._rate_limiter.workers + stalled, self._settings.workers, self._retry_queue.unfinished
        )
        while self._workers < wanted:
            self._workers += 1
            threading.Thread(target=self._work, name=f"ttsframe-{self._workers}", daemon=True).start()

    def _work(self) -> None:
        # Not by index: an order that is put back may be another worker's before this one lets go of it.
        worker = threading.get_ident()
        try:
            while (attempt := self._retry_queue.get()) is not None:
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
        except BaseException as error:  # noqa: BLE001 - raised by the run's own thread
            self._put_result(error)
            self._stop.set()
            self._retry_queue.stop()

    def _send_attempt(self, attempt: Attempt, sent_at: float) -> None:
        key = self._keys[attempt.index]
        attempt.send(sent_at)
        self._breaker.record_sent(attempt)
        signed = self._authorizer.sign(gateway.reference_request(*key))
        try:
            response = self._transport.send("GET", signed.target, signed.headers)
        except TransportError as error:
            failure = error
        else:
            content = gateway.decode_json(self._authorizer.redact_body(response.body, signed))
            answer = gateway.decode_references(
                response.http_status, content, order_id=key.order_id, platform=key.platform
            )
            outcome = RequestOutcome(sent_at, _outcome_kind(answer.kind), response.retry_after_seconds)
            self._rate_limiter.observe(outcome)
            self._handle_response(attempt, signed, response, answer, content)
            return
        # Outside the handler, so that no context leads to the address.
        self._rate_limiter.observe(RequestOutcome(sent_at, "error"))
        self._handle_transport_error(attempt, failure)

    def _handle_response(
        self,
        attempt: Attempt,
        signed: SignedRequest,
        response: Response,
        answer: gateway.DecodedResponse,
        content: Any,  # noqa: ANN401
    ) -> None:
        """Do what this kind of response asks for."""
        outcome = answer.outcome
        match answer.kind:
            case ResponseKind.ANSWERED | ResponseKind.ROW:
                self._authorizer.confirm(signed)
                self._answered(attempt, outcome, content)
            case ResponseKind.THROTTLED:
                self._throttled(attempt, outcome, response.retry_after_seconds)
            case ResponseKind.SERVER | ResponseKind.BAD_ANSWER:
                self._failed(attempt, outcome, response.retry_after_seconds or 0.0)
            case kind if self._authorizer.recover(kind, signed, response.date_seconds):
                self._retry_queue.requeue(attempt)
            case _:
                raise retry.error_for(answer)

    def _answered(self, attempt: Attempt, outcome: Outcome, content: Any) -> None:  # noqa: ANN401
        self._breaker.record_success(time.monotonic(), attempt)
        self._finish(attempt, outcome._replace(fetched_at=time.time()), content)
        error = self._fail_fast.record(outcome.reason, outcome.error_message)
        if error:
            raise error

    def _throttled(self, attempt: Attempt, outcome: Outcome, retry_after_seconds: float | None) -> None:
        """A refusal for rate costs no try; `Retry-After` holds back this request."""
        attempt.throttles += 1
        self._breaker.record_throttle(outcome.error_message or "too many requests", attempt)
        if attempt.throttles > retry.MAX_THROTTLES:
            self._finish(attempt, outcome, None)
            return
        not_before = time.monotonic() + (retry_after_seconds or 0.0)
        if retry_after_seconds:
            self._breaker.defer(not_before)
        self._retry_queue.requeue(attempt, not_before=not_before)

    def _handle_transport_error(self, attempt: Attempt, error: TransportError) -> None:
        now = time.monotonic()
        if error.dropped and attempt.drops < retry.FREE_RECONNECTS:
            attempt.drops += 1
            self._breaker.record_failure(str(error), attempt)
            self._retry_queue.requeue(attempt)
            return
        if error.unreachable and not self._breaker.answered:
            attempt.tries += 1
            if self._breaker.unreachable(attempt):
                raise retry.unreachable(self._settings.host, str(error))
            self._breaker.record_failure(str(error), attempt)
            self._retry_queue.requeue(attempt, not_before=now + retry.backoff_seconds(attempt.tries))
            return
        self._failed(attempt, Outcome("failed", error.reason, error_message=str(error)), 0.0)

    def _failed(self, attempt: Attempt, outcome: Outcome, least_wait_seconds: float) -> None:
        self._breaker.record_failure(outcome.error_message or outcome.reason or "", attempt)
        now = time.monotonic()
        if self._breaker.suspected:
            # The gateway is down, not this order: waiting must not cost 10,000 orders their tries.
            attempt.spare()
            self._retry_queue.requeue(attempt, not_before=now + least_wait_seconds)
            return
        attempt.tries += 1
        if attempt.tries >= self._settings.tries:
            self._finish(attempt, outcome, None)
            return
        wait_seconds = max(least_wait_seconds, retry.backoff_seconds(attempt.tries))
        self._retry_queue.requeue(attempt, not_before=now + wait_seconds)

    def _finish(self, attempt: Attempt, outcome: Outcome, content: Any) -> None:  # noqa: ANN401
        self._put_result(Result(attempt.index, outcome, content))
        # In this order: an unfinished order that the breaker does not know would look like an outage.
        self._retry_queue.task_done()
        self._breaker.forget(attempt)


def _outcome_kind(kind: ResponseKind) -> Literal["accepted", "refused", "error"]:
    if kind is ResponseKind.THROTTLED:
        return "refused"
    return "error" if kind in retry.NO_ANSWER else "accepted"
