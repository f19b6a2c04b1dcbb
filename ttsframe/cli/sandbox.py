"""`ttsframe sandbox`: serve the make-believe gateway until Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Serve; see `ttsframe sandbox --help`."""
    from ttsframe import sandbox  # noqa: PLC0415 - loaded on first use

    behaviour = sandbox.Behaviour(
        rate_per_second=options.rate,
        latency_seconds=options.latency,
        fault_share=options.faults,
        shape=options.shape,
    )
    return sandbox.serve_forever(options.links, port=options.port, behaviour=behaviour)
