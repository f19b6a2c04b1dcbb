"""Amounts and times of exports: text → number or time."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsframe.errors import InputError
from ttsframe.readers import dates, money


def cells(*values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def amount_of(text, decimal=None):
    return money.read_money(cells(text), decimal=decimal).amounts[0]


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("26.60", 26.60, None),
        ("BRL 35,91", 35.91, "BRL"),
        ("R$ 1.234,56", 1234.56, "BRL"),
        ("25,90 EUR", 25.90, "EUR"),
        ("€25,90", 25.90, "EUR"),
        ("THB 1,234.50", 1234.50, "THB"),
        ("1.234.567", 1234567.0, None),
        ("12,34,567.00", 1234567.0, None),
        ("Rp35.200", 35200.0, "IDR"),
        ("1 234,50", 1234.5, None),
        ("1\u00a0234,50 zł", 1234.5, "PLN"),
        ("-3.00", -3.0, None),
        ("-R$ 3,50", -3.5, "BRL"),
        ("−3,50", -3.5, None),
        ("(5.00)", -5.0, None),
        ("5.00-", -5.0, None),
        ("0.500", 0.5, None),
        (".5", 0.5, None),
        ("189000", 189000.0, None),
        ("0", 0.0, None),
    ],
)
def test_money__as_exports_write_it(text, amount, currency):
    read = money.read_money(cells(text), decimal=None)
    assert read.amounts[0] == amount
    assert read.currencies[0] == currency
    assert read.unread.sum() == 0


@pytest.mark.parametrize("text", ["", "/", "-", "—", "N/A", "nan"])
def test_money__blanks_are_missing_and_not_unread(text):
    read = money.read_money(cells(text), decimal=None)
    assert np.isnan(read.amounts[0])
    assert read.unread.sum() == 0


@pytest.mark.parametrize("text", ["abc", "9" * 400, "1.2 and 3.4", "1.23E+05"])
def test_money__what_is_no_amount_is_counted(text):
    read = money.read_money(cells(text), decimal=None)
    assert np.isnan(read.amounts[0])
    assert read.unread.sum() == 1


@pytest.mark.parametrize(
    ("decimal", "point", "comma"), [(None, 1234.0, 1234.0), (".", 1.234, 1234.0), (",", 1234.0, 1.234)]
)
def test_money__three_digits_follow_the_file(decimal, point, comma):
    assert amount_of("1.234", decimal) == point
    assert amount_of("1,234", decimal) == comma


def test_decimal_sign__is_settled_by_any_column():
    assert money.decimal_sign([cells("1.234"), cells("BRL 35,91", "")]) == ","
    assert money.decimal_sign([cells("1,234.5")]) == "."
    assert money.decimal_sign([cells("1.234", "12")]) is None
    assert money.decimal_sign([cells("1.50", "1,50")]) is None


def test_ambiguous__names_an_example():
    (note,) = money.thousands_note("f.csv", [cells("12.50", " 1.234 ")])
    assert "amounts such as '1.234' were read as thousands" in note.text
    assert money.thousands_note("f.csv", [cells("12.50", "1.234.567", "0.123")]) == []


def grouped(cents, group, decimal):
    whole, fraction = divmod(abs(cents), 100)
    text = f"{whole:,}".replace(",", group) + f"{decimal}{fraction:02d}"
    return f"-{text}" if cents < 0 else text


@given(
    st.integers(-(10**11), 10**11),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), ("", "."), ("", ",")]),
    st.sampled_from(["{}", "BRL {}", "{} EUR", " {}\t"]),
)
def test_money__round_trip(cents, signs, around):
    text = around.format(grouped(cents, *signs))
    assert round(amount_of(text) * 100) == cents


@given(st.lists(st.text(max_size=12)))
def test_money__never_fails_and_counts_what_it_leaves(texts):
    read = money.read_money(cells(*texts), decimal=None)
    assert len(read.amounts) == len(read.currencies) == len(texts)
    assert not (read.unread & ~np.isnan(read.amounts)).any()


def time_of(text, order="dmy"):
    return dates.read_times(cells(text), order).local[0]


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("31/05/2024 09:56:09", "dmy", "2024-05-31T09:56:09"),
        ("03/01/2026 10:00:00 AM", "mdy", "2026-03-01T10:00:00"),
        ("05/02/2024 12:05:00 AM", "mdy", "2024-05-02T00:05:00"),
        ("05/02/2024 12:05:00 PM", "mdy", "2024-05-02T12:05:00"),
        ("5/1/2024 11:30\u202fPM", "mdy", "2024-05-01T23:30:00"),
        ("01.02.2026 7:05", "dmy", "2026-02-01T07:05:00"),
        ("11/10/24 09:17", "mdy", "2024-11-10T09:17:00"),
        ("2026/09/10", "dmy", "2026-09-10T00:00:00"),
        ("2026-09-10T11:12:13Z", "dmy", "2026-09-10T11:12:13"),
        ("2024-05-01 10:00:00 -0400", "dmy", "2024-05-01T10:00:00"),
        ("05/06/2569 10:21:10", "dmy", "2026-06-05T10:21:10"),
        ("45413.5", "dmy", "2024-05-01T12:00:00"),
        ("05/25/2024 10:00", "dmy", "2024-05-25T10:00:00"),
        ("1.5.2024 10.30.15,25", "dmy", "2024-05-01T10:30:15"),
        ("01/05/2024, 0:30 p.m.", "dmy", "2024-05-01T00:30:00"),
        ("01/05/2024 13:05 PM", "dmy", "2024-05-01T13:05:00"),
    ],
)
def test_times__as_exports_write_them(text, order, expected):
    assert time_of(text, order) == np.datetime64(expected, "us")


@pytest.mark.parametrize(
    "text",
    [
        *("31/02/2026", "31/12/0001", "12/2026", "soon", "01/02/2026 25:00", "01/02/2026 noon", "13/13/2026"),
        *("now", "today", "2024", "20240501", "01/02/2026 10:00:60", "01/02/2026 10:5", "9999-12-31"),
    ],
)
def test_times__what_is_none_is_missing_and_counted(text):
    read = dates.read_times(cells(text), "dmy")
    assert np.isnat(read.local[0])
    assert read.unread.sum() == 1


def test_times__blank_is_missing_and_not_counted():
    read = dates.read_times(cells("", "-"), "dmy")
    assert np.isnat(read.local).all()
    assert read.unread.sum() == 0


def test_times__offsets_change_within_a_file():
    read = dates.read_times(
        cells("2024-05-01 10:00:00 -0400", "2024-12-01 10:00:00 -0500", "2024-12-01 10:00"), "dmy"
    )
    utc = dates.to_utc(read).astype("datetime64[m]").astype(str).tolist()
    assert utc == ["2024-05-01T14:00", "2024-12-01T15:00", "2024-12-01T10:00"]
    assert read.offset_minutes[:2].tolist() == [-240, -300]


def order_of(*texts, given=None, otherwise=None):
    return dates.guess_date_order("f.csv", [cells(*texts)], given, otherwise=otherwise)


def test_order__a_thirteenth_settles_it_whatever_the_clock():
    assert order_of("03/04/2026 10:00:00 AM", "25/04/2026 10:00:00 AM") == ("dmy", True, False, True)
    assert order_of("03/04/2026 10:00:00", "04/25/2026 10:00:00") == ("mdy", True, False, True)


def test_order__otherwise_am_pm_means_month_first():
    assert order_of("03/04/2026 10:00:00 AM") == ("mdy", False, False, True)
    assert order_of("03/04/2026 10:00:00") == ("dmy", False, False, True)
    assert order_of("03/04/2026 10:00:00", otherwise="mdy").order == "mdy"


def test_order__all_columns_of_a_file_count():
    decision = dates.guess_date_order("f.csv", [cells("03/04/2026"), cells("", "04/25/2026")])
    assert decision.order == "mdy"


def test_order__given_stands_unless_it_cannot_be():
    assert order_of("03/04/2026", given="mdy").order == "mdy"
    with pytest.raises(
        InputError, match=r"date_order: 'mdy' cannot be right for f\.csv, which contains 25/04/2026"
    ):
        order_of("25/04/2026", given="mdy")
    with pytest.raises(InputError, match="'dmy' or 'mdy', not 'ymd'"):
        order_of("25/04/2026", given="ymd")


def test_order__contradictions_are_told():
    decision = order_of("25/04/2026", "26/04/2026", "04/25/2026")
    assert decision == ("dmy", True, True, True)
    assert "only valid the other way" in str(dates.date_order_note("f.csv", decision))


def test_order__year_first_needs_no_note():
    assert dates.date_order_note("f.csv", order_of("2026-04-25", "")) == []


@given(
    st.lists(
        st.datetimes(dt.datetime.fromisoformat("2015-01-01"), dt.datetime.fromisoformat("2099-12-31")),
        min_size=1,
    ),
    st.sampled_from(
        [
            ("dmy", "%d/%m/%Y %H:%M:%S"),
            ("mdy", "%m/%d/%Y %I:%M:%S %p"),
            ("dmy", "%d.%m.%Y %H:%M:%S"),
            ("dmy", "%Y-%m-%d %H:%M:%S"),
        ]
    ),
)
def test_times__round_trip(moments, form):
    order, pattern = form
    read = dates.read_times(cells(*(moment.strftime(pattern) for moment in moments)), order)
    assert read.local.tolist() == [moment.replace(microsecond=0) for moment in moments]
