"""The column of TikTok order ids in an export: which rows have one, and which a spreadsheet has rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import ids
from ttsframe.errors import InputError
from ttsframe.readers.grouping import objects
from ttsframe.readers.headers import ORDER_ID_NAMES, plain
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttsframe.readers.shapes import Cells

_ROUNDED_ENDING = "000"
_LEAST_IDS_TO_SUSPECT = 3
# One true id in a thousand ends in 000, so ten of them do once in 10^30 exports.
_LEAST_IDS_TO_REFUSE = 10
LEAST_DIGITS_TO_SUSPECT = 17
"""A spreadsheet keeps 15 digits, and shows shorter numbers whole."""
_LEAST_DIGITS_OF_MOST = 15
LOST = "lost their last digits in a spreadsheet"
_DOWNLOAD_AGAIN = "download again, and do not open and save the file before reading it"


class OrderIds(NamedTuple):
    """The ids of an export."""

    ids: Cells
    """Of each row, the id; where it is no run of digits, the text as given."""
    usable: np.ndarray
    """Whether the row has one."""


def clean_order_ids(name: str, cells: Cells, notes: list[Note]) -> OrderIds:
    """Clean the ids of an export, and tell which rows cannot be used.

    Parameters
    ----------
    name
        The file, for messages.
    cells
        The trimmed column.
    notes
        What is left out is added here.

    Returns
    -------
    OrderIds
        As long as `cells`.

    Raises
    ------
    InputError
        If every id has lost its last digits: as ``5.80194E+17``, or ten or more that all end in 000.
    """
    given, reasons = _cleaned(name, cells)
    lost, missing = reasons == "digits_lost", reasons == "missing"
    if lost.any():
        rows = counted(int(lost.sum()), "row")
        notes.append(Note("left_out", f"{name}: {rows} left out, whose order ids {LOST}."))
    if missing.any():
        notes.append(
            Note("left_out", f"{name}: {counted(int(missing.sum()), 'row')} without an order id left out.")
        )
    if odd := int(np.isin(reasons, ["not_digits", "too_long"]).sum()):
        rows = counted(odd, "row")
        notes.append(
            Note("warning", f"{name}: {rows} whose order id is no run of at most 20 digits, kept as given.")
        )
    usable = ~(lost | missing)
    _suspect_rounding(name, given[usable], notes)
    return OrderIds(given, usable)


def clean_all(name: str, cells: Cells, notes: list[Note]) -> Cells:
    """Clean the ids of a file of which every row is kept, to be told as `invalid` where it has none.

    Parameters
    ----------
    name
        The file, for messages.
    cells
        The column.
    notes
        How many ids a spreadsheet has rounded is added here.

    Returns
    -------
    numpy.ndarray
        The id of each row; the original text if it is not a valid id, None where there is nothing.

    Raises
    ------
    InputError
        If every id has lost its last digits: as ``5.80194E+17``, or ten or more that all end in 000.
    """
    given, reasons = _cleaned(name, cells)
    if lost := int((reasons == "digits_lost").sum()):
        lossy = f"{counted(lost, 'order id')} lost the last digits in a spreadsheet (digits_lost)"
        notes.append(Note("warning", f"{name}: {lossy}; download it again."))
    _suspect_rounding(name, given[pd.isna(reasons)], notes)
    return given


def _cleaned(name: str, cells: Cells) -> tuple[Cells, Cells]:
    """Return ids and reasons; refuse a file of which a spreadsheet has rounded all."""
    cleaned = ids.clean(pd.Series(cells, dtype="object"))
    reasons = objects(cleaned.reasons)
    lost = reasons == "digits_lost"
    if lost.any() and (lost | (reasons == "missing")).all():
        raise InputError(f"{name}: the order ids {LOST}; {_DOWNLOAD_AGAIN}.")
    return objects(cleaned.ids), reasons


def rounded(found: Iterable[str]) -> int:
    """Count the distinct ids, if all end as a spreadsheet leaves numbers of more than 15 digits.

    Parameters
    ----------
    found
        Ids, none missing.

    Returns
    -------
    int
        How many of at least 17 digits there are; 0 where one of them does not end in 000.
    """
    distinct = set()
    for text in found:
        if len(text) >= LEAST_DIGITS_TO_SUSPECT and ids.is_digits(text):
            if not text.endswith(_ROUNDED_ENDING):
                return 0
            distinct.add(text)
    return len(distinct)


def refuse_short(column: str | None, found: Iterable[str]) -> None:
    """Refuse a column that the caller has named if what it holds is too short for order ids.

    TikTok Shop's have 18 digits, or 19; no length is promised, so a column that is called
    `order_id`, or ids without a column, are taken as they are.

    Parameters
    ----------
    column
        The name; None where the caller named none.
    found
        Ids, none missing.

    Raises
    ------
    InputError
        If most of the distinct numbers have fewer than 15 digits: asking for them would send
        quantities, or phone numbers, to the gateway.
    """
    if column is None or plain(str(column)) in map(plain, ORDER_ID_NAMES):
        return
    lengths = [len(text) for text in set(found) if ids.is_digits(text)]
    short = sum(length < _LEAST_DIGITS_OF_MOST for length in lengths)
    if short > len(lengths) / 2:
        raise InputError(
            f"the numbers in the column {column} are too short for TikTok Shop order ids, which have 18 "
            "or 19 digits. Is it the right column? If it is, name it order_id.",
            parameter="column",
        )


def refuse_rounded(what: str, count: int, advice: str = _DOWNLOAD_AGAIN) -> None:
    """Refuse ids of which so many, as `rounded` counts them, end in 000 that a spreadsheet has rounded them.

    Parameters
    ----------
    what
        The ids, as the message begins.
    count
        How many distinct ones end so.
    advice
        What to do instead.

    Raises
    ------
    InputError
        If there are ten or more.
    """
    if count >= _LEAST_IDS_TO_REFUSE:
        raise InputError(f"{what} {LOST}: all {count:,} end in {_ROUNDED_ENDING}; {advice}.")


def note_of_rounded(name: str, count: int) -> list[Note]:
    """Return the note about ids of which a few, as `rounded` counts them, all end in 000."""
    if count < _LEAST_IDS_TO_SUSPECT:
        return []
    as_rounded = f"{name}: every order id ends in 000, as a spreadsheet leaves them when it has rounded them"
    return [Note("warning", f"{as_rounded}; if the file was opened in one, download it again.")]


def _suspect_rounding(name: str, found: Cells, notes: list[Note]) -> None:
    """Tell of few ids, and refuse many, that all end as a spreadsheet leaves long numbers."""
    count = rounded(found)
    refuse_rounded(f"{name}: the order ids", count)
    notes += note_of_rounded(name, count)
