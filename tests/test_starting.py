"""Ctrl-C before the command has begun: at every import it ends with one line, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from ttsframe import starting

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")

# Interrupts its own process when a module is about to be imported: no clock decides when.
INTERRUPTING = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPT_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
"""
MODULES = (
    *("ttsframe.accessor", "numpy", "pandas", "pandas.core.frame", "ttsframe.references.attach", "requests"),
    *("ttsframe.matching", "ttsframe.cli", "ttsframe.cli.demo", "ttsframe.cli.options"),
)
SCRIPT = "import sys\nfrom ttsframe.cli import main\nsys.exit(main())\n"


def interrupted(command, module, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTING)
    environ = {**os.environ, "PYTHONPATH": str(tmp_path), "INTERRUPT_AT": module}
    return subprocess.run(
        [sys.executable, *command],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.parametrize("module", MODULES)
def test_interrupt__while_the_command_is_loading(module, tmp_path):
    done = interrupted(["-m", "ttsframe", "cache", "info"], module, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "ttsframe: interrupted\n")


def test_interrupt__while_the_console_script_is_loading(tmp_path):
    script = tmp_path / "ttsframe"
    script.write_text(SCRIPT)
    done = interrupted([str(script), "cache", "info"], "pandas", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "ttsframe: interrupted\n")


def test_interrupt__of_a_program_that_imports_the_package_is_its_own(tmp_path):
    done = interrupted(["-c", "import ttsframe"], "pandas", tmp_path)
    assert done.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in done.stderr


def test_interrupt__nothing_is_taken_over_by_an_import(tmp_path):
    code = "import signal, ttsframe; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert interrupted(["-c", code], "no_such_module", tmp_path).stdout == "True\n"


@pytest.mark.parametrize(
    ("interpreter_argv", "argv", "expected"),
    [
        (["python", "-m", "ttsframe", "lookup"], ["-m", "lookup"], True),
        (["python", "-W", "error", "-m", "ttsframe.cli"], ["-m"], True),
        (["python", "-m", "pytest", "-m", "ttsframe"], ["-m"], False),
        (["python", "/bin/ttsframe", "lookup"], ["/bin/ttsframe", "lookup"], True),
        (["python", "run.py", "ttsframe"], ["run.py", "ttsframe"], False),
        (["python"], [""], False),
        (["python"], [], False),
    ],
)
def test_starting__tells_the_command_from_an_import(interpreter_argv, argv, expected):
    assert starting.is_command(interpreter_argv, argv) is expected
