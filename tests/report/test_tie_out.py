"""Every rendering says whether the totals tie to the files, and shows what does not add up."""

from __future__ import annotations

import io
from dataclasses import replace

import openpyxl
import pytest

from ttsframe import match, read_shopify_orders, read_tiktok_orders
from ttsframe.columns import SOURCES, TIE_OUT, empty
from ttsframe.report import html_summary, text_summary, write_csv, write_excel
from ttsframe.report.html import page_html

T1, T2 = "577000000000000001", "577000000000000002"
TIKTOK = f"Order ID,Currency,Order Amount\n{T1},USD,10.00\n{T2},USD,7.00\nGrand Total,USD,17.00\n"
SHOPIFY = f"Name,Id,Currency,Total,Tags\n#1,1,USD,10.00,TikTokOrderID:{T1}\n#2,2,USD,4.00,\n"
CLOSES = "The totals tie to the files: every row of them is accounted for."
OPEN = "The TikTok total in USD does not tie to its files: -7.00 in 1 order is not accounted for."


@pytest.fixture
def result():
    return match(read_tiktok_orders(io.StringIO(TIKTOK)), read_shopify_orders(io.StringIO(SHOPIFY)))


@pytest.fixture
def without_one():
    """The result after an order was taken out of the frame."""
    tiktok = read_tiktok_orders(io.StringIO(TIKTOK))
    return match(tiktok[tiktok["order_id"] == T1], read_shopify_orders(io.StringIO(SHOPIFY)))


def test_renderings__say_that_the_totals_tie(result):
    for shown in (
        text_summary(result.report),
        html_summary(result.report),
        page_html(result.report).decode(),
    ):
        assert CLOSES in shown


def test_renderings__say_what_is_not_accounted_for(without_one):
    assert OPEN in text_summary(without_one.report)
    page = page_html(without_one.report).decode()
    for shown in (html_summary(without_one.report), page):
        assert OPEN.replace("-7.00", "\u22127.00") in shown
        assert CLOSES not in shown
    assert '<th scope="row" class="wrong">Not accounted for</th>' in page


def test_page__lists_the_files_with_their_digests(result):
    page = page_html(result.report).decode()
    for digest in result.sources["sha256"]:
        assert f"<code>{digest}</code>" in page


def test_page__without_a_tie_out_shows_none(result):
    page = page_html(replace(result.report, tie_out=empty(TIE_OUT), sources=empty(SOURCES))).decode()
    assert 'id="tie-out"' not in page


def test_workbook__adds_the_tie_out_up_itself(result, without_one, tmp_path):
    for made, gap in ((result, (0, 0)), (without_one, (-1, -7))):
        write_excel(made.report, tmp_path / "report.xlsx")
        values = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True)["Tie-out"]
        rows = [[cell.value for cell in row] for row in values.iter_rows(max_col=3)]
        assert rows[0] == ["TikTok USD: from the files to the total", "Rows", "Amount"]
        assert rows[1:3] == [["All rows of the files", 3, 34], ["Rows of totals", -1, -17]]
        (place,) = [place for place, row in enumerate(rows) if row[0] == "Not accounted for"][:1]
        assert tuple(rows[place][1:]) == gap
        formulas = openpyxl.load_workbook(tmp_path / "report.xlsx")["Tie-out"]
        assert formulas.cell(place + 1, 3).value == f"=ROUND(C{place}-SUM(C2:C{place - 1}),4)"
        digests = [row[1] for row in rows if row[0] == "SHA-256"]
        assert digests == made.sources["sha256"].tolist()


def test_summary__holds_the_tie_out_and_the_digests(result, tmp_path):
    rows = result.summary.itertuples(index=False)
    summary = {(row.section, row.side, row.currency, row.name): row.value for row in rows}
    assert summary["tie_out", "TikTok", "USD", "in_files"] == 34
    assert summary["tie_out_rows", "Shopify", "USD", "no_link"] == -1
    write_csv(result.report, tmp_path)
    text = (tmp_path / "summary.csv").read_text("utf-8-sig")
    assert "tie_out,TikTok,USD,totals,-17.00" in text
    assert f"sha256,,,file 1,{result.sources['sha256'][0]}" in text
