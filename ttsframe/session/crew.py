"""The workers of a run: each takes an attempt, waits for the pace, sends, and says what came.

Workers are daemons and end with their request; the run's own thread only listens, so that
Ctrl-C is heard at once.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ttsframe import tiktok
from ttsframe.outcomes import Outcome
from ttsframe.pace import Reply as PaceReply
from ttsframe.session import tries
from ttsframe.session.schedule import Schedule
from ttsframe.session.tries import Attempt, Outage, SameTrouble
from ttsframe.session.wire import WireTrouble
from ttsframe.tiktok import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ttsframe.session import Session
    from ttsframe.session.access import Signed
    from ttsframe.session.wire import Reply

_TICK_SECONDS = 0.05


class Question(NamedTuple):
    """One order on one platform."""

    order_id: str
    platform: str


class Finished(NamedTuple):
    """The end of one question."""

    place: int
    outcome: Outcome
    content: Any
    """The decoded body of the answer; None where there was none."""


class Crew:
    """Asks many questions at once, at the session's pace.

    Parameters
    ----------
    session
        Wire, credentials, pace and settings.
    questions
        Distinct questions, in the order to ask them.
    """

    def __init__(self, session: Session, questions: Sequence[Question]) -> None:
        self._session = session
        self._questions = questions
        now = time.monotonic()
        self._outage = Outage(session.settings.outage, now=now)
        self._same_trouble = SameTrouble(len(questions))
        self._schedule = Schedule(
            (Attempt(place) for place in range(len(questions))), suspected=lambda: self._outage.suspected
        )
        self._results: queue.SimpleQueue[Finished | BaseException] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._workers = 0

    def run(self) -> Iterator[Finished]:
        """Ask everything; yield each question's end as it comes.

        Yields
        ------
        Finished
            Exactly one for each question, in the order of their answers.

        Raises
        ------
        TtsframeError
            If the run cannot go on; what was yielded before stands.
        """
        try:
            left = len(self._questions)
            while left:
                self._hire()
                try:
                    result = self._results.get(timeout=_TICK_SECONDS)
                except queue.Empty:
                    self._check_outage()
                    continue
                if isinstance(result, BaseException):
                    yield from self._already_finished()
                    raise result
                left -= 1
                yield result
        finally:
            self._stop.set()
            self._schedule.stop()

    def _already_finished(self) -> Iterator[Finished]:
        """What was answered before the run had to end is not thrown away."""
        while not self._results.empty():
            result = self._results.get()
            if isinstance(result, Finished):
                yield result

    def _hire(self) -> None:
        """As many workers as rate × latency needs, and no more than there is to do."""
        wanted = min(self._session.pacer.workers, self._session.settings.workers, self._schedule.unfinished)
        while self._workers < wanted:
            self._workers += 1
            threading.Thread(target=self._work, name=f"ttsframe-{self._workers}", daemon=True).start()

    def _check_outage(self) -> None:
        if self._outage.seconds_left(time.monotonic()) <= 0:
            raise self._outage.error()

    def _work(self) -> None:
        try:
            while (attempt := self._schedule.take()) is not None:
                sent_at = self._session.pacer.wait(self._stop)
                if sent_at is None:
                    return
                self._try(attempt, sent_at)
        except BaseException as error:  # noqa: BLE001 - told by the run's own thread
            self._results.put(error)
            self._stop.set()
            self._schedule.stop()

    def _try(self, attempt: Attempt, sent_at: float) -> None:
        question = self._questions[attempt.place]
        signed = self._session.access.sign(tiktok.reference_request(*question))
        try:
            reply = self._session.wire.send("GET", signed.target, signed.headers)
        except WireTrouble as trouble:
            self._session.pacer.observe(PaceReply(sent_at, "troubled"))
            self._troubled(attempt, trouble)
            return
        content = tiktok.payload(self._session.access.without_secrets(reply.body))
        answer = tiktok.read_answer(
            reply.http_status, content, order_id=question.order_id, platform=question.platform
        )
        self._session.pacer.observe(PaceReply(sent_at, _pace_kind(answer.verdict), reply.retry_after_seconds))
        self._follow(attempt, signed, reply, answer, content)

    def _follow(
        self,
        attempt: Attempt,
        signed: Signed,
        reply: Reply,
        answer: tiktok.Answer,
        content: Any,  # noqa: ANN401
    ) -> None:
        """Do what the verdict asks for."""
        outcome = answer.outcome
        match answer.verdict:
            case Verdict.ANSWERED | Verdict.ROW:
                self._answered(attempt, outcome, content)
            case Verdict.THROTTLED:
                self._refused(attempt, outcome, reply.retry_after_seconds)
            case Verdict.SERVER | Verdict.BAD_ANSWER:
                self._failed(attempt, outcome, reply.retry_after_seconds or 0.0)
            case Verdict.CLOCK if self._session.access.correct_clock(signed, reply.date_seconds):
                self._schedule.again(attempt)
            case Verdict.TOKEN if self._session.access.renew(signed):
                self._schedule.again(attempt)
            case verdict:
                raise tries.fatal(verdict, f"{outcome.error_code} {outcome.error_message}")

    def _answered(self, attempt: Attempt, outcome: Outcome, content: Any) -> None:  # noqa: ANN401
        self._outage.good(time.monotonic())
        self._session.access.worked()
        self._finish(attempt, outcome._replace(fetched_at=time.time()), content)
        error = self._same_trouble.seen(outcome.reason, outcome.error_message)
        if error:
            raise error

    def _refused(self, attempt: Attempt, outcome: Outcome, retry_after_seconds: float | None) -> None:
        """A refusal for rate costs no try; `Retry-After` holds back this request."""
        attempt.refusals += 1
        if attempt.refusals > tries.MOST_REFUSALS:
            self._finish(attempt, outcome, None)
            return
        not_before = time.monotonic() + (retry_after_seconds or 0.0)
        if retry_after_seconds:
            self._outage.held(not_before)
        self._schedule.again(attempt, not_before=not_before)

    def _troubled(self, attempt: Attempt, trouble: WireTrouble) -> None:
        if trouble.unreachable:
            attempt.tries += 1
            if self._outage.unreachable(attempt):
                raise tries.unreachable(self._session.settings.host, str(trouble))
            attempt.tries -= 1
        self._failed(attempt, Outcome("failed", trouble.reason, error_message=str(trouble)), 0.0)

    def _failed(self, attempt: Attempt, outcome: Outcome, least_wait_seconds: float) -> None:
        self._outage.bad(outcome.error_message or outcome.reason or "")
        now = time.monotonic()
        if self._outage.suspected:
            # The gateway is down, not this order: waiting must not cost 10,000 orders their tries.
            self._schedule.again(attempt, not_before=now + least_wait_seconds)
            return
        attempt.tries += 1
        if attempt.tries >= self._session.settings.tries:
            self._finish(attempt, outcome, None)
            return
        wait_seconds = max(least_wait_seconds, tries.backoff_seconds(attempt.tries))
        self._schedule.again(attempt, not_before=now + wait_seconds)

    def _finish(self, attempt: Attempt, outcome: Outcome, content: Any) -> None:  # noqa: ANN401
        self._results.put(Finished(attempt.place, outcome, content))
        self._schedule.done()


def _pace_kind(verdict: Verdict) -> Any:  # noqa: ANN401
    if verdict is Verdict.THROTTLED:
        return "refused"
    return "troubled" if verdict in (Verdict.SERVER, Verdict.BAD_ANSWER) else "accepted"
