"""The bytes of an export → its header, and its columns as text when they are asked for."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import pandas as pd

from ttsframe.errors import InputError
from ttsframe.ids import normalize_column
from ttsframe.readers import detect, excel_limits, files, headers, tables_csv, tables_excel, tables_json
from ttsframe.readers.counted import source_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ttsframe.readers.counted import SourceFile
    from ttsframe.readers.shapes import Table
    from ttsframe.text import Note

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_JSON_NAMES = (".json", ".jsonl", ".ndjson")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_NOT_TABLES: tuple[tuple[bytes, str], ...] = (
    (b"%pdf", "a PDF: download the export as CSV or XLSX"),
    (b"<!doctype html", "a web page: log in again and download the export itself"),
    (b"<html", "a web page: log in again and download the export itself"),
    (b"<table", "a web page: open it in a spreadsheet and save it as XLSX"),
    (b"<?xml", "an XML file: open it in a spreadsheet and save it as XLSX"),
    (b"\x1f\x8b", "compressed: unpack it and give the file inside"),
    (b"par1", "a Parquet file: read it with pandas"),
    (b"sqlite format 3", "a database: a CSV or XLSX export is needed"),
    (b"rar!", "an archive: unpack it and give the files inside"),
    (b"7z\xbc\xaf", "an archive: unpack it and give the files inside"),
    (b"\x89png", "a picture: a CSV or XLSX export is needed"),
    (b"\xff\xd8\xff", "a picture: a CSV or XLSX export is needed"),
)


def read_each(
    paths: Any,  # noqa: ANN401
    read: Callable[[Table], tuple[pd.DataFrame, list[Note]]],
    *,
    id_names: Sequence[str] | None = None,
    columns: Mapping[str, str] | None = None,
    fields: headers.Fields | None = None,
) -> tuple[pd.DataFrame, list[Note], tuple[SourceFile, ...]]:
    """Read files one after another, so that only one of them is whole in memory; describe each.

    `columns` gives the files' own names for columns of `fields`.
    """
    own = headers.own_names(columns or {}, fields or {})
    sources, notes = files.find_sources(paths)
    parts: list[pd.DataFrame] = []
    described: list[SourceFile] = []
    told = {normalize_column(name) for names in own.values() for name in names}
    for source in sources:
        before, content = len(parts), files.read_bytes(source)
        for table in open_tables(source.name, content, id_names=id_names, told=told):
            header = detect.renamed(table.name, table.header, own, fields or {})
            rows, more = read(table._replace(header=header))
            parts.append(rows)
            notes += more
        described.append(source_file(source.name, content, parts[before:]))
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0], notes, tuple(described)


def open_tables(
    name: str, content: bytes, *, id_names: Sequence[str] | None = None, told: Collection[str] = ()
) -> list[Table]:
    """Open an export by what it is, whatever its name says; a workbook may have several sheets of orders.

    `told` are the names of columns that the caller has told besides, as `normalize_column` compares them.
    """
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if content.startswith(_ZIP):
        _check_archive(name, content)
        return tables_excel.open_workbook(name, content, id_names=id_names, told=told)
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise InputError(f"{name} is protected by a password: save it without one.")
        return tables_excel.open_workbook(name, content, id_names=id_names, told=told)
    for magic, words in _NOT_TABLES:
        if start.startswith(magic):
            raise InputError(f"{name} is {words}.")
    if start.startswith(b"{") or name.lower().endswith(_JSON_NAMES):
        return [tables_json.open_lines(name, content)]
    return [tables_csv.open_text(name, content, id_names=id_names, told=told)]


def _check_archive(name: str, content: bytes) -> None:
    """Refuse what is no XLSX workbook, and one that is too large for memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = set(archive.namelist())
            if "content.xml" in members or "xl/workbook.bin" in members:
                raise InputError(f"{name} is a workbook of another kind: save it as XLSX or CSV.")
            if not any(member.startswith("xl/") for member in members):
                raise InputError(f"{name} is a ZIP archive: unpack it and give the files inside.")
            excel_limits.check_workbook(name, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        raise InputError(f"{name} is damaged or cut short: download it again.") from None
