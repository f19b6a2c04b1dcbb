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
    min_latency: float = 0.001  # less is no network

    # Workers
    max_workers: int = 128  # more threads than this slow each other down
    worker_headroom: float = 1.3  # latencies vary; a worker too many sleeps, one too few costs rate
    spare_workers: int = 2  # at low rates the headroom is less than one worker
    saturated_rate: float = 300.0  # from here on this machine may be the bottleneck

    # Spacing
    max_poll: float = 0.25  # an answer may change what `wait` said
    make_up: float = 0.05  # lateness that the next requests make up for; more is an idle spell
    early: float = 0.001  # how much earlier than evenly a request may follow to make up
    blocked_refusals: int = 4  # so many in a row: the gateway admits nothing for a while
    blocked_interval: float = 0.1  # then ask no more often than this
    window: float = 1.0  # gateways that count requests count them by the second

    # Utilization: a rate that is not used must not climb
    idle: float = 0.25  # so long without a request is an idle spell
    stretch_permits: float = 4.0  # fewer tell nothing
    stretch: float = 0.05  # so long at least
    used_share: float = 0.7  # threads wake late, and may leave some permits
    busy_share: float = 0.9  # less, where the rate is high: this machine is the bottleneck

    # Slow start: double until refused
    doubling_latencies: float = 1.1  # the gateway must have had time to refuse
    doubling_requests: float = 3.5  # a low limit shows after few requests
    first_jump: float = 0.5  # the first reply's share of a doubling: nothing was known before it
    min_doubling: float = 0.1  # however short the latency
    extra_in_flight: float = 10.0  # climb by at most so many requests in a latency,
    extra_share: float = 0.2  # and this share of the rate: bounds what the overshoot gets refused

    # Decrease
    first_cut: float = 0.5  # a slow start may have overshot by nearly a doubling
    min_cut: float = 0.02  # a refusal over the estimate confirms it
    max_cut: float = 0.4  # cuts double up to this while they follow each other at once
    max_fall: float = 0.4  # to this share of the rate at most, where little was admitted
    moved_cut: float = 0.3  # cuts of more: the limit has moved, what was admitted before tells nothing
    count_enough: int = 50  # so many admitted measure the limit well; more are only older
    measurable: int = 4  # of so many in flight, the share admitted tells something;
    measurable_again: int = 8  # of so many, more than the rate of a hold
    full_share: float = 0.75  # more refused than this: the count of a second is full
    full_for: float = 1.5  # and so long at most; more is another reason
    refused_weight: float = (
        0.3  # the limit lies between what was admitted (0, a bucket) and what was refused (1)
    )

    # Hold
    min_depth: float = 0.02  # around the estimate: keeps refusals to a few at 200 a second
    max_depth: float = 0.25  # an estimate by a few requests is that uncertain
    min_hold: float = 1.5  # a limit that has moved up is found soon
    max_first_hold: float = 8.0  # however low the rate
    hold_requests: float = 15.0  # so many show that a limit is passed
    max_hold: float = 2.5  # each pass of a limit that stays costs refusals; a hold takes twice as long
    max_hold_requests: float = 60.0  # at low rates by this many

    # Probe
    first_step: float = 0.04  # a burst hides less than that
    max_step: float = 0.2  # a step costs its share of a latency in refusals
    probe: float = 0.6  # the first step takes so long after a latency,
    probe_requests: float = 12.0  # or so many requests; larger steps show sooner

    # Noise
    falls_before_test: int = 5  # a limit seldom takes so many to find
    test_share: float = 0.7  # of the estimated limit; nothing is refused there unless at random
    max_test_seconds: float = 5.0  # a longer test costs more than the noise
    expected_refusals: float = 2.0  # so many to be expected and none there: a limit
    doubt: float = 3.0  # if there is one, that many times as long
    noise_refusals: int = 3  # so many there: noise
    max_noise: float = 0.6  # where hardly anything is admitted, a lower rate is right whatever the cause
    noise_margin: float = 0.08  # refusals that much above the noise are a limit
    noise_evidence: float = 8.0  # refusals in excess of that before the rate falls: fewer are chance
    noise_outcomes: int = 50  # so often the share is measured anew; it only becomes less


TUNING = Tuning()
