"""What can happen to an order between two platforms: scenarios, and the orders made from them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property

_SHOPIFY_ID = 7_000_000_000_000


@dataclass(frozen=True)
class Scenario:
    """One kind of order."""

    name: str
    status: str
    """What `match` must say of it; blank for orders that have nothing to do with TikTok."""
    weight: float
    """How often it happens."""
    link: str = "none"
    """How the gateway names the Shopify order: `id`, `gid`, `name`, or `none`, `denied`,
    `elsewhere` (an order that is in no file)."""
    mark: str = ""
    """Where the Shopify order names the TikTok order: `tag`, `note_attribute`, `note`, `name`, or nowhere."""
    on_tiktok: bool = True
    """Whether the TikTok export holds it."""
    shopify_orders: int = 1
    """How many Shopify orders there are of it."""
    discount: float = 0.0
    """Paid by TikTok: Shopify's total is higher by this amount."""
    markup: float = 0.0
    """Shopify's total is higher by this amount, and no column says why."""
    variant: str = ""
    """`refunded_on_shopify`, `returned_on_tiktok`, `cancelled_on_tiktok`, `never_paid`, `free`,
    `without_shipping`, `fulfilled_by_tiktok`, `created_late`, or nothing."""
    days: int = 0
    """This many days after the order was created it became what the variant says; `samples.write` waits."""

    def before(self) -> Scenario:
        """Return what it was until then."""
        if self.variant == "created_late":
            return self.never_created()
        return replace(self, variant="", status="matched")

    def never_created(self) -> Scenario:
        """Return the same, had no Shopify order come of it."""
        return replace(self, variant="", days=0, status="only_tiktok", link="none", mark="", shopify_orders=0)


SCENARIOS = (
    Scenario("linked by number", "matched", 30, link="id"),
    Scenario("linked by gid, and tagged", "matched", 30, link="gid", mark="tag"),
    Scenario("linked by name", "matched", 10, link="name"),
    Scenario("note attribute alone", "matched", 6, mark="note_attribute"),
    Scenario("note alone", "matched", 4, mark="note"),
    Scenario("named after it", "matched", 4, mark="name"),
    Scenario("free sample", "matched", 2, link="id", variant="free"),
    Scenario("TikTok paid a discount", "explained", 5, link="gid", mark="tag", discount=5.0),
    Scenario("edited on Shopify", "amount_differs", 2, link="id", mark="tag", markup=3.5),
    Scenario(
        "refunded on Shopify",
        "state_differs",
        2,
        link="id",
        mark="tag",
        variant="refunded_on_shopify",
        days=20,
    ),
    Scenario("cancelled on TikTok", "state_differs", 2, link="gid", variant="cancelled_on_tiktok"),
    Scenario("made by two connectors", "duplicate", 2, link="id", mark="tag", shopify_orders=2),
    Scenario("the tag names another order", "conflict", 1, link="id", mark="wrong tag"),
    Scenario("never created", "only_tiktok", 4, shopify_orders=0),
    Scenario("linked to an older order", "only_tiktok", 3, link="elsewhere", shopify_orders=0),
    Scenario("of a day outside the export", "only_shopify", 3, mark="tag", on_tiktok=False),
    Scenario("cancelled before payment", "not_expected", 3, shopify_orders=0, variant="never_paid"),
    Scenario("of the sister shop", "unknown", 1, link="denied", shopify_orders=0),
)
SHOP_SCENARIOS = (
    *(
        replace(scenario, weight=4 * scenario.weight)
        for scenario in SCENARIOS
        if scenario.status == "matched"
    ),
    *(scenario for scenario in SCENARIOS if scenario.status != "matched"),
    Scenario("shipping left out", "explained", 8, link="id", variant="without_shipping"),
    Scenario("returned in part", "matched", 5, link="gid", mark="tag", variant="returned_on_tiktok", days=15),
    Scenario("sent by TikTok", "only_tiktok", 4, shopify_orders=0, variant="fulfilled_by_tiktok"),
    Scenario("created by hand", "matched", 8, mark="tag", variant="created_late", days=20),
)
"""The same, in a shop where most orders are well."""
WEB_ORDER = Scenario("from the web shop", "", 0, on_tiktok=False)


@dataclass(frozen=True)
class Order:
    """One order of a scenario."""

    scenario: Scenario
    index: int
    order_id: str
    created_at: dt.datetime
    lines: tuple[tuple[str, str, str, int], ...]
    """SKU, name, price, quantity."""

    @cached_property
    def total(self) -> float:
        """What its lines and shipping cost."""
        if self.scenario.variant == "free":
            return 0.0
        return round(4 + sum(float(price) * quantity for _, _, price, quantity in self.lines), 2)

    @property
    def shopify_shipping(self) -> float:
        """What Shopify says its shipping cost."""
        return 0.0 if self.scenario.variant == "without_shipping" else 4.0

    @property
    def shopify_total(self) -> float:
        """What Shopify says it cost."""
        return round(self.total - 4 + self.shopify_shipping, 2)

    @property
    def amount(self) -> float:
        """What the buyer paid on TikTok."""
        return round(self.total - self.scenario.discount - self.scenario.markup, 2)

    @property
    def paid_at(self) -> dt.datetime | None:
        """When it was paid on TikTok."""
        return None if self.scenario.variant == "never_paid" else self.created_at + dt.timedelta(seconds=40)

    @property
    def cancelled_at(self) -> dt.datetime | None:
        """When it was cancelled on TikTok."""
        variants = ("never_paid", "cancelled_on_tiktok")
        return self.created_at + dt.timedelta(hours=3) if self.scenario.variant in variants else None

    @property
    def settled_at(self) -> dt.datetime:
        """When TikTok pays it out."""
        return self.created_at + dt.timedelta(days=9)

    @property
    def tiktok_refund(self) -> float:
        """What was refunded on TikTok."""
        if self.scenario.variant == "returned_on_tiktok":
            return float(self.lines[0][2])
        return self.amount if self.scenario.variant == "cancelled_on_tiktok" else 0.0

    @property
    def shopify_refund(self) -> float:
        """What was refunded on Shopify."""
        return self.total if self.scenario.variant == "refunded_on_shopify" else 0.0

    @property
    def links(self) -> list[tuple[str, str, str | None, str | None]]:
        """What the gateway knows: order, platform, external order, kind."""
        if not self.scenario.on_tiktok:
            return []
        if self.scenario.link == "denied":
            return [(self.order_id, "SHOPIFY", None, "denied")]
        external = {
            "id": self.shopify_id(0),
            "gid": f"gid://shopify/Order/{self.shopify_id(0)}",
            "name": self.shopify_name(0),
            "elsewhere": str(_SHOPIFY_ID - 1 - self.index),
        }.get(self.scenario.link)
        return [(self.order_id, "SHOPIFY", external, None)]

    @property
    def expected(self) -> list[tuple[str | None, str | None, str]]:
        """Every row that the result must have: order, Shopify name, status."""
        if not self.scenario.status:
            return []
        copies = range(self.scenario.shopify_orders)
        rows = [(self.order_id, self.shopify_name(copy), self.scenario.status) for copy in copies]
        if self.scenario.mark == "wrong tag":
            rows.append((self.other_id, self.shopify_name(0), self.scenario.status))
        return [*rows] or [(self.order_id, None, self.scenario.status)]

    @property
    def other_id(self) -> str:
        """An order that no file holds."""
        return str(int(self.order_id) + 1)

    def shopify_created_at(self, copy: int) -> dt.datetime:
        """Return when one of its Shopify orders was created."""
        days = self.scenario.days if self.scenario.variant == "created_late" else 0
        return self.created_at + dt.timedelta(days=days, minutes=2 + 5 * copy)

    def shopify_id(self, copy: int) -> str:
        """Return the numeric id of one of its Shopify orders."""
        return str(_SHOPIFY_ID + 10 * self.index + copy)

    def shopify_name(self, copy: int) -> str:
        """Return the name of one of its Shopify orders."""
        if self.scenario.mark == "name" and copy == 0:
            return f"TTOK{self.order_id}"
        return f"#{1001 + 10 * self.index + copy}"

    def marks(self, copy: int) -> dict[str, str]:
        """Return the columns of a Shopify order that tell where it came from."""
        by_app = {"Source": "tiktok" if self.scenario.on_tiktok or self.scenario.mark else "web"}
        if self.scenario.shopify_orders > 1 and copy == 1:
            return {
                "Source": "4511111",
                "Tags": "Connector",
                "Notes": f"TikTok Shop order ID {self.order_id}",
            }
        match self.scenario.mark:
            case "tag":
                return by_app | {"Tags": f"Shipped by Seller, TikTokOrderID:{self.order_id}"}
            case "wrong tag":
                return by_app | {"Tags": f"TikTokOrderID:{self.other_id}"}
            case "note_attribute":
                attributes = f"TikTokOrderID: {self.order_id}\nPackageID: 1150{self.index}"
                return {"Source": "3356259", "Note Attributes": attributes}
            case "note":
                return {"Source": "shopify_draft_order", "Notes": f"TikTok Order ID: {self.order_id}"}
            case _:
                return by_app
