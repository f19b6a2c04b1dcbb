"""Times as exports write them; whether the day or the month comes first is settled per file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.errors import InputError
from ttsframe.readers.money import BLANKS
from ttsframe.text import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttsframe.readers.shapes import Cells

DateOrder = Literal["dmy", "mdy"]
DATE_ORDERS: dict[str, str] = {"dmy": "day first", "mdy": "month first"}

_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2}),?")
_SERIAL = re.compile(r"[2-7]\d{4}(?:\.\d+)?")
_CLOCK = re.compile(
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*(?:([AaPp])\.?\s?[Mm]\.?)?\s*"
    r"(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2}))?"
)
_SERIAL_EPOCH = np.datetime64("1899-12-30T00:00:00", "us")
_MONTHS = 12
_HOURS = 24
_NOON = 12
_YEARS = range(1970, 2200)
_FIRST_BUDDHIST_YEAR = 2400
_BUDDHIST_YEARS = 543
_DAY_US = 86_400_000_000


class Moments(NamedTuple):
    """A column of times as they stand on the clock."""

    local: np.ndarray
    """datetime64[us]; NaT where blank or unreadable."""
    offset_minutes: np.ndarray
    """float64: minutes ahead of UTC, NaN where none is written."""
    unread: int
    """Cells that hold something that is no time."""


class Decision(NamedTuple):
    """Which comes first in a file's dates."""

    order: DateOrder
    settled: bool
    """Whether a day beyond the twelfth, or the caller, settles it."""
    contradicted: bool
    """Whether some dates can only be read the other way."""
    matters: bool
    """Whether any date has the year last at all."""


class _Parts(NamedTuple):
    day_codes: np.ndarray
    days: list[str]
    clock_codes: np.ndarray
    clocks: list[str]


def decide_order(
    name: str, columns: Sequence[Cells], given: str | None = None, *, otherwise: DateOrder | None = None
) -> Decision:
    """Decide from all the dates of a file whether the day or the month comes first.

    Parameters
    ----------
    name
        The file, for messages.
    columns
        Every column of times that it has.
    given
        What the caller says, which stands.
    otherwise
        What to take where nothing settles it; None takes month first where there is AM or
        PM, and day first elsewhere.

    Returns
    -------
    Decision
        The order, and how sure it is.

    Raises
    ------
    InputError
        If `given` is unknown, or cannot be read with any date of the file that tells.
    """
    if given is not None and given not in DATE_ORDERS:
        raise InputError(f"must be 'dmy' or 'mdy', not {given!r}.", parameter="date_order")
    parts = [_split(cells) for cells in columns]
    found = [match for part in parts for day in part.days if (match := _YEAR_LAST.fullmatch(day))]
    day_first = [match[0] for match in found if int(match[1]) > _MONTHS >= int(match[2])]
    month_first = [match[0] for match in found if int(match[2]) > _MONTHS >= int(match[1])]
    order: DateOrder
    if given is not None:
        against = month_first if given == "dmy" else day_first
        if against and len(against) == len(day_first) + len(month_first):
            raise InputError(
                f"{given!r} cannot be right for {name}, which contains {against[0]}. Leave it out.",
                parameter="date_order",
            )
        order = "dmy" if given == "dmy" else "mdy"
        return Decision(order, settled=True, contradicted=bool(against), matters=bool(found))
    if day_first or month_first:
        order = "dmy" if len(day_first) >= len(month_first) else "mdy"
        return Decision(order, settled=True, contradicted=bool(day_first and month_first), matters=True)
    half_days = any(_has_half_day(clock) for part in parts for clock in part.clocks)
    order = otherwise or ("mdy" if half_days else "dmy")
    return Decision(order, settled=False, contradicted=False, matters=bool(found))


def read_times(cells: Cells, order: DateOrder) -> Moments:
    """Read a column of times.

    Parameters
    ----------
    cells
        Trimmed text, as exported: year first, or year last in the given order; 12 or 24
        hours, with an offset or without; or the number of days by which Excel counts.
    order
        Whether the day or the month comes first where the year is last. A date that cannot
        be read so is read the other way.

    Returns
    -------
    Moments
        As long as `cells`, to the second.
    """
    parts = _split(cells)
    days = np.array([*(_day(day, order) for day in parts.days), "NaT"], dtype="datetime64[us]")
    clocks = [_clock(clock) for clock in parts.clocks]
    microseconds = np.array([clock[0] for clock in clocks], dtype="timedelta64[us]")
    offsets = np.array([clock[1] for clock in clocks], dtype="float64")
    local = days[parts.day_codes] + microseconds[parts.clock_codes]
    filled = np.array([day.casefold() not in BLANKS for day in parts.days], dtype=bool)[parts.day_codes]
    return Moments(local, offsets[parts.clock_codes], int((np.isnat(local) & filled).sum()))


def to_utc(moments: Moments, tz: str = "UTC") -> np.ndarray:
    """Return the times in UTC (datetime64[us]); one without an offset is taken to be of `tz`."""
    ahead = np.nan_to_num(moments.offset_minutes).astype("timedelta64[m]")
    utc: np.ndarray = moments.local - ahead.astype("timedelta64[us]")
    bare = np.isnan(moments.offset_minutes)
    if tz != "UTC" and bare.any():
        # The hour that is repeated in autumn is taken as its first pass.
        first_pass = np.ones(int(bare.sum()), dtype=bool)
        local = pd.DatetimeIndex(utc[bare]).tz_localize(tz, ambiguous=first_pass, nonexistent="shift_forward")
        utc[bare] = local.tz_convert("UTC").tz_localize(None).to_numpy()
    return utc


def _split(cells: Cells) -> _Parts:
    """Cut times in day and clock: few days and at most 86,400 clocks recur in any export."""
    texts = [text.replace("T", " ", 1) if text[10:11] == "T" else text for text in cells.tolist()]
    pairs = [text.partition(" ") for text in texts]
    day_codes, days = _factorized([pair[0] for pair in pairs])
    clock_codes, clocks = _factorized([pair[2] for pair in pairs])
    return _Parts(day_codes, days, clock_codes, clocks)


def _factorized(texts: list[str]) -> tuple[np.ndarray, list[str]]:
    values = np.empty(len(texts), dtype=object)
    values[:] = texts
    codes, distinct = pd.factorize(values)
    return codes, distinct.tolist()


def _day(text: str, order: DateOrder) -> np.datetime64:
    if match := _YEAR_FIRST.fullmatch(text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _YEAR_LAST.fullmatch(text):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        year += 2000 if len(match[3]) == 2 else 0  # noqa: PLR2004
        day, month = (first, second) if order == "dmy" else (second, first)
        return _date(year, day, month) if month > _MONTHS else _date(year, month, day)
    if _SERIAL.fullmatch(text):
        microseconds = round(float(text) * _DAY_US / 1_000_000) * 1_000_000
        return _SERIAL_EPOCH + np.timedelta64(microseconds, "us")
    return np.datetime64("NaT", "us")


def _date(year: int, month: int, day: int) -> np.datetime64:
    """Make a date; a Thai spreadsheet counts years from the Buddha."""
    year -= _BUDDHIST_YEARS if year >= _FIRST_BUDDHIST_YEAR else 0
    if year not in _YEARS:
        return np.datetime64("NaT", "us")
    try:
        return np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "us")
    except ValueError:
        return np.datetime64("NaT", "us")


def _clock(text: str) -> tuple[np.timedelta64, float]:
    """Return the time of day, NaT if it is none, and the minutes ahead of UTC."""
    if not text.strip():
        return np.timedelta64(0, "us"), np.nan
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return np.timedelta64("NaT", "us"), np.nan
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4] and 0 < hours <= _NOON:
        hours = hours % _NOON + (_NOON if match[4] in "Pp" else 0)
    if hours >= _HOURS or max(minutes, seconds) > 59:  # noqa: PLR2004
        return np.timedelta64("NaT", "us"), np.nan
    return np.timedelta64((hours * 3600 + minutes * 60 + seconds) * 1_000_000, "us"), _offset_minutes(match)


def _offset_minutes(match: re.Match[str]) -> float:
    if match[5]:
        return 0.0
    if not match[6]:
        return np.nan
    minutes = int(match[7]) * 60 + int(match[8])
    return float(-minutes if match[6] == "-" else minutes)


def _has_half_day(clock: str) -> bool:
    match = _CLOCK.fullmatch(clock.strip())
    return bool(match and match[4])


def told(name: str, decision: Decision) -> Note | None:
    """Return the note about a file's date order, None where no date depends on it."""
    if not decision.matters:
        return None
    said = f"{name}: dates were read {DATE_ORDERS[decision.order]}"
    if decision.contradicted:
        return Note("warning", f"{said}, but some are only valid the other way and were read so: check them.")
    if not decision.settled:
        said += "; nothing in the file settles this. Set the date order if it is wrong"
    return Note("decision", f"{said}.")
