"""A working paper says whose it is, in the head of every rendering."""

from __future__ import annotations

import openpyxl
import pytest
from support.match_frames import S1, T1, marked, shopify, tiktok

from ttsframe.cli import main
from ttsframe.matching import match
from ttsframe.report import html_summary, text_summary, write_csv, write_excel
from ttsframe.report.html import page_html

HEAD = "client: =Acme <b>Ltd</b>; prepared by: J. Doe"
ESCAPED = "client: =Acme &lt;b&gt;Ltd&lt;/b&gt;; prepared by: J. Doe"


@pytest.fixture
def result():
    return match(tiktok(T1), shopify(marked(S1, T1)))


@pytest.fixture
def dressed(result):
    return result.with_header(client="=Acme <b>Ltd</b>", prepared_by="J. Doe")


def test_header__stands_in_every_rendering(dressed, tmp_path):
    assert text_summary(dressed.report).splitlines()[1] == HEAD
    for page in (page_html(dressed.report).decode(), html_summary(dressed.report)):
        assert ESCAPED in page
        assert "<b>Ltd" not in page
    write_excel(dressed.report, tmp_path / "report.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Summary"]
    assert sheet["A3"].value == HEAD
    assert sheet["A5"].value == "Status"
    write_csv(dressed.report, tmp_path)
    assert "source,,,prepared by,J. Doe" in (tmp_path / "summary.csv").read_text("utf-8-sig")


def test_header__changes_nothing_else(result, dressed):
    assert dressed.orders is result.orders
    assert "client" not in result.provenance
    again = dressed.with_header(reviewed_by="A. Roe")
    assert again.report.header == f"{HEAD}; reviewed by: A. Roe"
    assert result.report.header == ""


def test_header__comes_from_the_shell(tmp_path, capsys):
    (tmp_path / "t.csv").write_text(f"Order ID,Order Status,Order Amount\n{T1},Completed,5.00\n")
    (tmp_path / "s.csv").write_text(f"Name,Total,Tags\n#1,5.00,TikTokOrderID:{T1}\n")
    files = ["--tiktok", str(tmp_path / "t.csv"), "--shopify", str(tmp_path / "s.csv"), "--ask", "none"]
    head = ["--client", "Acme", "--prepared-by", "J. Doe", "--reviewed-by", "A. Roe", "--reference", "WP 7"]
    assert main(["reconcile", *files, *head, "-o", str(tmp_path / "out")]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split("; ") == [
        "client: Acme",
        "prepared by: J. Doe",
        "reviewed by: A. Roe",
        "reference: WP 7",
    ]
