"""The adaptive rate: what holds for every history, and what it reaches against simulated gateways."""

import itertools
import random
import statistics

import pytest
from benchmarks.rate_simulation import GATEWAYS, Bucket, Simulation, moving, steady
from hypothesis import given, settings
from hypothesis import strategies as st

from ttsframe.ratelimit import TUNING, AdaptiveRate, RequestOutcome

KINDS = st.sampled_from(["accepted", "refused", "error"])
HISTORIES = st.lists(
    st.tuples(
        st.floats(0, 2),
        KINDS,
        st.floats(0, 3),
        st.one_of(st.none(), st.floats(-1, 1), st.sampled_from([float("nan"), float("inf")])),
    ),
    max_size=60,
)


def take(adaptive, now):
    """Wait for the next slot; return when it was given."""
    while (delay := adaptive.wait(now)) > 0:
        now += delay
    return now


def live(adaptive, history, now=0.0):
    """Send and answer one request after another, as the history says; return the moments of sending."""
    sent = []
    for idle, kind, latency, retry_after in history:
        now = take(adaptive, now + idle)
        sent.append(now)
        adaptive.observe(RequestOutcome(now, kind, retry_after), now + latency)
        now += latency
    return sent, now


def accepted_at(adaptive, seconds, *, latency=0.05, now=0.0, interval=0.0):
    """Let a gateway accept everything for a while; return the moments of sending."""
    sent, answers, end = [], [], now + seconds
    while now < end:
        now = take(adaptive, now + interval)
        while answers and answers[0] + latency <= now:
            adaptive.observe(RequestOutcome(answers[0], "accepted"), answers.pop(0) + latency)
        sent.append(now)
        answers.append(now)
    return sent


@given(HISTORIES)
@settings(max_examples=200, deadline=None)
def test_rate__stays_in_bounds_whatever_happens(history):
    adaptive = AdaptiveRate()
    _, now = live(adaptive, history)
    assert 0.2 <= adaptive.rate_per_second < 1e7
    assert 1 <= adaptive.workers <= TUNING.max_workers
    assert 0 <= adaptive.wait(now + 1e6) <= TUNING.max_poll
    assert adaptive.latency_seconds >= 0


@given(HISTORIES)
@settings(max_examples=50, deadline=None)
def test_rate__never_stalls_for_good(history):
    adaptive = AdaptiveRate()
    _, now = live(adaptive, history)
    before = now
    now = take(adaptive, now)
    assert now - before <= 1.0 + 5.0 + 1e-6  # the longest Retry-After of the history, a slot at the floor
    accepted_at(adaptive, 90, now=now, interval=0.05)
    assert adaptive.rate_per_second > 5


@given(HISTORIES, st.floats(1, 3600))
@settings(max_examples=100, deadline=None)
def test_rate__no_burst_after_an_idle_spell(history, idle):
    adaptive = AdaptiveRate()
    _, now = live(adaptive, history)
    first = take(adaptive, now + idle)
    rate = adaptive.rate_per_second
    second = take(adaptive, first)
    assert second - first >= 0.5 / rate - 1e-6


def test_rate__keeps_what_it_learnt_over_an_idle_minute():
    adaptive = AdaptiveRate()
    sent = accepted_at(adaptive, 1)
    learnt = adaptive.rate_per_second
    assert learnt > 100
    accepted_at(adaptive, 0.2, now=sent[-1] + 60)
    assert adaptive.rate_per_second >= learnt


def test_rate__starts_at_eight_and_doubles():
    adaptive = AdaptiveRate()
    assert adaptive.rate_per_second == 8
    accepted_at(adaptive, 0.3, latency=0.01)
    assert 12 < adaptive.rate_per_second < 32
    accepted_at(adaptive, 0.5, now=0.3, latency=0.01)
    assert 200 < adaptive.rate_per_second < 1000


def test_rate__does_not_climb_while_its_rate_is_not_used():
    adaptive = AdaptiveRate()
    sent, _ = live(adaptive, [(0.0, "accepted", 0.5, None)] * 100)
    assert adaptive.rate_per_second < 40
    assert len(sent) == 100


@pytest.mark.parametrize("idle", [0.3, 1.0, 10.0])
def test_rate__does_not_climb_on_requests_now_and_then(idle):
    adaptive, now = AdaptiveRate(), 0.0
    for _ in range(500):
        sent = take(adaptive, now)
        adaptive.observe(RequestOutcome(sent, "accepted"), sent + 0.05)
        now = sent + idle
    assert 8 <= adaptive.rate_per_second < 24


def test_rate__falls_at_a_refusal_at_once():
    adaptive = AdaptiveRate()
    sent = accepted_at(adaptive, 1)
    before = adaptive.rate_per_second
    adaptive.observe(RequestOutcome(sent[-1], "refused"), sent[-1] + 0.05)
    assert adaptive.rate_per_second < before


def test_rate__refusals_in_flight_are_one_fall():
    once, often = AdaptiveRate(), AdaptiveRate()
    for adaptive, refused in ((once, 1), (often, 3)):
        sent = accepted_at(adaptive, 1)
        in_flight, now = sent[-12:], sent[-1] + 0.05
        for n, at in enumerate(in_flight):
            adaptive.observe(RequestOutcome(at, "refused" if n < refused else "accepted"), now)
    assert often.rate_per_second > 0.5 * once.rate_per_second


def test_rate__once_refused_it_is_seldom_refused_again():
    later = 0
    for rate in (5, 10, 20, 50):
        simulation = Simulation(AdaptiveRate(), GATEWAYS["bucket R/10"](steady(rate)), latency_seconds=0.02)
        later += sum(at > 2 for at in simulation.go(until=20).refused)
    assert later <= 30


def test_rate__trouble_is_no_limit():
    adaptive = AdaptiveRate()
    sent = accepted_at(adaptive, 1)
    before = adaptive.rate_per_second
    for at in sent[-50:]:
        adaptive.observe(RequestOutcome(at, "error"), at + 20)
    assert adaptive.rate_per_second == before


def test_rate__after_a_spell_of_trouble_it_climbs_by_a_doubling_at_most():
    adaptive = AdaptiveRate()
    sent = accepted_at(adaptive, 0.5)
    before, last = adaptive.rate_per_second, sent[-1]
    while last < 20:
        last = take(adaptive, last)
        adaptive.observe(RequestOutcome(last, "error"), last)
    adaptive.observe(RequestOutcome(last, "accepted"), last + 0.05)
    assert adaptive.rate_per_second <= 2 * before


def test_rate__one_refusal_holds_back_only_itself():
    adaptive = AdaptiveRate()
    now = accepted_at(adaptive, 1)[-1]
    adaptive.observe(RequestOutcome(now, "refused", 30.0), now + 0.05)
    assert take(adaptive, now + 0.05) < now + 1


def test_rate__many_refusals_with_retry_after_hold_back_everyone():
    adaptive = AdaptiveRate()
    now = accepted_at(adaptive, 1, interval=0.05)[-1]
    for _ in range(6):
        adaptive.observe(RequestOutcome(now, "refused", 30.0), now + 0.01)
        told = now + 0.01
        now = take(adaptive, told)
    assert now >= told + 29


def test_rate__late_wakers_make_up_for_it():
    adaptive, now, sent = AdaptiveRate(), 0.0, []
    rate = adaptive.rate_per_second
    for late in itertools.islice(itertools.cycle([0.04, 0.0, 0.0, 0.0, 0.0, 0.0]), 600):
        now += late
        now = take(adaptive, now)
        sent.append(now)
    assert 600 / (sent[-1] - sent[0]) > 0.99 * rate


def test_rate__a_quota_used_up_slows_to_the_floor_and_comes_back():
    adaptive = AdaptiveRate()
    quota = steady(50)
    simulation = Simulation(
        adaptive, Bucket(lambda now: 1e-9 if 10 < now < 40 else quota(now), share=0.1, least=2)
    )
    simulation.go(until=39)
    assert adaptive.rate_per_second <= 1
    refused = [at for at in simulation.run.refused if at > 15]
    assert len(refused) < 30
    simulation.go(until=60)
    assert adaptive.rate_per_second > 40


def test_rate__tells_how_long_it_takes():
    assert AdaptiveRate().seconds_for(0) == 0
    assert AdaptiveRate().seconds_for(80) == pytest.approx(10.1)


def test_rate__workers_follow_rate_and_latency():
    simulation = Simulation(AdaptiveRate(), GATEWAYS["bucket R/10"](steady(50)), latency_seconds=0.5)
    simulation.go(until=20)
    assert 25 < simulation.adaptive.workers < 50


@pytest.mark.parametrize(("after", "limit", "slow"), [(0.3, 100, 0.3), (6.0, 200, 0.1), (6.0, 200, 0.3)])
def test_rate__workers_follow_a_gateway_that_becomes_slow(after, limit, slow):
    simulation = Simulation(AdaptiveRate(), GATEWAYS["bucket R/10"](steady(limit)), latency_seconds=0.02)
    before = len(simulation.go(until=after).accepted)
    simulation.latency_seconds = slow
    assert len(simulation.go(until=after + 10).accepted) - before > 0.75 * 10 * limit


@pytest.mark.parametrize(("rate", "latency"), [(5, 0.02), (10, 0.12), (50, 0.12), (100, 0.3), (200, 0.12)])
def test_rate__reaches_a_steady_limit(rate, latency):
    runs = [
        Simulation(
            AdaptiveRate(), GATEWAYS["bucket R/10"](steady(rate)), latency_seconds=latency, seed=seed
        ).go(until=60)
        for seed in range(3)
    ]
    assert statistics.median(run.share_of(rate, 20) for run in runs) >= 0.92
    assert statistics.median(run.share_of(rate, 60) for run in runs) >= 0.97
    assert statistics.median(run.refused_until(20)[0] for run in runs) <= 0.03 * 20 * rate + 10
    assert statistics.median(run.refused_until(60)[0] for run in runs) <= 0.03 * 60 * rate + 10


@pytest.mark.parametrize("name", sorted(set(GATEWAYS) - {"bucket 1"}))
def test_rate__reaches_every_kind_of_limit(name):
    run = Simulation(AdaptiveRate(), GATEWAYS[name](steady(20)), latency_seconds=0.12, jitter=0.3).go(
        until=60
    )
    assert run.share_of(20, 60) > 0.9
    assert run.refused_until(60)[1] < 0.12


@pytest.mark.parametrize(("rate", "latency"), [(50, 0.02), (70, 0.12), (200, 0.06)])
def test_rate__waits_while_the_second_of_a_gateway_is_full(rate, latency):
    for seed in range(3):
        gateway = GATEWAYS["sliding 1 s"](steady(rate))
        run = Simulation(AdaptiveRate(), gateway, latency_seconds=latency, seed=seed).go(until=20)
        assert run.share_of(rate, 20) > 0.9


def test_rate__follows_a_limit_that_moves():
    run = Simulation(AdaptiveRate(), GATEWAYS["bucket R/10"](moving(20)), latency_seconds=0.12).go(until=60)
    assert len(run.accepted) > 0.75 * 150 * 20
    assert run.refused_until(60)[1] < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_rate__without_a_limit_the_climb_costs_little(seed):
    simulation = Simulation(AdaptiveRate(), None, latency_seconds=0.0005, cpu_seconds=1 / 1200, seed=seed)
    run = simulation.go(requests=5000)
    assert run.accepted[-1] < 5000 / 1200 / 0.85
    assert run.most_workers < 64


def sent_in_phases(adaptive, *phases, latency=0.1):
    """Send whatever the adaptive lets go; a phase is when it ends, and what comes of a request sent in it."""
    now, sent, answers = 0.0, [], []
    for end, fate in phases:
        while now < end:
            while answers and answers[0][0] <= now:
                adaptive.observe(answers.pop(0)[1], now)
            if delay := adaptive.wait(now):
                now = min(now + delay, answers[0][0]) if answers else now + delay
                continue
            sent.append(now)
            answers.append((now + latency, RequestOutcome(now, fate())))
            now += 0.005
    return sent


@pytest.mark.parametrize(("refused", "error"), [(0.05, 0.9), (0.1, 0.8), (0.15, 0.85)])
def test_rate__is_soon_what_it_was_after_a_spell_of_trouble(refused, error):
    for seed in range(16):
        chance = random.Random(seed)

        def spoilt(chance=chance):
            drawn = chance.random()
            return "refused" if drawn < refused else "error" if drawn < refused + error else "accepted"

        sent = sent_in_phases(
            AdaptiveRate(), (10, lambda: "accepted"), (16, spoilt), (46, lambda: "accepted")
        )
        assert sum(at > 41 for at in sent) > 5 * 30


@pytest.mark.parametrize("seed", range(3))
def test_rate__an_idle_spell_is_not_taken_for_little_let_in(seed):
    adaptive = AdaptiveRate()
    Simulation(adaptive, GATEWAYS["bucket R/10"](steady(10)), latency_seconds=0.05, seed=seed).go(until=20)
    learnt = adaptive.rate_per_second
    sent = accepted_at(adaptive, 1.5, now=25.0)
    adaptive.observe(RequestOutcome(sent[-1], "refused"), sent[-1] + 0.05)
    assert adaptive.rate_per_second > 0.8 * learnt


def let_in_despite_chance(seed):
    chance, adaptive, now, let_in = random.Random(seed), AdaptiveRate(), 0.0, 0
    while now < 120:
        if wait := adaptive.wait(now):
            now += wait
            continue
        kind = "refused" if chance.random() < 0.04 else "accepted"
        adaptive.observe(RequestOutcome(now, kind), now + 0.001)
        let_in += kind == "accepted"
        now += 0.001
    return let_in


def test_rate__refusals_by_chance_do_not_bring_it_down():
    let_in = [let_in_despite_chance(seed) for seed in range(9)]
    assert statistics.median(let_in) > 5000
    # Refused before anything is proven, it cannot tell chance from a limit at which it began.
    assert min(let_in) > 500


@pytest.mark.parametrize("latency", [0.02, 0.12, 0.3])
@pytest.mark.parametrize("limit", [None, 50])
@pytest.mark.parametrize("first_only", [True, False])
def test_rate__refusals_that_do_not_become_rarer_are_no_limit(latency, limit, first_only):
    """60 orders take 12 s at 5 a second, and at most twice that where 40 % is refused at random."""
    took = [
        Simulation(
            AdaptiveRate(),
            GATEWAYS["bucket R/10"](steady(limit)) if limit else None,
            latency_seconds=latency,
            refused_at_random=0.4,
            first_only=first_only,
            seed=seed,
        )
        .go(requests=60)
        .accepted[-1]
        for seed in range(11)
    ]
    assert statistics.median(took) <= 24


def test_rate__is_never_under_one_a_second():
    run = Simulation(AdaptiveRate(), None, refused_at_random=0.9).go(until=120)
    assert min(rate for _, rate in run.rates) >= 1
