"""Every order of generated exports has the status and the reason that its maker gave it.

    python tests/matching/test_fates.py [ORDERS [SEEDS]]

does the same for more orders, and prints the figures.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from support.fates import DIGITS, make

from ttsframe import match, money, read_shopify_orders, read_tiktok_orders, read_tiktok_settlement
from ttsframe.columns import COMPONENTS, MATCH_GUESSED, MATCH_REASONS, MATCH_STATUSES

CASES = {
    "with a look-up": {},
    "marks alone": {"looked_up": False},
    "marks alone, all marked": {"looked_up": False, "unmarked": False},
}


def compared(count, seed, **case):
    """Read and match the files; one row per expected row, with what was found."""
    made = make(count, seed, **case)
    begin = time.perf_counter()
    tiktok, shopify = read_tiktok_orders(made.tiktok, tz="UTC"), read_shopify_orders(made.shopify)
    settlement = read_tiktok_settlement(made.settlement)
    result = match(tiktok, shopify, made.refs, settlement=settlement, probable=True)
    seconds = time.perf_counter() - begin
    orders = result.orders.astype("object").fillna("")
    found = {}
    for row in orders.to_dict("records"):
        words = frozenset(filter(None, row["reason"].split("; ")))
        found.setdefault(row["order_id"] or row["shopify_name"], []).append((str(row["status"]), words))
    taken = [found[key].pop() if found.get(key) else None for key in made.expected["key"]]
    rows = made.expected.assign(found=taken)
    rows["called"] = [each[0] if each else "" for each in rows["found"]]
    rows["right"] = [
        each == (status, reason)
        for each, status, reason in zip(rows["found"], rows["status"], rows["reason"], strict=True)
    ]
    left = [key for key, rest in found.items() if rest]
    return made, result, rows, left, seconds


def bridge_units(result):
    """The bridge in minor units, without what was written down to other currencies."""
    lines = result.bridge.astype({"line": "object"})
    return {
        (row.currency, row.line): int(money.to_minor_units(row.amount, DIGITS[row.currency]))
        for row in lines.itertuples()
        if row.currency in DIGITS and row.amount
    }


@pytest.fixture(
    scope="module", params=[*itertools.product(CASES, [1, 2])], ids=lambda param: f"{param[0]}, {param[1]}"
)
def case(request):
    name, seed = request.param
    return compared(2_000, seed, **CASES[name])


def test_fates__one_cause_is_always_found(case):
    _, _, rows, left, _ = case
    single = rows[~rows["overlapping"]]
    assert not left
    assert single[~single["right"]].to_dict("records") == []
    assert len(single) > 1_500


def test_fates__of_several_causes_the_one_that_says_most_is_found(case):
    rows = case[2][case[2]["overlapping"]]
    assert len(rows) > 10
    assert rows["right"].mean() >= 0.97


def test_fates__no_open_difference_is_called_explained(case):
    _, _, rows, _, _ = case
    assert not (rows["status"].ne("explained") & rows["called"].eq("explained")).any()
    reasons = {word for reason in rows.loc[rows["status"].eq("explained"), "reason"] for word in reason}
    assert set(COMPONENTS) <= {name for word in reasons for name in word.split(" + ")}


def test_fates__the_bridge_is_the_makers(case):
    made, result, *_ = case
    assert bridge_units(result) == made.bridge


def test_fates__hold_every_status_and_reason():
    found = pd.concat([compared(2_000, 1, **case)[2] for case in CASES.values()])
    words = {word for reason in found["reason"] for cause in reason for word in cause.split(" + ")}
    assert set(found["status"]) == {*MATCH_STATUSES, *MATCH_GUESSED}
    assert set(MATCH_REASONS) <= words
    asked = {"throttled", "timeout", "network", "server_error", "bad_answer", "unknown_code", "offline"}
    assert asked | {"not_this_shop", "refused_id"} <= words


def main(count, seeds):
    for (name, case), seed in itertools.product(CASES.items(), range(100, 100 + seeds)):
        made, result, rows, left, seconds = compared(count, seed, **case)
        single, several = rows[~rows["overlapping"]], rows[rows["overlapping"]]
        false = rows[rows["status"].ne("explained") & rows["called"].eq("explained")]
        words = {cause for reason in rows["reason"] for cause in reason} & set(MATCH_REASONS)
        print(f"{name}, seed {seed}: {len(rows):,} rows read and matched in {seconds:.1f} s")
        print(f"  statuses: {rows['status'].nunique()}; reasons: {len(words)} of {len(MATCH_REASONS)}")
        print(f"  one cause: {single['right'].sum():,} of {len(single):,} right")
        print(f"  several causes: {several['right'].sum():,} of {len(several):,} right")
        print(f"  open differences called explained: {len(false)}; further rows: {len(left)}")
        print(f"  bridge as made: {bridge_units(result) == made.bridge}")
        for row in rows[~rows["right"]].head(10).to_dict("records"):
            print("  wrong:", row)


if __name__ == "__main__":
    main(*(int(text) for text in (sys.argv[1:] + ["20000", "2"][len(sys.argv) - 1 :])))
