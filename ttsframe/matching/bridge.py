"""How TikTok's total becomes Shopify's, per currency, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ttsframe import money
from ttsframe.columns import BRIDGE, BRIDGE_LINES, MATCH_GUESSED, MATCH_STATUSES, conform
from ttsframe.matching.explain import SETS

if TYPE_CHECKING:
    import pandas as pd

    from ttsframe.matching.align import Aligned
    from ttsframe.matching.classify import Verdicts
    from ttsframe.matching.keys import MinorUnits, Nodes

_NONE = -1
_CODES = {line: code for code, line in enumerate(BRIDGE_LINES)}
_OF_STATUS = np.array(
    [
        # What is not expected counts on neither side; what is explained is told by its components.
        _CODES.get({"matched": "within_tolerance"}.get(status, status), _NONE)
        for status in (*MATCH_STATUSES, *MATCH_GUESSED)
    ]
)


class _Entries(NamedTuple):
    line: Nodes
    """The line that each entry belongs to; -1 for none."""
    currency: Nodes
    amount: MinorUnits


def bridge(rows: Aligned, verdicts: Verdicts) -> pd.DataFrame:
    """Add up, in minor units, what every row adds to the total of one side and not to the other's.

    Each row is in one line, but for explained pairs, which are in one per component, and pairs in two
    currencies, which are in the bridge of each. So the lines add up to the difference of the totals.
    """
    tiktok, shopify = rows.tiktok, rows.shopify
    ours, theirs = np.nan_to_num(tiktok.counted), np.nan_to_num(shopify.counted)
    line = _OF_STATUS[verdicts.status]
    line[rows.both & rows.without_amount] = _CODES["no_amount"]
    differ = np.flatnonzero(rows.currencies_differ)
    line[differ] = _NONE
    other = np.full(len(differ), _CODES["other_currency"])
    entries = [
        _Entries(np.full(len(ours), _CODES["tiktok_total"]), tiktok.currency, ours),
        _Entries(line, tiktok.currency, theirs - ours),
        _Entries(other, tiktok.currency[differ], -ours[differ]),
        _Entries(other, shopify.currency[differ], theirs[differ]),
        *_explained(rows, verdicts),
        _Entries(np.full(len(theirs), _CODES["shopify_total"]), shopify.currency, theirs),
    ]
    return _added_up(entries, rows.currencies)


def _explained(rows: Aligned, verdicts: Verdicts) -> list[_Entries]:
    """Return each component of the explained pairs that count."""
    counts = rows.inside & ~rows.tiktok.excluded & ~rows.shopify.excluded
    found = verdicts.explanations
    found = found.where(found.unique & counts[found.rows])
    place = np.searchsorted(rows.apart, found.rows)
    entries = []
    for name, amounts in rows.components.items():
        held = np.array([name in names for names in SETS])[found.sets]
        line = np.full(int(held.sum()), _CODES[name])
        entries.append(_Entries(line, rows.tiktok.currency[found.rows[held]], amounts[place[held]]))
    return entries


def _added_up(entries: list[_Entries], currencies: list[str]) -> pd.DataFrame:
    """Make the frame: the totals of every currency, and the lines between them that hold an amount."""
    shape = len(currencies) + 1, len(BRIDGE_LINES)  # the last currency, of code -1, is the unknown one
    amounts, counts = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    for line, currency, amount in entries:
        here = (line != _NONE) & (amount != 0)
        cell = currency[here] % shape[0] * shape[1] + line[here]
        amounts += np.bincount(cell, weights=amount[here], minlength=amounts.size).reshape(shape)
        counts += np.bincount(cell, minlength=counts.size).reshape(shape)
    shown = amounts != 0
    for total in ("tiktok_total", "shopify_total"):
        shown[:, _CODES[total]] = counts.any(axis=1)
    code, line = np.nonzero(shown)
    digits = np.array([*map(money.decimals, currencies), money.decimals("")])[code]
    data = {
        "currency": [[*currencies, None][place] for place in code],
        "line": np.array(list(BRIDGE_LINES))[line],
        "rows": counts[code, line],
        "amount": money.to_major_units(amounts[code, line], digits),
    }
    return conform(data, BRIDGE)
