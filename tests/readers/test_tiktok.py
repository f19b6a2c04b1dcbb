"""Seller Center exports → one row per order."""

import io
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsframe import columns
from ttsframe.errors import InputError
from ttsframe.readers import read_tiktok_orders
from ttsframe.readers.tiktok import CANCELLED_WORDS

DATA = Path(__file__).parents[1] / "data" / "exports"
IDS = [f"58019400900000010{n}" for n in (1, 2, 3, 4)]


def read(text, **options):
    return read_tiktok_orders(io.StringIO(text), **options)


def is_as_described(frame, described):
    return list(frame.columns) == columns.names(described) and all(
        frame[column.name].dtype == columns.dtype(column) for column in described
    )


@pytest.mark.parametrize("name", ["tiktok_us.csv", "tiktok_us_description_row.csv"])
def test_tiktok__us_export(name):
    frame = read_tiktok_orders(DATA / name)
    assert is_as_described(frame, columns.TIKTOK_ORDERS)
    assert frame["order_id"].tolist() == IDS
    assert frame["status"].tolist() == ["Completed", "Completed", "Canceled", "Completed"]
    assert frame["cancelled"].tolist() == [False, False, True, False]
    assert frame["amount"].tolist() == [26.60, 21.60, 13.64, 32.40]
    assert frame["refunded"].tolist() == [0, 0, 0, 32.40]
    assert frame["quantity"].tolist() == [2, 2, 1, 1]
    assert frame["skus"].tolist() == ["SKU-A", "SKU-B; SKU-C", "SKU-C", "SKU-D"]
    assert frame["platform_discount"].tolist() == [0, 2, 0, 0]
    assert frame["created_at"].astype(str).tolist() == [
        *("2024-05-01 10:00:00", "2024-05-01 23:30:00", "2024-05-14 09:00:00", "2024-05-15 00:05:00")
    ]
    assert frame["paid_at"].isna().tolist() == [False, False, True, False]
    assert frame["cancelled_at"].notna().tolist() == [False, False, True, False]
    assert frame["source_file"].unique().tolist() == [name]
    assert f"{name}: 5 rows, 4 orders." in [*map(str, frame.attrs["notes"])]
    assert any("month first." in note for note in map(str, frame.attrs["notes"]))


def test_tiktok__descriptions_may_be_all_the_header_there_is():
    frame = read_tiktok_orders(DATA / "tiktok_description_header.csv")
    assert frame["order_id"].tolist() == IDS
    assert frame["amount"].tolist() == [26.60, 21.60, 13.64, 32.40]


def test_tiktok__buyers_are_left_behind(caplog):
    with caplog.at_level(logging.DEBUG):
        frame = read_tiktok_orders([DATA / "tiktok_us.csv", DATA / "tiktok_th.csv"])
    text = frame.to_csv() + str(frame.attrs) + caplog.text
    for secret in ("Secret", "secret", "555", "ลับ"):
        assert secret not in text


def test_tiktok__notes_are_logged_once(caplog):
    with caplog.at_level(logging.INFO, logger="ttsframe"):
        frame = read_tiktok_orders(DATA / "tiktok_us_description_row.csv")
    assert [record.getMessage() for record in caplog.records] == [*map(str, frame.attrs["notes"])]
    assert len({*map(str, frame.attrs["notes"])}) == len(frame.attrs["notes"])


def test_tiktok__lost_ids_refuse_the_file():
    with pytest.raises(
        InputError, match=r"lost_digits\.csv: .*lost their last digits in a spreadsheet; download again"
    ):
        read_tiktok_orders(DATA / "tiktok_us_lost_digits.csv")


def test_tiktok__some_lost_ids_are_left_out_and_counted():
    frame = read("Order ID,Order Amount\n5.80194E+17,1\n580194009000000101,2\n5.80194E+17,3\n,\n,4\n")
    assert frame["order_id"].tolist() == ["580194009000000101"]
    told = "\n".join([*map(str, frame.attrs["notes"])])
    assert "2 rows left out, whose order ids lost their last digits" in told
    assert "1 row without an order id left out" in told


def test_tiktok__ids_come_out_of_what_stands_around_them():
    frame = read(
        "Order ID,Order Amount\n"
        '"=""580194009000000101""",1\n\'580194009000000102,1\n580194009000000103.0,1\n'
        "\u200b580194009000000104\t ,1\nORD-5,1\n"
    )
    assert frame["order_id"].tolist() == [*IDS, "ORD-5"]
    assert any(
        "1 row with an order id that is not 1-20 digits" in note for note in map(str, frame.attrs["notes"])
    )


def test_tiktok__ids_that_all_end_in_000_are_suspected():
    suspect = "".join(f"5801940090001{n}000,1\n" for n in range(10, 14))
    frame = read(f"Order ID,Order Amount\n{suspect}")
    assert any("ends in 000" in note for note in map(str, frame.attrs["notes"]))
    mixed = read(f"Order ID,Order Amount\n{suspect}580194009000000101,1\n")
    assert not any("ends in 000" in note for note in map(str, mixed.attrs["notes"]))


@pytest.mark.parametrize("last", ["", ",\n5.80194E+17,1\n", "580194009000101000,1\n", "12,1\n"])
def test_tiktok__ten_ids_that_all_end_in_000_are_refused(last):
    rounded = "".join(f"5801940090001{n}000,1\n" for n in range(10, 20))
    with pytest.raises(InputError, match=r"lost their last digits in a spreadsheet: all 1[01] end in 000"):
        read(f"Order ID,Order Amount\n{rounded}{last}")
    # Nine, however often they stand there, are only suspected.
    nine = rounded[: rounded.index("580194009000119000")]
    assert len(read(f"Order ID,Order Amount\n{nine}{nine}")) == 9
    assert len(read(f"Order ID,Order Amount\n{rounded}580194009000000101,1\n")) == 11


def test_tiktok__thai_export():
    frame = read_tiktok_orders(DATA / "tiktok_th.csv")
    assert frame["cancelled"].tolist() == [False, True]
    assert frame["amount"].tolist() == [238, 67]
    assert frame["quantity"].tolist() == [3, 1]
    assert frame["created_at"].dt.strftime("%Y-%m-%d").tolist() == ["2026-05-10", "2026-05-23"]
    assert frame["refunded"].isna().all()


def test_tiktok__tab_rows_under_a_comma_header():
    frame = read_tiktok_orders(DATA / "tiktok_my_tab_rows.csv")
    assert frame["order_id"].tolist() == ["580000000000000022", "580000000000000023"]
    assert frame["amount"].tolist() == [123.3, 5]
    assert frame["skus"].isna().tolist() == [True, False]


@pytest.mark.parametrize("word", sorted(CANCELLED_WORDS))
def test_tiktok__cancelled_in_every_language(word):
    assert read(f"Order ID,Order Status\n1,{word.upper()}\n")["cancelled"].tolist() == [True]


@pytest.mark.parametrize(
    "word", ["Completed", "To ship", "Cancellation requested", "Selesai", "เสร็จสมบูรณ์", ""]
)
def test_tiktok__not_cancelled(word):
    frame = read(f"Order ID,Order Status,Cancelation/Return Type,Cancelled Time\n1,{word},Return/Refund,\t\n")
    assert frame["cancelled"].tolist() == [False]


def test_tiktok__decomposed_vietnamese_is_understood():
    assert read("Order ID,Order Status\n1,Đa\u0303 hu\u0309y\n")["cancelled"].tolist() == [True]


def test_tiktok__an_order_is_cancelled_when_no_line_of_it_lives():
    frame = read(
        "Order ID,Order Status,Cancelled Time\n1,Canceled,\n1,Completed,\n"
        "2,Canceled,\n2,,\n3,Whatever,01/02/2026 10:00\n"
    )
    assert frame["cancelled"].tolist() == [False, True, True]
    assert frame["status"].tolist() == ["Canceled; Completed", "Canceled", "Whatever"]


def test_tiktok__the_amount_is_counted_once_and_disagreement_told():
    frame = read("Order ID,Order Amount\n1,\n1,5\n1,5\n2,7\n2,8\n3,/\n")
    assert frame["amount"].iloc[:2].tolist() == [5, 7]
    assert np.isnan(frame["amount"].iloc[2])
    assert any("1 order with several values of amount" in note for note in map(str, frame.attrs["notes"]))


COMPONENTS = [
    *("platform_discount", "shipping_platform_discount", "payment_platform_discount", "seller_discount"),
    *("shipping_fee", "taxes", "other_fees"),
]
COMPONENT_HEADER = (
    "Order ID,Order Amount,SKU Platform Discount,SKU Seller Discount,Shipping Fee After Discount,"
    "Co-Funded Shipping Fee Discount,Shipping Fee Platform Discount,Payment platform discount,"
    "Retail Delivery Fee,Buyer Service Fee,Handling Fee,Shipping Insurance,Item Insurance,Taxes\n"
)


def test_tiktok__components_of_lines_are_summed_and_those_of_orders_counted_once():
    frame = read(
        COMPONENT_HEADER
        + "1,30,1.10,2,4.99,0.10,0.20,0.3,0.28,1,2,3,4,1.60\n"
        + "1,30,0.20,0,4.99,0.10,0.20,0.3,0.28,1,2,3,4,1.60\n"
        + "2,9,-0.50,-1,0,-1,-2,-3,,,,,,/\n"
    )
    assert frame[COMPONENTS].iloc[0].tolist() == [1.3, 0.3, 0.3, 2, 4.99, 1.6, 10.28]
    assert frame[COMPONENTS].iloc[1, :5].tolist() == [0.5, 3, 3, 1, 0]
    assert frame[["taxes", "other_fees"]].iloc[1].isna().all()
    assert len(frame.attrs["notes"]) == 1


def test_tiktok__components_that_a_file_does_not_have_are_missing():
    frame = read("Order ID,Order Amount,Co-Funded Shipping Fee Discount,Handling Fee\n1,5,1.5,0.5\n")
    assert frame[["shipping_platform_discount", "other_fees"]].to_numpy().tolist() == [[1.5, 0.5]]
    others = [name for name in COMPONENTS if name not in ("shipping_platform_discount", "other_fees")]
    assert frame[others].isna().all(axis=None)
    assert frame[["fulfilled_by_tiktok", "sample", "on_hold"]].to_numpy().tolist() == [[False] * 3]


def test_tiktok__an_order_level_component_that_differs_within_an_order_is_told():
    frame = read("Order ID,Order Amount,Taxes\n1,5,1\n1,5,2\n")
    assert frame["taxes"].tolist() == [1]
    assert any("1 order with several values of taxes" in note for note in map(str, frame.attrs["notes"]))


def test_tiktok__fulfilled_by_tiktok():
    said = [
        "Fulfillment by TikTok Shop",
        "FULFILLMENT_BY_TIKTOK",
        "Fulfillment by seller",
        "Seller Shipping",
        "",
    ]
    frame = read("Order ID,Fulfillment Type\n" + "".join(f"{n},{text}\n" for n, text in enumerate(said, 1)))
    assert frame["fulfilled_by_tiktok"].tolist() == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("row", "is_sample"),
    [
        ("Completed,0.00,0,0", True),
        ("Completed,IDR 0,,", True),
        ("Completed,0.01,0,0", False),
        ("Completed,,0,0", False),
        ("Canceled,0.00,0,0", False),
        ("Completed,0.00,12.50,0", False),
        ("Completed,0.00,0,12.50", False),
    ],
)
def test_tiktok__a_sample_is_an_order_that_nobody_paid_for(row, is_sample):
    header = "Order ID,Order Status,Order Amount,SKU Platform Discount,Payment platform discount\n"
    assert read(f"{header}1,{row}\n")["sample"].tolist() == [is_sample]


@pytest.mark.parametrize(
    ("row", "on_hold"),
    [
        ("Unpaid,", True),
        ("To ship,On hold", True),
        ("ON_HOLD,", True),
        ("待发货,未支付", True),
        ("Canceled,Unpaid", False),
        ("To ship,Awaiting shipment", False),
        ("To ship,Awaiting collection", False),
        ("ที่จะจัดส่ง,รอเข้ารับ", False),
        (",", False),
    ],
)
def test_tiktok__an_order_on_hold_is_not_yet_to_be_sent(row, on_hold):
    assert read(f"Order ID,Order Status,Order Substatus\n1,{row}\n")["on_hold"].tolist() == [on_hold]


def test_tiktok__currencies_come_from_the_cells():
    frame = read('Order ID,Order Amount,Order Refund Amount\n1,"BRL 35,91",-\n2,"25,90 EUR",\n3,7,\n')
    assert frame["currency"].fillna("").tolist() == ["BRL", "EUR", ""]
    assert frame["amount"].tolist() == [35.91, 25.90, 7]
    assert any("amounts in BRL, EUR" in note for note in map(str, frame.attrs["notes"]))
    assert read("Order ID,Currency,Order Amount\n1,usd,2\n")["currency"].tolist() == ["USD"]


def test_tiktok__thousands_without_a_decimal_sign_are_told():
    frame = read("Order ID,Order Amount\n1,35.200\n2,Rp 1.035.200\n")
    assert frame["amount"].tolist() == [35200, 1035200]
    assert any("such as '35.200' were read as thousands" in note for note in map(str, frame.attrs["notes"]))


def test_tiktok__what_cannot_be_read_is_missing_and_counted():
    frame = read(
        "Order ID,Order Amount,Created Time,Quantity\n1,a lot,soon,9e99\n2,2,31/12/2026 10:00:00,1\n"
    )
    assert frame["quantity"].isna().tolist() == [True, False]
    assert frame["amount"].isna().tolist() == [True, False]
    assert frame["created_at"].isna().tolist() == [True, False]
    told = "\n".join([*map(str, frame.attrs["notes"])])
    assert "1 amount could not be read and is missing" in told
    assert "1 time could not be read and is missing" in told


def test_tiktok__date_order_is_taken_or_refused():
    text = "Order ID,Created Time\n1,03/04/2026 10:00:00\n"
    assert read(text)["created_at"].astype(str).tolist() == ["2026-04-03 10:00:00"]
    assert read(text, date_order="mdy")["created_at"].astype(str).tolist() == ["2026-03-04 10:00:00"]
    with pytest.raises(InputError, match="cannot be right"):
        read("Order ID,Created Time\n1,25/04/2026 10:00:00\n", date_order="mdy")
    with pytest.raises(InputError, match="'dmy' or 'mdy'"):
        read(text, date_order="ymd")


def test_tiktok__a_zone_makes_utc():
    text = "Order ID,Created Time,Cancelled Time\n1,2026-01-15 10:00:00,\n2,2026-07-15 10:00:00,\n"
    text += "3,2026-11-01 01:30:00,\n4,2026-03-08 02:30:00,\n"
    frame = read(text, tz="America/New_York")
    assert str(frame["created_at"].dtype) == "datetime64[us, UTC]"
    assert str(frame["cancelled_at"].dtype) == "datetime64[us, UTC]"
    assert frame["created_at"].dt.strftime("%m-%d %H:%M").tolist() == [
        *("01-15 15:00", "07-15 14:00", "11-01 05:30", "03-08 07:00")
    ]
    with pytest.raises(InputError, match="no time zone 'Mars/Base'"):
        read(text, tz="Mars/Base")


def test_tiktok__the_later_file_wins(tmp_path):
    (tmp_path / "1.csv").write_text("Order ID,Order Status,Quantity\n1,To ship,1\n2,To ship,1\n2,To ship,2\n")
    (tmp_path / "2.csv").write_text("Order ID,Order Status,Quantity\n3,To ship,1\n2,Completed,1\n")
    frame = read_tiktok_orders([tmp_path / "1.csv", tmp_path / "2.csv"])
    assert frame["order_id"].tolist() == ["1", "2", "3"]
    assert frame["status"].tolist() == ["To ship", "Completed", "To ship"]
    assert frame["quantity"].tolist() == [1, 1, 1]
    assert frame["source_file"].tolist() == ["1.csv", "2.csv", "2.csv"]
    assert "1 order in more than one file; the later file's row stands." in [*map(str, frame.attrs["notes"])]


@pytest.mark.parametrize(
    "text", ["Order ID,Order Status\n", "Order ID,Order Status,Created Time,Order Amount\n\n,,,\n"]
)
def test_tiktok__a_header_alone_is_an_empty_frame(text):
    frame = read(text)
    assert frame.empty
    assert is_as_described(frame, columns.TIKTOK_ORDERS)
    assert any("holds no orders" in note for note in map(str, frame.attrs["notes"]))


def test_tiktok__an_empty_export_beside_a_full_one(tmp_path):
    (tmp_path / "1.csv").write_text("Order ID,Order Status\n")
    frame = read_tiktok_orders([tmp_path / "1.csv", DATA / "tiktok_us.csv"])
    assert frame["order_id"].tolist() == IDS
    assert is_as_described(frame, columns.TIKTOK_ORDERS)


def test_tiktok__order_id_alone_is_enough():
    frame = read("order_id\n580194009000000101\n")
    assert frame["order_id"].tolist() == ["580194009000000101"]
    assert frame[["status", "amount", "refunded", "created_at", "quantity"]].isna().all(axis=None)
    assert frame["cancelled"].tolist() == [False]


def test_tiktok__exports_joined_by_hand_hold_their_headers():
    text = (DATA / "tiktok_us_description_row.csv").read_text(encoding="utf-8")
    frame = read(text + text)
    assert frame["order_id"].tolist()[:4] == IDS


@given(
    st.lists(
        st.tuples(
            st.integers(580194009000000001, 580194009000000030),
            st.integers(1, 9),
            st.sampled_from(["{}", "{}\t", "'{}", '"=""{}"""', "{}.0"]),
        ),
        min_size=1,
    ),
    st.integers(0, 2),
)
def test_tiktok__no_order_is_lost_or_invented(rows, blank_lines):
    body = "".join(f"{form.format(order)},{quantity},Completed\n" for order, quantity, form in rows)
    frame = read("\n" * blank_lines + "Order ID,Quantity,Order Status\n" + body)
    expected = (
        pd.DataFrame([(str(order), quantity) for order, quantity, _ in rows]).groupby(0, sort=False)[1].sum()
    )
    assert frame["order_id"].tolist() == expected.index.tolist()
    assert frame["quantity"].tolist() == expected.tolist()


def test_tiktok__a_written_offset_goes_before_the_zone():
    text = (
        "Order ID,Created Time\n1,2026-03-01 10:00:00 +07:00\n2,2026-03-01 10:00:00\n3,2026-07-01T10:00:00Z\n"
    )
    frame = read(text, tz="America/New_York")
    assert frame["created_at"].astype("str").tolist() == [
        "2026-03-01 03:00:00+00:00",
        "2026-03-01 15:00:00+00:00",
        "2026-07-01 10:00:00+00:00",
    ]
    bare = read(text)
    assert bare["created_at"].astype("str").tolist()[0] == "2026-03-01 10:00:00"
    assert any(
        "2 times with an offset from UTC, which was left out" in str(n)
        for n in [*map(str, bare.attrs["notes"])]
    )


@pytest.mark.parametrize("when", ["10000-01-01", "31/12/10000 10:00", "99999-12-31T00:00:00Z", "2958466"])
def test_tiktok__years_from_10000_on_are_missing(when):
    frame = read(f"Order ID,Created Time\n1,{when}\n2,2026-03-01\n")
    assert frame["created_at"].isna().tolist() == [True, False]
    assert any("1 time could not be read" in str(note) for note in map(str, frame.attrs["notes"]))


@pytest.mark.parametrize("word", ["Grand Total", "TOTAL:", "Total Geral", "Tổng cộng", "合计"])
def test_tiktok__totals_are_no_orders(word):
    frame = read(f"Order ID,Order Amount\n1,5\n2,6\n{word},11\n")
    assert frame["order_id"].tolist() == ["1", "2"]
    assert any("1 row of totals left out" in str(note) for note in map(str, frame.attrs["notes"]))


@pytest.mark.parametrize(
    "rows",
    ["1,12.500,KWD\n2,1.255,KWD\n", "1,KWD 12.500,\n2,KWD 1.255,\n", "1,12.500,BHD\n2,1.255,omr\n"],
)
def test_tiktok__amounts_of_three_decimals_keep_them(rows):
    frame = read(f"Order ID,Order Amount,Currency\n{rows}")
    assert frame["amount"].tolist() == [12.5, 1.255]


def test_tiktok__an_example_of_an_export_may_have_made_up_ids():
    lines = [f"ORD{number:03},Completed" for number in range(10)]
    frame = read("\n".join(["Order ID,Order Status", *lines[:9]]))
    assert frame["order_id"].tolist() == [f"ORD{number:03}" for number in range(9)]
    assert "9 rows with an order id that is not 1-20 digits" in str(frame.attrs["notes"])
    with pytest.raises(InputError, match=r"its column Order ID has 10 rows and no order id"):
        read("\n".join(["Order ID,Order Status", *lines]))


def test_tiktok__a_column_without_any_order_id_is_refused():
    with pytest.raises(InputError, match=r"its column Order ID has 2 rows and no order id"):
        read("Order ID,Order Amount\nMUG-BLUE,5\nTEE-BLK-M,6\n")
    assert read("Order ID,Order Amount\nMUG-BLUE,5\n6,6\n")["order_id"].tolist() == ["MUG-BLUE", "6"]
