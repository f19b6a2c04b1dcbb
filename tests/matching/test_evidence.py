"""What contradicts each other stands together, and says what is against it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from support.match_frames import S1, S2, S3, S4, T1, T2, T3, T4, marked, refs, shopify, tiktok

from ttsframe.matching import match


def seen(*args):
    orders = match(*args).orders[["order_id", "shopify_id", "evidence"]].astype("object")
    return [tuple(row) for row in orders.where(orders.notna(), "").to_numpy()]


def test_conflict__each_row_names_the_other_order_and_who_names_it():
    assert seen(tiktok(T1, T2), shopify(marked(S1, T2)), refs((T1, S1))) == [
        (T1, S1, f"reference; but tag names TikTok order {T2}"),
        (T2, S1, f"tag; but reference names TikTok order {T1}"),
    ]


def test_conflict__row_that_is_drawn_in_names_the_order_beside_it():
    found = seen(tiktok(T1, T2), shopify(marked(S1, T2), marked(S2, T2)), refs((T1, S1), (T2, S2)))
    assert found[1:] == [
        (
            *(T2, S1),
            f"tag; but reference names TikTok order {T1}, reference and tag name Shopify order #1002",
        ),
        (T2, S2, "reference; tag; but tag names Shopify order #1001"),
    ]


def test_conflict__order_outside_the_files_is_named_by_its_id():
    found = seen(tiktok(T1, T2), shopify(marked(S1, T1)), refs((T1, S2), (T2, S2)))
    assert (T1, S1, f"tag; but reference names Shopify order {S2}") in found


def test_conflict__of_many_the_first_few_are_named():
    ids = [f"58{number:016d}" for number in range(9)]
    found = seen(tiktok(*ids), shopify(S1), refs(*((order_id, S1) for order_id in ids)))
    named = ", ".join(f"reference names TikTok order {order_id}" for order_id in ids[:3])
    assert found[-1] == (ids[-1], S1, f"reference; but {named}, and 5 more")


def test_conflict__order_without_id_and_name_is_named_so():
    nameless = [marked(None, T1, name=None, tiktok_marks=f"tag:{T1}; note:{T2}") for _ in range(2)]
    found = seen(tiktok(T1, T2), shopify(*nameless))
    assert "tag names Shopify order without id and name" in found[0][2]


def test_match__rows_of_one_conflict_stand_together_where_the_first_stands():
    found = seen(tiktok(T1, T2, T3), shopify(marked(S3, T3), marked(S2, T2), marked(S1, T3)), refs((T1, S1)))
    assert [row[:2] for row in found] == [(T1, S1), (T3, S3), (T3, S1), (T2, S2)]


def test_match__doubles_of_an_absent_tiktok_order_stand_together():
    found = seen(tiktok(), shopify(marked(S1, T2), marked(S2, T4), marked(S3, T2), marked(S4, T1)))
    assert [row[:2] for row in found] == [(T2, S1), (T2, S3), (T4, S2), (T1, S4)]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique=True, max_size=14))
@settings(max_examples=50)
def test_match__what_hangs_together_is_one_run_of_rows(pairs):
    """Against a walk over the pairs, one at a time."""
    t_ids, s_ids = ([f"5{side}{number:016d}" for number in range(7)] for side in (8, 2))
    links = [(t_ids[left], s_ids[right]) for left, right in pairs]
    paired = match(tiktok(*t_ids), shopify(*s_ids), refs(*links)).orders.dropna(subset="shopify_id")
    group = {}
    for left, right in links:
        joined = group.get(left, {left}) | group.get(right, {right})
        group |= dict.fromkeys(joined, joined)
    seen = [min(group[order_id]) for order_id in paired["order_id"]]
    runs = [name for place, name in enumerate(seen) if place == 0 or seen[place - 1] != name]
    assert len(runs) == len(set(runs)) == len({min(joined) for joined in group.values()})
