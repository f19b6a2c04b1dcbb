"""The check of the notebooks sees what it must, and the manual shows each notebook with its outputs."""

import getpass
import socket

import nbformat
import pytest
import run_notebooks

from docs import notebooks
from ttsframe.sandbox import CREDENTIALS

TABLE = "<table><tr><td>matched</td><td>12.50</td></tr></table>"


def notebook(*outputs, source="result"):
    cell = nbformat.v4.new_code_cell(source, execution_count=1, outputs=list(outputs))
    return run_notebooks.cleaned(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Q"), cell]))


def stream(text):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def display(**data):
    kinds = {"plain": "text/plain", "html": "text/html", "png": "image/png"}
    return nbformat.v4.new_output("display_data", data={kinds[kind]: held for kind, held in data.items()})


def error(text):
    return nbformat.v4.new_output("error", ename="InputError", evalue=text, traceback=[text])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (stream("61 rows\n"), stream("60 rows\n")),
        (display(plain="12.50"), display(plain="12.51")),
        (display(html=TABLE), display(html=TABLE.replace("12.50", "12.51"))),
        (display(html=TABLE), display(html=TABLE.replace("<table", '<table width="3"'))),
        (display(plain="Figure", png="aGk="), display(plain="Figure")),
        (error("lost its digits"), error("something else")),
        (stream("61 rows\n"), display(plain="61 rows")),
    ],
)
def test_differences__names_notebook_cell_and_lines(before, after):
    (message,) = run_notebooks.differences("00_close.ipynb", notebook(before), notebook(after))
    assert message.startswith("00_close.ipynb, cell 2 (result):\n--- committed\n+++ as run\n")


def test_differences__a_missing_output_and_a_cell_run_twice_are_seen():
    done = notebook(stream("61 rows\n"))
    assert list(run_notebooks.differences("n", notebook(), done))
    again = notebook(stream("61 rows\n"))
    again.cells[1].execution_count = 2
    assert list(run_notebooks.differences("n", again, done))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (display(plain="a   b\nc"), display(plain="a b\nc")),
        (display(plain="Figure", png="aGk="), display(plain="Figure", png="aG8=")),
        (
            display(html="<li>made at: 2026-11-26 19:17:31 UTC</li>"),
            display(html="<li>made at: 2027-01-01 00:00:00 UTC</li>"),
        ),
        (stream(f"1 sandbox{7:025d}"), stream(f"1 sandbox{93:025d}")),
    ],
)
def test_differences__what_is_another_at_every_run_is_none(before, after):
    assert not list(run_notebooks.differences("n", notebook(before), notebook(after)))


def test_cleaned__keeps_no_progress_bar_and_no_time():
    bar = nbformat.v4.new_output(
        "display_data",
        data={"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "0%"},
    )
    plain = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[bar])])
    plain.cells[0].metadata["execution"] = {"iopub.status.busy": "2026-11-26T19:17:31Z"}
    plain.metadata["widgets"] = {"state": {}}
    done = run_notebooks.cleaned(plain)
    assert done.cells[0].outputs == []
    assert "2026" not in nbformat.writes(done)
    assert "widgets" not in done.metadata


@pytest.mark.parametrize(
    "text",
    [
        "/home/ann/report/orders.csv",
        "/tmp/ttsframe-demo-1/x.csv",
        r"C:\Users\ann",
        "http://127.0.0.1:40311",
        f"on {socket.gethostname()}-lab",
        CREDENTIALS.app_secret,
        CREDENTIALS.access_token,
    ],
)
def test_unfit__names_what_is_of_one_machine(tmp_path, text, monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    path = tmp_path / "00_close.ipynb"
    nbformat.write(notebook(stream(text)), path)
    (message,) = run_notebooks.unfit(path)
    assert message.startswith("00_close.ipynb, cell 2 shows what is private or of one machine")


def test_unfit__a_notebook_is_small(tmp_path):
    path = tmp_path / "00_close.ipynb"
    nbformat.write(notebook(stream("a row\n" * 100)), path)
    assert not list(run_notebooks.unfit(path))
    nbformat.write(notebook(stream("a row\n" * 60_000)), path)
    (message,) = run_notebooks.unfit(path)
    assert "more than 300,000" in message


def test_main__says_how_to_write_what_the_cells_give(tmp_path, monkeypatch, capsys):
    path = tmp_path / "00_close.ipynb"
    nbformat.write(notebook(stream("61 rows\n")), path)
    monkeypatch.setattr(run_notebooks, "FOLDER", tmp_path)
    monkeypatch.setattr("sys.argv", ["run_notebooks.py"])

    async def ran(paths):
        return [(notebook(stream("60 rows\n")), 1.0) for _ in paths]

    monkeypatch.setattr(run_notebooks, "run_all", ran)
    assert run_notebooks.main() == 1
    shown = capsys.readouterr().out
    assert "00_close.ipynb, cell 2 (result)" in shown
    assert "python tests/run_notebooks.py --write" in shown
    monkeypatch.setattr("sys.argv", ["run_notebooks.py", "--write"])
    assert run_notebooks.main() == 0
    monkeypatch.setattr("sys.argv", ["run_notebooks.py"])
    assert run_notebooks.main() == 0


def test_page__is_the_notebook_with_what_its_cells_give(tmp_path):
    path = tmp_path / "00_close.ipynb"
    outputs = [stream("61 rows\n"), display(html=f"<style>td {{}}</style>{TABLE}"), display(png="aGk=")]
    written = notebook(*outputs, error("Lost its digits."), source="result")
    written.cells[
        0
    ].source = "# Q\n\n[next](01_next.ipynb), [close](../docs/howto/month.md), [out](https://a.example)"
    nbformat.write(written, path)
    text, charts = notebooks.page(path)
    assert text.startswith(
        "# Q\n\n[next](01_next.md), [close](../howto/month.md), [out](https://a.example)\n"
    )
    assert "```python\nresult\n```" in text
    for shown in ("61 rows", TABLE, "![What the code above draws](00_close_1.png)", "Lost its digits."):
        assert shown in text
    assert "<style" not in text
    assert charts == {"00_close_1.png": b"hi"}


@pytest.mark.parametrize("path", sorted(notebooks.FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebook__opens_with_a_question_and_says_how_to_use_own_files(path):
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].source.split("\n")[0].endswith("?")
    assert "tts.sandbox.demo()" in cells[1].source
    assert cells[2].source.startswith("**Your own files:**")
    assert "tts.Shop.from_env()" in cells[2].source
    assert cells[-1].source.startswith("## Where to go next")
    for cell in cells[2:]:
        assert cell.cell_type == "markdown" or "demo" not in cell.source
    assert not list(run_notebooks.unfit(path))
