"""`ttsframe sandbox`: what it refuses, and what it says to the person who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

from ttsframe import sandbox
from ttsframe.cli import main
from ttsframe.cli import sandbox as command
from ttsframe.sandbox import samples

posix = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "99999"], "port 99999: ports go from 0 to 65535. Choose another, or 0 for a free one."),
        (["--port", "-3"], "port -3: ports go from 0 to 65535."),
        (
            ["--links", "missing.csv"],
            "missing.csv: No such file or directory. Give a CSV with a column order_id",
        ),
        (["--rate", "-3"], "a rate must be a number above 0"),
        (["--", "no-such-command", "--port"], "cannot run no-such-command: "),
    ],
)
def test_sandbox__what_it_cannot_do_is_one_message_and_exit_2(arguments, says, capsys):
    assert main(["sandbox", *arguments]) == 2
    out, err = capsys.readouterr()
    assert says in err
    assert err.count("\n") == 1
    assert out == ""


def test_sandbox__prints_settings_for_a_file_and_a_hint_for_a_person(monkeypatch, capsys):
    hint = command._hint

    def hint_and_interrupt(box):
        hint(box)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_hint", hint_and_interrupt)
    assert main(["sandbox"]) == 0
    out, err = capsys.readouterr()
    settings = dict(line.split("=", 1) for line in out.splitlines())
    assert settings["TIKTOK_APP_KEY"] == sandbox.CREDENTIALS.app_key
    assert f"serving at {settings['TTSFRAME_BASE_URL']} until Ctrl-C" in err
    assert "ttsframe lookup FILE" in err
    assert sandbox.CREDENTIALS.app_secret not in err


def test_sandbox__serves_as_long_as_a_command_runs_and_leaves_nothing(tmp_path, capfd):
    code = "import os, sys; print(os.environ['TTSFRAME_BASE_URL'], os.environ['TTSFRAME_CACHE']); sys.exit(7)"
    assert main(["sandbox", "--", sys.executable, "-c", code]) == 7
    url, cache = capfd.readouterr().out.split()
    assert not Path(cache).parent.exists()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url)


@posix
def test_sandbox__a_command_that_a_signal_ends_gives_the_code_of_a_shell():
    code = "import os; os.kill(os.getpid(), 9)"
    assert main(["sandbox", "--", sys.executable, "-c", code]) == 128 + 9


def interrupted(code):
    """Run Python code beside a sandbox until it prints something; then press Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ttsframe", "sandbox", "--", sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


SLEEP = "print('up', flush=True); time.sleep(50)"


@posix
def test_sandbox__interrupted_beside_a_silent_command_is_one_line_and_exit_130():
    code = f"import signal, time; signal.signal(signal.SIGINT, signal.SIG_DFL); {SLEEP}"
    assert interrupted(code) == (130, "", "ttsframe: interrupted\n")


@posix
def test_sandbox__interrupted_lets_the_command_end_in_its_own_way():
    code = f"""
import sys, time
try:
    {SLEEP}
except KeyboardInterrupt:
    time.sleep(1)
    print("put away")
    sys.exit(130)
"""
    assert interrupted(code) == (130, "put away\n", "")


def test_sandbox__runs_the_command_of_its_own_installation(tmp_path, capfd, monkeypatch):
    made = samples.write(tmp_path, count=60)
    monkeypatch.setenv("PATH", "")
    arguments = ["lookup", str(made.tiktok), "-o", str(tmp_path / "references.csv")]
    assert main(["sandbox", "--links", str(made.links_file), "--", "ttsframe", *arguments]) == 1
    told = pd.read_csv(tmp_path / "references.csv", dtype=str)
    assert set(told["status"]) == {"linked", "unlinked", "denied"}
    assert "denied" in capfd.readouterr().err


def test_samples__the_links_file_is_what_the_frame_is(tmp_path):
    made = samples.write(tmp_path, count=60)
    with sandbox.run(made.links) as from_frame, sandbox.run(made.links_file) as from_file:
        assert from_file.orders.equals(from_frame.orders)
        assert from_file.links.equals(from_frame.links)
        assert set(from_file.orders["kind"]) == {"linked", "unlinked", "denied"}
