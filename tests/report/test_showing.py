"""Figures, page, notebook summary, terminal summary, plot and colours."""

import builtins
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from support.report_sample import sample_report, small_report

from ttsframe.columns import MATCH_GUESSED, MATCH_STATUSES, STATUSES
from ttsframe.errors import SettingsError
from ttsframe.report import html_summary, palette, plot, summary, text_summary, write_excel, write_html
from ttsframe.report.html import page_html
from ttsframe.text import Note

HOSTILE = "</script><!--<script>alert(1)</script>\u2028&<b>"


@pytest.fixture(scope="module")
def report():
    return sample_report(300)


def missing(flags):
    """Rows whose TikTok order has no amount."""
    return pd.DataFrame({"TikTok": flags, "Shopify": False})


def lines_of(report, currency):
    return {row.status: (row.rows, row.amounts) for row in report.totals[currency]}


def test_counts__every_status_in_order_and_adding_up(report):
    found = report.counts
    assert list(found) == list(MATCH_STATUSES)
    assert sum(found.values()) == 300
    assert found["duplicate"] == (report.orders["status"] == "duplicate").sum()


def test_exception_statuses__leave_out_the_good_and_the_empty():
    made = small_report(status=["matched", "conflict", "not_expected"])
    assert made.exception_statuses == ["conflict"]


def test_totals__tell_what_is_not_known():
    made = small_report(status=["matched", "matched", "only_tiktok"], shopify_total=[10.0, 5.0, None])
    made.orders.loc[1, "tiktok_counted"] = 4.0
    matched, alone, whole = replace(made, missing_amount=missing([True, False, True])).totals[""]
    assert (matched.amounts, matched.difference) == ((4.0, 15.0), 1.0)
    assert np.isnan([alone.amounts[0], alone.difference]).all()
    assert (whole.amounts, whole.difference) == ((4.0, 15.0), 1.0)


def test_renderings__say_so_where_nothing_is_known(tmp_path):
    made = small_report(status=["matched"], shopify_total=[10.0], currency=["USD"])
    made = replace(made, missing_amount=missing([True]))
    text = text_summary(made)
    assert re.search(r"\n  all +n/a +10\.00 +n/a\n", text)
    write_excel(made, tmp_path / "report.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Summary"]
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert cells.count("n/a") == 4
    for shown in (text, html_summary(made), page_html(made).decode(), " ".join(map(str, cells))):
        assert "1 row has no TikTok amount and is excluded from the TikTok total." in shown
        assert "nan" not in shown.lower().replace("financial", "")


def test_totals__never_add_currencies_up():
    made = small_report(
        status=["matched", "amount_differs", "matched"],
        order_id=["1", "2", "3"],
        shopify_id=["7", "8", "9"],
        tiktok_amount=[10.0, 20.0, 5.0],
        shopify_total=[10.0, 18.0, 5.0],
        currency=["USD", "USD/EUR", "EUR"],
    )
    assert lines_of(made, "USD")[None] == (2, (30.0, 10.0))
    assert lines_of(made, "EUR") == {
        "matched": (1, (5.0, 5.0)),
        "amount_differs": (0, (0.0, 18.0)),
        None: (1, (5.0, 23.0)),
    }


def test_totals__agree_with_the_rows(report):
    orders, amounts = lines_of(report, "USD")[None]
    assert orders == 300
    assert amounts == pytest.approx(
        (report.orders["tiktok_amount"].sum(), report.orders["shopify_total"].sum())
    )


def test_summary__has_counts_totals_sources_and_notes(report):
    assert list(report.summary.columns) == ["section", "side", "currency", "name", "value"]
    figures = report.summary.set_index(["section", "side", "currency", "name"])["value"]
    assert figures["rows", "", "", "total"] == 300
    total = report.orders["tiktok_amount"].sum()
    assert figures["amount", "TikTok", "USD", "total"] == pytest.approx(total)
    assert figures["source", "", "", "orders_export_1.csv"] == "312 rows"
    assert figures["note", "", "", "left_out"].startswith("3 rows")
    assert figures["matched_on", "", "", "tag"] == (report.orders["matched_on"] == "tag").sum()


@pytest.mark.parametrize(
    ("span_days", "unit"),
    [(1, "day"), (60, "day"), (200, "week"), (1500, "month"), (5000, "quarter"), (9000, "year")],
)
def test_timeline__keeps_the_bars_few_and_loses_no_order(report, span_days, unit):
    days = pd.Series(pd.Timestamp("2001-01-01") + pd.to_timedelta(np.linspace(0, span_days, 300), unit="D"))
    found = summary.timeline(replace(report, days=days.dt.tz_localize("UTC")))
    assert found.unit == unit
    assert len(found.table) <= summary.MAX_BARS
    assert found.table.to_numpy().sum() == 300


def test_timeline__none_without_dates(report):
    assert summary.timeline(replace(report, days=None)) is None
    assert summary.timeline(replace(report, days=pd.Series(pd.NaT, index=report.orders.index))) is None


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
    orders = report.orders.assign(settled_amount=1.5, settled_currency="KWD", settled_at=pd.NaT)
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
    assert b"There are no orders" in page_html(replace(report, orders=report.orders.head(0), days=None))


def test_html_summary__needs_no_script_and_escapes(report):
    text = html_summary(replace(report, title=HOSTILE, notes=(Note("warning", HOSTILE),)))
    tags = [tag for tag, _ in Page(text).tags]
    assert "script" not in tags
    assert "b" in tags
    assert HOSTILE not in text
    assert tags.count("svg") == 1
    assert "Only TikTok" in text


def test_html_summary__says_when_all_is_well():
    assert "The only row reconciles." in html_summary(small_report(status=["matched"]))
    assert "All 2 rows reconcile." in html_summary(small_report(status=["matched"] * 2))


def test_text_summary__names_every_status_and_total(report):
    text = text_summary(report, encoding="utf-8")
    assert "█" in text
    assert all(status in text for status in MATCH_STATUSES)
    assert f"{report.orders['tiktok_amount'].sum():,.2f}" in text
    assert all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "nonsense-8"])
def test_text_summary__falls_back_to_what_the_terminal_can(report, encoding):
    text = text_summary(replace(report, title="é ✓"), encoding=encoding)
    assert "#####" in text
    assert "█" not in text


def test_text_summary__control_signs_do_not_reach_the_terminal(report):
    text = text_summary(replace(report, title="a\x1b[31mb", notes=(Note("count", "c\x07d"),)))
    assert "\x1b" not in text
    assert "\x07" not in text


def test_plot__bars_hold_every_order(report):
    pytest.importorskip("matplotlib").use("Agg")
    figure = plot(report)
    days, amounts = figure.axes
    assert sum(bar.get_height() for bar in days.patches) == 300
    centres = {round(bar.get_x() + bar.get_width() / 2, 6) for bar in days.patches}
    assert centres == set(range(len(summary.timeline(report).table)))
    assert sum(bar.get_width() for bar in amounts.patches) == pytest.approx(
        report.orders["tiktok_amount"].sum() + report.orders["shopify_total"].sum()
    )
    assert len(plot(replace(report, days=None)).axes) == 1


def test_plot__without_matplotlib_names_the_extra(report, monkeypatch):
    real = builtins.__import__

    def refuse(name, *arguments, **named):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SettingsError, match=r"ttsframe\[notebooks\]"):
        plot(report)


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("status", [*MATCH_STATUSES, *MATCH_GUESSED, *STATUSES, "something else"])
def test_palette__text_is_readable_in_both_themes(status):
    colours = palette.colours([status])[status]
    assert contrast(colours.light_text, colours.light_fill) >= 4.5
    assert contrast(colours.dark_text, colours.dark_fill) >= 4.5


def test_palette__knows_every_status_by_a_colour_of_its_own():
    for statuses in ({**MATCH_STATUSES, **MATCH_GUESSED}, STATUSES):
        assert set(statuses) <= set(palette.KNOWN)
        assert len({shade.solid for shade in palette.colours(statuses).values()}) == len(statuses)


def test_palette__labels_read_well():
    assert palette.label("only_tiktok") == "Only TikTok"
    assert palette.label("shopify_id") == "Shopify ID"


def test_templates__hold_no_address_of_elsewhere():
    folder = Path(palette.__file__).parent
    templates = list((folder / "templates").iterdir())
    assert len(templates) == 5
    for path in templates:
        assert "http" not in path.read_text(encoding="utf-8").replace("http-equiv", "")
        assert "|safe" not in path.read_text(encoding="utf-8")


def test_totals__amounts_without_currency_are_never_added_to_another():
    made = small_report(
        status=["matched", "only_tiktok", "only_tiktok"],
        currency=["USD", None, None],
        tiktok_amount=[1.0, 2.0, 4.0],
    )
    assert list(made.totals) == ["USD", ""]
    assert lines_of(made, "USD")[None] == (1, (1.0, 0.0))
    for text in (text_summary(made), page_html(made).decode(), html_summary(made)):
        assert "unknown currency" in text


def test_text_summary__folds_no_warning_and_never_one_note_alone():
    counting = [Note("count", f"file {number}: 1 row, 1 order.") for number in range(6)]
    warnings = [Note("warning", f"Warning {number}.") for number in range(7)]
    made = replace(small_report(status=["matched"]), notes=tuple(counting))
    assert [note.text in text_summary(made) for note in counting] == [True] * 6
    text = text_summary(replace(made, notes=(*counting, *warnings)))
    assert [note.text in text for note in warnings] == [True] * 7
    assert "and 6 more notes in the report" in text
    text = text_summary(replace(made, notes=(*counting, *warnings[:2])))
    assert text.index(warnings[0].text) < text.index(counting[0].text)
    assert "and 3 more notes in the report" in text


def test_totals__amounts_without_currency_stand_apart_between_several():
    made = small_report(
        status=["matched", "matched", "only_tiktok"],
        currency=["USD", "EUR", None],
        tiktok_amount=[1.0, 2.0, 4.0],
    )
    assert lines_of(made, "")[None] == (1, (4.0, 0.0))
