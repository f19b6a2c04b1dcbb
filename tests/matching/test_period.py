"""A month cut out of exports that hold more."""

from __future__ import annotations

import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.match_frames import S1, S2, S3, S4, T1, T2, T3, T4, marked, shopify, tiktok
from support.match_strategies import FRAMES, run

from ttsframe.columns import CUT_OFF, names
from ttsframe.errors import InputError
from ttsframe.matching import match
from ttsframe.report import text_summary

OCTOBER = ("2026-10-01", "2026-10-31")


def placed(order_id, moment, **other):
    return {"order_id": order_id, "created_at": moment, "paid_at": moment, **other}


@pytest.fixture
def around():
    """Orders in October and on both of its sides, and the Shopify orders of them."""
    ours = tiktok(
        placed(T1, "2026-09-30 23:59:59"),
        placed(T2, "2026-10-01 00:00:00"),
        placed(T3, "2026-10-31 23:59:59", amount=30.0),
        placed(T4, "2026-11-01 00:00:00"),
    )
    theirs = shopify(
        marked(S1, T1, created_at="2026-10-01 00:05:00+00:00"),
        marked(S2, T2, created_at="2026-10-01 00:06:00+00:00"),
        marked(S3, T3, created_at="2026-11-01 00:07:00+00:00", total=31.0),
        marked(S4, T4, created_at="2026-11-01 00:08:00+00:00"),
    )
    return ours, theirs


def test_period__holds_whole_days_by_the_date_on_tiktok(around):
    result = match(*around, period=OCTOBER)
    assert result.orders["order_id"].tolist() == [T2, T3]
    assert result.orders["status"].tolist() == ["matched", "amount_differs"]
    assert result.orders["tiktok_counted"].sum() == 50.0
    assert result.bridge.set_index("line")["amount"].to_dict() == {
        "tiktok_total": 50.0,
        "amount_differs": 1.0,
        "shopify_total": 51.0,
    }
    assert "Rows of orders created outside the period: 2." in [note.text for note in result.notes]


def test_period__names_the_pairs_that_cross_its_ends(around):
    found = match(*around, period=OCTOBER).cut_off
    assert list(found.columns) == names(CUT_OFF)
    assert found["order_id"].tolist() == [T1, T3]
    assert found["reported"].tolist() == [False, True]


def test_period__stands_in_the_head_of_every_report(around, tmp_path):
    result = match(*around, period=OCTOBER)
    assert text_summary(result.report).splitlines()[0].endswith(", 2026-10-01 to 2026-10-31")
    assert ", 2026-10-01 to 2026-10-31" in result._repr_html_()
    written = [path.name for path in result.to_csv(tmp_path)]
    assert "cut_off.csv" in written
    page = result.to_html(tmp_path).read_text(encoding="utf-8")
    assert "Pairs with one order inside the period and one outside" in page
    book = openpyxl.load_workbook(result.to_excel(tmp_path))
    assert [row[0].value for row in book["Cut off"].iter_rows()] == ["order_id", T1, T3]


def test_period__without_one_is_that_of_the_files(around):
    result = match(*around)
    assert result.provenance["period"] == "2026-09-30 to 2026-11-01"
    assert result.cut_off is None


def test_period__keeps_an_order_without_a_date_and_says_so():
    ours = tiktok(placed(T1, None), placed(T2, "2026-11-05"))
    result = match(ours, shopify(), period=OCTOBER)
    assert result.orders["order_id"].tolist() == [T1]
    assert any("without a date" in note.text for note in result.notes)


def test_period__counts_an_order_on_its_first_row_inside():
    ours = tiktok(placed(T1, "2026-09-10"), placed(T2, "2026-10-10"))
    both = {"tiktok_marks": f"tag:{T1}; note:{T2}"}
    theirs = shopify(marked(S1, T1, created_at="2026-10-10 12:00:00+00:00", **both))
    orders = match(ours, theirs, period=OCTOBER).orders
    assert orders[["order_id", "status"]].astype(str).to_numpy().tolist() == [[T2, "conflict"]]
    assert orders["shopify_counted"].tolist() == [20.0]


def test_period__payouts_of_other_months_are_listed_apart(around):
    paid = pd.DataFrame({"order_id": [T1, T2, "5772000000000099"], "settled_amount": [1.0, 2.0, 4.0]})
    result = match(*around, settlement=paid.assign(currency="USD"), period=OCTOBER)
    assert result.orders["settled_counted"].sum() == 2.0
    assert result.only_settlement["status"].tolist() == ["outside_period", "only_settlement"]
    summary = result.summary[result.summary["section"] == "settled"].set_index("name")["value"]
    assert summary.to_dict() == {
        "matched": 2.0, "total": 2.0, "only_settlement": 4.0, "outside_period": 1.0, "adjustment": 0.0,
        "settlement_total": 7.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "period",
    ["2026-10", ("2026-10-01",), ("2026-10-31", "2026-10-01"), ("soon", "2026-10-01"), (None, None), 5],
)
def test_period__that_is_none_is_refused(period, around):
    with pytest.raises(InputError, match="period"):
        match(*around, period=period)


def test_period__takes_dates_and_timestamps(around):
    days = dt.date(2026, 10, 1), pd.Timestamp("2026-10-31 15:00")
    assert match(*around, period=days).orders["order_id"].tolist() == [T2, T3]


@given(FRAMES, st.sampled_from(["2026-11-09", "2026-11-10"]))
@settings(max_examples=40)
def test_period__that_holds_everything_changes_nothing(frames, first):
    whole, cut = run(*frames), run(*frames, period=(first, "2026-11-11"))
    pd.testing.assert_frame_equal(whole.orders, cut.orders)
    pd.testing.assert_frame_equal(whole.bridge, cut.bridge)
    assert cut.cut_off.empty


def test_period__months_of_one_quarter_add_up_to_it_without_false_absences():
    random = np.random.default_rng(3)
    count = 3_000
    ids = pd.Series([f"5772{number:014}" for number in range(count)], dtype="str")
    created = pd.Timestamp("2026-09-01") + pd.to_timedelta(
        np.sort(random.integers(0, 91 * 86_400, count)), unit="s"
    )
    ours = pd.DataFrame(
        {"order_id": ids, "created_at": created, "paid_at": created, "currency": "USD",
         "amount": random.integers(500, 9_000, count) / 100}
    )  # fmt: skip
    absent = random.random(count) < 0.03
    late = created.tz_localize("UTC") + pd.to_timedelta(random.integers(60, 30 * 3_600, count), unit="s")
    theirs = pd.DataFrame(
        {"name": "#" + ids, "created_at": late, "currency": "USD", "total": ours["amount"],
         "tiktok_order_id": ids, "source": "tiktok"}
    )[~absent]  # fmt: skip
    months = [("2026-09-01", "2026-09-30"), ("2026-10-01", "2026-10-31"), ("2026-11-01", "2026-11-30")]
    results = [match(ours, theirs, period=month) for month in months]
    for (first, last), result in zip(months, results, strict=True):
        inside = (created >= first) & (created < pd.Timestamp(last) + pd.Timedelta(days=1))
        missing = result.orders.loc[result.orders["status"] == "only_tiktok", "order_id"]
        assert missing.tolist() == ids[absent & inside].tolist()
        assert set(result.orders["status"]) == {"matched", "only_tiktok"}
    whole = match(ours, theirs)
    for column in ("tiktok_counted", "shopify_counted", "difference_counted"):
        parts = sum(round(result.orders[column].sum() * 100) for result in results)
        assert parts == round(whole.orders[column].sum() * 100)
    crossing = pd.concat([result.cut_off for result in results])
    crossing = crossing[crossing["shopify_created_at"] < pd.Timestamp("2026-12-01", tz="UTC")]
    assert len(crossing) == 2 * crossing["reported"].sum() > 0
