"""The short form of the chaos test; `python tests/chaos/run.py` is the long one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / "chaos" / "run.py"


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_chaos__nothing_is_lost_or_wrong_or_asked_twice_without_cause():
    arguments = ["--seed", "7", "--orders", "400", "--clients", "2", "--kills", "3"]
    ended = subprocess.run(
        [sys.executable, str(RUN), *arguments], capture_output=True, text=True, timeout=150, check=False
    )
    print(ended.stdout)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "lost 0, wrong 0" in ended.stdout
    assert "; 0 kills" not in ended.stdout
