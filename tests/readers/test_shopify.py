"""Shopify exports → one row per order, and the TikTok ids written into it."""

import io
import logging
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsframe import columns
from ttsframe.errors import InputError
from ttsframe.readers import read_shopify_orders
from ttsframe.readers.embedded_ids import find_embedded_ids

DATA = Path(__file__).parents[1] / "data" / "exports"
ID = "580194009000000101"
OTHER = "577092126219211281"


def read(text, **options):
    return read_shopify_orders(io.StringIO(text), **options)


def cells(*values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def test_shopify__export_with_tiktok_orders():
    frame = read_shopify_orders(DATA / "shopify_tiktok.csv")
    assert list(frame.columns) == columns.names(columns.SHOPIFY_ORDERS)
    for column in columns.SHOPIFY_ORDERS:
        assert frame[column.name].dtype == columns.dtype(column)
    assert frame["shopify_id"].tolist() == [f"700000000010{n}" for n in (1, 2, 4, 5, 6)]
    assert frame["name"].tolist() == ["#1001", "#1002", "TTOK580194009000000104", "#1005", "#1006"]
    assert frame["total"].tolist() == [26.60, 21.60, 32.40, 15.80, 10.80]
    assert frame["refunded"].tolist() == [0, 0, 32.40, 0, 0]
    assert frame["cancelled"].tolist() == [False, False, False, True, False]
    assert frame["created_at"].iloc[:2].astype(str).tolist() == [
        "2024-05-01 17:00:07+00:00",
        "2024-11-21 07:30:11+00:00",
    ]
    assert frame["source"].tolist() == ["tiktok", "3356259", "TikTok", "shopify_draft_order", "web"]
    assert frame["tiktok_order_id"].fillna("").tolist() == [
        *(f"58019400900000010{n}" for n in (1, 2, 4, 5)),
        "",
    ]
    assert frame["tiktok_order_id_from"].astype("object").fillna("").tolist() == [
        *("tag", "note_attribute", "name", "note", "")
    ]
    assert frame["tiktok_marks"].iloc[0] == "tag:580194009000000101"


def test_shopify__buyers_are_left_behind(caplog):
    with caplog.at_level(logging.DEBUG):
        frame = read_shopify_orders(DATA / "shopify_tiktok.csv")
    text = frame.to_csv() + str(frame.attrs) + caplog.text
    for secret in ("Secret", "secret", "555", "example.com"):
        assert secret not in text


def test_shopify__an_email_is_looked_at_and_forgotten(caplog):
    text = (
        "Name,Email,Total,Id,Created at,Tags,Notes\n"
        f"#1,v4bSECRET@scs.tiktokw.us,1,11,2024-01-02,TikTokOrderID:{ID},TikTok Order ID: {OTHER}\n"
        "#1,v4bSECRET@scs.tiktokw.us,,,,,\n#2,buyerSECRET@tiktok.com,a lot,abc,soon,,\n"
    )
    with caplog.at_level(logging.DEBUG):
        frame = read(text)
    assert frame["from_tiktok"].tolist() == [True, True]
    told = frame.to_csv() + str(frame.attrs) + caplog.text
    for options in ({"date_order": "ymd"}, {"date_order": "dmy"}):
        with pytest.raises(InputError) as refused:
            read(text.replace("2024-01-02", "12/31/2024"), **options)
        told += repr(refused.value) + str(refused.value.__cause__)
    assert len(told) > 500
    for part in ("SECRET", "@", "tiktokw", "tiktok.com"):
        assert part not in told


@pytest.mark.parametrize(
    ("row", "from_tiktok"),
    [
        ("#1,,tiktok,,", True),
        ("#1,,TikTok Shop,,", True),
        ('#1,,3356259,"vip, Shipped by TikTok",', True),
        ("#1,,web,TikTokOrderID:5.80194E+17,", True),
        ("#1,v4bFAKE@SCS.tiktokw.us,web,,", True),
        ("#1,1a2b@chat-seller-us.tiktok.com,web,,", True),
        ("#1,buyer@tiktok.com,web,,", True),
        (f"#1,,web,,TikTok Order ID: {ID}", True),
        (f"TTOK{ID},,web,,", True),
        ("#1,shopper@example.com,web,,", False),
        ("#1,tiktok@example.com,web,Shipped by Seller,", False),
        ("#1,a@nottiktok.com,web,tiktok-ads,", False),
        ("#1,a@tiktok.com.example,web,Not shipped by TikTok,", False),
        ("#1,tiktok.example,,,", False),
        ("#1,,,,", False),
    ],
)
def test_shopify__signs_of_tiktok(row, from_tiktok):
    assert read(f"Name,Email,Source,Tags,Notes\n{row}\n")["from_tiktok"].tolist() == [from_tiktok]


def test_shopify__without_any_sign_no_order_is_from_tiktok():
    assert read("Name,Total\n#1,1\n")["from_tiktok"].tolist() == [False]


def test_shopify__a_spreadsheet_has_rounded_ids_and_dates():
    frame = read_shopify_orders(DATA / "shopify_mangled.csv")
    assert frame["shopify_id"].isna().all()
    assert frame["name"].tolist() == ["8095", "8094"]
    assert frame["created_at"].astype(str).tolist() == [
        "2024-11-10 09:17:00+00:00",
        "2024-11-10 09:13:00+00:00",
    ]
    told = "\n".join([*map(str, frame.attrs["notes"])])
    assert "rounded the Id of 2 orders; they are told apart by Name" in told
    assert "dates were read month first; nothing in the file settles this" in told
    assert "2 times without an offset, taken as UTC" in told
    swapped = read_shopify_orders(DATA / "shopify_mangled.csv", date_order="dmy")
    assert swapped["created_at"].dt.month.tolist() == [10, 10]


def test_shopify__payments_are_refused_by_name():
    with pytest.raises(
        InputError, match="is a Shopify payment transactions export, not a Shopify order export"
    ):
        read_shopify_orders(DATA / "shopify_payments.csv")


def test_shopify__name_or_id_is_needed():
    with pytest.raises(InputError, match="no column Name or Id"):
        read("Financial Status,Total\npaid,1\n")
    assert read("Id\n7000000000101\n")["shopify_id"].tolist() == ["7000000000101"]
    assert read("Name\n#1\n#1\n#2\n")["name"].tolist() == ["#1", "#2"]


@pytest.mark.parametrize(
    "cell",
    [
        "7000000000101",
        "'7000000000101",
        '"=""7000000000101"""',
        "7000000000101.0",
        "gid://shopify/Order/7000000000101",
        "gid://shopify/Order/7000000000101?x=1",
    ],
)
def test_shopify__ids_in_every_dress(cell):
    assert read(f"Name,Id,Total\n#1,{cell},2\n")["shopify_id"].tolist() == ["7000000000101"]


def test_shopify__an_id_that_is_no_number_is_left_out():
    frame = read("Name,Id,Total\n#1,abc,2\n")
    assert frame["shopify_id"].isna().all()
    assert any("is not a number" in note for note in map(str, frame.attrs["notes"]))


def test_shopify__continuation_rows_are_no_orders():
    frame = read(
        "Name,Email,Created at,Total,Id,Lineitem name,Tags\n"
        "#1,a@x.y,2025-01-05 10:00:00 -0500,100.00,11,A,\n"
        "#1,a@x.y,2025-01-05 10:00:00 -0500,,,B,\n"
        "#1,,,,,C,\n"
        "#2,,2025-01-06 10:00:00 -0500,0.00,12,D,vip\n"
    )
    assert frame["total"].tolist() == [100, 0]
    assert frame["tags"].fillna("").tolist() == ["", "vip"]
    assert "file 1: 4 rows, 2 orders." in [*map(str, frame.attrs["notes"])]


def test_shopify__continuation_rows_may_stand_first_after_sorting():
    frame = read("Name,Total,Id,Lineitem name\n#1,,,B\n#1,100.00,11,A\n#2,,,C\n")
    assert frame["name"].tolist() == ["#1", "#2"]
    assert frame["shopify_id"].fillna("").tolist() == ["11", ""]


def test_shopify__values_filled_down_are_still_one_order():
    frame = read("Name,Total,Id,Lineitem name\n#1,100.00,11,A\n#1,100.00,11,B\n")
    assert frame["total"].tolist() == [100]


def test_shopify__two_shops_may_share_a_name():
    frame = read("Name,Total,Id,Lineitem name\n#1,100.00,11,A\n#1,50.00,22,A\n")
    assert frame["shopify_id"].tolist() == ["11", "22"]


def test_shopify__the_later_file_wins(tmp_path):
    (tmp_path / "1.csv").write_text("Name,Financial Status,Total,Id\n#1,paid,1,11\n#2,paid,2,12\n")
    (tmp_path / "2.csv").write_text("Name,Financial Status,Total,Id\n#2,refunded,2,12\n#3,paid,3,13\n")
    frame = read_shopify_orders(str(tmp_path / "*.csv"))
    assert frame["shopify_id"].tolist() == ["11", "12", "13"]
    assert frame["financial_status"].tolist() == ["paid", "refunded", "paid"]
    assert frame["source_file"].tolist() == ["1.csv", "2.csv", "2.csv"]
    assert "1 order in more than one file; the later file's row stands." in [*map(str, frame.attrs["notes"])]


def test_shopify__taxes_shipping_and_discount_stand_on_the_first_row():
    frame = read(
        "Name,Total,Id,Taxes,Shipping,Discount Amount,Lineitem sku\n"
        "#1,26.60,11,1.60,5.00,-2.50,A\n#1,,,,,,B\n#2,5,12,,0,0.00,C\n"
    )
    assert frame["taxes"].fillna(-1).tolist() == [1.60, -1]
    assert frame["shipping"].tolist() == [5, 0]
    assert frame["discount"].tolist() == [2.5, 0]
    assert read("Name\n#1\n")[["taxes", "shipping", "discount"]].isna().all(axis=None)


def test_shopify__skus_are_those_of_all_rows():
    frame = read(
        "Name,Total,Id,Lineitem sku\n"
        "#1,9,11,B\n#1,,,A\n#1,,,B\n#1,,,\n"
        "#2,5,12,\n"
        "#1,7,22,C\n#1,,,D\n"
        "#3,,,E\n#3,,,F\n#3,8,33,G\n"
        ",,,lost\n"
    )
    assert frame["shopify_id"].tolist() == ["11", "12", "22", "33"]
    assert frame["skus"].fillna("").tolist() == ["B; A", "", "C; D", "E; F; G"]


def test_shopify__skus_of_values_filled_down_and_of_files_without_ids():
    assert read("Name,Total,Id,Lineitem sku\n#1,9,11,A\n#1,9,11,B\n")["skus"].tolist() == ["A; B"]
    assert read("Name,Lineitem sku\n#1,A\n#2,B\n 1,C\n")["skus"].tolist() == ["A; C", "B"]
    assert read("Id,Lineitem sku\n11,A\n12,B\n12,C\n")["skus"].tolist() == ["A", "B; C"]
    assert read("Name\n#1\n")["skus"].isna().all()


def test_shopify__a_mangled_file_meets_a_whole_one_by_name(tmp_path):
    (tmp_path / "1.csv").write_text("Name,Financial Status,Total,Id\n#1001,paid,1,11\n")
    (tmp_path / "2.csv").write_text(
        "Name,Financial Status,Total,Id\n1001,refunded,1,5.27763E+12\n1002,paid,1,5.27763E+12\n"
    )
    frame = read_shopify_orders([tmp_path / "1.csv", tmp_path / "2.csv"])
    assert frame["shopify_id"].fillna("").tolist() == ["11", ""]
    assert frame["financial_status"].tolist() == ["refunded", "paid"]


def test_shopify__names_are_one_without_sign_case_and_blanks(tmp_path):
    (tmp_path / "1.csv").write_text("Name,Financial Status,Total\n#AP-1,paid,1\n")
    (tmp_path / "2.csv").write_text("Name,Financial Status,Total\nap - 1,refunded,1\n")
    frame = read_shopify_orders([tmp_path / "1.csv", tmp_path / "2.csv"])
    assert frame["financial_status"].tolist() == ["refunded"]


def test_shopify__three_decimals_are_dinars_and_not_thousands():
    frame = read("Name,Financial Status,Total,Currency\n#1,paid,12.500,KWD\n")
    assert frame["total"].tolist() == [12.5]


def test_shopify__european_spreadsheet():
    frame = read("Name;Financial Status;Total;Refunded Amount\n1;paid;1.234,50;0\n2;paid;1.234;0\n")
    assert frame["total"].tolist() == [1234.5, 1234]


def test_shopify__an_order_with_neither_name_nor_id_is_told():
    frame = read("Name,Id,Total\n#1,11,1\n,,5\n,,\n")
    assert frame["name"].tolist() == ["#1"]
    assert any("1 row with neither Name nor Id left out" in note for note in map(str, frame.attrs["notes"]))


def test_shopify__a_header_alone_is_an_empty_frame():
    frame = read("Name,Id,Financial Status,Total\n")
    assert frame.empty
    assert list(frame.columns) == columns.names(columns.SHOPIFY_ORDERS)
    assert any("holds no orders" in note for note in map(str, frame.attrs["notes"]))


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("tag", f"Shipped by TikTok, TikTokOrderID:{ID}"),
        ("tag", f"tiktok_order_id:{ID}, x"),
        ("note_attribute", f"Buyer: x\nTikTokOrderID: {ID}\nPackageID: 115000000000000002"),
        ("note_attribute", f"TikTok Order Number: {ID}"),
        ("note_attribute", f"TikTok-Order-Number:{ID}"),
        ("note", f"TikTok Shop order ID {ID}"),
        ("note", f"From TikTok Shop 2: order number: #{ID}."),
        ("note", f"Tik Tok Order No. {ID}"),
        ("note", f"TIKTOK ORDER ID is {ID}"),
        ("name", f"TTOK{ID}"),
        ("name", f"#{ID}-TT"),
        ("name", ID),
    ],
)
def test_marks__every_writer(place, text):
    marks = find_embedded_ids({place: cells(text, "")}, 2)
    assert marks.ids.tolist() == [ID, None]
    assert marks.places.tolist() == [place, None]
    assert marks.every.tolist() == [f"{place}:{ID}", None]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("tag", ID),
        ("note", f"Amazon order id {ID}"),
        ("note", "TikTok order id 5801940090000001"),
        ("note", "TikTok order id 580194009000000101000"),
        ("note", f"TikTok package {ID}"),
        ("note_attribute", f"PackageID: {ID}"),
        ("name", "#1001"),
        ("name", "TTOK5801940090000001"),
    ],
)
def test_marks__nothing_is_guessed(place, text):
    assert find_embedded_ids({place: cells(text)}, 1).every.tolist() == [None]


def test_marks__the_first_place_stands_and_all_are_kept():
    marks = find_embedded_ids(
        {
            "name": cells(f"TTOK{ID}"),
            "note": cells(f"TikTok order ids {OTHER}, {ID}"),
            "tag": cells(f"TikTokOrderID:{ID}, TikTokOrderID:{ID}"),
        },
        1,
    )
    assert (marks.ids[0], marks.places[0]) == (ID, "tag")
    assert marks.every[0] == f"tag:{ID}; note:{OTHER}; note:{ID}; name:{ID}"
    assert marks.contradicting == 1


def test_marks__contradictions_are_told():
    frame = read(f"Name,Total,Id,Tags,Notes\n#1,1,11,TikTokOrderID:{ID},TikTok Order ID: {OTHER}\n")
    assert frame["tiktok_order_id"].tolist() == [ID]
    assert any("1 order naming more than one TikTok order" in note for note in map(str, frame.attrs["notes"]))


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 3), st.booleans()), min_size=1))
def test_shopify__no_order_is_lost_or_invented(orders):
    numbers = list(dict.fromkeys(number for number, _, _ in orders))
    more = {number: (lines, with_id) for number, lines, with_id in reversed(orders)}
    text = "Name,Financial Status,Total,Id,Lineitem name\n"
    for number in numbers:
        lines, with_id = more[number]
        text += (
            f"#{number},paid,{number}.50,{7000 + number if with_id else ''},a\n" + f"#{number},,,,b\n" * lines
        )
    frame = read(text)
    assert frame["name"].tolist() == [f"#{number}" for number in numbers]
    assert frame["total"].tolist() == [number + 0.5 for number in numbers]


def test_shopify__totals_are_no_orders():
    frame = read("Name,Financial Status,Total\n#1,paid,5\n#2,paid,6\nGrand Total,,11\n")
    assert frame["name"].tolist() == ["#1", "#2"]
    assert any("1 row of totals left out" in str(note) for note in map(str, frame.attrs["notes"]))
