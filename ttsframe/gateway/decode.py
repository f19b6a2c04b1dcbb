"""Good responses → the references of an order, or the shops of a token.

Source: TikTok Shop's reference, Get External Order References, and a third party's page on it. Where the
two differ both are read.
"""

from __future__ import annotations

from typing import Any

from ttsframe.gateway.errors import DecodedResponse, ResponseKind, classify, unreadable
from ttsframe.gateway.outcomes import LineItem, Reference
from ttsframe.text import one_line

SHOP_FIELDS = ("name", "region", "seller_type", "id", "code", "cipher")


def decode_references(http_status: int, content: Any, *, order_id: str, platform: str) -> DecodedResponse:  # noqa: ANN401
    """Read the response of `Get External Order References` about one order and platform."""
    response = classify(http_status, content)
    if response.kind is not ResponseKind.ANSWERED:
        return response
    try:
        references = _references(content.get("data"), order_id, platform)
    except (TypeError, ValueError) as error:
        return unreadable(http_status, str(error), response.outcome.request_id)
    if not references:
        return response
    outcome = response.outcome._replace(status="linked", references=references)
    return DecodedResponse(ResponseKind.ANSWERED, outcome)


def decode_shops(content: Any) -> list[dict[str, str | None]] | None:  # noqa: ANN401
    """Read a good response of `Get Authorized Shops`; None where its form is not known."""
    data = content.get("data")
    shops = data.get("shops") if isinstance(data, dict) else data
    if shops is None:
        return []
    if not isinstance(shops, list) or shops is data:
        return None
    try:
        return [{name: one_line(_text(shop, name) or "") or None for name in SHOP_FIELDS} for shop in shops]
    except (AttributeError, TypeError, ValueError):
        return None


def _references(data: Any, order_id: str, platform: str) -> tuple[Reference, ...]:  # noqa: ANN401
    """Read both shapes of the data; several entries of one external order become one."""
    if _is_empty(data):
        return ()
    if not isinstance(data, dict):
        raise TypeError("`data` is not an object")
    # The published contract says `external_orders`, a third party's page the other.
    entries = [*_entries(data, "external_orders"), *_entries(data, "external_order_references")]
    lines: dict[str, list[LineItem]] = {}
    # A null says nothing, so what stands beside it is still the answer.
    for entry in entries:
        external_id = None if entry is None else _external_id(entry, order_id, platform)
        if external_id:
            lines.setdefault(external_id, []).extend(
                _line_item(line) for line in _entries(entry, "line_items") if line is not None
            )
    if not lines and None in entries:
        raise ValueError("the references are null")
    return tuple(Reference(name, tuple(dict.fromkeys(items))) for name, items in lines.items())


def _is_empty(value: Any) -> bool:  # noqa: ANN401
    """Whether a value says "none": null, or an empty list, object or text; `false` and `0` do not."""
    return value is None or (isinstance(value, (dict, list, str)) and not value)


def _entries(parent: dict[str, Any], name: str) -> list[Any]:
    entries = parent.get(name)
    if _is_empty(entries):
        return []
    if not isinstance(entries, list):
        raise TypeError(f"`{name}` is not a list")
    return entries


def _external_id(entry: Any, order_id: str, platform: str) -> str | None:  # noqa: ANN401
    """Read the external id of an entry; None where it is another platform's, or has none."""
    if not isinstance(entry, dict):
        raise TypeError("a reference is not an object")
    entry_order_id = _text(entry, "order_id")
    if entry_order_id and entry_order_id.strip() not in ("", order_id):
        raise ValueError("it is about another order")
    name = entry.get("platform")
    if not (_is_empty(name) or isinstance(name, str)):
        raise TypeError("`platform` is not text")
    if (name or platform).strip().upper() != platform:
        return None
    external_id = _text(entry, "external_order_id" if entry.get("id") is None else "id")
    return (external_id or "").strip() or None


def _line_item(entry: Any) -> LineItem:  # noqa: ANN401
    if not isinstance(entry, dict):
        raise TypeError("a line item is not an object")
    return LineItem(_text(entry, "id"), _text(entry, "origin_id"))


def _text(entry: dict[str, Any], name: str) -> str | None:
    """Read a text or a whole number, as text: a float may have lost digits."""
    value = entry.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"`{name}` is neither text nor a whole number")
    return str(value)
