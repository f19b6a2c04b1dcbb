"""Which type of export a file is, by its header; another type is refused by name, as is a lack of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ttsframe.errors import InputError
from ttsframe.ids import ORDER_ID_NAMES, find_column, normalize_column
from ttsframe.readers import headers
from ttsframe.readers.headers import SETTLEMENT_FIELDS, SHOPIFY_FIELDS, TIKTOK_FIELDS
from ttsframe.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class ExportType(NamedTuple):
    """A type of export, known by its columns."""

    words: str
    advice: str
    signature: frozenset[str]
    """Column names that tell it, as `normalize_column` compares them."""
    min_columns: int
    """How many of them must be there."""


def _export_type(words: str, advice: str, names: Iterable[str], min_columns: int) -> ExportType:
    return ExportType(words, advice, frozenset(map(normalize_column, names)), min_columns)


SETTLEMENT = _export_type(
    "a TikTok settlement export",
    "read it with read_tiktok_settlement (reconcile: --settlement)",
    [
        *(name for name in SETTLEMENT_FIELDS["order_id"] if name not in ORDER_ID_NAMES),
        *SETTLEMENT_FIELDS["settled_amount"],
        *SETTLEMENT_FIELDS["estimated_amount"],
    ],
    1,
)
TIKTOK_ORDERS = _export_type(
    "a TikTok Seller Center order export",
    "read it with read_tiktok_orders (reconcile: --tiktok)",
    ORDER_ID_NAMES,
    1,
)
SHOPIFY_ORDERS = _export_type(
    "a Shopify order export",
    "read it with read_shopify_orders (reconcile: --shopify)",
    [
        *("Financial Status", "Fulfillment Status", "Paid at", "Fulfilled at", "Created at", "Cancelled at"),
        *("Lineitem name", "Lineitem quantity", "Lineitem price", "Lineitem sku", "Note Attributes"),
        *("Subtotal", "Total", "Refunded Amount", "Accepts Marketing", "Risk Level"),
    ],
    2,
)
_EXPORT_TIKTOK_ORDERS = "export orders instead: Seller Center, Orders, Export"
_EXPORT_SHOPIFY_ORDERS = "in Shopify, export Orders (CSV) instead"

# The most telling first: a header is of the first type that it has the signature of. Besides the three that
# are read these are exports that name orders, so that they could be taken for them.
EXPORT_TYPES: tuple[ExportType, ...] = (
    SETTLEMENT,
    _export_type(
        "a TikTok return and refund export",
        _EXPORT_TIKTOK_ORDERS,
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
    _export_type(
        "a TikTok affiliate order export",
        _EXPORT_TIKTOK_ORDERS,
        ["Creator Username", "Content ID", "Content Type", "Commission rate", "Standard commission rate"],
        2,
    ),
    TIKTOK_ORDERS,
    _export_type(
        "a Shopify payment transactions export",
        _EXPORT_SHOPIFY_ORDERS,
        ["Payout ID", "Payout Status", "Payout Date", "Transaction Date", "Card Brand", "Available On"],
        2,
    ),
    _export_type(
        "a Shopify order transactions export",
        f"{_EXPORT_SHOPIFY_ORDERS}, not their transaction histories",
        ["Kind", "Gateway", "Card Type", "Order", "Status", "Amount"],
        4,
    ),
    _export_type(
        "a Shopify metafields export",
        _EXPORT_SHOPIFY_ORDERS,
        ["Metafield namespace", "Metafield key", "Metafield type", "Metafield value"],
        2,
    ),
    SHOPIFY_ORDERS,
)

KNOWN_NAMES: frozenset[str] = frozenset(
    normalize_column(name)
    for fields in (TIKTOK_FIELDS, SHOPIFY_FIELDS, SETTLEMENT_FIELDS)
    for names in fields.values()
    for name in names
).union(*(export.signature for export in EXPORT_TYPES))
"""Every column name that tells a header row from a banner or from data."""


def export_type(header: Sequence[str]) -> ExportType | None:
    """Return the type of export that a header belongs to, or None."""
    names = {normalize_column(name) for name in header}
    return next((known for known in EXPORT_TYPES if len(names & known.signature) >= known.min_columns), None)


def refuse_other_types(name: str, header: Sequence[str], wanted: ExportType) -> None:
    """Refuse a file that is known to be of another type, naming it and what to do with it."""
    found = export_type(header)
    if found is not None and found is not wanted:
        raise InputError(f"{name} is {found.words}, not {wanted.words}: {found.advice}.")


def require_columns(name: str, header: Sequence[str], needed: Mapping[str, Sequence[str]], side: str) -> None:
    """Refuse a file that lacks a column, naming all that it lacks with the nearest that it has.

    `needed` maps each column in the user's words to the names by which it would have been found; `side` is
    what the shell calls files of this type.
    """
    there = {normalize_column(column) for column in header}
    missing = {
        words: names
        for words, names in needed.items()
        if not any(normalize_column(alias) in there for alias in names)
    }
    if not missing:
        return
    wanted = " and ".join(f"{words}{headers.hint(names, header)}" for words, names in missing.items())
    raise InputError(
        f"{name} has no column {wanted}. {told(header)} If it is there by another name, "
        f"say so with columns= (reconcile: --{side}-columns)."
    )


def renamed(
    name: str, header: Sequence[str], own: Mapping[str, Sequence[str]], fields: headers.Fields
) -> tuple[str, ...]:
    """Return a file's header with the known names for its own, which go before any known one that it has."""
    out = list(header)
    for field, given in own.items():
        places = [place for one in given if (place := find_column(header, [one])) is not None]
        if not places:
            wanted = f"{' or '.join(map(repr, given))}{headers.hint(given, header)}"
            raise InputError(f"{name} has no column {wanted}. {told(header, own=True)}", parameter="columns")
        if len(places) > 1:
            words = " and ".join(repr(header[place]) for place in places)
            raise InputError(
                f"{name} has {words}, and only one can be {fields[field][0]!r}: name that one.",
                parameter="columns",
            )
        aliases = set(map(normalize_column, fields[field]))
        out = ["" if normalize_column(column) in aliases else column for column in out]
        out[places[0]] = fields[field][0]
    return tuple(out)


def told(header: Sequence[str], *, own: bool = False) -> str:
    """Tell what a header holds; without a known name it may be a row of data, with a buyer in it.

    Where the caller's `own` names are expected, words without a digit or an @ are taken for names, too.
    """
    known = not KNOWN_NAMES.isdisjoint(map(normalize_column, header))
    if known or (own and not any(sign.isdigit() or sign == "@" for sign in "".join(header))):
        return f"It has: {headers.listed(header)}."
    return f"Its first line has {counted(len(header), 'cell')}: are they names of columns?"
