"""Text from outside never starts a formula, and keeps its digits."""

import csv
import io
import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cell_texts import starts_a_formula, tricky

from ttsframe.columns import REFERENCES, Column
from ttsframe.errors import InputError
from ttsframe.report import save_frame
from ttsframe.report.cells import amount_text, as_text, checked_ids, decimals_of, holds_ids, money_text


@given(st.lists(tricky, min_size=1), st.sampled_from(["plain", "excel"]))
def test_csv__no_cell_of_any_text_starts_a_formula(texts, ids):
    frame = pd.DataFrame({"order_id": texts, "reason": texts}, dtype="object")
    handle = io.StringIO()
    save_frame(frame, handle, ids=ids)
    rows = list(csv.reader(io.StringIO(handle.getvalue())))
    assert len(rows) == len(texts) + 1
    for text, (order_id, reason) in zip(texts, rows[1:], strict=True):
        assert not starts_a_formula(reason)
        assert not starts_a_formula(order_id) or re.fullmatch(r'="[0-9]+"', order_id)
        assert re.findall("[0-9]", order_id) == re.findall("[0-9]", text)
        assert re.findall("[0-9]", reason) == re.findall("[0-9]", text)


@given(st.lists(tricky, min_size=1))
def test_csv__no_cell_starts_a_formula_where_semicolons_separate(texts):
    handle = io.StringIO()
    save_frame(pd.DataFrame({"reason": texts}, dtype="object"), handle)
    for line in handle.getvalue().splitlines():
        for cell in line.split(";"):
            assert not starts_a_formula(cell.strip().lstrip('"'))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.5, "12.50"),
        (-3.0, "-3.00"),
        (0.1 + 0.2 - 0.3, "0.00"),
        (-1e-12, "0.00"),
        (1.005, "1.005"),
        (1500000.0, "1500000.00"),
        (123456789.99, "123456789.99"),
        (0.0001, "0.0001"),
        (float("nan"), ""),
        (float("inf"), "inf"),
    ],
)
def test_money__has_two_decimals_or_as_many_as_it_needs(value, text):
    assert money_text(pd.Series([value])) == [text]


@given(st.decimals(-(10**9), 10**9, places=3))
def test_money__reads_back_as_it_was(value):
    assert Decimal(money_text(pd.Series([float(value)]))[0]) == value


def test_money__has_the_decimals_of_each_rows_currency():
    currencies = ["KWD", "JPY", "USD", "USD/JPY", None, "kwd", " / "]
    frame = pd.DataFrame({"tiktok_amount": 1.0, "shopify_total": 12.5, "currency": currencies})
    ours, theirs = (Column(name, "money", "") for name in ("tiktok_amount", "shopify_total"))
    texts = money_text(frame["tiktok_amount"], decimals_of(frame, ours))
    assert texts == ["1.000", "1", "1.00", "1.00", "1.00", "1.000", "1.00"]
    texts = money_text(frame["shopify_total"], decimals_of(frame, theirs))
    assert texts == ["12.500", "12.5", "12.50", "12.5", "12.50", "12.500", "12.50"]


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1234.5, "USD", "1,234.50"),
        (1234.5, "KWD", "1,234.500"),
        (1234.0, "JPY", "1,234"),
        (-0.0, "JPY", "0"),
        (-1e-9, "USD", "0.00"),
        (-5.0, "", "-5.00"),
        (float("nan"), "USD", "n/a"),
    ],
)
def test_amount_text__is_for_people(amount, currency, text):
    assert amount_text(amount, currency) == text


def test_as_text__writes_years_of_five_digits():
    times = pd.Series(np.array(["10000-05-01", "2026-11-23"], dtype="datetime64[us]"))
    assert as_text(times, Column("settled_at", "time", ""))[0] == "10000-05-01T00:00:00"


def test_as_text__writes_times_in_iso_and_utc():
    times = pd.Series(pd.to_datetime(["2026-11-23 10:00", None]))
    zoned = times.dt.tz_localize("America/New_York")
    assert as_text(times, Column("paid_at", "time", "")) == ["2026-11-23T10:00:00", ""]
    assert as_text(zoned, Column("created_at", "utc", "")) == ["2026-11-23T15:00:00Z", ""]
    fine = pd.Series(pd.to_datetime(["2026-11-23 10:00:00.25"]))
    assert as_text(fine, Column("paid_at", "time", "")) == ["2026-11-23T10:00:00.250000"]


def test_as_text__keeps_numbers_and_blanks_what_is_missing():
    numbers = pd.Series([-5, None, 10**18], dtype="Int64")
    assert as_text(numbers, Column("n", "count", "")) == ["-5", "", str(10**18)]
    mixed = pd.Series([-5, "-5", None, np.nan, True, Decimal(-1)], dtype="object")
    assert as_text(mixed, Column("x", "text", "")) == ["-5", "'-5", "", "", "True", "'-1"]


def test_as_text__wraps_ids_of_digits_only():
    ids = pd.Series(["577092126219211281", "#1001", "=1", None], dtype="object")
    column = Column("external_order_id", "text", "")
    assert as_text(ids, column, ids="excel") == ['="577092126219211281"', "#1001", "'=1", ""]
    assert as_text(ids, Column("error_code", "text", ""), ids="excel")[0] == "577092126219211281"


def test_holds_ids__knows_ids_by_their_names():
    names = [column.name for column in REFERENCES if holds_ids(column)]
    assert names == ["order_id", "external_order_id", "request_id"]
    assert holds_ids(Column("Order ID", "text", ""))
    assert not holds_ids(Column("paid", "text", ""))


def test_checked_ids__refuses_other_words():
    with pytest.raises(InputError, match="plain"):
        checked_ids("text")
