"""JupyterLab in a real browser: what a person sees who runs, stops and goes on, and what completion shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
import requests
from support.report_browser import Browser, programs
from support.sandbox_log import Audit
from support.session_tools import free_port, wait_until

import ttsframe as tts
from ttsframe.sandbox import samples

pytest.importorskip("jupyterlab")
pytest.importorskip("ipywidgets")
MISSING = [
    name for name, found in zip(("chromium", "chromedriver"), programs(), strict=True) if found is None
]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not on this machine: {' and '.join(MISSING)}")

ROOT = Path(tts.__file__).parent.parent
TOKEN = "of-the-test"
PATIENCE_SECONDS = 60
READ, LOOK_UP, MATCH, HELP, MISTAKE, EMPTY = range(6)
CELLS = [
    """\
import ttsframe as tts
tiktok = tts.read_tiktok_orders('tiktok_all_orders.csv')
shopify = tts.read_shopify_orders('shopify_orders_export_1.csv')""",
    "refs = tts.lookup(tiktok)",
    "tts.match(tiktok, shopify, refs)",
    "help(tts.plan)",
    "tts.lookup(tiktok, max_age='soon')",
    "",
]
_PLUGINS = "lab/user-settings/@jupyterlab"
LAB_SETTINGS = {
    # No question about news.
    "labconfig/page_config.json": {
        "disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}
    },
    # Every cell is on the page, also one that is out of sight.
    f"{_PLUGINS}/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    # A busy machine may take longer than a second to complete a word.
    f"{_PLUGINS}/completer-extension/manager.jupyterlab-settings": {"providerTimeout": 60_000},
}
SCRIPTS = """
const cells = () => document.querySelectorAll('.jp-Notebook .jp-CodeCell');
const kernel = () => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
"""
SHIFT, TAB, ESCAPE = "\ue008", "\ue004", "\ue00c"


@pytest.fixture
def gateway(tmp_path):
    made = samples.write(tmp_path / "home", count=240)
    with tts.sandbox.run(made.links, latency_seconds=0.1) as box:
        yield box


@pytest.fixture
def lab(gateway, tmp_path):
    """The address of a JupyterLab of its own, in a folder with sample exports and a notebook."""
    folder, own = tmp_path / "home", tmp_path / "jupyter"
    cells = [nbformat.v4.new_code_cell(code) for code in CELLS]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), folder / "story.ipynb")
    for place, values in LAB_SETTINGS.items():
        (own / place).parent.mkdir(parents=True, exist_ok=True)
        (own / place).write_text(json.dumps(values))
    port = free_port()
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": TOKEN,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    given = [f"--{name}={value}" for name, value in options.items()]
    environment = {
        **os.environ,
        **gateway.environment,
        "JUPYTER_CONFIG_DIR": str(own),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "PYTHONPATH": str(ROOT),
    }
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyterlab",
                "--no-browser",
                "--allow-root",
                "--expose-app-in-browser",
                *given,
            ],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()  # ends its kernels, too
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def answers(address):
    try:
        return requests.get(f"{address}/api?token={TOKEN}", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.fixture
def notebook(lab, tmp_path):
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        browser = Browser(Path(folder))
        try:
            browser.window(1300, 1000)
            assert wait_until(lambda: answers(lab), within_seconds=PATIENCE_SECONDS)
            browser.open(f"{lab}/lab/tree/story.ipynb?token={TOKEN}")
            yield Notebook(browser)
        finally:
            browser.close()


class Notebook:
    """The notebook that is open in JupyterLab."""

    def __init__(self, browser):
        self.browser = browser
        self.wait("return window.jupyterapp && cells().length === arguments[0]", len(CELLS))
        browser.click(cell(READ))
        self.wait("return kernel()?.connectionStatus === 'connected' && kernel().status === 'idle'")

    def wait(self, script, *arguments):
        return self.browser.wait(SCRIPTS + script, *arguments, patience_seconds=PATIENCE_SECONDS)

    def run_all(self):
        self.browser.run("window.jupyterapp.commands.execute('notebook:run-all-cells'); return true")

    def shows(self, selector, text):
        """Wait until an element shows a text; returns all that it shows."""
        script = "const shown = document.querySelector(arguments[0])?.innerText;\n"
        return self.wait(f"{script}return shown?.includes(arguments[1]) && shown", selector, text)

    def done(self, more_than):
        """Wait until the progress bar has passed a number; returns where it is."""
        script = "const done = cells()[arguments[0]].innerText.match(/(\\d+)\\/231/)?.[1];\n"
        return int(self.wait(f"{script}return done > arguments[1] && done", LOOK_UP, more_than))


def cell(place):
    return f".jp-Notebook .jp-CodeCell[data-windowed-list-index='{place}']"


def test_notebook__is_run_stopped_and_goes_on_and_completes(notebook, gateway):
    notebook.run_all()
    notebook.done(notebook.done(0) + 20)
    notebook.browser.click("[data-command='notebook:interrupt-kernel']")
    stopped = notebook.shows(cell(LOOK_UP), "answers are kept")
    assert "Traceback" not in stopped
    kept = int(re.search(r"interrupted: (\d+) of 231", stopped)[1])
    assert 20 < kept < 231

    gateway.change(latency_seconds=0.0)
    notebook.run_all()
    mistake = notebook.shows(cell(MISTAKE), "InputError")
    assert "Traceback" not in mistake
    assert f"{231 - kept}/{231 - kept}" in notebook.shows(cell(LOOK_UP), "100%")
    assert not Audit(gateway.log).asked_after_good_answer
    assert "The bridge closes" in notebook.shows(cell(MATCH), "61 of 251 rows need review")
    assert "nothing is sent" in notebook.shows(cell(HELP), "Help on function plan")

    empty = f"{cell(EMPTY)} .cm-content"
    notebook.browser.click(empty)
    notebook.browser.write(empty, f"tts.lookup({SHIFT}{TAB}")
    assert "Look up which external order" in notebook.shows(".jp-Tooltip", "max_age")
    notebook.browser.write(empty, ESCAPE)
    notebook.browser.click(empty)
    notebook.browser.write(empty, f"tiktok, max_{TAB}")
    notebook.shows(".jp-Completer", "max_age=")
