"""Amounts as exports and spreadsheets write them: `BRL 35,91`, `25,90 EUR`, `THB 1,234.50`, `-`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.errors import InputError
from ttsframe.money import decimals
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttsframe.readers.shapes import Cells

Sign = Literal[".", ","]

BLANKS = frozenset({"", "-", "--", "/", "n/a", "nan", "null", "none", "—", "–"})
"""What stands where nothing is meant."""

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]{1,2})?")
_ISO = re.compile(r"[A-Z]{3}")
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")
_NUMBER = re.compile(r"[0-9][0-9.,'’\s]*|[.,][0-9]+")
_GROUPS = re.compile(r"[\s'’]")
_NEGATIVE = re.compile(r"^\s*\(.*\)\s*$|[-−][^0-9]*[0-9]|[0-9][^0-9]*[-−]\s*$")
_SYMBOLS: tuple[tuple[str, str], ...] = (
    *(("R$", "BRL"), ("US$", "USD"), ("S$", "SGD"), ("MX$", "MXN"), ("A$", "AUD"), ("C$", "CAD")),
    *(("€", "EUR"), ("£", "GBP"), ("฿", "THB"), ("₫", "VND"), ("đ", "VND"), ("₱", "PHP"), ("₹", "INR")),
    *(("Rp", "IDR"), ("RM", "MYR"), ("zł", "PLN"), ("₩", "KRW")),
)
_THOUSAND = 3
_LONGEST = 40


class Money(NamedTuple):
    """A column of amounts."""

    amounts: np.ndarray
    """float64; NaN where blank or unreadable."""
    currencies: np.ndarray
    """object: the ISO code that the cell names, else None."""
    unread: np.ndarray
    """bool: the cell holds something that is not an amount."""


def read_money(cells: Cells, *, decimal: Sign | None) -> Money:
    """Read amounts in major units; `decimal` settles cells such as ``1.234``, which else are thousands."""
    codes, distinct = pd.factorize(cells)
    values = np.array([_amount(cell, decimal) for cell in distinct.tolist()], dtype="float64")
    named = np.array([*map(_currency, distinct.tolist())], dtype=object)
    filled = np.array([cell.strip().casefold() not in BLANKS for cell in distinct.tolist()], dtype=bool)
    unread = np.isnan(values) & filled
    return Money(values[codes], named[codes], unread[codes])


def decimal_sign(columns: Sequence[Cells], *, currencies: Cells | None = None) -> Sign | None:
    """Find the decimal sign of a file from all its amounts; None where they leave it open.

    A point before three digits is a decimal sign where all currencies have three decimals.
    """
    found = {
        _shown_in(_core(cell)) for cells in columns for cell in pd.unique(pd.Series(cells, dtype="object"))
    }
    signs: list[Sign] = [sign for sign in (".", ",") if sign in found]
    if signs or currencies is None:
        return signs[0] if len(signs) == 1 else None
    codes = {code.upper() for code in pd.unique(pd.Series(currencies, dtype="object")) if code}
    codes |= {code for cells in columns for cell in pd.unique(pd.Series(cells)) if (code := _currency(cell))}
    return "." if codes and all(decimals(code) == _THOUSAND for code in codes) else None


def checked_currency(currency: str | None) -> str | None:
    """Return the code of a currency that the caller names, in capitals."""
    if currency is None:
        return None
    if not _ISO.fullmatch(code := f"{currency}".strip().upper()):
        raise InputError(f"{currency!r} is not a currency code such as EUR or USD.", parameter="currency")
    return code


def named_or(currencies: np.ndarray, currency: str | None, noun: str, notes: list[Note]) -> np.ndarray:
    """Fill the currencies that orders do not name with the caller's."""
    blank = pd.isna(currencies)
    if currency is None or not blank.any():
        return currencies
    orders = counted(int(blank.sum()), noun)
    notes.append(Note("decision", f"{orders} without a currency, taken to be in {currency}."))
    return np.where(blank, currency, currencies)


def thousands_note(name: str, columns: Sequence[Cells]) -> list[Note]:
    """Return the note about a cell such as ``1.234``, if a file without a decimal sign has one."""
    for cells in columns:
        for cell in pd.unique(pd.Series(cells, dtype="object")):
            if _PLAIN.fullmatch(cell) is None and _is_ambiguous(_core(cell)):
                said = f"amounts such as {cell.strip()!r} were read as thousands, for want of a decimal sign."
                return [Note("decision", f"{name}: {said}")]
    return []


def _amount(cell: str, decimal: Sign | None) -> float:
    if len(cell) > _LONGEST:
        return np.nan
    if _PLAIN.fullmatch(cell):
        return float(cell)
    core = _core(cell)
    if not core:
        return np.nan
    sign = _shown_in(core) or (decimal if _is_ambiguous(core) else None)
    whole, _, fraction = core.rpartition(sign) if sign and sign in core else (core, "", "")
    digits = whole.replace(".", "").replace(",", "")
    number = float(f"{digits or 0}.{fraction or 0}")
    return -number if _NEGATIVE.search(cell) and number else number


def _core(cell: str) -> str:
    """Return the one number in a cell, its separators kept; blank where there is none or more."""
    numbers = _NUMBER.findall(cell)
    return _GROUPS.sub("", numbers[0]).rstrip(",") if len(numbers) == 1 else ""


def _shown_in(core: str) -> Sign | None:
    """Return the decimal sign that a number shows by itself, if it does."""
    points, commas = core.count("."), core.count(",")
    if points and commas:
        last: Sign = "." if core.rindex(".") > core.rindex(",") else ","
        return last if core.count(last) == 1 else None
    if points + commas != 1 or _is_ambiguous(core):
        return None
    return "." if points else ","


def _is_ambiguous(core: str) -> bool:
    """Tell whether three digits follow the only separator, so that it may mean thousands."""
    whole, separator, fraction = core.partition("." if "." in core else ",")
    if not separator or "." in fraction or "," in fraction:
        return False
    return len(fraction) == _THOUSAND and 0 < len(whole) <= _THOUSAND and not whole.startswith("0")


def _currency(cell: str) -> str | None:
    if _PLAIN.fullmatch(cell):
        return None
    if code := _CODE.search(cell):
        return code[0]
    return next((code for symbol, code in _SYMBOLS if symbol in cell), None)
