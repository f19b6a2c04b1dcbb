"""What can be asked: platforms and orders → requests."""

from __future__ import annotations

from collections.abc import Iterable
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
    """Check the names of platforms.

    Parameters
    ----------
    asked
        One name, or several; case and blanks do not matter.

    Returns
    -------
    list of str
        Distinct names in upper case, in the order asked.

    Raises
    ------
    InputError
        If a name is none of the ten, naming them; or if none is asked.
    """
    if isinstance(asked, bytes) or not isinstance(asked, Iterable):
        raise InputError(
            f"platform is {asked!r}, which is no text: give the name of a platform, or a list of them. "
            f"The platforms are: {', '.join(PLATFORMS)}."
        )
    given = [asked] if isinstance(asked, str) else list(asked)
    found = list(dict.fromkeys(str(name).strip().upper() for name in given))
    unknown = [name for name in found if name not in PLATFORMS]
    if unknown or not found:
        what = f"no such platform: {', '.join(unknown)}" if unknown else "no platform was given"
        raise InputError(f"{what}. The platforms are: {', '.join(PLATFORMS)}.")
    return found


def reference_request(order_id: str, platform: str) -> Request:
    """Describe `Get External Order References` for one order."""
    return Request("GET", f"/order/202406/orders/{order_id}/external_orders", {"platform": platform})


def shops_request() -> Request:
    """Describe `Get Authorized Shops`, which is signed without a shop."""
    return Request("GET", "/authorization/202309/shops", {}, needs_shop=False)
