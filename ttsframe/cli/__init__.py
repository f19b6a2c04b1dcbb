"""The command `ttsframe`: arguments → functions → exit code."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ttsframe import config
from ttsframe.cli import cache, compare, demo, doctor, explain, lookup, reconcile, sandbox, shops
from ttsframe.cli.options import in_cli_terms, parser
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
    "explain": explain.run,
    "compare": compare.run,
    "demo": demo.run,
    "doctor": doctor.run,
    "shops": shops.run,
    "cache": cache.run,
    "sandbox": sandbox.run,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `argv` defaults to the arguments of the process."""
    try:
        options = parser().parse_args(argv)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else EXIT_ERROR
    warnings.showwarning = _show_warning
    run: Callable[[argparse.Namespace], int] = _COMMANDS[options.command]
    try:
        with _progress_on_stderr():
            return run(options)
    except TtsframeError as error:
        return _say(in_cli_terms(error, options.command), error.exit_code)
    except KeyboardInterrupt as interrupt:
        return _say(str(interrupt) or "interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output has closed the pipe (`| head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except OSError as error:
        return _say(f"{error.filename or 'a file'}: {error.strerror or error}", EXIT_ERROR)


def _say(message: str, exit_code: int) -> int:
    sys.stderr.write(f"ttsframe: {redact(message, _secrets())}\n")
    return exit_code


@contextmanager
def _progress_on_stderr() -> Iterator[None]:
    """Write the progress lines of long runs to standard error, where no bar is shown."""
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
    # An unreadable `.env` or folder may be the very error that is being reported.
    with suppress(SettingsError, OSError):
        environ = config.environment()
    return tuple(environ[name] for name in config.CREDENTIAL_NAMES[1:] if name in environ)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    sys.stderr.write(f"ttsframe: note: {redact(str(message))}\n")
