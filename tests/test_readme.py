"""The README says what the code does: its tables are made from the code, and its examples run.

python tests/test_readme.py     # writes the tables anew
"""

from __future__ import annotations

import dataclasses
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import requests_cache

import ttsframe as tts
from ttsframe import columns
from ttsframe.cli import main
from ttsframe.config import Settings
from ttsframe.sandbox import samples

README = Path(__file__).resolve().parent.parent / "README.md"
DTYPES = {
    "text": "str",
    "category": "category",
    "flag": "bool",
    "count": "Int64",
    "http_status": "Int16",
    "money": "float64",
    "time": "datetime64[us]",
    "utc": "datetime64[us, UTC]",
}


def markdown(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def column_table(described):
    rows = [[f"`{column.name}`", DTYPES[column.type], column.description] for column in described]
    return markdown(["column", "dtype", "meaning"], rows)


def word_table(head, words):
    return markdown(head, [[f"`{word}`", meaning] for word, meaning in words.items()])


def settings_table():
    documented = dict(re.findall(r"(\w+)\n        ?(.+?) \(`TTSFRAME_\w+`\)", Settings.__doc__ or ""))
    rows = [
        [f"`{field.metadata['name']}`", f"`{field.name}=`", documented[field.name]]
        for field in dataclasses.fields(Settings)
    ]
    return markdown(["environment", "`Shop.from_env(…)`", "meaning"], rows)


def tables():
    return {
        "references": column_table(columns.REFERENCES),
        "statuses": word_table(["status", "when"], columns.STATUSES),
        "match": column_table(columns.MATCH_ORDERS),
        "match_statuses": word_table(["status", "when"], columns.MATCH_STATUSES),
        "settings": settings_table(),
    }


def with_tables(text):
    for name, table in tables().items():
        pattern = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        assert pattern.search(text), name
        text = pattern.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)
    return text


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)


def test_readme__tables_are_the_codes():
    assert README.read_text() == with_tables(README.read_text()), "run: python tests/test_readme.py"


def test_readme__pictures_and_files_are_there():
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text())
    missing = [link for link in links if "://" not in link and not (README.parent / link).exists()]
    assert not missing


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """A folder with the files that the README names, and a gateway that the environment leads to."""
    made = samples.write(tmp_path / "made", count=40)
    shutil.copy(made.tiktok, tmp_path / "All order-2026-11-23.csv")
    shutil.copy(made.tiktok, tmp_path / "orders.csv")
    (tmp_path / "exports").mkdir()
    shutil.copy(made.tiktok, tmp_path / "exports" / "orders.csv")
    shutil.copy(made.shopify, tmp_path / "orders_export_1.csv")
    shutil.copy(made.settlement, tmp_path / "income.csv")
    orders = tts.read_tiktok_orders(made.tiktok)
    orders[["order_id"]].to_excel(tmp_path / "orders.xlsx", index=False)
    tts.match(orders, tts.read_shopify_orders(made.shopify)).to_csv(tmp_path / "report-october")
    with tts.sandbox.run(made.links) as gateway:
        for name, value in gateway.environment.items():
            monkeypatch.setenv(name, value)
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
    text = README.read_text() + (README.parent / "CHANGELOG.md").read_text()
    commands = re.findall(r'"(\w+)": \w+\.run', (README.parent / "ttsframe/cli/__init__.py").read_text())
    assert commands
    assert not [
        command for command in commands if f"ttsframe {command}" not in text and f"`{command}`" not in text
    ]


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
