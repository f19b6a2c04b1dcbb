"""CSV and its kin: encoding, separator, header row; columns through the fast reader of pandas."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.errors import InputError
from ttsframe.readers.shapes import ROWS_SEARCHED_FOR_HEADER, Header, Table, find_header
from ttsframe.text import Note

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ttsframe.readers.shapes import Cells

_SEPARATORS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_HEAD_BYTES = 1 << 18
_CHUNK_BYTES = 1 << 24
# No export has such lines; one of a gigabyte takes the CSV reader many times its size in memory.
_MAX_LINE_BYTES = 1 << 22
_MAX_COLUMNS = 16_384
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_BOM_READ_AS_WINDOWS_1252 = "ï»¿".encode()


class _Head(NamedTuple):
    """The start of a text as one separator cuts it."""

    separator: str
    header: Header
    records: list[list[str]]
    lines_of_header: int
    """Lines of the text down to the end of the header row."""


def open_text(
    name: str,
    content: bytes,
    *,
    id_names: Sequence[str] | None,
    told: Collection[str] = (),
    unwrap: bool = True,
) -> Table:
    """Open a text table in UTF-8, UTF-16 or UTF-32, else as Windows-1252; its cells are not trimmed.

    With `unwrap`, lines that are one quoted cell each are taken apart.
    """
    utf8, notes = _as_utf8(name, content)
    _refuse_long_lines(name, utf8)
    # The first lines; the last of them, which may be a long header, is whole.
    cut = utf8.find(b"\n", _HEAD_BYTES) + 1 or utf8.find(b"\r", _HEAD_BYTES) + 1 or len(utf8)
    text = utf8[:cut].decode("utf-8", errors="replace")
    lines = io.StringIO(text, newline="").readlines()
    heads = [_cut(lines, separator, id_names=id_names, told=told) for separator in _SEPARATORS]
    head = max(heads, key=lambda head: (head.header.known, len(head.header.names)))
    if unwrap and len(head.header.names) == 1 and "," in head.header.names[0]:
        notes.append(
            Note(
                "decision",
                f"{name}: every line was one quoted cell, as a spreadsheet saves them; they were unwrapped.",
            )
        )
        table = open_text(name, _unwrapped(name, utf8), id_names=id_names, told=told, unwrap=False)
        return table._replace(notes=tuple(notes))
    if len(head.header.names) > _MAX_COLUMNS:
        raise InputError(
            f"{name} has {len(head.header.names):,} columns, which no export has: download it again."
        )
    start = len("".join(lines[: head.lines_of_header]).encode())
    separator = _separator_of_data(head)
    if separator != head.separator:
        notes.append(
            Note("decision", f"{name}: its rows are separated by {_NAMES[separator]}, unlike its header.")
        )
    names = head.header.names

    def columns(positions: Sequence[int]) -> list[Cells]:
        return _read_columns(name, utf8[start:], separator, len(names), positions)

    return Table(name, names, columns, tuple(notes))


def _as_utf8(name: str, content: bytes) -> tuple[bytes, list[Note]]:
    utf8, notes = _transcoded(name, content)
    utf8 = utf8.removeprefix(_BOM_READ_AS_WINDOWS_1252).rstrip(b"\x00")
    if b"\x00" in utf8:
        # To the CSV reader a cell ends there: half an id would look like an id.
        notes.append(
            Note("warning", f"{name} holds NUL bytes, which show as \ufffd: check it, or download it again.")
        )
        utf8 = utf8.replace(b"\x00", "\ufffd".encode())
    return utf8, notes


def _transcoded(name: str, content: bytes) -> tuple[bytes, list[Note]]:
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            body = content[len(bom) :]
            return (body if encoding == "utf-8" else _recoded(body, encoding)), []
    # UTF-16 without its mark: every second byte of a Latin header is zero.
    halves = (content[:200:2].count(0), content[1:200:2].count(0))
    if max(halves) >= 40 * min(len(content), 200) // 100 and not min(halves) and any(halves):
        return _recoded(content, "utf-16-be" if halves[0] > halves[1] else "utf-16-le"), []
    head = content[:_HEAD_BYTES].rstrip(b"\x00")
    if head.count(0) > len(head) // 100:
        raise InputError(f"{name} is not a text table: download the export as CSV or XLSX.")
    if _is_utf8(content):
        return content, []
    note = f"{name} is not UTF-8; it was read as Windows-1252, so letters of other alphabets may be wrong."
    return _recoded(content, "cp1252"), [Note("warning", note)]


def _recoded(content: bytes, encoding: str) -> bytes:
    return content.decode(encoding, errors="replace").encode("utf-8")


def _is_utf8(content: bytes) -> bool:
    """Decode by chunks, so that a large file does not stand in memory twice."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _CHUNK_BYTES):
            decoder.decode(content[start : start + _CHUNK_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_long_lines(name: str, utf8: bytes) -> None:
    """Refuse lines of twice the limit, and some shorter ones: each stretch must hold a line end."""
    for start in range(0, len(utf8) - _MAX_LINE_BYTES, _MAX_LINE_BYTES):
        if all(utf8.find(end, start, start + _MAX_LINE_BYTES) < 0 for end in (b"\n", b"\r")):
            raise InputError(
                f"{name} has a line of several megabytes, which no export has: download it again."
            )


def _cut(lines: list[str], separator: str, *, id_names: Sequence[str] | None, told: Collection[str]) -> _Head:
    reader = csv.reader(lines, delimiter=separator)
    records: list[list[str]] = []
    ends: list[int] = []
    try:
        for record in reader:
            records.append(record)
            ends.append(reader.line_num)
            if len(records) == 2 * ROWS_SEARCHED_FOR_HEADER:
                break
    except csv.Error:
        pass  # A cell without end: not with this separator.
    header = find_header(records[:ROWS_SEARCHED_FOR_HEADER], id_names=id_names, told=told)
    end = ends[header.row] if header.row >= 0 else 0
    return _Head(separator, header, records[header.row + 1 :], end)


def _separator_of_data(head: _Head) -> str:
    """Return the separator of the rows, which may not be the header's."""
    width = len(head.header.names)
    rows = [record for record in head.records if any(cell.strip() for cell in record)]
    if width == 1 or not rows or any(len(row) > max(1, width // 2) for row in rows):
        return head.separator
    for separator in _SEPARATORS:
        joined = [head.separator.join(row) for row in rows]
        if separator != head.separator and all(line.count(separator) >= width - 1 for line in joined):
            return separator
    return head.separator


def _unwrapped(name: str, utf8: bytes) -> bytes:
    rows = csv.reader(io.StringIO(utf8.decode("utf-8", errors="replace"), newline=""))
    try:
        return "\n".join(",".join(row) for row in rows).encode()
    except csv.Error as error:
        raise InputError(f"{name} cannot be read as a table ({error}): download it again.") from None


def _read_columns(
    name: str, utf8: bytes, separator: str, width: int, positions: Sequence[int]
) -> list[Cells]:
    if not positions:
        return []
    try:
        frame = pd.read_csv(
            io.BytesIO(utf8),
            sep=separator,
            header=None,
            names=list(range(width)),
            usecols=sorted(set(positions)),
            index_col=False,
            dtype="object",
            na_filter=False,
            encoding="utf-8",
            encoding_errors="replace",
        )
    except pd.errors.EmptyDataError:
        return [np.array([], dtype=object) for _ in positions]
    except pd.errors.ParserError as error:
        why = "a quotation mark is never closed" if "EOF inside string" in str(error) else str(error)
        raise InputError(f"{name} cannot be read as a table ({why}): download it again.") from None
    return [frame[position].fillna("").to_numpy(dtype=object) for position in positions]
