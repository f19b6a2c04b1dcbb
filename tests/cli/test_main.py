"""The command line as a shell sees it: what goes in, what comes out, and the exit code."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pandas as pd
import pytest
from support import canned_gateway as canned

import ttsframe as tts
from ttsframe.cli import main
from ttsframe.client import retry
from ttsframe.readers.references import read_references
from ttsframe.sandbox import samples


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch):
    monkeypatch.setattr(retry, "BACKOFF_SECONDS", 0.001)


@pytest.fixture
def gateway(monkeypatch, tmp_path):
    """A gateway that the environment leads to."""
    answers = {"580194009000000001": canned.official("#1001"), "3": canned.error(21008111, "not yours")}
    with canned.serve(answers) as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TTSFRAME_CACHE", str(tmp_path / "cache.sqlite"))
        yield served


def feed(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_lookup__ids_in_csv_out_and_nothing_else(gateway, monkeypatch, capsys):
    feed(monkeypatch, "580194009000000001\n2\n")
    assert main(["lookup", "-"]) == 0
    out, err = capsys.readouterr()
    table = pd.read_csv(io.StringIO(out), dtype=str)
    assert out.startswith("order_id,")
    assert table["order_id"].tolist() == ["580194009000000001", "2"]
    assert table["status"].tolist() == ["linked", "unlinked"]
    assert "1 linked" in err


def test_lookup__in_a_pipe(gateway, tmp_path):
    command = [sys.executable, "-m", "ttsframe", "lookup", "-"]
    done = subprocess.run(
        command,
        input=b"580194009000000001\r\n",
        capture_output=True,
        check=False,
        env=os.environ,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith("order_id,platform,")
    assert lines[1].startswith("580194009000000001,SHOPIFY,#1001,linked,")
    assert len(lines) == 2


def test_lookup__rows_without_answer_exit_1(gateway, monkeypatch, capsys):
    feed(monkeypatch, "order_id,x\n580194009000000001,a\nSKU-1,b\n3,c\n")
    assert main(["lookup", "-"]) == 1
    table = pd.read_csv(io.StringIO(capsys.readouterr().out), dtype=str)
    assert table["reason"].fillna("").tolist() == ["", "not_digits", "not_this_shop"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_lookup__ids_survive_both_ways(suffix, gateway, tmp_path):
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    orders = tmp_path / "orders.xlsx"
    pd.DataFrame({"Order ID": ["580194009000000001"]}).to_excel(orders, index=False)
    out = tmp_path / f"refs.{suffix}"
    assert main(["lookup", str(orders), "-o", str(out)]) == 0
    read = read_references(out)
    assert read["order_id"].tolist() == ["580194009000000001"]
    assert read["external_order_id"].tolist() == ["#1001"]
    assert read["status"].dtype == "category"


def test_lookup__raw_seller_center_export(gateway, tmp_path, capsys):
    made = samples.write(tmp_path / "samples", count=20)
    assert main(["lookup", str(made.tiktok), "--plan"]) == 0
    orders = tts.read_tiktok_orders(made.tiktok)
    assert capsys.readouterr().out.startswith(
        f"{len(orders)} distinct look-ups need {len(orders)} requests. They take about "
    )
    assert gateway.requests == []


def test_lookup__max_age_and_offline(gateway, monkeypatch, capsys):
    for options in ([], ["--offline"], ["--max-age", "7d"], ["--max-age", "0s"]):
        feed(monkeypatch, "580194009000000001\n")
        assert main(["lookup", "-", *options]) == 0
        capsys.readouterr()
    assert len(gateway.requests) == 2


def test_lookup__level_and_platforms(gateway, monkeypatch, capsys):
    feed(monkeypatch, "5\n")
    assert main(["lookup", "-", "--level", "line-item", "--platform", "amazon", "--platform", "SHOPIFY"]) == 0
    table = pd.read_csv(io.StringIO(capsys.readouterr().out), dtype=str)
    assert "line_item_origin_id" in table
    assert table["platform"].tolist() == ["AMAZON", "SHOPIFY"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["lookup", "-", "--platform", "SHOPIFYY"], "WAREHOUSE_MANAGEMENT_SYSTEM"),
        (["lookup", "no-such-file.csv"], "no-such-file.csv"),
        (["lookup", "-", "-o", "out.doc"], ".parquet"),
        (["lookup", "-", "--max-age", "soon"], "7d"),
        (["lookup", "-", "--column", "nope"], "nope"),
        (["nonsense"], "nonsense"),
        (["reconcile", "--tiktok", "a.csv"], "--shopify"),
    ],
)
def test_cli__expected_errors_are_one_message_and_exit_2(arguments, says, gateway, monkeypatch, capsys):
    feed(monkeypatch, "order_id\n1\n")
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert says in err
    assert "Traceback" not in err
    assert out == ""
    if "SHOPIFYY" in arguments:
        assert gateway.requests == []


def test_cli__http_to_another_host_is_refused_naming_https(gateway, monkeypatch, capsys):
    monkeypatch.setenv("TTSFRAME_BASE_URL", "http://gateway.example")
    feed(monkeypatch, "1\n")
    assert main(["lookup", "-"]) == 2
    assert "https://" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["lookup", "ids.txt"], ["lookup", "ids.txt", "--offline"], ["shops"], ["cache", "info"]]
)
def test_cli__an_env_file_that_is_no_text_is_one_line_and_exit_2(arguments, tmp_path, capsys):
    (tmp_path / "ids.txt").write_text("580194009000000001\n")
    (tmp_path / ".env").write_bytes(b"TIKTOK_APP_KEY=\xff\xfe\n")
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"ttsframe: cannot read {tmp_path / '.env'}: it is not UTF-8 text.")
    assert err.count("\n") == 1
    assert out == ""


def test_cli__secrets_of_the_environment_stay_hidden_where_an_env_file_is_no_text(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("TIKTOK_APP_SECRET", "a-secret-of-mine")
    (tmp_path / ".env").write_bytes(b"\xff")
    assert main(["lookup", "a-secret-of-mine.csv"]) == 2
    err = capsys.readouterr().err
    assert ".csv" in err
    assert "a-secret-of-mine" not in err


@pytest.mark.skipif(os.name == "nt", reason="a folder in use cannot be removed there")
def test_cli__a_folder_that_is_gone_is_one_line_and_exit_2(tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main(["cache", "info"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("ttsframe: ")
    assert err.count("\n") == 1
    monkeypatch.chdir(tmp_path)


def test_cli__a_refusal_shows_no_secret(gateway, monkeypatch, capsys):
    said = f"Invalid access_token {canned.CREDENTIALS.access_token} sign={'a' * 64}"
    gateway.answers["1"] = canned.error(36009004, said, 400)
    feed(monkeypatch, "1\n")
    assert main(["lookup", "-"]) == 2
    err = capsys.readouterr().err
    assert "token" in err
    assert canned.CREDENTIALS.access_token not in err
    assert "a" * 64 not in err


def test_cache__info_prune_clear(gateway, monkeypatch, capsys):
    feed(monkeypatch, "580194009000000001\n2\n")
    main(["lookup", "-"])
    capsys.readouterr()
    assert [main(["cache", action]) for action in ("info", "prune", "clear", "info")] == [0, 0, 0, 0]
    out = capsys.readouterr().out
    assert "2 answers, 0 expired" in out
    assert "0 answers deleted" in out
    assert "2 answers deleted" in out
    assert "0 answers, 0 expired" in out


def test_cache__needs_no_credentials(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TTSFRAME_CACHE", str(tmp_path / "none.sqlite"))
    assert main(["cache", "info"]) == 0
    assert "0 answers" in capsys.readouterr().out
    assert not (tmp_path / "none.sqlite").exists()


def with_sandbox(monkeypatch, box, tmp_path):
    for name, value in box.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TTSFRAME_CACHE", str(tmp_path / "cache.sqlite"))


def test_doctor__all_well(tmp_path, monkeypatch, capsys):
    with tts.sandbox.run() as box:
        with_sandbox(monkeypatch, box, tmp_path)
        assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert out.count("  ok   ") == 7
    assert "all checks passed" in out


@pytest.mark.parametrize(
    ("setting", "options", "failing", "cure"),
    [
        ({"TIKTOK_SHOP_CIPHER": ""}, {}, "settings", "TIKTOK_SHOP_CIPHER"),
        ({"TTSFRAME_RATE": "many"}, {}, "settings", "TTSFRAME_RATE"),
        ({"TIKTOK_APP_SECRET": "wrong"}, {}, "signature and token", "TIKTOK_APP_SECRET"),
        (
            {"TIKTOK_APP_ACCESS_KEY": "wrong", "TIKTOK_APP_REFRESH_KEY": ""},
            {},
            "signature and token",
            "TIKTOK_APP_ACCESS_KEY",
        ),
        ({"TIKTOK_SHOP_CIPHER": "wrong"}, {}, "shop cipher", "ttsframe shops"),
        ({}, {"clock_offset_seconds": 4000.0}, "clock", "time zone"),
        ({}, {"always_code": "105005"}, "signature and token", "seller.order.ext_ref.read"),
        ({"TTSFRAME_BASE_URL": "http://127.0.0.1:9"}, {}, "gateway reachable", "TTSFRAME_BASE_URL"),
        ({"TTSFRAME_CACHE": "."}, {}, "cache", "TTSFRAME_CACHE"),
    ],
)
def test_doctor__names_the_first_that_does_not_hold(
    setting, options, failing, cure, tmp_path, monkeypatch, capsys
):
    with tts.sandbox.run(**options) as box:
        with_sandbox(monkeypatch, box, tmp_path)
        for name, value in setting.items():
            monkeypatch.setenv(name, value)
        assert main(["doctor"]) == 2
    out, err = capsys.readouterr()
    assert f"FAIL {failing}\n" in out
    assert cure in out.split("what to do:")[1]
    assert err == ""


def test_shops__lists_ciphers_without_one_set(tmp_path, monkeypatch, capsys):
    with tts.sandbox.run() as box:
        with_sandbox(monkeypatch, box, tmp_path)
        monkeypatch.delenv("TIKTOK_SHOP_CIPHER")
        assert main(["shops"]) == 0
    assert f"TIKTOK_SHOP_CIPHER={box.credentials.shop_cipher}" in capsys.readouterr().out


def test_demo__runs_through_and_leaves_the_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TTSFRAME_BASE_URL", "https://never.example")
    monkeypatch.setenv("TTSFRAME_RATE", "not a number")
    assert main(["demo", "-o", str(tmp_path / "demo")]) == 0
    out = capsys.readouterr().out
    assert "matched" in out
    left = {path.name for path in (tmp_path / "demo").iterdir()}
    assert {"orders.csv", "summary.csv", "report.xlsx", "report.html", "references.csv"} <= left
    assert not list((tmp_path / "home").rglob("*.sqlite"))


def test_reconcile__every_order_has_the_status_of_the_truth(tmp_path, monkeypatch, capsys):
    made = samples.write(tmp_path / "in", count=300)
    with tts.sandbox.run(made.links) as box:
        with_sandbox(monkeypatch, box, tmp_path)
        arguments = ["--tiktok", str(made.tiktok), "--shopify", str(made.shopify)]
        code = main(
            ["reconcile", *arguments, "--settlement", str(made.settlement), "-o", str(tmp_path / "report")]
        )
    assert code == 1
    got = pd.read_csv(tmp_path / "report" / "orders.csv", dtype=str)
    columns = ["order_id", "shopify_name", "status"]
    rows = got[columns].fillna("").apply(tuple, axis=1)
    expected = made.expected[columns].fillna("").apply(tuple, axis=1)
    assert sorted(rows) == sorted(expected)
    assert "settled_amount" in got
    assert (tmp_path / "report" / "report.html").stat().st_size > 10_000
    assert "matched" in capsys.readouterr().out


def test_reconcile__without_credentials_names_no_lookup(tmp_path, capsys):
    made = samples.write(tmp_path / "in", count=20)
    arguments = [
        "reconcile",
        "--tiktok",
        str(made.tiktok),
        "--shopify",
        str(made.shopify),
        "-o",
        str(tmp_path / "r"),
    ]
    assert main(arguments) == 2
    assert "--no-lookup" in capsys.readouterr().err
    assert main([*arguments, "--no-lookup"]) == 1
    assert main([*arguments, "--no-lookup", "--exit-zero"]) == 0


def test_reconcile__with_references_saved_before(tmp_path, monkeypatch):
    made = samples.write(tmp_path / "in", count=60)
    refs = str(tmp_path / "refs.xlsx")
    with tts.sandbox.run(made.links) as box:
        with_sandbox(monkeypatch, box, tmp_path)
        assert main(["lookup", str(made.tiktok), "-o", refs]) == 1
    files = ["--tiktok", str(made.tiktok), "--shopify", str(made.shopify), "--refs", refs]
    assert main(["reconcile", *files, "-o", str(tmp_path / "r")]) == 1
    got = pd.read_csv(tmp_path / "r" / "orders.csv", dtype=str)
    assert got["status"].value_counts().to_dict() == made.expected["status"].value_counts().to_dict()


def test_cli__version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"ttsframe {tts.__version__}\n"


def test_reconcile__tells_what_the_readers_left_out(tmp_path, capsys):
    made = samples.write(tmp_path / "in", count=60)
    lines = made.tiktok.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    spoilt = [
        f"5.80194E+17{line[line.index(',') :]}" if place in range(5, 9) else line
        for place, line in enumerate(lines)
    ]
    mangled = tmp_path / "mangled.csv"
    mangled.write_text("".join(spoilt), encoding="utf-8")
    files = ["--tiktok", str(mangled), "--shopify", str(made.shopify), "-o", str(tmp_path / "r")]
    assert main(["reconcile", *files, "--no-lookup"]) == 1
    assert "lost their last digits" in capsys.readouterr().out
    assert "lost their last digits" in (tmp_path / "r" / "summary.csv").read_text(encoding="utf-8-sig")
