"""What can be asked: platforms and orders → requests."""

from __future__ import annotations

from typing import Any, NamedTuple

from ttsframe.errors import InputError

PLATFORMS = (
    "SHOPIFY",
    "WOOCOMMERCE",
    "BIGCOMMERCE",
    "MAGENTO",
    "SALESFORCE_COMMERCE_CLOUD",
    "CHANNEL_ADVISOR",
    "AMAZON",
    "ORDER_MANAGEMENT_SYSTEM",
    "WAREHOUSE_MANAGEMENT_SYSTEM",
    "ERP_SYSTEM",
)
DEFAULT_PLATFORM = "SHOPIFY"
READ_SCOPE = "seller.order.ext_ref.read"


class Request(NamedTuple):
    """A request, before it is stamped and signed."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes = b""
    needs_shop: bool = True


def platforms(asked: Any) -> list[str]:  # noqa: ANN401
    """Check the names of platforms, one or several; return the distinct ones in upper case, as ordered."""
    try:
        names: list[Any] = [asked] if isinstance(asked, (str, bytes)) else list(asked)
    except TypeError:
        names = [asked]
    for name in names:
        if not isinstance(name, str):
            raise InputError(
                f"must be the name of a platform or a list of names, not {type(name).__name__}. "
                f"The platforms are: {', '.join(PLATFORMS)}.",
                parameter="platform",
            )
    distinct = list(dict.fromkeys(name.strip().upper() for name in names))
    unknown = [name for name in distinct if name not in PLATFORMS]
    if unknown or not distinct:
        what = f"no such platform: {', '.join(unknown)}" if unknown else "no platform is named"
        raise InputError(f"{what}. The platforms are: {', '.join(PLATFORMS)}.", parameter="platform")
    return distinct


def reference_request(order_id: str, platform: str) -> Request:
    """Describe `Get External Order References` for one order."""
    return Request("GET", f"/order/202406/orders/{order_id}/external_orders", {"platform": platform})


def shops_request() -> Request:
    """Describe `Get Authorized Shops`, which is signed without a shop."""
    return Request("GET", "/authorization/202309/shops", {}, needs_shop=False)
