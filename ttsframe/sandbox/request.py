"""An HTTP request, the operation it asks for, and the response."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from ttsframe.sandbox.errors import BAD_METHOD, BAD_PATH, BAD_VERSION, NoSuchApiError


class Request(NamedTuple):
    """An HTTP request."""

    method: str
    path: str
    """As sent, which is as signed."""
    query: dict[str, str]
    """Decoded."""
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class Response(NamedTuple):
    """An HTTP answer, and what the log says of it."""

    operation: str
    http_status: int
    body: bytes
    outcome: str = "good"
    code: int | None = None
    order_id: str | None = None
    platform: str | None = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Operation(NamedTuple):
    """One API of the gateway."""

    name: str
    method: str
    signed: bool = True
    needs_shop: bool = True


class Route(NamedTuple):
    """Which operation is asked for, and of which order."""

    operation: Operation
    order_id: str | None = None


GET_REFERENCES = Operation("get_references", "GET")
HOME = Operation("home", "GET", signed=False, needs_shop=False)
REFRESH = Operation("refresh", "GET", signed=False, needs_shop=False)

_PATHS = {
    "/": HOME,
    "/api/v2/token/refresh": REFRESH,
    "/authorization/202309/shops": Operation("shops", "GET", needs_shop=False),
    "/order/202309/orders/search": Operation("search_orders", "POST"),
    "/order/202406/orders/external_order_search": Operation("search_by_reference", "POST"),
}
_ONE_ORDER = re.compile(r"/order/202406/orders/([^/]*)/external_orders")
_VERSION = re.compile(r"^/(order|authorization)/[0-9]{6}/")
_VERSIONS = ("202309", "202406")


def find_route(method: str, path: str) -> Route:
    """Find the operation of a request."""
    route = _route(path)
    if route is None:
        others = (_VERSION.sub(rf"/\1/{version}/", path) for version in _VERSIONS)
        raise NoSuchApiError(BAD_VERSION if any(map(_route, others)) else BAD_PATH)
    if method != route.operation.method and not (method == "HEAD" and route.operation is HOME):
        raise NoSuchApiError(BAD_METHOD)
    return route


def read_query(text: str) -> dict[str, str]:
    """Decode a query string; of a name given twice the last value counts."""
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True))
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return {name: value for name, _, value in pairs}


def _route(path: str) -> Route | None:
    if operation := _PATHS.get(path):
        return Route(operation)
    found = _ONE_ORDER.fullmatch(path)
    return Route(GET_REFERENCES, unquote(found[1])) if found else None
