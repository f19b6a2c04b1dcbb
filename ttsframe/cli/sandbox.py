"""`ttsframe sandbox`: serve the make-believe gateway until Ctrl-C."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from ttsframe.sandbox import Sandbox

_HINT = """\
serving at {url} until Ctrl-C. The lines on standard output are the settings that lead to it:
with them in a file (ttsframe sandbox > sandbox.env), in another terminal,
  set -a; . ./sandbox.env; set +a
  ttsframe lookup FILE
"""


def run(options: argparse.Namespace) -> int:
    """Serve; see `ttsframe sandbox --help`."""
    from ttsframe import sandbox  # noqa: PLC0415 - loaded on first use

    behaviour = sandbox.Behaviour(
        rate_per_second=options.rate,
        latency_seconds=options.latency,
        fault_share=options.faults,
        shape=options.shape,
    )
    return sandbox.serve_forever(options.links, port=options.port, behaviour=behaviour, started=_hint)


def _hint(sandbox: Sandbox) -> None:
    """Say what to do next, where no program reads it."""
    sys.stderr.write(_HINT.format(url=sandbox.base_url))
    sys.stderr.flush()
