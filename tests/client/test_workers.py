"""The workers of a run among themselves, without any gateway."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

from ttsframe.client import workers as module
from ttsframe.client.authorization import SignedRequest
from ttsframe.client.retry_queue import RetryQueue
from ttsframe.client.transport import Response, TransportError
from ttsframe.client.workers import LookupKey, WorkerPool
from ttsframe.config import Settings

UNLINKED = Response(200, b'{"code":0,"data":{}}', None, None)
HANDED, OTHER, LAST = "577000000000000000", "577000000000000001", "577000000000000002"


def asking(send, order_ids, *, workers):
    """A pool whose requests go to a function of the order id; the rate lets everything go at once."""
    return WorkerPool(
        [LookupKey(order_id, "SHOPIFY") for order_id in order_ids],
        settings=Settings(),
        rate_limiter=SimpleNamespace(
            wait=lambda _stop: time.monotonic(), observe=lambda _reply: None, workers=workers
        ),
        authorizer=SimpleNamespace(
            sign=lambda request: SignedRequest(request.path.split("/")[4], {}, "token", "signature", 0.0),
            redact_body=lambda body, _signed: body,
            confirm=lambda _signed: None,
        ),
        transport=SimpleNamespace(send=lambda _method, target, _headers: send(target)),
    )


class Handing:
    """An order that one worker puts back, and that another sends before the first is done with it."""

    def __init__(self, monkeypatch):
        self.other_sent, self.sent_again = threading.Event(), threading.Event()
        self.let_go, self.answer, self.over = threading.Event(), threading.Event(), threading.Event()
        self._workers = []
        requeue, get = RetryQueue.requeue, RetryQueue.get

        def slow_requeue(schedule, attempt, **options):
            requeue(schedule, attempt, **options)
            assert self.sent_again.wait(10)

        def seen_get(schedule):
            if threading.get_ident() in self._workers:
                (self.let_go, self.over)[self._workers.index(threading.get_ident())].set()
            return get(schedule)

        monkeypatch.setattr(RetryQueue, "requeue", slow_requeue)
        monkeypatch.setattr(RetryQueue, "get", seen_get)

    def send(self, order_id):
        if order_id == OTHER:
            self.other_sent.set()
            return UNLINKED
        if order_id == LAST:
            assert self.over.wait(10)
            return UNLINKED
        self._workers.append(threading.get_ident())
        if len(self._workers) == 1:
            assert self.other_sent.wait(10)
            raise TransportError("network", "reset", dropped=True)
        self.sent_again.set()
        assert self.let_go.wait(10)
        assert self.answer.wait(10)
        return UNLINKED


def test_pool__an_order_that_goes_from_one_worker_to_another_does_not_end_the_run(monkeypatch):
    handing = Handing(monkeypatch)
    handing.answer.set()
    ends = list(asking(handing.send, [HANDED, OTHER, LAST], workers=3))
    assert [(end.index, end.outcome.status) for end in ends] == [(place, "unlinked") for place in (1, 0, 2)]


def test_drain__waits_for_an_order_that_went_from_one_worker_to_another(monkeypatch):
    monkeypatch.setattr(module, "_LAST_ANSWERS_SECONDS", 10.0)
    handing = Handing(monkeypatch)
    crew = asking(handing.send, [HANDED, OTHER], workers=2)
    ends = iter(crew)
    assert next(ends).index == 1
    assert handing.let_go.wait(10)
    threading.Timer(0.05, handing.answer.set).start()
    # The last that was yielded comes once more, since the loop did not go on.
    assert [end.index for end in crew.drain()] == [1, 0]
