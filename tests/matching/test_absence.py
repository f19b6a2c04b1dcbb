"""Why an order never came to Shopify."""

from __future__ import annotations

import pandas as pd
import pytest
from support.match_frames import S1, S2, S3, T1, T2, T3, marked, refs, shopify, tiktok, verdict

from ttsframe.matching import match


def hourly(present, *, minutes=10, **columns):
    """TikTok orders every few minutes, and a marked Shopify order for each that is `present`."""
    start = pd.Timestamp("2026-11-10 08:00:00")
    ids = [f"5772{number:014}" for number in range(len(present))]
    times = [start + pd.Timedelta(minutes=minutes * number) for number in range(len(present))]
    ours = [
        {"order_id": order_id, "created_at": time, "paid_at": time, **{k: v[n] for k, v in columns.items()}}
        for n, (order_id, time) in enumerate(zip(ids, times, strict=True))
    ]
    theirs = [
        marked(f"52770{number:08}", order_id, created_at=f"{times[number] + pd.Timedelta(minutes=2)}+00:00")
        for number, order_id in enumerate(ids)
        if present[number]
    ]
    return tiktok(*ours), shopify(*theirs)


def reasons(result):
    """The reasons of the orders that are only on TikTok, in their order."""
    orders = result.orders
    return orders.loc[orders["status"] == "only_tiktok", "reason"].tolist()


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"fulfilled_by_tiktok": True}, "fulfilled_by_tiktok"),
        ({"sample": True}, "sample"),
        ({"on_hold": True}, "on_hold"),
        ({"skus": "MUG; TEE"}, "sku_not_on_shopify"),
        ({"skus": "MUG; tote "}, "unlinked"),
        ({"skus": None}, "unlinked"),
        ({"fulfilled_by_tiktok": True, "sample": True, "skus": "MUG"}, "fulfilled_by_tiktok"),
        ({"cancelled": True, "skus": "MUG"}, "cancelled_on_tiktok"),
    ],
)
def test_causes__are_read_from_the_order(order, reason):
    theirs = shopify(marked(S1, T2, skus="Tote; SOAP"))
    got = match(tiktok({"order_id": T1, **order}, T2), theirs, refs((T1, None), (T2, S1)))
    assert reasons(got) == [reason]


def test_causes__that_say_less_are_told_in_the_evidence():
    order = {"order_id": T1, "sample": True, "skus": "MUG", "amount": 0.0}
    got = match(tiktok(order), shopify({"shopify_id": S1, "skus": "TOTE"}), refs((T1, None))).orders.iloc[0]
    assert got["reason"] == "sample"
    assert got["evidence"] == "also sku_not_on_shopify, unlinked"


def test_causes__are_not_asked_for_what_is_on_shopify():
    order = tiktok({"order_id": T1, "sample": True, "fulfilled_by_tiktok": True})
    assert verdict(order, shopify(S1), refs((T1, "5277999999999"))) == ("only_tiktok", "not_in_export")


def test_sample__is_an_order_of_0_where_the_frame_does_not_say():
    assert verdict(tiktok({"order_id": T1, "amount": 0.0}), shopify(S1)) == ("only_tiktok", "sample")
    frame = tiktok({"order_id": T1, "amount": 0.0, "sample": False})
    assert verdict(frame, shopify(S1)) == ("only_tiktok", "no_mark")


@pytest.mark.parametrize(
    ("present", "minutes", "gap"),
    [
        ([1, 0, 0, 0, 0, 0, 1], 1, True),
        ([1, 0, 0, 0, 0, 1], 1, False),
        ([1, 0, 0, 0, 1], 30, True),
        ([1, 0, 0, 0, 1], 29, False),
        ([1, 0, 0, 1], 120, False),
        ([1, 0, 0, 1, 0, 0, 0, 1], 10, False),
    ],
)
def test_sync_gap__is_five_orders_or_two_hours_between_orders_that_came(present, minutes, gap):
    got = reasons(match(*hourly(present, minutes=minutes)))
    assert got == ["sync_gap" if gap else "no_mark"] * present.count(0)


def test_sync_gap__neither_counts_nor_ends_at_orders_with_a_cause_of_their_own():
    present = [1, 0, 0, 0, 0, 0, 1]
    one_less = match(*hourly(present, minutes=1, sample=[False, False, True, *[False] * 4]))
    assert reasons(one_less) == ["no_mark", "sample", "no_mark", "no_mark", "no_mark"]
    present = [1, 0, 0, 0, 0, 0, 0, 1]
    enough = match(*hourly(present, minutes=1, sample=[False, False, True, *[False] * 5]))
    assert reasons(enough) == ["sync_gap", "sample", *["sync_gap"] * 4]


def test_before_first_order__is_older_than_all_that_came():
    ours, theirs = hourly([0, 0, 1, 0, 1], minutes=300)
    theirs = pd.concat([theirs, shopify({"shopify_id": S1, "created_at": "2026-11-01 00:00:00+00:00"})])
    assert reasons(match(ours, theirs)) == ["before_first_order", "before_first_order", "no_mark"]


def test_before_first_order__is_not_said_of_days_that_the_shopify_file_does_not_hold():
    ours, theirs = hourly([0, 1], minutes=60 * 24 * 3)
    assert reasons(match(ours, theirs)) == ["outside_dates"]
    answers = refs(*((order_id, None) for order_id in ours["order_id"]))
    assert reasons(match(ours, theirs, answers)) == ["unlinked"]


def test_on_hold__is_what_is_newer_than_all_that_came_and_than_two_hours():
    assert reasons(match(*hourly([1, 0, 0, 0], minutes=60))) == ["on_hold", "on_hold", "on_hold"]
    ours, theirs = hourly([1, 0, 0, 0], minutes=90)
    assert reasons(match(ours, theirs)) == ["no_mark", "on_hold", "on_hold"]
    assert reasons(match(*hourly([0, 0], minutes=60))) == ["no_mark", "no_mark"]


def test_causes__by_time_need_a_look_up_where_shopify_orders_name_no_order():
    ours, theirs = hourly([1, 0, 0, 0, 0, 0, 1])
    nameless = shopify({"shopify_id": S3, "source": "tiktok"})
    theirs = pd.concat([theirs, nameless], ignore_index=True)
    assert reasons(match(ours, theirs)) == ["no_mark"] * 5
    linked = dict(zip(theirs["tiktok_order_id"], theirs["shopify_id"], strict=True))
    answers = refs(*((order_id, linked.get(order_id)) for order_id in ours["order_id"]))
    assert reasons(match(ours, theirs, answers)) == ["sync_gap"] * 5


def test_causes__without_dates_are_those_that_need_none():
    ours, theirs = hourly([1, 0, 0, 0, 0, 0, 1])
    assert reasons(match(ours.drop(columns=["created_at"]), theirs)) == ["no_mark"] * 5
    assert verdict(tiktok(T1), shopify(S2), refs((T1, None), (T3, None))) == ("only_tiktok", "unlinked")
