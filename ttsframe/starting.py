"""Ctrl-C while the command `ttsframe` is still loading pandas: one line, as at any later moment.

Until `main` runs nobody could catch the interrupt, and half a second of imports would end in a
traceback. Nothing is open or half done then, so the process simply ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ttsframe.errors import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from types import FrameType


def begin() -> None:
    """Take Ctrl-C over while imports run; only in the command's own process."""
    is_ours = threading.current_thread() is threading.main_thread() and is_command(sys.orig_argv, sys.argv)
    # Another handler was set by somebody who wants it, such as `nohup`.
    if is_ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def end() -> None:
    """Give Ctrl-C back to Python: from here on it is caught."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def is_command(interpreter_argv: list[str], argv: list[str]) -> bool:
    """Tell whether this process runs the command, and does not import the package.

    Parameters
    ----------
    interpreter_argv
        As `sys.orig_argv`.
    argv
        As `sys.argv`.

    Returns
    -------
    bool
        True for the script `ttsframe`, and for ``python -m ttsframe``.
    """
    if argv[:1] == ["-m"]:
        module = interpreter_argv[interpreter_argv.index("-m") + 1] if "-m" in interpreter_argv else ""
        return module in ("ttsframe", "ttsframe.cli")
    return bool(argv) and Path(argv[0]).name.lower() in ("ttsframe", "ttsframe.exe")


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signal calls it
    os.write(2, b"ttsframe: interrupted\n")
    os._exit(EXIT_INTERRUPTED)
