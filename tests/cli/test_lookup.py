"""`ttsframe lookup` with files that are not as they should be, and without a shop to ask."""

from __future__ import annotations

import io
import logging
import sys

import pandas as pd
import pytest

from ttsframe.cli import main
from ttsframe.references.progress import LOGGER

FIRST = 580_194_009_000_000_000


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """Nothing but the shop cipher is known."""
    monkeypatch.setenv("TIKTOK_SHOP_CIPHER", "a-cipher")
    monkeypatch.setenv("TTSFRAME_CACHE", str(tmp_path / "cache.sqlite"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def feed(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_plan__needs_only_the_shop_cipher(offline, monkeypatch, capsys):
    feed(monkeypatch, f"{FIRST}\n{FIRST + 1}\nSKU-1\n")
    assert main(["lookup", "-", "--plan"]) == 0
    assert capsys.readouterr().out == (
        "3 distinct look-ups need 2 requests; 1 is not an order id. "
        "They take about 1 s at 8 requests a second at first; the rate adapts while running.\n"
    )


def test_lookup__all_ids_rounded_is_refused(offline, capsys):
    (offline / "a.csv").write_text("Order ID,x\n5.76461E+17,1\n5.76462E+17,2\n")
    assert main(["lookup", "a.csv", "--offline"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(
        "ttsframe: a.csv: the order ids lost their last digits in a spreadsheet; download again"
    )


def test_lookup__some_ids_rounded_are_invalid_and_told(offline, capsys):
    (offline / "a.csv").write_text(f"Order ID,x\n5.76461E+17,1\n{FIRST},2\n")
    assert main(["lookup", "a.csv", "--offline"]) == 1
    out, err = capsys.readouterr()
    assert pd.read_csv(io.StringIO(out), dtype=str)["reason"].tolist() == ["digits_lost", "offline"]
    assert (
        "note: a.csv: 1 order id lost the last digits in a spreadsheet (digits_lost); download it again."
        in err
    )


@pytest.mark.parametrize("files", [["*.csv"], ["a.csv", "b.csv"], ["*.csv", "a.csv"]])
def test_lookup__a_glob_and_several_files(files, offline, capsys):
    (offline / "a.csv").write_text("order_id\n1\n2\n")
    (offline / "b.csv").write_text("order_id\n2\n3\n")
    assert main(["lookup", *files, "--offline"]) == 1
    assert pd.read_csv(io.StringIO(capsys.readouterr().out), dtype=str)["order_id"].tolist() == [
        "1",
        "2",
        "3",
    ]


@pytest.mark.parametrize("text", ["", "\n \r\n"])
def test_lookup__nothing_on_standard_input_says_what_to_pipe_in(text, offline, monkeypatch, capsys):
    feed(monkeypatch, text)
    assert main(["lookup", "-", "--offline"]) == 2
    assert "Standard input is empty. Pipe in order ids, one per line" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--column", "Ordr ID"], "the nearest is 'Order ID'."),
        (
            ["--column", "nope"],
            "the one that holds the order ids. It has: Order ID, Buyer",
        ),
        (["--column", "Quantity"], "--column: the numbers in the column Quantity are too short"),
        (["--max-age", "soon"], "--max-age: must be a duration such as '7d' or '90s'"),
    ],
)
def test_lookup__messages_name_options_as_typed(arguments, says, offline, capsys):
    (offline / "a.csv").write_text(f"Order ID,Buyer,Quantity\n{FIRST},Secret Person,1\n")
    assert main(["lookup", "a.csv", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_lookup__missing_credentials_say_what_works_without(offline, monkeypatch, capsys):
    feed(monkeypatch, f"{FIRST}\n")
    assert main(["lookup", "-"]) == 2
    assert "offline look-ups need only TIKTOK_SHOP_CIPHER" in capsys.readouterr().err


def test_cli__long_runs_are_told_on_standard_error_and_no_handler_is_left(offline, monkeypatch, capsys):
    def told(*_, **__):
        logging.getLogger(LOGGER).info("Looked up 2 of 2 orders in 6 min")
        raise KeyboardInterrupt("interrupted")

    monkeypatch.setattr("ttsframe.cli.lookup.lookup", told)
    feed(monkeypatch, f"{FIRST}\n")
    assert main(["lookup", "-"]) == 130
    assert capsys.readouterr().err == "Looked up 2 of 2 orders in 6 min\nttsframe: interrupted\n"
    assert logging.getLogger(LOGGER).handlers == []


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("refs.doc", "refs.doc must end in .csv, .xlsx or .parquet"),
        ("taken/refs.csv", "a file stands where a folder should be: name another folder"),
        ("folder.csv", "is a folder: name a file in it"),
        (f"{'x' * 300}.csv", "its name is too long"),
        (f"{'x' * 300}/refs.csv", "its name is too long"),
        ("refs.parquet", 'Parquet files need pyarrow: pip install "ttsframe[parquet]"'),
    ],
)
def test_lookup__what_cannot_be_written_is_told_before_anything_is_read_or_asked(
    output, says, offline, monkeypatch, capsys
):
    (offline / "taken").touch()
    (offline / "folder.csv").mkdir()
    monkeypatch.setattr("ttsframe.report.tables.find_spec", lambda name: None)
    monkeypatch.setattr("ttsframe.cli.lookup.read_ids", lambda *_, **__: pytest.fail("the ids were read"))
    before = sorted(path.name for path in offline.rglob("*"))
    assert main(["lookup", "ids.txt", "-o", output]) == 2
    out, err = capsys.readouterr()
    assert says in err
    assert (out, err.count("\n")) == ("", 1)
    assert sorted(path.name for path in offline.rglob("*")) == before


def test_lookup__a_folder_to_come_is_not_made_by_a_run_that_fails(offline, capsys):
    (offline / "a.csv").write_text("Order ID\n5.76461E+17\n")
    assert main(["lookup", "a.csv", "--offline", "-o", "new/deep/refs.csv"]) == 2
    assert "lost their last digits" in capsys.readouterr().err
    assert not (offline / "new").exists()
    (offline / "a.csv").write_text(f"Order ID\n{FIRST}\n")
    assert main(["lookup", "a.csv", "--offline", "-o", "new/deep/refs.csv"]) == 1
    assert [path.name for path in (offline / "new" / "deep").iterdir()] == ["refs.csv"]


def test_plan__writes_nothing_so_any_output_will_do(offline, monkeypatch, capsys):
    feed(monkeypatch, f"{FIRST}\n")
    assert main(["lookup", "-", "--plan", "-o", "refs.doc"]) == 0
