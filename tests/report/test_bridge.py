"""The bridge as people see it: page, notebook and workbook."""

from __future__ import annotations

import re
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from support.match_frames import S1, S2, S3, S4, T1, T2, T3, T4, marked, shopify, tiktok

from ttsframe.columns import BRIDGE, conform, empty
from ttsframe.matching import match
from ttsframe.report import html_summary, write_excel
from ttsframe.report.bridge import spans
from ttsframe.report.html import page_html


@pytest.fixture
def result():
    """Amounts in currencies of 0, 2 and 3 decimals."""
    ours = tiktok(
        {"order_id": T1, "platform_discount": 5.0},
        {"order_id": T2, "amount": 1200.0, "currency": "JPY"},
        {"order_id": T3, "amount": 1.5, "currency": "KWD"},
        {"order_id": T4, "amount": 7.5},
    )
    theirs = shopify(
        marked(S1, T1, total=25.0),
        marked(S2, T2, total=1300.0, currency="JPY"),
        marked(S3, T3, total=1.625, currency="KWD"),
        {"shopify_id": S4},
    )
    return match(ours, theirs)


def open_bridge(report):
    """The same report with a bridge that misses a cent."""
    lines = [("tiktok_total", 1, 10.0), ("only_shopify", 1, 4.0), ("shopify_total", 2, 14.01)]
    line, rows, amount = zip(*lines, strict=True)
    frame = conform({"currency": ["USD"] * 3, "line": line, "rows": rows, "amount": amount}, BRIDGE)
    return replace(report, bridge=frame)


def test_page__shows_a_bridge_per_currency_with_its_decimals(result):
    for shown in (page_html(result.report).decode(), html_summary(result.report)):
        assert shown.count("The bridge closes") == 3
        assert {"1,200", "100", "1.500", "0.125", "27.50", "\u22127.50"} <= set(
            re.findall(r">([^<>]+)</td>", shown)
        )
        assert "Shopify&#39;s total includes what TikTok paid towards the lines&#39; prices" in shown


def test_page__that_does_not_close_says_so_in_red(result):
    page = page_html(open_bridge(result.report)).decode()
    assert '<p class="told wrong">The bridge does not close' in page
    assert "0.01 is unaccounted for" in page
    assert "color:#d5502a" in html_summary(open_bridge(result.report))
    assert '<p class="told wrong">' not in page_html(result.report).decode()


def test_page__without_a_bridge_shows_none(result):
    bare = replace(result.report, bridge=empty(BRIDGE))
    assert "From TikTok" not in page_html(bare).decode()
    assert "Bridge" not in html_summary(bare)


def test_spans__lead_from_one_total_to_the_other(result):
    (bridge,) = (each for each in result.report.bridges if each.currency == "USD")
    bars = dict(zip((line.name for line in bridge.lines), spans(bridge), strict=True))
    assert bars["tiktok_total"][0] == bars["shopify_total"][0] == 0.0
    ends = {name: left + width for name, (left, width) in bars.items()}
    assert ends["tiktok_total"] == pytest.approx(ends["only_tiktok"], abs=0.02)
    assert max(ends.values()) <= 98.01
    assert min(left for left, _ in bars.values()) == 0.0


def test_spans__of_equal_totals_are_drawn_too():
    (bridge,) = match(tiktok(T1), shopify(marked(S1, T1))).report.bridges
    assert spans(bridge) == [(0.0, 10.0), (0.0, 10.0)]


def test_workbook__adds_the_bridge_up_itself(result, tmp_path):
    write_excel(result.report, tmp_path / "report.xlsx")
    formulas = openpyxl.load_workbook(tmp_path / "report.xlsx")["Bridge"]
    values = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True)["Bridge"]
    rows = [[cell.value for cell in row] for row in values.iter_rows()]
    checks = [row for row in rows if row[0] == "Unaccounted for"]
    assert [row[2] for row in checks] == [0, 0, 0]
    written = [cell.value for row in formulas.iter_rows() for cell in row if str(cell.value).startswith("=")]
    assert len(written) == 9
    assert written[0].startswith("=SUM(C")
    formats = {row[0].value: row[2].number_format for row in formulas.iter_rows() if row[0].value}
    assert pd.Series(list(formats.values())).str.contains("0.000", regex=False).any()


def test_workbook__tells_what_is_unaccounted_for(result, tmp_path):
    write_excel(open_bridge(result.report), tmp_path / "report.xlsx")
    values = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True)["Bridge"]
    rows = {row[0].value: row[2] for row in values.iter_rows()}
    assert rows["Unaccounted for"].value == 0.01
    # Red whatever its sign: the number format alone reddens only what is negative.
    told = {str(each.sqref): each.rules for each in values.conditional_formatting}
    (rule,) = told[rows["Unaccounted for"].coordinate]
    assert (rule.operator, rule.formula, rule.dxf.font.color.rgb) == ("notEqual", ["0"], "FFC00000")
