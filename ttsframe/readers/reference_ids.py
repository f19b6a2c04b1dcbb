"""The ids of references that were saved: which rows a spreadsheet has spoilt on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ttsframe.errors import InputError
from ttsframe.readers.order_ids import LEAST_DIGITS_TO_SUSPECT, LOST, refuse_rounded, rounded
from ttsframe.text import counted

if TYPE_CHECKING:
    import pandas as pd

_ADVICE = "look up again, and save as XLSX"
# As a spreadsheet writes a long number; a name such as 12E3 is none.
_SCIENTIFIC = r"""^[ '"=]*[0-9]+[.,]?[0-9]*[eE]\+[0-9]+[ '"]*$"""


def whole_rows(
    name: str, order_ids: pd.Series, external: pd.Series, statuses: pd.Series | None, notes: list[str]
) -> np.ndarray:
    """Find the rows of references whose ids are whole.

    Parameters
    ----------
    name
        The references, for messages.
    order_ids
        The TikTok order ids, cleaned text.
    external
        The external order ids, text.
    statuses
        The status of each row, if known: an `invalid` one tells of the lost id itself, and stays.
    notes
        How many rows are left out is added here.

    Returns
    -------
    numpy.ndarray
        Whether each row can be used.

    Raises
    ------
    InputError
        If all or most ids of a column have lost their last digits.
    """
    answered = np.ones(len(order_ids), dtype=bool)
    if statuses is not None:
        answered = ~_flags(statuses.eq("invalid"))
    keep = np.ones(len(order_ids), dtype=bool)
    for what, texts in (("order ids", order_ids), ("external order ids", external)):
        lost = _lost(texts) & answered
        _refuse(f"{name}: the {what}", texts, lost, there=answered & texts.notna().to_numpy())
        if lost.any():
            notes.append(
                f"{name}: {counted(int(lost.sum()), 'row')} left out, whose {what} {LOST}; {_ADVICE}."
            )
        keep &= ~lost
    return keep


def _lost(texts: pd.Series) -> np.ndarray:
    # Nearly always there is no plus sign at all, which is found in a tenth of the time.
    if not _flags(texts.str.contains("+", regex=False)).any():
        return np.zeros(len(texts), dtype=bool)
    return _flags(texts.str.contains(_SCIENTIFIC))


def _refuse(what: str, texts: pd.Series, lost: np.ndarray, *, there: np.ndarray) -> None:
    if 2 * int(lost.sum()) > int(there.sum()):
        raise InputError(f"{what} {LOST}; {_ADVICE}.")
    suspected = _flags(texts.str.len() >= LEAST_DIGITS_TO_SUSPECT) & ~lost
    refuse_rounded(what, rounded(texts[suspected]), _ADVICE)


def _flags(mask: pd.Series) -> np.ndarray:
    """True where it is true, also where something is missing."""
    flags: np.ndarray = mask.eq(True).to_numpy(dtype=bool)  # noqa: FBT003
    return flags
