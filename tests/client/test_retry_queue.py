"""Which attempt goes next and which ones wait, on a clock that only the test moves."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsframe.client import retry_queue as module
from ttsframe.client.retry import Attempt
from ttsframe.client.retry_queue import RetryQueue


class Clock:
    """Time, and a condition whose waiting moves it."""

    def __init__(self):
        self.now = 1000.0
        self.waited = []

    def monotonic(self):
        return self.now

    def wait(self, seconds=None):
        if seconds is None:
            pytest.fail("the schedule waits for ever")
        self.waited.append(seconds)
        self.now += seconds
        return False


@pytest.fixture
def clock(monkeypatch):
    return _clock(monkeypatch)


def _clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def scheduled(count, clock, *, suspected=lambda: False):
    """A schedule whose waiting moves the clock."""
    made = RetryQueue([Attempt(place) for place in range(count)], suspected=suspected)
    made._changed.wait = clock.wait
    return made


def places(schedule):
    """Take and finish until there is no more."""
    found = []
    while (attempt := schedule.get()) is not None:
        found.append(attempt.index)
        schedule.task_done()
    return found


def test_schedule__each_once_in_the_order_given(clock):
    assert places(scheduled(5, clock)) == [0, 1, 2, 3, 4]
    assert clock.waited == []


def test_schedule__nothing_to_do_ends_at_once(clock):
    assert scheduled(0, clock).get() is None


def test_schedule__an_attempt_put_back_goes_again_after_the_others(clock):
    schedule = scheduled(3, clock)
    schedule.requeue(schedule.get())
    assert places(schedule) == [1, 2, 0]


def test_schedule__an_attempt_waits_for_its_time_and_the_others_do_not(clock):
    schedule = scheduled(3, clock)
    schedule.requeue(schedule.get(), not_before=1030.0)
    for _ in range(2):
        schedule.get()
        schedule.task_done()
    assert clock.now == 1000.0
    assert schedule.get().index == 0
    assert clock.now == pytest.approx(1030.0)


def test_schedule__the_earliest_goes_first(clock):
    schedule = scheduled(3, clock)
    for not_before in (1030.0, 1010.0, 1020.0):
        schedule.requeue(schedule.get(), not_before=not_before)
    assert places(schedule) == [1, 2, 0]


def test_schedule__of_the_same_time_the_first_put_back_goes_first(clock):
    schedule = scheduled(3, clock)
    for _ in range(3):
        schedule.requeue(schedule.get(), not_before=1010.0)
    assert places(schedule) == [0, 1, 2]


def test_schedule__those_whose_time_has_come_go_before_what_was_never_tried_and_in_their_order(clock):
    schedule = scheduled(5, clock)
    for not_before in (1020.0, 1010.0, 1030.0):
        schedule.requeue(schedule.get(), not_before=not_before)
    clock.now = 1040.0
    assert places(schedule) == [1, 0, 2, 3, 4]


def test_schedule__counts_what_is_left(clock):
    schedule = scheduled(3, clock)
    assert schedule.unfinished == 3
    attempt = schedule.get()
    assert schedule.unfinished == 3
    schedule.requeue(attempt, not_before=1010.0)
    assert schedule.unfinished == 3
    schedule.get()
    schedule.task_done()
    assert schedule.unfinished == 2


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_schedule__stop_lets_nothing_more_go(clock, taken):
    schedule = scheduled(3, clock)
    for _ in range(taken):
        schedule.get()
    schedule.stop()
    assert schedule.get() is None


def test_schedule__in_a_suspected_outage_one_goes_a_second(clock):
    schedule = scheduled(4, clock, suspected=lambda: True)
    sent_at = []
    for _ in range(3):
        attempt = schedule.get()
        sent_at.append(clock.now)
        schedule.requeue(attempt)
    assert sent_at == pytest.approx([1000.0, 1001.0, 1002.0])


def test_schedule__after_a_suspected_outage_all_go_again(clock):
    suspected = [True]
    schedule = scheduled(4, clock, suspected=lambda: suspected[0])
    schedule.get()
    schedule.task_done()
    suspected[0] = False
    assert places(schedule) == [1, 2, 3]
    assert clock.now == 1000.0


@given(st.lists(st.lists(st.integers(0, 50), max_size=3), max_size=12))
def test_schedule__every_attempt_ends_once_and_none_goes_too_early(waits):
    """`waits[i]` are the waits that attempt i is sent back with before it ends."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        clock = _clock(monkeypatch)
        schedule = scheduled(len(waits), clock)
        todo = [list(own) for own in waits]
        not_before = [0.0] * len(waits)
        ended = []
        while (attempt := schedule.get()) is not None:
            assert clock.now >= not_before[attempt.index]
            if todo[attempt.index]:
                not_before[attempt.index] = clock.now + todo[attempt.index].pop()
                schedule.requeue(attempt, not_before=not_before[attempt.index])
            else:
                ended.append(attempt.index)
                schedule.task_done()
    assert sorted(ended) == list(range(len(waits)))
    assert schedule.unfinished == 0


# With real threads


def test_schedule__workers_share_the_attempts_and_all_end():
    schedule = RetryQueue([Attempt(place) for place in range(300)], suspected=lambda: False)
    ended = []

    def work():
        while (attempt := schedule.get()) is not None:
            attempt.tries += 1
            if attempt.tries < 3:
                schedule.requeue(attempt)
            else:
                ended.append(attempt.index)
                schedule.task_done()

    _run(work, threads=8)
    assert sorted(ended) == list(range(300))


def test_schedule__stop_wakes_workers_that_wait():
    schedule = RetryQueue([Attempt(0)], suspected=lambda: False)
    schedule.get()
    ended = []

    def work():
        ended.append(schedule.get())

    _run(work, threads=3, meanwhile=schedule.stop)
    assert ended == [None] * 3


def test_schedule__the_end_of_the_last_attempt_wakes_workers_that_wait():
    schedule = RetryQueue([Attempt(0)], suspected=lambda: False)
    schedule.get()
    ended = []

    def work():
        ended.append(schedule.get())

    _run(work, threads=3, meanwhile=schedule.task_done)
    assert ended == [None] * 3


def _run(work, *, threads, meanwhile=lambda: None):
    made = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for thread in made:
        thread.start()
    meanwhile()
    for thread in made:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in made)
