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
SECOND_FEE = "Handling Fee"
NAMES = [*RAISING, *LOWERING]
ON_SHOPIFY = {"seller_discount": "Discount Amount", "shipping_fee": "Shipping", "taxes": "Taxes"}

# Fate: how often, in thousandths.
FATES = {
    "matched": 400, "explained": 150, "explained on Shopify": 30, "ambiguous": 15, "settlement": 15,
    "open": 40, "within tolerance": 15, "refunded on TikTok": 10, "refunded on Shopify": 15,
    "refunded in part": 15, "refunded in part on Shopify": 10, "refunded in part on both": 5,
    "cancelled on both": 8, "unpaid on Shopify": 8, "unpaid on TikTok": 8, "explained on both sides": 15,
    "cancelled on TikTok": 10, "cancelled on Shopify": 10, "voided": 5, "cancelled unpaid, on Shopify": 5,
    "duplicate": 10, "conflict": 10, "currency": 10, "no amount": 10, "free sample": 10,
    "fulfilled": 20, "sample": 20, "on hold": 15, "sku": 20, "cancelled alone": 10, "unlinked": 30,
    "not in export": 15, "not expected": 20, "failed": 10, "denied": 5,
    "refused": 5, "offline": 5, "not asked": 8, "ambiguous reference": 6,
    "probable": 15, "several candidates": 8, "one candidate for two": 8,
    "only Shopify": 15, "only Shopify, earlier": 5, "no order id": 10,
    # Of two statuses that apply, the documentation says which stands.
    "duplicate, refunded": 5, "conflict, cancelled": 5, "conflict, twice on Shopify": 5,
    "refunded on Shopify, amounts apart": 5, "cancelled on TikTok, explained": 5, "currency, cancelled": 5,
}  # fmt: skip
SEVERAL_STATUSES = (*FATES,)[-6:]
_OF_ITS_OWN = ("fulfilled", "sample", "on hold", "sku", "cancelled alone")
"""The order itself says why it is missing on Shopify."""
_UNANSWERED = {
    "failed": ("failed", ("throttled", "timeout", "network", "server_error", "bad_answer", "unknown_code")),
    "denied": ("denied", ("not_this_shop",)),
    "refused": ("invalid", ("refused_id",)),
    "offline": ("skipped", ("offline",)),
}
"""The status of the look-up, and its reasons."""
_ON_SHOPIFY_ONLY = ("only Shopify", "only Shopify, earlier", "no order id")
_CANDIDATES = ("several candidates", "one candidate for two")
_MISSING = {
    True: ("unlinked", *_CANDIDATES),
    False: ("unlinked", *_CANDIDATES, "not in export", "not asked", "ambiguous reference", *_UNANSWERED),
}
"""Orders of which nothing but their time may tell why they are missing, with a look-up and without."""
_SAY_NOTHING = (
    *_OF_ITS_OWN,
    *_ON_SHOPIFY_ONLY,
    *_UNANSWERED,
    "not asked",
    "not expected",
    "before",
    "newest",
    "outside",
)
"""Orders that tell nothing of whether the connector was at work."""
_NOT_IN_FILE = (
    *_OF_ITS_OWN, *_UNANSWERED, "unlinked", "before", "newest", "outside",
    "not in export", "not asked", "not expected",
)  # fmt: skip
_UNIQUE_AMOUNT = (*_CANDIDATES, "probable", "no order id")
_CANCELLED_ON_TIKTOK = (
    "cancelled on TikTok", "cancelled on TikTok, explained", "cancelled on both", "cancelled alone",
    "not expected", "cancelled unpaid, on Shopify",
)  # fmt: skip
_CANCELLED_ON_SHOPIFY = (
    "cancelled on Shopify",
    "cancelled on both",
    "conflict, cancelled",
    "currency, cancelled",
)
_REFUNDED_ON_SHOPIFY = ("refunded on Shopify", "refunded on Shopify, amounts apart", "duplicate, refunded")
_NOTHING_ON_TIKTOK = (*_CANCELLED_ON_TIKTOK, *_ON_SHOPIFY_ONLY, "refunded on TikTok", "free sample")
_NOTHING_ON_SHOPIFY = (
    *_CANCELLED_ON_SHOPIFY, *_REFUNDED_ON_SHOPIFY, *_NOT_IN_FILE,
    "voided", "no amount", "free sample", "ambiguous reference", *_CANDIDATES,
)  # fmt: skip


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
    in_gap: bool = False
    """Nothing else says why it is missing, and no order near it came to Shopify."""
    overlapping: bool = False
    """Further causes, or other statuses, apply."""

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
    refs: pd.DataFrame | None
    settlement: io.StringIO
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


def make(count, seed, *, looked_up=True, unmarked=True):
    """Make the exports of about `count` orders.

    Without a look-up there are no references. With `unmarked`, some Shopify orders from TikTok name no order:
    any order that is missing may be one of them, so that without a look-up its time tells nothing.
    """
    rng = random.Random(seed)
    fates = _plan(count, rng, unmarked=unmarked)
    for fate in fates:
        _fill(fate, rng)
    _add_causes(fates, rng)
    timed = looked_up or not unmarked
    _name_gaps(fates, looked_up=looked_up, timed=timed)
    return _written(fates, rng, looked_up=looked_up, timed=timed)


def _plan(count, rng, *, unmarked):
    # Most orders are placed in the evening, and some a moment before the month ends.
    moments = [
        BEGIN + dt.timedelta(days=rng.randrange(DAYS), seconds=int(rng.triangular(0, 86_400, 20 * 3_600)))
        for _ in range(count - 10)
    ]
    moments += [
        BEGIN + dt.timedelta(days=rng.choice((31, 61)), seconds=-rng.randrange(100)) for _ in range(10)
    ]
    moments.sort()
    often = FATES if unmarked else FATES | {"no order id": 0}
    kinds = rng.choices(list(often), list(often.values()), k=count)
    synced = [place for place, at in enumerate(moments) if CONNECTED <= at < SHOPIFY_ENDS]
    for place, at in enumerate(moments):
        if at < CONNECTED:
            kinds[place] = "before"
        elif at > SHOPIFY_ENDS - dt.timedelta(hours=1):
            kinds[place] = "outside" if at > SHOPIFY_ENDS + dt.timedelta(hours=1) else None
    kinds[synced[0]] = "matched"
    # Stretches in which nothing is synced, between orders that are: some long enough to be a gap, some not.
    for place in rng.sample(range(synced[0] + 20, synced[-1] - 40, 25), max(8, count // 500)):
        length, minutes = rng.choice((3, 4, 5, 6, 9)), rng.choice((4, 24 * 60))
        for near in range(place - 2, place + 12):
            apart = dt.timedelta(minutes=minutes * (near - place + 2))
            moments[near] = min(moments[near], moments[place - 2] + apart)
            kinds[near] = "unlinked" if place <= near < place + length else "matched"
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


def _fill(fate, rng):  # noqa: C901 - a rule for each kind
    """Give the order its amounts."""
    base = {"USD": 100, "JPY": 100, "KWD": 1000}[fate.currency]
    allowed = TOLERANCE * fate.units
    while True:
        fate.components = {
            name: rng.randrange(1, 9 * base) if rng.random() < 0.6 else 0 for name in NAMES
        }  # fmt: skip
        fate.amount = rng.randrange(20 * base, 90 * base)
        if fate.kind in _UNIQUE_AMOUNT:
            fate.amount = base * base + fate.number
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
        wanted = {"explained": 1, "explained on Shopify": 1, "explained on both sides": 1}
        wanted |= {"cancelled on TikTok, explained": 1, "ambiguous": 2, "settlement": 1}
        if abs(difference) > allowed and fate.kind in wanted and len(sets) != wanted[fate.kind]:
            continue
        if fate.kind in wanted and abs(difference) <= allowed:
            continue
        if fate.kind == "settlement" and sets != [("settlement",)]:
            continue
        if fate.kind == "explained on both sides" and len(sets[0]) != 2:
            continue
        if fate.kind == "open" and sets:
            continue
        fate.total = fate.amount + difference
        fate.shopify["explained by"] = " + ".join(sets[0]) if len(sets) == 1 else ""
        return


def _difference(fate, rng, base):  # noqa: PLR0911 - one per kind
    """Choose how far Shopify's total lies from TikTok's amount; None to try again."""
    there = [name for name, value in fate.components.items() if value]
    fate.shopify = {}
    if fate.kind in ("explained", "cancelled on TikTok, explained"):
        if not there:
            return None
        names = rng.sample(there, rng.randint(1, min(3, len(there))))
        return sum(fate.components[name] * (1 if name in RAISING else -1) for name in names)
    if fate.kind in ("explained on Shopify", "explained on both sides"):
        name = rng.choice(list(ON_SHOPIFY))
        if fate.components[name] or not there:
            return None
        value = rng.randrange(2 * base // 10, 9 * base)
        fate.shopify[ON_SHOPIFY[name]] = fate.text(value)
        theirs = -value if name == "seller_discount" else value
        if fate.kind == "explained on Shopify":
            return theirs
        other = rng.choice(there)
        return theirs + fate.components[other] * (1 if other in RAISING else -1)
    if fate.kind == "ambiguous":
        pair = rng.sample(list(RAISING), 2)
        fate.components |= dict.fromkeys(pair, rng.randrange(2 * base // 10, 9 * base))
        return fate.components[pair[0]]
    if fate.kind == "settlement":
        return fate.settled - fate.amount
    if fate.kind in ("open", "refunded on Shopify, amounts apart"):
        return rng.choice((-1, 1)) * rng.randrange(base // 10 + 5, 19 * base)
    if fate.kind == "within tolerance":
        return rng.choice((-1, 1)) * int(TOLERANCE * fate.units)
    return 0


def _add_causes(fates, rng):
    """Let some orders that are missing on Shopify have a second cause, which says less."""
    for fate in fates:
        fate.overlapping = fate.kind in SEVERAL_STATUSES
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


def _name_gaps(fates, *, looked_up, timed):
    """Find the stretches in which no order came: five in a row, or three in two hours, not on Shopify."""
    if not timed:
        return
    missing, run, before = _MISSING[looked_up], [], None
    for fate in fates:
        if fate.kind in missing:
            run += [fate] * (2 if fate.kind == "one candidate for two" else 1)
        elif fate.kind not in _SAY_NOTHING:
            long = before and fate.at - before >= dt.timedelta(hours=2)
            if before and (len(run) >= 5 or (len(run) >= 3 and long)):
                for each in run:
                    each.in_gap = True
            run, before = [], fate.at


def _written(fates, rng, *, looked_up, timed):  # noqa: C901 - a file each
    tiktok, shopify, refs, settled, expected = [], [], [], [], []
    bridge = defaultdict(int)
    others = iter(range(900_000, 999_999))
    last = fates[-1].at
    for fate in fates:
        status, reason = _verdict(fate)
        if not looked_up:
            status, reason = _without_look_up(fate, status, reason, timed=timed, last=last)
        on_tiktok = fate.kind not in _ON_SHOPIFY_ONLY
        rows = _shopify_rows(fate, others)
        shopify += rows
        keys = [fate.order_id if fate.kind != "no order id" else f"#{fate.number}"]
        if fate.kind.startswith("duplicate"):
            keys *= 2
        if fate.kind.startswith("conflict") or fate.kind == "one candidate for two":
            keys += [_other_id(fate)] + keys * (fate.kind == "conflict, twice on Shopify")
        if on_tiktok:
            answer = _answer(fate, rng)
            for order_id in dict.fromkeys(keys):
                tiktok += _tiktok_rows(fate, rng, order_id)
                refs += [answer | {"order_id": order_id}] * (fate.kind != "not asked")
            if fate.kind != "not expected":
                settled += _settlement_rows(fate, rng)
        told = _told_by_look_up(answer) if looked_up and on_tiktok and status == "unknown" else reason
        months = {moment.month for moment in (fate.at, fate.at + dt.timedelta(minutes=2))}
        words = set(filter(None, told.split("; ")))
        if rows and on_tiktok and len(months) == 2 and status not in ("only_tiktok", "unknown"):
            words.add("month_end")
        expected += [(each, status, frozenset(words), fate.overlapping) for each in keys]
        for line, amount in _effects(fate, status, reason).items():
            bridge[fate.currency, line] += amount
    # Orders of the web shop hold every day of the Shopify file, from its first to its last.
    for place, at in enumerate((SHOPIFY_BEGINS, SHOPIFY_ENDS)):
        shopify.append(_web_order(2_000_000 + place, at))
    rng.shuffle(shopify)
    return Made(
        _csv(tiktok), _csv(shopify), pd.DataFrame(refs) if looked_up else None, _csv(settled),
        pd.DataFrame(expected, columns=["key", "status", "reason", "overlapping"]),
        {key: amount for key, amount in bridge.items() if amount},
    )  # fmt: skip


def _verdict(fate):
    """What `match` must say, from the documentation."""
    lone = "only_tiktok"
    explained = fate.shopify.get("explained by", "")
    if fate.in_gap:
        return lone, "sync_gap"
    return {
        "matched": ("matched", ""),
        "within tolerance": ("matched", ""),
        "explained": ("explained", explained),
        "explained on Shopify": ("explained", explained),
        "explained on both sides": ("explained", explained),
        "settlement": ("explained", "settlement"),
        "ambiguous": ("amount_differs", "ambiguous_explanation"),
        "open": ("amount_differs", ""),
        "refunded on TikTok": ("state_differs", "refunded_on_tiktok; refund_differs"),
        "refunded on Shopify": ("state_differs", "refunded_on_shopify; refund_differs"),
        "refunded on Shopify, amounts apart": ("state_differs", "refunded_on_shopify; refund_differs"),
        "refunded in part": ("matched", "refunded_on_tiktok; refund_differs"),
        "refunded in part on Shopify": ("matched", "refunded_on_shopify; refund_differs"),
        "refunded in part on both": ("matched", ""),
        "cancelled on TikTok": ("state_differs", "cancelled_on_tiktok"),
        "cancelled on TikTok, explained": ("state_differs", "cancelled_on_tiktok"),
        "cancelled on Shopify": ("state_differs", "cancelled_on_shopify"),
        "cancelled on both": ("matched", ""),
        "cancelled unpaid, on Shopify": ("state_differs", "cancelled_before_payment; cancelled_on_tiktok"),
        "voided": ("state_differs", "voided_on_shopify"),
        "unpaid on Shopify": ("matched", "unpaid_on_shopify"),
        "unpaid on TikTok": ("matched", "unpaid_on_tiktok"),
        "duplicate": ("duplicate", ""),
        "duplicate, refunded": ("duplicate", "refunded_on_shopify; refund_differs"),
        "conflict": ("conflict", ""),
        "conflict, cancelled": ("conflict", "cancelled_on_shopify"),
        "conflict, twice on Shopify": ("conflict", ""),
        "currency": ("amount_differs", "currency"),
        "currency, cancelled": ("state_differs", "cancelled_on_shopify; currency"),
        "no amount": ("matched", "no_amount"),
        "free sample": ("matched", "free_sample"),
        "fulfilled": (lone, "fulfilled_by_tiktok"),
        "sample": (lone, "sample"),
        "on hold": (lone, "on_hold"),
        "sku": (lone, "sku_not_on_shopify"),
        "cancelled alone": (lone, "cancelled_on_tiktok"),
        "unlinked": (lone, "unlinked"),
        "before": (lone, "before_first_order"),
        "newest": (lone, "on_hold"),
        "outside": (lone, "outside_dates"),
        "not in export": (lone, "not_in_export"),
        "not expected": ("not_expected", "cancelled_before_payment"),
        **dict.fromkeys(_UNANSWERED, ("unknown", "")),
        "not asked": ("unknown", "not_asked"),
        "ambiguous reference": ("unknown", "ambiguous_reference"),
        "probable": ("probable", ""),
        **dict.fromkeys(_CANDIDATES, (lone, "unlinked; several_candidates")),
        "only Shopify": ("only_shopify", "not_in_export"),
        "only Shopify, earlier": ("only_shopify", "outside_dates"),
        "no order id": ("only_shopify", "no_order_id"),
    }[fate.kind]


def _without_look_up(fate, status, reason, *, timed, last):
    """What changes where nothing was asked: of what has no mark, time alone may tell why it is missing."""
    if fate.in_gap or fate.kind not in (*_MISSING[False], "before", "newest", "outside"):
        return status, reason
    if fate.kind in ("newest", "outside"):
        held = timed and last - fate.at <= dt.timedelta(hours=2)
        return "only_tiktok", "on_hold" if held else "outside_dates"
    if fate.kind == "before":
        return "only_tiktok", "before_first_order" if timed else "no_mark"
    return "only_tiktok", "no_mark; several_candidates" if fate.kind in _CANDIDATES else "no_mark"


def _told_by_look_up(answer):
    return answer["reason"] or {"linked": "ambiguous_reference"}.get(answer["status"], "not_asked")


def _effects(fate, status, reason):
    """What the order adds to the lines of its currency's bridge."""
    ours, theirs = _counted(fate)
    effects = {"tiktok_total": ours, "shopify_total": theirs}
    if fate.kind.startswith("currency"):
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
    twice = fate.kind.startswith("duplicate") or fate.kind == "conflict, twice on Shopify"
    two = fate.kind.startswith("conflict") or fate.kind == "one candidate for two"
    return ours * (2 if two else 1), theirs * (2 if twice else 1)


def _other_id(fate):
    return str(int(fate.order_id) + 1)


def _answer(fate, rng):
    """What the look-up says: the reference, or nothing where the mark says enough."""
    answer = {"order_id": fate.order_id, "external_order_id": None, "status": "unlinked", "reason": None}
    if fate.kind in _UNANSWERED:
        status, reasons = _UNANSWERED[fate.kind]
        return answer | {"status": status, "reason": rng.choice(reasons)}
    if fate.kind in ("outside", "not in export"):
        return answer | {"status": "linked", "external_order_id": str(4_000_000_000_000 + fate.number)}
    if fate.kind == "ambiguous reference":
        return answer | {"status": "linked", "external_order_id": f"#W{fate.number}"}
    if fate.kind not in (*_NOT_IN_FILE, "probable", *_CANDIDATES) and rng.random() < 0.7:
        gid = f"gid://shopify/Order/{fate.shopify_id}"
        external = rng.choice((fate.shopify_id, gid, f"#{fate.number}"))
        # An answer that has expired still tells.
        stale = "stale" if rng.random() < 0.05 else None
        return answer | {"status": "linked", "external_order_id": external, "reason": stale}
    return answer


def _tiktok_rows(fate, rng, order_id):
    zero = fate.kind == "free sample"
    cancelled = fate.kind in _CANCELLED_ON_TIKTOK
    unpaid = fate.kind in ("not expected", "cancelled unpaid, on Shopify", "unpaid on TikTok")
    components = dict.fromkeys(NAMES, 0) if zero else fate.components
    refund = {
        "refunded on TikTok": fate.amount,
        "refunded in part": fate.amount // 3,
        "refunded in part on both": fate.amount // 3,
    }.get(fate.kind, 0)
    # Several fees of the buyer are one component.
    first_fee = rng.randint(0, components["other_fees"])
    row = {
        "Order ID": f"{order_id}\t",
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
        LOWERING["other_fees"]: fate.text(first_fee),
        SECOND_FEE: fate.text(components["other_fees"] - first_fee),
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


def _settlement_rows(fate, rng):
    """The payout, of which a part may have been taken back on a later day."""
    back = rng.randrange(1, 9) if rng.random() < 0.2 else 0
    parts = [("Order", fate.settled + back, 7)] + [("Refund", -back, 9)] * bool(back)
    return [
        {
            "Order/adjustment ID": fate.order_id,
            "Type": kind,
            "Related order ID": "/",
            "Order settled time": f"{fate.at + dt.timedelta(days=days):%Y/%m/%d}",
            "Currency": fate.currency,
            "Total settlement amount": fate.text(amount),
        }
        for kind, amount, days in parts
    ]


def _shopify_rows(fate, others):
    if fate.kind in _NOT_IN_FILE:
        return []
    if fate.kind == "ambiguous reference":
        return [
            _web_order(number, fate.at) | {"Name": f"#W{fate.number}"}
            for number in (next(others), next(others))
        ]
    row = _shopify_row(fate, {"Total": fate.text(fate.total)})
    earlier = f"{BEGIN - dt.timedelta(days=1):%Y-%m-%d %H:%M:%S} +0000"
    row |= {
        "voided": {"Financial Status": "voided"},
        "unpaid on Shopify": {"Financial Status": "pending"},
        "no amount": {"Total": ""},
        "free sample": {"Total": fate.text(0)},
        "only Shopify, earlier": {"Created at": earlier},
        "no order id": {"Source": "tiktok", "Tags": ""},
        "probable": {"Source": "web", "Tags": ""},
        **{kind: {"Source": "web", "Tags": ""} for kind in _CANDIDATES},
    }.get(fate.kind, {})
    if fate.kind in _CANCELLED_ON_SHOPIFY:
        row |= {"Cancelled at": row["Created at"]}
    if fate.kind in _REFUNDED_ON_SHOPIFY:
        row |= {"Financial Status": "refunded", "Refunded Amount": row["Total"]}
    if fate.kind.startswith("refunded in part on"):
        row |= {"Financial Status": "partially_refunded", "Refunded Amount": fate.text(fate.amount // 3)}
    if fate.kind.startswith("currency"):
        row |= {"Currency": "EUR"}
    second = row | {"Id": str(5_900_000_000_000 + fate.number), "Name": f"#{next(others)}"}
    if fate.kind.startswith("conflict"):
        row |= {"Tags": f"{row['Tags']}, TikTokOrderID:{_other_id(fate)}"}
    twice = fate.kind.startswith("duplicate") or fate.kind in (
        "conflict, twice on Shopify",
        "several candidates",
    )
    return [row, second] if twice else [row]


def _web_order(number, at):
    return _shopify_row(Fate(number, "web", at, "USD"), {"Source": "web", "Total": "1.00", "Tags": ""})


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
        "Tags": f"TikTokOrderID:{fate.order_id}",
        **given,
        **own,
    }


def _csv(rows):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return io.StringIO(text.getvalue())
