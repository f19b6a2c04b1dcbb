"""The workbook, opened by two other programs."""

from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from support.match_frames import S1, S2, T1, T2, T3, marked, shopify, tiktok
from support.report_sample import sample_report

from ttsframe.columns import TIKTOK_ORDERS, Column, conform
from ttsframe.errors import InputError
from ttsframe.matching import match
from ttsframe.report import excel, save_frame, write_excel
from ttsframe.report.cells import LONG_NUMBERS_IN_EXCEL

FORMULAS = ["=1+1", "+1", "-1", "@A1", "\t=1", '="577092126219211281"', "http://example.com"]


@pytest.fixture(scope="module")
def report():
    made = sample_report(300)
    rows = made.orders.copy()
    rows.loc[range(len(FORMULAS)), "reason"] = FORMULAS
    return replace(made, orders=rows)


@pytest.fixture(scope="module")
def path(report, tmp_path_factory):
    return write_excel(report, tmp_path_factory.mktemp("book") / "report.xlsx")


@pytest.fixture(scope="module")
def book(path):
    return openpyxl.load_workbook(path)


def test_write_excel__has_a_sheet_for_each_status_that_needs_work(book):
    assert book.sheetnames == [
        "Summary",
        "Needs review",
        "By day",
        "By reason",
        "Orders",
        "Amount differs",
        "State differs",
        "Duplicate",
        "Conflict",
        "Only TikTok",
        "Only Shopify",
        "Unknown",
        "About",
    ]


def test_write_excel__ids_are_whole_text_for_calamine(path, report):
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Orders").to_python()
    assert rows[0] == list(report.orders.columns)
    assert [row[0] for row in rows[1:]] == report.orders["order_id"].fillna("").tolist()
    assert [row[1] for row in rows[1:]] == report.orders["shopify_id"].fillna("").tolist()


def test_write_excel__ids_are_text_cells_for_openpyxl(book, report):
    cells = [row[0] for row in book["Orders"].iter_rows(min_row=2)]
    assert {cell.number_format for cell in cells} == {"@"}
    assert [cell.value for cell in cells] == report.orders["order_id"].tolist()


def test_write_excel__no_cell_is_or_starts_a_formula(book):
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    formulas = [cell for cell in cells if cell.data_type == "f"]
    # Our own: the totals of the summary.
    assert {cell.parent.title for cell in formulas} == {"Summary", "By day", "By reason"}
    assert all(cell.value.startswith(("=SUM(", "=SUMIFS(")) for cell in formulas)
    texts = [cell.value for cell in cells if isinstance(cell.value, str) and cell not in formulas]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr", "f"}
    assert not [text for text in texts if text.lstrip().startswith(tuple("=+-@"))]
    assert "'=1+1" in texts
    assert not [sheet.title for sheet in book if sheet._hyperlinks]


def test_write_excel__amounts_are_numbers_with_decimals(book, report):
    place = list(report.orders.columns).index("difference")
    cells = [row[place] for row in book["Orders"].iter_rows(min_row=2)]
    known = report.orders["difference"].dropna().tolist()
    assert [cell.value for cell in cells if cell.value is not None] == known
    assert all(cell.number_format.startswith("#,##0.00") for cell in cells if cell.value is not None)


def test_write_excel__has_filters_frozen_header_and_widths(book, report):
    sheet = book["Orders"]
    assert sheet.auto_filter.ref == f"A1:V{len(report.orders) + 1}"
    assert sheet.freeze_panes == "B2"
    assert sheet.column_dimensions["A"].width > 18


def test_write_excel__status_cells_have_their_colours(book, report):
    place = list(report.orders.columns).index("status")
    cells = [row[place] for row in book["Orders"].iter_rows(min_row=2)]
    fills = {cell.value: cell.fill.fgColor.rgb for cell in cells}
    assert len(set(fills.values())) == len(report.statuses)


def test_write_excel__tells_where_from_and_about_long_numbers(book):
    summary = [cell.value for row in book["Summary"].iter_rows() for cell in row]
    assert "All order-2026-11-23.csv" in summary
    assert "300 rows" in summary
    about = [cell.value for row in book["About"].iter_rows() for cell in row]
    assert LONG_NUMBERS_IN_EXCEL in about
    assert "3 rows of descriptions were left out of the TikTok file." in about


def test_write_excel__shows_payouts_and_what_made_the_pairs(report, tmp_path):
    orders = report.orders.assign(
        settled_amount=1.5, settled_counted=1.5, settled_currency="=1", settled_at=pd.NaT
    )
    path = write_excel(replace(report, orders=orders), tmp_path / "report.xlsx")
    cells = [(row[0].value, row[1].value) for row in openpyxl.load_workbook(path)["Summary"].iter_rows()]
    assert ("Settled =1", None) in cells
    assert ("Total", 450) in cells
    assert ("Tag", (report.orders["matched_on"] == "tag").sum()) in cells
    assert cells.index(("Pairs by source", None)) < cells.index(("Sources", None))


def test_write_excel__more_rows_than_a_sheet_holds_go_on_the_next(report, tmp_path, monkeypatch):
    monkeypatch.setattr(excel, "MAX_ROWS", 131)
    path = write_excel(report, tmp_path / "report.xlsx")
    book = CalamineWorkbook.from_path(str(path))
    held = [
        row[0]
        for name in ("Orders", "Orders 2", "Orders 3")
        for row in book.get_sheet_by_name(name).to_python()[1:]
    ]
    assert held == report.orders["order_id"].tolist()


def test_write_excel__long_text_is_cut_and_told(report, tmp_path):
    rows = report.orders.copy()
    rows.loc[0, "evidence"] = "x" * 40_000
    book = openpyxl.load_workbook(write_excel(replace(report, orders=rows), tmp_path / "report.xlsx"))
    assert len(book["Orders"]["F2"].value) == excel.MAX_CHARACTERS
    assert any("1 cell cut at" in str(row[1].value) for row in book["About"].iter_rows())


def test_save_frame__xlsx_has_real_dates_and_flags_as_text(tmp_path):
    data = {column.name: [None, None, None] for column in TIKTOK_ORDERS}
    times = pd.to_datetime(["2026-11-23 10:15:30", None, "1850-01-01 00:00:00"])
    data.update(
        order_id=["1", "007", None], cancelled=[True, False, False], created_at=times, quantity=[2, None, 1]
    )
    save_frame(conform(data, TIKTOK_ORDERS), tmp_path / "orders.xlsx", columns=TIKTOK_ORDERS, sheet="Changes")
    book = openpyxl.load_workbook(tmp_path / "orders.xlsx")
    assert book.sheetnames == ["Changes"]
    rows = list(book.active.iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == ["1", "007", None]
    assert rows[0][3] == pd.Timestamp("2026-11-23 10:15:30")
    assert (rows[1][3], rows[2][3]) == (None, "1850-01-01T00:00:00.000000")
    assert [row[9] for row in rows] == [2, None, 1]


def test_save_frame__xlsx_keeps_numbers_that_excel_cannot_hold_as_text(tmp_path):
    frame = pd.DataFrame({"n": [577092126219211281, 5], "x": [float("inf"), 1.5]})
    save_frame(frame, tmp_path / "n.xlsx", columns=[Column("n", "count", "")])
    assert list(openpyxl.load_workbook(tmp_path / "n.xlsx").active.values)[1:] == [
        ("577092126219211281", "inf"),
        (5, 1.5),
    ]


def test_write_excel__empty_report_has_its_header(report, tmp_path):
    empty = replace(report, orders=report.orders.head(0), details=report.details.head(0))
    book = openpyxl.load_workbook(write_excel(empty, tmp_path / "report.xlsx"))
    assert book.sheetnames == ["Summary", "Orders", "About"]
    assert [cell.value for cell in book["Orders"][1]] == list(report.orders.columns)


def test_write_excel__refuses_a_place_that_cannot_be(report, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match="name another folder"):
        write_excel(report, tmp_path / "out" / "report.xlsx")


def test_write_excel__totals_are_sums_over_the_orders(tmp_path):
    ours = tiktok(T1, {"order_id": T2, "amount": 12.5}, {"order_id": T3, "currency": "KWD", "amount": 1.125})
    theirs = shopify(marked(S1, T1, total=25.0), marked(S2, T3, total=1.25, currency="KWD"))
    path = write_excel(match(ours, theirs).report, tmp_path / "report.xlsx")
    formulas = openpyxl.load_workbook(path)["Summary"]
    values = openpyxl.load_workbook(path, data_only=True)["Summary"]
    head, *lines = openpyxl.load_workbook(path)["Orders"].iter_rows(values_only=True)
    orders = pd.DataFrame(lines, columns=head)
    checked, currency = 0, ""
    for row, shown in zip(formulas.iter_rows(), values.iter_rows(values_only=True), strict=True):
        if str(row[0].value).startswith("Amounts "):
            currency = row[0].value.split()[1]
        if not str(row[2].value).startswith("=SUMIFS"):
            continue
        here = orders[(orders["status"] == row[0].value) & (orders["currency"] == currency)]
        for place, name in enumerate(("tiktok_counted", "shopify_counted", "difference_counted"), start=2):
            assert f'"{row[0].value}"' in row[place].value
            assert f'"{currency}")' in row[place].value
            assert shown[place] == pytest.approx(here[name].sum())
            checked += 1
    assert checked == 9
    alls = [row for row in formulas.iter_rows() if str(row[2].value).startswith("=SUM(")]
    assert len(alls) == 2


def test_write_excel__totals_of_pairs_in_two_currencies_are_sums_of_each_side(tmp_path):
    theirs = shopify(marked(S1, T1, currency="EUR"), marked(S2, T2))
    path = write_excel(match(tiktok(T1, T2), theirs).report, tmp_path / "report.xlsx")
    rows = list(openpyxl.load_workbook(path)["Summary"].iter_rows(values_only=True))
    shown = list(openpyxl.load_workbook(path, data_only=True)["Summary"].iter_rows(values_only=True))
    (place,) = [
        number for number, row in enumerate(rows) if row[0] == "amount_differs" and "USD/" in str(row[2])
    ]
    assert '"USD")+SUMIFS(' in rows[place][2]
    assert rows[place][2].endswith('"USD/*")')
    assert shown[place][2] == 20
    (euros,) = [row for row in rows if '"*/EUR")' in str(row[3])]
    assert euros[0] == "amount_differs"


def test_write_excel__totals_without_a_simple_formula_are_numbers(tmp_path):
    ours, theirs = tiktok({"order_id": T1, "currency": "U*"}), shopify(marked(S1, T1, currency="U*"))
    path = write_excel(match(ours, theirs).report, tmp_path / "report.xlsx")
    cells = [cell.value for row in openpyxl.load_workbook(path)["Summary"].iter_rows() for cell in row]
    assert not [cell for cell in cells if str(cell).startswith("=")]
    assert 20 in cells
