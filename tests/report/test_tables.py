"""CSV, Parquet and the folder of a report."""

import codecs
import io
from dataclasses import replace

import pandas as pd
import pytest
from support.report_sample import sample_report

from ttsframe.columns import MATCH_ORDERS, REFERENCES, conform
from ttsframe.errors import InputError
from ttsframe.report import files, save_frame, write_csv

ID = "577092126219211281"


@pytest.fixture
def report():
    return sample_report(300)


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def references():
    data = {column.name: [None, None] for column in REFERENCES}
    data.update(
        order_id=[ID, "580000000000000001"],
        status=["linked", "failed"],
        error_message=[None, "=HYPERLINK(1)\r\nsecond line"],
        fetched_at=[pd.Timestamp("2026-11-23 10:00", tz="UTC"), None],
        from_cache=[False, True],
    )
    return conform(data, REFERENCES)


def test_save_frame__csv_has_a_mark_and_its_header_on_line_one(tmp_path):
    save_frame(references(), tmp_path / "refs.csv", columns=REFERENCES)
    raw = (tmp_path / "refs.csv").read_bytes()
    assert raw.startswith(codecs.BOM_UTF8 + b"order_id,platform,")
    assert raw.count(b"\n") == 3
    assert b"\r" not in raw
    held = read(tmp_path / "refs.csv")
    assert held["order_id"].tolist() == [ID, "580000000000000001"]
    assert held["error_message"].tolist() == ["", "'=HYPERLINK(1) second line"]
    assert held["fetched_at"].tolist() == ["2026-11-23T10:00:00Z", ""]


def test_save_frame__handle_gets_no_mark():
    handle = io.StringIO()
    save_frame(references(), handle, columns=REFERENCES, ids="excel")
    assert handle.getvalue().startswith("order_id,")
    assert f'"=""{ID}"""' in handle.getvalue()


def test_save_frame__many_rows_are_written_in_blocks_in_order(monkeypatch):
    monkeypatch.setattr("ttsframe.report.tables.ROWS_AT_A_TIME", 7)
    handle = io.StringIO()
    save_frame(pd.DataFrame({"n": range(50)}), handle)
    assert handle.getvalue().split() == ["n", *map(str, range(50))]


def test_save_frame__empty_frame_is_a_header():
    handle = io.StringIO()
    save_frame(references().head(0), handle, columns=REFERENCES)
    assert handle.getvalue() == ",".join(column.name for column in REFERENCES) + "\n"


def test_save_frame__headers_from_outside_are_neutralised():
    handle = io.StringIO()
    save_frame(pd.DataFrame({"=1+1": ["a"]}), handle)
    assert handle.getvalue() == "'=1+1\na\n"


def test_save_frame__leaves_the_frame_as_it_was(tmp_path):
    frame = references()
    frame.attrs["notes"] = ["kept"]
    before = frame.copy(deep=True)
    for name in ("a.csv", "a.xlsx"):
        save_frame(frame, tmp_path / name, columns=REFERENCES)
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == {"notes": ["kept"]}


def test_save_frame__parquet_keeps_types(tmp_path):
    pytest.importorskip("pyarrow")
    frame = references()
    frame.attrs["notes"] = {object()}
    save_frame(frame, tmp_path / "refs.parquet", columns=REFERENCES)
    held = pd.read_parquet(tmp_path / "refs.parquet")
    assert held["order_id"].tolist() == frame["order_id"].tolist()
    assert str(held["status"].dtype) == "category"


def test_save_frame__parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    def missing(*_, **__):
        raise ImportError("no pyarrow")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", missing)
    with pytest.raises(Exception, match=r"ttsframe\[parquet\]"):
        save_frame(references(), tmp_path / "out" / "refs.parquet")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "says"), [("refs.txt", r"\.csv, \.xlsx or \.parquet"), ("refs", "must end in")]
)
def test_save_frame__refuses_other_suffixes(tmp_path, name, says):
    with pytest.raises(InputError, match=says):
        save_frame(references(), tmp_path / name)


def test_save_frame__refuses_other_ids(tmp_path):
    with pytest.raises(InputError, match="plain"):
        save_frame(references(), tmp_path / "refs.csv", ids="text")


def test_save_frame__makes_the_folder(tmp_path):
    save_frame(references(), tmp_path / "new" / "deep" / "refs.csv")
    assert (tmp_path / "new" / "deep" / "refs.csv").is_file()


def test_save_frame__says_that_a_folder_is_no_file(tmp_path):
    (tmp_path / "refs.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        save_frame(references(), tmp_path / "refs.csv")


@pytest.mark.parametrize("name", ["refs.csv", "refs.xlsx"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, PermissionError])
def test_save_frame__interrupted_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, name, error):
    target = tmp_path / "out" / name
    target.parent.mkdir()
    target.write_bytes(b"old")

    def stop(*_):
        raise error

    monkeypatch.setattr("pathlib.Path.replace", stop)
    with pytest.raises(InputError if error is PermissionError else error) as caught:
        save_frame(references(), target)
    assert "Excel" in str(caught.value) or error is KeyboardInterrupt
    assert target.read_bytes() == b"old"
    assert list(target.parent.iterdir()) == [target]


def test_atomic_write__follows_a_link(tmp_path):
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    link.symlink_to(real)
    with files.atomic_write(link) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_write_csv__writes_orders_summary_and_what_needs_work(report, tmp_path):
    written = write_csv(report, tmp_path / "out")
    names = [path.name for path in written]
    assert names == [
        "orders.csv",
        "summary.csv",
        *(f"{status}.csv" for status in report.exception_statuses),
    ]
    assert "matched.csv" not in names
    orders = read(tmp_path / "out" / "orders.csv")
    assert orders["order_id"].tolist() == report.orders["order_id"].fillna("").tolist()
    assert orders["status"].tolist() == report.orders["status"].astype(str).tolist()
    amounts = pd.to_numeric(orders["tiktok_amount"]).tolist()
    assert amounts == pytest.approx(report.orders["tiktok_amount"].tolist(), nan_ok=True)
    parts = [len(read(path)) for path in written[2:]]
    assert sum(parts) == sum(~report.orders["status"].isin(["matched", "explained", "not_expected"]))
    summary = read(tmp_path / "out" / "summary.csv")
    assert list(summary.columns) == ["section", "side", "currency", "name", "value"]
    assert "All order-2026-11-23.csv" in summary["name"].tolist()


def test_write_csv__takes_away_what_an_earlier_report_left(report, tmp_path):
    folder = tmp_path / "out"
    write_csv(report, folder)
    (folder / "only_tiktok.csv").write_text("my own,notes\n")
    clean = replace(report, orders=report.orders[report.orders["status"] == "matched"])
    names = {path.name for path in write_csv(clean, folder)}
    assert names == {"orders.csv", "summary.csv"}
    assert {path.name for path in folder.iterdir()} == {"orders.csv", "summary.csv", "only_tiktok.csv"}


@pytest.mark.parametrize("payouts_first", [True, False])
def test_write_csv__takes_away_what_an_earlier_report_with_other_columns_left(
    report, tmp_path, payouts_first
):
    with_payouts = replace(report, orders=report.orders.assign(settled_amount=1.0, settled_currency="USD"))
    first, second = (with_payouts, report) if payouts_first else (report, with_payouts)
    folder = tmp_path / "out"
    write_csv(first, folder)
    (folder / "only_tiktok.csv").write_text("order_id,status\nmine,mine\n")
    clean = replace(second, orders=second.orders[second.orders["status"] == "matched"])
    write_csv(clean, folder)
    assert {path.name for path in folder.iterdir()} == {"orders.csv", "summary.csv", "only_tiktok.csv"}


@pytest.mark.parametrize("header", ["Order ID,status", "order_id,amount", "", "status,x"])
def test_write_csv__leaves_files_of_a_folder_that_holds_no_report(report, tmp_path, header):
    for name in ("orders.csv", "conflict.csv"):
        (tmp_path / name).write_text(f"{header}\n1,mine\n", newline="")
    write_csv(replace(report, orders=report.orders[report.orders["status"] == "matched"]), tmp_path)
    assert (tmp_path / "conflict.csv").read_text().endswith("mine\n")


def test_write_csv__a_file_in_the_folders_place_is_told(report, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match="name another folder"):
        write_csv(report, tmp_path / "out")
    with pytest.raises(InputError, match="name another folder"):
        write_csv(report, tmp_path / "out" / "deeper")


def test_write_csv__reads_back_with_excel_ids(report, tmp_path):
    write_csv(report, tmp_path, ids="excel")
    orders = read(tmp_path / "orders.csv")
    assert orders["order_id"].str.fullmatch(r'="[0-9]{18}"').all()
    assert list(orders.columns) == [column.name for column in MATCH_ORDERS]
