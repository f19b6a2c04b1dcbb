"""Which components explain a difference."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.match_frames import S1, T1, marked, pair, shopify, tiktok

from ttsframe.columns import COMPONENTS
from ttsframe.matching import match
from ttsframe.matching.explain import SETS

RAISING = ("platform_discount", "shipping_platform_discount", "payment_platform_discount", "seller_discount")
LOWERING = ("shipping_fee", "taxes", "other_fees")
SHOPIFY_NAMES = {"seller_discount": "discount", "shipping_fee": "shipping", "taxes": "taxes"}


def row(left, right, **options):
    """The only row of two orders that are a pair."""
    result = match(tiktok({"order_id": T1, **left}), shopify(marked(S1, T1, **right)), **options)
    return result.orders.iloc[0]


def test_sets__are_all_of_up_to_three_components_and_at_most_64():
    assert len(SETS) == len(set(SETS)) == 64
    assert {name for names in SETS for name in names} == set(COMPONENTS)


@pytest.mark.parametrize("name", RAISING)
def test_explain__discounts_raise_the_shopify_total(name):
    assert pair({name: 3.5}, {"total": 23.5}) == ("explained", name)
    assert pair({name: 3.5}, {"total": 16.5}) == ("amount_differs", "")
    assert pair({name: 3.49}, {"total": 23.5}) == ("amount_differs", "")


@pytest.mark.parametrize("name", LOWERING)
def test_explain__what_the_buyer_paid_on_tiktok_alone_lowers_the_shopify_total(name):
    assert pair({name: 3.5}, {"total": 16.5}) == ("explained", name)
    assert pair({name: 3.5}, {"total": 23.5}) == ("amount_differs", "")


@pytest.mark.parametrize(
    ("name", "total"), [("taxes", 23.5), ("shipping_fee", 23.5), ("seller_discount", 16.5)]
)
def test_explain__what_shopify_alone_has_explains_too(name, total):
    assert pair({}, {SHOPIFY_NAMES[name]: 3.5, "total": total}) == ("explained", name)
    assert pair({name: 0.0}, {SHOPIFY_NAMES[name]: 3.5, "total": total}) == ("explained", name)
    assert pair({name: 1.0}, {SHOPIFY_NAMES[name]: 3.5, "total": total}) == ("amount_differs", "")


def test_explain__components_add_up():
    left = {"platform_discount": 5.0, "taxes": 1.25, "shipping_fee": 4.0}
    assert pair(left, {"total": 23.75}) == ("explained", "platform_discount + taxes")
    assert pair(left, {"total": 19.75}) == ("explained", "platform_discount + shipping_fee + taxes")
    assert pair(left, {"total": 19.76}) == ("amount_differs", "")


def test_explain__smallest_set_stands():
    left = {"platform_discount": 5.0, "seller_discount": 3.0, "payment_platform_discount": 2.0}
    assert pair(left, {"total": 25.0}) == ("explained", "platform_discount")


def test_explain__several_smallest_sets_are_ambiguous_and_told():
    got = row({"platform_discount": 5.0, "seller_discount": 5.0}, {"total": 25.0})
    assert got[["status", "reason", "evidence"]].tolist() == [
        "amount_differs",
        "ambiguous_explanation",
        "tag; difference: platform_discount or seller_discount",
    ]


def test_explain__missing_and_zero_take_no_part():
    left = {"platform_discount": 5.0, "seller_discount": 0.0, "taxes": None}
    assert pair(left, {"total": 25.0}) == ("explained", "platform_discount")
    assert pair(left, {"total": 20.5}) == ("amount_differs", "")


def test_explain__within_tolerance_is_matched():
    assert pair({"platform_discount": 0.01}, {"total": 20.01}) == ("matched", "")
    assert pair({"platform_discount": 5.0}, {"total": 25.0}, tolerance=5) == ("matched", "")


@pytest.mark.parametrize(
    ("currency", "discount", "total", "status"),
    [
        ("USD", 0.3, 0.1 + 0.2 + 20, "explained"),
        ("JPY", 300, 20300, "explained"),
        ("KWD", 0.305, 20.305, "explained"),
        ("KWD", 0.305, 20.304, "amount_differs"),
    ],
)
def test_explain__to_the_minor_unit_of_the_currency(currency, discount, total, status):
    amount = 20000 if currency == "JPY" else 20.0
    left = {"amount": amount, "currency": currency, "platform_discount": discount}
    assert pair(left, {"total": total, "currency": currency}, tolerance=0)[0] == status


def test_explain__settlement_is_one_more_candidate():
    paid = pd.DataFrame({"order_id": [T1], "settled_amount": [17.6], "currency": ["USD"]})
    assert pair({}, {"total": 17.6}, settlement=paid) == ("explained", "settlement")
    assert pair({}, {"total": 17.7}, settlement=paid) == ("amount_differs", "")
    assert pair({}, {"total": 17.6}, settlement=paid.assign(currency="EUR")) == ("amount_differs", "")
    assert pair({}, {"total": 17.6}, settlement=paid.assign(currency=None)) == ("explained", "settlement")


def test_explain__other_states_keep_their_status():
    left, right = {"platform_discount": 5.0}, {"total": 25.0}
    assert pair(left, {**right, "cancelled": True}) == ("state_differs", "cancelled_on_shopify")
    assert pair(left, {**right, "currency": "EUR"}) == ("amount_differs", "currency")
    assert pair({**left, "refunded": 2.0}, right) == (
        "explained",
        "platform_discount; refunded_on_tiktok; refund_differs",
    )
    twice = match(
        tiktok({"order_id": T1, **left}), shopify(marked(S1, T1, **right), marked("5277000000009", T1))
    )
    assert twice.orders["status"].tolist() == ["duplicate", "duplicate"]
    assert twice.orders["reason"].isna().all()


CENTS = st.sampled_from([0, 1, 2, 3, 5, 8, 100, None])


@given(st.fixed_dictionaries(dict.fromkeys((*RAISING, *LOWERING), CENTS)), st.integers(-120, 120))
def test_explain__is_what_trying_every_set_finds(cents, difference):
    left = {name: None if value is None else value / 100 for name, value in cents.items()}
    got = row(left, {"total": (2000 + difference) / 100}, tolerance=0)
    signed = {name: value if name in RAISING else -value for name, value in cents.items() if value}
    found = []
    for size in (1, 2, 3):
        found = [names for names in combinations(signed, size) if sum(signed[n] for n in names) == difference]
        if found:
            break
    if difference == 0:
        assert got["status"] == "matched"
    elif len(found) == 1:
        names = sorted(found[0], key=list(COMPONENTS).index)
        assert (got["status"], got["reason"]) == ("explained", " + ".join(names))
    else:
        assert got["status"] == "amount_differs"
        assert (got["reason"] == "ambiguous_explanation") == bool(found)
        assert got["evidence"].count(" or ") == max(len(found) - 1, 0)


def test_explain__many_rows_at_once():
    random = np.random.default_rng(5)
    count = 2_000
    ids = [f"5772{number:014}" for number in range(count)]
    ours = tiktok(*ids).assign(amount=20.0, platform_discount=random.integers(0, 300, count) / 100)
    theirs = shopify(*(marked(f"52770{number:08}", order_id) for number, order_id in enumerate(ids)))
    error = np.where(random.random(count) < 0.1, 0.5, 0.0)
    theirs["total"] = ours["amount"] + ours["platform_discount"] + error
    status = match(ours, theirs, tolerance=0).orders["status"].astype(str)
    expected = np.where(
        error > 0, "amount_differs", np.where(ours["platform_discount"] > 0, "explained", "matched")
    )
    assert status.tolist() == expected.tolist()
