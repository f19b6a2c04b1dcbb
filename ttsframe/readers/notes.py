"""Notes about what a reader decided, left out or guessed: logged once, and kept with the frame."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ttsframe.text import Note, by_weight, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import pandas as pd

    from ttsframe.readers.counted import Counted, SourceFile

_LOG = logging.getLogger("ttsframe")


def with_notes(
    frame: pd.DataFrame, notes: Iterable[Note], sources: Sequence[SourceFile], counts: Sequence[Counted] = ()
) -> pd.DataFrame:
    """Put into ``attrs`` of our own frame its distinct notes by weight, each logged, and what files held."""
    distinct = tuple(by_weight(dict.fromkeys(notes)))
    frame.attrs |= {"notes": distinct, "sources": tuple(sources), "counted": tuple(counts)}
    for note in distinct:
        _LOG.info("%s", note.text)
    return frame


def unreadable(name: str, columns: Iterable[np.ndarray], noun: str) -> list[Note]:
    """Return a note about the cells that could not be read, which the columns flag, if there are any."""
    number = sum(int(unread.sum()) for unread in columns)
    if not number:
        return []
    verb = "is" if number == 1 else "are"
    return [Note("warning", f"{name}: {counted(number, noun)} could not be read and {verb} missing.")]
