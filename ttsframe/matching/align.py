"""The rows of the result → the columns of both sides, laid beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ttsframe import money
from ttsframe.matching.currencies import currencies_of
from ttsframe.matching.inputs import SOURCE_BITS, equals
from ttsframe.matching.keys import take_or_fill

if TYPE_CHECKING:
    from ttsframe.matching.currencies import Currencies
    from ttsframe.matching.inputs import Inputs, Shopify, Tiktok
    from ttsframe.matching.keys import Amounts, Digits, Flags, MinorUnits, Nodes
    from ttsframe.matching.links import LinkGraph
    from ttsframe.matching.pairing import Rows


@dataclass(frozen=True)
class Sides:
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
    """How much was refunded; NaN if unknown."""
    platform_discount: MinorUnits
    voided: Flags
    """Voided on Shopify."""
    excluded: tuple[Flags, Flags]
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
    graph: LinkGraph
    rows: Rows
    faces: Sides
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


def align(
    given: Inputs, graph: LinkGraph, rows: Rows, candidates: Nodes, *, tolerance: float
) -> AlignedOrders:
    """Lay both sides of every row beside each other."""
    left, right = _rows_in_files(given, rows)
    proven = (left >= 0) & (right >= 0) & (rows.bits != SOURCE_BITS["probable"])
    currencies = currencies_of(given.tiktok, given.shopify, left, right, proven)
    faces = _align_sides(given.tiktok, given.shopify, rows, currencies)
    return AlignedOrders(given, graph, rows, faces, currencies, candidates, tolerance)


def _rows_in_files(given: Inputs, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Return each side's row in its file; -1 for an order that only the other side names, or none."""
    return (
        np.where(rows.tiktok < len(given.tiktok.ids), rows.tiktok, -1),
        np.where(rows.shopify < len(given.shopify.names), rows.shopify, -1),
    )


def _align_sides(tiktok: Tiktok, shopify: Shopify, rows: Rows, currencies: Currencies) -> Sides:
    """Lay both sides' figures along the rows of the result, amounts in minor units."""
    has_tiktok = (rows.tiktok >= 0) & (rows.tiktok < len(tiktok.ids))
    has_shopify = (rows.shopify >= 0) & (rows.shopify < len(shopify.ids))
    left, right = np.where(has_tiktok, rows.tiktok, -1), np.where(has_shopify, rows.shopify, -1)
    (ours, theirs) = currencies.digits

    def units(amounts: Amounts, row: Nodes, digits: Digits) -> MinorUnits:
        return money.to_minor_units(take_or_fill(amounts, row, np.nan), digits)

    amount, total = units(tiktok.amount, left, ours), units(shopify.total, right, theirs)
    refunds = units(tiktok.refunded, left, ours), units(shopify.refunded, right, theirs)
    full_left = (refunds[0] >= amount) & (amount > 0)
    full_right = ((refunds[1] >= total) & (total > 0)) | take_or_fill(
        equals(shopify.financial_status, "refunded"), right, fill=False
    )
    voided = take_or_fill(equals(shopify.financial_status, "voided"), right, fill=False)
    cancelled = (
        take_or_fill(tiktok.cancelled, left, fill=False),
        take_or_fill(shopify.cancelled, right, fill=False),
    )
    return Sides(
        has_tiktok=has_tiktok,
        has_shopify=has_shopify,
        amount=amount,
        total=total,
        cancelled=cancelled,
        refunded=((refunds[0] > 0) | full_left, (refunds[1] > 0) | full_right),
        refunds=refunds,
        platform_discount=units(tiktok.platform_discount, left, ours),
        voided=voided,
        excluded=(cancelled[0] | full_left, cancelled[1] | full_right | voided),
        tiktok_row=left,
        shopify_row=right,
        currencies_differ=currencies.differ,
    )
