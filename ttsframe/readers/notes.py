"""Notes about what a reader decided, left out or guessed: logged once, and kept with the frame."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ttsframe.text import Note, by_weight, counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_LOG = logging.getLogger("ttsframe")


def with_notes(frame: pd.DataFrame, notes: Iterable[Note]) -> pd.DataFrame:
    """Put the distinct notes by weight into ``frame.attrs["notes"]`` of our own frame; log each once."""
    distinct = tuple(by_weight(dict.fromkeys(notes)))
    frame.attrs["notes"] = distinct
    for note in distinct:
        _LOG.info("%s", note.text)
    return frame


def unreadable(name: str, number: int, noun: str) -> list[Note]:
    """Return a note about cells that could not be read, if there are any."""
    if not number:
        return []
    verb = "is" if number == 1 else "are"
    return [Note("warning", f"{name}: {counted(number, noun)} could not be read and {verb} missing.")]
