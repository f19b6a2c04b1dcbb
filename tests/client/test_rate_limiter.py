"""One rate for many runs, and a cap for those that set one; on a clock that only the test moves."""

from __future__ import annotations

import heapq
import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.session_tools import expected, found, gateway, ids_of, shop_of

import ttsframe as tts
from ttsframe.client import rate_limiter as module
from ttsframe.client.rate_limiter import RateLimiter, SharedRate
from ttsframe.ratelimit import RequestOutcome


class Clock:
    """Time; also the event that a worker waits on, which moves it and brings the replies that are due."""

    def __init__(self):
        self.now = 1000.0
        self.replies = []

    def monotonic(self):
        return self.now

    def is_set(self):
        return False

    def wait(self, seconds):
        until = self.now + seconds
        while self.replies and self.replies[0][0] <= until:
            self.now, sent_at, kind, limiter = heapq.heappop(self.replies)
            limiter.observe(RequestOutcome(sent_at, kind))
        self.now = until


@pytest.fixture
def clock(monkeypatch):
    return _clock(monkeypatch)


def _clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def ask(
    limiter,
    clock,
    *,
    seconds,
    latency_seconds=0.05,
    limit_per_second=lambda _passed: 1e9,
    fails=lambda: False,
):
    """Send whatever the limiter lets go, to a gateway with a limit and a burst of two; return when."""
    began, sent = clock.now, []
    level, level_at = 2.0, clock.now
    while clock.now < began + seconds:
        sent.append(limiter.wait(clock))
        level = min(2.0, level + (sent[-1] - level_at) * limit_per_second(sent[-1] - began))
        level_at = sent[-1]
        kind = "accepted" if level >= 0.9 and not fails() else "refused"
        level -= kind == "accepted"
        heapq.heappush(clock.replies, (sent[-1] + latency_seconds, sent[-1], kind, limiter))
    clock.wait(latency_seconds)
    return sent


def most_in_a_second(sent):
    return max(sum(at <= other < at + 1.0 for other in sent) for at in sent)


# The cap


@pytest.mark.parametrize("cap", [0.5, 1.0, 7.0, 40.0])
def test_cap__is_kept_and_reached(cap, clock):
    limiter = RateLimiter(SharedRate(), cap_per_second=cap, max_workers=128)
    ask(limiter, clock, seconds=5)
    sent = ask(limiter, clock, seconds=20)
    assert len(sent) == pytest.approx(20 * cap, rel=0.02, abs=1)
    assert most_in_a_second(sent) <= 1.05 * cap + 1


@given(st.floats(0.5, 50.0), st.lists(st.floats(0.0, 3.0), min_size=2, max_size=60))
def test_cap__idle_spells_earn_nothing(cap, idle):
    with pytest.MonkeyPatch.context() as monkeypatch:
        clock = _clock(monkeypatch)
        limiter = RateLimiter(SharedRate(), cap_per_second=cap, max_workers=8)
        sent = []
        for seconds in idle:
            clock.now += seconds
            sent.append(limiter.wait(clock))
            limiter.observe(RequestOutcome(sent[-1], "accepted"))
        least = 1 / cap - min(0.001, 0.5 / cap) - 1e-9
        assert all(after - before >= least for before, after in itertools.pairwise(sent))
        assert most_in_a_second(sent) <= cap * 1.05 + 1


def test_cap__of_two_runs_with_the_same_is_one(clock):
    shared = SharedRate()
    limiters = [RateLimiter(shared, cap_per_second=4.0, max_workers=8) for _ in range(2)]
    sent = [limiters[turn % 2].wait(clock) for turn in range(40)]
    assert most_in_a_second(sent) <= 4 + 1


def test_cap__of_one_run_is_none_for_another(clock):
    shared = SharedRate()
    slow = RateLimiter(shared, cap_per_second=1.0, max_workers=8)
    fast = RateLimiter(shared, cap_per_second=30.0, max_workers=8)
    ask(slow, clock, seconds=5)
    ask(fast, clock, seconds=5)
    sent = ask(fast, clock, seconds=10)
    assert len(sent) == pytest.approx(300, rel=0.02)
    assert (slow.rate_per_second, fast.rate_per_second) == (1.0, 30.0)
    assert (slow.seconds_for(60), fast.seconds_for(60)) == (60.0, pytest.approx(2.0, rel=0.1))


def test_cap__who_waits_for_it_stands_in_nobodys_way():
    shared, stop, ended = SharedRate(), threading.Event(), []
    slow = RateLimiter(shared, cap_per_second=0.001, max_workers=8)
    assert slow.wait(stop) is not None
    waiting = threading.Thread(target=lambda: ended.append(slow.wait(stop)), daemon=True)
    waiting.start()
    free = RateLimiter(shared, max_workers=8)
    others = threading.Thread(target=lambda: [free.wait(stop) for _ in range(3)], daemon=True)
    others.start()
    others.join(20)
    assert not others.is_alive()
    assert not ended
    stop.set()
    waiting.join(20)
    assert ended == [None]


# What is learnt


@pytest.mark.parametrize("latency_seconds", [0.005, 0.05, 0.3])
@pytest.mark.parametrize("cap", [0.2, 1.0, 3.0, 10.0, 50.0])
def test_rate__does_not_climb_on_slots_that_a_cap_leaves(cap, latency_seconds, clock):
    shared = SharedRate()
    limiter = RateLimiter(shared, cap_per_second=cap, max_workers=128)
    ask(limiter, clock, seconds=60, latency_seconds=latency_seconds)
    assert cap <= RateLimiter(shared, max_workers=128).rate_per_second <= max(24.0, 5 * cap)


def test_rate__is_told_the_truth_while_another_run_takes_the_slots(clock):
    shared = SharedRate()
    slow = RateLimiter(shared, cap_per_second=2.0, max_workers=8)
    free = RateLimiter(shared, max_workers=8)
    ask(free, clock, seconds=5, limit_per_second=lambda _passed: 40.0)
    learnt = free.rate_per_second
    assert learnt > 20
    slow.observe(RequestOutcome(slow.wait(clock), "accepted"))
    slow.observe(RequestOutcome(slow.wait(clock), "refused"))
    # Not the cap of the slow run: its requests are few among those of the other.
    assert free.rate_per_second > 0.5 * learnt


def test_rate__a_refusal_of_one_run_slows_the_others(clock):
    shared = SharedRate()
    one, other = (RateLimiter(shared, cap_per_second=rate, max_workers=8) for rate in (None, 100.0))
    ask(one, clock, seconds=3, limit_per_second=lambda _passed: 20.0)
    assert 10 < other.rate_per_second < 30


def test_rate__a_refusal_under_the_lower_of_two_caps_leaves_the_higher_its_rate(clock):
    shared = SharedRate()
    slow, fast = (RateLimiter(shared, cap_per_second=rate, max_workers=8) for rate in (2.0, 30.0))
    ask(slow, clock, seconds=5)
    ask(fast, clock, seconds=10)
    slow.observe(RequestOutcome(slow.wait(clock), "refused"))
    assert fast.rate_per_second > 10


@pytest.mark.parametrize("cap", [5.0, 20.0])
def test_rate__under_a_cap_a_limit_that_falls_is_followed_and_left_again(cap, clock):
    limiter = RateLimiter(SharedRate(), cap_per_second=cap, max_workers=8)

    def limit(passed):
        return 2.0 if 20 < passed < 50 else 100.0

    sent = ask(limiter, clock, seconds=150, limit_per_second=limit)
    began = sent[0]
    low = sum(25 < at - began < 50 for at in sent)
    assert low <= 1.25 * 2 * 25
    high = sum(80 < at - began < 120 for at in sent)
    assert high >= 0.95 * cap * 40


def test_rate__some_refusals_at_random_do_not_starve_a_run_under_a_cap(clock):
    limiter = RateLimiter(SharedRate(), cap_per_second=5.0, max_workers=8)
    refused = itertools.cycle([False] * 36 + [True])
    sent = ask(limiter, clock, seconds=120, fails=lambda: next(refused))
    assert len(sent) > 0.8 * 5 * 120


# Workers


def test_workers__are_the_runs_own_and_follow_what_is_under_way(clock):
    shared = SharedRate()
    few = RateLimiter(shared, cap_per_second=8.0, max_workers=5)
    many = RateLimiter(shared, cap_per_second=8.0, max_workers=128)
    assert many.workers >= 1
    for limiter in (few, many):
        sent = [limiter.wait(clock) for _ in range(20)]
        assert limiter.workers == min(28, 5 if limiter is few else 128)
        for at in sent:
            limiter.observe(RequestOutcome(at, "error"))
        assert limiter.workers == 2


# Shops


def test_shops__of_one_name_learn_together_whatever_their_rate(tmp_path):
    with gateway(20) as box:
        slow, fast = shop_of(box, tmp_path, rate=300.0), shop_of(box, tmp_path, rate=500.0)
        other = shop_of(box, tmp_path, base_url=f"http://localhost:{box.base_url.rpartition(':')[2]}")
        before = other.rate_limiter.rate_per_second
        with slow:
            assert found(tts.lookup(ids_of(box), shop=slow)) == expected(box)
        assert (
            fast.rate_limiter.rate_per_second == shop_of(box, tmp_path).rate_limiter.rate_per_second != before
        )
        assert other.rate_limiter.rate_per_second == before


def test_shops__that_come_first_together_share_one_rate(tmp_path):
    with gateway(1) as box:
        start, limiters = threading.Barrier(12), []

        def come():
            start.wait(20)
            limiters.append(shop_of(box, tmp_path).rate_limiter)

        coming = [threading.Thread(target=come, daemon=True) for _ in range(12)]
        for each in coming:
            each.start()
        for each in coming:
            each.join(20)
    assert len(limiters) == 12
    assert len({id(limiter._shared) for limiter in limiters}) == 1


def test_shops__with_two_caps_ask_at_once_and_miss_nothing(tmp_path):
    with gateway(30) as box:
        frames = {}

        def look_up(rate):
            folder = tmp_path / str(rate)
            folder.mkdir()
            with shop_of(box, folder, rate=rate) as shop:
                frames[rate] = tts.lookup(ids_of(box), shop=shop)

        asking = [threading.Thread(target=look_up, args=(rate,), daemon=True) for rate in (20.0, 60.0)]
        for each in asking:
            each.start()
        for each in asking:
            each.join(30)
        assert [found(frames[rate]) == expected(box) for rate in (20.0, 60.0)] == [True, True]
