"""What each row of the result is: the two sides laid beside each other, and the status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from ttsframe import money
from ttsframe.columns import MATCH_GUESSED, MATCH_STATUSES
from ttsframe.matching.claims import Answer
from ttsframe.matching.inputs import SOURCE_BITS, says

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ttsframe.matching.claims import LinkGraph
    from ttsframe.matching.currencies import Currencies
    from ttsframe.matching.inputs import Inputs, Shopify, Tiktok
    from ttsframe.matching.keys import Amounts, Digits, Flags, MinorUnits, Nodes
    from ttsframe.matching.pairing import Rows

Kind = TypeVar("Kind", bound=np.generic)

STATUS_CODES = {status: code for code, status in enumerate((*MATCH_STATUSES, *MATCH_GUESSED))}


@dataclass(frozen=True)
class Faces:
    """Both sides of every row of the result, with NaN, NaT and False where a side has no order."""

    has_tiktok: Flags
    """The row's TikTok order is one of the file."""
    has_shopify: Flags
    amount: MinorUnits
    total: MinorUnits
    cancelled: tuple[Flags, Flags]
    refunded: tuple[Flags, Flags]
    """Refunded at all, on TikTok and on Shopify."""
    refunds: tuple[MinorUnits, MinorUnits]
    """How much was refunded; NaN where it is not told."""
    platform_discount: MinorUnits
    voided: Flags
    """Voided on Shopify."""
    closed: tuple[Flags, Flags]
    """Cancelled, fully refunded, or voided."""
    tiktok_row: Nodes
    """The row in the file; -1 for none."""
    shopify_row: Nodes
    currencies_differ: Flags

    @property
    def both(self) -> Flags:
        """Whether the row has an order of each file."""
        return self.has_tiktok & self.has_shopify

    @property
    def amounts(self) -> tuple[MinorUnits, MinorUnits]:
        """What each side comes to."""
        return self.amount, self.total

    @property
    def difference(self) -> MinorUnits:
        """Shopify's total less TikTok's amount, in minor units; NaN between currencies."""
        return np.where(self.currencies_differ, np.nan, self.total - self.amount)


class AlignedOrders(NamedTuple):
    """All that a verdict is found from."""

    given: Inputs
    universe: LinkGraph
    rows: Rows
    faces: Faces
    currencies: Currencies
    candidates: Nodes
    """For each TikTok order of the file, how many Shopify orders it could be guessed to be."""
    tolerance: float
    """The largest difference that still counts as equal, in major units."""

    @property
    def tolerance_units(self) -> MinorUnits:
        """The tolerance in each row's minor units; the epsilon keeps 0.29 * 100 from falling to 28."""
        units: MinorUnits = np.floor(self.tolerance * 10.0 ** self.currencies.digits[0] + 1e-6)
        return units


def face(tiktok: Tiktok, shopify: Shopify, rows: Rows, currencies: Currencies) -> Faces:
    """Lay both sides' figures along the rows of the result, amounts in minor units."""
    has_tiktok = (rows.tiktok >= 0) & (rows.tiktok < len(tiktok.ids))
    has_shopify = (rows.shopify >= 0) & (rows.shopify < len(shopify.ids))
    left, right = np.where(has_tiktok, rows.tiktok, -1), np.where(has_shopify, rows.shopify, -1)
    (ours, theirs) = currencies.digits

    def units(amounts: Amounts, row: Nodes, digits: Digits) -> MinorUnits:
        return money.to_minor_units(along(amounts, row, np.nan), digits)

    amount, total = units(tiktok.amount, left, ours), units(shopify.total, right, theirs)
    refunds = units(tiktok.refunded, left, ours), units(shopify.refunded, right, theirs)
    full_left = (refunds[0] >= amount) & (amount > 0)
    full_right = ((refunds[1] >= total) & (total > 0)) | along(
        says(shopify.financial_status, "refunded"), right, fill=False
    )
    voided = along(says(shopify.financial_status, "voided"), right, fill=False)
    cancelled = along(tiktok.cancelled, left, fill=False), along(shopify.cancelled, right, fill=False)
    return Faces(
        has_tiktok=has_tiktok,
        has_shopify=has_shopify,
        amount=amount,
        total=total,
        cancelled=cancelled,
        refunded=((refunds[0] > 0) | full_left, (refunds[1] > 0) | full_right),
        refunds=refunds,
        platform_discount=units(tiktok.platform_discount, left, ours),
        voided=voided,
        closed=(cancelled[0] | full_left, cancelled[1] | full_right | voided),
        tiktok_row=left,
        shopify_row=right,
        currencies_differ=currencies.differ,
    )


def along(values: NDArray[Kind], rows: Nodes, fill: object) -> NDArray[Kind]:
    """Take values by row; `fill` for row -1."""
    return np.append(values, np.array([fill], dtype=values.dtype))[rows]


def statuses(scene: AlignedOrders) -> NDArray[np.int8]:
    """Decide the status code of every row.

    Of several that apply the first of conflict, duplicate, state_differs, amount_differs stands.
    A guess is only a guess, whatever its two sides say.

    Parameters
    ----------
    scene
        The rows with their two sides.

    Returns
    -------
    numpy.ndarray
        Codes of `STATUS_CODES`.
    """
    faces, rows = scene.faces, scene.rows
    state = faces.closed[0] != faces.closed[1]
    codes = lone_statuses(scene)
    # What stands later here overwrites, so the strongest comes last.
    for status, where in {
        "only_shopify": ~faces.has_tiktok,
        "matched": faces.both,
        "amount_differs": faces.both & amounts_differ(scene),
        "state_differs": faces.both & state,
        "probable": rows.bits == SOURCE_BITS["probable"],
        "duplicate": rows.duplicate,
        "conflict": rows.conflict,
    }.items():
        codes[where] = STATUS_CODES[status]
    return codes


def amounts_differ(scene: AlignedOrders) -> Flags:
    """Tell where the amounts differ by more than the tolerance, or the currencies do."""
    return (np.abs(scene.faces.difference) > scene.tolerance_units) | scene.faces.currencies_differ


def lone_statuses(scene: AlignedOrders) -> NDArray[np.int8]:
    """Decide the status code of each row as if its TikTok order had no pair."""
    tiktok, universe = scene.given.tiktok, scene.universe
    linked = either(universe.answers, Answer.LINKED, Answer.LINKED_ELSEWHERE)
    answered = linked | either(universe.answers, Answer.UNLINKED, Answer.UNLINKED_ELSEWHERE)
    bad_id = tiktok.bad_ids.notna().to_numpy()
    lone = np.full(len(tiktok.ids), STATUS_CODES["only_tiktok"], dtype=np.int8)
    lone[bad_id & ~linked] = STATUS_CODES["unknown"]
    if scene.given.refs is not None:
        lone[~answered | universe.ambiguous] = STATUS_CODES["unknown"]
    lone[tiktok.cancelled & tiktok.unpaid & ~linked] = STATUS_CODES["not_expected"]
    return along(lone, scene.faces.tiktok_row, 0)


def either(answers: NDArray[np.int8], one: int, other: int) -> Flags:
    """Tell which answers are one or the other."""
    found: Flags = (answers == one) | (answers == other)
    return found
