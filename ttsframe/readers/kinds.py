"""What kind of export a file is, by its header; the wrong kind is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ttsframe.errors import InputError
from ttsframe.ids import ORDER_ID_NAMES, normalize_column
from ttsframe.readers import headers
from ttsframe.readers.headers import SETTLEMENT_FIELDS, SHOPIFY_FIELDS, TIKTOK_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_EXPORT_SHOPIFY_ORDERS = "in Shopify, export Orders (CSV)"


class Kind(NamedTuple):
    """A kind of export, known by its columns."""

    words: str
    advice: str
    signs: frozenset[str]
    """Column names that tell it, as `normalize_column` compares them."""
    least: int
    """How many of them must be there."""


def _kind(words: str, advice: str, signs: Iterable[str], least: int) -> Kind:
    return Kind(words, advice, frozenset(normalize_column(sign) for sign in signs), least)


SETTLEMENT = _kind(
    "a TikTok settlement export",
    "read it with read_tiktok_settlement (reconcile: --settlement)",
    [
        *(name for name in SETTLEMENT_FIELDS["order_id"] if name not in ORDER_ID_NAMES),
        *SETTLEMENT_FIELDS["settled_amount"],
        *SETTLEMENT_FIELDS["estimated_amount"],
    ],
    1,
)
TIKTOK_ORDERS = _kind(
    "a TikTok Seller Center order export",
    "read it with read_tiktok_orders (reconcile: --tiktok)",
    [*ORDER_ID_NAMES],
    1,
)
SHOPIFY_ORDERS = _kind(
    "a Shopify order export",
    "read it with read_shopify_orders (reconcile: --shopify)",
    [
        *("Financial Status", "Fulfillment Status", "Paid at", "Fulfilled at", "Created at", "Cancelled at"),
        *("Lineitem name", "Lineitem quantity", "Lineitem price", "Lineitem sku", "Note Attributes"),
        *("Subtotal", "Total", "Refunded Amount", "Accepts Marketing", "Risk Level"),
    ],
    2,
)

# The most telling first: a header is of the first kind it has the signs of.
KINDS: tuple[Kind, ...] = (
    SETTLEMENT,
    _kind(
        "a TikTok return and refund export",
        "export orders instead: Seller Center, Orders, Export",
        [
            "Return Order ID",
            "Return ID",
            "Return Type",
            "Return Reason",
            "Return Status",
            "Return Sub Status",
        ],
        2,
    ),
    _kind(
        "a TikTok affiliate order export",
        "export orders instead: Seller Center, Orders, Export",
        ["Creator Username", "Content ID", "Content Type", "Commission rate", "Standard commission rate"],
        2,
    ),
    TIKTOK_ORDERS,
    _kind(
        "a TikTok product export",
        "export orders instead: Seller Center, Orders, Export",
        ["product_id", "sku_id", "product_name", "seller_sku", "category", "price", "variation_value"],
        4,
    ),
    _kind(
        "a Shopify payment transactions export",
        f"{_EXPORT_SHOPIFY_ORDERS} instead",
        ["Payout ID", "Payout Status", "Payout Date", "Transaction Date", "Card Brand", "Available On"],
        2,
    ),
    _kind(
        "a Shopify payouts export",
        f"{_EXPORT_SHOPIFY_ORDERS} instead",
        ["Payout Date", "Charges", "Refunds", "Adjustments", "Reserved Funds", "Fees", "Retried Amount"],
        3,
    ),
    _kind(
        "a Shopify order transactions export",
        f"{_EXPORT_SHOPIFY_ORDERS} instead, not their transaction histories",
        ["Kind", "Gateway", "Card Type", "Order", "Status", "Amount"],
        4,
    ),
    _kind(
        "a Shopify metafields export",
        f"{_EXPORT_SHOPIFY_ORDERS} instead",
        ["Metafield namespace", "Metafield key", "Metafield type", "Metafield value"],
        2,
    ),
    SHOPIFY_ORDERS,
    _kind(
        "a Shopify customers export",
        f"{_EXPORT_SHOPIFY_ORDERS} instead",
        [
            *("Customer ID", "First Name", "Last Name", "Total Spent", "Total Orders"),
            *("Accepts Email Marketing", "Accepts SMS Marketing", "Default Address Address1", "Tax Exempt"),
        ],
        3,
    ),
    _kind(
        "a Shopify products export",
        f"{_EXPORT_SHOPIFY_ORDERS} instead",
        [
            *("Handle", "URL handle", "Title", "Body (HTML)", "Variant SKU", "Variant Price", "Option1 Name"),
            *("Product image URL", "Published", "Published on online store"),
        ],
        3,
    ),
    _kind(
        "a Shopify inventory export",
        f"{_EXPORT_SHOPIFY_ORDERS} instead",
        ["Handle", "HS Code", "COO", "Incoming", "Unavailable", "Committed", "Available", "On hand"],
        3,
    ),
)

KNOWN_NAMES: frozenset[str] = frozenset(
    normalize_column(name)
    for fields in (TIKTOK_FIELDS, SHOPIFY_FIELDS, SETTLEMENT_FIELDS)
    for names in fields.values()
    for name in names
).union(*(kind.signs for kind in KINDS))
"""Every column name that tells a header row from a banner or from data."""


def kind_of(header: Sequence[str]) -> Kind | None:
    """Return the kind of export that a header belongs to, or None."""
    names = {normalize_column(name) for name in header}
    return next((kind for kind in KINDS if len(names & kind.signs) >= kind.least), None)


def refuse_other_kinds(name: str, header: Sequence[str], wanted: Kind) -> None:
    """Refuse a file that is known to be of another kind.

    Raises
    ------
    InputError
        Naming what the file is and what to do with it.
    """
    found = kind_of(header)
    if found is not None and found is not wanted:
        raise InputError(f"{name} is {found.words}, not {wanted.words}: {found.advice}.")


def require(name: str, header: Sequence[str], needed: Mapping[str, Sequence[str]]) -> None:
    """Refuse a file that lacks a needed column, naming all of them with the nearest found.

    Parameters
    ----------
    name
        The file.
    header
        Its column names.
    needed
        What is needed, in the user's words, to the names by which it would have been found.

    Raises
    ------
    InputError
        If something of `needed` is not there.
    """
    there = {normalize_column(column) for column in header}
    missing = {
        words: names
        for words, names in needed.items()
        if not any(normalize_column(alias) in there for alias in names)
    }
    if not missing:
        return
    wanted = " and ".join(f"{words}{_nearest(names, header)}" for words, names in missing.items())
    if not there & KNOWN_NAMES:
        # What stands there may be a row of data, with a buyer in it: it is not shown.
        raise InputError(f"{name} has no column {wanted}, nor any that exports have: is its header there?")
    raise InputError(f"{name} has no column {wanted}. It has: {headers.listed(header)}.")


def _nearest(names: Sequence[str], header: Sequence[str]) -> str:
    found = headers.nearest(names, header)
    return f" (the nearest is {headers.shortened(found)!r})" if found else ""
