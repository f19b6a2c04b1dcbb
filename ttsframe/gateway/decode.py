"""Good answers → what they tell of an order, or of the shops.

Source: TikTok Shop's reference, Get External Order References, and a third party's page on it. Where the
two differ both are read.
"""

from __future__ import annotations

from typing import Any

from ttsframe.gateway.errors import DecodedResponse, ResponseKind, classify, unreadable
from ttsframe.gateway.outcomes import LineItem, Reference

SHOP_FIELDS = ("name", "region", "seller_type", "id", "code", "cipher")


def decode_references(http_status: int, content: Any, *, order_id: str, platform: str) -> DecodedResponse:  # noqa: ANN401
    """Read the answer of `Get External Order References`.

    Parameters
    ----------
    http_status
        The HTTP status; tells only where the body does not.
    content
        The decoded body, as `decode_json` gives it.
    order_id
        The order that was asked about.
    platform
        The platform that was asked about: others' references are left out.

    Returns
    -------
    DecodedResponse
        The verdict for the run, and the outcome for the order.
    """
    answer = classify(http_status, content)
    if answer.kind is not ResponseKind.ANSWERED:
        return answer
    try:
        found = _references(content.get("data"), order_id, platform)
    except (AttributeError, TypeError, ValueError) as error:
        return unreadable(http_status, f"the answer's form is not known: {error}", answer.outcome.request_id)
    if not found:
        return answer
    return DecodedResponse(ResponseKind.ANSWERED, answer.outcome._replace(status="linked", references=found))


def decode_shops(content: Any) -> list[dict[str, str | None]] | None:  # noqa: ANN401
    """Read a good answer of `Get Authorized Shops`; None where its form is not known."""
    data = content.get("data")
    shops = data.get("shops") if isinstance(data, dict) else data
    if shops is None:
        return []
    if not isinstance(shops, list) or shops is data:
        return None
    try:
        return [{name: _plain_text(shop.get(name)) for name in SHOP_FIELDS} for shop in shops]
    except (AttributeError, TypeError):
        return None


def _references(data: Any, order_id: str, platform: str) -> tuple[Reference, ...]:  # noqa: ANN401
    """Both shapes of the answer; several entries of one external order become one."""
    if not data:
        return ()
    # The published contract says `external_orders`, a third party's page the other.
    entries = [*(data.get("external_orders") or ()), *(data.get("external_order_references") or ())]
    found: dict[str, list[LineItem]] = {}
    for entry in entries:
        external_id = _external_id(entry, order_id, platform)
        if external_id:
            found.setdefault(external_id, []).extend(map(_line_item, entry.get("line_items") or ()))
    return tuple(Reference(name, tuple(dict.fromkeys(lines))) for name, lines in found.items())


def _external_id(entry: dict[str, Any], order_id: str, platform: str) -> str | None:
    """The id of an entry; None where it is another platform's, or has none."""
    of = entry.get("order_id")
    if of is not None and str(of).strip() not in ("", order_id):
        raise ValueError("it is about another order")
    if str(entry.get("platform") or platform).strip().upper() != platform:
        return None
    id_ = entry.get("id")
    external_id = _plain_text(entry.get("external_order_id") if id_ is None else id_)
    return external_id.strip() or None if external_id else None


def _plain_text(value: Any) -> str | None:  # noqa: ANN401
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("neither text nor a whole number")
    return str(value)


def _line_item(entry: dict[str, Any]) -> LineItem:
    id_, origin_id = entry.get("id"), entry.get("origin_id")
    return LineItem(None if id_ is None else str(id_), None if origin_id is None else str(origin_id))
