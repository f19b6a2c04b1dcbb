"""What holds of `match` whatever the frames say."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from support.match_strategies import FRAMES, T_IDS, run


def claimed(theirs):
    """Rows of the Shopify orders that name a TikTok order."""
    return [row for row, order in enumerate(theirs) if order["tiktok_marks"]]


@given(FRAMES, st.booleans())
@settings(max_examples=40)
def test_match__nothing_is_dropped_and_nothing_is_invented(frames, probable):
    ours, theirs, told = frames
    orders = run(*frames, probable=probable).orders
    listed = set(orders["order_id"].dropna())
    assert {order["order_id"] for order in ours} <= listed
    marks = " ".join(order["tiktok_marks"] or "" for order in theirs)
    named = {order_id for order_id in T_IDS if order_id in marks} | {
        answer["order_id"] for answer in told or ()
    }
    assert listed <= {order["order_id"] for order in ours} | named
    known = {order["shopify_id"] for order in theirs} | {answer["external_order_id"] for answer in told or ()}
    assert set(orders["shopify_id"].dropna()) <= known
    assert {theirs[row]["shopify_id"] for row in claimed(theirs)} - {None} <= set(
        orders["shopify_id"].dropna()
    )
    assert not orders["status"].isna().any()
    assert not orders.duplicated(["order_id", "shopify_id", "shopify_name"]).any() or has_twins(theirs)


def has_twins(theirs):
    """Whether two Shopify orders cannot be told apart: no id, and the same name."""
    nameless = [order["name"] for order in theirs if order["shopify_id"] is None]
    return len(nameless) > len(set(nameless))


@given(FRAMES)
@settings(max_examples=40)
def test_match__statuses_keep_their_order(frames):
    orders = run(*frames).orders
    paired = orders[orders["matched_on"].notna()]
    one_each = paired[paired["status"].isin(["matched", "amount_differs", "state_differs"])]
    assert one_each["order_id"].is_unique
    assert one_each["shopify_id"].dropna().is_unique
    doubled = paired[paired["order_id"].duplicated(keep=False)]
    assert set(doubled["status"]) <= {"conflict", "duplicate"}
    contested = paired[paired["shopify_id"].notna() & paired["shopify_id"].duplicated(keep=False)]
    assert set(contested["status"]) <= {"conflict"}
    # An order has one status, however many its rows.
    assert orders[["order_id", "status"]].dropna().drop_duplicates()["order_id"].is_unique


@given(FRAMES)
@settings(max_examples=40)
def test_match__amounts_agree_with_the_status(frames):
    orders = run(*frames).orders
    difference = (orders["shopify_total"] - orders["tiktok_amount"]).round(2)
    assert (difference.fillna(0) == orders["difference"].fillna(0).round(2)).all()
    assert (orders.loc[orders["status"] == "matched", "difference"].abs().fillna(0) < 0.011).all()
    assert (orders.loc[orders["status"] == "amount_differs", "difference"].abs() > 0.011).all()


@given(FRAMES, st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=40)
def test_match__order_of_the_rows_changes_only_their_order(frames, random, probable):
    shuffled = [None if rows is None else random.sample(rows, len(rows)) for rows in frames]
    one, other = (run(*rows, probable=probable).orders for rows in (frames, shuffled))
    # Of several answers that say equally much the first is told.
    told = [row["order_id"] for row in frames[2] or ()]
    if len(told) > len(set(told)):
        one, other = (frame.drop(columns=["reason", "evidence"]) for frame in (one, other))
    # An order counts on its first row, whichever that is.
    counted = ["tiktok_counted", "shopify_counted", "difference_counted"]
    for name, key in zip(counted[:2], ["order_id", "shopify_id"], strict=True):
        sums = [frame.groupby(key)[name].sum(min_count=1) for frame in (one, other)]
        pd.testing.assert_series_equal(*sums)
    one, other = (in_order(frame.drop(columns=counted)) for frame in (one, other))
    pd.testing.assert_frame_equal(one, other)


def in_order(orders):
    """Sort by all columns, as two Shopify orders without an id may differ in one of them only."""
    return orders.sort_values(
        list(orders), key=lambda column: column.map(str, na_action=None).astype(str), ignore_index=True
    )


@given(FRAMES)
@settings(max_examples=40)
def test_match__guesses_leave_the_proven_as_they_are(frames):
    sure, guessed = (run(*frames, probable=probable).orders for probable in (False, True))
    keys = ["order_id", "shopify_id", "shopify_name", "status", "matched_on"]
    proven = guessed[guessed["matched_on"].ne("probable") & guessed["matched_on"].notna()]
    expected = sure[sure["matched_on"].notna()]
    pd.testing.assert_frame_equal(proven[keys].reset_index(drop=True), expected[keys].reset_index(drop=True))
    assert (guessed["matched_on"].eq("probable") == guessed["status"].eq("probable")).all()
