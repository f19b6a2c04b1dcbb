"""Type checkers take what README and manual show, and find a typing error in a user's script."""

import dataclasses
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from support import manual

import ttsframe
from ttsframe.config import Settings, SettingsGiven

ROOT = Path(ttsframe.__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
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
with tts.Shop.from_env(offline=True, rate=5, timeout="30s", cache="answers.sqlite") as shop:
    tts.lookup(["577092126219211281"], shop=shop)
columns = {"Order number": "Order ID"}
orders = tts.read_tiktok_orders("x.csv", columns=columns, currency="EUR")
orders.tts.lookup(offline=True)
"""
IMPORTED = "import pandas as pd\nimport ttsframe as tts\n"
"""What every page of the manual takes for granted."""
TYPING_ERRORS = (
    "tts.mach(refs, refs)",
    "tts.lookup(refs, platfrom='SHOPIFY')",
    "tts.Shop.from_environment()",
    "tts.lookup(refs, level='lineitem')",
    "tts.attach(refs, refs, how='outer')",
    "tts.match(refs, refs).to_csv('report', ids='exel')",
    "tts.read_tiktok_orders('x.csv', date_order='ymd')",
    "tts.read_tiktok_orders('x.csv', columns=['Order number'])",
    "tts.read_shopify_orders('x.csv', curency='EUR')",
    "tts.Shop.from_env(max_agee=1)",
    "tts.Shop.from_env(rate=[1])",
    "tts.sandbox.run().shop(tris=2)",
    "tts.errors.InputErorr",
)


def command_of(name):
    """How to run a type checker here."""
    if name == "mypy":
        return [sys.executable, "-m", "mypy", "--cache-dir", str(MYPY_CACHE)]
    return [str(Path(sys.executable).with_name(name)), "--pythonpath", sys.executable]


@pytest.mark.parametrize("name", ["mypy", "basedpyright"])
def test_type_checkers__take_the_manual_and_refuse_names_that_are_not_there(name, tmp_path, monkeypatch):
    pytest.importorskip(name)
    # As pyright checks: what only basedpyright minds, such as a result that is not used, is no typing error.
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "standard"}))
    script = tmp_path / "script.py"
    script.write_text(GOOD + "\n".join(TYPING_ERRORS) + "\n")
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for page in PAGES:
        code = "\n".join(block.code for block in manual.blocks(page.read_text(), "python"))
        if code:
            (tmp_path / f"page_{page.stem.replace('-', '_')}.py").write_text(f"{IMPORTED}{code}")
    command = [*command_of(name), *map(str, tmp_path.glob("*.py"))]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = re.findall(r"(\w+)\.py:(\d+).* error: ", run.stdout)
    first = GOOD.count("\n") + 1
    expected = [("script", str(first + place)) for place in range(len(TYPING_ERRORS))]
    assert sorted(set(found)) == sorted(expected), run.stdout + run.stderr


def test_settings__are_all_known_to_type_checkers():
    assert set(SettingsGiven.__annotations__) == {field.name for field in dataclasses.fields(Settings)}
