"""Errors in a notebook, and by what names they can be caught."""

import subprocess
import sys

import pytest

import ttsframe as tts
from ttsframe.errors import InputError


def test_errors__a_notebook_shows_the_sentence_and_no_traceback(capsys):
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_cell("import ttsframe as tts\ntts.lookup(['1'], platform='SHOP')")
    shown = capsys.readouterr().out.strip().splitlines()
    assert len(shown) == 1
    assert shown[0].startswith("InputError: platform: ")
    shell.run_cell("1 / 0")
    assert "Traceback" in capsys.readouterr().out


def test_plan__is_a_sentence_in_a_notebook(capsys, monkeypatch):
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("TIKTOK_SHOP_CIPHER", "cipher")
    InteractiveShell().run_cell("import ttsframe as tts\ntts.plan(['SKU-1'], offline=True)")
    shown = capsys.readouterr().out.strip()
    assert shown.endswith("1 distinct look-up needs no request; 1 is not an order id.")
    assert "Plan(" not in shown


def test_errors__can_be_told_apart_without_another_import():
    code = "import ttsframe as tts; print(issubclass(tts.errors.OutageError, tts.TtsframeError))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"
    assert tts.errors.InputError is InputError


def test_dir__lists_the_public_names_and_no_others():
    assert set(dir(tts)) == set(tts.__all__) >= {"lookup", "match", "errors", "sandbox"}
    assert all(getattr(tts, name) is not None for name in dir(tts))
