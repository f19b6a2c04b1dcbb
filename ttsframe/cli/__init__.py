"""The command `ttsframe`: arguments → verbs → exit code."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ttsframe import config
from ttsframe.cli import cache, demo, doctor, lookup, reconcile, sandbox, shops
from ttsframe.cli.options import as_typed, parser
from ttsframe.errors import EXIT_ERROR, EXIT_INTERRUPTED, SettingsError, TtsframeError
from ttsframe.gateway.signing import redact
from ttsframe.references.progress import LOGGER

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["main"]

_COMMANDS = {
    "lookup": lookup.run,
    "reconcile": reconcile.run,
    "demo": demo.run,
    "doctor": doctor.run,
    "shops": shops.run,
    "cache": cache.run,
    "sandbox": sandbox.run,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        The arguments; those of the process by default.

    Returns
    -------
    int
        0 all well, 1 some rows are not answered or not matched, 2 an expected error, 130 Ctrl-C.
    """
    try:
        options = parser().parse_args(argv)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else EXIT_ERROR
    warnings.showwarning = _show_warning
    run: Callable[[argparse.Namespace], int] = _COMMANDS[options.command]
    try:
        with _long_runs_told():
            return run(options)
    except TtsframeError as error:
        return _say(as_typed(str(error), options.command), error.exit_code)
    except KeyboardInterrupt as interrupt:
        return _say(str(interrupt) or "interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has had enough (`| head`): nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except OSError as error:
        return _say(f"{error.filename or 'a file'}: {error.strerror or error}", EXIT_ERROR)


def _say(message: str, exit_code: int) -> int:
    sys.stderr.write(f"ttsframe: {redact(message, _secrets())}\n")
    return exit_code


@contextmanager
def _long_runs_told() -> Iterator[None]:
    """Write what long runs log, where no bar is shown, to standard error."""
    log = logging.getLogger(LOGGER)
    handler, before = logging.StreamHandler(sys.stderr), log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


def _secrets() -> tuple[str, ...]:
    environ: Mapping[str, str] = os.environ
    # A `.env` or folder that cannot be read may be the very error that is being told.
    with suppress(SettingsError, OSError):
        environ = config.environment()
    return tuple(environ[name] for name in config.CREDENTIAL_NAMES[1:] if name in environ)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    sys.stderr.write(f"ttsframe: note: {redact(str(message))}\n")
