"""What each row of the result is: its status, and the reasons that its columns show."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.columns import MATCH_GUESSED, MATCH_STATUSES
from ttsframe.matching import keys
from ttsframe.matching.explain import SETS
from ttsframe.matching.inputs import Source
from ttsframe.matching.keys import flag_words
from ttsframe.matching.links import LookupState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ttsframe.matching.align import Aligned
    from ttsframe.matching.explain import Explanations
    from ttsframe.matching.keys import Flags, MinorUnits

STATUS_CODES = {status: code for code, status in enumerate((*MATCH_STATUSES, *MATCH_GUESSED))}

_SAME_MOMENT_HOURS = 36
"""An order that appears on Shopify later than this was not moved into another month by its zone."""
_LINKED = (LookupState.LINKED, LookupState.LINKED_ELSEWHERE)
_UNLINKED = (LookupState.UNLINKED, LookupState.UNLINKED_ELSEWHERE)


class Reason(enum.IntFlag):
    """What explains a status: `columns.MATCH_REASONS` as flags."""

    NOT_IN_EXPORT = enum.auto()
    OUTSIDE_DATES = enum.auto()
    UNLINKED = enum.auto()
    NO_MARK = enum.auto()
    NO_ORDER_ID = enum.auto()
    AMBIGUOUS_REFERENCE = enum.auto()
    NOT_ASKED = enum.auto()
    CANCELLED_BEFORE_PAYMENT = enum.auto()
    CANCELLED_ON_TIKTOK = enum.auto()
    CANCELLED_ON_SHOPIFY = enum.auto()
    REFUNDED_ON_TIKTOK = enum.auto()
    REFUNDED_ON_SHOPIFY = enum.auto()
    REFUND_DIFFERS = enum.auto()
    VOIDED_ON_SHOPIFY = enum.auto()
    UNPAID_ON_SHOPIFY = enum.auto()
    UNPAID_ON_TIKTOK = enum.auto()
    CURRENCY = enum.auto()
    AMBIGUOUS_EXPLANATION = enum.auto()
    FREE_SAMPLE = enum.auto()
    NO_AMOUNT = enum.auto()
    MONTH_END = enum.auto()
    SEVERAL_CANDIDATES = enum.auto()


class Verdicts(NamedTuple):
    """The status and reason of each row."""

    status: NDArray[np.int8]
    """Codes of `STATUS_CODES`."""
    reason: pd.Series
    """Joined by `; `; missing where no cause is seen."""
    explanations: Explanations
    """Those of `explained` and `amount_differs`."""


def classify(rows: Aligned, explanations: Explanations, *, tolerance: float) -> Verdicts:
    """Decide status and reasons of every row; amounts within `tolerance` major units are equal."""
    # The epsilon keeps 0.29 * 100 from falling to 28.
    units: MinorUnits = np.floor(tolerance * 10.0**rows.tiktok.digits + 1e-6)
    differ = (np.abs(rows.difference) > units) | rows.currencies_differ
    explained = np.zeros(len(differ), dtype=bool)
    explained[explanations.rows[explanations.unique]] = True
    status = _statuses(rows, differ, explained)
    explanations = explanations.where(
        np.isin(status, [STATUS_CODES["explained"], STATUS_CODES["amount_differs"]])[explanations.rows]
    )
    several = np.zeros(len(differ), dtype=bool)
    several[explanations.rows[~explanations.unique]] = True
    reasons = np.zeros(len(status), dtype=np.int64)
    for found in (_absence(rows), _dates(rows), _states(rows, units), _amounts(rows, several)):
        for reason, where in found.items():
            reasons[where] |= reason
    told = rows.lookup_reason.where(status == STATUS_CODES["unknown"])
    unique = explanations.where(explanations.unique)
    told.iloc[unique.rows] = keys.decode([" + ".join(names) for names in SETS], unique.sets).array
    return Verdicts(status, _text(reasons, told), explanations)


def _statuses(rows: Aligned, differ: Flags, explained: Flags) -> NDArray[np.int8]:
    """Decide the status of every row; a guess is only a guess, whatever its two sides say."""
    linked = np.isin(rows.lookup, _LINKED)
    unanswered = ~linked & ~np.isin(rows.lookup, (*_UNLINKED, LookupState.NO_LOOKUP))
    status = np.full(len(linked), STATUS_CODES["only_tiktok"], dtype=np.int8)
    # Of several that apply the last stands.
    for name, where in {
        "unknown": (rows.bad_id & ~linked) | unanswered | rows.ambiguous,
        "not_expected": _never_paid(rows) & ~linked,
        "only_shopify": ~rows.tiktok.there,
        "matched": rows.both,
        "amount_differs": rows.both & differ,
        "explained": rows.both & differ & explained,
        "state_differs": rows.both & (rows.tiktok.excluded != rows.shopify.excluded),
        "probable": rows.sources == Source.PROBABLE,
        "duplicate": rows.duplicate,
        "conflict": rows.conflict,
    }.items():
        status[where] = STATUS_CODES[name]
    return status


def _never_paid(rows: Aligned) -> Flags:
    return rows.tiktok.cancelled & rows.tiktok.unpaid


def _absence(rows: Aligned) -> dict[Reason, Flags]:
    """Say why an order has no other half."""
    never_paid, linked = _never_paid(rows), np.isin(rows.lookup, _LINKED)
    open_alone = rows.alone & ~never_paid
    named_outside = (rows.tiktok.node >= 0) & (rows.shopify.node >= 0) & ~rows.both
    return {
        Reason.AMBIGUOUS_REFERENCE: rows.alone & rows.ambiguous,
        Reason.NOT_IN_EXPORT: (rows.alone & linked & ~rows.ambiguous) | named_outside,
        Reason.UNLINKED: open_alone & np.isin(rows.lookup, _UNLINKED),
        Reason.NO_MARK: open_alone & (rows.lookup == LookupState.NO_LOOKUP) & ~rows.bad_id,
        Reason.NOT_ASKED: open_alone & (rows.lookup == LookupState.NOT_ASKED) & ~rows.bad_id,
        Reason.NO_ORDER_ID: rows.tiktok.node < 0,
        Reason.CANCELLED_BEFORE_PAYMENT: rows.alone & never_paid,
        Reason.CANCELLED_ON_TIKTOK: open_alone & rows.tiktok.cancelled,
        Reason.SEVERAL_CANDIDATES: rows.alone & (rows.candidates > 0),
    }


def _dates(rows: Aligned) -> dict[Reason, Flags]:
    """See where the calendar explains an absence, or moves a pair into two months."""
    linked = rows.alone & np.isin(rows.lookup, _LINKED)
    named = rows.shopify.there & ~rows.tiktok.there & (rows.tiktok.node >= 0)
    outside = (linked | named) & (rows.outside > rows.clocks_apart)
    nearly = (linked | named) & (rows.outside > np.timedelta64(0)) & ~outside
    month_end = np.zeros(len(outside), dtype=bool)
    at, edge = rows.created[nearly], rows.clocks_apart
    month_end[nearly] = (_month(at - edge) != _month(at)) | (_month(at + edge) != _month(at))
    apart = np.abs(rows.tiktok.created - rows.shopify.created)  # NaT unless both are known
    two_months = (_month(rows.tiktok.created) != _month(rows.shopify.created)) & (
        apart <= np.timedelta64(_SAME_MOMENT_HOURS, "h")
    )
    return {Reason.OUTSIDE_DATES: outside, Reason.MONTH_END: month_end | two_months}


def _month(moments: np.ndarray) -> np.ndarray:
    return moments.astype("datetime64[M]")


def _states(rows: Aligned, units: MinorUnits) -> dict[Reason, Flags]:
    """Name what was done on one side: always where the states differ, and partial refunds and payments."""
    tiktok, shopify = rows.tiktok, rows.shopify
    left, right = rows.both & tiktok.excluded, rows.both & shopify.excluded
    left, right = left & ~right, right & ~left
    stands = rows.both & ~tiktok.excluded & ~shopify.excluded
    partial = stands & (tiktok.refunded != shopify.refunded)
    refunds_apart = np.abs(tiktok.refund - shopify.refund) > units  # False if one is unknown
    return {
        Reason.CANCELLED_ON_TIKTOK: left & tiktok.cancelled,
        Reason.CANCELLED_ON_SHOPIFY: right & shopify.cancelled,
        Reason.REFUNDED_ON_TIKTOK: (left | partial) & tiktok.refunded,
        Reason.REFUNDED_ON_SHOPIFY: (right | partial) & shopify.refunded,
        Reason.REFUND_DIFFERS: rows.both & ~rows.currencies_differ & refunds_apart,
        Reason.VOIDED_ON_SHOPIFY: right & shopify.voided,
        Reason.CANCELLED_BEFORE_PAYMENT: left & _never_paid(rows),
        Reason.UNPAID_ON_SHOPIFY: stands & shopify.unpaid & tiktok.paid,
        # A column of times of payment that is blank throughout tells nothing.
        Reason.UNPAID_ON_TIKTOK: stands & shopify.paid & tiktok.unpaid & tiktok.paid.any(),
    }


def _amounts(rows: Aligned, several: Flags) -> dict[Reason, Flags]:
    """Say why the amounts of a pair differ or were not compared; for some, `several` sets explain it."""
    tiktok, shopify = rows.tiktok, rows.shopify
    pair = rows.both & ~rows.conflict & ~rows.duplicate
    open_pair = pair & ~tiktok.excluded & ~shopify.excluded
    return {
        Reason.CURRENCY: pair & rows.currencies_differ,
        Reason.AMBIGUOUS_EXPLANATION: several,
        Reason.FREE_SAMPLE: (open_pair & ((tiktok.amount == 0) | (shopify.amount == 0)))
        | (rows.alone & ~tiktok.excluded & (tiktok.amount == 0)),
        Reason.NO_AMOUNT: rows.both & (np.isnan(tiktok.amount) | np.isnan(shopify.amount)),
    }


def _text(reasons: np.ndarray, told: pd.Series) -> pd.Series:
    """Write reasons out, after what the look-up told, or what explains the difference."""
    codes, kinds = pd.factorize(reasons)
    text = keys.decode(["; ".join(flag_words(Reason(kind))) or None for kind in kinds.tolist()], codes)
    named = told.notna().to_numpy()
    if named.any():
        both = told[named].str.cat(text[named], sep="; ")
        text = text.mask(named, both.where(both.notna(), told[named]))
    return text
