"""The column of TikTok order ids in an export: which rows have one, and which a spreadsheet has rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe import ids
from ttsframe.errors import InputError
from ttsframe.exports.grouping import objects
from ttsframe.exports.notes import counted

if TYPE_CHECKING:
    from ttsframe.exports.shapes import Cells

_ROUNDED_ENDING = "000"
_LEAST_IDS_TO_SUSPECT = 3
_LEAST_DIGITS_TO_SUSPECT = 17


class OrderIds(NamedTuple):
    """The ids of an export."""

    ids: Cells
    """Of each row, the id; where it is no run of digits, the text as given."""
    usable: np.ndarray
    """Whether the row has one."""


def clean_order_ids(name: str, cells: Cells, notes: list[str]) -> OrderIds:
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
        If every id has lost its last digits.
    """
    given, reasons = _cleaned(name, cells)
    lost, missing = reasons == "digits_lost", reasons == "missing"
    if lost.any():
        rows = counted(int(lost.sum()), "row")
        notes.append(f"{name}: {rows} left out, whose order ids lost their last digits in a spreadsheet.")
    if missing.any():
        notes.append(f"{name}: {counted(int(missing.sum()), 'row')} without an order id left out.")
    if odd := int(np.isin(reasons, ["not_digits", "too_long"]).sum()):
        rows = counted(odd, "row")
        notes.append(f"{name}: {rows} whose order id is no run of at most 20 digits, kept as given.")
    usable = ~(lost | missing)
    _suspect_rounding(name, given[usable], notes)
    return OrderIds(given, usable)


def clean_all(name: str, cells: Cells, notes: list[str]) -> Cells:
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
        Of each row, the id; the text as given where it is none, None where there is nothing.

    Raises
    ------
    InputError
        If every id has lost its last digits.
    """
    given, reasons = _cleaned(name, cells)
    if lost := int((reasons == "digits_lost").sum()):
        lossy = f"{counted(lost, 'order id')} lost the last digits in a spreadsheet (digits_lost)"
        notes.append(f"{name}: {lossy}; download it again.")
    _suspect_rounding(name, given[pd.isna(reasons)], notes)
    return given


def _cleaned(name: str, cells: Cells) -> tuple[Cells, Cells]:
    """Return ids and reasons; refuse a file of which a spreadsheet has rounded all."""
    cleaned = ids.clean(pd.Series(cells, dtype="object"))
    reasons = objects(cleaned.reasons)
    lost = reasons == "digits_lost"
    if lost.any() and (lost | (reasons == "missing")).all():
        raise InputError(
            f"{name}: the order ids lost their last digits in a spreadsheet; download again, and do not open "
            "and save the file before reading it."
        )
    return objects(cleaned.ids), reasons


def _suspect_rounding(name: str, found: Cells, notes: list[str]) -> None:
    """Tell of ids that all end as a spreadsheet leaves numbers of more than 15 digits."""
    distinct = pd.unique(pd.Series(found, dtype="object"))
    long = [text for text in distinct if text.isdecimal() and len(text) >= _LEAST_DIGITS_TO_SUSPECT]
    if len(long) >= _LEAST_IDS_TO_SUSPECT and all(text.endswith(_ROUNDED_ENDING) for text in long):
        notes.append(
            f"{name}: every order id ends in 000, as a spreadsheet leaves them when it has rounded them; "
            "if it went through one, download it again."
        )
