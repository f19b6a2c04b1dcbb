"""What people write beside orders goes with the orders from one report to the next, and is never lost."""

from __future__ import annotations

import json

import openpyxl
import pandas as pd
import pytest
from support.match_frames import S1, S2, S3, T1, T2, T3, marked, shopify, tiktok

from ttsframe.cli import main
from ttsframe.columns import COMMENTS, MATCH_COMMENTS, names
from ttsframe.errors import InputError
from ttsframe.matching import match
from ttsframe.readers import tables_excel
from ttsframe.report.comments import read_comments

TEXTS = names(MATCH_COMMENTS)
SOLD = tiktok(T1, T2)
BOOKED = shopify(marked(S1, T1, total=18.0), {"shopify_id": S2, "from_tiktok": True})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "report"


def report(folder, sold=SOLD, booked=BOOKED, **options):
    """Make the report anew in a folder, as `reconcile` does; return its orders' texts by order."""
    result = match(sold, booked).with_comments(read_comments(folder))
    result.to_csv(folder, **options)
    result.to_excel(folder)
    result.to_html(folder)
    return result


def texts(result):
    orders = result.orders.assign(order=result.orders["order_id"].fillna(result.orders["shopify_id"]))
    told = orders.loc[orders[TEXTS].notna().any(axis=1), ["order", *TEXTS]].fillna("")
    return {row["order"]: (row["comment"], row["resolution"]) for row in told.to_dict("records")}


def write(folder, sheet, order, **told):
    """Write into a sheet of the workbook, beside the first row that names an order."""
    book = openpyxl.load_workbook(folder / "report.xlsx")
    rows = [[cell.value for cell in row] for row in book[sheet].iter_rows()]
    place = next(number for number, row in enumerate(rows) if order in row)
    for name, text in told.items():
        book[sheet].cell(place + 1, rows[0].index(name) + 1).value = text
    book.save(folder / "report.xlsx")


def test_first_report__has_the_columns_to_write_in(folder):
    assert texts(report(folder)) == {}
    book = openpyxl.load_workbook(folder / "report.xlsx")
    for sheet in ("Orders", "Amount differs", "Only TikTok"):
        assert [cell.value for cell in book[sheet][1]][-2:] == TEXTS
    for file in ("orders.csv", "amount_differs.csv"):
        assert (folder / file).read_text("utf-8-sig").splitlines()[0].endswith("comment,resolution")
    assert json.loads((folder / "comments.json").read_text())["comments"] == []


@pytest.mark.parametrize("sheet", ["Orders", "Amount differs"])
def test_comment__is_carried_from_any_sheet_to_all(folder, sheet):
    report(folder)
    write(folder, sheet, T1, comment="asked TikTok", resolution="open")
    assert texts(report(folder)) == {T1: ("asked TikTok", "open")}
    book = openpyxl.load_workbook(folder / "report.xlsx")
    for name in ("Orders", "Amount differs"):
        assert [cell.value for cell in book[name][2]][-2:] == ["asked TikTok", "open"]
    for file in ("orders.csv", "amount_differs.csv"):
        assert "asked TikTok,open\n" in (folder / file).read_text("utf-8-sig")
    assert "asked TikTok" in (folder / "report.html").read_text("utf-8")
    assert texts(report(folder)) == {T1: ("asked TikTok", "open")}


def test_comment__that_was_changed_on_one_sheet_replaces_the_old_one(folder):
    report(folder)
    write(folder, "Orders", T1, comment="asked TikTok", resolution="open")
    report(folder)
    write(folder, "Amount differs", T1, comment="TikTok paid the rest")
    assert texts(report(folder)) == {T1: ("TikTok paid the rest", "open")}


def test_comment__that_was_changed_in_two_ways_keeps_both(folder):
    report(folder)
    write(folder, "Orders", T1, comment="old")
    report(folder)
    write(folder, "Orders", T1, comment="booked")
    write(folder, "Amount differs", T1, comment="asked")
    assert texts(report(folder)) == {T1: ("booked; asked", "")}
    assert texts(report(folder)) == {T1: ("booked; asked", "")}


def test_comment__that_was_removed_on_one_sheet_is_gone_for_good(folder):
    report(folder)
    write(folder, "Orders", T1, comment="asked", resolution="open")
    report(folder)
    write(folder, "Amount differs", T1, comment=None)
    assert texts(report(folder)) == {T1: ("", "open")}
    assert texts(report(folder)) == {T1: ("", "open")}


@pytest.mark.parametrize("ids", ["plain", "excel"])
@pytest.mark.parametrize("text", ["asked", "+1 day", "=A1", "it's", "'quoted", "a; -b", "é – ü"])
def test_comment__in_a_csv_file_is_carried_as_it_is(folder, ids, text):
    report(folder, ids=ids)
    frame = pd.read_csv(folder / "orders.csv", dtype=str)
    frame.loc[0, "comment"] = text
    frame.to_csv(folder / "orders.csv", index=False)
    assert texts(report(folder, ids=ids)) == {T1: (text, "")}
    assert texts(report(folder, ids=ids)) == {T1: (text, "")}
    write(folder, "Only TikTok", T2, comment="in the workbook")  # so that every sheet is read again
    (folder / "comments.json").unlink()
    assert texts(report(folder, ids=ids)) == {T1: (text, ""), T2: ("in the workbook", "")}


def test_comment__is_read_from_a_csv_file_that_a_european_excel_saved(folder):
    report(folder, ids="excel")
    frame = pd.read_csv(folder / "orders.csv", dtype=str)
    frame.loc[0, ["comment", "resolution"]] = ["geprüft", "ok"]
    frame.to_csv(folder / "orders.csv", index=False, sep=";", encoding="cp1252")
    assert texts(report(folder)) == {T1: ("geprüft", "ok")}


def test_comment__beside_a_destroyed_id_stops_the_report_that_would_lose_it(folder):
    report(folder)
    frame = pd.read_csv(folder / "orders.csv", dtype=str)
    frame.loc[0, ["order_id", "comment"]] = ["5.772E+17", "asked"]
    frame.to_csv(folder / "orders.csv", index=False)
    with pytest.raises(InputError, match=r"orders\.csv: 1 comment stands beside no whole order id"):
        read_comments(folder)
    frame.loc[0, "comment"] = None
    frame.to_csv(folder / "orders.csv", index=False)
    assert read_comments(folder).empty


def test_comment__beside_a_destroyed_id_that_the_report_has_told_already_is_not_lost(folder):
    report(folder)
    write(folder, "Orders", T1, comment="asked")
    report(folder)
    frame = pd.read_csv(folder / "orders.csv", dtype=str)
    frame["order_id"] = "5.772E+17"  # opened and saved in a spreadsheet
    frame.to_csv(folder / "orders.csv", index=False)
    assert read_comments(folder)["order_id"].tolist() == [T1]
    assert texts(report(folder)) == {T1: ("asked", "")}


def test_comment__of_an_order_that_is_not_in_the_report_comes_back_with_it(folder):
    report(folder)
    write(folder, "Orders", T1, comment="asked")
    assert texts(report(folder, tiktok(T2), shopify(S3))) == {}
    assert read_comments(folder)["order_id"].tolist() == [T1]
    assert texts(report(folder)) == {T1: ("asked", "")}


def test_comment__of_a_lone_shopify_order_goes_with_the_pair_once_there_is_one(folder):
    report(folder)
    write(folder, "Only Shopify", S2, comment="whose is it?")
    write(folder, "Only TikTok", T2, comment="not on Shopify?")
    found = shopify(marked(S1, T1, total=18.0), marked(S2, T2))
    assert texts(report(folder, booked=found)) == {T2: ("not on Shopify?; whose is it?", "")}
    write(folder, "Orders", T2, comment="a pair")
    assert texts(report(folder, booked=found)) == {T2: ("a pair", "")}


def test_comment__stands_on_every_row_of_its_order(folder):
    twice = shopify(marked(S1, T1), marked(S2, T1))
    report(folder, tiktok(T1), twice)
    write(folder, "Orders", S2, comment="cancel this one")
    result = report(folder, tiktok(T1), twice)
    assert result.orders["comment"].tolist() == ["cancel this one"] * 2


def test_file__that_nobody_changed_is_not_read_again(folder, monkeypatch):
    report(folder)
    write(folder, "Orders", T1, comment="asked")
    report(folder)

    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(tables_excel, "open_sheets", refuse)
    assert read_comments(folder)["comment"].tolist() == ["asked"]
    assert read_comments(folder / "report.xlsx")["comment"].tolist() == ["asked"]


def test_workbook__alone_is_read_by_its_own_name(folder):
    match(SOLD, BOOKED).with_comments(read_comments(folder)).to_excel(folder / "october.xlsx")
    (folder / "october.xlsx").rename(folder / "report.xlsx")
    write(folder, "Orders", T1, comment="asked")
    (folder / "report.xlsx").rename(folder / "october.xlsx")
    assert read_comments(folder / "october.xlsx")["comment"].tolist() == ["asked"]


def test_report__without_comments_has_no_columns_for_them(folder):
    result = match(SOLD, BOOKED)
    result.to_csv(folder)
    result.to_excel(folder)
    assert "comment" not in result.orders
    assert not (folder / "comments.json").exists()
    assert read_comments(folder).empty


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [("comments.json", b"{", "cannot be read"), ("report.xlsx", b"PK\x03\x04", "damaged workbook")],
)
def test_damaged_file__is_refused_and_named(folder, name, content, told):
    report(folder)
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}.*{told}"):
        read_comments(folder)


def test_frame__of_a_caller_is_taken_by_its_ids():
    result = match(SOLD, BOOKED)
    told = result.with_comments(pd.DataFrame({"order_id": [int(T1)], "resolution": ["written off"]}))
    assert texts(told) == {T1: ("", "written off")}
    later = told.with_comments(pd.DataFrame({"shopify_name": ["1002"], "comment": ["a guess"]}))
    assert texts(later) == {T1: ("", "written off"), S2: ("a guess", "")}
    assert list(result.orders) == [name for name in told.orders if name not in TEXTS]
    assert list(told.comments) == names(COMMENTS)
    for frame in (pd.DataFrame({"order_id": [T1]}), pd.DataFrame({"comment": ["?"]})):
        with pytest.raises(InputError, match=r"as tts\.read_comments\(\) does"):
            result.with_comments(frame)


def test_reconcile__carries_comments_forward(tmp_path, folder, capsys):
    (tmp_path / "t.csv").write_text(
        f"Order ID,Order Status,Order Amount\n{T1},Completed,5.00\n{T3},Completed,2\n"
    )
    (tmp_path / "s.csv").write_text(f"Name,Total,Tags\n#1,4.00,TikTokOrderID:{T1}\n")
    files = ["--tiktok", str(tmp_path / "t.csv"), "--shopify", str(tmp_path / "s.csv"), "--ask", "none"]

    def reconcile(output, *more):
        assert main(["reconcile", *files, "-o", str(output), *more]) == 1
        return (
            pd.read_csv(output / "orders.csv", dtype=str).set_index("order_id")["comment"].dropna().to_dict()
        )

    assert reconcile(folder) == {}
    write(folder, "Orders", T1, comment="asked")
    write(folder, "Orders", T3, comment="ours")
    assert reconcile(folder) == {T1: "asked", T3: "ours"}
    new = tmp_path / "november"
    assert reconcile(new) == {}
    assert reconcile(new, "--comments", str(folder)) == {T1: "asked", T3: "ours"}
    write(new, "Orders", T1, comment="paid")
    write(new, "Orders", T3, comment=None)
    assert reconcile(new, "--comments", str(folder)) == {T1: "paid"}
    assert reconcile(new, "--comments", str(folder)) == {T1: "paid"}
