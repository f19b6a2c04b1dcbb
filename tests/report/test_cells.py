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
from ttsframe.report.cells import as_text, checked_ids, holds_ids, money


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
    assert money(value) == text


@given(st.decimals(-(10**9), 10**9, places=3))
def test_money__reads_back_as_it_was(value):
    assert Decimal(money(float(value))) == value


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
