"""The numbers of the adaptive rate, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Rates are in requests a second, times in seconds, shares of 1.

    Figures say what `tests/benchmarks/rate_simulation.py` loses without the number, or with the one named;
    throughput as a share of the limit, refusals as a share of those that the targets allow.

    Where a bucket holds one request, this reaches 0.93 in a minute, not 0.97. A rate fixed 2 % under the
    limit gets 0.98 there, one 2 % over it 0.52, as every other request is refused. So each look for a higher
    limit costs several requests.
    """

    start_rate: float = 8.0  # a handful of orders takes a second; a limit of 5 refuses only a few
    min_rate: float = 1.0  # refusals at less than this have another reason than the rate
    near_min_rate: float = 1.25  # no fall from here is telling; 1.0: noise of 10 %, slowest run +6 s
    start_latency: float = 0.1  # before the first reply
    latency_weight: float = 0.1  # of the last reply; 1: -0.025 where latencies vary

    # Workers
    max_workers: int = 128  # more threads than this slow each other down
    worker_headroom: float = 1.3  # 1: -0.02 where some replies take long
    spare_workers: int = 2  # at low rates the headroom is less than one worker; 1: -0.01 likewise
    few_in_flight: float = 30.0  # so many burden no machine; 0: stuck where replies soon take longer

    # Spacing
    max_poll: float = 0.25  # an answer may change what `wait` said
    early: float = 0.001  # how much sooner than evenly one may follow a late one; 0: -0.07 without a limit
    blocked_refusals: int = 4  # so many in a row: nothing is admitted; without, 22 refusals a second more
    blocked_interval: float = 0.1  # then ask no more often than this; 0: 10 refusals a second more
    window: float = 1.0  # gateways that count requests count them by the second; without, refused +0.14

    # Utilization: a rate that is not used must not climb
    stretch_permits: float = 4.0  # fewer tell nothing; 1: -0.02 in 20 s
    stretch: float = 0.05  # so long at least, a longer pause is an idle spell; 0: 50 workers too many
    used_share: float = 0.7  # threads wake late, and may leave some permits; 0: 100 workers too many

    # Slow start: double until refused
    doubling_requests: float = 3.5  # a low limit shows after few requests; 0: -0.03 where latencies vary
    first_jump: float = 0.5  # the first reply's share of a doubling; 1: -0.11 at 100/s counted by the second
    min_doubling: float = 0.1  # however short the latency; without, 1,000/s is passed in half a second
    extra_in_flight: float = 10.0  # climb by at most so many requests in a latency; 0: -0.03
    extra_share: float = 0.2  # and this share of the rate; 0: -0.07 at 200/s, without both, refused +0.3

    # Decrease
    first_cut: float = 0.5  # a slow start may have overshot by nearly a doubling; 0.4: -0.005 in 20 s
    precision: float = 0.02  # of a confirmed limit: cut, depth of the hold, first step; 0.04: refused +0.07
    max_cut: float = 0.4  # cuts double up to this while falls follow each other; 0.5: -0.02 (bucket of one)
    measurable: int = 4  # of so many in flight, the share admitted tells something; 1: -0.03, 8: refused +0.3
    measurable_again: int = 8  # at the rate of a hold, of so many; 4: -0.012 of a minute
    full_share: float = 0.75  # more refused than this: the count of a second is full; 1: refused +0.37
    full_for: float = 1.5  # and so long at most; 1: 0.87 to 0.79 at 140/s counted by the second

    # Hold
    min_hold: float = 1.5  # a limit that has moved up is found soon; 0: refused +0.3
    hold_requests: float = 15.0  # so many show that a limit is passed; 0: 40 % noise, slowest run +13 s

    # Probe
    max_step: float = 0.2  # a step costs its share of a latency in refusals; without, 13 % more are refused
    probe: float = 0.6  # the first step takes so long after a latency; 1.5: moving limit -0.03

    # Noise
    falls_before_test: int = 5  # 3: 6 % of a moving limit refused; without: 60 orders +9 s
    test_share: float = 0.7  # of the estimated limit: refused there as well is noise; 1: refused +0.37
    expected_refusals: float = 2.0  # so many to be expected and none there: a limit; 1: slowest run +4 s
    noise_evidence: float = 8.0  # refusals in excess of noise before the rate falls; 1: 60 orders +17 s
    noise_outcomes: int = 150  # the share is measured anew, to end with the noise; 50: noise of 2-10 % -0.12


TUNING = Tuning()
