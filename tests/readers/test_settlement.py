"""Settlement exports → one row per order."""

import io
from pathlib import Path

import pytest
import xlsxwriter

from ttsframe import columns
from ttsframe.errors import InputError
from ttsframe.readers import read_tiktok_orders, read_tiktok_settlement

DATA = Path(__file__).parents[1] / "data" / "exports"
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


def test_settlement__totals_are_no_orders():
    text = "Order/adjustment ID,Total settlement amount\n1,5\n2,6\nGrand Total,11\n"
    frame = read_tiktok_settlement(io.StringIO(text))
    assert frame["order_id"].tolist() == ["1", "2"]
    assert any("1 row of totals left out" in str(note) for note in map(str, frame.attrs["notes"]))


def test_settlement__amounts_of_three_decimals_keep_them():
    text = "Order/adjustment ID,Currency,Total settlement amount\n1,KWD,1.255\n2,KWD,12.500\n"
    assert read_tiktok_settlement(io.StringIO(text))["settled_amount"].tolist() == [1.255, 12.5]
