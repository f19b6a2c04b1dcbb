"""`df.tts`: the same functions as methods, with the same parameters."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import ttsframe as tts
from ttsframe.accessor import TtsAccessor


@pytest.mark.parametrize("name", ["lookup", "plan", "attach"])
def test_accessor__has_the_parameters_of_the_function(name):
    function = inspect.signature(getattr(tts, name)).parameters
    method = inspect.signature(getattr(TtsAccessor, name)).parameters
    assert [str(p) for p in list(method.values())[1:]] == [str(p) for p in list(function.values())[1:]]


def test_import__loads_pandas_and_nothing_else_that_is_heavy():
    heavy = {
        "requests",
        "requests_cache",
        "urllib3",
        "jinja2",
        "msgspec",
        "xlsxwriter",
        "matplotlib",
        "dotenv",
    }
    code = (
        "import sys, signal, ttsframe; print(*sys.modules, signal.getsignal(2) is signal.default_int_handler)"
    )
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "pandas" in loaded
    assert heavy & set(loaded) == set()
    assert [name for name in loaded if name.startswith("ttsframe.")] == ["ttsframe.accessor"]
    assert loaded[-1] == "True", "a signal handler was changed"


def test_dir__lists_the_public_names():
    assert dir(tts) == sorted(tts.__all__)
    assert all(getattr(tts, name) is not None for name in tts.__all__)
