"""The code blocks of README and manual, and a folder in which they run."""

import ast
import contextlib
import doctest
import io
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import ttsframe as tts
from ttsframe.cli import main
from ttsframe.sandbox import samples

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^( *)```(\w+)[^\n]*\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_NEEDS_A_SHELL = re.compile(r"[|<>;&$\\]|sandbox|^(?!ttsframe )", re.MULTILINE)


class Block(NamedTuple):
    """A block of code, and what a text beneath it says that it prints."""

    language: str
    code: str
    output: str | None
    line: int


def blocks(text, *languages):
    """The blocks of some languages; a block of `text` right under one is its output."""
    found = [*_BLOCK.finditer(text), None]
    taken = []
    for block, below in itertools.pairwise(found):
        if block[2] in languages:
            beneath = below and below[2] == "text" and not text[block.end() : below.start()].strip()
            output = _flush(below) if beneath else None
            taken.append(Block(block[2], _flush(block), output, text.count("\n", 0, block.start()) + 1))
    return taken


def _flush(block):
    return re.sub(rf"^{block[1]}", "", block[3], flags=re.MULTILINE)


@contextlib.contextmanager
def home(folder, monkeypatch, *, count):
    """A folder with the files that the texts name, and a gateway that the environment leads to."""
    made = samples.write(folder / "made", count=count)
    orders = tts.read_tiktok_orders(made.tiktok)
    for place in (folder, folder / "us", folder / "uk"):
        place.mkdir(exist_ok=True)
        shutil.copy(made.tiktok, place / "All order-2026-11-23.csv")
        shutil.copy(made.shopify, place / "orders_export_1.csv")
    own = made.tiktok.read_text(encoding="utf-8-sig").replace("Order ID", "Order number", 1)
    (folder / "own.csv").write_text(own, encoding="utf-8")
    (folder / "exports").mkdir()
    shutil.copy(made.tiktok, folder / "exports" / "orders.csv")
    shutil.copy(made.tiktok, folder / "orders.csv")
    shutil.copy(made.settlement, folder / "income.csv")
    shutil.copy(made.links_file, folder / "links.csv")
    orders[["order_id"]].to_excel(folder / "orders.xlsx", index=False)
    (folder / "ids.txt").write_text("\n".join(orders["order_id"].head(20)) + "\n")
    tts.match(orders, tts.read_shopify_orders(made.shopify)).to_csv(folder / "report-october")
    with tts.sandbox.run(made.links) as gateway:
        for name, value in gateway.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.chdir(folder)
        yield orders


def run_python(code, names):
    """Run a block as a notebook's cell; returns what it shows."""
    shown = io.StringIO()
    body = ast.parse(code)
    last = body.body.pop() if isinstance(body.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(shown):
        exec(compile(body, "<block>", "exec"), names)
        if last:
            value = eval(compile(ast.Expression(last.value), "<block>", "eval"), names)
            if value is not None:
                print(repr(value))
    return shown.getvalue()


def run_shell(code, monkeypatch, capsys):
    """Run a block: plain `ttsframe` commands in this process, anything else in a shell."""
    if not _NEEDS_A_SHELL.search(re.sub(r" *#.*", "", code).strip()):
        shown = ""
        for line in code.splitlines():
            capsys.readouterr()
            assert main(shlex.split(line, comments=True)[1:]) in (0, 1), line
            streams = capsys.readouterr()
            assert "Traceback" not in streams.err, streams.err
            shown += streams.out
        return shown
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def same(shown, output):
    """Whether an output is as the text says; `...` stands for anything."""
    return doctest.OutputChecker().check_output(
        output, shown, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
