"""How fast to climb: by doubling and then adding at first, by growing steps past a ceiling that held."""

from __future__ import annotations

SHORTEST_DOUBLING_SECONDS = 0.1
LATENCIES_TO_DOUBLE = 1.1
REQUESTS_TO_DOUBLE = 3.5
"""Low limits show after few requests; doubling sooner than that costs them a refusal each."""
MORE_IN_FLIGHT = 10
MORE_IN_FLIGHT_SHARE = 0.2
"""Climbing in a latency by at most so much, and that share of the rate, bounds what is refused before the
first refusal is heard: next to ten at a low limit, and to a share of what a high one lets in."""
SHORTEST_LATENCY_SECONDS = 0.001

FIRST_STEP = 0.04
FASTEST_STEP = 0.4
STEP_SECONDS = 0.2
STEP_LATENCIES = 1.1
TRIAL_SECONDS = 0.6
LONGEST_TRIAL_SECONDS = 3.0
TRIAL_REQUESTS = 12


def doubling_seconds(rate: float, latency_seconds: float) -> float:
    """Return the time in which the rate may double: the gateway must have had time to refuse."""
    return max(SHORTEST_DOUBLING_SECONDS, LATENCIES_TO_DOUBLE * latency_seconds, REQUESTS_TO_DOUBLE / rate)


def higher(rate: float, seconds: float, latency_seconds: float) -> float:
    """Return the rate after climbing for so long, at most one doubling."""
    doubling = doubling_seconds(rate, latency_seconds)
    passed = min(doubling, seconds)
    a_latency = MORE_IN_FLIGHT + MORE_IN_FLIGHT_SHARE * rate
    slope = a_latency / max(SHORTEST_LATENCY_SECONDS, latency_seconds)
    return rate + min(rate * (2 ** (passed / doubling) - 1), slope * passed)


def next_step(step: float, depth: float) -> float:
    """Return the share of the rate to step up by after an unrefused step, or hold, of that size."""
    return min(FASTEST_STEP, max(2 * step, depth, FIRST_STEP))


def trial_seconds(step: float, depth: float, rate: float, latency_seconds: float) -> float:
    """Return how long to try the last step: the smaller it was, the longer until it is refused."""
    first = max(TRIAL_SECONDS, min(LONGEST_TRIAL_SECONDS, TRIAL_REQUESTS / rate))
    trial = first * FIRST_STEP / max(step, depth, FIRST_STEP)
    return max(STEP_SECONDS, STEP_LATENCIES * latency_seconds + trial)
