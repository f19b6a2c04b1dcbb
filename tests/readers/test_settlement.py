"""Settlement exports → one row an order; tables of ids for the command line; the developers' samples."""

import io
from pathlib import Path

import pytest
import xlsxwriter

from ttsframe import columns
from ttsframe.errors import InputError, TtsframeError
from ttsframe.readers import (
    id_column,
    read_ids,
    read_shopify_orders,
    read_tiktok_orders,
    read_tiktok_settlement,
    tables,
)

DATA = Path(__file__).parents[1] / "data" / "exports"
SAMPLES = Path(__file__).parents[3] / "shared" / "data"
ID = "580194009000000101"


def settle(text, **options):
    return read_tiktok_settlement(io.StringIO(text), **options)


def test_settlement__rows_of_an_order_are_summed_with_its_adjustments():
    frame = read_tiktok_settlement(DATA / "settlement_en.csv")
    assert list(frame.columns) == columns.names(columns.SETTLEMENTS)
    assert frame["order_id"].tolist() == ["580194009000000101", "580194009000000102"]
    assert frame["settled_amount"].tolist() == [22.10, 0.0]
    assert frame["currency"].tolist() == ["USD", "USD"]
    assert frame["settled_at"].dt.strftime("%Y-%m-%d").tolist() == ["2026-09-14", "2026-09-12"]
    assert frame["types"].tolist() == ["Order; Logistics reimbursement", "Order; Refund"]
    assert "settlement_en.csv: 4 rows, 2 orders." in [*map(str, frame.attrs["notes"])]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (
            "ID Pesanan/Penyesuaian,Jenis transaksi,Waktu pembayaran pesanan,Jumlah penyelesaian pembayaran",
            "Pesanan",
        ),
        ("ID do pedido/ajuste,Tipo de transação,Data do demonstrativo,Valor total a ser liquidado", "Pedido"),
        (
            "ID đơn hàng/điều chỉnh,Loại giao dịch,Thời gian quyết toán đơn hàng,Tổng số tiền quyết toán",
            "Đơn hàng",
        ),
    ],
)
def test_settlement__localised_headers(header, kind):
    frame = settle(f"{header}\n{ID},{kind},2026/09/10,-11.50\n")
    assert frame["order_id"].tolist() == [ID]
    assert frame["settled_amount"].tolist() == [-11.5]
    assert frame["types"].tolist() == [kind]
    assert frame["settled_at"].notna().all()


def test_settlement__the_header_may_stand_on_row_five_of_the_right_sheet(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "income.xlsx") as book:
        book.add_worksheet("Reports").write_row(0, 0, ["Report", "Total settlement amount"])
        sheet = book.add_worksheet("Order details")
        rows = [["Disclaimer"], ["Download time", "2026-06-12"], ["Total", "1"], []]
        rows += [["Type", "Order/adjustment ID", "Related order ID", "Total settlement amount"]]
        rows += [["Order", ID, ID, 13.76], ["Adjustment", "74", ID, -1]]
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    frame = read_tiktok_settlement(tmp_path / "income.xlsx")
    assert frame["order_id"].tolist() == [ID]
    assert frame["settled_amount"].tolist() == [12.76]
    assert any("sheet 'Order details' was read" in note for note in map(str, frame.attrs["notes"]))


def test_settlement__zones_in_headers_and_plain_order_ids():
    frame = settle(f"Order ID,Order settled time(UTC),Settlement amount\n{ID},2026/09/10,5\n")
    assert frame["order_id"].tolist() == [ID]
    assert frame["settled_at"].notna().all()
    with pytest.raises(InputError, match="is a TikTok settlement export"):
        read_tiktok_orders(io.StringIO(f"Order ID,Settlement amount\n{ID},5\n"))


def test_settlement__estimates_are_told():
    frame = settle(f"Type,Order/adjustment ID,Total estimated settlement amount\nOrder,{ID},13.76\n")
    assert frame["settled_amount"].tolist() == [13.76]
    assert any(
        "nothing of these amounts has been paid out" in note for note in map(str, frame.attrs["notes"])
    )


def test_settlement__rows_of_overlapping_files_are_counted_once(tmp_path):
    header = "Order/adjustment ID,Type,Total settlement amount\n"
    (tmp_path / "1.csv").write_text(f"{header}1,Order,5\n2,Fee,-1\n2,Fee,-1\n")
    (tmp_path / "2.csv").write_text(f"{header}2,Fee,-1\n2,Fee,-1\n2,Refund,-3\n")
    frame = read_tiktok_settlement([tmp_path / "1.csv", tmp_path / "2.csv"])
    assert frame["settled_amount"].tolist() == [5, -5]
    assert "2 rows standing in more than one file, counted once." in [*map(str, frame.attrs["notes"])]


def test_settlement__lost_missing_and_mixed_are_told():
    frame = settle("Order/adjustment ID,Total settlement amount\n5.8E+17,1\n/,2\n7,EUR 3\n7,USD 4\n,\n")
    assert frame["order_id"].tolist() == ["7"]
    told = "\n".join([*map(str, frame.attrs["notes"])])
    assert "1 row left out, whose order ids lost" in told
    assert "1 row without an order id" in told
    assert "1 order settled in several currencies" in told
    with pytest.raises(InputError, match="lost their last digits"):
        settle("Order/adjustment ID,Total settlement amount\n5.8E+17,1\n")


def test_settlement__the_amount_is_needed():
    with pytest.raises(InputError, match="has no column Total settlement amount"):
        settle(f"Order/adjustment ID,Type\n{ID},Order\n")


def test_settlement__a_header_alone_is_an_empty_frame():
    frame = settle("Order/adjustment ID,Total settlement amount\n")
    assert frame.empty
    assert list(frame.columns) == columns.names(columns.SETTLEMENTS)


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
    with pytest.raises(InputError, match=r"no column Ordr; name the .* There are: Quantity, x\."):
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

    def open_and_watch(name, content, *, id_names=None):
        table = tables.tables_csv.open_text(name, content, id_names=id_names)
        return table._replace(columns=lambda places: taken.extend(places) or table.columns(places))

    monkeypatch.setattr(tables, "open_table", open_and_watch)
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
    assert id_column(["x", "Order ID"]) == "Order ID"
    assert id_column(["Order ID", "order_id"]) == "order_id"
    assert id_column(["x", "Order ID"], "x") == "x"
    with pytest.raises(InputError, match="the nearest is 'Order IDs'"):
        id_column(["Order IDs"])


@pytest.mark.parametrize(
    ("header", "column"), [(["Order Date"], None), (["note"], "nope"), (["Buyer"], "orders")]
)
def test_id_column__offers_nothing_that_is_not_near(header, column):
    with pytest.raises(InputError, match=f"name the one that holds the order ids.*There are: {header[0]}"):
        id_column(header, column)


# What each of the developers' samples comes to: orders read, or the words of its refusal.
READ = {
    "tiktok/tiktok_ID_22col_localised_status.csv": 1,
    "tiktok/tiktok_ID_24col_description_row_OrderSKUList.xlsx": 2,
    "tiktok/tiktok_MY_33col_tab_rows_under_comma_header_scrubbed.csv": 1,
    "tiktok/tiktok_SG_crossborder_zh_7col.csv": 1,
    "tiktok/tiktok_TH_63col_trailing_tabs.csv": 2,
    "tiktok/tiktok_TH_bom_trailing_tabs_20col.csv": 3,
    "tiktok/tiktok_US_11col_ampm.csv": 2,
    "tiktok/tiktok_US_58col_constructed.csv": 9,
    "tiktok/tiktok_US_58col_description_row_constructed.csv": 9,
    "tiktok/tiktok_US_58col_excel_mangled_constructed.csv": "lost their last digits",
    "tiktok/tiktok_US_fixture_tiktok_orders.csv": 4,
    "tiktok/tiktok_US_fixture_tiktok_shop_orders.csv": 5,
    "tiktok/tiktok_VN_10col_mock_trailing_tabs.csv": 3,
    "tiktok/tiktok_xlsx_bad_dimension_A1_constructed.xlsx": 2,
    "shopify/shopify_24col_fixture_EUR.csv": 1,
    "shopify/shopify_37col_synthetic_statuses.csv": 4,
    "shopify/shopify_79col_fixture.csv": 1,
    "shopify/shopify_79col_with_tiktok_orders_constructed.csv": 10,
    "shopify/shopify_devstore_79col_scrubbed.csv": 51,
    "shopify/shopify_excel_mangled_38col_scrubbed.csv": 94,
    "shopify/shopify_ltv_fixture_7col.csv": 8,
    "shopify/shopify_ltv_sample_9col.csv": 127,
    "shopify/shopify_metafields_gid_1row.csv": "is a Shopify metafields export",
    "shopify/shopify_payment_transactions_export_synthetic.csv": "is a Shopify payment transactions export",
    "settlement/Onhold-unsettled-orders-2026_06_01-2026_06_12(UTC-7).xlsx": 1,
    "settlement/tiktok_income_VN_7col_localised_header.xlsx": "has no column Total settlement amount",
    "settlement/tiktok_settlement_EN_12col_synthetic.csv": 2,
    "settlement/tiktok_settlement_ID_14col_synthetic.xlsx": 2,
}
READERS = {"tiktok": read_tiktok_orders, "shopify": read_shopify_orders, "settlement": read_tiktok_settlement}


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the developers' samples are not here")
@pytest.mark.parametrize("name", sorted(READ))
def test_samples__each_is_read_or_refused(name):
    reader = READERS[name.partition("/")[0]]
    if isinstance(READ[name], str):
        with pytest.raises(TtsframeError, match=READ[name]):
            reader(SAMPLES / name)
    else:
        assert len(reader(SAMPLES / name)) == READ[name]


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the developers' samples are not here")
def test_samples__none_is_forgotten():
    there = {f"{folder}/{path.name}" for folder in READERS for path in (SAMPLES / folder).iterdir()}
    assert there == set(READ)


def test_settlement__totals_are_no_orders():
    text = "Order/adjustment ID,Total settlement amount\n1,5\n2,6\nGrand Total,11\n"
    frame = read_tiktok_settlement(io.StringIO(text))
    assert frame["order_id"].tolist() == ["1", "2"]
    assert any("1 row of totals left out" in str(note) for note in map(str, frame.attrs["notes"]))


def test_settlement__amounts_of_three_decimals_keep_them():
    text = "Order/adjustment ID,Currency,Total settlement amount\n1,KWD,1.255\n2,KWD,12.500\n"
    assert read_tiktok_settlement(io.StringIO(text))["settled_amount"].tolist() == [1.255, 12.5]
