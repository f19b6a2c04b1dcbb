"""`ttsframe sandbox`: run the simulated gateway until Ctrl-C, or as long as a command runs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ttsframe.errors import EXIT_INTERRUPTED, InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ttsframe.sandbox import Sandbox

_BY_SIGNAL = 128
_LEAVE_SECONDS = 10
"""How long a command may take to end after Ctrl-C; a second Ctrl-C ends it at once."""

_HINT = """\
serving at {url} until Ctrl-C. Standard output has the settings that reach it.
Save them (ttsframe sandbox > sandbox.env), then in another terminal:
  set -a; . ./sandbox.env; set +a
  ttsframe lookup FILE
or in one step: ttsframe sandbox -- ttsframe lookup FILE
"""


def run(options: argparse.Namespace) -> int:
    """Run `ttsframe sandbox`."""
    from ttsframe import sandbox  # noqa: PLC0415 - loaded on first use

    behaviour = sandbox.Behaviour(
        rate_per_second=options.rate,
        latency_seconds=options.latency,
        fault_share=options.faults,
        shape=options.shape,
    )
    if options.command_line:
        with sandbox.run(options.links, port=options.port, behaviour=behaviour) as gateway:
            return _run_beside(gateway, options.command_line)
    return sandbox.serve_forever(options.links, port=options.port, behaviour=behaviour, started=_hint)


def _run_beside(gateway: Sandbox, command_line: Sequence[str]) -> int:
    """Run a command with the settings that reach the gateway, and a cache that is deleted afterwards."""
    # The command of this installation, whatever the PATH says.
    own = [sys.executable, "-m", "ttsframe"] if command_line[0] == "ttsframe" else [command_line[0]]
    with tempfile.TemporaryDirectory() as folder:
        settings = gateway.environment | {"TTSFRAME_CACHE": str(Path(folder) / "sandbox.sqlite")}
        try:
            child = subprocess.Popen(  # noqa: S603 - the user's own command
                [*own, *command_line[1:]], env={**os.environ, **settings}
            )
        except OSError as error:
            raise InputError(f"cannot run {command_line[0]}: {error.strerror}") from None
        code = _wait(child)
    # As a shell reports the signal that ended a command.
    return _BY_SIGNAL - code if code < 0 else code


def _wait(child: subprocess.Popen[bytes]) -> int:
    """Wait for a command. Ctrl-C reaches it too: let it clean up and report by itself."""
    try:
        return child.wait()
    except KeyboardInterrupt:
        if _leave(child) == EXIT_INTERRUPTED:
            return EXIT_INTERRUPTED
        raise


def _leave(child: subprocess.Popen[bytes]) -> int:
    try:
        return child.wait(_LEAVE_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()
        return child.wait()


def _hint(sandbox: Sandbox) -> None:
    """Say on standard error what to do next."""
    sys.stderr.write(_HINT.format(url=sandbox.base_url))
    sys.stderr.flush()
