"""What each row of the result is: its status, and the reasons that its columns show."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from ttsframe.columns import MATCH_GUESSED, MATCH_STATUSES
from ttsframe.matching import keys
from ttsframe.matching.absence import (
    LINKED,
    UNLINKED,
    Reason,
    absence,
    causes,
    dates,
    most_specific,
    never_paid,
)
from ttsframe.matching.explain import SET_TEXTS
from ttsframe.matching.inputs import Source
from ttsframe.matching.keys import flag_words
from ttsframe.matching.links import LookupState
from ttsframe.money import POWERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ttsframe.matching.align import Aligned
    from ttsframe.matching.explain import Explanations
    from ttsframe.matching.keys import Flags, MinorUnits, Nodes

STATUS_CODES = {status: code for code, status in enumerate((*MATCH_STATUSES, *MATCH_GUESSED))}


class Verdicts(NamedTuple):
    """The status and reason of each row."""

    status: NDArray[np.int8]
    """Codes of `STATUS_CODES`."""
    reason: pd.Series
    """Joined by `; `; missing where no cause is seen."""
    further: NDArray[np.int64]
    """The `Reason`s of a lone order that say less than the one that stands."""
    explanations: Explanations
    """Those of `explained` and `amount_differs`."""


def classify(rows: Aligned, explanations: Explanations, *, tolerance: float) -> Verdicts:
    """Decide status and reasons of every row; amounts within `tolerance` major units are equal."""
    # The epsilon keeps 0.29 * 100 from falling to 28.
    units: MinorUnits = np.floor(tolerance * POWERS[rows.tiktok.digits] + 1e-6)
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
    missing = (status == STATUS_CODES["only_tiktok"]) & ~np.isin(rows.lookup, LINKED)
    for found in (
        absence(rows),
        causes(rows, missing),
        dates(rows, missing),
        _states(rows, units),
        _amounts(rows, several),
    ):
        for reason, where in found.items():
            reasons[where] |= reason
    lone = np.isin(status, [STATUS_CODES["only_tiktok"], STATUS_CODES["only_shopify"]])
    stands = np.where(lone, most_specific(reasons), reasons)
    unique = explanations.where(explanations.unique)
    told = _told(rows.lookup_reason, status == STATUS_CODES["unknown"], unique)
    return Verdicts(status, _text(stands, *told), reasons & ~stands, explanations)


def _statuses(rows: Aligned, differ: Flags, explained: Flags) -> NDArray[np.int8]:
    """Decide the status of every row; a guess is only a guess, whatever its two sides say."""
    linked = np.isin(rows.lookup, LINKED)
    unanswered = ~linked & ~np.isin(rows.lookup, (*UNLINKED, LookupState.NO_LOOKUP))
    status = np.full(len(linked), STATUS_CODES["only_tiktok"], dtype=np.int8)
    # Of several that apply the last stands.
    for name, where in {
        "unknown": (rows.bad_id & ~linked) | unanswered | rows.ambiguous,
        "not_expected": never_paid(rows) & ~linked,
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
        Reason.CANCELLED_BEFORE_PAYMENT: left & never_paid(rows),
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
        Reason.FREE_SAMPLE: open_pair & ((tiktok.amount == 0) | (shopify.amount == 0)),
        Reason.NO_AMOUNT: rows.both & rows.without_amount,
    }


def _told(lookup_reason: pd.Series, unknown: Flags, explained: Explanations) -> tuple[Nodes, list[str]]:
    """Say why the look-up has no answer, or what explains a difference: places in a list, 0 for none."""
    reasons, texts = pd.factorize(lookup_reason[unknown])
    codes = np.zeros(len(unknown), dtype=np.int64)
    codes[explained.rows] = explained.sets + 1
    codes[unknown] = np.where(reasons < 0, 0, len(SET_TEXTS) + reasons + 1)
    return codes, ["", *SET_TEXTS, *texts]


def _text(reasons: NDArray[np.int64], told: Nodes, words: list[str]) -> pd.Series:
    """Write reasons out, after what is told of the row in the first place."""
    codes, kinds = pd.factorize(reasons * len(words) + told)
    texts = []
    for kind in kinds.tolist():
        flags, place = divmod(kind, len(words))
        texts.append("; ".join(filter(None, [words[place], *flag_words(Reason(flags))])) or None)
    return keys.decode(texts, codes)
