"""What can happen to an order between two platforms, each a short story with its end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

_SHOPIFY_ID = 7_000_000_000_000


@dataclass(frozen=True)
class Story:
    """One kind of order.

    Parameters
    ----------
    name
        A word for it.
    status
        What `match` must say of it; blank for orders that have nothing to do with TikTok.
    weight
        How often it is told.
    link
        How the gateway names the Shopify order: `id`, `gid`, `name`, or `none`, `denied`,
        `elsewhere` (an order that is in no file), `next` (another order's).
    mark
        Where the Shopify order names the TikTok order: `tag`, `note_attribute`, `note`, `name`,
        or nowhere.
    on_tiktok
        Whether the TikTok export holds it.
    shopify_orders
        How many Shopify orders there are of it.
    discount
        Paid by TikTok: Shopify's total is so much higher.
    twist
        `refunded_on_shopify`, `cancelled_on_tiktok`, `never_paid`, `free`, or nothing.
    """

    name: str
    status: str
    weight: float
    link: str = "none"
    mark: str = ""
    on_tiktok: bool = True
    shopify_orders: int = 1
    discount: float = 0.0
    twist: str = ""


STORIES = (
    Story("linked by number", "matched", 30, link="id"),
    Story("linked by gid, and tagged", "matched", 30, link="gid", mark="tag"),
    Story("linked by name", "matched", 10, link="name"),
    Story("note attribute alone", "matched", 6, mark="note_attribute"),
    Story("note alone", "matched", 4, mark="note"),
    Story("named after it", "matched", 4, mark="name"),
    Story("free sample", "matched", 2, link="id", twist="free"),
    Story("TikTok paid a discount", "amount_differs", 5, link="gid", mark="tag", discount=5.0),
    Story("refunded on Shopify", "state_differs", 2, link="id", mark="tag", twist="refunded_on_shopify"),
    Story("cancelled on TikTok", "state_differs", 2, link="gid", twist="cancelled_on_tiktok"),
    Story("made by two connectors", "duplicate", 2, link="id", mark="tag", shopify_orders=2),
    Story("the tag names another order", "conflict", 1, link="id", mark="wrong tag"),
    Story("never created", "only_tiktok", 4, shopify_orders=0),
    Story("linked to an older order", "only_tiktok", 3, link="elsewhere", shopify_orders=0),
    Story("of a day outside the export", "only_shopify", 3, mark="tag", on_tiktok=False),
    Story("cancelled before payment", "not_expected", 3, shopify_orders=0, twist="never_paid"),
    Story("of the sister shop", "unknown", 1, link="denied", shopify_orders=0),
)
ORDINARY = Story("from the web shop", "", 0, on_tiktok=False)


@dataclass(frozen=True)
class Order:
    """One order of a story."""

    story: Story
    place: int
    order_id: str
    created_at: dt.datetime
    lines: tuple[tuple[str, str, str, int], ...]
    """SKU, name, price, quantity."""
    prefix: int

    @cached_property
    def total(self) -> float:
        """What Shopify says it cost."""
        if self.story.twist == "free":
            return 0.0
        return round(4 + sum(float(price) * quantity for _, _, price, quantity in self.lines), 2)

    @property
    def discount(self) -> float:
        """What TikTok paid towards it."""
        return self.story.discount

    @property
    def amount(self) -> float:
        """What the buyer paid on TikTok."""
        return round(self.total - self.discount, 2)

    @property
    def paid_at(self) -> dt.datetime | None:
        """When it was paid on TikTok."""
        return None if self.story.twist == "never_paid" else self.created_at + dt.timedelta(seconds=40)

    @property
    def cancelled_at(self) -> dt.datetime | None:
        """When it was cancelled on TikTok."""
        twists = ("never_paid", "cancelled_on_tiktok")
        return self.created_at + dt.timedelta(hours=3) if self.story.twist in twists else None

    @property
    def tiktok_refund(self) -> float:
        """What was refunded on TikTok."""
        return self.amount if self.story.twist == "cancelled_on_tiktok" else 0.0

    @property
    def shopify_refund(self) -> float:
        """What was refunded on Shopify."""
        return self.total if self.story.twist == "refunded_on_shopify" else 0.0

    @property
    def links(self) -> list[tuple[str, str, str | None, str | None]]:
        """What the gateway knows: order, platform, external order, kind."""
        if not self.story.on_tiktok:
            return []
        if self.story.link == "denied":
            return [(self.order_id, "SHOPIFY", None, "denied")]
        external = {
            "id": self.shopify_id(0),
            "gid": f"gid://shopify/Order/{self.shopify_id(0)}",
            "name": self.shopify_name(0),
            "elsewhere": str(_SHOPIFY_ID - 1 - self.place),
        }.get(self.story.link)
        return [(self.order_id, "SHOPIFY", external, None)]

    @property
    def truth(self) -> list[tuple[str | None, str | None, str]]:
        """Every row that the result must have: order, Shopify name, status."""
        if not self.story.status:
            return []
        copies = range(self.story.shopify_orders)
        rows = [(self.order_id, self.shopify_name(copy), self.story.status) for copy in copies]
        if self.story.mark == "wrong tag":
            rows.append((self.other_id, self.shopify_name(0), self.story.status))
        return [*rows] or [(self.order_id, None, self.story.status)]

    @property
    def other_id(self) -> str:
        """An order that no file holds."""
        return str(int(self.order_id) + 1)

    def shopify_id(self, copy: int) -> str:
        """Return the numeric id of one of its Shopify orders."""
        return str(_SHOPIFY_ID + 10 * self.place + copy)

    def shopify_name(self, copy: int) -> str:
        """Return the name of one of its Shopify orders."""
        if self.story.mark == "name" and copy == 0:
            return f"TTOK{self.order_id}"
        return f"#{1001 + 10 * self.place + copy}"

    def marks(self, copy: int) -> dict[str, str]:
        """Return the columns of a Shopify order that tell where it came from."""
        by_app = {"Source": "tiktok" if self.story.on_tiktok or self.story.mark else "web"}
        if self.story.shopify_orders > 1 and copy == 1:
            return {
                "Source": "4511111",
                "Tags": "Connector",
                "Notes": f"TikTok Shop order ID {self.order_id}",
            }
        match self.story.mark:
            case "tag":
                return by_app | {"Tags": f"Shipped by Seller, TikTokOrderID:{self.order_id}"}
            case "wrong tag":
                return by_app | {"Tags": f"TikTokOrderID:{self.other_id}"}
            case "note_attribute":
                attributes = f"TikTokOrderID: {self.order_id}\nPackageID: 1150{self.place}"
                return {"Source": "3356259", "Note Attributes": attributes}
            case "note":
                return {"Source": "shopify_draft_order", "Notes": f"TikTok Order ID: {self.order_id}"}
            case _:
                return by_app
