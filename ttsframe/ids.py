"""Everything about ids: cleaning, damage by spreadsheets, external ids, order names, their column.

An order id is a run of 1–20 digits: most have 18, and no length is documented. Cleaning takes away
what export buttons and spreadsheets put around the digits, and never adds, drops or changes a digit.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import contextmanager, suppress
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.columns import TEXT_DTYPE
from ttsframe.errors import InputError
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

# The description that stands under `Order ID` in some exports is all the header that others have.
ORDER_ID_NAMES: tuple[str, ...] = ("order_id", "Order ID", "Platform unique order ID.")
"""Names of the column that holds TikTok order ids, in order of preference."""

MAX_DIGITS = 20
FLOAT_EXACT_UP_TO = 2**53
# Every run of this many digits fits into 64 bits.
_INTEGER_DIGITS = 18
LEAST_DIGITS_OF_SHOPIFY_ID = 11
"""A bare number this long is a Shopify id; a shorter one may as well be an order's number."""

_ID = re.compile(r"[0-9]{1,20}")
# What nearly every cell looks like, read at once; `clean_one` reads the same and everything else.
_COMMON = re.compile(r"""\s*'?([0-9]{1,20})(?:\.0*)?\s*|="([0-9]{1,20})\s*\"""")
_TOO_LONG = re.compile(r"[0-9]{21,}")
_ROUNDED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+")
_ZERO_FRACTION = re.compile(r"([0-9]+)\.0*")
# Zero-width characters, the BOM and direction marks: invisible, so they may go wherever they stand.
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_MISSING_WORDS = frozenset({"", "nan", "none", "null", "n/a", "na", "<na>", "-", "/"})

_GID = "gid://shopify/order/"
_AROUND_GID = " \t\r\n\u00a0'\"="
# A name such as `#AP-1001` has none of these, so it need not be cleaned to see that it is no id.
_MAYBE_WRAPPED = "[^0-9A-Za-z#_-]"
# As a class and not \s, for which pandas leaves Arrow's regular expressions; spreadsheets add apostrophes.
_BLANKS_OF_NAMES = "^[ \t\r\n\u00a0]*'+|[ \t\r\n\u00a0]"

LOST = "lost their last digits in a spreadsheet"
_DOWNLOAD_AGAIN = "download again, and do not open and save the file before reading it"
_LOOK_UP_AGAIN = "look up again, and save as XLSX"
_ROUNDED_ENDING = "000"
# A spreadsheet keeps 15 digits, and shows shorter numbers whole.
_LEAST_DIGITS_TO_SUSPECT = 17
_LEAST_IDS_TO_SUSPECT = 3
# One true id in a thousand ends in 000, so ten of them do once in 10^30 exports.
_LEAST_IDS_TO_REFUSE = 10
_LEAST_DIGITS_OF_MOST = 15
# As a spreadsheet writes a long number; a name such as 12E3 is none.
_SCIENTIFIC = r"""^[ '"=]*[0-9]+[.,]?[0-9]*[eE]\+[0-9]+[ '"]*$"""

_ZONE = re.compile(r"\((?:utc|gmt)[^)]*\)$")
_NOT_COMPARED = re.compile(r"[\s_\-\u00ad\u200b-\u200f\u2060\ufeff]+")


class Cleaned(NamedTuple):
    """Ids as they are used, aligned with what was given."""

    ids: pd.Series
    """The cleaned id; the original text if it is not a valid id; NaN where there was nothing."""
    reasons: pd.Series
    """NaN for an order id, else `digits_lost`, `not_digits`, `too_long` or `missing`."""


# Order ids: cleaning.


def clean(values: Any) -> Cleaned:  # noqa: ANN401
    """Clean one column of order ids of any dtype; floats above 2^53, which have lost digits, are refused."""
    series = _as_series(values)
    if not is_text(series):
        return _clean_distinct(_as_text(series), series.index)
    # Text that is clean already, the usual case, is not touched.
    missing = series.isna().to_numpy()
    odd = ~missing & (as_integers(series) < 0)
    odd[odd] = ~is_order_id(series[odd])
    texts, reasons = series.rename(None), pd.Series(np.nan, index=series.index, dtype=TEXT_DTYPE)
    reasons[missing] = "missing"
    if odd.any():
        cleaned = _clean_distinct(objects(series[odd]), series.index[odd])
        texts, reasons = texts.copy(), reasons.copy()
        texts[odd], reasons[odd] = cleaned.ids.to_numpy(), cleaned.reasons.to_numpy()
    return Cleaned(texts, reasons)


def clean_one(given: str) -> tuple[str | None, str | None]:
    """Clean one text: ``(order id, None)``, or ``(given, reason)``; ``(None, "missing")`` for a blank."""
    core = _unwrap(given)
    if _ID.fullmatch(core):
        return core, None
    if core.lower() in _MISSING_WORDS:
        return None, "missing"
    # Half a surrogate pair, as undecodable bytes become, is text that no file can hold.
    shown = given.encode(errors="backslashreplace").decode()
    if _ROUNDED.fullmatch(core):
        return shown, "digits_lost"
    return shown, "too_long" if _TOO_LONG.fullmatch(core) else "not_digits"


def unique(cleaned: Cleaned) -> Cleaned:
    """Return the distinct ids, in order of first appearance."""
    first = ~pd.Series(objects(cleaned.ids), dtype="object").duplicated().to_numpy()
    return Cleaned(cleaned.ids[first], cleaned.reasons[first])


def is_digits(text: str) -> bool:
    """Tell whether a text is a run of ASCII digits and nothing else."""
    return text.isascii() and text.isdigit()


def only_digits(texts: pd.Series) -> np.ndarray:
    """Tell which texts are ASCII digits and nothing else; False where missing.

    `str.isdigit` alone is true for the digits of every script, and for superscripts.
    """
    # pandas 3 can do without a regular expression, in a third of the time.
    is_pandas_3 = TEXT_DTYPE == "str"
    tests = [texts.str.isdigit(), texts.str.isascii()] if is_pandas_3 else [texts.str.fullmatch("[0-9]+")]
    digits: np.ndarray = np.logical_and.reduce([test.to_numpy(bool, na_value=False) for test in tests])
    return digits


def as_integers(texts: pd.Series) -> NDArray[np.int64]:
    """Return the integers that texts stand for, at most 18 digits long; -1 for any other text, as for `007`.

    What is equal or repeated is found among integers in a third of the time.
    """
    if getattr(texts.dtype, "storage", "python") != "pyarrow":
        return np.full(len(texts), -1, dtype=np.int64)
    numbers = _read_integers(texts)
    # Arrow reads `007`, `0x1F` and `-5` as well.
    other = _flags(texts.str.startswith("0")) | (numbers < 0) | (numbers >= 10**_INTEGER_DIGITS)
    return np.where(other, -1, numbers)


def is_order_id(texts: pd.Series) -> np.ndarray:
    """Tell which texts are order ids: a run of digits, not too long; False where missing."""
    is_id: np.ndarray = only_digits(texts) & _flags(texts.str.len() <= MAX_DIGITS)
    return is_id


# External ids, and the names of Shopify orders.


def normalize_external_id(values: Any) -> pd.Series:  # noqa: ANN401
    """Return external ids as text: the digits of a Shopify id, also of a ``gid://``; a name stays."""
    series = as_text(_as_series(values))
    odd = as_integers(series) < 0
    odd[odd] = _flags(series[odd].str.contains(_MAYBE_WRAPPED))
    if not odd.any():
        return series
    given = series[odd]
    bare = given.str.strip(_AROUND_GID)
    is_gid = bare.str.slice(0, len(_GID)).str.lower().eq(_GID)
    cleaned = clean(given.mask(is_gid, bare.str.slice(len(_GID)).str.replace(r"\?.*$", "", regex=True)))
    series = series.copy()
    series[odd] = cleaned.ids.where(cleaned.reasons.isna(), given).to_numpy()
    return series


def normalize_order_name(names: pd.Series) -> pd.Series:
    """Return Shopify order names as they are compared: ``#1001``, ``1001`` and ``' # 1001`` are one."""
    bare = names.str.replace("#", "", regex=False).str.lower()
    if _flags(bare.str.contains(_BLANKS_OF_NAMES)).any():
        bare = bare.str.replace(_BLANKS_OF_NAMES, "", regex=True)
    return bare.mask(bare.eq(""))


# Damage: a spreadsheet keeps 15 digits of a number, so it rounds every order id.


def clean_file(name: str, cells: np.ndarray) -> tuple[Cleaned, list[Note]]:
    """Clean the ids of a file; refuse it if a spreadsheet has rounded all, note it if they look so."""
    cleaned = clean(pd.Series(cells, dtype="object"))
    lost, missing = (cleaned.reasons.eq(reason).to_numpy(bool) for reason in ("digits_lost", "missing"))
    if lost.any() and (lost | missing).all():
        raise InputError(f"{name}: the order ids {LOST}; {_DOWNLOAD_AGAIN}.")
    order_ids = cleaned.ids[cleaned.reasons.isna()]
    refuse_rounded(f"{name}: the order ids", order_ids)
    return cleaned, note_rounded(name, order_ids)


def clean_export(name: str, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[Note]]:
    """Return the ids of an export, which rows have one, and notes; refuses as `clean_file` does."""
    cleaned, rounded = clean_file(name, cells)
    reasons = objects(cleaned.reasons)
    lost, missing = reasons == "digits_lost", reasons == "missing"
    notes = []
    if lost.any():
        rows = counted(int(lost.sum()), "row")
        notes.append(Note("left_out", f"{name}: {rows} left out, whose order ids {LOST}."))
    if missing.any():
        rows = counted(int(missing.sum()), "row")
        notes.append(Note("left_out", f"{name}: {rows} without an order id left out."))
    if odd := int(np.isin(reasons, ["not_digits", "too_long"]).sum()):
        rows = counted(odd, "row")
        notes.append(
            Note("warning", f"{name}: {rows} with an order id that is not 1-20 digits, kept unchanged.")
        )
    return objects(cleaned.ids), ~(lost | missing), notes + rounded


def undamaged(
    name: str, order_ids: pd.Series, external: pd.Series, statuses: pd.Series | None
) -> tuple[np.ndarray, list[Note]]:
    """Tell which rows of references have whole ids; refuse them if most ids of a column are rounded."""
    notes = []
    answered = np.ones(len(order_ids), dtype=bool)
    if statuses is not None:
        # An `invalid` row tells of the lost id itself, and stays.
        answered = ~_flags(statuses.eq("invalid"))
    whole = np.ones(len(order_ids), dtype=bool)
    for what, texts in (("order ids", order_ids), ("external order ids", external)):
        lost = np.zeros(len(texts), dtype=bool)
        # Nearly always there is no plus sign at all, which is found in a tenth of the time.
        if _flags(texts.str.contains("+", regex=False)).any():
            lost = _flags(texts.str.contains(_SCIENTIFIC)) & answered
        if 2 * int(lost.sum()) > int((answered & texts.notna().to_numpy()).sum()):
            raise InputError(f"{name}: the {what} {LOST}; {_LOOK_UP_AGAIN}.")
        long = _flags(texts.str.len() >= _LEAST_DIGITS_TO_SUSPECT) & ~lost
        refuse_rounded(f"{name}: the {what}", texts[long], _LOOK_UP_AGAIN)
        if lost.any():
            rows = counted(int(lost.sum()), "row")
            text = f"{name}: {rows} left out, whose {what} {LOST}; {_LOOK_UP_AGAIN}."
            notes.append(Note("left_out", text))
        whole &= ~lost
    return whole, notes


def refuse_rounded(what: str, texts: Iterable[str], advice: str = _DOWNLOAD_AGAIN) -> None:
    """Refuse ten or more ids that all end in 000, as a spreadsheet leaves long numbers."""
    count = count_rounded(texts)
    if count >= _LEAST_IDS_TO_REFUSE:
        raise InputError(f"{what} {LOST}: all {count:,} end in {_ROUNDED_ENDING}; {advice}.")


def note_rounded(name: str, texts: Iterable[str]) -> list[Note]:
    """Return the note about three or more ids that all end in 000."""
    if count_rounded(texts) < _LEAST_IDS_TO_SUSPECT:
        return []
    text = "every order id ends in 000, as a spreadsheet leaves them when it has rounded them"
    return [Note("warning", f"{name}: {text}; if the file was opened in one, download it again.")]


def count_rounded(texts: Iterable[str]) -> int:
    """Count the distinct ids of at least 17 digits; 0 if one of them does not end in 000."""
    distinct = set()
    for text in texts:
        if len(text) >= _LEAST_DIGITS_TO_SUSPECT and is_digits(text):
            if not text.endswith(_ROUNDED_ENDING):
                return 0
            distinct.add(text)
    return len(distinct)


def refuse_short(column: str | None, texts: Iterable[str]) -> None:
    """Refuse a column that the caller has named if most numbers in it are too short for order ids.

    TikTok Shop's have 18 digits, or 19; no length is promised, so a column that is called `order_id`,
    or ids without a column, are taken as they are. Else quantities or phone numbers would be sent.
    """
    if column is None or normalize_column(str(column)) in map(normalize_column, ORDER_ID_NAMES):
        return
    lengths = [len(text) for text in set(texts) if is_digits(text)]
    short = sum(length < _LEAST_DIGITS_OF_MOST for length in lengths)
    if short > len(lengths) / 2:
        raise InputError(
            f"the numbers in the column {column} are too short for TikTok Shop order ids, which have 18 "
            "or 19 digits. Is it the right column? If it is, name it order_id.",
            parameter="column",
        )


# The column of order ids.


def normalize_column(name: str) -> str:
    """Return a column name as it is compared: without case, blanks, underscores, hyphens and `(UTC)`."""
    bare = _NOT_COMPARED.sub("", unicodedata.normalize("NFKC", name).casefold()).strip("\"'")
    return _ZONE.sub("", bare)


def find_id_column(names: Sequence[str], column: str | None) -> int | None:
    """Find the column of order ids: that of the given name, else of a usual one."""
    return find_column(names, ORDER_ID_NAMES if column is None else (column,))


def find_column(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    """Find the column that has one of these names; an exact name goes before another spelling."""
    spelled = [normalize_column(name) for name in names]
    places = [names.index(name) for name in wanted if name in names]
    places += [spelled.index(name) for name in map(normalize_column, wanted) if name in spelled]
    return places[0] if places else None


# Values of any kind as text.


def is_text(series: pd.Series) -> bool:
    """Tell whether every value is text; an object column may hold anything."""
    if isinstance(series.dtype, pd.StringDtype):
        return bool(series.dtype == TEXT_DTYPE)
    return series.dtype == TEXT_DTYPE and pd.api.types.infer_dtype(series, skipna=True) in ("string", "empty")


def as_text(series: pd.Series) -> pd.Series:
    """Return a column as text: as it is if it is text, else with its values cleaned as ids are."""
    return series if is_text(series) else clean(series).ids


def without_views(series: pd.Series) -> pd.Series:
    """Return a column of Arrow's view types as objects: pandas can neither filter nor convert them."""
    is_view = "_view" in str(series.dtype)
    return pd.Series(series.tolist(), index=series.index, dtype="object") if is_view else series


@contextmanager
def refusing(name: object, what: str, advice: str) -> Iterator[None]:
    """Refuse a column by name; a foreign class in it may do anything when compared or converted."""
    try:
        yield
    except Exception:  # noqa: BLE001
        raise InputError(f"the column {name} contains values that are not {what}; {advice}.") from None


def factorize_text(series: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return any column as codes and distinct texts; -1 where missing, and what no file can hold replaced."""
    with refusing(series.name, "text", "convert it, e.g. with .astype(str)"):
        codes, values = pd.factorize(series)
        return codes, [str(value).encode(errors="replace").decode() for value in values]


def lowered_categories(text: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Return a column of few words as codes and the words, lower case; the last, for code -1, is blank."""
    codes, words = factorize_text(text)
    return codes, [*(word.strip().lower() for word in words), ""]


def _read_integers(texts: pd.Series) -> NDArray[np.int64]:
    """Let Arrow read integers, all at once where they are; -1 where it cannot."""
    integer: Any = "int64[pyarrow]"  # the stubs do not know it
    # To fail takes long where many fail: the first tells what the others are like.
    if len(texts) and is_digits(str(texts.iloc[0])):
        with suppress(ValueError):
            return texts.astype(integer).to_numpy(dtype="int64", na_value=-1)
    fits = only_digits(texts) & _flags(texts.str.len() <= _INTEGER_DIGITS)
    numbers = np.full(len(texts), -1, dtype=np.int64)
    numbers[fits] = texts[fits].astype(integer).to_numpy(dtype="int64")
    return numbers


def _clean_distinct(texts: np.ndarray, index: pd.Index) -> Cleaned:
    codes, distinct = pd.factorize(texts, use_na_sentinel=True)
    pairs = [
        (found[1] or found[2], None) if (found := _COMMON.fullmatch(given)) else clean_one(given)
        for given in distinct.tolist()
    ]
    ids = np.array([*(pair[0] for pair in pairs), None], dtype=object)
    reasons = np.array([*(pair[1] for pair in pairs), "missing"], dtype=object)
    # factorize marks the missing with -1: the last entry.
    return Cleaned(_text_series(ids[codes], index), _text_series(reasons[codes], index))


def _unwrap(given: str) -> str:
    """Take away what stands around the digits, until nothing more comes off."""
    core = _INVISIBLE.sub("", given)
    while True:
        bare = core.strip().removeprefix("'").strip()
        if bare.startswith('="') and bare.endswith('"') and len(bare) > 2:  # noqa: PLR2004
            bare = bare[2:-1]
        elif bare.startswith('"') and bare.endswith('"') and len(bare) > 1:
            bare = bare[1:-1]
        elif fraction := _ZERO_FRACTION.fullmatch(bare):
            bare = fraction[1]
        if bare == core:
            return core
        core = bare


def _as_series(values: Any) -> pd.Series:  # noqa: ANN401
    if isinstance(values, pd.Series):
        return without_views(values)
    try:
        # Lists become object columns, so that pandas does not turn a mix of ids into floats.
        return pd.Series(values, dtype=None if hasattr(values, "dtype") else "object")
    except (NotImplementedError, ValueError):
        raise InputError(
            "one column of order ids is needed, not several: give a Series or a list of order ids."
        ) from None


def _as_text(series: pd.Series) -> np.ndarray:
    """Return the values as an object array of str, None where missing."""
    if pd.api.types.is_bool_dtype(series.dtype) or pd.api.types.is_integer_dtype(series.dtype):
        return objects(series.astype("object").map(str, na_action="ignore"))
    if pd.api.types.is_float_dtype(series.dtype):
        return _floats_as_text(series)
    values = objects(series)
    kind = pd.api.types.infer_dtype(values[~pd.isna(values)])
    if kind in ("string", "empty"):
        return values
    if kind == "floating":
        return _floats_as_text(pd.Series(values, dtype="float64"))
    return np.array([_cell_as_text(value) for value in values], dtype=object)


def objects(series: pd.Series) -> np.ndarray:
    """Return values as an object array, None where missing."""
    values = series.to_numpy(dtype=object, copy=True)
    try:
        values[pd.isna(values)] = None
    except InvalidOperation:  # a signalling NaN, which not even a comparison may touch
        signalling = [isinstance(value, Decimal) and value.is_snan() for value in values]
        values[signalling] = None
        values[pd.isna(values)] = None
    return values


def _floats_as_text(series: pd.Series) -> np.ndarray:
    """Whole floats below 2^53 are exact; above it the last digits are gone."""
    floats = series.to_numpy(dtype="float64", na_value=np.nan)
    if (np.abs(floats[np.isfinite(floats)]) > FLOAT_EXACT_UP_TO).any():
        raise InputError(
            "the order ids are floating-point numbers, which cannot hold 18 digits: their last digits are "
            "already lost. Read the file again with ids as text, e.g. pd.read_csv(path, dtype=str), or with "
            "tts.read_tiktok_orders(path)."
        )
    return np.array([_cell_as_text(value) for value in floats.tolist()], dtype=object)


def _cell_as_text(value: Any) -> str | None:  # noqa: ANN401
    """Text of one cell of an object column; a float above 2^53 shows as scientific notation."""
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (float, np.floating)):
        return _float_as_text(float(value))
    if isinstance(value, int) and not isinstance(value, bool):
        # Python itself writes no integer of more than 4,300 digits.
        return str(Decimal(value))
    try:
        return str(value)
    except Exception:  # noqa: BLE001 (a foreign class may do anything here)
        return object.__repr__(value)


def _float_as_text(value: float) -> str | None:
    if np.isnan(value):
        return None
    if value.is_integer():
        # 17 digits tell every float from every other, so no two rows become one.
        return str(int(value)) if abs(value) <= FLOAT_EXACT_UP_TO else f"{value:.16E}"
    return repr(value)


def _text_series(values: np.ndarray, index: pd.Index) -> pd.Series:
    return pd.Series(np.where(pd.isna(values), np.nan, values), index=index, dtype="object").astype(
        TEXT_DTYPE
    )


def _flags(mask: pd.Series) -> np.ndarray:
    """True where it is true; False where something is missing."""
    flags: np.ndarray = mask.eq(True).to_numpy(dtype=bool)  # noqa: FBT003
    return flags
