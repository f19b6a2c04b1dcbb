"""What each operation does with the table of orders: `data` of its answer."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ttsframe.gateway import PLATFORMS
from ttsframe.sandbox.behaviour import EMPTIES
from ttsframe.sandbox.errors import (
    BAD_BODY,
    BAD_ORDER_ID,
    BAD_PARAMETER,
    NOT_THIS_SHOP,
    RefusalError,
)

if TYPE_CHECKING:
    from ttsframe.sandbox.behaviour import Answers
    from ttsframe.sandbox.orders import Listed, Reference, Table
    from ttsframe.sandbox.request import Request

MOST_ORDERS_A_PAGE = 100
NO_DATA: Any = object()
"""Instead of `data`: the answer has no such key."""

_ORDER_ID = re.compile(r"[0-9]{1,20}")
_PLATFORMS = frozenset(PLATFORMS)
# Opaque, with the characters that must be signed raw and percent-encoded in the URL.
_PAGE_TOKEN_HEAD = "sandbox/+"  # noqa: S105 - a place in a list


def get_references(table: Table, order_id: str, platform: str, answers: Answers) -> Any:  # noqa: ANN401
    """Answer `Get External Order References`."""
    found = find_references(table, order_id)
    shown = [entry for entry in found if answers.all_platforms or entry.platform == platform]
    key = "external_orders" if answers.shape == "official" else "external_order_references"
    if not shown:
        return _empty(key, order_id, answers.empty)
    if answers.shape == "official":
        return {key: [_official(entry) for entry in shown]}
    return {
        key: [
            {"order_id": order_id, "external_order_id": entry.external_order_id, "platform": entry.platform}
            for entry in shown
        ]
    }


def find_references(table: Table, order_id: str) -> tuple[Reference, ...]:
    """Return an order's references, or refuse the order."""
    found = table.references.get(order_id)
    if found is not None:
        return found
    if not _ORDER_ID.fullmatch(order_id) or table.refused.get(order_id) == "refused":
        raise RefusalError(BAD_ORDER_ID)
    raise RefusalError(NOT_THIS_SHOP)


def check_platform(platform: Any) -> str:  # noqa: ANN401
    """Refuse what is none of the ten platforms."""
    if not isinstance(platform, str) or platform not in _PLATFORMS:
        raise RefusalError(BAD_PARAMETER, "Invalid parameter. The `platform` is not a supported platform.")
    return platform


def search_by_reference(table: Table, request: Request) -> dict[str, Any]:
    """Answer `Search Order By External Order Reference`."""
    if request.body.strip():
        read_object(request.body)
    platform = check_platform(request.query.get("platform"))
    external_order_id = request.query.get("external_order_id")
    if not external_order_id:
        raise RefusalError(BAD_PARAMETER, "Invalid parameter. The `external_order_id` is required.")
    found = table.find(platform, external_order_id)
    return {"orders": [{"id": order_id, "external_order": _official(entry)} for order_id, entry in found]}


class Page(NamedTuple):
    """Which part of the orders is asked for."""

    size: int
    start: int
    sort_field: str
    descending: bool


def search_orders(table: Table, request: Request) -> dict[str, Any]:
    """Answer order search: one page of the orders that pass the filters of the body."""
    page = _read_page(request.query)
    filters = _read_filters(request.body)
    found = [order for order in table.listed if filters.admit(order)]
    found.sort(key=lambda order: getattr(order, page.sort_field), reverse=page.descending)
    shown = found[page.start : page.start + page.size]
    after = page.start + len(shown)
    return {
        "next_page_token": _page_token(after) if after < len(found) else "",
        "total_count": len(found),
        "orders": [order._asdict() for order in shown],
    }


def read_object(body: bytes) -> dict[str, Any]:
    """Decode a body that must be a JSON object."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusalError(BAD_BODY) from error
    if not isinstance(content, dict):
        raise RefusalError(BAD_BODY)
    return content


def _empty(key: str, order_id: str, form: str) -> Any:  # noqa: ANN401
    if form == "mixed":
        forms = [choice for choice in EMPTIES if choice != "mixed"]
        form = forms[zlib.crc32(order_id.encode()) % len(forms)]
    return {"list": {key: []}, "missing": {}, "null": {key: None}, "null_data": None, "no_data": NO_DATA}[
        form
    ]


def _official(reference: Reference) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": reference.external_order_id, "platform": reference.platform}
    if reference.line_items:
        entry["line_items"] = [{"id": line.id, "origin_id": line.origin_id} for line in reference.line_items]
    return entry


def _read_page(query: dict[str, str]) -> Page:
    size, token = query.get("page_size", "20"), query.get("page_token", "")
    if not re.fullmatch(r"[0-9]{1,3}", size) or not 1 <= int(size) <= MOST_ORDERS_A_PAGE:
        raise RefusalError(BAD_PARAMETER, "Invalid parameter. The `page_size` must be 1 to 100.")
    field, order = query.get("sort_field", "create_time"), query.get("sort_order", "DESC")
    if field not in ("create_time", "update_time") or order not in ("ASC", "DESC"):
        raise RefusalError(BAD_PARAMETER, "Invalid parameter. The `sort_field` or `sort_order` is invalid.")
    return Page(int(size), _page_start(token) if token else 0, field, order == "DESC")


def _page_token(start: int) -> str:
    return _PAGE_TOKEN_HEAD + base64.b64encode(f"start={start}".encode()).decode()


def _page_start(token: str) -> int:
    try:
        text = base64.b64decode(token.removeprefix(_PAGE_TOKEN_HEAD), validate=True).decode()
        return int(text.removeprefix("start="))
    except (binascii.Error, ValueError) as error:
        raise RefusalError(BAD_PARAMETER, "Invalid parameter. The `page_token` is invalid.") from error


class _Filters(NamedTuple):
    """What an order must be to be listed."""

    status: str | None
    times: tuple[tuple[str, int, float], ...]

    def admit(self, order: Listed) -> bool:
        return self.status in (None, order.status) and all(
            least <= getattr(order, name) < below for name, least, below in self.times
        )


def _read_filters(body: bytes) -> _Filters:
    # EcomPHP, which many clients use, writes an empty array for an empty object.
    wanted = read_object(body) if body.strip() not in (b"", b"[]") else {}
    for name in ("create_time_ge", "create_time_lt", "update_time_ge", "update_time_lt"):
        if not isinstance(wanted.get(name, 0), int):
            raise RefusalError(BAD_PARAMETER, f"Invalid parameter. The `{name}` must be whole Unix seconds.")
    times = tuple(
        (name, wanted.get(f"{name}_ge", 0), wanted.get(f"{name}_lt", float("inf")))
        for name in ("create_time", "update_time")
    )
    return _Filters(wanted.get("order_status") or None, times)
