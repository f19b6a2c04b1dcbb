"""The README says what the code does: its tables are made from the code, and its examples run.

python tests/test_readme.py     # writes the tables anew
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import requests_cache
from support import manual

import ttsframe as tts
from docs.generated import with_tables
from ttsframe.cli import main
from ttsframe.sandbox import samples

README = manual.ROOT / "README.md"


def blocks(language):
    return [block.code for block in manual.blocks(README.read_text(), language)]


def test_readme__tables_are_the_codes():
    assert README.read_text() == with_tables(README.read_text()), "run: python tests/test_readme.py"


def test_readme__pictures_and_files_are_there():
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text())
    missing = [link for link in links if "://" not in link and not (README.parent / link).exists()]
    assert not missing


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    with manual.home(tmp_path, monkeypatch, count=40) as orders:
        yield orders


def test_readme__python_runs(at_home):
    my_orders = pd.DataFrame({"TikTok order": at_home["order_id"] + "\t"})
    names = {"tts": tts, "my_orders": my_orders}
    journey, cookbook = blocks("python")
    exec(journey, names)
    assert names["result"].counts["matched"] > 0
    lines = cookbook.strip().splitlines()
    assert len(lines) >= 10
    for line in lines:
        exec(line, names)


def test_readme__shell_runs(at_home, monkeypatch, capsys):
    ran = 0
    for line in "".join(block for block in blocks("sh") if "sandbox" not in block).splitlines():
        command = line.split("#")[0].split("<")[0].strip()
        if not command.startswith("ttsframe"):
            continue
        arguments = shlex.split(command)[1:]
        if "-" in arguments:
            stdin = io.TextIOWrapper(io.BytesIO(Path("orders.csv").read_bytes()))
            monkeypatch.setattr("sys.stdin", stdin)
        assert main(arguments) in (0, 1), command
        ran += 1
    assert ran >= 5
    assert "Traceback" not in capsys.readouterr().err


def test_readme__requests_cache_opens_the_store(at_home, capsys):
    found = tts.lookup(at_home)
    assert main(["cache", "info"]) == 0
    path, told, *_ = capsys.readouterr().out.splitlines()
    (opened,) = re.findall(r"`(requests_cache\.\w+\(.*?\))`", README.read_text())
    cache = eval(opened, {"requests_cache": requests_cache, "path": path})
    stored = {response.url.split("/")[-2] for response in cache.filter()}
    assert stored == set(found.loc[found["http_status"].notna(), "order_id"])
    assert told.startswith(f"{len(stored)} answers")
    cache.close()


@pytest.mark.skipif(os.name == "nt", reason="a shell is POSIX")
def test_readme__the_demo_can_be_done_by_hand(tmp_path):
    made = samples.write(tmp_path / "ttsframe-demo" / "samples")
    (block,) = (block for block in blocks("sh") if "ttsframe sandbox" in block)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", block],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    got = pd.read_csv(tmp_path / "report" / "orders.csv", dtype=str)
    assert got["status"].value_counts().to_dict() == made.expected["status"].value_counts().to_dict()


def test_readme__names_every_command():
    text = README.read_text() + (manual.ROOT / "CHANGELOG.md").read_text()
    commands = re.findall(r'"(\w+)": \w+\.run', (manual.ROOT / "ttsframe/cli/__init__.py").read_text())
    assert commands
    assert not [
        command for command in commands if f"ttsframe {command}" not in text and f"`{command}`" not in text
    ]


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
