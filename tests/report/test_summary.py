"""The figures in every rendering, for amounts, currencies, dates and texts out of the ordinary."""

import math
import re
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from support.report_sample import bridged_report, sample_report, small_report

import ttsframe as tts
from ttsframe.columns import MATCH_STATUSES
from ttsframe.matching import match
from ttsframe.readers import read_references
from ttsframe.report import (
    html_summary,
    plot,
    save_frame,
    summary,
    text_summary,
    write_csv,
    write_excel,
)
from ttsframe.report.html import page_html
from ttsframe.text import Note

ESCAPE = "\x1b[31m\x07\x9b2J\u2028"


@pytest.fixture(scope="module")
def report():
    return sample_report(300)


def missing(flags):
    """Rows whose TikTok order has no amount."""
    return pd.DataFrame({"tiktok_missing": flags})


def dated(days, index=None):
    """The days of the rows."""
    return pd.DataFrame({"day": days}, index=index)


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
    made = small_report(
        status=["matched", "matched", "only_tiktok"],
        tiktok_counted=[None, 4.0, None],
        shopify_counted=[10.0, 5.0, None],
        difference_counted=[None, 1.0, None],
    )
    matched, alone, whole = replace(made, details=missing([True, False, True])).totals[""]
    assert (matched.amounts, matched.difference) == ((4.0, 15.0), 1.0)
    assert np.isnan([alone.amounts[0], alone.difference]).all()
    assert (whole.amounts, whole.difference) == ((4.0, 15.0), 1.0)


def test_renderings__say_so_where_nothing_is_known(tmp_path):
    made = small_report(status=["matched"], shopify_total=[10.0], currency=["USD"], difference_counted=[None])
    made = replace(made, details=missing([True]))
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
        difference_counted=[0.0, None, 0.0],
    )
    assert lines_of(made, "USD")[None] == (2, (30.0, 10.0))
    assert str(lines_of(made, "EUR")) == str(
        {"matched": (1, (5.0, 5.0)), "amount_differs": (0, (math.nan, 18.0)), None: (1, (5.0, 23.0))}
    )


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


def test_summary__has_the_bridge_line_by_line(tmp_path):
    made = bridged_report()
    found = made.summary[made.summary["section"] == "bridge"]
    told = made.bridge.set_index("currency").loc[["USD", "JPY", "KWD"]]
    assert found["currency"].tolist() == told.index.tolist()
    assert found["name"].tolist() == told["line"].tolist()
    assert found["value"].tolist() == told["amount"].tolist()
    written = renderings(made, tmp_path)["summary.csv"]
    for line in ("USD,only_tiktok,-312.75", "JPY,only_tiktok,-1200", "KWD,within_tolerance,0.001"):
        assert f"bridge,,{line}\n" in written


@pytest.mark.parametrize(
    ("span_days", "unit"),
    [(1, "day"), (60, "day"), (200, "week"), (1500, "month"), (5000, "quarter"), (9000, "year")],
)
def test_timeline__keeps_the_bars_few_and_loses_no_order(report, span_days, unit):
    days = pd.Series(pd.Timestamp("2001-01-01") + pd.to_timedelta(np.linspace(0, span_days, 300), unit="D"))
    found = summary.timeline(replace(report, details=dated(days.dt.tz_localize("UTC"))))
    assert found.unit == unit
    assert len(found.table) <= summary.MAX_BARS
    assert found.table.to_numpy().sum() == 300


def test_timeline__none_without_dates(report):
    assert summary.timeline(replace(report, details=None)) is None
    assert summary.timeline(replace(report, details=dated(pd.NaT, index=report.orders.index))) is None


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


def test_totals__amounts_without_currency_stand_apart_between_several():
    made = small_report(
        status=["matched", "matched", "only_tiktok"],
        currency=["USD", "EUR", None],
        tiktok_amount=[1.0, 2.0, 4.0],
    )
    assert lines_of(made, "")[None] == (1, (4.0, 0.0))


def pair(currency, ours=1.0, theirs=1.0, **columns):
    """A report of one matched pair."""
    data = {"status": ["matched"], "order_id": ["1"], "tiktok_amount": [ours], "shopify_total": [theirs]}
    return small_report(**data, currency=[currency], **{name: [value] for name, value in columns.items()})


def renderings(report, folder):
    """All that people read, by its name."""
    book = openpyxl.load_workbook(write_excel(report, folder / "report.xlsx"), data_only=True)
    write_csv(report, folder)
    return {
        "text": text_summary(report, encoding="utf-8"),
        "notebook": html_summary(report),
        "page": page_html(report).decode(),
        "workbook": "\n".join(
            str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row
        ),
        "orders.csv": (folder / "orders.csv").read_text("utf-8-sig"),
        "summary.csv": (folder / "summary.csv").read_text("utf-8-sig"),
    }


@pytest.mark.parametrize(
    ("currency", "total", "text"),
    [("KWD", 12.555, "12.555"), ("KWD", 12.5, "12.500"), ("JPY", 1200.0, "1200"), ("USD", 12.5, "12.50")],
)
def test_totals__have_the_decimals_of_their_currency(currency, total, text, tmp_path):
    shown = renderings(pair(currency, total, total), tmp_path)
    assert f"amount,TikTok,{currency},total,{text}\n" in shown["summary.csv"]
    assert f",{text},{text}," in shown["orders.csv"]
    grouped = text.replace("1200", "1,200")
    assert f" {grouped} " in shown["text"]
    assert f">{grouped}</td>" in shown["page"]
    assert f">{grouped}</td>" in shown["notebook"]
    book = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True)
    decimals = len(text.partition(".")[2])
    for sheet in ("Orders", "Summary"):
        cells = [cell for row in book[sheet].iter_rows() for cell in row if cell.value == total]
        assert cells
        for cell in cells:
            assert cell.number_format.split(";")[0].count("0") == 1 + decimals


def test_totals__of_a_hundred_fils_are_not_altered():
    rows = {"status": ["matched"] * 10, "tiktok_amount": [1.255] * 10, "currency": ["KWD"] * 10}
    report = small_report(**rows)
    assert " 12.550 " in text_summary(report)
    summary = report.summary.set_index(["section", "side", "name"])["value"]
    assert summary["amount", "TikTok", "total"] == 12.55


@pytest.mark.parametrize("currency", ["/USD", "USD/", " /USD", "USD", " USD "])
def test_currency__that_is_blank_on_one_side_is_the_others(currency):
    report = pair(currency)
    assert list(report.totals) == ["USD"]
    assert report.totals["USD"][-1].difference == 0.0


@pytest.mark.parametrize("currency", ["", "/", " / ", None])
def test_currency__that_is_blank_is_unknown(currency, tmp_path):
    report = pair(currency)
    assert list(report.totals) == [""]
    for name in ("text", "notebook", "page", "workbook"):
        assert "unknown currency" in renderings(report, tmp_path)[name]


def test_text__of_any_cell_reaches_no_rendering_with_its_controls(tmp_path):
    report = pair(
        f"U{ESCAPE}SD",
        reason=f"a{ESCAPE}",
        shopify_name=f"#{ESCAPE}1",
        tiktok_status=f"x{ESCAPE}",
        evidence=f"tag{ESCAPE}",
    )
    report.orders[["settled_amount", "settled_counted"]] = 2.0
    report.orders["settled_currency"] = f"E{ESCAPE}UR"
    report = replace(
        report,
        notes=(Note("warning", f"note{ESCAPE}"),),
        provenance={f"file{ESCAPE}": f"1{ESCAPE}"},
        title=f"Title{ESCAPE}",
    )
    for name, text in renderings(report, tmp_path).items():
        assert not set(text) & set(ESCAPE) - set("[31m2J"), name
        assert "\\u001b" not in text, name


def test_dates__of_years_of_five_digits(tmp_path):
    far = np.array(["10000-05-01", "2026-11-23"], dtype="datetime64[us]")
    report = small_report(status=["matched", "conflict"], tiktok_amount=[1.0, 2.0], currency=["USD", "USD"])
    report.orders["settled_at"] = far
    report = replace(report, details=dated(far))
    shown = renderings(report, tmp_path)
    for name in ("page", "workbook", "orders.csv"):
        assert "10000-05-01" in shown[name]
    assert "Rows by year" in shown["page"]


@pytest.mark.parametrize(("first", "unit"), [("10000-04-01", "day"), ("9998-01-01", "month")])
def test_dates__of_years_of_five_digits_are_on_the_chart(first, unit):
    far = pd.Series(np.array([first, "10000-05-01"], dtype="datetime64[us]"))
    report = replace(small_report(status=["matched", "conflict"]), details=dated(far))
    page = page_html(report).decode()
    assert f"Rows by {unit}" in page
    assert "<title>10000-05-01 ·" in page or "<title>May 10000 ·" in page
    pytest.importorskip("matplotlib").use("Agg")
    plot(report).canvas.draw()


def test_plot__reads_no_mathematics_in_a_currency():
    pytest.importorskip("matplotlib").use("Agg")
    plot(pair("$x^{$ $")).canvas.draw()


def test_summary__unknown_amounts_are_not_zero(tmp_path):
    report = pair("USD", ours=float("nan"))
    shown = renderings(replace(report, details=missing([True])), tmp_path)
    assert "amount,TikTok,USD,total,n/a\n" in shown["summary.csv"]
    for name in ("text", "notebook", "page", "workbook"):
        assert "n/a" in shown[name], name


def match_of(amounts, totals, currencies=("EUR", "EUR")):
    """What `match` finds for pairs of orders with these amounts and totals."""
    ids = [f"57709212621921128{number}" for number in range(len(amounts))]
    tiktok = pd.DataFrame({"order_id": ids, "amount": amounts, "currency": currencies[0]})
    shopify = pd.DataFrame(
        {
            "shopify_id": [f"700{number}" for number in range(len(ids))],
            "tiktok_order_id": ids,
            "total": totals,
            "currency": currencies[1],
        }
    )
    return match(tiktok, shopify).report


def totals_shown(report, folder):
    """What stands in each rendering in the lines `all` or `total`, currency by currency."""
    shown = renderings(report, folder)
    sheet = openpyxl.load_workbook(folder / "report.xlsx", data_only=True)["Summary"]
    sums = pd.read_csv(folder / "summary.csv", dtype=str, keep_default_na=False)
    cells = r">All</t[hd]>" + 4 * r"<td[^>]*>([^<]*)</td>"
    return {
        "text": re.findall(
            r"\n  all +(\S+(?: \+ n/a)?) +(\S+(?: \+ n/a)?) +(\S+(?: \+ n/a)?)", shown["text"]
        ),
        "page": [line[1:] for line in re.findall(cells, shown["page"])],
        "notebook": [line[1:] for line in re.findall(cells, shown["notebook"])],
        "workbook": [
            tuple(
                f"{cell.value:,.2f}" + (" + n/a" if "n/a" in cell.number_format else "")
                if isinstance(cell.value, float | int)
                else cell.value
                for cell in row[2:5]
            )
            for row in sheet.iter_rows(max_col=5)
            if row[0].value == "All" and row[2].value is not None
        ],
        "summary.csv": sums.loc[(sums["section"] == "amount") & (sums["name"] == "total"), "value"].tolist(),
        "rows without amount": sums.loc[
            (sums["section"] == "without_amount") & (sums["name"] == "total"), "value"
        ].tolist(),
    }


def test_totals__of_pairs_in_two_currencies_are_not_zero(tmp_path):
    report = match_of([90.4, 40.0], [95.0, 45.0], ("EUR", "USD"))
    shown = totals_shown(report, tmp_path)
    for name in ("text", "page", "notebook", "workbook"):
        assert shown[name] == [("130.40", "n/a", "n/a"), ("n/a", "140.00", "n/a")], name
    assert shown["summary.csv"] == ["130.40", "n/a", "n/a", "140.00"]
    assert "2 pairs are in two currencies: each amount is in the table of its own currency." in text_summary(
        report
    )


def test_totals__of_a_file_without_amounts_are_not_zero(tmp_path):
    shown = totals_shown(match_of([None, None], [95.0, 45.0]), tmp_path)
    for name in ("text", "page", "notebook", "workbook"):
        assert shown[name] == [("n/a", "140.00", "n/a")], name
    assert shown["summary.csv"] == ["n/a", "140.00"]
    assert shown["rows without amount"] == ["2"]


def test_totals__that_are_without_some_rows_say_so(tmp_path):
    shown = totals_shown(match_of([90.0, None], [95.0, 45.0]), tmp_path)
    for name in ("text", "page", "notebook", "workbook"):
        assert shown[name] == [("90.00 + n/a", "140.00", "5.00 + n/a")], name
    assert shown["summary.csv"] == ["90.00", "140.00"]
    assert shown["rows without amount"] == ["1"]


def test_renderings__made_from_a_simulated_gateway_say_so_in_their_head(tmp_path):
    order_id = "577092126219211281"
    links = pd.DataFrame({"order_id": [order_id], "platform": ["SHOPIFY"], "external_order_id": ["7001"]})
    with tts.sandbox.run(links) as gateway, gateway.shop() as shop:
        save_frame(tts.lookup([order_id], shop=shop), tmp_path / "refs.csv")
    tiktok, shopify = pd.DataFrame({"order_id": [order_id]}), pd.DataFrame({"shopify_id": ["7001"]})
    report = match(tiktok, shopify, read_references(tmp_path / "refs.csv")).report
    head = "TikTok Shop and Shopify orders, looked up on a simulated gateway (sandbox)"
    assert text_summary(report).startswith(f"{head}\n")
    assert f">{head}</h1>" in page_html(report).decode()
    assert f">{head}</b>" in html_summary(report)
    write_excel(report, tmp_path / "report.xlsx")
    assert openpyxl.load_workbook(tmp_path / "report.xlsx")["Summary"]["A1"].value == head
    write_csv(report, tmp_path)
    assert "source,,,gateway,simulated (sandbox)\n" in (tmp_path / "summary.csv").read_text("utf-8-sig")
    assert "simulated" not in text_summary(match(tiktok, shopify).report)
