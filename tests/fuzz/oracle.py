"""An independent `match`: plain Python over dicts, written from its documented rules; slow and simple."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_SHOPIFY_ID_DIGITS = 11
_WINDOW = timedelta(hours=26)
_AMBIGUOUS = object()


class Row(NamedTuple):
    """One row of the result, as far as the rules define it."""

    order_id: str | None
    shopify_id: str | None
    status: str
    difference: Decimal | None
    reasons: frozenset[str]
    """Reasons that the row must name; it may name more."""


def digits_of(currency):
    """Decimal places of a currency (ISO 4217)."""
    return _DIGITS.get((currency or "").strip().upper(), 2)


def minor(amount, currency):
    """Money as a whole number of the currency's smallest units; None where missing."""
    if amount is None:
        return None
    return int(Decimal(str(amount)).scaleb(digits_of(currency)).to_integral_value(ROUND_HALF_EVEN))


def plain_name(name):
    """Order names are compared without ``#``, case, blanks and a leading apostrophe."""
    return None if name is None else "".join(name.replace("#", "").lower().split()).lstrip("'") or None


def reconcile(tiktok, shopify, refs=None, *, tolerance=0.01, probable=False):
    """Every row that `match` should return, as a list of `Row` in no order.

    `tiktok`: order_id, bad (why the id is none), cancelled, unpaid, amount, refunded, discount, currency,
    created. `shopify`: shopify_id, name, cancelled, total, refunded, financial_status, source, currency,
    marks (pairs of source and TikTok id), created, maybe from_tiktok. `refs`: order_id, external, status, reason, platform.
    """
    world = _World(tiktok, shopify, refs, Decimal(str(tolerance)))
    pairs = world.pairs()
    conflict, duplicate = _contradictions(pairs)
    rows = [
        world.pair_row(pair, conflict=pair[0] in conflict, duplicate=pair[0] in duplicate) for pair in pairs
    ]
    paired_tiktok, paired_shopify = {t for t, _ in pairs}, {s for _, s in pairs}
    guesses = world.guesses(paired_tiktok, paired_shopify) if probable else []
    rows += [world.pair_row(pair, status="probable") for pair in guesses]
    paired_tiktok |= {t for t, _ in guesses}
    paired_shopify |= {s for _, s in guesses}
    rows += [world.lone_tiktok(t) for t in world.tiktok if t not in paired_tiktok]
    rows += [
        Row(None, order["shopify_id"], "only_shopify", None, frozenset({"no_order_id"}))
        for s, order in enumerate(shopify)
        if s not in paired_shopify and order.get("from_tiktok", "tiktok" in (order["source"] or "").lower())
    ]
    return rows


def _contradictions(pairs):
    """TikTok orders in a conflict, and those with several Shopify orders."""
    of_shopify, of_tiktok = defaultdict(set), defaultdict(set)
    for t, s in pairs:
        of_shopify[s].add(t)
        of_tiktok[t].add(s)
    conflict = {t for claimants in of_shopify.values() if len(claimants) > 1 for t in claimants}
    return conflict, {t for t, several in of_tiktok.items() if len(several) > 1}


class _World:
    """Orders by their keys: TikTok's id (or row, where it is missing), Shopify's row or outside id."""

    def __init__(self, tiktok, shopify, refs, tolerance):
        self.tiktok = {
            order["order_id"] if order["order_id"] is not None else ("row", row): order
            for row, order in enumerate(tiktok)
        }
        self.shopify, self.refs, self.tolerance = shopify, refs, tolerance
        self.rows = {order["shopify_id"]: row for row, order in enumerate(shopify) if order["shopify_id"]}
        self.names = defaultdict(list)
        for row, order in enumerate(shopify):
            self.names[plain_name(order["name"])].append(row)
        self.answers = defaultdict(list)
        for ref in refs or ():
            self.answers[ref["order_id"]].append(ref)
        self.ambiguous = set()

    def resolve(self, external, order_id):
        """Where an external id leads: a row, an outside id, `_AMBIGUOUS` or None."""
        is_number = external.isascii() and external.isdigit()
        sure = is_number and len(external) >= _SHOPIFY_ID_DIGITS
        by_id = self.rows.get(external)
        if by_id is not None and sure:
            return by_id
        bearers = self.names.get(plain_name(external), []) if plain_name(external) else []
        candidates = set(bearers) | ({by_id} - {None})
        if len(candidates) == 1:
            return candidates.pop()
        if candidates:
            marked = [row for row in bearers if order_id in {mark for _, mark in self.shopify[row]["marks"]}]
            return marked[0] if len(marked) == 1 else _AMBIGUOUS
        return external if sure else None

    def pairs(self):
        """Every claimed pair once; outside orders only where they contradict something."""
        claims = {}
        for ref in self.refs or ():
            if ref["status"] != "linked" or ref["external"] is None or ref["order_id"] is None:
                continue
            target = self.resolve(ref["external"], ref["order_id"])
            if target is _AMBIGUOUS:
                self.ambiguous.add(ref["order_id"])
            elif isinstance(target, int) or (
                target is not None and ref["platform"] == "SHOPIFY" and ref["order_id"] in self.tiktok
            ):
                claims[ref["order_id"], target] = None
        for row, order in enumerate(self.shopify):
            claims |= dict.fromkeys((mark, row) for _, mark in order["marks"])
        inside = defaultdict(list)
        named_by = defaultdict(set)
        for t, s in claims:
            named_by[s].add(t)
            if isinstance(s, int):
                inside[t].append(s)
        return [
            (t, s)
            for t, s in claims
            if isinstance(s, int)
            or (
                (t in inside or len(named_by[s]) > 1)
                # A Shopify order without an id may be the very one that is linked.
                and all(self.shopify[row]["shopify_id"] for row in inside[t])
            )
        ]

    def pair_row(self, pair, *, conflict=False, duplicate=False, status=None):
        t, s = pair
        ours, theirs = self.tiktok.get(t), self.shopify[s] if isinstance(s, int) else None
        difference = None
        if ours and theirs and not _currencies_differ(ours, theirs):
            amount, total, digits = _amounts(ours, theirs)
            if amount is not None and total is not None:
                difference = Decimal(total - amount).scaleb(-digits)
        shopify_id = theirs["shopify_id"] if theirs else s
        order_id = t if isinstance(t, str) else None
        if status is None and (conflict or duplicate):
            status, reasons = "conflict" if conflict else "duplicate", frozenset()
        elif ours and theirs:
            compared, reasons = self.compared(ours, theirs)
            status = status or compared
        elif theirs:
            status, reasons = "only_shopify", frozenset({"not_in_export"})
        else:
            status, reasons = self.lone_status(t)
        return Row(order_id, shopify_id, status, difference, reasons)

    def compared(self, ours, theirs):
        """Status and reasons of one order each side."""
        left, right = _closed_on_tiktok(ours), _closed_on_shopify(theirs)
        amount, total, digits = _amounts(ours, theirs)
        allowed = int((self.tolerance.scaleb(digits) + Decimal("1e-6")) // 1)
        known = amount is not None and total is not None
        if bool(left) != bool(right):
            return "state_differs", frozenset(left or right)
        if _currencies_differ(ours, theirs):
            return "amount_differs", frozenset({"currency"})
        if known and abs(total - amount) > allowed:
            discount = minor(ours["discount"], ours["currency"] or theirs["currency"])
            if discount and total - amount == discount:
                return "explained", frozenset({"platform_discount"})
            return "amount_differs", frozenset()
        return "matched", frozenset(() if known else {"no_amount"})

    def lone_tiktok(self, t):
        status, reasons = self.lone_status(t)
        return Row(t if isinstance(t, str) else None, None, status, None, reasons)

    def lone_status(self, t):
        """Status and reasons of a TikTok order without a pair."""
        order = self.tiktok[t]
        answer = self.best_answer(t)
        state = _state(answer)
        unpaid = order["cancelled"] and order["unpaid"]
        if unpaid and state != "linked":
            return "not_expected", frozenset({"cancelled_before_payment"})
        if t in self.ambiguous:
            return "unknown", frozenset({order["bad"] or "ambiguous_reference"})
        if state == "linked":
            return "only_tiktok", frozenset({"not_in_export"})
        if order["bad"]:
            return "unknown", frozenset({order["bad"]})
        if self.refs is None:
            return "only_tiktok", frozenset({"no_mark"})
        if answer is None:
            return "unknown", frozenset({"not_asked"})
        if state == "unlinked":
            return "only_tiktok", frozenset({"unlinked"})
        return "unknown", frozenset({answer["reason"] or answer["status"]})

    def best_answer(self, t):
        """Shopify's answers tell more than other platforms'; of equals the first stands."""
        rank = {("SHOPIFY", "linked"): 1, ("SHOPIFY", "unlinked"): 2, ("SHOPIFY", "none"): 3}
        elsewhere = {"linked": 4, "none": 5, "unlinked": 6}
        return min(
            self.answers.get(t, ()) if isinstance(t, str) else (),
            key=lambda ref: rank.get((ref["platform"], _state(ref)), elsewhere[_state(ref)] + 1),
            default=None,
        )

    def guesses(self, paired_tiktok, paired_shopify):
        """Equal amounts within 26 hours, where exactly one order fits exactly one."""
        left = [
            t
            for t, order in self.tiktok.items()
            if t not in paired_tiktok
            and t not in self.ambiguous
            and _state(self.best_answer(t)) != "linked"
            and not (order["cancelled"] and order["unpaid"])
            and order["amount"] is not None
            and order["created"] is not None
        ]
        right = [
            s
            for s, order in enumerate(self.shopify)
            if s not in paired_shopify and order["total"] is not None and order["created"] is not None
        ]
        fits = [(t, s) for t in left for s in right if self.fit(self.tiktok[t], self.shopify[s])]
        by_tiktok, by_shopify = defaultdict(int), defaultdict(int)
        for t, s in fits:
            by_tiktok[t] += 1
            by_shopify[s] += 1
        return [
            (t, s)
            for t, s in fits
            if by_tiktok[t] == by_shopify[s] == 1 and not _currencies_differ(self.tiktok[t], self.shopify[s])
        ]

    def fit(self, ours, theirs):
        amount, total, _ = _amounts(ours, theirs)
        return amount == total and abs(ours["created"] - theirs["created"]) <= _WINDOW


def _state(answer):
    if answer is None:
        return "none"
    if answer["status"] == "linked":
        return "linked" if answer["external"] is not None else "none"
    return "unlinked" if answer["status"] == "unlinked" else "none"


def _currencies_differ(ours, theirs):
    one, other = ((side["currency"] or "").strip().upper() for side in (ours, theirs))
    return bool(one and other and one != other)


def _amounts(ours, theirs):
    currency = ours["currency"] or theirs["currency"]
    return minor(ours["amount"], currency), minor(theirs["total"], currency), digits_of(currency)


def _closed_on_tiktok(order):
    full = order["amount"] and order["refunded"] is not None and order["refunded"] >= order["amount"] > 0
    return [
        reason
        for reason, holds in (("cancelled_on_tiktok", order["cancelled"]), ("refunded_on_tiktok", full))
        if holds
    ]


def _closed_on_shopify(order):
    full = order["total"] and order["refunded"] is not None and order["refunded"] >= order["total"] > 0
    status = (order["financial_status"] or "").strip().lower()
    return [
        reason
        for reason, holds in (
            ("cancelled_on_shopify", order["cancelled"]),
            ("refunded_on_shopify", full or status == "refunded"),
            ("voided_on_shopify", status == "voided"),
        )
        if holds
    ]
