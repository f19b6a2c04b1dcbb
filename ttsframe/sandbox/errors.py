"""The error table of the gateway, as data: TikTok Shop's published codes, and those that others met."""

from __future__ import annotations

from typing import NamedTuple

TAIL = " For more details: https://partner.tiktokshop.com/docv2/page/common-errors"

TOO_MANY = 36009002
HOURLY = 36009037
INTERNAL = 36009003
BAD_PARAMETER = 36009004
EXPIRED_TOKEN = 105002
BAD_SIGNATURE = 106001
NO_CIPHER = 106013
NOT_THIS_SHOP = 21008111
BAD_ORDER_ID = 36020001
BAD_PATH = 36009009
BAD_METHOD = 36009010
BAD_VERSION = 36009014
BAD_BODY = 36009023
BAD_APP = 36004001
BAD_REFRESH_TOKEN = 36004004

FOR_RATE = frozenset({TOO_MANY, HOURLY})
ABOUT_AN_ORDER = frozenset({NOT_THIS_SHOP, BAD_ORDER_ID})
ABOUT_ORDERS = frozenset({105005, 101000, 36009043})
"""Refusals that an operation without a shop does not meet."""


class Row(NamedTuple):
    """A row of the error table."""

    http_status: int
    message: str


_INTERNAL_ERROR = Row(500, "Internal error. Please try again later.")

TABLE: dict[int, Row] = {
    TOO_MANY: Row(429, "Too many requests. The rate limit of your app for this shop is exceeded."),
    HOURLY: Row(429, "Too many requests. The hourly limit of the sandbox is exceeded."),
    INTERNAL: _INTERNAL_ERROR,
    36009007: Row(500, "Request timeout. Please try again later."),
    **dict.fromkeys((10002014, 10002015, 10006402, 10037002, 10037003, 10037004), _INTERNAL_ERROR),
    BAD_PARAMETER: Row(400, "Invalid parameter."),
    EXPIRED_TOKEN: Row(401, "Expired credentials. The 'access_token' has expired."),
    101000: Row(401, "Invalid credentials. The `access_token` does not belong to the shop of `shop_cipher`."),
    BAD_APP: Row(401, "Invalid credentials. The app_key or app_secret is invalid."),
    BAD_REFRESH_TOKEN: Row(401, "Invalid credentials. The token is invalid."),
    36004005: Row(401, "Invalid credentials. The token is no longer valid."),
    105005: Row(
        401, "Access denied. The app has no access scope for this API; the seller must authorize it."
    ),
    36009033: Row(401, "Access denied. The IP address is not in the app's IP allow list."),
    BAD_SIGNATURE: Row(500, "Invalid credentials. The 'sign' signature is invalid."),
    NO_CIPHER: Row(400, "Missing parameter. The `shop_cipher` query parameter is required."),
    36009043: Row(401, "Access denied. The shop is inactive."),
    36009044: Row(401, "Access denied. The seller is inactive."),
    NOT_THIS_SHOP: Row(200, "The order does not belong to this shop."),
    BAD_ORDER_ID: Row(200, "Invalid order_id"),
    BAD_PATH: Row(404, "Invalid path. There is no such API."),
    BAD_METHOD: Row(405, "Invalid method. The API does not take this HTTP method."),
    BAD_VERSION: Row(404, "Invalid version. There is no such version of the API."),
    36009022: Row(400, "Invalid body. The content type is not supported."),
    BAD_BODY: Row(400, "Invalid body. The body is not a JSON object of the expected form."),
}
UNKNOWN = Row(200, "Something went wrong.")


class RefusalError(Exception):
    """A request is refused; becomes the envelope of a response."""

    def __init__(self, code: int, message: str | None = None) -> None:
        row = TABLE.get(code, UNKNOWN)
        self.code = code
        self.http_status = row.http_status
        self.message = (message or row.message) + TAIL
        super().__init__(self.message)


class NoSuchApiError(RefusalError):
    """A request for a path, method or version that the gateway does not have."""


class ThrottledError(RefusalError):
    """A request is refused for rate."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(TOO_MANY)
        self.wait_seconds = wait_seconds
