"""References that were looked up before, and saved: a file → the frame that `lookup` returned."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ttsframe import ids
from ttsframe.columns import LINE_ITEMS, REFERENCES, STATUSES, TEXT_DTYPE, conform, names
from ttsframe.errors import InputError
from ttsframe.readers import tables
from ttsframe.readers.counted import source_file
from ttsframe.readers.notes import with_notes
from ttsframe.text import Note, unescape_formula

if TYPE_CHECKING:
    import os

    from ttsframe.readers.counted import SourceFile
    from ttsframe.readers.shapes import Table

_NEEDED = ("order_id", "platform", "external_order_id", "status")
_ID_COLUMNS = ("external_order_id", "line_item_id", "line_item_origin_id")


def read_references(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read back what `ttsframe lookup -o FILE` or `refs.to_csv` has written.

    Rows whose ids a spreadsheet has rounded are left out and noted; a file of mostly such rows is refused.
    """
    is_parquet = str(path).lower().endswith(".parquet")
    table, notes, sources = _parquet(path) if is_parquet else _table(path)
    _check(path, table)
    columns = LINE_ITEMS if "line_item_id" in table.columns else REFERENCES
    data: dict[str, Any] = {name: table.get(name) for name in names(columns)}
    data["order_id"] = ids.clean(table["order_id"]).ids
    for name in _ID_COLUMNS:
        if data.get(name) is not None:
            data[name] = ids.normalize_external_id(table[name])
    data["http_status"] = pd.to_numeric(data["http_status"], errors="coerce")
    data["from_cache"] = (
        pd.Series(data["from_cache"], index=table.index).astype("str").str.lower().isin(["true", "1"])
    )
    whole, damage = ids.undamaged(str(path), data["order_id"], data["external_order_id"], table["status"])
    notes += [*damage, *ids.note_rounded(str(path), data["order_id"].dropna())]
    frame = conform(data, columns, index=table.index)
    return with_notes(frame if whole.all() else frame[whole].reset_index(drop=True), notes, sources)


def _check(path: str | os.PathLike[str], table: pd.DataFrame) -> None:
    """Refuse a file that does not hold references."""
    missing = [name for name in _NEEDED if name not in table.columns]
    unknown = set(table.get("status", pd.Series(dtype="object")).dropna()) - set(STATUSES)
    if missing or unknown:
        raise InputError(
            f"{path} is not a file of references as `ttsframe lookup -o {path}` writes it: "
            + (
                f"it has no column {', '.join(missing)}."
                if missing
                else f"its status holds {min(unknown)!r}."
            )
        )


def _table(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, list[Note], tuple[SourceFile, ...]]:
    frame, notes, sources = tables.read_each(path, _read_table, id_names=ids.ORDER_ID_NAMES)
    return frame.where(frame != "", None).astype(TEXT_DTYPE).apply(unescape_formula), notes, sources


def _read_table(table: Table) -> tuple[pd.DataFrame, list[Note]]:
    """Take the columns of a look-up; whatever else the file holds is left behind."""
    there = [name for name in names(LINE_ITEMS) if name in table.header]
    cells = table.columns([table.header.index(name) for name in there])
    return pd.DataFrame(dict(zip(there, cells, strict=True)), dtype="object"), []


def _parquet(path: str | os.PathLike[str]) -> tuple[pd.DataFrame, list[Note], tuple[SourceFile, ...]]:
    try:
        content = Path(path).read_bytes()
        frame = pd.read_parquet(io.BytesIO(content))
    except ImportError:
        raise InputError('Parquet files need pyarrow: pip install "ttsframe[parquet]"') from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as Parquet: {error}") from None
    return frame, [], (source_file(Path(path).name, content, ()),)
