"""`columns=` and `currency=`: files whose headers are their own, and files that name no currency."""

import io

import pytest
import xlsxwriter

import ttsframe as tts
from ttsframe.errors import InputError
from ttsframe.readers import read_shopify_orders, read_tiktok_orders, read_tiktok_settlement

ID = "580194009000000101"
OTHER = "580194009000000102"
TIKTOK = {"Order number": "Order ID", "Paid": "Order Amount"}


def tiktok(text, **options):
    return read_tiktok_orders(io.StringIO(text), **options)


def notes(frame):
    return [note.text for note in frame.attrs["notes"]]


def test_columns__give_the_files_own_headers_a_meaning():
    frame = tiktok(f"Order number,Paid,Customer\n{ID},20.50,Jane\n", columns=TIKTOK)
    assert frame["order_id"].tolist() == [ID]
    assert frame["amount"].tolist() == [20.5]
    orders = io.StringIO("Order,Sum\n#1001,20.50\n")
    shopify = read_shopify_orders(orders, columns={"Order": "Name", "Sum": "Total"})
    assert (shopify["name"].tolist(), shopify["total"].tolist()) == (["#1001"], [20.5])
    income = io.StringIO(f"Order number,Payout\n{ID},18.00\n{ID},-2.00\n")
    names = {"Order number": "Order ID", "Payout": "Settlement amount"}
    settled = read_tiktok_settlement(income, columns=names)
    assert (settled["order_id"].tolist(), settled["settled_amount"].tolist()) == ([ID], [16.0])


def test_columns__are_compared_as_headers_are():
    assert tiktok(f"ORDER_NUMBER,paid\n{ID},1\n", columns=TIKTOK)["amount"].tolist() == [1]
    exact = tiktok(f"order number,Order number\n{OTHER},{ID}\n", columns={"Order number": "Order ID"})
    assert exact["order_id"].tolist() == [ID]


def test_columns__go_before_the_known_header_that_the_file_has_too():
    text = f"Order ID,Order Amount,Create Time,Paid,Made\n{ID},99,2026-01-02,20.50,2026-03-04\n"
    frame = tiktok(text, columns={"Paid": "Order Amount", "Made": "Created Time"})
    assert frame["amount"].tolist() == [20.5]
    assert frame["created_at"].astype(str).tolist() == ["2026-03-04"]


def test_columns__of_two_files_may_differ():
    files = [io.StringIO(f"Order number,Paid\n{ID},1\n"), io.StringIO(f"Bestellnummer,Paid\n{OTHER},2\n")]
    frame = read_tiktok_orders(files, columns={**TIKTOK, "Bestellnummer": "Order ID"})
    assert frame["order_id"].tolist() == [ID, OTHER]
    with pytest.raises(InputError, match=r"has 'Order number' and 'Bestellnummer', and only one can be"):
        tiktok(
            f"Order number,Bestellnummer,Paid\n{ID},{ID},1\n", columns={**TIKTOK, "Bestellnummer": "Order ID"}
        )


def test_columns__find_the_header_below_a_banner(tmp_path):
    text = f"My shop,March,,\n\nOrder number,Paid,Customer,City\n{ID},1.50,Jane,Rome\n"
    assert tiktok(text, columns=TIKTOK)["amount"].tolist() == [1.5]
    with xlsxwriter.Workbook(tmp_path / "orders.xlsx") as book:
        book.add_worksheet("About").write_row(0, 0, ["My shop", "March", "a", "b"])
        for month, order in (("March", ID), ("April", OTHER)):
            sheet = book.add_worksheet(month)
            for number, row in enumerate((["Banner"], ["Order number", "Paid"], [order, "2.50"])):
                sheet.write_row(number, 0, row)
    frame = read_tiktok_orders(tmp_path / "orders.xlsx", columns=TIKTOK)
    assert frame["order_id"].tolist() == [ID, OTHER]


def test_columns__that_the_file_lacks_are_refused_with_those_it_has():
    told = r"has no column 'Order nubmer' \(the nearest is 'Order number'\)\. It has: Order number, Paid\."
    with pytest.raises(InputError, match=told) as caught:
        tiktok(f"Order number,Paid\n{ID},1\n", columns={"Order nubmer": "Order ID"})
    assert caught.value.parameter == "columns"
    # A known header of the file does not stand in for the one that was named.
    with pytest.raises(InputError, match="has no column 'Paid amuont'"):
        tiktok(f"Order ID,Order Amount\n{ID},1\n", columns={"Paid amuont": "Order Amount"})


def test_columns__errors_show_no_row_of_data():
    with pytest.raises(InputError, match="first line has 3 cells: are they names of columns") as caught:
        tiktok(f"{ID},Jane Doe,20.50\n", columns=TIKTOK)
    assert "Jane" not in str(caught.value)


def test_columns__for_an_unknown_header_are_refused_with_the_known_closest_first():
    with pytest.raises(
        InputError, match=r"'Order Ammount', meant for the file's 'Paid', is not a header"
    ) as caught:
        tiktok(f"Order number,Paid\n{ID},1\n", columns={"Paid": "Order Ammount"})
    assert "There are: Order Amount, " in str(caught.value)
    assert ", Order ID, " in str(caught.value)
    assert str(caught.value).count(", ") > 20


@pytest.mark.parametrize("columns", [["Order number"], {"Order number": 1}, "Order number"])
def test_columns__must_be_a_dict_of_names(columns):
    with pytest.raises(InputError, match="must be a dict from the file's own header"):
        tiktok(f"Order number,Paid\n{ID},1\n", columns=columns)


def test_columns__are_named_where_a_needed_one_is_missing():
    with pytest.raises(
        InputError, match=r"by another name, say so with columns= \(reconcile: --tiktok-columns"
    ):
        tiktok("Order number,Order Status,Order Amount\nx,y,1\n")


def test_currency__is_that_of_a_file_without_one():
    frame = tiktok(f"Order ID,Order Amount\n{ID},1.50\n{OTHER},2\n", currency="eur")
    assert frame["currency"].tolist() == ["EUR", "EUR"]
    assert "2 TikTok orders without a currency, taken to be in EUR." in notes(frame)
    shopify = read_shopify_orders(io.StringIO("Name,Total\n#1001,2\n"), currency="EUR")
    assert shopify["currency"].tolist() == ["EUR"]
    assert "1 Shopify order without a currency, taken to be in EUR." in notes(shopify)
    income = io.StringIO(f"Order/adjustment ID,Total settlement amount\n{ID},2\n")
    settled = read_tiktok_settlement(income, currency="EUR")
    assert settled["currency"].tolist() == ["EUR"]
    assert "1 settled order without a currency, taken to be in EUR." in notes(settled)


def test_currency__of_the_file_stands_and_only_blanks_are_filled():
    text = f"Order ID,Order Amount,Currency\n{ID},1.50,USD\n{OTHER},2,\n580194009000000103,BRL 3,\n"
    frame = tiktok(text, currency="EUR")
    assert frame["currency"].tolist() == ["USD", "EUR", "BRL"]
    assert "1 TikTok order without a currency, taken to be in EUR." in notes(frame)
    full = tiktok(f"Order ID,Order Amount,Currency\n{ID},1.50,USD\n", currency="EUR")
    assert full["currency"].tolist() == ["USD"]
    assert not any("EUR" in note for note in notes(full))
    shopify = read_shopify_orders(io.StringIO("Name,Total,Currency\n#1,2,USD\n#2,2,\n"), currency="EUR")
    assert shopify["currency"].tolist() == ["USD", "EUR"]
    head = "Order/adjustment ID,Total settlement amount,Currency"
    income = io.StringIO(f"{head}\n{ID},2,USD\n{ID},3,\n{OTHER},4,\n")
    assert read_tiktok_settlement(income, currency="EUR")["currency"].tolist() == ["USD", "EUR"]


def test_currency__settles_what_a_point_before_three_digits_means():
    text = f"Order ID,Order Amount\n{ID},12.500\n"
    assert tiktok(text, currency="KWD")["amount"].tolist() == [12.5]
    assert tiktok(text, currency="EUR")["amount"].tolist() == [12500]
    income = f"Order/adjustment ID,Total settlement amount\n{ID},12.500\n"
    assert read_tiktok_settlement(io.StringIO(income), currency="KWD")["settled_amount"].tolist() == [12.5]


@pytest.mark.parametrize("currency", ["euro", "€", "", 1])
@pytest.mark.parametrize("read", [read_tiktok_orders, read_shopify_orders, read_tiktok_settlement])
def test_currency__must_be_a_code(read, currency):
    with pytest.raises(InputError, match=r"currency: .* is not a currency code such as EUR or USD"):
        read(io.StringIO("Name\n#1\n"), currency=currency)


def test_columns_and_currency__count_in_the_tie_out():
    text = f"Order number,Paid,Order Status\n{ID},1.50,Completed\n{OTHER},2.50,Completed\nTotal,4,\n"
    ours = tiktok(text, columns=TIKTOK, currency="EUR")
    export = io.StringIO(f"Order,Total,Tags\n#1,1.50,TikTokOrderID:{ID}\n")
    theirs = read_shopify_orders(export, columns={"Order": "Name"})
    lines = tts.match(ours, theirs).tie_out.query("side == 'TikTok'")
    assert lines["currency"].tolist() == ["EUR"] * 3
    assert dict(zip(lines["line"], lines["amount"], strict=True)) == {
        "in_files": 8,
        "totals": -4,
        "report_total": 4,
    }
