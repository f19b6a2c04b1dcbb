"""Frames → CSV, XLSX or Parquet files, and a report → a folder of CSV files."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ttsframe.errors import InputError, SettingsError
from ttsframe.report import figures, palette
from ttsframe.report.cells import Ids, as_text, checked_ids, described
from ttsframe.report.files import check, remove, replacing
from ttsframe.report.files import folder as make_folder
from ttsframe.report.workbook import write_sheet_file
from ttsframe.text import escape_formula

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd

    from ttsframe.columns import Column
    from ttsframe.report.model import Report

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
    """Write a frame, as its target's suffix says.

    Parameters
    ----------
    frame
        Any frame; its index is not written.
    target
        A `.csv` (UTF-8 with BOM), `.xlsx` or `.parquet` file, which is replaced as a whole, or
        an open text file, which gets CSV without BOM.
    columns
        What the columns hold; guessed from their dtypes where it is not said.
    ids
        `"plain"` digits, or `"excel"`: ids wrapped as `="…"` in CSV, so that Excel keeps all
        their digits. In a workbook ids are text either way.
    sheet
        The name of the sheet.

    Raises
    ------
    InputError
        If the suffix or `ids` is none of these, or the file cannot be written.
    SettingsError
        If pyarrow is missing, which Parquet needs.
    """
    style = checked_ids(ids)
    if hasattr(target, "write"):
        _write_rows(frame, target, columns, style)
        return
    path = Path(target)
    suffix = _suffix(path)
    if suffix == ".csv":
        _save_csv(frame, path, columns, style)
    elif suffix == ".xlsx":
        write_sheet_file(frame, path, columns=columns, sheet=sheet)
    else:
        _save_parquet(frame, path)


def check_target(target: str | os.PathLike[str]) -> None:
    """Find out before hours of work whether `save_frame` could write; nothing is left behind.

    Parameters
    ----------
    target
        The file that is to be written.

    Raises
    ------
    InputError
        If its suffix is none that `save_frame` knows, or the file cannot be written.
    SettingsError
        If pyarrow is missing, which Parquet needs.
    """
    path = Path(target)
    if _suffix(path) == ".parquet" and not find_spec("pyarrow"):
        raise SettingsError(_NO_PYARROW)
    check(path)


def write_csv(report: Report, folder: str | os.PathLike[str], *, ids: str = "plain") -> list[Path]:
    """Write a report as CSV files: `orders.csv`, `summary.csv`, one a status that needs work.

    Parameters
    ----------
    report
        What to write.
    folder
        Where; made if missing. A status's file of an earlier report is removed where the
        status has no rows any more.
    ids
        `"plain"` or `"excel"`, as for `save_frame`.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    InputError
        If `folder` is named like a file, or they cannot be written.
    """
    style = checked_ids(ids)
    place = make_folder(_folder(folder))
    earlier = _headers(report, place)
    written = [place / "orders.csv", place / "summary.csv"]
    _save_csv(report.rows, written[0], report.columns, style)
    _save_csv(report.summary, written[1], None, style)
    state = report.rows[report.status].astype("object")
    for status in figures.needing_work(report):
        written.append(place / f"{status}.csv")
        _save_csv(report.rows[state == status], written[-1], report.columns, style)
    for status in {*report.statuses, *palette.KNOWN}:
        stale = place / f"{status}.csv"
        if stale not in written and _first_line(stale) in earlier:
            remove(stale)
    return written


def check_folder(folder: str | os.PathLike[str], names: Sequence[str]) -> None:
    """Find out before hours of work whether a report could be written; nothing is left behind.

    Parameters
    ----------
    folder
        Where it is to be written.
    names
        The files that it will hold.

    Raises
    ------
    InputError
        If `folder` is named like a file, or one of them cannot be written.
    """
    for name in names:
        check(_folder(folder) / name)


def _folder(path: str | os.PathLike[str]) -> Path:
    place = Path(path)
    if place.suffix.lower() in _SUFFIXES_OF_ONE and not place.is_dir():
        raise InputError(
            f"{path} is named like a file, and several are written: name a folder, "
            f"e.g. {place.with_suffix('')}."
        )
    return place


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path} has none of the suffixes {', '.join(SUFFIXES)}: name the file with one of them."
        )
    return suffix


def _save_csv(frame: pd.DataFrame, path: Path, columns: Sequence[Column] | None, ids: Ids) -> None:
    with replacing(path) as part, part.open("x", encoding="utf-8-sig", newline="") as handle:
        _write_rows(frame, handle, columns, ids)


def _write_rows(frame: pd.DataFrame, handle: Any, columns: Sequence[Column] | None, ids: Ids) -> None:  # noqa: ANN401
    """Write by thousands, so that a million rows need little more than their frame."""
    writer = csv.writer(handle, lineterminator="\n")
    known = described(frame, columns)
    writer.writerow(_header(known))
    for start in range(0, len(frame), ROWS_AT_A_TIME):
        block = frame.iloc[start : start + ROWS_AT_A_TIME]
        cells = [as_text(block.iloc[:, place], column, ids=ids) for place, column in enumerate(known)]
        writer.writerows(zip(*cells, strict=True))


def _save_parquet(frame: pd.DataFrame, path: Path) -> None:
    bare = frame.copy(deep=False)
    bare.attrs = {}  # notes need not be JSON, which Parquet would ask of them
    try:
        with replacing(path) as part:
            bare.to_parquet(part, index=False)
    except ImportError as error:
        raise SettingsError(_NO_PYARROW) from error
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path} cannot hold these columns ({error}): make each of one type, or name a .csv."
        ) from error


def _header(columns: Sequence[Column]) -> list[str]:
    return [escape_formula(column.name) for column in columns]


def _headers(report: Report, place: Path) -> set[str]:
    """The headers by which the files of an earlier report are known: as now, or as it had them."""
    now = _header(described(report.rows, report.columns))
    before = _first_line(place / "orders.csv").split(",")
    # With payouts a report has some columns more; any other file of that name is no report's.
    is_report = report.status in before and (set(before) <= set(now) or set(before) >= set(now))
    return {",".join(names) for names in ([now, before] if is_report else [now])}


def _first_line(path: Path) -> str:
    """The header of a file; blank where there is none."""
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8-sig", errors="replace") as handle:
        return handle.readline().rstrip("\n")
