"""A `ttsframe lookup` in a process of its own, to be interrupted and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Ended(NamedTuple):
    """What a process left."""

    code: int
    out: str
    err: str


class Client:
    """`ttsframe lookup` over a sandbox's orders.

    `folder` holds what it reads and writes; `prelude` is run before it, `more` are environment variables.
    """

    def __init__(self, box, folder, *, ids, settings=None, prelude="", more=None):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.output = folder / "references.csv"
        orders = folder / "orders.csv"
        orders.write_text("order_id\n" + "".join(f"{order_id}\n" for order_id in ids))
        environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("TTSFRAME", "TIKTOK"))
            },
            **box.environment,
            "PYTHONPATH": str(ROOT),
            "TTSFRAME_CACHE": str(folder / "answers.sqlite"),
            **{f"TTSFRAME_{name.upper()}": str(value) for name, value in (settings or {}).items()},
            **(more or {}),
        }
        code = f"{prelude}\nimport sys; from ttsframe.cli import main; sys.exit(main(sys.argv[1:]))"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "lookup", str(orders), "-o", str(self.output)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
        )

    def end(self, number=signal.SIGINT):
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        """Wait for the end."""
        try:
            out, err = self.process.communicate(timeout=120)
        finally:
            self.process.kill()
        return Ended(self.process.returncode, out, err)
