"""How TikTok's total becomes Shopify's."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from support.match_frames import S1, S2, S3, S4, T1, T2, T3, T4, marked, refs, shopify, tiktok
from support.match_strategies import FRAMES, run

from ttsframe import money
from ttsframe.columns import BRIDGE, COMPONENTS, dtype, names
from ttsframe.matching import match


def lines(result, currency="USD"):
    """The bridge of one currency: line to rows and amount."""
    frame = result.bridge[result.bridge["currency"].fillna("") == currency]
    return {line: (rows, amount) for _, line, rows, amount in frame.itertuples(index=False)}


def test_bridge__goes_from_one_total_to_the_other():
    ours = tiktok(
        {"order_id": T1, "platform_discount": 5.0, "taxes": 1.0},
        {"order_id": T2, "amount": 12.5},
        {"order_id": T3, "cancelled": True},
        {"order_id": T4, "amount": 30.0},
    )
    theirs = shopify(
        marked(S1, T1, total=24.0),
        marked(S2, T3),
        marked(S3, "577200000000000099", total=7.25),
        marked(S4, T4, total=33.0),
    )
    assert lines(match(ours, theirs)) == {
        "tiktok_total": (3, 62.5),
        "only_tiktok": (1, -12.5),
        "only_shopify": (1, 7.25),
        "platform_discount": (1, 5.0),
        "taxes": (1, -1.0),
        "state_differs": (1, 20.0),
        "amount_differs": (1, 3.0),
        "shopify_total": (4, 84.25),
    }


def test_bridge__tells_pairs_that_cannot_be_compared_apart():
    ours = tiktok(T1, {"order_id": T2, "amount": None}, {"order_id": T3, "amount": 20.0})
    theirs = shopify(marked(S1, T1, currency="EUR"), marked(S2, T2), marked(S3, T3, total=20.01))
    result = match(ours, theirs)
    assert lines(result) == {
        "tiktok_total": (2, 40.0),
        "other_currency": (1, -20.0),
        "no_amount": (1, 20.0),
        "within_tolerance": (1, 0.01),
        "shopify_total": (2, 40.01),
    }
    assert lines(result, "EUR") == {
        "tiktok_total": (0, 0.0),
        "other_currency": (1, 20.0),
        "shopify_total": (1, 20.0),
    }


def test_bridge__names_duplicates_conflicts_and_what_was_not_answered():
    ours = tiktok(T1, T2, {"order_id": T3, "amount": 8.0})
    theirs = shopify(marked(S1, T1), marked(S2, T1, total=21.0), marked(S3, T2, total=22.0))
    answers = refs({"order_id": T3, "status": "failed", "reason": "timeout"})
    result = match(ours, theirs, answers)
    assert lines(result) == {
        "tiktok_total": (3, 48.0),
        "unknown": (1, -8.0),
        "duplicate": (1, 21.0),
        "amount_differs": (1, 2.0),
        "shopify_total": (3, 63.0),
    }


def test_bridge__component_of_an_order_that_does_not_count_is_left_out():
    closed = {"order_id": T1, "platform_discount": 5.0, "cancelled": True}
    result = match(tiktok(closed), shopify(marked(S1, T1, total=25.0, cancelled=True)))
    assert result.orders["status"].tolist() == ["explained"]
    assert lines(result) == {}


def test_bridge__without_orders_has_its_columns():
    bridge = match(tiktok(), shopify()).bridge
    assert list(bridge.columns) == names(BRIDGE)
    assert [bridge[column.name].dtype for column in BRIDGE] == [dtype(column) for column in BRIDGE]
    assert bridge.empty


@given(FRAMES)
@settings(max_examples=40)
def test_bridge__closes_to_the_minor_unit_and_ties_to_the_totals(frames):
    result = run(*frames)
    bridge = result.bridge
    for currency, block in bridge.groupby(bridge["currency"].fillna("")):
        units = pd.Series(
            money.to_minor_units(block["amount"].to_numpy(), money.decimals(currency)), index=block["line"]
        )
        between = units.drop(["tiktok_total", "shopify_total"])
        assert units["tiktok_total"] + between.sum() == units["shopify_total"]
        total = result.report.totals[currency][-1]
        told = (block.set_index("line")["amount"][f"{side}_total"] for side in ("tiktok", "shopify"))
        assert tuple(told) == pytest.approx([0.0 if pd.isna(x) else x for x in total.amounts])
    explained = result.orders[result.orders["status"] == "explained"]
    told = bridge.loc[bridge["line"].isin(list(COMPONENTS)), "amount"].sum()
    counts = (explained["shopify_counted"] - explained["tiktok_counted"]).sum()
    assert told == pytest.approx(counts)
