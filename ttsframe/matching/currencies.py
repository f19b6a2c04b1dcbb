"""In which currency each row's amounts are: as told, as its pair's, or as its file's other pairs'."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from ttsframe import money
from ttsframe.matching import keys
from ttsframe.matching.keys import take_or_fill
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from ttsframe.matching.inputs import Shopify, Tiktok
    from ttsframe.matching.keys import Digits, Flags, Nodes

_NONE = -1


class Currencies(NamedTuple):
    """The currency of every row of the result."""

    words: list[str]
    own: tuple[Nodes, Nodes]
    """The currency that each order of either frame tells, as its place in `words`; -1 for none."""
    codes: tuple[Nodes, Nodes]
    """The currency of each side as its place in `words`; -1 where nothing tells it."""
    text: pd.Series
    """Both, as `USD/EUR`, where they differ; missing where nothing tells it."""
    differ: Flags
    """Both are told, and differ."""
    digits: tuple[Digits, Digits]
    """How many decimals the amounts of each side have; 2 where nothing tells the currency."""
    notes: tuple[Note, ...]
    """Which were assumed, and from what."""


class _Side(NamedTuple):
    name: str
    files: pd.Series
    row: Nodes
    """The order of each row of the result; -1 for none."""
    told: np.ndarray
    """The code of the currency that the order, or else its pair, tells."""


def currencies_of(tiktok: Tiktok, shopify: Shopify, left: Nodes, right: Nodes, proven: Flags) -> Currencies:
    """Find the currency of each row, of the order in row `left` and `right` of its frame (-1 for none).

    An order that tells none has that of its pair. One without a pair has that of its file, but
    only if all that is told of the file's orders is one currency, and a proven pair shows it.
    """
    both = union_categoricals([tiktok.currency, shopify.currency])
    words, codes = list(both.categories), both.codes.astype(np.int64)
    ours = take_or_fill(codes[: len(tiktok.currency)], left, _NONE)
    theirs = take_or_fill(codes[len(tiktok.currency) :], right, _NONE)
    differ = (ours != theirs) & (ours != _NONE) & (theirs != _NONE)
    ours, theirs = np.where(ours == _NONE, theirs, ours), np.where(theirs == _NONE, ours, theirs)
    sides = (
        _Side("the TikTok orders", tiktok.files, left, ours),
        _Side("the Shopify orders", shopify.files, right, theirs),
    )
    # Mostly every order or its pair tells one.
    guessed, notes = _assumed(sides, proven, words) if (ours == _NONE).any() else (ours, ())
    ours, theirs = np.where(ours == _NONE, guessed, ours), np.where(theirs == _NONE, guessed, theirs)
    digits = np.array([*map(money.decimals, words), money.decimals("")], dtype=np.int64)
    text = _written(words, ours, theirs)
    own = codes[: len(tiktok.currency)], codes[len(tiktok.currency) :]
    return Currencies(words, own, (ours, theirs), text, differ, (digits[ours], digits[theirs]), notes)


def _assumed(
    sides: tuple[_Side, _Side], proven: Flags, words: list[str]
) -> tuple[np.ndarray, tuple[Note, ...]]:
    """Take the currency of its file for a row that nothing tells; none where both sides' files differ."""
    guesses = [_of_files(side, proven) for side in sides]
    (ours, theirs) = (
        np.where(side.told == _NONE, guess, _NONE) for side, guess in zip(sides, guesses, strict=True)
    )
    against = (ours != theirs) & (ours != _NONE) & (theirs != _NONE)
    ours[against] = theirs[against] = _NONE
    notes = [
        note for side, guess in zip(sides, (ours, theirs), strict=True) for note in _notes(side, guess, words)
    ]
    return np.where(ours == _NONE, theirs, ours), tuple(notes)


def _of_files(side: _Side, proven: Flags) -> np.ndarray:
    """Give each row the one currency of its file; none where a file has several, or no pair."""
    # A frame that names no files is one file.
    files = take_or_fill(pd.factorize(side.files)[0], side.row, _NONE)
    known = pd.DataFrame({"file": files, "code": side.told, "proven": proven})
    known = known[(side.told != _NONE) & (side.row != _NONE)]
    told = known.groupby("file").agg(least=("code", "min"), most=("code", "max"), proven=("proven", "any"))
    single = told.loc[(told["least"] == told["most"]) & told["proven"], "least"]
    code: np.ndarray = single.reindex(files, fill_value=_NONE).to_numpy()
    return np.where(side.row == _NONE, _NONE, code)


def _notes(side: _Side, guess: np.ndarray, words: list[str]) -> list[Note]:
    where = np.flatnonzero(guess != _NONE)
    if not len(where):
        return []
    name = side.files.take(side.row[where]).fillna(side.name)
    orders = pd.DataFrame({"row": side.row[where], "file": name.to_numpy(), "code": guess[where]})
    found = orders.drop_duplicates("row").groupby(["file", "code"], sort=False).size().reset_index()
    return [
        Note(
            "decision",
            f"The currency of {counted(count, 'order')} of {file} is assumed to be {words[code]}, "
            "as that of its matched orders.",
        )
        for file, code, count in found.itertuples(index=False)
    ]


def _written(words: list[str], ours: np.ndarray, theirs: np.ndarray) -> pd.Series:
    kinds, combinations = pd.factorize((ours + 1) * (len(words) + 1) + theirs + 1)
    texts = [_joined(words, *divmod(int(kind), len(words) + 1)) for kind in combinations]
    return keys.decode(texts, kinds)


def _joined(words: list[str], ours: int, theirs: int) -> str | None:
    """Join two words, numbered from 1; 0 stands for none."""
    named = dict.fromkeys(words[number - 1] for number in (ours, theirs) if number)
    return "/".join(named) if named else None
