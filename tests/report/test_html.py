"""The page and the summary of a notebook: whole, self-contained, and escaped."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.report_sample import sample_report, small_report

from ttsframe.report import html_summary, palette, write_html
from ttsframe.report.html import page_html
from ttsframe.report.summary import headline
from ttsframe.text import Note

HOSTILE = "</script><!--<script>alert(1)</script>\u2028&<b>"


@pytest.fixture(scope="module")
def report():
    return sample_report(300)


class Page(HTMLParser):
    """What stands in a page: its elements, and the text of each script."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.text = [], {}, ""
        self._script = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._script = dict(attrs).get("id", "code") if tag == "script" else None

    def handle_endtag(self, tag):
        self._script = None

    def handle_data(self, data):
        if self._script:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data
        else:
            self.text += data


def test_write_html__data_comes_back_whole(report, tmp_path):
    path = write_html(report, tmp_path / "out" / "report.html")
    data = json.loads(Page(path.read_text(encoding="utf-8")).scripts["data"])
    assert data["count"] == 300
    columns = {column["name"]: column for column in data["columns"]}
    assert columns["order_id"]["values"] == report.orders["order_id"].tolist()
    assert columns["order_id"]["kind"] == "id"
    amounts = [None if np.isnan(value) else value for value in report.orders["tiktok_amount"].tolist()]
    assert columns["tiktok_amount"]["values"] == amounts
    told = [columns["reason"]["list"][code] if code >= 0 else None for code in columns["reason"]["codes"]]
    assert told == [None if pd.isna(value) else value for value in report.orders["reason"]]


def test_write_html__shows_payouts_and_what_made_the_pairs(report):
    orders = report.orders.assign(
        settled_amount=1.5, settled_counted=1.5, settled_currency="KWD", settled_at=pd.NaT
    )
    text = Page(page_html(replace(report, orders=orders)).decode()).text
    assert re.search(r"Settled KWD.*Total450\.000", text, re.DOTALL)
    tags = (report.orders["matched_on"] == "tag").sum()
    assert re.search(rf"Pairs by source.*Tag{tags}", text, re.DOTALL)


def test_write_html__loads_nothing_and_forbids_it(report):
    text = page_html(report).decode()
    page = Page(text)
    assert [tag for tag, attrs in page.tags if "src" in attrs or "href" in attrs] == []
    policy = next(
        attrs["content"] for _, attrs in page.tags if "Content-Security-Policy" in attrs.get("http-equiv", "")
    )
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    assert not re.search(r"url\(|@import|https?://", text)
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 2


def test_write_html__hostile_text_stays_text(report):
    rows = report.orders.copy()
    rows.loc[0, "reason"] = HOSTILE
    made = replace(
        report, orders=rows, title=HOSTILE, notes=(Note("warning", HOSTILE),), provenance={HOSTILE: HOSTILE}
    )
    page = Page(page_html(made).decode())
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 2
    assert not [tag for tag, _ in page.tags if tag == "b" and "alert" in tag]
    columns = {column["name"]: column for column in json.loads(page.scripts["data"])["columns"]}
    codes = columns["reason"]
    assert codes["list"][codes["codes"][0]] == HOSTILE.replace("\u2028", " ")
    assert HOSTILE.replace("\u2028", " ") in page.text
    assert "alert" not in page.scripts["code"]


def test_write_html__text_like_a_slot_is_not_filled(report):
    page = Page(page_html(replace(report, title="{{data}} {{nothing}}")).decode())
    assert "{{data}} {{nothing}}" in page.text


def test_write_html__figures_need_no_script(report):
    page = Page(page_html(report).decode())
    for words in ("Sources", "All order-2026-11-23.csv", "300 rows", "Totals per side", "0.1.0"):
        assert words in page.text
    assert "noscript" in [tag for tag, _ in page.tags]
    assert "<svg" in page_html(report).decode()


def test_write_html__lone_surrogates_do_not_stop_it(report):
    rows = report.orders.copy()
    rows["reason"] = rows["reason"].astype("object")
    rows.loc[0, "reason"] = "a\ud800b"
    assert b"a\xef\xbf\xbdb" in page_html(replace(report, orders=rows, title="t\ud800"))


def test_write_html__empty_report_says_so(report):
    assert b"There are no orders" in page_html(replace(report, orders=report.orders.head(0), details=None))


def test_html_summary__needs_no_script_and_escapes(report):
    text = html_summary(replace(report, title=HOSTILE, notes=(Note("warning", HOSTILE),)))
    tags = [tag for tag, _ in Page(text).tags]
    assert "script" not in tags
    assert "b" in tags
    assert HOSTILE not in text
    assert tags.count("svg") == 1
    assert "Only TikTok" in text


def test_html_summary__is_readable_where_a_code_host_strips_it(report):
    """Code hosts take SVG, styles and tooltips away, and keep the texts within."""
    html = html_summary(report)
    assert "<svg" in html
    charts = re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL)
    assert len(re.sub(r"<[^>]+>|\s", "", "".join(charts))) < 100
    words = " ".join(re.sub(r"<[^>]+>", "", html).split())
    assert f"{report.title} {headline(report)}" in words


def test_html_summary__says_when_all_is_well():
    assert "The only row reconciles." in html_summary(small_report(status=["matched"]))
    assert "All 2 rows reconcile." in html_summary(small_report(status=["matched"] * 2))


def test_templates__hold_no_address_of_elsewhere():
    folder = Path(palette.__file__).parent
    templates = list((folder / "templates").iterdir())
    assert len(templates) == 6
    for path in templates:
        assert "http" not in path.read_text(encoding="utf-8").replace("http-equiv", "")
        assert "|safe" not in path.read_text(encoding="utf-8")
