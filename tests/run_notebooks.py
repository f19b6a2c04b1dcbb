"""Run every notebook in a clean kernel and an empty folder, and compare what its cells give with what it has.

    python tests/run_notebooks.py [--write] [NAME …]

With --write, the notebooks get the outputs of this run. Texts and tables are compared without regard to
blanks, and images only by being there: their bytes differ from one version of matplotlib to the next. The
moment of a report and the ids of requests, which are sent side by side, are replaced by fixed ones. Progress
bars are not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import getpass
import os
import re
import socket
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from ttsframe.sandbox import CREDENTIALS

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
MOST_BYTES = 300_000
TIMEOUT_SECONDS = 120
_AT_ONCE = 2
_WIDGET = "application/vnd.jupyter.widget-view+json"
_SHOWN = ("text/plain", "text/html", "image/png")
_MADE_AT = re.compile(r"(made at: )\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
_REQUEST_ID = re.compile(r"sandbox0{16,}\d+")
_OF_A_MACHINE = re.compile(r"/(?:home|Users|root|tmp|var|work)/|\b[A-Z]:\\|127\.0\.0\.1|localhost:\d")
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_NO_SETTINGS = """\
import os
left = [name for name in os.environ if name.startswith(("TIKTOK_", "TTSFRAME_"))]
assert not left, f"the notebook leaves settings that would reach orders of a real shop too: {left}"
"""


async def run(path, *, environment):
    """Run one notebook in an empty folder, as a user without settings; returns it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(_NO_SETTINGS))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        own = {"HOME": home, "IPYTHONDIR": home, "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home}
        client = NotebookClient(
            notebook,
            timeout=TIMEOUT_SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            record_timing=False,
            coalesce_streams=True,
        )
        try:
            await client.async_execute(env=environment | own)
        except CellExecutionError as error:
            raise SystemExit(f"{path.name} stops: {error}") from None
    notebook.cells.pop()
    return cleaned(notebook)


def cleaned(notebook):
    """Take away what no reader needs, or what is another at every run."""
    notebook.metadata = nbformat.from_dict(_METADATA)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        cell.outputs = [output for output in cell.outputs if _WIDGET not in output.get("data", {})]
        for output in cell.outputs:
            output.pop("metadata", None)
            if "text" in output:
                output.text = _fixed(output.text)
            if "data" in output:
                output.metadata = {}
                output.data = {kind: _fixed(output.data[kind]) for kind in _SHOWN if kind in output.data}
    return notebook


def _fixed(text):
    text = _MADE_AT.sub(r"\g<1>2026-11-05 09:00:00 UTC", text)
    return _REQUEST_ID.sub(lambda found: "sandbox" + "1".zfill(len(found[0]) - 7), text)


def shown(cell):
    """What a reader sees under a cell, as lines that can be compared."""
    if cell.cell_type != "code":
        return []
    lines = [f"In [{cell.execution_count}]"]
    for output in cell.outputs:
        texts = {"stream": output.get("text"), "error": output.get("evalue"), **output.get("data", {})}
        for kind, text in sorted(texts.items()):
            if text is not None:
                lines.append(f"{output.output_type} {kind}:")
                # A line for each tag, so that a difference is short.
                lines += [] if kind.startswith("image/") else re.sub(r"\s*(<[^/])", r"\n\1", text).split("\n")
    return [" ".join(line.split()) for line in lines]


def differences(name, committed, done):
    """Each cell whose committed outputs are not what it gives, as a message."""
    for number, (before, after) in enumerate(zip(committed.cells, done.cells, strict=True), start=1):
        lines = shown(before), shown(after)
        if lines[0] != lines[1]:
            diff = difflib.unified_diff(*lines, "committed", "as run", n=0, lineterm="")
            source = before.source.split("\n")[0]
            yield f"{name}, cell {number} ({source}):\n" + "\n".join(line[:200] for line in list(diff)[:20])


def unfit(path):
    """What must not stand in a committed notebook, as messages."""
    text = path.read_text(encoding="utf-8")
    if (size := len(text.encode())) > MOST_BYTES:
        yield f"{path.name} has {size:,} bytes, more than {MOST_BYTES:,}: show less of a table or chart"
    own = {socket.gethostname(), getpass.getuser()} - {"root", "localhost"}
    private = {*own, CREDENTIALS.app_secret, CREDENTIALS.access_token, CREDENTIALS.refresh_token}
    for number, cell in enumerate(nbformat.reads(text, as_version=4).cells, start=1):
        outputs = "\n".join(shown(cell))
        found = {match[0] for match in _OF_A_MACHINE.finditer(outputs)}
        found |= {word for word in private if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", outputs)}
        if found:
            yield f"{path.name}, cell {number} shows what is private or of one machine: {sorted(found)}"


async def run_all(paths):
    """Run the notebooks, some at once; returns each with its seconds."""
    turn = asyncio.Semaphore(_AT_ONCE)
    private = ("TIKTOK_", "TTSFRAME_")
    with tempfile.TemporaryDirectory() as fonts:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(private)}
        environment |= {"MPLCONFIGDIR": fonts}

        async def one(path):
            async with turn:
                began = time.monotonic()
                return await run(path, environment=environment), time.monotonic() - began

        return await asyncio.gather(*map(one, paths))


def main():
    """Run them all."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--write", action="store_true")
    options.add_argument(
        "names", nargs="*", metavar="NAME", help="such as 00_month_end_close; all by default"
    )
    given = options.parse_args()
    paths = [FOLDER / f"{name}.ipynb" for name in given.names] or sorted(FOLDER.glob("*.ipynb"))
    problems = []
    for path, (done, seconds) in zip(paths, asyncio.run(run_all(paths)), strict=True):
        if given.write:
            nbformat.write(done, path)
        else:
            problems += differences(path.name, nbformat.read(path, as_version=4), done)
        problems += unfit(path)
        print(f"{path.name}: ran in {seconds:.0f} s, {path.stat().st_size / 1000:,.0f} kB")
    if problems:
        print(*problems, sep="\n\n")
        print(f"\nRun with pandas {pd.__version__}. If the cells are right, write what they give:")
        print("python tests/run_notebooks.py --write")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
