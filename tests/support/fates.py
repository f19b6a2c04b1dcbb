"""Exports of a shop in which the fate of every order is known: what `match` must say of it, and why.

The expectations are written from the documentation of the exports, not from the package: how amounts
differ by design, and why an order never reaches Shopify.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations

import pandas as pd

BEGIN = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
DAYS = 91
CONNECTED = BEGIN + dt.timedelta(days=3)
SHOPIFY_BEGINS, SHOPIFY_ENDS = BEGIN - dt.timedelta(days=2), BEGIN + dt.timedelta(days=DAYS - 2)
DIGITS = {"USD": 2, "JPY": 0, "KWD": 3}
TOLERANCE = 0.01

RAISING = {
    "platform_discount": "SKU Platform Discount",
    "shipping_platform_discount": "Shipping Fee Platform Discount",
    "payment_platform_discount": "Payment platform discount",
    "seller_discount": "SKU Seller Discount",
}
LOWERING = {
    "shipping_fee": "Shipping Fee After Discount",
    "taxes": "Taxes",
    "other_fees": "Buyer Service Fee",
}
NAMES = [*RAISING, *LOWERING]
ON_SHOPIFY = {"seller_discount": "Discount Amount", "shipping_fee": "Shipping", "taxes": "Taxes"}

# Fate: how often, in thousandths.
FATES = {
    "matched": 400, "explained": 150, "explained on Shopify": 30, "ambiguous": 15, "settlement": 15,
    "open": 40, "within tolerance": 15, "refunded on TikTok": 10, "refunded on Shopify": 15,
    "refunded in part": 15,
    "cancelled on TikTok": 10, "cancelled on Shopify": 10, "voided": 5, "cancelled unpaid, on Shopify": 5,
    "duplicate": 10, "conflict": 10, "currency": 10, "no amount": 10, "free sample": 10,
    "fulfilled": 20, "sample": 20, "on hold": 15, "sku": 20, "cancelled alone": 10, "unlinked": 30,
    "not in export": 15, "not expected": 20, "failed": 10, "denied": 5,
    "only Shopify": 15, "only Shopify, earlier": 5, "no order id": 10,
}  # fmt: skip
_ABSENT = {"fulfilled", "sample", "on hold", "sku", "cancelled alone", "unlinked", "gap", "before", "newest"}
_UNKNOWN = ("not expected", "failed", "denied")
_NEITHER = (*_UNKNOWN, "only Shopify", "only Shopify, earlier", "no order id")
"""Orders that tell nothing of whether the connector was at work."""
_NOT_IN_FILE = (*_ABSENT, *_UNKNOWN, "outside", "not in export")
_NOTHING_ON_TIKTOK = (
    *("refunded on TikTok", "cancelled on TikTok", "cancelled unpaid, on Shopify", "not expected"),
    *("cancelled alone", "free sample", "only Shopify", "only Shopify, earlier", "no order id"),
)
_NOTHING_ON_SHOPIFY = (
    *("refunded on Shopify", "cancelled on Shopify", "voided", "no amount", "free sample"),
    *_NOT_IN_FILE,
)


@dataclass
class Fate:
    """One order."""

    number: int
    kind: str
    at: dt.datetime
    currency: str
    components: dict[str, int] = field(default_factory=dict)
    """In minor units, as TikTok's columns hold them."""
    amount: int = 0
    total: int = 0
    settled: int = 0
    shopify: dict[str, str] = field(default_factory=dict)
    """Columns of the Shopify order that differ from the plain ones."""
    tiktok: dict[str, str] = field(default_factory=dict)
    overlapping: bool = False
    """Further causes apply."""

    @property
    def order_id(self):
        return str(577_000_000_000_000_000 + self.number * 7919)

    @property
    def shopify_id(self):
        return str(5_000_000_000_000 + self.number * 31)

    @property
    def units(self):
        return 10 ** DIGITS[self.currency]

    def text(self, amount):
        return f"{amount / self.units:.{DIGITS[self.currency]}f}"


@dataclass
class Made:
    """The files, and what `match` must say."""

    tiktok: io.StringIO
    shopify: io.StringIO
    refs: pd.DataFrame
    settlement: pd.DataFrame
    expected: pd.DataFrame
    """Order id or Shopify name as `key`, `status`, `reason` (a set of words), `overlapping`."""
    bridge: dict[tuple[str, str], int]
    """(currency, line) → minor units."""


def smallest_sets(fate, difference, extra=()):
    """Every smallest set of signed components that adds up to the difference, tried one by one."""
    signed = {name: value if name in RAISING else -value for name, value in fate.components.items() if value}
    signed |= dict(extra)
    for size in (1, 2, 3):
        sets = [
            names for names in combinations([name for name in NAMES if name in signed], size)
            if sum(signed[name] for name in names) == difference
        ]  # fmt: skip
        if size == 1 and "settlement" in signed and signed["settlement"] == difference:
            sets.append(("settlement",))
        if sets:
            return sets
    return []


def make(count, seed):
    """Make the exports of about `count` orders."""
    rng = random.Random(seed)
    fates = _plan(count, rng)
    for fate in fates:
        _fill(fate, rng)
    _add_causes(fates, rng)
    return _written(fates, rng)


def _plan(count, rng):
    moments = sorted(BEGIN + dt.timedelta(seconds=rng.randrange(DAYS * 86_400)) for _ in range(count))
    kinds = rng.choices(list(FATES), list(FATES.values()), k=count)
    synced = [place for place, at in enumerate(moments) if CONNECTED <= at < SHOPIFY_ENDS]
    for place, at in enumerate(moments):
        if at < CONNECTED:
            kinds[place] = "before"
        elif at > SHOPIFY_ENDS - dt.timedelta(hours=1):
            kinds[place] = "outside" if at > SHOPIFY_ENDS + dt.timedelta(hours=1) else None
    kinds[synced[0]] = "matched"
    # Stretches in which nothing is synced, of eight orders each, between orders that are.
    for place in rng.sample(range(synced[0] + 20, synced[-1] - 40, 25), max(2, count // 1500)):
        for near in range(place - 2, place + 10):
            kinds[near] = "gap" if place <= near < place + 8 else "matched"
    # The newest orders are not synced yet: the last one that is lies before all of them.
    last = moments[-1]
    for place in range(count - 12, count):
        kinds[place] = "newest" if last - moments[place] <= dt.timedelta(minutes=110) else "outside"
    currency = list(DIGITS)
    return [
        Fate(number, kind, at, rng.choices(currency, (8, 1, 1))[0])
        for number, (kind, at) in enumerate(zip(kinds, moments, strict=True))
        if kind is not None
    ]


def _fill(fate, rng):
    """Give the order its amounts."""
    base = {"USD": 100, "JPY": 100, "KWD": 1000}[fate.currency]
    allowed = TOLERANCE * fate.units
    while True:
        fate.components = {
            name: rng.randrange(1, 9 * base) if rng.random() < 0.6 else 0 for name in NAMES
        }  # fmt: skip
        fate.amount = rng.randrange(20 * base, 90 * base)
        fate.settled = round(fate.amount * rng.uniform(0.85, 0.95))
        difference = _difference(fate, rng, base)
        if difference is None:
            continue
        extra = {"settlement": fate.settled - fate.amount}
        for name, column in ON_SHOPIFY.items():
            if not fate.components[name] and fate.shopify.get(column):
                value = round(float(fate.shopify[column]) * fate.units)
                extra[name] = -value if name == "seller_discount" else value
        sets = smallest_sets(fate, difference, extra)
        wanted = {"explained": 1, "explained on Shopify": 1, "ambiguous": 2, "settlement": 1}
        if abs(difference) > allowed and fate.kind in wanted and len(sets) != wanted[fate.kind]:
            continue
        if fate.kind in wanted and abs(difference) <= allowed:
            continue
        if fate.kind == "settlement" and sets != [("settlement",)]:
            continue
        if fate.kind in ("open", "duplicate", "conflict") and sets:
            continue
        fate.total = fate.amount + difference
        fate.shopify["explained by"] = " + ".join(sets[0]) if len(sets) == 1 else ""
        return


def _difference(fate, rng, base):  # noqa: PLR0911 - one per kind
    """Choose how far Shopify's total lies from TikTok's amount; None to try again."""
    there = [name for name, value in fate.components.items() if value]
    fate.shopify = {}
    if fate.kind == "explained":
        if not there:
            return None
        names = rng.sample(there, rng.randint(1, min(3, len(there))))
        return sum(fate.components[name] * (1 if name in RAISING else -1) for name in names)
    if fate.kind == "explained on Shopify":
        name = rng.choice(list(ON_SHOPIFY))
        if fate.components[name]:
            return None
        value = rng.randrange(2 * base // 10, 9 * base)
        fate.shopify[ON_SHOPIFY[name]] = fate.text(value)
        return -value if name == "seller_discount" else value
    if fate.kind == "ambiguous":
        pair = rng.sample(list(RAISING), 2)
        fate.components |= dict.fromkeys(pair, rng.randrange(2 * base // 10, 9 * base))
        return fate.components[pair[0]]
    if fate.kind == "settlement":
        return fate.settled - fate.amount
    if fate.kind == "open":
        return rng.choice((-1, 1)) * rng.randrange(base // 10 + 5, 19 * base)
    if fate.kind == "within tolerance":
        return rng.choice((-1, 1)) * int(TOLERANCE * fate.units)
    return 0


def _add_causes(fates, rng):
    """Let some orders that are missing on Shopify have a second cause, which says less."""
    for fate in fates:
        match fate.kind:
            case "fulfilled":
                fate.tiktok["Fulfillment Type"] = "Fulfillment by TikTok"
                if rng.random() < 0.3:
                    fate.tiktok["Seller SKU"], fate.overlapping = "NEW-1", True
            case "sample":
                fate.amount = 0
                fate.components = dict.fromkeys(NAMES, 0)
                if rng.random() < 0.3:
                    fate.tiktok["Order Status"], fate.overlapping = "On hold", True
            case "on hold":
                fate.tiktok["Order Status"] = "On hold"
                if rng.random() < 0.3:
                    fate.tiktok["Seller SKU"], fate.overlapping = "NEW-2", True
            case "sku":
                fate.tiktok["Seller SKU"] = f"NEW-{rng.randrange(9)}"


def _written(fates, rng):
    tiktok, shopify, refs, settled, expected = [], [], [], [], []
    bridge = defaultdict(int)
    _name_chance_gaps(fates)
    others = iter(range(900_000, 999_999))
    for fate in fates:
        status, reason = _verdict(fate)
        on_tiktok = not fate.kind.startswith(("only Shopify", "no order"))
        rows = _shopify_rows(fate, others)
        if on_tiktok:
            tiktok += _tiktok_rows(fate, rng)
            refs.append(_answer(fate, rng, marked=bool(rows)))
            if fate.kind != "not expected":
                settled.append((fate.order_id, fate.settled / fate.units, fate.currency))
        shopify += rows
        months = {moment.month for moment in (fate.at, fate.at + dt.timedelta(minutes=2))}
        words = set(filter(None, reason.split("; ")))
        if rows and on_tiktok and len(months) == 2:
            words.add("month_end")
        copies = 2 if fate.kind in ("duplicate", "conflict") else 1
        keys = [fate.order_id] * copies
        if fate.kind == "conflict":
            keys = [fate.order_id, _other_id(fate)]
            tiktok += _tiktok_rows(fate, rng, order_id=_other_id(fate))
            refs.append(
                {"order_id": _other_id(fate), "external_order_id": fate.shopify_id, "status": "linked"}
            )
        key = f"#{fate.number}" if fate.kind == "no order id" else None
        expected += [(key or each, status, frozenset(words), fate.overlapping) for each in keys]
        for line, amount in _effects(fate, status, reason).items():
            bridge[fate.currency, line] += amount
    # Orders of the web shop hold every day of the Shopify file, from its first to its last.
    for place, at in enumerate((SHOPIFY_BEGINS, SHOPIFY_ENDS)):
        web = Fate(2_000_000 + place, "web", at, "USD")
        shopify.append(_shopify_row(web, {"Source": "web", "Total": "1.00", "Lineitem sku": "TEE"}))
    rng.shuffle(shopify)
    return Made(
        _csv(tiktok), _csv(shopify), pd.DataFrame(refs),
        pd.DataFrame(settled, columns=["order_id", "settled_amount", "currency"]),
        pd.DataFrame(expected, columns=["key", "status", "reason", "overlapping"]),
        {key: amount for key, amount in bridge.items() if amount},
    )  # fmt: skip


def _name_chance_gaps(fates):
    """Orders without a cause of their own may by chance make a gap: as many in a row, or for as long."""
    run, before = [], None
    for fate in fates:
        if fate.kind in ("unlinked", "gap"):
            run.append(fate)
        elif fate.kind not in (*_ABSENT, *_NEITHER):
            long = before and fate.at - before >= dt.timedelta(hours=2)
            if before and (len(run) >= 5 or (len(run) >= 3 and long)):
                for each in run:
                    each.kind = "gap"
            run, before = [], fate.at


def _verdict(fate):
    """What `match` must say, from the documentation."""
    lone = "only_tiktok"
    explained = fate.shopify.get("explained by", "")
    return {
        "matched": ("matched", ""),
        "within tolerance": ("matched", ""),
        "explained": ("explained", explained),
        "explained on Shopify": ("explained", explained),
        "settlement": ("explained", "settlement"),
        "ambiguous": ("amount_differs", "ambiguous_explanation"),
        "open": ("amount_differs", ""),
        "refunded on TikTok": ("state_differs", "refunded_on_tiktok; refund_differs"),
        "refunded on Shopify": ("state_differs", "refunded_on_shopify; refund_differs"),
        "refunded in part": ("matched", "refunded_on_tiktok; refund_differs"),
        "cancelled on TikTok": ("state_differs", "cancelled_on_tiktok"),
        "cancelled on Shopify": ("state_differs", "cancelled_on_shopify"),
        "cancelled unpaid, on Shopify": ("state_differs", "cancelled_before_payment; cancelled_on_tiktok"),
        "voided": ("state_differs", "voided_on_shopify"),
        "duplicate": ("duplicate", ""),
        "conflict": ("conflict", ""),
        "currency": ("amount_differs", "currency"),
        "no amount": ("matched", "no_amount"),
        "free sample": ("matched", "free_sample"),
        "fulfilled": (lone, "fulfilled_by_tiktok"),
        "sample": (lone, "sample"),
        "on hold": (lone, "on_hold"),
        "sku": (lone, "sku_not_on_shopify"),
        "cancelled alone": (lone, "cancelled_on_tiktok"),
        "unlinked": (lone, "unlinked"),
        "gap": (lone, "sync_gap"),
        "before": (lone, "before_first_order"),
        "newest": (lone, "on_hold"),
        "outside": (lone, "outside_dates"),
        "not in export": (lone, "not_in_export"),
        "not expected": ("not_expected", "cancelled_before_payment"),
        "failed": ("unknown", "timeout"),
        "denied": ("unknown", "not_this_shop"),
        "only Shopify": ("only_shopify", "not_in_export"),
        "only Shopify, earlier": ("only_shopify", "outside_dates"),
        "no order id": ("only_shopify", "no_order_id"),
    }[fate.kind]


def _effects(fate, status, reason):
    """What the order adds to the lines of its currency's bridge."""
    ours, theirs = _counted(fate)
    effects = {"tiktok_total": ours, "shopify_total": theirs}
    if fate.kind == "currency":
        return {"tiktok_total": ours, "other_currency": -ours}
    if status == "explained":
        names = reason.split(" + ")
        signed = {name: (1 if name in RAISING else -1) * fate.components.get(name, 0) for name in names}
        missing = [name for name in names if not signed[name]]
        for name in missing:  # on Shopify alone, or the settlement
            signed[name] = theirs - ours - sum(signed.values())
        return effects | signed
    line = {"matched": "within_tolerance", "not_expected": None}.get(status, status)
    if fate.kind == "no amount":
        line = "no_amount"
    return effects | ({line: theirs - ours} if line else {})


def _counted(fate):
    """What counts on each side."""
    ours = 0 if fate.kind in _NOTHING_ON_TIKTOK else fate.amount
    theirs = 0 if fate.kind in _NOTHING_ON_SHOPIFY else fate.total
    return ours * (2 if fate.kind == "conflict" else 1), theirs * (2 if fate.kind == "duplicate" else 1)


def _other_id(fate):
    return str(int(fate.order_id) + 1)


def _answer(fate, rng, *, marked):
    """What the look-up says: the reference, or nothing where the mark says enough."""
    answer = {"order_id": fate.order_id, "external_order_id": None, "status": "unlinked", "reason": None}
    if fate.kind == "failed":
        return answer | {"status": "failed", "reason": "timeout"}
    if fate.kind == "denied":
        return answer | {"status": "denied", "reason": "not_this_shop"}
    if fate.kind in ("outside", "not in export"):
        return answer | {"status": "linked", "external_order_id": str(4_000_000_000_000 + fate.number)}
    if marked and fate.kind != "conflict" and rng.random() < 0.7:
        gid = f"gid://shopify/Order/{fate.shopify_id}"
        return answer | {"status": "linked", "external_order_id": rng.choice((fate.shopify_id, gid))}
    return answer


def _tiktok_rows(fate, rng, *, order_id=None):
    zero = fate.kind == "free sample"
    cancelled = fate.kind in (
        "cancelled on TikTok", "cancelled alone", "not expected", "cancelled unpaid, on Shopify"
    )  # fmt: skip
    unpaid = fate.kind in ("not expected", "cancelled unpaid, on Shopify")
    components = dict.fromkeys(NAMES, 0) if zero else fate.components
    refund = {"refunded on TikTok": fate.amount, "refunded in part": fate.amount // 3}.get(fate.kind, 0)
    row = {
        "Order ID": f"{order_id or fate.order_id}\t",
        "Order Status": "Canceled" if cancelled else "Completed",
        "Currency": fate.currency,
        "Seller SKU": "TEE",
        "Quantity": "1",
        "Order Amount": fate.text(0 if zero else fate.amount),
        "Order Refund Amount": fate.text(refund),
        "Created Time": f"{fate.at:%Y-%m-%d %H:%M:%S}",
        "Paid Time": "" if unpaid else f"{fate.at + dt.timedelta(seconds=40):%Y-%m-%d %H:%M:%S}",
        "Cancelled Time": f"{fate.at + dt.timedelta(hours=3):%Y-%m-%d %H:%M:%S}" if cancelled else "",
        "Fulfillment Type": "Fulfillment by seller",
        **{column: fate.text(components[name]) for name, column in (RAISING | LOWERING).items()},
        **fate.tiktok,
    }
    # Discounts of a line are split over the lines of an order; the rest repeats on each.
    if rng.random() < 0.3:
        second = row | {"Seller SKU": row["Seller SKU"]}
        for name in ("platform_discount", "seller_discount"):
            part = rng.randint(0, components[name])
            row = row | {RAISING[name]: fate.text(components[name] - part)}
            second[RAISING[name]] = fate.text(part)
        return [row, second]
    return [row]


def _shopify_rows(fate, others):
    if fate.kind in _NOT_IN_FILE:
        return []
    row = _shopify_row(fate, {"Total": fate.text(fate.total)})
    earlier = f"{BEGIN - dt.timedelta(days=1):%Y-%m-%d %H:%M:%S} +0000"
    row |= {
        "refunded on Shopify": {"Financial Status": "refunded", "Refunded Amount": row["Total"]},
        "cancelled on Shopify": {"Cancelled at": row["Created at"]},
        "voided": {"Financial Status": "voided"},
        "no amount": {"Total": ""},
        "free sample": {"Total": fate.text(0)},
        "currency": {"Currency": "EUR"},
        "only Shopify, earlier": {"Created at": earlier},
        "no order id": {"Source": "tiktok", "Tags": ""},
    }.get(fate.kind, {})
    if fate.kind == "duplicate":
        number = next(others)
        return [row, row | {"Id": str(5_000_000_000_000 + number), "Name": f"#{number}"}]
    return [row]


def _shopify_row(fate, own):
    given = {column: fate.shopify[column] for column in ON_SHOPIFY.values() if column in fate.shopify}
    return {
        "Name": f"#{fate.number}",
        "Id": fate.shopify_id,
        "Financial Status": "paid",
        "Created at": f"{fate.at + dt.timedelta(minutes=2):%Y-%m-%d %H:%M:%S} +0000",
        "Cancelled at": "",
        "Currency": fate.currency,
        "Total": "",
        "Refunded Amount": fate.text(0),
        "Taxes": "",
        "Shipping": "",
        "Discount Amount": "",
        "Lineitem sku": "TEE",
        "Source": "3890849",
        "Tags": f"TikTokOrderID:{fate.order_id}" if fate.kind != "web" else "",
        **given,
        **own,
    }


def _csv(rows):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return io.StringIO(text.getvalue())
