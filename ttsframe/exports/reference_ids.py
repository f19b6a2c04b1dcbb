"""The ids of references that were saved: which rows a spreadsheet has spoilt on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ttsframe.errors import InputError
from ttsframe.exports.notes import counted
from ttsframe.exports.order_ids import LOST, refuse_rounded, rounded

if TYPE_CHECKING:
    import pandas as pd

_ADVICE = 'look up again, and save as a workbook or with ids="excel"'
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
        answered = ~statuses.astype("object").eq("invalid").to_numpy(dtype=bool)
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
    flags: np.ndarray = texts.str.contains(_SCIENTIFIC).eq(True).to_numpy(dtype=bool)  # noqa: FBT003
    return flags


def _refuse(what: str, texts: pd.Series, lost: np.ndarray, *, there: np.ndarray) -> None:
    if 2 * int(lost.sum()) > int(there.sum()):
        raise InputError(f"{what} {LOST}; {_ADVICE}.")
    refuse_rounded(what, rounded(texts[~lost].dropna()), _ADVICE)
