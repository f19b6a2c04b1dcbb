"""Text → TikTok order id, or the reason why it is none; unique keys; spread back by key.

An order id is a run of 1–20 digits: most have 18, and no length is documented. Cleaning takes away
what export buttons and spreadsheets put around the digits, and never adds, drops or changes a digit.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.columns import TEXT_DTYPE
from ttsframe.errors import InputError

MAX_DIGITS = 20
FLOAT_EXACT_UP_TO = 2**53

_ID = re.compile(r"[0-9]{1,20}")
# What nearly every cell looks like, read at once; `clean_one` reads the same and everything else.
_COMMON = re.compile(r"""\s*'?([0-9]{1,20})(?:\.0*)?\s*|="([0-9]{1,20})\s*\"""")
_TOO_LONG = re.compile(r"[0-9]{21,}")
_ROUNDED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?[eE][+-]?[0-9]+")
_ZERO_FRACTION = re.compile(r"([0-9]+)\.0*")
# Zero-width characters, the BOM and direction marks: invisible, so they may go wherever they stand.
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# As a class and not \s, for which pandas leaves Arrow's regular expressions; spreadsheets add apostrophes.
_BLANKS_OF_NAMES = "^[ \t\r\n\u00a0]*'+|[ \t\r\n\u00a0]"
_MISSING_WORDS = frozenset({"", "nan", "none", "null", "n/a", "na", "<na>", "-", "/"})


class Cleaned(NamedTuple):
    """Ids as they are used, aligned with what was given."""

    ids: pd.Series
    """The cleaned id; the original text if it is not a valid id; NaN where there was nothing."""
    reasons: pd.Series
    """NaN for an order id, else `digits_lost`, `not_digits`, `too_long` or `missing`."""


class Keys(NamedTuple):
    """Every distinct key once, in order of first appearance."""

    codes: np.ndarray
    """For each input, the position of its key."""
    ids: np.ndarray
    """The distinct ids (object; NaN for the missing one)."""
    reasons: np.ndarray
    """The reason of each distinct id (object; NaN for an order id)."""


def clean(values: Any) -> Cleaned:  # noqa: ANN401
    """Clean a column of order ids.

    Parameters
    ----------
    values
        A Series, Index, array or list of text, integers or a mix of them; any pandas dtype.

    Returns
    -------
    Cleaned
        Two Series of `values`' length, on its index: text ids, and reasons.

    Raises
    ------
    InputError
        If the values are floats above 2^53: they have lost digits, and no cleaning brings
        them back; or if they are no single column.
    """
    series = _as_series(values)
    text = _as_text(series)
    codes, distinct = pd.factorize(text, use_na_sentinel=True)
    pairs = [
        (found[1] or found[2], None) if (found := _COMMON.fullmatch(given)) else clean_one(given)
        for given in distinct.tolist()
    ]
    ids = np.array([*(pair[0] for pair in pairs), None], dtype=object)
    reasons = np.array([*(pair[1] for pair in pairs), "missing"], dtype=object)
    # factorize marks the missing with -1: the last entry.
    return Cleaned(_text_series(ids[codes], series.index), _text_series(reasons[codes], series.index))


def clean_one(given: str) -> tuple[str | None, str | None]:
    """Clean one text.

    Parameters
    ----------
    given
        The text of a cell.

    Returns
    -------
    tuple
        ``(order id, None)``, or ``(given, reason)``; ``(None, "missing")`` for a blank.
    """
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


def only_digits(texts: pd.Series) -> np.ndarray:
    """Tell which texts are ASCII digits and nothing else; False where missing.

    `str.isdigit` alone is true for the digits of every script, and for superscripts.
    """
    # pandas 3 can do without a regular expression, in a third of the time.
    is_pandas_3 = TEXT_DTYPE == "str"
    tests = [texts.str.isdigit(), texts.str.isascii()] if is_pandas_3 else [texts.str.fullmatch("[0-9]+")]
    digits: np.ndarray = np.logical_and.reduce([test.to_numpy(bool, na_value=False) for test in tests])
    return digits


def normalize_order_name(names: pd.Series) -> pd.Series:
    """Return Shopify order names as they are compared: ``#1001``, ``1001`` and ``' # 1001`` are one."""
    bare = names.str.replace("#", "", regex=False).str.lower()
    if bare.str.contains(_BLANKS_OF_NAMES).eq(True).any():  # noqa: FBT003
        bare = bare.str.replace(_BLANKS_OF_NAMES, "", regex=True)
    return bare


def is_digits(text: str) -> bool:
    """Tell whether a text is a run of ASCII digits and nothing else."""
    return text.isascii() and text.isdigit()


def unique(cleaned: Cleaned) -> Keys:
    """Find the distinct ids.

    Parameters
    ----------
    cleaned
        As `clean` returns it.

    Returns
    -------
    Keys
        Distinct ids in order of first appearance, and each input's place among them.
    """
    codes, ids = pd.factorize(_objects(cleaned.ids), use_na_sentinel=False)
    first = np.full(len(ids), -1)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    reasons = cleaned.reasons.to_numpy(dtype=object)[first]
    return Keys(codes, np.asarray(ids, dtype=object), reasons)


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


def without_views(series: pd.Series) -> pd.Series:
    """Return a column of Arrow's view types as objects: pandas can neither filter nor convert them."""
    is_view = "_view" in str(series.dtype)
    return pd.Series(series.tolist(), index=series.index, dtype="object") if is_view else series


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
    if pd.api.types.is_bool_dtype(series.dtype):
        return _objects(series.astype("object").map(str, na_action="ignore"))
    if pd.api.types.is_integer_dtype(series.dtype):
        return _objects(series.astype("object").map(str, na_action="ignore"))
    if pd.api.types.is_float_dtype(series.dtype):
        return _floats_as_text(series)
    values = _objects(series)
    kind = pd.api.types.infer_dtype(values[~pd.isna(values)])
    if kind in ("string", "empty"):
        return values
    if kind == "floating":
        return _floats_as_text(pd.Series(values, dtype="float64"))
    return np.array([_cell_as_text(value) for value in values], dtype=object)


def _objects(series: pd.Series) -> np.ndarray:
    """Values as an object array, None where missing."""
    values = series.to_numpy(dtype=object, copy=True)
    try:
        values[pd.isna(values)] = None
    except InvalidOperation:  # a signalling NaN, which not even a comparison may touch
        values[[_is_signalling(value) or pd.isna(value) is True for value in values]] = None
    return values


def _is_signalling(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, Decimal) and value.is_snan()


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
