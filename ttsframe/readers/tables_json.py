"""The JSON lines of a Shopify bulk operation on orders → a table with the columns of Shopify's CSV export.

What shopify.dev says of them ("Perform bulk operations with the GraphQL Admin API"; `groupObjects` of
`bulkOperationRunQuery`): one object per line. What a connection holds, such as the line items of an order,
has lines of its own, which name their parent in `__parentId` and stand below it only where the query asked
for that; no order of lines is promised.
"""

from __future__ import annotations

import io
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ttsframe.errors import InputError
from ttsframe.readers.shapes import Table
from ttsframe.text import Note, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttsframe.readers.shapes import Cells

_ORDER = "gid://shopify/Order/"
_BOM = b"\xef\xbb\xbf"


def open_lines(name: str, content: bytes) -> Table:
    """Open JSON lines: like the CSV, a row per line item, with an order's values on its first."""
    orders: dict[str, tuple[str, ...]] = {}
    skus: defaultdict[str, list[str]] = defaultdict(list)
    for number, line in enumerate(io.BytesIO(content.removeprefix(_BOM)), 1):
        if not line.strip():
            continue
        node = _decode(name, number, line)
        kind = _kind(node)
        if kind == "Order":
            orders[_at(node, "id") or _ORDER + _at(node, "legacyResourceId")] = tuple(
                _order_cells(node).values()
            )
        elif kind == "LineItem":
            skus[_at(node, "__parentId")].append(_at(node, "sku") or _at(node, "variant", "sku"))
    if not orders:
        raise InputError(
            f"{name} is a JSON file without Shopify orders: a CSV or XLSX export is needed, or the result of "
            "a Shopify bulk operation on orders."
        )
    header = (*_order_cells({}), "Lineitem sku")
    rows: list[tuple[str, ...]] = []
    for order_id, cells in orders.items():
        first, *others = skus.pop(order_id, [""])
        rows.append((*cells, first))
        # Id and name, which come first, stand on every row.
        rows += [(*cells[:2], *[""] * len(cells[2:]), sku) for sku in others]
    return Table(name, header, lambda positions: _columns(rows, positions), _orphans(name, skus))


def _orphans(name: str, skus: dict[str, list[str]]) -> tuple[Note, ...]:
    """Tell of line items that no order was found for."""
    lost = sum(len(left) for parent, left in skus.items() if parent.startswith(_ORDER))
    items = counted(lost, "line item")
    said = f"{name}: {items} of orders that the file does not hold left out; is it cut short?"
    return (Note("warning", said),) if lost else ()


def _columns(rows: Sequence[tuple[str, ...]], positions: Sequence[int]) -> list[Cells]:
    return [np.array([row[position] for row in rows], dtype=object) for position in positions]


def _decode(name: str, number: int, line: bytes) -> dict[str, Any]:
    """Decode a line; a message shows nothing of it, for there are buyers in it."""
    try:
        node = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        node = None
    if not isinstance(node, dict):
        raise InputError(
            f"{name} is a JSON file whose line {number} is not a JSON object: it is damaged, or not the "
            "result of a Shopify bulk operation on orders, which has one object per line."
        )
    return node


def _kind(node: dict[str, Any]) -> str:
    """Return the type of an object, from its id; one that was queried without id is known by its fields."""
    _, is_gid, rest = _at(node, "id").partition("gid://shopify/")
    if is_gid:
        return rest.partition("/")[0]
    if "__parentId" in node:
        return "LineItem" if "sku" in node else ""
    return "Order" if "legacyResourceId" in node else ""


def _order_cells(node: dict[str, Any]) -> dict[str, str]:
    """Return an order's cells by the columns of the CSV export, in its words."""
    tags, attributes = node.get("tags"), node.get("customAttributes")
    fulfillment = _at(node, "displayFulfillmentStatus").lower()
    return {
        "Id": _at(node, "id").removeprefix(_ORDER) or _at(node, "legacyResourceId"),
        "Name": _at(node, "name"),
        "Created at": _at(node, "createdAt"),
        "Cancelled at": _at(node, "cancelledAt"),
        "Currency": _at(node, "currencyCode") or _at(node, "totalPriceSet", "shopMoney", "currencyCode"),
        # Without what was removed later: no export says that, so it comes last.
        "Total": _amount(node, "totalPrice") or _amount(node, "currentTotalPrice"),
        "Refunded Amount": _amount(node, "totalRefunded"),
        "Taxes": _amount(node, "totalTax"),
        "Shipping": _amount(node, "totalShippingPrice"),
        "Discount Amount": _amount(node, "totalDiscounts"),
        "Financial Status": _at(node, "displayFinancialStatus").lower(),
        "Fulfillment Status": "partial" if fulfillment == "partially_fulfilled" else fulfillment,
        "Source": _at(node, "sourceName"),
        "Source Identifier": _at(node, "sourceIdentifier"),
        "Tags": ", ".join(map(str, tags)) if isinstance(tags, list) else _at(node, "tags"),
        "Notes": _at(node, "note"),
        "Note Attributes": "\n".join(
            f"{_at(attribute, 'key')}: {_at(attribute, 'value')}"
            for attribute in (attributes if isinstance(attributes, list) else ())
        ),
        "Email": _at(node, "email"),
    }


def _amount(node: dict[str, Any], field: str) -> str:
    """Return an amount in the shop's currency, from a set of both currencies or from the older bare field."""
    return _at(node, f"{field}Set", "shopMoney", "amount") or _at(node, field)


def _at(node: Any, *path: str) -> str:  # noqa: ANN401
    """Return the text or number at the end of a path of fields, blank where there is none."""
    for field in path:
        node = node.get(field) if isinstance(node, dict) else None
    return str(node) if isinstance(node, (str, int, float)) else ""
