"""The two months of a shop: always the same, and what `match` says of them."""

import pandas as pd
import pytest

import ttsframe as tts
from ttsframe.sandbox import two_months

OCTOBER = ("2026-10-01", "2026-10-31")
ROW = ["order_id", "shopify_name"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return two_months.write(tmp_path_factory.mktemp("now"))


@pytest.fixture(scope="module")
def frames(made):
    tiktok, shopify = tts.read_tiktok_orders(made.tiktok), tts.read_shopify_orders(made.shopify)
    with tts.sandbox.run(made.links) as gateway, gateway.shop() as shop:
        return tiktok, shopify, tts.lookup(tiktok, shop=shop, progress=False)


def test_two_months__every_order_has_the_expected_status(made, frames):
    found = tts.match(*frames).orders
    both = found.merge(made.expected, on=ROW, how="outer", suffixes=("", "_expected"), indicator=True)
    assert set(both["_merge"]) == {"both"}
    assert both["status"].astype("object").tolist() == both["status_expected"].tolist()


def test_two_months__the_connector_was_down_for_a_weekend(frames):
    result = tts.match(*frames, period=OCTOBER)
    down = result.orders.query("reason == 'sync_gap'")
    assert set(down["tiktok_created_at"].dt.day) == {17, 18}
    largest = result.exceptions.iloc[0]
    assert (largest["reason"], largest["rows"]) == ("sync_gap", len(down))


def test_two_months__bridge_and_payouts_add_up(made, frames):
    income = tts.read_tiktok_settlement(made.settlement)
    result = tts.match(*frames, settlement=income, period=OCTOBER)
    lines = result.bridge.set_index("line")["amount"]
    assert round(lines.iloc[:-1].sum(), 2) == lines["shopify_total"]
    assert set(result.only_settlement["status"]) == {"only_settlement", "outside_period"}
    paid = result.orders["settled_counted"].sum() + result.only_settlement["settled_amount"].sum()
    assert round(paid, 2) == round(income["settled_amount"].sum(), 2)


def test_two_months__the_second_file_begins_before_the_first_ends(made):
    first, second = (tts.read_shopify_orders(path) for path in made.shopify)
    both = set(first["name"]) & set(second["name"])
    assert 0 < len(both) < len(second)


def test_two_months__an_order_becomes_what_it_is_now(made, tmp_path):
    earlier = two_months.write(tmp_path, at=two_months.CLOSED_BEFORE)
    ids = [pd.read_csv(made.tiktok if now else earlier.tiktok, dtype=str)["Order ID"] for now in (0, 1)]
    assert set(ids[0]) < set(ids[1])
    then = earlier.expected.merge(made.expected, on="order_id", suffixes=("_then", "_now"))
    changed = then[then["status_then"] != then["status_now"]][["status_then", "status_now"]]
    assert set(changed.itertuples(index=False, name=None)) == {
        ("only_tiktok", "matched"),
        ("matched", "state_differs"),
    }


def test_two_months__the_files_are_the_same_every_time(made, tmp_path):
    again = two_months.write(tmp_path)
    for one, other in zip((made.tiktok, *made.shopify), (again.tiktok, *again.shopify), strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert made.settlement.read_bytes() == again.settlement.read_bytes()
    pd.testing.assert_frame_equal(made.links, again.links)
