"""Frames → CSV, XLSX or Parquet files, and a match → a folder of CSV files."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from ttsframe.columns import Column, names
from ttsframe.errors import InputError, SettingsError
from ttsframe.report import palette
from ttsframe.report.cells import UNKNOWN, Ids, as_text, checked_ids, decimals_of, described, money_text
from ttsframe.report.comments import save_comments
from ttsframe.report.excel import write_frame
from ttsframe.report.files import atomic_write, check_writable, ensure_dir, remove
from ttsframe.report.summary import AMOUNT_SECTIONS, LISTED_APART
from ttsframe.text import escape_formula

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd

    from ttsframe.report.summary import ReportData

ROWS_AT_A_TIME = 50_000
SUFFIXES = (".csv", ".xlsx", ".parquet")
_SUFFIXES_OF_ONE = (".csv", ".xlsx", ".html")
_NO_PYARROW = 'Parquet files need pyarrow: pip install "ttsframe[parquet]", or name a .csv.'


def save_frame(
    frame: pd.DataFrame,
    target: str | os.PathLike[str] | TextIO,
    *,
    columns: Sequence[Column] | None = None,
    ids: str = "plain",
    sheet: str = "Orders",
) -> None:
    """Write a frame to a `.csv`, `.xlsx` or `.parquet` file, or as CSV to an open text file."""
    style = checked_ids(ids)
    if hasattr(target, "write"):
        _write_rows(frame, target, columns, style)
        return
    path = Path(target)
    suffix = _suffix(path)
    if suffix == ".csv":
        _save_csv(frame, path, columns, style)
    elif suffix == ".xlsx":
        write_frame(frame, path, columns=columns, sheet=sheet)
    else:
        _save_parquet(frame, path)


def check_target(target: str | os.PathLike[str]) -> None:
    """Find out before hours of work whether `save_frame` could write; leave nothing behind."""
    path = Path(target)
    if _suffix(path) == ".parquet" and not find_spec("pyarrow"):
        raise SettingsError(_NO_PYARROW)
    check_writable(path)


def write_csv(data: ReportData, folder: str | os.PathLike[str], *, ids: str = "plain") -> list[Path]:
    """Write `orders.csv`, `summary.csv` and a file per status that needs review; remove outdated ones."""
    style = checked_ids(ids)
    target = ensure_dir(_folder(folder))
    earlier = _headers(data, target)
    written = [target / "orders.csv", target / "summary.csv"]
    _save_csv(data.orders, written[0], data.columns, style)
    _save_summary(data.summary, written[1])
    state = data.orders["status"].astype("object")
    for status in data.exception_statuses:
        written.append(target / f"{status}.csv")
        _save_csv(data.orders[state == status], written[-1], data.columns, style)
    for name, table in data.listed_apart.items():
        written.append(target / f"{name}.csv")
        _save_csv(table, written[-1], LISTED_APART[name], style)
    earlier |= {",".join(names(columns)) for columns in LISTED_APART.values()}
    for name in (*palette.KNOWN, *LISTED_APART):
        stale = target / f"{name}.csv"
        if stale not in written and _first_line(stale) in earlier:
            remove(stale)
    if data.comments is not None:
        written.append(save_comments(data.comments, written))
    return written


def check_folder(folder: str | os.PathLike[str], names: Sequence[str]) -> None:
    """Find out before hours of work whether these files could be written; leave nothing behind."""
    for name in names:
        check_writable(_folder(folder) / name)


def _folder(path: str | os.PathLike[str]) -> Path:
    folder = Path(path)
    if str(path) == "-":
        raise InputError("several files are written, not to standard output: name a folder, e.g. report.")
    if folder.suffix.lower() in _SUFFIXES_OF_ONE and not folder.is_dir():
        raise InputError(
            f"{path} looks like a file, but several files are written: name a folder, "
            f"e.g. {folder.with_suffix('')}."
        )
    return folder


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path} must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")
    return suffix


def _save_csv(frame: pd.DataFrame, path: Path, columns: Sequence[Column] | None, ids: Ids) -> None:
    with atomic_write(path) as part, part.open("x", encoding="utf-8-sig", newline="") as handle:
        _write_rows(frame, handle, columns, ids)


def _save_summary(summary: pd.DataFrame, path: Path) -> None:
    """Write the figures; amounts with the decimals of their currency, or `n/a` where they are not known."""
    texts = {name: as_text(summary[name], Column(name, "text", "")) for name in summary.columns}
    is_amount = summary["section"].isin(AMOUNT_SECTIONS)
    amounts = summary[is_amount]
    written = money_text(amounts["value"], decimals_of(amounts, Column("value", "money", "")))
    for index, text in zip(np.flatnonzero(is_amount).tolist(), written, strict=True):
        texts["value"][index] = text or UNKNOWN
    with atomic_write(path) as part, part.open("x", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(texts)
        writer.writerows(zip(*texts.values(), strict=True))


def _write_rows(frame: pd.DataFrame, handle: Any, columns: Sequence[Column] | None, ids: Ids) -> None:  # noqa: ANN401
    """Write in blocks, so that a million rows need little more memory than their frame."""
    writer = csv.writer(handle, lineterminator="\n")
    known = described(frame, columns)
    writer.writerow(_header(known))
    for start in range(0, len(frame), ROWS_AT_A_TIME):
        block = frame.iloc[start : start + ROWS_AT_A_TIME]
        cells = [
            as_text(block.iloc[:, index], column, ids=ids, decimals=decimals_of(block, column))
            for index, column in enumerate(known)
        ]
        writer.writerows(zip(*cells, strict=True))


def _save_parquet(frame: pd.DataFrame, path: Path) -> None:
    bare = frame.copy(deep=False)
    bare.attrs = {}  # notes need not be JSON, which Parquet would ask of them
    try:
        with atomic_write(path) as part:
            bare.to_parquet(part, index=False)
    except ImportError as error:
        raise SettingsError(_NO_PYARROW) from error
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path} cannot hold these columns ({error}): make each of one type, or name a .csv."
        ) from error


def _header(columns: Sequence[Column]) -> list[str]:
    return [escape_formula(column.name) for column in columns]


def _headers(data: ReportData, folder: Path) -> set[str]:
    """The headers that mark the files of an earlier report: today's, and those of its orders.csv."""
    now = _header(described(data.orders, data.columns))
    before = _first_line(folder / "orders.csv").split(",")
    # With payouts a report has more columns; any other file of that name was not written by us.
    is_report = "status" in before and (set(before) <= set(now) or set(before) >= set(now))
    return {",".join(names) for names in ([now, before] if is_report else [now])}


def _first_line(path: Path) -> str:
    """The header of a file; empty where there is none."""
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8-sig", errors="replace") as handle:
        return handle.readline().rstrip("\n")
