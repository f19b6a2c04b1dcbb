"""Draw the rate of one run against a limit that moves, the limit drawn in.

Run ``python tests/benchmarks/plot_rate.py PATH.png`` for a simulated run; `draw` takes the samples of any.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import matplotlib as mpl
from rate_simulation import GATEWAYS, Limit, Run, Simulation, moving

from ttsframe.ratelimit import AdaptiveRate

INK, LIMIT, ACCEPTED, REFUSED = "#24292f", "#8c959f", "#0969da", "#cf222e"


class Sample(NamedTuple):
    """A stretch of a run; the three are requests a second."""

    seconds: float
    allowed: float
    accepted: float
    refused: float


def samples(run: Run, limit: Limit, *, until: float, window_seconds: float = 1.0) -> list[Sample]:
    """Count the answers of a run by stretches of time."""
    stretches = [n * window_seconds for n in range(int(until / window_seconds))]

    def a_second(moments: list[float], start: float) -> float:
        return sum(start <= at < start + window_seconds for at in moments) / window_seconds

    return [
        Sample(at + window_seconds / 2, limit(at), a_second(run.accepted, at), a_second(run.refused, at))
        for at in stretches
    ]


def draw(data: list[Sample], path: str, *, title: str) -> None:
    """Write the picture, as wide as a README shows it."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    seconds = [one.seconds for one in data]
    figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
    axes.step(
        seconds, [one.allowed for one in data], where="mid", color=LIMIT, linewidth=1.6, linestyle=(0, (5, 2))
    )
    axes.plot(seconds, [one.accepted for one in data], color=ACCEPTED, linewidth=2)
    axes.bar(seconds, [one.refused for one in data], width=0.8 * (seconds[1] - seconds[0]), color=REFUSED)
    axes.legend(
        ["the limit, unknown to ttsframe", "answered", "refused"],
        loc="upper left",
        ncols=3,
        frameon=False,
        labelcolor=INK,
    )
    axes.set(xlabel="seconds", ylabel="requests a second", xlim=(0, seconds[-1]))
    axes.set_ylim(0, 1.3 * max(one.allowed for one in data))
    axes.set_title(title, loc="left", color=INK, fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#d0d7de", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def main() -> int:
    """Simulate a run and draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    parser.add_argument("--step", type=float, default=20.0, help="seconds between moves of the limit")
    parser.add_argument("--latency", type=float, default=0.12)
    options = parser.parse_args()
    limit, until = moving(options.step), 3 * options.step
    simulation = Simulation(
        AdaptiveRate(), GATEWAYS["bucket R/10"](limit), latency_seconds=options.latency, jitter=0.3
    )
    run = simulation.go(until=until)
    share = len(run.accepted) / (50 * until)
    title = f"A limit that moves: {share:.0%} of what it allows, {run.refused_until(until)[1]:.1%} refused"
    draw(samples(run, limit, until=until), options.path, title=title)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
