"""Text: notes for people, counts with their nouns, and the escaping of spreadsheet formulas.

A cell of text whose first sign, after blanks and quotes, is one of `= + - @` is a formula to
Excel, LibreOffice and Google Sheets, in their full-width forms too (OWASP, "CSV Injection").
A leading apostrophe keeps it text. Whoever reads one of our files takes away exactly what was added.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_INVISIBLE = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
_BLANKS = f'[\\s"\u201c\u201d{_INVISIBLE}]*'
# Line ends and other controls would break a row, or end a cell early; lone surrogates cannot be written.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
# With apostrophes of its own a text gets one more, so that each text is written in its own way.
_FORMULA = re.compile(f"'*{_BLANKS}[{_SIGNS}]")
# Where semicolons separate (European Excel), what follows one begins a cell.
_START_OF_CELL = f";{_BLANKS}['\"\\s]*"
_AFTER_SEMICOLON = re.compile(f"({_START_OF_CELL})(?=[{_SIGNS}])")
_GUARDED = re.compile(f"({_START_OF_CELL})'(?=[{_SIGNS}])")
_SUSPECT = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff;]|^'*{_BLANKS}[{_SIGNS}]")


NoteKind = Literal["warning", "left_out", "decision", "count"]
"""What weighs most comes first: `by_weight` orders by it."""


class Note(NamedTuple):
    """Something the reader of a result should know."""

    kind: NoteKind
    """`warning`: figures may be wrong or incomplete, check this; `left_out`: rows that are not in the
    result; `decision`: how something ambiguous was read; `count`: what was read, which a short summary may
    fold away."""
    text: str
    """One or more whole sentences."""

    def __str__(self) -> str:
        return self.text


def by_weight(notes: Iterable[Note]) -> list[Note]:
    """Order notes by their kind; those of one kind stay in their order."""
    return sorted(notes, key=lambda note: get_args(NoteKind).index(note.kind))


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a count with its noun, as ``1 row`` or ``2,000 rows``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def escape_formula(text: str) -> str:
    """Put a text on one line, with an apostrophe before what would start a formula in a spreadsheet."""
    if text.isalnum() or not _SUSPECT.search(text):
        return text
    line = one_line(text)
    if ";" in line:
        line = _AFTER_SEMICOLON.sub(r"\1'", line)
    return "'" + line if _FORMULA.match(line) else line


def unescape_formula(cells: pd.Series) -> pd.Series:
    """Return cells of a file of ours without the apostrophes that `escape_formula` added."""
    guarded = cells.str.contains("'", regex=False, na=False)
    if not guarded.any():
        return cells
    given = cells.copy()
    given[guarded] = cells[guarded].map(_unguarded).to_numpy()
    return given


def one_line(text: str) -> str:
    """Replace line ends, tabs and other controls by a blank."""
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub(" ", text))


def _unguarded(cell: str) -> str:
    line = cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
    return _GUARDED.sub(r"\1", line) if ";" in line else line
