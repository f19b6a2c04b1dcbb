"""Sample exports of one shop, with typical data-quality problems, and what `match` must say of every order.

The demo, the notebooks and the end-to-end tests use them. Every person, address and
order in them is made up.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from ttsframe.columns import TEXT_DTYPE
from ttsframe.report.files import atomic_write
from ttsframe.sandbox.scenarios import SCENARIOS, WEB_ORDER, Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_BEGIN = dt.datetime(2026, 10, 5, 8, 0)  # noqa: DTZ001 - the export's times have no zone
_SPACING = dt.timedelta(minutes=97)
_OFFSET = "-0700"
FIRST_ID = 580_194_009_000_000_000
_SHARE_OF_WEB_ORDERS = 0.25

_TIKTOK_HEADER = (
    "Order ID,Order Status,Order Substatus,Cancelation/Return Type,Normal or Pre-order,SKU ID,Seller SKU,"
    "Product Name,Variation,Quantity,Sku Quantity of return,SKU Unit Original Price,"
    "SKU Subtotal Before Discount,SKU Platform Discount,SKU Seller Discount,SKU Subtotal After Discount,"
    "Shipping Fee After Discount,Taxes,Order Amount,Order Refund Amount,Created Time,Paid Time,"
    "Cancelled Time,Cancel Reason,Fulfillment Type,Tracking ID,Buyer Username,Recipient,Phone #,Country,"
    "State,City,Zipcode,Address Line 1,Payment Method,Package ID"
).split(",")
_DESCRIPTIONS = {
    "Order ID": "Platform unique order ID.",
    "Order Status": "Current order status.",
    "Quantity": "SKU sold quantity in the order.",
    "Order Amount": "It equals the amount that the buyer paid.",
    "Created Time": "Order created time.",
}
_SHOPIFY_HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,"
    "Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Shipping Name,"
    "Shipping Street,Shipping City,Shipping Zip,Shipping Country,Notes,Note Attributes,Cancelled at,"
    "Payment Method,Refunded Amount,Vendor,Id,Tags,Risk Level,Source,Phone"
).split(",")
_SETTLEMENT_HEADER = (
    "Order/adjustment ID",
    "Type",
    "Order settled time",
    "Currency",
    "Total settlement amount",
)
_LINKS_HEADER = ("order_id", "platform", "external_order_id", "kind")
_GOODS = (
    ("MUG-BLUE", "Speckled mug, blue", "14.00"),
    ("TEE-BLK-M", "Crew tee, black, M", "22.50"),
    ("FERN-A3", "Fern print, A3", "16.00"),
    ("TOTE-1", "Canvas tote", "19.90"),
    ("SOAP-3", "Soap, set of three", "11.25"),
)
_RETURN_TYPES = {
    "never_paid": "Cancel",
    "cancelled_on_tiktok": "Cancel",
    "returned_on_tiktok": "Return/Refund",
}
_FULFILLMENT_TYPES = {"fulfilled_by_tiktok": "Fulfillment by TikTok Shop"}


class Samples(NamedTuple):
    """What was made."""

    tiktok: Path
    """A Seller Center export."""
    shopify: Path
    """A Shopify order export."""
    settlement: Path
    """A settlement export."""
    links: pd.DataFrame
    """What the sandbox must know, as `sandbox.run` takes it."""
    links_file: Path
    """The same in a file, as `ttsframe sandbox --links` takes it."""
    expected: pd.DataFrame
    """`order_id`, `shopify_name` and the `status` that `match` must find, for every row."""


def write(folder: Path, *, count: int = 240, seed: int = 7) -> Samples:
    """Make sample exports of about `count` TikTok orders, every scenario at least once."""
    orders = list(_orders(count, random.Random(seed)))  # noqa: S311 - no secret
    links = _frame(_LINKS_HEADER, (row for order in orders for row in order.links))
    folder.mkdir(parents=True, exist_ok=True)
    samples = Samples(
        save_tiktok(orders, folder / "tiktok_all_orders.csv"),
        save_shopify(orders, folder / "shopify_orders_export_1.csv"),
        save_settlement(orders, folder / "tiktok_settlement.csv"),
        links,
        folder / "links.csv",
        expected(orders),
    )
    links_rows = links.fillna("").to_dict("records")
    _save(samples.links_file, _LINKS_HEADER, links_rows, bom=False, line_end="\n")
    return samples


def save_tiktok(orders: Iterable[Order], path: Path) -> Path:
    """Write a Seller Center export."""
    return _save(path, _TIKTOK_HEADER, _tiktok_rows(orders), bom=True, line_end="\r\n")


def save_shopify(orders: Iterable[Order], path: Path) -> Path:
    """Write a Shopify order export."""
    return _save(path, _SHOPIFY_HEADER, _shopify_rows(orders), bom=False, line_end="\n")


def save_settlement(orders: Iterable[Order], path: Path, *, others: Iterable[tuple[str, ...]] = ()) -> Path:
    """Write a settlement export; `others` are rows of no order."""
    rows = [*_settlement_rows(orders), *(dict(zip(_SETTLEMENT_HEADER, row, strict=True)) for row in others)]
    return _save(path, _SETTLEMENT_HEADER, rows, bom=False, line_end="\n")


def expected(orders: Iterable[Order]) -> pd.DataFrame:
    """Tell what `match` must find: `order_id`, `shopify_name` and `status` of every row."""
    return _frame(("order_id", "shopify_name", "status"), (row for order in orders for row in order.expected))


def some_lines(rng: random.Random) -> tuple[tuple[str, str, str, int], ...]:
    """Choose what somebody orders."""
    return tuple((*rng.choice(_GOODS), rng.choice((1, 1, 1, 2))) for _ in range(rng.choice((1, 1, 2))))


def _orders(count: int, rng: random.Random) -> Iterator[Order]:
    """Make an order of each scenario, then as many of each as its weight says, in random order."""
    weights = [scenario.weight for scenario in SCENARIOS]
    scenarios = [*SCENARIOS, *rng.choices(SCENARIOS, weights, k=max(0, count - len(SCENARIOS)))]
    scenarios += [WEB_ORDER] * round(_SHARE_OF_WEB_ORDERS * count)
    rng.shuffle(scenarios)
    order_id = FIRST_ID
    for index, scenario in enumerate(scenarios):
        order_id += rng.randrange(10**9, 10**11)
        lines = some_lines(rng)
        created = _BEGIN + index * _SPACING + dt.timedelta(seconds=rng.randrange(3000))
        yield Order(scenario, index, str(order_id), created, lines)


def _tiktok_rows(orders: Iterable[Order]) -> Iterator[dict[str, str]]:
    yield {name: _DESCRIPTIONS.get(name, f"{name}.") for name in _TIKTOK_HEADER}
    for order in orders:
        if not order.scenario.on_tiktok:
            continue
        for index, (sku, name, price, quantity) in enumerate(order.lines):
            yield {
                "Order ID": f"{order.order_id}\t",
                "Order Status": "Canceled" if order.cancelled_at else "Completed",
                "Cancelation/Return Type": _RETURN_TYPES.get(order.scenario.variant, ""),
                "Normal or Pre-order": "Normal",
                "SKU ID": f"17294999987800{order.index:05d}\t",
                "Seller SKU": sku,
                "Product Name": name,
                "Variation": "Default",
                "Quantity": str(quantity),
                "SKU Unit Original Price": price,
                "SKU Platform Discount": f"{order.scenario.discount if index == 0 else 0:.2f}",
                "SKU Seller Discount": "0",
                "Shipping Fee After Discount": "4.00",
                "Taxes": "0",
                "Order Amount": f"{order.amount:.2f}",
                "Order Refund Amount": f"{order.tiktok_refund:.2f}" if order.tiktok_refund else "",
                "Created Time": _american(order.created_at),
                "Paid Time": _american(order.paid_at),
                "Cancelled Time": _american(order.cancelled_at),
                "Fulfillment Type": _FULFILLMENT_TYPES.get(order.scenario.variant, "Fulfillment by seller"),
                "Tracking ID": f"FAKE{order.index:08d}\t",
                "Buyer Username": f"fake_buyer_{order.index}",
                "Recipient": f"Fake Person {order.index}",
                "Phone #": "(+1)555*****01",
                "Country": "United States",
                "Address Line 1": f"{order.index} Fake St",
                "Payment Method": "Credit/Debit card",
            }


def _shopify_rows(orders: Iterable[Order]) -> Iterator[dict[str, str]]:
    for order in orders:
        for copy in range(order.scenario.shopify_orders):
            head = _shopify_head(order, copy)
            for index, (sku, name, price, quantity) in enumerate(order.lines):
                repeated = {key: head[key] for key in ("Name", "Email", "Created at", "Vendor")}
                yield (head if index == 0 else repeated) | {
                    "Lineitem quantity": str(quantity),
                    "Lineitem name": name,
                    "Lineitem price": price,
                    "Lineitem sku": sku,
                }


def _shopify_head(order: Order, copy: int) -> dict[str, str]:
    created = order.shopify_created_at(copy)
    return {
        "Name": order.shopify_name(copy),
        "Email": f"fake{order.index}@example.com",
        "Financial Status": "refunded" if order.shopify_refund else "paid",
        "Paid at": _offset(created),
        "Fulfillment Status": "fulfilled",
        "Accepts Marketing": "no",
        "Currency": "USD",
        "Subtotal": f"{order.shopify_total - order.shopify_shipping:.2f}",
        "Shipping": f"{order.shopify_shipping:.2f}",
        "Taxes": "0.00",
        "Total": f"{order.shopify_total:.2f}",
        "Created at": _offset(created),
        "Billing Name": f"Fake Person {order.index}",
        "Shipping Name": f"Fake Person {order.index}",
        "Shipping Street": f"{order.index} Fake St",
        "Shipping Zip": "'00000",
        "Shipping Country": "US",
        "Phone": "'+15550000000",
        "Refunded Amount": f"{order.shopify_refund:.2f}",
        "Vendor": "Fake Vendor",
        "Id": order.shopify_id(copy),
        "Risk Level": "Low",
        "Payment Method": "TikTok" if order.scenario.on_tiktok else "Shopify Payments",
        **order.marks(copy),
    }


def _settlement_rows(orders: Iterable[Order]) -> Iterator[dict[str, str]]:
    for order in orders:
        if order.scenario.on_tiktok and order.paid_at and not order.cancelled_at:
            yield {
                "Order/adjustment ID": order.order_id,
                "Type": "Order",
                "Order settled time": f"{order.settled_at:%Y/%m/%d}",
                "Currency": "USD",
                "Total settlement amount": f"{0.92 * order.amount - order.tiktok_refund:.2f}",
            }


def _save(
    path: Path, header: Iterable[str], rows: Iterable[dict[Any, Any]], *, bom: bool, line_end: str
) -> Path:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(header), restval="", lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    with atomic_write(path) as new:
        new.write_bytes(text.getvalue().encode("utf-8-sig" if bom else "utf-8"))
    return path


def _frame(names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(names), dtype="object").astype(TEXT_DTYPE)


def _american(moment: dt.datetime | None) -> str:
    return f"{moment:%m/%d/%Y %I:%M:%S %p}\t" if moment else "\t"


def _offset(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} {_OFFSET}"
