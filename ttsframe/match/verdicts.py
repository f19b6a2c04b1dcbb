"""What each row of the result is, and why: statuses and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ttsframe.columns import MATCH_REASONS, MATCH_STATUSES, TEXT_DTYPE
from ttsframe.match.claims import Answer
from ttsframe.match.inputs import Times

if TYPE_CHECKING:
    from ttsframe.match.claims import Universe
    from ttsframe.match.inputs import References, Shopify, Tiktok
    from ttsframe.match.pairing import Rows

STATUS_CODES = {status: code for code, status in enumerate(MATCH_STATUSES)}
_BITS = {reason: 1 << place for place, reason in enumerate(MATCH_REASONS)}

_ZONE_HOURS = 14
"""How far a clock without a zone can be from UTC."""
_SAME_MOMENT_HOURS = 36
"""An order that appears on Shopify later than this was not moved into another month by its zone."""


@dataclass(frozen=True)
class Faces:
    """Both sides of every row of the result, with NaN, NaT and False where a side has no order."""

    has_tiktok: np.ndarray
    """The row's TikTok order is one of the file."""
    has_shopify: np.ndarray
    amount: np.ndarray
    total: np.ndarray
    cancelled: tuple[np.ndarray, np.ndarray]
    refunded: tuple[np.ndarray, np.ndarray]
    """Refunded at all, on TikTok and on Shopify."""
    closed: tuple[np.ndarray, np.ndarray]
    """Cancelled or fully refunded."""
    tiktok_row: np.ndarray
    """The row in the file; -1 for none."""
    shopify_row: np.ndarray
    currencies_differ: np.ndarray

    @property
    def both(self) -> np.ndarray:
        """Whether the row has an order of each file."""
        return self.has_tiktok & self.has_shopify

    @property
    def difference(self) -> np.ndarray:
        """Shopify's total less TikTok's amount, in hundredths; NaN between currencies."""
        return np.where(self.currencies_differ, np.nan, self.total - self.amount)


def face(tiktok: Tiktok, shopify: Shopify, rows: Rows, currencies_differ: np.ndarray) -> Faces:
    """Lay both sides' figures along the rows of the result."""
    has_tiktok = (rows.tiktok >= 0) & (rows.tiktok < len(tiktok.ids))
    has_shopify = (rows.shopify >= 0) & (rows.shopify < len(shopify.ids))
    left, right = np.where(has_tiktok, rows.tiktok, -1), np.where(has_shopify, rows.shopify, -1)
    full_left = (tiktok.refunded >= tiktok.amount) & (tiktok.amount > 0)
    full_right = ((shopify.refunded >= shopify.total) & (shopify.total > 0)) | _says_refunded(shopify)
    return Faces(
        has_tiktok=has_tiktok,
        has_shopify=has_shopify,
        amount=along(tiktok.amount, left, np.nan),
        total=along(shopify.total, right, np.nan),
        cancelled=(along(tiktok.cancelled, left, fill=False), along(shopify.cancelled, right, fill=False)),
        refunded=(
            along((tiktok.refunded > 0) | full_left, left, fill=False),
            along((shopify.refunded > 0) | full_right, right, fill=False),
        ),
        closed=(
            along(tiktok.cancelled | full_left, left, fill=False),
            along(shopify.cancelled | full_right, right, fill=False),
        ),
        tiktok_row=left,
        shopify_row=right,
        currencies_differ=currencies_differ,
    )


def along(values: np.ndarray, rows: np.ndarray, fill: object) -> np.ndarray:
    """Take values by row; `fill` for row -1."""
    return np.append(values, np.array([fill], dtype=values.dtype))[rows]


def statuses(faces: Faces, rows: Rows, lone: np.ndarray, tolerance: float) -> np.ndarray:
    """Decide the status code of every row.

    Of several that apply the first of conflict, duplicate, state_differs, amount_differs stands.

    Parameters
    ----------
    faces, rows
        The two sides of the rows, and their contradictions.
    lone
        For each row of a lone TikTok order, its code from `lone_statuses`.
    tolerance
        The largest difference that still counts as equal, in major units.

    Returns
    -------
    numpy.ndarray
        Places in `columns.MATCH_STATUSES`.
    """
    state = faces.closed[0] != faces.closed[1]
    return np.select(
        [
            rows.conflict,
            rows.duplicate,
            faces.both & state,
            faces.both & amounts_differ(faces, tolerance),
            faces.both,
            ~faces.has_tiktok,
        ],
        [STATUS_CODES[status] for status in (
            "conflict", "duplicate", "state_differs", "amount_differs", "matched", "only_shopify"
        )],
        lone,
    ).astype(np.int8)  # fmt: skip


def amounts_differ(faces: Faces, tolerance: float) -> np.ndarray:
    """Tell where the amounts differ by more than the tolerance, or the currencies do."""
    # Differences are whole hundredths; the epsilon keeps 0.29 * 100 from falling to 28.
    hundredths = np.floor(tolerance * 100 + 1e-6)
    return (np.abs(faces.difference) > hundredths) | faces.currencies_differ


def lone_statuses(tiktok: Tiktok, universe: Universe, refs: References | None) -> np.ndarray:
    """Decide the status code of each TikTok order of the file, were it without a pair."""
    linked = np.isin(universe.answers, (Answer.LINKED, Answer.LINKED_ELSEWHERE))
    unanswered = np.isin(
        universe.answers, (Answer.UNANSWERED, Answer.UNANSWERED_ELSEWHERE, Answer.NOT_ASKED)
    ) & (refs is not None)
    bad_id = tiktok.bad_ids.notna().to_numpy()
    return np.select(
        [tiktok.cancelled & tiktok.unpaid & ~linked, universe.ambiguous, linked, unanswered | bad_id],
        [STATUS_CODES[status] for status in ("not_expected", "unknown", "only_tiktok", "unknown")],
        STATUS_CODES["only_tiktok"],
    )


def reason_bits(
    tiktok: Tiktok, shopify: Shopify, universe: Universe, faces: Faces, rows: Rows, *, tolerance: float, asked: bool
) -> np.ndarray:
    """Collect the causes that can be seen, as bits of `columns.MATCH_REASONS`."""
    bits = np.zeros(len(rows.tiktok), dtype=np.int64)
    for found in (
        _absence(tiktok, universe, faces, rows, asked=asked),
        _dates(tiktok.created, shopify.created, universe, faces, rows),
        _states(tiktok, faces),
        _amounts(tiktok, faces, rows, tolerance),
    ):
        for reason, where in found.items():
            bits |= np.where(where, _BITS[reason], 0)
    return bits


def reason_text(bits: np.ndarray, words: pd.Series) -> pd.Series:
    """Write reasons out, joined by `; `.

    Parameters
    ----------
    bits
        As `reason_bits` gives them.
    words
        The look-up's own reason, for the rows where it stands first; missing elsewhere.

    Returns
    -------
    pandas.Series
        Missing where no cause is seen.
    """
    codes, kinds = pd.factorize(bits)
    texts = ["; ".join(reason for reason, bit in _BITS.items() if kind & bit) or np.nan for kind in kinds.tolist()]
    text = pd.Series(texts, dtype="object").astype(TEXT_DTYPE).take(codes).reset_index(drop=True)
    named = words.notna().to_numpy()
    if named.any():
        both = words[named].str.cat(text[named], sep="; ")
        text = text.mask(named, both.where(both.notna(), words[named]))
    return text


def add_reason(bits: np.ndarray, where: np.ndarray, reason: str) -> np.ndarray:
    """Return the bits with one more reason."""
    return bits | np.where(where, _BITS[reason], 0)


def _says_refunded(shopify: Shopify) -> np.ndarray:
    codes, words = pd.factorize(shopify.financial_status)
    says = np.array([*(str(word).strip().lower() == "refunded" for word in words), False])
    return says[codes]


def _absence(tiktok: Tiktok, universe: Universe, faces: Faces, rows: Rows, *, asked: bool) -> dict[str, np.ndarray]:
    """Say why an order has no other half."""
    alone = faces.has_tiktok & (rows.shopify < 0)
    answers = along(universe.answers, faces.tiktok_row, Answer.NOT_ASKED)
    ambiguous = along(universe.ambiguous, faces.tiktok_row, fill=False)
    bad_id = along(tiktok.bad_ids.notna().to_numpy(), faces.tiktok_row, fill=False)
    unpaid = along(tiktok.cancelled & tiktok.unpaid, faces.tiktok_row, fill=False)
    linked = np.isin(answers, (Answer.LINKED, Answer.LINKED_ELSEWHERE))
    unlinked = np.isin(answers, (Answer.UNLINKED, Answer.UNLINKED_ELSEWHERE))
    named_outside = (rows.tiktok >= 0) & (rows.shopify >= 0) & ~faces.both
    return {
        "ambiguous_reference": alone & ambiguous,
        "not_in_export": (alone & linked & ~ambiguous) | named_outside,
        "unlinked": alone & unlinked & ~unpaid,
        "no_mark": alone & (not asked) & ~unpaid & ~bad_id,
        "not_asked": alone & asked & (answers == Answer.NOT_ASKED) & ~unpaid & ~bad_id,
        "no_order_id": rows.tiktok < 0,
        "cancelled_before_payment": alone & unpaid,
        "cancelled_on_tiktok": alone & ~unpaid & faces.cancelled[0],
    }


def _dates(
    tiktok: Times, shopify: Times, universe: Universe, faces: Faces, rows: Rows
) -> dict[str, np.ndarray]:
    """See where the calendar explains an absence, or moves a pair into two months."""
    slack = np.timedelta64(0 if tiktok.zoned and shopify.zoned else _ZONE_HOURS, "h")
    answers = along(universe.answers, faces.tiktok_row, Answer.NOT_ASKED)
    linked = np.isin(answers, (Answer.LINKED, Answer.LINKED_ELSEWHERE)) & (rows.shopify < 0)
    nameless = faces.has_shopify & ~faces.has_tiktok & (rows.tiktok >= 0)
    left, left_edge = _beyond(tiktok, shopify, slack)
    right, right_edge = _beyond(shopify, tiktok, slack)
    return {
        "outside_dates": (linked & along(left, faces.tiktok_row, fill=False))
        | (nameless & along(right, faces.shopify_row, fill=False)),
        "month_end": _two_months(tiktok, shopify, faces)
        | (linked & along(left_edge, faces.tiktok_row, fill=False))
        | (nameless & along(right_edge, faces.shopify_row, fill=False)),
    }


def _beyond(times: Times, others: Times, slack: np.timedelta64) -> tuple[np.ndarray, np.ndarray]:
    """Tell which times lie outside the others' span, and which do by less than a zone at a month's end."""
    known = others.at[~np.isnat(others.at)]
    if not len(known):
        return np.zeros(len(times.at), dtype=bool), np.zeros(len(times.at), dtype=bool)
    low, high = known.min(), known.max()
    outside = (times.at < low - slack) | (times.at > high + slack)
    month = times.at.astype("datetime64[M]")
    edge = np.timedelta64(_ZONE_HOURS, "h")
    at_month_end = ((times.at - edge).astype("datetime64[M]") != month) | (
        (times.at + edge).astype("datetime64[M]") != month
    )
    return outside, ((times.at < low) | (times.at > high)) & ~outside & at_month_end


def _two_months(tiktok: Times, shopify: Times, faces: Faces) -> np.ndarray:
    months = [times.at.astype("datetime64[M]") for times in (tiktok, shopify)]
    nat = np.datetime64("NaT")
    left, right = along(months[0], faces.tiktok_row, nat), along(months[1], faces.shopify_row, nat)
    rows = np.flatnonzero((left != right) & ~np.isnat(left) & ~np.isnat(right))
    apart = tiktok.at[faces.tiktok_row[rows]] - shopify.at[faces.shopify_row[rows]]
    two = np.zeros(len(left), dtype=bool)
    two[rows[np.abs(apart) <= np.timedelta64(_SAME_MOMENT_HOURS, "h")]] = True
    return two


def _states(tiktok: Tiktok, faces: Faces) -> dict[str, np.ndarray]:
    """Name what was done on one side: always where the states differ, and partial refunds."""
    differ = faces.both & (faces.closed[0] != faces.closed[1])
    partial = faces.both & ~faces.closed[0] & ~faces.closed[1] & (faces.refunded[0] != faces.refunded[1])
    left, right = differ & faces.closed[0], differ & faces.closed[1]
    return {
        "cancelled_on_tiktok": left & faces.cancelled[0],
        "cancelled_on_shopify": right & faces.cancelled[1],
        "refunded_on_tiktok": (left | partial) & faces.refunded[0],
        "refunded_on_shopify": (right | partial) & faces.refunded[1],
        "cancelled_before_payment": left & along(tiktok.cancelled & tiktok.unpaid, faces.tiktok_row, fill=False),
    }


def _amounts(tiktok: Tiktok, faces: Faces, rows: Rows, tolerance: float) -> dict[str, np.ndarray]:
    """Name what explains the amounts of a pair, as far as the columns show it."""
    pair = faces.both & ~rows.conflict & ~rows.duplicate
    open_pair = pair & ~faces.closed[0] & ~faces.closed[1]
    discount = along(tiktok.platform_discount, faces.tiktok_row, np.nan)
    differ = pair & amounts_differ(faces, tolerance)
    left_over = np.abs(np.abs(faces.difference) - discount)
    return {
        "currency": pair & faces.currencies_differ,
        "platform_discount": differ & (discount > 0) & (left_over <= np.floor(tolerance * 100 + 1e-6)),
        "free_sample": open_pair & ((faces.amount == 0) | (faces.total == 0)),
        "no_amount": pair & (np.isnan(faces.amount) | np.isnan(faces.total)),
    }
