"""The sums of `match`: in which currency, of what, and that the rows tie to them."""

from __future__ import annotations

import pickle

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.match_frames import S1, S2, S3, S4, T1, T2, T3, T4, marked, shopify, tiktok
from support.match_strategies import FRAMES, run

from ttsframe.matching import compare, match
from ttsframe.report import html, html_summary, text_summary
from ttsframe.report.html import page_html
from ttsframe.text import Note

CURRENCIES = st.sampled_from(["USD", "EUR", "USD ", None])


def value(result, section, name, **where):
    """The one value of the summary with this section and name, and perhaps this side and currency."""
    summary = result.summary
    for column, text in {"section": section, "name": name, **where}.items():
        summary = summary[summary[column] == text]
    return summary["value"].item()


def tiktok_file(name, *orders):
    return tiktok(*orders).assign(source_file=name, currency=None)


def currencies(result):
    return result.orders["currency"].astype("object").fillna("").tolist()


def test_currency__of_a_file_without_a_pair_is_not_assumed():
    ours = pd.concat(
        [tiktok_file("us.csv", T1, T2), tiktok_file("id.csv", {"order_id": T3, "amount": 35200.0})],
        ignore_index=True,
    )
    result = match(ours, shopify(marked(S1, T1)))
    assert currencies(result) == ["USD", "USD", ""]
    assert value(result, "amount", "total", side="TikTok", currency="USD") == 40.0
    assert value(result, "amount", "only_tiktok", side="TikTok", currency="") == 35200.0
    told = "The currency of 1 order of us.csv is assumed to be USD, as that of its matched orders."
    assert result.notes == (Note("decision", told),)


def test_currency__of_a_file_whose_pairs_show_several_is_not_assumed():
    theirs = shopify(marked(S1, T1), marked(S2, T2, currency="EUR"))
    result = match(tiktok_file("us.csv", T1, T2, T3), theirs)
    assert currencies(result) == ["USD", "EUR", ""]
    assert result.notes == ()


def test_currency__told_by_another_order_of_the_file_is_against_an_assumption():
    ours = tiktok(
        {"order_id": T1, "currency": None},
        {"order_id": T2, "currency": "MYR"},
        {"order_id": T3, "currency": None},
    )
    assert currencies(match(ours, shopify(marked(S1, T1)))) == ["USD", "MYR", ""]


def test_currency__is_not_assumed_from_a_guess():
    ours = tiktok_file("us.csv", T1, {"order_id": T2, "amount": 7.0})
    assert currencies(match(ours, shopify(S1), probable=True)) == ["USD", ""]


def test_currency__of_shopify_is_assumed_in_the_same_way():
    ours = tiktok(T1, T4)
    result = match(ours, shopify(marked(S1, T1, currency=None), marked(S2, T3, currency=None)))
    assert currencies(result) == ["USD", "USD", "USD"]
    assert result.notes[0].text == (
        "The currency of 1 order of the Shopify orders is assumed to be USD, as that of its matched orders."
    )


def test_settlement__payouts_of_several_currencies_are_not_added_up():
    paid = pd.DataFrame(
        {"order_id": [T1, T2, T3], "settled_amount": [20.0, 700.0, 5.0], "currency": ["USD", "THB", None]}
    )
    result = match(tiktok(T1, T2, T3), shopify(marked(S1, T1), marked(S2, T2)), settlement=paid)
    assert (
        value(result, "settled", "total", currency="USD")
        == value(result, "settled", "matched", currency="USD")
        == 20.0
    )
    assert value(result, "settled", "total", currency="THB") == 700.0
    assert value(result, "settled", "only_tiktok", currency="") == 5.0
    assert result.orders["settled_currency"].fillna("").tolist() == ["USD", "THB", ""]


def test_settlement__the_counted_column_sums_to_the_file_in_every_currency():
    paid = pd.DataFrame(
        {
            "order_id": [T1, T2, T3, T4],
            "settled_amount": [0.1, 700, 1.255, 0.2],
            "currency": ["USD", "JPY", "KWD", "USD"],
        }
    )
    # T1 and T4 are duplicates: two rows each.
    theirs = shopify(marked(S1, T1), marked(S2, T1), marked(S3, T4), marked(S4, T4))
    orders = match(tiktok(T1, T2, T3, T4), theirs, settlement=paid).orders
    assert (orders["order_id"].value_counts() > 1).sum() == 2
    sums = orders.groupby(orders["settled_currency"].astype("object"))["settled_counted"].sum()
    assert sums.round(6).to_dict() == {"JPY": 700.0, "KWD": 1.255, "USD": 0.3}


def of_file(paid, currency):
    """What the rows of a settlement in a currency come to."""
    return paid.loc[paid["currency"].fillna("") == currency, "settled_amount"].sum()


def settled_in_three_currencies():
    """A duplicate, orders of no export and adjustments; the frame and its result."""
    paid = pd.DataFrame(
        {
            "order_id": [T1, T2, T3, T4, "579000000000000001", "579000000000000002", None, "-"],
            "settled_amount": [0.1, 700, 1.255, 0.2, 0.3, 0.125, -0.05, 9],
            "currency": ["USD", "JPY", "KWD", "USD", "USD", "KWD", "USD", "JPY"],
        }
    )
    theirs = shopify(marked(S1, T1), marked(S2, T1), marked(S3, T4))
    return paid, match(tiktok(T1, T2, T3, T4), theirs, settlement=paid)


@pytest.mark.parametrize(
    ("currency", "total", "only", "adjustment"),
    [("USD", 0.3, 0.3, -0.05), ("JPY", 700, 0, 9), ("KWD", 1.255, 0.125, 0)],
)
def test_settlement__rows_and_what_is_beside_them_add_up_to_the_file(currency, total, only, adjustment):
    paid, result = settled_in_three_currencies()
    figures = {
        name: value(result, "settled", name, side="TikTok", currency=currency)
        for name in ("total", "only_settlement", "adjustment", "settlement_total")
    }
    assert figures == {
        "total": total,
        "only_settlement": only,
        "adjustment": adjustment,
        "settlement_total": pytest.approx(of_file(paid, currency)),
    }
    rows = result.orders[result.orders["settled_currency"] == currency]
    listed = result.only_settlement[result.only_settlement["settled_currency"] == currency]
    assert rows["settled_counted"].sum() == pytest.approx(
        of_file(paid, currency) - listed["settled_amount"].sum()
    )


def test_settlement__a_cent_changes_the_lines_it_belongs_to():
    paid, before = settled_in_three_currencies()
    for place, line in ((0, "duplicate"), (4, "only_settlement"), (6, "adjustment")):
        less = paid.assign(
            settled_amount=paid["settled_amount"].where(paid.index != place, lambda x: x - 0.01)
        )
        theirs = shopify(marked(S1, T1), marked(S2, T1), marked(S3, T4))
        after = match(tiktok(T1, T2, T3, T4), theirs, settlement=less)
        was, now = (
            made.summary[made.summary["section"] == "settled"].set_index(["currency", "name"])["value"]
            for made in (before, after)
        )
        changed = (was - now).astype("float64").round(6)
        changed = changed[changed != 0]
        assert set(changed) == {0.01}
        booked = {"total"} if line == "duplicate" else set()
        assert set(changed.index) == {("USD", name) for name in {line, "settlement_total"} | booked}


def test_settlement__orders_in_no_export_and_adjustments_are_listed(tmp_path):
    _, result = settled_in_three_currencies()
    listed = result.only_settlement
    assert listed["order_id"].fillna("").tolist() == ["579000000000000001", "579000000000000002", "", ""]
    assert listed["status"].tolist() == ["only_settlement"] * 2 + ["adjustment"] * 2
    assert listed["settled_amount"].tolist() == [0.3, 0.125, -0.05, 9.0]
    assert pickle.loads(pickle.dumps(result)).only_settlement.equals(listed)

    result.to_csv(tmp_path)
    assert (tmp_path / "only_settlement.csv").read_text("utf-8-sig").splitlines() == [
        "order_id,status,settled_amount,settled_currency,settled_at",
        "579000000000000001,only_settlement,0.30,USD,",
        "579000000000000002,only_settlement,0.125,KWD,",
        ",adjustment,-0.05,USD,",
        ",adjustment,9,JPY,",
    ]
    book = openpyxl.load_workbook(result.to_excel(tmp_path))
    cells = [[cell.value for cell in row[:4]] for row in book["Only settlement"].iter_rows()]
    assert cells[1] == ["579000000000000001", "only_settlement", 0.3, "USD"]
    assert len(cells) == 5
    page = page_html(result.report).decode()
    assert "Settlement orders not in this report" in page
    assert '<td>579000000000000002</td><td>Only settlement</td><td class="num">0.125</td>' in page

    match(tiktok(T1), shopify()).to_csv(tmp_path)
    assert not (tmp_path / "only_settlement.csv").exists()


def test_settlement__page_lists_the_first_and_says_how_many_more(monkeypatch):
    monkeypatch.setattr(html, "_MOST_ROWS", 3)
    page = page_html(settled_in_three_currencies()[1].report).decode()
    assert "1 more in <b>report.xlsx</b> and <b>only_settlement.csv</b>" in page
    assert page.count("<td>Adjustment</td>") == 1


def test_settlement__nothing_beside_the_orders_is_no_table(tmp_path):
    paid = pd.DataFrame({"order_id": [T1], "settled_amount": [20.0], "currency": "USD"})
    result = match(tiktok(T1), shopify(marked(S1, T1)), settlement=paid)
    assert len(result.only_settlement) == 0
    assert value(result, "settled", "settlement_total") == value(result, "settled", "total") == 20.0
    result.to_csv(tmp_path)
    assert not (tmp_path / "only_settlement.csv").exists()
    assert "Only settlement" not in openpyxl.load_workbook(result.to_excel(tmp_path)).sheetnames
    assert "Settlement orders not in this report" not in page_html(result.report).decode()
    assert match(tiktok(T1), shopify()).only_settlement is None


def test_settlement__total_of_the_file_stands_in_every_rendering(tmp_path):
    _, result = settled_in_three_currencies()
    sheet = openpyxl.load_workbook(result.to_excel(tmp_path))["Summary"]
    cells = [(row[0].value, row[1].value) for row in sheet.iter_rows()]
    start = cells.index(("Settled USD", None))
    assert cells[start + 1 : start + 7] == [
        ("Matched", 0.2),
        ("Duplicate", 0.1),
        ("Total", 0.3),
        ("Only settlement", 0.3),
        ("Adjustment", -0.05),
        ("Settlement total", 0.55),
    ]
    assert "<dt>Settlement total</dt><dd>1.380</dd>" in page_html(result.report).decode()
    notebook = html_summary(result.report)
    assert all(text in notebook for text in ("Settled KWD", "Settlement total", "1.380", "Only settlement"))
    lines = [" ".join(line.split()) for line in text_summary(result.report).splitlines()]
    start = lines.index("Settled KWD TikTok")
    assert lines[start + 1 : start + 6] == [
        "only_tiktok 1.255",
        "total 1.255",
        "only_settlement 0.125",
        "adjustment 0.000",
        "settlement_total 1.380",
    ]


def test_settlement__counts_stay_counts(tmp_path):
    paid = pd.DataFrame({"order_id": [T1], "settled_amount": [20.0]})
    result = match(tiktok(T1), shopify(marked(S1, T1)), settlement=paid)
    count = value(result, "matched_on", "tag")
    assert (type(count), count) == (int, 1)
    assert "<dt>Tag</dt><dd>1</dd>" in page_html(result.report).decode()
    result.to_csv(tmp_path)
    assert "matched_on,,,tag,1\n" in (tmp_path / "summary.csv").read_text("utf-8-sig").replace("\r", "")


def test_amounts__that_cannot_be_compared_are_told_and_not_subtracted(tmp_path):
    ours = tiktok(
        {"order_id": T1, "amount": None}, {"order_id": T2, "amount": None}, {"order_id": T3, "amount": 18.0}
    )
    result = match(ours, shopify(marked(S1, T1), marked(S2, T2), marked(S3, T3)))
    told = "The amounts of 2 pairs could not be compared; the difference excludes them."
    (block,) = result.report.totals.values()
    lines = {line.status: line for line in block}
    assert pd.isna(lines["matched"].amounts[0])
    assert pd.isna(lines["matched"].difference)
    assert lines[None].difference == 2.0
    assert value(result, "pairs", "amounts_not_compared") == 2
    sheet = openpyxl.load_workbook(result.to_excel(tmp_path))["Summary"]
    cells = "|".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row)
    for shown in (
        text_summary(result.report),
        page_html(result.report).decode(),
        html_summary(result.report),
        cells,
    ):
        assert told in shown
        assert "n/a" in shown


def test_amounts__in_two_currencies_are_not_subtracted():
    result = match(tiktok(T1), shopify(marked(S1, T1, currency="EUR")))
    assert value(result, "pairs", "amounts_not_compared") == 1
    assert all(pd.isna(block[-1].difference) for block in result.report.totals.values())
    assert value(result, "amount", "total", side="Shopify", currency="EUR") == 20.0


def test_counted__each_order_once_and_nothing_for_what_is_closed():
    gone = {"order_id": T2, "cancelled": True}
    theirs = shopify(marked(S1, T1), marked(S2, T1, total=25.0), marked(S3, T2), marked(S4, T3, total=None))
    orders = match(tiktok(T1, gone, {"order_id": T3}), theirs).orders
    assert orders["tiktok_counted"].tolist() == [20.0, 0.0, 0.0, 20.0]
    assert orders["shopify_counted"].fillna(-1).tolist() == [20.0, 25.0, 20.0, -1]


def test_counted__an_order_whose_id_was_destroyed_counts_once():
    marks = {"tiktok_marks": f"tag:{T1}; note:{T2}"}
    result = match(tiktok(T1, T2), shopify(marked(None, T1, **marks)))
    assert result.counts["conflict"] == 2
    assert value(result, "amount", "total", side="Shopify", currency="USD") == 20.0


@given(FRAMES, st.data())
@settings(max_examples=40)
def test_counted__a_pivot_by_status_is_the_totals(frames, data):
    for order in (*frames[0], *frames[1]):
        order["currency"] = data.draw(CURRENCIES)
    result = run(*frames)
    orders = result.orders
    shown = {
        (currency, line.status): line.amounts
        for currency, block in result.report.totals.items()
        for line in block[:-1]
    }
    for place, column in enumerate(("tiktok_counted", "shopify_counted")):
        parts = (
            orders["currency"].astype("object").fillna("").str.split("/").str[:: -1 if place else 1].str[0]
        )
        sums = orders.groupby([parts, orders["status"].astype("object")])[column].sum()
        pivot = {key: amount for key, amount in sums.round(2).items() if amount}
        assert pivot == {
            key: round(amounts[place], 2) for key, amounts in shown.items() if amounts[place] > 0
        }


def test_counted__the_renderings_say_how_they_tie():
    result = match(tiktok(T1), shopify(marked(S1, T1)))
    for shown in (
        text_summary(result.report),
        page_html(result.report).decode(),
        html_summary(result.report),
    ):
        assert (
            "Each total is the sum of the column tiktok_counted, shopify_counted or difference_counted"
            in shown
        )


@pytest.mark.parametrize(
    ("left", "right", "rows"), [(5.0, 0.0, 1), (5.0, 5.0, 0), (None, 5.0, 0), (20.0, 0.0, 0)]
)
def test_refunds__that_differ_in_part_are_shown_and_counted(left, right, rows):
    result = match(tiktok({"order_id": T1, "refunded": left}), shopify(marked(S1, T1, refunded=right)))
    held = result.orders[["tiktok_refunded", "shopify_refunded"]].astype("object")
    assert held.where(held.notna(), None).iloc[0].tolist() == [left, right]
    assert value(result, "pairs", "partial_refunds_differ") == rows
    assert ("1 row has different partial refunds" in text_summary(result.report)) == bool(rows)


def test_notes__come_by_weight():
    ours = tiktok_file("a.csv", T1, T2)
    ours.attrs["notes"] = (
        Note("count", "a.csv: 1,204 rows, 2 orders."),
        "a.csv has no column Order Amount: amounts are missing.",
    )
    result = match(ours, shopify(marked(S1, T1), S4))
    assert [note.text.split(" ")[0] for note in result.report.notes_in_order] == [
        "a.csv",
        "The",
        "Shopify",
        "a.csv:",
    ]
    assert [note.kind for note in result.report.notes_in_order] == ["warning", "decision", "count", "count"]
    shown, folded = html_summary(result.report).split("Sources and notes")
    assert "no column Order Amount" in shown
    assert "is assumed to be USD" in shown
    assert "1,204 rows" in folded


def of_currency(code, amount, total, **options):
    ours = tiktok({"order_id": T1, "currency": code, "amount": amount})
    return match(ours, shopify(marked(S1, T1, currency=code, total=total)), **options)


@pytest.mark.parametrize("code", ["KWD", "BHD", "JOD", "OMR", "TND"])
def test_minor_units__three_decimals_are_kept_compared_and_added_up(code):
    orders = [f"58{number:016d}" for number in range(10)]
    ours = tiktok(*({"order_id": order_id, "currency": code, "amount": 1.255} for order_id in orders))
    result = match(ours, shopify())
    assert result.orders["tiktok_amount"].tolist() == [1.255] * 10
    assert result.orders["tiktok_counted"].sum() == pytest.approx(12.55)
    assert of_currency(code, 12.500, 12.504, tolerance=0).counts["amount_differs"] == 1
    assert of_currency(code, 12.500, 12.504).counts["matched"] == 1
    assert of_currency(code, 12.500, 12.511).counts["amount_differs"] == 1
    assert of_currency(code, 12.5, 12.504).orders["difference"].tolist() == [0.004]


@pytest.mark.parametrize("code", ["JPY", "KRW", "VND"])
def test_minor_units__none_are_rounded_to_whole_amounts(code):
    assert of_currency(code, 35200.4, 35200.0, tolerance=0).counts["matched"] == 1
    assert of_currency(code, 35200.4, 35200.0).orders["tiktok_amount"].tolist() == [35200.0]
    assert of_currency(code, 35201.0, 35200.0).counts["amount_differs"] == 1


def test_minor_units__are_those_of_the_pair_where_one_side_names_no_currency():
    ours = tiktok({"order_id": T1, "currency": None, "amount": 1.255})
    result = match(ours, shopify(marked(S1, T1, currency="KWD", total=1.254)), tolerance=0)
    assert result.orders[["status", "difference"]].to_numpy().tolist() == [["amount_differs", -0.001]]


def test_minor_units__a_payout_has_those_of_its_currency():
    paid = pd.DataFrame({"order_id": [T1, "-"], "settled_amount": [1.255, 0.125], "currency": "KWD"})
    result = match(tiktok({"order_id": T1, "currency": "KWD"}), shopify(), settlement=paid)
    assert result.orders["settled_amount"].tolist() == [1.255]
    assert "1 row of the settlement without an order (adjustments): 0.125 KWD." in map(str, result.notes)


def test_minor_units__compare_sees_a_change_of_one():
    changes = compare(of_currency("KWD", 1.255, 1.255), of_currency("KWD", 1.255, 1.256))
    assert changes["shopify_total_after"].tolist() == [1.256]
