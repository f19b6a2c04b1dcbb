"""The child process of a sandbox: ``python -m ttsframe.sandbox.child``, started by `process`."""

from __future__ import annotations

import signal
import sys

from ttsframe.sandbox.process import serve_pipe

if __name__ == "__main__":
    # Ctrl-C at a terminal reaches the child too; the parent decides, by ending the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve_pipe(sys.stdin, sys.stdout)
