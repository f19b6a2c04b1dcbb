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

_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2}),?")
_DATE = rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|{_YEAR_LAST.pattern}"
_SERIAL = r"[2-7]\d{4}(?:\.\d+)?"
_CLOCK = re.compile(
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*(?:([AaPp])\.?\s?[Mm]\.?)?\s*"
    r"(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2}))?"
)
_FORMATS: dict[DateOrder, tuple[str, ...]] = {
    "dmy": ("%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y"),
    "mdy": ("%Y-%m-%d", "%m-%d-%Y", "%d-%m-%Y"),
}
_MONTHS = 12
_NOON = 12
_HOURS = 24
_YEARS = r"\b(?:19[7-9]|20\d|21\d)\d\b"
_BUDDHIST_YEARS = 543


class ParsedTimes(NamedTuple):
    """A column of times as they stand on the clock."""

    local: np.ndarray
    """datetime64[us], to the second; NaT where blank or unreadable."""
    offset_minutes: np.ndarray
    """float64: minutes ahead of UTC, NaN where none is written."""
    unread: np.ndarray
    """bool: the cell holds something that is not a time."""


class DateOrderGuess(NamedTuple):
    """Which comes first in a file's dates."""

    order: DateOrder
    settled: bool
    """Whether a day beyond the twelfth, or the caller, settles it."""
    contradicted: bool
    """Whether some dates can only be read the other way."""
    matters: bool
    """Whether any date has the year last at all."""


class _Parts(NamedTuple):
    """Times cut in day and clock: few days and at most 86,400 clocks recur in any export."""

    day_codes: np.ndarray
    days: pd.Series
    clock_codes: np.ndarray
    clocks: list[str]


def guess_date_order(
    name: str, columns: Sequence[Cells], given: str | None = None, *, otherwise: DateOrder | None = None
) -> DateOrderGuess:
    """Settle from all dates of a file whether the day or the month comes first, unless it is given.

    Where nothing settles it, it is `otherwise`, else month first beside AM or PM, and day first elsewhere.
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
        return DateOrderGuess(order, settled=True, contradicted=bool(against), matters=bool(found))
    if day_first or month_first:
        order = "dmy" if len(day_first) >= len(month_first) else "mdy"
        return DateOrderGuess(order, settled=True, contradicted=bool(day_first and month_first), matters=True)
    clocks = [_CLOCK.fullmatch(clock) for part in parts for clock in part.clocks]
    half_days = any(clock and clock[4] for clock in clocks)
    order = otherwise or ("mdy" if half_days else "dmy")
    return DateOrderGuess(order, settled=False, contradicted=False, matters=bool(found))


def read_times(cells: Cells, order: DateOrder) -> ParsedTimes:
    """Read a column of times, trimmed; a date that cannot be read in this order is read in the other."""
    parts = _split(cells)
    days = _read_days(parts.days, order)
    clocks = np.array([_read_clock(clock) for clock in parts.clocks], dtype="float64").reshape(-1, 2)
    seconds, offsets = clocks.T
    local = days[parts.day_codes] + pd.to_timedelta(seconds, unit="s").to_numpy()[parts.clock_codes]
    filled = np.array([day.casefold() not in BLANKS for day in parts.days], dtype=bool)[parts.day_codes]
    return ParsedTimes(local.astype("datetime64[us]"), offsets[parts.clock_codes], np.isnat(local) & filled)


def to_utc(times: ParsedTimes, tz: str = "UTC") -> np.ndarray:
    """Return the times in UTC (datetime64[us]); one without an offset is taken to be of `tz`."""
    ahead = np.nan_to_num(times.offset_minutes).astype("timedelta64[m]")
    utc: np.ndarray = times.local - ahead.astype("timedelta64[us]")
    bare = np.isnan(times.offset_minutes)
    if tz != "UTC" and bare.any():
        # The hour that is repeated in autumn is taken as its first pass.
        first_pass = np.ones(int(bare.sum()), dtype=bool)
        local = pd.DatetimeIndex(utc[bare]).tz_localize(tz, ambiguous=first_pass, nonexistent="shift_forward")
        utc[bare] = local.tz_convert("UTC").tz_localize(None).to_numpy()
    return utc


def date_order_note(name: str, guess: DateOrderGuess) -> list[Note]:
    """Return the note about a file's date order, none where no date depends on it."""
    if not guess.matters:
        return []
    said = f"{name}: dates were read {DATE_ORDERS[guess.order]}"
    if guess.contradicted:
        said += ", but some are only valid the other way and were read so: check them."
        return [Note("warning", said)]
    if not guess.settled:
        said += "; nothing in the file settles this. Set the date order if it is wrong"
    return [Note("decision", f"{said}.")]


def _split(cells: Cells) -> _Parts:
    texts = [text.replace("T", " ", 1) if text[10:11] == "T" else text for text in cells.tolist()]
    pairs = [text.partition(" ") for text in texts]
    day_codes, days = pd.factorize(np.array([pair[0] for pair in pairs], dtype=object))
    clock_codes, clocks = pd.factorize(np.array([pair[2].strip() for pair in pairs], dtype=object))
    return _Parts(day_codes, pd.Series(days, dtype="object"), clock_codes, clocks.tolist())


def _read_days(texts: pd.Series, order: DateOrder) -> np.ndarray:
    """Read dates, years in full or of two digits, and the days since 1899 by which Excel counts."""
    # Only what looks like a date: pandas would take `now` for one.
    dates = texts.where(texts.str.fullmatch(_DATE)).str.rstrip(",").str.replace("[/.]", "-", regex=True)
    dates = dates.str.replace(r"^(\d{1,2}-\d{1,2}-)(\d{2})$", r"\g<1>20\2", regex=True)
    # A Thai spreadsheet counts years in the Buddhist era.
    dates = dates.str.replace(
        r"\b2[4-7]\d{2}\b", lambda year: str(int(year[0]) - _BUDDHIST_YEARS), regex=True
    )
    dates = dates.where(dates.str.contains(_YEARS, na=False))
    # Missing ones are left out: pandas 2.2 rounds memory that it has not filled where they stand.
    serials = pd.to_numeric(texts[texts.str.fullmatch(_SERIAL).eq(True)]).astype("float64")  # noqa: FBT003
    days = pd.to_datetime(serials, unit="D", origin="1899-12-30").dt.round("s").reindex(texts.index)
    for form in _FORMATS[order]:
        days = days.fillna(pd.to_datetime(dates, format=form, errors="coerce"))
    return days.to_numpy("datetime64[us]")


def _read_clock(text: str) -> tuple[float, float]:
    """Return the seconds after midnight and the minutes ahead of UTC, NaN where there is none.

    Our own arithmetic: `to_datetime` takes twice as long, as nearly every time of a day is another.
    """
    if not text:
        return 0.0, np.nan
    match = _CLOCK.fullmatch(text)
    if match is None:
        return np.nan, np.nan
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4] and 0 < hours <= _NOON:
        hours = hours % _NOON + (_NOON if match[4] in "Pp" else 0)
    if hours >= _HOURS or max(minutes, seconds) > 59:  # noqa: PLR2004
        return np.nan, np.nan
    ahead = 0.0 if match[5] else np.nan
    if match[6]:
        ahead = int(match[7]) * 60 + int(match[8])
        ahead = -ahead if match[6] == "-" else ahead
    return hours * 3600 + minutes * 60 + seconds, ahead
