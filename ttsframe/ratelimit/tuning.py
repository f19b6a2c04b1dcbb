"""The numbers of the adaptive rate, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Rates are in requests a second, times in seconds, shares of 1."""

    start_rate: float = 8.0  # a handful of orders takes a second; a limit of 5 refuses only a few
    min_rate: float = 1.0  # refusals at less than this have another reason than the rate

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
    full_share: float = 0.9  # less, where the rate is high: this machine is the bottleneck

    # Slow start: double until refused
    doubling_latencies: float = 1.1  # the gateway must have had time to refuse
    doubling_requests: float = 3.5  # a low limit shows after few requests
    min_doubling: float = 0.1  # however short the latency
    extra_in_flight: float = 10.0  # climb by at most so many requests in a latency,
    extra_share: float = 0.2  # and this share of the rate: bounds what the overshoot gets refused

    # Decrease
    first_decrease: float = 0.45  # a slow start may have overshot by more than a doubling
    just_under: float = 0.98  # of what was admitted
    measurable: int = 4  # of so many in flight, the share admitted tells something
    block_share: float = 0.75  # more refused than this: the count of a second is full

    # Trial of the decreased rate
    trial_outcomes: int = 10  # so few tell noise of 40 % from none
    trial_seconds: float = 0.5  # a burst lets a rate just over the limit pass for a moment
    trial_early: int = 6  # so many are enough where
    trial_early_share: float = 0.4  # more than this are refused
    trial_luck: float = 0.5  # a trial ends with the refusal that fails it, so it sees half a refusal too many
    max_cut: float = 0.5  # a failed trial is too short to lower the rate by more

    # Noise
    noise_refusals: int = 5  # fewer may be chance
    expected_refusals: float = 2.0  # where fewer were to be expected, none is no sign that they became rarer
    noise_fall: float = 0.7  # the rate must have fallen to this share before its refusals are called noise
    max_noise: float = 0.6  # where hardly anything is admitted, a lower rate is right whatever the cause
    noise_margin: float = 0.15  # refusals that much above the noise are a limit
    noise_evidence: float = 8.0  # refusals in excess of that before the rate falls: fewer are chance

    # Hold and probe
    min_hold: float = 1.5  # a limit that has moved up is found soon
    max_hold: float = 6.0  # each probe of a limit that stays costs refusals
    confirmed: float = 1.1  # a refusal within this much of the held rate confirms it
    first_step: float = 0.04  # a burst hides less than that
    max_step: float = 0.3  # a step costs its share of a latency in refusals
    probe: float = 0.6  # the first step takes so long after a latency,
    probe_requests: float = 12.0  # or so many requests; larger steps show sooner


TUNING = Tuning()
