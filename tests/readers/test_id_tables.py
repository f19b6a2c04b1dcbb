"""The order ids of any table, for the command line."""

import io
from pathlib import Path

import pytest
import xlsxwriter

from ttsframe.errors import InputError
from ttsframe.readers import id_column, read_ids, tables

DATA = Path(__file__).parents[1] / "data" / "exports"
ID = "580194009000000101"


@pytest.mark.parametrize("text", [f"{ID}\n7\n", f"\ufeff{ID}\n\n7\n", f"{ID}\t\r\n7\r\n", f'"=""{ID}"""\n7'])
def test_ids__a_bare_list_has_no_header(text):
    assert read_ids(io.StringIO(text))["order_id"].tolist() == [ID, "7"]


@pytest.mark.parametrize("header", ["ref,kind,2024", "ref,kind,x"])
def test_ids__words_and_numbers_of_other_tables_are_no_headers(header):
    frame = read_ids(io.StringIO(f"{header}\nA,Order,7\nB,Refunds,Fees\n{ID},Order,Type\n"), column="ref")
    assert frame["order_id"].tolist() == ["A", "B", ID]


def test_ids__rows_without_header_name_their_id_column():
    frame = read_ids(io.StringIO(f"1,note a,{ID}\n2,note b,\n"))
    assert list(frame.columns) == ["order_id"]
    assert frame["order_id"].isna().tolist() == [False, True]


@pytest.mark.parametrize("name", ["order_id", "Order ID", "ORDER ID", "orderId", " Order_Id "])
def test_ids__the_column_is_found_by_itself(name):
    frame = read_ids(io.StringIO(f"n,{name}\n007,{ID}\n,5.80194E+17\n"))
    assert frame["order_id"].tolist() == [ID, "5.80194E+17"]


def test_ids__the_column_is_named():
    frame = read_ids(io.StringIO(f"TikTok Ref,x,order_id\n{ID},1,2\n"), column="tiktok_ref")
    assert frame["order_id"].tolist() == [ID]
    with pytest.raises(InputError, match=r"no column tiktok_reef; the nearest is 'TikTok Ref'"):
        read_ids(io.StringIO(f"TikTok Ref,x\n{ID},1\n"), column="tiktok_reef")
    with pytest.raises(InputError, match=r"no column Ordr; name the .* It has: Quantity, x\."):
        read_ids(io.StringIO("Quantity,x\na,1\n"), column="Ordr")


def test_ids__a_row_of_data_is_not_shown_as_a_header():
    with pytest.raises(
        InputError, match=r"no column order_id or Order ID; .* Its first line has 3 cells"
    ) as caught:
        read_ids(io.StringIO("Secret Person,secret@example.com,12 Secret St\nJo,jo@example.com,\n"))
    assert "ecret" not in str(caught.value)


@pytest.mark.parametrize("name", ["tiktok_us_description_row.csv", "tiktok_description_header.csv"])
def test_ids__a_raw_export_is_read_without_its_descriptions(name):
    frame = read_ids(DATA / name)
    assert frame["order_id"].tolist() == [f"58019400900000010{n}" for n in (1, 2, 2, 3, 4)]


def test_ids__nothing_else_is_taken_of_a_file(monkeypatch):
    taken = []

    def open_and_watch(name, content, *, id_names=None, told=()):
        table = tables.tables_csv.open_text(name, content, id_names=id_names)
        return [table._replace(columns=lambda places: taken.extend(places) or table.columns(places))]

    monkeypatch.setattr(tables, "open_tables", open_and_watch)
    read_ids(io.StringIO(f"Recipient,Order ID,Phone #\nSecret Person,{ID},5550100\n"))
    assert taken == [1]


def test_ids__of_two_columns_of_one_name_the_first_is_taken():
    assert read_ids(io.StringIO(f"order_id,x,order_id\n{ID},1,2\n"))["order_id"].tolist() == [ID]


def test_ids__several_files_one_after_another(tmp_path):
    for name, order_id in (("a_2.csv", 2), ("a_10.csv", 10), ("b.csv", 3)):
        (tmp_path / name).write_text(f"order_id\n{order_id}\n")
    frame = read_ids([tmp_path / "b.csv", str(tmp_path / "a_*.csv")])
    assert frame["order_id"].tolist() == ["3", "2", "10"]


def test_ids__numbers_of_a_workbook_show_what_they_lost(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([["order_id"], [ID], [580194009000000101], [12]]):
            sheet.write_row(number, 0, row)
    frame = read_ids(tmp_path / "a.xlsx")
    assert frame["order_id"].tolist() == [ID, "5.80194E+17", "12"]
    assert [*map(str, frame.attrs["notes"])] == [
        "a.xlsx: 1 order id lost the last digits in a spreadsheet (digits_lost); download it again."
    ]


@pytest.mark.parametrize(
    "text", ["order_id\n5.76461E+17\n5.76462E+17\n\n", "5.76461E+17\n", "Order ID,x\n5.7E17,1\n,2\n"]
)
def test_ids__a_file_of_which_all_are_rounded_is_refused(text):
    with pytest.raises(InputError, match="lost their last digits in a spreadsheet; download again"):
        read_ids(io.StringIO(text))


def test_id_column__of_any_header():
    assert id_column(["x", "Order ID"]) == 1
    assert id_column(["Order ID", "order_id"]) == 1
    assert id_column(["x", "Order ID"], "x") == 0
    with pytest.raises(InputError, match="the nearest is 'Order IDs'"):
        id_column(["Order IDs"])


@pytest.mark.parametrize(
    ("header", "column"), [(["Order Date"], None), (["note"], "nope"), (["Buyer"], "orders")]
)
def test_id_column__offers_nothing_that_is_not_near(header, column):
    with pytest.raises(InputError, match=f"name the one that holds the order ids.*There are: {header[0]}"):
        id_column(header, column)
