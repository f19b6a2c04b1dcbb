"""Which files are read, what is refused, and how a text or a workbook becomes a table."""

import io
import os
import zipfile

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

import ttsframe as tts
from ttsframe.errors import InputError
from ttsframe.readers import (
    excel_limits,
    files,
    read_ids,
    read_shopify_orders,
    read_tiktok_orders,
    read_tiktok_settlement,
    tables,
    tables_csv,
)

HEADER = "Order ID,Order Status,Order Amount"
ROW = "580194009000000101,Completed,1.50"


def write(path, text=f"{HEADER}\n{ROW}\n", encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def workbook(path, sheets):
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def ids_of(content):
    return read_tiktok_orders(io.BytesIO(content))["order_id"].tolist()


def test_sources__an_existing_file_wins_over_a_glob(tmp_path):
    write(tmp_path / "export [1].csv")
    write(tmp_path / "export 1.csv", f"{HEADER}\n999,Completed,1\n")
    assert read_tiktok_orders(str(tmp_path / "export [1].csv"))["order_id"].tolist() == ["580194009000000101"]


def test_sources__a_glob_is_read_in_the_order_of_numbers(tmp_path):
    for number in (10, 2, 1):
        write(tmp_path / f"export_{number}.csv", f"{HEADER}\n{number},Completed,1\n")
    (tmp_path / "~$export_3.csv").write_bytes(b"lock")
    frame = read_tiktok_orders(tmp_path / "*.csv")
    assert frame["source_file"].tolist() == ["export_1.csv", "export_2.csv", "export_10.csv"]


def test_sources__a_glob_without_a_match_names_the_folder_and_what_is_in_it(tmp_path, monkeypatch):
    (tmp_path / "exports").mkdir()
    for name in ("Notes.txt", "orders_export_1.csv", ".hidden", "~$open.xlsx", *(f"z{n}" for n in range(9))):
        write(tmp_path / "exports" / name)
    (tmp_path / "exports" / "orders").mkdir()
    folder = tmp_path / "exports"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        read_tiktok_orders("exports/order_*.csv")
    assert caught.value.message == (
        f"no file matches 'exports/order_*.csv': the folder {folder} holds orders{os.sep}, "
        "orders_export_1.csv, Notes.txt, z0, z1 and 7 more."
    )


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("there/*.csv", "the folder {}/there is empty."),
        ("there/*/a.csv", "the folder {}/there is empty."),
        ("nowhere/2026/*.csv", "there is no folder {}/nowhere/2026."),
        ("nowhere/a.csv", "there is no folder {}/nowhere."),
        ("there/a.csv", "the folder {}/there is empty."),
    ],
)
def test_sources__the_folder_that_was_searched_is_named(pattern, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError) as caught:
        read_shopify_orders(pattern)
    assert caught.value.message.endswith(told.format(tmp_path))


def test_sources__one_file_twice_is_read_once(tmp_path):
    path = write(tmp_path / "a.csv")
    frame = read_tiktok_orders([path, str(path), tmp_path / "*.csv"])
    assert len(frame) == 1
    assert "2 files were given twice and read once." in [*map(str, frame.attrs["notes"])]


def test_sources__two_files_of_one_name_are_told_apart(tmp_path):
    for number, folder in enumerate(("x", "y")):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "a.csv", f"{HEADER}\n{number},Completed,1\n")
    frame = read_tiktok_orders([tmp_path / "x" / "a.csv", tmp_path / "y" / "a.csv"])
    assert frame["source_file"].nunique() == 2


def test_sources__home_and_names_of_handles(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write(tmp_path / "a.csv")
    assert len(read_tiktok_orders("~/a.csv")) == 1
    with (tmp_path / "a.csv").open(encoding="utf-8") as handle:
        assert read_tiktok_orders(handle)["source_file"].tolist() == ["a.csv"]
    assert read_tiktok_orders(io.StringIO(f"{HEADER}\n{ROW}"))["source_file"].tolist() == ["file 1"]


def test_sources__what_is_no_file_is_refused(tmp_path):
    write(tmp_path / "orders.csv")
    for paths, message in (
        (tmp_path, "is a folder: name the files in it"),
        (tmp_path / "order.csv", "there is no file .*did you mean .*orders.csv"),
        (tmp_path / "nowhere" / "x.csv", "there is no file .*there is no folder .*nowhere"),
        (str(tmp_path / "*.xlsx"), "no file matches"),
        ([], "no file was given"),
        (None, "not NoneType"),
        (5, "not int"),
        ([5], "not int"),
        ("x" * 5000, "is not the name of a file|there is no file"),
    ):
        with pytest.raises(InputError, match=message):
            read_tiktok_orders(paths)


def test_sources__a_frame_is_no_path(tmp_path):
    frame = read_tiktok_orders(write(tmp_path / "a.csv"))
    with pytest.raises(InputError, match="not DataFrame"):
        read_tiktok_orders(frame)


def test_sources__a_handle_that_cannot_be_read_is_told(tmp_path):
    path = write(tmp_path / "a.csv", f"{HEADER}\n1,für,1\n", "cp1252")
    with path.open(encoding="utf-8") as handle, pytest.raises(InputError, match=r"wrong encoding: .*'rb'"):
        read_tiktok_orders(handle)
    with pytest.raises(InputError, match="closed file"):
        read_tiktok_orders(handle)
    with pytest.raises(InputError, match="neither text nor bytes"):
        read_tiktok_orders(type("Odd", (), {"read": lambda self: 5})())


def test_sources__unreadable_is_told(tmp_path, monkeypatch):
    path = write(tmp_path / "a.csv")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"a\.csv may not be read: change its permissions"):
        read_tiktok_orders(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\t\n", "is empty"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"\n<!DOCTYPE html><html>", "is a web page"),
        (b"<html><body>log in", "is a web page"),
        (b'<?xml version="1.0"?>', "is an XML file"),
        (b'{"data": []}', "is a JSON file without Shopify orders"),
        (b'{\n  "data": []\n}', "is a JSON file whose line 1 is not a JSON object"),
        (b"\x1f\x8b\x08\x00", "is compressed"),
        (b"PK\x03\x04 broken", "damaged or cut short"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "damaged workbook"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        (b"\x00\x01\x02\x03" * 100, "is not a text table"),
        (f'{HEADER}\n"580194009000000101,Completed,1\n'.encode(), "a quotation mark is never closed"),
        (b"\n\nsome words,\nof a letter,\n", "has no column Order ID. Its first line has 1 cell: are they"),
    ],
)
def test_content__that_is_no_export_is_refused_by_what_it_is(content, message):
    with pytest.raises(InputError, match=message):
        read_tiktok_orders(io.BytesIO(content))


def test_content__a_zip_of_exports_is_not_a_workbook():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("orders.csv", "Order ID\n1\n")
    with pytest.raises(InputError, match="is a ZIP archive: unpack it"):
        read_tiktok_orders(io.BytesIO(held.getvalue()))


def test_content__a_truncated_workbook_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"OrderSKUList": [HEADER.split(","), ROW.split(",")]})
    content = path.read_bytes()
    with pytest.raises(InputError, match="damaged"):
        read_tiktok_orders(io.BytesIO(content[: len(content) // 2]))
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as whole, zipfile.ZipFile(held, "w") as broken:
        for member in whole.namelist():
            broken.writestr(member, b"<bro" if member.endswith("sheet1.xml") else whole.read(member))
    with pytest.raises(InputError, match="damaged workbook"):
        read_tiktok_orders(io.BytesIO(held.getvalue()))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_text__encodings(encoding):
    text = f"{HEADER}\n580194009000000101,ยกเลิกแล้ว,1\n"
    if encoding in ("utf-16-le", "utf-16-be"):
        text = text.replace("ยกเลิกแล้ว", "Canceled")  # Without its mark UTF-16 is known by a Latin header.
    frame = read_tiktok_orders(io.BytesIO(text.encode(encoding)))
    assert frame["order_id"].tolist() == ["580194009000000101"]
    assert frame["cancelled"].tolist() == [True]


def test_text__windows_1252_is_read_and_told():
    frame = read_tiktok_orders(io.BytesIO(f"{HEADER}\n1,Erledigt für Sie,1\n".encode("cp1252")))
    assert frame["status"].tolist() == ["Erledigt für Sie"]
    assert any("not UTF-8" in note for note in map(str, frame.attrs["notes"]))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text__separators_and_line_ends(separator, end):
    rows = [
        HEADER.split(","),
        ["580194009000000101\t" if separator != "\t" else "580194009000000101", "To ship", "1.50"],
    ]
    text = end.join(separator.join(row) for row in rows) + end
    frame = read_tiktok_orders(io.BytesIO(text.encode()))
    assert frame["order_id"].tolist() == ["580194009000000101"]
    assert frame["amount"].tolist() == [1.5]


def test_text__two_columns_with_trailing_tabs_keep_their_comma():
    content = b"Order ID,Order Status\n580194009000000101\t,Canceled\t\n"
    assert read_tiktok_orders(io.BytesIO(content))["cancelled"].tolist() == [True]


def test_text__semicolons_and_decimal_commas_of_a_european_spreadsheet():
    content = b"sep=;\nOrder ID;Order Status;Order Amount\n580194009000000101;Done;1.234,50\n5;Done;2.000\n"
    frame = read_tiktok_orders(io.BytesIO(content))
    assert frame["amount"].tolist() == [1234.5, 2000.0]


def test_text__blank_lines_and_banners_stand_before_the_header():
    content = f"\n\nDownloaded at,2026-01-01\n,,\n{HEADER}\n{ROW}\n".encode()
    assert ids_of(content) == ["580194009000000101"]


def test_text__lines_that_are_one_quoted_cell_are_unwrapped():
    content = b'"Order ID,Order Status,Product Name"\n"580194009000000101,Completed,""a, b"""\n'
    frame = read_tiktok_orders(io.BytesIO(content))
    assert frame["order_id"].tolist() == ["580194009000000101"]
    assert any("one quoted cell" in note for note in map(str, frame.attrs["notes"]))


def test_text__of_separators_alone_is_refused():
    with pytest.raises(InputError):
        read_tiktok_orders(io.BytesIO(b",,"))


def test_text__line_breaks_and_separators_within_cells():
    content = (
        b'Order ID,Product Name,Order Status,Order Amount\n5,"a,\n""b"" c",Completed,2\n6,x,Canceled,3\n'
    )
    frame = read_tiktok_orders(io.BytesIO(content))
    assert frame["order_id"].tolist() == ["5", "6"]
    assert frame["amount"].tolist() == [2.0, 3.0]


def test_text__short_and_long_rows_lose_no_order():
    frame = read_tiktok_orders(
        io.BytesIO(b"Order ID,Order Status,Order Amount\n5\n6,Canceled,3,x,y\n7,Completed,\n")
    )
    assert frame["order_id"].tolist() == ["5", "6", "7"]
    assert np.isnan(frame["amount"].iloc[0])


def test_text__only_wanted_columns_are_taken():
    (table,) = tables.open_tables("f", b"Order ID,Recipient,Order Amount\n5,Secret Person,2\n")
    assert [column.tolist() for column in table.columns([2, 0])] == [["2"], ["5"]]


def test_workbook__all_sheets_of_orders_are_read(tmp_path):
    months = {
        "October": [["Order ID", "Order Amount", "Checked"], ["5", "10.00", "yes"], ["6", "11.00", ""]],
        "Refunds": [["Order ID", "Order Refund Amount"], ["5", "10.00"]],
        "Notes": [["Call them"]],
        "November": [["Order Amount", "Order ID"], ["12.00", "7"], ["11.50", "6"]],
    }
    frame = read_tiktok_orders(workbook(tmp_path / "a.xlsx", months))
    assert frame["order_id"].tolist() == ["5", "6", "7"]
    assert frame["amount"].tolist() == [10.0, 11.5, 12.0]
    assert frame["source_file"].tolist() == [
        f"a.xlsx, sheet {name}" for name in ("October", "November", "November")
    ]
    told = [note.text for note in frame.attrs["notes"]]
    assert "a.xlsx: sheets 'October', 'November' were read, of 4." in told
    assert read_ids(tmp_path / "a.xlsx")["order_id"].tolist() == ["5", "6", "7", "6"]


def test_workbook__bare_ids_of_several_sheets_are_read(tmp_path):
    sheets = {"A": [["580194009000000101"]], "B": [["580194009000000102"]], "C": [["by hand"]]}
    frame = read_ids(workbook(tmp_path / "a.xlsx", sheets))
    assert frame["order_id"].tolist() == ["580194009000000101", "580194009000000102"]


def test_workbook__numbers_that_held_ids_are_lost(tmp_path):
    rows = [["Order ID", "Order Amount"], [580194009000000101, 1], [580194009000000102, 2]]
    with pytest.raises(InputError, match="lost their last digits in a spreadsheet; download again"):
        read_tiktok_orders(workbook(tmp_path / "a.xlsx", {"S": rows}))


def test_workbook__cells_become_text(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path, {"remove_timezone": True}) as book:
        sheet = book.add_worksheet("S")
        day = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write_row(0, 0, ["Order ID", "Order Amount", "Created Time", "Order Status"])
        sheet.write_row(1, 0, [12345, 1234.567])
        sheet.write_number(1, 2, 45413.5, day)
        sheet.write_boolean(1, 3, True)  # noqa: FBT003
    frame = read_tiktok_orders(path)
    assert frame["order_id"].tolist() == ["12345"]
    assert frame["amount"].tolist() == [1234.567]
    assert str(frame["created_at"].iloc[0]) == "2024-05-01 12:00:00"
    assert frame["status"].tolist() == ["TRUE"]


def test_workbook__the_sheet_of_orders_is_found(tmp_path):
    orders = [HEADER.split(","), ROW.split(",")]
    path = workbook(tmp_path / "a.xlsx", {"Notes": [["Read me"]], "Data": orders})
    frame = read_tiktok_orders(path)
    assert len(frame) == 1
    assert any("sheet 'Data' was read" in note for note in map(str, frame.attrs["notes"]))
    path = workbook(tmp_path / "b.xlsx", {"Data": [["Order ID", "x"], ["7", ""]], "OrderSKUList": orders})
    assert read_tiktok_orders(path)["order_id"].tolist() == ["580194009000000101"]


def test_workbook__an_empty_one_is_refused(tmp_path):
    with pytest.raises(InputError, match="nothing in its sheets"):
        read_tiktok_orders(workbook(tmp_path / "a.xlsx", {"S": []}))


def test_workbook__a_row_element_per_cell_and_a_false_dimension(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"OrderSKUList": [HEADER.split(","), ROW.split(",")]})
    letters = "ABC"

    def row(number, values):
        cells = (
            f'<row r="{number}"><c r="{letter}{number}" t="inlineStr"><is><t>{value}</t></is></c></row>'
            for letter, value in zip(letters, values, strict=True)
        )
        return "".join(cells)

    sheet = (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="A1"/><sheetData>{row(1, HEADER.split(","))}{row(2, ROW.split(","))}'
        "</sheetData></worksheet>"
    )
    held = io.BytesIO()
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(held, "w") as changed:
        for member in whole.namelist():
            changed.writestr(member, sheet if member.endswith("sheet1.xml") else whole.read(member))
    frame = read_tiktok_orders(io.BytesIO(held.getvalue()))
    assert frame["order_id"].tolist() == ["580194009000000101"]
    assert frame["amount"].tolist() == [1.5]


def workbook_of(rows):
    """A workbook with this text as the rows of its only sheet."""
    held, changed = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        book.add_worksheet("S")
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{rows}</sheetData></worksheet>"
    )
    with zipfile.ZipFile(held) as whole, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in whole.namelist():
            archive.writestr(member, sheet if member.endswith("sheet1.xml") else whole.read(member))
    return changed.getvalue()


def text_cell(reference, text):
    return f'<c{reference} t="inlineStr"><is><t>{text}</t></is></c>'


FIRST, SECOND = text_cell(' r="A1"', "Order ID"), text_cell(' r="A2"', "580194009000000101")
TWO_ROWS = f'<row r="1">{FIRST}</row><row r="2">{SECOND}</row>'


@pytest.mark.parametrize(
    "row",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
        '<row r="1048576"><c\n r = "XFD1048576"><v>1</v></c></row>',
        '<x:row r="1048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
        '<row><c r="xfd1048576"><v>1</v></c></row>',
        '<row r="99999999999999999999"><c><v>1</v></c></row>',
        "<row>" + "<c><v>1</v></c>" * 5000 + "</row>" + "<row><c><v>1</v></c></row>" * 5000,
    ],
    ids=["far cell", "quotes", "blanks", "namespace", "lower case", "far row", "no references"],
)
def test_workbook__a_cell_far_outside_the_table_is_refused(row):
    with pytest.raises(InputError, match="has a cell far outside its table: delete the rows below it"):
        read_tiktok_orders(io.BytesIO(workbook_of(TWO_ROWS + row)))


def test_workbook__an_extra_cell_nearby_and_cells_without_references_are_read():
    near = '<row r="9"><c r="ZZ9"><v>1</v></c></row>'
    assert ids_of(workbook_of(TWO_ROWS + near)) == ["580194009000000101"]
    bare = TWO_ROWS
    for reference in ("A1", "A2", "1", "2"):
        bare = bare.replace(f' r="{reference}"', "")
    assert ids_of(workbook_of(bare)) == ["580194009000000101"]


def test_workbook__text_that_looks_like_a_far_cell_is_text():
    cell = text_cell(' r="A3"', '&lt;c r="XFD1048576"&gt; :c x')
    assert ids_of(workbook_of(f'{TWO_ROWS}<row r="3">{cell}</row>'))[1] == '<c r="XFD1048576"> :c x'


def test_workbook__a_zip_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(excel_limits, "_MIN_BYTES_OF_A_BOMB", 1 << 20)
    with pytest.raises(InputError, match="unpacks to far more than an export holds"):
        read_tiktok_orders(io.BytesIO(workbook_of(TWO_ROWS + "<row/>" * 1_000_000)))


def test_workbook__the_unpacked_size_has_a_limit(monkeypatch):
    monkeypatch.setattr(excel_limits, "_MAX_UNPACKED_BYTES", 1 << 10)
    with pytest.raises(InputError, match="unpacks to far more than an export holds"):
        read_tiktok_orders(io.BytesIO(workbook_of(TWO_ROWS)))


def test_workbook__broken_xml_is_damaged():
    with pytest.raises(InputError, match="damaged workbook"):
        read_tiktok_orders(io.BytesIO(workbook_of(TWO_ROWS + '<row a="1" a="2"><c><v>1</v></c></row>')))


@pytest.mark.parametrize("member", ["content.xml", "xl/workbook.bin"])
def test_workbook__other_kinds_are_refused(member):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(member, "x")
    with pytest.raises(InputError, match="workbook of another kind: save it as XLSX or CSV"):
        read_tiktok_orders(io.BytesIO(held.getvalue()))


def test_text__a_header_line_of_any_length_is_read_whole():
    names = ",".join(f"A column with a rather long name, number {n}".replace(",", "") for n in range(9000))
    content = f"Downloaded\n{names},Order ID\n{',' * 9000}580194009000000101\n".encode()
    assert content.index(b"Order ID") > 1 << 18
    assert ids_of(content) == ["580194009000000101"]


def test_text__lines_of_megabytes_and_too_many_columns_are_refused(monkeypatch):
    with pytest.raises(InputError, match="20,001 columns, which no export has"):
        read_tiktok_orders(io.BytesIO(f"Order ID{',a' * 20_000}\n5\n".encode()))
    monkeypatch.setattr(tables_csv, "_MAX_LINE_BYTES", 1 << 10)
    for content in (f"Order ID,Status\n5,{'x' * 3000}\n", f"Order ID,{'x' * 3000}\n5,\n", "," * 3000):
        with pytest.raises(InputError, match="a line of several megabytes"):
            read_tiktok_orders(io.BytesIO(content.encode()))


@pytest.mark.parametrize("bom", ["ï»¿", "\ufeff", "\ufeffï»¿", "\ufeff\ufeff"])
def test_text__a_mark_encoded_twice_is_no_part_of_the_header(bom):
    frame = read_tiktok_orders(io.BytesIO(f"{bom}{HEADER}\n{ROW}\n".encode()))
    assert frame["order_id"].tolist() == ["580194009000000101"]


def test_text__nul_bytes_do_not_cut_an_id():
    rows = "".join(f"{580194009000000200 + n},Completed,1\n" for n in range(99))
    frame = read_tiktok_orders(io.BytesIO(f"{HEADER}\n{rows}580194\x00009000000101,Completed,1\n".encode()))
    assert frame["order_id"].tolist()[-1] == "580194\ufffd009000000101"
    assert any("NUL bytes" in str(note) for note in map(str, frame.attrs["notes"]))
    assert ids_of(f"{HEADER}\n{ROW}\n".encode() + bytes(5000)) == ["580194009000000101"]


SHOPIFY = "Name,Financial Status,Lineitem name,Total\n#1,paid,x,1\n"
SETTLEMENT = "Order/adjustment ID,Total settlement amount\n1,1\n"


@pytest.mark.parametrize(
    ("reader", "content", "message"),
    [
        (
            read_tiktok_orders,
            SHOPIFY,
            "is a Shopify order export, not a TikTok .*: read it with read_shopify_orders",
        ),
        (read_shopify_orders, f"{HEADER}\n{ROW}\n", "is a TikTok Seller Center order export, not a Shopify"),
        (read_tiktok_orders, SETTLEMENT, "is a TikTok settlement export.*read_tiktok_settlement"),
        (read_shopify_orders, SETTLEMENT, "is a TikTok settlement export"),
        (read_tiktok_settlement, f"{HEADER}\n{ROW}\n", "is a TikTok Seller Center order export"),
        (
            read_shopify_orders,
            "Order,Name,Kind,Gateway,Created At,Status,Amount\n",
            "order transactions export",
        ),
        (
            read_shopify_orders,
            "Order GID,Order name,Metafield key,Metafield value\n",
            "Shopify metafields export",
        ),
        (
            read_tiktok_orders,
            "Return Order ID,Order ID,Return Type,Return Reason\n",
            "return and refund export",
        ),
        (
            read_tiktok_orders,
            "Order ID,Creator Username,Content ID,Commission rate\n",
            "affiliate order export",
        ),
    ],
)
def test_detect__another_export_is_refused_by_name(reader, content, message):
    with pytest.raises(InputError, match=message):
        reader(io.StringIO(content))


@pytest.mark.parametrize(
    ("reader", "header"),
    [
        (read_shopify_orders, "Payout Date,Status,Charges,Refunds,Fees,Total"),
        (read_shopify_orders, "Customer ID,First Name,Last Name,Email,Total Spent"),
        (read_shopify_orders, "Handle,Title,Body (HTML),Vendor,Variant SKU"),
        (read_tiktok_orders, "product_id,category,product_name,sku_id,price"),
    ],
)
def test_detect__an_export_without_orders_lacks_their_column(reader, header):
    with pytest.raises(InputError, match=r"has no column (Name or Id|Order ID)"):
        reader(io.StringIO(f"{header}\n"))


def test_detect__missing_columns_are_named_at_once_with_the_nearest():
    header = "Order Nr,Order Status,Type,Total settlment amount\n"
    with pytest.raises(InputError) as caught:
        read_tiktok_settlement(io.StringIO(header))
    message = str(caught.value)
    assert "Order/adjustment ID" in message
    assert "Total settlement amount (the nearest is 'Total settlment amount')" in message
    with pytest.raises(
        InputError, match=r"no column Order ID \(the nearest is 'Order I'\)\. It has: Order I, Quantity"
    ):
        read_tiktok_orders(io.StringIO("Order I,Quantity\n1,2\n"))


def test_detect__a_row_of_data_is_not_shown_as_a_header():
    with pytest.raises(InputError) as caught:
        read_shopify_orders(io.StringIO("#1001,secret@example.com,Secret Person\n"))
    assert "ecret" not in str(caught.value)


def test_notes__have_kinds_and_survive_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    content = "Order ID,Order Amount\n1,5\n1,6\n5.80194E+17,3\nTotal,11\n"
    frame = read_tiktok_orders(io.StringIO(content))
    assert {note.kind for note in frame.attrs["notes"]} == {"count", "left_out", "warning"}
    frame.to_parquet(tmp_path / "orders.parquet")
    shopify = read_shopify_orders(io.StringIO("Name,Financial Status,Total\n#1,paid,5\n"))
    result = tts.match(pd.read_parquet(tmp_path / "orders.parquet"), shopify)
    assert [note for note in frame.attrs["notes"] if note not in result.notes] == []
