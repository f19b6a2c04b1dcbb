"""Type checkers see the public names, and no others: a typing error in a user's script is found."""

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import ttsframe

ROOT = Path(ttsframe.__file__).parent.parent
MYPY_CACHE = Path(tempfile.gettempdir()) / "ttsframe-tests" / "mypy"
GOOD = """
import ttsframe as tts
from ttsframe.errors import AccessError, InputError, OutageError

try:
    refs = tts.lookup(["577092126219211281"], offline=True)
    tts.match(refs, refs).to_csv("report")
except InputError as error:
    print(error.parameter)
except (AccessError, OutageError, tts.TtsframeError) as error:
    print(error.message)
with tts.sandbox.run() as gateway, gateway.shop() as shop:
    tts.plan(["577092126219211281"], shop=shop).seconds
"""
TYPING_ERRORS = (
    "tts.mach(refs, refs)",
    "tts.lookup(refs, platfrom='SHOPIFY')",
    "tts.Shop.from_environment()",
    "tts.lookup(refs, level='lineitem')",
    "tts.attach(refs, refs, how='outer')",
    "tts.match(refs, refs).to_csv('report', ids='exel')",
    "tts.read_tiktok_orders('x.csv', date_order='ymd')",
)


def checker(name):
    """How to run a type checker here."""
    if name == "mypy":
        return [sys.executable, "-m", "mypy", "--cache-dir", str(MYPY_CACHE)] if find_spec("mypy") else None
    found = shutil.which("pyright")
    return [found, "--pythonpath", sys.executable] if found else None


@pytest.mark.parametrize("name", ["mypy", "pyright"])
def test_type_checkers__refuse_names_that_are_not_there(name, tmp_path, monkeypatch):
    command = checker(name)
    if command is None:
        pytest.skip(f"not on this machine: {name}")
    script = tmp_path / "script.py"
    script.write_text(GOOD + "\n".join(TYPING_ERRORS) + "\n")
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    run = subprocess.run([*command, str(script)], capture_output=True, text=True, check=False)
    first = GOOD.count("\n") + 1
    lines = {int(line.split(":")[1]) for line in run.stdout.splitlines() if " error: " in line}
    assert lines == set(range(first, first + len(TYPING_ERRORS))), run.stdout + run.stderr
