"""Frames for `match` drawn by hypothesis, whatever they may say."""

from __future__ import annotations

from hypothesis import strategies as st
from support.match_frames import refs, shopify, tiktok

from ttsframe.matching import match

T_IDS = [f"5772000000000000{number:02}" for number in range(12)]
S_IDS = [f"52770000000{number:02}" for number in range(12)]
COMPONENT = st.sampled_from([None, 0.0, 0.01, 9.99, 10.0])
MONEY = st.sampled_from([0.0, 10.0, 10.01, 10.02, 20.0, None])
SOURCES = ["tag", "note_attribute", "note", "name", "source_identifier"]


@st.composite
def tiktok_orders(draw):
    ids = draw(st.lists(st.sampled_from(T_IDS[:9]), unique=True, max_size=7))
    return [
        {
            "order_id": order_id,
            "amount": draw(MONEY),
            "refunded": draw(MONEY),
            "cancelled": draw(st.booleans()),
            "paid_at": draw(st.sampled_from(["2026-11-10", None])),
            "platform_discount": draw(COMPONENT),
            "taxes": draw(COMPONENT),
        }
        for order_id in ids
    ]


@st.composite
def shopify_orders(draw):
    ids = draw(st.lists(st.sampled_from(S_IDS[:9]), unique=True, max_size=7))
    orders = []
    for number, shopify_id in enumerate(ids):
        marks = draw(st.lists(st.tuples(st.sampled_from(SOURCES), st.sampled_from(T_IDS)), max_size=3))
        first = marks[0] if marks else (None, None)
        orders.append(
            {
                "shopify_id": draw(st.sampled_from([shopify_id, shopify_id, None])),
                "name": f"#{number // 2}",
                "total": draw(MONEY),
                "taxes": draw(COMPONENT),
                "cancelled": draw(st.booleans()),
                "source": draw(st.sampled_from(["web", "tiktok"])),
                "tiktok_order_id": first[1],
                "tiktok_order_id_from": first[0],
                "tiktok_marks": "; ".join(f"{source}:{order_id}" for source, order_id in marks) or None,
            }
        )
    return orders


@st.composite
def answers(draw):
    pairs = draw(
        st.lists(st.tuples(st.sampled_from(T_IDS), st.sampled_from([*S_IDS, "#0", "#1", None])), max_size=8)
    )
    status = st.sampled_from(["failed", "denied", "skipped", "unlinked"])
    return [
        {
            "order_id": order_id,
            "external_order_id": external,
            "status": "linked" if external else draw(status),
        }
        for order_id, external in pairs
    ]


FRAMES = st.tuples(tiktok_orders(), shopify_orders(), st.none() | answers())


def run(ours, theirs, told, **options):
    theirs = shopify(*theirs).assign(**{} if theirs else {"tiktok_marks": None})
    return match(tiktok(*ours), theirs, None if told is None else refs(*told), **options)
