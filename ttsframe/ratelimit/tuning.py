"""The numbers of the adaptive rate, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Rates are in requests a second, times in seconds, shares of 1."""

    start_rate: float = 8.0  # a handful of orders takes a second; a limit of 5 refuses only a few
    min_rate: float = 1.0  # refusals at less than this have another reason than the rate
    near_min_rate: float = 1.25  # already at this, for a fall to less could not be told from chance
    start_latency: float = 0.1  # before the first reply
    latency_weight: float = 0.1  # of the last reply

    # Workers
    max_workers: int = 128  # more threads than this slow each other down
    worker_headroom: float = 1.3  # latencies vary; a worker too many sleeps, one too few costs rate
    spare_workers: int = 2  # at low rates the headroom is less than one worker

    # Spacing
    max_poll: float = 0.25  # an answer may change what `wait` said
    early: float = 0.001  # how much earlier than evenly a request may follow to make up
    blocked_refusals: int = 4  # so many in a row: the gateway admits nothing for a while
    blocked_interval: float = 0.1  # then ask no more often than this
    window: float = 1.0  # gateways that count requests count them by the second

    # Utilization: a rate that is not used must not climb
    stretch_permits: float = 4.0  # fewer tell nothing
    stretch: float = 0.05  # so long at least; a longer pause is an idle spell
    used_share: float = 0.7  # threads wake late, and may leave some permits
    busy_share: float = 0.9  # less, where the rate is high: this machine is the bottleneck

    # Slow start: double until refused
    doubling_requests: float = 3.5  # a low limit shows after few requests
    first_jump: float = 0.5  # the first reply's share of a doubling: nothing was known before it
    min_doubling: float = 0.1  # however short the latency
    extra_in_flight: float = 10.0  # climb by at most so many requests in a latency,
    extra_share: float = 0.2  # and this share of the rate: bounds what the overshoot gets refused

    # Decrease
    first_cut: float = 0.5  # a slow start may have overshot by nearly a doubling
    precision: float = 0.02  # of an estimate that a refusal confirms: the cut then, and the hold's depth
    max_cut: float = 0.4  # cuts double up to this while they follow each other at once
    measurable: int = 4  # of so many in flight, the share admitted tells something;
    measurable_again: int = 8  # at the rate of a hold, of so many
    full_share: float = 0.75  # more refused than this: the count of a second is full

    # Hold
    min_hold: float = 1.5  # a limit that has moved up is found soon
    hold_requests: float = 15.0  # so many show that a limit is passed, or that a step up is not refused

    # Probe
    first_step: float = 0.04  # a burst hides less than that
    max_step: float = 0.2  # a step costs its share of a latency in refusals
    probe: float = 0.6  # the first step takes so long after a latency; larger ones show sooner

    # Noise
    falls_before_test: int = 5  # a limit seldom takes so many to find
    test_share: float = 0.7  # of the estimated limit; nothing is refused there unless at random
    expected_refusals: float = 2.0  # so many to be expected and none there: a limit; one is noise
    max_noise: float = 0.6  # where hardly anything is admitted, a lower rate is right whatever the cause
    noise_evidence: float = 8.0  # refusals in excess of that before the rate falls: fewer are chance
    noise_outcomes: int = 50  # so often the share is measured anew; it only becomes less


TUNING = Tuning()
