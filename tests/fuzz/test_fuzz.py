"""A few seconds of the fuzzer, from fixed seeds; `run.py` does the rest."""

from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("pyarrow")  # the fuzzer makes Arrow columns too

from fuzz import oracle, run

SLICES = {"frames": 8, "files": 5, "answers": 6, "cache": 6}


@pytest.mark.parametrize("kind", list(SLICES))
def test_fuzz__no_new_defect(kind, tmp_path):
    for seed in range(SLICES[kind]):
        _, outcomes, failure = run.one(kind, seed, tmp_path)
        assert failure is None or run.is_known(failure), failure.text
        assert failure or outcomes


def order(order_id="1", **other):
    plain = {"bad": None, "cancelled": False, "unpaid": False, "amount": Decimal(20), "refunded": None}
    return {"order_id": order_id, **plain, "discount": None, "currency": "USD", "created": None, **other}


def other(shopify_id="52770000001", *marks, **different):
    plain = {
        "name": "#1",
        "cancelled": False,
        "total": Decimal(20),
        "refunded": None,
        "financial_status": "paid",
    }
    marks = [("tag", mark) for mark in marks]
    rest = {"source": "web", "currency": "USD", "created": None, "marks": marks}
    return {"shopify_id": shopify_id, **plain, **rest, **different}


def statuses(*args, **options):
    return sorted(row.status for row in oracle.reconcile(*args, **options))


def test_oracle__one_order_each_side():
    assert statuses([order()], [other("52770000001", "1")]) == ["matched"]
    assert statuses([order(cancelled=True)], [other("52770000001", "1")]) == ["state_differs"]
    assert statuses([order()], [other("52770000001", "1", total=Decimal(21))]) == ["amount_differs"]
    assert statuses([order(cancelled=True, unpaid=True)], []) == ["not_expected"]


def test_oracle__several_orders():
    two = [other("52770000001", "1"), other("52770000002", "1")]
    assert statuses([order()], two) == ["duplicate", "duplicate"]
    assert statuses([order("1"), order("2")], [other("52770000001", "1", "2")]) == ["conflict", "conflict"]
    assert statuses([], [other("52770000001", "1")]) == ["only_shopify"]


def test_oracle__counts_in_the_currencys_own_units():
    kuwait = {"currency": "KWD"}
    side = (
        [order(amount=Decimal("1.255"), **kuwait)],
        [other("52770000001", "1", total=Decimal("1.254"), **kuwait)],
    )
    (row,) = oracle.reconcile(*side, tolerance=0)
    assert row.status == "amount_differs"
    assert row.difference == Decimal("-0.001")
