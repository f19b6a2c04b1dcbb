"""The downloads of a shop on the day that it closes a month, and what the gateway knows of it.

Two months of orders, of which the second is closed. On one weekend of it the connector was down. Every
person, address and order is made up, and always the same.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from ttsframe.columns import TEXT_DTYPE
from ttsframe.sandbox.orders import COLUMNS as LINK_COLUMNS
from ttsframe.sandbox.samples import (
    FIRST_ID,
    expected,
    save_settlement,
    save_shopify,
    save_tiktok,
    some_lines,
)
from ttsframe.sandbox.scenarios import SHOP_SCENARIOS, WEB_ORDER, Order

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIRST_DAY = dt.date(2026, 9, 1)
CLOSED = dt.datetime(2026, 11, 5, 9)  # noqa: DTZ001 - the export's times have no zone
"""When October is closed."""
CLOSED_BEFORE = dt.datetime(2026, 10, 5, 9)  # noqa: DTZ001
"""When September was closed."""
_DOWN = dt.datetime(2026, 10, 17, 7), dt.datetime(2026, 10, 18, 22)  # noqa: DTZ001
_ORDERS_PER_DAY = (11, 10, 10, 11, 14, 19, 18)  # from Monday
_SEED = 219
_HOURS = (8, 23)
_SHARE_OF_WEB_ORDERS = 0.2
_LAST_OF_FIRST_FILE, _FIRST_OF_SECOND_FILE = dt.date(2026, 10, 9), dt.date(2026, 10, 7)
_PAYOUTS_OF = dt.timedelta(days=35)
_SHARE_IN_ERP, _SHARE_ON_AMAZON = 0.95, 0.06
_OTHER_PAYOUTS = (
    ("74810000000000000011", "Logistics reimbursement", "2026/10/12", "USD", "18.40"),
    ("74810000000000000012", "Shop ads", "2026/10/31", "USD", "-120.00"),
)


class Downloads(NamedTuple):
    """What was downloaded on one day."""

    tiktok: Path
    """A Seller Center export."""
    shopify: list[Path]
    """Two Shopify order exports, of which the second begins before the first ends."""
    settlement: Path
    """A settlement export."""
    links: pd.DataFrame
    """What the gateway knows, of Shopify, an ERP and Amazon, as `sandbox.run` takes it."""
    expected: pd.DataFrame
    """`order_id`, `shopify_name` and the `status` that `match` must find, for every row."""


def write(folder: Path, *, at: dt.datetime = CLOSED) -> Downloads:
    """Write the files as they could be downloaded at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    orders = [_as_of(order, at) for order in _orders() if order.created_at < at]
    first = [order for order in orders if order.created_at.date() <= _LAST_OF_FIRST_FILE]
    second = [order for order in orders if order.created_at.date() >= _FIRST_OF_SECOND_FILE]
    return Downloads(
        save_tiktok(orders, folder / f"All order-{at:%Y-%m-%d}.csv"),
        [
            save_shopify(part, folder / f"orders_export_{number}.csv")
            for number, part in enumerate(filter(None, (first, second)), start=1)
        ],
        save_settlement(
            [order for order in orders if at - _PAYOUTS_OF < order.settled_at < at],
            folder / f"income_{at:%Y%m%d}.csv",
            others=_OTHER_PAYOUTS,
        ),
        pd.DataFrame(_links(orders), columns=list(LINK_COLUMNS), dtype="object").astype(TEXT_DTYPE),
        expected(orders),
    )


def _orders() -> Iterator[Order]:
    """Make the orders, one after the other, as they have become by now."""
    rng = random.Random(_SEED)  # noqa: S311 - no secret
    weights = [scenario.weight for scenario in SHOP_SCENARIOS]
    order_id = FIRST_ID
    for index, created in enumerate(_times(rng)):
        order_id += rng.randrange(10**9, 10**11)
        (scenario,) = rng.choices(SHOP_SCENARIOS, weights)
        if rng.random() < _SHARE_OF_WEB_ORDERS:
            scenario = WEB_ORDER
        elif _DOWN[0] < created < _DOWN[1] and scenario.on_tiktok and scenario.shopify_orders:
            scenario = scenario.never_created()
        yield Order(scenario, index, str(order_id), created, some_lines(rng))


def _times(rng: random.Random) -> Iterator[dt.datetime]:
    for number in range((CLOSED.date() - _FIRST_DAY).days + 1):
        day = dt.datetime.combine(_FIRST_DAY + dt.timedelta(days=number), dt.time())
        count = round(_ORDERS_PER_DAY[day.weekday()] * rng.uniform(0.75, 1.25))
        seconds = sorted(rng.randrange(_HOURS[0] * 3600, _HOURS[1] * 3600) for _ in range(count))
        yield from (day + dt.timedelta(seconds=second) for second in seconds)


def _as_of(order: Order, at: dt.datetime) -> Order:
    """Return an order as it was at a time."""
    changed = order.created_at + dt.timedelta(days=order.scenario.days)
    return order if changed <= at else replace(order, scenario=order.scenario.before())


def _links(orders: list[Order]) -> Iterator[tuple[str | None, ...]]:
    """Tell what the gateway knows: Shopify orders, and the line items of the ERP's and Amazon's."""
    rng = random.Random(_SEED)  # noqa: S311 - no secret
    for order in orders:
        for order_id, platform, external, kind in order.links:
            yield order_id, platform, external, None, None, kind
            if kind:
                continue
            others = {
                "ERP_SYSTEM": (f"SO-{20_000 + order.index}", _SHARE_IN_ERP),
                "AMAZON": (f"112-{order.index:07d}-{order.index % 97:07d}", _SHARE_ON_AMAZON),
            }
            for other, (name, share) in others.items():
                if rng.random() < share:
                    for line in range(len(order.lines)):
                        yield order_id, other, name, f"{name}-{line + 1}", f"{order_id[-9:]}{line}", None
