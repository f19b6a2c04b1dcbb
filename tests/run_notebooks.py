"""Run every notebook from a clean kernel; with --save DIR, keep the run copies to look at.

    python tests/run_notebooks.py [--save DIR]

The notebooks in the repository stay without outputs; a notebook that has some fails the run, and so does
one that leaves settings in its kernel's environment: they would reach orders of a real shop too.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
TIMEOUT_SECONDS = 120
_NO_SETTINGS = """\
import os
left = [name for name in os.environ if name.startswith(("TIKTOK_", "TTSFRAME_"))]
assert not left, f"the notebook leaves settings in the environment: {left}"
"""


def run(path: Path, *, folder: Path) -> nbformat.NotebookNode:
    """Run one notebook in an empty folder, as a user without settings."""
    notebook = nbformat.read(path, as_version=4)
    if any(cell.get("outputs") for cell in notebook.cells):
        raise SystemExit(f"{path.name} has outputs: strip them before it is committed")
    notebook.cells.append(nbformat.v4.new_code_cell(_NO_SETTINGS))
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    notebook.cells.pop()
    return notebook


def main() -> int:
    """Run them all."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--save", type=Path, metavar="DIR")
    save = options.parse_args().save
    for name in [name for name in os.environ if name.startswith(("TIKTOK_", "TTSFRAME_"))]:
        del os.environ[name]
    for path in sorted(FOLDER.glob("*.ipynb")):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            os.environ["XDG_CACHE_HOME"] = os.environ["XDG_CONFIG_HOME"] = folder
            done = run(path, folder=Path(folder))
        if save:
            save.mkdir(parents=True, exist_ok=True)
            nbformat.write(done, save / path.name)
        print(f"{path.name}: ran in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
