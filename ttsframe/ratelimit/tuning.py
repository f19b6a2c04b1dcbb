"""The numbers of the adaptive rate, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Rates are in requests a second, times in seconds, shares of 1.

    Figures say what `tests/benchmarks/rate_simulation.py` loses without the number, or with the one named;
    throughput as a share of the limit, refusals as a share of those that the targets allow. Where one kind of
    its table loses most, it is named. "moving": every 10 s; "noise": 40 % refused at random; "jitter": with
    `--jitter 0.3 --forth 0.5`.

    Where a bucket holds one request, this reaches 0.93 in a minute, not 0.97. A rate fixed 2 % under the
    limit gets 0.98 there, one 2 % over it 0.52. At 1 % under, one that follows a late one is refused already.
    """

    start_rate: float = 8.0  # for a handful of orders; 4: -0.02 in 20 s, 16: refused +0.1 (bucket 1)
    min_rate: float = 1.0  # refused at less, the reason is not the rate; 0.5: slowest of noise +9 s
    near_min_rate: float = 1.25  # no fall from here is telling; 1.0: slowest of noise +20 s
    start_latency: float = 0.1  # before the first reply
    latency_weight: float = 0.1  # of the last reply; 1: refused +0.02 (jitter)

    # Workers
    max_workers: int = 128  # 200/s at 300 ms keep 80 busy; with more, threads slow each other down
    worker_headroom: float = 1.3  # 1: -0.02 in 20 s where one reply in 20 is slow
    spare_workers: int = 2  # at low rates the headroom is less than one worker; 1: -0.01 likewise
    few_in_flight: float = 30.0  # so many burden no machine; 0: stuck where replies soon take longer

    # Spacing
    max_poll: float = 0.25  # an answer may change what `wait` said; without, refused +0.04 (bucket R)
    early: float = 0.001  # so much sooner one may follow a late one; 0: -0.02 without a limit, refused +0.05
    blocked_refusals: int = 4  # so many in a row: nothing is admitted; without, 28 refusals a second more
    blocked_interval: float = 0.1  # then ask no more often than this; 0: 3 refusals a second more
    window: float = 1.0  # of gateways that count requests; no wait for its end: refused +0.16 (sliding 1 s)

    # Utilization: a rate that is not used must not climb
    stretch_permits: float = 4.0  # fewer tell nothing; 1: -0.11 in 20 s (bucket 1)
    stretch: float = 0.05  # so long at least, a longer pause is an idle spell; 0: refused +0.05
    used_share: float = 0.7  # threads wake late and leave some permits; 0: an unused rate climbs for ever

    # Slow start: double until refused
    doubling_requests: float = 3.5  # a low limit shows after few requests; 0: refused +0.05 (bucket 1)
    first_jump: float = 0.5  # the first reply's share of a doubling; 1: refused +0.08 (bucket 1)
    min_doubling: float = 0.1  # however short the latency; without, 1,000/s is passed in half a second
    extra_in_flight: float = 10.0  # climb by at most so many requests in a latency; 0: -0.02 in 20 s
    extra_share: float = 0.2  # and this share of the rate; 0: -0.06 at 200/s, 300 ms; no bound: refused +0.3

    # Decrease
    first_cut: float = 0.5  # a slow start overshoots by a doubling at most; 0.4: refused +0.03 (jitter)
    precision: float = 0.02  # of a confirmed limit: cut, depth, first step; 0.04: refused +0.07 (bucket 1)
    max_cut: float = 0.4  # cuts double up to this while falls follow each other; 0.5: moving -0.02
    measurable: int = 4  # of so many in flight, the share admitted tells something; 1: -0.04 (bucket 1)
    measurable_again: int = 8  # at the rate of a hold, of so many; 4: refused +0.3 (fixed 1 s)
    full_share: float = 0.75  # more refused than this: the count of a second is full; 1: refused +0.37
    full_for: float = 1.5  # and so long at most; 1: moving -0.07 (sliding 1 s)

    # Hold
    min_hold: float = 1.5  # a limit that has moved up is found soon; 0: refused +0.2
    hold_requests: float = 15.0  # so many show that a limit is passed; 0: refused +0.2 (bucket 1)

    # Probe
    max_step: float = 0.2  # a step costs its share of a latency in refusals; without, 18 % refused (moving)
    probe: float = 0.6  # the first step takes so long after a latency; 1.5: moving -0.05

    # Noise
    falls_before_test: int = 5  # 3: 15 % refused (moving, bucket R); without: 60 orders of noise +11 s
    test_share: float = 0.7  # of the estimated limit: refused there as well is noise; 1: refused +0.08
    expected_refusals: float = 2.0  # so many to be expected and none there: a limit; 1: slowest of noise +3 s
    noise_evidence: float = 8.0  # refusals in excess of noise before a fall; 1: 60 orders of noise +15 s
    noise_outcomes: int = 150  # the share is measured anew, to end with the noise; 50: noise of 2-10 % -0.12


TUNING = Tuning()
