"""Totals by day, reason and payout: they add up to those of the report, and the workbook works them out."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest
from support.fates import make
from support.match_frames import S1, S2, S3, T1, T2, T3, T4, marked, shopify, tiktok

from ttsframe import read_shopify_orders, read_tiktok_orders, read_tiktok_settlement
from ttsframe.columns import TOTALS_BY, names
from ttsframe.errors import InputError
from ttsframe.matching import match
from ttsframe.report.html import page_html
from ttsframe.report.totals_by import totals_by

SOLD = tiktok(
    {"order_id": T1, "created_at": "2026-11-10 23:59:59"},
    {"order_id": T2, "created_at": "2026-11-11 00:00:00", "amount": 30.0},
    {"order_id": T3, "created_at": None, "amount": None, "cancelled": False},
)
BOOKED = shopify(
    marked(S1, T1, total=18.0, created_at="2026-11-11 08:00:00+00:00"),
    marked(S2, T4, created_at="2026-11-10 01:00:00+00:00"),
    marked(S3, T3),
)
PAID = pd.DataFrame(
    {
        "order_id": [T1, T2, T4, None],
        "settled_amount": [15.0, 25.5, 7.0, -1.0],
        "currency": "USD",
        "settled_at": pd.to_datetime(["2026-11-20 10:00", "2026-11-20 11:00", "2026-11-21 00:00", None]),
    }
)


@pytest.fixture(scope="module")
def result():
    return match(SOLD, BOOKED, settlement=PAID)


def told(table):
    return [
        [None if pd.isna(cell) else cell for cell in row]
        for row in table.astype("object").to_numpy().tolist()
    ]


def test_by_day__counts_each_row_on_the_day_of_its_tiktok_order(result):
    assert told(result.totals(by="day")) == [
        [pd.Timestamp("2026-11-10"), "USD", 3, 20.0, 58.0, 18.0, 1],
        [pd.Timestamp("2026-11-11"), "USD", 1, 30.0, 0.0, -30.0, 0],
    ]


def test_by_reason__says_what_is_not_known(result):
    assert told(result.totals(by="reason")) == [
        ["no_amount", "USD", 1, None, 20.0, None, 1],
        ["on_hold", "USD", 1, 30.0, 0.0, -30.0, 0],
        ["outside_dates", "USD", 1, 0.0, 20.0, 20.0, 0],
        [None, "USD", 1, 20.0, 18.0, -2.0, 0],
    ]


def test_by_payout__adds_up_to_what_came_to_the_bank(result):
    assert told(result.totals(by="payout")) == [
        [pd.Timestamp("2026-11-20"), "USD", 2, 40.5, 0, 0.0, 40.5],
        [pd.Timestamp("2026-11-21"), "USD", 0, 0.0, 1, 7.0, 7.0],
        [None, "USD", 0, 0.0, 1, -1.0, -1.0],
    ]


def test_totals__are_refused_where_there_are_none(result):
    with pytest.raises(InputError, match="give one of day, reason, payout"):
        result.totals(by="month")
    with pytest.raises(InputError, match="give match a settlement"):
        match(SOLD, BOOKED).totals(by="payout")


@pytest.fixture(scope="module")
def generated():
    made = make(1_500, 3)
    return match(
        read_tiktok_orders(made.tiktok, tz="UTC"),
        read_shopify_orders(made.shopify),
        settlement=read_tiktok_settlement(made.settlement),
    )


@pytest.mark.parametrize("by", TOTALS_BY)
def test_totals__add_up_to_the_columns_of_the_orders(generated, by):
    table = generated.totals(by=by)
    assert list(table) == names(TOTALS_BY[by])
    assert not table.duplicated([by, "currency"]).any()
    for name in set(table).intersection(generated.orders).difference(["reason"]):
        if name.endswith("counted"):
            assert table[name].sum() == pytest.approx(generated.orders[name].sum(), abs=1e-6)
    rows = generated.orders["settled_counted"].notna().sum() if by == "payout" else len(generated.orders)
    assert table["rows"].sum() == rows or by == "payout"


def test_by_payout__adds_up_to_the_settlement(generated):
    tied = generated.tie_out.query("side == 'Settlement' and line == 'report_total'")
    ours = generated.totals(by="payout").groupby("currency")["settled_counted"].sum()
    assert ours.to_dict() == pytest.approx(tied.set_index("currency")["amount"].to_dict())


def test_workbook__works_the_totals_out_and_shows_the_same(generated, tmp_path):
    generated.to_excel(tmp_path / "report.xlsx")
    shown = openpyxl.load_workbook(tmp_path / "report.xlsx", data_only=True)
    formulas = openpyxl.load_workbook(tmp_path / "report.xlsx")
    for by, columns in TOTALS_BY.items():
        table = totals_by(generated.report, by)
        rows = list(shown[f"By {by}"].iter_rows(values_only=True))
        assert rows[0] == tuple(names(columns))
        place = names(columns).index("settled_total" if by == "payout" else "difference_counted")
        given = [None if row[place] == "n/a" else row[place] for row in rows[1 : len(table) + 1]]
        assert told(table.iloc[:, [place]]) == [[each] for each in given]
        whole = [row for row in rows if row[0] == "All"]
        assert [row[1] or "" for row in whole] == list(table["currency"].astype("object").fillna("").unique())
    assert formulas["By day"]["D2"].value.startswith("=SUMIFS(Orders!")
    assert '">="&A2' in formulas["By day"]["D2"].value
    (dollars,) = [
        row for row in formulas["By reason"].iter_rows(values_only=True) if row[:2] == ("All", "USD")
    ]
    assert dollars[3].startswith("=SUMIFS(D2:D")


def test_workbook__adds_other_payouts_up_over_their_own_sheet(result, tmp_path):
    result.to_excel(tmp_path / "report.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["By payout"]
    assert "'Only settlement'!" in sheet["F2"].value


def test_page__has_them_folded_and_in_words(result):
    page = page_html(result.report).decode()
    for title in ("By day", "By reason", "By payout"):
        assert f"<details><summary>{title}</summary>" in page
    assert "<td>No amount</td><td>USD</td>" in page
    assert "<td>(none)</td><td>USD</td>" in page
    assert "<td>2026-11-20</td>" in page
