"""What a reading decided, dropped or guessed: told once in the log, and kept with the frame."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ttsframe.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_LOG = logging.getLogger("ttsframe")


def with_notes(frame: pd.DataFrame, notes: Iterable[str]) -> pd.DataFrame:
    """Keep the notes in ``frame.attrs["notes"]``, and log each of them once.

    Parameters
    ----------
    frame
        A frame of our own making; its `attrs` are changed.
    notes
        Plain sentences; repeated ones are told once.

    Returns
    -------
    pandas.DataFrame
        The same frame.
    """
    distinct = tuple(dict.fromkeys(notes))
    frame.attrs["notes"] = distinct
    for note in distinct:
        _LOG.info("%s", note)
    return frame


def unreadable(name: str, number: int, noun: str) -> list[str]:
    """Return the note about cells that hold something else than they should, none where there are none."""
    if not number:
        return []
    verb = "is" if number == 1 else "are"
    return [f"{name}: {counted(number, noun)} could not be read and {verb} missing."]
